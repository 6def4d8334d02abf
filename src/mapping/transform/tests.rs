//! Values both ways through every transform, and back.

use super::*;
use crate::wire::Nothing;
use proptest::prelude::*;
use serde_json::json;

fn table(rows: &Value) -> Transform {
    let row = |(key, value): (&String, &Value)| {
        let own = match key.as_str() {
            "true" => json!(true),
            "false" => json!(false),
            "null" => json!(null),
            other => json!(other),
        };
        (own, value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]))
    };
    let rows = rows.as_object().unwrap().iter().map(row).collect();
    Transform::Table(Arc::new(Table { rows, otherwise: None }))
}

#[test]
fn the_first_spelling_is_sent_and_every_spelling_is_read() {
    let status = table(&json!({"true": 1, "false": [3, 2]}));
    assert_eq!(status.to_target(&json!(false), &Nothing), Ok(json!(3)));
    assert_eq!(status.to_scim(&json!(2), Kind::Boolean, &Nothing), Ok(Some(json!(false))));
    assert_eq!(status.to_scim(&json!("1"), Kind::Boolean, &Nothing), Ok(Some(json!(true))));
}

#[test]
fn an_unlisted_value_is_an_error_unless_else_reads_it() {
    let status = table(&json!({"true": 1}));
    assert_eq!(status.to_scim(&json!(9), Kind::Boolean, &Nothing), Err(TransformError::Unlisted));
    assert_eq!(status.to_target(&json!("x"), &Nothing), Err(TransformError::Unlisted));
    let open = Table { rows: vec![(json!(true), vec![json!(1)])], otherwise: Some(json!(false)) };
    assert_eq!(Transform::Table(Arc::new(open)).to_scim(&json!(9), Kind::Boolean, &Nothing), Ok(Some(json!(false))));
}

#[test]
fn null_is_absence_on_either_side() {
    let absent_field = table(&json!({"true": 1, "false": null}));
    assert_eq!(absent_field.to_scim(&json!(null), Kind::Boolean, &Nothing), Ok(Some(json!(false))));
    assert_eq!(absent_field.to_target(&json!(false), &Nothing), Ok(json!(null)));
    let absent_value = table(&json!({"null": 0, "a": 1}));
    assert_eq!(absent_value.to_scim(&json!(0), Kind::String, &Nothing), Ok(None));
    assert_eq!(Transform::Same.to_scim(&json!(null), Kind::String, &Nothing), Ok(None));
}

#[test]
fn text_values_are_found_in_any_case_when_sent() {
    assert_eq!(table(&json!({"Editor": "ed"})).to_target(&json!("editor"), &Nothing), Ok(json!("ed")));
}

#[test]
fn values_take_the_type_of_their_attribute() {
    let same = |value: Value, kind| Transform::Same.to_scim(&value, kind, &Nothing);
    assert_eq!(same(json!(5), Kind::String), Ok(Some(json!("5"))));
    assert_eq!(same(json!("5"), Kind::Integer), Ok(Some(json!(5))));
    assert_eq!(same(json!(5.0), Kind::Integer), Ok(Some(json!(5))));
    assert_eq!(same(json!("True"), Kind::Boolean), Ok(Some(json!(true))));
    assert_eq!(same(json!("1.5"), Kind::Decimal), Ok(Some(json!(1.5))));
    assert_eq!(same(json!(""), Kind::String), Ok(None));
    assert_eq!(same(json!("2024-05-31 10:00:00Z"), Kind::DateTime), Ok(Some(json!("2024-05-31T10:00:00Z"))));
    assert_eq!(same(json!("2024-05-31T10:00:00+02:00"), Kind::DateTime), Ok(Some(json!("2024-05-31T10:00:00+02:00"))));
    for (value, kind) in [
        (json!({"a": 1}), Kind::String),
        (json!("yes"), Kind::Boolean),
        (json!("x"), Kind::Integer),
        (json!("2024-05-31T10:00:00"), Kind::DateTime),
    ] {
        assert!(same(value, kind).is_err());
    }
}

#[test]
fn conversions_read_what_targets_hold() {
    let read = |one, value: Value, kind| Transform::As(vec![one]).to_scim(&value, kind, &Nothing);
    assert_eq!(read(Conversion::EpochSeconds, json!("0"), Kind::DateTime), Ok(Some(json!("1970-01-01T00:00:00Z"))));
    assert_eq!(
        read(Conversion::NaiveUtc, json!("2024-05-31 10:00:00"), Kind::DateTime),
        Ok(Some(json!("2024-05-31T10:00:00Z")))
    );
    assert_eq!(read(Conversion::Date, json!("2024-05-31"), Kind::DateTime), Ok(Some(json!("2024-05-31T00:00:00Z"))));
    assert_eq!(read(Conversion::Trim, json!(" a "), Kind::String), Ok(Some(json!("a"))));
    assert_eq!(read(Conversion::Negated, json!(0), Kind::Boolean), Ok(Some(json!(true))));
}

#[test]
fn a_script_changes_values_both_ways_and_refuses_in_its_own_words() {
    let text = "fn up(x) { x + 1 } fn down(x) { x - 1 } fn no(x) { throw \"not that one\" }";
    let script = Arc::new(Script::compile("t", text).unwrap());
    let both = Transform::Script { script: script.clone(), to_target: Some(plain("up")), to_scim: Some(plain("down")) };
    assert_eq!(both.to_target(&json!(1), &Nothing), Ok(json!(2)));
    assert_eq!(both.to_scim(&json!(2), Kind::Integer, &Nothing), Ok(Some(json!(1))));
    let refusing = Transform::Script { script, to_target: Some(plain("no")), to_scim: None };
    assert_eq!(
        refusing.to_target(&json!(1), &Nothing),
        Err(TransformError::Script(ScriptError::Refused("not that one".into())))
    );
    assert_eq!(refusing.to_scim(&json!(1), Kind::Integer, &Nothing), Err(TransformError::OneWay));
}

fn there_and_back(transform: &Transform, value: &Value, kind: Kind) -> Option<Value> {
    transform.to_scim(&transform.to_target(value, &Nothing).unwrap(), kind, &Nothing).unwrap()
}

proptest! {
    #[test]
    fn what_is_sent_reads_back_the_same(
        seconds in -2_000_000_000i64..4_000_000_000, whole in any::<i64>(), truth in any::<bool>(), text in "[^\\x00]{1,20}",
    ) {
        let at = |seconds| json!(jiff::Timestamp::from_second(seconds).unwrap().to_string());
        let moment = at(seconds);
        for one in [Conversion::EpochSeconds, Conversion::EpochMillis, Conversion::NaiveUtc] {
            prop_assert_eq!(there_and_back(&Transform::As(vec![one]), &moment, Kind::DateTime), Some(moment.clone()));
        }
        let midnight = at(seconds - seconds.rem_euclid(86_400));
        prop_assert_eq!(there_and_back(&Transform::As(vec![Conversion::Date]), &midnight, Kind::DateTime), Some(midnight));
        let (number, digits) = (json!(whole), json!(whole.to_string()));
        prop_assert_eq!(there_and_back(&Transform::As(vec![Conversion::Text]), &number, Kind::Integer), Some(number));
        prop_assert_eq!(there_and_back(&Transform::As(vec![Conversion::Number]), &digits, Kind::String), Some(digits));
        for one in [Conversion::Boolean, Conversion::Negated] {
            prop_assert_eq!(there_and_back(&Transform::As(vec![one]), &json!(truth), Kind::Boolean), Some(json!(truth)));
        }
        prop_assert_eq!(there_and_back(&Transform::Same, &json!(text), Kind::String), Some(json!(text)));
    }

    #[test]
    fn a_one_to_one_table_reads_back_what_it_sent(spellings in proptest::collection::hash_set("[a-z0-9]{1,4}", 2..8)) {
        let all: Vec<String> = spellings.into_iter().collect();
        let rows: Vec<(Value, Vec<Value>)> =
            all.chunks(2).map(|pair| (json!(format!("v{}", pair[0])), pair.iter().map(|one| json!(one)).collect())).collect();
        let table = Transform::Table(Arc::new(Table { rows: rows.clone(), otherwise: None }));
        for (own, spellings) in rows {
            prop_assert_eq!(table.to_target(&own, &Nothing).unwrap(), spellings[0].clone());
            for spelling in spellings {
                prop_assert_eq!(table.to_scim(&spelling, Kind::String, &Nothing).unwrap(), Some(own.clone()));
            }
        }
    }
}

fn plain(name: &str) -> Function {
    Function { name: name.into(), settings: None }
}

#[test]
fn a_function_with_a_second_parameter_is_given_the_settings() {
    struct Domain;
    impl crate::wire::Scope for Domain {
        fn value(&self, variable: &crate::wire::Variable) -> Option<std::borrow::Cow<'_, Value>> {
            let named = matches!(variable, crate::wire::Variable::Setting(name) if &**name == "domain");
            named.then(|| std::borrow::Cow::Owned(json!("corp")))
        }
    }
    let script = Arc::new(Script::compile("s.rhai", "fn local(v, settings) { v + \"@\" + settings.domain }").unwrap());
    let settings = Some(vec!["domain".into()]);
    let to_target = Some(Function { name: "local".into(), settings });
    let rule = Transform::Script { script, to_target, to_scim: None };
    assert_eq!(rule.to_target(&json!("mo"), &Domain), Ok(json!("mo@corp")));
}
