//! Rooms as groups: join and kick, the gateway's own account in the background, deletion that takes its time.

use serde_json::{Value, json};

use super::stage::{ROOMS, Stage, filtered};

#[tokio::test]
async fn a_group_is_a_room_of_the_gateways_account() {
    let stage = Stage::set().await;
    let body = json!({"displayName": stage.login("Tour Guides Ö"), "externalId": stage.login("ext")});
    let group = stage.expect(201, "POST /Groups", body).await;
    let id = group["id"].as_str().expect("an id").to_owned();
    let room = stage.made(&format!("GET {ROOMS}/{id}"), Value::Null).await;
    assert_eq!((&room["name"], &room["creator"]), (&json!(stage.login("Tour Guides Ö")), &json!(stage.account)));
    assert_eq!((&room["public"], &room["join_rules"]), (&json!(false), &json!("invite")));
    let read = stage.expect(200, &format!("GET /Groups/{id}"), Value::Null).await;
    assert_eq!((&read["displayName"], &read["externalId"]), (&room["name"], &json!(stage.login("ext"))));
    assert!(read.get("members").is_none(), "the gateway's own account is nobody's member: {read}");

    let filter = format!("displayName eq \"{}\"", stage.login("TOUR guides ö"));
    let call = format!("{}&excludedAttributes=members", filtered("/Groups", &filter));
    stage.relay.take_calls();
    let list = stage.expect(200, &call, Value::Null).await;
    assert_eq!((&list["totalResults"], &list["Resources"][0]["id"]), (&json!(1), &json!(id)), "{list}");
    assert!(stage.relay.take_calls().iter().all(|call| call.starts_with(&format!("GET {ROOMS}?"))));
    stage.clear(&[], &[&id]).await;
}

#[tokio::test]
async fn peoples_own_rooms_are_no_groups() {
    let stage = Stage::set().await;
    let private = json!({"name": stage.login("private"), "preset": "private_chat"});
    let room = stage.made("POST /_matrix/client/v3/createRoom", private).await["room_id"].as_str().unwrap().to_owned();
    let filter = format!("displayName eq \"{}\"", stage.login("private"));
    assert_eq!(stage.expect(200, &filtered("/Groups", &filter), Value::Null).await["totalResults"], 0);
    stage.expect(404, &format!("GET /Groups/{room}"), Value::Null).await;
    stage.expect(404, &format!("DELETE /Groups/{room}"), Value::Null).await;
    assert_eq!(stage.own(&format!("GET {ROOMS}/{room}"), Value::Null).await.status, 200);
    stage.clear(&[], &[&room]).await;
}

#[tokio::test]
async fn a_member_joins_and_is_kicked_by_one_call_each() {
    let stage = Stage::set().await;
    let (user, group) = (stage.user("member").await, stage.group("team").await);
    let path = format!("/Groups/{group}");
    for _ in 0..2 {
        stage.patch(&path, json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": user}]}])).await;
        assert_eq!(stage.members(&group).await, [stage.mxid("member")], "adding twice is adding once");
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
    assert_eq!(writes(&stage), 1);
    stage.patch(&path, json!([{"op": "remove", "path": format!("members[value eq \"{user}\"]")}])).await;
    assert_eq!(writes(&stage), 1);
    assert!(stage.members(&group).await.is_empty());
    stage.clear(&["member"], &[&group]).await;
}

#[tokio::test]
async fn members_are_replaced_and_the_gateways_account_stays() {
    let stage = Stage::set().await;
    let (ann, joe, group) = (stage.user("ann").await, stage.user("joe").await, stage.group("replaced").await);
    for members in [vec![("ann", &ann)], vec![("joe", &joe)], vec![]] {
        let values: Vec<Value> = members.iter().map(|(_, id)| json!({"value": id})).collect();
        let body = json!({"displayName": stage.login("replaced"), "members": values});
        stage.expect(200, &format!("PUT /Groups/{group}"), body).await;
        let expected: Vec<String> = members.iter().map(|(name, _)| stage.mxid(name)).collect();
        assert_eq!(stage.members(&group).await, expected);
    }
    stage.clear(&["ann", "joe"], &[&group]).await;
}

#[tokio::test]
async fn fifty_member_changes_in_flight_leave_exactly_the_right_members() {
    const HALF: usize = 25;
    let stage = Stage::set().await;
    let group = stage.group("crowd").await;
    let names: Vec<String> = (0..2 * HALF).map(|number| format!("crowd{number:02}")).collect();
    let mut ids = Vec::new();
    for name in &names {
        ids.push(stage.own_user(name).await);
    }
    // Through the gateway: only those in a room can let others in, and the test's own administrator is not.
    for id in &ids[..HALF] {
        stage
            .patch(&format!("/Groups/{group}"), json!([{"op": "Add", "path": "members", "value": [{"value": id}]}]))
            .await;
    }
    assert_eq!(stage.members(&group).await.len(), HALF);
    let change = |op: &str, id: &String| json!([{"op": op, "path": "members", "value": [{"value": id}]}]);
    let mut patches: Vec<Value> = ids[..HALF].iter().map(|id| change("Remove", id)).collect();
    patches.extend(ids[HALF..].iter().map(|id| change("Add", id)));
    stage.patch_at_once(&format!("/Groups/{group}"), patches).await;
    let expected: Vec<String> = names[HALF..].iter().map(|name| stage.mxid(name)).collect();
    assert_eq!(stage.members(&group).await, expected);
    stage.clear(&names.iter().map(String::as_str).collect::<Vec<_>>(), &[&group]).await;
}

#[tokio::test]
async fn a_group_is_renamed_and_deleted_and_is_gone_when_the_answer_comes() {
    let stage = Stage::set().await;
    let (user, group) = (stage.user("stays").await, stage.group("before").await);
    let path = format!("/Groups/{group}");
    stage.patch(&path, json!([{"op": "add", "path": "members", "value": [{"value": user}]}])).await;
    stage.patch(&path, json!([{"op": "replace", "value": {"displayName": stage.login("after")}}])).await;
    assert_eq!(stage.members(&group).await, [stage.mxid("stays")]);
    assert_eq!(stage.made(&format!("GET {ROOMS}/{group}"), Value::Null).await["name"], stage.login("after"));
    stage.expect(204, &format!("DELETE {path}"), Value::Null).await;
    let room = stage.own(&format!("GET {ROOMS}/{group}"), Value::Null).await;
    assert_eq!(room.status, 404, "Synapse answers a delete long before it is done: {:?}", room.body);
    stage.expect(404, &format!("GET {path}"), Value::Null).await;
    stage.expect(404, &format!("DELETE {path}"), Value::Null).await;
    assert_ne!(stage.shown("stays").await, Value::Null);
    stage.clear(&["stays"], &[]).await;
}

fn writes(stage: &Stage) -> usize {
    stage.relay.take_calls().iter().filter(|call| !call.starts_with("GET ")).count()
}
