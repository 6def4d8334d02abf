//! The translation alone, one operation at a time, for a tool that counts instructions.

use std::hint::black_box;

use serde_json::{Value, json};
use transom::mapping::{self, Mapping, TypeMapping, Wants};
use transom::plan::{self, SameKeys, Subject};
use transom::scim::filter::Filter;
use transom::scim::patch;
use transom::scim::path::AttributePath;
use transom::scim::projection::{View, present};
use transom::scim::resource::{self, Resource};
use transom::wire::{Nothing, Term};

use crate::Failure;

const MAPPING: &str = include_str!("../../mappings/redmine.yaml");
/// An account of 2 KB.
pub const ACCOUNT: &str = include_str!("../account.json");

/// What can be counted.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Operation {
    /// The text of the account's JSON into a document.
    Parse,
    /// The account into a SCIM resource.
    ToScim,
    /// The account into a SCIM resource of `userName` and `active` alone, and that into the answer's text.
    Part,
    /// A SCIM resource into the answer's text.
    Answer,
    /// `userName eq "…"`, parsed and pushed down.
    Filter,
    /// A PATCH of `active`, as Entra ID sends it: decoded and planned.
    Patch,
    /// A POST, as Entra ID sends it: decoded and planned.
    Create,
}

/// Runs an operation once, then `times` times within [`counted`].
pub fn run(operation: Operation, times: u32, more_rules: u32) -> Result<(), Failure> {
    let text = with_more_rules(more_rules);
    let mapping = mapping::compile("redmine.yaml", &text, None).map_err(|wrong| wrong.to_string())?.mapping;
    let kind = mapping.kind("User").ok_or("the mapping has no users")?;
    let account: Value = serde_json::from_str(ACCOUNT)?;
    let resource = kind.to_scim(&account, Wants::EVERYTHING, &Nothing)?;
    let (patch, create) = (patch_body(), create_body());
    let work: Box<dyn Fn()> = match operation {
        Operation::Parse => Box::new(|| drop(black_box(serde_json::from_str::<Value>(ACCOUNT)))),
        Operation::ToScim => Box::new(|| {
            let view = View::all();
            let wants = |path: &AttributePath| view.wants(path, &kind.kind);
            drop(black_box(kind.to_scim(&account, Wants::every(&wants), &Nothing)));
        }),
        Operation::Part => Box::new(|| drop(black_box(part(kind, &account)))),
        Operation::Answer => Box::new(|| drop(black_box(answer(kind, &resource)))),
        Operation::Filter => Box::new(|| {
            black_box(pushed_down(&mapping, kind));
        }),
        Operation::Patch => Box::new(|| drop(black_box(planned_patch(&mapping, kind, &patch)))),
        Operation::Create => Box::new(|| drop(black_box(planned_create(&mapping, kind, &create)))),
    };
    work();
    (0..times).for_each(|_| counted(&work));
    Ok(())
}

/// What further rules say, each kind in its turn; `#` is the rule's number.
const FURTHER: [&str; 7] = [
    "{ at: $.further_#, type: string }",
    "{ read: $.further_#, type: string }",
    "{ write: $.further_#, type: string }",
    "{ keep: true, type: string }",
    "{ at: $.further_#, type: string, remember: true }",
    "{ read: $.further_#, type: string, written: refuse }",
    "{ at: $.further_#, multi_valued: true, as: { join: \",\" } }",
];

/// The mapping with further rules, of an extension that no request names and of fields that the account does not have.
pub fn with_more_rules(count: u32) -> String {
    let said = FURTHER.iter().cycle().zip(0..count);
    let rule = |(said, number): (&&str, u32)| {
        format!("    urn:example:further:User:field{number}: {}\n", said.replace('#', &number.to_string()))
    };
    let rules: String = said.map(rule).collect();
    MAPPING.replacen("  attributes:\n", &format!("  attributes:\n{rules}"), 1)
}

fn part(kind: &TypeMapping, account: &Value) -> Option<String> {
    let view = View::parse(Some("userName,active"), None, &kind.kind).ok()?;
    let among: Option<Vec<AttributePath>> = view.attributes(&kind.kind).map(Iterator::collect);
    let takes = |path: &AttributePath| view.wants(path, &kind.kind);
    let resource = kind.to_scim(account, Wants::among(among.as_deref(), &takes), &Nothing).ok()?;
    let shown = view.project(resource, &kind.kind);
    Some(present(shown, &kind.kind, "https://scim.example.com/redmine/scim/v2/Users/5").to_string())
}

fn pushed_down(mapping: &Mapping, kind: &TypeMapping) -> bool {
    let filter = Filter::parse("userName eq \"bjensen@example.com\"", &kind.kind);
    filter.is_ok_and(|filter| plan::search(mapping, (kind, &Nothing), &filter).is_ok())
}

/// The counter looks for this function's name.
#[inline(never)]
fn counted(work: &dyn Fn()) {
    work();
    // Something to do after the call, or it would be a jump and the counter would miss the end.
    black_box(());
}

fn answer(kind: &TypeMapping, resource: &Resource) -> String {
    let shown = View::all().project(resource.clone(), &kind.kind);
    present(shown, &kind.kind, "https://scim.example.com/redmine/scim/v2/Users/5").to_string()
}

fn planned_patch(mapping: &Mapping, kind: &TypeMapping, body: &Value) -> Option<Vec<plan::Planned>> {
    let patch = patch::decode(body, &kind.kind).ok()?;
    let (after, changes) = plan::blind(mapping, kind, (&patch.operations, &Resource::default()))?;
    let key = Term::Value(plan::key_value(kind, "5")?);
    plan::update(
        &Subject { mapping, kind, key, before: None, references: &SameKeys, known: &Nothing },
        &after,
        &changes,
    )
    .ok()
}

fn planned_create(mapping: &Mapping, kind: &TypeMapping, body: &Value) -> Option<plan::Creation> {
    let resource = resource::decode(body, &kind.kind).ok()?.resource;
    resource::check_required(&resource, &kind.kind).ok()?;
    let key = Term::Captured("key".into());
    plan::create(&Subject { mapping, kind, key, before: None, references: &SameKeys, known: &Nothing }, &resource).ok()
}

pub fn patch_body() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "Replace", "path": "active", "value": "False" }],
    })
}

pub fn create_body() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "externalId": "3f0a6c1e",
        "userName": "bjensen",
        "active": true,
        "displayName": "Barbara Jensen",
        "emails": [{ "primary": true, "type": "work", "value": "bjensen@example.com" }],
        "meta": { "resourceType": "User" },
        "name": { "formatted": "Barbara Jensen", "familyName": "Jensen", "givenName": "Barbara" },
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "employeeNumber": "701984" },
    })
}
