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

fn constant(text: &str) -> crate::wire::Template {
    crate::wire::Template::constant(text)
}

fn spelled(pattern: &str, zone: &str) -> Conversion {
    Conversion::Moment(Arc::new(Moment::new(pattern, zone).unwrap()))
}

#[test]
fn spellings_of_moments_read_in_their_zone() {
    let read = |one: Conversion, text: &str| {
        Transform::As(vec![one]).to_scim(&json!(text), Kind::DateTime, &Nothing).map(Option::unwrap_or_default)
    };
    let berlin = || spelled("%Y-%m-%d %H:%M", "Europe/Berlin");
    for berlin in [berlin, || spelled("%Y-%m-%d %H:%M", "CET-1CEST,M3.5.0,M10.5.0/3")] {
        assert_eq!(read(berlin(), "2026-07-01 12:00"), Ok(json!("2026-07-01T10:00:00Z")));
        assert_eq!(read(berlin(), "2026-01-01 12:00"), Ok(json!("2026-01-01T11:00:00Z")));
    }
    assert_eq!(read(spelled("%d/%m/%y", "+05:30"), "31/05/90"), Ok(json!("1990-05-30T18:30:00Z")));
    assert_eq!(read(spelled("%Y%m%dT%H%M%S%z", "UTC"), "20260101T120000+0200"), Ok(json!("2026-01-01T10:00:00Z")));
    assert!(read(berlin(), "2026-02-30 12:00").is_err());
}

#[test]
fn spellings_that_do_not_read_back_and_unknown_zones_are_refused() {
    for pattern in ["%H:%M", "%Y-%m", "%Q%", "day", ""] {
        assert_eq!(Moment::new(pattern, "UTC"), Err(MomentError::Pattern), "{pattern}");
    }
    for zone in ["Europe/Berlyn", "", "+2", "+99:00", "+02:75"] {
        assert_eq!(Moment::new("%Y-%m-%d", zone), Err(MomentError::Zone), "{zone}");
    }
}

#[test]
fn texts_change_both_ways() {
    let both = |one: Conversion, own: Value, held: Value| {
        let rule = Transform::As(vec![one]);
        assert_eq!(rule.to_target(&own, &Nothing), Ok(held.clone()));
        assert_eq!(rule.to_scim(&held, Kind::String, &Nothing), Ok(Some(own)));
    };
    both(Conversion::Prefix(constant("cn=")), json!("b"), json!("cn=b"));
    both(Conversion::Suffix(constant("@x")), json!("b"), json!("b@x"));
    both(Conversion::Base64, json!("hö"), json!("aMO2"));
    both(Conversion::Split(",".into()), json!("a,,b"), json!(["a", "", "b"]));
    let read = |one: Conversion, held: Value| Transform::As(vec![one]).to_scim(&held, Kind::String, &Nothing);
    assert_eq!(read(Conversion::Prefix(constant("cn=")), json!("b")), Ok(Some(json!("b"))));
    assert_eq!(read(Conversion::After(constant("/")), json!("/a/b")), Ok(Some(json!("b"))));
    assert_eq!(read(Conversion::ToTarget(Box::new(Conversion::Lower)), json!("B")), Ok(Some(json!("B"))));
    assert!(read(Conversion::Base64, json!("?")).is_err());
}

#[test]
fn several_are_done_in_order_and_undone_in_reverse() {
    let rule =
        Transform::As(vec![Conversion::Prefix(constant("a")), Conversion::Prefix(constant("b")), Conversion::Base64]);
    assert_eq!(rule.to_target(&json!("x"), &Nothing), Ok(json!("YmF4")));
    assert_eq!(rule.to_scim(&json!("YmF4"), Kind::String, &Nothing), Ok(Some(json!("x"))));
}

#[test]
fn a_slug_is_made_of_letters_and_digits() {
    for (text, made) in [("Bärbel O'Neil", "barbel-o-neil"), ("  a__b ", "a-b"), ("漢", ""), ("É1", "e1")] {
        assert_eq!(slug(text, "-"), made, "{text}");
    }
}

#[test]
fn a_list_that_would_not_read_back_is_not_joined() {
    let join = Transform::As(vec![Conversion::Join { separator: ",".into(), complex: false }]);
    assert_eq!(join.to_target(&json!(["a", "b"]), &Nothing), Ok(json!("a,b")));
    assert_eq!(join.to_scim_list(&json!(" a,,b"), Kind::String, &Nothing), Ok(Some(json!(["a", "b"]))));
    for list in [json!(["a,b"]), json!([" a"]), json!([""])] {
        assert!(join.to_target(&list, &Nothing).is_err(), "{list}");
    }
}

#[test]
fn a_setting_without_a_value_is_an_error_rather_than_nothing() {
    let hole = crate::wire::Part::Hole(crate::wire::Variable::Setting("realm".into()));
    let rule = Transform::As(vec![Conversion::Suffix(crate::wire::Template { parts: vec![hole] })]);
    assert_eq!(rule.to_target(&json!("b"), &Nothing), Err(TransformError::Unset));
}

#[test]
fn lists_change_element_by_element() {
    let table = table(&json!({"small": "S", "large": "L"}));
    assert_eq!(table.to_target(&json!(["small"]), &Nothing), Ok(json!(["S"])));
    assert_eq!(table.to_scim_list(&json!(["S", "L"]), Kind::String, &Nothing), Ok(Some(json!(["small", "large"]))));
    assert!(Transform::Same.to_scim_list(&json!("S"), Kind::String, &Nothing).is_err());
    let lower = Transform::As(vec![Conversion::Lower]);
    assert_eq!(lower.to_target(&json!(["A", "B"]), &Nothing), Ok(json!(["a", "b"])));
}

proptest! {
    #[test]
    fn every_conversion_with_an_inverse_reads_back_what_it_sent(
        text in "[^\x00]{1,20}", words in proptest::collection::vec("[a-zä0-9.]{1,6}", 1..5), seconds in -60_000_000_000i64..200_000_000_000,
    ) {
        let texts = [
            Conversion::Prefix(constant("cn=")), Conversion::Suffix(constant("@x")), Conversion::Base64, Conversion::Json,
            Conversion::Split(" ".into()),
        ];
        for one in texts {
            prop_assert_eq!(there_and_back(&Transform::As(vec![one]), &json!(text), Kind::String), Some(json!(text)));
        }
        for complex in [true, false] {
            let list: Value = words.iter().map(|one| if complex { json!({"value": one}) } else { json!(one) }).collect();
            let kind = if complex { Kind::Complex } else { Kind::String };
            for one in [Conversion::Join { separator: ",".into(), complex }, Conversion::Json] {
                let rule = Transform::As(vec![one]);
                let sent = rule.to_target(&list, &Nothing).unwrap();
                prop_assert_eq!(rule.to_scim_list(&sent, kind, &Nothing), Ok(Some(list.clone())));
            }
        }
        let moment = json!(jiff::Timestamp::from_second(seconds).unwrap().to_string());
        for (pattern, zone) in [("%Y-%m-%d %H:%M:%S", "UTC"), ("%Y-%m-%dT%H:%M:%S%z", "UTC"), ("%s", "UTC"), ("%d.%m.%Y, %H:%M:%S", "-03:30")] {
            let rule = Transform::As(vec![spelled(pattern, zone)]);
            prop_assert_eq!(there_and_back(&rule, &moment, Kind::DateTime), Some(moment.clone()), "{}", pattern);
        }
    }

    #[test]
    fn a_full_name_reads_back_as_its_words(given in "[a-zA-Zä]{1,8}", family in "[a-zA-Zä]{1,8}( [a-z]{1,5})?") {
        let name = json!({"givenName": given, "familyName": family});
        let split = Transform::As(vec![Conversion::SplitName(NameOrder::GivenIsFirst)]);
        prop_assert_eq!(there_and_back(&split, &name, Kind::Complex), Some(name));
        let name = json!({"givenName": family, "familyName": given});
        let split = Transform::As(vec![Conversion::SplitName(NameOrder::FamilyIsLast)]);
        prop_assert_eq!(there_and_back(&split, &name, Kind::Complex), Some(name));
    }
}

fn plain(name: &str) -> Function {
    Function { name: name.into(), settings: None, before: false }
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
    let to_target = Some(Function { name: "local".into(), settings, before: false });
    let rule = Transform::Script { script, to_target, to_scim: None };
    assert_eq!(rule.to_target(&json!("mo"), &Domain), Ok(json!("mo@corp")));
}
