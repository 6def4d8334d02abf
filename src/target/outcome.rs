//! What a step came to: the meaning of its answer, the words for the client, the key and the account in it.

use super::attempt::Received;
use super::error::{Trouble, Words};
use super::{Target, Use};
use crate::wire::answer::Detail;
use crate::wire::template::as_text;
use crate::wire::{Answer, Call, KeySource, Meaning, ResultAt, Scope, Variable};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// The most that is passed on of a target's words, in characters.
const DETAIL_MOST: usize = 300;

/// What a step came to.
pub struct Outcome {
    /// What the target replied, less the account.
    pub answer: Answer,
    /// What that means: never `Busy`, `LoginAgain` or `Broken`, which are errors.
    pub meaning: Meaning,
    /// The target's words for the client, 300 characters at most.
    pub detail: Option<String>,
    /// The new key, where the mapping says that a create's answer names it.
    pub key: Option<String>,
    /// The account in the answer. A read whose answer is `ok` and holds none means `Absent`.
    pub account: Option<Value>,
}

impl Outcome {
    /// Takes the answer apart; a failure comes with the status of the answer.
    pub(super) fn read(
        mut received: Received,
        call: &Call,
        usage: Use,
        target: &Target,
    ) -> Result<Outcome, (Trouble, StatusCode)> {
        let status = received.answer.status;
        let detail = words(&received, target).map(|words| words.reveal().to_owned());
        let fail = |trouble| (trouble, status);
        let (mut meaning, mut key, mut account) = (received.meaning, None, None);
        if meaning == Meaning::Ok {
            key = call.key.as_ref().map(|source| key_in(source, &received.answer, target)).transpose().map_err(fail)?;
            account = account_in(&mut received, call, usage).map_err(fail)?;
            if usage == Use::Read && account.is_none() && call.result != ResultAt::Nowhere {
                meaning = Meaning::Absent;
            }
        }
        Ok(Outcome { answer: received.answer, meaning, detail, key, account })
    }

    /// Takes a further answer of an account apart: whatever stands at its place, also a list or a text, is its part of the document.
    pub(super) fn read_part(
        mut received: Received,
        call: &Call,
        target: &Target,
    ) -> Result<Outcome, (Trouble, StatusCode)> {
        let status = received.answer.status;
        let detail = words(&received, target).map(|words| words.reveal().to_owned());
        let account = match received.meaning {
            Meaning::Ok if is_no_document(&received) && !is_plain_text(&received, call) => {
                return Err((Trouble::Nonsense(NO_JSON), status));
            }
            Meaning::Ok => match &call.result {
                ResultAt::Nowhere => None,
                ResultAt::Whole => Some(received.answer.body.take()),
                ResultAt::At(path) => path.take(&mut received.answer.body),
            },
            _ => None,
        };
        Ok(Outcome { answer: received.answer, meaning: received.meaning, detail, key: None, account })
    }
}

/// Without the account and the target's words: they hold values.
impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Outcome");
        shown.field("status", &self.answer.status).field("meaning", &self.meaning);
        shown.field("has_key", &self.key.is_some()).field("has_account", &self.account.is_some());
        shown.finish_non_exhaustive()
    }
}

/// The words that the answer's row takes from it, cut and without anything the operator configured.
pub(super) fn words(received: &Received, target: &Target) -> Option<Words> {
    let text = match (&received.said.detail, received.row?.detail.as_ref()) {
        (Some(said), _) => joined(vec![said]),
        (None, Some(Detail::At(path))) => joined(path.all(&received.answer.body)),
        (None, Some(Detail::Text(template))) => template.fill_text(&InAnswer(&received.answer.body))?,
        (None, None) => return None,
    };
    let text = target.sessions.redact(target.instance.settings.redact(text));
    let plain = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    let cut: String = plain.take(DETAIL_MOST).collect();
    Some(cut.trim()).filter(|cut| !cut.is_empty()).map(|cut| Words::new(cut.to_owned()))
}

fn joined(nodes: Vec<&Value>) -> String {
    let spread = nodes.into_iter().flat_map(|node| match node {
        Value::Array(list) => list.iter().collect(),
        other => vec![other],
    });
    let texts: Vec<Cow<str>> = spread.map(as_text).filter(|text| !text.is_empty()).take(DETAIL_MOST).collect();
    texts.join("; ")
}

/// Placeholders of a `detail` text: places in the answer, and nothing else.
struct InAnswer<'a>(&'a Value);

impl Scope for InAnswer<'_> {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        match variable {
            Variable::Field(path) => path.first(self.0).map(Cow::Borrowed),
            _ => None,
        }
    }
}

/// Takes the account out of the answer: it may be large, and nobody looks for it there again.
fn account_in(received: &mut Received, call: &Call, usage: Use) -> Result<Option<Value>, Trouble> {
    let no_document = is_no_document(received);
    let body = &mut received.answer.body;
    let text = body.is_string();
    let found = match &call.result {
        ResultAt::Nowhere => return Ok(None),
        ResultAt::Whole => Some(body.take()),
        ResultAt::At(path) => path.take(body),
    };
    match (found, usage) {
        (Some(account @ Value::Object(_)), _) => Ok(Some(account)),
        // Its own shape was promised, and a login page or a proxy's apology came: whether it was done, only a look tells.
        (None, Use::Write | Use::Create) if text && matches!(call.result, ResultAt::At(_)) => {
            Err(Trouble::Nonsense(NO_JSON))
        }
        (_, Use::Write | Use::Create) => Ok(None),
        _ if no_document => Err(Trouble::Nonsense(NO_JSON)),
        (None | Some(Value::Null), Use::Read) => Ok(None),
        (Some(Value::Array(list)), Use::Read) if list.is_empty() => Ok(None),
        (Some(_), Use::Read) => Err(Trouble::Nonsense("no object stands where the account was promised")),
    }
}

const NO_JSON: &str = "it holds no JSON where an account was promised";

/// Is the whole answer a text that says so itself? A page for people is not.
fn is_plain_text(received: &Received, call: &Call) -> bool {
    let kind = header(&received.answer.headers, &CONTENT_TYPE).unwrap_or_default();
    let plain = ["text/plain", "application/json"].iter().any(|plain| kind.starts_with(plain));
    plain && received.answer.body.is_string() && call.result == ResultAt::Whole
}

/// An error page, half an answer or nothing at all: that an account is not in there says nothing about the account.
pub(super) fn is_no_document(received: &Received) -> bool {
    received.answer.body.is_string() || (received.bare && received.answer.status != StatusCode::NO_CONTENT)
}

fn key_in(source: &KeySource, answer: &Answer, target: &Target) -> Result<String, Trouble> {
    let key = match source {
        KeySource::At(path) => path.first(&answer.body).filter(|value| value.is_string() || value.is_number()),
        KeySource::Header { name, after } => {
            return key_in_header(header(&answer.headers, name), after.as_deref(), target);
        }
    };
    key.map(|value| as_text(value).into_owned()).filter(|key| !key.is_empty()).ok_or(NO_KEY)
}

const NO_KEY: Trouble = Trouble::Nonsense("it does not name the new key");

fn key_in_header(text: Option<&str>, after: Option<&str>, target: &Target) -> Result<String, Trouble> {
    let text = text.map(str::trim).filter(|text| !text.is_empty()).ok_or(NO_KEY)?;
    let Some(after) = after else { return Ok(text.to_owned()) };
    if !target.instance.address.is_host_of(text) {
        return Err(Trouble::Nonsense("it names a key of another host"));
    }
    // The last place counts: a base URL may hold the same text.
    let mut keys =
        text.rmatch_indices(after).filter_map(|(at, _)| text[at + after.len()..].split(['/', '?', '#']).next());
    let key = keys.find(|key| !key.is_empty()).ok_or(NO_KEY)?;
    percent_decode_str(key).decode_utf8().map(Cow::into_owned).map_err(|_| NO_KEY)
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
