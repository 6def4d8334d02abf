//! The link between a SCIM id and a target key, with what the target cannot hold.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Whose rows: one target and one of its resource types. Ids and keys of different scopes never meet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The target's name in `transom.yaml`.
    pub target: Arc<str>,
    /// `User` or `Group`.
    pub resource_type: Arc<str>,
}

impl Scope {
    /// The scope of a resource type of a target.
    pub fn new(target: impl Into<Arc<str>>, resource_type: impl Into<Arc<str>>) -> Self {
        Self { target: target.into(), resource_type: resource_type.into() }
    }
}

/// One SCIM id, the account it stands for, and what is kept for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The id the client knows (RFC 7643 §3.1).
    pub scim_id: String,
    /// The account's present key in the target.
    pub target_key: String,
    /// The key the SCIM id was made from; stays when the account is renamed.
    pub first_key: String,
    /// How many accounts had `first_key` before this one.
    pub generation: u32,
    /// Whether the account is there, as far as we know.
    pub state: LinkState,
    /// Kept attributes, as they stand in a resource.
    pub kept: Map<String, Value>,
    /// Attribute path → the form that was sent and the form the target made of it.
    pub remembered: BTreeMap<String, Remembered>,
    /// Values of kept attributes under which [`find_kept`](super::Store::find_kept) finds this link.
    pub indexed: Vec<KeptValue>,
    /// When the link was first written (milliseconds).
    pub created: SystemTime,
    /// When it was last written (milliseconds).
    pub changed: SystemTime,
}

impl Link {
    /// A live link of a first generation that keeps nothing.
    pub fn new(scim_id: impl Into<String>, target_key: impl Into<String>, now: SystemTime) -> Self {
        let target_key = target_key.into();
        Self {
            scim_id: scim_id.into(),
            first_key: target_key.clone(),
            target_key,
            generation: 0,
            state: LinkState::Live,
            kept: Map::new(),
            remembered: BTreeMap::new(),
            indexed: Vec::new(),
            created: now,
            changed: now,
        }
    }

    /// The tombstone of this link: id, keys and generation stay, what was kept or remembered goes.
    pub fn buried(&self, now: SystemTime) -> Self {
        Self {
            scim_id: self.scim_id.clone(),
            target_key: self.target_key.clone(),
            first_key: self.first_key.clone(),
            generation: self.generation,
            state: LinkState::Tombstone,
            kept: Map::new(),
            remembered: BTreeMap::new(),
            indexed: Vec::new(),
            created: self.created,
            changed: now,
        }
    }
}

/// Whether a link's account is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// The account was there when last looked at.
    Live,
    /// The account was seen gone; the id stays taken and the key's next account is another generation.
    Tombstone,
}

/// What was sent for an attribute and what the target held right after: the sent form is returned while the target's is unchanged. `null` stands for absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remembered {
    /// The value in the client's form.
    pub sent: Value,
    /// The value in the target's form.
    pub held: Value,
}

/// One value of a kept attribute, as the index has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptValue {
    /// The attribute path's text.
    pub attribute: String,
    /// The value, folded already where the attribute is not `caseExact`.
    pub value: String,
}

impl KeptValue {
    /// A folded value of the attribute with this path.
    pub fn new(attribute: impl Into<String>, folded: impl Into<String>) -> Self {
        Self { attribute: attribute.into(), value: folded.into() }
    }
}
