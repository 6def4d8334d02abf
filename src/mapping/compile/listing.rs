//! Calls that yield lists: items, totals, pages.

use super::call::{Request, call, read};
use super::change::{Aim, Way};
use super::context::{Context, Root, Use, count};
use super::conversions::conversions;
use super::names::Names;
use super::reads::handle;
use super::shared;
use crate::mapping::Search;
use crate::mapping::codes;
use crate::mapping::rule::{Rule, Shape};
use crate::mapping::source::Node;
use crate::mapping::transform::Transform;
use crate::scim::path::AttributePath;
use crate::scim::schema::ResourceType;
use crate::wire::{Call, CallId, Listing, Missing, Next, Paging, Path, Total, Variable};
use http::HeaderName;
use std::sync::Arc;

/// The most accounts asked for on one page where the mapping names no limit.
const PAGE: usize = 100;
const LISTING_KEYS: [&str; 5] = ["items", "total", "page", "next", "scan"];

/// Does a node say anything of a list?
pub(super) fn is_listing(node: &Node) -> bool {
    LISTING_KEYS.iter().any(|key| node.get(key).is_some())
}

/// The list of a type: one call, or several that together yield everybody.
pub(super) fn list(names: &Names<'_>, node: &Node, about: (&ResourceType, &[Rule])) -> Option<Search> {
    let all: Vec<Option<Search>> = node
        .items()
        .iter()
        .enumerate()
        .map(|(place, one)| {
            let number = if place == 0 { String::new() } else { format!("[{place}]") };
            single(names, one, about, &format!("{}.list{number}", about.0.name))
        })
        .collect();
    let mut all = all.into_iter().collect::<Option<Vec<_>>>()?.into_iter();
    let mut whole = all.next()?;
    for other in all {
        whole.also.push(other.call);
        whole.lacks.extend(other.lacks);
        whole.handle = whole.handle.or(other.handle);
        whole.rules = whole.rules.or(other.rules);
    }
    Some(whole)
}

fn single(names: &Names<'_>, node: &Node, about: (&ResourceType, &[Rule]), name: &str) -> Option<Search> {
    let lacks = lacks(names.context, node, about);
    let rules = converted(names.context, node, about);
    let handle = handle(names, node);
    let (call, recipe) = read(names, node, name).unzip();
    let listing = call.as_ref().and_then(|call| listing(names, node, call));
    let call = names.context.declare(Call { listing: Some(listing?), ..call? });
    names.context.recipes.borrow_mut().extend(recipe.flatten().map(|recipe| (call, recipe)));
    let lacks = lacks.unwrap_or_default();
    Some(Search { call, also: Vec::new(), lacks, undecided: Vec::new(), handle, rules })
}

/// The calls of a find row: the list's with the row laid over them, or one of its own that inherits what items are alone.
pub(super) fn search(
    names: &Names<'_>,
    node: &Node,
    about: (&ResourceType, &[Rule]),
    (name, list): (&str, Option<&Search>),
) -> Option<Search> {
    let context = names.context;
    let own = has_call(node);
    let bases: Vec<Call> = match (own, list) {
        (true, _) => vec![self::call(names, node, name)?],
        (false, Some(list)) => list.calls().map(|call| over(names, (call, node), name)).collect::<Option<_>>()?,
        (false, None) => {
            let message = "this row lies over the list call, and there is none";
            context.report.hint(&codes::MISSING_KEY, &node.span, (message, "give the row a `call:`"));
            return None;
        }
    };
    let mut declared = Vec::new();
    for mut call in bases {
        if own || is_listing(node) {
            call.listing = Some(listing(names, node, &call)?);
        }
        declared.push(context.declare(call));
    }
    let mut declared = declared.into_iter();
    Some(Search {
        call: declared.next()?,
        also: declared.collect(),
        lacks: lacks(context, node, about).or_else(|| list.map(|list| list.lacks.clone())).unwrap_or_default(),
        undecided: Vec::new(),
        // What stands in an item is said beside where the items stand.
        handle: handle(names, node).or_else(|| list.filter(|_| !own).and_then(|list| list.handle.clone())),
        rules: converted(context, node, about).or_else(|| list.and_then(|list| list.rules.clone())),
    })
}

/// Has the node a call of its own?
fn has_call(node: &Node) -> bool {
    node.get("call").is_some() || node.get("via").is_some()
}

/// The rules, each with its place, that have the conversions of `as:` in place of their own.
fn converted(
    context: &Context<'_>,
    node: &Node,
    (kind, rules): (&ResourceType, &[Rule]),
) -> Option<Vec<(usize, Rule)>> {
    let mut changed = Vec::new();
    for entry in node.get("as")?.entries() {
        let Some(path) = context.attribute(kind, (&entry.key, &entry.key_span)) else { continue };
        let fits = |rule: &Rule| {
            rule.attribute == path && matches!(rule.shape, Shape::Field(_) | Shape::Read(_)) && !rule.is_scripted()
        };
        let Some(place) = rules.iter().position(fits) else {
            let message = format!("`{path}` has no rule whose conversion could be another one in the list");
            context.report.say(&codes::LIST_CONVERSION, &entry.key_span, message);
            continue;
        };
        let Some(attribute) = kind.attribute(&path) else { continue };
        let aim = Aim { attribute, whole_list: false, way: Way::ToScim, remembers: false };
        let transform = Transform::As(conversions(context, &entry.value, aim));
        changed.push((place, Rule { transform, ..rules[place].clone() }));
    }
    Some(changed)
}

/// The list call with the row laid over it: arguments first, then what stands beside them.
fn over(names: &Names<'_>, (list, node): (CallId, &Node), name: &str) -> Option<Call> {
    let request = Request::of(names, node);
    let listed = names.context.calls.borrow().get(usize::from(list.0))?.clone();
    let mut call = match shared::varied(names, (list, node), name)? {
        Some(made) => Call { listing: listed.listing, ..made },
        None => Call { name: name.into(), line: names.context.report.line(node.span.start), ..listed },
    };
    request.lay_over(&mut call);
    Some(call)
}

fn lacks(context: &Context<'_>, node: &Node, (kind, rules): (&ResourceType, &[Rule])) -> Option<Vec<AttributePath>> {
    let names = node.get("lacks")?.items().iter().filter_map(|item| Some((item, item.text()?)));
    let mut lacks = Vec::new();
    for (item, name) in names {
        let Some(path) = context.attribute(kind, (name, &item.span)) else { continue };
        if rules.iter().any(|rule| rule.attribute.covers(&path) || path.covers(&rule.attribute)) {
            lacks.push(path);
        } else {
            context.report.say(
                &codes::LACKS_WITHOUT_RULE,
                &item.span,
                format!("`{path}` has no rule, so nothing can lack it"),
            );
        }
    }
    Some(lacks)
}

pub(super) fn listing(names: &Names<'_>, node: &Node, call: &Call) -> Option<Listing> {
    let context = names.context;
    let keyed = node.get("items").and_then(|items| items.get("key")).and_then(Node::text).map(Arc::from);
    let items = match node.get("items") {
        Some(items) => context.path_at(items.get("at").unwrap_or(items), (Root::Whole, Use::Read)),
        None => Path::parse("$").ok(),
    };
    let total = node.get("total").map(|node| total(names, node, &call.name));
    let next = node.get("next").map(|node| next(context, node));
    let paging = paging(context, node, call);
    let scan = count(node, "scan");
    let (total, next) = (flat(total)?, flat(next)?);
    let listing = Listing { items: items?, keyed, total, paging: paging?, next, scan, missing: Missing::Nobody };
    ends(context, node, &listing);
    Some(listing)
}

/// `Some(None)` where nothing was written, `None` where it was wrong.
fn flat<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        Some(None) => None,
        other => Some(other.flatten()),
    }
}

fn total(names: &Names<'_>, node: &Node, name: &str) -> Option<Total> {
    let context = names.context;
    match (node.get("header"), has_call(node)) {
        (Some(name), _) => header(context, name).map(Total::Header),
        (None, true) => {
            let counting = node.get("call").filter(|call| call.is_map()).unwrap_or(node);
            let call = call(names, counting, &format!("{name}.total"))?;
            let at = match node.get("at") {
                Some(at) => context.path_at(at, (Root::Whole, Use::Read))?,
                None => Path::parse("$").ok()?,
            };
            Some(Total::Call { call: context.declare(call), at })
        }
        (None, false) => context.path_at(node, (Root::Whole, Use::Read)).map(Total::At),
    }
}

fn next(context: &Context<'_>, node: &Node) -> Option<Next> {
    match (node.get("header"), node.get("url")) {
        (Some(name), _) => header(context, name).map(Next::Link),
        (None, Some(url)) => context.path_at(url, (Root::Whole, Use::Read)).map(Next::Url),
        (None, None) => context.path_at(node, (Root::Whole, Use::Read)).map(Next::Cursor),
    }
}

/// The name of a header.
pub(super) fn header(context: &Context<'_>, node: &Node) -> Option<HeaderName> {
    let text = node.text()?;
    let name = HeaderName::from_bytes(text.as_bytes()).ok();
    if name.is_none() {
        context.report.say(&codes::BAD_HEADER, &node.span, format!("`{text}` is not the name of a header"));
    }
    name
}

/// How pages are asked for: by named parameters, or by placeholders in the query or the body.
fn paging(context: &Context<'_>, node: &Node, call: &Call) -> Option<Option<Paging>> {
    let holes = call.holes();
    let page = node.get("page");
    let named = |key: &str| page.and_then(|page| page.get(key)).and_then(Node::text).map(Arc::<str>::from);
    let uses = |key: &str, hole: &Variable| named(key).is_some() || holes.contains(&hole);
    let kinds = [uses("offset", &Variable::Offset), uses("page", &Variable::Page), uses("cursor", &Variable::Cursor)];
    let max = page.and_then(|page| count(page, "max")).unwrap_or(PAGE).max(1);
    let first = page.and_then(|page| count(page, "first")).unwrap_or(1);
    match kinds {
        [true, false, false] => Some(Some(Paging::Offset { offset: named("offset"), limit: named("limit"), max })),
        [false, true, false] => Some(Some(Paging::Page { page: named("page"), size: named("size"), first, max })),
        [false, false, true] => {
            Some(Some(Paging::Cursor { cursor: named("cursor"), start: named("start"), limit: named("limit"), max }))
        }
        // Pages that each name the URL of the next need no parameter.
        [false, false, false] if node.get("next").is_some() => {
            Some(Some(Paging::Cursor { cursor: None, start: None, limit: named("limit"), max }))
        }
        [false, false, false] if page.is_none() && !holes.contains(&&Variable::Limit) => Some(None),
        _ => {
            let span = node.entry("page").map_or(&node.span, |entry| &entry.key_span);
            let hint = "pages are { offset, limit }, { page, size } or { cursor, limit }";
            context.report.hint(&codes::PAGING_UNCLEAR, span, ("it is not clear how pages are asked for", hint));
            None
        }
    }
}

fn ends(context: &Context<'_>, node: &Node, listing: &Listing) {
    let span = node.entry("page").map_or(&node.span, |entry| &entry.key_span);
    let max = node.get("page").is_some_and(|page| page.get("max").is_some());
    let missing = match &listing.paging {
        None => return,
        Some(Paging::Cursor { .. }) if listing.next.is_none() => "`next:` says where the next cursor stands",
        Some(Paging::Offset { .. } | Paging::Page { .. })
            if listing.total.is_none() && listing.next.is_none() && !max =>
        {
            "say `total:`, or the `max` of a page so that a short page is the last"
        }
        Some(_) => return,
    };
    context.report.hint(&codes::PAGING_WITHOUT_END, span, ("nobody knows which page is the last", missing));
}
