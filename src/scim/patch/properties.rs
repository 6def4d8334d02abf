//! What holds of any PATCH: replacing twice is replacing once, one element is primary, anything is answered.

use super::decode;
use super::tests::{GROUP, USER, patched, user};
use crate::scim::sample::{self, ENTERPRISE, filters};
use proptest::prelude::*;
use serde_json::{Value, json};

fn replaces() -> impl Strategy<Value = Value> {
    let text = "[a-c]{0,2}";
    let plain = (proptest::sample::select(vec!["title", "name.givenName", "manager", "active", "emails", "emails.display"]), text)
        .prop_map(|(path, value)| json!({ "op": "replace", "path": path, "value": if path == "active" { "True".into() } else { value } }));
    let element = ("[a-c]", proptest::sample::select(vec!["value", "display", "primary"]), text).prop_map(
        |(label, sub, value)| {
            let value = if sub == "primary" { json!(true) } else { json!(value) };
            json!({ "op": "replace", "path": format!("emails[type eq \"{label}\"].{sub}"), "value": value })
        },
    );
    let whole = ("[a-c]", text).prop_map(|(label, value)| json!({ "op": "replace", "path": format!("emails[type eq \"{label}\"]"), "value": { "value": value } }));
    let list = proptest::collection::vec(("[a-c]", "[a-c]", any::<bool>()), 0..4).prop_map(|elements| {
        let elements: Vec<_> = elements
            .into_iter()
            .map(|(value, label, primary)| json!({ "value": value, "type": label, "primary": primary }))
            .collect();
        json!({ "op": "replace", "value": { "emails": elements } })
    });
    let dotted = (text, text).prop_map(|(given, title)| json!({ "op": "replace", "value": { "name.givenName": given, "title": title, "name": { "familyName": "x" } } }));
    prop_oneof![plain, element, whole, list, dotted]
}

fn before() -> impl Strategy<Value = Value> {
    let emails = proptest::collection::vec(("[a-c]{1,2}", "[a-c]", any::<bool>()), 0..4);
    (emails, "[a-c]{0,2}").prop_map(|(emails, title)| {
        let emails: Vec<_> = emails
            .into_iter()
            .map(|(value, label, primary)| json!({ "value": value, "type": label, "primary": primary }))
            .collect();
        json!({ "title": title, "emails": emails })
    })
}

fn junk() -> impl Strategy<Value = Value> {
    let paths = prop_oneof![
        proptest::sample::select(vec![
            "emails",
            "members",
            "name",
            "emails[type eq \"x\"].value",
            "name.givenName",
            "manager",
            ENTERPRISE,
            "emails["
        ])
        .prop_map(str::to_owned),
        filters().prop_map(|filter| format!("emails[{filter}]")),
        "\\PC{0,20}",
    ];
    let values = prop_oneof![
        Just(json!(null)),
        Just(json!([])),
        Just(json!({})),
        "\\PC{0,9}".prop_map(Value::from),
        Just(json!([{ "value": "1" }])),
        Just(json!({ "name": [], "emails": [[[]]], "name.x": 1 })),
        Just(json!([null, [1], { "value": {} }])),
    ];
    (proptest::sample::select(vec!["add", "Replace", "REMOVE", "x"]), paths, values, any::<bool>()).prop_map(
        |(op, path, value, pathless)| {
            if pathless {
                json!({ "op": op, "value": value })
            } else {
                json!({ "op": op, "path": path, "value": value })
            }
        },
    )
}

proptest! {
    #[test]
    fn replacing_twice_is_replacing_once(before in before(), operation in replaces()) {
        let once = user(before, operation.clone());
        prop_assert_eq!(user(once.clone(), operation), once);
    }

    #[test]
    fn adding_twice_is_adding_once(before in before(), operation in replaces()) {
        let mut operation = operation;
        operation["op"] = json!("add");
        let once = user(before, operation.clone());
        prop_assert_eq!(user(once.clone(), operation), once);
    }

    #[test]
    fn at_most_one_element_is_primary(before in before(), operations in proptest::collection::vec(replaces(), 1..4)) {
        let after = patched(before, Value::from(operations), &USER).unwrap();
        let primaries = after["emails"].as_array().into_iter().flatten().filter(|email| email["primary"] == json!(true));
        prop_assert!(primaries.count() <= 1);
    }

    #[test]
    fn any_operations_are_answered_and_leave_nothing_empty(before in before(), operations in proptest::collection::vec(junk(), 0..4)) {
        for kind in [&*USER, &*GROUP] {
            if let Ok(after) = patched(before.clone(), Value::from(operations.clone()), kind) {
                prop_assert!(sample::holds_nothing_empty(&after), "{after}");
            }
        }
    }

    #[test]
    fn any_text_as_an_operation_path_is_answered(path in "\\PC{0,40}") {
        let _ = decode(&json!({ "Operations": [{ "op": "remove", "path": path }] }), &USER);
    }
}
