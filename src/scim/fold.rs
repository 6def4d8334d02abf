//! Case folding: the one form in which text is compared where `caseExact` is false.

use icu_casemap::CaseMapperBorrowed;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use std::borrow::Cow;

/// NFC and full Unicode case folding, without locale (canonical caseless matching, Unicode §3.13 D145).
///
/// ASCII text that is folded already comes back without a copy.
pub fn fold(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        return Cow::Owned(fold_unicode(text));
    }
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(text.to_ascii_lowercase()),
        false => Cow::Borrowed(text),
    }
}

/// Whether a text, once folded, is this folded text. ASCII needs no copy.
pub(crate) fn folds_to(text: &str, folded: &str) -> bool {
    if text.is_ascii() { text.eq_ignore_ascii_case(folded) } else { fold_unicode(text) == folded }
}

// Decomposed first, since U+0345 moves under folding (D145); composed last, since folding can leave NFC.
fn fold_unicode(text: &str) -> String {
    const FOLDING: CaseMapperBorrowed<'static> = CaseMapperBorrowed::new();
    const NFD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfd();
    const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfc();
    let decomposed = NFD.normalize(text);
    NFC.normalize(&FOLDING.fold_string(&decomposed)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn composed_and_decomposed_letters_fold_alike() {
        assert_eq!(fold("Ä"), fold("a\u{308}"));
        assert_eq!(fold("STRASSE"), fold("straße"));
        assert_eq!(fold("ΣΑΣ"), fold("σας"));
    }

    #[test]
    fn folded_ascii_is_not_copied() {
        assert!(matches!(fold("alice@example.com"), Cow::Borrowed(_)));
        assert_eq!(fold("Alice"), "alice");
    }

    #[test]
    fn dotless_i_is_not_touched_by_a_locale() {
        assert_eq!(fold("I"), "i");
        assert_ne!(fold("ı"), "i");
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,20}") {
            let once = fold(&text).into_owned();
            prop_assert_eq!(fold(&once), once.as_str());
            prop_assert!(folds_to(&text, &once));
        }
    }
}
