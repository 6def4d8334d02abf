//! Single values of the file, checked where they stand.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;

use super::units;

const LARGEST_RATE: f64 = 1_000_000.0;

#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Socket(pub(super) SocketAddr);

impl TryFrom<String> for Socket {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = |_| format!("`{text}` is no address; write an IP address and a port, 127.0.0.1:8080 or [::1]:8080");
        text.parse().map(Socket).map_err(wrong)
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Size(pub(super) usize);

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        units::size(&text).map(Size)
    }
}

/// Less would refuse ordinary requests, and the HTTP library does not go below it.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct HeaderSize(pub(super) usize);

impl TryFrom<String> for HeaderSize {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match units::size(&text)? {
            bytes @ 0x2000..=0x10_0000 => Ok(HeaderSize(bytes)),
            _ => Err(format!("`{text}` is out of range; it must be between 8KiB and 1MiB")),
        }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Span(pub(super) Duration);

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        units::duration(&text).map(Span)
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Count(pub(super) usize);

impl TryFrom<String> for Count {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.parse() {
            Ok(count @ 1..=1_000_000) => Ok(Count(count)),
            _ => Err(format!("`{text}` is no count; write a whole number from 1 to 1000000")),
        }
    }
}

/// `none` or calls per second.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Rate(pub(super) Option<f64>);

impl TryFrom<String> for Rate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.parse::<f64>() {
            _ if text == "none" => Ok(Rate(None)),
            Ok(rate) if (0.001..=LARGEST_RATE).contains(&rate) => Ok(Rate(Some(rate))),
            _ => Err(format!("`{text}` is no rate; write calls per second, such as 50 or 0.5, or none")),
        }
    }
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "String")]
pub(super) struct Name(pub(super) String);

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if text.is_empty() || text.len() > 63 || !text.bytes().all(allowed) {
            return Err(format!("`{text}` is no name for a target; write up to 63 of a-z, 0-9 and -"));
        }
        Ok(Name(text))
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct BaseUrl(pub(super) String);

impl TryFrom<String> for BaseUrl {
    type Error = String;

    /// Not quoted in errors: it may hold a password in a place where none belongs.
    fn try_from(text: String) -> Result<Self, String> {
        let wrong = |what: &str| format!("this is no base URL ({what}); write http://host:port/path or https://…");
        let url: http::Uri = text.parse().map_err(|_| wrong("not a URL"))?;
        let host = url.authority().filter(|authority| !authority.host().is_empty()).ok_or_else(|| wrong("no host"))?;
        match url.scheme_str() {
            Some("http" | "https") => {}
            _ => return Err(wrong("neither http nor https")),
        }
        if host.as_str().contains('@') {
            return Err(wrong("a user or password in it; use settings"));
        }
        if url.query().is_some() || text.contains('#') {
            return Err(wrong("a query or fragment in it"));
        }
        Ok(BaseUrl(text.trim_end_matches('/').to_owned()))
    }
}
