//! Every mapping that ships compiles, and its own tests hold.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use transom::cli::test::play;
use transom::gateway::load;
use transom::mapping::Mapping;

/// The shipped mappings, compiled.
pub(crate) fn mappings() -> Vec<Arc<Mapping>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "yaml"));
    files.sort();
    assert!(!files.is_empty());
    files.iter().map(|file| Arc::new(load(file).unwrap_or_else(|error| panic!("{error}")).mapping)).collect()
}

#[test]
fn every_shipped_mapping_compiles_and_proves_itself() {
    assert!(mappings().iter().all(|mapping| !mapping.tests.is_empty()), "a mapping without tests proves nothing");
}

#[tokio::test]
async fn the_tests_of_every_shipped_mapping_hold() {
    for mapping in mappings() {
        for test in &mapping.tests {
            let faults = play(&mapping, test).await.unwrap();
            assert!(faults.is_empty(), "{}:{} {}\n{}", mapping.file, test.line, test.name, faults.join("\n"));
        }
    }
}
