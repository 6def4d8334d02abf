//! How accounts are read: the main answer, further answers that lie under their names in it, and what list items lack of that.

use crate::mapping::{Election, Find, Rule, Search, Shape, Source, Transform, TypeMapping, Wants};
use crate::scim::path::AttributePath;
use crate::wire::{CallId, Condition, Path, Scope, Variable};
use serde_json::Value;
use std::sync::Arc;

/// How one account is read. Its document is the main answer, with each further one lying in it under its name.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The main answer.
    pub account: Main,
    /// The further ones, in file order.
    pub named: Vec<NamedRead>,
}

/// Where the main answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Main {
    /// A call for this one account.
    Call(CallId),
    /// It is the item of the list with its key.
    Listed,
}

/// A further read of an account.
#[derive(Debug, Clone)]
pub struct NamedRead {
    /// The field of the document in which its answer lies.
    pub name: Arc<str>,
    /// The call; it is walked where its [`crate::wire::Call::listing`] is set.
    pub call: CallId,
    /// The attributes whose rules look into it, sorted.
    pub feeds: Vec<AttributePath>,
    /// A condition or the version looks into it, so every read of the account needs it.
    pub judges: bool,
    /// Calls that write name fields of it.
    pub fills: bool,
}

impl Reading {
    /// The call of the main answer, where it has one of its own.
    pub fn call(&self) -> Option<CallId> {
        match self.account {
            Main::Call(call) => Some(call),
            Main::Listed => None,
        }
    }
}

impl NamedRead {
    /// Does a rule of this attribute look into it?
    pub fn feeds(&self, attribute: &AttributePath) -> bool {
        self.fed(attribute).iter().any(|fed| fed.covers(attribute) || attribute.covers(fed))
    }

    /// Does the rule of an attribute look into it that is wanted?
    pub fn feeds_any(&self, wants: Wants<'_>) -> bool {
        match wants.among_these() {
            Some(few) => few.iter().flat_map(|one| self.fed(one)).any(|fed| wants.takes(fed)),
            None => self.feeds.iter().any(|fed| wants.takes(fed)),
        }
    }

    /// What it feeds of an attribute: the whole and sub-attributes, which stand side by side.
    fn fed(&self, attribute: &AttributePath) -> &[AttributePath] {
        let whole = |path: &AttributePath| (&path.extension, &path.name).cmp(&(&attribute.extension, &attribute.name));
        let start = self.feeds.partition_point(|fed| whole(fed).is_lt());
        let end = self.feeds.partition_point(|fed| whole(fed).is_le());
        &self.feeds[start..end]
    }
}

impl Search {
    /// The calls that together yield the list.
    pub fn calls(&self) -> impl Iterator<Item = CallId> {
        std::iter::once(self.call).chain(self.also.iter().copied())
    }
}

impl TypeMapping {
    /// The reads beside the main one.
    pub fn named_reads(&self) -> &[NamedRead] {
        self.read.as_ref().map(|read| read.named.as_slice()).unwrap_or_default()
    }

    /// Is the field of a document the answer of a read of its own, and no field of the account?
    pub fn is_named_read(&self, field: &str) -> bool {
        self.named_reads().iter().any(|named| *named.name == *field)
    }

    /// Is this account not one of ours, as far as conditions tell that need none of the reads in `lacking`?
    pub fn is_absent_without(
        &self,
        account: &Value,
        lacking: &dyn Fn(&NamedRead) -> bool,
        settings: &dyn Scope,
    ) -> bool {
        let decides = |condition: &&Condition| {
            !self.named_reads().iter().any(|named| lacking(named) && looks_into(condition.at.as_ref(), &named.name))
        };
        self.absent_when.iter().filter(decides).any(|condition| condition.fits(account, settings))
    }

    /// Is this list item not one of ours, as far as its own fields tell?
    pub fn is_absent_item(&self, search: &Search, item: &Value, settings: &dyn Scope) -> bool {
        let conditions = self.absent_when.iter().enumerate();
        let decided = conditions.filter(|(place, _)| !search.undecided.contains(place));
        decided.into_iter().any(|(_, condition)| condition.fits(item, settings))
    }

    /// Must the account be read before anybody knows whether this list's item is one of ours?
    pub fn is_judged_by_account(&self, search: &Search) -> bool {
        let root = |place: &usize| self.absent_when.get(*place)?.at.as_ref()?.root_field();
        search.undecided.iter().any(|place| root(place).is_none_or(|field| !self.is_named_read(field)))
    }

    /// The find row that looks for an account by its key.
    pub fn find_by_key(&self) -> Option<&Find> {
        let holds_key = |path: &AttributePath| {
            let plain = |rule: &&Rule| matches!((&rule.shape, &rule.transform), (Shape::Field(at), Transform::Same) if *at == self.key.at);
            is_id(path) || self.rule(path).as_ref().is_some_and(plain)
        };
        self.find.iter().find(|find| find.by.iter().any(holds_key))
    }
}

/// `id` itself, which has no rule.
pub fn is_id(path: &AttributePath) -> bool {
    path.extension.is_none() && path.sub.is_none() && &*path.name == "id"
}

/// Does a path lead into this field of the document's root, or may it?
pub fn looks_into(path: Option<&Path>, field: &str) -> bool {
    path.is_some_and(|path| path.root_field().is_none_or(|root| root == field))
}

impl Rule {
    /// Every path from the document's root that reading the attribute follows.
    pub fn reads(&self) -> Vec<&Path> {
        match &self.shape {
            Shape::Field(path) | Shape::Has { at: path, .. } => vec![path],
            Shape::Elected { by: Election::First(path) | Election::Equals(path), .. } => vec![path],
            Shape::Read(sources) => sources.iter().flat_map(places).collect(),
            Shape::One { at, .. } => at.iter().map(|(_, path)| path).collect(),
            Shape::Each { at, items, .. } => {
                let rooted = items.iter().map(|item| &item.at).filter(|path| path.text().starts_with('$'));
                std::iter::once(at).chain(rooted).collect()
            }
            Shape::Write(_) | Shape::Kept => Vec::new(),
        }
    }
}

fn places(source: &Source) -> Vec<&Path> {
    match source {
        Source::At(path) => vec![path],
        Source::Template(template) => template
            .holes()
            .filter_map(|hole| match hole {
                Variable::Field(path) => Some(path),
                _ => None,
            })
            .collect(),
    }
}
