//! A comparison's value, prepared once so that looking through many resources parses and folds nothing again.

use super::{Comparison, Operator};
use crate::scim::fold::{fold, folds_to};
use crate::scim::instant::instant;
use crate::scim::path::AttributePath;
use crate::scim::schema::{Kind, ResourceType};
use jiff::Timestamp;
use serde_json::{Number, Value};
use std::cmp::Ordering;
use std::ops::Range;

#[derive(Clone, Debug)]
pub(super) enum Needle {
    Exact(String),
    Folded(String),
    Flag(bool),
    Number(Number),
    Instant(Timestamp),
    /// Not comparable: equal to nothing.
    Nothing,
}

impl Comparison {
    /// A comparison of an attribute of the given kind with a value of that kind.
    pub fn new(path: AttributePath, operator: Operator, value: Value, (kind, case_exact): (Kind, bool)) -> Self {
        let needle = match (&value, kind) {
            (Value::String(text), Kind::DateTime) if !operator.looks_inside() => {
                instant(text).map_or(Needle::Nothing, Needle::Instant)
            }
            (Value::String(text), _) if case_exact => Needle::Exact(text.clone()),
            (Value::String(text), _) => Needle::Folded(fold(text).into_owned()),
            (Value::Bool(flag), _) => Needle::Flag(*flag),
            (Value::Number(number), _) => Needle::Number(number.clone()),
            _ => Needle::Nothing,
        };
        Self { path, operator, value, kind, case_exact, span: 0..0, needle, implied: None }
    }

    pub(super) fn at(self, span: Range<usize>) -> Self {
        Self { span, ..self }
    }

    /// For `schemas` and `meta.resourceType`, which a resource has by its type.
    pub(super) fn of_type(self, kind: &ResourceType) -> Self {
        let implied = match (&self.path.extension, &*self.path.name, self.path.sub.as_deref()) {
            (None, "schemas", None) => Some(&kind.core().id),
            (None, "meta", Some("resourceType")) => Some(&kind.name),
            _ => None,
        };
        Self { implied: implied.map(|text| Value::from(&**text)), ..self }
    }

    /// Whether one value compares so. `ne` is asked as `eq`: only who knows all values can negate it.
    pub(super) fn holds(&self, value: &Value) -> bool {
        match (&self.needle, value) {
            (Needle::Exact(needle), Value::String(text)) => compare_text(self.operator, text, needle),
            (Needle::Folded(needle), Value::String(text)) => self.holds_folded(text, needle),
            (Needle::Flag(needle), Value::Bool(flag)) => needle == flag,
            (Needle::Number(needle), Value::Number(number)) => {
                compare_numbers(number, needle).is_some_and(|order| ordered(self.operator, order))
            }
            (Needle::Instant(needle), Value::String(text)) => {
                instant(text).is_some_and(|moment| ordered(self.operator, moment.cmp(needle)))
            }
            _ => false,
        }
    }

    fn holds_folded(&self, text: &str, needle: &str) -> bool {
        match self.operator {
            Operator::Equal | Operator::NotEqual => folds_to(text, needle),
            operator => compare_text(operator, &fold(text), needle),
        }
    }
}

fn compare_text(operator: Operator, text: &str, needle: &str) -> bool {
    match operator {
        Operator::Contains => text.contains(needle),
        Operator::StartsWith => text.starts_with(needle),
        Operator::EndsWith => text.ends_with(needle),
        operator => ordered(operator, text.cmp(needle)),
    }
}

fn ordered(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Equal | Operator::NotEqual => order.is_eq(),
        Operator::Contains | Operator::StartsWith | Operator::EndsWith => false,
    }
}

fn compare_numbers(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}
