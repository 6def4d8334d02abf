//! Elements of lists: made, met, added once, removed by name, and which of them is primary.

use super::*;

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
