//! Calls: `METHOD /path?query`, and what else they carry.

use super::answers;
use super::context::Root;
use super::context::Use;
use super::names::Names;
use super::shared::{self, Recipe};
use crate::mapping::codes;
use crate::mapping::source::Node;
use crate::mapping::text::{first_outside, split_outside};
use crate::scim::schema::nearest;
use crate::wire::{Body, Call, Decoding, Encoding, IfUncertain, Part, ResultAt, Template};
use http::{HeaderName, HeaderValue, Method};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::sync::Arc;

const METHODS: [&str; 10] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "SEARCH", "QUERY", "LINK", "UNLINK"];
/// Headers that the gateway sets itself.
const OURS: [&str; 6] = ["host", "content-length", "transfer-encoding", "connection", "te", "upgrade"];
/// Headers whose values are secrets.
const SECRET: [&str; 6] =
    ["authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token", "private-token"];

type Query = Vec<(Arc<str>, Template)>;

/// The method, path and query of a call text.
pub(super) struct Line {
    pub(super) method: Method,
    pub(super) path: Vec<Template>,
    pub(super) query: Query,
}

/// A call, written short or as a map; `name` is how `explain` calls it.
pub(super) fn call(names: &Names<'_>, node: &Node, name: &str) -> Option<Call> {
    read(names, node, name).map(|(call, _)| call)
}

/// A call, and how it was made where it was made from a shared one.
pub(super) fn read(names: &Names<'_>, node: &Node, name: &str) -> Option<(Call, Option<Recipe>)> {
    if let Some(via) = node.entry("via") {
        if node.get("call").is_some() {
            let message = "`call` and `via` in one call";
            let hint = "it is made from a shared call, or it is one of its own";
            names.context.report.hint(&codes::KEY_WITHOUT_PARTNER, &via.key_span, (message, hint));
        }
        return shared::made(names, node, name).map(|(call, recipe)| (call, Some(recipe)));
    }
    if let Some(args) = node.entry("args") {
        let message = "`args` without `via`";
        names.context.report.say(&codes::KEY_WITHOUT_PARTNER, &args.key_span, message);
    }
    let (text, details) = if node.is_map() { (written(names, node)?, Some(node)) } else { (node, None) };
    let line = line(names, text);
    let mut call = line.map(|line| empty(names, (name, node), line));
    if let Some(details) = details {
        // Read even where the line is wrong, so that every mistake is found at once.
        let request = Request::of(names, details);
        if let Some(call) = &mut call {
            request.lay_over(call);
        }
    }
    call.map(|call| (call, None))
}

fn written<'n>(names: &Names<'_>, node: &'n Node) -> Option<&'n Node> {
    let text = node.get("call");
    // Who wrote `script` was told where that stands.
    if text.is_none() && node.get("script").is_none() {
        let hint = "`call: METHOD /path`, or `via:` and the name of a shared call";
        names.context.report.hint(&codes::MISSING_KEY, &node.span, ("`call` is missing from a call", hint));
    }
    text
}

pub(super) fn empty(names: &Names<'_>, (name, node): (&str, &Node), line: Line) -> Call {
    Call {
        name: name.into(),
        line: names.context.report.line(node.span.start),
        method: line.method,
        path: line.path,
        query: line.query,
        headers: Vec::new(),
        body: None,
        encode: Encoding::default(),
        decode: Decoding::default(),
        answers: names.context.answers.borrow().clone(),
        result: ResultAt::default(),
        listing: None,
        key: None,
        if_uncertain: IfUncertain::default(),
        shared: None,
        needs: Vec::new(),
    }
}

/// What a call carries beside its line.
#[derive(Clone)]
pub(super) struct Request {
    query: Query,
    headers: Vec<(HeaderName, Template)>,
    body: Option<Option<Body>>,
    encode: Option<Encoding>,
    decode: Option<Decoding>,
    answers: Vec<crate::wire::AnswerRow>,
    if_uncertain: Option<IfUncertain>,
}

impl Request {
    pub(super) fn of(names: &Names<'_>, node: &Node) -> Request {
        let word = |key: &str| node.get(key).and_then(Node::text);
        Request {
            query: node.get("query").map(|query| parameters(names, query)).unwrap_or_default(),
            headers: node.get("headers").map(|headers| self::headers(names, headers)).unwrap_or_default(),
            body: node
                .get("body")
                .map(|body| names.body(body).filter(|body| *body != Body::Constant(serde_json::Value::Null))),
            encode: node.get("encode").and_then(encoding),
            decode: word("answer").map(|_| Decoding::Form),
            answers: node.get("answers").map(|rows| answers::rows(names.context, rows)).unwrap_or_default(),
            if_uncertain: word("if_uncertain").map(|word| match word {
                "repeat" => IfUncertain::Repeat,
                "stop" => IfUncertain::Stop,
                _ => IfUncertain::LookUp,
            }),
        }
    }

    /// Query parameters and headers are merged by name, a body replaces, answer rows come first.
    pub(super) fn lay_over(self, call: &mut Call) {
        for (name, value) in self.query {
            match call.query.iter_mut().find(|(known, _)| *known == name) {
                Some(known) => known.1 = value,
                None => call.query.push((name, value)),
            }
        }
        for (name, value) in self.headers {
            call.headers.retain(|(known, _)| *known != name);
            call.headers.push((name, value));
        }
        call.body = self.body.unwrap_or(call.body.take());
        call.encode = self.encode.unwrap_or(call.encode);
        call.decode = self.decode.unwrap_or(call.decode);
        call.answers.splice(0..0, self.answers);
        call.if_uncertain = self.if_uncertain.unwrap_or(call.if_uncertain);
    }
}

/// `encode:`, a word or a form that says how it writes lists.
fn encoding(node: &Node) -> Option<Encoding> {
    match node.get("form").map_or_else(|| node.text(), Node::text)? {
        "json" => Some(Encoding::Json),
        "form" | "repeat" => Some(Encoding::Form),
        "brackets" => Some(Encoding::FormBrackets),
        "xml" => Some(Encoding::Xml),
        "text" => Some(Encoding::Text),
        "none" => Some(Encoding::Nothing),
        _ => None,
    }
}

/// `result:`, else the envelope, else the whole answer.
pub(super) fn result(names: &Names<'_>, node: &Node, envelope: Option<&str>) -> ResultAt {
    match node.get("result") {
        Some(node) if node.text() == Some("none") => ResultAt::Nowhere,
        Some(node) => names.context.path_at(node, (Root::Whole, Use::Read)).map_or(ResultAt::Whole, ResultAt::At),
        None => envelope.map_or(ResultAt::Whole, |name| ResultAt::At(crate::wire::Path::of_names([name]))),
    }
}

/// Reads `METHOD /path?query`.
pub(super) fn line(names: &Names<'_>, node: &Node) -> Option<Line> {
    let (report, text) = (names.context.report, node.text()?);
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let target = rest.trim();
    let method = method(names, (node, word));
    let offset = text.len() - rest.trim_start().len();
    if target.contains(['"', '\'']) && !target.contains('[') {
        let hint = "quote all of `METHOD /path`, or nothing";
        report.hint(&codes::QUOTES_IN_CALL, &node.span, ("these quotes are part of the URL", hint));
        return None;
    }
    if target.contains("://") || target.starts_with("//") {
        let hint = "write the path alone; the base URL belongs to the gateway's configuration";
        report.hint(&codes::BASE_URL, &node.span, ("a mapping holds no base URL", hint));
        return None;
    }
    if !target.starts_with('/') {
        report.hint(&codes::BAD_CALL, &node.span, (format!("`{text}` is not a call"), "a call is `METHOD /path`"));
        return None;
    }
    let end = first_outside(target, '?').unwrap_or(target.len());
    let path = segments(names, node, (&target[..end], offset));
    let query = match target.get(end + 1..) {
        Some(query) => pairs(names, node, (query, offset + end + 1)),
        None => Some(Vec::new()),
    };
    Some(Line { method: method?, path: path?, query: query? })
}

fn method(names: &Names<'_>, (node, word): (&Node, &str)) -> Option<Method> {
    if METHODS.contains(&word) {
        return Method::from_bytes(word.as_bytes()).ok();
    }
    let upper = word.to_uppercase();
    let near = nearest(&upper, METHODS.iter().copied()).map(str::to_owned);
    let span = node.part(0..word.len(), names.context.report.text());
    names.context.report.near(&codes::UNKNOWN_METHOD, &span, (format!("`{word}` is not a method"), near));
    None
}

fn segments(names: &Names<'_>, node: &Node, (path, offset): (&str, usize)) -> Option<Vec<Template>> {
    let pieces = split_outside(&path[1..], '/');
    let templates: Vec<Option<Template>> =
        pieces.iter().map(|(piece, place)| segment(names, node, (piece, offset + 1 + place.start))).collect();
    templates.into_iter().collect()
}

fn segment(names: &Names<'_>, node: &Node, (text, offset): (&str, usize)) -> Option<Template> {
    let template = names.piece(node, (text, offset))?;
    let odd = |text: &str| text.chars().find(|letter| !is_path_letter(*letter));
    let letter = template.parts.iter().find_map(|part| match part {
        Part::Text(text) => odd(text),
        Part::Hole(_) | Part::Json(_) => None,
    });
    let span = || node.part(offset..offset + text.len(), names.context.report.text());
    match (letter, text) {
        (_, "." | "..") => {
            names.context.report.say(&codes::BAD_CALL, &span(), format!("`{text}` cannot stand in a path"))
        }
        (Some(letter), _) => {
            let message = format!("`{letter}` cannot stand in a path; it is percent-encoded in a URL");
            let braced = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            names.context.report.near(&codes::BAD_CALL, &span(), (message, braced.map(|name| format!("<{name}>"))));
        }
        (None, _) => return Some(template),
    }
    None
}

/// RFC 3986 §3.3, and `%` of what is encoded already.
fn is_path_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%".contains(letter)
}

fn pairs(names: &Names<'_>, node: &Node, (query, offset): (&str, usize)) -> Option<Query> {
    let pieces = split_outside(query, '&');
    let pieces = pieces.into_iter().filter(|(piece, _)| !piece.is_empty());
    let all: Vec<Option<(Arc<str>, Template)>> = pieces
        .map(|(piece, place)| {
            let equals = first_outside(piece, '=').unwrap_or(piece.len());
            let value = piece.get(equals + 1..).unwrap_or_default();
            let template = names.piece(node, (value, offset + place.start + equals + 1))?;
            Some((decoded(&piece[..equals]).into(), decoded_template(template)))
        })
        .collect();
    all.into_iter().collect()
}

/// The file writes a query as it stands in a URL; a call holds it decoded.
fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

fn decoded_template(template: Template) -> Template {
    let parts = template.parts.into_iter().map(|part| match part {
        Part::Text(text) => Part::Text(decoded(&text).into()),
        other => other,
    });
    Template { parts: parts.collect() }
}

pub(super) fn parameters(names: &Names<'_>, node: &Node) -> Query {
    let one = |value: &Node| match value.json() {
        serde_json::Value::String(_) => names.template(value),
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
            names.body(value).map(|body| Template { parts: vec![Part::Json(Box::new(body))] })
        }
        constant => Some(Template::constant(&crate::wire::template::as_text(&constant))),
    };
    node.entries().iter().filter_map(|entry| Some((entry.key.as_str().into(), one(&entry.value)?))).collect()
}

/// Header names and values; `auth` uses the same reading.
pub(super) fn headers(names: &Names<'_>, node: &Node) -> Vec<(HeaderName, Template)> {
    let report = names.context.report;
    let read = node.entries().iter().filter_map(|entry| {
        let template = names.template(&entry.value);
        let Ok(name) = HeaderName::from_bytes(entry.key.as_bytes()) else {
            report.say(&codes::BAD_HEADER, &entry.key_span, format!("`{}` is not the name of a header", entry.key));
            return None;
        };
        if OURS.contains(&name.as_str()) {
            report.say(
                &codes::BAD_HEADER,
                &entry.key_span,
                format!("the header `{name}` is set by the gateway itself"),
            );
            return None;
        }
        let constant = template.as_ref().is_some_and(|template| template.literal().is_some());
        if constant && SECRET.contains(&name.as_str()) {
            let hint = "declare a setting in `settings:` and write `<settings.name>`";
            let message = "this would be a secret in a file that people share";
            report.hint(&codes::SECRET_INLINE, &entry.value.span, (message, hint));
            return None;
        }
        let literal = template.as_ref().and_then(Template::literal).map(Cow::Borrowed).unwrap_or_default();
        if HeaderValue::from_str(&literal).is_err() {
            report.say(&codes::BAD_HEADER, &entry.value.span, "this text cannot stand in a header");
            return None;
        }
        Some((name, template?))
    });
    read.collect()
}
