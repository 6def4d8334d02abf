//! `has:` — an attribute that is told by an element of an array.

use super::change::{Aim, Way, transform};
use super::context::{Context, Root, Use};
use super::names::{Names, Place};
use super::rules::{Draft, Subject, writable};
use crate::mapping::codes;
use crate::mapping::member::Member;
use crate::mapping::rule::Shape;
use crate::mapping::source::Node;
use crate::mapping::to_target::{array_of, constants};
use crate::mapping::transform::Transform;
use crate::scim::path::AttributePath;
use crate::scim::schema::Kind;
use crate::wire::{Body, Path};
use serde_json::Value;
use std::sync::Arc;

pub(super) fn has(
    subject: Subject<'_>,
    node: &Node,
    (place, wanted): (&Node, &Node),
) -> Option<(AttributePath, Shape, Transform)> {
    let context = subject.names.context;
    let aim = Aim { attribute: subject.attribute, whole_list: false, way: Way::Both, remembers: false };
    let transform = transform(context, node, aim);
    tells(subject, node, &transform);
    writable(subject, &place.span)?;
    let at = context.path_at(place, (Root::Whole, Use::Write))?;
    let of_filter = constants(&at).into_iter().map(|(name, value)| Some((own(&name), Body::Constant(value))));
    let names = Names { context, place: Place::Condition, kind: None, member: None };
    let body = |node: &Node| if node.is_map() { None } else { names.body(node) };
    let given: Vec<Option<(Path, Body)>> = match wanted.entries() {
        [] => vec![body(wanted).map(|body| (Path::of_names([]), body))],
        entries => entries.iter().map(|entry| Some((own(&entry.key), body(&entry.value)?))).collect(),
    };
    let fields = of_filter.chain(given).collect::<Option<Vec<_>>>()?;
    let member = Arc::new(Member { fields });
    Some((subject.path.clone(), Shape::Has { at: array_of(&at), member }, transform))
}

fn own(name: &str) -> Path {
    if name.is_empty() { Path::of_names([]) } else { Path::of_names([name]) }
}

/// An element is there or not: the attribute must tell two things apart.
fn tells(subject: Subject<'_>, node: &Node, transform: &Transform) {
    let report = subject.names.context.report;
    match transform {
        Transform::Table(table) => {
            let truths = table.rows.iter().flat_map(|(_, spellings)| spellings);
            if let (false, Some(values)) = (truths.clone().all(Value::is_boolean), node.get("values")) {
                let message = "with `has` the right side of `values` is `true` (the element is there) or `false`";
                report.say(&codes::HAS_UNCLEAR, &values.span, message);
            }
        }
        _ if subject.attribute.kind != Kind::Boolean || subject.attribute.multi_valued => {
            let message = format!("an element is there or not, and `{}` is no boolean", subject.path);
            let hint = "say in `values` which value stands for `true`, and which for `false`";
            let span = node.entry("has").map_or(&node.span, |entry| &entry.key_span);
            report.hint(&codes::HAS_UNCLEAR, span, (message, hint));
        }
        _ => {}
    }
}

/// Elements that `has` rules own are none of the `each` rules that write the same array.
pub(super) fn set_apart(context: &Context<'_>, drafts: &mut [Draft]) {
    let owned: Vec<(String, Arc<Member>, std::ops::Range<usize>)> = drafts
        .iter()
        .filter_map(|draft| match &draft.rule.shape {
            Shape::Has { at, member } => Some((at.text().to_owned(), member.clone(), draft.key.clone())),
            _ => None,
        })
        .collect();
    for (position, (at, member, span)) in owned.iter().enumerate() {
        if owned[..position].iter().any(|(other, same, _)| other == at && same.fields == member.fields) {
            context.report.say(&codes::DOUBLE_MEMBER, span, "another rule owns this element already");
        }
    }
    for draft in drafts.iter_mut().filter(|draft| !draft.rule.reads_only()) {
        if let Shape::Each { at, apart, .. } = &mut draft.rule.shape {
            let array = array_of(at);
            apart
                .owned
                .extend(owned.iter().filter(|(at, ..)| *at == array.text()).map(|(_, member, _)| member.clone()));
        }
    }
}
