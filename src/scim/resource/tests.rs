//! Bodies as clients send them, and the one resource they mean.

use super::*;
use crate::scim::sample::{self, BADGES, ENTERPRISE};
use crate::scim::schema::ResourceType;
use crate::scim::{Mutability, ScimType};
use proptest::prelude::*;
use serde_json::json;

fn decoded(body: impl Into<Value>) -> Decoded {
    decode(&body.into(), &sample::user()).unwrap()
}

fn read_user(body: Value) -> Value {
    Value::Object(decoded(body).resource.0)
}

fn refused(body: impl Into<Value>) -> ScimErrorParts {
    let error = decode(&body.into(), &sample::user()).unwrap_err();
    (error.status, error.scim_type, error.detail)
}

type ScimErrorParts = (u16, Option<ScimType>, String);

fn path(text: &str) -> AttributePath {
    sample::user().path(text).unwrap()
}

fn assert_shapes<const N: usize>(cases: [(Value, Value); N]) {
    for (sent, canonical) in cases {
        let told = sent.to_string();
        assert_eq!(read_user(sent), canonical, "{told}");
    }
}

#[test]
fn every_shape_of_a_manager_means_its_id() {
    let manager = || json!({ ENTERPRISE: { "manager": { "value": "26" } } });
    let manager_as = |sent: Value| json!({ ENTERPRISE: { "manager": sent } });
    assert_shapes([
        (manager_as(json!("26")), manager()),
        (manager_as(json!(26)), manager()),
        (manager_as(json!({ "value": "26" })), manager()),
        (manager_as(json!([{ "$ref": null, "value": "26" }])), manager()),
        (manager_as(json!("[{\"value\":\"26\"}]")), manager()),
        (manager_as(json!({ "managerId": "26", "displayName": " " })), manager()),
        (json!({ "manager": "26" }), manager()),
        (json!({ format!("{ENTERPRISE}:manager"): "26" }), manager()),
        (json!({ format!("{ENTERPRISE}.Manager.Value"): "26" }), manager()),
        (manager_as(json!([{ "$ref": "u/26", "value": "26" }])), manager_as(json!({ "$ref": "u/26", "value": "26" }))),
        (manager_as(json!("")), json!({})),
        (manager_as(json!(null)), json!({})),
        (manager_as(json!({ "value": "", "$ref": "u/26" })), json!({})),
        (manager_as(json!([])), json!({})),
    ]);
}

#[test]
fn every_spelling_of_a_name_means_its_attribute() {
    assert_shapes([
        (json!({ "USERNAME": "a" }), json!({ "userName": "a" })),
        (
            json!({ "name.givenName": "A", "name": { "FamilyName": "B" } }),
            json!({ "name": { "givenName": "A", "familyName": "B" } }),
        ),
        (
            json!({ "name": { "givenName": "A" }, "Name.familyName": "B" }),
            json!({ "name": { "givenName": "A", "familyName": "B" } }),
        ),
        (json!({ "department": "R&D" }), json!({ ENTERPRISE: { "department": "R&D" } })),
        (json!({ ENTERPRISE.to_uppercase(): { "Department": "R&D" } }), json!({ ENTERPRISE: { "department": "R&D" } })),
        (json!({ "urn:ietf:params:scim:schemas:core:2.0:User": { "title": "T" } }), json!({ "title": "T" })),
    ]);
}

#[test]
fn values_take_the_type_of_their_attribute() {
    assert_shapes([
        (json!({ "active": "True" }), json!({ "active": true })),
        (json!({ "active": "false" }), json!({ "active": false })),
        (json!({ "active": [false] }), json!({ "active": false })),
        (json!({ "title": 5 }), json!({ "title": "5" })),
        (json!({ "title": ["T"] }), json!({ "title": "T" })),
        (json!({ "title": [{ "$ref": null, "value": "T" }] }), json!({ "title": "T" })),
        (json!({ BADGES: { "level": "5" } }), json!({ BADGES: { "level": 5 } })),
        (json!({ BADGES: { "level": 5.0 } }), json!({ BADGES: { "level": 5 } })),
        (json!({ BADGES: { "share": "0.5" } }), json!({ BADGES: { "share": 0.5 } })),
        (json!({ BADGES: { "rooms": "A1" } }), json!({ BADGES: { "rooms": ["A1"] } })),
        (json!({ BADGES: { "rooms": ["A1", "a1", "B2"] } }), json!({ BADGES: { "rooms": ["A1", "B2"] } })),
    ]);
}

#[test]
fn every_shape_of_a_list_means_its_elements() {
    let work = || json!({ "emails": [{ "value": "a@b", "type": "work" }] });
    let role = || json!({ "roles": [{ "value": "25", "display": "Role1234" }] });
    assert_shapes([
        (json!({ "emails": { "value": "a@b", "type": "work" } }), work()),
        (json!({ "emails": [{ "VALUE": "a@b", "Type": "work", "display": null }] }), work()),
        (json!({ "emails": [[{ "value": "a@b", "type": "work" }]] }), work()),
        (json!({ "emails": "a@b" }), json!({ "emails": [{ "value": "a@b" }] })),
        (json!({ "emails": ["a@b", null, "", {}] }), json!({ "emails": [{ "value": "a@b" }] })),
        (json!({ "emails": [{ "value": "", "type": "work" }] }), json!({})),
        (json!({ "emails.value": "a@b" }), json!({ "emails": [{ "value": "a@b" }] })),
        (
            json!({ "emails": [{ "Primary": "True", "value": "a" }, { "primary": true, "value": "b" }] }),
            json!({ "emails": [{ "primary": true, "value": "a" }, { "primary": false, "value": "b" }] }),
        ),
        (json!({ "roles": [{ "value": "25", "displayName": "Role1234" }] }), role()),
        (json!({ "roles": [{ "value": "{\"id\":\"1\",\"value\":\"25\",\"displayName\":\"Role1234\"}" }] }), role()),
        (json!({ "roles": "[{\"value\":\"25\",\"display\":\"Role1234\"}]" }), role()),
        (json!({ "roles": [{ "value": "{not json" }] }), json!({ "roles": [{ "value": "{not json" }] })),
        (
            json!({ "addresses": { "streetAddress": "1", "type": "work" } }),
            json!({ "addresses": [{ "streetAddress": "1", "type": "work" }] }),
        ),
    ]);
}

#[test]
fn what_is_empty_counts_as_absent() {
    assert_shapes([
        (
            json!({ "title": "", "nickName": null, "roles": [], "name": {}, "addresses": null, ENTERPRISE: null }),
            json!({}),
        ),
        (json!({ "name": { "givenName": "", "familyName": null } }), json!({})),
    ]);
}

#[test]
fn text_is_not_tidied() {
    assert_shapes([(
        json!({ "title": " T ", "phoneNumbers": [{ "value": "+61 400" }] }),
        json!({ "title": " T ", "phoneNumbers": [{ "value": "+61 400" }] }),
    )]);
}

#[test]
fn members_come_in_dialects_too() {
    let group = sample::group();
    let members = |sent: Value| Value::Object(sample::resource(json!({ "members": sent }), &group).0);
    let one = json!({ "members": [{ "value": "7" }] });
    for sent in [
        json!([{ "$ref": null, "value": "7" }]),
        json!("7"),
        json!(["7"]),
        json!({ "value": 7 }),
        json!([{ "value": "7" }, { "value": "7" }]),
    ] {
        assert_eq!(members(sent.clone()), one, "{sent}");
    }
    assert_eq!(
        members(json!([{ "displayName": "N", "value": "7" }])),
        json!({ "members": [{ "display": "N", "value": "7" }] })
    );
    assert_eq!(
        members(json!([{ "value": "a" }, { "value": "A" }])),
        json!({ "members": [{ "value": "a" }, { "value": "A" }] }),
        "ids are case exact"
    );
}

#[test]
fn what_is_unknown_read_only_or_not_offered_is_left_out_and_listed() {
    let body = json!({
        "schemas": ["urn:whatever"], "id": "1", "meta": { "resourceType": "User" }, "groups": [], "userName": "a", "unknown": null,
        "usrName": "b", "emails": [{ "value": "x", "colour": "red", "shade": null }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0User": { "department": "x" },
        ENTERPRISE: { "manager": { "value": "1", "displayName": "M" } },
    });
    let decoded = decoded(body);
    assert_eq!(
        Value::Object(decoded.resource.0),
        json!({ "userName": "a", "emails": [{ "value": "x" }], ENTERPRISE: { "manager": { "value": "1" } } })
    );
    let mut ignored = decoded.ignored;
    ignored.sort_unstable();
    assert_eq!(
        ignored,
        [
            "emails.colour",
            "groups",
            "id",
            "meta",
            "schemas",
            &format!("{ENTERPRISE}:manager.displayName"),
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0User",
            "usrName"
        ]
    );
    let bare = decode(&json!({ "userName": "a", "externalId": "e" }), &ResourceType::user()).unwrap();
    assert_eq!(
        (Value::Object(bare.resource.0), bare.ignored),
        (json!({ "externalId": "e" }), vec!["userName".to_owned()])
    );
}

#[test]
fn a_value_of_the_wrong_type_is_refused_by_its_path_and_never_quoted() {
    let secret = "s3cret";
    for (body, what) in [
        (json!({ "active": secret }), "`active` must be true or false"),
        (json!({ "active": [true, false] }), "`active` must be true or false"),
        (json!({ "title": { "text": secret } }), "`title` must be a string"),
        (json!({ "name": secret }), "`name` must be an object"),
        (json!({ "name": { "givenName": [secret, secret] } }), "`name.givenName` must be a string"),
        (json!({ "emails": [{ "primary": secret }] }), "`emails.primary` must be true or false"),
        (json!({ "addresses": secret }), "`addresses` must be an object"),
        (json!({ "x509Certificates": [{ "value": "no base64!" }] }), "`x509Certificates.value` must be base64 text"),
    ] {
        assert_eq!(refused(body), (400, Some(ScimType::InvalidValue), what.to_owned()));
    }
    assert_eq!(refused(json!({ BADGES: { "level": 5.5 } })).2, format!("`{BADGES}:level` must be a whole number"));
    assert!(refused(json!({ BADGES: { "since": "then" } })).2.contains("must be a dateTime"));
    assert_eq!(refused(json!({ ENTERPRISE: 5 })).2, format!("`{ENTERPRISE}` must be an object"));
    assert_eq!(refused(json!([])).1, Some(ScimType::InvalidSyntax));
}

#[test]
fn required_attributes_are_missed_by_name() {
    let mut user = sample::user();
    let missing = |resource: Value, user: &ResourceType| {
        check_required(&sample::resource(resource, user), user).map_err(|error| error.detail)
    };
    assert_eq!(missing(json!({ "displayName": "A" }), &user), Err("`userName` is required".into()));
    assert_eq!(missing(json!({ "userName": "a" }), &user), Ok(()));
    user.mark(&path("emails.type"), |attribute| attribute.required = true);
    assert_eq!(missing(json!({ "userName": "a", "emails": ["x"] }), &user), Err("`emails.type` is required".into()));
    assert_eq!(missing(json!({ "userName": "a" }), &user), Ok(()));
    assert_eq!(missing(json!({}), &ResourceType::user()), Ok(()), "what is not offered cannot be demanded");
}

#[test]
fn an_immutable_attribute_may_be_given_once() {
    let mut user = sample::user();
    user.mark(&path("userType"), |attribute| attribute.mutability = Mutability::Immutable);
    let checked = |before: Value, after: Value| {
        let (before, after) = (sample::resource(before, &user), sample::resource(after, &user));
        check_immutable(&before, &after, &user).map_err(|error| (error.scim_type, error.detail))
    };
    assert_eq!(checked(json!({}), json!({ "userType": "a" })), Ok(()));
    assert_eq!(checked(json!({ "userType": "a" }), json!({ "userType": "a" })), Ok(()));
    for after in [json!({ "userType": "b" }), json!({})] {
        assert_eq!(
            checked(json!({ "userType": "a" }), after),
            Err((Some(ScimType::Mutability), "`userType` is immutable".into()))
        );
    }
}

#[test]
fn a_resource_is_read_and_written_by_path() {
    let mut resource = Resource::default();
    resource.set(&path("name.givenName"), json!("A"));
    resource.set(&path("manager.value"), json!("26"));
    resource.set(&path("emails"), json!([{ "value": "x" }]));
    assert_eq!(resource.text(&path("name.givenName")), Some("A"));
    assert_eq!(resource.get(&path("manager")), Some(&json!({ "value": "26" })));
    assert_eq!(resource.get(&path("emails.value")), None);
    assert_eq!(resource.elements(&path("emails.value")).len(), 1);
    resource.set(&path("emails.value"), json!("y"));
    assert_eq!(resource.get(&path("emails")), Some(&json!([{ "value": "x" }])));
    resource.set(&path("name.givenName"), json!(""));
    resource.set(&path("emails"), json!([]));
    assert_eq!(resource.remove(&path("manager.value")), Some(json!("26")));
    assert_eq!(resource, Resource::default(), "parents left empty are gone");
    assert_eq!(resource.remove(&path("manager.value")), None);
    assert_eq!(resource.elements(&path("emails")), &[] as &[Value]);
}

#[test]
fn long_lists_are_put_together_and_taken_apart_as_short_ones() {
    let group = sample::group();
    let attribute = group.attribute(&group.path("members").unwrap()).unwrap();
    let members =
        |range: std::ops::Range<usize>| range.map(|id| json!({ "value": id.to_string() })).collect::<Vec<_>>();
    let mut labelled = members(0..30);
    labelled[3]["type"] = json!("User");
    let united = elements::united(labelled.clone(), members(0..40), attribute).elements;
    assert_eq!(united.len(), 40);
    assert_eq!(united[3], labelled[3]);
    assert_eq!(elements::without(united, &members(1..40), attribute), members(0..1));
}

fn parsed(text: &[u8]) -> Result<Value, String> {
    parse_json(text, JsonLimits::default()).map_err(|error| error.detail)
}

#[test]
fn json_with_two_meanings_is_refused_with_its_place() {
    assert_eq!(parsed(b"{\"a\": [1, -2.5e3, \"\\u00e5\"]}"), Ok(json!({ "a": [1, -2500.0, "å"] })));
    assert_eq!(parsed(b"\xef\xbb\xbf{}"), Ok(json!({})));
    for (text, what) in [
        ("{\"a\": tre}", "line 1 column"),
        ("{\"a\":1,\n\"a\":2}", "the name `a` stands twice in one object at line 2 column"),
        ("{\"a\":\"\\u0000\"}", "NUL in a string"),
        ("{\"a\":\"\\ud800\"}", "line 1 column"),
        ("{} {}", "trailing"),
        ("1e999", "out of range"),
        (" \n", "the body is empty"),
    ] {
        let error = parsed(text.as_bytes()).expect_err(text);
        assert!(error.contains(what), "{text}: {error}");
    }
    assert!(parsed(b"{\"a\":\"\xff\"}").is_err());
}

#[test]
fn json_deeper_than_the_limit_is_refused() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parsed(nested(32).as_bytes()).is_ok());
    assert!(parsed(nested(33).as_bytes()).unwrap_err().contains("nested too deeply"));
    assert!(parsed("[".repeat(1_000_000).as_bytes()).is_err());
    assert_eq!(parse_json(b"[[1]]", JsonLimits { depth: 1 }).unwrap_err().scim_type, Some(ScimType::InvalidSyntax));
}

fn any_json() -> impl Strategy<Value = Value> {
    let names = [
        "value",
        "type",
        "primary",
        "name",
        "givenName",
        "emails",
        "members",
        "manager",
        "active",
        "id",
        ENTERPRISE,
        "x",
    ];
    let texts = prop_oneof!["\\PC{0,6}".prop_map(Value::from), Just(json!("[{\"value\":\"1\"}]")), Just(json!("True"))];
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), any::<i32>().prop_map(Value::from), texts];
    leaf.prop_recursive(4, 40, 5, move |inner| {
        let members = proptest::collection::vec((proptest::sample::select(names.to_vec()), inner.clone()), 0..5);
        let members = members.prop_map(|members| {
            Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        });
        prop_oneof![proptest::collection::vec(inner, 0..4).prop_map(Value::from), members]
    })
}

proptest! {
    #[test]
    fn any_bytes_as_json_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let _ = parse_json(&bytes, JsonLimits::default());
    }

    #[test]
    fn strict_json_means_what_json_means(value in any_json()) {
        prop_assert_eq!(parse_json(value.to_string().as_bytes(), JsonLimits::default()).unwrap(), value);
    }

    #[test]
    fn what_is_decoded_holds_nothing_empty_and_decodes_to_itself(value in any_json()) {
        for kind in [sample::user(), sample::group()] {
            if let Ok(decoded) = decode(&value, &kind) {
                prop_assert!(sample::holds_nothing_empty(&Value::Object(decoded.resource.0.clone())));
                let again = decode(&Value::Object(decoded.resource.0.clone()), &kind).unwrap();
                prop_assert_eq!(again.resource, decoded.resource);
                prop_assert!(again.ignored.is_empty());
            }
        }
    }
}
