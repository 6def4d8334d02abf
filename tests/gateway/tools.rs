//! The commands around a mapping: the schema, the counts of `check`, tests that record themselves.

use crate::stage::{Product, Script, Site, folder, reply, transom, write};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

const MAPPING: &str = r#"edition: 1
product: Shelf   # a comment at the end of a line
User:
  key: { at: $.id, stable: true }
  attributes:
    userName: { at: $.login, required: true }
    active: { at: $.enabled, values: { true: "yes", false: "no" } }
    password: { write: $.secret, default: <random> }
    displayName: { read: $.shown, written: ignore }
    externalId: keep
  read: GET /people/<key>
  create: POST /people
  update: PATCH /people/<key>
# what it promises
tests:
  - name: a user is deactivated
    given: { User/7: { id: "7", login: b, enabled: "yes" } }
    scim: { PATCH /Users/7: { Operations: [{ op: replace, path: active, value: false }] } }

  # a create draws a password
  - name: a user is made
    scim: { POST /Users: { userName: c } }
    answer: { userName: c }   # what matters
  - { name: nobody is there, scim: GET /Users/8 }
"#;

#[tokio::test]
async fn the_schema_is_printed() {
    let ended = transom(folder().path(), &["schema"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let schema: Value = serde_json::from_str(&ended.out).unwrap();
    assert!(schema["properties"]["User"].is_object(), "{schema}");
    let help = transom(folder().path(), &["schema", "--help"]).await.out;
    assert!(help.contains("# yaml-language-server: $schema=mapping.schema.json"), "{help}");
}

#[tokio::test]
async fn check_counts_how_attributes_go() {
    let folder = folder();
    write(folder.path(), "shelf.yaml", MAPPING);
    let ended = transom(folder.path(), &["check", "shelf.yaml"]).await;
    let line =
        "  User: 5 attributes: 2 two-way, 1 read-only, 1 write-only, 1 kept, 0 scripted; the store holds externalId\n";
    assert!(ended.code == Some(0) && ended.out.contains(line), "{ended:?}");
    let ended = transom(folder.path(), &["check", "shelf.yaml", "--format", "json"]).await;
    let said: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(said["mappings"][0]["types"]["User"]["two_way"], 2, "{said}");
    assert_eq!(said["diagnostics"], serde_json::json!([]));
}

#[tokio::test]
async fn a_file_that_is_not_utf_8_is_told_with_its_line() {
    let folder = folder();
    let latin_1: Vec<u8> =
        MAPPING.replace("product: Shelf", "product: Caf\u{e9}").chars().map(|one| one as u8).collect();
    std::fs::write(folder.path().join("shelf.yaml"), latin_1).unwrap();
    let ended = transom(folder.path(), &["check", "shelf.yaml"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("shelf.yaml:2:13") && ended.out.contains("save the file as UTF-8"), "{ended:?}");
}

#[tokio::test]
async fn tests_record_what_they_lack_and_then_hold() {
    let folder = folder();
    write(folder.path(), "shelf.yaml", MAPPING);
    let ended = transom(folder.path(), &["test", "shelf.yaml", "--record"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let told = [
        "  line 16: a user is deactivated\n    + calls: [{ PATCH /people/7: { enabled: no } }]",
        "    + answer: { active: false, id: \"7\", userName: b }\n",
        "  line 21: a user is made\n    + calls: [{ POST /people: { login: c, secret: <random> } }]\n",
        "  line 24: nobody is there\n    + calls: []\n    + answer: { status: 404 }\n",
        "3 recorded, 0 could not be\n",
    ];
    for piece in told {
        let piece = piece.replace("enabled: no", "enabled: \"no\"");
        assert!(ended.out.contains(&piece), "{piece}\n{}", ended.out);
    }
    let text = std::fs::read_to_string(folder.path().join("shelf.yaml")).unwrap();
    let kept = MAPPING.replace("scim: GET /Users/8 }", "scim: GET /Users/8, calls: [], answer: { status: 404 } }");
    let left = text.lines().filter(|line| !line.contains("PATCH /people/7:") && !line.contains("POST /people:"));
    let left: Vec<&str> = left.filter(|line| !line.starts_with("    answer: { active")).collect();
    assert_eq!(left, kept.lines().collect::<Vec<_>>(), "everything else stays as it was");
    let ended = transom(folder.path(), &["test", "shelf.yaml"]).await;
    assert_eq!(ended.out, "3 passed, 0 failed\n", "{ended:?}");
    let ended = transom(folder.path(), &["test", "shelf.yaml", "--record"]).await;
    assert_eq!(ended.out, "0 recorded, 0 could not be\n", "what is said is not said again");
}

#[tokio::test]
async fn what_stands_is_overwritten_only_when_told() {
    let folder = folder();
    let wrong = MAPPING.replace("{ userName: c }   #", "{ userName: d }   #");
    write(folder.path(), "shelf.yaml", &wrong);
    let ended = transom(folder.path(), &["test", "shelf.yaml", "--record", "--only", "made"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.out.contains("line 21: a user is made: not recorded") && ended.out.contains("--overwrite"),
        "{ended:?}"
    );
    assert_eq!(std::fs::read_to_string(folder.path().join("shelf.yaml")).unwrap(), wrong);
    let ended = transom(folder.path(), &["test", "shelf.yaml", "--record", "--overwrite", "--only", "made"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains("    - answer: { userName: d }\n    + answer: {"), "{ended:?}");
    let text = std::fs::read_to_string(folder.path().join("shelf.yaml")).unwrap();
    assert!(text.contains("userName: c }   # what matters\n"), "{text}");
    assert_eq!(transom(folder.path(), &["test", "--only", "made", "shelf.yaml"]).await.out, "1 passed, 0 failed\n");
}

#[tokio::test]
async fn what_cannot_be_recorded_is_said() {
    let folder = folder();
    let broken = MAPPING.replace("login: b, ", "");
    write(folder.path(), "shelf.yaml", &broken);
    let ended = transom(folder.path(), &["test", "shelf.yaml", "--record", "--only", "deactivated"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("not recorded: it is answered 502"), "{ended:?}");
    assert_eq!(std::fs::read_to_string(folder.path().join("shelf.yaml")).unwrap(), broken);
}

const RENAMES: &str = r#"edition: 1
product: Renames
User:
  key: { at: $.name, made: <userName> }
  attributes: { userName: { at: $.name, required: true }, title: $.title, active: { read: $.lock, written: ignore }, nickName: { read: $.nick } }
  read: GET /people/<key>
  list: GET /people
  create: POST /people
  update:
    - { for: userName, call: POST /people/<key>/rename, body: { to: <userName> } }
    - { for: nickName, call: PUT /people/<key>/nick, body: { is: <value> } }
    - { for: { active: false }, call: POST /people/<key>/lock, encode: none }
    - { for: { active: true }, call: POST /people/<key>/unlock, encode: none }
    - PATCH /people/<key>
tests:
  - name: a rename
    given: { User/bob: { name: bob, lock: true } }
    scim: { PATCH /Users/bob: { Operations: [{ op: replace, path: userName, value: rob }] } }
  - name: a deactivation
    given: { User/bob: { name: bob, lock: true } }
    scim: { PATCH /Users/bob: { Operations: [{ op: replace, path: active, value: "False" }] } }
  - name: a title
    given: { User/bob: { name: bob, lock: true } }
    scim: { PATCH /Users/bob: { Operations: [{ op: replace, path: title, value: Boss }] } }
  - name: a nickname goes
    given: { User/bob: { name: bob, lock: true, nick: Bobby } }
    scim: { PATCH /Users/bob: { Operations: [{ op: Remove, path: nickName }] } }
  - name: a title goes
    given: { User/bob: { name: bob, lock: true, title: Boss } }
    scim: { PATCH /Users/bob: { Operations: [{ op: remove, path: title }] } }
"#;

#[tokio::test]
async fn what_the_pretend_product_may_not_know_is_asked_about() {
    let folder = folder();
    write(folder.path(), "shelf.yaml", RENAMES);
    let ended = transom(folder.path(), &["test", "shelf.yaml", "--record"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let doubts: Vec<&str> = ended.out.lines().filter(|line| line.starts_with("    ? ")).collect();
    assert_eq!(
        doubts,
        [
            "    ? it is answered 404: is that what you want?",
            "    ? `active` is sent and reads otherwise in the answer: is that what you want?",
            "    ? `nickName` is removed and still reads in the answer: is that what you want?"
        ],
        "{}",
        ended.out
    );
    assert!(ended.out.contains("with `exchange:`"), "{}", ended.out);
}

#[tokio::test]
async fn a_failing_exchange_lists_every_call() {
    let test = r#"  - name: one call too few
    scim: POST /Users
    exchange:
      - { call: POST /people, gives: { body: { id: "7", login: c } } }
      - { call: GET /people/7, gives: { body: { id: "7", login: c } } }
      - { call: GET /people/7 }
"#;
    let (folder, test) = (folder(), test.replace("POST /Users", "{ POST /Users: { userName: c, active: false } }"));
    let (head, _) = MAPPING.split_once("  - name:").unwrap();
    write(
        folder.path(),
        "shelf.yaml",
        &format!("{}{test}", head.replace("POST /people", "{ call: POST /people, drop: $.enabled }")),
    );
    let ended = transom(folder.path(), &["test", "shelf.yaml"]).await;
    let told = "the test says `GET /people/7`";
    assert!(ended.code == Some(1) && ended.out.contains(told), "{ended:?}");
    let all = "     all calls: 1. POST /people\n                2. PATCH /people/7\n                3. GET /people/7\n";
    assert!(ended.out.contains(all), "{}", ended.out);
}

#[tokio::test]
async fn an_id_that_tells_no_key_wants_the_account() {
    let folder = folder();
    write(folder.path(), "shelf.yaml", RENAMES);
    write(folder.path(), "account.json", r#"{ "name": "bob", "lock": true }"#);
    let explain = ["explain", "--mapping", "shelf.yaml", "--request", "GET /Users/bob"];
    let ended = transom(folder.path(), &explain).await;
    assert!(ended.code == Some(2) && ended.err.contains("with --account FILE"), "{ended:?}");
    let ended = transom(folder.path(), &[&explain[..], &["--account", "account.json"]].concat()).await;
    assert!(ended.code == Some(0) && ended.out.contains("1. GET /people/bob"), "{ended:?}");
}

#[tokio::test]
async fn a_key_that_no_row_moves_is_told() {
    let folder = folder();
    let row = "    - { for: userName, call: POST /people/<key>/rename, body: { to: <userName> } }\n";
    write(folder.path(), "shelf.yaml", &RENAMES.replace(row, ""));
    let told = "no row of `update` has `for: userName`";
    let ended = transom(folder.path(), &["check", "shelf.yaml"]).await;
    assert!(ended.out.contains(told), "{ended:?}");
    write(folder.path(), "account.json", r#"{ "name": "bob", "lock": true }"#);
    write(
        folder.path(),
        "rename.json",
        r#"{ "Operations": [{ "op": "replace", "path": "userName", "value": "rob" }] }"#,
    );
    let explain = ["explain", "--mapping", "shelf.yaml", "--request", "PATCH /Users/bob"];
    let with = ["--body", "rename.json", "--account", "account.json"];
    let ended = transom(folder.path(), &[&explain[..], &with].concat()).await;
    assert!(ended.code == Some(1) && ended.out.contains(told), "{ended:?}");
    write(folder.path(), "shelf.yaml", RENAMES);
    assert!(!transom(folder.path(), &["check", "shelf.yaml"]).await.out.contains(told));
}

#[tokio::test]
async fn what_a_list_costs_and_which_headers_go_along_is_explained() {
    let folder = folder();
    let headed = NAMES
        .replace("items: $.all,", "items: $.all, page: { page: number, size: per, max: 50 }, headers: { X-Zone: a, X-Tag: <settings.tag> },")
        .replace("product: Names", "product: Names\nsettings: [tag]")
        .replace("  list:", "  version: { header: ETag }\n  update: { call: PUT /users/<key>, headers: { If-Match: <version> } }\n  list:");
    write(folder.path(), "names.yaml", &headed);
    let explain = ["explain", "--mapping", "names.yaml", "--request"];
    let said = transom(folder.path(), &[&explain[..], &["GET /Users"]].concat()).await.out;
    for told in [
        "x-zone: a\n     x-tag: <settings.tag>\n     pages of at most 50, asked for by number and per\n",
        "note: each item is read by its handle: GET /users/<key>\n",
        "note: for title each account costs a call: GET /users/<key>/card\n",
        "note: for active, `absent_when` or the version each account costs a call: GET /users/<key>/state\n",
    ] {
        assert!(said.contains(told), "{told}\n{said}");
    }
    write(folder.path(), "body.json", r#"{ "Operations": [{ "op": "replace", "path": "userName", "value": "rob" }] }"#);
    let patch = ["PATCH /Users/bob", "--body", "body.json"];
    let said = transom(folder.path(), &[&explain[..], &patch].concat()).await.out;
    assert!(said.contains("PUT /users/bob\n     if-match: <version>\n"), "{said}");
}

/// A folder whose `transom.yaml` names the stand-in product.
async fn connected() -> (TempDir, Product) {
    let folder = folder();
    let product = Product::start(folder.path()).await;
    product.insert_many(103);
    Script::default().write(folder.path(), &product);
    (folder, product)
}

fn edit(folder: &Path, name: &str, piece: &str, by: &str) {
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    assert!(text.contains(piece), "{text}");
    write(folder, name, &text.replace(piece, by));
}

async fn looked(folder: &Path, code: i32) -> String {
    let ended = transom(folder, &["check", "--connect", "moqups"]).await;
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert!(!ended.out.contains("contoso"), "no value is told: {}", ended.out);
    ended.out + ended.err.as_str()
}

#[tokio::test]
async fn a_product_that_answers_as_its_mapping_says_is_well_and_untouched() {
    let (folder, product) = connected().await;
    let before = product.rows();
    let said = looked(folder.path(), 0).await;
    for told in [
        "the first page of the list holds 100 accounts, 103 in all",
        "the second page holds other accounts than the first",
        "an account of the list can be read",
        "an account of the list is found by userName",
        "0 wrong, ",
    ] {
        assert!(said.contains(told), "{told}\n{said}");
    }
    assert_eq!(product.rows(), before);
    let ended = transom(folder.path(), &["check", "--connect", "--format", "json"]).await;
    let json: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(
        (&json["targets"][0]["name"], &json["targets"][0]["findings"][0]["level"]),
        (&"moqups".into(), &"ok".into())
    );
}

#[tokio::test]
async fn what_a_rule_does_not_find_is_told_with_line_and_path_and_kind() {
    let (folder, _product) = connected().await;
    edit(folder.path(), "moqups.yaml", "at: $.login,", "at: $.loginName,");
    edit(
        folder.path(),
        "moqups.yaml",
        "at: $.enabled, values: { true: \"yes\"",
        "at: $.enabled, values: { true: \"1\"",
    );
    let said = looked(folder.path(), 1).await;
    assert!(said.contains("WRONG  User, line 22: userName from $.loginName: "), "{said}");
    assert!(said.contains("there stands nothing (in 100 of 100 accounts)"), "{said}");
    assert!(
        said.contains("WRONG  User, line 23: active from $.enabled: ") && said.contains("there stands a text (in "),
        "{said}"
    );
}

#[tokio::test]
async fn a_field_that_nobody_has_is_worth_a_note() {
    let (folder, _product) = connected().await;
    edit(folder.path(), "moqups.yaml", "at: $.fullName", "at: $.full_name");
    let said = looked(folder.path(), 0).await;
    assert!(
        said.contains("note   User, line 26: name.formatted from $.full_name: nothing stands there in any of 100"),
        "{said}"
    );
    assert!(said.contains("`fullName`"), "{said}");
}

#[tokio::test]
async fn a_refused_log_in_is_told_in_the_products_words() {
    let (folder, _product) = connected().await;
    let session = "lookups: { session: { call: GET /nowhere, take: $.token, \
                   answers: [{ status: 4xx, means: broken, detail: \"no log-in: <$.error>\" }] } }\n";
    let text = std::fs::read_to_string(folder.path().join("moqups.yaml")).unwrap();
    let at = text.find("\nauth:").unwrap() + 1;
    let end = at + text[at..].find('\n').unwrap() + 1;
    let with = format!("{}auth: {{ bearer: <session> }}\n{session}{}", &text[..at], &text[end..]);
    write(folder.path(), "moqups.yaml", &with);
    let said = looked(folder.path(), 1).await;
    assert!(said.contains("WRONG") && said.contains("GET /nowhere: ") && said.contains(": no log-in:"), "{said}");
}

#[tokio::test]
async fn trouble_names_where_to_look() {
    let (folder, product) = connected().await;
    write(folder.path(), "api.key", "wrong");
    let said = looked(folder.path(), 1).await;
    assert!(
        said.contains(
            "(status 401): the API key was refused; look at `auth:` in the mapping, and at the settings of this target"
        ),
        "{said}"
    );
    Script::default().write(folder.path(), &product);
    edit(folder.path(), "transom.yaml", &format!("{}", product.address), &format!("{}/nowhere", product.address));
    let said = looked(folder.path(), 1).await;
    assert!(said.contains("look at `base_url` in transom.yaml, then at the path"), "{said}");
    edit(folder.path(), "transom.yaml", "file: api.key", "file: no.key");
    let said = looked(folder.path(), 2).await;
    assert!(said.contains("api_key") && said.contains("no.key"), "{said}");
    product.stop().await;
    Script::default().write(folder.path(), &product);
    let said = looked(folder.path(), 2).await;
    assert!(said.contains("SILENT User, line ") && said.contains("cannot be reached; look at `base_url`"), "{said}");
    let ended = transom(folder.path(), &["check", "--connect", "moqup"]).await;
    assert!(ended.code == Some(2) && ended.err.contains("there is no target `moqup`"), "{ended:?}");
}

const NAMES: &str = "edition: 1
product: Names
User:
  key: { at: $.name, stable: true }
  absent_when: { at: $.state.gone, equals: true }
  attributes:
    userName: { at: $.name, required: true }
    title:    { read: $.card.title }
    nickName: { read: $.nick }
    active:   { read: $.state.on }
  read: { account: GET /users/<key>, card: GET /users/<key>/card, state: GET /users/<key>/state }
  list: { call: GET /users, items: $.all, key: { handle: . }, lacks: [userName, title, nickName, active] }
";

#[tokio::test]
async fn items_that_are_read_by_handle_are_no_accounts() {
    let site = Site::start(|heard| match heard.line.as_str() {
        "GET /users" => reply(200, &json!({ "all": ["anna", "bob", "cleo"] })),
        "GET /users/anna" => reply(200, &json!({ "name": "anna" })),
        "GET /users/bob" => reply(200, &json!({ "name": "bob" })),
        "GET /users/anna/state" => reply(200, &json!({ "gone": true })),
        "GET /users/bob/state" => reply(200, &json!({ "on": true })),
        "GET /users/anna/card" | "GET /users/bob/card" => reply(200, &json!({ "title": "Cook" })),
        _ => reply(404, &Value::Null),
    })
    .await;
    let folder = folder();
    write(folder.path(), "names.yaml", NAMES);
    let address = site.address;
    let config = format!("targets: {{ names: {{ mapping: names.yaml, base_url: 'http://{address}' }} }}\n");
    write(folder.path(), "transom.yaml", &config);
    let ended = transom(folder.path(), &["check", "--connect"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for told in [
        "line 12: read by handle: 2 of the first 3 items are accounts",
        "an account of the list can be read",
        "line 9: nickName from $.nick: nothing stands there in any of 2 accounts; they hold `name`",
        "0 wrong, ",
    ] {
        assert!(ended.out.contains(told), "{told}\n{}", ended.out);
    }
    assert!(!ended.out.contains("$.card") && !ended.out.contains("$.state"), "{}", ended.out);
}
