//! A gateway over a pretend product on which the requests of a test follow each other, and what each of them came to.

use super::{Accounts, Rehearsal, Script, Setting, TARGET};
use crate::cli::Failure;
use crate::gateway::PatchAnswer;
use crate::mapping::{Mapping, TestCase};
use crate::server::{Peer, pipeline};
use crate::target::{self, Line};
use crate::wire::Call;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

/// A gateway and the product behind it; both remember from one request to the next.
pub struct Stage {
    rehearsal: Rehearsal,
    product: Arc<Product>,
}

/// What one request came to.
#[derive(Debug)]
pub struct Played {
    /// The status of the SCIM answer.
    pub status: u16,
    /// Its body; null for none.
    pub body: Value,
    /// Every call to the product, in order. Empty where the test lists exchanges.
    pub calls: Vec<Made>,
    /// What went otherwise than the test's exchanges say.
    pub faults: Vec<String>,
    /// Every call that met an exchange of the test or came beyond them, in order: `GET /users/7.json`.
    pub exchanged: Vec<String>,
}

/// One call to the product.
#[derive(Debug, Clone)]
pub struct Made {
    /// `PUT /users/7.json`.
    pub line: String,
    /// What it carried; null for nothing.
    pub body: Value,
    /// Does it only look?
    pub reads: bool,
}

impl Stage {
    /// Sets the stage with what the test gives.
    ///
    /// # Errors
    /// The machine refuses memory or randomness.
    pub async fn set(
        mapping: &Arc<Mapping>,
        test: &TestCase,
        patch_answer: [PatchAnswer; 2],
    ) -> Result<Stage, Failure> {
        let product = Arc::new(Product { accounts: Accounts::new(mapping.clone(), test), script: Mutex::new(None) });
        let setting = Setting { mapping: mapping.clone(), test, patch_answer };
        Ok(Stage { rehearsal: Rehearsal::begin(setting, product.clone()).await?, product })
    }

    /// Somebody else changes the product: these accounts now look like this.
    pub fn change(&self, test: &TestCase) {
        self.product.accounts.put(&test.given);
    }

    /// The accounts as the product holds them now.
    pub fn accounts(&self) -> Vec<Value> {
        self.product.accounts.held()
    }

    /// Sends the test's request.
    ///
    /// # Errors
    /// It is no request.
    pub async fn play(&self, test: &TestCase) -> Result<Played, Failure> {
        let script = test.exchange.as_deref().map(|exchange| Arc::new(Script::new(exchange)));
        *self.product.script.lock().unwrap_or_else(PoisonError::into_inner) = script.clone();
        let (status, body) = self.ask(&test.request).await?;
        let (faults, exchanged) = script.map(|script| (script.faults(), script.made())).unwrap_or_default();
        Ok(Played { status, body, calls: self.product.accounts.take_calls(), faults, exchanged })
    }

    async fn ask(&self, (method, path, body): &(String, String, Value)) -> Result<(u16, Value), Failure> {
        let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let request = http::Request::builder()
            .method(method.as_str())
            .uri(format!("/{TARGET}/scim/v2{}", in_url(path)))
            .header(AUTHORIZATION, &self.rehearsal.authorization)
            .header(CONTENT_TYPE, "application/scim+json")
            .body(Full::new(bytes))?;
        let peer = Peer { addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), tls: false };
        let answer = Box::pin(pipeline::answer(self.rehearsal.gateway.clone(), request, peer)).await;
        let (head, body) = answer.into_parts();
        let bytes = body.collect().await?.to_bytes();
        Ok((head.status.as_u16(), serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }
}

/// Answers from its accounts, or as a script says while there is one.
struct Product {
    accounts: Accounts,
    script: Mutex<Option<Arc<Script>>>,
}

impl Line for Product {
    fn exchange<'a>(
        &'a self,
        call: &'a Call,
        request: http::Request<Bytes>,
        deadline: Instant,
    ) -> target::Exchange<'a> {
        let script = self.script.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match script {
            Some(script) => Box::pin(async move { Ok(script.answer(call, &request)) }),
            None => self.accounts.exchange(call, request, deadline),
        }
    }
}

/// Tests are written for people: blanks, quotes and brackets stand in their paths as they are.
pub fn in_url(path: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/?&=%+-._~:@!$'()*,;".contains(letter);
    path.chars().map(|letter| if plain(letter) { letter.to_string() } else { encoded(letter) }).collect()
}

fn encoded(letter: char) -> String {
    let mut bytes = [0; 4];
    percent_encoding::percent_encode(letter.encode_utf8(&mut bytes).as_bytes(), percent_encoding::NON_ALPHANUMERIC)
        .to_string()
}
