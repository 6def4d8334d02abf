//! `transom test --record`: writes into mapping files what their tests do not yet say.

use crate::cli::rehearsal::Played;
use crate::cli::test::{Arguments, judge, perform};
use crate::cli::{Ended, Failure, check};
use crate::gateway::{LoadError, compile, load};
use crate::mapping::record::{Edit, Expected, apply, edits};
use crate::mapping::{Mapping, TestCase};
use crate::wire::template::as_text;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

const KEYS: [&str; 2] = ["calls", "answer"];

/// Records.
///
/// # Errors
/// There are no files; one cannot be written; the machine refuses memory.
pub async fn run(arguments: &Arguments, out: &mut impl Write) -> Result<Ended, Failure> {
    let (mut recorded, mut refused) = (0, 0);
    for path in &check::files(&arguments.files)? {
        let mapping = match load(path) {
            Ok(compiled) => Arc::new(compiled.mapping),
            Err(LoadError::Wrong(diagnostics)) => {
                refused += 1;
                write!(out, "{}", diagnostics.render(check::look()))?;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let (mut expected, mut told, mut doubts) = (Vec::new(), Vec::new(), BTreeMap::new());
        for test in mapping.tests.iter().filter(|test| test.name.contains(&arguments.only)) {
            match Box::pin(expectations(&mapping, test, Wish::of(arguments))).await? {
                Ok((found, doubt)) => {
                    expected.extend(found);
                    doubts.extend(doubt.map(|doubt| (test.name.clone(), doubt)));
                }
                Err(why) => told.push(format!("  line {}: {}: not recorded: {why}", test.line, test.name)),
            }
        }
        let made = write(path, &expected).await?;
        if !made.is_empty() || !told.is_empty() {
            writeln!(out, "{}", path.display())?;
        }
        show(&mapping, (&made, &doubts), out)?;
        told.iter().try_for_each(|line| writeln!(out, "{line}"))?;
        recorded += tests(&made).len();
        refused += told.len();
    }
    writeln!(out, "{recorded} recorded, {refused} could not be")?;
    Ok(if refused == 0 { Ended::Well } else { Ended::Wrong })
}

/// What is asked for.
#[derive(Clone, Copy)]
struct Wish {
    /// Also of keys that stand and hold.
    whole: bool,
    overwrite: bool,
}

impl Wish {
    fn of(arguments: &Arguments) -> Wish {
        Wish { whole: !arguments.only.is_empty(), overwrite: arguments.overwrite }
    }
}

/// What a test is to say; or why it cannot be said.
async fn expectations(
    mapping: &Arc<Mapping>,
    test: &TestCase,
    wish: Wish,
) -> Result<Result<(Vec<Expected>, Option<String>), String>, Failure> {
    let lacks: Vec<&'static str> = KEYS.into_iter().filter(|key| takes(test, key) && !says(test, key)).collect();
    let seen = perform(mapping, test).await?;
    let stands = judge(&claim(test, &seen), &seen);
    let keys = match (stands.is_empty(), wish.overwrite) {
        (true, true) if wish.whole => KEYS.into_iter().filter(|key| takes(test, key)).collect(),
        (true, _) => lacks,
        (false, true) => KEYS.into_iter().filter(|key| takes(test, key)).collect(),
        (false, false) => return Ok(Err(fails(test, &seen, &stands))),
    };
    if keys.is_empty() {
        return Ok(Ok((Vec::new(), None)));
    }
    if let Some(why) = unfit(test, &seen) {
        return Ok(Err(why));
    }
    let again = perform(mapping, test).await?;
    let expected = keys.into_iter().map(|key| {
        let value = steady(&said(key, &seen), &said(key, &again))
            .ok_or_else(|| format!("its `{key}` comes out otherwise each time"))?;
        Ok(Expected { test: test.name.clone(), key, value })
    });
    let expected: Result<Vec<Expected>, String> = expected.collect();
    Ok(expected.map(|expected| (expected, doubt(test, &seen))))
}

/// The test as far as it says something: one without an answer does not say that there is success.
fn claim(test: &TestCase, seen: &Played) -> TestCase {
    let mut claim = test.clone();
    if claim.answer.is_empty() {
        claim.answer.insert("status".to_owned(), json!(seen.status));
    }
    claim
}

fn fails(test: &TestCase, seen: &Played, faults: &[String]) -> String {
    match unfit(test, seen) {
        Some(why) if !says(test, "answer") => why,
        _ => format!("what it says does not hold; --overwrite replaces it\n    {}", faults.join("\n    ")),
    }
}

/// Raw exchanges stand for the calls.
fn takes(test: &TestCase, key: &str) -> bool {
    key != "calls" || test.exchange.is_none()
}

fn says(test: &TestCase, key: &str) -> bool {
    if key == "calls" { test.calls.is_some() } else { !test.answer.is_empty() }
}

/// A pretend product that breaks shows a mistake of the test or the mapping, seldom a promise.
fn unfit(test: &TestCase, seen: &Played) -> Option<String> {
    if !seen.faults.is_empty() {
        return Some(seen.faults.join("; "));
    }
    let broken = matches!(seen.status, 500 | 502 | 503 | 504) && test.exchange.is_none();
    let detail = seen.body.get("detail").and_then(Value::as_str).unwrap_or_default();
    broken.then(|| format!("it is answered {}: {detail}", seen.status))
}

/// Where the pretend product may have known less than the real one.
fn doubt(test: &TestCase, seen: &Played) -> Option<String> {
    let (method, _, body) = &test.request;
    if test.exchange.is_some() || method == "GET" {
        return None;
    }
    if seen.status == 404 || (seen.status >= 400 && !seen.calls.is_empty()) {
        return Some(format!("it is answered {}", seen.status));
    }
    let text = |value: &Value| (!value.is_object() && !value.is_array()).then(|| as_text(value).to_lowercase());
    let unlike = sent(body).into_iter().find_map(|(path, value)| {
        let shown = seen.body.pointer(&format!("/{}", path.replace('.', "/")))?;
        (text(&value)? != text(shown)?).then_some(path)
    });
    unlike.map(|path| format!("`{path}` is sent and reads otherwise in the answer"))
}

/// The attributes that a request gives a value, by their paths.
fn sent(body: &Value) -> Vec<(String, Value)> {
    let pairs = |value: &Value| -> Vec<(String, Value)> {
        let fields = value.as_object().into_iter().flatten();
        fields.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    let Some(operations) = body.get("Operations").and_then(Value::as_array) else { return pairs(body) };
    let one = |operation: &Value| match (operation.get("path").and_then(Value::as_str), operation.get("value")) {
        (Some(path), Some(value)) => vec![(path.to_owned(), value.clone())],
        (None, Some(value)) => pairs(value),
        (_, None) => Vec::new(),
    };
    operations.iter().flat_map(one).collect()
}

fn said(key: &str, seen: &Played) -> Value {
    if key == "calls" { calls(seen) } else { Value::Object(answer(seen)) }
}

fn calls(seen: &Played) -> Value {
    let one = |line: &str, body: &Value| if body.is_null() { json!(line) } else { json!({ line: body }) };
    seen.calls.iter().map(|call| one(&call.line, &call.body)).collect()
}

/// What is worth saying of an answer: no schemas, no addresses, of an error no words.
fn answer(seen: &Played) -> Map<String, Value> {
    let mut said = Map::new();
    if seen.status >= 300 || seen.body.is_null() {
        said.insert("status".to_owned(), json!(seen.status));
    }
    let Value::Object(body) = &seen.body else { return said };
    if seen.status >= 300 {
        said.extend(body.get("scimType").map(|kind| ("scimType".to_owned(), kind.clone())));
    } else if body.contains_key("Resources") {
        said.extend(body.get("totalResults").map(|total| ("totalResults".to_owned(), total.clone())));
        let resources = body.get("Resources").and_then(Value::as_array).into_iter().flatten();
        said.insert("Resources".to_owned(), resources.map(resource).collect());
    } else if let Value::Object(fields) = resource(&seen.body) {
        said.extend(fields);
    }
    said
}

fn resource(resource: &Value) -> Value {
    let mut resource = resource.clone();
    if let Value::Object(fields) = &mut resource {
        fields.remove("schemas");
        let meta = fields.get_mut("meta").and_then(Value::as_object_mut);
        if meta.is_some_and(|meta| {
            meta.retain(|name, _| name == "created" || name == "lastModified");
            meta.is_empty()
        }) {
            fields.remove("meta");
        }
    }
    resource
}

/// What two rehearsals have in common, with `<random>` for texts that differ; `None` where more differs.
fn steady(one: &Value, other: &Value) -> Option<Value> {
    match (one, other) {
        (one, other) if one == other => Some(one.clone()),
        (Value::String(_), Value::String(_)) => Some(json!("<random>")),
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            one.iter().zip(other).map(|(one, other)| steady(one, other)).collect()
        }
        (Value::Object(one), Value::Object(other)) if one.len() == other.len() => {
            let fields = one.iter().map(|(name, one)| Some((name.clone(), steady(one, other.get(name)?)?)));
            Some(Value::Object(fields.collect::<Option<_>>()?))
        }
        _ => None,
    }
}

/// Writes the file, if what it then says holds.
async fn write(path: &Path, expected: &[Expected]) -> Result<Vec<Edit>, Failure> {
    if expected.is_empty() {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(path)?;
    let made = edits(&text, expected);
    let edited = apply(&text, &made);
    let mapping = Arc::new(compile(path, &edited)?.mapping);
    for name in tests(&made) {
        let Some(test) = mapping.tests.iter().find(|test| test.name == name) else { continue };
        if let [fault, ..] = judge(test, &perform(&mapping, test).await?).as_slice() {
            return Err(format!(
                "{}: `{name}` would not hold as recorded, so nothing was written: {fault}",
                path.display()
            )
            .into());
        }
    }
    std::fs::write(path, edited).map_err(|cause| format!("{}: cannot be written: {cause}", path.display()))?;
    Ok(made)
}

fn tests(made: &[Edit]) -> Vec<&str> {
    let mut names: Vec<&str> = made.iter().map(|edit| &*edit.test).collect();
    names.dedup();
    names
}

type Doubts = BTreeMap<String, String>;

fn show(mapping: &Mapping, (made, doubts): (&[Edit], &Doubts), out: &mut impl Write) -> Result<(), Failure> {
    for name in tests(made) {
        let line = mapping.tests.iter().find(|test| test.name == name).map_or(0, |test| test.line);
        writeln!(out, "  line {line}: {name}")?;
        for edit in made.iter().filter(|edit| edit.test == name) {
            edit.removed.lines().try_for_each(|line| writeln!(out, "    - {}", line.trim_end()))?;
            edit.added.lines().try_for_each(|line| writeln!(out, "    + {line}"))?;
        }
        if let Some(doubt) = doubts.get(name) {
            writeln!(out, "    ? {doubt}: is that what you want?")?;
            writeln!(
                out,
                "      The pretend product knows no renames, actions and creates of a kind of their own; give its answers with `exchange:`."
            )?;
        }
    }
    Ok(())
}
