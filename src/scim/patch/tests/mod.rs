//! PATCH bodies as clients send them, and what they do to a resource.

mod elements;
mod mistakes;

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
