//! How an account is read: one call, several named ones, or the list; and which of them each attribute needs.

use super::call::{call, result};
use super::context::{Root, Use};
use super::kind::{Calls, Section};
use super::listing::{is_listing, listing};
use super::names::{Names, Place};
use crate::mapping::codes;
use crate::mapping::reading::looks_into;
use crate::mapping::rule::Rule;
use crate::mapping::source::{Entry, Node};
use crate::mapping::{KeyRule, Main, NamedRead, Reading, Search, VersionAt};
use crate::scim::schema::ResourceType;
use crate::wire::{Call, Condition, Missing, Path, Variable};

/// The name of the main read in a map of several.
const ACCOUNT: &str = "account";

/// What decides which reads are needed.
pub(super) struct Facts<'a> {
    pub(super) rules: &'a [Rule],
    pub(super) absent_when: &'a [Condition],
    pub(super) key: &'a KeyRule,
    pub(super) version: Option<&'a VersionAt>,
    /// A function is shown the account.
    pub(super) planned: bool,
}

/// `read:`, one call or a map of several.
pub(super) fn reading(
    names: &Names<'_>,
    node: &Node,
    (kind, envelope): (&ResourceType, Option<&str>),
) -> Option<Reading> {
    let name = format!("{}.read", kind.name);
    let Some(account) = node.get(ACCOUNT) else {
        return Some(Reading { account: main(names, node, (&name, envelope))?, named: Vec::new() });
    };
    let account = main(names, account, (&name, envelope));
    let others = node.entries().iter().filter(|entry| entry.key != ACCOUNT);
    let named = others.filter_map(|entry| named(names, entry, &name)).collect();
    Some(Reading { account: account?, named })
}

fn main(names: &Names<'_>, node: &Node, (name, envelope): (&str, Option<&str>)) -> Option<Main> {
    if node.text() == Some("list") {
        return Some(Main::Listed);
    }
    let mut call = call(&names.at(Place::Read), node, name)?;
    call.result = result(names, node, envelope);
    Some(Main::Call(names.context.declare(call)))
}

fn named(names: &Names<'_>, entry: &Entry, read: &str) -> Option<NamedRead> {
    let node = &entry.value;
    let mut call: Call = call(&names.at(Place::Part), node, &format!("{read}.{}", entry.key))?;
    call.result = result(names, node, None);
    if is_listing(node) {
        let mut listing = listing(names, node, &call)?;
        // What is not there though the account is was asked for in the wrong place.
        listing.missing = Missing::Fault;
        call.listing = Some(listing);
    }
    let call = names.context.declare(call);
    Some(NamedRead { name: entry.key.as_str().into(), call, feeds: Vec::new(), judges: false, fills: false })
}

/// Works out which reads what needs, once rules, conditions and calls are known.
pub(super) fn settle(section: &Section<'_>, calls: &mut Calls, facts: &Facts<'_>) {
    if let Some(reading) = &mut calls.read {
        for named in &mut reading.named {
            needs(section, named, facts);
            complain(section, named, facts);
        }
    }
    let names: Vec<&str> = calls.read.iter().flat_map(|reading| &reading.named).map(|named| &*named.name).collect();
    let searches = calls.list.iter_mut().chain(calls.find.iter_mut().map(|find| &mut find.search));
    for search in searches {
        let places = (0..facts.absent_when.len()).filter(|place| {
            let at = facts.absent_when[*place].at.as_ref();
            // An item that is read by its handle shows nothing of the account.
            search.handle.is_some()
                || names.iter().any(|name| looks_into(at, name))
                || at.is_some_and(|at| is_lacking(search, at, facts))
        });
        search.undecided = places.collect();
    }
    bounded(section, calls);
    handles(section, calls);
}

/// A handle is taken by the read call.
fn handles(section: &Section<'_>, calls: &Calls) {
    let searches = calls.list.iter().chain(calls.find.iter().map(|find| &find.search));
    let handled = searches.into_iter().any(|search| search.handle.is_some());
    let place = ["list", "find"].iter().find_map(|key| section.entry.value.entry(key));
    if let (true, None, Some(entry)) = (handled, &calls.read, place) {
        let message = "the handle of an item fills `<key>` of the read call, and there is no `read`";
        section.context.report.say(&codes::HANDLE_WITHOUT_READ, &entry.key_span, message);
    }
}

/// Does the place belong to an attribute that the items of a list lack?
fn is_lacking(search: &Search, at: &Path, facts: &Facts<'_>) -> bool {
    let lacks =
        |rule: &&Rule| search.lacks.iter().any(|path| path.covers(&rule.attribute) || rule.attribute.covers(path));
    let root = at.root_field();
    facts.rules.iter().filter(lacks).flat_map(Rule::reads).any(|path| path.root_field() == root)
}

fn needs(section: &Section<'_>, named: &mut NamedRead, facts: &Facts<'_>) {
    let into = |path: Option<&Path>| looks_into(path, &named.name);
    let feeds = facts.rules.iter().filter(|rule| rule.reads().into_iter().any(|path| into(Some(path))));
    let mut feeds: Vec<_> = feeds.map(|rule| rule.attribute.clone()).collect();
    feeds.sort();
    let version = facts.version.is_some_and(|version| matches!(version, VersionAt::At(path) if into(Some(path))));
    let judges = version || facts.absent_when.iter().any(|condition| into(condition.at.as_ref()));
    let own = format!("{}.", section.kind.name);
    let reads = format!("{own}read");
    let declared = section.context.calls.borrow();
    let writes = declared.iter().filter(|call| call.name.starts_with(&own) && !call.name.starts_with(&reads));
    let fills = writes.flat_map(Call::holes).any(|hole| matches!(hole, Variable::Field(path) if into(Some(path))));
    // What a function that plans calls looks into, nobody can see.
    (named.feeds, named.judges, named.fills) = (feeds, judges, fills || facts.planned);
}

fn complain(section: &Section<'_>, named: &NamedRead, facts: &Facts<'_>) {
    let place = section.entry.value.get("read").and_then(|read| read.entry(&named.name));
    let Some(entry) = place else { return };
    let report = section.context.report;
    if looks_into(Some(&facts.key.at), &named.name) {
        let (message, hint) = match facts.key.at.root_field() {
            Some(field) => (
                format!("this read would hide the account's own `{field}`, where its key stands"),
                "give the read another name",
            ),
            None => (
                format!(
                    "`{}` is no field, and the answer of this read would hide the key that stands there",
                    facts.key.at
                ),
                "an account with named reads has its key in a field: read it by a call that shows the key in one; \
                 a list of bare texts then says `key: { handle: . }`",
            ),
        };
        report.hint(&codes::READ_HIDES_FIELD, &entry.key_span, (message, hint));
    } else if named.feeds.is_empty() && !named.judges && !named.fills {
        let message = format!("no rule, condition or call looks into `$.{}`", named.name);
        report.say(&codes::READ_FOR_NOTHING, &entry.key_span, message);
    }
}

/// An account that is read from a list must be found within bounds.
fn bounded(section: &Section<'_>, calls: &Calls) {
    let listed = calls.read.as_ref().is_some_and(|reading| reading.account == Main::Listed);
    let Some(entry) = section.entry.value.entry("read").filter(|_| listed) else { return };
    let declared = section.context.calls.borrow();
    let Some(list) = &calls.list else {
        // A list that could not be read was reported.
        if section.entry.value.get("list").is_none() {
            let message = "the account would be read from the list, and there is no `list`";
            section.context.report.say(&codes::READ_LIST_UNBOUNDED, &entry.key_span, message);
        }
        return;
    };
    let endless =
        |call: &Call| call.listing.as_ref().is_some_and(|listing| !listing.is_complete() && listing.scan.is_none());
    if list.calls().any(|call| declared.get(usize::from(call.0)).is_some_and(endless)) {
        let hint = "say `scan:` on the list: how many accounts may be walked";
        let message = "to read one account the pages of the list would be walked without bound";
        section.context.report.hint(&codes::READ_LIST_UNBOUNDED, &entry.key_span, (message, hint));
    }
    if !list.lacks.is_empty() || list.handle.is_some() || list.rules.is_some() {
        let hint = "leave `lacks`, `as` and `key` out of the list, or read the account by a call";
        let message = "the account is read from the list, so its items are the account";
        section.context.report.hint(&codes::READ_LIST_UNBOUNDED, &entry.key_span, (message, hint));
    }
}

/// Where in an item what the read call takes as its `<key>` stands.
pub(super) fn handle(names: &Names<'_>, node: &Node) -> Option<Path> {
    let place = node.get("key")?.get("handle")?;
    names.context.path_at(place, (Root::Item, Use::Read))
}
