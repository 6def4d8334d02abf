//! How clients may come: HTTP/1.1 and 2, with TLS and without, over IPv6; and what every answer carries.

use crate::client::{Answer, Client};
use crate::stage::{Front, Product};
use crate::stage::{Script, Stage, assert_error, folder, id, raw, write};
use bytes::Bytes;
use http::header::{ALLOW, LOCATION};
use http::{Request, Version};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use serde_json::{Value, json};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

#[tokio::test]
async fn http_2_is_spoken_without_tls() {
    let stage = Stage::start().await;
    stage.product.insert_many(3);
    let pool: Pool<_, Empty<Bytes>> = Pool::builder(TokioExecutor::new()).http2_only(true).build_http();
    let request = Request::get(format!("{}/Users?count=1", stage.front.base("moqups")))
        .header("authorization", format!("Bearer {}", stage.front.token))
        .body(Empty::new())
        .unwrap();
    let answer = pool.request(request).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_2));
    let body: Value = serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap();
    let location = body["Resources"][0]["meta"]["location"].as_str().unwrap().to_owned();
    assert!(location.starts_with(&stage.front.base("moqups")), "{location}");
}

/// A gateway with a certificate of its own, and who trusts it.
struct Secure {
    front: Front,
    roots: RootCertStore,
    _product: Product,
    _folder: TempDir,
}

async fn secure() -> Secure {
    let folder = folder();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    write(folder.path(), "c.pem", &made.cert.pem());
    write(folder.path(), "k.pem", &made.signing_key.serialize_pem());
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let product = Product::start(folder.path()).await;
    let listen = "{ address: '127.0.0.1:0', tls: { certificate: c.pem, key: k.pem } }".to_owned();
    let front = Front::open(folder.path(), &Script { listen, ..Script::default() }, &product).await.unwrap();
    Secure { front, roots, _product: product, _folder: folder }
}

/// One request over TLS; the protocols offered decide which HTTP it is.
async fn over_tls(
    secure: &Secure,
    versions: &[&'static SupportedProtocolVersion],
    offered: &[&str],
) -> (Version, Value) {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    let mut config = builder.with_root_certificates(secure.roots.clone()).with_no_client_auth();
    config.alpn_protocols = offered.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(secure.front.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TokioIo::new(TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap());
    let request =
        Request::get(format!("https://localhost:{}/moqups/scim/v2/ServiceProviderConfig", secure.front.address.port()))
            .header("authorization", format!("Bearer {}", secure.front.token))
            .header("host", "scim.example.com")
            .body(Empty::<Bytes>::new())
            .unwrap();
    let answer = if offered.contains(&"h2") {
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await.unwrap()
    } else {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await.unwrap()
    };
    let version = answer.version();
    (version, serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap())
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken_with_http_1_1_and_2() {
    let secure = secure().await;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        for (offered, spoken) in
            [(&["h2", "http/1.1"][..], Version::HTTP_2), (&["http/1.1"], Version::HTTP_11), (&[], Version::HTTP_11)]
        {
            let (http, body) = over_tls(&secure, &[version], offered).await;
            assert_eq!(http, spoken, "{version:?} {offered:?}");
            let location = body["meta"]["location"].as_str().unwrap();
            assert!(location.starts_with("https://scim.example.com/moqups/scim/v2/"), "{location}");
        }
    }
}

#[tokio::test]
async fn a_client_that_speaks_plain_http_to_a_tls_port_gets_nothing_and_harms_nobody() {
    let secure = secure().await;
    let mut plain = raw::send(secure.front.address, "GET /moqups/scim/v2/Users HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut said = Vec::new();
    while plain.read_buf(&mut said).await.is_ok_and(|count| count > 0) {}
    assert!(!said.starts_with(b"HTTP/"), "{said:?}");
    assert_eq!(over_tls(&secure, &[&rustls::version::TLS13], &["h2"]).await.0, Version::HTTP_2);
}

#[tokio::test]
async fn ipv6_clients_are_served_and_get_addresses_they_can_use() {
    let stage = Stage::with(Script { listen: "'[::1]:0'".to_owned(), ..Script::default() }).await;
    let made = stage.send("POST /Users", json!({ "userName": "mo@contoso.test" })).await;
    let location = made.headers[LOCATION].to_str().unwrap().to_owned();
    assert!(
        location.starts_with(&format!("http://[::1]:{}/moqups/scim/v2/Users/", stage.front.address.port())),
        "{location}"
    );
    assert_eq!(follow(&stage, &location).await.body["userName"], "mo@contoso.test");
}

async fn follow(stage: &Stage, location: &str) -> Answer {
    let bearer = format!("Bearer {}", stage.front.token);
    Client::new(location, &[("Authorization", &bearer)]).send("GET ", None).await.unwrap()
}

#[tokio::test]
async fn a_location_leads_to_the_resource_it_came_with() {
    let stage = Stage::start().await;
    let made = stage.send("POST /Users", json!({ "userName": "mo@contoso.test" })).await;
    let location = made.headers[LOCATION].to_str().unwrap().to_owned();
    assert_eq!(location, format!("{}/Users/{}", stage.front.base("moqups"), id(&made)));
    assert_eq!(made.body["meta"]["location"], location.as_str());
    assert_eq!(follow(&stage, &location).await.body, made.body);
    let put = stage.send(&format!("PUT /Users/{}", id(&made)), json!({ "userName": "mo@contoso.test" })).await;
    assert_eq!(put.headers[LOCATION], location.as_str());
}

#[tokio::test]
async fn the_clients_request_id_comes_back_and_one_is_made_where_it_sent_none() {
    let stage = Stage::start().await;
    let bearer = format!("Bearer {}", stage.front.token);
    let named = stage.front.client_with("moqups", &[("Authorization", &bearer), ("X-Request-Id", "entra-42")]);
    for call in ["GET /Users", "GET /Users/p_0", "GET /Nonsense"] {
        assert_eq!(named.send(call, None).await.unwrap().headers["x-request-id"], "entra-42");
        let one = stage.call(call).await.headers["x-request-id"].clone();
        let other = stage.call(call).await.headers["x-request-id"].clone();
        assert!(one.len() == 36 && one != other, "{one:?} {other:?}");
    }
    let stranger = stage.front.client_with("moqups", &[("X-Request-Id", "entra-43")]);
    assert_eq!(stranger.send("GET /Users", None).await.unwrap().headers["x-request-id"], "entra-43");
}

#[tokio::test]
async fn a_method_that_means_nothing_there_is_405_with_those_that_do() {
    let stage = Stage::start().await;
    let (list, one) = ("GET, HEAD, POST", "GET, HEAD, PUT, PATCH, DELETE");
    let wrong = [
        ("DELETE /Users", list),
        ("PUT /Users", list),
        ("POST /Users/p_1", one),
        ("BREW /Users/p_1", one),
        ("POST /ServiceProviderConfig", "GET, HEAD"),
        ("DELETE /Schemas", "GET, HEAD"),
        ("PUT /ResourceTypes", "GET, HEAD"),
    ];
    for (call, allowed) in wrong {
        let answer = stage.call(call).await;
        assert_eq!((answer.status, answer.headers[ALLOW].to_str().unwrap()), (405, allowed), "{call}: {answer:?}");
        assert_error(&answer, 405, None);
    }
    for (path, allowed) in [("/Users", list), ("/Users/p_1", one), ("/Bulk", "POST")] {
        let answer = stage.call(&format!("OPTIONS {path}")).await;
        assert_eq!((answer.status, answer.headers[ALLOW].to_str().unwrap()), (204, allowed), "{answer:?}");
    }
    assert_eq!(stage.product.take_calls(), []);
}

#[tokio::test]
async fn slashes_too_many_are_passed_over() {
    let stage = Stage::start().await;
    let id = stage.user("mo@contoso.test").await;
    for path in [
        format!("/moqups/scim/v2/Users/{id}/"),
        format!("//moqups//scim/v2//Users//{id}"),
        format!("/moqups/scim/v2/users/{id}?attributes=userName"),
    ] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
            stage.front.token
        );
        let answer = raw::parse(&raw::exchange(stage.front.address, &request).await);
        assert_eq!((answer.status, &answer.body["userName"]), (200, &json!("mo@contoso.test")), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn discovery_asks_the_product_nothing() {
    let stage = Stage::start().await;
    for path in [
        "/ServiceProviderConfig",
        "/Schemas",
        "/ResourceTypes",
        "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User",
        "/ResourceTypes/User",
    ] {
        let answer = stage.call(&format!("GET {path}")).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.headers["content-type"], "application/scim+json; charset=utf-8");
    }
    assert_eq!(stage.product.take_calls(), []);
}

#[tokio::test]
async fn requests_sent_one_after_the_other_without_waiting_are_answered_in_order() {
    let stage = Stage::start().await;
    let request = |id: &str, close: &str| {
        format!(
            "GET /moqups/scim/v2/Users?count=0 HTTP/1.1\r\nHost: x\r\nX-Request-Id: {id}\r\n{close}Authorization: Bearer {}\r\n\r\n",
            stage.front.token
        )
    };
    let text = [request("first", ""), request("second", ""), request("third", "Connection: close\r\n")].concat();
    let said = raw::exchange(stage.front.address, &text).await;
    let places: Vec<_> = ["first", "second", "third"].iter().map(|id| said.find(id).unwrap()).collect();
    assert!(places.is_sorted() && said.matches("HTTP/1.1 200").count() == 3, "{said}");
}
