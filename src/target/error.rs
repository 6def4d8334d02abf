//! Why a step did not get a usable answer: whose side it is on, whether it may be tried again, whether something may have been written.

use crate::wire::{Call, Part, Template};
use http::StatusCode;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A step that failed, with its place in the mapping. No value stands in it, only names and paths.
#[derive(Debug, thiserror::Error)]
#[error("{call} (line {line}, {request}): {trouble}")]
pub struct TargetError {
    /// The call's name.
    pub call: Arc<str>,
    /// The line of the mapping file.
    pub line: u32,
    /// Method and path as declared: `GET /users/<key>.json`.
    pub request: Box<str>,
    /// What went wrong.
    pub trouble: Trouble,
    /// May the target have changed something?
    pub written: Written,
}

/// What went wrong with a call.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Trouble {
    /// No connection: nothing was sent.
    #[error("the target cannot be reached")]
    Unreachable,
    /// No answer in time; nothing was written.
    #[error("the target did not answer in time")]
    TimedOut,
    /// A write ended without an answer: nobody knows whether the target did it.
    #[error("it is not known whether the target did it: {0}")]
    Uncertain(Doubt),
    /// The target does not work: a fault of its own, or an answer that means `broken`.
    #[error("{}", broken(*status))]
    Broken {
        /// The status, if there was an answer.
        status: Option<StatusCode>,
        /// The target's words.
        detail: Option<Words>,
    },
    /// The target refused our credentials.
    #[error("the target refused our credentials (status {}); check the settings of this target", status.as_u16())]
    Credentials {
        /// The status.
        status: StatusCode,
    },
    /// The target refused the client's own credentials, which were passed on to it.
    #[error("the target does not let this client in (status {})", status.as_u16())]
    NotLetIn {
        /// The status.
        status: StatusCode,
    },
    /// A lookup's call was answered, and what it should yield is not there.
    #[error("the lookup `{lookup}` found nothing")]
    NothingFound {
        /// The lookup.
        lookup: Arc<str>,
    },
    /// The target had no capacity, for longer than the request may last.
    #[error("the target is busy")]
    Busy {
        /// How long it asked us to wait.
        retry_after: Option<Duration>,
    },
    /// The answer passes the limit.
    #[error("the target's answer is too large")]
    TooLarge,
    /// The answer is not what the mapping says it would be.
    #[error("the target's answer makes no sense: {0}")]
    Nonsense(&'static str),
    /// A function of the mapping's script could not say what the answer means.
    #[error("`{function}` (line {line} of the mapping) does not tell what the answer means: {reason}")]
    Script {
        /// The function.
        function: Arc<str>,
        /// The line of the answer row.
        line: u32,
        /// What went wrong, never with a value in it.
        reason: String,
    },
    /// The request's time ended while the call waited for its turn: nothing was sent.
    #[error("too many calls to the target are waiting")]
    Queue,
    /// The request's time was over before the call: nothing was sent.
    #[error("no time was left for the call")]
    OutOfTime,
    /// The operating system gave no random numbers.
    #[error("no random numbers are to be had")]
    NoRandomness,
    /// The mapping and the plan do not fit together.
    #[error("the mapping does not fit: {0}")]
    Mapping(String),
    /// The value of this placeholder cannot stand where the mapping puts it, and would lead elsewhere.
    #[error("the value of `<{0}>` cannot stand where the target takes it")]
    Unsafe(String),
}

/// Why nobody knows whether a write was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// The connection broke after the request may have arrived.
    #[error("the connection broke")]
    Broken,
    /// The answer passes the limit.
    #[error("the answer is too large")]
    TooLarge,
    /// The answer is there and cannot be read.
    #[error("the answer cannot be read")]
    Unreadable,
    /// The target took the request and did not say in time that it is done.
    #[error("it took the request, and did not say in time that it is done")]
    Unfinished,
    /// A repeated attempt ended otherwise; the first one may have been done.
    #[error("the first attempt had no answer")]
    Earlier,
}

/// Whose side a failure is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What the client sent.
    Client,
    /// The mapping's author.
    Mapping,
    /// The target.
    Target,
    /// This gateway.
    Gateway,
}

/// May something have been written in the target by this step?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Certainly not.
    No,
    /// Perhaps: look before trying again.
    Maybe,
}

/// Words of the target. They may hold anything, so they print nowhere by themselves.
#[derive(Clone, PartialEq, Eq)]
pub struct Words(String);

impl TargetError {
    /// Nobody knows whether the write was done that this call asks about.
    pub fn in_doubt(call: &Call, doubt: Doubt) -> TargetError {
        TargetError::at(call, Trouble::Uncertain(doubt), Written::Maybe)
    }

    pub(super) fn at(call: &Call, trouble: Trouble, written: Written) -> TargetError {
        TargetError { call: call.name.clone(), line: call.line, request: declared(call).into(), trouble, written }
    }

    /// Whose side it is on.
    pub fn side(&self) -> Side {
        match self.trouble {
            Trouble::Unsafe(_) | Trouble::NotLetIn { .. } => Side::Client,
            Trouble::Mapping(_) | Trouble::Script { .. } => Side::Mapping,
            Trouble::Queue | Trouble::OutOfTime | Trouble::NoRandomness => Side::Gateway,
            Trouble::Unreachable
            | Trouble::TimedOut
            | Trouble::Uncertain(_)
            | Trouble::Broken { .. }
            | Trouble::Credentials { .. }
            | Trouble::NothingFound { .. }
            | Trouble::Busy { .. }
            | Trouble::TooLarge
            | Trouble::Nonsense(_) => Side::Target,
        }
    }
}

impl Words {
    pub(super) fn new(text: String) -> Words {
        Words(text)
    }

    /// The words, for the authenticated client alone: never for a log.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Words(…)")
    }
}

fn broken(status: Option<StatusCode>) -> String {
    match status {
        Some(status) => format!("the target does not work (status {})", status.as_u16()),
        None => "the connection to the target broke".to_owned(),
    }
}

/// Method and path of a call as its author wrote them.
pub(super) fn declared(call: &Call) -> String {
    let path = call.path.iter().map(|segment| format!("/{}", written_out(segment)));
    format!("{} {}", call.method, path.collect::<String>())
}

fn written_out(template: &Template) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.to_string(),
        Part::Hole(variable) => format!("<{variable}>"),
        Part::Json(_) => "{…}".to_owned(),
    };
    template.parts.iter().map(part).collect()
}
