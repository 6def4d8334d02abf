//! `as:` — built-in conversions and their parameters.

use super::change::{Aim, Way};
use super::context::Context;
use super::names::{Names, Place};
use crate::mapping::codes;
use crate::mapping::source::{Entry, Node};
use crate::mapping::transform::{Conversion, Moment, MomentError, NameOrder};
use crate::scim::schema::Kind;
use crate::wire::Template;
use std::sync::Arc;

/// The conversions of a rule or sub-attribute, in order to the product.
pub(super) fn conversions(context: &Context<'_>, node: &Node, aim: Aim<'_>) -> Vec<Conversion> {
    let read = node.items().iter().filter_map(|item| {
        let one = conversion(context, item, aim)?;
        fits(context, (item, &one), aim);
        Some(undoable(context, (item, one), aim))
    });
    read.collect()
}

fn conversion(context: &Context<'_>, node: &Node, aim: Aim<'_>) -> Option<Conversion> {
    if !node.is_map() {
        return context.word(node, (&codes::UNKNOWN_CONVERSION, &Conversion::WORDS));
    }
    let named: Vec<&Entry> = node.entries().iter().filter(|entry| entry.key != "zone").collect();
    let [entry] = named.as_slice() else {
        let message = if named.is_empty() { "this conversion has no name" } else { "these are several conversions" };
        let hint = "a map holds one conversion; several are a list: `as: [{ prefix: a }, { suffix: b }]`";
        context.report.hint(&codes::CONVERSION_UNCLEAR, &node.span, (message, hint));
        return None;
    };
    if let (Some(zone), true) = (node.entry("zone"), entry.key != "date") {
        context.report.say(&codes::CONVERSION_UNCLEAR, &zone.key_span, "`zone` stands beside `date` alone");
    }
    parametrised(context, (node, entry), aim)
}

fn parametrised(context: &Context<'_>, (node, entry): (&Node, &Entry), aim: Aim<'_>) -> Option<Conversion> {
    let value = &entry.value;
    let text = || value.text().filter(|text| !text.is_empty()).map(Arc::from);
    match entry.key.as_str() {
        "prefix" => template(context, value).map(Conversion::Prefix),
        "suffix" => template(context, value).map(Conversion::Suffix),
        "after" => template(context, value).map(Conversion::After),
        "slug" => text().map(Conversion::Slug),
        "join" => Some(Conversion::Join { separator: text()?, complex: aim.attribute.kind == Kind::Complex }),
        "split" => text().map(Conversion::Split),
        "split_name" => Some(Conversion::SplitName(match value.text()? {
            "last" => NameOrder::FamilyIsLast,
            _ => NameOrder::GivenIsFirst,
        })),
        "replace" => {
            let (from, to) = (value.get("from")?.text()?, value.get("to")?.text()?);
            (!from.is_empty()).then(|| Conversion::Replace { from: from.into(), to: to.into() })
        }
        "date" => date(context, node, value),
        // An unknown key was reported by the shapes.
        _ => None,
    }
}

fn template(context: &Context<'_>, node: &Node) -> Option<Template> {
    Names { context, place: Place::Condition, kind: None, member: None }.template(node)
}

fn date(context: &Context<'_>, node: &Node, pattern: &Node) -> Option<Conversion> {
    let zone = node.get("zone");
    let text = pattern.text()?;
    match Moment::new(text, zone.and_then(Node::text).unwrap_or("UTC")) {
        Ok(moment) => Some(Conversion::Moment(Arc::new(moment))),
        Err(MomentError::Zone) => {
            let span = zone.map_or(&node.span, |zone| &zone.span);
            let hint = "UTC, an offset such as +02:00, a place such as Europe/Vienna, or POSIX rules such as CET-1CEST,M3.5.0,M10.5.0/3";
            context.report.hint(&codes::BAD_DATE, span, ("this zone is not known", hint));
            None
        }
        Err(MomentError::Pattern) => {
            let message = format!("a day written as `{text}` could not be read back");
            let hint = "a pattern of strftime with year, month and day, such as `%Y-%m-%d %H:%M:%S`";
            context.report.hint(&codes::BAD_DATE, &pattern.span, (message, hint));
            None
        }
    }
}

/// Says so where a conversion is not one for this attribute.
fn fits(context: &Context<'_>, (node, one): (&Node, &Conversion), aim: Aim<'_>) {
    let attribute = aim.attribute;
    let named = attribute.sub("givenName").is_some() && attribute.sub("familyName").is_some();
    let misfit = match one {
        Conversion::Join { .. } if !aim.whole_list => "`join` is for multi-valued attributes that are one field",
        Conversion::Split(_) if aim.whole_list => {
            "`split` makes a list of one text, and this attribute is a list already"
        }
        Conversion::SplitName(_) if !named => {
            "`split_name` is for `name`, or for another attribute with these two parts"
        }
        Conversion::Json | Conversion::Join { .. } | Conversion::SplitName(_) => return,
        _ if attribute.kind == Kind::Complex && !aim.whole_list => {
            "this conversion is for single values, and the attribute is complex"
        }
        _ => return,
    };
    context.report.say(&codes::CONVERSION_MISFIT, &node.span, misfit);
}

/// In a two-way rule a conversion that cannot be undone is for values whose sent form is remembered.
fn undoable(context: &Context<'_>, (node, one): (&Node, Conversion), aim: Aim<'_>) -> Conversion {
    if aim.way != Way::Both || one.has_inverse() {
        return one;
    }
    if !aim.remembers {
        let name = node.text().or(node.entries().first().map(|entry| entry.key.as_str())).unwrap_or_default();
        let message = format!("`{name}` cannot be undone");
        let hint = "say `remember: true`, use `read:` or `write:`, or a `script:` pair";
        context.report.hint(&codes::NO_INVERSE, &node.span, (message, hint));
    }
    Conversion::ToTarget(Box::new(one))
}
