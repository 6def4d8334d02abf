//! Groups and their members: one call each, nobody lost.

use std::sync::Arc;

use serde_json::{Value, json};

use super::stage::{Stage, filtered};

#[tokio::test]
async fn a_group_is_found_by_its_name_without_its_members() {
    let stage = Stage::set().await;
    let id = stage.group("guides").await;
    stage.relay.take_calls();
    let filter = format!("displayName eq \"{}\"", stage.login("guides"));
    let call = format!("{}&excludedAttributes=members", filtered("/Groups", &filter));
    let list = stage.expect(200, &call, Value::Null).await;
    assert_eq!((&list["totalResults"], &list["Resources"][0]["id"]), (&json!(1), &json!(id)), "{list}");
    assert_eq!(stage.relay.take_calls(), ["GET /groups.json"]);
    stage.clear(&[], &[&id]).await;
}

#[tokio::test]
async fn a_member_is_added_and_removed_by_one_call_each() {
    let stage = Stage::set().await;
    let (user, group) = (stage.user("member").await, stage.group("team").await);
    let path = format!("/Groups/{group}");
    for _ in 0..2 {
        stage.patch(&path, json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": user}]}])).await;
        assert_eq!(stage.members(&group).await, [user.as_str()], "adding twice is adding once");
    }
    let read = stage.expect(200, &format!("GET {path}"), Value::Null).await;
    assert_eq!((&read["members"][0]["value"], read["members"].as_array().map(Vec::len)), (&json!(user), Some(1)));
    stage.patch(&path, json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": user}]}])).await;
    assert!(stage.members(&group).await.is_empty());

    stage.relay.take_calls();
    stage.patch(&path, json!([{"op": "add", "path": "members", "value": [{"value": user}]}])).await;
    assert_eq!(stage.relay.take_calls(), [format!("POST /groups/{group}/users.json")]);
    stage.patch(&path, json!([{"op": "remove", "path": format!("members[value eq \"{user}\"]")}])).await;
    assert_eq!(stage.relay.take_calls(), [format!("DELETE /groups/{group}/users/{user}.json")]);
    assert!(stage.members(&group).await.is_empty());
    stage.clear(&[&user], &[&group]).await;
}

#[tokio::test]
async fn members_added_in_parallel_are_all_there() {
    const CROWD: usize = 20;
    let stage = Arc::new(Stage::set().await);
    let group = stage.group("crowd").await;
    let mut users = Vec::new();
    for number in 0..CROWD {
        users.push(stage.user(&format!("crowd{number}")).await);
    }
    let added: Vec<_> = users
        .iter()
        .map(|user| {
            let (stage, path) = (Arc::clone(&stage), format!("/Groups/{group}"));
            let operations = json!([{"op": "Add", "path": "members", "value": [{"value": user}]}]);
            tokio::spawn(async move { stage.patch(&path, operations).await.status })
        })
        .collect();
    for addition in added {
        addition.await.unwrap();
    }
    users.sort();
    assert_eq!(stage.members(&group).await, users);
    stage.clear(&users.iter().map(String::as_str).collect::<Vec<_>>(), &[&group]).await;
}

#[tokio::test]
async fn a_group_is_renamed_and_deleted_and_keeps_its_members_until_then() {
    let stage = Stage::set().await;
    let (user, group) = (stage.user("stays").await, stage.group("before").await);
    let later = stage.group("later").await;
    let path = format!("/Groups/{group}");
    stage.patch(&path, json!([{"op": "add", "path": "members", "value": [{"value": user}]}])).await;
    stage.patch(&path, json!([{"op": "replace", "value": {"displayName": stage.login("after")}}])).await;
    assert_eq!(stage.members(&group).await, [user.as_str()]);
    let own = stage.own(&format!("GET /groups/{group}.json"), Value::Null).await;
    assert_eq!(own.body["group"]["name"], stage.login("after"));
    stage.expect(204, &format!("DELETE {path}"), Value::Null).await;
    stage.expect(404, &format!("GET {path}"), Value::Null).await;
    assert_eq!(stage.own(&format!("GET /groups/{group}.json"), Value::Null).await.status, 404);
    stage.clear(&[&user], &[&later]).await;
}
