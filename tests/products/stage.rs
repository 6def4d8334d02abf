//! What every product's tests stand on: relay, gateway, a SCIM client, the product's own API, and names nobody else uses.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::gateway::{Gateway, Settings};
use crate::relay::Relay;

/// A product that runs, and how to talk to it.
pub struct Product<'a> {
    /// Its mapping's name, and the target's.
    pub target: &'a str,
    /// Where it listens, without a path.
    pub url: &'a str,
    /// The settings that its gateway is given.
    pub settings: &'a [(&'a str, &'a str)],
    /// Headers of every call that a test makes past the gateway.
    pub own_headers: &'a [(&'static str, &'a str)],
}

/// One gateway in front of one product; tests share only the product.
pub struct Stage {
    pub relay: Relay,
    pub gateway: Gateway,
    scim: Client,
    product: Client,
    tag: String,
    _turn: File,
}

impl Stage {
    pub async fn set(product: &Product<'_>) -> Self {
        let turn = turns(product.target);
        turn.lock_shared().expect("a turn at the product");
        Self::raise(product, turn).await
    }

    /// The same with nobody else at the product: for tests that walk its lists, which others make longer and shorter.
    pub async fn alone(product: &Product<'_>) -> Self {
        let turn = turns(product.target);
        turn.lock().expect("the product to oneself");
        Self::raise(product, turn).await
    }

    async fn raise(product: &Product<'_>, turn: File) -> Self {
        let relay = Relay::to(product.url).await;
        let settings = Settings { target: product.target, base_url: &relay.url, settings: product.settings };
        let gateway = Gateway::start(&settings).await;
        let bearer = format!("Bearer {}", gateway.token);
        let scim = Client::new(
            &gateway.base,
            &[("Authorization", bearer.as_str()), ("Content-Type", "application/scim+json; charset=utf-8")],
        );
        let product = Client::new(product.url, product.own_headers);
        Self { relay, gateway, scim, product, tag: unused_tag(), _turn: turn }
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

    /// Every resource of a list, read page by page as a client does that knows no filter.
    pub async fn walk(&self, path: &str, count: usize) -> Vec<Value> {
        let mut found: Vec<Value> = Vec::new();
        loop {
            let call = format!("GET {path}?startIndex={}&count={count}", found.len() + 1);
            let page = self.expect(200, &call, Value::Null).await;
            let resources = page["Resources"].as_array().cloned().unwrap_or_default();
            assert!(resources.len() <= count, "{call}: a page of {}", resources.len());
            assert!(!resources.is_empty() || page["totalResults"] == found.len(), "{call}: {}", page["totalResults"]);
            found.extend(resources);
            if page["totalResults"] == found.len() {
                return found;
            }
        }
    }

    /// PATCHes of one resource, all in flight at once.
    pub async fn patch_at_once(self: &Arc<Self>, path: &str, patches: Vec<Value>) {
        let sent: Vec<_> = patches
            .into_iter()
            .map(|operations| {
                let (stage, path) = (Arc::clone(self), path.to_owned());
                tokio::spawn(async move { stage.patch(&path, operations).await.status })
            })
            .collect();
        for answer in sent {
            answer.await.expect("a PATCH that succeeds");
        }
    }

    /// A call to the product's own API, past gateway and relay.
    pub async fn own(&self, call: &str, body: Value) -> Answer {
        let answer = self.product.send(call, Some(&body).filter(|body| !body.is_null())).await;
        answer.unwrap_or_else(|cause| panic!("the product, {call}: {cause}"))
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

/// Tests run as threads or as processes; a lock on a file holds between both, and goes with its holder.
fn turns(target: &str) -> File {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{target}.turns"));
    File::options().create(true).append(true).open(path).expect("a file to take turns with")
}

/// A part of names that no other test and no earlier run has.
pub fn unused_tag() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    let own = (since.as_millis() % 10_000_000_000, std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    format!("t{:x}x{:x}x{}", own.0, own.1, own.2)
}
