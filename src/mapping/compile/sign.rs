//! `sign:` — a signature that is made of each request.

use super::auth::secret;
use super::call::{headers, parameters};
use super::names::{Names, Place};
use crate::mapping::codes;
use crate::mapping::source::Node;
use crate::wire::credential::{Algorithm, DateForm, Digits, Sign, Way};
use crate::wire::{Template, Variable};

const ALGORITHMS: [(&str, Algorithm); 3] = [
    ("hmac_sha1", Algorithm::HmacSha1),
    ("hmac_sha256", Algorithm::HmacSha256),
    ("hmac_sha512", Algorithm::HmacSha512),
];
const DIGITS: [(&str, Digits); 2] = [("hex", Digits::Hex), ("base64", Digits::Base64)];
const DATES: [(&str, DateForm); 5] = [
    ("http", DateForm::Http),
    ("date_time", DateForm::DateTime),
    ("basic", DateForm::Basic),
    ("epoch_seconds", DateForm::EpochSeconds),
    ("epoch_millis", DateForm::EpochMillis),
];

pub(super) fn sign(names: &Names<'_>, node: &Node) -> Option<Way> {
    let signed = names.at(Place::Sign);
    let report = names.context.report;
    let key = node.get("key").and_then(|node| secret(names, node, names.template(node)?));
    let text = node.get("text").and_then(|node| signed.template(node));
    let headers = node.get("header").map(|node| headers(&signed, node)).unwrap_or_default();
    let query = node.get("query").map(|node| parameters(&signed, node)).unwrap_or_default();
    let text = text?;
    if let (true, Some(node)) = (names_signature(&text), node.get("text")) {
        report.say(&codes::AUTH_INCOMPLETE, &node.span, "what is signed cannot hold its own signature");
        return None;
    }
    let mut carried = headers.iter().map(|(_, one)| one).chain(query.iter().map(|(_, one)| one));
    if !carried.any(names_signature) {
        let hint = "write `<signature>` into `header:` or `query:`";
        report.hint(&codes::AUTH_INCOMPLETE, &node.span, ("the signature is sent nowhere", hint));
        return None;
    }
    Some(Way::Sign(Box::new(Sign {
        algorithm: word(node, "algorithm", &ALGORITHMS)?,
        key: key?,
        text,
        digits: word(node, "as", &DIGITS).unwrap_or_default(),
        date: word(node, "date", &DATES).unwrap_or_default(),
        headers,
        query,
    })))
}

fn names_signature(template: &Template) -> bool {
    template.holes().any(|hole| *hole == Variable::Argument("signature".into()))
}

fn word<T: Copy>(node: &Node, key: &str, words: &[(&str, T)]) -> Option<T> {
    let text = node.get(key)?.text()?;
    words.iter().find(|(word, _)| *word == text).map(|(_, meant)| *meant)
}
