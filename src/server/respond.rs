//! Answers on the wire: the one place that makes SCIM errors of operation errors.

use crate::auth::AuthError;
use crate::engine::OperationError;
use crate::mapping::planner::PlannerFault;
use crate::mapping::to_scim::{RuleError, RuleFault};
use crate::mapping::transform::TransformError;
use crate::plan::{PlanError, Unanswerable};
use crate::scim::error::{ScimError, ScimType};
use crate::script::ScriptError;
use crate::server::AnswerBody;
use crate::target::Trouble;
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;
use serde_json::Value;
use std::time::Duration;

/// SCIM's media type (RFC 7644 §3.1). Some clients abort on any other, so every body has it.
const SCIM_JSON: HeaderValue = HeaderValue::from_static("application/scim+json; charset=utf-8");

/// An answer, and the word for it in the log.
pub struct Reply {
    /// What is sent.
    pub response: Response<AnswerBody>,
    /// The same as a document, for a bulk answer that holds it.
    pub document: Value,
    /// `ok`, or the kind of error.
    pub outcome: &'static str,
}

/// What a caller may send where the target itself judges it.
const PASSED_ON: &str = r#"Bearer realm="scim", Basic realm="scim""#;

impl Reply {
    /// A document.
    pub fn document(status: StatusCode, document: Value) -> Reply {
        let mut response = Response::new(Full::new(Bytes::from(document.to_string())));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, SCIM_JSON);
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Reply { response, document, outcome: "ok" }
    }

    /// 204.
    pub fn nothing() -> Reply {
        Reply::bare(StatusCode::NO_CONTENT)
    }

    /// 304: the client holds this version already.
    pub fn not_modified(version: Option<&str>) -> Reply {
        Reply::bare(StatusCode::NOT_MODIFIED).in_version(version)
    }

    /// 204 with the methods that mean something here.
    pub fn methods(methods: &[Method]) -> Reply {
        Reply::nothing().allowing(methods)
    }

    fn bare(status: StatusCode) -> Reply {
        let mut response = Response::new(Full::new(Bytes::new()));
        *response.status_mut() = status;
        Reply { response, document: Value::Null, outcome: "ok" }
    }

    /// A SCIM error.
    pub fn error(error: &ScimError, outcome: &'static str) -> Reply {
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Reply { outcome, ..Reply::document(status, error.body()) }
    }

    /// The refusal of a caller.
    pub fn unauthorized(error: &AuthError) -> Reply {
        let status = match error {
            AuthError::WrongTarget => 403,
            AuthError::Unchecked(_) => 503,
            AuthError::Missing
            | AuthError::Malformed
            | AuthError::Unknown
            | AuthError::Expired
            | AuthError::Revoked => 401,
        };
        let mut reply = Reply::error(&plain(status, error.to_string()), "unauthorized");
        if let Some(challenge) = error.challenge() {
            reply = reply.challenging(challenge);
        }
        reply
    }

    /// The refusal of a caller who sends nothing that could be passed on to the target.
    pub fn nothing_to_pass_on() -> Reply {
        let words = "this target wants the caller's own credentials, and no Authorization header was sent";
        Reply::error(&plain(401, words), "unauthorized").challenging(PASSED_ON)
    }

    fn challenging(mut self, challenge: &'static str) -> Reply {
        self.response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        self
    }

    /// 405 with the methods that would do.
    pub fn method_not_allowed(methods: &[Method]) -> Reply {
        Reply::error(&plain(405, format!("this endpoint takes {}", names(methods))), "method_not_allowed")
            .allowing(methods)
    }

    /// The failure of an operation.
    pub fn failure(error: &OperationError) -> Reply {
        let (scim, outcome, wait) = wire_error(error);
        let mut reply = Reply::error(&scim, outcome);
        if let Some(wait) = wait {
            reply.response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        if reply.response.status() == StatusCode::UNAUTHORIZED {
            reply = reply.challenging(PASSED_ON);
        }
        reply
    }

    /// The same with another status.
    pub fn with_status(mut self, status: StatusCode) -> Reply {
        *self.response.status_mut() = status;
        self
    }

    /// The same with an `ETag`.
    pub fn in_version(mut self, version: Option<&str>) -> Reply {
        if let Some(version) = version.and_then(|version| HeaderValue::from_str(version).ok()) {
            self.response.headers_mut().insert(ETAG, version);
        }
        self
    }

    fn allowing(mut self, methods: &[Method]) -> Reply {
        if let Ok(names) = HeaderValue::from_str(&names(methods)) {
            self.response.headers_mut().insert(ALLOW, names);
        }
        self
    }

    /// The same with a `Location`.
    pub fn at(mut self, location: &str) -> Reply {
        if let Ok(location) = HeaderValue::from_str(location) {
            self.response.headers_mut().insert(LOCATION, location);
        }
        self
    }
}

fn names(methods: &[Method]) -> String {
    methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ")
}

/// An error without a `scimType`.
pub fn plain(status: u16, detail: impl Into<String>) -> ScimError {
    ScimError { status, scim_type: None, detail: detail.into() }
}

fn typed(status: u16, scim_type: ScimType, detail: impl Into<String>) -> ScimError {
    ScimError { status, scim_type: Some(scim_type), detail: detail.into() }
}

fn words(detail: &Option<String>, otherwise: &str) -> String {
    detail.clone().unwrap_or_else(|| otherwise.to_owned())
}

/// The SCIM error that a client is told.
pub fn told(error: &OperationError) -> ScimError {
    wire_error(error).0
}

/// The SCIM error, the kind of error for the log, and how long to wait.
fn wire_error(error: &OperationError) -> (ScimError, &'static str, Option<Duration>) {
    use OperationError as E;
    let (scim, outcome) = match error {
        E::Scim(error) => (error.clone(), "client_error"),
        E::NotFound { kind, id: Some(id) } => (plain(404, format!("{kind} {id:?} not found")), "not_found"),
        E::NotFound { kind, id: None } => (plain(404, format!("{kind} not found")), "not_found"),
        E::Taken { detail } => {
            (typed(409, ScimType::Uniqueness, words(detail, "a unique value is taken in the target")), "taken")
        }
        E::Invalid { detail } => {
            (typed(400, ScimType::InvalidValue, words(detail, "the target finds a value wrong")), "invalid")
        }
        E::Refused { detail } => (plain(403, words(detail, "the target does not allow it")), "refused"),
        E::UnknownElement { detail: Some(detail), .. } => {
            (typed(400, ScimType::InvalidValue, format!("{error}: {detail}")), "invalid")
        }
        E::UnknownElement { detail: None, .. } => (typed(400, ScimType::InvalidValue, error.to_string()), "invalid"),
        E::Unanswerable(Unanswerable::NoWay(_)) => {
            (typed(400, ScimType::InvalidFilter, error.to_string()), "unanswerable")
        }
        E::Unanswerable(Unanswerable::NotOffered) | E::NotOffered(_) => (plain(501, error.to_string()), "not_offered"),
        E::TooMany { .. } => (typed(400, ScimType::TooMany, error.to_string()), "too_many"),
        E::VersionMismatch => (plain(412, error.to_string()), "version_mismatch"),
        E::Stale => (plain(503, error.to_string()), "stale"),
        E::Plan(PlanError::UnknownReference { .. } | PlanError::ValueNotTaken(_)) => {
            (typed(400, ScimType::InvalidValue, error.to_string()), "invalid")
        }
        E::Plan(PlanError::NotOffered(_)) => (plain(501, error.to_string()), "not_offered"),
        E::Plan(PlanError::Rule(cause)) => rule_error(cause, Direction::ToTarget),
        E::Plan(PlanError::Script(cause)) => match &cause.fault {
            PlannerFault::Refused(words) => (typed(400, ScimType::InvalidValue, words), "invalid"),
            _ if cause.is_the_clients() => (typed(400, ScimType::InvalidValue, error.to_string()), "invalid"),
            _ => (plain(500, error.to_string()), "script_failed"),
        },
        E::Plan(PlanError::NotTaken(_)) => (plain(500, error.to_string()), "mapping_failed"),
        E::Rule(cause) => rule_error(cause, Direction::ToScim),
        E::NotDone { detail: Some(detail) } => (plain(502, format!("{error}: {detail}")), "target_failed"),
        E::NotDone { detail: None } => (plain(502, error.to_string()), "target_failed"),
        E::NotYet | E::Keyless => (plain(502, error.to_string()), "target_nonsense"),
        E::NoKey => (plain(502, error.to_string()), "target_broken"),
        E::Target(error) => {
            let words = match &error.trouble {
                Trouble::Broken { detail: Some(detail), .. } => format!("{error}: {}", detail.reveal()),
                _ => error.to_string(),
            };
            return (plain(status_of(&error.trouble), words), outcome_of(&error.trouble), wait_of(&error.trouble));
        }
        E::Hidden { .. } => (plain(500, error.to_string()), "mapping_failed"),
        E::Unfit { .. } => (plain(502, error.to_string()), "target_nonsense"),
        E::Store(_) => (plain(503, "the gateway's own store cannot be used; its log says why"), "store_failed"),
        E::Lock(_) => return (plain(503, error.to_string()), "queue_full", Some(Duration::from_secs(1))),
        E::Panicked => (plain(500, "internal error; the gateway's log says where"), "panicked"),
    };
    (scim, outcome, None)
}

/// Which way a rule ran.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToTarget,
    ToScim,
}

/// A rule that cannot write what the client sent is the client's mistake; one that cannot read the target's answer is not.
fn rule_error(error: &RuleError, direction: Direction) -> (ScimError, &'static str) {
    let told = error.to_string();
    match &error.cause {
        RuleFault::Rest | RuleFault::Key | RuleFault::Name => (typed(400, ScimType::InvalidValue, told), "invalid"),
        RuleFault::Transform(TransformError::Script(ScriptError::Refused(words)))
            if direction == Direction::ToTarget =>
        {
            (typed(400, ScimType::InvalidValue, words), "invalid")
        }
        RuleFault::Transform(TransformError::Script(_)) => (plain(500, told), "script_failed"),
        RuleFault::Transform(TransformError::Unlisted | TransformError::Kind { .. })
            if direction == Direction::ToTarget =>
        {
            (typed(400, ScimType::InvalidValue, told), "invalid")
        }
        RuleFault::Missing | RuleFault::Transform(_) => (plain(502, told), "target_nonsense"),
    }
}

/// The status that a failure of a call stands for. A target that is down is never "not found", its 401 never ours.
fn status_of(trouble: &Trouble) -> u16 {
    match trouble {
        Trouble::Unreachable | Trouble::Busy { .. } | Trouble::Queue => 503,
        Trouble::TimedOut | Trouble::Uncertain(_) | Trouble::OutOfTime => 504,
        Trouble::Broken { .. } | Trouble::Credentials { .. } | Trouble::NothingFound { .. } => 502,
        Trouble::TooLarge | Trouble::Nonsense(_) | Trouble::Script { .. } => 502,
        Trouble::NoRandomness | Trouble::Mapping(_) => 500,
        Trouble::Unsafe(_) => 400,
        // RFC 9110 §15.5.2: these are the client's own credentials.
        Trouble::NotLetIn { .. } => 401,
    }
}

fn outcome_of(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::Unreachable => "target_unreachable",
        Trouble::Busy { .. } => "target_busy",
        Trouble::Queue | Trouble::OutOfTime => "out_of_time",
        Trouble::TimedOut => "target_timeout",
        Trouble::Uncertain(_) => "uncertain",
        Trouble::Broken { .. } => "target_broken",
        Trouble::Credentials { .. } => "target_refused_credentials",
        Trouble::NotLetIn { .. } => "unauthorized",
        Trouble::NothingFound { .. } => "lookup_failed",
        Trouble::TooLarge => "target_answer_too_large",
        Trouble::Nonsense(_) => "target_nonsense",
        Trouble::Script { .. } => "script_failed",
        Trouble::NoRandomness => "gateway_failed",
        Trouble::Mapping(_) => "mapping_failed",
        Trouble::Unsafe(_) => "invalid",
    }
}

/// How long a client should wait (503 only).
fn wait_of(trouble: &Trouble) -> Option<Duration> {
    match trouble {
        Trouble::Busy { retry_after } => Some(retry_after.unwrap_or(Duration::from_secs(5))),
        Trouble::Unreachable | Trouble::Queue => Some(Duration::from_secs(5)),
        _ => None,
    }
}
