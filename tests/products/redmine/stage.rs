//! Redmine on the stage: its own view of accounts and groups.

use std::ops::Deref;

use serde_json::Value;

use crate::stage::Product;
pub use crate::stage::{filtered, patch_body, text};

/// What `start.sh` gives the administrator: 40 times the letter a.
const ADMIN_KEY: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

pub struct Stage(crate::stage::Stage);

impl Deref for Stage {
    type Target = crate::stage::Stage;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Stage {
    pub async fn set() -> Self {
        Self::with_key(ADMIN_KEY).await
    }

    pub async fn with_key(api_key: &str) -> Self {
        let url = std::env::var("REDMINE_URL").unwrap_or_else(|_| "http://127.0.0.1:3001".to_owned());
        let product = Product {
            target: "redmine",
            url: &url,
            settings: &[("api_key", api_key)],
            own_headers: &[("X-Redmine-API-Key", ADMIN_KEY), ("Content-Type", "application/json")],
        };
        Self(crate::stage::Stage::set(&product).await)
    }

    /// The account as Redmine itself shows it; null if it has none.
    pub async fn account(&self, id: &str) -> Value {
        self.own(&format!("GET /users/{id}.json?include=groups"), Value::Null).await.body["user"].take()
    }

    /// The ids of a group's members as Redmine itself shows them, sorted as text.
    pub async fn members(&self, group: &str) -> Vec<String> {
        let answer = self.own(&format!("GET /groups/{group}.json?include=users"), Value::Null).await;
        let users = answer.body["group"]["users"].as_array().expect("a group with users").clone();
        let mut ids: Vec<String> = users.iter().map(|user| user["id"].to_string()).collect();
        ids.sort();
        ids
    }

    /// Deletes what a test made, past the gateway. A failed test leaves its accounts to be looked at.
    pub async fn clear(&self, users: &[&str], groups: &[&str]) {
        for user in users {
            self.own(&format!("DELETE /users/{user}.json"), Value::Null).await;
        }
        for group in groups {
            self.own(&format!("DELETE /groups/{group}.json"), Value::Null).await;
        }
    }
}
