//! What holds whatever is sent: the data cases broken in a few places, joined and split, and bytes without any meaning.

use super::filters::RESOURCES;
use super::patches::body;
use super::{Case, GROUP, USER, file};
use crate::scim::filter::Filter;
use crate::scim::patch::{Operation, apply, decode};
use crate::scim::resource::elements::is_primary;
use crate::scim::resource::{JsonLimits, Resource, parse_json};
use crate::scim::sample::holds_nothing_empty;
use crate::scim::schema::ResourceType;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;
use std::sync::LazyLock;

/// The filters that are understood, and those that are not.
static FILTERS: LazyLock<(Vec<String>, Vec<String>)> = LazyLock::new(|| {
    // Texts put together to reach a limit cannot be joined, and say nothing when broken.
    let joinable = |case: &Case| case.said["of"].is_null() && case.said["filter"].is_string();
    let cases = cases("filters.jsonl").into_iter().filter(joinable);
    let (wrong, right): (Vec<Case>, Vec<Case>) = cases.partition(|case| case.said.get("error").is_some());
    let texts = |cases: Vec<Case>| cases.iter().map(|case| case.text("filter")).collect();
    (texts(right), texts(wrong))
});
static BODIES: LazyLock<Vec<String>> =
    LazyLock::new(|| cases("patches.jsonl").iter().map(body).filter(|text| text.len() < 5_000).collect());
static RESULTS: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let users = cases("patches.jsonl").into_iter().filter(|case| case.said["of"].is_null());
    users.filter(|case| case.said.get("after").is_some() && case.said.get("times").is_none()).collect()
});

fn cases(name: &str) -> Vec<Case> {
    let text = file(name);
    let lines = text.lines().enumerate();
    lines.map(|(line, text)| Case { line: line + 1, said: serde_json::from_str(text).unwrap() }).collect()
}

fn users() -> impl Iterator<Item = Resource> {
    RESOURCES.values().map(|resource| Resource(resource.as_object().unwrap().clone()))
}

/// A place, and what is done there.
type Break = (Index, Option<char>, bool);

fn breaks() -> impl Strategy<Value = Vec<Break>> {
    let letters = "()[]\"\\ .:,{}eq0-é\u{0}\u{130}\u{1f600}".chars().collect::<Vec<_>>();
    proptest::collection::vec((any::<Index>(), proptest::option::of(select(letters)), any::<bool>()), 1..4)
}

fn broken(text: &str, breaks: &[Break]) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for (at, letter, is_kept) in breaks {
        let at = at.index(letters.len() + 1);
        let end = (at + usize::from(!is_kept)).min(letters.len());
        letters.splice(at..end, *letter);
    }
    letters.into_iter().collect()
}

fn operations(case: &Case) -> Vec<Operation> {
    decode(&parse_json(body(case).as_bytes(), JsonLimits::default()).unwrap(), &USER).unwrap().operations
}

fn primaries(list: &Value) -> usize {
    list.as_array().into_iter().flatten().filter(|element| is_primary(element)).count()
}

fn patches(body: &Value, before: &Resource, kind: &ResourceType) -> Option<Resource> {
    let patch = decode(body, kind).ok()?;
    apply(&patch.operations, before, kind).ok()
}

proptest! {
    #[test]
    fn a_broken_filter_is_answered_within_its_text(at in any::<Index>(), breaks in breaks(), is_wrong in any::<bool>()) {
        let texts = if is_wrong { &FILTERS.1 } else { &FILTERS.0 };
        let text = broken(at.get::<String>(texts), &breaks);
        match Filter::parse(&text, &USER) {
            Ok(filter) => {
                let again = Filter::parse(&filter.to_string(), &USER);
                prop_assert_eq!(again.as_ref(), Ok(&filter), "{} prints {}", text, filter);
                for user in users() {
                    prop_assert_eq!(again.as_ref().unwrap().matches(&user), filter.matches(&user));
                }
            }
            Err(error) => prop_assert!(text.get(error.at.clone()).is_some(), "{text}: {error:?}"),
        }
    }

    #[test]
    fn logic_holds_between_filters(left in any::<Index>(), right in any::<Index>()) {
        let (left, right) = (left.get(&FILTERS.0), right.get(&FILTERS.0));
        let holds = |text: String, user: &Resource| Filter::parse(&text, &USER).unwrap().matches(user);
        for user in users() {
            let (l, r) = (holds(left.clone(), &user), holds(right.clone(), &user));
            prop_assert_eq!(holds(format!("({left}) and ({right})"), &user), l && r);
            prop_assert_eq!(holds(format!("({left}) or ({right})"), &user), l || r);
            prop_assert_eq!(holds(format!("not ({left})"), &user), !l);
            prop_assert_eq!(holds(format!("not (({left}) or ({right}))"), &user), !l && !r);
            prop_assert_eq!(holds(format!("not ({left}) or ({right})"), &user), !l || r);
        }
    }

    #[test]
    fn a_broken_body_is_answered_and_leaves_nothing_empty_or_twice_primary(
        at in any::<Index>(), breaks in breaks(), before in any::<Index>()
    ) {
        let text = broken(at.get::<String>(&BODIES), &breaks);
        let resources: Vec<Resource> = users().collect();
        if let Ok(body) = parse_json(text.as_bytes(), JsonLimits::default()) {
            for kind in [&*USER, &*GROUP] {
                let Some(after) = patches(&body, before.get(&resources), kind) else { continue };
                prop_assert!(after.0.values().all(|list| primaries(list) <= 1), "{text}");
                prop_assert!(holds_nothing_empty(&Value::Object(after.0)), "{text}");
            }
        }
    }

    #[test]
    fn operations_do_the_same_in_one_request_and_in_two(first in any::<Index>(), second in any::<Index>()) {
        let (first, second) = (first.get(&RESULTS), second.get(&RESULTS));
        let before = Resource(first.said["before"].as_object().cloned().unwrap_or_default());
        let joined = [operations(first), operations(second)].concat();
        let halfway = apply(&operations(first), &before, &USER).unwrap();
        if let (Ok(one), Ok(two)) = (apply(&joined, &before, &USER), apply(&operations(second), &halfway, &USER)) {
            prop_assert_eq!(one, two, "lines {} and {}", first.line, second.line);
        }
    }

    #[test]
    fn bytes_without_meaning_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = parse_json(&bytes, JsonLimits::default());
        let text = String::from_utf8_lossy(&bytes);
        for kind in [&*USER, &*GROUP] {
            if let Err(error) = Filter::parse(&text, kind) {
                prop_assert!(text.get(error.at).is_some());
            }
            if let Err(error) = kind.path(&text) {
                prop_assert!(text.is_char_boundary(error.offset));
            }
            for path in [text.clone().into_owned(), format!("emails[{text}].value"), format!("members[{text}]")] {
                let body = serde_json::json!({ "Operations": [{ "op": "add", "path": path, "value": text }] });
                let _ = patches(&body, &Resource::default(), kind);
            }
        }
    }
}
