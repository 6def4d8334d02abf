//! The data cases in `tests/scim`: one JSON object a line, each naming the section or the client it comes from.

mod filters;
mod patches;
mod paths;
mod properties;

use super::sample::{group, plain, user};
use super::schema::{ResourceType, Schema};
use serde_json::Value;
use std::sync::LazyLock;

static USER: LazyLock<ResourceType> = LazyLock::new(|| {
    let mut user = user();
    for (urn, names) in [
        ("urn:ietf:params:scim:schemas:extension:contosoHr:2.0:User", &["badge", "shift"][..]),
        ("urn:example.com:people.v2:2.0:User", &["grade"][..]),
        ("urn:example:hr", &["code"][..]),
        ("urn:example:hr:2.0", &["code"][..]),
    ] {
        let attributes = names.iter().map(|name| plain(name)).collect();
        user.extend(Schema { id: urn.into(), name: "X".into(), description: "X".into(), attributes });
    }
    user
});
static GROUP: LazyLock<ResourceType> = LazyLock::new(group);

/// One line of a file, and what went wrong with it.
struct Case {
    line: usize,
    said: Value,
}

impl Case {
    fn kind(&self) -> &'static ResourceType {
        match self.said["of"].as_str() {
            None | Some("User") => &USER,
            Some("Group") => &GROUP,
            Some(other) => panic!("line {}: no resource type {other}", self.line),
        }
    }

    /// The text under a name; a list of `[text, times]` there is put together.
    fn text(&self, name: &str) -> String {
        match &self.said[name] {
            Value::String(text) => text.clone(),
            Value::Array(pieces) => pieces.iter().map(piece).collect(),
            other => panic!("line {}: `{name}` is {other}", self.line),
        }
    }
}

fn piece(piece: &Value) -> String {
    let times = piece[1].as_u64().and_then(|times| usize::try_from(times).ok()).unwrap();
    piece[0].as_str().unwrap().repeat(times)
}

fn file(name: &str) -> String {
    let path = format!("{}/tests/scim/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Checks every line of a file, and tells of all that differ at once.
fn check(name: &str, least: usize, differs: impl Fn(&Case) -> Option<String>) {
    let text = file(name);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let cases = lines.map(|(at, line)| {
        let said: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}:{}: {error}", at + 1));
        assert!(said["from"].is_string(), "{name}:{}: where does it come from?", at + 1);
        Case { line: at + 1, said }
    });
    let cases: Vec<Case> = cases.collect();
    assert!(cases.len() >= least, "{name} has lost cases: {} of {least}", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| Some(format!("{name}:{}: {}\n    {}", case.line, differs(case)?, case.said)))
        .collect();
    assert!(wrong.is_empty(), "{} of {} cases differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
