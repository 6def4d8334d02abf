//! The id that ties a request to its log lines and to the client's own.

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;
use uuid::Uuid;

/// A request's id: 1 to 128 visible ASCII characters. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(Arc<str>);

impl RequestId {
    const LONGEST: usize = 128;

    /// The client's `X-Request-Id` where it is fit for a log and a header, else a new one.
    pub fn accept(sent: Option<&HeaderValue>) -> Self {
        let fits =
            |text: &&str| (1..=Self::LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        match sent.and_then(|value| value.to_str().ok()).filter(fits) {
            Some(text) => Self(text.into()),
            None => Self::random(),
        }
    }

    /// A new random id (UUID version 4).
    pub fn random() -> Self {
        Self(Uuid::new_v4().to_string().into())
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(sent: &[u8]) -> String {
        RequestId::accept(Some(&HeaderValue::from_bytes(sent).unwrap())).to_string()
    }

    #[test]
    fn a_sane_id_is_taken_over() {
        let longest = "x".repeat(128);
        for sent in ["1", "abc-123/{x}=\"", &longest] {
            assert_eq!(accept(sent.as_bytes()), sent);
        }
    }

    #[test]
    fn anything_else_is_replaced_by_a_random_uuid() {
        let too_long = "x".repeat(129);
        for sent in [b"".as_slice(), b"a b", b"a\tb", "\u{e4}".as_bytes(), too_long.as_bytes()] {
            let id: Uuid = accept(sent).parse().unwrap();
            assert_eq!(id.get_version_num(), 4);
        }
        assert_ne!(RequestId::accept(None), RequestId::accept(None));
    }
}
