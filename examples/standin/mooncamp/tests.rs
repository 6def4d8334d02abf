//! The stand-in keeps its word: what its API promises, where its database holds it, what half a create leaves.

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::super::Controls;
use super::super::client::{Answer, Client};
use super::super::fault::{Fault, Kind, Moment};

struct Running {
    client: Client,
    controls: Controls,
    folder: TempDir,
}

async fn running() -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (folder, controls) = (tempfile::tempdir().unwrap(), Controls::default());
    let (file, handle) = (folder.path().join("product.db"), controls.clone());
    tokio::spawn(async move { super::serve(listener, &file, "key", handle).await });
    Running { client: Client::new(&base, &[("Authorization", "Bearer key")]), controls, folder }
}

impl Running {
    async fn send(&self, call: &str, body: Value) -> Answer {
        self.client.send(call, Some(&body).filter(|body| !body.is_null())).await.unwrap()
    }

    fn count(&self, sql: &str) -> i64 {
        let database = rusqlite::Connection::open(self.folder.path().join("product.db")).unwrap();
        database.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn half(&self) {
        let fault = Fault { kind: Kind::HalfDone, requests: Some(1), only: None, when: Moment::After };
        self.controls.faults.inject(fault);
    }
}

async fn member(product: &Running, login: &str) -> String {
    let answer = product.send("POST /v1/members", json!({ "data": { "login": login } })).await;
    answer.body["data"]["id"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

#[tokio::test]
async fn properties_merge_key_by_key_and_must_be_defined() {
    let product = running().await;
    let path = format!("PATCH /v1/members/{}", member(&product, "mo").await);
    product.send(&path, json!({ "data": { "properties": { "job_title": "Guide", "city": "Sydney" } } })).await;
    let changed = product.send(&path, json!({ "data": { "properties": { "job_title": null } } })).await.body;
    assert_eq!(changed["data"]["properties"], json!({ "city": "Sydney" }));
    assert_eq!(product.count("SELECT count(*) FROM member_properties"), 1);
    let unknown = json!({ "data": { "properties": { "shoe_size": "44" } } });
    let refused = product.send(&path, unknown.clone()).await;
    assert_eq!((refused.status, &refused.body["errors"][0]["code"]), (422, &json!("unknown_property")));
    product.send("POST /v1/properties", json!({ "data": { "key": "shoe_size", "title": "Shoe size" } })).await;
    assert_eq!(product.send(&path, unknown).await.status, 200);
}

#[tokio::test]
async fn a_team_is_written_whole_or_not_at_all() {
    let product = running().await;
    let (one, two) = (member(&product, "one").await, member(&product, "two").await);
    let made = product.send("POST /v1/teams", json!({ "data": { "name": "Guides", "memberIds": [one] } })).await.body;
    let path = format!("PUT /v1/teams/{}", made["data"]["id"].as_str().unwrap());
    assert_eq!(product.send(&path, json!({ "data": { "name": "Guides" } })).await.status, 422);
    let stranger = json!({ "data": { "name": "Guides", "memberIds": [two, "mem_0"] } });
    let refused = product.send(&path, stranger).await;
    assert_eq!((refused.status, &refused.body["errors"][0]["code"]), (422, &json!("unknown_member")));
    assert_eq!(product.count("SELECT count(*) FROM team_members"), 1, "a refused write changes nothing");
    let written = product.send(&path, json!({ "data": { "name": "Guides", "memberIds": [two] } })).await.body;
    assert_eq!(written["data"]["memberIds"], json!([two]));
}

#[tokio::test]
async fn names_and_log_ins_are_taken_in_any_case() {
    let product = running().await;
    member(&product, "Mo").await;
    product.send("POST /v1/teams", json!({ "data": { "name": "Guides" } })).await;
    for (call, data, code) in [
        ("POST /v1/members", json!({ "login": "mO" }), "login_taken"),
        ("POST /v1/teams", json!({ "name": "GUIDES" }), "name_taken"),
    ] {
        let answer = product.send(call, json!({ "data": data })).await;
        assert_eq!((answer.status, &answer.body["errors"][0]["code"]), (409, &json!(code)));
    }
    let found = product.send("GET /v1/members?login=MO", Value::Null).await.body;
    assert_eq!(found["total"], 1);
}

#[tokio::test]
async fn pages_follow_each_other_to_the_end() {
    let product = running().await;
    for number in 0..5 {
        member(&product, &format!("m{number}")).await;
    }
    let mut seen = 0;
    let mut call = "GET /v1/members?limit=2".to_owned();
    loop {
        let page = product.send(&call, Value::Null).await.body;
        seen += page["data"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else { break };
        call = format!("GET /v1/members?limit=2&after={next}");
    }
    assert_eq!(seen, 5);
}

#[tokio::test]
async fn half_a_create_makes_a_member_without_properties() {
    let product = running().await;
    product.half();
    let sent = json!({ "data": { "login": "mo", "properties": { "city": "Sydney" } } });
    assert_eq!(product.send("POST /v1/members", sent).await.status, 500);
    assert_eq!(product.count("SELECT count(*) FROM members"), 1);
    assert_eq!(product.count("SELECT count(*) FROM member_properties"), 0);
    assert_eq!(product.controls.calls.counts()["POST /v1/members"], 1);
}
