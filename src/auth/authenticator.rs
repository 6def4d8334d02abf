//! From an `Authorization` header to a caller. The tokens are in memory and are read again when the table changed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use http::HeaderValue;

use super::token::hash;
use crate::store::{StoreError, Token, TokenHash, Tokens};

/// How long a revocation written by another process may go unseen, in milliseconds.
const CHECK_EVERY: u64 = 500;

/// Who sent a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The token's name, for logs.
    pub token: Arc<str>,
}

/// Why a request is refused.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AuthError {
    /// There is no `Authorization` header.
    #[error("no bearer token was sent")]
    Missing,
    /// The header is not `Bearer` and one token.
    #[error("the Authorization header is not of the form `Bearer <token>`")]
    Malformed,
    /// No token has this text.
    #[error("the token is not known")]
    Unknown,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// An administrator revoked it.
    #[error("the token was revoked")]
    Revoked,
    /// The token is good, and not for this target.
    #[error("the token does not open this target")]
    WrongTarget,
    /// The tokens cannot be read: the gateway's fault, and nobody is let in.
    #[error("tokens cannot be checked at present")]
    Unchecked(#[from] StoreError),
}

impl AuthError {
    /// The `WWW-Authenticate` header of the refusal (RFC 6750 §3); none where other credentials would not help.
    pub fn challenge(&self) -> Option<&'static str> {
        match self {
            Self::Missing | Self::Malformed => Some(r#"Bearer realm="scim""#),
            Self::Unknown | Self::Expired | Self::Revoked => Some(r#"Bearer realm="scim", error="invalid_token""#),
            Self::WrongTarget | Self::Unchecked(_) => None,
        }
    }
}

/// Knows all tokens and lets callers in.
#[derive(Debug)]
pub struct Authenticator {
    tokens: Tokens,
    known: RwLock<Known>,
    /// When the table's version was last compared, in milliseconds since 1970.
    checked: AtomicU64,
}

/// The token table as it was at one version. The first bytes of a hash pick the bucket: they say nothing of a random secret.
#[derive(Debug)]
struct Known {
    version: i64,
    buckets: HashMap<[u8; 2], Vec<(Token, Caller)>>,
}

impl Authenticator {
    /// Reads the tokens. `tokens` must be a connection of its own, over which nothing is written.
    ///
    /// # Errors
    /// Where the tokens cannot be read.
    pub fn new(tokens: Tokens, now: SystemTime) -> Result<Self, StoreError> {
        let known = RwLock::new(Known::read(&tokens)?);
        Ok(Self { tokens, known, checked: AtomicU64::new(millis(now)) })
    }

    /// Who calls, given the request's `Authorization` header and the name of the target it wants to reach.
    /// A token made by another process works at once; a revoked one stops within half a second.
    ///
    /// # Errors
    /// `WrongTarget` where the token is good and the target is not its own; `Unchecked` is the gateway's fault; all others are the caller's.
    pub fn authenticate(
        &self,
        authorization: Option<&HeaderValue>,
        target: &str,
        now: SystemTime,
    ) -> Result<Caller, AuthError> {
        let hash = hash(bearer(authorization.ok_or(AuthError::Missing)?).ok_or(AuthError::Malformed)?);
        if self.is_due(now) {
            self.refresh()?;
        }
        if let Some(verdict) = self.known(|known| known.judge(&hash, target, now)) {
            return verdict;
        }
        self.refresh()?;
        self.known(|known| known.judge(&hash, target, now)).unwrap_or(Err(AuthError::Unknown))
    }

    fn known<T>(&self, ask: impl FnOnce(&Known) -> T) -> T {
        ask(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// One caller of many finds that it is time to look, the others go on.
    fn is_due(&self, now: SystemTime) -> bool {
        let (now, checked) = (millis(now), self.checked.load(Ordering::Relaxed));
        // A clock that was set back counts as time gone by.
        now.abs_diff(checked) >= CHECK_EVERY
            && self.checked.compare_exchange(checked, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    fn refresh(&self) -> Result<(), StoreError> {
        self.read_changed().inspect_err(|_| {
            // The next caller looks again, instead of trusting what may be old.
            self.checked.store(0, Ordering::Relaxed);
        })
    }

    fn read_changed(&self) -> Result<(), StoreError> {
        if self.tokens.version()? == self.known(|known| known.version) {
            return Ok(());
        }
        let fresh = Known::read(&self.tokens)?;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

impl Known {
    fn read(tokens: &Tokens) -> Result<Self, StoreError> {
        // The version before the rows: what is written in between is read again, not missed.
        let version = tokens.version()?;
        let mut buckets: HashMap<_, Vec<_>> = HashMap::new();
        for token in tokens.all()? {
            let caller = Caller { token: token.name.as_str().into() };
            buckets.entry(bucket(&token.hash)).or_default().push((token, caller));
        }
        Ok(Self { version, buckets })
    }

    /// None where no token has the hash.
    fn judge(&self, hash: &TokenHash, target: &str, now: SystemTime) -> Option<Result<Caller, AuthError>> {
        let bucket = self.buckets.get(&bucket(hash))?;
        let (token, caller) =
            bucket.iter().find(|(token, _)| verify_slices_are_equal(&token.hash.0, &hash.0).is_ok())?;
        Some(match token {
            Token { revoked: Some(_), .. } => Err(AuthError::Revoked),
            Token { expires: Some(end), .. } if *end <= now => Err(AuthError::Expired),
            Token { targets, .. } if !targets.contains(target) => Err(AuthError::WrongTarget),
            _ => Ok(caller.clone()),
        })
    }
}

fn bucket(hash: &TokenHash) -> [u8; 2] {
    [hash.0[0], hash.0[1]]
}

/// The token of a `Bearer` header (RFC 6750 §2.1); the scheme in any case (RFC 9110 §11.1).
fn bearer(header: &HeaderValue) -> Option<&str> {
    let (scheme, token) = header.to_str().ok()?.trim().split_once(' ')?;
    let token = token.trim_start_matches(' ');
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.bytes().all(is_token)).then_some(token)
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::Store;

    fn at(millis: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(1_000_000 + millis)
    }

    fn token(name: &str, text: &str) -> Token {
        let targets = ["one", "two"].map(str::to_owned).into();
        Token { name: name.into(), targets, hash: hash(text), created: at(0), expires: None, revoked: None }
    }

    struct Door {
        beside: Tokens,
        authenticator: Authenticator,
        _store: Store,
    }

    impl Door {
        fn new(first: &[Token]) -> Self {
            let store = Store::in_memory().unwrap();
            let beside = store.tokens().unwrap();
            first.iter().for_each(|token| beside.save(token).unwrap());
            let authenticator = Authenticator::new(store.tokens().unwrap(), at(0)).unwrap();
            Self { beside, authenticator, _store: store }
        }

        fn knock(&self, header: &str, target: &str, now: SystemTime) -> Result<String, String> {
            let header = HeaderValue::from_str(header).unwrap();
            let verdict = self.authenticator.authenticate(Some(&header), target, now);
            verdict.map(|caller| caller.token.to_string()).map_err(|refused| format!("{refused:?}"))
        }
    }

    #[test]
    fn a_known_token_names_its_caller_whatever_the_case_of_bearer() {
        let door = Door::new(&[token("entra", "tsm_a")]);
        for header in ["Bearer tsm_a", "bearer tsm_a", "BEARER  tsm_a"] {
            assert_eq!(door.knock(header, "two", at(1)), Ok("entra".into()));
        }
    }

    #[test]
    fn other_forms_are_malformed_and_an_absent_header_is_missing() {
        let door = Door::new(&[token("entra", "tsm_a")]);
        for header in
            ["tsm_a", "Bearer", "Bearer ", "Basic tsm_a", "Bearer tsm_a x", "Bearer \"tsm_a\"", "Bearer\ttsm_a"]
        {
            assert_eq!(door.knock(header, "one", at(1)), Err("Malformed".into()), "{header}");
        }
        let missing = door.authenticator.authenticate(None, "one", at(1));
        assert!(matches!(missing, Err(AuthError::Missing)));
    }

    #[test]
    fn expiry_is_by_the_clock_that_is_passed_in() {
        let door = Door::new(&[Token { expires: Some(at(5000)), ..token("entra", "tsm_a") }]);
        assert!(door.knock("Bearer tsm_a", "one", at(4999)).is_ok());
        assert_eq!(door.knock("Bearer tsm_a", "one", at(5000)), Err("Expired".into()));
    }

    #[test]
    fn a_token_opens_its_targets_only() {
        let door = Door::new(&[token("entra", "tsm_a")]);
        assert_eq!(door.knock("Bearer tsm_a", "other", at(1)), Err("WrongTarget".into()));
    }

    #[test]
    fn a_token_made_beside_works_at_once() {
        let door = Door::new(&[]);
        assert_eq!(door.knock("Bearer tsm_a", "one", at(1)), Err("Unknown".into()));
        door.beside.save(&token("late", "tsm_a")).unwrap();
        assert_eq!(door.knock("Bearer tsm_a", "one", at(1)), Ok("late".into()));
    }

    #[test]
    fn a_token_revoked_beside_stops_within_half_a_second_even_if_the_clock_went_back() {
        for later in [at(500), at(0) - Duration::from_secs(60)] {
            let door = Door::new(&[token("entra", "tsm_a"), token("late", "tsm_b")]);
            door.beside.revoke("entra", at(1)).unwrap();
            assert_eq!(door.knock("Bearer tsm_a", "one", later), Err("Revoked".into()));
            assert_eq!(door.knock("Bearer tsm_b", "one", later), Ok("late".into()));
        }
    }

    #[test]
    fn hashes_of_one_bucket_are_told_apart() {
        let mut near = hash("tsm_a");
        near.0[31] ^= 1;
        let door = Door::new(&[Token { hash: near, ..token("near", "") }, token("entra", "tsm_a")]);
        assert_eq!(door.knock("Bearer tsm_a", "one", at(1)), Ok("entra".into()));
        door.beside.revoke("entra", at(1)).unwrap();
        assert_eq!(door.knock("Bearer tsm_a", "one", at(900)), Err("Revoked".into()));
    }

    #[test]
    fn only_refusals_that_other_credentials_could_heal_carry_a_challenge() {
        assert_eq!(AuthError::Missing.challenge(), Some("Bearer realm=\"scim\""));
        assert!(AuthError::Revoked.challenge().is_some_and(|text| text.contains("invalid_token")));
        assert_eq!(AuthError::WrongTarget.challenge(), None);
        assert_eq!(AuthError::Unchecked(StoreError::Closed).challenge(), None);
    }
}
