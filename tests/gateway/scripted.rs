//! Scripts that plan calls, and scripts that say what an answer means: at the product's socket, nothing is called twice or in vain.

use crate::client::Answer;
use crate::stage::{Behind, Heard, Site, assert_error, folder, reply, transom, write};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// It answers 200 to everything, one field goes at a time, and errors are words.
const MAPPING: &str = "\
edition: 1
product: In words
answers: [{ status: 200, script: told, detail: $.error }]
calls:
  set: { call: \"PUT /users/<who>/<field>\", body: { to: <to> } }
User:
  key: { at: $.id, stable: true }
  attributes:
    userName: { at: $.login, required: true, unique: true }
    title:    $.title
    nickName: $.nick
  read: GET /users/<key>
  list: { call: GET /users, items: $.users }
  create: { call: POST /users, result: none, key: $.id }
  update: { script: fields }
  delete: DELETE /users/<key>
";

const SCRIPT: &str = r#"
fn told(request, status, body) {
  if body.error == () { return; }
  if body.error.starts_with("nobody") { return "absent"; }
  if body.error.starts_with("taken") { return #{ means: "taken", detail: body.error }; }
  if body.error.starts_with("not now") { return "refused"; }
  "odd"
}

fn fields(before, after) {
  let calls = [];
  for field in ["login", "title", "nick"] {
    if after[field] != before[field] { calls.push(#{ via: "set", args: #{ who: before.id, field: field, to: after[field] } }); }
  }
  calls
}
"#;

/// The one account, and what the product says the next time that this is asked.
#[derive(Default)]
struct Held {
    account: Option<Value>,
    says: Option<(&'static str, Value)>,
    /// It does what it is asked before it says so.
    does: bool,
}

type Product = Arc<Mutex<Held>>;

async fn stage() -> (Product, Site, Behind) {
    let held = Product::default();
    held.lock().unwrap().account = Some(json!({ "id": "7", "login": "b", "title": "Guide" }));
    let behind_it = held.clone();
    let site = Site::start(move |heard| play(&mut behind_it.lock().unwrap(), heard)).await;
    let behind = Behind::scripted(&format!("http://{}", site.address), MAPPING, SCRIPT).await;
    (held, site, behind)
}

fn play(held: &mut Held, heard: &Heard) -> http::Response<String> {
    let said = held.says.take_if(|(line, _)| *line == heard.line);
    let done = match &said {
        Some(_) if !held.does => Value::Null,
        _ => act(held, heard),
    };
    reply(200, &said.map_or(done, |(_, says)| says))
}

fn act(held: &mut Held, heard: &Heard) -> Value {
    let body: Value = serde_json::from_str(&heard.body).unwrap_or_default();
    let (method, path) = heard.line.split_once(' ').unwrap();
    let nobody = json!({ "error": "nobody of that name" });
    match (method, path.split('/').nth(3)) {
        ("GET", _) if path == "/users" => json!({ "users": held.account.iter().collect::<Vec<_>>() }),
        ("GET", _) => held.account.clone().unwrap_or(nobody),
        ("POST", _) => {
            held.account = Some(json!({ "id": "8", "login": body["login"] }));
            json!({ "id": "8" })
        }
        ("PUT", Some(field)) => match &mut held.account {
            Some(account) => {
                account[field] = body["to"].clone();
                json!({})
            }
            None => nobody,
        },
        _ => held.account.take().map_or(nobody, |_| json!({})),
    }
}

fn says(product: &Product, line: &'static str, error: &str) {
    product.lock().unwrap().says = Some((line, json!({ "error": error })));
}

async fn rename(behind: &Behind) -> Answer {
    let body = json!({ "Operations": [{ "op": "replace", "value": { "title": "Lead", "nickName": "Babs" } }] });
    behind.client.send("PATCH /Users/7", Some(&body)).await.unwrap()
}

#[tokio::test]
async fn planned_calls_run_in_order_the_first_refusal_stops_and_a_repeat_does_what_is_left() {
    let (product, site, behind) = stage().await;
    says(&product, "PUT /users/7/nick", "not now");
    let refused = rename(&behind).await;
    assert_error(&refused, 403, None);
    assert_eq!(refused.body["detail"], "not now");
    assert_eq!(site.lines(), ["GET /users/7", "PUT /users/7/title", "PUT /users/7/nick"]);
    let repeated = rename(&behind).await;
    assert_eq!((repeated.status, &repeated.body["nickName"]), (200, &json!("Babs")), "{repeated:?}");
    assert_eq!(site.lines()[3..], ["GET /users/7", "PUT /users/7/nick", "GET /users/7"]);
}

#[tokio::test]
async fn a_planned_call_whose_answer_nobody_understands_is_looked_at_and_not_repeated() {
    for does in [true, false] {
        let (product, site, behind) = stage().await;
        product.lock().unwrap().does = does;
        says(&product, "PUT /users/7/title", "what?");
        let answer = rename(&behind).await;
        if does {
            assert_eq!((answer.status, &answer.body["title"]), (200, &json!("Lead")), "{answer:?}");
        } else {
            assert_error(&answer, 502, None);
            let detail = answer.body["detail"].as_str().unwrap();
            assert!(detail.contains("`told` (line 3 of the mapping)") && !detail.contains("what?"), "{detail}");
        }
        assert_eq!(site.count("PUT /users/7/title"), 1);
    }
}

#[tokio::test]
async fn errors_inside_of_200_are_what_the_function_says() {
    let (product, _site, behind) = stage().await;
    says(&product, "PUT /users/7/login", "taken by somebody");
    let body = json!({ "Operations": [{ "op": "replace", "path": "userName", "value": "c" }] });
    let taken = behind.client.send("PATCH /Users/7", Some(&body)).await.unwrap();
    assert_error(&taken, 409, Some("uniqueness"));
    assert_eq!(taken.body["detail"], "taken by somebody");
    product.lock().unwrap().account = None;
    for call in ["GET /Users/7", "DELETE /Users/7"] {
        assert_error(&behind.client.send(call, None).await.unwrap(), 404, None);
    }
    assert_error(&rename(&behind).await, 404, None);
}

#[tokio::test]
async fn a_create_whose_answer_nobody_understands_is_made_once() {
    let (product, site, behind) = stage().await;
    *product.lock().unwrap() = Held { does: true, ..Held::default() };
    says(&product, "POST /users", "what?");
    let body = json!({ "userName": "c" });
    let made = behind.client.send("POST /Users", Some(&body)).await.unwrap();
    assert_eq!((made.status, &made.body["id"]), (201, &json!("8")), "{made:?}");
    assert_eq!(site.count("POST /users"), 1, "{:?}", site.lines());
}

#[tokio::test]
async fn what_a_function_plans_is_explained_where_the_account_is_given() {
    let folder = folder();
    write(folder.path(), "site.yaml", MAPPING);
    write(folder.path(), "site.rhai", SCRIPT);
    write(folder.path(), "body.json", r#"{"Operations": [{"op": "replace", "path": "title", "value": "Lead"}]}"#);
    write(folder.path(), "account.json", r#"{"id": "7", "login": "b", "title": "Guide"}"#);
    let asked = ["explain", "--mapping", "site.yaml", "--request", "PATCH /Users/7", "--body", "body.json"];
    let open = transom(folder.path(), &asked).await;
    assert!(open.code == Some(0) && open.out.contains("`fields` plans further calls"), "{open:?}");
    let given = transom(folder.path(), &[&asked[..], &["--account", "account.json"]].concat()).await;
    let told = "2. PUT /users/7/title\n     {\"to\":\"Lead\"}\n     planned by `fields`   site.yaml:15\n";
    assert!(given.code == Some(0) && given.out.contains(told), "{given:?}");
}
