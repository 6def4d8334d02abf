//! Users from create to delete, with the calls RabbitMQ gets to see.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::amqp::{Door, knock};
use super::stage::{Stage, filtered, path_of, text};

#[tokio::test]
async fn a_created_user_is_in_rabbitmq_and_can_log_in() {
    let stage = Stage::set().await;
    let mut body = stage.user_body("bjensen");
    body["password"] = json!("s3cret-pw");
    let answer = stage.scim("POST /Users", body).await;
    assert_eq!(answer.status, 201, "{answer:?}\n{}", stage.gateway.said());
    let (id, name) = (text(&answer.body["id"]), stage.login("bjensen"));
    assert!(
        answer.headers.get("location").is_some_and(|place| place.to_str().unwrap().ends_with(&format!("/Users/{id}")))
    );
    let account = stage.account(&name).await.expect("a user");
    assert_eq!((&account["tags"], &account["name"]), (&json!([]), &json!(name)));

    let read = stage.expect(200, &format!("GET /Users/{id}"), Value::Null).await;
    assert_eq!((&read["userName"], &read["active"]), (&json!(name), &json!(true)));
    assert_eq!(read["externalId"], format!("ext-{name}"));
    assert!(
        !read.to_string().contains(account["password_hash"].as_str().unwrap()),
        "the password's hash shows: {read}"
    );
    // RabbitMQ sends away who may enter no virtual host, but not as a stranger.
    assert!(matches!(knock(&name, "s3cret-pw").await, Door::Closed(_)));
    assert_eq!(knock(&name, "another").await, Door::Stranger);
    stage.clear(&[&name]).await;
}

#[tokio::test]
async fn a_name_with_odd_characters_is_one_path_segment() {
    let stage = Stage::set().await;
    let name = format!("b@j /ä%2F?.{}", stage.login("odd"));
    let id = text(&stage.expect(201, "POST /Users", json!({"userName": name})).await["id"]);
    assert!(stage.account(&name).await.is_some());
    assert_eq!(stage.id_of(&name).await, id);
    stage.expect(204, &format!("DELETE /Users/{id}"), Value::Null).await;
    assert!(stage.account(&name).await.is_none());
}

#[tokio::test]
async fn a_user_is_found_by_its_name_with_one_call() {
    let stage = Stage::set().await;
    let name = stage.own_user("ann", &[]).await;
    stage.relay.take_calls();
    let list = stage.expect(200, &filtered("/Users", &format!("userName eq \"{name}\"")), Value::Null).await;
    assert_eq!((&list["totalResults"], &list["Resources"][0]["userName"]), (&json!(1), &json!(name)));
    let calls = stage.relay.take_calls();
    assert!(calls.len() == 1 && calls[0].starts_with("GET /api/users/ann"), "{calls:?}");
    // Case matters to RabbitMQ: these are two names.
    for other in [name.to_uppercase(), stage.login("nobody")] {
        let nobody = stage.expect(200, &filtered("/Users", &format!("userName eq \"{other}\"")), Value::Null).await;
        assert_eq!(nobody["totalResults"], 0, "{other}");
    }
    let prefix = stage.expect(200, &filtered("/Users", &format!("userName sw \"{name}\"")), Value::Null).await;
    assert_eq!(prefix["totalResults"], 1);
    stage.clear(&[&name]).await;
}

#[tokio::test]
async fn who_is_deactivated_cannot_connect_and_keeps_password_tags_and_limits() {
    let stage = Stage::set().await;
    let name = stage.own_user("leaver", &["management", "custom"]).await;
    stage.own(&format!("PUT /api/permissions/%2F/{name}"), json!({"configure": "", "write": "", "read": ".*"})).await;
    stage.own(&format!("PUT /api/user-limits/{name}/max-channels"), json!({"value": 7})).await;
    let (id, before) = (stage.id_of(&name).await, stage.account(&name).await.unwrap());
    assert_eq!(knock(&name, "first-pw").await, Door::Open);
    for (sent, active) in [("False", false), ("True", true)] {
        stage.relay.take_calls();
        let operations = json!([{"op": "Replace", "path": "active", "value": sent}]);
        let answer = stage.patch(&format!("/Users/{id}"), operations).await;
        assert_eq!((answer.status, &answer.body["active"]), (200, &json!(active)));
        let path = format!("/api/users/{name}");
        assert_eq!(stage.relay.take_calls(), [format!("GET {path}"), format!("PUT {path}"), format!("GET {path}")]);
        let account = stage.account(&name).await.unwrap();
        assert_eq!(account["limits"]["max-connections"], if active { -1 } else { 0 });
        assert_eq!(account["limits"]["max-channels"], 7);
        for field in ["password_hash", "hashing_algorithm", "tags"] {
            assert_eq!(account[field], before[field], "{field}");
        }
        let door = knock(&name, "first-pw").await;
        assert!(
            if active { door == Door::Open } else { matches!(&door, Door::Closed(why) if why.contains("limit (0)")) },
            "{door:?}"
        );
    }
    assert!(stage.may_manage(&name, "first-pw").await);
    stage.clear(&[&name]).await;
}

#[tokio::test]
async fn a_user_can_begin_deactivated() {
    let stage = Stage::set().await;
    let (mut body, name) = (stage.user_body("later"), stage.login("later"));
    (body["active"], body["password"]) = (json!(false), json!("s3cret-pw"));
    let made = stage.expect(201, "POST /Users", body).await;
    assert_eq!(made["active"], false);
    assert_eq!(stage.account(&name).await.unwrap()["limits"]["max-connections"], 0);
    stage.clear(&[&name]).await;
}

#[tokio::test]
async fn a_new_password_and_a_switch_in_one_request_both_hold() {
    let stage = Stage::set().await;
    let name = stage.own_user("both", &["monitoring"]).await;
    let path = format!("/Users/{}", stage.id_of(&name).await);
    for (active, limit, password) in [(false, 0, "second-pw"), (true, -1, "third-pw")] {
        stage.patch(&path, json!([{"op": "replace", "value": {"active": active, "password": password}}])).await;
        let account = stage.account(&name).await.unwrap();
        assert_eq!((&account["limits"]["max-connections"], &account["tags"]), (&json!(limit), &json!(["monitoring"])));
        assert!(stage.may_manage(&name, password).await && !stage.may_manage(&name, "first-pw").await);
    }
    stage.clear(&[&name]).await;
}

#[tokio::test]
async fn a_put_keeps_the_password_and_the_tags() {
    let stage = Stage::set().await;
    let name = stage.own_user("put", &["monitoring", "custom"]).await;
    let id = stage.id_of(&name).await;
    let mut body = stage.user_body("put");
    (body["id"], body["active"]) = (json!(id), json!(false));
    let put = stage.expect(200, &format!("PUT /Users/{id}"), body).await;
    assert_eq!((&put["id"], &put["active"]), (&json!(id), &json!(false)));
    assert_eq!(stage.tags(&name).await, ["monitoring", "custom"]);
    assert!(stage.may_manage(&name, "first-pw").await);
    stage.clear(&[&name]).await;
}

#[tokio::test]
async fn a_deleted_user_is_gone_here_and_there_and_its_name_is_free_for_somebody_else() {
    let stage = Stage::set().await;
    let (id, name) = (stage.user("gone").await, stage.login("gone"));
    stage.expect(204, &format!("DELETE /Users/{id}"), Value::Null).await;
    assert!(stage.account(&name).await.is_none());
    stage.expect(404, &format!("GET /Users/{id}"), Value::Null).await;
    stage.expect(404, &format!("DELETE /Users/{id}"), Value::Null).await;
    let other = text(&stage.expect(201, "POST /Users", json!({"userName": name})).await["id"]);
    assert_ne!(other, id, "another user is another id");
    let read = stage.expect(200, &format!("GET /Users/{other}"), Value::Null).await;
    assert!(read.get("externalId").is_none(), "{read}");
    stage.clear(&[&name]).await;
}

#[tokio::test]
async fn of_250_users_every_page_shows_each_once() {
    let stage = Stage::alone().await;
    let mut names = BTreeSet::new();
    for number in 0..250 {
        names.insert(stage.own_user(&format!("page{number:03}"), &[]).await);
    }
    let own = stage.own("GET /api/users?columns=name", Value::Null).await.body;
    let own: Vec<String> = own.as_array().unwrap().iter().map(|user| text(&user["name"])).collect();
    let walked: Vec<String> = stage.walk("/Users", 17).await.iter().map(|user| text(&user["userName"])).collect();
    assert_eq!(walked.len(), own.len());
    assert_eq!(walked.iter().collect::<BTreeSet<_>>(), own.iter().collect::<BTreeSet<_>>());
    assert!(names.iter().all(|name| walked.contains(name)));
    for name in &names {
        stage.own(&format!("DELETE {}", path_of(name)), Value::Null).await;
    }
}
