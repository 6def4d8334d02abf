//! `auth:` — how the product is told who calls, filled from settings and lookups alone.

use super::call::{headers, parameters};
use super::names::Names;
use crate::mapping::codes;
use crate::mapping::source::Node;
use crate::scim::schema::nearest;
use crate::wire::credential::Way;
use crate::wire::{Credential, Template, Variable};

/// Ways of which only one can say who calls.
const EXCLUSIVE: [&str; 2] = ["basic", "bearer"];

pub(super) fn auth(names: &Names<'_>, node: &Node) -> Option<Credential> {
    let report = names.context.report;
    let given: Vec<&str> = EXCLUSIVE.into_iter().filter(|way| node.get(way).is_some()).collect();
    if let [_, second, ..] = given.as_slice()
        && let Some(entry) = node.entry(second)
    {
        let message = format!("`{}` and `{second}` both say who calls", given[0]);
        report.hint(&codes::AUTH_CONFLICT, &entry.key_span, (message, "leave one of them out"));
    }
    if node.entries().is_empty() {
        let hint = "it has one of header, query, basic, bearer, cookies";
        report.hint(&codes::AUTH_UNCLEAR, &node.span, ("`auth` says no way", hint));
    }
    let ways: Vec<Option<Way>> =
        node.entries().iter().filter_map(|entry| way(names, &entry.key, &entry.value)).collect();
    let ways = ways.into_iter().collect::<Option<Vec<_>>>()?;
    Some(Credential { ways })
}

/// `None`: not a way; `Some(None)`: one that is wrong.
fn way(names: &Names<'_>, key: &str, node: &Node) -> Option<Option<Way>> {
    match key {
        "header" => Some(header(names, node)),
        "query" => Some(query(names, node)),
        "basic" => Some(basic(names, node)),
        "bearer" => Some(names.template(node).and_then(|token| secret(names, node, token)).map(Way::Bearer)),
        "cookies" => Some(cookies(names, node)),
        _ => None,
    }
}

fn header(names: &Names<'_>, node: &Node) -> Option<Way> {
    let headers = headers(names, node);
    for entry in node.entries() {
        let written = headers.iter().find(|(name, _)| name.as_str().eq_ignore_ascii_case(&entry.key));
        written.and_then(|(_, value)| secret(names, &entry.value, value.clone()));
    }
    Some(Way::Header(headers))
}

fn query(names: &Names<'_>, node: &Node) -> Option<Way> {
    let parameters = parameters(names, node);
    for entry in node.entries() {
        let written = parameters.iter().find(|(name, _)| **name == *entry.key);
        written.and_then(|(_, value)| secret(names, &entry.value, value.clone()));
    }
    Some(Way::Query(parameters))
}

fn basic(names: &Names<'_>, node: &Node) -> Option<Way> {
    let username = node.get("username").and_then(|node| names.template(node));
    let password = node.get("password").and_then(|node| secret(names, node, names.template(node)?));
    Some(Way::Basic { username: username?, password: password? })
}

fn cookies(names: &Names<'_>, node: &Node) -> Option<Way> {
    let (context, wanted) = (names.context, node.text()?);
    let lookups = context.lookups.borrow();
    let Some(known) = lookups.iter().find(|one| *one.name == *wanted) else {
        let near = nearest(wanted, lookups.iter().map(|one| &*one.name)).map(str::to_owned);
        let message = format!("the lookup `{wanted}` is not declared");
        context.report.near(&codes::UNKNOWN_VARIABLE, &node.span, (message, near));
        return None;
    };
    context.note(&Variable::Lookup(known.name.clone()));
    Some(Way::Cookies(known.name.clone()))
}

/// A credential without a setting or a lookup in it would be a secret in the file.
fn secret(names: &Names<'_>, node: &Node, template: Template) -> Option<Template> {
    if template.holes().any(|hole| matches!(hole, Variable::Setting(_) | Variable::Lookup(_))) {
        return Some(template);
    }
    let hint = "declare a setting in `settings:` and write `<settings.name>`";
    names.context.report.hint(
        &codes::SECRET_INLINE,
        &node.span,
        ("this would be a secret in a file that people share", hint),
    );
    None
}
