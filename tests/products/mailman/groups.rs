//! Lists as groups: names, subscriptions by their own keys, nobody lost.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::stage::{Stage, filtered, text};

#[tokio::test]
async fn a_group_is_a_list_named_after_it() {
    let stage = Stage::set().await;
    let name = format!("Tour Guides {}", stage.login("x"));
    let group = stage.expect(201, "POST /Groups", json!({"displayName": name, "externalId": stage.login("ext")})).await;
    let id = text(&group["id"]);
    let list = stage.own(&format!("GET /3.1/lists/{id}"), Value::Null).await.body;
    assert_eq!((&list["display_name"], &list["list_id"]), (&json!(name), &json!(id)), "{list}");
    assert_eq!(list["fqdn_listname"], format!("tour-guides-{}@example.com", stage.login("x").replace('.', "-")));
    let read = stage.expect(200, &format!("GET /Groups/{id}"), Value::Null).await;
    assert_eq!((&read["displayName"], &read["externalId"]), (&json!(name), &json!(stage.login("ext"))));
    stage.clear(&[], &[&id]).await;
}

#[tokio::test]
async fn a_group_is_found_by_its_name_without_its_members() {
    let stage = Stage::set().await;
    let id = stage.group("guides").await;
    stage.relay.take_calls();
    let filter = format!("displayName eq \"{}\"", stage.login("guides").to_uppercase());
    let call = format!("{}&excludedAttributes=members", filtered("/Groups", &filter));
    let list = stage.expect(200, &call, Value::Null).await;
    assert_eq!((&list["totalResults"], &list["Resources"][0]["id"]), (&json!(1), &json!(id)), "{list}");
    for call in stage.relay.take_calls() {
        assert!(call.starts_with("GET /3.1/lists?"), "{call}");
    }
    stage.clear(&[], &[&id]).await;
}

#[tokio::test]
async fn a_member_is_subscribed_at_once_and_unsubscribed() {
    let stage = Stage::set().await;
    let (user, group) = (stage.user("member").await, stage.group("team").await);
    let path = format!("/Groups/{group}");
    for _ in 0..2 {
        stage.patch(&path, json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": user}]}])).await;
        assert_eq!(stage.members(&group).await, [user.as_str()], "adding twice is adding once");
    }
    let read = stage.expect(200, &format!("GET {path}"), Value::Null).await;
    assert_eq!((&read["members"][0]["value"], read["members"].as_array().map(Vec::len)), (&json!(user), Some(1)));
    for _ in 0..2 {
        stage
            .patch(&path, json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": user}]}]))
            .await;
        assert!(stage.members(&group).await.is_empty());
    }
    stage.relay.take_calls();
    stage.patch(&path, json!([{"op": "add", "path": "members", "value": [{"value": user}]}])).await;
    assert_eq!(stage.relay.take_calls(), ["POST /3.1/members"]);
    stage.patch(&path, json!([{"op": "remove", "path": format!("members[value eq \"{user}\"]")}])).await;
    let writes: Vec<String> = stage.relay.take_calls().into_iter().filter(|call| !call.starts_with("GET ")).collect();
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert!(writes[0].starts_with("DELETE /3.1/members/"), "{writes:?}");
    stage.clear(&[&user], &[&group]).await;
}

#[tokio::test]
async fn a_member_subscribed_by_another_address_is_a_member_and_can_be_removed() {
    let stage = Stage::set().await;
    let (user, group) = (stage.user("two").await, stage.group("twofold").await);
    let second = stage.mail("second");
    stage.made(&format!("POST /3.1/users/{user}/addresses"), json!({"email": second})).await;
    stage.subscribe(&group, &second).await;
    let path = format!("/Groups/{group}");
    let read = stage.expect(200, &format!("GET {path}"), Value::Null).await;
    assert_eq!(read["members"][0]["value"], json!(user), "{read}");
    stage.patch(&path, json!([{"op": "remove", "path": "members", "value": [{"value": user}]}])).await;
    assert!(stage.members(&group).await.is_empty());
    stage.clear(&[&user], &[&group]).await;
}

#[tokio::test]
async fn members_are_replaced_and_owners_are_none() {
    let stage = Stage::set().await;
    let (ann, joe, eve) = (stage.user("ann").await, stage.user("joe").await, stage.user("eve").await);
    let group = stage.group("replaced").await;
    stage.made("POST /3.1/members", json!({"list_id": group, "subscriber": eve, "role": "owner"})).await;
    let path = format!("/Groups/{group}");
    for members in [vec![&ann], vec![&joe], vec![]] {
        let values: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        stage
            .expect(200, &format!("PUT {path}"), json!({"displayName": stage.login("replaced"), "members": values}))
            .await;
        assert_eq!(stage.members(&group).await.iter().collect::<Vec<_>>(), members);
    }
    let owners = stage.own(&format!("GET /3.1/lists/{group}/roster/owner"), Value::Null).await.body;
    assert_eq!(owners["total_size"], 1, "who owns the list is none of a group's business");
    stage.clear(&[&ann, &joe, &eve], &[&group]).await;
}

#[tokio::test]
async fn fifty_member_changes_in_flight_leave_exactly_the_right_members() {
    const HALF: usize = 25;
    let stage = Stage::set().await;
    let group = stage.group("crowd").await;
    let mut users = Vec::new();
    for number in 0..2 * HALF {
        users.push(stage.own_user(&format!("crowd{number}")).await);
    }
    let (leaving, coming) = users.split_at(HALF);
    for user in leaving {
        stage.subscribe(&group, user).await;
    }
    let change = |op: &str, user: &String| json!([{"op": op, "path": "members", "value": [{"value": user}]}]);
    let mut patches: Vec<Value> = leaving.iter().map(|user| change("Remove", user)).collect();
    patches.extend(coming.iter().map(|user| change("Add", user)));
    stage.patch_at_once(&format!("/Groups/{group}"), patches).await;
    let expected: BTreeSet<&String> = coming.iter().collect();
    assert_eq!(stage.members(&group).await.iter().collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
    stage.clear(&users.iter().map(String::as_str).collect::<Vec<_>>(), &[&group]).await;
}

#[tokio::test]
async fn a_group_is_renamed_and_deleted_and_keeps_its_members_until_then() {
    let stage = Stage::set().await;
    let (user, group) = (stage.user("stays").await, stage.group("before").await);
    let path = format!("/Groups/{group}");
    stage.patch(&path, json!([{"op": "add", "path": "members", "value": [{"value": user}]}])).await;
    stage.patch(&path, json!([{"op": "replace", "value": {"displayName": stage.login("after")}}])).await;
    assert_eq!(stage.members(&group).await, [user.as_str()]);
    let own = stage.own(&format!("GET /3.1/lists/{group}"), Value::Null).await.body;
    assert_eq!((&own["display_name"], &own["list_id"]), (&json!(stage.login("after")), &json!(group)));
    stage.expect(204, &format!("DELETE {path}"), Value::Null).await;
    stage.expect(404, &format!("GET {path}"), Value::Null).await;
    stage.expect(404, &format!("DELETE {path}"), Value::Null).await;
    assert_eq!(stage.own(&format!("GET /3.1/lists/{group}"), Value::Null).await.status, 404);
    stage.clear(&[&user], &[]).await;
}
