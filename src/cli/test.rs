//! `transom test`: runs the tests that stand in mapping files, each through the whole gateway against a pretend product.

use crate::cli::rehearsal::{Made, Played, Stage, equals, holds};
use crate::cli::{Ended, Failure, check, record};
use crate::gateway::{LoadError, PatchAnswer, load};
use crate::mapping::{Mapping, TestCase};
use crate::plan;
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

const TEACHES: &str = "\
A test may begin as a name, what the product holds and a request:

  tests:
    - name: a user is deactivated
      given: { User/7: { id: 7, login: bjensen, status: 1 } }
      scim: { PATCH /Users/7: { Operations: [{ op: Replace, path: active, value: false }] } }

`transom test --record` writes the calls and the answer below it, and shows what it wrote.
Read that: it is what the mapping does, which need not be what it should do. Nothing else in
the file changes, comments included. What a test says already stays, unless --overwrite is given.";

/// Run the tests of mapping files.
#[derive(Debug, clap::Args)]
#[command(after_help = TEACHES)]
pub struct Arguments {
    /// Mapping files, or folders of them; without any, ./mappings
    pub(super) files: Vec<PathBuf>,
    /// Only tests whose name contains this
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(super) only: String,
    /// Write into the files what tests do not yet say: their `calls:` and `answer:`, as they come out now
    #[arg(long)]
    pub(super) record: bool,
    /// With --record: also replace what stands, of tests that fail; with --only of all that it names
    #[arg(long, requires = "record")]
    pub(super) overwrite: bool,
}

/// Runs the tests.
///
/// # Errors
/// There are no files, or the machine refuses memory.
pub async fn run(arguments: &Arguments, out: &mut impl Write) -> Result<Ended, Failure> {
    if arguments.record {
        return record::run(arguments, out).await;
    }
    let (mut passed, mut failed) = (0, 0);
    for path in &check::files(&arguments.files)? {
        let mapping = match load(path) {
            Ok(compiled) => Arc::new(compiled.mapping),
            Err(LoadError::Wrong(diagnostics)) => {
                failed += 1;
                for one in &diagnostics.0 {
                    writeln!(out, "{}", one.render(check::look()))?;
                }
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        if arguments.only.is_empty() {
            let breaches = plan::laws::breaches(&mapping);
            failed += breaches.len();
            for breach in breaches {
                writeln!(out, "FAIL {}:{} {} {}", mapping.file, breach.line, breach.kind, breach.attribute)?;
                writeln!(out, "     {}", breach.told)?;
            }
        }
        for test in mapping.tests.iter().filter(|test| test.name.contains(&arguments.only)) {
            let faults = play(&mapping, test).await?;
            if faults.is_empty() {
                passed += 1;
                continue;
            }
            failed += 1;
            writeln!(out, "FAIL {}:{} {}", mapping.file, test.line, test.name)?;
            for fault in faults {
                writeln!(out, "     {fault}")?;
            }
        }
    }
    if passed + failed == 0 && !arguments.only.is_empty() {
        return Err(
            format!("no test has a name with `{}` in it; run them all to see what there is", arguments.only).into()
        );
    }
    writeln!(out, "{passed} passed, {failed} failed")?;
    Ok(if failed == 0 { Ended::Well } else { Ended::Wrong })
}

/// What is wrong with one test; nothing if it holds.
///
/// # Errors
/// The machine refuses memory or randomness.
pub async fn play(mapping: &Arc<Mapping>, test: &TestCase) -> Result<Vec<String>, Failure> {
    Ok(judge(test, &perform(mapping, test).await?))
}

/// What a test comes to, with the writes among its calls.
///
/// # Errors
/// The machine refuses memory or randomness.
pub async fn perform(mapping: &Arc<Mapping>, test: &TestCase) -> Result<Played, Failure> {
    let stage = Stage::set(mapping, test, [PatchAnswer::Resource, PatchAnswer::Resource]).await?;
    let mut played = stage.play(test).await?;
    played.calls.retain(|call| !call.reads);
    Ok(played)
}

/// What came otherwise than the test says, calls and answer.
pub fn judge(test: &TestCase, played: &Played) -> Vec<String> {
    let mut faults = played.faults.clone();
    if test.exchange.is_none() {
        faults.extend(test.calls.as_ref().and_then(|calls| other_calls(calls, &played.calls)));
    }
    faults.extend(other_answer(test, played));
    if test.exchange.is_some() && !faults.is_empty() {
        faults.push(format!("all calls: {}", numbered(&played.exchanged)));
    }
    faults
}

fn numbered(calls: &[String]) -> String {
    let all: Vec<String> = calls.iter().zip(1..).map(|(call, number)| format!("{number}. {call}")).collect();
    if all.is_empty() { "none".to_owned() } else { all.join("\n                ") }
}

fn other_calls(wanted: &[(String, Value)], made: &[Made]) -> Option<String> {
    let same = |(call, body): &(String, Value), made: &Made| *call == made.line && equals(body, &made.body);
    let all = wanted.len() == made.len() && wanted.iter().zip(made).all(|(wanted, made)| same(wanted, made));
    let made = made.iter().map(|made| (&*made.line, &made.body));
    let wanted = wanted.iter().map(|(call, body)| (&**call, body));
    (!all).then(|| format!("calls: {}\n     wanted: {}", listed(made), listed(wanted)))
}

fn listed<'a>(calls: impl Iterator<Item = (&'a str, &'a Value)>) -> String {
    let one = |(call, body): (&str, &Value)| if body.is_null() { call.to_owned() } else { format!("{call} {body}") };
    let all = calls.map(one).collect::<Vec<_>>().join("\n             ");
    if all.is_empty() { "none".to_owned() } else { all }
}

fn other_answer(test: &TestCase, played: &Played) -> Vec<String> {
    let (status, body) = (played.status, &played.body);
    let mut faults = Vec::new();
    let wanted_status = test.answer.get("status").and_then(Value::as_u64);
    let failed = wanted_status.map_or(status >= 300, |wanted| wanted != u64::from(status));
    if failed {
        let wanted = wanted_status.map_or("success".to_owned(), |wanted| wanted.to_string());
        faults.push(format!("status {status}, wanted {wanted}: {body}"));
    }
    for (name, wanted) in test.answer.iter().filter(|(name, _)| *name != "status") {
        let seen = body.get(name).unwrap_or(&Value::Null);
        if !holds(wanted, seen) {
            faults.push(format!("answer: {name} is {seen}\n     wanted: {wanted}"));
        }
    }
    faults
}
