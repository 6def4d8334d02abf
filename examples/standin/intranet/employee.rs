//! One employee of the intranet stand-in: what a document may hold, checked field by field.

use serde_json::{Map, Value};

use super::Problem;

/// The columns that hold one text each; a field of the same name in the document.
pub const TEXTS: [&str; 20] = [
    "full_name",
    "last_name",
    "first_name",
    "middle_name",
    "name_prefix",
    "name_suffix",
    "shown_as",
    "nick",
    "homepage",
    "job_title",
    "kind",
    "language",
    "locale",
    "time_zone",
    "staff_number",
    "cost_center",
    "company",
    "division",
    "department",
    "badge",
];
/// The lists of `{value, label, sort, main}`.
pub const LISTS: [&str; 7] = ["mails", "phones", "chats", "pictures", "rights", "duties", "certificates"];
/// The texts of an address.
pub const ADDRESS: [&str; 7] = ["label", "street", "town", "region", "postcode", "country", "sort"];
const ITEM: [&str; 3] = ["value", "label", "sort"];
const READ_ONLY: [&str; 4] = ["id", "created_on", "changed_on", "circles"];

/// An employee as a client states one.
#[derive(Debug, Default)]
pub struct Employee {
    pub log_in: String,
    pub status: String,
    pub texts: Vec<String>,
    pub desk: String,
    pub superior: i64,
    pub password: Option<String>,
    pub lists: Vec<(&'static str, Vec<Item>)>,
    pub addresses: Vec<Item>,
}

/// An element of a list: its texts in the order of the table, and whether it is the main one.
#[derive(Debug)]
pub struct Item {
    pub texts: Vec<String>,
    pub main: Option<bool>,
}

impl Employee {
    /// The whole employee; what the document leaves out is empty.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, Problem> {
        for name in fields.keys() {
            known(name)?;
        }
        let log_in = text(fields, "log_in")?;
        if log_in.trim().is_empty() {
            return Err(Problem::Invalid("log_in cannot be empty".to_owned()));
        }
        let lists = LISTS.iter().map(|list| Ok((*list, items(fields, list, &ITEM)?)));
        let employee = Self {
            log_in,
            status: status(fields)?,
            texts: TEXTS.iter().map(|name| text(fields, name)).collect::<Result<_, _>>()?,
            desk: text(fields, "desk")?,
            superior: superior(fields)?,
            password: fields.get("password").map(|_| text(fields, "password")).transpose()?,
            lists: lists.collect::<Result<_, Problem>>()?,
            addresses: items(fields, "addresses", &ADDRESS)?,
        };
        employee.check_mails()?;
        Ok(employee)
    }

    fn check_mails(&self) -> Result<(), Problem> {
        let mails = self.lists.iter().filter(|(name, _)| *name == "mails").flat_map(|(_, mails)| mails);
        let bad = mails.into_iter().any(|mail| !mail.texts.first().is_some_and(|address| address.contains('@')));
        if bad { Err(Problem::Invalid("mails: not an address".to_owned())) } else { Ok(()) }
    }
}

fn known(name: &str) -> Result<(), Problem> {
    let own = ["log_in", "status", "desk", "superior", "password", "addresses"];
    if READ_ONLY.contains(&name) {
        return Err(Problem::ReadOnly(format!("{name} cannot be changed")));
    }
    if own.contains(&name) || TEXTS.contains(&name) || LISTS.contains(&name) {
        return Ok(());
    }
    Err(Problem::Invalid(format!("{name} is not a field of an employee")))
}

fn status(fields: &Map<String, Value>) -> Result<String, Problem> {
    match text(fields, "status")?.as_str() {
        "" | "A" => Ok("A".to_owned()),
        "I" => Ok("I".to_owned()),
        _ => Err(Problem::Invalid("status is A or I".to_owned())),
    }
}

fn superior(fields: &Map<String, Value>) -> Result<i64, Problem> {
    match fields.get("superior") {
        None | Some(Value::Null) => Ok(0),
        Some(value) => value.as_i64().ok_or_else(|| Problem::Invalid("superior must be a number".to_owned())),
    }
}

fn text(fields: &Map<String, Value>, name: &str) -> Result<String, Problem> {
    match fields.get(name) {
        None => Ok(String::new()),
        Some(Value::String(text)) if text.chars().count() <= 4000 => Ok(text.clone()),
        Some(_) => Err(Problem::Invalid(format!("{name} must be a text of at most 4000 letters"))),
    }
}

fn items(fields: &Map<String, Value>, name: &str, texts: &[&str]) -> Result<Vec<Item>, Problem> {
    match fields.get(name) {
        None => Ok(Vec::new()),
        Some(Value::Array(all)) => all.iter().map(|one| item(one, name, texts)).collect(),
        Some(_) => Err(Problem::Invalid(format!("{name} must be a list"))),
    }
}

fn item(value: &Value, list: &str, texts: &[&str]) -> Result<Item, Problem> {
    let fields = value.as_object().ok_or_else(|| Problem::Invalid(format!("{list}: an element is no object")))?;
    if let Some(stranger) = fields.keys().find(|name| *name != "main" && !texts.contains(&name.as_str())) {
        return Err(Problem::Invalid(format!("{list}: {stranger} is not a field of an element")));
    }
    let main = match fields.get("main") {
        None | Some(Value::Null) => None,
        Some(value) => match value.as_i64() {
            Some(number @ (0 | 1)) => Some(number == 1),
            _ => return Err(Problem::Invalid(format!("{list}: main is 0 or 1"))),
        },
    };
    Ok(Item { texts: texts.iter().map(|name| text(fields, name)).collect::<Result<_, _>>()?, main })
}
