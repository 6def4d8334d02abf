//! The architecture as a test: who may import whom, which crate stays behind which fence, and the rules every file keeps.
//!
//! The reasons stand in `src/lib.rs`; whoever changes a table here changes it there too.

use regex::Regex;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// What each module of `src/` may use of the others.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("scim", &[]),
    ("wire", &[]),
    ("script", &[]),
    ("mapping", &["scim", "wire", "script"]),
    ("plan", &["scim", "wire", "mapping"]),
    ("observe", &[]),
    ("config", &["observe"]),
    ("transport", &[]),
    ("target", &["wire", "script"]),
    ("store", &[]),
    ("auth", &["store", "observe"]),
    ("gateway", &["config", "mapping", "wire", "transport", "target", "store", "auth"]),
    ("engine", &["gateway", "scim", "wire", "mapping", "plan", "target", "store"]),
    ("server", &["gateway", "engine", "scim", "script", "mapping", "plan", "target", "auth", "observe"]),
    (
        "cli",
        &[
            "auth",
            "config",
            "engine",
            "gateway",
            "mapping",
            "observe",
            "plan",
            "scim",
            "script",
            "server",
            "store",
            "target",
            "transport",
            "wire",
        ],
    ),
    ("main", &["cli"]),
    ("lib", &[]),
];

/// Crates that stay in a few places, each place a module or one file of it.
const FENCES: &[(&str, &[&str])] = &[
    ("rhai", &["script"]),
    ("hyper", &["server", "transport"]),
    ("hyper_util", &["server", "transport"]),
    ("hyper_rustls", &["transport"]),
    ("rustls", &["server", "transport"]),
    ("tokio_rustls", &["server", "transport"]),
    ("rustls_native_certs", &["transport"]),
    ("granit_parser", &["mapping/source.rs"]),
    ("serde_saphyr", &["config"]),
    ("annotate_snippets", &["mapping/diagnostic.rs"]),
    ("rusqlite", &["store"]),
    ("jsonpath_rust", &["wire"]),
    ("quick_xml", &["wire"]),
    ("tracing_subscriber", &["observe"]),
    ("clap", &["cli", "main"]),
    ("tokio", &["transport", "target", "store", "gateway", "engine", "server", "cli", "main"]),
];

/// Modules that neither wait nor look around.
const PURE: &[&str] = &["scim", "wire", "script", "mapping", "plan"];

/// What a pure module has no business with.
const IMPURE: &[&str] = &[
    "async fn",
    "async move",
    ".await",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::io::stdin",
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "new_v4",
    "println!",
    "tracing::",
];

/// A script that runs too long is stopped by the clock; that can only turn a result into an error.
const FUSE: (&str, &str) = ("script", "Instant::now");

/// Where all rules of a type may be walked: where mappings are loaded, checked and explained, and never to answer a request.
const WALK_RULES: &[&str] = &["src/mapping/compile/", "src/mapping/rules/", "src/plan/laws/", "src/cli/"];

const LONGEST_FILE: usize = 500;

/// Types that can change behind a `static`.
const CHANGEABLE: &[&str] =
    &["Mutex", "RwLock", "Atomic", "Cell", "OnceLock", "LazyLock", "OnceCell", "Lazy<", "Once", "ArcSwap"];

/// Names no code may know: what is particular to a product stands in its mapping, and clients are known by what they send.
const CLIENTS: &[&str] =
    &["entra", "azure", "microsoft", "okta", "onelogin", "jumpcloud", "pingone", "keycloak", "sailpoint"];

#[test]
fn modules_import_only_what_stands_below_them() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(module, _)| *module == source.module) else {
            let module = &source.module;
            wrong.push(format!(
                "{}: module `{module}` is in no table; add it to MAY_IMPORT and to src/lib.rs",
                source.path
            ));
            continue;
        };
        for (line, used) in source.imports() {
            if used != source.module && !allowed.contains(&used.as_str()) {
                wrong.push(format!(
                    "{}:{line}: `{}` may not use `{used}`; it may use: {}. Move the code to a module that may, or pass the thing in",
                    source.path,
                    source.module,
                    if allowed.is_empty() { "nothing of ours".to_owned() } else { allowed.join(", ") }
                ));
            }
        }
    }
    refuse(&wrong);
}

#[test]
fn the_import_table_has_no_circle_and_no_row_too_many() {
    let modules: BTreeSet<String> = sources("src").into_iter().map(|source| source.module).collect();
    let mut wrong = Vec::new();
    for (place, (module, allowed)) in MAY_IMPORT.iter().enumerate() {
        if !modules.contains(*module) {
            wrong.push(format!("there is no module `{module}`; take its row out of MAY_IMPORT and src/lib.rs"));
        }
        for used in allowed.iter().filter(|used| !MAY_IMPORT[..place].iter().any(|(earlier, _)| earlier == *used)) {
            wrong.push(format!("`{module}` may use `{used}`, which has no row above it: rows go from the bottom up, so this would be a circle"));
        }
    }
    refuse(&wrong);
}

#[test]
fn the_architecture_page_shows_the_same_table() {
    let page = read(&root().join("src/lib.rs"));
    let mut wrong = Vec::new();
    for (module, allowed) in MAY_IMPORT.iter().filter(|(module, _)| !["lib", "cli"].contains(module)) {
        let row = page
            .lines()
            .filter_map(|line| line.strip_prefix("//! | `"))
            .find(|row| row.starts_with(&format!("{module}` |")));
        let told = row.and_then(|row| row.split('|').nth(1)).map(quoted);
        if told != Some(allowed.iter().map(ToString::to_string).collect()) {
            wrong.push(format!("src/lib.rs: the row of `{module}` must name exactly: {}", allowed.join(", ")));
        }
    }
    refuse(&wrong);
}

#[test]
fn foreign_crates_stay_behind_their_fences() {
    let mut wrong = Vec::new();
    for (foreign, places) in FENCES {
        let used = pattern(&format!(r"(^|[^\w:.]){foreign}::|\buse {foreign}\b"));
        for source in sources("src") {
            let inside = places.iter().any(|place| *place == source.module || source.path == format!("src/{place}"));
            if inside || !source.code.contains(foreign) {
                continue;
            }
            if let Some(line) = source.first(&used) {
                let places = places.join(", ");
                wrong.push(format!(
                    "{}:{line}: `{foreign}` stays in {places}; give this file a type of ours instead",
                    source.path
                ));
            }
        }
    }
    refuse(&wrong);
}

#[test]
fn pure_modules_neither_wait_nor_look_around() {
    let mut wrong = Vec::new();
    for source in sources("src").into_iter().filter(|source| PURE.contains(&source.module.as_str())) {
        for banned in IMPURE.iter().filter(|banned| (source.module.as_str(), **banned) != FUSE) {
            if let Some(at) = source.code.find(banned) {
                let line = line_of(&source.code, at);
                wrong.push(format!(
                    "{}:{line}: `{banned}` in a pure module; do it in an edge or in `engine` and pass the result in",
                    source.path
                ));
            }
        }
    }
    refuse(&wrong);
}

#[test]
fn every_file_opens_with_what_it_is_about() {
    let all = ["src", "tests", "examples", "benches"].into_iter().flat_map(rust_files);
    let silent = all.filter(|path| !read(path).starts_with("//! "));
    refuse(
        &silent
            .map(|path| format!("{}: begin with a `//!` sentence that says what it is about", shown(&path)))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn code_knows_no_product_and_no_identity_provider() {
    let mappings = fs::read_dir(root().join("mappings")).expect("the folder `mappings` can be read");
    let products = mappings.filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()));
    let names: Vec<String> = products.chain(CLIENTS.iter().map(ToString::to_string)).collect();
    let named = pattern(&format!(r"(?i)(\b|_)({})(\b|_)", names.join("|")));
    let mut wrong = Vec::new();
    for source in sources("src") {
        if let Some(line) = source.first(&named) {
            wrong.push(format!(
                "{}:{line}: names a product or an identity provider; say it in a mapping file, or go by what is sent",
                source.path
            ));
        }
    }
    refuse(&wrong);
}

#[test]
fn requests_ask_for_the_rules_that_they_touch() {
    let walks = pattern(r"\.rules\s*\.all\(\)");
    let mut wrong = Vec::new();
    for source in sources("src") {
        let may = WALK_RULES.iter().any(|folder| source.path.starts_with(folder));
        if let (false, Some(line)) = (may, source.first(&walks)) {
            let hint = "ask `Rules` for those of an attribute, a resource or a document, so that others cost nothing";
            wrong.push(format!("{}:{line}: walks all rules of a type; {hint}", source.path));
        }
    }
    refuse(&wrong);
}

#[test]
fn no_file_grows_beyond_what_can_be_read() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        let lines = source.raw.lines().count();
        if lines > LONGEST_FILE {
            wrong.push(format!(
                "{}: {lines} lines before its tests, {LONGEST_FILE} at most; split it by what it is about",
                source.path
            ));
        }
    }
    refuse(&wrong);
}

#[test]
fn nothing_is_left_undone_or_untested() {
    // Written in pieces, so that this file does not find itself.
    let undone = [["todo", "!"], ["unimplemented", "!"], ["#[", "ignore"]].map(|parts| parts.concat());
    let all = ["src", "tests", "examples", "benches"].into_iter().flat_map(rust_files);
    let mut wrong = Vec::new();
    for path in all {
        let text = without_comments(&read(&path));
        for mark in undone.iter().filter(|mark| text.contains(*mark)) {
            wrong.push(format!("{}: `{mark}`; finish it or take it out", shown(&path)));
        }
    }
    refuse(&wrong);
}

#[test]
fn there_are_no_globals_but_constants() {
    let (declared, hidden) = (pattern(r"\bstatic\s+(mut\s+)?\$?\w+\s*:[^=;]*"), pattern(r"thread_local!|lazy_static!"));
    let mut wrong = Vec::new();
    for source in sources("src") {
        let text = &source.code;
        let changeable =
            |found: &str| found.contains("static mut") || CHANGEABLE.iter().any(|word| found.contains(word));
        let found = declared.find_iter(text).chain(hidden.find_iter(text));
        for one in found.filter(|one| changeable(one.as_str()) || one.as_str().ends_with('!')) {
            wrong.push(format!(
                "{}:{}: a global that can change; let `Gateway` own it",
                source.path,
                line_of(text, one.start())
            ));
        }
    }
    refuse(&wrong);
}

#[test]
fn json_maps_are_small_and_numbers_plain() {
    let text = r#"{"b":1.10,"a":2}"#;
    let value: Value = serde_json::from_str(text).expect("this is JSON");
    assert_eq!(
        value.to_string(),
        r#"{"a":2,"b":1.1}"#,
        "serde_json must neither have the feature `preserve_order`, which doubles the memory of a value, nor `arbitrary_precision`: look which dependency changed it, `cargo tree -e features -i serde_json`"
    );
}

#[test]
fn this_test_can_see_what_it_looks_for() {
    let source = Source::of(
        "src/scim/a/b.rs",
        "use crate::{mapping::Rule, plan};\nuse super::super::store::Link;\n// crate::cli\nlet x = \"//\"; crate::wire::f();",
    );
    let names: Vec<(usize, String)> = source.imports();
    let expected = [(1, "mapping"), (1, "plan"), (4, "wire")].map(|(line, name)| (line, name.to_owned()));
    assert_eq!(names, expected, "`super::super` of a nested file stays inside the module");
    assert_eq!(Source::of("src/scim/a.rs", "use super::super::store;").imports(), [(1, "store".to_owned())]);
    assert_eq!(Source::of("src/scim/mod.rs", "use super::store::Link;").imports(), [(1, "store".to_owned())]);
    assert!(Source::of("src/scim/mod.rs", "#[cfg(test)]\nmod tests {\n    use super::*;\n}\n").imports().is_empty());
}

static TESTS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^#\[cfg\(test\)\]\n(?:pub )?mod \w+ \{"));
static NAMED: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(crate|transom)::(?:(\w+)|\{([^;]*)\})"));
static CLIMB: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b((?:super::)+)(\w+)"));

/// One file of `src/`.
struct Source {
    /// As `src/scim/path.rs`.
    path: String,
    /// The first part of its path below `src/`.
    module: String,
    /// How many modules it stands in, itself included.
    depth: usize,
    /// All but its tests.
    raw: String,
    /// The same without comments, line for line; nothing of a file that is all tests.
    code: String,
    /// Its tests without comments, after as many empty lines as stand before them.
    tests: String,
}

impl Source {
    fn of(path: &str, text: &str) -> Source {
        let below = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        let (raw, tests) = match TESTS.find(text) {
            _ if below.split('/').any(|part| part == "tests") => ("", text.to_owned()),
            Some(found) => {
                (&text[..found.start()], "\n".repeat(line_of(text, found.start()) - 1) + &text[found.start()..])
            }
            None => (text, String::new()),
        };
        Source {
            path: path.to_owned(),
            module: below.split('/').next().unwrap_or_default().to_owned(),
            depth: below.split('/').count(),
            raw: raw.to_owned(),
            code: without_comments(raw),
            tests: without_comments(&tests),
        }
    }

    /// The modules of ours that it uses, with the lines; its tests keep to the table too.
    fn imports(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for text in [&self.code, &self.tests] {
            for one in NAMED.captures_iter(text).filter(|one| &one[1] == "crate" || self.module == "main") {
                let line = line_of(text, one.get(0).map_or(0, |whole| whole.start()));
                let single = one.get(2).map(|name| name.as_str().to_owned());
                let several = one.get(3).map(|list| outer_names(list.as_str())).unwrap_or_default();
                found.extend(single.into_iter().chain(several).map(|name| (line, name)));
            }
        }
        for one in CLIMB.captures_iter(&self.code).filter(|one| one[1].matches("super").count() >= self.depth) {
            found.push((line_of(&self.code, one.get(0).map_or(0, |whole| whole.start())), one[2].to_owned()));
        }
        found
    }

    /// The first line outside the tests that the pattern finds.
    fn first(&self, wanted: &Regex) -> Option<usize> {
        wanted.find(&self.code).map(|found| line_of(&self.code, found.start()))
    }
}

fn sources(folder: &str) -> Vec<Source> {
    rust_files(folder).iter().map(|path| Source::of(&shown(path), &read(path))).collect()
}

/// `a::{b, c}, d` → `a`, `d`.
fn outer_names(list: &str) -> Vec<String> {
    let (mut depth, mut names, mut name) = (0, Vec::new(), String::new());
    for letter in list.chars().chain([',']) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(std::mem::take(&mut name)),
            _ if depth == 0 => name.push(letter),
            _ => {}
        }
    }
    names
        .iter()
        .filter_map(|name| name.trim().split("::").next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The names in backticks.
fn quoted(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Line comments emptied, lines kept; `//` inside a text is no comment.
fn without_comments(text: &str) -> String {
    let uncommented = |line: &str| {
        let starts =
            line.match_indices("//").map(|(at, _)| at).find(|at| line[..*at].matches('"').count().is_multiple_of(2));
        line[..starts.unwrap_or(line.len())].to_owned()
    };
    text.lines().map(uncommented).collect::<Vec<_>>().join("\n")
}

fn rust_files(folder: &str) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a file of the checkout can be read")
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is well formed")
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

fn refuse(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
