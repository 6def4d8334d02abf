//! Random text for `<random>`: passwords that a target wants and nobody will use.

use crate::wire::{Call, Step, Term, Variable};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The random text of a step: drawn once, and only where something can hold it.
pub(super) fn text_for(call: &Call, step: &Step) -> Option<String> {
    let open = step.arguments.iter().any(|argument| matches!(argument.term, Term::Open(_)));
    if open || call.holes().contains(&&Variable::Random) { text() } else { Some(String::new()) }
}

/// 32 URL-safe characters, 192 bits; `None` where the system has no randomness.
pub(super) fn text() -> Option<String> {
    let mut bytes = [0u8; 24];
    rand::fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_32_safe_characters_and_never_twice_the_same() {
        let (one, two) = (text().unwrap(), text().unwrap());
        assert_eq!(one.len(), 32);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{one}");
        assert_ne!(one, two);
    }
}
