//! The traps of YAML itself, found in the whole tree before anything is read from it.

use crate::mapping::codes;
use crate::mapping::diagnostic::Report;
use crate::mapping::source::{Node, What};
use std::ops::Range;

/// Looks through the whole file.
pub(super) fn traps(report: &Report, node: &Node) {
    match &node.what {
        What::Scalar { text, plain: true } => scalar(report, &node.span, text),
        What::Scalar { .. } => {}
        What::List(list) => list.iter().for_each(|item| traps(report, item)),
        What::Map { entries, .. } => {
            if let Some(name) = node.braced_name() {
                let message = format!("`{{{name}}}` is a map with the key `{name}`");
                report.hint(&codes::BRACED_NAME, &node.span, (message, format!("did you mean `<{name}>`?")));
                return;
            }
            for entry in entries {
                if entry.key_plain {
                    scalar(report, &entry.key_span, &entry.key);
                }
                traps(report, &entry.value);
            }
        }
    }
}

fn scalar(report: &Report, span: &Range<usize>, text: &str) {
    if ["yes", "no", "on", "off"].contains(&text.to_ascii_lowercase().as_str()) {
        let message = format!("`{text}` is text here; other YAML tools read a boolean");
        report.hint(&codes::YES_NO, span, (message, format!("write \"{text}\", or true or false")));
    } else if is_odd_number(text) || is_date(text) {
        let what = if is_date(text) { "a date" } else { "a number" };
        let message = format!("`{text}` is text here; other YAML tools read {what}");
        report.hint(&codes::ODD_NUMBER, span, (message, format!("write \"{text}\"")));
    }
}

/// What YAML 1.1 reads as a number and JSON does not: `007`, `0x1F`, `0o17`, `1_000`, `12:30`.
fn is_odd_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    let all = |set: fn(char) -> bool| digits.len() > 1 && digits.chars().all(set);
    let leading_zero = digits.starts_with('0') && all(|letter| letter.is_ascii_digit());
    let prefixed = ["0x", "0o", "0b"].iter().any(|prefix| {
        digits
            .strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|one| one.is_ascii_hexdigit()))
    });
    let grouped = digits.starts_with(|one: char| one.is_ascii_digit())
        && digits.ends_with(|one: char| one.is_ascii_digit())
        && digits.contains(['_', ':'])
        && all(|letter| letter.is_ascii_digit() || matches!(letter, '_' | ':'));
    leading_zero || prefixed || grouped
}

/// `2024-05-31`.
fn is_date(text: &str) -> bool {
    let shape = |(at, byte): (usize, u8)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    text.len() == 10 && text.bytes().enumerate().all(shape)
}
