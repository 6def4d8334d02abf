//! The accept loop on real sockets: versions, limits, slow clients, panics and the end.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::*;

struct Running {
    address: SocketAddr,
    /// One permit lets one request to `/wait` end; a request there adds one to the other.
    release: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Stopped>,
}

async fn start(limits: ServeLimits) -> Running {
    start_on(Listen { address: "127.0.0.1:0".parse().unwrap(), tls: None }, limits).await
}

async fn start_on(listen: Listen, limits: ServeLimits) -> Running {
    let bound = bind(&[listen]).await.unwrap();
    let address = bound[0].address();
    let (release, waiting) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (stop, stopped) = oneshot::channel::<()>();
    let (let_go, seen) = (Arc::clone(&release), Arc::clone(&waiting));
    let service = move |request, peer| answer(request, peer, Arc::clone(&let_go), Arc::clone(&seen));
    let ended = tokio::spawn(serve(bound, service, limits, async move {
        let _ = stopped.await;
    }));
    Running { address, release, waiting, stop, ended }
}

async fn answer(
    request: Request<Incoming>,
    peer: Peer,
    release: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
) -> Response<AnswerBody> {
    let (head, mut body) = request.into_parts();
    let said = match head.uri.path() {
        "/panic" => panic!("as asked"),
        "/wait" => {
            waiting.add_permits(1);
            release.acquire().await.unwrap().forget();
            "waited".to_owned()
        }
        "/body" => match read_body(&mut body, 100, Instant::now() + Duration::from_secs(5)).await {
            Ok(read) => format!("{} bytes", read.len()),
            Err(error) => {
                refuse_body(&head.headers, body).await;
                error.to_string()
            }
        },
        "/peer" => format!("{} {} {:?}", peer.addr.ip(), peer.tls, head.version),
        _ => head.uri.to_string(),
    };
    Response::new(Full::from(said))
}

/// Sends the bytes and reads until the server closes.
async fn exchange(address: SocketAddr, request: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_ref()).await.unwrap();
    read_to_end(&mut stream).await
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    // A reset counts as an end: what came before it is what matters.
    while stream.read_buf(&mut read).await.is_ok_and(|count| count > 0) {}
    String::from_utf8(read).unwrap()
}

fn closing(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
}

fn header_time() -> u64 {
    ServeLimits::default().header_time.as_secs()
}

#[tokio::test]
async fn http_1_1_is_answered() {
    let server = start(ServeLimits::default()).await;
    let said = exchange(server.address, closing("/peer")).await;
    assert!(said.starts_with("HTTP/1.1 200 OK\r\n") && said.ends_with("127.0.0.1 false HTTP/1.1"), "{said}");
}

#[tokio::test]
async fn ipv6_loopback_is_served() {
    let listen = Listen { address: "[::1]:0".parse().unwrap(), tls: None };
    let server = start_on(listen, ServeLimits::default()).await;
    let said = exchange(server.address, closing("/peer")).await;
    assert!(said.ends_with("::1 false HTTP/1.1"), "{said}");
}

#[tokio::test]
async fn an_ipv4_client_of_a_listener_for_both_is_told_as_ipv4() {
    let listen = Listen { address: "[::]:0".parse().unwrap(), tls: None };
    let server = start_on(listen, ServeLimits::default()).await;
    let address = SocketAddr::from(([127, 0, 0, 1], server.address.port()));
    assert!(exchange(address, closing("/peer")).await.ends_with("127.0.0.1 false HTTP/1.1"));
}

#[tokio::test]
async fn quotes_and_brackets_may_stand_raw_in_a_url_but_spaces_may_not() {
    let server = start(ServeLimits::default()).await;
    for path in [
        r#"/Users?filter=userName%20eq%20"a@b""#,
        r#"/Users?filter=emails[type%20eq%20"work"].value+eq+"a""#,
        "/Users?filter=a%20eq%20'b'",
        "/Users?filter={a}|b\\c^d`e",
        "/Users?filter=<a>",
        "/Users?filter=é",
        "/Users/a:b@c\"{}|",
    ] {
        let said = exchange(server.address, closing(path)).await;
        let expected = path.replace('"', "%22").replace('<', "%3C").replace('>', "%3E");
        assert!(said.starts_with("HTTP/1.1 200") && said.ends_with(&expected), "{path}: {said}");
    }
    for path in [r#"/Users?filter=userName eq "a""#, "/Users/a b"] {
        let said = exchange(server.address, closing(path)).await;
        assert!(said.starts_with("HTTP/1.1 400 Bad Request"), "{path}: {said}");
    }
}

#[tokio::test]
async fn a_body_keeps_its_quotes_and_the_next_request_may_have_some_too() {
    let server = start(ServeLimits::default()).await;
    let first = "POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n\"a\": \"<>\"";
    let said = exchange(server.address, format!("{first}{}", closing("/x?\"y\""))).await;
    assert!(said.contains("9 bytes") && said.ends_with("/x?%22y%22"), "{said}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_announced_or_not() {
    let server = start(ServeLimits::default()).await;
    let head = "POST /body HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";
    let fits = exchange(server.address, format!("{head}content-length: 100\r\n\r\n{}", "x".repeat(100))).await;
    assert!(fits.ends_with("100 bytes"), "{fits}");
    let announced = exchange(server.address, format!("{head}content-length: 101\r\n\r\n{}", "x".repeat(101))).await;
    assert!(announced.ends_with("the body is larger than 100 bytes"), "{announced}");
    let chunk = format!("3c\r\n{}\r\n", "x".repeat(60));
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\n");
    let unannounced = exchange(server.address, chunked).await;
    assert!(unannounced.ends_with("the body is larger than 100 bytes"), "{unannounced}");
}

#[tokio::test]
async fn a_client_that_sends_a_huge_body_without_asking_comes_to_read_the_refusal() {
    let server = start(ServeLimits::default()).await;
    let length = 4 * 1024 * 1024;
    let head = format!("POST /body HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    let said = exchange(server.address, [head.as_bytes(), &vec![b'x'; length]].concat()).await;
    assert!(said.ends_with("the body is larger than 100 bytes"), "{said}");
}

#[tokio::test]
async fn a_client_that_asks_first_is_refused_without_being_told_to_go_on() {
    let server = start(ServeLimits::default()).await;
    let head = "POST /body HTTP/1.1\r\nhost: x\r\nconnection: close\r\nexpect: 100-continue\r\n";
    let said = exchange(server.address, format!("{head}content-length: 5000000\r\n\r\n")).await;
    assert!(said.starts_with("HTTP/1.1 200") && said.ends_with("larger than 100 bytes"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_timed_out_and_one_that_breaks_off_is_broken() {
    let server = start(ServeLimits::default()).await;
    let head = "POST /body HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 10\r\n\r\nhalf";
    assert!(exchange(server.address, head).await.ends_with("the body did not arrive in time"));
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let begun = Instant::now();
    read_to_end(&mut stream).await;
    assert!(begun.elapsed().as_secs() < 1);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_trickles_in_or_never_begins_ends_the_connection() {
    let server = start(ServeLimits::default()).await;
    for begun_with in ["", "P", "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\nhost: x\r\nx-slow: "] {
        let begun = Instant::now();
        let said = exchange(server.address, begun_with).await;
        assert_eq!((said.as_str(), begun.elapsed().as_secs()), ("", header_time()), "{begun_with:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_but_not_one_that_waits_for_its_answer() {
    let limits = ServeLimits { idle: Duration::from_secs(20), ..ServeLimits::default() };
    let server = start(limits).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /wait HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    server.waiting.acquire().await.unwrap().forget();
    tokio::time::advance(Duration::from_secs(100)).await;
    server.release.add_permits(1);
    let begun = Instant::now();
    let said = read_to_end(&mut stream).await;
    assert!(said.ends_with("waited"), "{said}");
    assert_eq!(begun.elapsed().as_secs(), limits.idle.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_second_head_that_trickles_in_ends_the_connection_too() {
    let server = start(ServeLimits::default()).await;
    let begun = Instant::now();
    let said = exchange(server.address, "GET /one HTTP/1.1\r\nhost: x\r\n\r\nGET /two HTTP/1.1\r\nx-slow: ").await;
    assert!(said.ends_with("/one"), "{said}");
    assert_eq!(begun.elapsed().as_secs(), ServeLimits::default().idle.as_secs());
}

#[tokio::test]
async fn a_head_over_the_limit_is_431() {
    let server = start(ServeLimits { header_bytes: 8 * 1024, ..ServeLimits::default() }).await;
    let request = format!("GET / HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "x".repeat(100_000));
    let said = exchange(server.address, request).await;
    assert!(said.starts_with("HTTP/1.1 431 "), "{said}");
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_connection_goes_on() {
    let server = start(ServeLimits::default()).await;
    let said = exchange(server.address, format!("GET /panic HTTP/1.1\r\nhost: x\r\n\r\n{}", closing("/after"))).await;
    assert!(said.starts_with("HTTP/1.1 500 ") && said.contains("\"status\":\"500\""), "{said}");
    assert!(said.contains("HTTP/1.1 200 OK") && said.ends_with("/after"), "{said}");
}

#[tokio::test]
async fn a_client_that_hangs_up_ends_its_request_and_frees_its_place() {
    let server = start(ServeLimits { connections: 1, ..ServeLimits::default() }).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first.write_all(b"GET /wait HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    server.waiting.acquire().await.unwrap().forget();
    drop(first);
    assert!(exchange(server.address, closing("/second")).await.ends_with("/second"));
}

#[tokio::test]
async fn a_connection_beyond_the_limit_waits_until_another_ends() {
    let server = start(ServeLimits { connections: 1, ..ServeLimits::default() }).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first.write_all(b"GET /wait HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    server.waiting.acquire().await.unwrap().forget();
    let second = tokio::spawn(exchange(server.address, closing("/second")));
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    assert!(!second.is_finished());
    server.release.add_permits(1);
    assert!(read_to_end(&mut first).await.ends_with("waited"));
    assert!(second.await.unwrap().ends_with("/second"));
}

#[tokio::test]
async fn a_stop_lets_the_running_request_end_and_takes_no_new_one() {
    let server = start(ServeLimits::default()).await;
    let running = tokio::spawn(exchange(server.address, "GET /wait HTTP/1.1\r\nhost: x\r\n\r\n"));
    server.waiting.acquire().await.unwrap().forget();
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    server.stop.send(()).unwrap();
    assert_eq!(read_to_end(&mut idle).await, "");
    assert!(TcpStream::connect(server.address).await.is_err());
    assert!(!server.ended.is_finished());
    server.release.add_permits(1);
    assert!(running.await.unwrap().ends_with("waited"));
    assert_eq!(server.ended.await.unwrap(), Stopped::Drained);
}

#[tokio::test(start_paused = true)]
async fn a_stop_cuts_what_outlives_the_grace() {
    let limits = ServeLimits { grace: Duration::from_secs(7), ..ServeLimits::default() };
    let server = start(limits).await;
    let running = tokio::spawn(exchange(server.address, "GET /wait HTTP/1.1\r\nhost: x\r\n\r\n"));
    server.waiting.acquire().await.unwrap().forget();
    let begun = Instant::now();
    server.stop.send(()).unwrap();
    assert_eq!(server.ended.await.unwrap(), Stopped::Cut(1));
    assert_eq!(begun.elapsed().as_secs(), 7);
    assert_eq!(running.await.unwrap(), "");
}

#[tokio::test]
async fn tls_is_spoken_as_http_2_and_as_1_1_over_tls_1_2() {
    let files = tempfile::tempdir().unwrap();
    let (listen, roots) = tls_listen(files.path());
    let server = start_on(listen, ServeLimits::default()).await;
    for (protocol, versions, expected) in
        [("h2", rustls::ALL_VERSIONS, Version::HTTP_2), ("http/1.1", &[&rustls::version::TLS12], Version::HTTP_11)]
    {
        let said = over_tls(server.address, client_config(&roots, protocol, versions)).await.unwrap();
        assert_eq!(said, format!("127.0.0.1 true {expected:?}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_tls_client_that_says_nothing_is_dropped() {
    let files = tempfile::tempdir().unwrap();
    let (listen, _) = tls_listen(files.path());
    let server = start_on(listen, ServeLimits::default()).await;
    let begun = Instant::now();
    assert_eq!(exchange(server.address, "").await, "");
    assert_eq!(begun.elapsed(), ServeLimits::default().handshake);
}

#[tokio::test]
async fn a_certificate_is_exchanged_while_running_and_a_bad_one_is_not_taken() {
    let files = tempfile::tempdir().unwrap();
    let (listen, old_roots) = tls_listen(files.path());
    let bound = bind(&[listen]).await.unwrap();
    let (address, certificate) = (bound[0].address(), Arc::clone(bound[0].certificate().unwrap()));
    let service = |_, _| async { Response::new(AnswerBody::from("here")) };
    let server = tokio::spawn(serve(bound, service, ServeLimits::default(), std::future::pending()));
    let (_, new_roots) = tls_listen(files.path());
    let old = || client_config(&old_roots, "http/1.1", rustls::ALL_VERSIONS);
    let new = || client_config(&new_roots, "http/1.1", rustls::ALL_VERSIONS);
    assert!(over_tls(address, old()).await.is_some() && over_tls(address, new()).await.is_none());
    certificate.reload().unwrap();
    assert!(over_tls(address, old()).await.is_none() && over_tls(address, new()).await.is_some());
    std::fs::write(files.path().join("key.pem"), "nonsense").unwrap();
    assert!(certificate.reload().is_err());
    assert!(over_tls(address, new()).await.is_some());
    server.abort();
}

#[tokio::test]
async fn a_listener_that_cannot_be_opened_says_why_in_one_line() {
    let taken = bind(&[Listen { address: "127.0.0.1:0".parse().unwrap(), tls: None }]).await.unwrap();
    assert_eq!(taken[0].to_string(), format!("http://{}", taken[0].address()));
    let error = bind(&[Listen { address: taken[0].address(), tls: None }]).await.unwrap_err();
    assert!(matches!(error, ListenError::InUse { .. }), "{error:?}");
    let error = bind(&[Listen { address: "192.0.2.1:0".parse().unwrap(), tls: None }]).await.unwrap_err();
    assert!(matches!(error, ListenError::NotOurs { .. }), "{error:?}");
    assert!(matches!(bind(&[]).await.unwrap_err(), ListenError::None));
}

#[tokio::test]
async fn certificate_files_that_cannot_be_used_say_why() {
    let files = tempfile::tempdir().unwrap();
    let (listen, _) = tls_listen(files.path());
    let good = listen.tls.clone().unwrap();
    let (other, _) = tls_listen(&{
        let folder = files.path().join("other");
        std::fs::create_dir(&folder).unwrap();
        folder
    });
    let swapped = TlsFiles { key: other.tls.unwrap().key, ..good.clone() };
    let missing = TlsFiles { certificate: "/nowhere.pem".into(), ..good.clone() };
    let confused = TlsFiles { key: good.certificate.clone(), certificate: good.key.clone() };
    for (tls, expected) in [
        (swapped, "the key does not belong to the certificate in "),
        (missing, "cannot use /nowhere.pem: No such file"),
        (confused, "no certificate in it"),
    ] {
        let error = bind(&[Listen { tls: Some(tls), ..listen.clone() }]).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// A fresh certificate for `localhost`, in the folder's `certificate.pem` and `key.pem`.
fn tls_listen(folder: &std::path::Path) -> (Listen, RootCertStore) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = TlsFiles { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") };
    std::fs::File::create(&files.certificate).unwrap().write_all(made.cert.pem().as_bytes()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    (Listen { address: "127.0.0.1:0".parse().unwrap(), tls: Some(files) }, roots)
}

fn client_config(
    roots: &RootCertStore,
    protocol: &str,
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots.clone())
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    Arc::new(config)
}

/// What `/peer` says; `None` if there is no TLS session.
async fn over_tls(address: SocketAddr, config: Arc<ClientConfig>) -> Option<String> {
    let h2 = config.alpn_protocols[0] == b"h2";
    let stream = TcpStream::connect(address).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let io = TokioIo::new(tokio_rustls::TlsConnector::from(config).connect(name, stream).await.ok()?);
    let request = Request::get("https://localhost/peer").body(Empty::<Bytes>::new()).unwrap();
    let response = if h2 {
        let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await.unwrap()
    } else {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await.unwrap()
    };
    assert_eq!(response.status(), StatusCode::OK);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    Some(String::from_utf8(body.to_vec()).unwrap())
}
