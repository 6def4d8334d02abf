//! What fills a step's holes: its arguments, what earlier steps yielded, the instance's settings, a random text, the place in a list.

use super::ask::Ground;
use super::sessions::Known;
use crate::wire::{Body, Scope, Step, Term, Variable};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroize;

/// What an instance's operator configured. It cannot print, and is wiped when dropped.
#[derive(Default)]
pub struct Settings(Vec<(Arc<str>, Value)>);

/// What earlier steps of a plan yielded, by name.
#[derive(Default, Clone, PartialEq)]
pub struct Captures(BTreeMap<Arc<str>, Value>);

/// The place in a list that a page is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Turn {
    pub(super) offset: Option<usize>,
    pub(super) page: Option<usize>,
    pub(super) limit: Option<usize>,
    pub(super) cursor: Option<Value>,
}

/// Everything that one request is filled from.
pub(super) struct Supply<'a> {
    pub(super) step: &'a Step,
    pub(super) captures: &'a Captures,
    pub(super) settings: &'a Settings,
    /// Drawn once per step, so that a repeated request is the same request.
    pub(super) random: &'a str,
    pub(super) turn: &'a Turn,
    /// What was looked up for it.
    pub(super) known: &'a Known,
}

/// What an open term may use: nothing that is an argument itself.
struct Instance<'a>(&'a Supply<'a>);

impl Settings {
    /// The settings of an instance, as text.
    pub fn new(settings: impl IntoIterator<Item = (Arc<str>, String)>) -> Settings {
        Settings(settings.into_iter().map(|(name, text)| (name, Value::String(text))).collect())
    }

    fn find(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| **known == *name).map(|(_, value)| value)
    }

    /// Takes whatever an operator configured out of a text that will be shown. Short values could be any word, and stay.
    pub(super) fn redact(&self, text: String) -> String {
        let secrets = self.0.iter().filter_map(|(_, value)| value.as_str()).filter(|value| value.len() >= 6);
        secrets.fold(text, |text, secret| if text.contains(secret) { text.replace(secret, "***") } else { text })
    }
}

impl Scope for Settings {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        match variable {
            Variable::Setting(name) => self.find(name).map(Cow::Borrowed),
            _ => None,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(name, _)| (name, "***"))).finish()
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        for (_, value) in &mut self.0 {
            if let Value::String(text) = value {
                text.zeroize();
            }
        }
    }
}

impl Captures {
    /// Nothing yet.
    pub fn new() -> Captures {
        Captures::default()
    }

    /// Remembers a value for later steps.
    pub fn keep(&mut self, name: impl Into<Arc<str>>, value: impl Into<Value>) {
        self.0.insert(name.into(), value.into());
    }

    /// What was kept under a name.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

impl fmt::Debug for Captures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl<'a> Supply<'a> {
    pub(super) fn of(ground: Ground<'a>, settings: &'a Settings, known: &'a Known) -> Supply<'a> {
        let Ground { step, captures, random, turn } = ground;
        Supply { step, captures, settings, random, turn, known }
    }
}

impl Supply<'_> {
    /// The name of a capture that the step wants and no earlier step yielded.
    pub(super) fn missing_capture(&self) -> Option<&str> {
        self.step.arguments.iter().find_map(|argument| match &argument.term {
            Term::Captured(name) if self.captures.value(name).is_none() => Some(&**name),
            _ => None,
        })
    }

    fn argument(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        let term = &self.step.arguments.iter().find(|argument| argument.variable == *variable)?.term;
        match term {
            Term::Value(value) => Some(Cow::Borrowed(value)),
            Term::Captured(name) => self.captures.value(name).map(Cow::Borrowed),
            Term::Open(body) => Body::fill(body, &Instance(self)).map(Cow::Owned),
        }
    }

    /// A field of the account that the step carries.
    fn field(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        let Variable::Field(path) = variable else { return None };
        match self.argument(&Variable::Account)? {
            Cow::Borrowed(account) => path.first(account).map(Cow::Borrowed),
            Cow::Owned(account) => path.first(&account).cloned().map(Cow::Owned),
        }
    }

    fn place(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        let number = |number: Option<usize>| number.map(|number| Cow::Owned(Value::from(number)));
        match variable {
            Variable::Offset => number(self.turn.offset),
            Variable::Page => number(self.turn.page),
            Variable::Limit => number(self.turn.limit),
            Variable::Cursor => self.turn.cursor.as_ref().map(Cow::Borrowed),
            _ => None,
        }
    }
}

impl Scope for Supply<'_> {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        match variable {
            Variable::Setting(name) => self.settings.find(name).map(Cow::Borrowed),
            Variable::Lookup(name) => self.known.value(name).map(Cow::Borrowed),
            Variable::Random => Some(Cow::Owned(Value::from(self.random))),
            Variable::Offset | Variable::Page | Variable::Limit | Variable::Cursor => self.place(variable),
            other => self.argument(other).or_else(|| self.field(other)),
        }
    }
}

impl Scope for Instance<'_> {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        match variable {
            late if late.is_late() => self.0.value(late),
            _ => None,
        }
    }
}
