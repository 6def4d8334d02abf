//! What is wrong with a configuration, in one line: file, line, what, and the way out.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{Error as YamlError, SnippetMode};

use super::nearest::nearest;

/// A configuration that cannot be used. Never quotes the value of a setting.
#[derive(Debug, thiserror::Error)]
#[error("{}{}: {what}", path.display(), place(*at))]
pub struct ConfigError {
    path: PathBuf,
    at: Option<(u64, u64)>,
    what: String,
}

impl ConfigError {
    pub(super) fn new(path: &Path, what: impl Into<String>) -> Self {
        ConfigError { path: path.to_owned(), at: None, what: what.into() }
    }

    pub(super) fn unreadable(path: &Path, cause: &io::Error) -> Self {
        let way_out = match cause.kind() {
            io::ErrorKind::NotFound => "; name it with --config, `transom config --default` prints one to begin with",
            _ => "",
        };
        Self::new(path, format!("cannot be read: {cause}{way_out}"))
    }

    pub(super) fn yaml(path: &Path, error: &YamlError) -> Self {
        let at = error.location().map(|place| (place.line(), place.column())).filter(|(line, _)| *line > 0);
        ConfigError { path: path.to_owned(), at, what: what(error.without_snippet()) }
    }

    /// Line and column, from 1, where the file can be blamed for it.
    pub fn place(&self) -> Option<(u64, u64)> {
        self.at
    }
}

fn place(at: Option<(u64, u64)>) -> impl fmt::Display {
    at.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default()
}

fn what(error: &YamlError) -> String {
    match error {
        YamlError::SerdeUnknownField { field, expected, .. } => unknown("key", field, expected),
        YamlError::SerdeUnknownVariant { variant, expected, .. } => unknown("value", variant, expected),
        YamlError::SerdeMissingField { field, .. } => format!("the key `{field}` is missing here"),
        YamlError::DuplicateMappingKey { key: Some(key), .. } => format!("the key `{key}` stands here twice"),
        // Its own text would quote the value, which may be a secret in the wrong place.
        YamlError::SerdeInvalidType { expected, .. } | YamlError::SerdeInvalidValue { expected, .. } => {
            format!("expected {expected}")
        }
        YamlError::Unexpected { expected: "sequence start", .. } => "expected a list, [a, b] or lines with `- `".into(),
        YamlError::Unexpected { expected: "mapping start", .. } => "expected keys with values, `key: value`".into(),
        YamlError::NullIntoString { .. } => "a value is missing here".into(),
        YamlError::Budget { breach: BudgetBreach::Documents { .. }, .. } => {
            "a second YAML document begins here; a configuration is one".into()
        }
        YamlError::Message { msg, .. } => msg.clone(),
        YamlError::AliasError { error, .. } => what(error.without_snippet()),
        other => plain(other),
    }
}

fn unknown(kind: &str, word: &str, known: &[&'static str]) -> String {
    let word: String = word.chars().take(60).collect();
    match nearest(&word, known) {
        Some(near) => format!("unknown {kind} `{word}`; did you mean `{near}`?"),
        None => format!("unknown {kind} `{word}`; known here: {}", known.join(", ")),
    }
}

/// The library's own words, on one line and without the place, which stands in front already.
fn plain(error: &YamlError) -> String {
    let options = serde_saphyr::render_options! {
        formatter: &serde_saphyr::UserMessageFormatter,
        snippets: SnippetMode::Off,
    };
    let text = error.render_with_options(options);
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
