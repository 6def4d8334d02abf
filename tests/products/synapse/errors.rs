//! What goes wrong between a client, the gateway and Synapse, and whose fault the answer says it is.

use serde_json::{Value, json};

use super::stage::{Stage, USERS, filtered, patch_body};

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";
const NOWHERE: &str = "!nowhere:example.com";

#[tokio::test]
async fn a_taken_name_is_a_conflict_and_nobody_is_overwritten() {
    let stage = Stage::set().await;
    let id = stage.user("taken").await;
    let mut twin = stage.user_body("taken");
    twin["userName"] = json!(stage.login("taken").to_uppercase());
    twin["displayName"] = json!("An Impostor");
    let refused = stage.expect(409, "POST /Users", twin).await;
    assert_eq!((&refused["status"], &refused["scimType"]), (&json!("409"), &json!("uniqueness")), "{refused}");
    assert_eq!(stage.shown("taken").await["displayname"], "Barbara Jensen");

    stage.made(&format!("PUT {USERS}/{}", stage.mxid("strange")), json!({"displayname": "Stranger"})).await;
    stage.expect(409, "POST /Users", stage.user_body("strange")).await;
    assert_eq!(stage.shown("strange").await["displayname"], "Stranger", "made past the gateway, and left alone");
    stage.expect(200, &format!("GET /Users/{id}"), Value::Null).await;
    stage.clear(&["taken", "strange"], &[]).await;
}

#[tokio::test]
async fn synapses_own_words_about_a_bad_value_reach_the_client() {
    let stage = Stage::set().await;
    for (attribute, value, words) in [
        ("userName", json!("b jensen"), "can only contain characters"),
        ("userName", json!("_bjensen"), "may not begin with _"),
        ("emails", json!([{"value": "nonsense"}]), "Unable to parse email address"),
    ] {
        let mut body = stage.user_body("words");
        body[attribute] = value;
        let refused = stage.expect(400, "POST /Users", body).await;
        assert_eq!(refused["scimType"], "invalidValue", "{refused}");
        assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{refused}");
    }
    stage.clear(&["words"], &[]).await;
}

#[tokio::test]
async fn an_unknown_id_is_not_found() {
    let stage = Stage::set().await;
    for id in [NOBODY, "no-such-user", "@ghost:other.example"] {
        let path = format!("/Users/{id}");
        stage.expect(404, &format!("GET {path}"), Value::Null).await;
        stage.expect(404, &format!("DELETE {path}"), Value::Null).await;
        stage.expect(404, &format!("PUT {path}"), stage.user_body("nobody")).await;
        let deactivate = patch_body(&json!([{"op": "Replace", "path": "active", "value": "False"}]));
        stage.expect(404, &format!("PATCH {path}"), deactivate).await;
    }
    assert_eq!(stage.shown("nobody").await, Value::Null, "no PUT made anybody");
    for room in [NOWHERE, "no-such-room"] {
        stage.expect(404, &format!("GET /Groups/{room}"), Value::Null).await;
        stage.expect(404, &format!("DELETE /Groups/{room}"), Value::Null).await;
    }
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
    stage.clear(&["known"], &[&group]).await;
}

#[tokio::test]
async fn a_refused_log_in_is_not_the_clients_fault_and_is_not_tried_forever() {
    let stage = Stage::with_password("wrong").await;
    let answer = stage.expect(502, "GET /Groups", Value::Null).await;
    assert_eq!(answer["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    assert_eq!(stage.relay.take_calls(), ["POST /_matrix/client/v3/login"], "asked once");
}

#[tokio::test]
async fn an_account_without_rights_is_not_the_clients_fault() {
    let stage = Stage::set().await;
    stage.made(&format!("PUT {USERS}/{}", stage.account), json!({"admin": false})).await;
    for call in [format!("GET /Groups/{NOWHERE}"), filtered("/Users", "userName eq \"ann\"")] {
        stage.expect(502, &call, Value::Null).await;
    }
    stage.expect(502, "POST /Users", stage.user_body("never")).await;
}

#[tokio::test]
async fn a_session_that_ended_is_begun_again_once_for_all() {
    let stage = std::sync::Arc::new(Stage::set().await);
    let id = stage.user("session").await;
    for _ in 0..2 {
        stage.relay.take_calls();
        let device = format!("DELETE /_synapse/admin/v2/users/{}/devices/transom", stage.account);
        assert_eq!(stage.own(&device, Value::Null).await.status, 200, "the session is over");
        let reads: Vec<_> = (0..8)
            .map(|_| {
                let (stage, call) = (std::sync::Arc::clone(&stage), format!("GET /Users/{id}"));
                tokio::spawn(async move { stage.expect(200, &call, Value::Null).await })
            })
            .collect();
        for read in reads {
            read.await.unwrap();
        }
        let log_ins = stage.relay.take_calls().iter().filter(|call| call.ends_with("/login")).count();
        assert_eq!(log_ins, 1, "one log-in for all who noticed");
    }
    stage.clear(&["session"], &[]).await;
}

#[tokio::test]
async fn a_short_throttle_is_waited_for() {
    let stage = Stage::set().await;
    let limit = json!({"messages_per_second": 1, "burst_count": 1});
    stage.made(&format!("POST /_synapse/admin/v1/users/{}/override_ratelimit", stage.account), limit).await;
    let (first, second) = tokio::join!(stage.group("one"), stage.group("two"));
    let tries = stage.relay.take_calls().iter().filter(|call| call.ends_with("/createRoom")).count();
    assert!(tries > 2, "the second was told to wait: {tries}");
    stage.clear(&[], &[&first, &second]).await;
}

#[tokio::test]
async fn a_long_throttle_is_said_with_its_end() {
    let stage = Stage::set().await;
    let failing = json!({
        "type": "m.login.password", "password": "wrong", "identifier": {"type": "m.id.user", "user": stage.account},
    });
    for _ in 0..4 {
        stage.own("POST /_matrix/client/v3/login", failing.clone()).await;
    }
    let answer = stage.scim("GET /Groups", Value::Null).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    let wait = answer.headers.get("retry-after").expect("Retry-After").to_str().unwrap().parse::<u64>().unwrap();
    assert!((100..=200).contains(&wait), "{wait}");
}

#[tokio::test]
async fn a_stopped_synapse_is_unavailable_and_never_not_found() {
    let stage = Stage::set().await;
    let id = stage.user("before").await;
    stage.relay.unplug().await;
    for call in [
        format!("GET /Users/{id}"),
        format!("DELETE /Groups/{NOWHERE}"),
        filtered("/Users", "userName eq \"x\""),
        "GET /Groups".to_owned(),
    ] {
        let answer = stage.scim(&call, Value::Null).await;
        assert_eq!(answer.status, 503, "{call}: {}", answer.body);
        assert!(answer.headers.contains_key("retry-after"), "{call}");
    }
    stage.clear(&["before"], &[]).await;
}
