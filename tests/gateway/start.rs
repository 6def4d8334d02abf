//! `transom serve` when something is wrong: it says what, and how out of it, and ends with 2.

use crate::stage::{Front, Process, Product, Script, folder, transom, write};
use std::net::TcpListener;
use std::path::Path;
use tempfile::TempDir;

/// A folder in which `transom serve` would come up, but for what a test breaks in it.
async fn prepared() -> (TempDir, Product) {
    let folder = folder();
    let product = Product::start(folder.path()).await;
    Script::default().write(folder.path(), &product);
    (folder, product)
}

/// Serves in vain; the one line that says why.
async fn refusal(folder: &Path) -> String {
    let ended = transom(folder, &["serve"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
    assert!(ended.err.starts_with("transom: ") && ended.out.is_empty(), "{ended:?}");
    ended.err
}

fn edit(folder: &Path, name: &str, piece: &str, by: &str) {
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    assert!(text.contains(piece), "{text}");
    write(folder, name, &text.replace(piece, by));
}

#[tokio::test]
async fn mappings_that_do_not_compile_print_every_diagnostic_of_every_file() {
    let (folder, product) = prepared().await;
    Script { targets: vec!["moqups", "other"], ..Script::default() }.write(folder.path(), &product);
    edit(folder.path(), "transom.yaml", "other:\n    mapping: moqups.yaml", "other:\n    mapping: other.yaml");
    let right = std::fs::read_to_string(folder.path().join("moqups.yaml")).unwrap();
    write(folder.path(), "other.yaml", &right.replace("required: true", "requird: true"));
    edit(folder.path(), "moqups.yaml", "userName: ", "userNam: ");
    edit(folder.path(), "moqups.yaml", "limit: limit, max: 100", "limit: limit, max: many");
    let ended = transom(folder.path(), &["serve"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    for told in ["moqups.yaml", "userNam", "M012", "other.yaml", "requird"] {
        assert!(ended.err.contains(told), "{told}: {}", ended.err);
    }
    assert!(!ended.err.contains("listening"), "{}", ended.err);
}

#[tokio::test]
async fn a_configuration_that_is_not_there_is_named_with_the_way_out() {
    let folder = folder();
    let said = refusal(folder.path()).await;
    assert!(said.contains("transom.yaml") && said.contains("transom config --default"), "{said}");
}

#[tokio::test]
async fn a_configuration_that_cannot_be_read_is_told_with_line_and_meaning() {
    let (folder, _product) = prepared().await;
    edit(folder.path(), "transom.yaml", "data: data", "dta: data");
    let said = refusal(folder.path()).await;
    assert!(said.contains("transom.yaml:2:") && said.contains("did you mean `data`?"), "{said}");
    write(folder.path(), "transom.yaml", "listen: [\n");
    assert!(refusal(folder.path()).await.contains("transom.yaml:"));
    write(folder.path(), "transom.yaml", "listen: ['127.0.0.1:0']\n");
    assert!(refusal(folder.path()).await.contains("there is no target"));
}

#[tokio::test]
async fn a_mapping_file_that_is_not_there_is_named() {
    let (folder, _product) = prepared().await;
    edit(folder.path(), "transom.yaml", "moqups.yaml", "nowhere.yaml");
    let said = refusal(folder.path()).await;
    assert!(said.contains("nowhere.yaml") && said.contains("read"), "{said}");
}

#[tokio::test]
async fn a_secret_that_is_not_set_is_named_with_its_target() {
    let (folder, _product) = prepared().await;
    edit(folder.path(), "transom.yaml", "file: api.key", "env: NOBODY_SET_THIS");
    let said = refusal(folder.path()).await;
    assert!(said.contains("target `moqups`, setting `api_key`") && said.contains("NOBODY_SET_THIS"), "{said}");
    edit(folder.path(), "transom.yaml", "{ api_key: { env: NOBODY_SET_THIS } }", "{}");
    let said = refusal(folder.path()).await;
    assert!(said.contains("api_key") && said.contains("targets.moqups.settings"), "{said}");
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let (folder, _product) = prepared().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    edit(folder.path(), "transom.yaml", "127.0.0.1:0", &address);
    let said = refusal(folder.path()).await;
    assert!(said.contains(&format!("cannot listen on {address}: the port is in use")), "{said}");
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_written_is_named() {
    let (folder, _product) = prepared().await;
    write(folder.path(), "file", "");
    edit(folder.path(), "transom.yaml", "data: data", "data: file/data");
    let said = refusal(folder.path()).await;
    assert!(said.contains("file/data") && said.contains("writable"), "{said}");
}

#[tokio::test]
async fn a_data_folder_of_a_newer_release_is_left_alone() {
    let (folder, product) = prepared().await;
    Front::open(folder.path(), &Script::default(), &product).await.unwrap().stop().await;
    let database = rusqlite::Connection::open(folder.path().join("data/transom.db")).unwrap();
    database.execute("INSERT INTO schema_versions (version) VALUES (99)", []).unwrap();
    drop(database);
    let said = refusal(folder.path()).await;
    assert!(said.contains("99") && said.contains("newer transom"), "{said}");
}

#[tokio::test]
async fn a_data_folder_that_holds_something_else_is_told() {
    let (folder, _product) = prepared().await;
    std::fs::create_dir(folder.path().join("data")).unwrap();
    write(folder.path(), "data/transom.db", &"no database".repeat(1000));
    assert!(refusal(folder.path()).await.contains("not a transom database"));
}

#[tokio::test]
async fn a_second_process_on_the_same_data_folder_is_refused_and_the_first_goes_on() {
    let (folder, product) = prepared().await;
    let first = Process::start(folder.path(), &Script::default(), &product).await;
    let said = refusal(folder.path()).await;
    assert!(said.contains("in use by another running transom"), "{said}");
    let answer = first.client("moqups", &first.token).send("GET /Users", None).await.unwrap();
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_named() {
    let (folder, _product) = prepared().await;
    write(folder.path(), "c.pem", "no certificate");
    edit(
        folder.path(),
        "transom.yaml",
        "'127.0.0.1:0'",
        "{ address: '127.0.0.1:0', tls: { certificate: c.pem, key: k.pem } }",
    );
    assert!(refusal(folder.path()).await.contains("cannot use"));
}

#[tokio::test]
async fn a_base_url_that_is_none_is_told_with_what_one_looks_like() {
    let (folder, product) = prepared().await;
    edit(folder.path(), "transom.yaml", &format!("http://{}", product.address), "ftp://product");
    assert!(refusal(folder.path()).await.contains("neither http nor https"));
}
