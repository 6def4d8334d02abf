//! PATCH, PUT and DELETE: how many calls they cost, and what becomes of changes that arrive together.

use crate::client::Answer;
use crate::stage::{CHANGE, CREATE, DELETE, LIST, READ, Script, Stage, assert_error, id, raw, until};
use crate::standin::fault::{Kind, Moment};
use serde_json::{Value, json};
use std::sync::Arc;

fn replace(path: &str, value: &Value) -> Value {
    json!({ "Operations": [{ "op": "replace", "path": path, "value": value }] })
}

#[tokio::test]
async fn each_operation_costs_one_call() {
    let stage = Stage::start().await;
    let made = stage.send("POST /Users", json!({ "userName": "mo@contoso.test", "displayName": "Mo" })).await;
    assert_eq!((made.status, stage.product.take_calls()), (201, vec![(CREATE, 1)]));
    let id = id(&made);
    let read = stage.call(&format!("GET /Users/{id}")).await;
    assert_eq!((read.status, stage.product.take_calls()), (200, vec![(READ, 1)]));
    let found = stage.call("GET /Users?filter=userName+eq+%22MO@contoso.test%22").await;
    assert_eq!((found.body["totalResults"].as_u64(), stage.product.take_calls()), (Some(1), vec![(LIST, 1)]));
    let tested = stage.call("GET /Users?filter=userName+eq+%22nobody%22").await;
    assert_eq!((tested.status, tested.body["totalResults"].as_u64()), (200, Some(0)));
    assert_eq!((tested.body["Resources"].clone(), stage.product.take_calls()), (json!([]), vec![(LIST, 1)]));
    let changed = stage.send(&format!("PATCH /Users/{id}"), replace("active", &json!(false))).await;
    assert_eq!((changed.status, stage.product.take_calls()), (200, vec![(CHANGE, 1)]));
    assert_eq!((&changed.body["active"], &changed.body["userName"]), (&json!(false), &json!("mo@contoso.test")));
    let gone = stage.call(&format!("DELETE /Users/{id}")).await;
    assert_eq!((gone.status, stage.product.take_calls()), (204, vec![(DELETE, 1)]));
}

#[tokio::test]
async fn a_put_that_changes_nothing_writes_nothing() {
    let stage = Stage::start().await;
    let body = json!({ "userName": "mo@contoso.test", "displayName": "Mo", "active": true,
        "emails": [{ "type": "work", "value": "mo@contoso.test" }] });
    let id = id(&stage.send("POST /Users", body.clone()).await);
    stage.product.take_calls();
    let answer = stage.send(&format!("PUT /Users/{id}"), body).await;
    assert_eq!((answer.status, stage.product.take_calls()), (200, vec![(READ, 1)]), "{answer:?}");
}

#[tokio::test]
async fn a_put_of_what_was_just_read_writes_nothing() {
    let stage = Stage::start().await;
    let body = json!({ "userName": "mo@contoso.test", "emails": [{ "value": "mo@contoso.test" }], "name": { "formatted": "Mo Q" } });
    let id = id(&stage.send("POST /Users", body).await);
    let read = stage.call(&format!("GET /Users/{id}")).await.body;
    stage.product.take_calls();
    let answer = stage.send(&format!("PUT /Users/{id}"), read.clone()).await;
    assert_eq!((answer.status, &answer.body), (200, &read));
    assert_eq!(stage.product.take_calls(), [(READ, 1)]);
}

#[tokio::test]
async fn a_put_clears_what_it_leaves_out_and_touches_nothing_else() {
    let stage = Stage::start().await;
    let id = stage.user("mo@contoso.test").await;
    stage.product.execute("UPDATE people SET avatar_colour = 'teal'");
    let answer = stage.send(&format!("PUT /Users/{id}"), json!({ "userName": "mo@contoso.test" })).await;
    assert_eq!((answer.status, answer.body.get("displayName")), (200, None));
    assert_eq!(stage.product.rows()[0].display_name, None);
    stage.product.execute("UPDATE people SET display_name = avatar_colour");
    assert_eq!(stage.product.rows()[0].display_name.as_deref(), Some("teal"));
}

#[tokio::test]
async fn a_patch_of_nothing_the_product_knows_writes_nothing() {
    let stage = Stage::start().await;
    let id = stage.user("mo@contoso.test").await;
    let body = json!({ "Operations": [{ "op": "add", "value": { "title": "Guide", "nickName": "mo", "externalId": "8aa1" } }] });
    let answer = stage.send(&format!("PATCH /Users/{id}"), body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(stage.product.take_calls(), [(READ, 1)]);
}

#[tokio::test]
async fn who_is_not_there_is_not_found_whatever_is_asked() {
    let stage = Stage::start().await;
    assert_error(&stage.call("GET /Users/p_0").await, 404, None);
    assert_error(&stage.send("PATCH /Users/p_0", replace("active", &json!(false))).await, 404, None);
    assert_error(&stage.send("PUT /Users/p_0", json!({ "userName": "a" })).await, 404, None);
    assert_error(&stage.call("DELETE /Users/p_0").await, 404, None);
}

#[tokio::test]
async fn a_rename_to_a_taken_name_is_a_conflict_and_leaves_the_user_as_it_was() {
    let stage = Stage::start().await;
    let id = stage.user("mo@contoso.test").await;
    stage.product.insert("p_1", "ann@contoso.test");
    let answer = stage.send(&format!("PATCH /Users/{id}"), replace("userName", &json!("Ann@contoso.test"))).await;
    assert_error(&answer, 409, Some("uniqueness"));
    assert_eq!(stage.product.rows()[0].login, "mo@contoso.test");
}

async fn race(stage: &Arc<Stage>, call: &str, bodies: Vec<Value>) -> Vec<Answer> {
    let racers: Vec<_> = bodies
        .into_iter()
        .map(|body| {
            let (stage, call) = (stage.clone(), call.to_owned());
            tokio::spawn(async move { stage.send(&call, body).await })
        })
        .collect();
    let mut answers = Vec::new();
    for racer in racers {
        answers.push(racer.await.unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_patches_of_one_attribute_leave_one_of_their_values() {
    let stage = Arc::new(Stage::start().await);
    let id = stage.user("mo@contoso.test").await;
    let names: Vec<String> = (0..20).map(|number| format!("Mo {number}")).collect();
    let bodies = names.iter().map(|name| replace("displayName", &json!(name))).collect();
    let answers = race(&stage, &format!("PATCH /Users/{id}"), bodies).await;
    for (answer, name) in answers.iter().zip(&names) {
        assert_eq!((answer.status, &answer.body["displayName"]), (200, &json!(name)));
    }
    let last = stage.product.rows()[0].display_name.clone().unwrap();
    assert!(names.contains(&last), "{last}");
    assert_eq!(stage.product.take_calls(), [(CHANGE, 20)]);
}

/// An update that must send all that was read loses whatever was written since it was read.
#[tokio::test(flavor = "multi_thread")]
async fn parallel_patches_of_different_attributes_lose_none_even_where_the_whole_account_is_sent() {
    let whole = "sends: account, drop: [$.id, $.createdAt, $.updatedAt] }";
    let stage = Arc::new(Stage::with(Script::replacing("sends: changed }", whole)).await);
    let id = stage.user("mo@contoso.test").await;
    for round in 0..5 {
        let bodies = vec![
            replace("displayName", &json!(format!("Mo {round}"))),
            replace("active", &json!(round % 2 == 1)),
            replace("emails[type eq \"work\"].value", &json!(format!("mo{round}@contoso.test"))),
            replace("userName", &json!(format!("mo{round}@contoso.test"))),
        ];
        let answers = race(&stage, &format!("PATCH /Users/{id}"), bodies).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
        let row = stage.product.rows()[0].clone();
        assert_eq!(
            (row.login, row.enabled.as_str()),
            (format!("mo{round}@contoso.test"), if round % 2 == 1 { "yes" } else { "no" })
        );
        assert_eq!(
            (row.display_name, row.email),
            (Some(format!("Mo {round}")), Some(format!("mo{round}@contoso.test")))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_wait_too_long_in_line_are_503_and_the_others_are_done() {
    let stage =
        Arc::new(Stage::with(Script { target_limits: "{ lock_queue: 1 }".to_owned(), ..Script::default() }).await);
    let id = stage.user("mo@contoso.test").await;
    stage.product.suffers_once(Kind::Slow { ms: 300 }, "PATCH", Moment::Before);
    let bodies = (0..20).map(|number| replace("displayName", &json!(format!("Mo {number}")))).collect();
    let answers = race(&stage, &format!("PATCH /Users/{id}"), bodies).await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_error(answer, 503, None);
        assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
    }
    assert!((1..20).contains(&done), "{done}");
    assert_eq!(stage.product.take_calls(), [(CHANGE, done as u64)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_client_hangs_up_is_completed() {
    let stage = Stage::start().await;
    let id = stage.user("mo@contoso.test").await;
    stage.product.suffers_once(Kind::Slow { ms: 200 }, "PATCH", Moment::Before);
    let body = replace("displayName", &json!("After")).to_string();
    let request = format!(
        "PATCH /moqups/scim/v2/Users/{id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
        stage.front.token,
        body.len()
    );
    let connection = raw::send(stage.front.address, &request).await;
    until("the product is asked", || stage.product.was_called(CHANGE)).await;
    drop(connection);
    until("the change is made", || stage.product.rows()[0].display_name.as_deref() == Some("After")).await;
    // Its lock is free again.
    let next = stage.send(&format!("PATCH /Users/{id}"), replace("displayName", &json!("Later"))).await;
    assert_eq!(next.status, 200, "{next:?}");
}
