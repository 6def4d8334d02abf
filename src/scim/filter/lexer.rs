//! The words, strings and brackets of a filter.

use super::FilterError;
use serde_json::Value;
use std::ops::Range;

/// What stands on the right of an operator.
pub(super) enum Literal<'t> {
    /// A JSON string.
    Quoted(String),
    /// A bare word: a number, `true`, `null`, or a string whose quotes the client forgot.
    Word(&'t str),
}

/// A position in a filter's text.
pub(super) struct Lexer<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn skip_blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, byte: u8) -> Result<(), FilterError> {
        self.skip_blanks();
        if self.eat(byte) { Ok(()) } else { Err(self.error_here(format!("expected `{}`", char::from(byte)))) }
    }

    /// A run of what can stand in an attribute path or an operator; empty where there is none.
    pub(super) fn word(&mut self) -> (&'t str, Range<usize>) {
        self.run(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'(' | b')' | b'[' | b']' | b'"'))
    }

    pub(super) fn literal(&mut self) -> Result<(Literal<'t>, Range<usize>), FilterError> {
        self.skip_blanks();
        if self.peek() == Some(b'"') {
            let (text, span) = self.quoted()?;
            return Ok((Literal::Quoted(text), span));
        }
        let (word, span) = self.run(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b')' | b']'));
        match word {
            "" => Err(self.error_here("expected a value")),
            word => Ok((Literal::Word(word), span)),
        }
    }

    pub(super) fn error_here(&self, message: impl Into<String>) -> FilterError {
        let next = self.text[self.at..].chars().next().map_or(0, char::len_utf8);
        FilterError { message: message.into(), at: self.at..self.at + next }
    }

    fn quoted(&mut self) -> Result<(String, Range<usize>), FilterError> {
        let start = self.at;
        let mut escaped = false;
        for (offset, byte) in self.text.bytes().enumerate().skip(start + 1) {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    let span = start..offset + 1;
                    self.at = span.end;
                    return match serde_json::from_str(&self.text[span.clone()]) {
                        Ok(text) => Ok((text, span)),
                        Err(_) => Err(FilterError { message: "not a JSON string".into(), at: span }),
                    };
                }
                _ => {}
            }
        }
        Err(FilterError { message: "a string without its closing quote".into(), at: start..self.text.len() })
    }

    fn run(&mut self, belongs: impl Fn(u8) -> bool) -> (&'t str, Range<usize>) {
        let start = self.at;
        let length = self.text.as_bytes()[start..].iter().take_while(|byte| belongs(**byte)).count();
        self.at = start + length;
        (&self.text[start..self.at], start..self.at)
    }
}

impl Literal<'_> {
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Word("null"))
    }

    pub(super) fn into_text(self) -> String {
        match self {
            Self::Quoted(text) => text,
            Self::Word(word) => word.to_owned(),
        }
    }

    pub(super) fn into_value(self) -> Value {
        Value::String(self.into_text())
    }
}
