//! Push-down: which calls find the accounts that a filter may match. Whatever they yield is filtered again here.

use crate::mapping::{Find, Mapping, Rule, Shape, Transform, TypeMapping};
use crate::scim::filter::{Comparison, Filter, Operator};
use crate::scim::path::AttributePath;
use crate::wire::Scope;
use serde_json::Value;

/// How candidates are found. Every candidate is checked against the whole filter afterwards.
#[derive(Debug, Clone, PartialEq)]
pub enum Lookup<'a> {
    /// Read the one account with this id.
    Id(&'a str),
    /// Ask our store for a kept attribute's value.
    Kept(&'a AttributePath, &'a Value),
    /// Ask the target, by the `find` row in this place, for this value in the target's form.
    Find(usize, Value),
    /// Ask the target, by the `find` row in this place, for accounts that refer to the one of this type with this id.
    Refers(usize, &'a str, &'a str),
    /// Whatever any of these yields.
    Any(Vec<Lookup<'a>>),
    /// Walk the whole list, which must be complete or short enough.
    Scan,
}

/// Why a filter cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unanswerable {
    /// Nothing narrows it and the list is too long to walk.
    #[error("this target cannot answer this filter; it can be asked for `eq` on: {0}")]
    NoWay(String),
    /// There is no list call at all.
    #[error("this target offers no search")]
    NotOffered,
}

/// Chooses how to find what `filter` may match.
///
/// # Errors
/// The filter cannot be answered completely.
pub fn search<'a>(
    mapping: &Mapping,
    (kind, known): (&'a TypeMapping, &dyn Scope),
    filter: &'a Filter,
) -> Result<Lookup<'a>, Unanswerable> {
    if let Some(lookup) = narrow((kind, known), filter) {
        return Ok(lookup);
    }
    match &kind.list {
        Some(_) if kind.may_scan(mapping) => Ok(Lookup::Scan),
        Some(_) => Err(Unanswerable::NoWay(kind.askable().join(", "))),
        None => Err(Unanswerable::NotOffered),
    }
}

fn narrow<'a>(kind: (&'a TypeMapping, &dyn Scope), filter: &'a Filter) -> Option<Lookup<'a>> {
    match filter {
        Filter::And(all) => {
            let ways: Vec<Lookup<'a>> = all.iter().filter_map(|one| narrow(kind, one)).collect();
            ways.into_iter().min_by_key(Lookup::cost)
        }
        Filter::Or(all) => all.iter().map(|one| narrow(kind, one)).collect::<Option<Vec<_>>>().map(Lookup::Any),
        Filter::Element { filter, .. } => narrow(kind, filter),
        Filter::Compare(comparison) if comparison.operator == Operator::Equal => equal(kind, comparison),
        _ => None,
    }
}

fn equal<'a>((kind, known): (&'a TypeMapping, &dyn Scope), comparison: &'a Comparison) -> Option<Lookup<'a>> {
    if comparison.path.extension.is_none() && &*comparison.path.name == "id" {
        return comparison.value.as_str().map(Lookup::Id);
    }
    let rule = kind.rule(&comparison.path)?;
    if matches!(rule.shape, Shape::Kept) {
        return Some(Lookup::Kept(&comparison.path, &comparison.value));
    }
    let place = kind.find.iter().position(|find| answers(find, &comparison.path))?;
    let (transform, refers_to) = compared(rule, &comparison.path)?;
    let find = match (refers_to, comparison.value.as_str()) {
        (Some(referred), Some(id)) => Lookup::Refers(place, referred, id),
        _ => Lookup::Find(place, transform.to_target(&comparison.value, known).ok()?),
    };
    // Part of a kept attribute may be in our store alone.
    Some(if rule.is_kept() { Lookup::Any(vec![Lookup::Kept(&comparison.path, &comparison.value), find]) } else { find })
}

/// How the compared value changes on its way into the field, and whose key it is there.
fn compared<'a>(rule: &'a Rule, path: &AttributePath) -> Option<(&'a Transform, Option<&'a str>)> {
    let Shape::Each { items, .. } = &rule.shape else { return Some((&rule.transform, rule.refers_to.as_deref())) };
    let sub = path.sub.as_deref().unwrap_or("value");
    let item = items.iter().find(|item| &*item.sub == sub)?;
    Some((&item.transform, item.refers_to.as_deref()))
}

/// `emails` and `emails.value` are one thing to ask for.
fn answers(find: &Find, path: &AttributePath) -> bool {
    let plain = |path: &AttributePath| match path.sub.as_deref() {
        Some("value") => path.parent(),
        _ => path.clone(),
    };
    find.by.iter().any(|by| plain(by) == plain(path))
}

impl Lookup<'_> {
    fn cost(&self) -> u8 {
        match self {
            Lookup::Id(_) => 0,
            Lookup::Kept(..) => 1,
            Lookup::Find(..) | Lookup::Refers(..) => 2,
            Lookup::Any(_) => 3,
            Lookup::Scan => 4,
        }
    }
}

impl TypeMapping {
    /// May a filter be answered by walking the list: is it one answer, or bounded by `scan`?
    pub fn may_scan(&self, mapping: &Mapping) -> bool {
        let bounded = |call| {
            mapping.call(call).listing.as_ref().is_some_and(|listing| listing.is_complete() || listing.scan.is_some())
        };
        self.list.as_ref().is_some_and(|list| list.calls().all(bounded))
    }

    fn askable(&self) -> Vec<String> {
        let found = self.find.iter().flat_map(|find| find.by.iter().map(ToString::to_string));
        let kept = self.rules.kept().filter(|(_, rule)| matches!(rule.shape, Shape::Kept));
        let kept = kept.map(|(_, rule)| rule.attribute.to_string());
        std::iter::once("id".to_owned()).chain(found).chain(kept).collect()
    }
}
