//! The stand-in keeps its word: what its API promises, what its faults do, what its database holds.

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::super::client::{Answer, Client};
use super::super::fault::{Fault, Kind, Moment};
use super::super::{Controls, StandinError};

struct Running {
    client: Client,
    base: String,
    controls: Controls,
    folder: TempDir,
    task: JoinHandle<Result<(), StandinError>>,
}

async fn running() -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (folder, controls) = (tempfile::tempdir().unwrap(), Controls::default());
    let (file, handle) = (folder.path().join("moqups.db"), controls.clone());
    let task = tokio::spawn(async move { super::serve(listener, &file, "key", handle).await });
    Running { client: Client::new(&base, &[("X-Api-Key", "key")]), base, controls, folder, task }
}

impl Running {
    async fn send(&self, call: &str, body: Value) -> Answer {
        self.client.send(call, Some(&body).filter(|body| !body.is_null())).await.unwrap()
    }

    async fn create(&self, login: &str) -> String {
        let answer = self.send("POST /api/v1/people", json!({"person": {"login": login}})).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.body["person"]["id"].as_str().unwrap().to_owned()
    }

    fn inject(&self, kind: Kind, when: Moment) {
        self.controls.faults.inject(Fault { kind, requests: Some(1), only: Some("POST".to_owned()), when });
    }
}

#[tokio::test]
async fn a_person_is_stored_as_sent_and_read_back() {
    let product = running().await;
    let sent = json!({"person": {"login": "Mo@contoso.test", "fullName": "Mo Q", "email": "mo@contoso.test", "displayName": "Mo", "enabled": "no"}});
    let made = product.send("POST /api/v1/people", sent.clone()).await.body;
    let id = made["person"]["id"].as_str().unwrap();
    assert!(id.starts_with("p_") && id.len() == 18, "{id}");
    let row = rusqlite::Connection::open(product.folder.path().join("moqups.db"))
        .unwrap()
        .query_row("SELECT login, full_name, email, display_name, enabled FROM people WHERE id = ?1", [id], |row| {
            Ok(json!({"login": row.get::<_, String>(0)?, "fullName": row.get::<_, String>(1)?, "email": row.get::<_, String>(2)?,
                "displayName": row.get::<_, String>(3)?, "enabled": row.get::<_, String>(4)?}))
        })
        .unwrap();
    assert_eq!(row, sent["person"]);
    assert_eq!(product.send(&format!("GET /api/v1/people/{id}"), Value::Null).await.body, made);
}

#[tokio::test]
async fn a_patch_merges_and_null_clears() {
    let product = running().await;
    let id = product.create("a@b").await;
    let path = format!("PATCH /api/v1/people/{id}");
    product.send(&path, json!({"person": {"fullName": "A B", "avatarColour": "teal"}})).await;
    let changed = product.send(&path, json!({"person": {"fullName": null, "enabled": "no"}})).await.body;
    assert_eq!(changed["person"]["fullName"], Value::Null);
    assert_eq!(changed["person"]["enabled"], "no");
    assert_eq!(changed["person"]["avatarColour"], "teal");
}

#[tokio::test]
async fn a_log_in_is_taken_in_any_case_and_found_in_any_case() {
    let product = running().await;
    let (first, second) = (product.create("Ångström@b").await, product.create("other@b").await);
    let twice = product.send("POST /api/v1/people", json!({"person": {"login": "ångström@B"}})).await;
    assert_eq!((twice.status, &twice.body["error"]["code"]), (409, &json!("login_taken")));
    let renamed =
        product.send(&format!("PATCH /api/v1/people/{second}"), json!({"person": {"login": "ÅNGSTRÖM@b"}})).await;
    assert_eq!(renamed.status, 409);
    let found = product.send("GET /api/v1/people?login=%C3%A5NGSTR%C3%B6M%40b", Value::Null).await.body;
    assert_eq!((&found["count"], &found["people"][0]["id"]), (&json!(1), &json!(first)));
}

#[tokio::test]
async fn every_problem_is_named_at_once() {
    let product = running().await;
    let answer = product
        .send("POST /api/v1/people", json!({"person": {"email": "x", "enabled": true, "nick": "y", "id": "p_1"}}))
        .await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.body["error"]["problems"].as_array().unwrap().len(), 5, "{answer:?}");
}

#[tokio::test]
async fn mistakes_have_their_own_status_and_code() {
    let product = running().await;
    let stranger = Client::new(&product.base, &[("X-Api-Key", "other")]);
    assert_eq!(stranger.send("GET /api/v1/people", None).await.unwrap().status, 401);
    for (call, status) in [
        ("GET /api/v1/people/p_0", 404),
        ("DELETE /api/v1/people/p_0", 404),
        ("PUT /api/v1/people/p_0", 405),
        ("GET /elsewhere", 404),
        ("POST /api/v1/people", 400),
        ("GET /api/v1/people?limit=x", 422),
    ] {
        let answer = product.send(call, Value::Null).await;
        assert_eq!(answer.status, status, "{call}");
        assert!(answer.body["error"]["code"].is_string(), "{call}");
        assert_eq!(answer.headers.contains_key("Allow"), status == 405, "{call}");
    }
}

#[tokio::test]
async fn pages_are_capped_at_a_hundred_and_a_hundred_connections_at_once_are_served() {
    let product = running().await;
    let tasks: Vec<_> = (0..130)
        .map(|number| {
            let own_connection = Client::new(&product.base, &[("X-Api-Key", "key")]);
            tokio::spawn(async move {
                let person = json!({"person": {"login": format!("{number}@b")}});
                own_connection.send("POST /api/v1/people", Some(&person)).await.unwrap().status
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 201);
    }
    let page = product.send("GET /api/v1/people?offset=20&limit=500", Value::Null).await.body;
    assert_eq!((page["people"].as_array().unwrap().len(), &page["count"]), (100, &json!(130)));
    let last = product.send("GET /api/v1/people?offset=120", Value::Null).await.body;
    assert_eq!(last["people"].as_array().unwrap().len(), 10);
    assert_eq!(product.controls.calls.counts()["POST /api/v1/people"], 130);
}

#[tokio::test]
async fn faults_strike_as_often_and_where_they_are_told() {
    let product = running().await;
    let fault = json!({"fault": "status", "status": 503, "requests": 2, "only": "GET /api/v1/people/{id}"});
    assert_eq!(product.send("POST /faults", fault).await.status, 200);
    product.create("a@b").await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(product.send("GET /api/v1/people/p_0", Value::Null).await.status);
    }
    assert_eq!(seen, [503, 503, 404]);
    assert_eq!(product.send("GET /calls", Value::Null).await.body["GET /api/v1/people/{id}"], 3);
    assert_eq!(product.send("POST /faults", json!({"fault": "quake"})).await.status, 400);
}

#[tokio::test]
async fn an_answer_can_be_lost_before_or_after_the_work_is_done() {
    let product = running().await;
    let person = json!({"person": {"login": "a@b"}});
    for (kind, when, stored) in
        [(Kind::Drop, Moment::Before, 0), (Kind::Drop, Moment::After, 1), (Kind::Half, Moment::Before, 1)]
    {
        product.inject(kind, when);
        assert!(product.client.send("POST /api/v1/people", Some(&person)).await.is_err());
        let found = product.send("GET /api/v1/people?login=a@b", Value::Null).await.body;
        assert_eq!(found["count"], stored);
        if let Some(id) = found["people"][0]["id"].as_str() {
            product.send(&format!("DELETE /api/v1/people/{id}"), Value::Null).await;
        }
    }
}

#[tokio::test]
async fn nonsense_and_huge_answers_are_what_they_say() {
    let product = running().await;
    product.inject(Kind::Nonsense, Moment::Before);
    let answer = product.send("POST /api/v1/people", Value::Null).await;
    assert!(answer.status == 200 && answer.body.is_string());
    product.inject(Kind::Huge { bytes: 1_000_000 }, Moment::Before);
    let answer = product.send("POST /api/v1/people", Value::Null).await;
    assert!(answer.body.as_str().unwrap().len() >= 1_000_000);
    product.inject(Kind::Slow { ms: 1 }, Moment::Before);
    product.create("slow@b").await;
}

#[tokio::test]
async fn a_stop_ends_the_server_and_keeps_the_data() {
    let product = running().await;
    product.create("a@b").await;
    product.controls.stop();
    product.task.await.unwrap().unwrap();
    assert!(product.client.send("GET /api/v1/people", None).await.is_err());
    let people: i64 = rusqlite::Connection::open(product.folder.path().join("moqups.db"))
        .unwrap()
        .query_row("SELECT count(*) FROM people", [], |row| row.get(0))
        .unwrap();
    assert_eq!(people, 1);
}
