//! What goes out: URLs, headers, credentials, bodies, and what is refused before it does.

use super::*;
use crate::target::{Side, Trouble, Written};
use crate::wire::credential::Way;
use crate::wire::{Credential, Term};

async fn sent(call: Call, auth: Option<Credential>, step: Step) -> Result<Request<Bytes>, TargetError> {
    let line = Scripted::acts(vec![reply(200, &json!({}))]);
    let target = Target::new(Instance { auth, ..instance(call) }, line.clone());
    target.run(Use::Write, &step, &mut Captures::new(), &budget()).await?;
    Ok(line.requests().remove(0))
}

/// Refused, and nothing went out.
async fn refused(call: Call, auth: Option<Credential>, step: Step) -> TargetError {
    let line = Scripted::acts(vec![reply(200, &json!({}))]);
    let target = Target::new(Instance { auth, ..instance(call) }, line.clone());
    let error = target.run(Use::Write, &step, &mut Captures::new(), &budget()).await.unwrap_err();
    assert_eq!((line.count(), error.written), (0, Written::No));
    error
}

fn keyed(key: &str) -> Step {
    Step::once(CallId(0), vec![Argument::of(Variable::Key, key), Argument::of(Variable::Account, json!({"a": 1}))])
}

fn one(way: Way) -> Credential {
    Credential { ways: vec![way], certificate: None }
}

fn api_key() -> Option<Credential> {
    Some(one(Way::Header(vec![("x-api-key".parse().unwrap(), template("<settings.api_key>"))])))
}

#[tokio::test(start_paused = true)]
async fn a_request_is_written_out_whole() {
    let mut call = call("PUT /users/<key>.json");
    call.query = vec![("notify".into(), template("0")), ("by".into(), template("<value>"))];
    call.headers =
        vec![("x-trace".parse().unwrap(), template("k<key>")), ("x-none".parse().unwrap(), template("<value>"))];
    let request = sent(call, api_key(), keyed("a/b")).await.unwrap();
    assert_eq!(request.method(), Method::PUT);
    assert_eq!(request.uri(), "https://app.example/api/users/a%2Fb.json?notify=0");
    let header = |name| header_text(request.headers(), name);
    assert_eq!(header("x-trace"), Some("ka/b"));
    assert_eq!(header("x-none"), None);
    assert_eq!(header("accept"), Some("application/json"));
    assert_eq!(header("content-type"), Some("application/json"));
    assert!(header("user-agent").unwrap().starts_with("transom/"));
    assert_eq!(header("x-api-key"), Some(SECRET));
    assert!(request.headers()["x-api-key"].is_sensitive());
    assert_eq!(request.body(), "{\"a\":1}");
}

#[tokio::test(start_paused = true)]
async fn a_call_may_say_its_own_content_type_and_send_a_form() {
    let mut form = call("POST /users");
    form.encode = Encoding::Form;
    let request = sent(form.clone(), None, keyed("7")).await.unwrap();
    assert_eq!(header_text(request.headers(), "content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(request.body(), "a=1");

    form.headers = vec![(http::header::CONTENT_TYPE, template("application/json-rpc"))];
    let request = sent(form.clone(), None, keyed("7")).await.unwrap();
    assert_eq!(header_text(request.headers(), "content-type"), Some("application/json-rpc"));

    let list = Step::once(CallId(0), vec![Argument::of(Variable::Account, json!([1]))]);
    assert!(matches!(refused(form, None, list).await.trouble, Trouble::Mapping(_)));
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_body_sends_none() {
    let request = sent(call("DELETE /users/<key>"), None, keyed("7")).await.unwrap();
    assert!(request.body().is_empty());
    assert_eq!(request.headers().get("content-type"), None);
}

#[tokio::test(start_paused = true)]
async fn credentials_are_sent_and_marked() {
    let bearer = one(Way::Bearer(template("<settings.api_key>")));
    let request = sent(call("DELETE /x"), Some(bearer), keyed("7")).await.unwrap();
    assert_eq!(header_text(request.headers(), "authorization"), Some("Bearer s3cr3t-api-key"));
    let basic = one(Way::Basic { username: template("<settings.user>"), password: template("<settings.api_key>") });
    let request = sent(call("DELETE /x"), Some(basic), keyed("7")).await.unwrap();
    assert_eq!(header_text(request.headers(), "authorization"), Some("Basic Ym90OnMzY3IzdC1hcGkta2V5"));
    assert!(request.headers()["authorization"].is_sensitive());
    assert!(!format!("{:?}", request.headers()).contains("Ym90"));
}

#[tokio::test(start_paused = true)]
async fn a_setting_that_is_not_there_sends_nothing() {
    let unset = one(Way::Bearer(template("<settings.token>")));
    let error = refused(call("DELETE /x"), Some(unset), keyed("7")).await;
    assert_eq!(error.trouble, Trouble::Mapping("`<settings.token>` has no value".into()));
    let mut query = call("DELETE /x");
    query.query = vec![("t".into(), template("<settings.token>"))];
    assert_eq!(refused(query, None, keyed("7")).await.side(), Side::Mapping);
}

#[tokio::test(start_paused = true)]
async fn headers_cannot_be_injected() {
    for key in ["a\r\nX-Admin: 1", "a\nb", "a\rb", "a\0b"] {
        let mut call = call("POST /users");
        call.headers = vec![("x-key".parse().unwrap(), template("<key>"))];
        let error = refused(call, None, keyed(key)).await;
        assert_eq!((&error.trouble, error.side()), (&Trouble::Unsafe("key".into()), Side::Client));
    }
    for secret in ["a\r\nX-Admin: 1", "a\0b"] {
        let settings = Settings::new([("api_key".into(), secret.to_owned())]);
        let line = Scripted::acts(Vec::new());
        let target = Target::new(Instance { auth: api_key(), settings, ..instance(call("POST /users")) }, line.clone());
        let error = run(&target, Use::Write).await.unwrap_err();
        assert_eq!((error.side(), line.count()), (Side::Mapping, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_file_may_end_with_a_line_break() {
    let settings = Settings::new([("api_key".into(), "abcdef\n".to_owned())]);
    let line = Scripted::acts(vec![reply(200, &json!({}))]);
    let target = Target::new(Instance { auth: api_key(), settings, ..instance(call("POST /users")) }, line.clone());
    run(&target, Use::Write).await.unwrap();
    assert_eq!(header_text(line.requests()[0].headers(), "x-api-key"), Some("abcdef"));
}

#[tokio::test(start_paused = true)]
async fn keys_cannot_climb_out_of_the_path() {
    for key in ["..", ".", "", "../../admin", "a\0"] {
        let error = refused(call("PUT /users/<key>"), None, keyed(key)).await;
        assert_eq!((&error.trouble, error.side()), (&Trouble::Unsafe("key".into()), Side::Client), "{key}");
    }
    let error = refused(call("PUT /users/<key>"), None, Step::once(CallId(0), Vec::new())).await;
    assert_eq!(error.trouble, Trouble::Mapping("`<key>` in the path has no value".into()));
}

#[tokio::test(start_paused = true)]
async fn a_body_without_a_value_is_not_sent_empty() {
    let error = refused(call("POST /users"), None, Step::once(CallId(0), Vec::new())).await;
    assert_eq!(error.trouble, Trouble::Mapping("its body has no value".into()));
}

#[tokio::test(start_paused = true)]
async fn open_terms_are_filled_where_the_step_runs() {
    let body = Body::Object(vec![
        ("password".into(), Body::Template(template("<random>"))),
        ("realm".into(), Body::Template(template("<settings.user>"))),
        ("login".into(), Body::Constant(json!("bjensen"))),
        ("key".into(), Body::Template(template("<key>"))),
    ]);
    let account = Argument { variable: Variable::Account, term: Term::Open(body) };
    let request = sent(call("POST /users"), None, Step::once(CallId(0), vec![account])).await.unwrap();
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(body["password"].as_str().unwrap().len(), 32);
    assert_eq!((&body["realm"], &body["login"], &body["key"]), (&json!("bot"), &json!("bjensen"), &Value::Null));
}

#[tokio::test(start_paused = true)]
async fn a_field_is_taken_from_the_account_that_is_sent() {
    let mut call = call("POST /users/<$.login>");
    call.query = vec![("mail".into(), template("<$.mail>"))];
    let request = sent(call, None, step()).await.unwrap();
    assert_eq!(request.uri().path_and_query().unwrap(), "/api/users/bjensen");
}

#[tokio::test(start_paused = true)]
async fn a_plan_for_other_calls_is_refused() {
    let line = Scripted::acts(Vec::new());
    let step = Step::once(CallId(9), Vec::new());
    let ended = target(call("POST /users"), &line).run(Use::Read, &step, &mut Captures::new(), &budget()).await;
    assert_eq!(ended.unwrap_err().side(), Side::Mapping);
}

#[test]
fn secrets_print_nowhere() {
    let target = target(call("POST /users"), &Scripted::acts(Vec::new()));
    let mut captures = Captures::new();
    captures.keep("key", SECRET);
    let shown = format!("{target:?} {:?} {:?} {captures:?}", target.instance, target.instance.settings);
    assert!(!shown.contains(SECRET), "{shown}");
    assert!(shown.contains("api_key"));
}
