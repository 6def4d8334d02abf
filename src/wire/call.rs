//! One HTTP request to the product, as the mapping declares it, with what its answer holds.

use crate::wire::answer::AnswerRow;
use crate::wire::path::Path;
use crate::wire::template::{Body, Scope, Template, Variable, as_text};
use http::{HeaderName, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::sync::Arc;

/// The place of a call in its mapping's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub u16);

/// A declared call. Every text in it is parsed already.
#[derive(Clone, Debug)]
pub struct Call {
    /// What the mapping calls it: `User.read`, `Group.members.add`, `lookups.session`.
    pub name: Arc<str>,
    /// The line of the mapping file, from 1.
    pub line: u32,
    /// The HTTP method.
    pub method: Method,
    /// The path below the base URL, one template per segment.
    pub path: Vec<Template>,
    /// The query, in order. A parameter whose lone placeholder is absent is left out.
    pub query: Vec<(Arc<str>, Template)>,
    /// Headers of this call alone.
    pub headers: Vec<(HeaderName, Template)>,
    /// The body, if one is sent.
    pub body: Option<Body>,
    /// How the body is written.
    pub encode: Encoding,
    /// How the answer's body is read.
    pub decode: Decoding,
    /// What its answers mean: its own rows, then the file's, then the built-in ones. First match wins.
    pub answers: Vec<AnswerRow>,
    /// Where in the answer the account stands.
    pub result: ResultAt,
    /// Where in the answer a list stands, for calls that yield lists.
    pub listing: Option<Listing>,
    /// Where a create's answer names the new key, if not in the account itself.
    pub key: Option<KeySource>,
    /// What to do when nobody knows whether the target did it.
    pub if_uncertain: IfUncertain,
    /// The shared call that it was made from, as `explain` and tests name it.
    pub shared: Option<Shared>,
    /// What the lookups that it names want to know of the step.
    pub needs: Vec<Variable>,
}

/// A call that was made from a shared one: how it is named, and what its arguments became.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared {
    /// `rpc user.update`.
    pub label: Arc<str>,
    /// Where in the body its further arguments stand, each of them whole.
    pub arguments: Vec<(Arc<str>, Path)>,
}

impl Shared {
    /// The further arguments in a body: one stands for itself, several by their names. A body of another kind is shown whole.
    pub fn shown(&self, body: &Value) -> Value {
        if !body.is_object() && !body.is_array() {
            return body.clone();
        }
        match self.arguments.as_slice() {
            [] => Value::Null,
            [(_, only)] => only.first(body).cloned().unwrap_or_default(),
            several => {
                let found = several.iter().filter_map(|(name, at)| Some((name.to_string(), at.first(body)?.clone())));
                Value::Object(found.collect())
            }
        }
    }
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Encoding {
    /// `application/json`.
    #[default]
    Json,
    /// `application/x-www-form-urlencoded`, lists as repeated names.
    Form,
    /// The same, lists as `name[]`.
    FormBrackets,
    /// `application/xml`.
    Xml,
    /// `text/plain`.
    Text,
    /// There is no body.
    Nothing,
}

/// How an answer's body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Decoding {
    /// By its content type, and by looking.
    #[default]
    Seen,
    /// As `application/x-www-form-urlencoded`.
    Form,
}

/// Where in an answer the account stands.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum ResultAt {
    /// The whole answer.
    #[default]
    Whole,
    /// A place in it; selecting nothing means absent.
    At(Path),
    /// The answer is not the account: it must be read again.
    Nowhere,
}

/// Where in an answer a list stands, and how its pages follow each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// The items.
    pub items: Path,
    /// The items stand in a map: the field of an item that its key becomes.
    pub keyed: Option<Arc<str>>,
    /// The number of all items.
    pub total: Option<Total>,
    /// How pages are asked for; `None`: one answer holds everything.
    pub paging: Option<Paging>,
    /// Where the next page's cursor or URL stands.
    pub next: Option<Next>,
    /// How many accounts may be walked to answer a filter here; `None`: only a complete, unpaged list may.
    pub scan: Option<usize>,
    /// What it means that there is no such list.
    pub missing: Missing,
}

/// What it means that a list which is asked for by name is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Missing {
    /// Nobody has that name.
    #[default]
    Nobody,
    /// It was asked for in the wrong place.
    Fault,
}

/// Where the number of all items stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Total {
    /// In the body; text that is a number counts.
    At(Path),
    /// In a header.
    Header(HeaderName),
    /// In the answer of another call.
    Call {
        /// The call.
        call: CallId,
        /// The place in its answer.
        at: Path,
    },
}

/// How pages are asked for. Names are query parameters unless the body has the placeholders.
#[derive(Clone, Debug, PartialEq)]
pub enum Paging {
    /// Skip and take.
    Offset {
        /// The parameter that says how many to skip.
        offset: Option<Arc<str>>,
        /// The parameter that says how many to take.
        limit: Option<Arc<str>>,
        /// The most the target gives on one page.
        max: usize,
    },
    /// Numbered pages.
    Page {
        /// The parameter that holds the number.
        page: Option<Arc<str>>,
        /// The parameter that holds the size.
        size: Option<Arc<str>>,
        /// The number of the first page, 0 or 1.
        first: usize,
        /// The most the target gives on one page.
        max: usize,
    },
    /// Each answer names the next page.
    Cursor {
        /// The parameter that holds the cursor.
        cursor: Option<Arc<str>>,
        /// The cursor of the first page; without it the first call has none.
        start: Option<Arc<str>>,
        /// The parameter that says how many to take.
        limit: Option<Arc<str>>,
        /// The most the target gives on one page.
        max: usize,
    },
}

/// Where the next page is named.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// A cursor in the body.
    Cursor(Path),
    /// A URL of the same origin in the body.
    Url(Path),
    /// A `Link` header with `rel="next"`.
    Link(HeaderName),
}

/// Where a create's answer names the new key.
#[derive(Clone, Debug, PartialEq)]
pub enum KeySource {
    /// In the body.
    At(Path),
    /// In a header, after a text (`Location`, after `/users/`).
    Header {
        /// The header.
        name: HeaderName,
        /// The text that the key follows, up to the next `/` or `?`.
        after: Option<Arc<str>>,
    },
}

/// What to do after a time-out or a broken connection, when the target may or may not have acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum IfUncertain {
    /// Read and see.
    #[default]
    LookUp,
    /// Doing it twice is the same as doing it once.
    Repeat,
    /// Say that it is not known.
    Stop,
}

/// Why a call could not be written out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// A placeholder of the path has no value.
    #[error("`<{0}>` in the path has no value")]
    Missing(String),
    /// A placeholder of the path would be empty, `.`, `..` or hold a NUL, and so lead elsewhere.
    #[error("`<{0}>` cannot stand in a path")]
    Unsafe(String),
}

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Listing {
    /// Does one answer hold everything?
    pub fn is_complete(&self) -> bool {
        self.paging.is_none() && self.next.is_none()
    }
}

impl Call {
    /// The path and query below the base URL, placeholders percent-encoded per segment.
    ///
    /// # Errors
    /// A placeholder of the path is absent or unsafe.
    pub fn target_path(&self, scope: &dyn Scope) -> Result<String, CallError> {
        let mut text = String::new();
        for segment in &self.path {
            text.push('/');
            fill_segment(segment, scope, &mut text)?;
        }
        let filled = self.query.iter().filter_map(|(name, value)| Some((name, value.fill(scope)?)));
        append_query(&mut text, filled.map(|(name, value)| (name.to_string(), as_text(&value).into_owned())));
        Ok(text)
    }

    /// Every placeholder of the call, those of the lookups that it names included.
    pub fn holes(&self) -> Vec<&Variable> {
        let path = self.path.iter().flat_map(Template::holes);
        let query = self.query.iter().flat_map(|(_, value)| value.holes());
        let headers = self.headers.iter().flat_map(|(_, value)| value.holes());
        let body = self.body.iter().flat_map(Body::holes);
        path.chain(query).chain(headers).chain(body).chain(&self.needs).collect()
    }

    /// Does it name fields of the account, so that the account must be read first?
    pub fn needs_account(&self) -> bool {
        self.holes().iter().any(|hole| matches!(hole, Variable::Field(_)))
    }

    /// Can this call change anything in the target? HTTP's safe methods cannot; a list or read by POST is told by its use.
    pub fn is_safe(&self) -> bool {
        self.method.is_safe()
    }
}

/// Appends parameters to a path that may have a query already.
pub fn append_query(path: &mut String, parameters: impl Iterator<Item = (String, String)>) {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    let text = query.finish();
    if !text.is_empty() {
        path.push(if path.contains('?') { '&' } else { '?' });
        path.push_str(&text);
    }
}

/// Would the value lead elsewhere in a target that decodes `%2F` before it walks the path?
fn climbs(value: &str) -> bool {
    value.contains(['/', '\\']) && value.split(['/', '\\']).any(|piece| piece == "." || piece == "..")
}

fn fill_segment(segment: &Template, scope: &dyn Scope, text: &mut String) -> Result<(), CallError> {
    use crate::wire::template::Part;
    let start = text.len();
    for part in &segment.parts {
        match part {
            Part::Text(literal) => text.push_str(literal),
            // Only a query holds JSON.
            Part::Json(_) => return Err(CallError::Unsafe("…".to_owned())),
            Part::Hole(variable) => {
                let value = scope.value(variable).filter(|value| !value.is_null());
                let value = value.ok_or_else(|| CallError::Missing(variable.to_string()))?;
                let plain = as_text(&value);
                if plain.is_empty() || plain.contains('\0') || climbs(&plain) {
                    return Err(CallError::Unsafe(variable.to_string()));
                }
                text.extend(utf8_percent_encode(&plain, SEGMENT));
            }
        }
    }
    let whole = &text[start..];
    match segment.holes().next() {
        Some(variable) if whole == "." || whole == ".." => Err(CallError::Unsafe(variable.to_string())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::borrow::Cow;

    struct Known(Value);

    impl Scope for Known {
        fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
            self.0.get(variable.to_string()).map(Cow::Borrowed)
        }
    }

    fn template(text: &str) -> Template {
        let known = |name: &str| match name {
            "key" => Some(Variable::Key),
            "value" => Some(Variable::Value),
            _ => None,
        };
        Template::parse(text, &known).unwrap()
    }

    fn call(segments: &[&str], query: &[(&str, &str)]) -> Call {
        Call {
            name: "User.read".into(),
            line: 1,
            method: Method::GET,
            path: segments.iter().map(|segment| template(segment)).collect(),
            query: query.iter().map(|(name, value)| ((*name).into(), template(value))).collect(),
            headers: Vec::new(),
            body: None,
            encode: Encoding::Json,
            decode: Decoding::Seen,
            answers: Vec::new(),
            result: ResultAt::Whole,
            listing: None,
            key: None,
            if_uncertain: IfUncertain::LookUp,
            shared: None,
            needs: Vec::new(),
        }
    }

    fn path(segment: &str, key: impl Into<Value>) -> Result<String, CallError> {
        call(&["users", segment], &[]).target_path(&Known(json!({"key": key.into()})))
    }

    #[test]
    fn placeholders_are_encoded_per_segment() {
        assert_eq!(path("<key>.json", 7).unwrap(), "/users/7.json");
        assert_eq!(path("<key>", "a/b?c#d e%2F@:é").unwrap(), "/users/a%2Fb%3Fc%23d%20e%252F%40%3A%C3%A9");
        assert_eq!(path("<key>", "a.b-c_d~e").unwrap(), "/users/a.b-c_d~e");
        assert_eq!(path("<key>", "\r\nHost: x").unwrap(), "/users/%0D%0AHost%3A%20x");
    }

    #[test]
    fn a_key_that_leads_elsewhere_is_refused() {
        for key in [".", "..", "", "\0", "a\0b", "../admin", "a/../../b", "..\\x", "x/.", "/.."] {
            assert_eq!(path("<key>", key), Err(CallError::Unsafe("key".into())), "{key:?}");
        }
        for key in ["...", ".a", "a..b", "..a/b", "/"] {
            assert!(path("<key>", key).is_ok(), "{key:?}");
        }
        assert_eq!(path("<key>", Value::Null), Err(CallError::Missing("key".into())));
        assert_eq!(path("<value>", 7), Err(CallError::Missing("value".into())));
    }

    #[test]
    fn two_placeholders_cannot_make_dots_together() {
        let scope = Known(json!({"key": ".", "value": "."}));
        assert!(matches!(call(&["<key><value>"], &[]).target_path(&scope), Err(CallError::Unsafe(_))));
    }

    #[test]
    fn a_query_leaves_out_what_is_absent_and_escapes_the_rest() {
        let call = call(&["users"], &[("name", "<value>"), ("status", ""), ("q", "login:<key>"), ("x", "<key>")]);
        assert_eq!(
            call.target_path(&Known(json!({"key": "a&b=c"}))).unwrap(),
            "/users?status=&q=login%3Aa%26b%3Dc&x=a%26b%3Dc"
        );
        assert_eq!(call.target_path(&Known(json!({}))).unwrap(), "/users?status=");
        let mut path = "/users?a=1".to_owned();
        append_query(&mut path, [("b".to_owned(), "2".to_owned())].into_iter());
        assert_eq!(path, "/users?a=1&b=2");
    }
}
