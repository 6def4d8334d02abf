//! Signatures of requests: what is signed is made of the request as it goes out, the moment, and a text that is drawn for it.

use super::error::Trouble;
use super::random;
use super::supply::Supply;
use crate::wire::credential::{Algorithm, DateForm, Digits, Sign};
use crate::wire::template::as_text;
use crate::wire::{Part, Scope, Template, Variable};
use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, Request};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

/// What a signed request carries.
pub(super) struct Signed {
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) query: Vec<(String, String)>,
}

/// What the templates of a signature are filled from.
struct Facts<'a> {
    facts: Vec<(&'static str, Value)>,
    supply: &'a Supply<'a>,
}

impl Scope for Facts<'_> {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        match variable {
            Variable::Argument(name) => {
                self.facts.iter().find(|(known, _)| **known == **name).map(|(_, value)| Cow::Borrowed(value))
            }
            other => self.supply.value(other),
        }
    }
}

/// Signs a request.
pub(super) fn sign(
    sign: &Sign,
    request: &Request<Bytes>,
    (supply, now): (&Supply<'_>, SystemTime),
) -> Result<Signed, Trouble> {
    let mut facts = Facts { facts: facts(sign, request, now)?, supply };
    let key = exact(&sign.key, &facts)?;
    let text = exact(&sign.text, &facts)?;
    let key = hmac::Key::new(algorithm(sign.algorithm), key.as_bytes());
    let signature = written(sign.digits, hmac::sign(&key, text.as_bytes()).as_ref());
    facts.facts.push(("signature", signature.into()));
    let headers = sign.headers.iter().map(|(name, template)| Ok((name.clone(), exact(template, &facts)?)));
    let query =
        sign.query.iter().map(|(name, template): &(Arc<str>, _)| Ok((name.to_string(), exact(template, &facts)?)));
    Ok(Signed { headers: headers.collect::<Result<_, Trouble>>()?, query: query.collect::<Result<_, Trouble>>()? })
}

fn facts(sign: &Sign, request: &Request<Bytes>, now: SystemTime) -> Result<Vec<(&'static str, Value)>, Trouble> {
    let uri = request.uri();
    let stamp =
        Timestamp::try_from(now).map_err(|_| Trouble::Mapping("the clock stands outside of time".to_owned()))?;
    let hash = digest::digest(&digest::SHA256, request.body());
    let host = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    Ok(vec![
        ("method", request.method().as_str().into()),
        ("path", uri.path().into()),
        ("query", uri.query().unwrap_or_default().into()),
        ("host", host.into()),
        ("date", date(sign.date, stamp).into()),
        ("timestamp", stamp.as_second().into()),
        ("nonce", random::text().ok_or(Trouble::NoRandomness)?.into()),
        ("body_sha256", written(sign.digits, hash.as_ref()).into()),
    ])
}

/// The text with every blank and line break in it: the other side computes over the same.
fn exact(template: &Template, facts: &Facts<'_>) -> Result<String, Trouble> {
    let mut text = String::new();
    for part in &template.parts {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Json(body) => text.push_str(&as_text(&body.fill(facts).unwrap_or_default())),
            Part::Hole(hole) => {
                let value = facts.value(hole).ok_or_else(|| Trouble::Mapping(format!("`<{hole}>` has no value")))?;
                text.push_str(&as_text(&value));
            }
        }
    }
    Ok(text)
}

fn algorithm(algorithm: Algorithm) -> hmac::Algorithm {
    match algorithm {
        Algorithm::HmacSha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Algorithm::HmacSha256 => hmac::HMAC_SHA256,
        Algorithm::HmacSha512 => hmac::HMAC_SHA512,
    }
}

fn written(digits: Digits, bytes: &[u8]) -> String {
    match digits {
        Digits::Hex => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        Digits::Base64 => STANDARD.encode(bytes),
    }
}

fn date(form: DateForm, stamp: Timestamp) -> String {
    let utc = stamp.to_zoned(TimeZone::UTC);
    match form {
        DateForm::Http => utc.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
        DateForm::DateTime => utc.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        DateForm::Basic => utc.strftime("%Y%m%dT%H%M%SZ").to_string(),
        DateForm::EpochSeconds => stamp.as_second().to_string(),
        DateForm::EpochMillis => stamp.as_millisecond().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_in_each_form() {
        let stamp = Timestamp::from_second(784_111_777).unwrap();
        assert_eq!(date(DateForm::Http, stamp), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(date(DateForm::DateTime, stamp), "1994-11-06T08:49:37Z");
        assert_eq!(date(DateForm::Basic, stamp), "19941106T084937Z");
        assert_eq!(date(DateForm::EpochSeconds, stamp), "784111777");
        assert_eq!(date(DateForm::EpochMillis, stamp), "784111777000");
    }

    #[test]
    fn the_known_answers_of_rfc_4231_and_2202_come_out() {
        let signed = |of, digits| {
            let key = hmac::Key::new(algorithm(of), b"Jefe");
            written(digits, hmac::sign(&key, b"what do ya want for nothing?").as_ref())
        };
        assert_eq!(signed(Algorithm::HmacSha1, Digits::Hex), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        assert_eq!(
            signed(Algorithm::HmacSha256, Digits::Hex),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(signed(Algorithm::HmacSha256, Digits::Base64), "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
        assert!(
            signed(Algorithm::HmacSha512, Digits::Hex).starts_with("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd6")
        );
    }
}
