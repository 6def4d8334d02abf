//! What an answer of the target means: an ordered table of conditions, the first that fits wins.

use crate::wire::call::CallId;
use crate::wire::path::Path;
use crate::wire::template::{Scope, Template, Variable, as_text};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;

/// What the target replied, before it means anything. A body that is no JSON stands as text; an empty one is null.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Value,
}

/// What an answer can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// Done.
    Ok,
    /// There is no such account.
    Absent,
    /// Fine, and there is nothing.
    Empty,
    /// Something unique is taken.
    Taken,
    /// The target finds the values wrong.
    Invalid,
    /// The target does not allow it.
    Refused,
    /// Nobody can tell from the answer: read again and see.
    Check,
    /// The account changed meanwhile: gather and decide again.
    Changed,
    /// The session is over: log in again and repeat the refused call.
    LoginAgain,
    /// Too much at once: wait and repeat.
    Busy,
    /// The target does not work, or refuses our credentials.
    Broken,
}

impl Meaning {
    /// Every meaning, with its word in a mapping file.
    pub const ALL: [(&'static str, Meaning); 11] = [
        ("ok", Meaning::Ok),
        ("absent", Meaning::Absent),
        ("empty", Meaning::Empty),
        ("taken", Meaning::Taken),
        ("invalid", Meaning::Invalid),
        ("refused", Meaning::Refused),
        ("check", Meaning::Check),
        ("changed", Meaning::Changed),
        ("login_again", Meaning::LoginAgain),
        ("busy", Meaning::Busy),
        ("broken", Meaning::Broken),
    ];

    /// The word in a mapping file.
    pub fn word(self) -> &'static str {
        Meaning::ALL.iter().find(|(_, meaning)| *meaning == self).map_or("", |(word, _)| word)
    }
}

/// One row of an answer table.
#[derive(Clone, Debug)]
pub struct AnswerRow {
    /// When it applies.
    pub when: Condition,
    /// What the answer then means.
    pub means: Means,
    /// The words for the client, taken from the answer or given.
    pub detail: Option<Detail>,
    /// Where the answer says how long to wait.
    pub retry_at: Option<Path>,
    /// A call that must succeed before `absent` is believed: some products answer a caller they do not know as if nothing were there.
    pub confirm: Option<CallId>,
    /// The line of the mapping file; 0 for built-in rows.
    pub line: u32,
}

/// How it is known what an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Means {
    /// The file says it.
    Said(Meaning),
    /// A function says it, or that it has no opinion: then the next row that fits counts.
    Asked(Judge),
}

/// A function of the mapping's script that says what an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judge {
    /// Its name.
    pub function: Arc<str>,
    /// The settings that it is given as a map, where it takes a fourth argument.
    pub settings: Option<Vec<Arc<str>>>,
}

impl Means {
    /// The meaning, where the file says it.
    pub fn said(&self) -> Option<Meaning> {
        match self {
            Means::Said(meaning) => Some(*meaning),
            Means::Asked(_) => None,
        }
    }
}

/// Where the words for the client come from.
#[derive(Clone, Debug)]
pub enum Detail {
    /// From the answer; several nodes are joined by "; ".
    At(Path),
    /// Given, perhaps with places of the answer in it.
    Text(Template),
}

/// A test on an answer or an account.
#[derive(Clone, Debug, Default)]
pub struct Condition {
    /// The status is one of these, or in one of these hundreds (4 for `4xx`).
    pub status: Vec<u16>,
    /// The place looked at; without it the whole body.
    pub at: Option<Path>,
    /// What must hold there; without a test, something that is not null, false or empty must stand there.
    pub test: Option<Test>,
}

/// What must hold at a place. Over several nodes one that satisfies is enough; over none only `Empty` holds.
#[derive(Clone, Debug)]
pub enum Test {
    /// Equal to one of these; `7` and `"7"` are equal.
    Equals(Vec<Operand>),
    /// Contains one of these texts.
    Text(Vec<Operand>),
    /// Matches this pattern somewhere.
    Matches(regex::Regex),
    /// Holds nothing: absent, null, `""`, `[]` or `{}`.
    Empty,
    /// The test does not hold.
    Not(Box<Test>),
}

/// A constant of a condition, or a setting's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// Written in the file.
    Constant(Value),
    /// A setting of the instance.
    Setting(Arc<str>),
    /// A lookup of the mapping.
    Lookup(Arc<str>),
}

impl Condition {
    /// Does it hold for this answer?
    pub fn fits_answer(&self, answer: &Answer, settings: &dyn Scope) -> bool {
        self.fits_status(answer.status) && self.fits_body(&answer.body, settings)
    }

    /// Does it hold for this account?
    pub fn fits(&self, account: &Value, settings: &dyn Scope) -> bool {
        self.fits_body(account, settings)
    }

    fn fits_status(&self, status: StatusCode) -> bool {
        let code = status.as_u16();
        self.status.is_empty() || self.status.iter().any(|wanted| *wanted == code || *wanted == code / 100)
    }

    fn fits_body(&self, body: &Value, settings: &dyn Scope) -> bool {
        let nodes = match (&self.at, &self.test) {
            (None, None) => return true,
            (Some(path), _) => path.all(body),
            (None, Some(_)) => vec![body],
        };
        // A list found at the place counts as its elements: `at: $.errors` looks at each error.
        let nodes: Vec<&Value> = nodes.into_iter().flat_map(spread).collect();
        match &self.test {
            Some(test) => test.holds(&nodes, settings),
            None => nodes.iter().any(|node| !is_empty(node) && **node != Value::Bool(false)),
        }
    }
}

impl Condition {
    /// The lookups that its constants name.
    pub fn lookups(&self) -> Vec<&Arc<str>> {
        self.test.as_ref().map(Test::lookups).unwrap_or_default()
    }
}

impl Test {
    fn lookups(&self) -> Vec<&Arc<str>> {
        match self {
            Test::Empty | Test::Matches(_) => Vec::new(),
            Test::Not(test) => test.lookups(),
            Test::Equals(all) | Test::Text(all) => all
                .iter()
                .filter_map(|one| match one {
                    Operand::Lookup(name) => Some(name),
                    Operand::Constant(_) | Operand::Setting(_) => None,
                })
                .collect(),
        }
    }

    fn holds(&self, nodes: &[&Value], settings: &dyn Scope) -> bool {
        match self {
            Test::Empty => nodes.iter().all(|node| is_empty(node)),
            Test::Not(test) => !test.holds(nodes, settings),
            Test::Equals(wanted) => nodes
                .iter()
                .any(|node| wanted.iter().any(|one| one.with(settings, |value| as_text(value) == as_text(node)))),
            Test::Text(wanted) => nodes.iter().any(|node| {
                wanted.iter().any(|one| one.with(settings, |value| as_text(node).contains(&*as_text(value))))
            }),
            Test::Matches(pattern) => nodes.iter().any(|node| pattern.is_match(&as_text(node))),
        }
    }
}

impl Operand {
    fn with(&self, settings: &dyn Scope, holds: impl Fn(&Value) -> bool) -> bool {
        let value = match self {
            Operand::Constant(value) => Some(Cow::Borrowed(value)),
            Operand::Setting(name) => settings.value(&Variable::Setting(name.clone())),
            Operand::Lookup(name) => settings.value(&Variable::Lookup(name.clone())),
        };
        value.is_some_and(|value| holds(&value))
    }
}

fn spread(node: &Value) -> Vec<&Value> {
    match node {
        Value::Array(list) if !list.is_empty() => list.iter().collect(),
        other => vec![other],
    }
}

/// Nothing stands here: null, `""`, `[]` or `{}`.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// The rows that fit, in order: the first that says a meaning wins. The built-in rows end with one that always does.
pub fn fitting<'r, 'a>(
    rows: &'r [AnswerRow],
    answer: &'a Answer,
    settings: &'a dyn Scope,
) -> impl Iterator<Item = &'r AnswerRow> {
    rows.iter().filter(move |row| row.when.fits_answer(answer, settings))
}

/// Does the status alone tell what an answer means, and does nobody want its words?
pub fn is_told_by_status(rows: &[AnswerRow], status: StatusCode) -> bool {
    let row = rows.iter().find(|row| row.when.fits_status(status));
    row.is_some_and(|row| {
        let looks = row.when.at.is_some() || row.when.test.is_some();
        !looks
            && row.detail.is_none()
            && row.retry_at.is_none()
            && matches!(row.means, Means::Said(Meaning::Ok | Meaning::Empty))
    })
}

/// The rows that stand behind every table, so that every answer means something.
pub fn built_in() -> Vec<AnswerRow> {
    let row = |status: &[u16], means| AnswerRow {
        when: Condition { status: status.to_vec(), ..Condition::default() },
        means: Means::Said(means),
        detail: None,
        retry_at: None,
        confirm: None,
        line: 0,
    };
    vec![
        row(&[2], Meaning::Ok),
        row(&[404, 410], Meaning::Absent),
        row(&[401, 407], Meaning::LoginAgain),
        row(&[403], Meaning::Refused),
        row(&[409], Meaning::Taken),
        row(&[412], Meaning::Changed),
        row(&[429, 503], Meaning::Busy),
        row(&[400, 422], Meaning::Invalid),
        row(&[], Meaning::Broken),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Domain;

    impl Scope for Domain {
        fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
            matches!(variable, Variable::Setting(name) if &**name == "domain").then(|| Cow::Owned(json!("corp")))
        }
    }

    fn answer(status: u16, body: Value) -> Answer {
        Answer { status: StatusCode::from_u16(status).unwrap(), headers: HeaderMap::new(), body }
    }

    fn meaning(rows: &[AnswerRow], answer: &Answer) -> Option<Meaning> {
        fitting(rows, answer, &Domain).find_map(|row| row.means.said())
    }

    fn at(path: &str, test: Option<Test>) -> Condition {
        Condition { status: Vec::new(), at: Some(Path::parse(path).unwrap()), test }
    }

    fn one(value: Value) -> Vec<Operand> {
        vec![Operand::Constant(value)]
    }

    fn fits(condition: &Condition, body: &Value) -> bool {
        condition.fits(body, &Domain)
    }

    #[test]
    fn every_answer_means_something() {
        let rows = built_in();
        let expected = [
            (200, Meaning::Ok),
            (204, Meaning::Ok),
            (302, Meaning::Broken),
            (400, Meaning::Invalid),
            (401, Meaning::LoginAgain),
            (403, Meaning::Refused),
            (404, Meaning::Absent),
            (405, Meaning::Broken),
            (407, Meaning::LoginAgain),
            (409, Meaning::Taken),
            (410, Meaning::Absent),
            (412, Meaning::Changed),
            (422, Meaning::Invalid),
            (429, Meaning::Busy),
            (500, Meaning::Broken),
            (502, Meaning::Broken),
            (503, Meaning::Busy),
        ];
        for (status, means) in expected {
            assert_eq!(meaning(&rows, &answer(status, json!(null))), Some(means), "{status}");
        }
    }

    #[test]
    fn the_first_row_that_fits_wins() {
        let mut rows = built_in();
        let taken = Test::Text(one(json!("already")));
        let when = Condition { status: vec![422], ..at("$.errors", Some(taken)) };
        let means = Means::Said(Meaning::Taken);
        rows.insert(0, AnswerRow { when, means, detail: None, retry_at: None, confirm: None, line: 3 });
        let means = |body| meaning(&rows, &answer(422, body)).unwrap();
        assert_eq!(means(json!({"errors": ["Mail is invalid", "Login has already been taken"]})), Meaning::Taken);
        assert_eq!(means(json!({"errors": ["Mail is invalid"]})), Meaning::Invalid);
        assert_eq!(means(json!("already")), Meaning::Invalid);
    }

    #[test]
    fn a_status_tells_nothing_where_a_row_before_looks_into_the_body() {
        let told = |rows: &[AnswerRow], status| is_told_by_status(rows, StatusCode::from_u16(status).unwrap());
        let row = |when, means| AnswerRow {
            when,
            means: Means::Said(means),
            detail: None,
            retry_at: None,
            confirm: None,
            line: 3,
        };
        let mut rows = built_in();
        assert!(told(&rows, 200));
        assert!(!told(&rows, 409));
        rows.insert(0, row(Condition { status: vec![409], ..at("$.code", None) }, Meaning::Taken));
        assert!(told(&rows, 200));
        rows.insert(0, row(at("$.error", None), Meaning::Broken));
        assert!(!told(&rows, 200));
        rows.insert(0, row(Condition { status: vec![2], ..Condition::default() }, Meaning::Ok));
        assert!(told(&rows, 200));
        rows[0].detail = Some(Detail::At(Path::parse("$.message").unwrap()));
        assert!(!told(&rows, 200));
    }

    #[test]
    fn numbers_and_their_text_are_equal_and_settings_are_operands() {
        assert!(fits(&at("$.id", Some(Test::Equals(one(json!("7"))))), &json!({"id": 7})));
        assert!(fits(&at("$.id", Some(Test::Equals(one(json!(7))))), &json!({"id": "7"})));
        assert!(!fits(&at("$.id", Some(Test::Equals(one(json!(7))))), &json!({"id": 8})));
        let setting = |name: &str| Some(Test::Equals(vec![Operand::Setting(name.into())]));
        assert!(fits(&at("$.d", setting("domain")), &json!({"d": "corp"})));
        assert!(!fits(&at("$.d", setting("unset")), &json!({"d": "corp"})));
    }

    #[test]
    fn over_no_nodes_only_empty_holds() {
        let empty = at("$.a", Some(Test::Empty));
        let matches = at("$.a", Some(Test::Matches(regex::Regex::new("x").unwrap())));
        for body in [json!({}), json!({"a": null}), json!({"a": ""}), json!({"a": []}), json!({"a": {}}), json!("text")]
        {
            assert!(fits(&empty, &body), "{body}");
            assert!(!fits(&at("$.a", Some(Test::Not(Box::new(Test::Empty)))), &body), "{body}");
            assert!(!fits(&at("$.a", None), &body), "{body}");
            assert!(!fits(&matches, &body), "matches");
        }
        assert!(!fits(&empty, &json!({"a": 0})));
    }

    #[test]
    fn a_place_without_a_test_wants_something_there() {
        assert!(fits(&at("$.error", None), &json!({"error": {"code": 1}})));
        assert!(fits(&at("$.error", None), &json!({"error": 0})));
        assert!(!fits(&at("$.error", None), &json!({"error": false})));
        assert!(fits(&Condition::default(), &json!(null)));
    }

    #[test]
    fn a_test_without_a_place_looks_at_the_whole_body() {
        let text = Condition { test: Some(Test::Text(one(json!("Page not found")))), ..Condition::default() };
        assert!(fits(&text, &json!("<h1>Page not found</h1>")));
        assert!(fits(&text, &json!({"message": "Page not found"})));
    }

    #[test]
    fn every_meaning_has_its_own_word() {
        for (word, meaning) in Meaning::ALL {
            assert_eq!(meaning.word(), word);
        }
    }
}
