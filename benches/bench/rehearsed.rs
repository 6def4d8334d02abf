//! Whole requests, from the HTTP request to the HTTP answer, with a pretend product behind the gateway, for a tool that counts
//! instructions.

use std::hint::black_box;
use std::sync::Arc;

use serde_json::{Map, Value};
use transom::cli::rehearsal::{Played, Stage};
use transom::gateway::PatchAnswer;
use transom::mapping::{self, Mapping, TestCase};

use crate::Failure;
use crate::translate::{ACCOUNT, create_body, patch_body, with_more_rules};

/// What is asked of the gateway, which holds one account of 2 KB.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Request {
    /// A GET of the account's `userName` and `active`.
    Part,
    /// A search by `userName eq "…"` for the same two.
    Filter,
    /// A PATCH of `active`, as Entra ID sends it.
    Patch,
    /// A POST, as Entra ID sends it.
    Create,
    /// A PUT of the same.
    Replace,
    /// A DELETE.
    Delete,
}

/// Sends a request `times` times, each within [`counted`] and to a gateway that was asked something else before.
pub fn run(request: Request, times: u32, more_rules: u32) -> Result<(), Failure> {
    let text = with_more_rules(more_rules);
    let mapping = mapping::compile("redmine.yaml", &text, None).map_err(|wrong| wrong.to_string())?.mapping;
    let (mapping, case) = (Arc::new(mapping), case(request.parts()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for _ in 0..times {
        let stage = runtime.block_on(staged(&mapping))?;
        let mut played = None;
        counted(&mut || played = Some(runtime.block_on(stage.play(&case))));
        let played: Played = played.ok_or("nothing was played")?.map_err(|failure| failure.to_string())?;
        if !(200..300).contains(&played.status) {
            return Err(format!("{request:?} was answered {}: {}", played.status, played.body).into());
        }
        black_box(played);
    }
    Ok(())
}

/// A gateway with the account, asked once.
async fn staged(mapping: &Arc<Mapping>) -> Result<Stage, Failure> {
    let given = vec![("User".into(), "5".to_owned(), serde_json::from_str(ACCOUNT)?)];
    let first = TestCase { given, ..case(("GET", "/Users/5", Value::Null)) };
    let answers = [PatchAnswer::Resource, PatchAnswer::None];
    let stage = Stage::set(mapping, &first, answers).await.map_err(|failure| failure.to_string())?;
    stage.play(&first).await.map_err(|failure| failure.to_string())?;
    Ok(stage)
}

/// The counter looks for this function's name.
#[inline(never)]
fn counted(work: &mut dyn FnMut()) {
    work();
    // Something to do after the call, or it would be a jump and the counter would miss the end.
    black_box(());
}

impl Request {
    fn parts(self) -> (&'static str, &'static str, Value) {
        let mut body = create_body();
        // Clients send names that nobody knows, too.
        body["costCentre"] = "701".into();
        match self {
            Request::Part => ("GET", "/Users/5?attributes=userName,active", Value::Null),
            Request::Filter => ("GET", "/Users?filter=userName eq \"bjensen\"&attributes=userName,active", Value::Null),
            Request::Patch => ("PATCH", "/Users/5", patch_body()),
            Request::Create => ("POST", "/Users", body),
            Request::Replace => ("PUT", "/Users/5", body),
            Request::Delete => ("DELETE", "/Users/5", Value::Null),
        }
    }
}

fn case((method, path, body): (&str, &str, Value)) -> TestCase {
    TestCase {
        name: String::new(),
        line: 0,
        given: Vec::new(),
        kept: Vec::new(),
        settings: Vec::new(),
        lookups: Vec::new(),
        request: (method.to_owned(), path.to_owned(), body),
        calls: None,
        exchange: None,
        answer: Map::new(),
    }
}
