//! One member of the Mooncamp stand-in: what a document may change, checked field by field.

use serde_json::{Map, Value};

use super::Problem;

/// The fields that hold one text each, and their columns.
pub const TEXTS: [(&str, &str); 5] = [
    ("firstName", "first_name"),
    ("lastName", "last_name"),
    ("displayName", "display_name"),
    ("email", "email"),
    ("avatar", "avatar"),
];

/// What a document says of a member: each part that it names, `None` where it clears.
#[derive(Debug, Default)]
pub struct Change {
    pub login: Option<String>,
    pub state: Option<&'static str>,
    /// Column and new text.
    pub texts: Vec<(&'static str, Option<String>)>,
    /// Property and new text.
    pub properties: Vec<(String, Option<String>)>,
}

impl Change {
    /// What the fields say, or everything that is wrong with them.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, Problem> {
        let mut change = Self::default();
        let problems: Vec<String> = fields.iter().filter_map(|(name, value)| change.field(name, value).err()).collect();
        if problems.is_empty() { Ok(change) } else { Err(Problem::Invalid(problems)) }
    }

    fn field(&mut self, name: &str, value: &Value) -> Result<(), String> {
        match name {
            "login" => self.login = Some(text(name, value)?.ok_or("login cannot be empty")?),
            "state" => self.state = Some(state(value)?),
            "properties" => {
                let all = value.as_object().ok_or("properties must be an object")?;
                for (key, value) in all {
                    self.properties.push((key.clone(), text(key, value)?));
                }
            }
            "id" | "createdAt" | "updatedAt" | "teams" => return Err(format!("{name} cannot be changed")),
            _ => {
                let column = TEXTS.iter().find(|(field, _)| *field == name).map(|(_, column)| *column);
                let column = column.ok_or_else(|| format!("{name} is not a field of a member"))?;
                let text = text(name, value)?;
                if name == "email" && text.as_deref().is_some_and(|text| !text.contains('@')) {
                    return Err("email is not an e-mail address".to_owned());
                }
                self.texts.push((column, text));
            }
        }
        Ok(())
    }
}

pub fn text(name: &str, value: &Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Err(format!("{name} cannot be empty")),
        Value::String(text) if text.chars().count() > 1000 => Err(format!("{name} is longer than 1000 characters")),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(format!("{name} must be a text")),
    }
}

fn state(value: &Value) -> Result<&'static str, String> {
    match value.as_str() {
        None if value.is_null() => Ok("active"),
        Some("active") => Ok("active"),
        Some("deactivated") => Ok("deactivated"),
        _ => Err("state must be \"active\" or \"deactivated\"".to_owned()),
    }
}
