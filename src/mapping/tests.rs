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
