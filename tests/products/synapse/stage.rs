//! Synapse on the stage: an administrator of its own for each gateway, and Synapse's own view of users and rooms.

use std::ops::Deref;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::client::Client;
use crate::stage::{Product, unused_tag};
pub use crate::stage::{filtered, patch_body, text};

pub const USERS: &str = "/_synapse/admin/v2/users";
pub const ROOMS: &str = "/_synapse/admin/v1/rooms";
const PASSWORD: &str = "gateway-pw";

pub struct Stage {
    /// The gateway's own account, an administrator that no other gateway uses.
    pub account: String,
    stage: Arc<crate::stage::Stage>,
}

impl Deref for Stage {
    type Target = Arc<crate::stage::Stage>;

    fn deref(&self) -> &Self::Target {
        &self.stage
    }
}

impl Stage {
    pub async fn set() -> Self {
        Self::with_password(PASSWORD).await
    }

    pub async fn with_password(password: &str) -> Self {
        let (account, bearer) = (unused_account(), bearer().await);
        let settings =
            [("user", account.as_str()), ("password", password), ("device", "transom"), ("domain", "example.com")];
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let stage = crate::stage::Stage::set(&product(&url(), &settings, &headers)).await;
        Self { account, stage: Arc::new(stage) }.with_account().await
    }

    /// While no other test uses Synapse.
    pub async fn alone() -> Self {
        let (account, bearer) = (unused_account(), bearer().await);
        let settings =
            [("user", account.as_str()), ("password", PASSWORD), ("device", "transom"), ("domain", "example.com")];
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let stage = crate::stage::Stage::alone(&product(&url(), &settings, &headers)).await;
        Self { account, stage: Arc::new(stage) }.with_account().await
    }

    async fn with_account(self) -> Self {
        self.made(&format!("PUT {USERS}/{}", self.account), json!({"password": PASSWORD, "admin": true})).await;
        self
    }

    /// A Synapse user's id.
    pub fn mxid(&self, name: &str) -> String {
        format!("@{}:example.com", self.login(name).to_lowercase())
    }

    /// A user made past the gateway; the SCIM id by which the gateway knows it.
    pub async fn own_user(&self, name: &str) -> String {
        self.made(&format!("PUT {USERS}/{}", self.mxid(name)), json!({"displayname": name})).await;
        self.found(name).await
    }

    /// The SCIM id of a user there is.
    pub async fn found(&self, name: &str) -> String {
        let filter = format!("userName eq \"{}\"", self.login(name));
        let list = self.expect(200, &filtered("/Users", &filter), Value::Null).await;
        assert_eq!(list["totalResults"], 1, "{list}");
        text(&list["Resources"][0]["id"])
    }

    /// A call past the gateway that must succeed.
    pub async fn made(&self, call: &str, body: Value) -> Value {
        let answer = self.own(call, body).await;
        assert!(matches!(answer.status, 200 | 201), "{call}: {answer:?}");
        answer.body
    }

    /// The account as Synapse itself shows it; null if it has none.
    pub async fn shown(&self, name: &str) -> Value {
        let answer = self.own(&format!("GET {USERS}/{}", self.mxid(name)), Value::Null).await;
        if answer.status == 404 { Value::Null } else { answer.body }
    }

    /// The addresses of one medium as Synapse itself shows them, sorted.
    pub async fn addresses(&self, name: &str, medium: &str) -> Vec<String> {
        let account = self.shown(name).await;
        let threepids = account["threepids"].as_array().expect("threepids").iter();
        let mut addresses: Vec<String> =
            threepids.filter(|entry| entry["medium"] == medium).map(|entry| text(&entry["address"])).collect();
        addresses.sort();
        addresses
    }

    /// Who is in a room, sorted, without the gateway's own account, which must be there.
    pub async fn members(&self, room: &str) -> Vec<String> {
        let roster = self.made(&format!("GET {ROOMS}/{room}/members"), Value::Null).await;
        let mut members: Vec<String> = roster["members"].as_array().expect("members").iter().map(text).collect();
        assert!(members.contains(&self.account), "the gateway's account has left: {members:?}");
        members.retain(|member| *member != self.account);
        members.sort();
        members
    }

    /// Takes a test's users and rooms away, past the gateway. A failed test leaves its accounts to be looked at.
    pub async fn clear(&self, users: &[&str], rooms: &[&str]) {
        for user in users {
            let call = format!("POST /_synapse/admin/v1/deactivate/{}", self.mxid(user));
            self.own(&call, json!({"erase": true})).await;
        }
        for room in rooms {
            self.own(&format!("DELETE /_synapse/admin/v2/rooms/{room}"), json!({"purge": true})).await;
        }
    }
}

fn url() -> String {
    std::env::var("SYNAPSE_URL").unwrap_or_else(|_| "http://127.0.0.1:3008".to_owned())
}

fn unused_account() -> String {
    format!("@gateway.{}:example.com", unused_tag())
}

fn product<'a>(
    url: &'a str,
    settings: &'a [(&'a str, &'a str)],
    own_headers: &'a [(&'static str, &'a str)],
) -> Product<'a> {
    Product { target: "synapse", url, settings, own_headers }
}

/// A session of the administrator that `start.sh` makes.
async fn bearer() -> String {
    let client = Client::new(&url(), &[("Content-Type", "application/json")]);
    let body = json!({
        "type": "m.login.password", "password": "admin-pw",
        "identifier": {"type": "m.id.user", "user": "admin"},
    });
    let answer = client.send("POST /_matrix/client/v3/login", Some(&body)).await.expect("Synapse answers");
    assert_eq!(answer.status, 200, "{answer:?}");
    format!("Bearer {}", text(&answer.body["access_token"]))
}
