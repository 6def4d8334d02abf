//! Mappings that break a law are told so, with the rule and its line; sound ones are not.

use super::*;
use crate::mapping::compile;

fn told(rules: &str, script: Option<&str>) -> Vec<(String, u32, String)> {
    let text = format!(
        "edition: 1\nproduct: x\nsettings: [realm, off]\nUser:\n  key: {{ at: $.id, stable: true }}\n  attributes:\n    userName: {{ at: $.login, required: true, as: {{ suffix: \"@<settings.realm>\" }} }}\n{rules}  read: GET /u/<key>\n  update: {{ call: PATCH /u/<key>, sends: changed }}\n  create: {{ call: POST /u, with: {{ x: <settings.off> }} }}\n"
    );
    let compiled = compile("x.yaml", &text, script.map(|text| ("x.rhai", text)));
    let mapping = match compiled {
        Ok(compiled) => compiled.mapping,
        Err(found) => panic!("{found}"),
    };
    breaches(&mapping).into_iter().map(|one| (one.attribute, one.line, one.told)).collect()
}

#[test]
fn sound_rules_keep_the_laws() {
    let rules = r#"
    active: { at: $.groups, has: { gid: <settings.off> }, values: { true: false, false: true } }
    roles: { each: $.groups, value: .gid, type: .kind }
    name: { at: $.full, as: split_name }
    title: { at: $.title, empty_as: ["", "-"], as: [{ prefix: "p-" }, base64] }
    nickName: { at: $.nick, as: lower, remember: true }
    emails: { each: $.mail, value: ".address", type: { key: true } }
    phoneNumbers: { each: "$.medias[?@.kind == 'p'].to", value: ".", primary: { first: true } }
    ims: { each: "$.medias2[?@.kind == 'i']", value: .name, primary: { equals: $.preferred } }
    addresses: { one: { streetAddress: $.street, locality: $.city }, type: work }
    "urn:x:y:seen": { at: $.seen, type: dateTime, as: { date: "%d.%m.%Y" } }
    "urn:x:y:tags": { at: $.tags, multi_valued: true, as: { join: "," } }
    "urn:x:y:level": { at: $.level, type: integer, as: text }
    "urn:x:y:ratio": { at: $.ratio, type: decimal }
    "urn:x:y:more": { at: $.more, multi_valued: true, values: { a: 1, b: 2 } }
"#;
    assert_eq!(told(rules, None), []);
}

#[test]
fn a_script_whose_functions_do_not_undo_each_other_is_told_with_a_small_value() {
    let script = "fn to(v) { v.to_upper() } fn back(v) { v }";
    let found = told("    title: { at: $.t, script: [to, back] }\n", Some(script));
    assert_eq!(found.len(), 1, "{found:?}");
    let (attribute, line, told) = &found[0];
    assert_eq!((attribute.as_str(), *line), ("title", 8));
    assert!(told.len() < 60 && told.contains("is written as") && told.contains("which reads as"), "{told}");
}

#[test]
fn what_is_written_must_be_readable() {
    let script = "fn to(v) { \"x\" + v } fn back(v) { v.no_such_thing() }";
    let found = told("    title: { at: $.t, script: [to, back] }\n", Some(script));
    assert!(found[0].2.contains("cannot be read"), "{found:?}");
}

#[test]
fn what_a_rule_refuses_is_no_breach() {
    let script = "fn to(v) { throw \"never\" } fn back(v) { v }";
    assert_eq!(told("    title: { at: $.t, script: [to, back] }\n", Some(script)), []);
}

#[test]
fn the_same_values_come_out_each_time_and_small_ones_stay_failing() {
    let drawn = |seed| (0..5).map(|_| Dice(seed).below(1000)).collect::<Vec<_>>();
    assert_eq!(drawn(7), drawn(7));
    let holds_b = |value: &Value| value.to_string().contains('b');
    assert_eq!(smallest(json!(["xyz", "aaab", "c"]), &holds_b), json!(["b"]));
    assert_eq!(smallest(json!({"value": "a long b text", "n": 1000}), &holds_b)["value"], json!("b"));
}
