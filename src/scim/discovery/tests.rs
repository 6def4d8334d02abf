//! What discovery tells of a target that offers little, and of one that offers everything.

use super::*;
use crate::scim::sample::{self, BADGES, ENTERPRISE};
use crate::scim::schema::{GROUP_SCHEMA, USER_SCHEMA};
use proptest::prelude::*;

fn offering(names: &[&str]) -> ResourceType {
    let mut user = ResourceType::user();
    for name in names {
        let path = user.path(name).unwrap();
        user.mark(&path, |attribute| attribute.offered = true);
    }
    user
}

fn names(schema: &Value) -> Vec<&str> {
    schema["attributes"].as_array().unwrap().iter().map(|attribute| attribute["name"].as_str().unwrap()).collect()
}

fn attribute<'a>(schema: &'a Value, name: &str) -> &'a Value {
    schema["attributes"].as_array().unwrap().iter().find(|attribute| attribute["name"] == name).unwrap()
}

#[test]
fn only_what_is_offered_is_advertised() {
    let user = offering(&["userName", "name.givenName", "emails.value", "emails.type", "password"]);
    let group = ResourceType::group();
    let listed = schemas(&[&user, &group]);
    assert_eq!(
        listed.iter().map(|schema| schema["id"].as_str().unwrap()).collect::<Vec<_>>(),
        [USER_SCHEMA, GROUP_SCHEMA]
    );
    assert_eq!(names(&listed[0]), ["externalId", "userName", "name", "emails"]);
    let subs = attribute(&listed[0], "name")["subAttributes"].as_array().unwrap();
    assert_eq!(subs.iter().map(|sub| &sub["name"]).collect::<Vec<_>>(), ["givenName"]);
    assert_eq!(names(&listed[1]), ["externalId"]);
}

#[test]
fn characteristics_are_spelt_as_the_rfc_has_them() {
    let listed = schemas(&[&sample::user(), &sample::group()]);
    let kinds = &attribute(&listed[0], "phoneNumbers")["subAttributes"][2];
    assert_eq!(kinds["canonicalValues"], json!(["work", "home", "mobile", "fax", "pager", "other"]));
    assert_eq!(
        attribute(&listed[0], "userName"),
        &json!({
            "name": "userName", "type": "string", "multiValued": false,
            "description": "The name by which the user authenticates to the service provider.",
            "required": true, "caseExact": false, "mutability": "readWrite", "returned": "default", "uniqueness": "server",
        })
    );
    let members = attribute(listed.iter().find(|schema| schema["id"] == GROUP_SCHEMA).unwrap(), "members");
    assert_eq!(members["subAttributes"][1]["referenceTypes"], json!(["User", "Group"]));
    assert_eq!(members["subAttributes"][0]["mutability"], "immutable");
    let text = Value::from(listed).to_string();
    assert!(!text.contains("null") && !text.contains("\"never\"") && !text.contains("ReadWrite"));
}

#[test]
fn extensions_are_named_where_they_are_offered() {
    let types = resource_types(&[&offering(&["userName"])], "https://x/scim/v2/");
    assert_eq!(
        types[0],
        json!({
            "schemas": [RESOURCE_TYPE], "id": "User", "name": "User", "endpoint": "/Users", "description": "User Account",
            "schema": USER_SCHEMA, "meta": { "resourceType": "ResourceType", "location": "https://x/scim/v2/ResourceTypes/User" },
        })
    );
    let types = resource_types(&[&sample::user()], "https://x");
    assert_eq!(
        types[0]["schemaExtensions"],
        json!([{ "schema": ENTERPRISE, "required": false }, { "schema": BADGES, "required": false }])
    );
}

#[test]
fn the_configuration_says_what_is_done() {
    let features =
        Features { patch: true, bulk: None, filter_max: Some(200), sort: false, etag: true, change_password: false };
    let config = service_provider_config("https://x/", features);
    assert_eq!(config["patch"], json!({ "supported": true }));
    assert_eq!(config["filter"], json!({ "supported": true, "maxResults": 200 }));
    assert_eq!(config["bulk"], json!({ "supported": false, "maxOperations": 0, "maxPayloadSize": 0 }));
    assert_eq!(config["meta"]["location"], "https://x/ServiceProviderConfig");
    assert_eq!(config["authenticationSchemes"][0]["type"], "oauthbearertoken");
}

proptest! {
    #[test]
    fn every_advertised_attribute_is_offered(picked in proptest::collection::vec(any::<proptest::sample::Index>(), 0..10)) {
        let mut user = ResourceType::user();
        let paths: Vec<_> = user.paths().cloned().collect();
        for index in picked {
            user.mark(index.get(&paths), |attribute| attribute.offered = true);
        }
        for schema in schemas(&[&user]) {
            for name in names(&schema) {
                let path = user.path(&format!("{}:{name}", schema["id"].as_str().unwrap())).unwrap();
                prop_assert!(user.offers(&path));
                for sub in attribute(&schema, name)["subAttributes"].as_array().into_iter().flatten() {
                    let sub = user.attribute(&path).unwrap().sub(sub["name"].as_str().unwrap()).unwrap();
                    prop_assert!(user.offers(&path.with_sub(&sub.name)));
                }
            }
        }
    }
}
