//! Resource types of a target that offers everything, and generators, for the tests of this module.

use super::resource::{Resource, decode, is_nothing};
use super::schema::{Attribute, Kind, ResourceType, Schema, Uniqueness};
use super::schema::{Mutability, Returned};
use proptest::prelude::*;
use serde_json::Value;

/// The enterprise extension's URN, short enough for tests.
pub(crate) const ENTERPRISE: &str = super::schema::ENTERPRISE_SCHEMA;
/// An extension only a target knows.
pub(crate) const BADGES: &str = "urn:ietf:params:scim:schemas:extension:badges:2.0:User";

pub(crate) fn user() -> ResourceType {
    let mut user = ResourceType::user();
    let sized = |name: &str, kind| Attribute { kind, ..plain(name) };
    user.extend(Schema {
        id: BADGES.into(),
        name: "Badges".into(),
        description: "Badges".into(),
        attributes: vec![
            plain("badge"),
            sized("level", Kind::Integer),
            sized("share", Kind::Decimal),
            sized("since", Kind::DateTime),
            Attribute { multi_valued: true, ..plain("rooms") },
        ],
    });
    offering_everything(user)
}

pub(crate) fn group() -> ResourceType {
    offering_everything(ResourceType::group())
}

pub(crate) fn resource(body: impl Into<Value>, kind: &ResourceType) -> Resource {
    decode(&body.into(), kind).unwrap().resource
}

/// Whether nothing within a value counts as unassigned.
pub(crate) fn holds_nothing_empty(value: &Value) -> bool {
    match value {
        Value::Array(elements) => elements.iter().all(|element| !is_nothing(element) && holds_nothing_empty(element)),
        Value::Object(members) => members.values().all(|value| !is_nothing(value) && holds_nothing_empty(value)),
        _ => true,
    }
}

fn offering_everything(mut kind: ResourceType) -> ResourceType {
    for path in kind.paths().cloned().collect::<Vec<_>>() {
        kind.mark(&path, |attribute| attribute.offered = true);
    }
    kind
}

pub(crate) fn plain(name: &str) -> Attribute {
    Attribute {
        name: name.into(),
        kind: Kind::String,
        multi_valued: false,
        description: "A test attribute.".into(),
        required: false,
        canonical_values: Vec::new(),
        case_exact: false,
        mutability: Mutability::ReadWrite,
        returned: Returned::Default,
        uniqueness: Uniqueness::None,
        reference_types: Vec::new(),
        sub_attributes: Vec::new(),
        offered: true,
    }
}

/// Filters of the RFC's own grammar, as text.
pub(crate) fn filters() -> impl Strategy<Value = String> {
    let term = prop_oneof![comparison(), element()];
    term.prop_recursive(4, 24, 3, |inner| {
        let many = proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            many.clone().prop_map(|filters| filters.join(" and ")),
            many.prop_map(|filters| filters.join(" or ")),
            inner.clone().prop_map(|filter| format!("({filter})")),
            inner.prop_map(|filter| format!("not ({filter})")),
        ]
    })
}

fn comparison() -> impl Strategy<Value = String> {
    let names =
        ["userName", "displayname", "NAME.givenName", "emails.value", "manager.value", "title", "meta.location"];
    let named = proptest::sample::select(names.to_vec()).prop_map(str::to_owned);
    let urn = Just(format!("{ENTERPRISE}:department"));
    let path = prop_oneof![named, urn];
    let operators = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "EQ", "Co"];
    let texts = (path.clone(), proptest::sample::select(operators.to_vec()), "\\PC{0,8}")
        .prop_map(|(path, operator, text)| format!("{path} {operator} {}", Value::from(text)));
    let orders = proptest::sample::select(vec!["eq", "ne", "gt", "ge", "lt", "le"]);
    let numbers = (orders, any::<i32>()).prop_map(|(operator, number)| format!("{BADGES}:level {operator} {number}"));
    let decimals = (proptest::sample::select(vec!["eq", "ne", "gt", "le"]), -1e9..1e9)
        .prop_map(|(operator, number)| format!("{BADGES}:share {operator} {number}"));
    let moments = (proptest::sample::select(vec!["eq", "ge", "lt"]), 0..60_u8, -12..13_i8).prop_map(
        |(operator, second, zone)| format!("meta.created {operator} \"2011-05-13T04:42:{second:02}{zone:+03}:00\""),
    );
    let flags = any::<bool>().prop_map(|flag| format!("active eq {flag}"));
    let present = path.prop_map(|path| format!("{path} pr"));
    prop_oneof![texts, numbers, decimals, moments, flags, present]
}

fn element() -> impl Strategy<Value = String> {
    let term = prop_oneof![
        Just("type eq \"work\"".to_owned()),
        Just("primary eq true".to_owned()),
        Just("display pr".to_owned()),
        "[a-z\"\\]\\[]{0,5}".prop_map(|text| format!("value co {}", Value::from(text))),
    ];
    let inner = term.prop_recursive(2, 6, 3, |inner| {
        let terms = proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            (terms, any::<bool>()).prop_map(|(terms, all)| terms.join(if all { " and " } else { " or " })),
            inner.clone().prop_map(|filter| format!("({filter})")),
            inner.prop_map(|filter| format!("not ({filter})")),
        ]
    });
    (proptest::sample::select(vec!["emails", "roles", "Photos"]), inner)
        .prop_map(|(list, inner)| format!("{list}[{inner}]"))
}
