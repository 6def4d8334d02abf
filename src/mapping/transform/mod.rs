//! How a value changes between SCIM and the target, and back.

mod coerce;
mod conversion;
mod table;

pub use conversion::Conversion;
pub use table::Table;
pub(super) use {coerce::to_kind, table::same};

use crate::scim::schema::Kind;
use crate::script::{Script, ScriptError};
use serde_json::Value;
use std::sync::Arc;

/// A change of one value; lists are changed element by element by whoever holds them.
#[derive(Clone, Debug, Default)]
pub enum Transform {
    /// The value as it is; to SCIM it takes the attribute's type.
    #[default]
    Same,
    /// A table of values and their spellings.
    Table(Arc<Table>),
    /// Built-in conversions, in order to the target, in reverse order to SCIM.
    As(Vec<Conversion>),
    /// Functions of the mapping's script.
    Script {
        /// The compiled script.
        script: Arc<Script>,
        /// The function that makes the field's value.
        to_target: Option<Arc<str>>,
        /// The function that makes the attribute's value.
        to_scim: Option<Arc<str>>,
    },
}

/// Why a value cannot be changed. No error holds the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransformError {
    /// The table does not list it.
    #[error("the value is not in the rule's table")]
    Unlisted,
    /// It is of another kind.
    #[error("the value is not {expected}")]
    Kind {
        /// What was wanted.
        expected: &'static str,
    },
    /// The rule does not go this way.
    #[error("the rule does not go this way")]
    OneWay,
    /// The script refuses or fails.
    #[error(transparent)]
    Script(#[from] ScriptError),
}

impl Transform {
    /// The field's value for an attribute's value.
    ///
    /// # Errors
    /// The value has no form in the target.
    pub fn to_target(&self, value: &Value) -> Result<Value, TransformError> {
        match self {
            Transform::Same => Ok(value.clone()),
            Transform::Table(table) => table.to_target(value),
            Transform::As(conversions) => {
                conversions.iter().try_fold(value.clone(), |value, one| one.to_target(&value))
            }
            Transform::Script { script, to_target, .. } => {
                let function = to_target.as_ref().ok_or(TransformError::OneWay)?;
                Ok(script.call(function, std::slice::from_ref(value))?)
            }
        }
    }

    /// The attribute's value for a field's value, in the attribute's SCIM type: numbers become text for strings, "5" becomes 5 for integers,
    /// moments become RFC 3339 with a zone. `None`: the attribute is absent. Pass null for a field that is not there: a table may list it.
    ///
    /// # Errors
    /// The value has no form in SCIM.
    pub fn to_scim(&self, value: &Value, kind: Kind) -> Result<Option<Value>, TransformError> {
        match self {
            Transform::Same => coerce::to_kind(value, kind),
            Transform::Table(table) => table.to_scim(value),
            Transform::As(_) if value.is_null() => Ok(None),
            Transform::As(conversions) => {
                let value = conversions.iter().rev().try_fold(value.clone(), |value, one| one.to_scim(&value))?;
                coerce::to_kind(&value, kind)
            }
            Transform::Script { script, to_scim, .. } => {
                let function = to_scim.as_ref().ok_or(TransformError::OneWay)?;
                coerce::to_kind(&script.call(function, std::slice::from_ref(value))?, kind)
            }
        }
    }
}

#[cfg(test)]
mod tests;
