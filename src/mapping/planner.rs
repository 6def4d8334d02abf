//! Calls that a function of the script plans: it is shown the account before and after, and names shared calls with their arguments.

use crate::mapping::{Rule, Shape, Source};
use crate::script::{Script, ScriptError};
use crate::wire::{CallId, Path, Scope, Variable};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most calls that one change may take.
const MOST: usize = 100;

/// What a write is done by.
#[derive(Debug, Clone)]
pub enum By<T> {
    /// One call.
    Call(T),
    /// The calls that a function plans.
    Script(Planner),
}

/// A function that plans calls.
#[derive(Debug, Clone)]
pub struct Planner {
    /// The compiled script.
    pub script: Arc<Script>,
    /// The function.
    pub function: Arc<str>,
    /// The settings that it is given as a map, where it takes a third argument.
    pub settings: Option<Vec<Arc<str>>>,
    /// The line of the mapping file.
    pub line: u32,
}

/// A shared call that functions may name.
#[derive(Debug, Clone)]
pub struct Plannable {
    /// The call, whose arguments are holes.
    pub call: CallId,
    /// The names of the holes.
    pub holes: Vec<Arc<str>>,
}

/// The shared calls that functions may name.
pub type Plannables = BTreeMap<Arc<str>, Plannable>;

/// One call of a function's list, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted<'m> {
    /// The shared call's name.
    pub via: &'m str,
    /// The call.
    pub call: CallId,
    /// What fills its holes.
    pub args: Map<String, Value>,
}

/// Why a function's list cannot be run. Names the function and the mapping's words, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{function}` (line {line} of the mapping): {fault}")]
pub struct PlannerError {
    /// The function.
    pub function: Arc<str>,
    /// The line of the row that names it.
    pub line: u32,
    /// What is wrong.
    pub fault: PlannerFault,
}

/// What can be wrong with a function's list. Places count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlannerFault {
    /// It refuses the change with these words.
    #[error("the function refuses the change")]
    Refused(String),
    /// It failed.
    #[error("it fails at line {line}: {reason}")]
    Failed {
        /// The line of the script.
        line: usize,
        /// What went wrong.
        reason: String,
    },
    /// It gives no list.
    #[error("it gives no list of calls")]
    NoList,
    /// Its list is too long.
    #[error("it plans more than {MOST} calls")]
    TooMany,
    /// An entry that is no call.
    #[error("entry {0} of its list is not of the form #{{ via: \"NAME\", args: #{{ … }} }}")]
    NoCall(usize),
    /// An entry that names no shared call.
    #[error("entry {place} of its list names no call of `calls:`, which has {known}")]
    Unknown {
        /// The place in the list.
        place: usize,
        /// The calls there are.
        known: String,
    },
    /// A hole that nothing fills.
    #[error("entry {place} of its list, `{via}`, lacks the argument `{hole}`")]
    Lacks {
        /// The place in the list.
        place: usize,
        /// The call.
        via: String,
        /// The hole.
        hole: Arc<str>,
    },
    /// An argument too many.
    #[error("entry {place} of its list, `{via}`, has an argument that the call has no hole for; its holes are {known}")]
    Surplus {
        /// The place in the list.
        place: usize,
        /// The call.
        via: String,
        /// The holes.
        known: String,
    },
    /// A part of the path has no value.
    #[error("entry {place} of its list, `{via}`, leaves `<{hole}>` in the path without a value")]
    Hollow {
        /// The place in the list.
        place: usize,
        /// The call.
        via: String,
        /// The hole.
        hole: String,
    },
    /// A part of the path would lead elsewhere.
    #[error("entry {place} of its list, `{via}`: the value of `<{hole}>` cannot stand in a path")]
    Unsafe {
        /// The place in the list.
        place: usize,
        /// The call.
        via: String,
        /// The hole.
        hole: String,
    },
    /// A delete that does nothing.
    #[error("it plans no call, and the account would stay; a refusal is a `throw`")]
    Nothing,
}

impl<T> By<T> {
    /// The call, where it is one.
    pub fn call(&self) -> Option<&T> {
        match self {
            By::Call(call) => Some(call),
            By::Script(_) => None,
        }
    }

    /// The function, where it is one.
    pub fn planner(&self) -> Option<&Planner> {
        match self {
            By::Call(_) => None,
            By::Script(planner) => Some(planner),
        }
    }
}

impl Rule {
    /// Where the account that a function is shown holds an attribute that is only read: its first place, where that can be written.
    pub fn shows_at(&self) -> Option<&Path> {
        let Shape::Read(sources) = &self.shape else { return None };
        match sources.first()? {
            Source::At(path) => path.hops().map(|_| path),
            Source::Template(_) => None,
        }
    }
}

impl PlannerError {
    /// Is it the client's, rather than the mapping's?
    pub fn is_the_clients(&self) -> bool {
        matches!(self.fault, PlannerFault::Refused(_) | PlannerFault::Unsafe { .. })
    }
}

impl Planner {
    /// The calls that the function plans. `after` is null where the account goes.
    ///
    /// # Errors
    /// The function refuses or fails, or its list names what the mapping does not declare.
    pub fn plan<'m>(
        &self,
        calls: &'m Plannables,
        (before, after): (&Value, &Value),
        known: &dyn Scope,
    ) -> Result<Vec<Wanted<'m>>, PlannerError> {
        let list = self.ask((before, after), known).map_err(|fault| self.failed(fault))?;
        let Value::Array(list) = list else { return Err(self.failed(PlannerFault::NoList)) };
        if list.len() > MOST {
            return Err(self.failed(PlannerFault::TooMany));
        }
        let entries = list.into_iter().enumerate();
        entries.map(|(at, entry)| wanted(calls, (at + 1, entry)).map_err(|fault| self.failed(fault))).collect()
    }

    /// The error of this function.
    pub fn failed(&self, fault: PlannerFault) -> PlannerError {
        PlannerError { function: self.function.clone(), line: self.line, fault }
    }

    fn ask(&self, (before, after): (&Value, &Value), known: &dyn Scope) -> Result<Value, PlannerFault> {
        let mut arguments = vec![before.clone(), after.clone()];
        if let Some(names) = &self.settings {
            let setting = |name: &Arc<str>| known.value(&Variable::Setting(name.clone())).map(Cow::into_owned);
            let settings = names.iter().map(|name| (name.to_string(), setting(name).unwrap_or_default()));
            arguments.push(Value::Object(settings.collect()));
        }
        self.script.call(&self.function, &arguments).map_err(|error| match error {
            ScriptError::Refused(words) => PlannerFault::Refused(words),
            ScriptError::Fault { line, reason, .. } => PlannerFault::Failed { line, reason: reason.to_owned() },
            ScriptError::Syntax { message, line, .. } => PlannerFault::Failed { line, reason: message },
        })
    }
}

/// One entry of the list: `#{ via: "set_field", args: #{ … } }`.
fn wanted(calls: &Plannables, (place, entry): (usize, Value)) -> Result<Wanted<'_>, PlannerFault> {
    let Value::Object(mut entry) = entry else { return Err(PlannerFault::NoCall(place)) };
    let args = match entry.remove("args") {
        Some(Value::Object(args)) => args,
        None | Some(Value::Null) => Map::new(),
        Some(_) => return Err(PlannerFault::NoCall(place)),
    };
    let (Some(Value::String(via)), true) = (entry.remove("via"), entry.is_empty()) else {
        return Err(PlannerFault::NoCall(place));
    };
    let Some((via, plannable)) = calls.get_key_value(&*via) else {
        return Err(PlannerFault::Unknown { place, known: listed(calls.keys()) });
    };
    if let Some(hole) = plannable.holes.iter().find(|hole| !args.contains_key(&***hole)) {
        return Err(PlannerFault::Lacks { place, via: via.to_string(), hole: hole.clone() });
    }
    if args.len() > plannable.holes.len() {
        return Err(PlannerFault::Surplus { place, via: via.to_string(), known: listed(plannable.holes.iter()) });
    }
    Ok(Wanted { via, call: plannable.call, args })
}

fn listed<'a>(names: impl Iterator<Item = &'a Arc<str>>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Nothing;
    use serde_json::json;

    fn planned(body: &str) -> Result<Vec<String>, String> {
        let script = Script::compile("t.rhai", &format!("fn f(before, after) {{ {body} }}")).unwrap();
        let planner = Planner { script: Arc::new(script), function: "f".into(), settings: None, line: 9 };
        let plannable =
            |holes: &[&str]| Plannable { call: CallId(0), holes: holes.iter().map(|hole| Arc::from(*hole)).collect() };
        let calls = Plannables::from([("set".into(), plannable(&["name", "value"])), ("touch".into(), plannable(&[]))]);
        let list = planner.plan(&calls, (&json!({"n": "secret"}), &json!({"n": "b"})), &Nothing);
        list.map(|list| list.iter().map(|one| format!("{} {:?}", one.via, one.args)).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn calls_come_in_the_functions_order() {
        let list = planned("[#{ via: \"touch\" }, #{ via: \"set\", args: #{ name: \"n\", value: after.n } }]");
        assert_eq!(list.unwrap(), ["touch {}", r#"set {"name": String("n"), "value": String("b")}"#]);
        assert_eq!(planned("[]").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn whatever_is_no_list_of_declared_calls_is_refused_and_no_value_is_told() {
        let wrong = [
            ("()", "it gives no list of calls"),
            ("#{ via: \"touch\" }", "it gives no list of calls"),
            ("[1]", "entry 1 of its list is not of the form"),
            ("[#{ via: \"touch\" }, #{ via: 1 }]", "entry 2 of its list is not of the form"),
            ("[#{ via: \"touch\", more: 1 }]", "is not of the form"),
            ("[#{ via: \"touch\", args: [] }]", "is not of the form"),
            ("[#{ via: before.n }]", "names no call of `calls:`, which has `set`, `touch`"),
            ("[#{ via: \"set\", args: #{ name: 1 } }]", "`set`, lacks the argument `value`"),
            ("[#{ via: \"touch\", args: #{ secret: 1 } }]", "its holes are none"),
            ("let l = []; for i in 0..101 { l.push(#{ via: \"touch\" }); } l", "it plans more than 100 calls"),
            ("before.n.nothing.more", "it fails at line 1: "),
        ];
        for (body, told) in wrong {
            let error = planned(body).unwrap_err();
            assert!(error.starts_with("`f` (line 9 of the mapping): ") && error.contains(told), "{body}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_throw_refuses_with_its_words() {
        let script = Script::compile("t.rhai", "fn f(before, after) { throw \"not him\" }").unwrap();
        let planner = Planner { script: Arc::new(script), function: "f".into(), settings: None, line: 9 };
        let error = planner.plan(&Plannables::new(), (&json!({}), &Value::Null), &Nothing).unwrap_err();
        assert_eq!((error.is_the_clients(), error.fault), (true, PlannerFault::Refused("not him".into())));
    }
}
