//! What goes wrong between a client, the gateway and RabbitMQ, and whose fault the answer says it is.

use serde_json::{Value, json};

use super::stage::{Stage, filtered, patch_body};

#[tokio::test]
async fn a_taken_name_is_a_conflict_and_nothing_is_overwritten() {
    let stage = Stage::set().await;
    let name = stage.own_user("taken", &["monitoring"]).await;
    let before = stage.account(&name).await;
    let mut body = stage.user_body("taken");
    body["password"] = json!("stolen-pw");
    let refused = stage.expect(409, "POST /Users", body).await;
    assert_eq!((&refused["status"], &refused["scimType"]), (&json!("409"), &json!("uniqueness")), "{refused}");
    assert_eq!(stage.account(&name).await, before);
    stage.clear(&[&name]).await;
}

#[tokio::test]
async fn two_creates_of_one_name_make_one_user() {
    let stage = Stage::set().await;
    let body = |word: &str| json!({"userName": stage.login("twins"), "password": word});
    let (one, two) = tokio::join!(stage.scim("POST /Users", body("pw-one")), stage.scim("POST /Users", body("pw-two")));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    stage.clear(&[&stage.login("twins")]).await;
}

#[tokio::test]
async fn a_user_cannot_be_renamed() {
    let stage = Stage::set().await;
    let id = stage.user("fixed").await;
    let rename = patch_body(&json!([{"op": "Replace", "path": "userName", "value": stage.login("other")}]));
    let refused = stage.expect(400, &format!("PATCH /Users/{id}"), rename).await;
    assert_eq!(refused["scimType"], "mutability");
    assert!(stage.account(&stage.login("other")).await.is_none());
    stage.clear(&[&stage.login("fixed")]).await;
}

#[tokio::test]
async fn what_is_no_path_segment_is_refused_before_rabbitmq_hears_of_it() {
    let stage = Stage::set().await;
    stage.relay.take_calls();
    for name in ["", ".", ".."] {
        let refused = stage.expect(400, "POST /Users", json!({"userName": name})).await;
        assert_eq!(refused["scimType"], "invalidValue", "{name:?}: {refused}");
    }
    assert!(stage.relay.take_calls().is_empty());
}

#[tokio::test]
async fn an_unknown_id_is_not_found() {
    let stage = Stage::set().await;
    let path = "/Users/00000000-0000-5000-8000-000000000000";
    stage.expect(404, &format!("GET {path}"), Value::Null).await;
    stage.expect(404, &format!("DELETE {path}"), Value::Null).await;
    stage.expect(404, &format!("PUT {path}"), stage.user_body("nobody")).await;
    stage.expect(404, "GET /Groups/no-such-group", Value::Null).await;
}

#[tokio::test]
async fn who_was_deleted_in_rabbitmq_is_not_found() {
    let stage = Stage::set().await;
    let id = stage.user("vanished").await;
    stage.clear(&[&stage.login("vanished")]).await;
    let deactivate = patch_body(&json!([{"op": "Replace", "path": "active", "value": "False"}]));
    stage.expect(404, &format!("PATCH /Users/{id}"), deactivate).await;
    assert!(stage.account(&stage.login("vanished")).await.is_none(), "an update must not make a user");
    stage.expect(404, &format!("GET /Users/{id}"), Value::Null).await;
}

#[tokio::test]
async fn an_unknown_member_is_named_by_its_position() {
    let stage = Stage::set().await;
    let name = stage.own_user("known", &[]).await;
    let (user, stranger) = (stage.id_of(&name).await, "00000000-0000-5000-8000-000000000000");
    let operations = json!([{"op": "Add", "path": "members", "value": [{"value": user}, {"value": stranger}]}]);
    let refused = stage.expect(400, "PATCH /Groups/monitoring", patch_body(&operations)).await;
    assert_eq!(refused["scimType"], "invalidValue");
    let detail = refused["detail"].as_str().unwrap_or_default().replace(stranger, "");
    assert!(detail.contains("member") && detail.contains(['1', '2']), "the second of two is meant: {refused}");
    assert!(stage.tags(&name).await.is_empty(), "nothing is sent unless everything holds");
    stage.clear(&[&name]).await;
}

#[tokio::test]
async fn a_refused_log_in_is_not_the_clients_fault() {
    let stage = Stage::with_password("wrong").await;
    for call in ["GET /Users".to_owned(), filtered("/Users", "userName eq \"admin\"")] {
        let answer = stage.expect(502, &call, Value::Null).await;
        assert_eq!(answer["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    }
    stage.expect(502, "POST /Users", stage.user_body("never")).await;
}

#[tokio::test]
async fn a_stopped_rabbitmq_is_unavailable_and_never_not_found() {
    let stage = Stage::set().await;
    let id = stage.user("waiting").await;
    stage.relay.unplug().await;
    for call in [format!("GET /Users/{id}"), format!("DELETE /Users/{id}"), filtered("/Users", "userName eq \"x\"")] {
        let answer = stage.scim(&call, Value::Null).await;
        assert_eq!(answer.status, 503, "{call}: {}", answer.body);
        assert!(answer.headers.contains_key("retry-after"), "{call}");
    }
    stage.clear(&[&stage.login("waiting")]).await;
}
