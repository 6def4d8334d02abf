//! SIGTERM to the process: what was begun is finished and answered, then it ends with 0.

use crate::stage::{CHANGE, CREATE, Process, Product, Script, folder, raw, until};
use crate::standin::fault::{Kind, Moment};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_write_in_flight_is_finished_and_answered_before_the_end() {
    let folder = folder();
    let product = Product::start(folder.path()).await;
    let process = Process::start(folder.path(), &Script::default(), &product).await;
    product.suffers_once(Kind::Slow { ms: 500 }, "POST", Moment::Before);
    let client = process.client("moqups", &process.token);
    let write = tokio::spawn(async move {
        client.send("POST /Users", Some(&json!({ "userName": "mo@contoso.test" }))).await.unwrap()
    });
    until("the product is asked", || product.was_called(CREATE)).await;
    process.terminate();
    let answer = write.await.unwrap();
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(product.rows().len(), 1);
    assert_eq!(process.ended().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_let_in_any_more_once_it_stops() {
    let folder = folder();
    let product = Product::start(folder.path()).await;
    let process = Process::start(folder.path(), &Script::default(), &product).await;
    let (address, client) = (process.address.clone(), process.client("moqups", &process.token));
    assert_eq!(client.send("GET /Users", None).await.unwrap().status, 200);
    process.terminate();
    assert_eq!(process.ended().await, Some(0));
    assert!(tokio::net::TcpStream::connect(&address).await.is_err());
    assert!(client.send("GET /Users", None).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_client_hung_up_is_finished_before_the_end() {
    let folder = folder();
    let product = Product::start(folder.path()).await;
    let script = Script::keeping("externalId");
    let process = Process::start(folder.path(), &script, &product).await;
    let client = process.client("moqups", &process.token);
    let made = client.send("POST /Users", Some(&json!({ "userName": "mo@contoso.test" }))).await.unwrap();
    product.suffers_once(Kind::Slow { ms: 500 }, "PATCH", Moment::Before);
    let id = crate::stage::id(&made);
    let body =
        json!({ "Operations": [{ "op": "replace", "value": { "displayName": "After", "externalId": "8aa1" } }] })
            .to_string();
    let request = format!(
        "PATCH /moqups/scim/v2/Users/{id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
        process.token,
        body.len()
    );
    let connection = raw::send(process.address.parse().unwrap(), &request).await;
    until("the product is asked", || product.was_called(CHANGE)).await;
    drop(connection);
    process.terminate();
    assert_eq!(process.ended().await, Some(0));
    assert_eq!(product.rows()[0].display_name.as_deref(), Some("After"));
    let again = Process::start_again(folder.path()).await;
    let read = again.client("moqups", &again.token).send(&format!("GET /Users/{id}"), None).await.unwrap();
    assert_eq!(read.body["externalId"], "8aa1", "{read:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_is_there_after_a_kill() {
    let folder = folder();
    let product = Product::start(folder.path()).await;
    let process = Process::start(folder.path(), &Script::keeping("externalId"), &product).await;
    let client = process.client("moqups", &process.token);
    let made = client
        .send("POST /Users", Some(&json!({ "userName": "mo@contoso.test", "externalId": "8aa1" })))
        .await
        .unwrap();
    drop(process);
    let again = Process::start_again(folder.path()).await;
    let read = again
        .client("moqups", &again.token)
        .send(&format!("GET /Users/{}", crate::stage::id(&made)), None)
        .await
        .unwrap();
    assert_eq!((read.status, &read.body["externalId"]), (200, &json!("8aa1")));
}
