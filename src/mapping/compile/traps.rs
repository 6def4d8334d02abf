//! The traps of YAML itself, found in the whole tree before anything is read from it.

use crate::mapping::codes;
use crate::mapping::diagnostic::Report;
use crate::mapping::slips::is_odd_blank;
use crate::mapping::source::{Entry, Node, What};
use serde_json::Number;
use std::ops::Range;

/// Looks through the whole file.
pub(super) fn traps(report: &Report, node: &Node) {
    match &node.what {
        What::Scalar { text, plain: true } => {
            scalar(report, &node.span, text);
            glued_comment(report, &node.span);
        }
        What::Scalar { .. } => {}
        What::List(list) => list.iter().for_each(|item| traps(report, item)),
        What::Map { entries, braces } => {
            if let Some(name) = node.braced_name() {
                let message = format!("`{{{name}}}` is a map with the key `{name}`");
                report.hint(&codes::BRACED_NAME, &node.span, (message, format!("did you mean `<{name}>`?")));
                return;
            }
            for entry in entries {
                if entry.key_plain {
                    scalar(report, &entry.key_span, &entry.key);
                }
                if *braces && is_cut_off(report, entry) {
                    let hint = "quote a text that holds a comma; in braces an unquoted one ends there";
                    let message = format!("`{}` stands alone, without a value", entry.key);
                    report.hint(&codes::UNQUOTED_IN_BRACES, &entry.key_span, (message, hint));
                }
                traps(report, &entry.value);
            }
        }
    }
}

/// In `{ default: a, b }` the comma ended a text.
fn is_cut_off(report: &Report, entry: &Entry) -> bool {
    let rest = report.text().get(entry.key_span.end..).unwrap_or_default();
    entry.key_plain && rest.trim_start().starts_with([',', '}'])
}

/// `room #12`: what follows is a comment, and looks like part of the text.
fn glued_comment(report: &Report, span: &Range<usize>) {
    let rest = report.text().get(span.end..).and_then(|rest| rest.split('\n').next()).unwrap_or_default();
    let comment = rest.trim_start_matches([' ', '\t']);
    let glued = comment.strip_prefix('#').is_some_and(|after| after.starts_with(char::is_alphanumeric));
    if !span.is_empty() && comment.len() < rest.len() && glued {
        let message = format!("`{}` is a comment, and no part of the text before it", comment.trim_end());
        let hint = "quote the text if it belongs to it; if not, write a blank after `#`";
        report.hint(&codes::GLUED_COMMENT, &(span.start..span.end + rest.len()), (message, hint));
    }
}

fn scalar(report: &Report, span: &Range<usize>, text: &str) {
    if ["yes", "no", "on", "off"].contains(&text.to_ascii_lowercase().as_str()) {
        let message = format!("`{text}` is text here; other YAML tools read a boolean");
        report.hint(&codes::YES_NO, span, (message, format!("write \"{text}\", or true or false")));
    } else if let Some(what) = taken_for(text) {
        let message = format!("`{text}` is text here; other YAML tools read {what}");
        report.hint(&codes::ODD_NUMBER, span, (message, format!("write \"{text}\"")));
    } else if let Some(number) = text.parse::<Number>().ok().filter(|number| number.to_string() != text) {
        let message = format!("`{text}` is the number {number}");
        report.hint(&codes::ODD_NUMBER, span, (message, format!("write \"{text}\" if it is a text, or {number}")));
    } else if ["~", "Null", "NULL"].contains(&text) && !span.is_empty() {
        let message = format!("`{text}` is null here, and not a text");
        report.hint(&codes::ODD_NUMBER, span, (message, format!("write null, or \"{text}\" if it is a text")));
    } else if let Some(letter) = text.chars().find(|letter| is_odd_blank(*letter)) {
        let message = format!("a blank of another kind (U+{:04X}) stands in this text", u32::from(letter));
        report.hint(&codes::LOOK_ALIKE, span, (message, "write an ordinary blank, or quote the text if it is meant"));
    } else if let Some(letter) = text.chars().next().filter(|letter| "“”„‘’‚«»".contains(*letter)) {
        let message = format!("`{letter}` is part of the text: YAML's quotes are \" and '");
        report.hint(&codes::LOOK_ALIKE, span, (message, "write ordinary quotes"));
    }
}

/// What YAML 1.1 reads this text as.
fn taken_for(text: &str) -> Option<&'static str> {
    if is_date(text) { Some("a date") } else { is_odd_number(text).then_some("a number") }
}

/// What YAML reads as a number and JSON does not: `007`, `0x1F`, `0o17`, `1_000`, `12:30`, `+7`, `.5`, `.inf`.
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
    let endless = [".inf", ".nan"].contains(&digits.to_ascii_lowercase().as_str());
    let bare = text.parse::<Number>().is_err()
        && digits.starts_with(|one: char| one.is_ascii_digit() || one == '.')
        && digits.ends_with(|one: char| one.is_ascii_digit() || one == '.')
        && digits.parse::<f64>().is_ok();
    leading_zero || prefixed || grouped || endless || bare
}

/// `2024-05-31`, perhaps with a time after it.
fn is_date(text: &str) -> bool {
    let shape = |(at, byte): (usize, u8)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    let timed =
        text.len() == 10 || text.get(10..).is_some_and(|rest| rest.starts_with(['T', 't', ' ']) && rest.contains(':'));
    timed && text.len() >= 10 && text.bytes().take(10).enumerate().all(shape)
}
