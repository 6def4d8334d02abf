//! `paths.jsonl`: attribute paths, and the paths of PATCH operations, in every spelling, and what they lead to.

use super::{Case, check};
use crate::scim::ScimError;
use crate::scim::filter::Filter;
use crate::scim::patch::{Operation, decode};
use serde_json::json;

#[test]
fn every_path_leads_where_its_case_says() {
    check("paths.jsonl", 250, |case| if case.said.get("patch").is_some() { operation(case) } else { attribute(case) });
}

fn attribute(case: &Case) -> Option<String> {
    let text = case.text("path");
    match (case.kind().path(&text), case.said["is"].as_str()) {
        (Ok(path), Some(wanted)) => (path.to_string() != wanted).then(|| format!("leads to {path}")),
        (Ok(path), None) => Some(format!("leads to {path}")),
        (Err(error), wanted) => {
            let told = case.said["error"].as_str().is_some_and(|part| error.message.contains(part));
            let placed = case.said["at"] == error.offset;
            (wanted.is_some() || !told || !placed).then(|| format!("{} at {}", error.message, error.offset))
        }
    }
}

fn operation(case: &Case) -> Option<String> {
    let text = case.text("patch");
    let body = json!({ "Operations": [{ "op": "remove", "path": text }] });
    match (decode(&body, case.kind()), case.said["is"].as_str()) {
        (Ok(patch), Some(wanted)) => {
            let places: Vec<_> = patch.operations.iter().map(printed).collect();
            (places.join(" ") != wanted).then(|| format!("leads to {places:?}, without {:?}", patch.ignored))
        }
        (Ok(patch), None) => Some(format!("understood: {:?}", patch.operations)),
        (Err(error), wanted) => (wanted.is_some() || !expected(case, &error)).then(|| format!("{error:?}")),
    }
}

fn expected(case: &Case, error: &ScimError) -> bool {
    let told = case.said["error"].as_str().is_some_and(|part| error.detail.contains(part));
    told && error.status == 400 && error.scim_type.map(|keyword| keyword.as_str()) == case.said["scimType"].as_str()
}

fn printed(Operation { path, element, .. }: &Operation) -> String {
    let Some(filter) = element else { return path.to_string() };
    let bracketed = Filter::Element { path: path.parent(), filter: Box::new(filter.clone()) };
    match &path.sub {
        Some(sub) => format!("{bracketed}.{sub}"),
        None => bracketed.to_string(),
    }
}
