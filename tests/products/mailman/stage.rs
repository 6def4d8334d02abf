//! Mailman on the stage: its own view of users, addresses and rosters.

use std::ops::Deref;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::stage::Product;
pub use crate::stage::{filtered, patch_body, text};

/// `restadmin:restpass`, as `start.sh` has it.
const ADMIN: &str = "Basic cmVzdGFkbWluOnJlc3RwYXNz";

pub struct Stage(Arc<crate::stage::Stage>);

impl Deref for Stage {
    type Target = Arc<crate::stage::Stage>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Stage {
    pub async fn set() -> Self {
        Self::with_password("restpass").await
    }

    pub async fn with_password(password: &str) -> Self {
        Self(Arc::new(crate::stage::Stage::set(&product(&url(), &settings(password))).await))
    }

    /// While no other test uses Mailman.
    pub async fn alone() -> Self {
        Self(Arc::new(crate::stage::Stage::alone(&product(&url(), &settings("restpass"))).await))
    }

    /// A user as Entra sends one: the name to log in with is an e-mail address.
    pub fn person(&self, name: &str) -> Value {
        let mut body = self.user_body(name);
        body["userName"] = json!(self.mail(name));
        body
    }

    /// Creates a user; its id.
    pub async fn user(&self, name: &str) -> String {
        text(&self.expect(201, "POST /Users", self.person(name)).await["id"])
    }

    /// A user made past the gateway, verified and preferring the one address; its id.
    pub async fn own_user(&self, name: &str) -> String {
        let mail = self.mail(name);
        self.made("POST /3.1/users", json!({"email": mail, "display_name": name})).await;
        self.made(&format!("POST /3.1/addresses/{mail}/verify"), json!({})).await;
        let id = text(&self.own(&format!("GET /3.1/users/{mail}"), Value::Null).await.body["user_id"]);
        self.made(&format!("POST /3.1/users/{id}/preferred_address"), json!({"email": mail})).await;
        id
    }

    /// A call past the gateway that must succeed.
    pub async fn made(&self, call: &str, body: Value) {
        let answer = self.own(call, body).await;
        assert!(matches!(answer.status, 200..=204), "{call}: {answer:?}");
    }

    /// The account as Mailman itself shows it; null if it has none.
    pub async fn account(&self, id: &str) -> Value {
        let answer = self.own(&format!("GET /3.1/users/{id}"), Value::Null).await;
        if answer.status == 404 { Value::Null } else { answer.body }
    }

    /// A user's addresses as Mailman itself shows them, sorted; an unverified one is followed by `?`.
    pub async fn addresses(&self, id: &str) -> Vec<String> {
        let listed = self.own(&format!("GET /3.1/users/{id}/addresses"), Value::Null).await.body;
        let mut addresses: Vec<String> = entries(&listed)
            .map(|entry| {
                let doubt = if entry["verified_on"].is_string() { "" } else { "?" };
                format!("{}{doubt}", entry["original_email"].as_str().expect("an address"))
            })
            .collect();
        addresses.sort();
        addresses
    }

    /// The address that a user prefers; null if none.
    pub async fn preferred(&self, id: &str) -> Value {
        self.own(&format!("GET /3.1/users/{id}/preferred_address"), Value::Null).await.body["original_email"].take()
    }

    /// The ids of the users subscribed to a list, sorted; twice subscribed is twice there.
    pub async fn members(&self, list: &str) -> Vec<String> {
        let roster = self.own(&format!("GET /3.1/lists/{list}/roster/member"), Value::Null).await.body;
        let user = |entry: &Value| entry["user"].as_str().and_then(|url| url.rsplit('/').next()).map(str::to_owned);
        let mut ids: Vec<String> = entries(&roster).map(|entry| user(entry).expect("a user")).collect();
        ids.sort();
        ids
    }

    /// Subscribes past the gateway; `subscriber` is a user's id or an address.
    pub async fn subscribe(&self, list: &str, subscriber: &str) {
        let body = json!({
            "list_id": list, "subscriber": subscriber,
            "pre_verified": true, "pre_confirmed": true, "pre_approved": true, "send_welcome_message": false,
        });
        self.made("POST /3.1/members", body).await;
    }

    /// Deletes what a test made, past the gateway. A failed test leaves its accounts to be looked at.
    pub async fn clear(&self, users: &[&str], groups: &[&str]) {
        for user in users {
            self.own(&format!("DELETE /3.1/users/{user}"), Value::Null).await;
        }
        for group in groups {
            self.own(&format!("DELETE /3.1/lists/{group}"), Value::Null).await;
        }
    }
}

/// The things a Mailman list holds; it leaves `entries` out when there are none.
pub fn entries(listed: &Value) -> impl Iterator<Item = &Value> {
    listed["entries"].as_array().into_iter().flatten()
}

fn url() -> String {
    std::env::var("MAILMAN_URL").unwrap_or_else(|_| "http://127.0.0.1:3011".to_owned())
}

fn settings(password: &str) -> [(&str, &str); 3] {
    [("user", "restadmin"), ("password", password), ("domain", "example.com")]
}

fn product<'a>(url: &'a str, settings: &'a [(&'a str, &'a str)]) -> Product<'a> {
    let own_headers = &[("Authorization", ADMIN), ("Content-Type", "application/json")];
    Product { target: "mailman", url, settings, own_headers }
}
