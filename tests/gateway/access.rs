//! How a product is told who calls: sessions, cookies, tokens, signatures, certificates, and the client's own credentials.

use crate::client::Client;
use crate::stage::{Behind, Heard, Site, assert_error, folder, reply, write};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::WWW_AUTHENTICATE;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const USER: &str = "
User:
  key: { at: $.id, stable: true }
  attributes: { userName: { at: $.name, required: true, immutable: true }, title: $.title, nickName: $.nick }
  read: GET /users/<key>
  list: { call: GET /users, items: $ }
  create: POST /users
  update:
    - { for: title, call: PUT /users/<key>/title, result: none }
    - { for: nickName, call: PUT /users/<key>/nick, result: none }
";

fn mapping(head: &str) -> String {
    format!("edition: 1\nproduct: Site\n{head}{USER}")
}

fn user() -> http::Response<String> {
    reply(200, &json!({ "id": "7", "name": "bjensen", "title": "Guide" }))
}

/// A product whose sessions are numbered, and of which only those from `valid` on are good. After `worn` none is that there was.
struct Numbered {
    site: Site,
    valid: Arc<AtomicUsize>,
    issued: Arc<AtomicUsize>,
}

async fn numbered(worn: &'static str) -> Numbered {
    let (valid, issued) = (Arc::new(AtomicUsize::new(1)), Arc::new(AtomicUsize::new(0)));
    let (from, count) = (valid.clone(), issued.clone());
    let site = Site::start(move |heard| {
        if heard.line == "POST /login" {
            let told: Value = serde_json::from_str(&heard.body).unwrap();
            let right = told == json!({ "user": "bot", "password": "open sesame" });
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            return if right {
                reply(200, &json!({ "token": format!("s{number}") }))
            } else {
                reply(401, &Value::Null)
            };
        }
        let number = heard.header("x-session").strip_prefix('s').and_then(|number| number.parse::<usize>().ok());
        let good = number.is_some_and(|number| number >= from.load(Ordering::SeqCst));
        if heard.line == worn {
            from.store(count.load(Ordering::SeqCst) + 1, Ordering::SeqCst);
        }
        if good { user() } else { reply(401, &Value::Null) }
    });
    Numbered { site: site.await, valid, issued }
}

const SESSION: &str = "settings: [password]
auth: { header: { X-Session: <session> } }
lookups:
  session: { call: POST /login, body: { user: bot, password: <settings.password> }, take: $.token }";

async fn behind(site: &Site, head: &str, settings: &[(&str, &str)]) -> Behind {
    let more = "    limits: { in_flight: 256 }\n";
    Behind::open(&format!("http://{}", site.address), &mapping(head), settings, more).await
}

async fn get(client: &Client, id: &str) -> crate::client::Answer {
    client.send(&format!("GET /Users/{id}"), None).await.expect("an answer")
}

fn patch(path: &str, value: &str) -> Value {
    json!({ "Operations": [{ "op": "replace", "path": path, "value": value }] })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_requests_with_a_session_that_is_over_make_one_log_in() {
    let product = numbered("").await;
    let behind = behind(&product.site, SESSION, &[("password", "open sesame")]).await;
    assert_eq!(get(&behind.client, "7").await.status, 200);
    assert_eq!(product.issued.load(Ordering::SeqCst), 1);
    product.valid.store(2, Ordering::SeqCst);
    let waiting = (0..200).map(|_| get(&behind.client, "7"));
    let answers = futures_util::future::join_all(waiting).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{:?}", answers.iter().find(|one| one.status != 200));
    assert_eq!(product.issued.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_log_in_in_the_middle_of_a_write_repeats_the_refused_call_alone() {
    let product = numbered("PUT /users/7/title").await;
    let behind = behind(&product.site, SESSION, &[("password", "open sesame")]).await;
    let operations = json!({ "Operations": [
        { "op": "replace", "path": "title", "value": "A" }, { "op": "replace", "path": "nickName", "value": "B" }
    ] });
    let answer = behind.client.send("PATCH /Users/7", Some(&operations)).await.unwrap();
    assert_eq!(answer.status, 200);
    let lines = product.site.lines();
    let (nick, login) = ("PUT /users/7/nick", "POST /login");
    assert_eq!(lines, [login, "PUT /users/7/title", nick, login, nick, "GET /users/7"]);
}

#[tokio::test]
async fn a_log_in_that_fails_is_502_with_words_to_act_on() {
    let product = numbered("").await;
    let behind = behind(&product.site, SESSION, &[("password", "forgotten")]).await;
    let answer = get(&behind.client, "7").await;
    assert_error(&answer, 502, None);
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains("lookups.session (line 6, POST /login)"), "{detail}");
    assert!(detail.contains("refused our credentials (status 401); check the settings of this target"), "{detail}");
    assert!(!detail.contains("forgotten") && !answer.headers.contains_key(WWW_AUTHENTICATE));
}

const COOKIES: &str = "settings: [password]
auth: { cookies: log_in }
lookups:
  log_in: { call: POST /login, encode: form, body: { user: bot, password: <settings.password> } }
  csrf: { call: GET /token, headers: { X-For: <log_in_id> }, take: $.token }
  log_in_id: { call: GET /me, take: $.id, lives: forever }
answers:
  - { status: 403, at: $.reason, text: token, means: login_again }";

#[tokio::test]
async fn cookies_of_the_log_in_are_sent_and_a_csrf_token_is_got_again_when_it_is_refused() {
    let tokens = AtomicUsize::new(0);
    let site = Site::start(move |heard| {
        let number = tokens.load(Ordering::SeqCst);
        let mut answer = match heard.line.as_str() {
            "POST /login" if heard.body == "password=open+sesame&user=bot" => reply(200, &Value::Null),
            "POST /login" => reply(401, &Value::Null),
            _ if heard.header("cookie") != "sid=abc; lang=en" => reply(401, &Value::Null),
            "GET /me" => reply(200, &json!({ "id": "bot" })),
            "GET /token" if heard.header("x-for") == "bot" => {
                tokens.fetch_add(1, Ordering::SeqCst);
                reply(200, &json!({ "token": format!("c{}", number + 1) }))
            }
            // The first token is worn out by the second write.
            line if line.starts_with("PUT") && line.ends_with("nick") && heard.header("x-csrf") == "c1" => {
                reply(403, &json!({ "reason": "bad token" }))
            }
            _ => user(),
        };
        let headers = answer.headers_mut();
        if heard.line == "POST /login" {
            headers.append("set-cookie", "sid=abc; Path=/; HttpOnly".parse().unwrap());
            headers.append("set-cookie", "lang=en".parse().unwrap());
        } else {
            headers.append("set-cookie", "tracking=1; Path=/".parse().unwrap());
        }
        answer
    });
    let site = site.await;
    let mapping = mapping(COOKIES).replace("/nick,", "/nick, headers: { X-CSRF: <csrf> },");
    let base = format!("http://{}", site.address);
    let behind = Behind::open(&base, &mapping, &[("password", "open sesame")], "").await;
    let operations = json!({ "Operations": [
        { "op": "replace", "path": "title", "value": "A" }, { "op": "replace", "path": "nickName", "value": "B" }
    ] });
    let answer = behind.client.send("PATCH /Users/7", Some(&operations)).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(site.count("PUT /users/7/title"), 1);
    let tokens: Vec<String> =
        site.all("PUT /users/7/nick").iter().map(|heard| heard.header("x-csrf").to_owned()).collect();
    assert_eq!(tokens, ["c1", "c2"]);
    assert_eq!(site.last().header("cookie"), "sid=abc; lang=en");
}

/// A product that takes bearer tokens `a1`, `a2` … from `valid` on, and its token endpoint, in one.
async fn token_site(valid: Arc<AtomicUsize>, fits: impl Fn(&Heard) -> bool + Send + Sync + 'static) -> Site {
    let issued = AtomicUsize::new(0);
    Site::start(move |heard| {
        if heard.line == "POST /oauth/token" {
            if !fits(heard) {
                return reply(400, &json!({ "error": "invalid_grant" }));
            }
            let number = issued.fetch_add(1, Ordering::SeqCst) + 1;
            return reply(
                200,
                &json!({ "access_token": format!("a{number}"), "token_type": "Bearer", "expires_in": 3600,
                         "refresh_token": format!("r{number}") }),
            );
        }
        let number = heard.header("authorization").strip_prefix("Bearer a").and_then(|text| text.parse::<usize>().ok());
        match number {
            Some(number) if number >= valid.load(Ordering::SeqCst) => user(),
            _ => reply(401, &Value::Null),
        }
    })
    .await
}

async fn tokens_of(
    oauth2: &str,
    settings: &[(&str, &str)],
    fits: impl Fn(&Heard) -> bool + Send + Sync + 'static,
) -> Site {
    let valid = Arc::new(AtomicUsize::new(1));
    let site = token_site(valid.clone(), fits).await;
    let names: Vec<&str> = settings.iter().map(|(name, _)| *name).collect();
    let head = format!("settings: [{}]\nauth: {{ oauth2: {oauth2} }}", names.join(", "));
    let behind = behind(&site, &head, settings).await;
    for _ in 0..2 {
        let answer = get(&behind.client, "7").await;
        assert_eq!(answer.status, 200, "{answer:?} {:?}", site.lines());
    }
    assert_eq!(site.count("POST /oauth/token"), 1, "the token is kept");
    for revoked in [2, 3] {
        valid.store(revoked, Ordering::SeqCst);
        assert_eq!(get(&behind.client, "7").await.status, 200);
        assert_eq!(site.count("POST /oauth/token"), revoked, "and got again when it is refused");
    }
    site
}

#[tokio::test]
async fn oauth2_by_client_credentials() {
    let basic = format!("Basic {}", STANDARD.encode("the+client:p%3Aw%26"));
    let settings = [("secret", "p:w&")];
    let site = tokens_of(
        "{ grant: client_credentials, token_url: /oauth/token, client_id: the client, client_secret: <settings.secret>, scope: users }",
        &settings,
        move |heard| heard.header("authorization") == basic && heard.body == "grant_type=client_credentials&scope=users",
    )
    .await;
    assert_eq!(site.all("POST /oauth/token")[0].header("content-type"), "application/x-www-form-urlencoded");
}

#[tokio::test]
async fn oauth2_by_password() {
    tokens_of(
        "{ grant: password, token_url: /oauth/token, username: bot, password: <settings.password>, client_id: app, client_secret: <settings.secret>, client_auth: body }",
        &[("password", "open sesame"), ("secret", "x")],
        |heard| {
            heard.header("authorization").is_empty()
                && heard.body == "client_id=app&client_secret=x&grant_type=password&password=open+sesame&username=bot"
        },
    )
    .await;
}

#[tokio::test]
async fn oauth2_by_refresh_tokens_that_rotate() {
    let site = tokens_of(
        "{ grant: refresh, token_url: /oauth/token, refresh_token: <settings.first> }",
        &[("first", "r0")],
        |heard| heard.body.starts_with("grant_type=refresh_token&refresh_token=r"),
    )
    .await;
    let sent: Vec<String> = site.all("POST /oauth/token").into_iter().map(|heard| heard.body).collect();
    let token = |number: usize| format!("grant_type=refresh_token&refresh_token=r{number}");
    assert_eq!(sent, [token(0), token(1), token(2)]);
}

#[tokio::test]
async fn a_token_endpoint_may_stand_elsewhere_where_a_setting_says_so_and_its_refusal_is_502() {
    let issuer = Site::start(|_| reply(400, &json!({ "error": "invalid_client" }))).await;
    let site = Site::start(|_| user()).await;
    let head = "settings: [url, secret]\nauth: { oauth2: { grant: client_credentials, token_url: <settings.url>, client_id: a, client_secret: <settings.secret> } }";
    let url = format!("http://{}/oauth/token", issuer.address);
    let behind = behind(&site, head, &[("url", &url), ("secret", "s")]).await;
    let answer = get(&behind.client, "7").await;
    assert_error(&answer, 502, None);
    assert!(answer.body["detail"].as_str().unwrap().contains("auth.oauth2"), "{answer:?}");
    assert_eq!((issuer.lines(), site.lines()), (vec!["POST /oauth/token".to_owned()], Vec::new()));
}

/// RFC 2104 written out, beside the one under test.
fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    let hash =
        |parts: [&[u8]; 2]| aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &parts.concat()).as_ref().to_vec();
    let mut block = [0u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = hash([&block.map(|byte| byte ^ 0x36), text]);
    hash([&block.map(|byte| byte ^ 0x5c), &inner])
}

#[tokio::test]
async fn requests_are_signed_over_what_goes_out() {
    let head = r#"settings: [id, secret]
auth:
  sign:
    algorithm: hmac_sha256
    key: <settings.secret>
    text: "<method>\n<path>\n<query>\n<date>\n<nonce>\n<body_sha256>\n"
    as: base64
    date: date_time
    header: { Authorization: "HMAC <settings.id>:<signature>", X-Date: <date>, X-Nonce: <nonce> }"#;
    let site = Site::start(|heard| if heard.line.starts_with("GET") { user() } else { reply(204, &Value::Null) }).await;
    let behind = behind(&site, head, &[("id", "app"), ("secret", "k3y-of-ours")]).await;
    let answer = behind.client.send("PATCH /Users/7", Some(&patch("title", "Ä"))).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    let mut nonces = Vec::new();
    for line in ["PUT /users/7/title", "GET /users/7"] {
        let heard = site.all(line).pop().unwrap();
        let (method, path) = line.split_once(' ').unwrap();
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, heard.body.as_bytes());
        let (date, nonce) = (heard.header("x-date"), heard.header("x-nonce"));
        let text = format!("{method}\n{path}\n\n{date}\n{nonce}\n{}\n", STANDARD.encode(hash.as_ref()));
        let signature = STANDARD.encode(hmac_sha256(b"k3y-of-ours", text.as_bytes()));
        assert_eq!(heard.header("authorization"), format!("HMAC app:{signature}"), "{line}");
        nonces.push(nonce.to_owned());
    }
    assert_ne!(nonces[0], nonces[1]);
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_a_product_that_asks_for_one() {
    let server = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let ours = rcgen::generate_simple_self_signed(["gateway".to_owned()]).unwrap();
    let mut trusted = rustls::RootCertStore::empty();
    trusted.add(ours.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(trusted), provider.clone());
    let key = rustls_pki_types::PrivateKeyDer::try_from(server.signing_key.serialize_der()).unwrap();
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![server.cert.der().clone()], key)
        .unwrap();
    let site = Site::secure(tls, |_| user()).await;
    let roots = folder();
    write(roots.path(), "roots.pem", &server.cert.pem());
    let base = format!("https://localhost:{}", site.address.port());
    let more = format!("    roots: '{}'\n", roots.path().join("roots.pem").display());
    let head = "settings: [certificate, key]\nauth: { client_certificate: { certificate: <settings.certificate>, key: <settings.key> } }";
    let settings = [("certificate", ours.cert.pem()), ("key", ours.signing_key.serialize_pem())];
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let behind = Behind::open(&base, &mapping(head), &settings, &more).await;
    assert_eq!(get(&behind.client, "7").await.status, 200);
    let without = Behind::open(&base, &mapping("answers: []"), &[], &more).await;
    assert!(get(&without.client, "7").await.status >= 502);
}

#[tokio::test]
async fn passed_through_credentials_are_judged_by_the_product_alone() {
    let alice = format!("Basic {}", STANDARD.encode("alice:a"));
    let good = alice.clone();
    let site =
        Site::start(move |heard| if heard.header("authorization") == good { user() } else { reply(401, &Value::Null) });
    let site = site.await;
    let behind = behind(&site, "auth: { pass_through: authorization }", &[]).await;
    let nobody = behind.front.client_with("site", &[]);
    let answer = get(&nobody, "7").await;
    assert_error(&answer, 401, None);
    assert!(answer.headers[WWW_AUTHENTICATE].to_str().unwrap().contains("Basic"));
    assert!(site.lines().is_empty(), "nothing was passed on");
    let answer = get(&behind.front.client_with("site", &[("Authorization", &alice)]), "7").await;
    assert_eq!((answer.status, site.last().header("authorization")), (200, alice.as_str()));
    // A token of ours is nothing special there.
    let answer = get(&behind.client, "7").await;
    assert_error(&answer, 401, None);
    assert!(answer.headers.contains_key(WWW_AUTHENTICATE));
    assert!(site.last().header("authorization").starts_with("Bearer "));
}
