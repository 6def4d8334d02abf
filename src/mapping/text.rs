//! The grammar of strings: what a text in a mapping file is. The first fitting row wins.
//!
//! | it looks like | it is |
//! |---|---|
//! | `$`, `$.…`, `$[…]` | a path from the account or the answer |
//! | `.`, `.…` | a path from the present item, where items exist |
//! | contains `<` | a template; a literal `<` is `<<` |
//! | anything else | a constant; one that would begin with `$` begins with `$$` |

use std::ops::Range;

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form<'t> {
    /// A path from the account or the answer.
    Rooted(&'t str),
    /// A path from the present item.
    Item(&'t str),
    /// Text with placeholders; a leading `$$` is one `$` already.
    Template(&'t str),
    /// A constant; a leading `$$` is one `$` already.
    Constant(&'t str),
}

/// Says what a text is.
pub(super) fn form(text: &str) -> Form<'_> {
    let plain = match text.strip_prefix('$') {
        Some(rest) if rest.is_empty() || rest.starts_with(['.', '[']) => return Form::Rooted(text),
        Some(rest) if rest.starts_with('$') => rest,
        _ if is_item(text) => return Form::Item(text),
        _ => text,
    };
    if plain.contains('<') { Form::Template(plain) } else { Form::Constant(plain) }
}

fn is_item(text: &str) -> bool {
    let second = text.strip_prefix('.').map(|rest| rest.chars().next());
    matches!(second, Some(None))
        || matches!(second, Some(Some(letter)) if letter.is_alphabetic() || matches!(letter, '_' | '[' | '\''))
}

/// The pieces of a text between separators that stand outside of placeholders, each with its place.
pub(super) fn split_outside(text: &str, separator: char) -> Vec<(&str, Range<usize>)> {
    let (mut pieces, mut start) = (Vec::new(), 0);
    for at in outside(text, separator) {
        pieces.push((&text[start..at], start..at));
        start = at + separator.len_utf8();
    }
    pieces.push((&text[start..], start..text.len()));
    pieces
}

/// The first separator outside of placeholders.
pub(super) fn first_outside(text: &str, separator: char) -> Option<usize> {
    outside(text, separator).into_iter().next()
}

fn outside(text: &str, separator: char) -> Vec<usize> {
    let (mut found, mut brackets, mut inside, mut letters) =
        (Vec::new(), 0usize, false, text.char_indices().peekable());
    while let Some((at, letter)) = letters.next() {
        match (inside, letter) {
            (false, '<') if letters.peek().is_some_and(|(_, next)| *next == '<') => {
                letters.next();
            }
            (false, '<') => inside = true,
            (true, '[') => brackets += 1,
            (true, ']') => brackets = brackets.saturating_sub(1),
            (true, '>') if brackets == 0 => inside = false,
            (false, other) if other == separator => found.push(at),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_begin_with_a_dollar_or_a_dot() {
        for path in ["$", "$.a", "$['a b']", "$.l[?@.id == 1].value"] {
            assert_eq!(form(path), Form::Rooted(path));
        }
        for item in [".", ".id", ".a.b", "._x", ".['a']"] {
            assert_eq!(form(item), Form::Item(item));
        }
    }

    #[test]
    fn a_text_with_a_bracket_is_a_template() {
        assert_eq!(form("<userName>"), Form::Template("<userName>"));
        assert_eq!(form("<$.a> <$.b>"), Form::Template("<$.a> <$.b>"));
        assert_eq!(form("a << b"), Form::Template("a << b"));
        assert_eq!(form("$$<userName>"), Form::Template("$<userName>"));
    }

    #[test]
    fn anything_else_is_a_constant() {
        for text in ["-", "", "a > b", "$5", "...", ".5", "x$.a"] {
            assert_eq!(form(text), Form::Constant(text));
        }
        assert_eq!(form("$$.a"), Form::Constant("$.a"));
        assert_eq!(form("$$"), Form::Constant("$"));
    }

    #[test]
    fn separators_inside_of_placeholders_do_not_separate() {
        let pieces = |text| split_outside(text, '/').into_iter().map(|(piece, _)| piece.to_owned()).collect::<Vec<_>>();
        assert_eq!(pieces("a/<$.l[?@.n > 1]['a/b']>/c"), ["a", "<$.l[?@.n > 1]['a/b']>", "c"]);
        assert_eq!(pieces("a<</b"), ["a<<", "b"]);
        assert_eq!(first_outside("/a/<$.x[?@.y]>?q", '?'), Some(14));
    }
}
