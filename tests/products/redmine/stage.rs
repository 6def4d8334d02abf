//! What a Redmine test stands on: relay, gateway, a SCIM client, Redmine's own API, and names nobody else uses.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::gateway::{Gateway, Settings};
use crate::relay::Relay;

/// What `start.sh` gives the administrator: 40 times the letter a.
const ADMIN_KEY: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// One gateway in front of the one Redmine; tests share only the product.
pub struct Stage {
    pub relay: Relay,
    pub gateway: Gateway,
    scim: Client,
    redmine: Client,
    tag: String,
}

impl Stage {
    pub async fn set() -> Self {
        Self::with_key(ADMIN_KEY).await
    }

    pub async fn with_key(api_key: &str) -> Self {
        let product = std::env::var("REDMINE_URL").unwrap_or_else(|_| "http://127.0.0.1:3001".to_owned());
        let relay = Relay::to(&product).await;
        let gateway = Gateway::start(&Settings { target: "redmine", base_url: &relay.url, api_key }).await;
        let bearer = format!("Bearer {}", gateway.token);
        let scim = Client::new(
            &gateway.base,
            &[("Authorization", bearer.as_str()), ("Content-Type", "application/scim+json; charset=utf-8")],
        );
        let redmine = Client::new(&product, &[("X-Redmine-API-Key", ADMIN_KEY), ("Content-Type", "application/json")]);
        Self { relay, gateway, scim, redmine, tag: unused_tag() }
    }

    /// A log-in nobody else has.
    pub fn login(&self, name: &str) -> String {
        format!("{name}.{}", self.tag)
    }

    pub fn mail(&self, name: &str) -> String {
        format!("{name}.{}@example.com", self.tag)
    }

    /// A SCIM call; the answer whatever its status.
    pub async fn scim(&self, call: &str, body: Value) -> Answer {
        let answer = self.scim.send(call, Some(&body).filter(|body| !body.is_null())).await;
        answer.unwrap_or_else(|cause| panic!("{call}: {cause}\n{}", self.gateway.said()))
    }

    /// A SCIM call that must end with `status`.
    pub async fn expect(&self, status: u16, call: &str, body: Value) -> Value {
        let answer = self.scim(call, body).await;
        assert_eq!(answer.status, status, "{call}: {}\n{}", answer.body, self.gateway.said());
        answer.body
    }

    /// A PATCH of these operations that must succeed.
    pub async fn patch(&self, path: &str, operations: Value) -> Answer {
        let answer = self.scim(&format!("PATCH {path}"), patch_body(&operations)).await;
        assert!(matches!(answer.status, 200 | 204), "{path}: {answer:?}\n{}", self.gateway.said());
        answer
    }

    /// Creates a user as Entra does; its id.
    pub async fn user(&self, name: &str) -> String {
        let user = self.expect(201, "POST /Users", self.user_body(name)).await;
        text(&user["id"])
    }

    pub fn user_body(&self, name: &str) -> Value {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
            "externalId": format!("ext-{}", self.login(name)),
            "userName": self.login(name),
            "active": true,
            "displayName": "Barbara Jensen",
            "emails": [{"primary": true, "type": "work", "value": self.mail(name)}],
            "name": {"formatted": "Barbara Jensen", "givenName": "Barbara", "familyName": "Jensen"},
            "meta": {"resourceType": "User"},
        })
    }

    /// Creates a group without members; its id.
    pub async fn group(&self, name: &str) -> String {
        let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": self.login(name)});
        text(&self.expect(201, "POST /Groups", body).await["id"])
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

    /// A call to Redmine's own API, past gateway and relay.
    pub async fn own(&self, call: &str, body: Value) -> Answer {
        let answer = self.redmine.send(call, Some(&body).filter(|body| !body.is_null())).await;
        answer.unwrap_or_else(|cause| panic!("Redmine, {call}: {cause}"))
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

pub fn patch_body(operations: &Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
}

/// A filter as a client writes it into a URL.
pub fn filtered(path: &str, filter: &str) -> String {
    let filter: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
    format!("GET {path}?filter={filter}")
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text instead of {value}")).to_owned()
}

fn unused_tag() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    let own = (since.as_millis() % 10_000_000_000, std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    format!("t{:x}x{:x}x{}", own.0, own.1, own.2)
}
