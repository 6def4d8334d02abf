//! One person of the Moqups stand-in: fields, JSON form, and what the product accepts.

use serde_json::{Map, Value, json};

/// A row of `people`. Empty `id` and times: not stored yet.
#[derive(Clone, Debug, Default)]
pub struct Person {
    pub id: String,
    pub login: String,
    pub full_name: Option<String>,
    pub email: Option<String>,
    pub display_name: Option<String>,
    pub enabled: String,
    pub avatar_colour: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

impl Person {
    /// A new person from the fields of a POST, or everything that is wrong with them.
    pub fn new(fields: &Map<String, Value>) -> Result<Self, Vec<String>> {
        let mut person = Self { enabled: "yes".to_owned(), ..Self::default() };
        let mut problems = person.merge(fields).err().unwrap_or_default();
        if !fields.contains_key("login") {
            problems.push("login is missing".to_owned());
        }
        if problems.is_empty() { Ok(person) } else { Err(problems) }
    }

    /// Lays the fields of a PATCH over this person, or says everything that is wrong with them.
    pub fn merge(&mut self, fields: &Map<String, Value>) -> Result<(), Vec<String>> {
        let problems: Vec<String> = fields.iter().filter_map(|(name, value)| self.change(name, value).err()).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn change(&mut self, name: &str, value: &Value) -> Result<(), String> {
        match name {
            "login" => self.login = text(name, value)?.ok_or("login cannot be empty")?,
            "fullName" => self.full_name = text(name, value)?,
            "email" => self.email = address(text(name, value)?)?,
            "displayName" => self.display_name = text(name, value)?,
            "enabled" => self.enabled = yes_or_no(value)?,
            "avatarColour" => self.avatar_colour = text(name, value)?,
            "id" | "createdAt" | "updatedAt" => return Err(format!("{name} cannot be changed")),
            _ => return Err(format!("{name} is not a field of a person")),
        }
        Ok(())
    }

    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "login": self.login,
            "fullName": self.full_name,
            "email": self.email,
            "displayName": self.display_name,
            "enabled": self.enabled,
            "avatarColour": self.avatar_colour,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
        })
    }
}

fn text(name: &str, value: &Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Err(format!("{name} cannot be empty")),
        Value::String(text) if text.chars().count() > 255 => Err(format!("{name} is longer than 255 characters")),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(format!("{name} must be a text")),
    }
}

fn address(text: Option<String>) -> Result<Option<String>, String> {
    match text {
        Some(text) if !text.contains('@') => Err("email is not an e-mail address".to_owned()),
        text => Ok(text),
    }
}

fn yes_or_no(value: &Value) -> Result<String, String> {
    match value.as_str() {
        Some(word @ ("yes" | "no")) => Ok(word.to_owned()),
        _ => Err("enabled must be \"yes\" or \"no\"".to_owned()),
    }
}
