//! The requests: the same four things asked of the product in its own words and of the gateway in SCIM.

use std::sync::{Mutex, PoisonError};

use crate::client::Script;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One user by its id.
    Get,
    /// One user by its name.
    Filter,
    /// A new user.
    Post,
    /// A user enabled or disabled.
    Patch,
    /// The service provider configuration: nothing but the gateway's own frame.
    Frame,
}

impl Kind {
    /// The four that a product knows too.
    pub const SHARED: [Kind; 4] = [Kind::Get, Kind::Filter, Kind::Post, Kind::Patch];

    /// For tables.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Get => "GET by id",
            Kind::Filter => "filter userName",
            Kind::Post => "POST",
            Kind::Patch => "PATCH active",
            Kind::Frame => "no operation",
        }
    }
}

/// Whose words are used.
#[derive(Clone, Debug)]
pub enum Words {
    /// The product's, with its API key.
    Product(String),
    /// SCIM's, for a target, with a token.
    Scim { target: String, token: String },
}

/// Users that are there, by number: name and id.
pub type Users = std::sync::Arc<Vec<(String, String)>>;

/// One kind of request in one kind of words.
#[derive(Clone, Debug)]
pub struct Asking {
    pub kind: Kind,
    pub words: Words,
    pub users: Users,
    /// Tells the new users of one run from those of another.
    pub run: String,
}

impl Script for Asking {
    fn request(&self, number: u64) -> Vec<u8> {
        let place = usize::try_from(number).unwrap_or_default();
        let (name, id) = self.users.get(place % self.users.len().max(1)).map_or(("", ""), |(name, id)| (name, id));
        // Each round over the users says the opposite of the one before, so that every PATCH changes something.
        let active = (place / self.users.len().max(1)) % 2 == 1;
        let new = format!("user{number}.{}@bench.test", self.run);
        match &self.words {
            Words::Product(_) => self.product(name, id, (&new, active)),
            Words::Scim { .. } => self.scim(name, id, (&new, active)),
        }
    }

    fn fits(&self, status: u16, body: &[u8]) -> bool {
        let expected = if self.kind == Kind::Post { 201 } else { 200 };
        // An empty list is a little over a hundred bytes.
        status == expected && body.len() > 150
    }
}

impl Asking {
    fn product(&self, name: &str, id: &str, (new, active): (&str, bool)) -> Vec<u8> {
        let enabled = if active { "yes" } else { "no" };
        match self.kind {
            Kind::Get | Kind::Frame => self.message(&format!("GET /api/v1/people/{id}"), ""),
            Kind::Filter => self.message(&format!("GET /api/v1/people?login={}", name.replace('@', "%40")), ""),
            Kind::Post => self.message(
                "POST /api/v1/people",
                &format!(r#"{{"person":{{"login":"{new}","enabled":"yes","displayName":"Mo Quist","email":"{new}","fullName":"Mo Quist"}}}}"#),
            ),
            Kind::Patch => {
                self.message(&format!("PATCH /api/v1/people/{id}"), &format!(r#"{{"person":{{"enabled":"{enabled}"}}}}"#))
            }
        }
    }

    fn scim(&self, name: &str, id: &str, (new, active): (&str, bool)) -> Vec<u8> {
        match self.kind {
            Kind::Frame => self.message("GET ServiceProviderConfig", ""),
            Kind::Get => self.message(&format!("GET Users/{id}"), ""),
            Kind::Filter => {
                self.message(&format!("GET Users?filter=userName+eq+%22{}%22", name.replace('@', "%40")), "")
            }
            Kind::Post => self.message(
                "POST Users",
                &format!(
                    r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"externalId":"x-{new}","userName":"{new}","active":true,"emails":[{{"primary":true,"type":"work","value":"{new}"}}],"meta":{{"resourceType":"User"}},"name":{{"formatted":"Mo Quist"}}}}"#
                ),
            ),
            Kind::Patch => self.message(
                &format!("PATCH Users/{id}"),
                &format!(
                    r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{{"op":"Replace","path":"active","value":{active}}}]}}"#
                ),
            ),
        }
    }

    fn message(&self, line: &str, body: &str) -> Vec<u8> {
        let (method, path) = line.split_once(' ').unwrap_or((line, ""));
        let (path, credential, media) = match &self.words {
            Words::Product(key) => (path.to_owned(), format!("X-Api-Key: {key}"), "application/json"),
            Words::Scim { target, token } => {
                (format!("/{target}/scim/v2/{path}"), format!("Authorization: Bearer {token}"), "application/scim+json")
            }
        };
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{credential}\r\nAccept: {media}\r\n");
        if !body.is_empty() {
            text += &format!("Content-Type: {media}\r\nContent-Length: {}\r\n", body.len());
        }
        text += "\r\n";
        text += body;
        text.into_bytes()
    }
}

/// Makes users, and remembers their ids.
pub struct Populating {
    pub asking: Asking,
    pub made: Mutex<Vec<(String, String)>>,
}

impl Script for Populating {
    fn request(&self, number: u64) -> Vec<u8> {
        self.asking.request(number)
    }

    fn fits(&self, status: u16, body: &[u8]) -> bool {
        let Ok(mut answer) = serde_json::from_slice::<serde_json::Value>(body) else { return false };
        if let Some(person) = answer.get_mut("person") {
            answer = person.take();
        }
        let text = |name| answer.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
        let Some((name, id)) = text("userName").or_else(|| text("login")).zip(text("id")) else { return false };
        self.made.lock().unwrap_or_else(PoisonError::into_inner).push((name, id));
        status == 201
    }
}
