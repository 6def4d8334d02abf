//! What every test plays on: a folder, the stand-in product, and the gateway in front of it.

mod front;
mod process;
mod product;
pub mod raw;
mod script;
mod site;

pub use front::Front;
pub use process::{Process, transom};
pub use product::{CHANGE, CREATE, DELETE, LIST, Product, READ};
pub use script::Script;
pub use site::{Behind, Heard, Site, reply};

use crate::client::{Answer, Client};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Longer than anything here takes; a test that waits for it has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A product, the gateway in this process, and a client that knows its token.
pub struct Stage {
    pub product: Product,
    pub front: Front,
    pub client: Client,
    pub script: Script,
    pub folder: TempDir,
}

impl Stage {
    pub async fn start() -> Stage {
        Stage::with(Script::default()).await
    }

    pub async fn with(script: Script) -> Stage {
        let folder = folder();
        let product = Product::start(folder.path()).await;
        let front = Front::open(folder.path(), &script, &product).await.expect("the gateway opens");
        let client = front.client();
        Stage { product, front, client, script, folder }
    }

    /// The same product and data folder, the gateway stopped and opened anew.
    pub async fn restart(self) -> Stage {
        let Stage { product, front, script, folder, .. } = self;
        front.stop().await;
        let front = Front::open(folder.path(), &script, &product).await.expect("the gateway opens again");
        let client = front.client();
        Stage { product, front, client, script, folder }
    }

    pub async fn call(&self, call: &str) -> Answer {
        self.client.send(call, None).await.expect("an answer")
    }

    pub async fn send(&self, call: &str, body: Value) -> Answer {
        self.client.send(call, Some(&body)).await.expect("an answer")
    }

    /// Makes a user and forgets the calls that took; the id.
    pub async fn user(&self, name: &str) -> String {
        let made = self.send("POST /Users", serde_json::json!({ "userName": name, "displayName": "Before" })).await;
        assert_eq!(made.status, 201, "{made:?}");
        self.product.controls.calls.forget();
        id(&made)
    }
}

pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

pub fn id(answer: &Answer) -> String {
    answer.body["id"].as_str().unwrap_or_else(|| panic!("no id: {answer:?}")).to_owned()
}

/// A SCIM error of this status, with this `scimType` or none.
#[track_caller]
pub fn assert_error(answer: &Answer, status: u16, scim_type: Option<&str>) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.body["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error", "{answer:?}");
    assert_eq!(answer.body["status"], status.to_string(), "{answer:?}");
    assert_eq!(answer.body["scimType"].as_str(), scim_type, "{answer:?}");
    assert!(answer.body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{answer:?}");
}

/// Lets others work until it holds, or fails the test.
pub async fn until(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never came to be: {what}"));
}

pub fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("a file is written");
}
