//! What the process writes: a line for each request, and never a value that came with one.

use crate::stage::{Process, Product, Script, folder, id, raw, until};
use crate::standin::fault::{Fault, Kind, Moment};
use serde_json::json;

const VALUES: [&str; 9] = [
    "zebulon",
    "Quagmire",
    "8aa1-external",
    "secretplace",
    "wrongtoken",
    "moqups-secret-key",
    "Yggdrasil",
    "bananarama",
    "zebra-crossing",
];

/// Everything a client may send or see, and everything that may go wrong with it.
async fn commotion(process: &Process, product: &Product) {
    let client = process.client("moqups", &process.token);
    let body = json!({ "userName": "zebulon@secretplace.test", "displayName": "Quagmire", "externalId": "8aa1-external",
        "emails": [{ "type": "work", "value": "zebulon@secretplace.test" }], "name": { "formatted": "Yggdrasil" }, "title": "Quagmire" });
    let made = client.send("POST /Users", Some(&body)).await.unwrap();
    let user = format!("/Users/{}", id(&made));
    client.send("POST /Users", Some(&body)).await.unwrap();
    let patch = |value: &str| json!({ "Operations": [{ "op": "replace", "path": "displayName", "value": value }] });
    for kind in [Kind::Drop, Kind::Nonsense, Kind::Status { status: 500 }, Kind::Half, Kind::Huge { bytes: 10_000_000 }]
    {
        product.controls.faults.inject(Fault { kind, requests: None, only: None, when: Moment::After });
        client.send(&format!("PATCH {user}"), Some(&patch("Quagmire"))).await.unwrap();
        client.send(&format!("GET {user}"), None).await.unwrap();
        client.send("POST /Users", Some(&json!({ "userName": "zebulon2@secretplace.test" }))).await.unwrap();
        client.send("GET /Users?filter=userName+eq+%22zebulon@secretplace.test%22", None).await.unwrap();
        product.controls.faults.clear();
    }
    client.send("GET /Users?filter=userName+eqq+%22zebulon%22", None).await.unwrap();
    client.send("GET /Users?filter=displayName+co+%22Quagmire%22", None).await.unwrap();
    client.send("GET /Users/zebra-crossing", None).await.unwrap();
    client.send("GET /zebra-crossing/zebulon", None).await.unwrap();
    client.send("POST /Users", Some(&json!({ "userName": "a", "active": "bananarama" }))).await.unwrap();
    let invalid = json!({ "userName": "zebulon3", "emails": [{ "type": "work", "value": "Quagmire" }] });
    client.send("POST /Users", Some(&invalid)).await.unwrap();
    product.execute("UPDATE people SET login = '' WHERE login LIKE 'zebulon@%'");
    client.send(&format!("GET {user}"), None).await.unwrap();
    process.client("moqups", "wrongtoken").send("GET /Users", None).await.unwrap();
    process.client("secretplace", &process.token).send("GET /Users", None).await.unwrap();
    raw::exchange(process.address.parse().unwrap(), "GET /zebulon secretplace\r\nBearer wrongtoken\r\n\r\n").await;
    client.send(&format!("DELETE {user}"), None).await.unwrap();
}

async fn logged(log: &str) -> (String, String) {
    let folder = folder();
    let product = Product::start(folder.path()).await;
    let target_limits = "{ answer: 1MiB }".to_owned();
    let script = Script { log: log.to_owned(), target_limits, ..Script::keeping("externalId") };
    let process = Process::start(folder.path(), &script, &product).await;
    commotion(&process, &product).await;
    (process.said(), process.token.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_is_ever_logged_whatever_the_level_and_the_form() {
    for log in ["{}", "{ format: json, level: trace }", "{ level: debug }"] {
        let (said, token) = logged(log).await;
        assert!(said.lines().count() > 30, "{said}");
        for value in VALUES.into_iter().chain([token.as_str()]) {
            let found: Vec<&str> =
                said.lines().filter(|line| line.to_lowercase().contains(&value.to_lowercase())).collect();
            assert!(found.is_empty(), "{log}: {value}: {found:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_has_one_line_with_its_id_route_status_and_calls() {
    let folder = folder();
    let product = Product::start(folder.path()).await;
    let script = Script { log: "{ format: json }".to_owned(), ..Script::default() };
    let process = Process::start(folder.path(), &script, &product).await;
    let client = process.client("moqups", &process.token);
    let made = client.send("POST /Users", Some(&json!({ "userName": "mo@contoso.test" }))).await.unwrap();
    let read = client.send(&format!("GET /Users/{}", id(&made)), None).await.unwrap();
    for (answer, method, route, status) in [(&made, "POST", "/Users", 201), (&read, "GET", "/Users/{id}", 200)] {
        let request_id = answer.headers["x-request-id"].to_str().unwrap();
        until("the access line", || process.said().contains(request_id)).await;
        let said = process.said();
        let lines: Vec<serde_json::Value> = said
            .lines()
            .filter(|line| line.contains(request_id))
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 1, "{said}");
        let fields = lines[0].get("fields").unwrap_or(&lines[0]);
        assert_eq!((&fields["method"], &fields["route"]), (&json!(method), &json!(route)), "{fields}");
        assert_eq!((&fields["status"], &fields["calls"]), (&json!(status), &json!(1)), "{fields}");
    }
}
