//! Random text for `<random>`: passwords that a target wants and nobody will use.

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

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
