//! What goes wrong between a client, the gateway and Mailman, and whose fault the answer says it is.

use serde_json::{Value, json};

use super::stage::{Stage, filtered, patch_body};

const NOBODY: &str = "0123456789abcdef0123456789abcdef";

#[tokio::test]
async fn a_taken_address_or_list_name_is_a_conflict() {
    let stage = Stage::set().await;
    let (user, other, group) = (stage.user("taken").await, stage.user("other").await, stage.group("taken").await);
    let mut twin = stage.person("taken");
    twin["userName"] = json!(stage.mail("taken").to_uppercase());
    // Another name, but the same list.
    let list = json!({"displayName": stage.login("taken").to_uppercase()});
    for (path, body) in [("/Users", twin), ("/Groups", list)] {
        let refused = stage.expect(409, &format!("POST {path}"), body).await;
        assert_eq!((&refused["status"], &refused["scimType"]), (&json!("409"), &json!("uniqueness")), "{refused}");
    }
    for operation in [
        json!({"op": "Replace", "path": "userName", "value": stage.mail("taken")}),
        json!({"op": "Add", "path": "emails", "value": [{"value": stage.mail("taken")}]}),
    ] {
        let refused = stage.expect(409, &format!("PATCH /Users/{other}"), patch_body(&json!([operation]))).await;
        assert_eq!(refused["scimType"], "uniqueness", "{refused}");
    }
    assert_eq!(stage.preferred(&other).await, stage.mail("other"));
    assert_eq!(stage.addresses(&user).await, [stage.mail("taken")]);
    stage.clear(&[&user, &other], &[&group]).await;
}

#[tokio::test]
async fn mailmans_own_words_about_a_bad_value_reach_the_client() {
    let stage = Stage::set().await;
    let mut body = stage.person("words");
    body["userName"] = json!("nope");
    let refused = stage.expect(400, "POST /Users", body).await;
    assert_eq!(refused["scimType"], "invalidValue");
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("Invalid email address")), "{refused}");

    let id = stage.user("words").await;
    let operations = json!([{"op": "Add", "path": "emails", "value": [{"value": "not an address"}]}]);
    let refused = stage.expect(400, &format!("PATCH /Users/{id}"), patch_body(&operations)).await;
    assert_eq!(refused["scimType"], "invalidValue", "{refused}");
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn an_unknown_id_is_not_found() {
    let stage = Stage::set().await;
    let known = stage.user("known").await;
    for id in [NOBODY, "no-such-user", "a/b", &stage.mail("known")] {
        let path = format!("/Users/{}", id.replace('/', "%2F"));
        stage.expect(404, &format!("GET {path}"), Value::Null).await;
        stage.expect(404, &format!("DELETE {path}"), Value::Null).await;
        stage.expect(404, &format!("PUT {path}"), stage.person("nobody")).await;
        let rename = patch_body(&json!([{"op": "Replace", "path": "displayName", "value": "Nobody"}]));
        stage.expect(404, &format!("PATCH {path}"), rename).await;
    }
    stage.expect(404, "GET /Groups/nope.example.com", Value::Null).await;
    stage.expect(404, "DELETE /Groups/nope.example.com", Value::Null).await;
    assert_ne!(stage.account(&known).await, Value::Null, "an address is no id, although Mailman takes it for one");
    stage.clear(&[&known], &[]).await;
}

#[tokio::test]
async fn an_unknown_member_is_named_by_its_position() {
    let stage = Stage::set().await;
    let (user, group) = (stage.user("known").await, stage.group("strangers").await);
    let operations = json!([{"op": "Add", "path": "members", "value": [{"value": user}, {"value": NOBODY}]}]);
    let refused = stage.expect(400, &format!("PATCH /Groups/{group}"), patch_body(&operations)).await;
    assert_eq!(refused["scimType"], "invalidValue");
    let detail = refused["detail"].as_str().unwrap_or_default().replace(NOBODY, "");
    assert!(detail.contains("member") && detail.contains(['1', '2']), "the second of two is meant: {refused}");
    stage.clear(&[&user], &[&group]).await;
}

#[tokio::test]
async fn a_refused_log_in_is_not_the_clients_fault() {
    let stage = Stage::with_password("wrong").await;
    for call in
        [format!("GET /Users/{NOBODY}"), "GET /Groups".to_owned(), filtered("/Users", "userName eq \"a@example.com\"")]
    {
        let answer = stage.expect(502, &call, Value::Null).await;
        assert_eq!(answer["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    }
    stage.expect(502, "POST /Users", stage.person("never")).await;
}

#[tokio::test]
async fn a_stopped_mailman_is_unavailable_and_never_not_found() {
    let stage = Stage::set().await;
    stage.relay.unplug().await;
    for call in [
        format!("GET /Users/{NOBODY}"),
        format!("DELETE /Users/{NOBODY}"),
        filtered("/Users", "userName eq \"a@example.com\""),
        "GET /Groups".to_owned(),
    ] {
        let answer = stage.scim(&call, Value::Null).await;
        assert_eq!(answer.status, 503, "{call}: {}", answer.body);
        assert!(answer.headers.contains_key("retry-after"), "{call}");
    }
}
