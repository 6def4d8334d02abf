//! What filters mean, in the RFC's words and in the words of real clients.

use super::*;
use crate::scim::Resource;
use crate::scim::sample::{self, BADGES, ENTERPRISE, filters};
use proptest::prelude::*;
use scim_v2::filter as oracle;
use serde_json::json;
use std::sync::LazyLock;

static USER: LazyLock<ResourceType> = LazyLock::new(sample::user);

fn babs() -> Resource {
    let resource = sample::resource(
        json!({
            "userName": "bjensen", "externalId": "Ab", "active": true, "displayName": "Bär",
            "name": { "familyName": "O'Malley" },
            "emails": [
                { "type": "work", "value": "b@example.com", "primary": true },
                { "type": "home", "value": "babs@jensen.org" },
            ],
            ENTERPRISE: { "manager": { "value": "26" } },
            BADGES: { "level": 5, "share": 0.5, "since": "2011-05-13T04:42:34Z", "rooms": ["A1", "B2"] },
        }),
        &USER,
    );
    let mut members = resource.0;
    members.insert("id".into(), "7".into());
    members.insert("meta".into(), json!({ "lastModified": "2011-05-13T04:42:34Z", "location": "https://x/Users/7" }));
    Resource(members)
}

fn parse(text: &str) -> Filter {
    Filter::parse(text, &USER).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn holds(text: &str) -> bool {
    parse(text).matches(&babs())
}

fn error(text: &str) -> FilterError {
    Filter::parse(text, &USER).expect_err(text)
}

#[test]
fn every_operator_compares_as_the_rfc_says() {
    for filter in [
        r#"userName eq "BJensen""#,
        r#"userName ne "x""#,
        r#"name.familyName co "O'MALLEY""#,
        r#"userName sw "BJ""#,
        r#"userName ew "SEN""#,
        r#"userName gt "a""#,
        r#"userName ge "bjensen""#,
        r#"userName lt "c""#,
        r#"userName le "bjensen""#,
        "title pr or userName pr",
        r#"displayName eq "BA\u0308R""#,
    ] {
        assert!(holds(filter), "{filter}");
    }
    for filter in [r#"userName eq "x""#, r#"userName ne "BJENSEN""#, "title pr", r#"userName gt "c""#] {
        assert!(!holds(filter), "{filter}");
    }
}

#[test]
fn case_counts_where_the_schema_says_so() {
    assert!(holds(r#"externalId eq "Ab""#) && !holds(r#"externalId eq "ab""#));
}

#[test]
fn date_times_compare_as_instants_and_numbers_as_numbers() {
    assert!(holds(r#"meta.lastModified eq "2011-05-13T06:42:34+02:00""#));
    assert!(holds("meta.LastModified gt 2011-05-13") && !holds(r#"meta.lastModified lt "2011-05-13T04:42:34Z""#));
    assert!(holds(&format!("{BADGES}:level ge 5 and {BADGES}:level lt 10")));
    assert!(holds(&format!("{BADGES}:share eq 5e-1 and {BADGES}:share gt -1.5E2")));
    assert!(holds(&format!(r#"{BADGES}:level eq "5""#)));
}

#[test]
fn and_binds_tighter_than_or_and_not_tightest() {
    assert!(holds(r#"userName eq "bjensen" or title pr and title pr"#));
    assert!(!holds(r#"(userName eq "bjensen" or title pr) and title pr"#));
    assert!(holds("not (title pr) and userName pr"));
    assert_eq!(parse("title pr and (active pr and id pr)"), parse("title pr and active pr and id pr"));
}

#[test]
fn one_element_must_meet_a_value_filter_whole() {
    assert!(holds(r#"emails[type eq "work" and value co "@example.com"]"#));
    assert!(!holds(r#"emails[type eq "home" and value co "@example.com"]"#));
    assert!(
        holds(r#"emails.type eq "home" and emails.value co "@example.com""#),
        "paths alone may meet in two elements"
    );
    assert!(holds(r#"emails[not (type eq "work")]"#));
}

#[test]
fn a_sub_attribute_behind_the_brackets_belongs_to_the_same_element() {
    let filter = parse(r#"emails[type eq "work"].value eq "B@example.com""#);
    assert!(filter.matches(&babs()));
    assert_eq!(filter, parse(r#"emails[type eq "work" and value eq "B@example.com"]"#));
    assert!(!holds(r#"emails[type eq "home"].value eq "b@example.com""#));
    assert!(holds(r#"emails[type eq "work"].value pr"#));
}

#[test]
fn what_clients_write_is_understood() {
    for filter in [
        "USERNAME EQ \"bjensen\"",
        "userName Eq bjensen",
        "not(title pr)",
        "NOT (title pr) AND userName pr",
        "  userName\teq   \"bjensen\"  ",
        "( userName eq \"bjensen\" )",
        "active eq True",
        "active eq \"true\"",
        "emails[primary eq \"True\"].value sw \"b@\"",
        "id eq 7",
        "(userName eq bjensen)",
        "emails[type eq work]",
        "emails co \"example.com\"",
        "manager eq \"26\"",
        "id eq \"7\" and manager eq \"26\"",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq \"26\"",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.manager eq \"26\"",
        "name.FamilyName eq O'Malley and (emails.Value co example.com or emails.Value co \"y\")",
        "title eq null",
        "userName ne null",
        "roles[displayName eq \"x\"] or userName pr",
    ] {
        assert!(holds(filter), "{filter}");
    }
}

#[test]
fn members_are_compared_by_their_value() {
    let group = sample::group();
    let resource =
        sample::resource(json!({ "displayName": "G", "members": [{ "value": "Ab", "$ref": "u/Ab" }] }), &group);
    for (text, expected) in [
        (r#"members eq "Ab""#, true),
        (r#"members eq "ab""#, false),
        (r#"members[value eq "Ab" and $ref ew "Ab"]"#, true),
        (r#"members.$ref eq "u/Ab""#, true),
    ] {
        assert_eq!(Filter::parse(text, &group).unwrap().matches(&resource), expected, "{text}");
    }
}

#[test]
fn escapes_in_strings_are_jsons() {
    let user = sample::resource(json!({ "userName": "def\"ghi]å\\" }), &USER);
    assert!(parse(r#"userName eq "def\"ghi]\u00e5\\""#).matches(&user));
    assert_eq!(error(r#"userName eq "\ud800""#).message, "not a JSON string");
    assert_eq!(error(r#"userName eq "open"#).at, 12..17);
}

#[test]
fn errors_name_the_mistake_and_its_place() {
    let misspelt = error(r#"title pr and usrName eq "x""#);
    assert_eq!(misspelt.at, 13..20);
    assert!(misspelt.message.ends_with("did you mean `userName`?"), "{misspelt}");
    assert!(error(r#"emails[tpye eq "x"]"#).message.ends_with("did you mean `type`?"));
    assert_eq!(error("active gt true").message, "`active` is a boolean and cannot be compared with `gt`");
    assert_eq!(error(r#"active co "t""#).message, "`active` is a boolean and cannot be compared with `co`");
    assert_eq!(error("active eq maybe").message, "`active` is compared with what is no boolean");
    assert_eq!(
        error(r#"x509Certificates.value gt "aa""#).message,
        "`x509Certificates.value` is a binary and cannot be compared with `gt`"
    );
    assert_eq!(error("name eq x").message, "`name` is complex and has no `value`: name one of its sub-attributes");
    assert_eq!(error("meta.created eq soon").message, "`meta.created` is compared with what is no dateTime");
    for wrong in [
        "",
        " ",
        "userName",
        "userName eq",
        "userName xx 1",
        "title pr and",
        "title pr or or title pr",
        "(title pr",
        "title pr)",
        "not title pr",
        "emails[type eq \"x\"",
        "emails[]",
        "emails[emails[type pr]]",
        "title gt null",
        "userName[value pr]",
        "title pr title pr",
        "emails[type pr].nope eq \"x\"",
    ] {
        assert!(Filter::parse(wrong, &USER).is_err(), "{wrong:?}");
    }
}

#[test]
fn an_error_becomes_400_invalid_filter_with_its_place() {
    let scim: ScimError = error("nope pr").into();
    assert_eq!((scim.status, scim.scim_type), (400, Some(ScimType::InvalidFilter)));
    assert!(scim.detail.ends_with(", at byte 0 of the filter"), "{scim}");
}

#[test]
fn length_depth_and_number_of_terms_are_limited() {
    let nested = |depth: usize| format!("{}title pr{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&nested(32), &USER).is_ok());
    assert!(error(&nested(33)).message.starts_with("nested deeper"));
    assert!(error(&"(".repeat(9_999)).message.starts_with("nested deeper"));
    let terms = |count: usize| vec!["id pr"; count].join(" or ");
    assert!(Filter::parse(&terms(200), &USER).is_ok());
    assert_eq!(error(&terms(201)).message, "more than 200 terms");
    assert!(error(&" ".repeat(10_001)).message.contains("at most 10000 bytes"));
}

#[test]
fn what_is_known_but_not_offered_parses() {
    let bare = ResourceType::user();
    assert!(!Filter::parse("nickName pr", &bare).unwrap().matches(&babs()));
}

#[test]
fn paths_lists_every_attribute_looked_at() {
    let filter = parse(r#"emails[type eq "x"] and not (title pr) or manager eq "1""#);
    let paths: Vec<_> = filter.paths().iter().map(ToString::to_string).collect();
    assert_eq!(paths, ["emails", "emails.type", "title", &format!("{ENTERPRISE}:manager.value")]);
}

#[test]
fn a_printed_filter_is_canonical() {
    assert_eq!(
        parse("NOT(TITLE PR AND (active eq True OR id eq 5))").to_string(),
        r#"not (title pr and (active eq true or id eq "5"))"#
    );
    assert_eq!(parse(r#"EMAILS[Type eq work].VALUE co x"#).to_string(), r#"emails[type eq "work" and value co "x"]"#);
}

// The oracle's tree in our words. Both keep chains flat; the oracle keeps spellings, so paths are resolved again.
fn from_oracle(filter: &oracle::Filter) -> Filter {
    match filter {
        oracle::Filter::And(filters) => Filter::all(filters.iter().map(from_oracle).collect()),
        oracle::Filter::Or(filters) => Filter::any(filters.iter().map(from_oracle).collect()),
        oracle::Filter::Not(inner) => Filter::Not(Box::new(from_oracle(inner))),
        oracle::Filter::Attr(term) => parse(&term.to_string()),
        oracle::Filter::ValuePath(path) => Filter::Element {
            path: USER.path(&path.attr.to_string()).unwrap(),
            filter: Box::new(element_from_oracle(&path.filter, &path.attr.to_string())),
        },
    }
}

fn element_from_oracle(filter: &oracle::ValFilter, parent: &str) -> Filter {
    match filter {
        oracle::ValFilter::And(filters) => {
            Filter::all(filters.iter().map(|inner| element_from_oracle(inner, parent)).collect())
        }
        oracle::ValFilter::Or(filters) => {
            Filter::any(filters.iter().map(|inner| element_from_oracle(inner, parent)).collect())
        }
        oracle::ValFilter::Not(inner) => Filter::Not(Box::new(element_from_oracle(inner, parent))),
        oracle::ValFilter::Attr(term) => parse(&format!("{parent}.{term}")),
    }
}

proptest! {
    #[test]
    fn a_filter_is_read_as_by_an_independent_parser(text in filters()) {
        let expected: oracle::Filter = text.parse().unwrap();
        prop_assert_eq!(parse(&text), from_oracle(&expected));
    }

    #[test]
    fn a_filter_broken_in_one_place_is_refused_by_both_or_by_none(
        text in filters(), at in any::<proptest::sample::Index>(), with in "[ ()\\[\\]\"]"
    ) {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let (before, behind) = text.split_at(places[at.index(places.len())]);
        let broken = format!("{before}{with}{behind}");
        // Values without quotes, `not(`, unknown names and brackets with a tail are ours alone; nothing is the oracle's alone
        // but what only a schema can refuse.
        if Filter::parse(&broken, &USER).is_err() && let Ok(filter) = broken.parse::<oracle::Filter>() {
            let schema_free = |error: &str| error.contains("no attribute") || error.contains("sub-attribute")
                || error.contains("cannot be compared") || error.contains("what is no") || error.contains("has no");
            let error = Filter::parse(&broken, &USER).unwrap_err();
            prop_assert!(schema_free(&error.message), "{broken} is {filter:?} to the oracle, to us: {error}");
        }
    }

    #[test]
    fn a_printed_filter_reads_as_the_same_filter(text in filters()) {
        let filter = parse(&text);
        prop_assert_eq!(parse(&filter.to_string()), filter);
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,60}") {
        let _ = Filter::parse(&text, &USER);
    }

    #[test]
    fn any_soup_of_tokens_is_answered(tokens in proptest::collection::vec(
        proptest::sample::select(vec!["emails", "[", "]", "(", ")", "not", "and", "or", "eq", "pr", "\"", "\\", "null", ".", "value", " ", "5", "é"]), 0..20)
    ) {
        if let Err(error) = Filter::parse(&tokens.concat(), &USER) {
            prop_assert!(error.at.end <= tokens.concat().len());
        }
    }
}
