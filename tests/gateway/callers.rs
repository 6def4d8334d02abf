//! Who may call: settled from the head alone, before a byte of the body is read.

use crate::stage::{Front, LIST, Script, Stage, assert_error, raw};
use http::header::WWW_AUTHENTICATE;
use serde_json::json;
use std::time::{Duration, SystemTime};

fn two_targets() -> Script {
    Script { targets: vec!["moqups", "other"], ..Script::default() }
}

#[tokio::test]
async fn who_is_not_known_is_told_to_show_a_bearer_token() {
    let stage = Stage::start().await;
    let expired = stage.front.token_for(&["moqups"], Some(SystemTime::now() - Duration::from_secs(1)));
    let revoked = stage.front.token_for(&["moqups"], None);
    stage.front.gateway.store.tokens().unwrap().revoke(&revoked, SystemTime::now()).unwrap();
    let headers = [
        None,
        Some("Bearer wrong".to_owned()),
        Some(format!("Basic {}", stage.front.token)),
        Some("Bearer".to_owned()),
        Some(stage.front.token.clone()),
        Some(format!("Bearer {expired}")),
        Some(format!("Bearer {revoked}")),
    ];
    for header in headers {
        let sent: Vec<(&'static str, &str)> = header.iter().map(|value| ("Authorization", value.as_str())).collect();
        let client = stage.front.client_with("moqups", &sent);
        for call in ["GET /Users", "GET /Nonsense", "GET /ServiceProviderConfig", "DELETE /Users/1"] {
            let answer = client.send(call, None).await.unwrap();
            assert_error(&answer, 401, None);
            let challenge = answer.headers[WWW_AUTHENTICATE].to_str().unwrap();
            assert!(challenge.starts_with("Bearer"), "{header:?}: {challenge}");
        }
    }
    assert_eq!(stage.product.take_calls(), []);
}

#[tokio::test]
async fn a_token_of_another_target_is_forbidden_and_learns_nothing_of_what_is_there() {
    let stage = Stage::with(two_targets()).await;
    let token = stage.front.token_for(&["other"], None);
    for target in ["moqups", "nowhere"] {
        let client = stage.front.client_of(target, &token);
        for call in ["GET /Users", "POST /Users", "GET /Nonsense"] {
            let answer = client.send(call, Some(&json!({ "userName": "a" }))).await.unwrap();
            assert_error(&answer, 403, None);
            assert!(!answer.headers.contains_key(WWW_AUTHENTICATE), "{answer:?}");
        }
    }
    assert_eq!(stage.product.take_calls(), []);
}

#[tokio::test]
async fn two_targets_share_a_mapping_and_each_has_its_token() {
    let stage = Stage::with(two_targets()).await;
    for (own, foreign) in [("moqups", "other"), ("other", "moqups")] {
        let token = stage.front.token_for(&[own], None);
        let own = stage.front.client_of(own, &token).send("GET /Users?count=0", None).await.unwrap();
        let foreign = stage.front.client_of(foreign, &token).send("GET /Users?count=0", None).await.unwrap();
        assert_eq!((own.status, foreign.status), (200, 403));
    }
    assert_eq!(stage.product.take_calls(), [(LIST, 2)]);
}

#[tokio::test]
async fn who_is_refused_need_not_send_the_body_it_asked_leave_for() {
    let stage = Stage::start().await;
    let head =
        "POST /moqups/scim/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\nExpect: 100-continue\r\n\r\n";
    let said = raw::exchange_head(stage.front.address, head).await;
    assert!(!said.contains("100 Continue"), "{said}");
    assert_error(&raw::parse(&said), 401, None);
}

#[tokio::test]
async fn who_is_refused_and_never_sends_its_body_is_answered_all_the_same() {
    let stage = Stage::start().await;
    let head = "POST /moqups/scim/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n{";
    let said = raw::exchange_head(stage.front.address, head).await;
    assert_error(&raw::parse(&said), 401, None);
}

#[tokio::test]
async fn a_token_ends_by_the_gateways_clock() {
    let stage = Stage::start().await;
    let token = stage.front.token_for(&["moqups"], Some(SystemTime::now() + Duration::from_secs(86_400)));
    let before = stage.front.client_of("moqups", &token).send("GET /Users", None).await.unwrap();
    assert_eq!(before.status, 200);
    let Stage { front, folder, .. } = stage;
    front.stop().await;
    let later = Front::open_at(folder.path(), || SystemTime::now() + Duration::from_secs(2 * 86_400)).await;
    let after = later.client_of("moqups", &token).send("GET /Users", None).await.unwrap();
    assert_error(&after, 401, None);
    assert!(after.body["detail"].as_str().unwrap().contains("expired"), "{after:?}");
}
