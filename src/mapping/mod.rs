//! Mapping text → [`Mapping`]: everything one product's file says, compiled, so that running it cannot meet a typo.

pub mod codes;
mod compile;
pub mod diagnostic;
pub mod draft;
pub mod election;
pub mod kept;
pub mod key;
pub(crate) mod keyed;
pub mod member;
pub mod planner;
pub mod reading;
pub mod record;
pub mod rule;
pub mod rules;
mod shape;
mod slips;
mod source;
mod text;
pub mod to_scim;
pub mod to_target;
pub mod transform;
mod wants;
pub mod writing;

use crate::mapping::planner::Plannables;
use crate::scim::path::AttributePath;
use crate::scim::schema::ResourceType;
use crate::script::Script;
use crate::wire::{Call, CallId, Condition, Credential, Lookup, LookupId, Path, Template};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

pub use codes::{Code, Severity};
pub use compile::{Compiled, compile};
pub use diagnostic::{Diagnostic, Diagnostics, Look};
pub use election::Election;
pub use key::KeyForm;
pub use member::Member;
pub use planner::{By, Planner, PlannerError};
pub use reading::{Main, NamedRead, Reading};
pub use rule::{Cleared, Item, Rest, Rule, Shape, Source, Through, Unknown, Written};
pub use rules::Rules;
pub use shape::json_schema;
pub use slips::no_text;
pub use transform::{Conversion, Transform, TransformError};
pub use wants::Wants;
pub use writing::{Delete, Follow, Leaves, Poll};

/// One compiled mapping file.
#[derive(Debug)]
pub struct Mapping {
    /// The file it came from, as diagnostics and `explain` name it.
    pub file: Arc<str>,
    /// The product it speaks to.
    pub product: Arc<str>,
    /// The settings an instance must give.
    pub settings: Vec<Arc<str>>,
    /// How the target is told who calls.
    pub auth: Option<Credential>,
    /// Every declared call; a [`CallId`] is a place in it.
    pub calls: Arc<[Call]>,
    /// Values that are got by calls of their own.
    pub lookups: Arc<[Lookup]>,
    /// Those that rules and conditions name, and that must be known before anything is decided.
    pub known_lookups: Vec<LookupId>,
    /// The resource types it offers, `User` first.
    pub types: Vec<TypeMapping>,
    /// What follows the success of calls that write.
    pub follows: BTreeMap<CallId, Follow>,
    /// The shared calls that functions of its script may plan.
    pub plannable: Plannables,
    /// Its script.
    pub script: Option<Arc<Script>>,
    /// Its `tests:`.
    pub tests: Vec<TestCase>,
}

/// What a mapping says of one resource type.
#[derive(Debug)]
pub struct TypeMapping {
    /// The SCIM side: schemas with what this target offers marked.
    pub kind: ResourceType,
    /// Where the product's identifier stands.
    pub key: KeyRule,
    /// Where the target's own version of an account stands.
    pub version: Option<VersionAt>,
    /// Accounts that are not ours, or no longer there, though the target still shows them.
    pub absent_when: Vec<Condition>,
    /// What becomes of a standard attribute that is sent but not offered.
    pub unsupported: Unsupported,
    /// One per attribute, in file order.
    pub rules: Rules,
    /// Reading one account by its key.
    pub read: Option<Reading>,
    /// Listing accounts.
    pub list: Option<Search>,
    /// Finding accounts by an attribute's value.
    pub find: Vec<Find>,
    /// Creating an account.
    pub create: Option<Create>,
    /// Changing an account, in file order.
    pub update: Vec<UpdateRow>,
    /// Deleting an account.
    pub delete: Option<Delete>,
    /// The accounts that the mapping itself lists: the product has no calls for them.
    pub fixed: Option<Vec<Value>>,
    /// Changes when an edit of the file would re-identify accounts or orphan kept values: key, id and kept definitions.
    pub fingerprint: String,
}

/// Where the product's identifier stands and how it is made.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyRule {
    /// Its place in an account.
    pub at: Path,
    /// The target issues it and never changes it, so it is the SCIM id.
    pub stable: bool,
    /// It is a number in the target; anything else is 404 without a call.
    pub number: bool,
    /// The target takes it in any case, so whose account it names is seen before it is written.
    pub any_case: bool,
    /// It is made from attributes, not issued.
    pub made: Option<Template>,
    /// What becomes of the attributes that it is made of.
    pub form: KeyForm,
}

/// Where the target's own version of an account stands.
#[derive(Debug, Clone, PartialEq)]
pub enum VersionAt {
    /// In the account.
    At(Path),
    /// In a header of the answer that shows it.
    Header(http::HeaderName),
}

/// What becomes of a standard attribute that is sent but not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unsupported {
    /// Left out, with an event.
    #[default]
    Ignore,
    /// 400 `invalidValue`.
    Refuse,
}

/// A call that yields a list.
#[derive(Debug, Clone)]
pub struct Search {
    /// The call; its [`Call::listing`] is set.
    pub call: CallId,
    /// Further calls whose items belong to the list as well.
    pub also: Vec<CallId>,
    /// Attributes that its items do not hold: the account is read when one of these is wanted.
    pub lacks: Vec<AttributePath>,
    /// Places in [`TypeMapping::absent_when`] of conditions that look at what its items do not hold.
    pub undecided: Vec<usize>,
    /// Where in an item stands what `<key>` of the read call takes, if that is not the account's key.
    pub handle: Option<Path>,
    /// The rules, each with its place in [`TypeMapping::rules`], by which items are read that show a value otherwise than the account does.
    pub rules: Option<Vec<(usize, Rule)>>,
}

/// A way to find accounts by a value. It may yield more than asked for, never less.
#[derive(Debug, Clone)]
pub struct Find {
    /// The attributes whose `eq` it answers.
    pub by: Vec<AttributePath>,
    /// The list call.
    pub search: Search,
}

/// How an account is created.
#[derive(Debug, Clone)]
pub struct Create {
    /// The call and what it carries.
    pub write: Write,
    /// The target does not refuse doubles: read before.
    pub look_first: bool,
}

/// A row of `update`.
#[derive(Debug, Clone)]
pub struct UpdateRow {
    /// The changes it takes; empty: whatever no other row takes.
    pub takes: Vec<Takes>,
    /// The call and what it carries, or a function that plans calls.
    pub by: By<Write>,
    /// What its `<account>` holds.
    pub sends: Sends,
    /// The target does not refuse doubles of a unique attribute: look before.
    pub look_first: bool,
    /// The line of the mapping file.
    pub line: u32,
}

/// One change that an update row takes: of an attribute, perhaps only to one value.
#[derive(Debug, Clone, PartialEq)]
pub struct Takes {
    /// The attribute, or its parent.
    pub attribute: AttributePath,
    /// The value it must become.
    pub value: Option<Value>,
}

/// A call that carries an account.
#[derive(Debug, Clone)]
pub struct Write {
    /// The call.
    pub call: CallId,
    /// Fields left out of `<account>`.
    pub drop: Vec<Path>,
    /// Fields added to `<account>`, filled like a body.
    pub with: Vec<(Arc<str>, crate::wire::Body)>,
}

/// What `<account>` holds in an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sends {
    /// The changed fields alone: the target merges.
    #[default]
    Changed,
    /// All that was read, with the changes in it: the target replaces.
    Account,
}

/// One entry of `tests:`.
#[derive(Debug, Clone)]
pub struct TestCase {
    /// What it shows.
    pub name: String,
    /// The line of the mapping file.
    pub line: u32,
    /// Accounts that the product holds: type, key, document.
    pub given: Vec<(Arc<str>, String, Value)>,
    /// Attributes our store holds: type, id, attributes in SCIM form.
    pub kept: Vec<(Arc<str>, String, Map<String, Value>)>,
    /// The instance's settings; a missing one reads as its own name.
    pub settings: Vec<(Arc<str>, String)>,
    /// What the lookups yield; one that is not given yields its own name.
    pub lookups: Vec<(Arc<str>, Value)>,
    /// The SCIM request: method, path with query, body.
    pub request: (String, String, Value),
    /// The writes expected, in order: `PUT /users/7.json` and the body, null for none. `None`: not looked at.
    pub calls: Option<Vec<(String, Value)>>,
    /// Every call expected, in order, with its answer. `None`: answered from `given`.
    pub exchange: Option<Vec<Exchange>>,
    /// What the SCIM answer must hold: `status` (a number) is the HTTP status, everything else a part of the body.
    pub answer: Map<String, Value>,
}

/// A raw call of a test and its answer.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// `POST /users.json`.
    pub call: String,
    /// The body expected, where the test says so.
    pub body: Option<Value>,
    /// The status of the answer.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body; null for none.
    pub answer: Value,
}

impl Mapping {
    /// A declared call.
    pub fn call(&self, id: CallId) -> &Call {
        &self.calls[usize::from(id.0)]
    }

    /// What follows the success of this call.
    pub fn follow(&self, id: CallId) -> Option<&Follow> {
        self.follows.get(&id)
    }

    /// How this call is repeated, where it tells whether another one is done.
    pub fn poll(&self, id: CallId) -> Option<&Poll> {
        self.follows.values().filter_map(|follow| follow.poll.as_ref()).find(|poll| poll.call == id)
    }

    /// What it says of `User` or `Group`.
    pub fn kind(&self, name: &str) -> Option<&TypeMapping> {
        self.types.iter().find(|one| &*one.kind.name == name)
    }
}

impl TypeMapping {
    /// The rule of an attribute, or of its parent.
    pub fn rule(&self, attribute: &AttributePath) -> Option<&Rule> {
        self.rules.of(attribute).map(|(_, rule)| rule).find(|rule| rule.attribute.covers(attribute))
    }

    /// May the target show accounts that no client sees, so that its own count is no total?
    pub fn hides(&self) -> bool {
        !self.absent_when.is_empty() || self.leaves() == Leaves::Account
    }

    /// What a delete leaves behind.
    pub fn leaves(&self) -> Leaves {
        self.delete.as_ref().map(|delete| delete.leaves).unwrap_or_default()
    }

    /// The attributes that our store holds because the target cannot.
    pub fn kept(&self) -> impl Iterator<Item = &AttributePath> {
        self.rules.kept().map(|(_, rule)| &rule.attribute)
    }
}

#[cfg(test)]
mod tests;
