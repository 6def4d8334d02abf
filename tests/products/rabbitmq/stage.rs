//! RabbitMQ on the stage: its own view of users and their tags.

use std::ops::Deref;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::client::Client;
use crate::stage::Product;
pub use crate::stage::{filtered, patch_body, text};

/// What `start.sh` gives the administrator.
const PASSWORD: &str = "admin-pw";

pub struct Stage(Arc<crate::stage::Stage>);

impl Deref for Stage {
    type Target = Arc<crate::stage::Stage>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// How a stage is taken.
enum Turn {
    Shared,
    Alone,
}

impl Stage {
    pub async fn set() -> Self {
        Self::with(PASSWORD, Turn::Shared).await
    }

    pub async fn alone() -> Self {
        Self::with(PASSWORD, Turn::Alone).await
    }

    pub async fn with_password(password: &str) -> Self {
        Self::with(password, Turn::Shared).await
    }

    async fn with(password: &str, turn: Turn) -> Self {
        let product = Product {
            target: "rabbitmq",
            url: &url(),
            settings: &[("user", "admin"), ("password", password)],
            own_headers: &[("Authorization", &basic("admin", PASSWORD)), ("Content-Type", "application/json")],
        };
        Self(Arc::new(match turn {
            Turn::Shared => crate::stage::Stage::set(&product).await,
            Turn::Alone => crate::stage::Stage::alone(&product).await,
        }))
    }

    /// A user made past the gateway; its name.
    pub async fn own_user(&self, name: &str, tags: &[&str]) -> String {
        let name = self.login(name);
        let made = self.own(&format!("PUT {}", path_of(&name)), json!({"password": "first-pw", "tags": tags})).await;
        assert_eq!(made.status, 201, "{made:?}");
        name
    }

    /// The SCIM id of a user with this name.
    pub async fn id_of(&self, name: &str) -> String {
        let list = self.expect(200, &filtered("/Users", &format!("userName eq \"{name}\"")), Value::Null).await;
        text(&list["Resources"][0]["id"])
    }

    /// The user as RabbitMQ itself shows it; `None` if it has none.
    pub async fn account(&self, name: &str) -> Option<Value> {
        let answer = self.own(&format!("GET {}", path_of(name)), Value::Null).await;
        match answer.status {
            200 => Some(answer.body),
            404 => None,
            _ => panic!("{answer:?}"),
        }
    }

    pub async fn tags(&self, name: &str) -> Vec<String> {
        let account = self.account(name).await.expect("a user");
        account["tags"].as_array().expect("tags").iter().map(text).collect()
    }

    /// The names of the test's own users with this tag, sorted.
    pub async fn tagged(&self, tag: &str) -> Vec<String> {
        let users = self.own("GET /api/users", Value::Null).await.body;
        let ours = users.as_array().expect("users").iter().filter(|user| {
            text(&user["name"]).ends_with(&self.login(""))
                && user["tags"].as_array().is_some_and(|tags| tags.contains(&json!(tag)))
        });
        let mut names: Vec<String> = ours.map(|user| text(&user["name"])).collect();
        names.sort();
        names
    }

    /// Does the management API let this user in? Only with a tag.
    pub async fn may_manage(&self, name: &str, password: &str) -> bool {
        let client = Client::new(&url(), &[("Authorization", basic(name, password).as_str())]);
        client.send("GET /api/whoami", None).await.expect("an answer").status == 200
    }

    /// Deletes what a test made, past the gateway. A failed test leaves its users to be looked at.
    pub async fn clear(&self, names: &[&str]) {
        for name in names {
            self.own(&format!("DELETE {}", path_of(name)), Value::Null).await;
        }
    }
}

fn url() -> String {
    std::env::var("RABBITMQ_URL").unwrap_or_else(|_| "http://127.0.0.1:15672".to_owned())
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// The path of a user.
pub fn path_of(name: &str) -> String {
    format!("/api/users/{}", utf8_percent_encode(name, NON_ALPHANUMERIC))
}
