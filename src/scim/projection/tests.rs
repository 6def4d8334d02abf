//! What views show, and how a resource goes out.

use super::*;
use crate::scim::sample::{self, BADGES, ENTERPRISE};
use proptest::prelude::*;
use serde_json::json;

fn shown(attributes: Option<&str>, excluded: Option<&str>) -> Value {
    let user = sample::user();
    let mut resource = sample::resource(
        json!({
            "userName": "a", "password": "p", "name": { "givenName": "A", "familyName": "B" },
            "emails": [{ "type": "work", "value": "x" }, { "value": "y" }],
            ENTERPRISE: { "department": "D", "manager": { "value": "1" } },
            BADGES: { "badge": "9" },
        }),
        &user,
    );
    resource.0.insert("id".into(), "7".into());
    resource.0.insert("meta".into(), json!({ "created": "2011-05-13T04:42:34Z" }));
    Value::Object(View::parse(attributes, excluded, &user).unwrap().project(resource, &user).0)
}

#[test]
fn by_default_all_is_shown_but_what_is_never_returned() {
    let all = shown(None, None);
    assert_eq!(all.get("password"), None);
    assert_eq!(all.as_object().unwrap().len(), 7);
    assert_eq!(shown(Some(" "), Some("")), all);
}

#[test]
fn asked_for_attributes_are_shown_and_the_id_with_them() {
    assert_eq!(shown(Some("id"), None), json!({ "id": "7" }));
    assert_eq!(
        shown(Some("USERNAME, name.givenName"), None),
        json!({ "userName": "a", "name": { "givenName": "A" }, "id": "7" })
    );
    assert_eq!(shown(Some("emails.value"), None), json!({ "emails": [{ "value": "x" }, { "value": "y" }], "id": "7" }));
    assert_eq!(shown(Some("emails.type"), None), json!({ "emails": [{ "type": "work" }], "id": "7" }));
    assert_eq!(
        shown(Some("emails[type eq \"work,]\"].value,nope"), None),
        json!({ "emails": [{ "value": "x" }, { "value": "y" }], "id": "7" })
    );
    assert_eq!(shown(Some(BADGES), None), json!({ BADGES: { "badge": "9" }, "id": "7" }));
    assert_eq!(shown(Some("manager"), None), json!({ ENTERPRISE: { "manager": { "value": "1" } }, "id": "7" }));
    assert_eq!(shown(Some("password"), None), json!({ "id": "7" }), "what is never returned cannot be asked for");
    assert_eq!(shown(Some("userName,nickName"), Some("userName")), json!({ "id": "7" }));
}

#[test]
fn excluded_attributes_are_hidden_but_never_the_id() {
    let view = shown(None, Some("id,emails.type,name,urn:ietf:params:scim:schemas:extension:badges:2.0:User:badge"));
    assert_eq!(view["id"], json!("7"));
    assert_eq!(view["emails"], json!([{ "value": "x" }, { "value": "y" }]));
    assert_eq!((view.get("name"), view.get(BADGES)), (None, None));
}

#[test]
fn wants_answers_for_attributes_and_their_parts() {
    let user = sample::user();
    let view = View::parse(Some("emails.value,name"), None, &user).unwrap();
    let wants = |text: &str| view.wants(&user.path(text).unwrap(), &user);
    for wanted in ["id", "schemas", "emails", "emails.value", "name", "name.givenName"] {
        assert!(wants(wanted), "{wanted}");
    }
    for other in ["emails.type", "userName", "meta", "meta.created", "members.value"].iter().take(4) {
        assert!(!wants(other), "{other}");
    }
    let without = View::parse(None, Some("name"), &user).unwrap();
    assert!(!without.wants(&user.path("name.givenName").unwrap(), &user));
    assert!(!View::all().wants(&user.path("password").unwrap(), &user));
}

#[test]
fn what_is_returned_on_request_is_shown_when_asked_for() {
    let mut user = sample::user();
    let path = user.path("title").unwrap();
    user.mark(&path, |attribute| attribute.returned = Returned::Request);
    let resource = sample::resource(json!({ "title": "T", "userName": "a" }), &user);
    assert_eq!(View::all().project(resource.clone(), &user).get(&path), None);
    let asked = View::parse(Some("title"), None, &user).unwrap();
    assert_eq!(asked.project(resource, &user).text(&path), Some("T"));
}

#[test]
fn a_resource_goes_out_with_its_schemas_and_meta() {
    let user = sample::user();
    let mut resource = sample::resource(json!({ "userName": "a", BADGES: { "badge": "9" } }), &user);
    resource.0.insert("meta".into(), json!({ "version": "W/\"1\"" }));
    resource.0.insert("id".into(), "7".into());
    let out = present(resource.clone(), &user, "https://x/Users/7");
    assert_eq!(out["schemas"], json!(["urn:ietf:params:scim:schemas:core:2.0:User", BADGES]));
    assert_eq!(out["meta"], json!({ "version": "W/\"1\"", "resourceType": "User", "location": "https://x/Users/7" }));
    assert_eq!(out.as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "meta", "schemas", BADGES, "userName"]);
    let view = View::parse(Some("id"), None, &user).unwrap();
    assert_eq!(
        view.render(resource.clone(), &user, "l"),
        json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "7" })
    );
    assert_eq!(View::all().render(resource.clone(), &user, "l"), present(resource, &user, "l"));
}

#[test]
fn a_malformed_list_of_names_is_refused() {
    let user = sample::user();
    let error = View::parse(Some("emails[type"), None, &user).unwrap_err();
    assert_eq!(error.detail, "`attributes` has a bracket that does not close");
    assert!(View::parse(None, Some(&"a,".repeat(6_000)), &user).is_err());
}

proptest! {
    #[test]
    fn any_text_as_names_is_answered(text in "\\PC{0,40}", more in "[a-z,.\\[\\]\"]{0,20}") {
        let _ = View::parse(Some(&text), Some(&more), &sample::user());
    }
}
