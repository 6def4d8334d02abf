//! `filters.jsonl`: a filter, and the resources of `resources.json` it matches, or its error with the place in the text.

use super::{Case, check, file};
use crate::scim::filter::Filter;
use crate::scim::resource::Resource;
use serde_json::{Map, Value};
use std::sync::LazyLock;

pub(super) static RESOURCES: LazyLock<Map<String, Value>> =
    LazyLock::new(|| serde_json::from_str(&file("resources.json")).unwrap());

#[test]
fn every_filter_matches_what_its_case_says() {
    check("filters.jsonl", 650, differs);
}

fn differs(case: &Case) -> Option<String> {
    let text = case.text("filter");
    match (Filter::parse(&text, case.kind()), case.said.get("error")) {
        (Ok(filter), Some(_)) => Some(format!("understood, as {filter}")),
        (Err(error), None) => Some(format!("refused: {} {:?}", error.message, error.at)),
        (Err(error), Some(wanted)) => {
            let said = error.message.contains(wanted.as_str().unwrap());
            let place = match case.said["at"].as_array() {
                Some(place) => place[..] == [Value::from(error.at.start), Value::from(error.at.end)],
                None => case.said["at"] == error.at.start,
            };
            (!said || !place).then(|| format!("refused with: {} {:?}", error.message, error.at))
        }
        (Ok(filter), None) => mismatched(&filter, case).or_else(|| reprinted(&filter, case)),
    }
}

fn mismatched(filter: &Filter, case: &Case) -> Option<String> {
    if let Some(resource) = case.said["resource"].as_object() {
        let found = filter.matches(&Resource(resource.clone()));
        return (case.said["is"] != found).then(|| format!("matches: {found}"));
    }
    let of_kind = RESOURCES.iter().filter(|(_, resource)| resource["meta"]["resourceType"] == *case.kind().name);
    let matching = of_kind.filter(|(_, resource)| filter.matches(&Resource(resource.as_object().unwrap().clone())));
    let names: Vec<_> = matching.map(|(name, _)| Value::from(name.as_str())).collect();
    let mut wanted: Vec<Value> = case.said["matches"].as_array().cloned().unwrap_or_default();
    wanted.sort_by_key(Value::to_string);
    (wanted != names).then(|| format!("matches {names:?}"))
}

// What is printed reads as the same filter, and where the case says so, is printed in this way.
fn reprinted(filter: &Filter, case: &Case) -> Option<String> {
    let printed = filter.to_string();
    if let Some(wanted) = case.said.get("prints")
        && *wanted != printed
    {
        return Some(format!("prints {printed}"));
    }
    let again = Filter::parse(&printed, case.kind());
    (again.as_ref() != Ok(filter)).then(|| format!("prints {printed}, which reads as {again:?}"))
}
