//! The pages about the mapping language: every sample compiles, every sample that is wrong is wrong as it says, no key is left out.
//!
//! A ```` ```yaml ```` block of docs/mapping.md or docs/cookbook.md is a whole mapping, or a piece whose place a comment in the
//! line before it names: `<!-- frame: User -->`. The frames:
//!
//! | frame | the block holds | what it does not say is taken from |
//! |---|---|---|
//! | (none) | a whole file | |
//! | `file` | keys of the file | a small product: `edition`, `product`, `settings`, `User` and what `User` and `Group` lack |
//! | `User`, `Group` | keys of the type | the same |
//! | `rules`, `members` | rules of users, of groups | the same |
//! | `config` | a transom.yaml | |
//!
//! `<!-- frame: User, wrong: M012 -->`: the block must not compile, and M012 is among what is said. A ```` ```rhai ```` block
//! after it is the script beside the mapping.

use regex::Regex;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use transom::cli::test::play;
use transom::config::Config;
use transom::mapping::{compile, json_schema};

const PAGES: [&str; 2] = ["mapping.md", "cookbook.md"];

const USER: &str = "\
key: { at: $.id, stable: true }
attributes:
  userName: { at: $.login, required: true }
read: GET /users/<key>
list: { call: GET /users, items: $.users }
create: POST /users
update: PATCH /users/<key>
delete: DELETE /users/<key>
";

const GROUP: &str = "\
key: { at: $.id, stable: true }
attributes:
  displayName: { at: $.name, required: true }
read: GET /groups/<key>
list: { call: GET /groups, items: $.groups }
create: POST /groups
update: PATCH /groups/<key>
delete: DELETE /groups/<key>
";

/// One sample.
struct Block {
    page: &'static str,
    line: usize,
    frame: String,
    wrong: Option<String>,
    text: String,
    script: Option<String>,
}

#[test]
fn every_sample_compiles_or_is_wrong_as_it_says() {
    let mut told = Vec::new();
    for block in PAGES.iter().flat_map(|page| blocks(page)) {
        let place = format!("docs/{}:{}", block.page, block.line);
        if block.frame == "config" {
            if let Err(error) = Config::parse(&block.text, Path::new("transom.yaml")) {
                told.push(format!("{place}: {error}"));
            }
            continue;
        }
        let (text, script) = (block.mapping(), block.script.as_deref().map(|text| ("sample.rhai", text)));
        match (compile(&place, &text, script), &block.wrong) {
            (Ok(_), None) => {}
            (Ok(_), Some(code)) => told.push(format!("{place}: compiles, and says that it is wrong: {code}")),
            (Err(found), Some(code)) if found.0.iter().any(|one| one.code.id == code) => {}
            (Err(found), _) => told.push(format!("{place}:\n{found}\n{text}")),
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[tokio::test]
async fn the_tests_in_samples_hold() {
    let mut played = 0;
    for block in
        PAGES.iter().flat_map(|page| blocks(page)).filter(|block| block.wrong.is_none() && block.frame != "config")
    {
        let script = block.script.as_deref().map(|text| ("sample.rhai", text));
        let Ok(compiled) = compile("sample", &block.mapping(), script) else { continue };
        let mapping = Arc::new(compiled.mapping);
        for test in &mapping.tests {
            played += 1;
            let faults = play(&mapping, test).await.unwrap();
            assert!(faults.is_empty(), "docs/{}:{} {}\n{}", block.page, block.line, test.name, faults.join("\n"));
        }
    }
    assert!(played > 0);
}

/// Every key of every shape has a row in a table of the reference.
#[test]
fn every_key_of_the_language_is_in_the_reference() {
    let page = page("mapping.md");
    let word = Regex::new("`([a-zA-Z0-9_]+)`").unwrap();
    let cells = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let named: BTreeSet<&str> =
        cells.flat_map(|cell| word.captures_iter(cell).map(|found| found.extract::<1>().1[0])).collect();
    let schema = json_schema();
    let shapes = schema["definitions"].as_object().unwrap().values().chain([&schema]);
    let keys: BTreeSet<&str> =
        shapes.flat_map(|shape| shape["properties"].as_object().unwrap().keys().map(String::as_str)).collect();
    let missing: Vec<&&str> = keys.difference(&named).collect();
    assert!(keys.len() > 60 && missing.is_empty(), "docs/mapping.md says nothing of {missing:?}");
}

#[test]
fn the_reference_knows_every_conversion_and_every_meaning() {
    let page = page("mapping.md");
    let words = transom::mapping::transform::Conversion::WORDS.map(|(word, _)| word);
    let meanings = transom::wire::Meaning::ALL.map(|(word, _)| word);
    for word in words.iter().chain(&meanings) {
        assert!(page.contains(&format!("| `{word}` |")), "docs/mapping.md has no row for `{word}`");
    }
}

#[test]
fn every_link_within_the_pages_leads_somewhere() {
    let link = Regex::new(r"\]\(([a-z-]+\.md)?(?:#([a-z0-9-]+))?\)").unwrap();
    for name in ["mapping.md", "cookbook.md", "first-mapping.md"] {
        for found in link.captures_iter(&page(name)) {
            let target = page(found.get(1).map_or(name, |file| file.as_str()));
            let Some(wanted) = found.get(2) else { continue };
            let headings = target.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix(' '));
            let anchor = |heading: &str| {
                let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
                kept.collect::<String>().to_lowercase().replace(' ', "-")
            };
            assert!(
                headings.into_iter().any(|heading| anchor(heading) == wanted.as_str()),
                "docs/{name}: {}",
                &found[0]
            );
        }
    }
}

#[test]
fn the_cookbook_has_an_entry_for_each_peculiarity() {
    let page = page("cookbook.md");
    let titles = Regex::new(r"(?m)^### (\d+)\. \S").unwrap();
    let numbers: Vec<usize> = titles.captures_iter(&page).map(|found| found[1].parse().unwrap()).collect();
    assert_eq!(numbers, (1..=54).collect::<Vec<_>>());
}

impl Block {
    /// The whole file that the block stands in.
    fn mapping(&self) -> String {
        let text = &self.text;
        match &*self.frame {
            "" => text.clone(),
            "file" => file(text),
            kind @ ("User" | "Group") => file(&format!("{kind}:\n{}", indented(text))),
            "rules" => file(&format!("User:\n  attributes:\n{}", indented(&indented(text)))),
            "members" => file(&format!("Group:\n  attributes:\n{}", indented(&indented(text)))),
            other => panic!("docs/{}:{}: there is no frame `{other}`", self.page, self.line),
        }
    }
}

/// The keys of a file, with what they lack.
fn file(text: &str) -> String {
    let mut whole = String::new();
    let setting = Regex::new(r"<settings\.([a-z_]+)>").unwrap();
    let settings: BTreeSet<&str> = setting.captures_iter(text).map(|found| found.extract::<1>().1[0]).collect();
    for (key, default) in [("edition", "edition: 1\n"), ("product", "product: Sample\n")] {
        whole += if section(text, key).is_some() { "" } else { default };
    }
    if section(text, "settings").is_none() {
        whole += &format!("settings: [{}]\n", settings.into_iter().collect::<Vec<_>>().join(", "));
    }
    for (key, body) in sections(text) {
        whole += &match key.as_str() {
            "User" => format!("User:\n{}", indented(&kind(&body, USER))),
            "Group" => format!("Group:\n{}", indented(&kind(&body, GROUP))),
            _ => body,
        };
    }
    if section(text, "User").is_none() {
        whole += &format!("User:\n{}", indented(USER));
    }
    if section(text, "Group").is_none() && text.contains("ref: Group") {
        whole += &format!("Group:\n{}", indented(GROUP));
    }
    whole
}

/// The keys of a type with what they lack, `userName` or `displayName` included.
fn kind(body: &str, defaults: &str) -> String {
    let (first, rest) = body.split_once('\n').unwrap_or((body, ""));
    // `User: { key: … }`, which holds one key alone.
    let braces = first.split_once(": { ").and_then(|(_, inner)| inner.strip_suffix(" }"));
    let mut own = braces.map_or_else(|| dedented(rest), |inner| format!("{inner}\n"));
    for (key, default) in sections(defaults) {
        match section(&own, &key) {
            Some(section) if key == "attributes" => {
                let name = default.lines().nth(1).and_then(|line| line.trim().split(':').next()).unwrap();
                if !section.contains(&format!(" {name}:")) {
                    let rule = default.lines().nth(1).unwrap().trim();
                    let with = section.replacen("attributes:\n", &default, 1);
                    let with = with.replacen("attributes: { ", &format!("attributes: {{ {rule}, "), 1);
                    own = own.replacen(&section, &with, 1);
                }
            }
            Some(_) => {}
            // What the mapping itself lists is reached by no call.
            None if section(&own, "fixed").is_some() => {}
            None => own += &default,
        }
    }
    own
}

/// The keys at the left edge, each with the text up to the next one.
fn sections(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let key = line
            .split_once(':')
            .map(|(key, _)| key)
            .filter(|_| line.starts_with(|letter: char| letter.is_alphabetic()));
        match (key, found.last_mut()) {
            (Some(key), _) => found.push((key.to_owned(), format!("{line}\n"))),
            (None, Some((_, text))) => *text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    found
}

fn section(text: &str, key: &str) -> Option<String> {
    sections(text).into_iter().find(|(known, _)| known == key).map(|(_, text)| text)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

fn dedented(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.strip_prefix("  ").unwrap_or(line))).collect()
}

fn blocks(name: &'static str) -> Vec<Block> {
    let (page, mut found) = (page(name), Vec::<Block>::new());
    let mut lines = page.lines().enumerate();
    let mut before = "";
    while let Some((number, line)) = lines.next() {
        let language = line.trim_start().strip_prefix("```").unwrap_or_default();
        if language == "yaml" || language == "rhai" {
            let text: String = lines
                .by_ref()
                .map(|(_, line)| line)
                .take_while(|line| *line != "```")
                .map(|line| format!("{line}\n"))
                .collect();
            match (language, found.last_mut()) {
                ("yaml", _) => {
                    let (frame, wrong) = (said(before, "frame"), said(before, "wrong"));
                    let frame = frame.unwrap_or_default();
                    found.push(Block { page: name, line: number + 1, frame, wrong, text, script: None });
                }
                (_, Some(block)) => block.script = Some(text),
                (_, None) => panic!("docs/{name}:{number}: a script without a mapping before it"),
            }
        }
        before = line;
    }
    found
}

/// `<!-- frame: User, wrong: M012 -->`
fn said(comment: &str, key: &str) -> Option<String> {
    let inner = comment.strip_prefix("<!-- ")?.strip_suffix(" -->")?;
    inner.split(", ").find_map(|part| part.strip_prefix(key)?.strip_prefix(": ")).map(str::to_owned)
}

fn page(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
