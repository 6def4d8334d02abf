//! The index against the walk over all rules, for what is known of them and for what is made up.

use crate::mapping::draft::Draft;
use crate::mapping::{Mapping, Rule, TypeMapping, Wants, compile};
use crate::scim::path::AttributePath;
use crate::scim::resource::Resource;
use crate::wire::Nothing;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

const TEXT: &str = r#"
edition: 1
product: x
User:
  key: { at: $.id, stable: true }
  attributes:
    userName:        { at: $.login, required: true, unique: true }
    title:           { at: $.title, default: "none" }
    externalId:      keep
    emails:          { one: $.mail, type: work, rest: keep }
    name.givenName:  $.first
    name.familyName: $.last
    active:          { at: $.locked, values: { true: [false, null], false: true } }
    urn:example:User:badge: { at: $.badge, type: string }
  read: GET /u/<key>
  create: POST /u
  update: { call: PATCH /u/<key>, sends: changed }
"#;

static MAPPINGS: LazyLock<Vec<Mapping>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shipped = fs::read_dir(root.join("mappings")).unwrap().map(|entry| entry.unwrap().path());
    let files = shipped.filter(|file| file.extension().is_some_and(|ending| ending == "yaml"));
    let files = files.chain([root.join("tests/diagnostics/whole.yaml")]).map(|file| fs::read_to_string(file).unwrap());
    // Those that need a script stay out.
    let compiled = files.chain([TEXT.to_owned()]).filter_map(|text| compile("test.yaml", &text, None).ok());
    compiled.map(|compiled| compiled.mapping).collect()
});

fn kinds() -> impl Iterator<Item = &'static TypeMapping> {
    MAPPINGS.iter().flat_map(|mapping| &mapping.types)
}

fn own() -> &'static TypeMapping {
    MAPPINGS.last().unwrap().kind("User").unwrap()
}

fn names<'a>(rules: impl Iterator<Item = (usize, &'a Rule)>) -> Vec<String> {
    rules.map(|(_, rule)| rule.attribute.to_string()).collect()
}

fn path(text: &str) -> AttributePath {
    own().kind.path(text).unwrap()
}

#[test]
fn an_attribute_has_its_own_rules_and_those_of_its_parts() {
    let of = |text: &str| names(own().rules.of(&path(text)));
    assert_eq!(of("name"), ["name.givenName", "name.familyName"]);
    assert_eq!(of("name.familyName"), ["name.givenName", "name.familyName"]);
    assert_eq!(of("emails.value"), ["emails"]);
    assert_eq!(of("badge"), ["urn:example:User:badge"]);
    assert_eq!(of("nickName"), [""; 0]);
    assert_eq!(names(own().rules.named("name.givenName")), ["name.givenName"]);
    assert_eq!(names(own().rules.named("name")), [""; 0]);
}

#[test]
fn a_resource_brings_the_rules_of_what_it_holds_in_file_order() {
    let resource = |value: Value| Resource(value.as_object().unwrap().clone());
    let one = resource(json!({ "urn:example:User": { "badge": "7" }, "externalId": "a", "nickName": "b" }));
    let other = resource(json!({ "title": "c", "externalId": "d" }));
    let rules = &own().rules;
    assert_eq!(names(rules.present_in(&[&one, &other])), ["title", "externalId", "urn:example:User:badge"]);
    assert_eq!(names(rules.of_new(&one)), ["title", "externalId", "urn:example:User:badge"]);
    assert_eq!(names(rules.required()), ["userName"]);
    assert_eq!(names(rules.unique()), ["userName"]);
    assert!(rules.store_something());
}

#[test]
fn a_document_brings_the_rules_that_look_at_its_fields() {
    let rules = &own().rules;
    // Absence means something to a table, and what is required is missed.
    assert_eq!(names(rules.read_in(&json!({ "mail": "a" }), Wants::EVERYTHING)), ["userName", "emails", "active"]);
    let wanted = [path("name"), path("title")];
    let wants = Wants::among(Some(&wanted), &|path| path.sub.as_deref() != Some("familyName"));
    assert_eq!(names(rules.read_in(&json!({ "mail": "a" }), wants)), ["title", "name.givenName"]);
}

fn value() -> impl Strategy<Value = Value> {
    let elements = [json!([{ "type": "work", "value": "a", "primary": true }, { "value": "b" }]), json!([])];
    select([vec![json!("a"), json!(true), json!(7), json!({ "value": "a" }), json!(["a"])], elements.to_vec()].concat())
}

/// A type, two resources that hold some of its attributes, and an account that holds some of its fields.
fn worlds() -> impl Strategy<Value = (&'static TypeMapping, Resource, Resource, Value)> {
    select(kinds().collect::<Vec<_>>()).prop_flat_map(|kind| {
        let paths: Vec<_> = kind.rules.all().iter().map(|rule| rule.attribute.clone()).collect();
        let places: Vec<_> =
            kind.rules.all().iter().flat_map(Rule::reads).filter(|path| path.is_plain()).cloned().collect();
        let some = |count: usize| (0..=count).prop_flat_map(|most| proptest::collection::vec(value(), most));
        let resource = move || {
            let held = (subsequence(paths.clone(), 0..=paths.len()), some(paths.len()));
            held.prop_map(|(paths, values)| {
                let mut resource = Resource::default();
                paths.iter().zip(values).for_each(|(path, value)| resource.set(path, value));
                resource
            })
        };
        let account = (subsequence(places.clone(), 0..=places.len()), some(places.len()));
        let account = account.prop_map(|(places, values)| {
            let mut account = json!({});
            places.iter().zip(values).for_each(|(at, value)| at.set(&mut account, value));
            account
        });
        (Just(kind), resource(), resource(), account)
    })
}

proptest! {
    #[test]
    fn what_a_resource_holds_is_found_as_by_a_walk((kind, one, other, _) in worlds()) {
        let held = |rule: &Rule| [&one, &other].iter().any(|held| held.get(&rule.attribute.parent()).is_some());
        let walked: Vec<usize> = (0..kind.rules.all().len()).filter(|place| held(&kind.rules[*place])).collect();
        let found: Vec<usize> = kind.rules.present_in(&[&one, &other]).map(|(place, _)| place).collect();
        prop_assert_eq!(&found, &walked);
        let alike = |rule: &&Rule| kind.sends_alike(rule, &one, &other);
        prop_assert!(kind.rules.all().iter().enumerate().all(|(place, rule)| found.contains(&place) || alike(&rule)));
    }

    #[test]
    fn an_account_reads_as_by_a_walk((kind, _, _, account) in worlds()) {
        let mut walked = Resource::default();
        let all = kind.rules.all().iter().map(|rule| kind.read_rule(rule, (&account, &Nothing), &mut walked));
        let all: Result<(), _> = all.collect();
        prop_assert_eq!(kind.to_scim(&account, Wants::EVERYTHING, &Nothing), all.map(|()| walked));
    }

    #[test]
    fn a_create_sends_what_a_walk_sends((kind, resource, _, _) in worlds()) {
        let found: Vec<usize> = kind.rules.of_new(&resource).map(|(place, _)| place).collect();
        for (_, rule) in kind.rules.all().iter().enumerate().filter(|(place, _)| !found.contains(place)) {
            let mut draft = Draft::default();
            prop_assert_eq!(kind.write_new(rule, (&resource, &Nothing), &mut draft), Ok(()));
            prop_assert!(!kind.put_default_elements(rule, &resource, &mut draft));
            prop_assert_eq!(draft, Draft::default());
        }
    }
}
