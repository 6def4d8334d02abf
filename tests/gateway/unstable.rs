//! A product whose only key is a log-in that may change: ids are made here, and stay.

use crate::stage::{Script, Stage, assert_error, id, until};
use crate::standin::fault::{Kind, Moment};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// People are known by their log-in alone; the product's own ids serve only to address them.
const MAPPING: &str = r#"
edition: 1
product: People by log-in
settings: [api_key]
auth: { header: { X-Api-Key: <settings.api_key> } }
answers:
  - { status: 404, means: absent }
  - { status: 409, at: $.error.code, equals: login_taken, means: taken }
  - { status: 422, means: invalid, detail: $.error.problems }
  - { status: [401, 403], means: broken, detail: the API key was refused }
User:
  key: { at: $.login }
  envelope: person
  attributes:
    userName:    { at: $.login, required: true }
    active:      { at: $.enabled, values: { true: "yes", false: "no" } }
    displayName: { at: $.displayName }
    externalId:  keep
  read: { call: GET /api/v1/people?login=<key>, result: "$.people[0]" }
  list: { call: GET /api/v1/people, items: $.people, total: $.count, page: { offset: offset, limit: limit, max: 100 } }
  find:
    - { by: userName eq, query: { login: <value> } }
  create: POST /api/v1/people
  update: { call: PATCH /api/v1/people/<$.id>, sends: changed }
  delete: DELETE /api/v1/people/<$.id>
"#;

fn script() -> Script {
    Script { mapping: MAPPING.to_owned(), ..Script::default() }
}

fn ids(list: &Value) -> BTreeMap<String, String> {
    let pair = |user: &Value| (user["userName"].as_str().unwrap().to_owned(), user["id"].as_str().unwrap().to_owned());
    list["Resources"].as_array().unwrap().iter().map(pair).collect()
}

#[tokio::test]
async fn ids_are_uuids_and_the_same_whichever_way_they_are_first_seen() {
    let stage = Stage::with(script()).await;
    stage.product.insert_many(150);
    let found = stage.call("GET /Users?filter=userName+eq+%22user0007@contoso.test%22").await;
    let seven = found.body["Resources"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(uuid::Uuid::parse_str(&seven).unwrap().get_version_num(), 5);
    let listed = ids(&stage.call("GET /Users?count=150").await.body);
    assert_eq!((listed.len(), &listed["user0007@contoso.test"]), (150, &seven));
    let read = stage.call(&format!("GET /Users/{seven}")).await;
    assert_eq!(read.body["userName"], "user0007@contoso.test");
    let made = stage.send("POST /Users", json!({ "userName": "mo@contoso.test" })).await;
    assert_eq!(made.status, 201, "{made:?}");
    let found = stage.call("GET /Users?filter=userName+eq+%22mo@contoso.test%22").await;
    assert_eq!(found.body["Resources"][0]["id"], id(&made).as_str());
}

#[tokio::test]
async fn ids_are_the_same_after_a_restart_and_in_a_fresh_store() {
    let stage = Stage::with(script()).await;
    stage.product.insert_many(20);
    let before = ids(&stage.call("GET /Users").await.body);
    let stage = stage.restart().await;
    assert_eq!(ids(&stage.call("GET /Users").await.body), before);
    let Stage { product, front, script, folder, .. } = stage;
    front.stop().await;
    std::fs::remove_dir_all(folder.path().join("data")).unwrap();
    let front = crate::stage::Front::open(folder.path(), &script, &product).await.unwrap();
    let fresh = front.client().send("GET /Users", None).await.unwrap();
    assert_eq!(ids(&fresh.body), before);
}

#[tokio::test]
async fn the_products_own_key_is_no_id() {
    let stage = Stage::with(script()).await;
    stage.product.insert("p_1", "mo@contoso.test");
    for id in ["p_1", "mo@contoso.test", "00000000-0000-4000-8000-000000000000"] {
        assert_error(&stage.call(&format!("GET /Users/{id}")).await, 404, None);
    }
    assert_eq!(stage.product.take_calls(), []);
}

#[tokio::test]
async fn a_rename_keeps_the_id_and_what_was_kept() {
    let stage = Stage::with(script()).await;
    let made = stage.send("POST /Users", json!({ "userName": "mo@contoso.test", "externalId": "8AA1" })).await;
    let user = format!("/Users/{}", id(&made));
    let rename = |name: &str| json!({ "Operations": [{ "op": "replace", "path": "userName", "value": name }] });
    let renamed = stage.send(&format!("PATCH {user}"), rename("maureen@contoso.test")).await;
    assert_eq!((renamed.status, &renamed.body["userName"]), (200, &json!("maureen@contoso.test")), "{renamed:?}");
    assert_eq!((&renamed.body["id"], &renamed.body["externalId"]), (&made.body["id"], &json!("8AA1")));
    assert_eq!(stage.product.rows()[0].login, "maureen@contoso.test");
    let stage = stage.restart().await;
    let read = stage.call(&format!("GET {user}")).await;
    assert_eq!(
        (read.status, &read.body["userName"], &read.body["externalId"]),
        (200, &json!("maureen@contoso.test"), &json!("8AA1"))
    );
    let put = json!({ "userName": "mo.q@contoso.test", "externalId": "8AA1" });
    assert_eq!(stage.send(&format!("PUT {user}"), put).await.body["id"], made.body["id"]);
    assert_eq!(
        ids(&stage.call("GET /Users").await.body),
        BTreeMap::from([("mo.q@contoso.test".to_owned(), id(&made))])
    );
}

#[tokio::test]
async fn who_takes_a_name_that_became_free_is_somebody_else() {
    let stage = Stage::with(script()).await;
    let made = stage.send("POST /Users", json!({ "userName": "mo@contoso.test", "externalId": "8AA1" })).await;
    stage.product.execute("DELETE FROM people");
    assert_error(&stage.call(&format!("GET /Users/{}", id(&made))).await, 404, None);
    stage.product.insert("p_2", "mo@contoso.test");
    let found = stage.call("GET /Users?filter=userName+eq+%22mo@contoso.test%22").await;
    let other = &found.body["Resources"][0];
    assert_eq!((other["userName"].as_str(), other.get("externalId")), (Some("mo@contoso.test"), None));
    assert_ne!(other["id"], made.body["id"]);
    assert_error(&stage.call(&format!("GET /Users/{}", id(&made))).await, 404, None);
}

#[tokio::test]
async fn a_rename_whose_answer_is_lost_is_followed_to_where_the_account_is() {
    let stage = Stage::with(script()).await;
    let made = stage.send("POST /Users", json!({ "userName": "mo@contoso.test" })).await;
    let user = format!("/Users/{}", id(&made));
    let rename = json!({ "Operations": [{ "op": "replace", "path": "userName", "value": "maureen@contoso.test" }] });
    stage.product.suffers_once(Kind::Drop, "PATCH", Moment::Before);
    assert_error(&stage.send(&format!("PATCH {user}"), rename.clone()).await, 504, None);
    assert_eq!(stage.call(&format!("GET {user}")).await.body["userName"], "mo@contoso.test");
    stage.product.suffers_once(Kind::Drop, "PATCH", Moment::After);
    let done = stage.send(&format!("PATCH {user}"), rename).await;
    assert_eq!(
        (done.status, &done.body["userName"], &done.body["id"]),
        (200, &json!("maureen@contoso.test"), &made.body["id"])
    );
    assert_eq!(stage.call(&format!("GET {user}")).await.body["userName"], "maureen@contoso.test");
}

#[tokio::test]
async fn two_users_may_exchange_their_names_by_way_of_a_third() {
    let stage = Stage::with(script()).await;
    let mut users = Vec::new();
    for name in ["ann", "bob"] {
        users.push(format!("/Users/{}", id(&stage.send("POST /Users", json!({ "userName": name })).await)));
    }
    for (user, name) in [(&users[0], "tmp"), (&users[1], "ann"), (&users[0], "bob")] {
        let rename = json!({ "Operations": [{ "op": "replace", "path": "userName", "value": name }] });
        assert_eq!(stage.send(&format!("PATCH {user}"), rename).await.status, 200, "{name}");
    }
    assert_eq!(stage.call(&format!("GET {}", users[0])).await.body["userName"], "bob");
    assert_eq!(stage.call(&format!("GET {}", users[1])).await.body["userName"], "ann");
}

#[tokio::test]
async fn a_delete_that_needs_the_products_own_id_reads_it_first() {
    let stage = Stage::with(script()).await;
    let made = stage.send("POST /Users", json!({ "userName": "mo@contoso.test" })).await;
    let user = format!("/Users/{}", id(&made));
    assert_eq!(stage.call(&format!("DELETE {user}")).await.status, 204);
    assert_eq!(stage.product.rows(), []);
    assert_error(&stage.call(&format!("DELETE {user}")).await, 404, None);
    let again = stage.send("POST /Users", json!({ "userName": "mo@contoso.test" })).await;
    assert_eq!(again.status, 201, "{again:?}");
    assert_ne!(again.body["id"], made.body["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_read_in_the_middle_of_a_rename_is_not_taken_for_gone() {
    let stage = std::sync::Arc::new(Stage::with(script()).await);
    let made = stage.send("POST /Users", json!({ "userName": "mo@contoso.test", "externalId": "8AA1" })).await;
    let user = format!("/Users/{}", id(&made));
    stage.product.suffers_once(Kind::Slow { ms: 300 }, "PATCH", Moment::After);
    let (renaming, path) = (stage.clone(), user.clone());
    let rename = json!({ "Operations": [{ "op": "replace", "path": "userName", "value": "maureen@contoso.test" }] });
    let renamed = tokio::spawn(async move { renaming.send(&format!("PATCH {path}"), rename).await.status });
    until("the product has renamed them", || stage.product.rows()[0].login == "maureen@contoso.test").await;
    for call in [format!("GET {user}"), "GET /Users?filter=externalId+eq+%228AA1%22".to_owned()] {
        let read = stage.call(&call).await;
        let shown = read.body.pointer("/Resources/0").unwrap_or(&read.body);
        assert_eq!(
            (&shown["userName"], &shown["externalId"]),
            (&json!("maureen@contoso.test"), &json!("8AA1")),
            "{read:?}"
        );
    }
    assert_eq!(renamed.await.unwrap(), 200);
}
