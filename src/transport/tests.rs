//! The client against real sockets: what it sends, what it takes, and where each failure is told to have happened.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::{ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::*;

/// A target that answers every request with the same bytes.
struct Target {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Then {
    Hold,
    Close,
}

impl Target {
    async fn answering(answer: impl Into<Vec<u8>>, then: Then) -> Target {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (Arc::new(answer.into()), Arc::clone(&seen));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(Self::talk(stream, Arc::clone(&answer), then, Arc::clone(&log)));
            }
        });
        Target { address, seen }
    }

    async fn talk(mut stream: tokio::net::TcpStream, answer: Arc<Vec<u8>>, then: Then, log: Arc<Mutex<Vec<String>>>) {
        let mut read = Vec::new();
        while stream.read_buf(&mut read).await.is_ok_and(|count| count > 0) {
            let Some(head) = read.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
            let text = String::from_utf8_lossy(&read[..head]).to_ascii_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            if read.len() < head + 4 + length.parse::<usize>().unwrap() {
                continue;
            }
            log.lock().unwrap().push(String::from_utf8_lossy(&read).into_owned());
            read.clear();
            if stream.write_all(&answer).await.is_err() || then == Then::Close {
                return;
            }
        }
    }

    fn url(&self) -> Uri {
        format!("http://{}/users?key=s3cret", self.address).parse().unwrap()
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn client(limits: ClientLimits) -> Client {
    Transport::new(TransportOptions::default()).unwrap().client(limits)
}

fn get(url: Uri) -> Request {
    Request { method: Method::GET, url, headers: HeaderMap::new(), body: Bytes::new() }
}

fn within(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}

async fn failure(target: &Target) -> TransportError {
    let limits = ClientLimits { answer_bytes: 100, ..ClientLimits::default() };
    client(limits).send(get(target.url()), within(30)).await.unwrap_err()
}

#[tokio::test]
async fn a_request_carries_what_was_given_and_asks_for_no_compression() {
    let target = Target::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", Then::Hold).await;
    let mut request = get(target.url());
    request.headers.insert("x-api-key", "k".parse().unwrap());
    request.headers.insert("accept-encoding", "gzip".parse().unwrap());
    request.headers.insert("connection", "close".parse().unwrap());
    let reply = client(ClientLimits::default()).send(request, within(5)).await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.body.as_ref()), (200, b"ok".as_slice()));
    let seen = target.seen().remove(0);
    assert!(seen.starts_with("GET /users?key=s3cret HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains("x-api-key: k\r\n"), "{seen}");
    assert!(seen.contains("accept-encoding: identity\r\n") && !seen.contains("gzip"), "{seen}");
    assert!(seen.contains("user-agent: transom/"), "{seen}");
    assert!(seen.contains(&format!("host: {}\r\n", target.address)), "{seen}");
    assert!(!seen.contains("connection:"), "{seen}");
}

#[tokio::test]
async fn a_body_is_sent_with_its_length_and_an_empty_post_says_so() {
    let target = Target::answering("HTTP/1.1 204 No Content\r\n\r\n", Then::Hold).await;
    let client = client(ClientLimits::default());
    for body in ["{}", ""] {
        let request = Request { method: Method::POST, body: Bytes::from(body), ..get(target.url()) };
        assert_eq!(client.send(request, within(5)).await.unwrap().status, 204);
    }
    let seen = target.seen();
    assert!(seen[0].contains("content-length: 2\r\n") && seen[0].ends_with("{}"), "{seen:?}");
    assert!(seen[1].contains("content-length: 0\r\n"), "{seen:?}");
}

#[tokio::test]
async fn a_redirect_is_handed_back_and_not_followed() {
    let answer = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    let target = Target::answering(answer, Then::Hold).await;
    let reply = client(ClientLimits::default()).send(get(target.url()), within(5)).await.unwrap();
    assert_eq!(reply.status, 302);
    assert_eq!(reply.headers["location"], "http://127.0.0.1:1/");
}

#[tokio::test]
async fn a_pooled_connection_the_target_closed_is_replaced() {
    let target = Target::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Then::Close).await;
    let client = client(ClientLimits::default());
    for _ in 0..5 {
        assert_eq!(client.send(get(target.url()), within(5)).await.unwrap().status, 200);
        // Lets the connection's end be seen, as between any two real calls.
        tokio::task::yield_now().await;
    }
    assert_eq!(target.seen().len(), 5);
}

#[tokio::test]
async fn ipv6_targets_are_reached() {
    let listener = TcpListener::bind("[::1]:0").await.unwrap();
    let url: Uri = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let answering = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read_buf(&mut Vec::new()).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        stream
    };
    let client = client(ClientLimits::default());
    let (reply, _stream) = tokio::join!(client.send(get(url), within(5)), answering);
    assert_eq!(reply.unwrap().status, 200);
}

#[tokio::test]
async fn a_refused_connection_is_unreachable_and_nothing_was_sent() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url: Uri = format!("http://{closed}/users?key=s3cret").parse().unwrap();
    let error = client(ClientLimits::default()).send(get(url), within(5)).await.unwrap_err();
    assert!(matches!(error, TransportError::Unreachable { stage: Reach::Connect, .. }), "{error:?}");
    assert_eq!(error.sent(), Sent::NotSent);
    assert!(error.to_string().contains("refused") && !error.to_string().contains("s3cret"), "{error}");
}

#[tokio::test]
async fn a_name_without_address_is_unreachable() {
    let url: Uri = format!("http://{}/", "a".repeat(70)).parse().unwrap();
    let error = client(ClientLimits::default()).send(get(url), within(5)).await.unwrap_err();
    assert!(matches!(error, TransportError::Unreachable { stage: Reach::Name, .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_accepts_and_says_nothing_in_the_handshake_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Uri = format!("https://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let client = client(ClientLimits::default());
    let begun = Instant::now();
    let error = client.send(get(url.clone()), within(30)).await.unwrap_err();
    assert!(matches!(error, TransportError::Unreachable { stage: Reach::Slow, .. }), "{error:?}");
    assert_eq!(begun.elapsed().as_secs(), 5);
    let error = client.send(get(url), within(2)).await.unwrap_err();
    assert!(matches!(error, TransportError::TimedOut { sent: Sent::NotSent, stage: Stage::Connecting, .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_does_not_answer_in_time_may_have_seen_the_request() {
    let target = Target::answering("", Then::Hold).await;
    let begun = Instant::now();
    let error = failure(&target).await;
    assert_eq!(begun.elapsed().as_secs(), 30);
    assert!(matches!(error, TransportError::TimedOut { sent: Sent::MaybeSent, stage: Stage::Waiting, .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn silence_within_an_answer_is_bounded() {
    let target = Target::answering("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", Then::Hold).await;
    let begun = Instant::now();
    let error = failure(&target).await;
    assert_eq!(begun.elapsed().as_secs(), 10);
    assert!(matches!(error, TransportError::TimedOut { sent: Sent::MaybeSent, stage: Stage::Reading, .. }), "{error}");
}

#[tokio::test]
async fn a_connection_closed_before_or_within_the_answer_is_broken() {
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", "220 mail ESMTP\r\n\r\n"] {
        let error = failure(&Target::answering(answer, Then::Close).await).await;
        assert!(matches!(error, TransportError::Broken { sent: Sent::MaybeSent, .. }), "{answer:?}: {error:?}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}

#[tokio::test]
async fn an_answer_over_the_limit_is_given_up_announced_or_not() {
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 101\r\n\r\n".to_owned();
    let chunk = format!("3c\r\n{}\r\n", "x".repeat(60));
    let unannounced = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunk}{chunk}");
    for answer in [announced, unannounced] {
        let error = failure(&Target::answering(answer, Then::Hold).await).await;
        assert_eq!(error, TransportError::TooLarge { part: Part::Body, limit: 100 });
        assert_eq!(error.sent(), Sent::MaybeSent);
    }
}

#[tokio::test]
async fn a_head_over_the_limit_is_given_up() {
    let answer = format!("HTTP/1.1 200 OK\r\nx-long: {}\r\ncontent-length: 0\r\n\r\n", "x".repeat(300_000));
    let error = failure(&Target::answering(answer, Then::Hold).await).await;
    assert_eq!(error, TransportError::TooLarge { part: Part::Header, limit: 65536 });
}

#[tokio::test]
async fn a_compressed_answer_is_refused() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\nx";
    assert_eq!(failure(&Target::answering(answer, Then::Hold).await).await, TransportError::Compressed);
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_the_one_in_flight_and_gives_up_at_its_deadline() {
    let target = Target::answering("", Then::Hold).await;
    let client = Arc::new(client(ClientLimits { in_flight: 1, ..ClientLimits::default() }));
    let (url, first) = (target.url(), Arc::clone(&client));
    let first = tokio::spawn(async move { first.send(get(url), within(20)).await.unwrap_err() });
    tokio::task::yield_now().await;
    let error = client.send(get(target.url()), within(5)).await.unwrap_err();
    assert_eq!((error.clone(), error.sent()), (TransportError::Queue, Sent::NotSent));
    assert_eq!(first.await.unwrap().sent(), Sent::MaybeSent);
    assert_eq!(target.seen().len(), 1);
}

#[tokio::test]
async fn addresses_that_cannot_be_called_are_refused() {
    let client = client(ClientLimits::default());
    for url in ["/users", "ftp://host/", "http://user:word@127.0.0.1/"] {
        let error = client.send(get(url.parse().unwrap()), within(5)).await.unwrap_err();
        assert!(matches!(error, TransportError::Malformed(_)), "{url}: {error:?}");
    }
}

#[tokio::test]
async fn https_speaks_http_2_where_offered_and_tls_1_2_where_that_is_all() {
    for (protocols, versions, expected) in [
        (vec![b"h2".to_vec(), b"http/1.1".to_vec()], rustls::ALL_VERSIONS, "HTTP/2.0"),
        (vec![b"http/1.1".to_vec()], &[&rustls::version::TLS13], "HTTP/1.1"),
        (vec![], &[&rustls::version::TLS12], "HTTP/1.1"),
    ] {
        let (address, pem) = https_target(protocols, versions).await;
        let transport = Transport::new(trusting(pem.path())).unwrap();
        let url: Uri = format!("https://localhost:{}/", address.port()).parse().unwrap();
        let reply = transport.client(ClientLimits::default()).send(get(url), within(5)).await.unwrap();
        assert_eq!(reply.body, expected);
    }
}

#[tokio::test]
async fn a_certificate_from_elsewhere_or_no_tls_at_all_is_unreachable() {
    let (stranger, _pem) = https_target(vec![], rustls::ALL_VERSIONS).await;
    let (_, trusted) = https_target(vec![], rustls::ALL_VERSIONS).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read_buf(&mut Vec::new()).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    });
    let client = Transport::new(trusting(trusted.path())).unwrap().client(ClientLimits::default());
    for port in [stranger.port(), plain.port()] {
        let url: Uri = format!("https://localhost:{port}/").parse().unwrap();
        let error = client.send(get(url), within(5)).await.unwrap_err();
        assert!(matches!(error, TransportError::Unreachable { stage: Reach::Tls, .. }), "{error:?}");
    }
}

#[test]
fn unusable_roots_are_told() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    let error = Transport::new(trusting(empty.path())).unwrap_err();
    assert!(matches!(error, SetupError::NoCertificate { .. }), "{error:?}");
    let error = Transport::new(trusting("/nowhere/roots.pem".as_ref())).unwrap_err();
    assert!(error.to_string().starts_with("cannot read the trust roots /nowhere/roots.pem: No such file"), "{error}");
}

fn trusting(pem: &std::path::Path) -> TransportOptions {
    TransportOptions { roots: Roots::Pem(pem.to_owned()), ..TransportOptions::default() }
}

/// A target that answers with the HTTP version it was asked in; the file holds its certificate.
async fn https_target(
    protocols: Vec<Vec<u8>>,
    versions: &[&'static SupportedProtocolVersion],
) -> (SocketAddr, tempfile::NamedTempFile) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut pem = tempfile::NamedTempFile::new().unwrap();
    pem.write_all(made.cert.pem().as_bytes()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], made.signing_key.serialize_der().try_into().unwrap())
        .unwrap();
    config.alpn_protocols = protocols;
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let version = service_fn(|request: http::Request<hyper::body::Incoming>| async move {
                Ok::<_, std::convert::Infallible>(http::Response::new(Full::<Bytes>::from(format!(
                    "{:?}",
                    request.version()
                ))))
            });
            tokio::spawn(async move {
                auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), version).await
            });
        }
    });
    (address, pem)
}
