//! What every part of the compiler shares: the report, the settings, the types, the script, the calls made so far.

use super::lookups::Known;
use super::shared::{Recipe, SharedCall};
use crate::mapping::codes::{self, Code};
use crate::mapping::diagnostic::Report;
use crate::mapping::source::Node;
use crate::mapping::text::{Form, form};
use crate::mapping::{Follow, Through};
use crate::scim::path::AttributePath;
use crate::scim::schema::{ResourceType, nearest};
use crate::script::Script;
use crate::wire::{AnswerRow, Call, CallId, Path, Variable};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

pub(super) struct Context<'a> {
    pub(super) report: &'a Report,
    /// The declared settings and where they stand.
    pub(super) settings: Vec<(Arc<str>, Range<usize>)>,
    /// The resource types the file describes, attributes of its own included.
    pub(super) kinds: Vec<ResourceType>,
    pub(super) script: Option<Arc<Script>>,
    /// The file's answer rows and the built-in ones.
    pub(super) answers: RefCell<Vec<AnswerRow>>,
    pub(super) calls: RefCell<Vec<Call>>,
    /// The lists through which other types write: `User.groups`.
    pub(super) throughs: Vec<Through>,
    /// What follows calls that write.
    pub(super) follows: RefCell<BTreeMap<CallId, Follow>>,
    /// The calls that others are made from.
    pub(super) shared: RefCell<Vec<SharedCall>>,
    /// How calls were made from shared ones, by their place.
    pub(super) recipes: RefCell<HashMap<CallId, Recipe>>,
    /// The declared lookups and what their calls name.
    pub(super) lookups: RefCell<Vec<Known>>,
    /// The lookups that rules and conditions name.
    pub(super) known: RefCell<BTreeSet<Arc<str>>>,
    /// The settings, lookups and shared calls that something uses.
    pub(super) used: RefCell<BTreeSet<Arc<str>>>,
    /// A function of the script plans calls.
    pub(super) plans: Cell<bool>,
    /// Nothing was wrong before the tests, so every call of the file is known.
    pub(super) all_read: Cell<bool>,
}

/// Where a path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// `$`: the account or the answer.
    Whole,
    /// `.`: the present item.
    Item,
}

/// What a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Read,
    Write,
}

impl Context<'_> {
    pub(super) fn kind(&self, name: &str) -> Option<&ResourceType> {
        self.kinds.iter().find(|kind| &*kind.name == name)
    }

    /// Is this list written through by another type?
    pub(super) fn is_through(&self, kind: &str, attribute: &AttributePath) -> bool {
        self.throughs.iter().any(|through| *through.kind == *kind && through.attribute == *attribute)
    }

    /// Keeps a call and gives its place.
    pub(super) fn declare(&self, mut call: Call) -> CallId {
        let mut needs = self.needs(call.holes().into_iter());
        needs.retain(|need| !call.needs.contains(need));
        call.needs.extend(needs);
        let mut calls = self.calls.borrow_mut();
        calls.push(call);
        // A file of 1 MiB cannot hold so many.
        CallId(u16::try_from(calls.len() - 1).unwrap_or(u16::MAX))
    }

    /// Remembers which settings and lookups are used.
    pub(super) fn note(&self, variable: &Variable) {
        if let Variable::Setting(_) | Variable::Lookup(_) = variable {
            self.used.borrow_mut().insert(variable.to_string().into());
        }
    }

    /// What the lookups among these placeholders want to know of the step.
    pub(super) fn needs<'h>(&self, holes: impl Iterator<Item = &'h Variable>) -> Vec<Variable> {
        let lookups = self.lookups.borrow();
        let named = holes.filter_map(|hole| match hole {
            Variable::Lookup(name) => lookups.iter().find(|one| one.name == *name),
            _ => None,
        });
        let mut needs: Vec<Variable> = Vec::new();
        for need in named.flat_map(|one| &one.needs) {
            if !needs.contains(need) {
                needs.push(need.clone());
            }
        }
        needs
    }

    /// Every declared setting, for a script that is given them all.
    pub(super) fn all_settings(&self) -> Vec<Arc<str>> {
        let names: Vec<Arc<str>> = self.settings.iter().map(|(name, _)| name.clone()).collect();
        self.used.borrow_mut().extend(names.iter().map(|name| Arc::from(format!("settings.{name}"))));
        names
    }

    /// The path of a node that must be one.
    pub(super) fn path_at(&self, node: &Node, (root, purpose): (Root, Use)) -> Option<Path> {
        let text = node.text()?;
        let fits = matches!((form(text), root), (Form::Rooted(_), Root::Whole) | (Form::Item(_), Root::Item));
        if !fits {
            self.wrong_root(node, (text, root));
            return None;
        }
        let path = self.path(node, text)?;
        if purpose == Use::Write && path.hops().is_none() {
            let hint = "only names, indexes and equality filters can be written; `read:` takes any path";
            self.report.hint(&codes::PATH_NOT_WRITABLE, &node.span, (format!("`{text}` cannot be written"), hint));
            return None;
        }
        Some(path)
    }

    /// Reads a path and says what is wrong with it.
    pub(super) fn path(&self, node: &Node, text: &str) -> Option<Path> {
        match Path::parse(text) {
            Ok(path) => Some(path),
            Err(_) if self.is_cut(node) => None,
            Err(cause) => {
                self.report.say(
                    &codes::BAD_PATH,
                    &node.span,
                    format!("`{text}` is not a path: {}", plain(&cause.message)),
                );
                None
            }
        }
    }

    /// Says so where an unfinished plain text is followed by a comment: ` #` cut it.
    pub(super) fn is_cut(&self, node: &Node) -> bool {
        let rest = self.report.text().get(node.span.end..).unwrap_or_default();
        let blank = rest.trim_start_matches([' ', '\t']);
        let cut = blank.starts_with('#') && blank.len() < rest.len();
        if cut {
            let end = node.span.end + rest.find('\n').unwrap_or(rest.len());
            let message = "` #` begins a comment and cuts this text off";
            self.report.hint(&codes::CUT_BY_COMMENT, &(node.span.start..end), (message, "quote the whole text"));
        }
        cut
    }

    /// An attribute of a type by any spelling; unknown ones are reported.
    pub(super) fn attribute(&self, kind: &ResourceType, (name, span): (&str, &Range<usize>)) -> Option<AttributePath> {
        match kind.path(&super::attribute::long(name)) {
            Ok(path) => Some(path),
            Err(_) if self.report.has(&codes::CUSTOM_ATTRIBUTE, span) => None,
            Err(error) => {
                let (message, hint) = match error.message.split_once("; did you mean ") {
                    Some((message, near)) => (message.to_owned(), Some(near.trim_matches(['`', '?']).to_owned())),
                    None => (error.message, None),
                };
                self.report.near(&codes::UNKNOWN_ATTRIBUTE, span, (message, hint));
                None
            }
        }
    }

    /// One of a table's words; an unknown one is reported under `code`.
    pub(super) fn word<T: Clone>(
        &self,
        node: &Node,
        (code, table): (&'static Code, &[(&'static str, T)]),
    ) -> Option<T> {
        let text = node.text()?;
        if let Some((_, value)) = table.iter().find(|(word, _)| *word == text) {
            return Some(value.clone());
        }
        let near = nearest(text, table.iter().map(|(word, _)| *word)).map(str::to_owned);
        let words: Vec<&str> = table.iter().map(|(word, _)| *word).collect();
        let message = format!("`{text}` is not one of {}", words.join(", "));
        self.report.near(code, &node.span, (message, near));
        None
    }

    fn wrong_root(&self, node: &Node, (text, root): (&str, Root)) {
        let (code, message) = match (form(text), root) {
            (Form::Item(_), Root::Whole) => (&codes::PATH_WRONG_ROOT, "a path from the present item has no item here"),
            (Form::Rooted(_), Root::Item) => (&codes::PATH_WRONG_ROOT, "here a path starts at the present item"),
            (Form::Template(_), _) => (&codes::BAD_PATH, "a path is wanted here, not a template"),
            _ => (&codes::BAD_PATH, "a path is wanted here"),
        };
        let name = text.trim_start_matches(['$', '.']);
        let is_name = name.starts_with(|letter: char| letter.is_alphabetic())
            && name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.'));
        let near = is_name.then(|| if root == Root::Item { format!(".{name}") } else { format!("$.{name}") });
        self.report.near(code, &node.span, (message.to_owned(), near));
    }
}

/// The parser's message without its drawing.
fn plain(message: &str) -> &str {
    message.trim_start_matches(|letter: char| !letter.is_alphabetic()).trim()
}

/// A flag; a wrong kind was reported by the shapes.
pub(super) fn flag(node: &Node, key: &str) -> bool {
    node.get(key).is_some_and(|value| value.json() == serde_json::Value::Bool(true))
}

/// A whole number.
pub(super) fn count(node: &Node, key: &str) -> Option<usize> {
    node.get(key)?.json().as_u64().and_then(|number| usize::try_from(number).ok())
}
