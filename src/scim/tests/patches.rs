//! `patches.jsonl`: a resource before, the PATCH body as sent, and the resource after, or the error.

use super::{Case, check};
use crate::scim::ScimError;
use crate::scim::patch::{apply, decode};
use crate::scim::resource::{JsonLimits, Resource, parse_json};
use serde_json::{Value, json};

#[test]
fn every_patch_does_what_its_case_says() {
    check("patches.jsonl", 650, differs);
}

fn differs(case: &Case) -> Option<String> {
    let before = case.said["before"].as_object().cloned().unwrap_or_default();
    let once = patched(case, &Resource(before));
    match (once, case.said.get("error")) {
        (Ok(after), None) => unlike(case, after),
        (Ok((after, _)), Some(_)) => Some(format!("done: {}", Value::Object(after.0))),
        (Err(error), Some(wanted)) if meets(&error, wanted) => None,
        (Err(error), _) => Some(format!("refused: {:?} {error}", error.scim_type)),
    }
}

fn unlike(case: &Case, (after, ignored): (Resource, Vec<String>)) -> Option<String> {
    if Value::Object(after.0.clone()) != case.said["after"] {
        return Some(format!("after: {}", Value::Object(after.0)));
    }
    if let Some(wanted) = case.said.get("ignored")
        && !same_names(wanted, &ignored)
    {
        return Some(format!("ignored: {ignored:?}"));
    }
    let again = case.said.get("twice").unwrap_or(&case.said["after"]);
    match patched(case, &after) {
        Ok((after, _)) => {
            (Value::Object(after.0.clone()) != *again).then(|| format!("twice: {}", Value::Object(after.0)))
        }
        Err(error) if case.said.get("again").is_some_and(|wanted| meets(&error, wanted)) => None,
        Err(error) => Some(format!("twice: {error}")),
    }
}

fn patched(case: &Case, before: &Resource) -> Result<(Resource, Vec<String>), ScimError> {
    let body = parse_json(body(case).as_bytes(), JsonLimits::default())?;
    let patch = decode(&body, case.kind())?;
    Ok((apply(&patch.operations, before, case.kind())?, patch.ignored))
}

// The bytes as sent: `text` as they are, `body` as JSON, `ops` in a PatchOp, `op` as the only one of it, perhaps many times.
pub(super) fn body(case: &Case) -> String {
    if case.said.get("text").is_some() {
        return case.text("text");
    }
    if let Some(body) = case.said.get("body") {
        return body.to_string();
    }
    let times = case.said["times"].as_u64().and_then(|times| usize::try_from(times).ok()).unwrap_or(1);
    let operations = match case.said.get("ops") {
        Some(operations) => operations.clone(),
        None => vec![case.said["op"].clone(); times].into(),
    };
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations }).to_string()
}

fn meets(error: &ScimError, wanted: &Value) -> bool {
    let status = wanted["status"].as_u64().unwrap_or(400);
    u64::from(error.status) == status
        && error.scim_type.map(|keyword| keyword.as_str()) == wanted["scimType"].as_str()
        && wanted["detail"].as_str().is_none_or(|part| error.detail.contains(part))
}

/// The order of names in a JSON object means nothing (RFC 8259 §4).
fn same_names(wanted: &Value, found: &[String]) -> bool {
    let mut wanted: Vec<&str> = wanted.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut found: Vec<&str> = found.iter().map(String::as_str).collect();
    wanted.sort_unstable();
    found.sort_unstable();
    wanted == found
}
