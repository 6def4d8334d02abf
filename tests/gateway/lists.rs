//! Windows over more accounts than the product gives at a time: exact, in one order, and no dearer than they must be.

use crate::stage::{LIST, Stage, assert_error};
use serde_json::{Value, json};

const PEOPLE: usize = 250;

async fn stage() -> Stage {
    let stage = Stage::start().await;
    stage.product.insert_many(PEOPLE);
    stage
}

async fn page(stage: &Stage, query: &str) -> Value {
    let answer = stage.call(&format!("GET /Users?{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["totalResults"], PEOPLE, "{query}");
    assert_eq!(answer.body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]));
    assert_eq!(answer.body["itemsPerPage"], answer.body["Resources"].as_array().unwrap().len());
    answer.body
}

/// The numbers in the names of a page's users.
fn numbers(page: &Value) -> Vec<usize> {
    let number = |user: &Value| user["userName"].as_str().unwrap()[4..8].parse().unwrap();
    page["Resources"].as_array().unwrap().iter().map(number).collect()
}

#[tokio::test]
async fn every_window_is_exact() {
    let stage = stage().await;
    let windows = [
        (1, 1),
        (1, 100),
        (1, 250),
        (1, 1000),
        (2, 99),
        (99, 3),
        (100, 1),
        (100, 101),
        (101, 100),
        (150, 37),
        (201, 50),
        (249, 10),
        (250, 1),
    ];
    for (start, count) in windows {
        let found = page(&stage, &format!("startIndex={start}&count={count}")).await;
        let wanted: Vec<usize> = (start..=PEOPLE).take(count).collect();
        assert_eq!(numbers(&found), wanted, "{start}, {count}");
        assert_eq!(found["startIndex"], start);
    }
}

#[tokio::test]
async fn pages_of_any_size_put_together_are_everybody_once() {
    let stage = stage().await;
    for size in [7, 64, 100, 120] {
        let mut all = Vec::new();
        while all.len() < PEOPLE {
            all.extend(numbers(&page(&stage, &format!("startIndex={}&count={size}", all.len() + 1)).await));
        }
        assert_eq!(all, (1..=PEOPLE).collect::<Vec<_>>(), "pages of {size}");
    }
}

#[tokio::test]
async fn a_page_costs_the_calls_it_needs() {
    let stage = stage().await;
    for (query, calls) in
        [("count=0", 1), ("count=50", 1), ("count=100", 1), ("startIndex=101&count=100", 1), ("count=250", 3)]
    {
        page(&stage, query).await;
        assert_eq!(stage.product.take_calls(), [(LIST, calls)], "{query}");
    }
}

#[tokio::test]
async fn without_numbers_there_are_a_hundred_and_odd_numbers_are_put_right() {
    let stage = stage().await;
    assert_eq!(numbers(&page(&stage, "").await).len(), 100);
    for query in ["startIndex=0&count=2", "startIndex=-7&count=2", "startIndex=&count=2"] {
        assert_eq!(numbers(&page(&stage, query).await), [1, 2], "{query}");
    }
    for query in ["count=0", "count=-1", "startIndex=251", "startIndex=99999999999999999999&count=10"] {
        assert_eq!(page(&stage, query).await["Resources"], json!([]), "{query}");
    }
    for query in ["count=many", "startIndex=1.5"] {
        assert_error(&stage.call(&format!("GET /Users?{query}")).await, 400, Some("invalidValue"));
    }
}

#[tokio::test]
async fn a_window_over_matches_counts_them_all() {
    let stage = stage().await;
    let filter = "filter=userName+eq+%22user0001@contoso.test%22+or+userName+eq+%22user0007@contoso.test%22";
    for (window, wanted) in
        [("count=1", vec![1]), ("startIndex=2&count=5", vec![7]), ("startIndex=3", vec![]), ("count=0", vec![])]
    {
        let answer = stage.call(&format!("GET /Users?{filter}&{window}")).await;
        assert_eq!((answer.status, &answer.body["totalResults"]), (200, &json!(2)), "{answer:?}");
        assert_eq!(numbers(&answer.body), wanted, "{window}");
    }
}

#[tokio::test]
async fn attributes_are_shown_and_left_out_as_asked_and_the_id_always_is() {
    let stage = stage().await;
    let shown = page(&stage, "count=2&excludedAttributes=active,meta,userName,id,schemas").await;
    let user = shown["Resources"][0].as_object().unwrap();
    assert!(user.contains_key("id") && !user.contains_key("active") && !user.contains_key("meta"), "{user:?}");
    let shown = page(&stage, "count=2&attributes=userName").await;
    let user = shown["Resources"][0].as_object().unwrap();
    assert!(user.contains_key("id") && user.contains_key("userName") && !user.contains_key("active"), "{user:?}");
}
