//! A mapping played against a pretend product: `transom test` and `transom explain` run the whole gateway with this behind it.
//!
//! Reads are answered from the accounts that a test gives, writes change them; every call is noted. Or, where a test lists raw
//! exchanges, these are all that happens.

mod accounts;
mod reading;
mod script;
mod stage;

pub use accounts::Accounts;
pub use script::{Script, method_and_path};
pub use stage::{Made, Played, Stage, in_url};

use crate::auth::{self, Authenticator};
use crate::gateway::{Gateway, Instance, PatchAnswer, RequestLimits, Writes};
use crate::mapping::{Mapping, TestCase};
use crate::store::{Link, Store, StoreError};
use crate::target::{self, Address, Line, Settings, Target};
use crate::wire::form;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The name of the pretend instance, as it stands in URLs.
pub const TARGET: &str = "test";

/// What a rehearsal starts from.
pub struct Setting<'a> {
    /// The mapping.
    pub mapping: Arc<Mapping>,
    /// The accounts and kept attributes of a test.
    pub test: &'a TestCase,
    /// What a PATCH answers.
    pub patch_answer: [PatchAnswer; 2],
}

/// Why a rehearsal could not begin.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// The store in memory could not be made.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No random numbers.
    #[error(transparent)]
    Randomness(#[from] auth::NoRandomness),
    /// The pretend address is none.
    #[error("{0}")]
    Address(String),
}

/// A gateway over a pretend product, and the token that opens it.
pub struct Rehearsal {
    /// The gateway.
    pub gateway: Arc<Gateway>,
    /// The `Authorization` header.
    pub authorization: String,
}

impl Rehearsal {
    /// Sets the stage.
    ///
    /// # Errors
    /// The machine refuses memory or randomness.
    pub async fn begin(setting: Setting<'_>, line: Arc<dyn Line>) -> Result<Rehearsal, RehearsalError> {
        let store = Store::in_memory()?;
        let instance = instance(&setting, line)?;
        for one in &setting.mapping.types {
            let links = links(&setting, &instance, &one.kind.name);
            store.save_links(&instance.scope(one), links).await?;
        }
        let (secret, hash) = auth::generate()?;
        let (now, tokens): (fn() -> SystemTime, _) = (SystemTime::now, store.tokens()?);
        let targets = BTreeSet::from([TARGET.to_owned()]);
        tokens.save(&crate::store::Token {
            name: TARGET.to_owned(),
            targets,
            hash,
            created: now(),
            expires: None,
            revoked: None,
        })?;
        let authenticator = Authenticator::new(tokens, now())?;
        let limits =
            RequestLimits { budget: Duration::from_secs(25), body: 1 << 20, default_count: 100, max_count: 1000 };
        let instances = [(instance.name.clone(), Arc::new(instance))].into();
        let gateway =
            Gateway { instances, store, authenticator, limits, public_url: None, now, writes: Writes::default() };
        Ok(Rehearsal { gateway: Arc::new(gateway), authorization: format!("Bearer {}", secret.expose()) })
    }
}

fn instance(setting: &Setting<'_>, line: Arc<dyn Line>) -> Result<Instance, RehearsalError> {
    let mapping = &setting.mapping;
    let target = target::Instance {
        name: TARGET.into(),
        address: Address::parse("http://product.test").map_err(|cause| RehearsalError::Address(cause.to_string()))?,
        calls: mapping.calls.clone(),
        auth: mapping.auth.clone(),
        script: mapping.script.clone(),
        settings: Settings::new(settings(mapping, setting.test)),
        lookups: mapping.lookups.clone(),
        given: yielded(mapping, setting.test),
        now: SystemTime::now,
        timeout: Duration::from_secs(5),
    };
    let mut instance = Instance::new(mapping.clone(), Target::new(target, line), 256);
    instance.patch_answer =
        [("User".into(), setting.patch_answer[0]), ("Group".into(), setting.patch_answer[1])].into();
    Ok(instance)
}

/// The instance's settings: what the test says, and otherwise their own names.
fn settings(mapping: &Mapping, test: &TestCase) -> Vec<(Arc<str>, String)> {
    let given = |name: &Arc<str>| {
        let given = test.settings.iter().find(|(known, _)| known == name);
        (name.clone(), given.map_or_else(|| name.to_string(), |(_, value)| value.clone()))
    };
    mapping.settings.iter().map(given).collect()
}

/// What lookups yield without a call: what the test says, and otherwise their own names. A test of raw exchanges shows the calls of
/// those that it does not give.
fn yielded(mapping: &Mapping, test: &TestCase) -> Vec<(Arc<str>, Value)> {
    let yielded = mapping.lookups.iter().filter_map(|lookup| {
        let said = test.lookups.iter().find(|(known, _)| *known == lookup.name);
        let value = said.map(|(_, value)| value.clone());
        let own = || test.exchange.is_none().then(|| Value::from(&*lookup.name));
        Some((lookup.name.clone(), value.or_else(own)?))
    });
    yielded.collect()
}

/// The rows our store would hold: what is kept, and where ids are not keys the given names as ids.
fn links(setting: &Setting<'_>, instance: &Instance, kind: &str) -> Vec<Link> {
    let Some(mapping) = instance.mapping.kind(kind) else { return Vec::new() };
    let now = SystemTime::now();
    let mut links: Vec<Link> = Vec::new();
    if !mapping.key.stable {
        let given = setting.test.given.iter().filter(|(known, _, _)| &**known == kind);
        links.extend(given.filter_map(|(_, id, document)| Some(Link::new(id.clone(), mapping.key_of(document)?, now))));
    }
    for (_, id, kept) in setting.test.kept.iter().filter(|(known, _, _)| &**known == kind) {
        let at = links.iter().position(|link| link.scim_id == *id).unwrap_or_else(|| {
            links.push(Link::new(id.clone(), id.clone(), now));
            links.len() - 1
        });
        links[at].kept = kept.clone();
        links[at].indexed = crate::engine::indexed(&crate::scim::resource::Resource(kept.clone()));
    }
    links
}

/// Does `seen` hold everything that `wanted` says? Lists of objects are compared element by element; `<random>` fits any text.
pub fn holds(wanted: &Value, seen: &Value) -> bool {
    match (wanted, seen) {
        (Value::Object(wanted), Value::Object(seen)) => {
            wanted.iter().all(|(name, one)| holds(one, seen.get(name).unwrap_or(&Value::Null)))
        }
        (Value::Array(wanted), Value::Array(seen)) => {
            wanted.len() == seen.len() && wanted.iter().zip(seen).all(|(one, other)| holds(one, other))
        }
        (Value::String(wanted), Value::String(seen)) if wanted == "<random>" => seen != wanted,
        (wanted, seen) => wanted == seen,
    }
}

/// The same, and nothing more: what a call carries must be exactly what was expected. A form may be written as its text.
pub fn equals(wanted: &Value, seen: &Value) -> bool {
    match (wanted, seen) {
        (Value::String(text), Value::Object(_)) => form::read(text.as_bytes()) == *seen,
        (Value::Object(wanted), Value::Object(seen)) => {
            wanted.len() == seen.len()
                && wanted.iter().all(|(name, one)| seen.get(name).is_some_and(|other| equals(one, other)))
        }
        (Value::Array(wanted), Value::Array(seen)) => {
            wanted.len() == seen.len() && wanted.iter().zip(seen).all(|(one, other)| equals(one, other))
        }
        (wanted, seen) => holds(wanted, seen),
    }
}
