//! A plan's element: one declared call with what fills its holes. Data only, so that `explain` and tests print what `serve` runs.

use crate::wire::call::{CallId, IfUncertain};
use crate::wire::path::Path;
use crate::wire::template::{Body, Variable};
use serde_json::Value;
use std::sync::Arc;

/// One call to the target, ready but for what earlier steps and the instance supply.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The declared call.
    pub call: CallId,
    /// What fills its holes.
    pub arguments: Vec<Argument>,
    /// What later steps take from its answer.
    pub captures: Vec<Capture>,
    /// Once, or page after page.
    pub kind: StepKind,
    /// What to do after a time-out.
    pub if_uncertain: IfUncertain,
    /// How much of its answer anybody looks at.
    pub wanted: Wanted,
}

/// A hole and what fills it.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// The placeholder.
    pub variable: Variable,
    /// Its value.
    pub term: Term,
}

/// The value of a hole. Settings and lookups are supplied where the step runs, so that no secret stands in a plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// Known already.
    Value(Value),
    /// Taken from the answer of an earlier step.
    Captured(Arc<str>),
    /// Known but for settings and random text, which are filled in where the step runs.
    Open(Body),
}

/// A name for something in a step's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Capture {
    /// The name by which later steps ask for it.
    pub name: Arc<str>,
    /// Where it stands in the answer.
    pub at: Path,
}

/// How often a step's call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum StepKind {
    /// Once.
    #[default]
    Once,
    /// Page after page.
    Pages,
}

/// How much of an answer is looked at, beside what the step captures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Wanted {
    /// The account in it, too.
    #[default]
    Account,
    /// What it means, and no more: where the status tells that, its body is checked but not kept.
    Meaning,
}

impl Step {
    /// A step that makes the call once, with these arguments.
    pub fn once(call: CallId, arguments: Vec<Argument>) -> Step {
        let (kind, if_uncertain, wanted) = (StepKind::Once, IfUncertain::default(), Wanted::Account);
        Step { call, arguments, captures: Vec::new(), kind, if_uncertain, wanted }
    }
}

impl Argument {
    /// A hole whose value is known.
    pub fn of(variable: Variable, value: impl Into<Value>) -> Argument {
        Argument { variable, term: Term::Value(value.into()) }
    }
}
