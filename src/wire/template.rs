//! Text with holes: `/users/<key>.json`, `<settings.api_key>`, `{ user: <account> }`. Parsed at load, filled per call.

use crate::wire::path::{Hop, Path};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// What a placeholder stands for. Which exist where is decided by the mapping compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    /// The target's own identifier of the account, before the write.
    Key,
    /// In `find`, `add`, `remove` and one-attribute rows: the field's value, tables applied, references translated.
    Value,
    /// The key of the one member that this call adds or removes.
    Member,
    /// The keys of all members of this change.
    Members,
    /// An attribute of the member, by its canonical path.
    MemberAttribute(Arc<str>),
    /// A field of the element that this call removes.
    ItemField(Path),
    /// A SCIM attribute as given, by its canonical path.
    Attribute(Arc<str>),
    /// A field of the account, as it will be sent or as it was read.
    Field(Path),
    /// The account as it would be sent.
    Account,
    /// The names of the fields sent, joined by commas.
    Fields,
    /// Accounts to skip, for `page: { offset }`.
    Offset,
    /// The number of the page.
    Page,
    /// Accounts wanted on one page.
    Limit,
    /// The cursor that the page before yielded.
    Cursor,
    /// The account's version in the target.
    Version,
    /// A setting of the instance.
    Setting(Arc<str>),
    /// A lookup of the mapping.
    Lookup(Arc<str>),
    /// A hole of a named call, filled by `args`.
    Argument(Arc<str>),
    /// A field of the answer to the write that this call follows.
    Answer(Path),
    /// A random text, drawn when sent, once per rule and request.
    Random,
}

impl Variable {
    /// Is it filled in where the step runs, so that no plan holds it?
    pub fn is_late(&self) -> bool {
        matches!(self, Variable::Setting(_) | Variable::Lookup(_) | Variable::Random)
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fixed = match self {
            Variable::Key => "key",
            Variable::Value => "value",
            Variable::Member => "member",
            Variable::Members => "members",
            Variable::Account => "account",
            Variable::Fields => "fields",
            Variable::Offset => "offset",
            Variable::Page => "page",
            Variable::Limit => "limit",
            Variable::Cursor => "cursor",
            Variable::Version => "version",
            Variable::Random => "random",
            Variable::MemberAttribute(name) => return write!(f, "member.{name}"),
            Variable::Answer(path) => return write!(f, "answer{}", path.text().trim_start_matches('$')),
            Variable::ItemField(path) => return write!(f, "item{}", path.text()),
            Variable::Field(path) => return f.write_str(path.text()),
            Variable::Setting(name) => return write!(f, "settings.{name}"),
            Variable::Attribute(name) | Variable::Lookup(name) | Variable::Argument(name) => name,
        };
        f.write_str(fixed)
    }
}

/// Where the values of placeholders come from.
pub trait Scope: Sync {
    /// The value of a placeholder; `None` and null both mean absent.
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>>;
}

/// A scope in which nothing is known.
pub struct Nothing;

impl Scope for Nothing {
    fn value(&self, _: &Variable) -> Option<Cow<'_, Value>> {
        None
    }
}

/// One piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text that stands as it is.
    Text(Arc<str>),
    /// A placeholder.
    Hole(Variable),
    /// A value that stands there as JSON text.
    Json(Box<Body>),
}

/// Text with placeholders. A constant is a template without holes.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Template {
    /// The pieces, in order.
    pub parts: Vec<Part>,
}

/// Why a text is not a template; `at` is a byte offset in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `<` without `>`.
    #[error("`<` opens a placeholder that is never closed; a literal `<` is written `<<`")]
    Unclosed {
        /// Where the `<` stands.
        at: usize,
    },
    /// A name that means nothing here.
    #[error("`<{name}>` is not known here")]
    Unknown {
        /// Where the `<` stands.
        at: usize,
        /// What stands between the brackets.
        name: String,
    },
}

impl Template {
    /// Splits a text at its placeholders; `known` gives each name its meaning.
    ///
    /// # Errors
    /// A placeholder that is not closed or not known.
    pub fn parse(text: &str, known: &dyn Fn(&str) -> Option<Variable>) -> Result<Template, TemplateError> {
        let (mut parts, mut literal, mut at) = (Vec::new(), String::new(), 0);
        while let Some(open) = text[at..].find('<').map(|offset| at + offset) {
            literal.push_str(&text[at..open]);
            if text[open + 1..].starts_with('<') {
                literal.push('<');
                at = open + 2;
                continue;
            }
            let close = closing(&text[open..]).ok_or(TemplateError::Unclosed { at: open })? + open;
            let name = text[open + 1..close].trim();
            let variable = known(name).ok_or_else(|| TemplateError::Unknown { at: open, name: name.to_owned() })?;
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal).into()));
            }
            parts.push(Part::Hole(variable));
            at = close + 1;
        }
        literal.push_str(&text[at..]);
        if !literal.is_empty() {
            parts.push(Part::Text(literal.into()));
        }
        Ok(Template { parts })
    }

    /// A template without placeholders.
    pub fn constant(text: &str) -> Template {
        Template { parts: if text.is_empty() { Vec::new() } else { vec![Part::Text(text.into())] } }
    }

    /// Puts a piece at the end; texts that meet become one.
    fn push(&mut self, part: Part) {
        match (self.parts.last_mut(), part) {
            (_, Part::Text(text)) if text.is_empty() => {}
            (Some(Part::Text(last)), Part::Text(text)) => *last = format!("{last}{text}").into(),
            (_, part) => self.parts.push(part),
        }
    }

    /// The placeholder that stands alone, and so keeps its JSON type.
    pub fn alone(&self) -> Option<&Variable> {
        match self.parts.as_slice() {
            [Part::Hole(variable)] => Some(variable),
            _ => None,
        }
    }

    /// The text, where there is no placeholder.
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The placeholders, in order.
    pub fn holes(&self) -> impl Iterator<Item = &Variable> {
        self.parts.iter().flat_map(|part| match part {
            Part::Hole(variable) => vec![variable],
            Part::Json(body) => body.holes(),
            Part::Text(_) => Vec::new(),
        })
    }

    /// The same with other text for some placeholders; the others stay. `None` where something that is no text would stand in text.
    pub fn with_text(&self, put: &dyn Fn(&Variable) -> Option<Body>) -> Option<Template> {
        let mut filled = Template::default();
        for part in &self.parts {
            let put = match part {
                Part::Hole(variable) => put(variable),
                Part::Json(body) => {
                    filled.push(Part::Json(Box::new(body.with(put)?)));
                    continue;
                }
                Part::Text(_) => None,
            };
            match put {
                None => filled.push(part.clone()),
                Some(Body::Template(template)) => template.parts.into_iter().for_each(|part| filled.push(part)),
                Some(other) if other.holes().is_empty() => {
                    filled.push(Part::Text(as_text(&other.fill(&Nothing)?).into()))
                }
                Some(_) => return None,
            }
        }
        Some(filled)
    }

    /// The value: typed where a placeholder stands alone, else text. `None` where every placeholder is absent and there is at least one.
    pub fn fill(&self, scope: &dyn Scope) -> Option<Value> {
        if let Some(variable) = self.alone() {
            return scope.value(variable).map(Cow::into_owned).filter(|value| !value.is_null());
        }
        self.fill_text(scope).map(Value::String)
    }

    /// The text, the placeholders that are present joined in and the ends trimmed.
    pub fn fill_text(&self, scope: &dyn Scope) -> Option<String> {
        if let Some(text) = self.literal() {
            return Some(text.to_owned());
        }
        let (mut text, mut present) = (String::new(), false);
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Json(body) => {
                    if let Some(value) = body.fill(scope) {
                        text.push_str(&value.to_string());
                        present = true;
                    }
                }
                Part::Hole(variable) => {
                    if let Some(value) = scope.value(variable).filter(|value| !value.is_null()) {
                        text.push_str(&as_text(&value));
                        present = true;
                    }
                }
            }
        }
        present.then(|| text.trim().to_owned())
    }
}

/// Offset of the `>` that closes the `<` at 0; brackets of a path's filter may hold `<` and `>` themselves.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '>' if depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

/// A scalar as text; arrays and objects as JSON.
pub fn as_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null => Cow::Borrowed(""),
        other => Cow::Owned(other.to_string()),
    }
}

/// A body with holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A constant that is no text.
    Constant(Value),
    /// Text, with or without placeholders.
    Template(Template),
    /// An array.
    List(Vec<Body>),
    /// An object; a field whose lone placeholder is absent is left out.
    Object(Vec<(Arc<str>, Body)>),
}

impl Body {
    /// The body, filled. `None` where a lone placeholder is absent.
    pub fn fill(&self, scope: &dyn Scope) -> Option<Value> {
        match self {
            Body::Constant(value) => Some(value.clone()),
            Body::Template(template) => template.fill(scope),
            Body::List(list) => Some(list.iter().filter_map(|one| one.fill(scope)).collect()),
            Body::Object(fields) => {
                let filled = fields.iter().filter_map(|(name, one)| Some((name.to_string(), one.fill(scope)?)));
                Some(Value::Object(filled.collect::<Map<_, _>>()))
            }
        }
    }

    /// Is there a value: is it anything but a lone placeholder that is absent?
    pub fn is_present(&self, scope: &dyn Scope) -> bool {
        match self {
            Body::Template(template) => match template.alone() {
                Some(variable) => scope.value(variable).is_some_and(|value| !value.is_null()),
                None => {
                    template.literal().is_some()
                        || template.holes().any(|hole| scope.value(hole).is_some_and(|value| !value.is_null()))
                }
            },
            Body::Constant(_) | Body::List(_) | Body::Object(_) => true,
        }
    }

    /// The body filled as it is serialised, without a copy of what fills it.
    pub fn filled<'a>(&'a self, scope: &'a dyn Scope) -> Filled<'a> {
        Filled { body: self, scope }
    }

    /// A value as a body without placeholders.
    pub fn of(value: &Value) -> Body {
        match value {
            Value::String(text) => Body::Template(Template::constant(text)),
            Value::Array(list) => Body::List(list.iter().map(Body::of).collect()),
            Value::Object(fields) => {
                Body::Object(fields.iter().map(|(name, one)| (name.as_str().into(), Body::of(one))).collect())
            }
            other => Body::Constant(other.clone()),
        }
    }

    /// The same with other bodies for some placeholders: whole where one stands alone, its text within text.
    /// `None` where something that is no text would stand in text.
    pub fn with(&self, put: &dyn Fn(&Variable) -> Option<Body>) -> Option<Body> {
        match self {
            Body::Constant(_) => Some(self.clone()),
            Body::Template(template) => match template.alone().and_then(put) {
                Some(whole) => Some(whole),
                None => template.with_text(put).map(Body::Template),
            },
            Body::List(list) => list.iter().map(|one| one.with(put)).collect::<Option<_>>().map(Body::List),
            Body::Object(fields) => {
                let put = fields.iter().map(|(name, one)| Some((name.clone(), one.with(put)?)));
                put.collect::<Option<_>>().map(Body::Object)
            }
        }
    }

    /// This body with another laid over it: objects are merged by key, anything else is replaced.
    pub fn under(self, over: Body) -> Body {
        match (self, over) {
            (Body::Object(mut fields), Body::Object(over)) => {
                for (name, one) in over {
                    match fields.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, known)) => *known = std::mem::replace(known, Body::List(Vec::new())).under(one),
                        None => fields.push((name, one)),
                    }
                }
                Body::Object(fields)
            }
            (_, over) => over,
        }
    }

    /// The place at which a placeholder stands alone.
    pub fn place_of(&self, wanted: &Variable) -> Option<Vec<Hop>> {
        let inside = |hop: Hop, one: &Body| one.place_of(wanted).map(|rest| [vec![hop], rest].concat());
        match self {
            Body::Constant(_) => None,
            Body::Template(template) => (template.alone() == Some(wanted)).then(Vec::new),
            Body::List(list) => list.iter().enumerate().find_map(|(at, one)| inside(Hop::Index(at), one)),
            Body::Object(fields) => fields.iter().find_map(|(name, one)| inside(Hop::Name(name.clone()), one)),
        }
    }

    /// One hop into it.
    pub fn field(&mut self, hop: &Hop) -> Option<&mut Body> {
        match (self, hop) {
            (Body::Object(fields), Hop::Name(name)) => {
                fields.iter_mut().find(|(known, _)| known == name).map(|(_, body)| body)
            }
            (Body::List(list), Hop::Index(index)) => list.get_mut(*index),
            _ => None,
        }
    }

    /// Every placeholder in it.
    pub fn holes(&self) -> Vec<&Variable> {
        match self {
            Body::Constant(_) => Vec::new(),
            Body::Template(template) => template.holes().collect(),
            Body::List(list) => list.iter().flat_map(Body::holes).collect(),
            Body::Object(fields) => fields.iter().flat_map(|(_, one)| one.holes()).collect(),
        }
    }
}

/// A body and what fills it, to be serialised.
pub struct Filled<'a> {
    body: &'a Body,
    scope: &'a dyn Scope,
}

impl Serialize for Filled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let inner = |body| Filled { body, scope: self.scope };
        match self.body {
            Body::Constant(value) => value.serialize(serializer),
            Body::Template(template) => match template.alone().and_then(|variable| self.scope.value(variable)) {
                Some(value) => value.serialize(serializer),
                None => template.fill_text(self.scope).serialize(serializer),
            },
            Body::List(list) => serializer.collect_seq(list.iter().filter(|one| one.is_present(self.scope)).map(inner)),
            Body::Object(fields) => {
                let present = fields.iter().filter(|(_, one)| one.is_present(self.scope));
                serializer.collect_map(present.map(|(name, one)| (&**name, inner(one))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Known(Value);

    impl Scope for Known {
        fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
            self.0.get(variable.to_string()).map(Cow::Borrowed)
        }
    }

    fn template(text: &str) -> Template {
        Template::parse(text, &|name| match name {
            "key" => Some(Variable::Key),
            "value" => Some(Variable::Value),
            path if path.starts_with('$') => Path::parse(path).ok().map(Variable::Field),
            _ => None,
        })
        .unwrap()
    }

    #[test]
    fn a_lone_placeholder_keeps_its_type_and_text_joins() {
        let scope = Known(json!({"key": 7}));
        assert_eq!(template("<key>").fill(&scope), Some(json!(7)));
        assert_eq!(template("/users/<key>.json").fill(&scope), Some(json!("/users/7.json")));
        assert_eq!(template("<value>").fill(&scope), None);
        assert_eq!(template("<key> <value>").fill(&scope), Some(json!("7")));
        assert_eq!(template("a << b").fill(&scope), Some(json!("a < b")));
    }

    #[test]
    fn a_path_in_brackets_may_hold_comparisons() {
        let text = template("<$.l[?@.n > 1].v>");
        assert_eq!(text.holes().count(), 1);
    }

    #[test]
    fn an_absent_placeholder_leaves_its_field_out() {
        let body = Body::Object(vec![
            ("a".into(), Body::Template(template("<value>"))),
            ("b".into(), Body::Constant(json!(false))),
        ]);
        assert_eq!(body.fill(&Known(json!({}))), Some(json!({"b": false})));
    }

    #[test]
    fn a_body_is_written_as_it_would_be_filled() {
        let list = Body::List(vec![Body::Template(template("<value>")), Body::Template(template("<key>"))]);
        let text = Body::Template(template("/<key>/<value>"));
        let body = Body::Object(vec![
            ("a".into(), Body::Template(template("<value>"))),
            ("l".into(), list),
            ("t".into(), text),
        ]);
        for scope in [json!({"key": 7}), json!({}), json!({"key": {"b": [1]}, "value": "x"}), json!({"value": null})] {
            let scope = Known(scope);
            assert_eq!(serde_json::to_value(body.filled(&scope)).unwrap(), body.fill(&scope).unwrap());
        }
    }

    #[test]
    fn mistakes_name_their_place() {
        let none = |_: &str| None;
        assert_eq!(Template::parse("ab<c", &none), Err(TemplateError::Unclosed { at: 2 }));
        assert_eq!(Template::parse("ab<c>", &none), Err(TemplateError::Unknown { at: 2, name: "c".into() }));
    }
}
