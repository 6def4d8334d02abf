//! Values that are got by a call of their own: session tokens, ids that a product gives to names, keys of memberships.

use crate::wire::call::CallId;
use crate::wire::credential::Credential;
use crate::wire::path::Path;
use crate::wire::template::Template;
use http::HeaderName;
use serde_json::Value;
use std::sync::Arc;

/// The place of a lookup in its mapping's list.
pub type LookupId = usize;

/// A declared lookup; `<name>` stands for what it yields.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    /// Its name.
    pub name: Arc<str>,
    /// The call that yields it.
    pub call: CallId,
    /// Where in the answer it stands.
    pub take: Take,
    /// How long it may be used.
    pub lives: Lives,
    /// When it ends by itself.
    pub expires: Option<Expires>,
    /// The lookups that its call names, all of them before it in the order of getting.
    pub needs: Vec<LookupId>,
    /// `auth` uses it, or needs it: its call is sent without credentials.
    pub bare: bool,
    /// How its call says who calls, where that is another way than the mapping's.
    pub credential: Option<Credential>,
    /// Where its call goes, where that is no path of the call: a path below the base URL, or an absolute `https` URL of a setting.
    pub url: Option<Template>,
    /// What its call's `<value>` is: the token that the answer before it gave.
    pub rotates: Option<Rotation>,
}

/// A token that each answer renews.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotation {
    /// The first one.
    pub first: Template,
    /// Where in an answer the next one stands, if there is one.
    pub at: Path,
}

/// Where in an answer the value of a lookup stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Take {
    /// In the body.
    At(Path),
    /// In a header.
    Header(HeaderName),
    /// Nowhere: the answer's cookies are what counts.
    Cookies,
}

/// How long the value of a lookup may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Lives {
    /// As long as the gateway runs.
    Forever,
    /// Until the product says that the session is over, or it ends by itself.
    #[default]
    Session,
    /// For one step, whose placeholders its call may name.
    Once,
}

/// When the value of a lookup ends by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Expires {
    /// After so many seconds.
    After(u64),
    /// After the seconds that stand here.
    In(Path),
    /// At the moment that stands here.
    At(Path, Moment),
}

/// How a moment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Moment {
    /// RFC 3339, or the same without a zone, in UTC.
    #[default]
    DateTime,
    /// Seconds since 1970.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMillis,
    /// In the `exp` claim of a JSON Web Token (RFC 7519 §4.1.4).
    Jwt,
}

impl Moment {
    /// Every form, with its word in a mapping file.
    pub const ALL: [(&'static str, Moment); 4] = [
        ("date_time", Moment::DateTime),
        ("epoch_seconds", Moment::EpochSeconds),
        ("epoch_millis", Moment::EpochMillis),
        ("jwt", Moment::Jwt),
    ];

    /// The moment, in milliseconds since 1970; `None` where none stands there.
    pub fn millis(self, value: &Value) -> Option<i64> {
        let number = || value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
        match self {
            Moment::DateTime => date_time(value.as_str()?.trim()),
            Moment::EpochSeconds => number()?.checked_mul(1000),
            Moment::EpochMillis => number(),
            Moment::Jwt => claims(value.as_str()?)?.get("exp")?.as_f64().map(|seconds| (seconds * 1000.0) as i64),
        }
    }
}

fn date_time(text: &str) -> Option<i64> {
    if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
        return Some(stamp.as_millisecond());
    }
    let naive: jiff::civil::DateTime = text.parse().ok()?;
    naive.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_millisecond())
}

/// The claims of a token. Its signature is the product's business: the token goes back to where it came from.
fn claims(token: &str) -> Option<Value> {
    use base64::Engine;
    let claims = token.split('.').nth(1)?;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn moments_are_read_in_each_form() {
        let millis = 1_717_150_000_000;
        for text in ["2024-05-31T10:06:40Z", "2024-05-31T12:06:40+02:00", " 2024-05-31 10:06:40 "] {
            assert_eq!(Moment::DateTime.millis(&json!(text)), Some(millis), "{text}");
        }
        assert_eq!(Moment::EpochSeconds.millis(&json!(1_717_150_000)), Some(millis));
        assert_eq!(Moment::EpochSeconds.millis(&json!("1717150000")), Some(millis));
        assert_eq!(Moment::EpochMillis.millis(&json!(millis)), Some(millis));
        // {"alg":"none"} and {"exp":1717150000}
        assert_eq!(Moment::Jwt.millis(&json!("eyJhbGciOiJub25lIn0.eyJleHAiOjE3MTcxNTAwMDB9.")), Some(millis));
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for moment in [Moment::DateTime, Moment::EpochSeconds, Moment::EpochMillis, Moment::Jwt] {
            for value in [json!(null), json!("soon"), json!({}), json!("a.b.c"), json!("")] {
                assert_eq!(moment.millis(&value), None, "{moment:?} {value}");
            }
        }
        assert_eq!(Moment::EpochSeconds.millis(&json!(i64::MAX)), None);
    }
}
