//! How a call can fail below HTTP's meaning, and whether the target may have seen it.

use std::path::PathBuf;
use std::time::Duration;

/// Trust roots that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The file is missing, unreadable or no PEM.
    #[error("cannot read the trust roots {}: {reason}", path.display())]
    Unreadable {
        /// The file as configured.
        path: PathBuf,
        /// What the system or the parser said.
        reason: String,
    },
    /// A readable file without a certificate in it.
    #[error("no certificate in {}; it must hold PEM blocks `BEGIN CERTIFICATE`", path.display())]
    NoCertificate {
        /// The file as configured.
        path: PathBuf,
    },
    /// A client certificate, or its key, that cannot be used.
    #[error("the client certificate cannot be used: {0}")]
    Identity(String),
    /// The TLS library refused its settings.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// Whether the target may have seen the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Surely not: repeating it is safe.
    NotSent,
    /// Perhaps, in whole or in part.
    MaybeSent,
}

/// How far an attempt to reach the target came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The host name has no address.
    Name,
    /// No TCP connection.
    Connect,
    /// Connected, but no TLS session: certificate, version, or no TLS at all.
    Tls,
    /// Neither within the time to connect.
    Slow,
}

/// Where the time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Before a connection stood.
    Connecting,
    /// The request was handed to a connection; no answer yet.
    Waiting,
    /// Within the body of the answer.
    Reading,
}

/// What was larger than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Status line and headers.
    Header,
    /// The body.
    Body,
}

/// A call that brought no whole answer. Carries neither addresses nor values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// A request that cannot be sent at all, whoever the target is.
    #[error("the request cannot be sent: {0}")]
    Malformed(&'static str),
    /// The deadline passed while the call waited for its turn.
    #[error("the call waited for its turn until its time was over")]
    Queue,
    /// No connection.
    #[error("the target cannot be reached ({}): {reason}", reach_words(*stage))]
    Unreachable {
        /// How far it came.
        stage: Reach,
        /// What the system or the TLS library said.
        reason: String,
    },
    /// Too slow.
    #[error("the target was too slow ({} for {:.1} s)", stage_words(*stage), after.as_secs_f32())]
    TimedOut {
        /// Whether the target may have seen the request.
        sent: Sent,
        /// Where the time ran out.
        stage: Stage,
        /// How long this stage, or the silence within the answer, was waited for.
        after: Duration,
    },
    /// The connection ended, or what came was not HTTP.
    #[error("the connection to the target broke: {reason}")]
    Broken {
        /// Whether the target may have seen the request.
        sent: Sent,
        /// What the HTTP library said.
        reason: String,
    },
    /// The answer passed its limit.
    #[error("the {} of the target's answer is larger than {limit} bytes", part_words(*part))]
    TooLarge {
        /// Which part of it.
        part: Part,
        /// The limit in bytes.
        limit: usize,
    },
    /// A compressed answer, though none was asked for.
    #[error("the target's answer is compressed, which was not asked for")]
    Compressed,
}

impl TransportError {
    /// Whether the target may have seen the request, and may thus have done what it asks.
    pub fn sent(&self) -> Sent {
        match self {
            TransportError::Malformed(_) | TransportError::Queue | TransportError::Unreachable { .. } => Sent::NotSent,
            TransportError::TimedOut { sent, .. } | TransportError::Broken { sent, .. } => *sent,
            TransportError::TooLarge { .. } | TransportError::Compressed => Sent::MaybeSent,
        }
    }
}

fn reach_words(stage: Reach) -> &'static str {
    match stage {
        Reach::Name => "its name has no address",
        Reach::Connect => "no connection",
        Reach::Tls => "no TLS session",
        Reach::Slow => "too slow to connect",
    }
}

fn stage_words(stage: Stage) -> &'static str {
    match stage {
        Stage::Connecting => "no connection",
        Stage::Waiting => "no answer",
        Stage::Reading => "silence within the answer",
    }
}

fn part_words(part: Part) -> &'static str {
    match part {
        Part::Header => "header",
        Part::Body => "body",
    }
}
