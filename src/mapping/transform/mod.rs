//! How a value changes between SCIM and the target, and back.

mod coerce;
mod conversion;
mod list;
mod moment;
mod table;
mod text;

pub use conversion::{Conversion, NameOrder};
pub use moment::{Moment, MomentError};
pub use table::Table;
pub(super) use {coerce::to_kind, table::same, text::slug};

use crate::scim::schema::Kind;
use crate::script::{Script, ScriptError};
use crate::wire::{Scope, Variable};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;

/// A change of one value; a list is changed element by element, unless a script or a conversion takes it whole.
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
        to_target: Option<Function>,
        /// The function that makes the attribute's value.
        to_scim: Option<Function>,
    },
}

/// A function of a script that changes a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name.
    pub name: Arc<str>,
    /// The settings that it is given as a map, where it takes a second argument.
    pub settings: Option<Vec<Arc<str>>>,
}

impl Function {
    fn call(&self, script: &Script, value: &Value, known: &dyn Scope) -> Result<Value, ScriptError> {
        let Some(names) = &self.settings else { return script.call(&self.name, std::slice::from_ref(value)) };
        let setting = |name: &Arc<str>| known.value(&Variable::Setting(name.clone())).map(Cow::into_owned);
        let settings = names.iter().map(|name| (name.to_string(), setting(name).unwrap_or_default())).collect();
        script.call(&self.name, &[value.clone(), Value::Object(settings)])
    }
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
    /// A setting or lookup in the rule has no value.
    #[error("a setting or lookup that the rule names has no value")]
    Unset,
    /// The script refuses or fails.
    #[error(transparent)]
    Script(#[from] ScriptError),
}

impl Transform {
    /// The field's value for an attribute's value.
    ///
    /// `known` gives what the instance knows: its settings.
    ///
    /// # Errors
    /// The value has no form in the target.
    pub fn to_target(&self, value: &Value, known: &dyn Scope) -> Result<Value, TransformError> {
        match self {
            Transform::Same => Ok(value.clone()),
            Transform::Table(table) => match value {
                Value::Array(list) => list.iter().map(|one| table.to_target(one)).collect(),
                one => table.to_target(one),
            },
            Transform::As(conversions) => {
                conversions.iter().try_fold(value.clone(), |value, one| one.to_target(&value, known))
            }
            Transform::Script { script, to_target, .. } => {
                let function = to_target.as_ref().ok_or(TransformError::OneWay)?;
                Ok(function.call(script, value, known)?)
            }
        }
    }

    /// The attribute's value for a field's value, in the attribute's SCIM type: numbers become text for strings, "5" becomes 5 for integers,
    /// moments become RFC 3339 with a zone. `None`: the attribute is absent. Pass null for a field that is not there: a table may list it.
    ///
    /// # Errors
    /// The value has no form in SCIM.
    pub fn to_scim(&self, value: &Value, kind: Kind, known: &dyn Scope) -> Result<Option<Value>, TransformError> {
        match self {
            Transform::Same => coerce::to_kind(value, kind),
            Transform::Table(table) => table.to_scim(value),
            Transform::As(_) if value.is_null() => Ok(None),
            Transform::As(conversions) => coerce::to_kind(&read(conversions, value, known)?, kind),
            Transform::Script { script, to_scim, .. } => {
                let function = to_scim.as_ref().ok_or(TransformError::OneWay)?;
                coerce::to_kind(&function.call(script, value, known)?, kind)
            }
        }
    }

    /// The same for a multi-valued attribute: the field holds a list, or a conversion or a script makes one of it.
    ///
    /// # Errors
    /// There is no list, or one of its values has no form in SCIM.
    pub fn to_scim_list(&self, value: &Value, kind: Kind, known: &dyn Scope) -> Result<Option<Value>, TransformError> {
        let made = match self {
            _ if value.is_null() => return Ok(None),
            Transform::Same => Cow::Borrowed(value),
            Transform::Table(table) => {
                let read = list_in(value)?.iter().map(|one| table.to_scim(one)).collect::<Result<Vec<_>, _>>()?;
                Cow::Owned(read.into_iter().flatten().collect())
            }
            Transform::As(conversions) => Cow::Owned(read(conversions, value, known)?),
            Transform::Script { script, to_scim, .. } => {
                let function = to_scim.as_ref().ok_or(TransformError::OneWay)?;
                Cow::Owned(function.call(script, value, known)?)
            }
        };
        if made.is_null() {
            return Ok(None);
        }
        let typed = list_in(&made)?.iter().map(|one| coerce::to_kind(one, kind)).collect::<Result<Vec<_>, _>>()?;
        Ok(Some(typed.into_iter().flatten().collect()))
    }
}

/// What conversions make of a field, in reverse order.
fn read(conversions: &[Conversion], value: &Value, known: &dyn Scope) -> Result<Value, TransformError> {
    conversions.iter().rev().try_fold(value.clone(), |value, one| match value {
        Value::Null => Ok(Value::Null),
        value => one.to_scim(&value, known),
    })
}

fn list_in(value: &Value) -> Result<&[Value], TransformError> {
    value.as_array().map(Vec::as_slice).ok_or(TransformError::Kind { expected: "a list" })
}

#[cfg(test)]
mod tests;
