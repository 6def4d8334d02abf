//! Users from create to delete: ids made from names, typed addresses, locks, and names that stay taken.

use serde_json::{Value, json};

use super::stage::{Stage, USERS, filtered, patch_body, text};

#[tokio::test]
async fn a_created_user_is_in_synapse_as_sent() {
    let stage = Stage::set().await;
    let mut body = stage.user_body("BJensen");
    body["password"] = json!("s3cret-pw");
    body["phoneNumbers"] = json!([{"type": "mobile", "value": "+44 1632 960000"}]);
    let answer = stage.scim("POST /Users", body).await;
    assert_eq!(answer.status, 201, "{answer:?}\n{}", stage.gateway.said());
    let id = text(&answer.body["id"]);
    let location = answer.headers.get("location").expect("Location").to_str().unwrap();
    assert!(location.ends_with(&format!("/synapse/scim/v2/Users/{id}")), "{location}");

    let account = stage.shown("BJensen").await;
    assert_eq!((&account["displayname"], &account["admin"]), (&json!("Barbara Jensen"), &json!(false)));
    assert_eq!((&account["deactivated"], &account["locked"]), (&json!(false), &json!(false)));
    assert_eq!(stage.addresses("BJensen", "email").await, [stage.mail("bjensen")]);
    assert_eq!(stage.addresses("BJensen", "msisdn").await, ["441632960000"]);
    assert_eq!(logs_in(&stage, "BJensen", "s3cret-pw").await, 200);

    let read = stage.expect(200, &format!("GET /Users/{id}"), Value::Null).await;
    assert_eq!(
        (&read["userName"], &read["active"]),
        (&json!(stage.login("BJensen")), &json!(true)),
        "the case as sent"
    );
    assert_eq!(read["externalId"], format!("ext-{}", stage.login("BJensen")));
    assert_eq!(read["displayName"], "Barbara Jensen");
    assert_eq!(read["phoneNumbers"][0]["value"], "+44 1632 960000", "as sent, while Synapse holds what was made of it");
    let created: u64 = account["creation_ts"].as_u64().expect("seconds");
    assert_eq!(read["meta"]["created"], moment(created));
    stage.clear(&["BJensen"], &[]).await;
}

#[tokio::test]
async fn a_user_created_inactive_is_locked() {
    let stage = Stage::set().await;
    let mut body = stage.user_body("asleep");
    body["active"] = json!(false);
    let made = stage.expect(201, "POST /Users", body).await;
    assert_eq!(made["active"], false);
    assert_eq!(stage.shown("asleep").await["locked"], true);
    stage.clear(&["asleep"], &[]).await;
}

#[tokio::test]
async fn a_user_is_found_by_name_and_by_e_mail_and_only_that_one() {
    let stage = Stage::set().await;
    let (short, _) = (stage.user("ann").await, stage.user("joann").await);
    stage.made(&format!("PUT {USERS}/{}", stage.mxid("ann")), json!({"locked": true})).await;
    stage.relay.take_calls();
    for filter in [
        format!("userName eq \"{}\"", stage.login("ann")),
        format!("userName eq \"{}\"", stage.login("Ann").to_uppercase()),
        format!("emails.value eq \"{}\"", stage.mail("ann")),
        format!("emails.value eq \"{}\"", stage.mail("Ann").to_uppercase()),
    ] {
        let list = stage.expect(200, &filtered("/Users", &filter), Value::Null).await;
        assert_eq!(
            (&list["totalResults"], &list["Resources"][0]["id"]),
            (&json!(1), &json!(short)),
            "{filter}: {list}"
        );
        assert_eq!(list["Resources"][0]["active"], false, "locked users are found too");
        for call in stage.relay.take_calls() {
            assert!(!call.contains(&format!("{USERS}?")), "{filter} reads more than it must: {call}");
        }
    }
    for nobody in ["nobody at all", "gateway.x", "@ann:example.com", "a/b"] {
        let list = stage.expect(200, &filtered("/Users", &format!("userName eq \"{nobody}\"")), Value::Null).await;
        assert_eq!(list["totalResults"], 0, "{nobody}");
    }
    stage.clear(&["ann", "joann"], &[]).await;
}

#[tokio::test]
async fn typed_addresses_change_without_touching_the_other_kind() {
    let stage = Stage::set().await;
    let mut body = stage.user_body("typed");
    body["phoneNumbers"] = json!([{"value": "441632960001"}]);
    let path = format!("/Users/{}", text(&stage.expect(201, "POST /Users", body).await["id"]));
    let emails = json!([{"value": stage.mail("second")}]);
    stage.patch(&path, json!([{"op": "Add", "path": "emails", "value": emails}])).await;
    assert_eq!(stage.addresses("typed", "email").await, [stage.mail("second"), stage.mail("typed")]);
    assert_eq!(stage.addresses("typed", "msisdn").await, ["441632960001"]);

    let operations = json!([
        {"op": "Replace", "path": "emails", "value": [{"value": stage.mail("third")}]},
        {"op": "remove", "path": "phoneNumbers"},
        {"op": "remove", "path": "displayName"},
    ]);
    stage.patch(&path, operations).await;
    assert_eq!(stage.addresses("typed", "email").await, [stage.mail("third")]);
    assert!(stage.addresses("typed", "msisdn").await.is_empty());
    assert_eq!(stage.shown("typed").await["displayname"], Value::Null);
    stage.clear(&["typed"], &[]).await;
}

#[tokio::test]
async fn deactivating_locks_and_activating_lets_in_again() {
    let stage = Stage::set().await;
    let mut body = stage.user_body("leaver");
    body["password"] = json!("s3cret-pw");
    let path = format!("/Users/{}", text(&stage.expect(201, "POST /Users", body).await["id"]));
    for (sent, active) in [("False", false), ("True", true)] {
        stage.relay.take_calls();
        let answer = stage.patch(&path, json!([{"op": "Replace", "path": "active", "value": sent}])).await;
        assert_eq!((answer.status, &answer.body["active"]), (200, &json!(active)));
        let writes = stage.relay.take_calls().into_iter().filter(|call| !call.starts_with("GET ")).count();
        assert_eq!(writes, 1);
        let account = stage.shown("leaver").await;
        assert_eq!((&account["locked"], &account["deactivated"]), (&json!(!active), &json!(false)));
        assert_eq!(stage.addresses("leaver", "email").await, [stage.mail("leaver")], "nothing is lost on the way");
    }
    assert_eq!(logs_in(&stage, "leaver", "s3cret-pw").await, 200);
    stage.clear(&["leaver"], &[]).await;
}

#[tokio::test]
async fn a_user_deactivated_in_synapse_is_inactive_and_can_be_had_back() {
    let stage = Stage::set().await;
    let path = format!("/Users/{}", stage.user("back").await);
    stage.made(&format!("PUT {USERS}/{}", stage.mxid("back")), json!({"deactivated": true})).await;
    assert_eq!(stage.expect(200, &format!("GET {path}"), Value::Null).await["active"], false);
    let answer = stage.patch(&path, json!([{"op": "replace", "value": {"active": true}}])).await;
    assert_eq!(answer.body["active"], true);
    assert_eq!(stage.shown("back").await["deactivated"], false);
    stage.clear(&["back"], &[]).await;
}

#[tokio::test]
async fn a_put_replaces_what_the_mapping_names_and_leaves_the_rest() {
    let stage = Stage::set().await;
    let id = stage.user("put").await;
    let extra =
        json!({"user_type": "bot", "external_ids": [{"auth_provider": "oidc", "external_id": stage.login("put")}]});
    stage.made(&format!("PUT {USERS}/{}", stage.mxid("put")), extra).await;
    let mut body = stage.user_body("put");
    body["displayName"] = json!("Barbara Smith");
    let put = stage.expect(200, &format!("PUT /Users/{id}"), body).await;
    assert_eq!((&put["id"], &put["displayName"]), (&json!(id), &json!("Barbara Smith")));
    let account = stage.shown("put").await;
    assert_eq!((&account["displayname"], &account["user_type"]), (&json!("Barbara Smith"), &json!("bot")));
    assert_eq!(account["external_ids"][0]["external_id"], stage.login("put"));
    stage.clear(&["put"], &[]).await;
}

#[tokio::test]
async fn a_password_changes_and_a_name_does_not() {
    let stage = Stage::set().await;
    let path = format!("/Users/{}", stage.user("fixed").await);
    stage.patch(&path, json!([{"op": "Add", "path": "password", "value": "an0ther-pw"}])).await;
    assert_eq!(logs_in(&stage, "fixed", "an0ther-pw").await, 200);
    let rename = patch_body(&json!([{"op": "Replace", "path": "userName", "value": stage.login("renamed")}]));
    let refused = stage.expect(400, &format!("PATCH {path}"), rename).await;
    assert_eq!(refused["scimType"], "mutability", "{refused}");
    assert_eq!(stage.shown("renamed").await, Value::Null);
    stage.clear(&["fixed"], &[]).await;
}

#[tokio::test]
async fn a_deleted_user_is_gone_here_erased_there_and_the_name_stays_taken() {
    let stage = Stage::set().await;
    let id = stage.user("gone").await;
    stage.expect(204, &format!("DELETE /Users/{id}"), Value::Null).await;
    let account = stage.shown("gone").await;
    assert_eq!((&account["erased"], &account["deactivated"]), (&json!(true), &json!(true)));
    stage.expect(404, &format!("GET /Users/{id}"), Value::Null).await;
    stage.expect(404, &format!("DELETE /Users/{id}"), Value::Null).await;
    for filter in [
        format!("userName eq \"{}\"", stage.login("gone")),
        format!("externalId eq \"ext-{}\"", stage.login("gone")),
        format!("emails.value eq \"{}\"", stage.mail("gone")),
    ] {
        let list = stage.expect(200, &filtered("/Users", &filter), Value::Null).await;
        assert_eq!(list["totalResults"], 0, "{filter}");
    }
    let refused = stage.expect(409, "POST /Users", stage.user_body("gone")).await;
    assert_eq!(refused["scimType"], "uniqueness");
    let account = stage.shown("gone").await;
    assert_eq!((&account["erased"], &account["displayname"]), (&json!(true), &Value::Null), "and nobody was woken");
}

/// The status of a log-in to Synapse.
async fn logs_in(stage: &Stage, name: &str, password: &str) -> u16 {
    let body = json!({
        "type": "m.login.password", "password": password,
        "identifier": {"type": "m.id.user", "user": stage.mxid(name)},
    });
    stage.own("POST /_matrix/client/v3/login", body).await.status
}

/// Seconds since 1970 as SCIM writes a moment.
fn moment(seconds: u64) -> String {
    jiff::Timestamp::from_second(i64::try_from(seconds).unwrap()).unwrap().to_string()
}
