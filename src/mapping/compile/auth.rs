//! `auth:` — how the product is told who calls, filled from settings and lookups alone.

use super::call::{headers, parameters};
use super::names::Names;
use super::{oauth2, sign};
use crate::mapping::codes;
use crate::mapping::source::Node;
use crate::scim::schema::nearest;
use crate::wire::credential::{Certificate, Way};
use crate::wire::{Credential, Lives, Template, Variable};

/// Ways of which only one can say who calls.
const EXCLUSIVE: [&str; 4] = ["basic", "bearer", "oauth2", "pass_through"];

/// What stands in the name of a parameter or header that holds a secret.
const SECRET_WORDS: [&str; 9] = ["auth", "cookie", "credential", "key", "pass", "pwd", "secret", "sign", "token"];

pub(super) fn auth(names: &Names<'_>, node: &Node) -> Option<Credential> {
    let report = names.context.report;
    if node.entries().is_empty() {
        let hint =
            "it has one of header, query, basic, bearer, cookies, oauth2, sign, client_certificate, pass_through";
        report.hint(&codes::AUTH_UNCLEAR, &node.span, ("`auth` says no way", hint));
    }
    agree(names, node);
    let ways: Vec<Option<Way>> =
        node.entries().iter().filter_map(|entry| way(names, &entry.key, &entry.value)).collect();
    let certificate = node.get("client_certificate").map(|node| certificate(names, node));
    let ways = ways.into_iter().collect::<Option<Vec<_>>>()?;
    let certificate = match certificate {
        Some(read) => Some(read?),
        None => None,
    };
    Some(Credential { ways, certificate })
}

/// Two ways that both fill `Authorization` cannot both be meant; and what belongs to one caller is kept for no other.
fn agree(names: &Names<'_>, node: &Node) {
    let report = names.context.report;
    let exclusive = EXCLUSIVE.iter().filter_map(|way| node.entry(way));
    let fills = |way: &&crate::mapping::source::Entry| {
        let headers = if way.key == "sign" { way.value.get("header") } else { Some(&way.value) };
        headers.into_iter().flat_map(Node::entries).any(|entry| entry.key.eq_ignore_ascii_case("authorization"))
    };
    let by_header = ["header", "sign"].iter().filter_map(|way| node.entry(way)).filter(fills);
    let mut all: Vec<_> = exclusive.chain(by_header).collect();
    all.sort_by_key(|entry| entry.key_span.start);
    if let [first, second, ..] = all.as_slice() {
        let message = format!("`{}` and `{}` both say who calls", first.key, second.key);
        report.hint(&codes::AUTH_CONFLICT, &second.key_span, (message, "leave one of them out"));
    }
    if node.get("pass_through").is_some() {
        for known in names.context.lookups.borrow().iter().filter(|known| known.lives == Lives::Session) {
            let message = format!("the session `{}` would be one caller's, and used for others", known.name);
            let hint = "with `pass_through` a lookup lives `once`, or `forever` where it is the same for all";
            report.hint(&codes::AUTH_CONFLICT, &known.span(), (message, hint));
        }
    }
}

/// `None`: not a way; `Some(None)`: one that is wrong.
fn way(names: &Names<'_>, key: &str, node: &Node) -> Option<Option<Way>> {
    match key {
        "header" => Some(header(names, node)),
        "query" => Some(query(names, node)),
        "basic" => Some(basic(names, node)),
        "bearer" => Some(names.template(node).and_then(|token| secret(names, node, token)).map(Way::Bearer)),
        "cookies" => Some(cookies(names, node)),
        "oauth2" => Some(Some(oauth2::way())),
        "sign" => Some(sign::sign(names, node)),
        "pass_through" => Some(Some(Way::PassThrough)),
        _ => None,
    }
}

/// Settings alone: the certificate is read when the gateway starts.
fn certificate(names: &Names<'_>, node: &Node) -> Option<Certificate> {
    let setting = |key: &str| {
        let node = node.get(key)?;
        let template = secret(names, node, names.template(node)?)?;
        if !matches!(template.alone(), Some(Variable::Setting(_))) {
            let hint = "write `<settings.name>` alone";
            let message = "a certificate and its key are settings that hold PEM";
            names.context.report.hint(&codes::AUTH_INCOMPLETE, &node.span, (message, hint));
            return None;
        }
        Some(template)
    };
    let (certificate, key) = (setting("certificate"), setting("key"));
    Some(Certificate { certificate: certificate?, key: key? })
}

fn header(names: &Names<'_>, node: &Node) -> Option<Way> {
    let headers = headers(names, node);
    let value =
        |key: &str| headers.iter().find(|(name, _)| name.as_str().eq_ignore_ascii_case(key)).map(|(_, value)| value);
    secrets(names, node, &value);
    Some(Way::Header(headers))
}

fn query(names: &Names<'_>, node: &Node) -> Option<Way> {
    let parameters = parameters(names, node);
    secrets(names, node, &|key| parameters.iter().find(|(name, _)| **name == *key).map(|(_, value)| value));
    Some(Way::Query(parameters))
}

/// Beside what tells who calls may stand what is no secret: a user's name, a version. A constant whose name sounds like a secret,
/// or that stands alone, is taken for one.
fn secrets<'t>(names: &Names<'_>, node: &Node, value: &dyn Fn(&str) -> Option<&'t Template>) {
    let filled = node.entries().iter().any(|entry| value(&entry.key).is_some_and(is_filled));
    let sounds = |name: &str| SECRET_WORDS.iter().any(|word| name.to_ascii_lowercase().contains(word));
    for entry in node.entries().iter().filter(|entry| !filled || sounds(&entry.key)) {
        value(&entry.key).and_then(|template| secret(names, &entry.value, template.clone()));
    }
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

fn is_filled(template: &Template) -> bool {
    template.holes().any(|hole| matches!(hole, Variable::Setting(_) | Variable::Lookup(_)))
}

/// A credential without a setting or a lookup in it would be a secret in the file.
pub(super) fn secret(names: &Names<'_>, node: &Node, template: Template) -> Option<Template> {
    if is_filled(&template) {
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
