//! PATCH bodies as clients send them, and what they do to a resource.

use super::*;
use crate::scim::resource::Resource;
use crate::scim::sample::{self, BADGES, ENTERPRISE};
use crate::scim::schema::{Mutability, ResourceType};
use crate::scim::{ScimError, ScimType};
use serde_json::json;
use std::sync::LazyLock;

pub(super) static USER: LazyLock<ResourceType> = LazyLock::new(sample::user);
pub(super) static GROUP: LazyLock<ResourceType> = LazyLock::new(sample::group);

pub(super) fn patched(before: Value, operations: impl Into<Value>, kind: &ResourceType) -> Result<Value, ScimError> {
    let operations = operations.into();
    let before = sample::resource(before, kind);
    let patch = decode(&json!({ "Operations": operations }), kind)?;
    apply(&patch.operations, &before, kind).map(|after| Value::Object(after.0))
}

pub(super) fn user(before: Value, operation: impl Into<Value>) -> Value {
    let operation = operation.into();
    patched(before, json!([operation.clone()]), &USER).unwrap_or_else(|error| panic!("{operation}: {error}"))
}

fn group(before: Value, operation: impl Into<Value>) -> Value {
    let operation = operation.into();
    let mut before = before;
    before["displayName"] = json!("G");
    let mut after =
        patched(before, json!([operation.clone()]), &GROUP).unwrap_or_else(|error| panic!("{operation}: {error}"));
    after.as_object_mut().unwrap().remove("displayName");
    after
}

fn refused(operation: impl Into<Value>) -> (Option<ScimType>, String) {
    let operation = operation.into();
    let error = patched(json!({ "userName": "a" }), json!([operation]), &USER).unwrap_err();
    assert_eq!(error.status, 400);
    (error.scim_type, error.detail)
}

fn members(ids: &[&str]) -> Value {
    match ids {
        [] => json!({}),
        ids => json!({ "members": ids.iter().map(|id| json!({ "value": id })).collect::<Vec<_>>() }),
    }
}

fn at(path: &str) -> String {
    format!("{ENTERPRISE}:{path}")
}

#[test]
fn both_dialects_write_single_values() {
    let cases = [
        (json!({ "op": "Replace", "path": "displayName", "value": "N" }), json!({ "displayName": "N" })),
        (json!({ "op": "Add", "path": "NICKNAME", "value": "N" }), json!({ "displayName": "O", "nickName": "N" })),
        (json!({ "op": "Add", "path": "displayName", "value": "N" }), json!({ "displayName": "N" })),
        (json!({ "OP": "REPLACE", "Path": "DisplayName", "Value": "N", "name": "x" }), json!({ "displayName": "N" })),
        (
            json!({ "op": "Replace", "path": "displayName", "value": [{ "$ref": null, "value": "N" }] }),
            json!({ "displayName": "N" }),
        ),
        (
            json!({ "op": "replace", "path": "active", "value": [false] }),
            json!({ "displayName": "O", "active": false }),
        ),
        (
            json!({ "op": "Replace", "path": "active", "value": "False" }),
            json!({ "displayName": "O", "active": false }),
        ),
        (json!({ "op": "replace", "value": { "active": true } }), json!({ "displayName": "O", "active": true })),
        (
            json!({ "op": "replace", "path": "", "value": { "active": "True" } }),
            json!({ "displayName": "O", "active": true }),
        ),
        (
            json!({ "op": "replace", "path": null, "value": { "id": "hacked", "displayName": "N" } }),
            json!({ "displayName": "N" }),
        ),
        (
            json!({ "op": "replace", "value": { "displayName": "N", "name.givenName": "A", "name.familyName": "B", at("employeeNumber"): "E9" } }),
            json!({ "displayName": "N", "name": { "givenName": "A", "familyName": "B" }, ENTERPRISE: { "employeeNumber": "E9" } }),
        ),
        (
            json!({ "op": "add", "value": { at("department"): "S", format!("{BADGES}:badge"): "9" } }),
            json!({ "displayName": "O", ENTERPRISE: { "department": "S" }, BADGES: { "badge": "9" } }),
        ),
        (
            json!({ "op": "replace", "value": { ENTERPRISE: { "department": "S" }, "unknown": 1 } }),
            json!({ "displayName": "O", ENTERPRISE: { "department": "S" } }),
        ),
        (
            json!({ "op": "replace", "path": ENTERPRISE, "value": { "department": "S" } }),
            json!({ "displayName": "O", ENTERPRISE: { "department": "S" } }),
        ),
        (
            json!({ "op": "replace", "path": format!("{ENTERPRISE}.department"), "value": "S" }),
            json!({ "displayName": "O", ENTERPRISE: { "department": "S" } }),
        ),
        (
            json!({ "op": "replace", "path": "name.givenName", "value": "A" }),
            json!({ "displayName": "O", "name": { "givenName": "A" } }),
        ),
        (json!({ "op": "replace", "value": "{\"schemas\":[],\"displayName\":\"N\"}" }), json!({ "displayName": "N" })),
        (json!({ "op": "replace", "value": [{ "displayName": "N" }] }), json!({ "displayName": "N" })),
        (
            json!({ "op": "replace", "value": { "emails[type eq \"work\"].value": "x" } }),
            json!({ "displayName": "O", "emails": [{ "type": "work", "value": "x" }] }),
        ),
    ];
    for (operation, after) in cases {
        assert_eq!(user(json!({ "displayName": "O" }), operation.clone()), after, "{operation}");
    }
}

#[test]
fn every_manager_shape_sets_or_clears_it() {
    let set = json!({ ENTERPRISE: { "manager": { "value": "26" } } });
    let old = || json!({ ENTERPRISE: { "manager": { "value": "1", "$ref": "u/1" } } });
    for value in [
        json!("26"),
        json!({ "value": "26" }),
        json!([{ "$ref": null, "value": "26" }]),
        json!("[{\"value\":\"26\"}]"),
        json!({ "managerId": "26" }),
    ] {
        for (op, path) in [
            ("Add", at("manager")),
            ("replace", at("manager")),
            ("Add", "manager".into()),
            ("add", format!("{ENTERPRISE}.manager")),
        ] {
            let operation = json!({ "op": op, "path": path, "value": value });
            assert_eq!(user(json!({}), operation.clone()), set, "{operation}");
            assert_eq!(
                user(old(), operation.clone()),
                set,
                "{operation}: the old reference must not stay beside a new value"
            );
        }
        assert_eq!(user(old(), json!({ "op": "replace", "value": { at("manager"): value } })), set);
    }
    assert_eq!(user(old(), json!({ "op": "replace", "path": at("manager.value"), "value": "26" })), set);
    assert_eq!(
        user(json!({}), json!({ "op": "Add", "path": "manager", "value": [{ "$ref": "u/26", "value": "26" }] })),
        json!({ ENTERPRISE: { "manager": { "$ref": "u/26", "value": "26" } } })
    );
    for value in [json!(""), json!(null), json!({ "value": "" }), json!([]), json!([{ "value": null }])] {
        let operation = json!({ "op": "replace", "path": at("manager"), "value": value });
        assert_eq!(user(old(), operation.clone()), json!({}), "{operation}");
    }
    assert_eq!(user(old(), json!({ "op": "Remove", "path": at("manager") })), json!({}));
    assert_eq!(user(old(), json!({ "op": "Replace", "path": at("manager.value"), "value": "" })), json!({}));
}

#[test]
fn empty_and_null_clear() {
    let before = || json!({ "title": "T", "name": { "givenName": "A", "formatted": "F" }, "emails": [{ "type": "work", "value": "x" }, { "value": "y" }] });
    let without_title = json!({ "name": { "givenName": "A", "formatted": "F" }, "emails": [{ "type": "work", "value": "x" }, { "value": "y" }] });
    for operation in [
        json!({ "op": "replace", "path": "title", "value": "" }),
        json!({ "op": "replace", "path": "title", "value": null }),
        json!({ "op": "add", "path": "title", "value": null }),
        json!({ "op": "Remove", "path": "title" }),
        json!({ "op": "Remove", "path": "title", "value": "T" }),
        json!({ "op": "replace", "value": { "title": null } }),
    ] {
        assert_eq!(user(before(), operation.clone()), without_title, "{operation}");
    }
    for (operation, pointer, left) in [
        (json!({ "op": "replace", "path": "name.formatted", "value": "" }), "/name", Some(json!({ "givenName": "A" }))),
        (
            json!({ "op": "replace", "value": { "name": { "formatted": null } } }),
            "/name",
            Some(json!({ "givenName": "A" })),
        ),
        (
            json!({ "op": "replace", "value": { "name": { "formatted": null, "givenName": "B" } } }),
            "/name",
            Some(json!({ "givenName": "B" })),
        ),
        (json!({ "op": "replace", "value": { "name.formatted": null } }), "/name", Some(json!({ "givenName": "A" }))),
        (json!({ "op": "replace", "path": "name", "value": null }), "/name", None),
        (
            json!({ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "" }),
            "/emails",
            Some(json!([{ "value": "y" }])),
        ),
        (json!({ "op": "remove", "path": "emails[type eq \"work\"]" }), "/emails", Some(json!([{ "value": "y" }]))),
        (json!({ "op": "replace", "path": "emails", "value": [] }), "/emails", None),
        (json!({ "op": "replace", "path": "emails", "value": null }), "/emails", None),
        (json!({ "op": "remove", "path": "emails" }), "/emails", None),
        (
            json!({ "op": "remove", "path": "emails.type" }),
            "/emails",
            Some(json!([{ "value": "x" }, { "value": "y" }])),
        ),
    ] {
        assert_eq!(user(before(), operation.clone()).pointer(pointer).cloned(), left, "{operation}");
    }
}

#[test]
fn what_cannot_be_used_clears_nothing() {
    let before = || json!({ "name": { "givenName": "A" }, "emails": [{ "type": "work", "value": "x" }], ENTERPRISE: { "manager": { "value": "1" } } });
    for operation in [
        json!({ "op": "replace", "path": "name", "value": { "colour": "red" } }),
        json!({ "op": "replace", "value": { "name": { "colour": "red" } } }),
        json!({ "op": "replace", "path": at("manager"), "value": { "displayName": "M" } }),
        json!({ "op": "replace", "path": at("manager"), "value": { "$ref": null } }),
        json!({ "op": "replace", "path": "emails[type eq \"work\"]", "value": { "colour": "red" } }),
    ] {
        assert_eq!(user(before(), operation.clone()), before(), "{operation}");
    }
}

#[test]
fn removing_what_is_not_there_is_a_success() {
    for path in [
        "title",
        "emails",
        "emails[type eq \"work\"]",
        "emails[type eq \"work\"].value",
        "name.givenName",
        "manager",
        ENTERPRISE,
    ] {
        assert_eq!(
            user(json!({ "userName": "a" }), json!({ "op": "remove", "path": path })),
            json!({ "userName": "a" }),
            "{path}"
        );
    }
}

#[test]
fn a_value_path_that_meets_nothing_makes_its_element() {
    for op in ["Add", "Replace"] {
        for (path, value, made) in [
            ("emails[type eq \"work\"].value", json!("x"), json!({ "emails": [{ "type": "work", "value": "x" }] })),
            (
                "roles[primary eq \"True\"].value",
                json!("Owner"),
                json!({ "roles": [{ "primary": true, "value": "Owner" }] }),
            ),
            ("emails[primary eq true].value", json!("x"), json!({ "emails": [{ "primary": true, "value": "x" }] })),
            (
                "emails[type eq \"work\" and primary eq true].value",
                json!("x"),
                json!({ "emails": [{ "type": "work", "primary": true, "value": "x" }] }),
            ),
            (
                "addresses[type eq \"work\"].streetAddress",
                json!("1"),
                json!({ "addresses": [{ "type": "work", "streetAddress": "1" }] }),
            ),
            (
                "emails[type eq \"work\"]",
                json!({ "value": "x" }),
                json!({ "emails": [{ "type": "work", "value": "x" }] }),
            ),
            (
                "emails[type eq \"work\"]",
                json!([{ "value": "x" }]),
                json!({ "emails": [{ "type": "work", "value": "x" }] }),
            ),
            (
                "emails[type eq work].value",
                json!([{ "value": "x" }]),
                json!({ "emails": [{ "type": "work", "value": "x" }] }),
            ),
            ("emails.value", json!("x"), json!({ "emails": [{ "value": "x" }] })),
        ] {
            assert_eq!(user(json!({}), json!({ "op": op, "path": path, "value": value })), made, "{op} {path}");
        }
        let (scim_type, detail) = refused(json!({ "op": op, "path": "emails[type ne \"work\"].value", "value": "x" }));
        assert_eq!(scim_type, Some(ScimType::NoTarget));
        assert!(detail.contains("`emails`"), "{detail}");
    }
}

#[test]
fn several_value_paths_converge_on_one_element() {
    let operations = json!([
        { "op": "Add", "path": "addresses[type eq \"work\"].streetAddress", "value": "1" },
        { "op": "Add", "path": "addresses[type eq \"Work\"].locality", "value": "L" },
        { "op": "Add", "path": "addresses[type eq \"other\"].formatted", "value": "D" },
    ]);
    assert_eq!(
        patched(json!({}), operations, &USER).unwrap(),
        json!({ "addresses": [{ "type": "work", "streetAddress": "1", "locality": "L" }, { "type": "other", "formatted": "D" }] })
    );
}

#[test]
fn a_value_path_writes_to_the_elements_it_meets() {
    let before =
        || json!({ "emails": [{ "type": "work", "value": "x", "display": "X" }, { "type": "home", "value": "y" }] });
    let emails = |operation| user(before(), operation)["emails"].clone();
    assert_eq!(
        emails(json!({ "op": "replace", "path": "emails[type eq \"Work\"].value", "value": "z" })),
        json!([{ "type": "work", "value": "z", "display": "X" }, { "type": "home", "value": "y" }])
    );
    assert_eq!(
        emails(json!({ "op": "replace", "path": "emails[type eq \"work\"]", "value": { "value": "z" } }))[0],
        json!({ "type": "work", "value": "z" }),
        "a replaced element keeps only what the filter says of it"
    );
    assert_eq!(
        emails(json!({ "op": "add", "path": "emails[type eq \"work\"]", "value": { "value": "z" } }))[0],
        json!({ "type": "work", "value": "z", "display": "X" })
    );
}

#[test]
fn members_are_added_once_and_removed_by_name() {
    let before = || members(&["1", "2", "3"]);
    let listed = |ids: &[&str]| json!(ids.iter().map(|id| json!({ "$ref": null, "value": id })).collect::<Vec<_>>());
    for (operation, after) in [
        (json!({ "op": "Add", "path": "members", "value": listed(&["3", "4"]) }), members(&["1", "2", "3", "4"])),
        (json!({ "op": "add", "path": "members", "value": "4" }), members(&["1", "2", "3", "4"])),
        (json!({ "op": "add", "value": { "members": [{ "value": "4" }] } }), members(&["1", "2", "3", "4"])),
        (json!({ "op": "add", "path": "members", "value": [] }), before()),
        (json!({ "op": "add", "path": "members", "value": null }), before()),
        (json!({ "op": "add", "value": { "members": null } }), before()),
        (json!({ "op": "Remove", "path": "members", "value": listed(&["2"]) }), members(&["1", "3"])),
        (json!({ "op": "remove", "path": "members", "value": { "value": "2" } }), members(&["1", "3"])),
        (json!({ "op": "remove", "path": "members", "value": "2" }), members(&["1", "3"])),
        (json!({ "op": "remove", "path": "members", "value": listed(&["9"]) }), before()),
        (json!({ "op": "remove", "path": "members", "value": [] }), before()),
        (json!({ "op": "remove", "path": "members", "value": [{ "value": "" }] }), before()),
        (json!({ "op": "remove", "path": "members[value eq \"2\"]" }), members(&["1", "3"])),
        (json!({ "op": "remove", "path": "members[value eq \"2\" or value eq \"3\"]" }), members(&["1"])),
        (json!({ "op": "remove", "path": "members" }), members(&[])),
        (json!({ "op": "remove", "path": "members", "value": null }), members(&[])),
        (json!({ "op": "replace", "path": "members", "value": [] }), members(&[])),
        (json!({ "op": "replace", "path": "members", "value": [{ "value": "9" }] }), members(&["9"])),
        (json!({ "op": "replace", "value": { "id": "g", "displayName": "G" } }), before()),
    ] {
        assert_eq!(group(before(), operation.clone()), after, "{operation}");
    }
}

#[test]
fn a_members_list_to_remove_stays_a_list_for_the_plan() {
    let body =
        json!({ "operations": { "op": "Remove", "path": "Members", "value": [{ "$ref": null, "value": "2" }] } });
    let patch = decode(&body, &GROUP).unwrap();
    let expected = Operation {
        change: Change::Remove,
        path: GROUP.path("members").unwrap(),
        element: None,
        value: Some(json!([{ "value": "2" }])),
        position: 0,
    };
    assert_eq!(patch.operations, [expected]);
}

#[test]
fn a_known_member_added_again_with_a_name_is_not_doubled() {
    let added =
        json!({ "op": "add", "path": "members", "value": [{ "value": "1", "displayName": "N", "type": "User" }] });
    assert_eq!(group(members(&["1"]), added), json!({ "members": [{ "value": "1", "display": "N", "type": "User" }] }));
}

#[test]
fn one_element_stays_primary_the_newest() {
    let before = || json!({ "emails": [{ "value": "x", "primary": true }, { "value": "y", "type": "home" }] });
    let primaries = |operation| {
        let after = user(before(), operation);
        let elements = after["emails"].as_array().unwrap().clone();
        elements
            .iter()
            .filter(|email| email["primary"] == json!(true))
            .map(|email| email["value"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        primaries(json!({ "op": "add", "path": "emails", "value": [{ "value": "z", "primary": true }] })),
        [json!("z")]
    );
    assert_eq!(primaries(json!({ "op": "add", "path": "emails", "value": [{ "value": "z" }] })), [json!("x")]);
    assert_eq!(
        primaries(json!({ "op": "replace", "path": "emails[type eq \"home\"].primary", "value": "True" })),
        [json!("y")]
    );
    assert_eq!(
        primaries(json!({ "op": "replace", "path": "emails[type eq \"home\"].primary", "value": false })),
        [json!("x")]
    );
    assert_eq!(
        primaries(
            json!({ "op": "add", "path": "emails[type eq \"new\"]", "value": { "value": "n", "primary": true } })
        ),
        [json!("n")]
    );
}

#[test]
fn roles_come_as_json_text_and_as_full_replacements() {
    let text = json!({ "op": "Add", "path": "roles", "value": [{ "value": "{\"id\":\"1\",\"value\":\"25\",\"displayName\":\"R\"}" }] });
    assert_eq!(user(json!({}), text), json!({ "roles": [{ "value": "25", "display": "R" }] }));
    let both = json!([{ "primary": false, "type": "W", "display": "User", "value": "User" }, { "primary": false, "type": "W", "display": "T", "value": "T" }]);
    let replaced = user(json!({ "roles": ["Admin"] }), json!({ "op": "replace", "path": "roles", "value": both }));
    assert_eq!(replaced, json!({ "roles": both }));
}

#[test]
fn operations_run_in_order_and_all_or_none() {
    let three = json!([
        { "op": "remove", "path": "displayName" },
        { "op": "add", "path": "displayName", "value": "Mid" },
        { "op": "replace", "path": "displayName", "value": "Final" },
    ]);
    assert_eq!(patched(json!({ "displayName": "O" }), three, &USER).unwrap(), json!({ "displayName": "Final" }));
    assert_eq!(patched(json!({ "displayName": "O" }), json!([]), &USER).unwrap(), json!({ "displayName": "O" }));
    let error = patched(
        json!({}),
        json!([{ "op": "add", "path": "title", "value": "x" }, { "op": "move", "path": "title" }]),
        &USER,
    )
    .unwrap_err();
    assert_eq!(
        (error.scim_type, error.detail.as_str()),
        (Some(ScimType::InvalidSyntax), "operation 2: `op` must be add, replace or remove, not `move`")
    );
}

#[test]
fn every_mistake_has_its_keyword() {
    for (operation, scim_type, what) in [
        (json!({ "op": "remove" }), ScimType::NoTarget, "operation 1: `remove` needs a path"),
        (json!({ "op": "remove", "value": { "title": "x" } }), ScimType::NoTarget, "`remove` needs a path"),
        (json!({ "op": "replace", "path": "id", "value": "x" }), ScimType::Mutability, "`id` is read-only"),
        (
            json!({ "op": "replace", "path": "meta.created", "value": "x" }),
            ScimType::Mutability,
            "`meta.created` is read-only",
        ),
        (json!({ "op": "add", "path": "groups", "value": ["x"] }), ScimType::Mutability, "`groups` is read-only"),
        (json!({ "op": "replace", "path": "manager.displayName", "value": "x" }), ScimType::Mutability, "is read-only"),
        (
            json!({ "op": "remove", "path": "userName" }),
            ScimType::Mutability,
            "`userName` is required and cannot be removed",
        ),
        (json!({ "op": "replace", "path": "userName", "value": "" }), ScimType::Mutability, "`userName` is required"),
        (json!({ "op": "add", "path": "nickNam", "value": "x" }), ScimType::InvalidPath, "did you mean `nickName`?"),
        (
            json!({ "op": "add", "path": "emails[type eq \"work\"].valu", "value": "x" }),
            ScimType::InvalidPath,
            "did you mean `value`?",
        ),
        (
            json!({ "op": "add", "path": "emails[type eq \"work\"]value", "value": "x" }),
            ScimType::InvalidPath,
            "expected `.`",
        ),
        (
            json!({ "op": "add", "path": "title[value eq \"x\"]", "value": "x" }),
            ScimType::InvalidPath,
            "has no elements",
        ),
        (json!({ "op": "add", "path": 5, "value": "x" }), ScimType::InvalidPath, "must be a string"),
        (json!({ "op": "add", "path": "emails[type eq]", "value": "x" }), ScimType::InvalidFilter, "expected a value"),
        (json!({ "op": "add", "path": "title" }), ScimType::InvalidValue, "need a value"),
        (json!({ "op": "add" }), ScimType::InvalidValue, "the value must be an object"),
        (json!({ "op": "replace", "value": "text" }), ScimType::InvalidValue, "the value must be an object"),
        (
            json!({ "op": "replace", "path": "active", "value": "maybe" }),
            ScimType::InvalidValue,
            "`active` must be true or false",
        ),
        (
            json!({ "op": "replace", "path": "emails[type eq \"work\"]", "value": ["a", "b"] }),
            ScimType::InvalidValue,
            "takes one element",
        ),
        (json!({ "path": "title", "value": "x" }), ScimType::InvalidSyntax, "`op` must be"),
        (json!("x"), ScimType::InvalidSyntax, "must be an object"),
    ] {
        let (keyword, detail) = refused(operation.clone());
        assert_eq!(keyword, Some(scim_type), "{operation}: {detail}");
        assert!(detail.contains(what), "{operation}: {detail}");
    }
}

#[test]
fn a_body_is_a_list_of_at_most_a_thousand_operations() {
    for body in [json!({}), json!([]), json!({ "Operations": "x" })] {
        assert_eq!(decode(&body, &USER).unwrap_err().scim_type, Some(ScimType::InvalidSyntax));
    }
    let many = |count: usize| json!({ "Operations": vec![json!({ "op": "remove", "path": "title" }); count] });
    assert_eq!(decode(&many(1_000), &USER).unwrap().operations.len(), 1_000);
    assert_eq!(decode(&many(1_001), &USER).unwrap_err().status, 413);
}

#[test]
fn a_member_cannot_become_another_one() {
    let replace = json!([{ "op": "replace", "path": "members[value eq \"1\"].value", "value": "2" }]);
    let error = patched(json!({ "displayName": "G" }), replace, &GROUP).unwrap_err();
    assert_eq!(error.scim_type, Some(ScimType::Mutability));
}

#[test]
fn an_immutable_attribute_may_be_set_but_not_changed() {
    let mut kind = sample::user();
    kind.mark(&USER.path("userType").unwrap(), |attribute| attribute.mutability = Mutability::Immutable);
    let replace = || json!([{ "op": "replace", "path": "userType", "value": "b" }]);
    assert_eq!(patched(json!({}), replace(), &kind).unwrap(), json!({ "userType": "b" }));
    assert_eq!(patched(json!({ "userType": "b" }), replace(), &kind).unwrap(), json!({ "userType": "b" }));
    assert_eq!(
        patched(json!({ "userType": "a" }), replace(), &kind).unwrap_err().scim_type,
        Some(ScimType::Mutability)
    );
}

#[test]
fn what_is_not_offered_is_left_out_and_listed() {
    let bare = ResourceType::user();
    let body = json!({ "Operations": [
        { "op": "replace", "path": "nickName", "value": "x" },
        { "op": "replace", "value": { "title": "x", "id": "1", "wrong": 1, "externalId": "e" } },
    ] });
    let patch = decode(&body, &bare).unwrap();
    assert_eq!(patch.ignored, ["nickName", "id", "title", "wrong"]);
    assert_eq!(patch.operations.len(), 1);
    assert_eq!(patch.operations[0].position, 1);
}

#[test]
fn a_thousand_operations_on_a_large_group_stay_affordable() {
    let ids: Vec<Value> = (0..20_000).map(|id| json!({ "value": format!("member-{id}") })).collect();
    let before = Resource(json!({ "displayName": "G", "members": ids }).as_object().unwrap().clone());
    let operations: Vec<Value> = (0..50)
        .map(|id| json!({ "op": "remove", "path": format!("members[value eq \"member-{id}\"]") }))
        .chain([json!({ "op": "add", "path": "members", "value": (0..20_050).map(|id| json!({ "value": format!("member-{id}") })).collect::<Vec<_>>() })])
        .collect();
    let patch = decode(&json!({ "Operations": operations }), &GROUP).unwrap();
    let after = apply(&patch.operations, &before, &GROUP).unwrap();
    assert_eq!(after.elements(&GROUP.path("members").unwrap()).len(), 20_050);
}
