//! The session stands in every body: got once, got again when Zabbix says that it is over.

use serde_json::{Value, json};

use super::stage::Stage;

#[tokio::test]
async fn ten_readers_at_once_share_one_log_in() {
    let stage = Stage::set().await;
    let reads = (0..10).map(|_| stage.expect(200, "GET /Users/1", Value::Null));
    for user in futures_util::future::join_all(reads).await {
        assert_eq!(user["userName"], "Admin");
    }
    let log_ins = stage.take_methods().into_iter().filter(|method| method == "user.login").count();
    assert_eq!(log_ins, 1);
}

#[tokio::test]
async fn a_session_that_is_over_is_got_again_and_nobody_notices() {
    let stage = Stage::set().await;
    stage.expect(200, "GET /Users/1", Value::Null).await;
    let seen = stage.take_bodies();
    let session = seen.iter().find_map(|body| body["auth"].as_str()).expect("a session").to_owned();
    let log_out = json!({"jsonrpc": "2.0", "id": 1, "auth": session, "method": "user.logout", "params": []});
    assert_eq!(stage.own("POST /api_jsonrpc.php", log_out).await.body["result"], true);

    let id = stage.user("unnoticed").await;
    let methods = stage.take_methods();
    assert_eq!(methods.iter().filter(|method| *method == "user.login").count(), 1, "{methods:?}");
    let users = stage.rpc("user.get", json!({"filter": {"username": stage.login("unnoticed")}})).await;
    assert_eq!(users.as_array().map(Vec::len), Some(1), "one user, however often the create was sent");
    stage.clear(&[&id], &[]).await;
}

#[tokio::test]
async fn no_session_shows_in_the_log() {
    let stage = Stage::set().await;
    stage.expect(200, "GET /Users/1", Value::Null).await;
    let session =
        stage.take_bodies().iter().find_map(|body| body["auth"].as_str().map(str::to_owned)).expect("a session");
    assert!(!stage.gateway.said().contains(&session));
}
