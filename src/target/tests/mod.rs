//! A target on a scripted line: no network, no waiting.

mod answers;
mod lists;
mod requests;
mod retries;
mod sessions;
mod windows;

use super::{Address, Budget, Captures, Exchange, Instance, Line, LineError, Outcome, Sent, Settings};
use super::{Target, TargetError, Use};
use crate::wire::answer::built_in;
use crate::wire::{
    Argument, Body, Call, CallId, Decoding, Encoding, IfUncertain, Path, ResultAt, Step, Template, Variable,
};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// What the line does with a request.
pub(super) enum Act {
    Reply(Response<Bytes>),
    Fail(LineError),
    /// Replies after others had their turn.
    Later(Response<Bytes>),
    /// Waits for the deadline, as a line does that sent the request.
    Slow,
    /// Never ends, whatever the deadline.
    Hang,
}

type Play = Box<dyn Fn(usize, &Request<Bytes>) -> Act + Send + Sync>;

/// A line that answers by itself and remembers what was asked, and when.
pub(super) struct Scripted {
    play: Play,
    seen: Mutex<Vec<(Request<Bytes>, Instant)>>,
}

impl Scripted {
    pub(super) fn new(play: impl Fn(usize, &Request<Bytes>) -> Act + Send + Sync + 'static) -> Arc<Scripted> {
        Arc::new(Scripted { play: Box::new(play), seen: Mutex::default() })
    }

    /// One act per request, in order; further ones break the connection.
    pub(super) fn acts(acts: Vec<Act>) -> Arc<Scripted> {
        let acts = Mutex::new(acts.into_iter());
        Scripted::new(move |_, _| {
            acts.lock().unwrap().next().unwrap_or(Act::Fail(LineError::Broken { sent: Sent::Maybe }))
        })
    }

    pub(super) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub(super) fn requests(&self) -> Vec<Request<Bytes>> {
        self.seen.lock().unwrap().iter().map(|(request, _)| request.clone()).collect()
    }

    pub(super) fn urls(&self) -> Vec<String> {
        self.requests().iter().map(|request| request.uri().path_and_query().unwrap().to_string()).collect()
    }

    /// Milliseconds between one request and the next.
    pub(super) fn gaps(&self) -> Vec<u128> {
        self.seen.lock().unwrap().windows(2).map(|pair| (pair[1].1 - pair[0].1).as_millis()).collect()
    }
}

impl Line for Scripted {
    fn exchange<'a>(&'a self, _: &'a Call, request: Request<Bytes>, deadline: Instant) -> Exchange<'a> {
        let act = (self.play)(self.count(), &request);
        self.seen.lock().unwrap().push((request, Instant::now()));
        Box::pin(async move {
            match act {
                Act::Reply(response) => Ok(response),
                Act::Fail(error) => Err(error),
                Act::Later(response) => {
                    tokio::task::yield_now().await;
                    Ok(response)
                }
                Act::Slow => {
                    tokio::time::sleep_until(deadline).await;
                    Err(LineError::TimedOut { sent: Sent::Maybe })
                }
                Act::Hang => std::future::pending().await,
            }
        })
    }
}

pub(super) fn reply(status: u16, body: &Value) -> Act {
    raw(status, &[], &if body.is_null() { String::new() } else { body.to_string() })
}

pub(super) fn raw(status: u16, headers: &[(&str, &str)], body: &str) -> Act {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    Act::Reply(response.body(Bytes::from(body.to_owned())).unwrap())
}

pub(super) fn unreachable() -> Act {
    Act::Fail(LineError::Unreachable)
}

pub(super) fn broken() -> Act {
    Act::Fail(LineError::Broken { sent: Sent::Maybe })
}

pub(super) fn template(text: &str) -> Template {
    let known = |name: &str| match name {
        "key" => Some(Variable::Key),
        "value" => Some(Variable::Value),
        "account" => Some(Variable::Account),
        "version" => Some(Variable::Version),
        "random" => Some(Variable::Random),
        "offset" => Some(Variable::Offset),
        "page" => Some(Variable::Page),
        "limit" => Some(Variable::Limit),
        "cursor" => Some(Variable::Cursor),
        path if path.starts_with('$') => Path::parse(path).ok().map(Variable::Field),
        name => name.strip_prefix("settings.").map(|name| Variable::Setting(name.into())),
    };
    Template::parse(text, &known).unwrap()
}

pub(super) fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

/// `PUT /users/<key>` and what a write by it carries.
pub(super) fn call(text: &str) -> Call {
    let (method, path) = text.split_once(' ').unwrap();
    let method: Method = method.parse().unwrap();
    let writes = !method.is_safe() && method != Method::DELETE;
    Call {
        name: "User.call".into(),
        line: 12,
        path: path.split('/').skip(1).map(template).collect(),
        query: Vec::new(),
        headers: Vec::new(),
        body: writes.then(|| Body::Template(template("<account>"))),
        encode: Encoding::Json,
        decode: Decoding::Seen,
        answers: built_in(),
        result: ResultAt::Whole,
        listing: None,
        key: None,
        if_uncertain: IfUncertain::LookUp,
        shared: None,
        needs: Vec::new(),
        method,
    }
}

pub(super) const SECRET: &str = "s3cr3t-api-key";

pub(super) fn instance(call: Call) -> Instance {
    Instance {
        name: "crm".into(),
        address: Address::parse("https://app.example/api/").unwrap(),
        calls: Arc::from([call]),
        auth: None,
        script: None,
        settings: Settings::new([("api_key".into(), SECRET.to_owned()), ("user".into(), "bot".to_owned())]),
        lookups: Arc::from([]),
        given: Vec::new(),
        now: std::time::SystemTime::now,
        timeout: Duration::from_secs(10),
    }
}

pub(super) fn target(call: Call, line: &Arc<Scripted>) -> Target {
    Target::new(instance(call), line.clone())
}

pub(super) fn step() -> Step {
    let account = json!({"login": "bjensen", "password": "hunter2hunter2"});
    let arguments = vec![Argument::of(Variable::Key, "7"), Argument::of(Variable::Account, account)];
    Step::once(CallId(0), arguments)
}

pub(super) fn budget() -> Budget {
    Budget::of(Duration::from_secs(25))
}

pub(super) async fn run(target: &Target, usage: Use) -> Result<Outcome, TargetError> {
    target.run(usage, &step(), &mut Captures::new(), &budget()).await
}

/// A read of `/users/<key>` that gets this one answer.
pub(super) async fn read(call: Call, act: Act) -> Result<Outcome, TargetError> {
    run(&target(call, &Scripted::acts(vec![act])), Use::Read).await
}

pub(super) async fn write(call: Call, act: Act) -> Result<Outcome, TargetError> {
    run(&target(call, &Scripted::acts(vec![act])), Use::Write).await
}

pub(super) fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}
