//! Laws of every shipped mapping, tried with made-up values: what is written reads back, and what no rule names survives.

use crate::shipped::mappings;
use proptest::collection::btree_map;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use transom::cli::rehearsal::Stage;
use transom::gateway::PatchAnswer;
use transom::mapping::{Mapping, Rule, Shape, TestCase, Transform, TypeMapping};
use transom::scim::resource::Resource;
use transom::scim::schema::{Kind, Mutability};

const ROUNDS: u32 = 24;

#[test]
fn what_is_written_reads_back() {
    every_type(|mapping, kind, resource| {
        if kind.create.is_none() {
            return Ok(());
        }
        let name = &kind.kind.endpoint;
        let mut wanted = resource.clone();
        let stage = play(mapping, Vec::new());
        let made = stage.answer(&format!("POST {name}"), &resource.0);
        prop_assert_eq!(made.0, 201, "{}: {}", json!(resource.0), made.1);
        let id = made.1["id"].as_str().unwrap_or_default().to_owned();
        let shown = stage.answer(&format!("GET {name}/{id}"), &Map::new());
        prop_assert_eq!(shown.0, 200, "{}", shown.1);
        for rule in kind.rules.all().iter().filter(|rule| is_two_way(rule)) {
            let read = Resource(shown.1.as_object().cloned().unwrap_or_default());
            let value = wanted.remove(&rule.attribute);
            prop_assert!(
                value.is_none() || alike(&value, read.get(&rule.attribute)),
                "{} is {:?}, sent {:?}",
                rule.attribute,
                read.get(&rule.attribute),
                value
            );
        }
        Ok(())
    });
}

#[test]
fn what_no_rule_names_survives_every_write() {
    every_type(|mapping, kind, resource| {
        if kind.update.is_empty() {
            return Ok(());
        }
        let name = &kind.kind.endpoint;
        let id = if kind.key.number { json!(7) } else { json!("k7") };
        let mut account = json!({ "unnamed": { "deep": [1, { "x": null }] }, "untouched": "as it was" });
        kind.key.at.set(&mut account, id.clone());
        for rule in
            kind.rules.all().iter().filter(|rule| kind.kind.attribute(&rule.attribute).is_some_and(|one| one.required))
        {
            let places = rule.writes_to().into_iter().filter(|at| **at != kind.key.at);
            places.for_each(|at| at.set(&mut account, json!("before")));
        }
        for rule in kind.rules.all().iter() {
            if let (Transform::Table(table), Shape::Field(at)) = (&rule.transform, &rule.shape) {
                at.set(&mut account, table.rows[0].1[0].clone());
            }
        }
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        let stage = play(mapping, vec![(kind.kind.name.clone(), id.clone(), account.clone())]);
        let mut wanted = resource.clone();
        for rule in kind.rules.all().iter().filter(|rule| is_immutable(kind, rule)) {
            let held = rule.writes_to().and_then(|at| at.first(&account)).cloned();
            wanted.set(&rule.attribute, held.unwrap_or_default());
        }
        // Where keys are not ids, the list tells them.
        let listed = || stage.answer(&format!("GET {name}"), &Map::new()).1["Resources"][0]["id"].clone();
        let own = if kind.key.stable { json!(id) } else { listed() };
        let put = stage.answer(&format!("PUT {name}/{}", own.as_str().unwrap_or_default()), &wanted.0);
        prop_assert_eq!(put.0, 200, "{}", put.1);
        let held = stage.held(kind, &id);
        prop_assert_eq!(&held["unnamed"], &account["unnamed"]);
        prop_assert_eq!(&held["untouched"], &account["untouched"]);
        Ok(())
    });
}

fn every_type(law: impl Fn(&Arc<Mapping>, &TypeMapping, &Resource) -> Result<(), TestCaseError>) {
    for mapping in mappings() {
        for kind in mapping.types.iter().filter(|kind| requires_what_is_made_up(kind)) {
            let mut runner = TestRunner::new(Config { cases: ROUNDS, failure_persistence: None, ..Config::default() });
            let ran = runner.run(&resources(kind), |resource| law(&mapping, kind, &resource));
            ran.unwrap_or_else(|error| panic!("{} {}: {error}", mapping.file, kind.kind.name));
        }
    }
}

/// Is everything that a client must give among what these laws make up, and the account one answer? Keys that take certain letters
/// alone are not made up, and further answers do not follow what is written.
fn requires_what_is_made_up(kind: &TypeMapping) -> bool {
    let required = |rule: &&Rule| kind.kind.attribute(&rule.attribute).is_some_and(|one| one.required);
    let one_answer = kind.read.as_ref().is_some_and(|read| read.named.is_empty());
    one_answer && kind.key.form.allowed.is_none() && kind.rules.all().iter().filter(required).all(is_two_way)
}

/// Resources with some of the attributes that a type has two-way rules for, and everything that it requires.
fn resources(kind: &TypeMapping) -> impl Strategy<Value = Resource> + use<> {
    let rules: Vec<_> = kind.rules.all().iter().filter(|rule| is_two_way(rule)).cloned().collect();
    let types: Vec<_> =
        rules.iter().map(|rule| (rule.attribute.clone(), values(kind, rule), required(kind, rule))).collect();
    let count = types.len();
    btree_map(0..count, Just(()), 0..=count).prop_flat_map(move |chosen| {
        let given = types.iter().enumerate().filter(|(at, (_, _, required))| *required || chosen.contains_key(at));
        let given: Vec<_> = given.map(|(_, (path, value, _))| (Just(path.clone()), value.clone())).collect();
        given.prop_map(|given| {
            let mut resource = Resource::default();
            // Several `one:` rules fill one attribute, each with its own element.
            for (path, value) in given {
                let mut elements = resource.elements(&path).to_vec();
                elements.extend(value.as_array().cloned().unwrap_or_default());
                resource.set(&path, if value.is_array() { Value::Array(elements) } else { value });
            }
            resource
        })
    })
}

/// What a table spells, such as a status, every account of the product has.
fn required(kind: &TypeMapping, rule: &Rule) -> bool {
    matches!(rule.transform, Transform::Table(_))
        || kind.kind.attribute(&rule.attribute).is_some_and(|attribute| attribute.required)
}

fn is_two_way(rule: &Rule) -> bool {
    matches!(rule.shape, Shape::Field(_) | Shape::One { .. }) && rule.refers_to.is_none() && !rule.is_scripted()
}

fn is_immutable(kind: &TypeMapping, rule: &Rule) -> bool {
    kind.kind.attribute(&rule.attribute).is_some_and(|attribute| attribute.mutability == Mutability::Immutable)
}

fn values(kind: &TypeMapping, rule: &Rule) -> BoxedStrategy<Value> {
    let of = kind.kind.attribute(&rule.attribute).map_or(Kind::String, |attribute| attribute.kind);
    match (&rule.shape, &rule.transform, of) {
        (_, Transform::Table(table), _) => {
            let listed: Vec<Value> =
                table.rows.iter().map(|(own, _)| own.clone()).filter(|own| !own.is_null()).collect();
            prop::sample::select(listed).boxed()
        }
        (Shape::One { at, of_type, primary, .. }, ..) => {
            let (subs, of_type, primary) =
                (at.iter().map(|(sub, _)| sub.clone()).collect::<Vec<_>>(), of_type.clone(), *primary);
            let texts = prop::collection::vec(text(), subs.len());
            texts.prop_map(move |texts| element(&subs, texts, (of_type.as_deref(), primary))).boxed()
        }
        (_, _, Kind::Boolean) => any::<bool>().prop_map(Value::from).boxed(),
        (_, _, Kind::Integer) => any::<i32>().prop_map(Value::from).boxed(),
        _ => text().prop_map(Value::from).boxed(),
    }
}

fn element(subs: &[Arc<str>], texts: Vec<String>, (of_type, primary): (Option<&str>, bool)) -> Value {
    let mut element: Map<String, Value> =
        subs.iter().zip(texts).map(|(sub, text)| (sub.to_string(), text.into())).collect();
    element.extend(of_type.map(|of_type| ("type".to_owned(), of_type.into())));
    element.extend(primary.then(|| ("primary".to_owned(), true.into())));
    json!([element])
}

/// Letters of many scripts, blanks inside, and what means something in JSON, URLs and templates.
fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9äßπжش漢😀<>\"'\\\\/%&=+#?$:]([ a-zA-Z0-9äßπ<>\"'/%&$.]{0,12}[a-z0-9é])?"
}

/// As a client compares: an element may come back with more than was sent.
fn alike(sent: &Option<Value>, read: Option<&Value>) -> bool {
    sent.as_ref().zip(read).is_some_and(|(sent, read)| transom::cli::rehearsal::holds(sent, read))
}

/// A stage that one thread plays on.
struct Played {
    runtime: tokio::runtime::Runtime,
    stage: Stage,
}

fn play(mapping: &Arc<Mapping>, given: Vec<(Arc<str>, String, Value)>) -> Played {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answers = [PatchAnswer::Resource, PatchAnswer::Resource];
    let stage = runtime.block_on(Stage::set(mapping, &request("GET /Users", &Map::new(), given), answers)).unwrap();
    Played { runtime, stage }
}

impl Played {
    fn answer(&self, line: &str, body: &Map<String, Value>) -> (u16, Value) {
        let played = self.runtime.block_on(self.stage.play(&request(line, body, Vec::new()))).unwrap();
        (played.status, played.body)
    }

    fn held(&self, kind: &TypeMapping, id: &str) -> Value {
        self.stage
            .accounts()
            .into_iter()
            .find(|account| kind.key_of(account).as_deref() == Some(id))
            .unwrap_or_default()
    }
}

fn request(line: &str, body: &Map<String, Value>, given: Vec<(Arc<str>, String, Value)>) -> TestCase {
    let (method, path) = line.split_once(' ').unwrap();
    let body = if body.is_empty() { Value::Null } else { Value::Object(body.clone()) };
    TestCase {
        name: String::new(),
        line: 0,
        given,
        kept: Vec::new(),
        settings: Vec::new(),
        lookups: Vec::new(),
        request: (method.to_owned(), path.to_owned(), body),
        calls: None,
        exchange: None,
        answer: Map::new(),
    }
}
