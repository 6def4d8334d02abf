//! Making tokens, and what is stored of them.

use aws_lc_rs::{digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::observe::Secret;
use crate::store::TokenHash;

/// Lets secret scanners and people see what kind of secret they found.
const PREFIX: &str = "tsm_";

/// The operating system gave no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random bytes; no token was made")]
pub struct NoRandomness;

/// Makes a token of 256 random bits: its text (`tsm_` and 43 characters), to be shown once, and the hash to be stored.
pub fn generate() -> Result<(Secret, TokenHash), NoRandomness> {
    let mut bits = Zeroizing::new([0; 32]);
    rand::fill(&mut *bits).map_err(|_| NoRandomness)?;
    let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(*bits));
    let text = format!("{PREFIX}{}", *encoded);
    let hash = hash(&text);
    Ok((Secret::new(text), hash))
}

/// The hash under which a token's text is stored. A text with this much randomness needs no slow hash.
pub fn hash(text: &str) -> TokenHash {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    TokenHash(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_tokens_differ_and_fit_a_bearer_header() {
        let ((one, one_hash), (other, other_hash)) = (generate().unwrap(), generate().unwrap());
        assert!(one.expose().starts_with("tsm_") && one.expose().len() == 47);
        assert!(one.expose().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
        assert_ne!(one.expose(), other.expose());
        assert_eq!(one_hash, hash(one.expose()));
        assert_ne!(one_hash, other_hash);
    }

    #[test]
    fn the_hash_is_sha_256() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let hex: String = hash("abc").0.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, expected);
    }
}
