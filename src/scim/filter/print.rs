//! Filter to text: the canonical form, which parses back to the same tree.

use super::{Comparison, Filter};
use crate::scim::path::AttributePath;
use serde_json::Value;
use std::fmt;

impl fmt::Display for Filter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(out, self, Place::Resource)
    }
}

#[derive(Clone, Copy)]
enum Place {
    Resource,
    Element,
}

fn write(out: &mut fmt::Formatter<'_>, filter: &Filter, place: Place) -> fmt::Result {
    match filter {
        Filter::Or(filters) => chain(out, filters, " or ", place),
        Filter::And(filters) => chain(out, filters, " and ", place),
        Filter::Not(inner) => {
            out.write_str("not (")?;
            write(out, inner, place)?;
            out.write_str(")")
        }
        Filter::Present(path) => {
            write_path(out, path, place)?;
            out.write_str(" pr")
        }
        Filter::Compare(comparison) => compare(out, comparison, place),
        Filter::Element { path, filter } => {
            write!(out, "{path}[")?;
            write(out, filter, Place::Element)?;
            out.write_str("]")
        }
    }
}

fn chain(out: &mut fmt::Formatter<'_>, filters: &[Filter], word: &str, place: Place) -> fmt::Result {
    for (position, filter) in filters.iter().enumerate() {
        if position > 0 {
            out.write_str(word)?;
        }
        // An `Or` in an `And` needs them; other chains cannot hold a chain without changing their shape.
        if matches!(filter, Filter::Or(_) | Filter::And(_)) && !(word == " or " && matches!(filter, Filter::And(_))) {
            out.write_str("(")?;
            write(out, filter, place)?;
            out.write_str(")")?;
        } else {
            write(out, filter, place)?;
        }
    }
    Ok(())
}

fn write_path(out: &mut fmt::Formatter<'_>, path: &AttributePath, place: Place) -> fmt::Result {
    match (place, &path.sub) {
        (Place::Element, Some(sub)) => out.write_str(sub),
        _ => write!(out, "{path}"),
    }
}

fn compare(out: &mut fmt::Formatter<'_>, comparison: &Comparison, place: Place) -> fmt::Result {
    write_path(out, &comparison.path, place)?;
    write!(out, " {} ", comparison.operator.as_str())?;
    match &comparison.value {
        // A string is quoted as JSON has it; numbers and booleans print as they are.
        Value::String(_) => write!(out, "{}", comparison.value),
        other => write!(out, "{other}"),
    }
}
