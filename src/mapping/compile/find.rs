//! What a find row answers, and whether it ever can.

use super::context::Context;
use crate::mapping::Search;
use crate::mapping::codes;
use crate::mapping::reading::is_id;
use crate::mapping::rule::{Rule, Shape, Source};
use crate::mapping::source::Node;
use crate::mapping::transform::Transform;
use crate::scim::path::AttributePath;
use crate::scim::schema::ResourceType;
use crate::wire::Variable;

/// The attributes of `by: [userName eq, …]`.
pub(super) fn by(context: &Context<'_>, node: &Node, (kind, rules): (&ResourceType, &[Rule])) -> Vec<AttributePath> {
    node.items().iter().filter_map(|item| one(context, item, (kind, rules))).collect()
}

fn one(context: &Context<'_>, node: &Node, (kind, rules): (&ResourceType, &[Rule])) -> Option<AttributePath> {
    let text = node.text()?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let name = match words.as_slice() {
        [name, operator] if operator.eq_ignore_ascii_case("eq") => *name,
        _ => {
            let hint = format!("write `{} eq`", words.first().unwrap_or(&"userName"));
            context.report.hint(&codes::FIND_OPERATOR, &node.span, (format!("`{text}` is not `attribute eq`"), hint));
            return None;
        }
    };
    let span = node.part(0..name.len(), context.report.text());
    let named = context.attribute(kind, (name, &span))?;
    let path = element(kind, named);
    // An account that is read from a list may be found there by its key.
    if is_id(&path) {
        return Some(path);
    }
    let Some(rule) = rules.iter().find(|rule| rule.attribute.covers(&path)) else {
        let message = format!("`{path}` has no rule, so no account holds it");
        context.report.say(&codes::FIND_WITHOUT_RULE, &span, message);
        return None;
    };
    if let Some(reason) = impossible(rule, &path) {
        let message = format!("`{path}` can never be looked for: {reason}");
        context.report.say(&codes::FIND_NEVER_APPLIES, &span, message);
        return None;
    }
    Some(path)
}

/// A multi-valued attribute is compared by its `value`.
fn element(kind: &ResourceType, path: AttributePath) -> AttributePath {
    let value =
        kind.attribute(&path).filter(|attribute| attribute.multi_valued).and_then(|attribute| attribute.sub("value"));
    match value {
        Some(value) if path.sub.is_none() => path.with_sub(&value.name),
        _ => path,
    }
}

fn impossible(rule: &Rule, path: &AttributePath) -> Option<&'static str> {
    let one_way = matches!(&rule.transform, Transform::Script { to_target: None, .. });
    let has = |subs: &[&str]| path.sub.as_deref().is_none_or(|sub| subs.contains(&sub));
    match &rule.shape {
        _ if one_way => Some("its script has no function to the product"),
        Shape::Kept => Some("the gateway's store holds it and answers for it"),
        Shape::Write(_) => Some("it is never read"),
        Shape::Read(sources) if sources.iter().all(|source| matches!(source, Source::Template(_))) => {
            Some("it is made from several fields")
        }
        Shape::One { at, .. } if !has(&at.iter().map(|(sub, _)| &**sub).collect::<Vec<_>>()) => {
            Some("its rule does not map it")
        }
        Shape::Each { items, .. } if !has(&items.iter().map(|item| &*item.sub).collect::<Vec<_>>()) => {
            Some("its rule does not map it")
        }
        _ => None,
    }
}

/// A find that does not send the value finds nothing in particular.
pub(super) fn uses_value(context: &Context<'_>, node: &Node, search: &Search) {
    let calls = context.calls.borrow();
    let asks = calls.get(usize::from(search.call.0)).is_some_and(|call| call.holes().contains(&&Variable::Value));
    if !asks {
        let message = "this row never sends `<value>`, so it finds nothing in particular";
        context.report.hint(
            &codes::FIND_NEVER_APPLIES,
            &node.span,
            (message, "put `<value>` into its query, path or body"),
        );
    }
}
