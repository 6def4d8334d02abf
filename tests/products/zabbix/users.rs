//! Users from create to delete, with the methods Zabbix gets to see.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::stage::{Stage, filtered, text};

#[tokio::test]
async fn a_created_user_is_in_zabbix_as_sent() {
    let stage = Stage::set().await;
    let mut body = stage.user_body("bjensen");
    (body["password"], body["timezone"]) = (json!("S3cret-pw-9"), json!("Europe/Berlin"));
    let answer = stage.scim("POST /Users", body).await;
    assert_eq!(answer.status, 201, "{answer:?}\n{}", stage.gateway.said());
    let id = text(&answer.body["id"]);
    assert!(
        answer.headers.get("location").is_some_and(|place| place.to_str().unwrap().ends_with(&format!("/Users/{id}")))
    );

    let account = stage.account(&id).await;
    assert_eq!((&account["username"], &account["timezone"]), (&json!(stage.login("bjensen")), &json!("Europe/Berlin")));
    assert_eq!((&account["name"], &account["surname"]), (&json!("Barbara"), &json!("Jensen")));
    assert_eq!(
        (&account["medias"][0]["mediatypeid"], &account["medias"][0]["sendto"]),
        (&json!("1"), &json!([stage.mail("bjensen")]))
    );
    assert_eq!((&account["role"]["name"], &account["users_status"]), (&json!("User role"), &json!("0")));
    assert_eq!(stage.groups_of(&id).await, ["SCIM users"]);
    assert!(stage.lets_in(&stage.login("bjensen"), "S3cret-pw-9").await);

    let read = stage.expect(200, &format!("GET /Users/{id}"), Value::Null).await;
    assert_eq!((&read["userName"], &read["active"]), (&json!(stage.login("bjensen")), &json!(true)));
    assert_eq!((&read["displayName"], &read["userType"]), (&json!("Barbara Jensen"), &json!("User role")));
    assert_eq!(read["externalId"], format!("ext-{}", stage.login("bjensen")));
    assert_eq!(read["emails"], json!([{"value": stage.mail("bjensen"), "type": "work", "primary": true}]));
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn a_bare_user_gets_what_zabbix_insists_on() {
    let stage = Stage::set().await;
    let id = text(&stage.expect(201, "POST /Users", json!({"userName": stage.login("bare")})).await["id"]);
    let read = stage.expect(200, &format!("GET /Users/{id}"), Value::Null).await;
    assert!(read.get("name").is_none() && read.get("timezone").is_none() && read.get("emails").is_none(), "{read}");
    assert_eq!(stage.account(&id).await["role"]["name"], "User role");
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn a_user_is_found_by_its_log_in_with_one_call() {
    let stage = Stage::set().await;
    let ids = stage.own_users(&["ann".to_owned(), "joann".to_owned()], &[]).await;
    // The session is there already.
    stage.expect(200, &format!("GET /Users/{}", ids[0]), Value::Null).await;
    stage.take_methods();
    let filter = format!("userName eq \"{}\"", stage.login("ann"));
    let list = stage.expect(200, &filtered("/Users", &filter), Value::Null).await;
    assert_eq!((&list["totalResults"], &list["Resources"][0]["id"]), (&json!(1), &json!(ids[0])), "{list}");
    let bodies = stage.take_bodies();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert_eq!(
        (&bodies[0]["method"], &bodies[0]["params"]["filter"]),
        (&json!("user.get"), &json!({"username": stage.login("ann")}))
    );
    // Case matters to Zabbix: these are two log-ins.
    for other in [stage.login("ann").to_uppercase(), stage.login("nobody")] {
        let nobody = stage.expect(200, &filtered("/Users", &format!("userName eq \"{other}\"")), Value::Null).await;
        assert_eq!(nobody["totalResults"], 0, "{other}");
    }
    stage.clear(&[&ids[0], &ids[1]], &[]).await;
}

#[tokio::test]
async fn a_user_is_found_by_e_mail_and_when_disabled() {
    let stage = Stage::set().await;
    let id = stage.user("mailed").await;
    stage.patch(&format!("/Users/{id}"), json!([{"op": "Replace", "path": "active", "value": "False"}])).await;
    let filter = format!("emails.value eq \"{}\"", stage.mail("mailed"));
    let list = stage.expect(200, &filtered("/Users", &filter), Value::Null).await;
    assert_eq!((&list["totalResults"], &list["Resources"][0]["active"]), (&json!(1), &json!(false)), "{list}");
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn deactivating_goes_both_ways_and_leaves_groups_alone() {
    let stage = Stage::set().await;
    let group = stage.group("stays").await;
    let id = stage.own_users(&["leaver".to_owned()], &[&group]).await.remove(0);
    let login = stage.login("leaver");
    for (sent, active, status) in [("False", false, "1"), ("True", true, "0")] {
        stage.take_methods();
        let answer =
            stage.patch(&format!("/Users/{id}"), json!([{"op": "Replace", "path": "active", "value": sent}])).await;
        assert_eq!((answer.status, &answer.body["active"]), (200, &json!(active)));
        let writes = stage.take_methods().into_iter().filter(|method| method == "user.update").count();
        assert_eq!(writes, 1);
        assert_eq!(stage.account(&id).await["users_status"], status);
        assert_eq!(stage.lets_in(&login, "First-pw-1").await, active, "and the password is the same");
        let shown =
            answer.body["groups"].as_array().map(|groups| groups.iter().map(|group| text(&group["display"])).collect());
        let shown: BTreeSet<String> = shown.unwrap_or_default();
        assert_eq!(shown, BTreeSet::from(["SCIM users".to_owned(), stage.login("stays")]), "the switch is no group");
    }
    let mut groups = stage.groups_of(&id).await;
    groups.retain(|name| name != "SCIM users");
    assert_eq!(groups, [stage.login("stays")]);
    stage.clear(&[&id], &[&group]).await;
}

#[tokio::test]
async fn whichever_group_disabled_a_user_activating_takes_it_out() {
    let stage = Stage::set().await;
    let made = stage.rpc("usergroup.create", json!({"name": stage.login("on leave"), "users_status": "1"})).await;
    let leave = text(&made["usrgrpids"][0]);
    let id = stage.own_users(&["away".to_owned()], &[&leave]).await.remove(0);
    let read = stage.expect(200, &format!("GET /Users/{id}"), Value::Null).await;
    assert_eq!(read["active"], false, "Zabbix lets nobody in from a disabled group");
    stage.patch(&format!("/Users/{id}"), json!([{"op": "Replace", "path": "active", "value": true}])).await;
    assert_eq!(stage.groups_of(&id).await, ["SCIM users"]);
    stage.expect(404, &format!("GET /Groups/{leave}"), Value::Null).await;
    stage.clear(&[&id], &[&leave]).await;
}

#[tokio::test]
async fn a_user_can_begin_deactivated() {
    let stage = Stage::set().await;
    let mut body = stage.user_body("later");
    body["active"] = json!(false);
    let made = stage.expect(201, "POST /Users", body).await;
    let id = text(&made["id"]);
    assert_eq!((&made["active"], &stage.account(&id).await["users_status"]), (&json!(false), &json!("1")));
    assert_eq!(stage.groups_of(&id).await, ["Disabled", "SCIM users"]);
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn a_patch_in_entras_legacy_dialect_arrives() {
    let stage = Stage::set().await;
    let id = stage.user("legacy").await;
    let operations = json!([
        {"op": "Replace", "path": "name.givenName", "value": "Babs"},
        {"op": "Replace", "path": "userName", "value": stage.login("renamed")},
        {"op": "Add", "path": "emails[type eq \"work\"].value", "value": stage.mail("moved")},
        {"op": "Replace", "path": "active", "value": "False"},
    ]);
    let answer = stage.patch(&format!("/Users/{id}"), operations).await;
    assert_eq!((answer.status, &answer.body["active"]), (200, &json!(false)));
    let account = stage.account(&id).await;
    assert_eq!((&account["name"], &account["surname"]), (&json!("Babs"), &json!("Jensen")));
    assert_eq!((&account["username"], &account["users_status"]), (&json!(stage.login("renamed")), &json!("1")));
    assert_eq!(account["medias"][0]["sendto"], json!([stage.mail("moved")]));
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn fields_and_media_the_mapping_does_not_name_survive() {
    let stage = Stage::set().await;
    let id = stage.user("keeper").await;
    let media = json!([
        {"mediatypeid": "1", "sendto": [stage.mail("keeper"), stage.mail("second")], "active": "1", "severity": "4", "period": "1-5,09:00-18:00"},
        {"mediatypeid": "3", "sendto": "555", "severity": "63"},
    ]);
    stage.rpc("user.update", json!({"userid": id, "autologout": "1h", "url": "zabbix.php", "medias": media})).await;
    let path = format!("/Users/{id}");
    let operations = json!([{"op": "Remove", "path": format!("emails[value eq \"{}\"]", stage.mail("keeper"))}]);
    stage.patch(&path, operations).await;
    let mut body = stage.user_body("keeper");
    body["emails"] =
        json!([{"type": "work", "value": stage.mail("second")}, {"type": "work", "value": stage.mail("third")}]);
    stage.expect(200, &format!("PUT {path}"), body).await;

    let account = stage.account(&id).await;
    assert_eq!((&account["autologout"], &account["url"]), (&json!("1h"), &json!("zabbix.php")));
    let mut media: Vec<Value> = account["medias"].as_array().unwrap().clone();
    media.sort_by_key(|medium| text(&medium["mediatypeid"]));
    assert_eq!(media.len(), 2, "{account}");
    assert_eq!(media[0]["sendto"], json!([stage.mail("second"), stage.mail("third")]));
    assert_eq!(
        (&media[0]["active"], &media[0]["severity"], &media[0]["period"]),
        (&json!("1"), &json!("4"), &json!("1-5,09:00-18:00"))
    );
    assert_eq!((&media[1]["mediatypeid"], &media[1]["sendto"]), (&json!("3"), &json!("555")));
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn a_put_clears_what_it_leaves_out() {
    let stage = Stage::set().await;
    let id = stage.user("cleared").await;
    let body = json!({"userName": stage.login("cleared"), "name": {"familyName": "Smith"}});
    stage.expect(200, &format!("PUT /Users/{id}"), body).await;
    let account = stage.account(&id).await;
    assert_eq!((&account["name"], &account["surname"], &account["medias"]), (&json!(""), &json!("Smith"), &json!([])));
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn a_deleted_user_is_gone_here_and_there() {
    let stage = Stage::set().await;
    let id = stage.user("gone").await;
    stage.expect(204, &format!("DELETE /Users/{id}"), Value::Null).await;
    assert_eq!(stage.account(&id).await, Value::Null);
    stage.expect(404, &format!("GET /Users/{id}"), Value::Null).await;
    stage.expect(404, &format!("DELETE /Users/{id}"), Value::Null).await;
    let filter = format!("externalId eq \"ext-{}\"", stage.login("gone"));
    assert_eq!(stage.expect(200, &filtered("/Users", &filter), Value::Null).await["totalResults"], 0);
}

#[tokio::test]
async fn of_250_users_every_page_shows_each_once() {
    let stage = Stage::alone().await;
    // Who logs in elsewhere has no password here, and is made in no time.
    let made = stage.rpc("usergroup.create", json!({"name": stage.login("elsewhere"), "gui_access": 2})).await;
    let group = text(&made["usrgrpids"][0]);
    let user = |number: i32| json!({"username": stage.login(&format!("page{number:03}")), "roleid": "1", "usrgrps": [{"usrgrpid": group}]});
    let made = stage.rpc("user.create", (0..250).map(user).collect()).await;
    let ours: Vec<String> = made["userids"].as_array().unwrap().iter().map(text).collect();
    let own = stage.rpc("user.get", json!({"output": ["userid", "username"]})).await;
    let own = own.as_array().unwrap().iter().filter(|user| user["username"] != "guest");
    let own: Vec<String> = own.map(|user| text(&user["userid"])).collect();
    let walked: Vec<String> = stage.walk("/Users", 17).await.iter().map(|user| text(&user["id"])).collect();
    assert_eq!(walked.len(), own.len(), "the guest is nobody");
    assert_eq!(walked.iter().collect::<BTreeSet<_>>(), own.iter().collect::<BTreeSet<_>>());
    assert!(ours.iter().all(|id| walked.contains(id)));
    stage.clear(&ours.iter().map(String::as_str).collect::<Vec<_>>(), &[&group]).await;
}
