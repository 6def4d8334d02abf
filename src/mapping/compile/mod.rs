//! Mapping text → [`Mapping`], with every diagnostic at once.
//!
//! The tree is checked against the table of shapes; then each part reads what it needs, leaving out what was wrong, so that one mistake hides no other.

mod answers;
mod attribute;
mod auth;
mod bodies;
mod call;
mod change;
mod checks;
mod context;
mod conversions;
mod each;
mod election;
mod examples;
mod find;
mod follow;
mod functions;
mod has;
mod kind;
mod listing;
mod lookups;
mod names;
mod oauth2;
mod reads;
mod rules;
mod shared;
mod sign;
mod through;
mod traps;
mod writes;

use super::Mapping;
use super::codes;
use super::diagnostic::{Diagnostic, Diagnostics, Report};
use super::shape::{MAPPING, Want, check};
use super::source::{self, Entry, Node};
use crate::scim::schema::ResourceType;
use crate::script::{Script, ScriptError};
use crate::wire::{Credential, Lookup, answer};
use context::Context;
use kind::Section;
use names::{Names, Place};
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// A mapping that can be used, with advice.
#[derive(Debug)]
pub struct Compiled {
    /// The mapping.
    pub mapping: Mapping,
    /// Advice about it.
    pub warnings: Vec<Diagnostic>,
}

/// Compiles a mapping file; `script` is the name and text of the script file beside it.
///
/// # Errors
/// Everything that is wrong with the file, in file order, warnings among it.
pub fn compile(file: &str, text: &str, script: Option<(&str, &str)>) -> Result<Compiled, Diagnostics> {
    let report = Report::new(file, text);
    let mapping = whole(&report, file, script);
    let failed = report.has_errors();
    let found = report.finish();
    match mapping {
        Some(mapping) if !failed => Ok(Compiled { mapping, warnings: found }),
        _ => Err(Diagnostics(found)),
    }
}

fn whole(report: &Report, file: &str, script: Option<(&str, &str)>) -> Option<Mapping> {
    let root = source::read(report)?;
    traps::traps(report, &root);
    let start = root.span.start..root.span.start;
    check(report, &root, (&Want::Idea(&MAPPING), &start));
    edition(report, &root);
    let context = context(report, &root, script);
    if let Some(node) = root.get("lookups") {
        lookups::names(&context, node);
    }
    oauth2::name(&context, root.get("auth"));
    if let Some(node) = root.get("calls") {
        shared::shared(&context, node);
    }
    let rows = root.get("answers").map(|node| answers::rows(&context, node)).unwrap_or_default();
    context.answers.borrow_mut().splice(0..0, rows);
    let (auth, lookups) = access(&context, &root);
    let sections = context.kinds.iter().filter_map(|kind| {
        let entry = root.entry(&kind.name)?;
        kind::kind(&Section { context: &context, kind, entry })
    });
    let types: Vec<_> = sections.collect();
    through::check(&context, &root, &types);
    let plannable = shared::plannable(&context);
    bodies::bodies(&context);
    context.all_read.set(!report.has_errors());
    let tests = root.get("tests").map(|node| examples::tests(&context, node)).unwrap_or_default();
    // What uses a setting may be what could not be read.
    if !report.has_errors() {
        checks::unused_settings(&context);
        shared::unused(&context);
        lookups::unused(&context);
    }
    let product = root.get("product").and_then(Node::text)?.into();
    let settings = context.settings.iter().map(|(name, _)| name.clone()).collect();
    let calls = context.calls.take().into();
    let follows = context.follows.take();
    let named = context.known.take();
    let known_lookups = (0..lookups.len()).filter(|at| named.contains(&lookups[*at].name)).collect();
    let lookups = lookups.into();
    let (file, script) = (file.into(), context.script.clone());
    Some(Mapping {
        file,
        product,
        settings,
        auth,
        calls,
        lookups,
        known_lookups,
        types,
        follows,
        plannable,
        script,
        tests,
    })
}

/// How the target is told who calls, and what is got by calls of its own.
fn access(context: &Context<'_>, root: &Node) -> (Option<Credential>, Vec<Lookup>) {
    let names = Names { context, place: Place::Auth, kind: None, member: None };
    let node = root.get("auth");
    let cookies = node.and_then(|node| node.get("cookies")).and_then(Node::text);
    let mut lookups = root.get("lookups").map(|node| lookups::lookups(context, node, cookies)).unwrap_or_default();
    let auth = node.and_then(|node| auth::auth(&names, node));
    lookups.extend(node.and_then(|node| node.get("oauth2")).and_then(|node| oauth2::lookup(&names, node)));
    let used = auth.as_ref().map(Credential::lookups).unwrap_or_default();
    lookups::mark_bare(&mut lookups, &used);
    (auth, lookups)
}

fn edition(report: &Report, root: &Node) {
    if let Some(node) = root.get("edition").filter(|node| node.json().is_u64() && node.json() != 1) {
        let message = format!("edition {} is not known", node.text().unwrap_or_default());
        report.hint(&codes::EDITION, &node.span, (message, "this gateway reads `edition: 1`"));
    }
}

fn context<'a>(report: &'a Report, root: &Node, script: Option<(&str, &str)>) -> Context<'a> {
    let settings = root.get("settings").map(Node::items).unwrap_or_default().iter();
    let settings = settings.filter_map(|item| Some((Arc::from(item.text()?), item.span.clone()))).collect();
    let known = [ResourceType::user(), ResourceType::group()].into_iter();
    let kinds: Vec<ResourceType> = known
        .filter_map(|kind| {
            let entry = root.entry(&kind.name).filter(|entry| entry.value.is_map())?;
            Some(attribute::extended(report, kind, entry.value.get("attributes")))
        })
        .collect();
    if kinds.is_empty() && !["User", "Group"].iter().any(|name| root.get(name).is_some()) {
        let hint = "describe `User:`, `Group:` or both";
        report.hint(
            &codes::NO_RESOURCE_TYPE,
            &(root.span.start..root.span.start),
            ("the mapping has no resource type", hint),
        );
    }
    let throughs = through::throughs(root, &kinds);
    Context {
        throughs,
        report,
        settings,
        kinds,
        script: script.and_then(|(name, text)| compiled(report, root, (name, text))),
        answers: RefCell::new(answer::built_in()),
        calls: RefCell::default(),
        follows: RefCell::default(),
        shared: RefCell::default(),
        recipes: RefCell::default(),
        lookups: RefCell::default(),
        known: RefCell::default(),
        used: RefCell::default(),
        plans: Cell::default(),
        all_read: Cell::default(),
    }
}

fn compiled(report: &Report, root: &Node, (name, text): (&str, &str)) -> Option<Arc<Script>> {
    match Script::compile(name, text) {
        Ok(script) => Some(Arc::new(script)),
        Err(error) => {
            let place = match &error {
                ScriptError::Syntax { line, column, .. } if *line > 0 => format!("{name}:{line}:{column}"),
                _ => name.to_owned(),
            };
            let words = match error {
                ScriptError::Syntax { message, .. } => message,
                other => other.to_string(),
            };
            let span = root.entry("product").map_or(0..0, |entry: &Entry| entry.key_span.clone());
            report.say(&codes::SCRIPT_SYNTAX, &span, format!("the script does not compile: {words} ({place})"));
            None
        }
    }
}
