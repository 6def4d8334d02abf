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
    Running { client: Client::new(&base, &[("X-Intranet-Token", "key")]), controls, folder }
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

async fn employee(product: &Running, log_in: &str) -> i64 {
    let answer = product.send("POST /api/employees", json!({ "employee": { "log_in": log_in } })).await;
    answer.body["id"].as_i64().unwrap_or_else(|| panic!("{answer:?}"))
}

#[tokio::test]
async fn a_put_empties_what_it_leaves_out() {
    let product = running().await;
    let sent =
        json!({ "log_in": "mo", "job_title": "Guide", "desk": "4.12", "mails": [{ "value": "mo@x.test", "main": 1 }] });
    let id = product.send("POST /api/employees", json!({ "employee": sent })).await.body["id"].clone();
    assert_eq!(product.count("SELECT count(*) FROM employee_items WHERE value = 'mo@x.test' AND main = 1"), 1);
    let kept = json!({ "employee": { "log_in": "mo", "desk": "4.12" } });
    assert_eq!(product.send(&format!("PUT /api/employees/{id}"), kept).await.body, json!({ "ok": true }));
    let shown = product.send(&format!("GET /api/employees/{id}"), Value::Null).await.body["employee"].clone();
    assert_eq!((&shown["job_title"], &shown["desk"], &shown["mails"]), (&json!(""), &json!("4.12"), &json!([])));
    assert_eq!(product.count("SELECT count(*) FROM employee_items"), 0);
}

#[tokio::test]
async fn mistakes_are_told_with_200() {
    let product = running().await;
    let id = employee(&product, "Mo").await;
    for (call, body, code) in [
        ("GET /api/employees/99".to_owned(), Value::Null, 4),
        ("POST /api/employees".to_owned(), json!({ "employee": { "log_in": "mO" } }), 17),
        ("POST /api/employees".to_owned(), json!({ "employee": { "log_in": "b", "nick_name": "x" } }), 21),
        (format!("PUT /api/employees/{id}"), json!({ "employee": { "log_in": "b", "id": 3 } }), 22),
        ("PUT /api/circles/99/people/1".to_owned(), Value::Null, 4),
        ("GET /api/nothing".to_owned(), Value::Null, 92),
    ] {
        let answer = product.send(&call, body).await;
        assert_eq!((answer.status, &answer.body["error"]["code"]), (200, &json!(code)), "{call}");
    }
}

#[tokio::test]
async fn pages_are_cut_to_fifty_and_nobody_is_told() {
    let product = running().await;
    for number in 0..60 {
        employee(&product, &format!("e{number}")).await;
    }
    let page = product.send("GET /api/employees?page=1&size=500", Value::Null).await.body;
    assert_eq!((&page["total"], page["employees"].as_array().unwrap().len()), (&json!(60), 50));
    let page = product.send("GET /api/employees?page=2&size=50", Value::Null).await.body;
    assert_eq!(page["employees"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn half_a_create_makes_an_employee_without_lists() {
    let product = running().await;
    product.half();
    let sent = json!({ "employee": { "log_in": "mo", "mails": [{ "value": "mo@x.test" }] } });
    assert_eq!(product.send("POST /api/employees", sent).await.status, 500);
    assert_eq!(product.count("SELECT count(*) FROM employees WHERE log_in = 'mo'"), 1);
    assert_eq!(product.count("SELECT count(*) FROM employee_items"), 0);
}

#[tokio::test]
async fn who_leaves_the_company_leaves_every_circle() {
    let product = running().await;
    let id = employee(&product, "mo").await;
    let circle = product.send("POST /api/circles", json!({ "circle": { "title": "Guides" } })).await.body["id"].clone();
    for _ in 0..2 {
        let added = product.send(&format!("PUT /api/circles/{circle}/people/{id}"), Value::Null).await;
        assert_eq!(added.body, json!({ "ok": true }));
    }
    assert_eq!(product.count("SELECT count(*) FROM circle_people"), 1);
    product.send(&format!("DELETE /api/employees/{id}"), Value::Null).await;
    assert_eq!(product.count("SELECT count(*) FROM circle_people"), 0);
}
