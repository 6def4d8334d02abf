//! Whole files: what a mapping compiles to, and the message of every code of the table.

use super::*;
use crate::scim::schema::Mutability;
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

#[test]
fn a_whole_mapping_compiles() {
    let mapping = whole();
    assert_eq!(mapping.types.len(), 2);
    assert_eq!(mapping.tests.len(), 2);
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
