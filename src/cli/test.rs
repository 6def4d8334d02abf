//! `transom test`: runs the tests that stand in mapping files, each through the whole gateway against a pretend product.

use crate::cli::rehearsal::{Accounts, Rehearsal, Script, Setting, TARGET, equals, holds};
use crate::cli::{Ended, Failure, check};
use crate::gateway::{LoadError, PatchAnswer, load};
use crate::mapping::{Mapping, TestCase};
use crate::server::{Peer, pipeline};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

/// Run the tests of mapping files.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Mapping files, or folders of them; without any, ./mappings
    files: Vec<PathBuf>,
    /// Only tests whose name contains this
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    only: String,
}

/// Runs the tests.
///
/// # Errors
/// There are no files, or the machine refuses memory.
pub async fn run(arguments: &Arguments, out: &mut impl Write) -> Result<Ended, Failure> {
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
    let setting =
        Setting { mapping: mapping.clone(), test, patch_answer: [PatchAnswer::Resource, PatchAnswer::Resource] };
    let mut faults = Vec::new();
    let answer = if let Some(exchange) = &test.exchange {
        let product = Arc::new(Script::new(exchange));
        let answer = ask(&Rehearsal::begin(setting, product.clone()).await?, test).await?;
        faults.extend(product.faults());
        answer
    } else {
        let product = Arc::new(Accounts::new(mapping.clone(), &test.given));
        let answer = ask(&Rehearsal::begin(setting, product.clone()).await?, test).await?;
        faults.extend(test.calls.as_ref().and_then(|calls| other_calls(calls, &product.writes())));
        answer
    };
    faults.extend(other_answer(test, answer));
    Ok(faults)
}

async fn ask(rehearsal: &Rehearsal, test: &TestCase) -> Result<(u16, Value), Failure> {
    let (method, path, body) = &test.request;
    let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request = http::Request::builder()
        .method(method.as_str())
        .uri(format!("/{TARGET}/scim/v2{}", in_url(path)))
        .header(AUTHORIZATION, &rehearsal.authorization)
        .header(CONTENT_TYPE, "application/scim+json")
        .body(Full::new(bytes))?;
    let peer = Peer { addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), tls: false };
    let (head, body) = pipeline::answer(rehearsal.gateway.clone(), request, peer).await.into_parts();
    let bytes = body.collect().await?.to_bytes();
    Ok((head.status.as_u16(), serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
}

/// Tests are written for people: blanks, quotes and brackets stand in their paths as they are.
pub fn in_url(path: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/?&=%+-._~:@!$'()*,;".contains(letter);
    path.chars().map(|letter| if plain(letter) { letter.to_string() } else { encoded(letter) }).collect()
}

fn encoded(letter: char) -> String {
    let mut bytes = [0; 4];
    percent_encoding::percent_encode(letter.encode_utf8(&mut bytes).as_bytes(), percent_encoding::NON_ALPHANUMERIC)
        .to_string()
}

fn other_calls(wanted: &[(String, Value)], made: &[(String, Value)]) -> Option<String> {
    let same = wanted.len() == made.len()
        && wanted.iter().zip(made).all(|((call, body), (made, sent))| call == made && equals(body, sent));
    (!same).then(|| format!("calls: {}\n     wanted: {}", listed(made), listed(wanted)))
}

fn listed(calls: &[(String, Value)]) -> String {
    let one = |(call, body): &(String, Value)| if body.is_null() { call.clone() } else { format!("{call} {body}") };
    if calls.is_empty() { "none".to_owned() } else { calls.iter().map(one).collect::<Vec<_>>().join("\n             ") }
}

fn other_answer(test: &TestCase, (status, body): (u16, Value)) -> Vec<String> {
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
            faults.push(format!("answer: {name} is {seen}, wanted {wanted}"));
        }
    }
    faults
}
