//! `auth:` — how the product is told who calls, filled from settings alone.

use super::call::headers;
use super::names::Names;
use crate::mapping::codes;
use crate::mapping::source::Node;
use crate::wire::{Credential, Template, Variable};

const WAYS: [&str; 3] = ["header", "basic", "bearer"];

pub(super) fn auth(names: &Names<'_>, node: &Node) -> Option<Credential> {
    let report = names.context.report;
    let given: Vec<&str> = WAYS.into_iter().filter(|way| node.get(way).is_some()).collect();
    let credential = match given.as_slice() {
        ["header"] => {
            let map = node.get("header")?;
            let headers = headers(names, map);
            for entry in map.entries() {
                let written = headers.iter().find(|(name, _)| name.as_str().eq_ignore_ascii_case(&entry.key));
                written.and_then(|(_, value)| secret(names, &entry.value, value.clone()));
            }
            Some(Credential::Header(headers))
        }
        ["basic"] => {
            let basic = node.get("basic")?;
            let username = basic.get("username").and_then(|node| names.template(node));
            let password = basic.get("password").and_then(|node| secret(names, node, names.template(node)?));
            Some(Credential::Basic { username: username?, password: password? })
        }
        ["bearer"] => {
            let token = node.get("bearer")?;
            Some(Credential::Bearer(secret(names, token, names.template(token)?)?))
        }
        _ => {
            let message = if given.is_empty() { "`auth` says no way" } else { "`auth` says several ways" };
            report.hint(&codes::AUTH_UNCLEAR, &node.span, (message, "exactly one of header, basic, bearer"));
            None
        }
    };
    credential.filter(|_| given.len() == 1)
}

/// A credential without a setting in it would be a secret in the file.
fn secret(names: &Names<'_>, node: &Node, template: Template) -> Option<Template> {
    if template.holes().any(|hole| matches!(hole, Variable::Setting(_))) {
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
