//! Can every body be written in its encoding?

use super::context::Context;
use crate::mapping::codes;
use crate::wire::{Body, Call, Encoding, Template, Variable};
use std::ops::Range;

/// Says so for every call whose body has no form in its encoding.
pub(super) fn bodies(context: &Context<'_>) {
    for call in context.calls.borrow().iter() {
        if let Some(hint) = call.body.as_ref().and_then(|body| unwritable(call.encode, body)) {
            let message = format!("the body of {} cannot be written as {}", call.name, word(call.encode));
            context.report.hint(&codes::BODY_UNWRITABLE, &line(context, call), (message, hint));
        }
    }
}

fn unwritable(encoding: Encoding, body: &Body) -> Option<&'static str> {
    match (encoding, body) {
        (Encoding::Form | Encoding::FormBrackets, Body::List(_) | Body::Constant(_)) => Some(FIELDS),
        (Encoding::Form | Encoding::FormBrackets, Body::Template(text)) if is_text(text) => Some(FIELDS),
        (Encoding::Xml, Body::Object(fields)) => match fields.as_slice() {
            [(name, value)] if !name.starts_with(['@', '#']) && !matches!(value, Body::List(_)) => None,
            _ => Some(ROOT),
        },
        (Encoding::Xml, Body::Template(text)) if text.alone().is_some_and(|hole| *hole != Variable::Account) => None,
        (Encoding::Xml, _) => Some(ROOT),
        (Encoding::Text, Body::Object(_) | Body::List(_)) => Some("`body:` is a text, perhaps with placeholders"),
        _ => None,
    }
}

const FIELDS: &str = "a form is a map of fields";
const ROOT: &str = "`body:` is a map with one field, the root element; or say `envelope:`, which wraps the account";

/// Text alone; a placeholder that stands alone may be a map.
fn is_text(template: &Template) -> bool {
    template.alone().is_none()
}

fn word(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Json => "JSON",
        Encoding::Form | Encoding::FormBrackets => "a form",
        Encoding::Xml => "XML",
        Encoding::Text => "text",
        Encoding::Nothing => "nothing",
    }
}

/// The line in which the call begins.
fn line(context: &Context<'_>, call: &Call) -> Range<usize> {
    let text = context.report.text();
    let before = usize::try_from(call.line).unwrap_or(1).saturating_sub(1);
    let start = text.split_inclusive('\n').take(before).map(str::len).sum();
    let line = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
    let indent = line.len() - line.trim_start().len();
    start + indent..start + line.trim_end().len()
}
