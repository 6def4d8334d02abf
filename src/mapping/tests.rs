//! Whole files: what a mapping compiles to, and the message of every code of the table.

use super::*;
use crate::scim::schema::Mutability;
use crate::wire::Nothing;
use crate::wire::{KeySource, Meaning, Paging, ResultAt};
use serde_json::json;
use std::fs;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/diagnostics"))
}

fn compiled(text: &str) -> Mapping {
    compiled_with(text, None)
}

fn compiled_with(text: &str, script: Option<(&str, &str)>) -> Mapping {
    match compile("test.yaml", text, script) {
        Ok(compiled) => compiled.mapping,
        Err(found) => panic!("{}", found.render(Look::Plain)),
    }
}

fn whole() -> Mapping {
    compiled(&fs::read_to_string(folder().join("whole.yaml")).unwrap())
}

fn rule<'a>(mapping: &'a Mapping, kind: &str, name: &str) -> &'a Rule {
    let kind = mapping.kind(kind).unwrap();
    let path =
        kind.kind.path(&name.replace("enterprise:", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"));
    kind.rule(&path.unwrap()).unwrap()
}

fn characteristics(mapping: &Mapping, kind: &str, name: &str) -> (bool, Mutability) {
    let kind = &mapping.kind(kind).unwrap().kind;
    let attribute = kind.attribute(&kind.path(name).unwrap()).unwrap();
    (attribute.offered, attribute.mutability)
}

#[test]
fn a_whole_mapping_compiles() {
    let mapping = whole();
    assert_eq!((mapping.types.len(), mapping.tests.len()), (2, 2));
    let user = mapping.kind("User").unwrap();
    assert_eq!((user.key.at.text(), user.key.stable, user.key.number), ("$.id", true, true));
    assert_eq!(user.rules.all().len(), 11);
    assert_eq!(user.rules.all().iter().filter(|rule| rule.is_kept()).count(), 2);
    assert!(matches!(&rule(&mapping, "User", "userName").shape, Shape::Field(path) if path.text() == "$.login"));
    assert!(rule(&mapping, "User", "name.givenName").default.is_some());
    assert!(matches!(rule(&mapping, "User", "password").shape, Shape::Write(_)));
    assert_eq!(rule(&mapping, "User", "displayName").written, Written::Ignored);
    let custom = rule(&mapping, "User", "enterprise:employeeNumber");
    assert_eq!(custom.cleared, Cleared::As(vec![json!("")]));
    let Shape::One { at, of_type, primary, rest } = &rule(&mapping, "User", "emails").shape else { panic!() };
    assert_eq!((at.len(), of_type.as_deref(), *primary, *rest), (1, Some("work"), true, Rest::Keep));
    let active = &rule(&mapping, "User", "active").transform;
    assert_eq!(active.to_target(&json!(false), &Nothing), Ok(json!(3)));
}

#[test]
fn its_calls_carry_what_the_file_says() {
    let mapping = whole();
    let user = mapping.kind("User").unwrap();
    let read = mapping.call(user.read.as_ref().and_then(Reading::call).unwrap());
    assert_eq!((&*read.name, read.path.len(), read.query.len()), ("User.read", 2, 1));
    assert!(matches!(&read.result, ResultAt::At(path) if path.text() == "$.user"));
    let list = mapping.call(user.list.as_ref().unwrap().call);
    assert_eq!(list.query[0].1.literal(), Some(""));
    assert!(matches!(list.listing.as_ref().unwrap().paging, Some(Paging::Offset { max: 100, .. })));
    let lacks: Vec<String> = user.list.as_ref().unwrap().lacks.iter().map(ToString::to_string).collect();
    assert_eq!(lacks, ["active", "groups"]);
    let find = &user.find[0];
    assert_eq!(find.by.iter().map(ToString::to_string).collect::<Vec<_>>(), ["userName", "emails.value"]);
    let call = mapping.call(find.search.call);
    assert_eq!(call.query.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["status", "name"]);
    assert!(call.listing.is_some() && find.search.lacks.len() == 2);
    let update = mapping.call(user.update[0].by.call().unwrap().call);
    assert!(matches!(update.body.as_ref(), Some(crate::wire::Body::Object(fields)) if &*fields[0].0 == "user"));
    let Shape::Each { add: Some(add), remove: Some(remove), items, .. } = &rule(&mapping, "Group", "members").shape
    else {
        panic!()
    };
    assert_eq!(items[0].refers_to.as_deref(), Some("User"));
    let rows = &mapping.call(*add).answers;
    assert_eq!((rows[0].means.said(), rows[1].means.said()), (Some(Meaning::Check), Some(Meaning::Absent)));
    assert_eq!(&*mapping.call(*remove).name, "Group.members.remove");
    assert_eq!(read.answers.len(), 4 + crate::wire::answer::built_in().len());
}

#[test]
fn discovery_offers_exactly_what_is_mapped() {
    let mapping = whole();
    let offered = |kind, name| characteristics(&mapping, kind, name).0;
    for name in [
        "userName",
        "name",
        "name.givenName",
        "emails.value",
        "emails.type",
        "emails.primary",
        "groups.display",
        "meta.created",
        "externalId",
    ] {
        assert!(offered("User", name), "{name}");
    }
    for name in ["title", "name.formatted", "emails.display", "meta.lastModified", "phoneNumbers", "groups.type"] {
        assert!(!offered("User", name), "{name}");
    }
    assert!(offered("Group", "members.display") && !offered("Group", "members.type"));
    assert_eq!(characteristics(&mapping, "User", "displayName").1, Mutability::ReadWrite);
    let kind = &mapping.kind("User").unwrap().kind;
    let types = &kind.attribute(&kind.path("emails.type").unwrap()).unwrap().canonical_values;
    assert_eq!(types.iter().map(|one| &**one).collect::<Vec<_>>(), ["work"]);
}

#[test]
fn its_tests_are_read() {
    let tests = whole().tests;
    assert_eq!(tests[0].given[0].1, "7");
    assert_eq!(tests[0].request.1, "/Users/7");
    assert_eq!(tests[0].calls.as_ref().unwrap()[0], ("PUT /users/7.json".to_owned(), json!({"user": {"status": 3}})));
    let exchange = &tests[1].exchange.as_ref().unwrap()[0];
    assert_eq!((exchange.status, &exchange.answer), (422, &json!({"errors": ["Login has already been taken"]})));
    assert_eq!(tests[1].answer.get("status"), Some(&json!(409)));
}

const OTHER: &str = r#"
edition: 1
product: Other
settings: [user, password, domain]
auth: { basic: { username: <settings.user>, password: <settings.password> } }
User:
  key: { at: $.name, made: "<userName>@<settings.domain>" }
  unsupported: refuse
  absent_when:
    - { at: $.erased, equals: true }
    - { at: $.name, matches: "^system-" }
    - { at: $.kind, not: { equals: [person, <settings.user>] } }
  attributes:
    userName: { at: $.login, case_exact: true }
    nickName: { read: [$.nick, "<$.first> <$.last>"], written: refuse }
    displayName: { read: $.full }
    title: { read: $.title }
    emails:
      - { one: $.mail, type: work, rest: refuse }
      - { one: { value: $.home.mail, display: $.home.label }, type: home }
    active: { at: $.disabled, as: negated }
    enterprise:manager: { at: $.boss, ref: User }
    urn:example:params:scim:schemas:User:badge: { at: $.badge, type: integer }
    urn:example:params:scim:schemas:User:tags: { at: $.tags, multi_valued: true }
    locale: { at: $.lang, values: { de: [1, 2], en: 3, null: 0, else: en } }
    timezone: { at: $.tz, script: [to_zone, from_zone] }
    roles: { each: "$.roles[?@.kind == 'role']", value: .id, type: { read: .type } }
    password: { write: $.secret, keep: true }
  read: { call: GET /u/<key>, result: "$.data[0]" }
  list:
    call: GET /u
    query: { from: <cursor>, size: <limit>, all: true }
    items: $.list
    next: { header: Link }
    scan: 500
  find:
    - { by: userName eq, call: "GET /u/by-name/<value>", items: $, headers: { X-Exact: "1" } }
  create: { call: POST /u, encode: form, with: { kind: person }, drop: $.home.label, key: { header: Location, after: /u/ }, look_first: true, if_uncertain: stop }
  update:
    - { for: { active: false }, call: POST /u/<key>/lock, body: null }
    - { for: { active: true }, call: POST /u/<key>/unlock, body: { why: "<userName> is back" } }
    - { for: title, call: PUT /u/<key>/title, body: { title: <value> } }
    - { call: PATCH /u/<key>, sends: account }
  delete: DELETE /u/<key>?hard=a%20b
"#;

const SCRIPT: &str = "fn to_zone(zone) { zone } fn from_zone(zone) { zone }";

#[test]
fn the_rest_of_the_language_compiles() {
    let mapping = compiled_with(OTHER, Some(("other.rhai", SCRIPT)));
    let user = mapping.kind("User").unwrap();
    assert_eq!((user.absent_when.len(), user.unsupported), (3, Unsupported::Refuse));
    assert!(!user.key.number && user.key.made.as_ref().unwrap().holes().count() == 2);
    assert!(matches!(&rule(&mapping, "User", "nickName").shape, Shape::Read(sources) if sources.len() == 2));
    assert_eq!(rule(&mapping, "User", "nickName").written, Written::Refused);
    assert_eq!(rule(&mapping, "User", "title").written, Written::Sent);
    assert_eq!(rule(&mapping, "User", "enterprise:manager.value").refers_to.as_deref(), Some("User"));
    assert_eq!(rule(&mapping, "User", "locale").cleared, Cleared::As(vec![json!(0)]));
    assert!(rule(&mapping, "User", "timezone").is_scripted() && rule(&mapping, "User", "password").is_kept());
    let emails: Vec<bool> = user
        .rules
        .all()
        .iter()
        .filter_map(|rule| match &rule.shape {
            Shape::One { primary, .. } => Some(*primary),
            _ => None,
        })
        .collect();
    assert_eq!(emails, [true, false]);
    assert_eq!(user.find[0].search.lacks, []);
    assert_eq!(mapping.call(*user.delete.as_ref().unwrap().by.call().unwrap()).query[0].1.literal(), Some("a b"));
    let create = mapping.call(user.create.as_ref().unwrap().write.call);
    assert!(matches!(&create.key, Some(KeySource::Header { after: Some(after), .. }) if &**after == "/u/"));
    assert_eq!(create.result, ResultAt::Nowhere);
    let lock = &user.update[0];
    assert_eq!(lock.takes[0].value, Some(json!(false)));
    assert!(mapping.call(lock.by.call().unwrap().call).body.is_none());
    let Some(list) = &user.list else { panic!() };
    assert!(matches!(
        mapping.call(list.call).listing.as_ref().unwrap().paging,
        Some(Paging::Cursor { cursor: None, .. })
    ));
    assert!(user.fingerprint.contains("password"));
}

#[test]
fn characteristics_follow_from_rules_and_calls() {
    let mapping = compiled_with(OTHER, Some(("other.rhai", SCRIPT)));
    let of = |name| characteristics(&mapping, "User", name);
    assert_eq!(of("userName"), (true, Mutability::Immutable));
    assert_eq!(of("nickName"), (true, Mutability::ReadWrite));
    assert_eq!(of("displayName"), (true, Mutability::ReadOnly));
    assert_eq!(of("title"), (true, Mutability::ReadWrite));
    assert_eq!(of("urn:example:params:scim:schemas:User:badge"), (true, Mutability::ReadWrite));
    assert!(!of("externalId").0);
    let kind = &mapping.kind("User").unwrap().kind;
    let types = &kind.attribute(&kind.path("emails.type").unwrap()).unwrap().canonical_values;
    assert_eq!(types.iter().map(|one| &**one).collect::<Vec<_>>(), ["work", "home"]);
}

#[test]
fn without_update_calls_what_is_created_is_immutable() {
    let text = "edition: 1\nproduct: x\nUser:\n  key: $.id\n  attributes: { userName: $.a, externalId: keep }\n  create: POST /u\n";
    let mapping = compiled(text);
    assert_eq!(characteristics(&mapping, "User", "userName").1, Mutability::Immutable);
    assert_eq!(characteristics(&mapping, "User", "externalId").1, Mutability::ReadWrite);
}

/// Compiles a file of the folder, with the script beside it, and gives its messages and their text.
fn messages(path: &std::path::Path) -> Diagnostics {
    let name = path.file_name().unwrap().to_str().unwrap();
    let text = fs::read_to_string(path).unwrap();
    let script = fs::read_to_string(path.with_extension("rhai")).ok();
    let script_name = name.replace(".yaml", ".rhai");
    match compile(name, &text, script.as_deref().map(|text| (script_name.as_str(), text))) {
        Ok(compiled) => Diagnostics(compiled.warnings),
        Err(found) => found,
    }
}

/// `UPDATE_DIAGNOSTICS=1 cargo test` writes what is said now; the difference is then read in review.
fn held(path: &std::path::Path, now: &str) -> bool {
    if std::env::var_os("UPDATE_DIAGNOSTICS").is_some() {
        fs::write(path, now).unwrap();
    }
    fs::read_to_string(path).is_ok_and(|held| held == now)
}

#[test]
fn every_code_has_a_mapping_that_is_wrong_in_this_way_and_its_message() {
    let mut files: Vec<PathBuf> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    let mut wrong = Vec::new();
    for code in codes::ALL {
        let prefix = format!("{}-{}", code.id, code.slug);
        let mut own =
            files.iter().filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&prefix)).peekable();
        if own.peek().is_none() {
            wrong.push(format!("{prefix}: no file"));
        }
        for path in own {
            let found = messages(path);
            let strangers: Vec<&str> = found.0.iter().map(|one| one.code.id).filter(|id| *id != code.id).collect();
            if found.0.is_empty() || !strangers.is_empty() {
                wrong.push(format!(
                    "{prefix}: {} messages, others {strangers:?}\n{}",
                    found.0.len(),
                    found.render(Look::Plain)
                ));
            }
            if !held(&path.with_extension("txt"), &found.render(Look::Plain)) {
                wrong.push(format!("{prefix}: the message changed\n{}", found.render(Look::Plain)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn ten_mistakes_get_ten_messages_each_with_its_line() {
    let path = folder().join("ten-mistakes.yaml");
    let found = messages(&path);
    assert!(held(&path.with_extension("txt"), &found.render(Look::Plain)), "{}", found.render(Look::Plain));
    let lines: Vec<usize> = found.0.iter().map(Diagnostic::line).collect();
    assert_eq!(lines, [4, 6, 8, 10, 11, 12, 13, 14, 15, 16]);
    assert_eq!(found.errors(), 10);
}

#[test]
fn the_published_pages_are_the_ones_in_the_code() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs");
    assert!(held(&root.join("diagnostics.md"), &codes::table()), "docs/diagnostics.md is out of date");
    let schema = serde_json::to_string_pretty(&json_schema()).unwrap() + "\n";
    assert!(held(&root.join("mapping.schema.json"), &schema), "docs/mapping.schema.json is out of date");
}

#[test]
fn a_message_has_a_form_for_editors_and_one_for_terminals() {
    let found = messages(&folder().join("M015-unknown-meaning.yaml"));
    let json = &found.to_json()[0];
    assert_eq!(json["code"], "M015");
    assert_eq!((&json["line"], &json["column"], &json["end_column"]), (&json!(6), &json!(27), &json!(32)));
    assert_eq!(json["severity"], "error");
    assert!(json["hint"].as_str().unwrap().contains("absent"));
    assert!(found.render(Look::Coloured).contains("\u{1b}["));
    assert!(found.to_string().starts_with("M015-unknown-meaning.yaml:6:27: error[M015]: "));
}

proptest::proptest! {
    /// A damaged file is an error or still a mapping, never a panic, and a refusal says why.
    #[test]
    fn a_damaged_mapping_never_panics(at in 0usize..3_000, cut in 0usize..40, with in "[-a<>$.:{}\\[\\],#'\"\n é]{0,6}") {
        let text = fs::read_to_string(folder().join("whole.yaml")).unwrap();
        let floor = |at: usize| (0..=at.min(text.len())).rev().find(|one| text.is_char_boundary(*one)).unwrap_or(0);
        let (start, end) = (floor(at), floor(at + cut));
        let damaged = format!("{}{with}{}", &text[..start], &text[end..]);
        if let Err(found) = compile("damaged.yaml", &damaged, None) {
            proptest::prop_assert!(found.errors() > 0);
            proptest::prop_assert!(!found.render(Look::Plain).is_empty());
        }
    }
}
