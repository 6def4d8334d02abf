//! The configuration file: its documentation is true, its errors have a line, its secrets stay out of sight.

use std::env::VarError;

use super::*;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("/etc/transom/transom.yaml")).map_err(|error| error.to_string())
}

fn refused(text: &str) -> String {
    let error = parse(text).unwrap_err();
    assert!(!error.contains('\n'), "{error}");
    error.strip_prefix("/etc/transom/transom.yaml").unwrap_or(&error).to_owned()
}

const FULL: &str = r#"
listen: ["0.0.0.0:80", "[::1]:8081", { address: "[::]:8443", tls: { certificate: c.pem, key: /k/k.pem } }]
data: /var/lib/transom
public_url: https://scim.example.com/base/
limits: { body: 64kB, header: 16KiB, request: 1500ms, connections: 7 }
log: { format: json, level: debug }
targets:
  red-mine1:
    mapping: mappings/redmine.yaml
    base_url: https://redmine.example.com/
    settings: { api_key: { env: KEY }, other: { file: secrets/other } }
    limits: { in_flight: 8, rate: 0.5, timeout: 2m, answer: 1000, lock_queue: 3 }
    roots: ca.pem
    patch_answer: { user: none, group: resource }
  plain: { mapping: m.yaml, base_url: "http://127.0.0.1:3001" }
"#;

#[test]
fn the_default_file_is_the_built_in_defaults() {
    assert_eq!(Config::parse(DEFAULT, Path::new("transom.yaml")).unwrap(), Config::default());
    assert_eq!(Config::parse("", Path::new("transom.yaml")).unwrap(), Config::default());
}

#[test]
fn the_default_file_shows_the_defaults_of_a_target_too() {
    let shown = uncommented().replace("targets: {}\n", "");
    let config = parse(&shown).unwrap();
    assert_eq!(config.public_url.as_deref(), Some("https://scim.example.com"));
    let target = &config.targets["redmine"];
    let bare = format!("targets: {{ redmine: {{ mapping: mappings/redmine.yaml, base_url: {} }} }}", target.base_url);
    assert_eq!(target, &parse(&bare).unwrap().targets["redmine"]);
}

#[test]
fn the_default_file_shows_every_key() {
    let shown = uncommented();
    let printed = parse(FULL).unwrap().to_string();
    for line in printed.lines().filter(|line| !line.contains('"') || line.contains(": \"")) {
        let key = line.split(':').next().unwrap().trim().trim_start_matches("- ");
        assert!(key.starts_with('"') || shown.contains(&format!("{key}:")), "{key} is not in the default file");
    }
}

/// Keys that are commented out stand directly after the `#` or indented; prose stands after one blank.
fn uncommented() -> String {
    let lines = DEFAULT.lines().map(|line| match line.strip_prefix('#') {
        Some(key) if !key.is_empty() && (!key.starts_with(' ') || key.starts_with("  ")) => key,
        _ => line,
    });
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn everything_is_read_and_paths_are_placed() {
    let config = parse(FULL).unwrap();
    assert_eq!(config.listen.len(), 3);
    assert_eq!(config.listen[1].address, "[::1]:8081".parse().unwrap());
    let tls = config.listen[2].tls.as_ref().unwrap();
    assert_eq!((tls.certificate.as_path(), tls.key.as_path()), ("/etc/transom/c.pem".as_ref(), "/k/k.pem".as_ref()));
    assert_eq!(config.data, Path::new("/var/lib/transom"));
    assert_eq!(config.public_url.as_deref(), Some("https://scim.example.com/base"));
    let expected = Limits { body: 64_000, header: 16_384, request: Duration::from_millis(1500), connections: 7 };
    assert_eq!(config.limits, expected);
    assert_eq!(config.log, Log { format: LogFormat::Json, level: LogLevel::Debug });
    let target = &config.targets["red-mine1"];
    assert_eq!(target.mapping, Path::new("/etc/transom/mappings/redmine.yaml"));
    assert_eq!(target.base_url, "https://redmine.example.com");
    assert_eq!(target.settings["api_key"], Source::Env("KEY".into()));
    assert_eq!(target.settings["other"], Source::File("/etc/transom/secrets/other".into()));
    assert_eq!(target.limits.rate, Some(0.5));
    assert_eq!(target.limits.timeout, Duration::from_secs(120));
    assert_eq!(target.roots.as_deref(), Some(Path::new("/etc/transom/ca.pem")));
    assert_eq!(target.patch_answer, PatchAnswers { user: PatchAnswer::None, group: PatchAnswer::Resource });
    let plain = &config.targets["plain"];
    assert_eq!((&plain.limits, plain.roots.as_deref()), (&TargetLimits::default(), None));
}

#[test]
fn a_section_left_empty_is_its_defaults() {
    let config =
        parse("listen:\nlimits:\nlog:\ntargets:\n  a:\n    mapping: m\n    base_url: http://h\n    settings:\n");
    assert_eq!(config.unwrap().limits, Limits::default());
    assert_eq!(Config::parse("# nothing\n", Path::new("transom.yaml")).unwrap(), Config::default());
}

#[test]
fn addresses_may_stand_without_quotes() {
    let config = parse("listen: [127.0.0.1:0]\ndata: /d\n").unwrap();
    assert_eq!(config.listen, [Listener { address: "127.0.0.1:0".parse().unwrap(), tls: None }]);
    assert_eq!(parse("listen:\n  - 0.0.0.0:1\n  - \"[::]:2\"\n").unwrap().listen.len(), 2);
}

#[test]
fn what_is_printed_reads_back_as_the_same() {
    for config in [parse(FULL).unwrap(), Config::default(), parse(DEFAULT).unwrap()] {
        let printed = config.to_string();
        assert_eq!(Config::parse(&printed, Path::new("transom.yaml")).unwrap(), config, "{printed}");
    }
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_one() {
    assert_eq!(refused("data: d\nlisen: []\n"), ":2:1: unknown key `lisen`; did you mean `listen`?");
    let target = "targets:\n  a:\n    mapping: m\n    base-url: http://h\n";
    assert_eq!(refused(target), ":4:5: unknown key `base-url`; did you mean `base_url`?");
    let limit = "targets: { a: { mapping: m, base_url: http://h, limits: { zzz: 1 } } }";
    let said = refused(limit);
    assert!(said.contains("known here: in_flight, rate, timeout, answer, lock_queue"), "{said}");
}

#[test]
fn every_wrong_value_is_told_with_its_place_and_the_way_out() {
    for (text, expected) in [
        ("limits:\n  request: 10\n", ":2:12: `10` is no duration; write 500ms, 10s, 2m or 1h"),
        ("limits: { body: lots }", ": `lots` is no size; write 64KiB, 1MiB, 64kB or plain bytes"),
        ("limits: { header: 1KiB }", ": `1KiB` is out of range; it must be between 8KiB and 1MiB"),
        ("targets: { a: { mapping: , base_url: http://h } }", ":1:24: a value is missing here"),
        ("listen: 127.0.0.1:80", ":1:9: expected a list"),
        ("just words", ":1:1: expected keys with values"),
        ("limits: { connections: 0 }", ": `0` is no count; write a whole number from 1 to 1000000"),
        ("listen: [localhost]", ": `localhost` is no address; write an IP address and a port, 127.0.0.1:8080 or"),
        ("listen: []", ": name at least one address to listen on"),
        ("listen: [{ tls: { certificate: c, key: k } }]", ": the key `address` is missing here"),
        ("listen: [{ address: '1.2.3.4:5', tls: { certificate: c } }]", ": the key `key` is missing here"),
        ("log: { format: xml }", ": unknown value `xml`; known here: human, json"),
        ("log: { level: infos }", ": unknown value `infos`; did you mean `info`?"),
        ("targets:\n  Red: { mapping: m, base_url: http://h }", ":2:3: `Red` is no name for a target"),
        ("targets:\n  a: { base_url: http://h }", ": the key `mapping` is missing here"),
        ("targets: { a: { mapping: m, base_url: redmine } }", ": this is no base URL (neither http"),
        ("targets: { a: { mapping: m, base_url: ftp://h } }", ": this is no base URL (neither http nor https)"),
        ("targets: { a: { mapping: m, base_url: 'http://h?x=1' } }", ": this is no base URL (a query or fragment"),
        ("targets: { a: { mapping: m, base_url: http://h, limits: { rate: 0 } } }", ": `0` is no rate; write calls"),
        ("data: a\ndata: b\n", ":2:1: the key `data` stands here twice"),
        ("listen: [\n", ":1:9: unclosed bracket"),
        ("--- {}\n--- {}\n", ":2:1: a second YAML document"),
    ] {
        let said = refused(text);
        assert!(said.starts_with(':') && said.contains(expected), "{text:?}: {said}");
    }
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    for text in [
        "targets: { a: { mapping: m, base_url: http://h, settings: { key: hunter2 } } }",
        "targets: { a: { mapping: m, base_url: http://h, settings: { key: { hunter2: x } } } }",
        "targets: { a: { mapping: m, base_url: http://h, settings: hunter2 } }",
        "targets: { a: { mapping: m, base_url: 'http://u:hunter2@h' } }",
        "targets: { a: { mapping: m, base_url: http://h, settings: { key: [hunter2] } } }",
        "targets: { a: { mapping: m, base_url: http://h, settings: { key: { env: A, file: hunter2 } } } }",
    ] {
        let said = refused(text);
        assert!(!said.contains("hunter2"), "{said}");
    }
    let said = refused("targets: { a: { mapping: m, base_url: http://h, settings: { key: hunter2 } } }");
    assert!(said.contains("does not belong in this file; write { env: NAME } or { file: PATH }"), "{said}");
}

#[test]
fn a_few_lines_that_grow_without_end_are_refused() {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (from, to) in ('a'..='h').zip('b'..='i') {
        let nine = vec![format!("*{from}"); 9].join(", ");
        text.push_str(&format!("{to}: &{to} [{nine}]\n"));
    }
    parse(&text).unwrap_err();
    parse(&"[".repeat(100_000)).unwrap_err();
    parse(&"x".repeat(5_000_000)).unwrap_err();
}

#[test]
fn settings_are_fetched_from_environment_and_files() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), "from file\r\n").unwrap();
    let text = "targets: { a: { mapping: m, base_url: http://h, settings: { x: { env: X }, y: { file: key } } } }";
    let path = folder.path().join("transom.yaml");
    let config = Config::parse(text, &path).unwrap();
    let settings = config.resolve_with(&path, |name| Ok(format!("value of {name}"))).unwrap();
    assert_eq!(settings["a"]["x"].expose(), "value of X");
    assert_eq!(settings["a"]["y"].expose(), "from file");
    assert!(!format!("{settings:?}").contains("value of"));
}

#[test]
fn a_setting_that_is_not_there_is_named_with_its_target() {
    let one = |source: &str| {
        let text = format!("targets: {{ a: {{ mapping: m, base_url: http://h, settings: {{ x: {source} }} }} }}");
        parse(&text).unwrap()
    };
    let told = |config: &Config, found: Result<String, VarError>| {
        config.resolve_with(Path::new("f.yaml"), |_| found.clone()).unwrap_err().to_string()
    };
    let unset = told(&one("{ env: KEY }"), Err(VarError::NotPresent));
    assert_eq!(unset, "f.yaml: target `a`, setting `x`: the environment variable KEY is not set; set it");
    let empty = told(&one("{ env: KEY }"), Ok(String::new()));
    assert!(empty.ends_with("KEY is empty; set it"), "{empty}");
    let missing = told(&one("{ file: /nowhere/key }"), Err(VarError::NotPresent));
    assert!(missing.contains("setting `x`: the file /nowhere/key cannot be read: No such file"), "{missing}");
}
