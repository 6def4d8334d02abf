//! What is sent again, and what never is.

use super::*;
use crate::target::{Doubt, Side, Trouble, Written};
use crate::wire::Meaning;

const READ: &str = "GET /users/<key>";
const WRITE: &str = "PUT /users/<key>";

fn fine() -> Act {
    reply(200, &json!({"id": 7}))
}

fn busy(retry_after: &str) -> Act {
    raw(429, &[("retry-after", retry_after)], "")
}

/// How it ended, after how many calls.
async fn ended(text: &str, usage: Use, acts: Vec<Act>) -> (Result<Outcome, TargetError>, Arc<Scripted>) {
    let line = Scripted::acts(acts);
    let ended = run(&target(call(text), &line), usage).await;
    (ended, line)
}

async fn repeating(acts: Vec<Act>) -> (Result<Outcome, TargetError>, Arc<Scripted>) {
    let line = Scripted::acts(acts);
    let step = Step { if_uncertain: IfUncertain::Repeat, ..step() };
    let ended = target(call(WRITE), &line).run(Use::Write, &step, &mut Captures::new(), &budget()).await;
    (ended, line)
}

#[tokio::test(start_paused = true)]
async fn a_read_is_sent_once_more_when_the_connection_fails() {
    for first in [unreachable(), broken(), Act::Fail(LineError::Broken { sent: Sent::No })] {
        let (ended, line) = ended(READ, Use::Read, vec![first, fine()]).await;
        assert_eq!(ended.unwrap().meaning, Meaning::Ok);
        assert_eq!(line.count(), 2);
    }
    let (ended, line) = ended(READ, Use::Read, vec![broken(), unreachable(), fine()]).await;
    let error = ended.unwrap_err();
    assert_eq!((&error.trouble, line.count()), (&Trouble::Unreachable, 2));
    assert_eq!((error.side(), error.written), (Side::Target, Written::No));
}

#[tokio::test(start_paused = true)]
async fn a_write_is_never_sent_twice_when_the_first_may_have_arrived() {
    let too_large = || Act::Fail(LineError::TooLarge);
    for (act, doubt) in [(broken(), Doubt::Broken), (Act::Slow, Doubt::TimedOut), (too_large(), Doubt::TooLarge)] {
        let (ended, line) = ended(WRITE, Use::Write, vec![act, fine()]).await;
        let error = ended.unwrap_err();
        assert_eq!((&error.trouble, line.count()), (&Trouble::Uncertain(doubt), 1));
        assert_eq!(error.written, Written::Maybe);
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_never_left_is_sent_once_more() {
    for first in [unreachable(), Act::Fail(LineError::Broken { sent: Sent::No })] {
        let (ended, line) = ended(WRITE, Use::Write, vec![first, fine()]).await;
        assert!(ended.is_ok());
        assert_eq!(line.count(), 2);
    }
    let (ended, line) = ended(WRITE, Use::Write, vec![unreachable(), unreachable(), fine()]).await;
    let error = ended.unwrap_err();
    assert!(matches!(error.trouble, Trouble::Unreachable));
    assert_eq!((line.count(), error.written), (2, Written::No));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_left_on_the_second_attempt_is_uncertain() {
    let (ended, line) = ended(WRITE, Use::Write, vec![unreachable(), broken(), fine()]).await;
    assert_eq!((ended.unwrap_err().trouble, line.count()), (Trouble::Uncertain(Doubt::Broken), 2));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_may_be_repeated_is_sent_twice_at_most() {
    for first in [broken(), Act::Slow] {
        let (ended, line) = repeating(vec![first, fine()]).await;
        assert!(ended.is_ok());
        assert_eq!(line.count(), 2);
    }
    let (ended, line) = repeating(vec![broken(), broken(), fine()]).await;
    assert_eq!((ended.unwrap_err().trouble, line.count()), (Trouble::Uncertain(Doubt::Broken), 2));
    for second in [unreachable(), reply(500, &json!({})), reply(401, &json!({}))] {
        let (ended, line) = repeating(vec![broken(), second, fine()]).await;
        assert_eq!((ended.unwrap_err().trouble, line.count()), (Trouble::Uncertain(Doubt::Earlier), 2));
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_read_is_not_asked_again() {
    let (ended, line) = ended(READ, Use::Read, vec![Act::Slow, fine()]).await;
    let error = ended.unwrap_err();
    assert_eq!((&error.trouble, line.count()), (&Trouble::TimedOut, 1));
    assert_eq!(error.written, Written::No);
}

#[tokio::test(start_paused = true)]
async fn what_the_line_says_keeps_its_meaning() {
    let told = [
        (LineError::Queue, Trouble::Queue, Side::Gateway),
        (LineError::TooLarge, Trouble::TooLarge, Side::Target),
        (LineError::TimedOut { sent: Sent::No }, Trouble::TimedOut, Side::Target),
        (LineError::Unreadable("compressed"), Trouble::Nonsense("compressed"), Side::Target),
        (LineError::Unsendable("CONNECT"), Trouble::Mapping("CONNECT".into()), Side::Mapping),
    ];
    for (error, trouble, side) in told {
        let (ended, line) = ended(READ, Use::Read, vec![Act::Fail(error), fine()]).await;
        let error = ended.unwrap_err();
        assert_eq!((&error.trouble, error.side(), line.count()), (&trouble, side, 1));
    }
    let (ended, _) = ended(WRITE, Use::Write, vec![Act::Fail(LineError::TimedOut { sent: Sent::No })]).await;
    assert_eq!(ended.unwrap_err().trouble, Trouble::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn a_busy_target_is_asked_again_after_the_wait_it_asks_for() {
    for usage in [Use::Read, Use::Write] {
        let (ended, line) = ended(WRITE, usage, vec![busy("2"), busy("3"), busy("0"), fine()]).await;
        assert!(ended.is_ok());
        assert_eq!(line.gaps(), [2000, 3000, 50]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_target_that_names_no_wait_is_asked_less_and_less_often() {
    let overload = || reply(503, &json!({}));
    let (ended, line) = ended(READ, Use::Read, vec![overload(), overload(), overload(), overload(), fine()]).await;
    let error = ended.unwrap_err();
    assert_eq!(error.trouble, Trouble::Busy { retry_after: None });
    assert_eq!((line.gaps(), error.written), (vec![500, 1000, 2000], Written::No));
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_deadline_is_not_begun() {
    let begun = Instant::now();
    let (ended, line) = ended(WRITE, Use::Write, vec![busy("25"), fine()]).await;
    let error = ended.unwrap_err();
    assert_eq!(error.trouble, Trouble::Busy { retry_after: Some(Duration::from_secs(25)) });
    assert_eq!((line.count(), error.written, begun.elapsed()), (1, Written::No, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn waits_do_not_use_up_the_reconnect() {
    let (ended, line) = ended(WRITE, Use::Write, vec![busy("1"), unreachable(), busy("1"), fine()]).await;
    assert!(ended.is_ok());
    assert_eq!(line.gaps(), [1000, 100, 1000]);
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_with_its_own_timeout_or_the_budget() {
    for (limit, seconds) in [(25, 10), (4, 4)] {
        let line = Scripted::acts(vec![Act::Slow]);
        let budget = Budget::of(Duration::from_secs(limit));
        let begun = Instant::now();
        let target = target(call(READ), &line);
        let ended = target.run(Use::Read, &step(), &mut Captures::new(), &budget).await;
        assert_eq!(ended.unwrap_err().trouble, Trouble::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), seconds);
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_that_forgets_the_deadline_is_cut_off() {
    let begun = Instant::now();
    let (ended, _) = ended(WRITE, Use::Write, vec![Act::Hang]).await;
    assert_eq!(ended.unwrap_err().trouble, Trouble::Uncertain(Doubt::TimedOut));
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn no_write_begins_past_the_deadline() {
    let line = Scripted::acts(vec![fine()]);
    let budget = Budget::of(Duration::ZERO);
    let ended = target(call(WRITE), &line).run(Use::Write, &step(), &mut Captures::new(), &budget).await;
    let error = ended.unwrap_err();
    assert_eq!((&error.trouble, error.side(), error.written), (&Trouble::OutOfTime, Side::Gateway, Written::No));
    assert_eq!((line.count(), budget.calls()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn every_attempt_is_counted() {
    let line = Scripted::acts(vec![unreachable(), busy("1"), fine()]);
    let budget = budget();
    target(call(READ), &line).run(Use::Read, &step(), &mut Captures::new(), &budget).await.unwrap();
    assert_eq!(budget.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_repeated_request_is_the_same_request() {
    let mut drawing = call("POST /users");
    drawing.body = Some(Body::Object(vec![("password".into(), Body::Template(template("<random>")))]));
    let line = Scripted::acts(vec![busy("1"), fine(), fine()]);
    let target = target(drawing, &line);
    run(&target, Use::Write).await.unwrap();
    run(&target, Use::Write).await.unwrap();
    let bodies: Vec<Bytes> = line.requests().into_iter().map(Request::into_body).collect();
    assert_eq!(bodies[0], bodies[1]);
    assert_ne!(bodies[1], bodies[2]);
}
