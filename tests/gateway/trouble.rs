//! What the product gets wrong: 502, 503 or 504, whatever was asked; never "not found", and its 401 is never ours.

use crate::client::Answer;
use crate::stage::{CHANGE, CREATE, DELETE, Script, Stage, assert_error};
use crate::standin::fault::{Kind, Moment};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::{Value, json};

const READS: [&str; 3] =
    ["GET /Users/{id}", "GET /Users?count=5", "GET /Users?filter=userName+eq+%22mo@contoso.test%22"];
const WRITES: [&str; 4] = ["POST /Users", "PUT /Users/{id}", "PATCH /Users/{id}", "DELETE /Users/{id}"];

fn body(call: &str) -> Option<Value> {
    match call.split(' ').next() {
        Some("POST") => Some(json!({ "userName": "new@contoso.test" })),
        Some("PUT") => Some(json!({ "userName": "mo@contoso.test", "displayName": "After" })),
        Some("PATCH") => Some(json!({ "Operations": [{ "op": "replace", "path": "active", "value": false }] })),
        _ => None,
    }
}

/// The answers to these calls about a user who is there.
async fn answers(stage: &Stage, calls: &[&str], trouble: impl FnOnce()) -> Vec<(String, Answer)> {
    let id = stage.user("mo@contoso.test").await;
    trouble();
    let mut answers = Vec::new();
    for call in calls {
        let answer = stage.client.send(&call.replace("{id}", &id), body(call).as_ref()).await.expect("an answer");
        assert!(!answer.headers.contains_key(WWW_AUTHENTICATE), "{call}: {answer:?}");
        answers.push(((*call).to_owned(), answer));
    }
    answers
}

fn all() -> Vec<&'static str> {
    READS.into_iter().chain(WRITES).collect()
}

#[tokio::test]
async fn a_product_that_is_down_is_503_with_a_time_to_come_back() {
    let stage = Stage::start().await;
    let id = stage.user("mo@contoso.test").await;
    stage.product.stop().await;
    for call in all() {
        let answer = stage.client.send(&call.replace("{id}", &id), body(call).as_ref()).await.unwrap();
        assert_error(&answer, 503, None);
        let seconds: u64 = answer.headers[RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!(seconds > 0, "{call}");
    }
}

#[tokio::test]
async fn a_product_that_is_slow_is_504() {
    let stage = Stage::with(Script::hasty()).await;
    for (_, answer) in answers(&stage, &all(), || stage.product.suffers(Kind::Slow { ms: 60_000 })).await {
        assert_error(&answer, 504, None);
    }
}

#[tokio::test]
async fn a_product_that_answers_nonsense_is_502() {
    let stage = Stage::start().await;
    for (call, answer) in answers(&stage, &all(), || stage.product.suffers(Kind::Nonsense)).await {
        // A delete's answer has nothing to say, so nothing in it can be nonsense.
        if !call.starts_with("DELETE") {
            assert_error(&answer, 502, None);
        }
    }
}

#[tokio::test]
async fn a_change_answered_with_nonsense_is_believed_only_if_it_shows() {
    let stage = Stage::start().await;
    let id = stage.user("mo@contoso.test").await;
    let patch = |value: &str| json!({ "Operations": [{ "op": "replace", "path": "displayName", "value": value }] });
    stage.product.suffers_once(Kind::Nonsense, "PATCH", Moment::Before);
    let lost = stage.send(&format!("PATCH /Users/{id}"), patch("Lost")).await;
    assert!(lost.status >= 500, "{lost:?}");
    stage.product.suffers_once(Kind::Nonsense, "PATCH", Moment::After);
    let done = stage.send(&format!("PATCH /Users/{id}"), patch("Done")).await;
    assert_eq!((done.status, &done.body["displayName"]), (200, &json!("Done")));
    assert_eq!(stage.product.rows()[0].display_name.as_deref(), Some("Done"));
}

#[tokio::test]
async fn half_an_answer_to_a_read_is_502() {
    let stage = Stage::start().await;
    for (_, answer) in answers(&stage, &READS, || stage.product.suffers(Kind::Half)).await {
        assert_error(&answer, 502, None);
    }
}

#[tokio::test]
async fn a_read_whose_answer_broke_off_once_is_asked_again() {
    let stage = Stage::start().await;
    let id = stage.user("mo@contoso.test").await;
    for kind in [Kind::Half, Kind::Drop] {
        stage.product.suffers_once(kind, "GET", Moment::Before);
        assert_eq!(stage.call(&format!("GET /Users/{id}")).await.status, 200);
    }
}

#[tokio::test]
async fn a_huge_answer_to_a_read_is_502() {
    let stage = Stage::with(Script { target_limits: "{ answer: 64KiB }".to_owned(), ..Script::default() }).await;
    for (_, answer) in answers(&stage, &READS, || stage.product.suffers(Kind::Huge { bytes: 50_000_000 })).await {
        assert_error(&answer, 502, None);
    }
}

#[tokio::test]
async fn a_refused_key_is_our_trouble_and_not_the_clients() {
    let stage = Stage::with(Script { api_key: "revoked".to_owned(), ..Script::default() }).await;
    for call in all() {
        let answer = stage.client.send(&call.replace("{id}", "p_0"), body(call).as_ref()).await.unwrap();
        assert_error(&answer, 502, None);
        assert!(!answer.headers.contains_key(WWW_AUTHENTICATE), "{answer:?}");
    }
}

#[tokio::test]
async fn error_pages_of_a_broken_proxy_are_never_not_found() {
    let stage = Stage::start().await;
    let id = stage.user("mo@contoso.test").await;
    for status in [500, 502, 504, 418] {
        stage.product.suffers(Kind::Status { status });
        for call in all() {
            let answer = stage.client.send(&call.replace("{id}", &id), body(call).as_ref()).await.unwrap();
            assert!((500..=504).contains(&answer.status), "{status} {call}: {answer:?}");
        }
    }
    assert_eq!(stage.product.rows().len(), 1);
}

#[tokio::test]
async fn a_busy_product_is_asked_again_and_the_client_sees_nothing_of_it() {
    let stage = Stage::start().await;
    let id = stage.user("mo@contoso.test").await;
    for (method, call, status) in [
        ("GET", "GET /Users/{id}", 503),
        ("PATCH", "PATCH /Users/{id}", 503),
        ("POST", "POST /Users", 429),
        ("DELETE", "DELETE /Users/{id}", 503),
    ] {
        stage.product.suffers_once(Kind::Status { status }, method, Moment::Before);
        let answer = stage.client.send(&call.replace("{id}", &id), body(call).as_ref()).await.unwrap();
        assert!(answer.status < 300, "{call}: {answer:?}");
    }
    let writes: Vec<_> =
        stage.product.take_calls().into_iter().filter(|(route, _)| [CREATE, CHANGE, DELETE].contains(route)).collect();
    assert_eq!(writes, [(DELETE, 2), (CHANGE, 2), (CREATE, 2)]);
}

#[tokio::test]
async fn a_503_that_names_no_wait_does_not_repeat_a_create() {
    let stage = Stage::start().await;
    stage.product.suffers_once(Kind::Status { status: 503 }, "POST", Moment::After);
    let answer = stage.client.send("POST /Users", body("POST /Users").as_ref()).await.unwrap();
    assert_eq!(answer.status, 201, "it was made, and is found: {answer:?}");
    assert_eq!(stage.product.rows().len(), 1);
    assert_eq!(stage.product.take_calls().into_iter().find(|(route, _)| *route == CREATE), Some((CREATE, 1)));
}

#[tokio::test]
async fn a_product_that_stays_busy_is_503_with_a_time_to_come_back() {
    let stage = Stage::with(Script { limits: "{ request: 2s }".to_owned(), ..Script::default() }).await;
    let id = stage.user("mo@contoso.test").await;
    stage.product.suffers(Kind::Status { status: 503 });
    let answer = stage.call(&format!("GET /Users/{id}")).await;
    assert_error(&answer, 503, None);
    assert!(answer.headers.contains_key(RETRY_AFTER), "{answer:?}");
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_looked_at_and_told_as_it_is() {
    let stage = Stage::start().await;
    let id = stage.user("mo@contoso.test").await;
    let patch = |value: &str| json!({ "Operations": [{ "op": "replace", "path": "displayName", "value": value }] });
    stage.product.suffers_once(Kind::Drop, "PATCH", Moment::After);
    let done = stage.send(&format!("PATCH /Users/{id}"), patch("Done")).await;
    assert_eq!((done.status, &done.body["displayName"]), (200, &json!("Done")));
    stage.product.suffers_once(Kind::Drop, "PATCH", Moment::Before);
    assert_error(&stage.send(&format!("PATCH /Users/{id}"), patch("Lost")).await, 504, None);
    stage.product.suffers_once(Kind::Drop, "DELETE", Moment::Before);
    assert_error(&stage.call(&format!("DELETE /Users/{id}")).await, 504, None);
    stage.product.suffers_once(Kind::Drop, "DELETE", Moment::After);
    assert_eq!(stage.call(&format!("DELETE /Users/{id}")).await.status, 204);
    assert_eq!(stage.product.rows(), []);
}
