//! Many users and rooms, read page by page.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::stage::{ROOMS, Stage, USERS, text};

#[tokio::test]
async fn every_one_of_many_users_is_on_one_page_and_on_one_only() {
    const MANY: usize = 250;
    let stage = Stage::alone().await;
    let names: Vec<String> = (0..MANY).map(|number| format!("page{number:03}")).collect();
    for name in &names {
        stage.made(&format!("PUT {USERS}/{}", stage.mxid(name)), json!({"displayname": name})).await;
    }
    stage.made(&format!("PUT {USERS}/{}", stage.mxid("page003")), json!({"locked": true})).await;
    stage.made(&format!("PUT {USERS}/{}", stage.mxid("page004")), json!({"deactivated": true})).await;
    stage.clear(&["page005"], &[]).await;

    let all =
        stage.made(&format!("GET {USERS}?limit=100000&deactivated=true&locked=true&guests=false"), Value::Null).await;
    let shown = |user: &&Value| user["erased"] == false && user["name"] != stage.account;
    let expected: BTreeSet<String> = all["users"].as_array().unwrap().iter().filter(shown).map(local_part).collect();
    assert!(expected.len() >= MANY - 1);
    let walked = stage.walk("/Users", 60).await;
    let names_walked: BTreeSet<String> = walked.iter().map(|user| text(&user["userName"])).collect();
    let ids: BTreeSet<String> = walked.iter().map(|user| text(&user["id"])).collect();
    assert_eq!((walked.len(), ids.len()), (expected.len(), expected.len()), "each exactly once");
    assert_eq!(names_walked, expected);
    for (name, active) in [("page002", true), ("page003", false), ("page004", false)] {
        let user = walked.iter().find(|user| user["userName"] == stage.login(name)).expect(name);
        assert_eq!(user["active"], active, "{name}");
        let read = stage.expect(200, &format!("GET /Users/{}", text(&user["id"])), Value::Null).await;
        assert_eq!(user["meta"]["created"], read["meta"]["created"], "milliseconds here, seconds there");
    }
    stage.clear(&names.iter().map(String::as_str).collect::<Vec<_>>(), &[]).await;
}

#[tokio::test]
async fn every_room_of_the_gateways_is_on_one_page_and_on_one_only() {
    let stage = Stage::alone().await;
    let mut rooms = BTreeSet::new();
    for number in 0..7 {
        rooms.insert(stage.group(&format!("room{number}")).await);
    }
    let walked = stage.walk("/Groups", 3).await;
    let ids: BTreeSet<String> = walked.iter().map(|room| text(&room["id"])).collect();
    assert_eq!((walked.len(), &ids), (rooms.len(), &rooms), "each exactly once, and nobody else's");
    for room in &rooms {
        assert_eq!(stage.made(&format!("GET {ROOMS}/{room}"), Value::Null).await["creator"], stage.account);
    }
    stage.clear(&[], &rooms.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

fn local_part(user: &Value) -> String {
    user["name"]
        .as_str()
        .and_then(|name| name.strip_prefix('@')?.strip_suffix(":example.com"))
        .expect("@name:example.com")
        .to_owned()
}
