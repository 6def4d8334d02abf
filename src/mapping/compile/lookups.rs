//! `lookups:` — values that are got by calls of their own.

use super::call::call;
use super::context::{Context, Root, Use};
use super::listing::header;
use super::names::{Names, Place};
use crate::mapping::codes;
use crate::mapping::source::{Entry, Node};
use crate::wire::{Call, Expires, Lives, Lookup, LookupId, Moment, Take, Variable};
use std::ops::Range;
use std::sync::Arc;

/// What other parts of the file may know of a lookup before all are read.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) name: Arc<str>,
    pub(super) lives: Lives,
    /// The placeholders of a step that getting it takes.
    pub(super) needs: Vec<Variable>,
    span: Range<usize>,
}

/// Notes the names, so that calls may use them.
pub(super) fn names(context: &Context<'_>, node: &Node) {
    for entry in node.entries() {
        let lives = match entry.value.get("lives").and_then(Node::text) {
            Some("forever") => Lives::Forever,
            Some("once") => Lives::Once,
            _ => Lives::Session,
        };
        let names = Names { context, place: Place::Lookup, kind: None, member: None };
        if names.is_taken(&entry.key) {
            let message = format!("`<{}>` means something else already", entry.key);
            context.report.hint(&codes::NAME_CLASH, &entry.key_span, (message, "call the lookup otherwise"));
        }
        let known = Known { name: entry.key.as_str().into(), lives, needs: Vec::new(), span: entry.key_span.clone() };
        context.lookups.borrow_mut().push(known);
    }
}

/// A lookup that was read, before it is known what it needs.
struct Draft<'n> {
    entry: &'n Entry,
    call: Call,
    take: Take,
    expires: Option<Expires>,
    needs: Vec<LookupId>,
}

/// Reads `lookups:`; `cookies` names the one whose cookies `auth` sends. Empty where one is wrong, so that places in the list hold.
pub(super) fn lookups(context: &Context<'_>, node: &Node, cookies: Option<&str>) -> Vec<Lookup> {
    let drafts: Vec<Option<Draft<'_>>> = node.entries().iter().map(|entry| draft(context, entry, cookies)).collect();
    let Some(drafts) = drafts.into_iter().collect::<Option<Vec<_>>>() else { return Vec::new() };
    let Some(order) = order(context, &drafts) else { return Vec::new() };
    for at in order {
        know(context, &drafts, at);
    }
    let lives = |at: usize| context.lookups.borrow().get(at).map_or(Lives::default(), |known| known.lives);
    let read = drafts.into_iter().enumerate().map(|(at, draft)| Lookup {
        name: draft.entry.key.as_str().into(),
        call: context.declare(draft.call),
        take: draft.take,
        lives: lives(at),
        expires: draft.expires,
        needs: draft.needs,
        bare: false,
        credential: None,
        url: None,
        rotates: None,
    });
    read.collect()
}

fn draft<'n>(context: &Context<'_>, entry: &'n Entry, cookies: Option<&str>) -> Option<Draft<'n>> {
    let names = Names { context, place: Place::Lookup, kind: None, member: None };
    let node = &entry.value;
    let take = take(context, entry, cookies);
    let expires = node.get("expires").map(|node| expires(context, entry, node));
    let call = call(&names, node, &format!("lookups.{}", entry.key))?;
    let known = context.lookups.borrow();
    let place = |hole: &Variable| match hole {
        Variable::Lookup(name) => known.iter().position(|one| one.name == *name),
        _ => None,
    };
    let mut needs: Vec<LookupId> = call.holes().into_iter().filter_map(place).collect();
    needs.sort_unstable();
    needs.dedup();
    let expires = match expires {
        Some(read) => Some(read?),
        None => None,
    };
    Some(Draft { entry, call, take: take?, expires, needs })
}

fn take(context: &Context<'_>, entry: &Entry, cookies: Option<&str>) -> Option<Take> {
    let Some(node) = entry.value.get("take") else {
        if cookies == Some(&*entry.key) {
            return Some(Take::Cookies);
        }
        let message = format!("`take` is missing from the lookup `{}`", entry.key);
        let hint = "it says where in the answer the value stands";
        context.report.hint(&codes::MISSING_KEY, &entry.key_span, (message, hint));
        return None;
    };
    match node.get("header") {
        Some(name) => header(context, name).map(Take::Header),
        None => context.path_at(node, (Root::Whole, Use::Read)).map(Take::At),
    }
}

fn expires(context: &Context<'_>, entry: &Entry, node: &Node) -> Option<Expires> {
    let session = !matches!(entry.value.get("lives").and_then(Node::text), Some("forever" | "once"));
    if !session {
        let message = "`expires` goes with `lives: session`";
        context.report.say(&codes::KEY_WITHOUT_PARTNER, &node.span, message);
        return None;
    }
    let seconds = |node: &Node| match node.json().as_u64() {
        Some(seconds) => Some(Expires::After(seconds)),
        None => context.path_at(node, (Root::Whole, Use::Read)).map(Expires::In),
    };
    let moment = node.get("as").and_then(Node::text);
    let moment = Moment::ALL.iter().find(|(word, _)| Some(*word) == moment).map(|(_, moment)| *moment);
    match (node.is_map(), node.get("in"), node.get("at")) {
        (false, ..) => seconds(node),
        (true, Some(within), None) if moment.is_none() => seconds(within),
        (true, None, Some(at)) => {
            let path = context.path_at(at, (Root::Whole, Use::Read))?;
            Some(Expires::At(path, moment.unwrap_or_default()))
        }
        _ => {
            let hint = "`expires: { in: SECONDS }`, or `expires: { at: PATH, as: epoch_seconds }`";
            context.report.hint(&codes::MISSING_KEY, &node.span, ("it is not clear when this session ends", hint));
            None
        }
    }
}

/// The lookups, each after those it needs.
fn order(context: &Context<'_>, drafts: &[Draft<'_>]) -> Option<Vec<LookupId>> {
    let mut order: Vec<LookupId> = Vec::new();
    while order.len() < drafts.len() {
        let ready = |at: &usize| {
            !order.contains(at) && drafts[*at].needs.iter().all(|need| order.contains(need) || *need >= drafts.len())
        };
        match (0..drafts.len()).find(ready) {
            Some(at) => order.push(at),
            None => {
                let stuck = drafts.iter().enumerate().filter(|(at, _)| !order.contains(at));
                let all: Vec<String> = stuck.clone().map(|(_, draft)| format!("`{}`", draft.entry.key)).collect();
                let span = stuck.map(|(_, draft)| draft.entry.key_span.clone()).next().unwrap_or_default();
                let message = format!("these lookups need each other: {}", all.join(", "));
                context.report.say(&codes::LOOKUP_CIRCLE, &span, message);
                return None;
            }
        }
    }
    Some(order)
}

/// Notes what getting a lookup takes, its own needs known already.
fn know(context: &Context<'_>, drafts: &[Draft<'_>], at: LookupId) {
    let draft = &drafts[at];
    let nested = context.needs(draft.call.holes().into_iter());
    let own = draft.call.holes().into_iter().filter(|hole| !hole.is_late()).cloned();
    let mut needs: Vec<Variable> = nested;
    needs.extend(own);
    let mut known = context.lookups.borrow_mut();
    let lives = known[at].lives;
    if let (Some(need), true) = (needs.first(), lives != Lives::Once) {
        let message = format!("the call of `{}` names `<{need}>`, so it is another one for each step", draft.entry.key);
        let hint = "say `lives: once`";
        context.report.hint(&codes::LOOKUP_ONCE, &draft.entry.key_span, (message, hint));
    }
    known[at].needs = needs;
}

impl Known {
    /// A session that the file does not list: `auth` makes it.
    pub(super) fn session(name: &str, span: Range<usize>) -> Known {
        Known { name: name.into(), lives: Lives::Session, needs: Vec::new(), span }
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

/// What `auth` uses, and what that needs, is got without `auth`.
pub(super) fn mark_bare(lookups: &mut [Lookup], used: &[Arc<str>]) {
    let mut open: Vec<LookupId> =
        lookups.iter().enumerate().filter(|(_, one)| used.contains(&one.name)).map(|(at, _)| at).collect();
    while let Some(at) = open.pop() {
        if !lookups[at].bare {
            lookups[at].bare = true;
            open.extend(lookups[at].needs.iter().copied());
        }
    }
}

/// Lookups that nothing uses.
pub(super) fn unused(context: &Context<'_>) {
    let used = context.used.borrow();
    for one in context.lookups.borrow().iter().filter(|one| !used.contains(&one.name)) {
        let message = format!("nothing uses the lookup `{}`", one.name);
        context.report.say(&codes::NEVER_USED, &one.span, message);
    }
}

impl Context<'_> {
    /// Is it a lookup for one step?
    pub(super) fn lives_once(&self, hole: &Variable) -> bool {
        let lookups = self.lookups.borrow();
        lookups
            .iter()
            .any(|one| one.lives == Lives::Once && matches!(hole, Variable::Lookup(name) if *name == one.name))
    }
}
