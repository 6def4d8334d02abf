//! Accounts of several answers: at the product's socket only those calls arrive that an answer needs.

use crate::stage::{DELETE, LIST, READ, Script, Stage};
use serde_json::json;

/// The shipped mapping, with the display name in an answer of its own.
async fn stage() -> Stage {
    let told = Script::replacing("    displayName: ", "    title: { read: $.again.displayName }\n    displayName: ");
    let read = "  read: GET /api/v1/people/<key>\n";
    assert!(told.mapping.contains(read));
    let several = "  read: { account: GET /api/v1/people/<key>, again: { call: GET /api/v1/people/<key>?again=1, result: $.person } }\n";
    Stage::with(Script { mapping: told.mapping.replacen(read, several, 1), ..told }).await
}

#[tokio::test]
async fn one_account_costs_the_answers_that_are_wanted() {
    let stage = stage().await;
    let id = stage.user("a@contoso.test").await;
    for (query, reads) in [
        ("", 2),
        ("?attributes=userName", 1),
        ("?attributes=title", 2),
        ("?excludedAttributes=title", 1),
        ("?attributes=userName,title", 2),
    ] {
        let answer = stage.call(&format!("GET /Users/{id}{query}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(stage.product.take_calls(), [(READ, reads)], "{query}");
        let shown = if reads == 2 { json!("Before") } else { json!(null) };
        assert_eq!(answer.body["title"], shown, "{query}");
    }
}

#[tokio::test]
async fn items_of_a_list_take_what_they_lack_and_no_more() {
    let stage = stage().await;
    for name in ["a@contoso.test", "b@contoso.test", "c@contoso.test"] {
        stage.user(name).await;
    }
    let plain = stage.call("GET /Users?attributes=userName").await;
    assert_eq!((plain.status, &plain.body["totalResults"]), (200, &json!(3)), "{plain:?}");
    assert_eq!(stage.product.take_calls(), [(LIST, 1)]);
    let lacking = stage.call("GET /Users?attributes=title&count=2").await;
    assert_eq!(lacking.body["Resources"][1]["title"], "Before", "{lacking:?}");
    assert_eq!(stage.product.take_calls(), [(LIST, 1), (READ, 2)]);
}

#[tokio::test]
async fn nobody_is_asked_about_further_who_is_not_there() {
    let stage = stage().await;
    let id = stage.user("a@contoso.test").await;
    assert_eq!(stage.call(&format!("DELETE /Users/{id}")).await.status, 204);
    assert_eq!(stage.product.take_calls(), [(DELETE, 1)]);
    assert_eq!(stage.call(&format!("GET /Users/{id}")).await.status, 404);
    assert_eq!(stage.product.take_calls(), [(READ, 1)]);
}
