//! Calls that yield lists: items, totals, pages.

use super::call::{Request, call, read};
use super::context::{Context, Root, Use, count};
use super::names::Names;
use super::shared;
use crate::mapping::Search;
use crate::mapping::codes;
use crate::mapping::rule::Rule;
use crate::mapping::source::Node;
use crate::scim::path::AttributePath;
use crate::scim::schema::ResourceType;
use crate::wire::{Call, CallId, Listing, Next, Paging, Path, Total, Variable};
use http::HeaderName;
use std::sync::Arc;

/// The most accounts asked for on one page where the mapping names no limit.
const PAGE: usize = 100;
const LISTING_KEYS: [&str; 5] = ["items", "total", "page", "next", "scan"];

/// The list call of a type.
pub(super) fn list(names: &Names<'_>, node: &Node, (kind, rules): (&ResourceType, &[Rule])) -> Option<Search> {
    let lacks = lacks(names.context, node, (kind, rules));
    let (call, recipe) = read(names, node, &format!("{}.list", kind.name)).unzip();
    let listing = call.as_ref().and_then(|call| listing(names.context, node, call));
    let call = names.context.declare(Call { listing: Some(listing?), ..call? });
    names.context.recipes.borrow_mut().extend(recipe.flatten().map(|recipe| (call, recipe)));
    Some(Search { call, lacks: lacks.unwrap_or_default() })
}

/// The call of a find row: the list call with the row laid over it, or one of its own that inherits `lacks` alone.
pub(super) fn search(
    names: &Names<'_>,
    node: &Node,
    (kind, rules): (&ResourceType, &[Rule]),
    (name, list): (&str, Option<&Search>),
) -> Option<Search> {
    let context = names.context;
    let own = lacks(context, node, (kind, rules));
    let has_call = node.get("call").is_some() || node.get("via").is_some();
    let mut call = match (has_call, list) {
        (true, _) => self::call(names, node, name)?,
        (false, Some(list)) => over(names, (list.call, node), name)?,
        (false, None) => {
            let message = "this row lies over the list call, and there is none";
            context.report.hint(&codes::MISSING_KEY, &node.span, (message, "give the row a `call:`"));
            return None;
        }
    };
    if has_call || LISTING_KEYS.iter().any(|key| node.get(key).is_some()) {
        call.listing = Some(listing(context, node, &call)?);
    }
    let inherited = || list.map(|list| list.lacks.clone()).unwrap_or_default();
    Some(Search { call: context.declare(call), lacks: own.unwrap_or_else(inherited) })
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

fn listing(context: &Context<'_>, node: &Node, call: &Call) -> Option<Listing> {
    let items = match node.get("items") {
        Some(items) => context.path_at(items, (Root::Whole, Use::Read)),
        None => Path::parse("$").ok(),
    };
    let total = node.get("total").map(|node| total(context, node));
    let next = node.get("next").map(|node| next(context, node));
    let paging = paging(context, node, call);
    let scan = count(node, "scan");
    let listing = Listing { items: items?, total: flat(total)?, paging: paging?, next: flat(next)?, scan };
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

fn total(context: &Context<'_>, node: &Node) -> Option<Total> {
    match node.get("header") {
        Some(name) => header(context, name).map(Total::Header),
        None => context.path_at(node, (Root::Whole, Use::Read)).map(Total::At),
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
        [false, false, true] => Some(Some(Paging::Cursor { cursor: named("cursor"), limit: named("limit"), max })),
        // Pages that each name the URL of the next need no parameter.
        [false, false, false] if node.get("next").is_some() => {
            Some(Some(Paging::Cursor { cursor: None, limit: named("limit"), max }))
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
