//! Mistakes and their keywords, bounds, what is immutable or not offered.

use super::*;

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
