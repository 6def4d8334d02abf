//! Four tags are the groups: a fixed set, whose members are the users that carry them.

use serde_json::{Value, json};

use super::stage::{Stage, filtered, patch_body, text};

#[tokio::test]
async fn the_groups_are_the_four_tags_that_mean_something() {
    let stage = Stage::set().await;
    let list = stage.expect(200, "GET /Groups?excludedAttributes=members", Value::Null).await;
    let names: Vec<String> =
        list["Resources"].as_array().unwrap().iter().map(|group| text(&group["displayName"])).collect();
    assert_eq!(names, ["administrator", "management", "monitoring", "policymaker"]);
    assert_eq!(list["totalResults"], 4);
    assert!(stage.relay.take_calls().is_empty(), "nobody need be asked for what the mapping states");
    let found = stage.expect(200, &filtered("/Groups", "displayName eq \"monitoring\""), Value::Null).await;
    let id = text(&found["Resources"][0]["id"]);
    let read = stage.expect(200, &format!("GET /Groups/{id}"), Value::Null).await;
    assert_eq!(read["displayName"], "monitoring");
    stage.expect(404, "GET /Groups/custom", Value::Null).await;
}

#[tokio::test]
async fn nobody_can_make_rename_or_delete_one() {
    let stage = Stage::set().await;
    let id = group(&stage, "monitoring").await;
    stage.expect(501, "POST /Groups", json!({"displayName": stage.login("guides")})).await;
    stage.expect(501, &format!("DELETE /Groups/{id}"), Value::Null).await;
    let rename = patch_body(&json!([{"op": "replace", "path": "displayName", "value": "watchers"}]));
    let refused = stage.expect(400, &format!("PATCH /Groups/{id}"), rename).await;
    assert_eq!(refused["scimType"], "mutability");
}

#[tokio::test]
async fn a_member_is_a_tag_and_the_users_other_tags_and_password_stay() {
    let stage = Stage::set().await;
    let name = stage.own_user("member", &["custom"]).await;
    let (user, group) = (stage.id_of(&name).await, group(&stage, "monitoring").await);
    let path = format!("/Groups/{group}");
    for _ in 0..2 {
        stage.patch(&path, json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": user}]}])).await;
        assert_eq!(stage.tags(&name).await, ["custom", "monitoring"], "adding twice is adding once");
    }
    let read = stage.expect(200, &path.replacen("/G", "GET /G", 1), Value::Null).await;
    let members: Vec<String> =
        read["members"].as_array().unwrap().iter().map(|member| text(&member["value"])).collect();
    assert!(members.contains(&user), "{read}");
    let shown = stage.expect(200, &format!("GET /Users/{user}"), Value::Null).await;
    assert_eq!(shown["groups"].as_array().map(Vec::len), Some(1), "a tag that is no group is not shown: {shown}");
    assert_eq!((&shown["groups"][0]["value"], &shown["groups"][0]["display"]), (&json!(group), &json!("monitoring")));

    stage.patch(&path, json!([{"op": "remove", "path": format!("members[value eq \"{user}\"]")}])).await;
    assert_eq!(stage.tags(&name).await, ["custom"]);
    assert!(!stage.may_manage(&name, "first-pw").await, "no tag, no management");
    stage.patch(&path, json!([{"op": "add", "path": "members", "value": [{"value": user}]}])).await;
    assert!(stage.may_manage(&name, "first-pw").await, "the password is the same");
    stage.clear(&[&name]).await;
}

#[tokio::test]
async fn fifty_member_changes_at_once_leave_exactly_the_right_members() {
    let stage = Stage::set().await;
    let (mut patches, mut right, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..50 {
        let leaves = number % 2 == 0;
        let name = stage.own_user(&format!("crowd{number:02}"), if leaves { &["policymaker"] } else { &[] }).await;
        let user = stage.id_of(&name).await;
        patches.push(if leaves {
            json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": user}]}])
        } else {
            right.push(name.clone());
            json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": user}]}])
        });
        names.push(name);
    }
    let group = group(&stage, "policymaker").await;
    stage.patch_at_once(&format!("/Groups/{group}"), patches).await;
    assert_eq!(stage.tagged("policymaker").await, right);
    stage.clear(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn parallel_changes_of_one_user_from_both_sides_all_hold() {
    let stage = Stage::set().await;
    let name = stage.own_user("pulled", &["custom"]).await;
    let user = stage.id_of(&name).await;
    let add = json!([{"op": "Add", "path": "members", "value": [{"value": user}]}]);
    let (monitoring, policymaker) = (group(&stage, "monitoring").await, group(&stage, "policymaker").await);
    let (one, two) = (format!("/Groups/{monitoring}"), format!("/Groups/{policymaker}"));
    let own = format!("/Users/{user}");
    tokio::join!(
        stage.patch(&one, add.clone()),
        stage.patch(&own, json!([{"op": "Replace", "path": "active", "value": false}])),
        stage.patch(&two, add.clone()),
    );
    let mut tags = stage.tags(&name).await;
    tags.sort();
    assert_eq!(tags, ["custom", "monitoring", "policymaker"]);
    assert_eq!(stage.account(&name).await.unwrap()["limits"]["max-connections"], 0);
    stage.clear(&[&name]).await;
}

/// The id of one of the groups.
async fn group(stage: &Stage, name: &str) -> String {
    let call = format!("{}&excludedAttributes=members", filtered("/Groups", &format!("displayName eq \"{name}\"")));
    text(&stage.expect(200, &call, Value::Null).await["Resources"][0]["id"])
}
