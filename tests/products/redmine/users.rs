//! Users from create to delete, with the calls Redmine gets to see.

use serde_json::{Value, json};

use super::stage::{Stage, filtered, text};

#[tokio::test]
async fn a_created_user_is_in_redmine_as_sent() {
    let stage = Stage::set().await;
    let mut body = stage.user_body("bjensen");
    body["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] = json!({"employeeNumber": "701984"});
    let answer = stage.scim("POST /Users", body).await;
    assert_eq!(answer.status, 201, "{answer:?}\n{}", stage.gateway.said());
    let id = text(&answer.body["id"]);
    let location = answer.headers.get("location").expect("Location").to_str().unwrap();
    assert!(location.ends_with(&format!("/redmine/scim/v2/Users/{id}")), "{location}");

    let account = stage.account(&id).await;
    assert_eq!(account["login"], stage.login("bjensen"));
    assert_eq!(account["mail"], stage.mail("bjensen"));
    assert_eq!((&account["firstname"], &account["lastname"]), (&json!("Barbara"), &json!("Jensen")));
    assert_eq!((&account["status"], &account["custom_fields"][0]["value"]), (&json!(1), &json!("701984")));

    let read = stage.expect(200, &format!("GET /Users/{id}"), Value::Null).await;
    assert_eq!(read["userName"], stage.login("bjensen"));
    assert_eq!(read["externalId"], format!("ext-{}", stage.login("bjensen")));
    assert_eq!((&read["active"], &read["displayName"]), (&json!(true), &json!("Barbara Jensen")));
    assert_eq!(read["emails"], json!([{"value": stage.mail("bjensen"), "type": "work", "primary": true}]));
    assert_eq!(read["meta"]["created"], account["created_on"]);
    assert!(!read.to_string().contains(account["api_key"].as_str().expect("an API key")), "the API key shows");
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn a_user_without_names_gets_what_redmine_insists_on_and_does_not_show_it() {
    let stage = Stage::set().await;
    let body = json!({"userName": stage.login("bare"), "emails": [{"value": stage.mail("bare")}]});
    let id = text(&stage.expect(201, "POST /Users", body).await["id"]);
    let account = stage.account(&id).await;
    assert_eq!((account["firstname"].as_str(), &account["lastname"]), (Some(&*stage.login("bare")), &json!("-")));
    let read = stage.expect(200, &format!("GET /Users/{id}"), Value::Null).await;
    assert!(read["name"].get("givenName").is_none() && read["name"].get("familyName").is_none(), "{read}");
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn a_user_is_found_by_name_and_by_e_mail_and_only_that_one() {
    let stage = Stage::set().await;
    // Redmine's search finds both for the first name: it looks for a part of a word.
    let (short, long) = (stage.user("ann").await, stage.user("joann").await);
    stage.relay.take_calls();
    for filter in [
        format!("userName eq \"{}\"", stage.login("ann")),
        format!("userName eq \"{}\"", stage.login("ann").to_uppercase()),
        format!("emails.value eq \"{}\"", stage.mail("ann")),
        format!("emails[type eq \"work\"].value eq \"{}\"", stage.mail("ann")),
    ] {
        let list = stage.expect(200, &filtered("/Users", &filter), Value::Null).await;
        assert_eq!(
            (&list["totalResults"], &list["Resources"][0]["id"]),
            (&json!(1), &json!(short)),
            "{filter}: {list}"
        );
        for call in stage.relay.take_calls() {
            assert!(
                call.contains("name=") || call.starts_with("GET /users/"),
                "{filter} reads more than it must: {call}"
            );
        }
    }
    let nobody = stage.expect(200, &filtered("/Users", "userName eq \"nobody at all\""), Value::Null).await;
    assert_eq!(nobody["totalResults"], 0);
    stage.clear(&[&short, &long], &[]).await;
}

#[tokio::test]
async fn a_locked_user_is_still_found() {
    let stage = Stage::set().await;
    let id = stage.user("locked").await;
    stage.own(&format!("PUT /users/{id}.json"), json!({"user": {"status": 3}})).await;
    let filter = format!("userName eq \"{}\"", stage.login("locked"));
    let list = stage.expect(200, &filtered("/Users", &filter), Value::Null).await;
    assert_eq!((&list["totalResults"], &list["Resources"][0]["active"]), (&json!(1), &json!(false)), "{list}");
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn a_patch_in_entras_legacy_dialect_arrives() {
    let stage = Stage::set().await;
    let id = stage.user("legacy").await;
    let operations = json!([
        {"op": "Replace", "path": "name.givenName", "value": "Babs"},
        {"op": "Add", "path": "emails[type eq \"work\"].value", "value": stage.mail("moved")},
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber", "value": "42"},
    ]);
    let answer = stage.patch(&format!("/Users/{id}"), operations).await;
    assert_eq!((answer.status, &answer.body["active"]), (200, &json!(false)));
    let account = stage.account(&id).await;
    assert_eq!((&account["firstname"], &account["lastname"]), (&json!("Babs"), &json!("Jensen")));
    assert_eq!(account["mail"], stage.mail("moved"));
    assert_eq!((&account["status"], &account["custom_fields"][0]["value"]), (&json!(3), &json!("42")));
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn a_put_replaces_what_the_mapping_names() {
    let stage = Stage::set().await;
    let id = stage.user("put").await;
    let mut body = stage.user_body("put");
    body["id"] = json!(id);
    body["name"] = json!({"givenName": "Barbara", "familyName": "Smith"});
    body["userName"] = json!(stage.login("renamed"));
    let put = stage.expect(200, &format!("PUT /Users/{id}"), body).await;
    assert_eq!((&put["id"], &put["name"]["familyName"]), (&json!(id), &json!("Smith")));
    let account = stage.account(&id).await;
    assert_eq!((&account["login"], &account["lastname"]), (&json!(stage.login("renamed")), &json!("Smith")));
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn deactivating_is_one_put_and_one_get() {
    let stage = Stage::set().await;
    let id = stage.user("leaver").await;
    for (sent, active, status) in [("False", false, 3), ("True", true, 1)] {
        stage.relay.take_calls();
        let operations = json!([{"op": "Replace", "path": "active", "value": sent}]);
        let answer = stage.patch(&format!("/Users/{id}"), operations).await;
        let calls = [format!("PUT /users/{id}.json"), format!("GET /users/{id}.json?include=groups")];
        assert_eq!(stage.relay.take_calls(), calls);
        assert_eq!((answer.status, &answer.body["active"]), (200, &json!(active)));
        assert_eq!(stage.account(&id).await["status"], status);
    }
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn fields_the_mapping_does_not_name_survive() {
    let stage = Stage::set().await;
    let id = stage.user("keeper").await;
    let fields = json!([{"id": 1, "value": "1"}, {"id": 2, "value": "1"}, {"id": 3, "value": "2024-01-31"}]);
    let update = json!({"user": {"admin": true, "custom_fields": fields}});
    stage.own(&format!("PUT /users/{id}.json"), update).await;

    let number = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber";
    stage.patch(&format!("/Users/{id}"), json!([{"op": "Replace", "path": number, "value": "2"}])).await;
    stage.expect(200, &format!("PUT /Users/{id}"), stage.user_body("keeper")).await;

    let account = stage.account(&id).await;
    assert_eq!(account["admin"], true);
    let values: Vec<&Value> = (0..3).map(|field| &account["custom_fields"][field]["value"]).collect();
    assert_eq!(values, [&json!(""), &json!("1"), &json!("2024-01-31")], "the PUT left out only the number");
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn a_deleted_user_is_gone_here_and_there() {
    let stage = Stage::set().await;
    let id = stage.user("gone").await;
    // Redmine on SQLite gives a freed highest id away again; a later account keeps this one from being the highest.
    let later = stage.user("later").await;
    stage.expect(204, &format!("DELETE /Users/{id}"), Value::Null).await;
    assert_eq!(stage.account(&id).await, Value::Null);
    stage.expect(404, &format!("GET /Users/{id}"), Value::Null).await;
    stage.expect(404, &format!("DELETE /Users/{id}"), Value::Null).await;
    let filter = format!("externalId eq \"ext-{}\"", stage.login("gone"));
    assert_eq!(stage.expect(200, &filtered("/Users", &filter), Value::Null).await["totalResults"], 0);
    stage.clear(&[&later], &[]).await;
}
