//! Sessions: one log-in however many wait, a renewed one after a refusal, an end before the product says so.

use super::*;
use crate::target::Trouble;
use crate::wire::credential::Way;
use crate::wire::{Credential, Expires, Lives, Lookup, Take};
use std::time::SystemTime;

/// `GET /users/<key>` with a session in a header, which `POST /login` yields.
fn with_session(expires: Option<Expires>, line: &Arc<Scripted>) -> Target {
    let mut login = call("POST /login");
    (login.name, login.body) = ("lookups.session".into(), None);
    let session = Lookup {
        name: "session".into(),
        call: CallId(1),
        take: Take::At(path("$.token")),
        lives: Lives::Session,
        expires,
        needs: Vec::new(),
        bare: true,
        credential: None,
        url: None,
        rotates: None,
    };
    let hole = crate::wire::Part::Hole(Variable::Lookup("session".into()));
    let header = ("x-session".parse().unwrap(), Template { parts: vec![hole] });
    let mut instance = instance(call("GET /users/<key>"));
    instance.calls = Arc::from([instance.calls[0].clone(), login]);
    instance.lookups = Arc::from([session]);
    instance.auth = Some(Credential { ways: vec![Way::Header(vec![header])], certificate: None });
    instance.now = || SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1000);
    Target::new(instance, line.clone())
}

fn later(act: Act) -> Act {
    match act {
        Act::Reply(response) => Act::Later(response),
        other => other,
    }
}

fn logins(line: &Scripted) -> usize {
    line.urls().iter().filter(|url| *url == "/api/login").count()
}

/// A product whose sessions are numbered; those up to `dead` are over.
fn product(dead: usize) -> Arc<Scripted> {
    let issued = Mutex::new(0usize);
    Scripted::new(move |_, request| {
        if request.uri().path() == "/api/login" {
            let mut issued = issued.lock().unwrap();
            *issued += 1;
            return later(reply(200, &json!({"token": format!("session-{issued}")})));
        }
        let number = header_text(request.headers(), "x-session").and_then(|text| text.strip_prefix("session-"));
        match number.and_then(|number| number.parse::<usize>().ok()) {
            Some(number) if number > dead => later(reply(200, &json!({"id": "7"}))),
            _ => later(reply(401, &json!(null))),
        }
    })
}

#[tokio::test]
async fn however_many_wait_there_is_one_log_in() {
    let line = product(0);
    let target = with_session(None, &line);
    let calls = (0..200).map(|_| run(&target, Use::Read));
    let done = futures_util::future::join_all(calls).await;
    assert!(done.iter().all(Result::is_ok));
    assert_eq!((logins(&line), line.count()), (1, 201));
}

#[tokio::test]
async fn a_session_that_is_over_is_got_again_once() {
    let line = product(1);
    let target = with_session(None, &line);
    let done = futures_util::future::join_all((0..50).map(|_| run(&target, Use::Write))).await;
    assert!(done.iter().all(Result::is_ok));
    assert_eq!(logins(&line), 2);
}

#[tokio::test]
async fn who_waited_for_a_log_in_that_failed_does_not_try_again() {
    let line = Scripted::new(|_, _| later(reply(401, &json!(null))));
    let target = with_session(None, &line);
    let done = futures_util::future::join_all((0..200).map(|_| run(&target, Use::Read))).await;
    assert!(done.iter().all(|one| matches!(one.as_ref().unwrap_err().trouble, Trouble::Credentials { .. })));
    assert_eq!(line.count(), 1);
    assert!(run(&target, Use::Read).await.is_err());
    assert_eq!(line.count(), 2, "a later request tries again");
}

#[tokio::test]
async fn a_new_session_that_is_refused_too_ends_it() {
    let line = product(9);
    let error = run(&with_session(None, &line), Use::Write).await.unwrap_err();
    assert!(matches!(error.trouble, Trouble::Credentials { .. }), "{error}");
    assert_eq!((logins(&line), line.count()), (2, 4));
}

#[tokio::test]
async fn a_session_that_ends_by_itself_is_got_again_before() {
    // The clock of these tests stands still, so a session without time left ends at once.
    for (expires, expected) in [(Expires::After(0), 2), (Expires::After(3600), 1)] {
        let line = product(0);
        let target = with_session(Some(expires), &line);
        for _ in 0..2 {
            run(&target, Use::Read).await.unwrap();
        }
        assert_eq!(logins(&line), expected);
    }
}

#[tokio::test]
async fn a_session_does_not_print_and_is_taken_out_of_the_products_words() {
    let line = product(0);
    let target = with_session(None, &line);
    run(&target, Use::Read).await.unwrap();
    assert_eq!(target.sessions.redact("no session-1 here".to_owned()), "no *** here");
    assert_eq!(format!("{:?}", target.sessions.last(0)), "Some(***)");
    let request = line.requests().pop().unwrap();
    assert!(request.headers()["x-session"].is_sensitive());
}
