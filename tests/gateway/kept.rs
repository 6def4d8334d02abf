//! What the product cannot hold: kept here, found here, and gone with the account it belongs to.

use crate::stage::{Front, LIST, READ, Script, Stage, assert_error, id, transom};
use serde_json::{Value, json};
use transom::gateway::OpenError;

fn keeping() -> Script {
    Script::keeping("externalId")
}

/// Rows that the gateway's own database holds.
fn stored(stage: &Stage, sql: &str) -> i64 {
    let database = rusqlite::Connection::open(stage.folder.path().join("data/transom.db")).unwrap();
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

async fn mo(stage: &Stage) -> String {
    let made = stage.send("POST /Users", json!({ "userName": "mo@contoso.test", "externalId": "8AA1" })).await;
    assert_eq!((made.status, &made.body["externalId"]), (201, &json!("8AA1")), "{made:?}");
    stage.product.take_calls();
    id(&made)
}

async fn by_external_id(stage: &Stage, external_id: &str) -> Value {
    let found = stage.call(&format!("GET /Users?filter=externalId+eq+%22{external_id}%22")).await;
    assert_eq!(found.status, 200, "{found:?}");
    found.body
}

#[tokio::test]
async fn a_kept_attribute_survives_a_restart() {
    let stage = Stage::with(keeping()).await;
    let id = mo(&stage).await;
    let stage = stage.restart().await;
    assert_eq!(stage.call(&format!("GET /Users/{id}")).await.body["externalId"], "8AA1");
    assert_eq!(stage.call("GET /Users").await.body["Resources"][0]["externalId"], "8AA1");
    assert_eq!(by_external_id(&stage, "8AA1").await["Resources"][0]["id"], id.as_str());
}

#[tokio::test]
async fn a_kept_attribute_is_found_with_one_read_and_an_unknown_one_with_none() {
    let stage = Stage::with(keeping()).await;
    let id = mo(&stage).await;
    let found = by_external_id(&stage, "8AA1").await;
    assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &json!(id)));
    assert_eq!(stage.product.take_calls(), [(READ, 1)]);
    // externalId is caseExact (RFC 7643 §3.1).
    for other in ["8aa1", "nobody"] {
        assert_eq!(by_external_id(&stage, other).await["totalResults"], 0, "{other}");
    }
    assert!(stage.product.take_calls().iter().all(|call| *call == (READ, 1)));
}

#[tokio::test]
async fn a_kept_attribute_changes_and_goes_without_the_product_hearing_of_it() {
    let stage = Stage::with(keeping()).await;
    let id = mo(&stage).await;
    let patch = |operation: Value| json!({ "Operations": [operation] });
    let change = patch(json!({ "op": "replace", "path": "externalId", "value": "9BB2" }));
    assert_eq!(stage.send(&format!("PATCH /Users/{id}"), change).await.body["externalId"], "9BB2");
    assert_eq!(by_external_id(&stage, "8AA1").await["totalResults"], 0);
    assert_eq!(by_external_id(&stage, "9BB2").await["totalResults"], 1);
    let clear = patch(json!({ "op": "remove", "path": "externalId" }));
    assert_eq!(stage.send(&format!("PATCH /Users/{id}"), clear).await.body.get("externalId"), None);
    assert_eq!(by_external_id(&stage, "9BB2").await["totalResults"], 0);
    assert!(stage.product.take_calls().iter().all(|(route, _)| *route == READ));
}

#[tokio::test]
async fn a_put_without_it_clears_a_kept_attribute() {
    let stage = Stage::with(keeping()).await;
    let id = mo(&stage).await;
    let answer = stage.send(&format!("PUT /Users/{id}"), json!({ "userName": "mo@contoso.test" })).await;
    assert_eq!((answer.status, answer.body.get("externalId")), (200, None));
    assert_eq!(stage.call(&format!("GET /Users/{id}")).await.body.get("externalId"), None);
}

#[tokio::test]
async fn deleting_the_user_deletes_what_was_kept() {
    let stage = Stage::with(keeping()).await;
    let id = mo(&stage).await;
    assert_eq!(stage.call(&format!("DELETE /Users/{id}")).await.status, 204);
    assert_eq!(by_external_id(&stage, "8AA1").await["totalResults"], 0);
    assert_eq!(stored(&stage, "SELECT count(*) FROM kept_values"), 0);
    assert_eq!(stored(&stage, "SELECT count(*) FROM links"), 0);
}

#[tokio::test]
async fn an_account_deleted_behind_our_back_is_not_found_and_what_was_kept_is_purged() {
    for discover in ["GET /Users/{id}", "GET /Users?filter=externalId+eq+%228AA1%22", "DELETE /Users/{id}"] {
        let stage = Stage::with(keeping()).await;
        let id = mo(&stage).await;
        assert_eq!(stored(&stage, "SELECT count(*) FROM links"), 1);
        stage.product.execute("DELETE FROM people");
        let answer = stage.call(&discover.replace("{id}", &id)).await;
        match answer.status {
            200 => assert_eq!(answer.body["totalResults"], 0),
            _ => assert_error(&answer, 404, None),
        }
        assert_eq!(stored(&stage, "SELECT count(*) FROM links"), 0, "{discover}");
        assert_eq!(stored(&stage, "SELECT count(*) FROM kept_values"), 0, "{discover}");
    }
}

#[tokio::test]
async fn an_account_under_a_key_that_was_used_before_inherits_nothing() {
    let stage = Stage::with(keeping()).await;
    let id = mo(&stage).await;
    stage.product.execute("DELETE FROM people");
    assert_error(&stage.call(&format!("GET /Users/{id}")).await, 404, None);
    stage.product.insert(&id, "ann@contoso.test");
    let ann = stage.call(&format!("GET /Users/{id}")).await;
    assert_eq!((ann.status, ann.body.get("externalId")), (200, None), "{ann:?}");
    assert_eq!(stage.call("GET /Users").await.body["Resources"][0].get("externalId"), None);
    assert_eq!(by_external_id(&stage, "8AA1").await["totalResults"], 0);
}

#[tokio::test]
async fn an_account_that_only_could_not_be_read_keeps_what_was_kept() {
    let stage = Stage::with(keeping()).await;
    let id = mo(&stage).await;
    for kind in [crate::standin::fault::Kind::Nonsense, crate::standin::fault::Kind::Status { status: 500 }] {
        stage.product.suffers(kind);
        assert_error(&stage.call(&format!("GET /Users/{id}")).await, 502, None);
        stage.product.controls.faults.clear();
    }
    assert_eq!(stage.call(&format!("GET /Users/{id}")).await.body["externalId"], "8AA1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_forgotten_when_nobody_serves_and_its_tokens_stay() {
    let stage = Stage::with(keeping()).await;
    let id = mo(&stage).await;
    let forget = ["forget", "--target", "moqups"];
    let busy = transom(stage.folder.path(), &forget).await;
    assert!(busy.code == Some(2) && busy.err.lines().count() == 1, "{busy:?}");
    let made = transom(stage.folder.path(), &["token", "create", "--target", "moqups", "--name", "okta"]).await;
    let Stage { product, front, script, folder, .. } = stage;
    front.stop().await;
    let asked = transom(folder.path(), &forget).await;
    assert!(asked.code == Some(1) && asked.out.contains("1 of them with kept or remembered values"), "{asked:?}");
    assert!(asked.out.contains("--yes"), "{asked:?}");
    let nobody = transom(folder.path(), &["forget", "--target", "nobody", "--yes"]).await;
    assert!(nobody.code == Some(2) && nobody.err.contains("it has: moqups"), "{nobody:?}");
    let gone = transom(folder.path(), &["forget", "--target", "moqups", "--yes"]).await;
    assert!(gone.code == Some(0) && gone.out.ends_with("forgotten\n"), "{gone:?}");
    let front = Front::open(folder.path(), &script, &product).await.unwrap();
    let answer = front.client_of("moqups", made.out.trim()).send(&format!("GET /Users/{id}"), None).await.unwrap();
    assert_eq!((answer.status, answer.body.get("externalId")), (200, None), "{answer:?}");
    front.stop().await;
}

/// Opens the stage's data folder with another mapping.
async fn reopened(stage: Stage, script: &Script) -> Result<(Front, Stage0), OpenError> {
    let Stage { product, front, folder, .. } = stage;
    front.stop().await;
    let front = Front::open(folder.path(), script, &product).await?;
    Ok((front, Stage0 { _product: product, _folder: folder }))
}

/// What must live on while a front is in use.
struct Stage0 {
    _product: crate::stage::Product,
    _folder: tempfile::TempDir,
}

#[tokio::test]
async fn a_mapping_that_drops_a_kept_attribute_is_refused() {
    let stage = Stage::with(keeping()).await;
    mo(&stage).await;
    let refused = reopened(stage, &Script::default()).await.err().unwrap().to_string();
    assert!(refused.contains("target `moqups`") && refused.contains("kept") && refused.contains("undo"), "{refused}");
    assert_eq!(refused.lines().count(), 1);
}

#[tokio::test]
async fn a_mapping_with_another_key_is_refused() {
    let stage = Stage::start().await;
    stage.user("mo@contoso.test").await;
    let refused =
        reopened(stage, &Script::replacing("at: $.id, stable: true", "at: $.login, stable: true")).await.err().unwrap();
    assert!(refused.to_string().contains("key"), "{refused}");
}

#[tokio::test]
async fn a_mapping_that_keeps_more_is_welcome() {
    let stage = Stage::with(keeping()).await;
    let id = mo(&stage).await;
    let mut more = keeping();
    more.mapping = more.mapping.replace("    userName: ", "    title: keep\n    userName: ");
    let (front, _stage) = reopened(stage, &more).await.unwrap();
    let read = front.client().send(&format!("GET /Users/{id}"), None).await.unwrap();
    assert_eq!(read.body["externalId"], "8AA1", "{read:?}");
}

#[tokio::test]
async fn a_list_costs_no_more_for_what_is_kept() {
    let stage = Stage::with(keeping()).await;
    stage.product.insert_many(100);
    mo(&stage).await;
    let listed = stage.call("GET /Users?count=101").await;
    assert_eq!(listed.body["Resources"][100]["externalId"], "8AA1");
    assert_eq!(stage.product.take_calls(), [(LIST, 2)]);
}
