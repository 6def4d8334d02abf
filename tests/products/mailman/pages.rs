//! Many users and lists, read page by page.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::stage::{Stage, entries, text};

#[tokio::test]
async fn every_one_of_many_users_and_lists_is_on_one_page_and_on_one_only() {
    const MANY: usize = 250;
    let stage = Stage::alone().await;
    for number in 0..MANY {
        stage.made("POST /3.1/users", json!({"email": stage.mail(&format!("page{number:03}"))})).await;
    }
    let users = stage.own("GET /3.1/users", Value::Null).await.body;
    let ids: BTreeSet<String> = entries(&users).map(|user| text(&user["user_id"])).collect();
    assert!(ids.len() >= MANY);
    let walked = stage.walk("/Users", 60).await;
    assert_eq!((walked.len(), seen(&walked)), (ids.len(), ids.clone()), "each exactly once");
    let names: BTreeSet<String> = walked.iter().map(|user| text(&user["userName"])).collect();
    assert!((0..MANY).all(|number| names.contains(&stage.mail(&format!("page{number:03}")))));
    let mine: Vec<&str> = walked
        .iter()
        .filter(|user| user["userName"].as_str().is_some_and(|name| name.starts_with("page")))
        .filter_map(|user| user["id"].as_str())
        .collect();
    stage.clear(&mine, &[]).await;

    let mut lists = Vec::new();
    for number in 0..7 {
        let name = format!("{}@example.com", stage.login(&format!("list{number}")));
        stage.made("POST /3.1/lists", json!({"fqdn_listname": name})).await;
        lists.push(name.replace('@', "."));
    }
    let own = stage.own("GET /3.1/lists", Value::Null).await.body;
    let ids: BTreeSet<String> = entries(&own).map(|list| text(&list["list_id"])).collect();
    let walked = stage.walk("/Groups", 3).await;
    assert_eq!((walked.len(), seen(&walked)), (ids.len(), ids));
    stage.clear(&[], &lists.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

fn seen(resources: &[Value]) -> BTreeSet<String> {
    resources.iter().map(|resource| text(&resource["id"])).collect()
}
