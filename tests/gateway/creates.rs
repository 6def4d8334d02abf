//! At most one account for each name, whatever becomes of answers, and never a second one for the same request.

use crate::stage::{CREATE, LIST, READ, Script, Stage, assert_error, id, raw, until};
use crate::standin::fault::{Kind, Moment};
use serde_json::{Value, json};
use std::sync::Arc;

const NAME: &str = "mo@contoso.test";

fn mo() -> Value {
    json!({ "userName": NAME, "displayName": "Mo Q", "active": true, "emails": [{ "type": "work", "value": NAME }] })
}

/// The answer shows the one account that the product has.
#[track_caller]
fn assert_one(stage: &Stage, id: &str) {
    let rows = stage.product.rows();
    assert_eq!(rows.iter().map(|row| (row.id.as_str(), row.login.as_str())).collect::<Vec<_>>(), [(id, NAME)]);
}

#[tokio::test]
async fn a_taken_name_is_a_conflict_after_one_call() {
    let stage = Stage::start().await;
    stage.product.insert("p_1", "MO@contoso.test");
    assert_error(&stage.send("POST /Users", mo()).await, 409, Some("uniqueness"));
    assert_eq!(stage.product.take_calls(), [(CREATE, 1)]);
}

#[tokio::test]
async fn a_created_account_whose_answer_is_lost_is_found_and_ours() {
    for kind in [Kind::Drop, Kind::Half, Kind::Nonsense, Kind::Huge { bytes: 20_000_000 }] {
        let stage = Stage::start().await;
        stage.product.suffers_once(kind.clone(), "POST", Moment::After);
        let answer = stage.send("POST /Users", mo()).await;
        assert_eq!(answer.status, 201, "{kind:?}: {answer:?}");
        assert_one(&stage, &id(&answer));
        assert_eq!(stage.product.take_calls(), [(LIST, 1), (READ, 2), (CREATE, 1)], "{kind:?}");
    }
}

#[tokio::test]
async fn a_created_account_whose_answer_is_late_is_found_and_ours() {
    let stage = Stage::with(Script::hasty()).await;
    stage.product.suffers_once(Kind::Slow { ms: 60_000 }, "POST", Moment::After);
    let answer = stage.send("POST /Users", mo()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_one(&stage, &id(&answer));
}

#[tokio::test]
async fn a_created_account_nobody_could_look_for_is_504_and_the_repeated_request_gets_it() {
    let stage = Stage::start().await;
    stage.product.controls.faults.inject(crate::standin::fault::Fault {
        kind: Kind::Drop,
        requests: None,
        only: None,
        when: Moment::After,
    });
    assert_error(&stage.send("POST /Users", mo()).await, 504, None);
    let made = stage.product.rows()[0].id.clone();
    stage.product.controls.faults.clear();
    stage.product.take_calls();
    let answer = stage.send("POST /Users", mo()).await;
    assert_eq!((answer.status, id(&answer)), (201, made.clone()), "{answer:?}");
    assert_one(&stage, &made);
    assert_eq!(stage.product.take_calls(), [(LIST, 1), (READ, 2)]);
    assert_error(&stage.send("POST /Users", mo()).await, 409, Some("uniqueness"));
}

#[tokio::test]
async fn a_create_in_doubt_is_remembered_across_a_restart() {
    let stage = Stage::start().await;
    stage.product.controls.faults.inject(crate::standin::fault::Fault {
        kind: Kind::Drop,
        requests: None,
        only: None,
        when: Moment::After,
    });
    assert_error(&stage.send("POST /Users", mo()).await, 504, None);
    stage.product.controls.faults.clear();
    let stage = stage.restart().await;
    let answer = stage.send("POST /Users", mo()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_one(&stage, &id(&answer));
}

#[tokio::test]
async fn a_create_in_doubt_is_not_handed_to_a_request_for_something_else() {
    let stage = Stage::start().await;
    stage.product.controls.faults.inject(crate::standin::fault::Fault {
        kind: Kind::Drop,
        requests: None,
        only: None,
        when: Moment::After,
    });
    assert_error(&stage.send("POST /Users", mo()).await, 504, None);
    stage.product.controls.faults.clear();
    let other = json!({ "userName": NAME, "displayName": "Somebody else" });
    assert_error(&stage.send("POST /Users", other).await, 409, Some("uniqueness"));
    assert_eq!(stage.product.rows()[0].display_name.as_deref(), Some("Mo Q"));
}

#[tokio::test]
async fn a_create_that_never_reached_the_product_succeeds_when_repeated() {
    let stage = Stage::start().await;
    stage.product.suffers_once(Kind::Drop, "POST", Moment::Before);
    assert_error(&stage.send("POST /Users", mo()).await, 504, None);
    assert_eq!(stage.product.rows(), []);
    let answer = stage.send("POST /Users", mo()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_one(&stage, &id(&answer));
}

#[tokio::test]
async fn an_account_that_was_there_before_is_not_taken_for_ours() {
    let stage = Stage::start().await;
    stage.product.insert("p_1", NAME);
    stage.product.suffers_once(Kind::Drop, "POST", Moment::After);
    let answer = stage.send("POST /Users", mo()).await;
    assert!(matches!(answer.status, 409 | 504), "{answer:?}");
    assert_eq!(stage.product.rows().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_parallel_creates_one_succeeds() {
    let stage = Arc::new(Stage::start().await);
    let racers: Vec<_> = (0..50)
        .map(|_| {
            let stage = stage.clone();
            tokio::spawn(async move { stage.send("POST /Users", mo()).await })
        })
        .collect();
    let (mut made, mut refused) = (Vec::new(), 0);
    for racer in racers {
        let answer = racer.await.unwrap();
        match answer.status {
            201 => made.push(id(&answer)),
            _ => {
                assert_error(&answer, 409, Some("uniqueness"));
                refused += 1;
            }
        }
    }
    assert_eq!((made.len(), refused), (1, 49));
    assert_one(&stage, &made[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_parallel_creates_one_succeeds_even_if_its_answer_is_lost() {
    let stage = Arc::new(Stage::start().await);
    stage.product.suffers_once(Kind::Drop, "POST", Moment::After);
    let racers: Vec<_> = (0..50)
        .map(|_| {
            let stage = stage.clone();
            tokio::spawn(async move { stage.send("POST /Users", mo()).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for racer in racers {
        statuses.push(racer.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[1], statuses[49]), (201, 409, 409));
    assert_eq!(stage.product.rows().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_whose_client_hangs_up_is_completed() {
    let stage = Stage::start().await;
    stage.product.suffers_once(Kind::Slow { ms: 200 }, "POST", Moment::Before);
    let body = mo().to_string();
    let request = format!(
        "POST /moqups/scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
        stage.front.token,
        body.len()
    );
    let connection = raw::send(stage.front.address, &request).await;
    until("the product is asked", || stage.product.was_called(CREATE)).await;
    drop(connection);
    until("the account is made", || stage.product.rows().len() == 1).await;
    // What was remembered of the create is settled as well: the same name is plainly taken now.
    assert_error(&stage.send("POST /Users", mo()).await, 409, Some("uniqueness"));
}
