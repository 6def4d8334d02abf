//! What a look at a target found: paths, lines, counts and kinds; never a value, and the target's words only where a `detail:` takes
//! them from a refusal.

use crate::engine::OperationError;
use crate::target::{TargetError, Trouble};
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// As the mapping says.
    Well,
    /// Perhaps right, perhaps a mistake: a person should look.
    Note,
    /// Otherwise than the mapping says.
    Wrong,
    /// The target could not be asked.
    Silent,
}

/// One thing that was found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// The resource type.
    pub kind: Arc<str>,
    /// The line of the mapping file, where there is one.
    pub line: Option<u32>,
    /// What was found, and the way out.
    pub text: String,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Level::Well => "ok",
            Level::Note => "note",
            Level::Wrong => "WRONG",
            Level::Silent => "SILENT",
        }
    }
}

impl Finding {
    /// What a failed call comes to, and where to look.
    pub fn of(error: &OperationError, kind: &Arc<str>) -> Finding {
        let OperationError::Target(error) = error else {
            return Finding { level: Level::Wrong, kind: kind.clone(), line: None, text: error.to_string() };
        };
        let level = match error.trouble {
            Trouble::Unreachable | Trouble::TimedOut | Trouble::Busy { .. } => Level::Silent,
            _ => Level::Wrong,
        };
        let what = match &error.trouble {
            Trouble::Credentials { status } => format!("our credentials are refused (status {})", status.as_u16()),
            Trouble::Broken { detail: Some(words), .. } => format!("{}: {}", error.trouble, words.reveal()),
            trouble => trouble.to_string(),
        };
        let text = format!("{}: {what}{}", error.request, way_out(error));
        Finding { level, kind: kind.clone(), line: Some(error.line), text }
    }

    /// The finding for programs.
    pub fn to_json(&self) -> Value {
        json!({ "level": self.level.word().to_lowercase(), "type": *self.kind, "line": self.line, "text": self.text })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:6} {}", self.level.word(), self.kind)?;
        match self.line {
            Some(line) => write!(f, ", line {line}: {}", self.text),
            None => write!(f, ": {}", self.text),
        }
    }
}

const CREDENTIALS: &str = "; look at `auth:` in the mapping, and at the settings of this target in transom.yaml";

fn way_out(error: &TargetError) -> &'static str {
    match &error.trouble {
        Trouble::Credentials { .. } => CREDENTIALS,
        Trouble::Broken { status: Some(status), .. } => match status.as_u16() {
            401 | 403 => CREDENTIALS,
            404 => "; nothing is there: look at `base_url` in transom.yaml, then at the path of the call",
            _ => "; if this answer is a usual one, give it a meaning under `answers:`",
        },
        Trouble::Unreachable => "; look at `base_url` in transom.yaml, at its certificate, and whether it runs",
        Trouble::TimedOut => "; look at `limits.timeout` of this target",
        Trouble::Nonsense(_) => "; look at `items:`, `page:` and `total:` of the call",
        _ => "",
    }
}
