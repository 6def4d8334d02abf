//! What goes wrong between a client, the gateway and Zabbix, and whose fault the answer says it is. Zabbix answers 200 to all of it.

use serde_json::{Value, json};

use super::stage::{Stage, filtered, patch_body, text};

#[tokio::test]
async fn a_taken_log_in_or_group_name_is_a_conflict() {
    let stage = Stage::set().await;
    let (user, group) = (stage.user("taken").await, stage.group("taken").await);
    for (path, body) in
        [("/Users", stage.user_body("taken")), ("/Groups", json!({"displayName": stage.login("taken")}))]
    {
        let refused = stage.expect(409, &format!("POST {path}"), body).await;
        assert_eq!((&refused["status"], &refused["scimType"]), (&json!("409"), &json!("uniqueness")), "{refused}");
    }
    let other = stage.user("other").await;
    let rename = patch_body(&json!([{"op": "Replace", "path": "userName", "value": stage.login("taken")}]));
    stage.expect(409, &format!("PATCH /Users/{other}"), rename).await;
    stage.clear(&[&user, &other], &[&group]).await;
}

#[tokio::test]
async fn zabbixs_own_words_about_a_bad_value_reach_the_client() {
    let stage = Stage::set().await;
    let bad = |name: &str, value: Value| {
        let mut body = stage.user_body("words");
        body[name] = value;
        body
    };
    for (body, words) in [
        (bad("password", json!("short")), "at least 8 characters"),
        (bad("timezone", json!("Nowhere")), "value must be one of"),
        (bad("userName", json!("x".repeat(101))), "too long"),
        (bad("emails", json!([{"value": "nope", "type": "work"}])), "Invalid email address"),
    ] {
        let refused = stage.expect(400, "POST /Users", body).await;
        assert_eq!(refused["scimType"], "invalidValue");
        assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{words}: {refused}");
    }
    let users = stage.rpc("user.get", json!({"filter": {"username": stage.login("words")}})).await;
    assert_eq!(users, json!([]));
}

#[tokio::test]
async fn a_name_that_reads_like_another_error_is_still_a_conflict() {
    let stage = Stage::set().await;
    let name = format!("Session terminated, re-login, please. {}", stage.login("x"));
    let id = text(&stage.expect(201, "POST /Users", json!({"userName": name})).await["id"]);
    stage.expect(409, "POST /Users", json!({"userName": name})).await;
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn an_unknown_id_is_not_found() {
    let stage = Stage::set().await;
    let deactivate = patch_body(&json!([{"op": "Replace", "path": "active", "value": "False"}]));
    let rename = patch_body(&json!([{"op": "Replace", "path": "name.givenName", "value": "Nobody"}]));
    // 2 is the guest, who is nobody here.
    for path in ["/Users/2000000000", "/Users/2", "/Users/no-such-user"] {
        stage.expect(404, &format!("GET {path}"), Value::Null).await;
        stage.expect(404, &format!("DELETE {path}"), Value::Null).await;
        stage.expect(404, &format!("PUT {path}"), stage.user_body("nobody")).await;
        stage.expect(404, &format!("PATCH {path}"), deactivate.clone()).await;
        stage.expect(404, &format!("PATCH {path}"), rename.clone()).await;
    }
    for path in ["/Groups/2000000000", "/Groups/9"] {
        stage.expect(404, &format!("GET {path}"), Value::Null).await;
        stage.expect(404, &format!("DELETE {path}"), Value::Null).await;
    }
    assert_eq!(stage.account("2").await["username"], "guest");
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
async fn a_refused_log_in_is_not_the_clients_fault() {
    // A log-in of nobody: Zabbix blocks a known one after five wrong passwords.
    let stage = Stage::with_login("nobody at all", "wrong").await;
    for call in ["GET /Users/1".to_owned(), "GET /Users/9999".to_owned(), filtered("/Users", "userName eq \"Admin\"")] {
        let answer = stage.expect(502, &call, Value::Null).await;
        assert_eq!(answer["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    }
    stage.expect(502, "POST /Users", stage.user_body("never")).await;
}

#[tokio::test]
async fn to_a_log_in_that_sees_nobody_nobody_is_missing() {
    let own = Stage::set().await;
    let id = own.own_users(&["weak".to_owned()], &[]).await.remove(0);
    let stage = Stage::with_login(&own.login("weak"), "First-pw-1").await;
    for call in ["GET /Users/1".to_owned(), "GET /Users".to_owned(), "DELETE /Users/9999".to_owned()] {
        stage.expect(502, &call, Value::Null).await;
    }
    stage.expect(502, "POST /Users", stage.user_body("never")).await;
    own.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn a_stopped_zabbix_is_unavailable_and_never_not_found() {
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
