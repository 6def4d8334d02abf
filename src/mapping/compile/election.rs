//! `primary: { equals: … }` and `primary: { first: true }` of an `each:` rule.

use super::context::{Root, Use, flag};
use super::rules::{Draft, Subject};
use crate::mapping::codes;
use crate::mapping::election::Election;
use crate::mapping::rule::{Cleared, Item, Rule, Shape, Unknown, Written};
use crate::mapping::source::Node;
use crate::mapping::transform::Transform;

/// Is `primary` told by something else than a field of the element?
pub(super) fn is_election(node: &Node) -> bool {
    node.is_map() && node.get("at").is_none() && node.get("read").is_none()
}

/// The rule that says which element is primary, where none of their own fields does.
pub(super) fn election(subject: Subject<'_>, node: &Node, each: &Draft) -> Option<Draft> {
    let told = node.get("primary").filter(|told| is_election(told))?;
    let Shape::Each { at, items, .. } = &each.rule.shape else { return None };
    let report = subject.names.context.report;
    let unclear = |message: &str, hint: &str| {
        report.hint(&codes::PRIMARY_UNCLEAR, &told.span, (message.to_owned(), hint));
        None::<Draft>
    };
    let ignored = told.get("written").is_some();
    let by_calls = each.rule.has_calls();
    let by = match (told.get("equals"), flag(told, "first")) {
        (Some(_), true) | (None, false) => {
            return unclear("`primary` is told in one way", "one of at, read, equals, first");
        }
        (None, true) => Election::First(at.clone()),
        (Some(place), false) => {
            let purpose = if ignored { Use::Read } else { Use::Write };
            Election::Equals(subject.names.context.path_at(place, (Root::Whole, purpose))?)
        }
    };
    let value: &Item = items.iter().find(|item| &*item.sub == "value")?;
    if matches!(by, Election::First(_)) && by_calls && !ignored {
        return unclear("elements with calls of their own have no order that could be sent", "add `written: ignore`");
    }
    if value.refers_to.is_some() && matches!(by, Election::Equals(_)) {
        return unclear("`equals` compares values, and these refer to other accounts", "use a field of the element");
    }
    // Who may not write the elements may not choose among them.
    let sent = !ignored && !each.rule.reads_only();
    let rule = Rule {
        attribute: subject.path.with_sub(&"primary".into()),
        shape: Shape::Elected { by, value: Box::new(value.clone()), sent },
        transform: Transform::Same,
        refers_to: None,
        default: None,
        cleared: Cleared::Absent,
        remember: false,
        written: if sent { Written::Sent } else { Written::Ignored },
        keep: false,
        unknown: Unknown::Refused,
        through: None,
        line: report.line(told.span.start),
    };
    Some(Draft {
        rule,
        marks: super::attribute::Marks::default(),
        says_ignore: ignored,
        key: told.span.clone(),
        span: told.span.clone(),
    })
}
