//! What answers come to: meanings, words, keys, accounts.

use super::*;
use crate::target::{Side, Trouble, Written};
use crate::wire::answer::{Detail, Means};
use crate::wire::{AnswerRow, Capture, Condition, KeySource, Meaning, Term, Wanted};

fn with_detail(detail: Detail, means: Meaning) -> Call {
    let mut call = call("POST /users");
    let when = Condition { status: vec![4], ..Condition::default() };
    let means = Means::Said(means);
    call.answers.insert(0, AnswerRow { when, means, detail: Some(detail), retry_at: None, confirm: None, line: 3 });
    call
}

fn keyed(source: KeySource) -> Call {
    Call { key: Some(source), result: ResultAt::Nowhere, ..call("POST /users") }
}

fn location() -> KeySource {
    KeySource::Header { name: http::header::LOCATION, after: Some("/users/".into()) }
}

#[tokio::test(start_paused = true)]
async fn each_status_has_its_meaning() {
    let expected = [
        (200, Meaning::Ok),
        (400, Meaning::Invalid),
        (403, Meaning::Refused),
        (404, Meaning::Absent),
        (409, Meaning::Taken),
        (412, Meaning::Changed),
    ];
    for (status, meaning) in expected {
        assert_eq!(read(call("GET /users/<key>"), reply(status, &json!({"a": 1}))).await.unwrap().meaning, meaning);
    }
}

#[tokio::test(start_paused = true)]
async fn every_meaning_is_an_outcome_or_an_error() {
    for (word, meaning) in Meaning::ALL {
        let ended = write(with_detail(Detail::At(path("$.why")), meaning), reply(418, &json!({"why": "tea"}))).await;
        match meaning {
            Meaning::Busy | Meaning::LoginAgain | Meaning::Broken => assert!(ended.is_err(), "{word}"),
            _ => {
                let outcome = ended.unwrap();
                assert_eq!((outcome.meaning, outcome.detail.as_deref()), (meaning, Some("tea")));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_and_a_broken_target_are_the_targets_fault() {
    let error = read(call("GET /users/<key>"), reply(401, &json!({}))).await.unwrap_err();
    assert!(matches!(error.trouble, Trouble::Credentials { status } if status == 401));
    assert_eq!((error.side(), error.written), (Side::Target, Written::No));

    let error = read(call("GET /users/<key>"), reply(500, &json!({}))).await.unwrap_err();
    assert!(matches!(error.trouble, Trouble::Broken { status: Some(status), .. } if status == 500));
    assert_eq!(error.written, Written::No);
    let error = write(call("POST /users"), reply(500, &json!({}))).await.unwrap_err();
    assert_eq!(error.written, Written::Maybe);
    let error = write(call("POST /users"), raw(302, &[("location", "https://evil.example/")], "")).await.unwrap_err();
    assert_eq!(error.written, Written::Maybe);
    assert_eq!(error.to_string(), "User.call (line 12, POST /users): the target does not work (status 302)");
}

#[tokio::test(start_paused = true)]
async fn a_read_that_selects_nothing_is_absent() {
    let at = || Call { result: ResultAt::At(path("$.result[0]")), ..call("GET /users/<key>") };
    for body in [json!({"result": []}), json!({"result": [null]}), json!({})] {
        let outcome = read(at(), reply(200, &body)).await.unwrap();
        assert_eq!((outcome.meaning, outcome.account), (Meaning::Absent, None));
    }
    let outcome = read(at(), reply(200, &json!({"result": [{"id": 7}]}))).await.unwrap();
    assert_eq!((outcome.meaning, outcome.account), (Meaning::Ok, Some(json!({"id": 7}))));
    assert_eq!(read(call("GET /users/<key>"), raw(204, &[], "")).await.unwrap().meaning, Meaning::Absent);
    assert_eq!(read(call("GET /users/<key>"), raw(200, &[], "null")).await.unwrap().meaning, Meaning::Absent);
}

#[tokio::test(start_paused = true)]
async fn an_error_page_is_not_an_absent_account() {
    for body in ["<html>Wartung</html>", "{\"id\": 7, \"na", "", "  \n", "\"ok\"", "[1]", "7"] {
        for result in [ResultAt::Whole, ResultAt::At(path("$.user"))] {
            let read = read(Call { result, ..call("GET /users/<key>") }, raw(200, &[], body)).await;
            match (read, body) {
                // A list or a number is JSON enough for `$.user` to select nothing in it.
                (Ok(outcome), "[1]" | "7") => assert_eq!(outcome.meaning, Meaning::Absent, "{body}"),
                (ended, _) => assert!(matches!(ended.unwrap_err().trouble, Trouble::Nonsense(_)), "{body}"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_need_not_answer_with_the_account() {
    let enveloped = || Call { result: ResultAt::At(path("$.user")), ..call("PUT /users/<key>") };
    for body in ["", "{}"] {
        let outcome = write(enveloped(), raw(200, &[], body)).await.unwrap();
        assert_eq!((outcome.meaning, outcome.account), (Meaning::Ok, None));
    }
    for body in ["ok", "<html>"] {
        let error = write(enveloped(), raw(200, &[], body)).await.unwrap_err();
        assert!(matches!(error.trouble, Trouble::Nonsense(_)) && error.written == Written::Maybe, "{body}");
    }
    let outcome = write(call("PUT /users/<key>"), reply(200, &json!({"id": 7}))).await.unwrap();
    assert_eq!(outcome.account, Some(json!({"id": 7})));
}

#[tokio::test(start_paused = true)]
async fn the_words_are_joined_cut_and_plain() {
    let details = |body| write(with_detail(Detail::At(path("$.errors")), Meaning::Invalid), reply(422, &body));
    let outcome = details(json!({"errors": ["Mail is invalid", "", "Login\r\nis taken", 7]})).await.unwrap();
    assert_eq!(outcome.detail.as_deref(), Some("Mail is invalid; Login  is taken; 7"));
    assert_eq!(details(json!({"errors": []})).await.unwrap().detail, None);
    assert_eq!(details(json!({})).await.unwrap().detail, None);

    let huge = details(json!({"errors": "é".repeat(1_000_000)})).await.unwrap().detail.unwrap();
    assert_eq!(huge, "é".repeat(300));
    let many = details(json!({"errors": vec!["xy"; 100_000]})).await.unwrap().detail.unwrap();
    assert!((290..=300).contains(&many.chars().count()));

    let text = Detail::Text(template("no: <$.why> <settings.user>"));
    let outcome = write(with_detail(text, Meaning::Refused), reply(403, &json!({"why": "locked"}))).await.unwrap();
    assert_eq!(outcome.detail.as_deref(), Some("no: locked"));
}

#[tokio::test(start_paused = true)]
async fn settings_echoed_by_the_target_are_taken_out_of_its_words() {
    let body = json!({"why": format!("key {SECRET} may not do this")});
    let outcome = write(with_detail(Detail::At(path("$.why")), Meaning::Refused), reply(403, &body)).await.unwrap();
    assert_eq!(outcome.detail.as_deref(), Some("key *** may not do this"));
}

fn in_data() -> Call {
    Call { result: ResultAt::At(path("$.data")), ..call("PUT /users/<key>") }
}

/// A write of whose answer only the meaning is wanted.
async fn write_unread(call: Call, act: Act) -> Result<Outcome, TargetError> {
    let step = Step { wanted: Wanted::Meaning, ..step() };
    target(call, &Scripted::acts(vec![act])).run(Use::Write, &step, &mut Captures::new(), &budget()).await
}

#[tokio::test(start_paused = true)]
async fn an_account_that_nobody_wants_is_not_kept() {
    let body = json!({"data": {"id": 7, "memberIds": vec!["mem_1"; 1000]}});
    assert!(write(in_data(), reply(200, &body)).await.unwrap().account.is_some());
    let unread = write_unread(in_data(), reply(200, &body)).await.unwrap();
    assert_eq!((unread.meaning, unread.account, unread.answer.body), (Meaning::Ok, None, Value::Null));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_wants_is_judged_all_the_same() {
    let mut judged = in_data();
    let taken = Condition { at: Some(path("$.error")), ..Condition::default() };
    let detail = Some(Detail::At(path("$.error")));
    let row =
        AnswerRow { when: taken, means: Means::Said(Meaning::Taken), detail, retry_at: None, confirm: None, line: 3 };
    judged.answers.insert(0, row);
    let outcome = write_unread(judged, reply(200, &json!({"error": "a name is taken"}))).await.unwrap();
    assert_eq!((outcome.meaning, outcome.detail.as_deref()), (Meaning::Taken, Some("a name is taken")));
    for body in ["<html>Please log in</html>", "{\"data\": {\"id\"", "\"done\""] {
        let error = write_unread(in_data(), raw(200, &[], body)).await.unwrap_err();
        assert!(matches!(error.trouble, Trouble::Nonsense(_)), "{body}");
    }
    let refused = with_detail(Detail::At(path("$.why")), Meaning::Invalid);
    let outcome = write_unread(refused, reply(422, &json!({"why": "no such member"}))).await.unwrap();
    assert_eq!((outcome.meaning, outcome.detail.as_deref()), (Meaning::Invalid, Some("no such member")));
}

#[tokio::test(start_paused = true)]
async fn what_a_step_captures_is_read_whatever_else_is_wanted() {
    let capture = Capture { name: "version".into(), at: path("$.data.v") };
    let step = Step { wanted: Wanted::Meaning, captures: vec![capture], ..step() };
    let line = Scripted::acts(vec![reply(200, &json!({"data": {"v": "v1"}}))]);
    let mut captures = Captures::new();
    target(in_data(), &line).run(Use::Write, &step, &mut captures, &budget()).await.unwrap();
    assert_eq!(captures.value("version"), Some(&json!("v1")));
    let keyed = keyed(KeySource::At(path("$.id")));
    assert_eq!(write_unread(keyed, reply(200, &json!({"id": 7}))).await.unwrap().key.as_deref(), Some("7"));
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_found_in_the_location() {
    for (text, key) in [
        ("https://app.example/api/users/7", "7"),
        ("http://app.example:8001/users/7/", "7"),
        ("/api/users/a%2Fb?x=1", "a/b"),
        ("users/users/7#top", "7"),
        ("/users/users/7/users/", "7"),
    ] {
        let outcome = write(keyed(location()), raw(201, &[("location", text)], "")).await.unwrap();
        assert_eq!(outcome.key.as_deref(), Some(key), "{text}");
    }
    for text in ["https://evil.example/users/7", "/groups/7", "/users/", ""] {
        let error = write(keyed(location()), raw(201, &[("location", text)], "")).await.unwrap_err();
        assert!(matches!(error.trouble, Trouble::Nonsense(_)), "{text}");
        assert_eq!(error.written, Written::Maybe);
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_found_in_the_body_or_a_header_of_its_own() {
    let at = || keyed(KeySource::At(path("$.result.ids[0]")));
    for body in [json!({"result": {"ids": [7]}}), json!({"result": {"ids": ["7"]}})] {
        assert_eq!(write(at(), reply(200, &body)).await.unwrap().key.as_deref(), Some("7"));
    }
    for body in [json!({}), json!({"result": {"ids": [""]}}), json!({"result": {"ids": [{}]}})] {
        assert!(matches!(write(at(), reply(200, &body)).await.unwrap_err().trouble, Trouble::Nonsense(_)));
    }
    let own = KeySource::Header { name: "x-user-id".parse().unwrap(), after: None };
    let outcome = write(keyed(own), raw(201, &[("x-user-id", " u/7 ")], "")).await.unwrap();
    assert_eq!(outcome.key.as_deref(), Some("u/7"));
}

#[tokio::test(start_paused = true)]
async fn a_refused_create_needs_no_key() {
    let outcome = write(keyed(location()), reply(409, &json!({}))).await.unwrap();
    assert_eq!((outcome.meaning, outcome.key), (Meaning::Taken, None));
}

#[tokio::test(start_paused = true)]
async fn captures_flow_into_later_steps() {
    let line =
        Scripted::acts(vec![raw(201, &[("location", "/users/7")], r#"{"job": {"v": "v1"}}"#), reply(200, &json!({}))]);
    let mut instance = instance(keyed(location()));
    let mut later = call("PUT /users/<key>");
    later.headers = vec![(http::header::IF_MATCH, template("<version>"))];
    instance.calls = Arc::from([instance.calls[0].clone(), later]);
    let target = Target::new(instance, line.clone());
    let (mut captures, budget) = (Captures::new(), budget());

    let capture = Capture { name: "version".into(), at: path("$.job.v") };
    let create = Step { captures: vec![capture], ..step() };
    let made = target.run(Use::Write, &create, &mut captures, &budget).await.unwrap();
    captures.keep("key", made.key.unwrap());
    let taken = |variable, name: &str| Argument { variable, term: Term::Captured(name.into()) };
    let arguments = vec![
        taken(Variable::Key, "key"),
        taken(Variable::Version, "version"),
        Argument::of(Variable::Account, json!({})),
    ];
    target.run(Use::Write, &Step::once(CallId(1), arguments), &mut captures, &budget).await.unwrap();

    assert_eq!(line.urls()[1], "/api/users/7");
    assert_eq!(header_text(line.requests()[1].headers(), "if-match"), Some("v1"));
    assert_eq!(budget.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_capture_that_no_step_yielded_sends_nothing() {
    let line = Scripted::acts(Vec::new());
    let argument = Argument { variable: Variable::Account, term: Term::Captured("ticket".into()) };
    let step = Step::once(CallId(0), vec![argument]);
    let ended = target(call("POST /users"), &line).run(Use::Write, &step, &mut Captures::new(), &budget()).await;
    let error = ended.unwrap_err();
    assert_eq!(error.trouble, Trouble::Mapping("no earlier step yields `ticket`".into()));
    assert_eq!((error.side(), error.written, line.count()), (Side::Mapping, Written::No, 0));
}

#[tokio::test(start_paused = true)]
async fn nothing_prints_what_the_target_said() {
    let body = json!({"why": "hunter2hunter2"});
    let error = write(with_detail(Detail::At(path("$.why")), Meaning::Broken), reply(418, &body)).await.unwrap_err();
    let Trouble::Broken { detail: Some(words), .. } = &error.trouble else { panic!("{error:?}") };
    assert_eq!(words.reveal(), "hunter2hunter2");
    assert!(!format!("{error:?} {error}").contains("hunter2"));
    let outcome = write(with_detail(Detail::At(path("$.why")), Meaning::Taken), reply(418, &body)).await.unwrap();
    assert!(!format!("{outcome:?}").contains("hunter2"));
}
