//! Groups and their members: written to the users, nobody lost.

use serde_json::{Value, json};

use super::stage::{Stage, filtered, patch_body, text};

#[tokio::test]
async fn a_group_is_found_by_its_name_without_its_members() {
    let stage = Stage::set().await;
    let id = stage.group("guides").await;
    stage.take_methods();
    let filter = format!("displayName eq \"{}\"", stage.login("guides"));
    let call = format!("{}&excludedAttributes=members", filtered("/Groups", &filter));
    let list = stage.expect(200, &call, Value::Null).await;
    assert_eq!((&list["totalResults"], &list["Resources"][0]["id"]), (&json!(1), &json!(id)), "{list}");
    let bodies = stage.take_bodies();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert!(bodies[0]["params"].get("selectUsers").is_none(), "nobody asked for members: {bodies:?}");
    stage.clear(&[], &[&id]).await;
}

#[tokio::test]
async fn a_switch_is_no_group_and_the_guest_no_member() {
    let stage = Stage::set().await;
    let list = stage.expect(200, "GET /Groups?count=1000", Value::Null).await;
    let groups = list["Resources"].as_array().unwrap();
    let named = |name: &str| groups.iter().find(|group| group["displayName"] == name);
    assert!(named("Zabbix administrators").is_some() && named("Disabled").is_none(), "{list}");
    let guests = named("Guests").expect("the group of the guest");
    assert!(guests.get("members").is_none_or(|members| members == &json!([])), "{guests}");
    stage.expect(404, "GET /Groups/9", Value::Null).await;
}

#[tokio::test]
async fn a_member_is_added_and_removed() {
    let stage = Stage::set().await;
    let (user, group) = (stage.user("member").await, stage.group("team").await);
    let path = format!("/Groups/{group}");
    for _ in 0..2 {
        stage.patch(&path, json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": user}]}])).await;
        assert_eq!(stage.members(&group).await, [user.as_str()], "adding twice is adding once");
    }
    let read = stage.expect(200, &format!("GET {path}"), Value::Null).await;
    assert_eq!((&read["members"][0]["value"], read["members"].as_array().map(Vec::len)), (&json!(user), Some(1)));
    assert_eq!(stage.groups_of(&user).await, ["SCIM users", stage.login("team").as_str()]);
    for _ in 0..2 {
        stage.patch(&path, json!([{"op": "remove", "path": format!("members[value eq \"{user}\"]")}])).await;
        assert!(stage.members(&group).await.is_empty());
    }
    stage.clear(&[&user], &[&group]).await;
}

#[tokio::test]
async fn a_group_can_begin_with_members_and_a_put_replaces_them() {
    let stage = Stage::set().await;
    let names: Vec<String> = ["one", "two", "three"].map(str::to_owned).into();
    let users = stage.own_users(&names, &[]).await;
    let members = |ids: &[String]| ids.iter().map(|id| json!({"value": id})).collect::<Vec<_>>();
    let body = json!({"displayName": stage.login("full"), "members": members(&users[..2])});
    let group = text(&stage.expect(201, "POST /Groups", body).await["id"]);
    assert_eq!(stage.members(&group).await, sorted(&users[..2]));
    let body = json!({"displayName": stage.login("fuller"), "members": members(&users[1..])});
    stage.expect(200, &format!("PUT /Groups/{group}"), body).await;
    assert_eq!(stage.members(&group).await, sorted(&users[1..]));
    stage.clear(&users.iter().map(String::as_str).collect::<Vec<_>>(), &[&group]).await;
}

#[tokio::test]
async fn fifty_member_changes_at_once_leave_exactly_the_right_members() {
    let stage = Stage::set().await;
    let group = stage.group("crowd").await;
    let names = |kind: &str| (0..25).map(|number| format!("{kind}{number:02}")).collect::<Vec<_>>();
    let leavers = stage.own_users(&names("leaver"), &[&group]).await;
    let joiners = stage.own_users(&names("joiner"), &[]).await;
    let patches = joiners.iter().zip(&leavers).flat_map(|(joins, leaves)| {
        [("Add", joins), ("Remove", leaves)]
            .map(|(op, user)| json!([{"op": op, "path": "members", "value": [{"$ref": null, "value": user}]}]))
    });
    stage.patch_at_once(&format!("/Groups/{group}"), patches.collect()).await;
    assert_eq!(stage.members(&group).await, sorted(&joiners));
    stage.clear(&joiners.iter().chain(&leavers).map(String::as_str).collect::<Vec<_>>(), &[&group]).await;
}

#[tokio::test]
async fn parallel_changes_of_one_user_from_both_sides_all_hold() {
    let stage = Stage::set().await;
    let (one, two, user) = (stage.group("one").await, stage.group("two").await, stage.user("pulled").await);
    let add = json!([{"op": "Add", "path": "members", "value": [{"value": user}]}]);
    let paths = [format!("/Groups/{one}"), format!("/Groups/{two}"), format!("/Users/{user}")];
    tokio::join!(
        stage.patch(&paths[0], add.clone()),
        stage.patch(&paths[2], json!([{"op": "Replace", "path": "active", "value": false}])),
        stage.patch(&paths[1], add.clone()),
    );
    assert_eq!(stage.groups_of(&user).await, ["Disabled", "SCIM users", &stage.login("one"), &stage.login("two")]);
    stage.clear(&[&user], &[&one, &two]).await;
}

#[tokio::test]
async fn who_would_be_left_without_any_group_stays() {
    let stage = Stage::set().await;
    let group = stage.group("only").await;
    let made = stage.rpc("user.create", json!({"username": stage.login("last"), "passwd": "First-pw-1", "roleid": "1", "usrgrps": [{"usrgrpid": group}]}));
    let user = text(&made.await["userids"][0]);
    let remove = patch_body(&json!([{"op": "remove", "path": format!("members[value eq \"{user}\"]")}]));
    let refused = stage.expect(400, &format!("PATCH /Groups/{group}"), remove).await;
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("cannot be empty")), "{refused}");
    let refused = stage.scim(&format!("DELETE /Groups/{group}"), Value::Null).await;
    assert!(matches!(refused.status, 400 | 403 | 409), "{refused:?}");
    assert!(
        refused.body["detail"].as_str().is_some_and(|detail| detail.contains("cannot be without user group")),
        "{refused:?}"
    );
    assert_eq!(stage.members(&group).await, [user.as_str()]);
    stage.clear(&[&user], &[&group]).await;
}

#[tokio::test]
async fn a_group_is_renamed_and_deleted_and_keeps_its_members_until_then() {
    let stage = Stage::set().await;
    let (user, group) = (stage.user("stays").await, stage.group("before").await);
    let path = format!("/Groups/{group}");
    stage.patch(&path, json!([{"op": "add", "path": "members", "value": [{"value": user}]}])).await;
    stage.patch(&path, json!([{"op": "replace", "value": {"displayName": stage.login("after")}}])).await;
    assert_eq!(stage.members(&group).await, [user.as_str()]);
    let own = stage.rpc("usergroup.get", json!({"usrgrpids": group})).await;
    assert_eq!(own[0]["name"], stage.login("after"));
    stage.expect(204, &format!("DELETE {path}"), Value::Null).await;
    stage.expect(404, &format!("GET {path}"), Value::Null).await;
    assert_eq!(stage.rpc("usergroup.get", json!({"usrgrpids": group})).await, json!([]));
    stage.clear(&[&user], &[]).await;
}

fn sorted(ids: &[String]) -> Vec<String> {
    let mut ids = ids.to_vec();
    ids.sort();
    ids
}
