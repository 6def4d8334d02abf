//! What an answer means: the rows that fit are asked in order, and a row may ask a function of the mapping's script.
//!
//! The function sees the request as the mapping writes it, the status and the body. Whatever it gives but a meaning is a fault, never a success.

use super::error::{Trouble, declared};
use super::{Instance, Settings};
use crate::script::ScriptError;
use crate::wire::answer::{Judge, Means, fitting};
use crate::wire::{Answer, AnswerRow, Call, Meaning, Scope, Variable};
use serde_json::{Map, Value};

/// The most values of an answer that a function is shown without a cut, and the most elements of a list where there are more.
const MOST_VALUES: usize = 500;
const MOST_ELEMENTS: usize = 10;
const MOST_DEPTH: usize = 32;
/// The most characters of a text that a function is shown.
const MOST_TEXT: usize = 16_000;

/// What an answer means, by which row, and what a function said beside it.
#[derive(Debug)]
pub(super) struct Verdict<'a> {
    pub(super) meaning: Meaning,
    pub(super) row: Option<&'a AnswerRow>,
    pub(super) said: Said,
}

/// What a function says beside the meaning.
#[derive(Default)]
pub(super) struct Said {
    /// The words for the client.
    pub(super) detail: Option<Value>,
    /// How long to wait.
    pub(super) retry_at: Option<Value>,
}

/// Without the words: they hold values.
impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Said").field("detail", &self.detail.is_some()).finish_non_exhaustive()
    }
}

impl Instance {
    /// What the answer means.
    ///
    /// # Errors
    /// [`Trouble::Script`]: a function fails, or gives no meaning.
    pub(super) fn judge<'a>(&self, call: &'a Call, answer: &Answer, known: &dyn Scope) -> Result<Verdict<'a>, Trouble> {
        for row in fitting(&call.answers, answer, known) {
            let (meaning, said) = match &row.means {
                Means::Said(meaning) => (*meaning, Said::default()),
                Means::Asked(judge) => match self.ask(judge, (call, row.line), answer)? {
                    Some(opinion) => opinion,
                    None => continue,
                },
            };
            return Ok(Verdict { meaning, row: Some(row), said });
        }
        Ok(Verdict { meaning: Meaning::Broken, row: None, said: Said::default() })
    }

    /// What the function says; `None`: it has no opinion.
    fn ask(
        &self,
        judge: &Judge,
        (call, line): (&Call, u32),
        answer: &Answer,
    ) -> Result<Option<(Meaning, Said)>, Trouble> {
        let fault = |reason: String| Trouble::Script { function: judge.function.clone(), line, reason };
        let script = self.script.as_ref().ok_or_else(|| fault("there is no script".to_owned()))?;
        let name = call.shared.as_ref().map_or_else(|| declared(call), |shared| shared.label.to_string());
        let mut arguments = vec![name.into(), answer.status.as_u16().into(), shown(&answer.body)];
        arguments.extend(judge.settings.as_ref().map(|names| settings(names, &self.settings)));
        match script.call(&judge.function, &arguments) {
            Ok(given) => opinion(given).map_err(|words| fault(words.to_owned())),
            Err(ScriptError::Refused(_)) => Err(fault("it throws, and has to return a meaning".to_owned())),
            Err(ScriptError::Fault { line, reason, .. }) => Err(fault(format!("it fails at line {line}: {reason}"))),
            Err(error @ ScriptError::Syntax { .. }) => Err(fault(error.to_string())),
        }
    }
}

fn settings(names: &[std::sync::Arc<str>], settings: &Settings) -> Value {
    let value = |name: &std::sync::Arc<str>| {
        settings.value(&Variable::Setting(name.clone())).map(std::borrow::Cow::into_owned).unwrap_or_default()
    };
    Value::Object(names.iter().map(|name| (name.to_string(), value(name))).collect())
}

/// Nothing, a meaning, or a map with a meaning.
fn opinion(given: Value) -> Result<Option<(Meaning, Said)>, &'static str> {
    match given {
        Value::Null => Ok(None),
        Value::String(word) => Ok(Some((meaning(&word)?, Said::default()))),
        Value::Object(mut map) => {
            let means = meaning(map.remove("means").as_ref().and_then(Value::as_str).unwrap_or_default())?;
            let mut take = |key: &str| map.remove(key).filter(|value| !value.is_null());
            let said = Said { detail: take("detail"), retry_at: take("retry_at") };
            match map.is_empty() {
                true => Ok(Some((means, said))),
                false => Err("its map holds more than `means`, `detail` and `retry_at`"),
            }
        }
        _ => Err(NO_MEANING),
    }
}

const NO_MEANING: &str = "it gives what is no meaning";

fn meaning(word: &str) -> Result<Meaning, &'static str> {
    Meaning::ALL.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning).ok_or(NO_MEANING)
}

/// The body as a function sees it. A long answer is a list of accounts, of which a few tell as much about its meaning as all of them.
fn shown(body: &Value) -> Value {
    let most = if values(body, MOST_VALUES) < MOST_VALUES { usize::MAX } else { MOST_ELEMENTS };
    cut(body, most, MOST_DEPTH)
}

/// How many values there are, counted up to `most`.
fn values(value: &Value, most: usize) -> usize {
    let inside: Box<dyn Iterator<Item = &Value> + '_> = match value {
        Value::Array(list) => Box::new(list.iter()),
        Value::Object(fields) => Box::new(fields.values()),
        _ => return 1,
    };
    inside.fold(1, |found, one| if found < most { found + values(one, most - found) } else { found })
}

fn cut(value: &Value, most: usize, depth: usize) -> Value {
    match value {
        Value::Array(_) | Value::Object(_) if depth == 0 => Value::Null,
        Value::Array(list) => list.iter().take(most).map(|one| cut(one, most, depth - 1)).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().take(MOST_VALUES);
            Value::Object(fields.map(|(name, one)| (name.clone(), cut(one, most, depth - 1))).collect::<Map<_, _>>())
        }
        Value::String(text) => text.chars().take(MOST_TEXT).collect::<String>().into(),
        // The script's numbers end there.
        Value::Number(number) if number.as_i64().is_none() && !number.is_f64() => number.to_string().into(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_of_some_size_is_shown_whole_and_a_long_one_by_its_first_elements() {
        let small = json!({"errors": (0..400).collect::<Vec<_>>(), "n": u64::MAX});
        assert_eq!(shown(&small)["errors"].as_array().map(Vec::len), Some(400));
        assert_eq!(shown(&small)["n"], json!("18446744073709551615"));
        let long = json!({"users": (0..5_000).map(|id| json!({"id": id})).collect::<Vec<_>>(), "total": 5_000});
        let seen = shown(&long);
        assert_eq!((seen["users"].as_array().map(Vec::len), &seen["total"]), (Some(10), &json!(5_000)));
        assert_eq!(shown(&json!("é".repeat(20_000))).as_str().map(|text| text.chars().count()), Some(16_000));
    }

    #[test]
    fn whatever_is_no_meaning_is_a_fault() {
        assert!(matches!(opinion(json!(null)), Ok(None)));
        assert!(matches!(opinion(json!("taken")), Ok(Some((Meaning::Taken, _)))));
        assert!(matches!(opinion(json!({"means": "busy", "retry_at": 3})), Ok(Some((Meaning::Busy, _)))));
        for wrong in [json!("fine"), json!(true), json!([]), json!({}), json!({"detail": "x"}), json!({"means": 1})] {
            assert!(opinion(wrong.clone()).is_err(), "{wrong}");
        }
        assert!(opinion(json!({"means": "ok", "details": "x"})).is_err());
    }
}
