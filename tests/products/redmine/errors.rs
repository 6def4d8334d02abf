//! What goes wrong between a client, the gateway and Redmine, and whose fault the answer says it is.

use serde_json::{Value, json};

use super::stage::{Stage, filtered, patch_body};

#[tokio::test]
async fn a_taken_log_in_or_group_name_is_a_conflict() {
    let stage = Stage::set().await;
    let (user, group) = (stage.user("taken").await, stage.group("taken").await);
    let mut twin = stage.user_body("taken");
    twin["emails"][0]["value"] = json!(stage.mail("other"));
    twin["userName"] = json!(stage.login("taken").to_uppercase());
    for (path, body) in [("/Users", twin), ("/Groups", json!({"displayName": stage.login("taken")}))] {
        let refused = stage.expect(409, &format!("POST {path}"), body).await;
        assert_eq!((&refused["status"], &refused["scimType"]), (&json!("409"), &json!("uniqueness")), "{refused}");
    }
    stage.clear(&[&user], &[&group]).await;
}

#[tokio::test]
async fn redmines_own_words_about_a_bad_value_reach_the_client() {
    let stage = Stage::set().await;
    let mut body = stage.user_body("words");
    body["emails"][0]["value"] = json!("nope");
    let refused = stage.expect(400, "POST /Users", body).await;
    assert_eq!(refused["scimType"], "invalidValue");
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("Email is invalid")), "{refused}");
}

#[tokio::test]
async fn an_unknown_id_is_not_found() {
    let stage = Stage::set().await;
    let path = "/Users/2000000000";
    stage.expect(404, &format!("GET {path}"), Value::Null).await;
    stage.expect(404, &format!("DELETE {path}"), Value::Null).await;
    stage.expect(404, &format!("PUT {path}"), stage.user_body("nobody")).await;
    let deactivate = patch_body(&json!([{"op": "Replace", "path": "active", "value": "False"}]));
    stage.expect(404, &format!("PATCH {path}"), deactivate).await;
    stage.relay.take_calls();
    stage.expect(404, "GET /Users/no-such-user", Value::Null).await;
    assert!(stage.relay.take_calls().is_empty(), "an id that is no number needs no call");
}

#[tokio::test]
async fn an_unknown_member_is_named_by_its_position() {
    let stage = Stage::set().await;
    let (user, group) = (stage.user("known").await, stage.group("strangers").await);
    let stranger = "2000000000";
    let operations = json!([{"op": "Add", "path": "members", "value": [{"value": user}, {"value": stranger}]}]);
    let refused = stage.expect(400, &format!("PATCH /Groups/{group}"), patch_body(&operations)).await;
    assert_eq!(refused["scimType"], "invalidValue");
    let detail = refused["detail"].as_str().unwrap_or_default().replace(stranger, "");
    assert!(detail.contains("member") && detail.contains(['1', '2']), "the second of two is meant: {refused}");
    stage.clear(&[&user], &[&group]).await;
}

#[tokio::test]
async fn a_refused_api_key_is_not_the_clients_fault() {
    let stage = Stage::with_key("wrong").await;
    for call in ["GET /Users/1".to_owned(), "GET /Users/9999".to_owned(), filtered("/Users", "userName eq \"admin\"")] {
        let answer = stage.expect(502, &call, Value::Null).await;
        assert_eq!(answer["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    }
    stage.expect(502, "POST /Users", stage.user_body("never")).await;
}

#[tokio::test]
async fn a_stopped_redmine_is_unavailable_and_never_not_found() {
    let stage = Stage::set().await;
    stage.relay.unplug().await;
    for call in
        ["GET /Users/1".to_owned(), "DELETE /Users/2000000000".to_owned(), filtered("/Users", "userName eq \"x\"")]
    {
        let answer = stage.scim(&call, Value::Null).await;
        assert_eq!(answer.status, 503, "{call}: {}", answer.body);
        assert!(answer.headers.contains_key("retry-after"), "{call}");
    }
}
