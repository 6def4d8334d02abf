//! `transom.yaml`: read whole, checked whole, and resolved to what the program uses.
//!
//! The file [`DEFAULT`] documents every key with its default; a test holds it to [`Config::default`]. Secrets stay
//! where they are until [`Config::resolve_settings`] is called, so that everything but serving works without them.

mod error;
mod nearest;
mod print;
mod read;
mod scalar;
mod settings;
mod units;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use error::ConfigError;
pub use settings::{Settings, Source};

/// The commented default file: the documentation of the format.
pub const DEFAULT: &str = include_str!("default.yaml");

/// Everything the file says, with defaults filled in and paths resolved. Prints as a file that reads back as itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where to listen; at least one.
    pub listen: Vec<Listener>,
    /// The folder of our own state.
    pub data: PathBuf,
    /// The base of our own addresses, without a slash at its end; `None`: as the client's `Host` says.
    pub public_url: Option<String>,
    /// What one client may take.
    pub limits: Limits,
    /// What is logged, and how.
    pub log: Log,
    /// The targets by name.
    pub targets: BTreeMap<String, Target>,
}

/// One address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Port 0 takes a free one.
    pub address: SocketAddr,
    /// `None` for plain HTTP.
    pub tls: Option<CertificateFiles>,
}

/// PEM files of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate with its intermediate ones.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// What one client may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's body.
    pub body: usize,
    /// Bytes of a request's head.
    pub header: usize,
    /// The budget of one request.
    pub request: Duration,
    /// Connections at the same time.
    pub connections: usize,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// For people or for programs.
    pub format: LogFormat,
    /// The least severe level that is written.
    pub level: LogLevel,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// To be read.
    Human,
    /// One JSON object a line.
    Json,
}

/// How severe a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something failed that must not.
    Error,
    /// Something to look after.
    Warn,
    /// What happens, one line for each request.
    Info,
    /// Steps of it.
    Debug,
    /// Everything.
    Trace,
}

/// One instance of a product.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Its mapping file.
    pub mapping: PathBuf,
    /// `http` or `https`, without query and without a slash at its end.
    pub base_url: String,
    /// Where the settings of the mapping are found, by name.
    pub settings: BTreeMap<String, Source>,
    /// What the target is spared, and how long it is waited for.
    pub limits: TargetLimits,
    /// Certificate authorities in a PEM file; `None` for the system's.
    pub roots: Option<PathBuf>,
    /// What a PATCH is answered with.
    pub patch_answer: PatchAnswers,
}

/// What a target is spared, and how long it is waited for.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetLimits {
    /// Calls at the same time.
    pub in_flight: usize,
    /// Calls per second; `None` for no limit.
    pub rate: Option<f64>,
    /// The time for one call.
    pub timeout: Duration,
    /// Bytes of an answer.
    pub answer: usize,
    /// Requests that may wait for the lock of one resource.
    pub lock_queue: usize,
}

/// What a PATCH is answered with, by resource type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatchAnswers {
    /// For users.
    pub user: PatchAnswer,
    /// For groups.
    pub group: PatchAnswer,
}

/// What a PATCH is answered with (RFC 7644 §3.5.2 allows both).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PatchAnswer {
    /// 200 and the resource.
    Resource,
    /// 204.
    None,
}

impl Config {
    /// Reads a file. Secrets are not looked for.
    ///
    /// # Errors
    /// One line with file, line, what is wrong and the way out.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|cause| ConfigError::unreadable(path, &cause))?;
        Config::parse(&text, path)
    }

    /// Reads the text of a file; relative paths in it are relative to the folder of `path`.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        read::read(text, path)
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: vec![Listener { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)), tls: None }],
            data: "data".into(),
            public_url: None,
            limits: Limits::default(),
            log: Log::default(),
            targets: BTreeMap::new(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits { body: 1 << 20, header: 64 << 10, request: Duration::from_secs(25), connections: 1024 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Log { format: LogFormat::Human, level: LogLevel::Info }
    }
}

impl Default for TargetLimits {
    fn default() -> Self {
        TargetLimits { in_flight: 16, rate: None, timeout: Duration::from_secs(10), answer: 8 << 20, lock_queue: 256 }
    }
}

impl Default for PatchAnswers {
    fn default() -> Self {
        PatchAnswers { user: PatchAnswer::Resource, group: PatchAnswer::None }
    }
}
