//! `calls:`, `via:` and `args:` — calls with holes of their own, put in where they are used, so that nothing knows of them at run time.

use super::call::{Request, empty, line};
use super::context::Context;
use super::names::{Names, Place};
use crate::mapping::codes;
use crate::mapping::planner::{Plannable, Plannables};
use crate::mapping::source::{Entry, Node};
use crate::scim::schema::nearest;
use crate::wire::{Body, Call, CallId, Part, Path, ResultAt, Shared, Template, Variable};
use std::ops::Range;
use std::sync::Arc;

/// A call that others are made from.
#[derive(Clone, Debug)]
pub(super) struct SharedCall {
    name: Arc<str>,
    /// With its holes; `None` where it is wrong, which was said.
    call: Option<Call>,
    span: Range<usize>,
}

/// How a call was made from a shared one: what was put into which hole, and what was laid over it.
#[derive(Clone)]
pub(super) struct Recipe {
    via: Arc<str>,
    args: Vec<(Arc<str>, Body)>,
    over: Request,
}

/// Reads `calls:`.
pub(super) fn shared(context: &Context<'_>, node: &Node) {
    let names = Names { context, place: Place::Shared, kind: None, member: None };
    for entry in node.entries() {
        let call = one(&names, entry);
        let name: Arc<str> = entry.key.as_str().into();
        context.shared.borrow_mut().push(SharedCall { name, call, span: entry.key_span.clone() });
    }
}

fn one(names: &Names<'_>, entry: &Entry) -> Option<Call> {
    let text = line(names, entry.value.get("call")?);
    let request = Request::of(names, &entry.value);
    let mut call = empty(names, (&entry.key, &entry.value), text?);
    // The file's rows and the built-in ones come last, where the call is used.
    call.answers.clear();
    request.lay_over(&mut call);
    for hole in call.holes() {
        if let Variable::Argument(name) = hole
            && names.is_taken(name)
        {
            let message = format!("the hole `<{name}>` has the name of an attribute");
            let hint = "call the hole otherwise";
            names.context.report.hint(&codes::NAME_CLASH, &entry.value.span, (message, hint));
            return None;
        }
    }
    Some(call)
}

/// The call that a node with `via:` stands for; `name` is how `explain` calls it.
pub(super) fn made(names: &Names<'_>, node: &Node, name: &str) -> Option<(Call, Recipe)> {
    let (context, via) = (names.context, node.get("via")?);
    let shared = named(context, via)?;
    let given = arguments(names, node);
    let over = Request::of(names, node);
    let holes = holes(shared.call.as_ref()?);
    for entry in node.get("args").map(Node::entries).unwrap_or_default() {
        known(context, (&shared.name, &holes), entry)?;
    }
    let recipe = Recipe { via: shared.name, args: given?, over };
    let call = recipe.cook(names, (node, via.span.clone()), name)?;
    Some((call, recipe))
}

/// The call that a recipe yields when more arguments are laid over its own, and then what the node says beside them.
pub(super) fn varied(names: &Names<'_>, (id, node): (CallId, &Node), name: &str) -> Option<Option<Call>> {
    let context = names.context;
    let recipe = context.recipes.borrow().get(&id).cloned();
    let Some(mut recipe) = recipe else {
        if let Some(args) = node.entry("args") {
            let hint = "the list call is made from no shared one";
            context.report.hint(&codes::ARGUMENT_UNKNOWN, &args.key_span, ("nothing takes these arguments", hint));
            return None;
        }
        return Some(None);
    };
    let shared = context.shared.borrow().iter().find(|one| one.name == recipe.via).cloned()?;
    let holes = holes(shared.call.as_ref()?);
    for entry in node.get("args").map(Node::entries).unwrap_or_default() {
        known(context, (&shared.name, &holes), entry)?;
    }
    for (name, body) in arguments(names, node)? {
        match recipe.args.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = std::mem::replace(known, Body::List(Vec::new())).under(body),
            None => recipe.args.push((name, body)),
        }
    }
    recipe.cook(names, (node, node.span.clone()), name).map(Some)
}

impl Recipe {
    fn cook(&self, names: &Names<'_>, (node, span): (&Node, Range<usize>), name: &str) -> Option<Call> {
        let context = names.context;
        let shared = context.shared.borrow().iter().find(|one| one.name == self.via)?.call.clone()?;
        let report = context.report;
        if let Some(missing) = holes(&shared).into_iter().find(|hole| !self.args.iter().any(|(name, _)| name == hole)) {
            let message = format!("nothing fills the hole `<{missing}>` of `{}`", self.via);
            report.hint(&codes::ARGUMENT_MISSING, &span, (message, "fill it in `args:`"));
            return None;
        }
        let Some(mut call) = filled(&shared, &self.args) else {
            let message = format!("a list or a map with placeholders in it stands within a text of `{}`", self.via);
            report.say(&codes::ARGUMENT_NO_TEXT, &span, message);
            return None;
        };
        (call.name, call.line) = (name.into(), report.line(node.span.start));
        call.shared = label(&shared, (&self.via, &self.args));
        // The file's rows were not known yet when shared calls were read.
        call.answers = shared.answers.iter().chain(context.answers.borrow().iter()).cloned().collect();
        self.over.clone().lay_over(&mut call);
        names.lookups_fit(&span, call.holes().into_iter())?;
        Some(call)
    }
}

fn named(context: &Context<'_>, via: &Node) -> Option<SharedCall> {
    let wanted = via.text()?;
    let shared = context.shared.borrow();
    if let Some(found) = shared.iter().find(|one| *one.name == *wanted) {
        context.used.borrow_mut().insert(format!("calls.{wanted}").into());
        return Some(found.clone());
    }
    let near = nearest(wanted, shared.iter().map(|one| &*one.name)).map(str::to_owned);
    context.report.near(&codes::SHARED_UNKNOWN, &via.span, (format!("`calls:` has no `{wanted}`"), near));
    None
}

fn arguments(names: &Names<'_>, node: &Node) -> Option<Vec<(Arc<str>, Body)>> {
    let entries = node.get("args").map(Node::entries).unwrap_or_default();
    let read: Vec<Option<_>> =
        entries.iter().map(|entry| Some((entry.key.as_str().into(), names.body(&entry.value)?))).collect();
    read.into_iter().collect()
}

fn known(context: &Context<'_>, (via, holes): (&str, &[Arc<str>]), entry: &Entry) -> Option<()> {
    if holes.iter().any(|hole| **hole == *entry.key) {
        return Some(());
    }
    let message = format!("`{via}` has no hole `<{}>`", entry.key);
    let near = nearest(&entry.key, holes.iter().map(|hole| &**hole)).map(str::to_owned);
    context.report.near(&codes::ARGUMENT_UNKNOWN, &entry.key_span, (message, near));
    None
}

/// The names of a shared call's holes, each once.
fn holes(call: &Call) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = Vec::new();
    for hole in call.holes() {
        if let Variable::Argument(name) = hole
            && !names.contains(name)
        {
            names.push(name.clone());
        }
    }
    names
}

fn filled(shared: &Call, args: &[(Arc<str>, Body)]) -> Option<Call> {
    let put = |variable: &Variable| match variable {
        Variable::Argument(name) => args.iter().find(|(known, _)| known == name).map(|(_, body)| body.clone()),
        _ => None,
    };
    let text = |template: &Template| template.with_text(&put);
    let mut call = shared.clone();
    call.path = shared.path.iter().map(text).collect::<Option<_>>()?;
    call.query = shared.query.iter().map(|(name, one)| Some((name.clone(), text(one)?))).collect::<Option<_>>()?;
    call.headers = shared.headers.iter().map(|(name, one)| Some((name.clone(), text(one)?))).collect::<Option<_>>()?;
    call.body = match &shared.body {
        Some(body) => Some(body.with(&put)?),
        None => None,
    };
    Some(call)
}

/// `rpc user.update`: the name, and the first argument where it is a constant text. There is none where a further argument cannot be
/// shown, because it stands elsewhere than whole in the body.
fn label(shared: &Call, (via, args): (&str, &[(Arc<str>, Body)])) -> Option<Shared> {
    let constant = args.first().and_then(|(_, body)| match body {
        Body::Template(template) => template.literal().filter(|text| !text.is_empty()),
        _ => None,
    });
    let label = constant.map_or_else(|| via.to_owned(), |text| format!("{via} {text}"));
    let further = args.iter().skip(usize::from(constant.is_some()));
    let place = |name: &Arc<str>| shared.body.as_ref()?.place_of(&Variable::Argument(name.clone())).map(Path::of_hops);
    let arguments = further.map(|(name, _)| Some((name.clone(), place(name)?))).collect::<Option<Vec<_>>>()?;
    Some(Shared { label: label.into(), arguments })
}

/// The shared calls that functions may plan, declared with their arguments as holes. One whose lookups want more than an account has is
/// none of them.
pub(super) fn plannable(context: &Context<'_>) -> Plannables {
    let all = context.shared.borrow();
    let planned = all.iter().filter(|_| context.plans.get());
    let planned = planned.filter_map(|one| Some((one.name.clone(), one.call.clone()?)));
    let known = |need: &Variable| {
        matches!(need, Variable::Key | Variable::Attribute(_) | Variable::Field(_) | Variable::Version)
    };
    let declared = planned.filter_map(|(name, mut call)| {
        let holes = holes(&call);
        if !context.needs(call.holes().into_iter()).iter().all(known) {
            return None;
        }
        let hole = |name: &Arc<str>| Template { parts: vec![Part::Hole(Variable::Argument(name.clone()))] };
        let args: Vec<_> = holes.iter().map(|name| (name.clone(), Body::Template(hole(name)))).collect();
        call.shared = label(&call, (&name, &args));
        call.name = format!("calls.{name}").into();
        call.answers.extend(context.answers.borrow().iter().cloned());
        call.result = ResultAt::Nowhere;
        Some((name, Plannable { call: context.declare(call), holes }))
    });
    declared.collect()
}

/// Shared calls that nothing uses.
pub(super) fn unused(context: &Context<'_>) {
    // A function may name any of them.
    if context.plans.get() {
        return;
    }
    let used = context.used.borrow();
    for one in context.shared.borrow().iter().filter(|one| !used.contains(&*format!("calls.{}", one.name))) {
        let message = format!("nothing uses the shared call `{}`", one.name);
        context.report.say(&codes::NEVER_USED, &one.span, message);
    }
}
