//! What a client gets wrong: told with status, `scimType` and place, and the product never hears of it.

use crate::client::Answer;
use crate::stage::{LIST, READ, Script, Stage, assert_error, raw};
use serde_json::{Value, json};

/// A request in raw text, closing the connection.
fn text(stage: &Stage, line: &str, headers: &str, body: &str) -> String {
    format!(
        "{line} HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: Bearer {}\r\nConnection: close\r\n{headers}\r\n{body}",
        stage.front.token
    )
}

async fn post_text(stage: &Stage, headers: &str, body: &str) -> Answer {
    let length = format!("Content-Length: {}\r\n{headers}", body.len());
    raw::parse(&raw::exchange(stage.front.address, &text(stage, "POST /moqups/scim/v2/Users", &length, body)).await)
}

#[track_caller]
fn assert_not_called(stage: &Stage) {
    assert_eq!(stage.product.take_calls(), []);
}

#[tokio::test]
async fn malformed_json_is_invalid_syntax_with_its_place() {
    let stage = Stage::start().await;
    for body in ["{\"userName\": ", "{'userName': 1}", "[1,]", "", "{\"userName\":\"a\",\"userName\":\"b\"}"] {
        let answer = post_text(&stage, "Content-Type: application/scim+json\r\n", body).await;
        assert_error(&answer, 400, Some("invalidSyntax"));
    }
    let answer = post_text(&stage, "", "{\n  oops").await;
    assert!(answer.body["detail"].as_str().unwrap().contains("line 2"), "{answer:?}");
    assert_not_called(&stage);
}

#[tokio::test]
async fn a_body_of_another_type_is_415_and_one_without_a_type_is_taken() {
    let stage = Stage::start().await;
    let body = r#"{"userName":"a@contoso.test"}"#;
    for kind in ["text/plain", "application/xml", "application/x-www-form-urlencoded", "application/scim"] {
        assert_error(&post_text(&stage, &format!("Content-Type: {kind}\r\n"), body).await, 415, None);
    }
    assert_not_called(&stage);
    assert_eq!(post_text(&stage, "", body).await.status, 201);
    let other = r#"{"userName":"b@contoso.test"}"#;
    assert_eq!(post_text(&stage, "Content-Type: Application/JSON; charset=UTF-8\r\n", other).await.status, 201);
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_whether_its_length_is_announced_or_not() {
    let stage = Stage::with(Script { limits: "{ body: 4KiB }".to_owned(), ..Script::default() }).await;
    let body = json!({ "userName": "a@contoso.test", "displayName": "x".repeat(5000) }).to_string();
    assert_error(&post_text(&stage, "", &body).await, 413, None);
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let request = text(&stage, "POST /moqups/scim/v2/Users", "Transfer-Encoding: chunked\r\n", &chunked);
    assert_error(&raw::parse(&raw::exchange(stage.front.address, &request).await), 413, None);
    assert_not_called(&stage);
}

#[tokio::test]
async fn a_body_whose_announced_length_is_too_large_is_refused_before_it_is_sent() {
    let stage = Stage::start().await;
    let head = text(&stage, "POST /moqups/scim/v2/Users", "Content-Length: 90000000\r\nExpect: 100-continue\r\n", "");
    let said = raw::exchange_head(stage.front.address, &head).await;
    assert!(!said.contains("100 Continue"), "{said}");
    assert_error(&raw::parse(&said), 413, None);
}

#[tokio::test]
async fn json_nested_too_deeply_is_invalid_syntax() {
    let stage = Stage::start().await;
    for depth in [40, 100_000] {
        let body = format!("{{\"userName\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        let answer = post_text(&stage, "", &body).await;
        assert_error(&answer, 400, Some("invalidSyntax"));
    }
    assert_not_called(&stage);
}

async fn filtered(stage: &Stage, filter: &str) -> Answer {
    let query: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
    stage.call(&format!("GET /Users?filter={query}")).await
}

#[tokio::test]
async fn a_wrong_filter_is_invalid_filter_and_says_where() {
    let stage = Stage::start().await;
    let deep = format!("{}userName eq \"a\"{}", "(".repeat(100), ")".repeat(100));
    let wrong = [
        ("userName", "at byte 8 "),
        ("userName eq", "at byte 11 "),
        ("userName equals \"a\"", "at byte 9 "),
        ("userName eq \"a\" nor active eq true", "at byte 16 "),
        ("(userName eq \"a\"", "at byte 16 "),
        ("noSuchAttribute eq \"a\"", "at byte 0 "),
        ("active eq \"banana\"", "at byte 10 "),
        ("emails[type eq \"work\"", "at byte 21 "),
        (&deep, "at byte 33 "),
    ];
    for (filter, place) in wrong {
        let answer = filtered(&stage, filter).await;
        assert_error(&answer, 400, Some("invalidFilter"));
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains(place), "{filter}: {detail}");
    }
    let long = format!("userName eq \"{}\"", "a".repeat(20_000));
    assert_error(&filtered(&stage, &long).await, 400, Some("invalidFilter"));
    assert_not_called(&stage);
}

#[tokio::test]
async fn a_filter_that_cannot_be_answered_completely_is_refused_instead_of_answered_in_part() {
    let stage = Stage::start().await;
    stage.product.insert_many(3);
    for filter in [
        "displayName eq \"a\"",
        "userName co \"user\"",
        "not (userName eq \"a\")",
        "active eq true or userName eq \"a\"",
    ] {
        let answer = filtered(&stage, filter).await;
        assert_error(&answer, 400, Some("invalidFilter"));
        assert!(answer.body["detail"].as_str().unwrap().contains("userName"), "{answer:?}");
    }
    assert_not_called(&stage);
}

#[tokio::test]
async fn a_value_of_the_wrong_kind_is_invalid_value_and_nothing_is_sent() {
    let stage = Stage::start().await;
    let id = stage.user("mo@contoso.test").await;
    let wrong = [
        json!({ "active": "banana" }),
        json!({ "active": 2 }),
        json!({ "displayName": { "a": 1 } }),
        json!({ "emails": [{ "value": { "a": 1 } }] }),
    ];
    for body in wrong {
        let mut whole = body.clone();
        whole["userName"] = Value::from("mo@contoso.test");
        let patch = json!({ "Operations": [{ "op": "replace", "value": body }] });
        assert_error(&stage.send("POST /Users", whole.clone()).await, 400, Some("invalidValue"));
        assert_error(&stage.send(&format!("PUT /Users/{id}"), whole).await, 400, Some("invalidValue"));
        assert_error(&stage.send(&format!("PATCH /Users/{id}"), patch).await, 400, Some("invalidValue"));
    }
    assert_not_called(&stage);
}

#[tokio::test]
async fn one_wrong_operation_among_right_ones_sends_nothing() {
    let stage = Stage::start().await;
    let id = stage.user("mo@contoso.test").await;
    let operations = [
        (json!({ "op": "replace", "path": "noSuchAttribute", "value": 1 }), "invalidPath"),
        (json!({ "op": "replace", "path": "emails[type eq", "value": 1 }), "invalidFilter"),
        (json!({ "op": "replace", "path": "active", "value": "banana" }), "invalidValue"),
        (json!({ "op": "replace", "path": "id", "value": "1" }), "mutability"),
        (json!({ "op": "remove" }), "noTarget"),
        (json!({ "op": "exchange", "path": "active", "value": true }), "invalidSyntax"),
    ];
    for (operation, scim_type) in operations {
        let body = json!({ "Operations": [{ "op": "replace", "path": "displayName", "value": "After" }, operation] });
        assert_error(&stage.send(&format!("PATCH /Users/{id}"), body).await, 400, Some(scim_type));
    }
    assert_not_called(&stage);
}

#[tokio::test]
async fn a_user_without_a_name_is_not_made() {
    let stage = Stage::start().await;
    assert_error(&stage.send("POST /Users", json!({ "displayName": "Mo" })).await, 400, Some("invalidValue"));
    assert_not_called(&stage);
}

#[tokio::test]
async fn an_id_that_steers_elsewhere_is_not_found_at_most() {
    let stage = Stage::start().await;
    for id in ["..", "%2e%2e", "..%2f..%2fcalls", "a%2Fb", "a%3Fb%23c", "%00"] {
        let answer = stage.call(&format!("GET /Users/{id}")).await;
        assert!(matches!(answer.status, 400 | 404), "{id}: {answer:?}");
        let calls = stage.product.take_calls();
        assert!(calls.iter().all(|(route, _)| [READ, "other"].contains(route)), "{id}: {calls:?}");
        assert!(calls.iter().all(|(route, _)| *route != LIST), "{id}: {calls:?}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_a_scim_404() {
    let stage = Stage::start().await;
    for path in ["/Nonsense", "/Users/1/2", "/Nonsense/1"] {
        assert_error(&stage.call(&format!("GET {path}")).await, 404, None);
    }
    let said = raw::exchange(stage.front.address, &text(&stage, "GET /", "", "")).await;
    assert!(matches!(raw::parse(&said).status, 403 | 404), "{said}");
    assert_not_called(&stage);
}
