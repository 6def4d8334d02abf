//! Users from create to delete: addresses, the preferred one, and what Mailman has no place for.

use serde_json::{Value, json};

use super::stage::{Stage, filtered, text};

#[tokio::test]
async fn a_created_user_is_in_mailman_as_sent() {
    let stage = Stage::set().await;
    let mail = stage.mail("BJensen");
    let mut body = stage.person("BJensen");
    body["password"] = json!("s3cret-pw");
    let answer = stage.scim("POST /Users", body).await;
    assert_eq!(answer.status, 201, "{answer:?}\n{}", stage.gateway.said());
    let id = text(&answer.body["id"]);
    let location = answer.headers.get("location").expect("Location").to_str().unwrap();
    assert!(location.ends_with(&format!("/mailman/scim/v2/Users/{id}")), "{location}");

    let account = stage.account(&id).await;
    assert_eq!((&account["user_id"], &account["display_name"]), (&json!(id), &json!("Barbara Jensen")));
    assert_eq!(stage.addresses(&id).await, [mail.as_str()], "verified");
    assert_eq!(stage.preferred(&id).await, mail);
    let login = json!({"cleartext_password": "s3cret-pw"});
    assert_eq!(stage.own(&format!("POST /3.1/users/{id}/login"), login).await.status, 204, "the password was set");

    let read = stage.expect(200, &format!("GET /Users/{id}"), Value::Null).await;
    assert_eq!((&read["userName"], &read["displayName"]), (&json!(mail), &json!("Barbara Jensen")));
    assert_eq!(
        (&read["externalId"], &read["active"]),
        (&json!(format!("ext-{}", stage.login("BJensen"))), &json!(true))
    );
    assert_eq!((&read["emails"][0]["value"], &read["emails"][0]["primary"]), (&json!(mail), &json!(true)));
    let created = account["created_on"].as_str().expect("created_on");
    let moment = |text: &str| text.parse::<jiff::Timestamp>().expect("a moment");
    let shown = moment(read["meta"]["created"].as_str().expect("created"));
    assert_eq!(shown, moment(&format!("{created}Z")), "Mailman's dates are UTC and do not say so");
    assert!(!read.to_string().contains("$6$"), "the password's hash shows");
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn a_user_is_found_by_each_address_in_any_case_and_by_the_name_only_by_the_preferred_one() {
    let stage = Stage::set().await;
    let (id, other) = (stage.user("ann").await, stage.user("joann").await);
    let second = stage.mail("second");
    stage.made(&format!("POST /3.1/users/{id}/addresses"), json!({"email": second})).await;
    stage.relay.take_calls();
    for (filter, found) in [
        (format!("userName eq \"{}\"", stage.mail("ann")), 1),
        (format!("userName eq \"{}\"", stage.mail("ann").to_uppercase()), 1),
        (format!("emails.value eq \"{second}\""), 1),
        (format!("userName eq \"{second}\""), 0),
        ("userName eq \"nobody at all\"".to_owned(), 0),
        (format!("emails.value eq \"{id}\""), 0),
    ] {
        let list = stage.expect(200, &filtered("/Users", &filter), Value::Null).await;
        assert_eq!(list["totalResults"], found, "{filter}: {list}");
        assert_eq!(list["Resources"][0]["id"].as_str(), (found == 1).then_some(id.as_str()), "{filter}: {list}");
        for call in stage.relay.take_calls() {
            assert!(call.starts_with("GET /3.1/users/"), "{filter} reads more than it must: {call}");
        }
    }
    stage.clear(&[&id, &other], &[]).await;
}

#[tokio::test]
async fn name_and_password_change_and_a_name_can_be_cleared() {
    let stage = Stage::set().await;
    let id = stage.user("changes").await;
    let path = format!("/Users/{id}");
    let before = stage.account(&id).await;
    let operations = json!([
        {"op": "Replace", "path": "displayName", "value": "Bärbel & Co = ?"},
        {"op": "Add", "path": "password", "value": "an0ther & pw"},
    ]);
    let answer = stage.patch(&path, operations).await;
    assert_eq!(answer.body["displayName"], "Bärbel & Co = ?");
    let after = stage.account(&id).await;
    assert_eq!(after["display_name"], "Bärbel & Co = ?");
    assert_ne!(after["password"], before["password"]);
    let login = json!({"cleartext_password": "an0ther & pw"});
    assert_eq!(stage.own(&format!("POST /3.1/users/{id}/login"), login).await.status, 204);

    stage.patch(&path, json!([{"op": "remove", "path": "displayName"}])).await;
    assert!(stage.account(&id).await.get("display_name").is_none(), "Mailman leaves an empty name out");
    let read = stage.expect(200, &format!("GET {path}"), Value::Null).await;
    assert!(read.get("displayName").is_none(), "{read}");
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn addresses_come_verified_and_go_but_not_the_one_the_user_goes_by() {
    let stage = Stage::set().await;
    let id = stage.user("first").await;
    let (first, second, third) = (stage.mail("first"), stage.mail("second"), stage.mail("third"));
    let path = format!("/Users/{id}");
    stage.patch(&path, json!([{"op": "Add", "path": "emails", "value": [{"type": "home", "value": second}]}])).await;
    assert_eq!(stage.addresses(&id).await, [&*first, &*second]);

    let emails = json!([{"value": first, "primary": true}, {"value": third}]);
    let answer = stage.patch(&path, json!([{"op": "replace", "path": "emails", "value": emails}])).await;
    assert_eq!(stage.addresses(&id).await, [&*first, &*third]);
    let shown =
        |value: &str| answer.body["emails"].as_array().unwrap().iter().find(|email| email["value"] == value).cloned();
    assert_eq!(shown(&first).expect("the first")["primary"], true);
    assert_ne!(shown(&third).expect("the third")["primary"], true);

    let mut body = stage.person("first");
    body.as_object_mut().unwrap().remove("emails");
    stage.expect(200, &format!("PUT {path}"), body).await;
    assert_eq!(stage.addresses(&id).await, [&*first], "without it nobody would find the user again");
    assert_eq!(stage.preferred(&id).await, first);
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn a_new_user_name_is_a_new_preferred_address() {
    let stage = Stage::set().await;
    let id = stage.user("before").await;
    let (old, new) = (stage.mail("before"), stage.mail("after"));
    let path = format!("/Users/{id}");
    let answer = stage.patch(&path, json!([{"op": "Replace", "path": "userName", "value": new}])).await;
    assert_eq!((&answer.body["id"], &answer.body["userName"]), (&json!(id), &json!(new)));
    assert_eq!((stage.preferred(&id).await, stage.addresses(&id).await), (json!(new), vec![new.clone(), old.clone()]));

    // As Entra does it: name and e-mail in one request.
    let operations = json!([
        {"op": "Replace", "path": "userName", "value": old},
        {"op": "Replace", "path": "emails", "value": [{"type": "work", "primary": true, "value": old}]},
    ]);
    stage.patch(&path, operations).await;
    assert_eq!((stage.preferred(&id).await, stage.addresses(&id).await), (json!(old), vec![old.clone()]));
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn what_the_mapping_does_not_name_survives() {
    let stage = Stage::set().await;
    let id = stage.user("keeper").await;
    stage.made(&format!("PATCH /3.1/users/{id}"), json!({"is_server_owner": true})).await;
    stage.made(&format!("PATCH /3.1/users/{id}/preferences"), json!({"delivery_status": "by_user"})).await;
    let before = stage.account(&id).await;
    let mut body = stage.person("keeper");
    body["displayName"] = json!("Barbara Smith");
    stage.expect(200, &format!("PUT /Users/{id}"), body).await;
    let account = stage.account(&id).await;
    assert_eq!((&account["is_server_owner"], &account["password"]), (&json!(true), &before["password"]));
    assert_eq!(account["display_name"], "Barbara Smith");
    let preferences = stage.own(&format!("GET /3.1/users/{id}/preferences"), Value::Null).await.body;
    assert_eq!(preferences["delivery_status"], "by_user");
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn nobody_can_be_deactivated_and_nobody_is_told_so_falsely() {
    let stage = Stage::set().await;
    let id = stage.user("stays").await;
    let deactivate = super::stage::patch_body(&json!([{"op": "Replace", "path": "active", "value": "False"}]));
    stage.relay.take_calls();
    let refused = stage.expect(400, &format!("PATCH /Users/{id}"), deactivate).await;
    assert_eq!(refused["scimType"], "mutability", "{refused}");
    assert!(stage.relay.take_calls().iter().all(|call| call.starts_with("GET ")), "nothing was written");
    stage.patch(&format!("/Users/{id}"), json!([{"op": "Replace", "path": "active", "value": "True"}])).await;
    let mut body = stage.person("never");
    body["active"] = json!(false);
    stage.expect(400, "POST /Users", body).await;
    let nobody = stage.own(&format!("GET /3.1/users/{}", stage.mail("never")), Value::Null).await;
    assert_eq!(nobody.status, 404, "nothing was made");
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn a_user_whom_mail_made_is_shown_and_can_be_taken_in_hand() {
    let stage = Stage::set().await;
    let mail = stage.mail("Stranger");
    stage.made("POST /3.1/users", json!({"email": mail})).await;
    let list = stage.expect(200, &filtered("/Users", &format!("userName eq \"{mail}\"")), Value::Null).await;
    let user = &list["Resources"][0];
    assert_eq!((&list["totalResults"], &user["userName"]), (&json!(1), &json!(mail)), "{list}");
    assert_ne!(user["emails"][0]["primary"], true, "{user}");
    let id = text(&user["id"]);
    stage.patch(&format!("/Users/{id}"), json!([{"op": "add", "path": "displayName", "value": "Stranger"}])).await;
    assert_eq!(stage.account(&id).await["display_name"], "Stranger");
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn a_deleted_user_is_gone_here_and_there_with_addresses() {
    let stage = Stage::set().await;
    let id = stage.user("gone").await;
    stage.expect(204, &format!("DELETE /Users/{id}"), Value::Null).await;
    assert_eq!(stage.account(&id).await, Value::Null);
    let address = stage.own(&format!("GET /3.1/addresses/{}", stage.mail("gone")), Value::Null).await;
    assert_eq!(address.status, 404);
    stage.expect(404, &format!("GET /Users/{id}"), Value::Null).await;
    stage.expect(404, &format!("DELETE /Users/{id}"), Value::Null).await;
    let filter = format!("externalId eq \"ext-{}\"", stage.login("gone"));
    assert_eq!(stage.expect(200, &filtered("/Users", &filter), Value::Null).await["totalResults"], 0);
    let again = stage.user("gone").await;
    assert_ne!(again, id, "a new user, though the same address");
    stage.clear(&[&again], &[]).await;
}
