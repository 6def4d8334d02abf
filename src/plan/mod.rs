//! (mapping, operation, what was gathered) → the ordered list of steps. Pure: `serve` runs it, `explain` prints it, tests compare it.

mod change;
mod create;
mod elements;
mod follow;
pub mod laws;
mod print;
mod rows;
mod scripted;
mod search;
mod write;

pub use change::{Changes, ElementChange, blind, diff, elements_need_account, listed};
pub use create::{Creation, create, missing, then};
pub use print::{body, print, request_line};
pub use search::{Lookup, Unanswerable, search};
pub use write::{Before, PlanError, References, SameKeys, Subject, delete, delete_needs_account, made_key, update};

use crate::mapping::{Mapping, NamedRead, TypeMapping};
use crate::scim::path::AttributePath;
use crate::wire::{Argument, CallId, Path, Step, StepKind, Term, Variable};
use std::sync::Arc;

/// A step, and why it is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The call with its arguments.
    pub step: Step,
    /// What it is for.
    pub purpose: Purpose,
    /// The attributes that it carries.
    pub covers: Vec<AttributePath>,
    /// The fields that it carries, each with the line of the rule behind it.
    pub fields: Vec<(Path, u32)>,
    /// The account's key once it is done, where the step changes that.
    pub moves_to: Option<String>,
    /// The function of the script that planned it, and the line of the row that names the function.
    pub planner: Option<(Arc<str>, u32)>,
}

/// What a step is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Reads the account.
    Read,
    /// Makes the account.
    Create,
    /// Adds an element; the position of the element in what the client sent.
    Add(usize),
    /// Changes fields.
    Update,
    /// Removes an element.
    Remove,
    /// Deletes the account.
    Delete,
    /// Asks, again and again, whether the write before is done.
    Await,
    /// Follows a write.
    Then,
}

impl Purpose {
    /// Does a look at the account tell whether such a step was done?
    pub fn can_be_seen(self) -> bool {
        matches!(self, Purpose::Add(_) | Purpose::Update | Purpose::Remove | Purpose::Delete)
    }
}

/// The step that reads one account.
pub fn read(kind: &TypeMapping, key: &Term) -> Option<Planned> {
    let call = kind.read.as_ref()?.call()?;
    Some(Planned::of(call, Purpose::Read, vec![Argument { variable: Variable::Key, term: key.clone() }]))
}

/// The step of a further read; `document` is the main answer, whose fields it may name.
pub fn part(mapping: &Mapping, named: &NamedRead, (key, document): (&Term, Option<&serde_json::Value>)) -> Planned {
    let call = mapping.call(named.call);
    let mut planned =
        Planned::of(named.call, Purpose::Read, vec![Argument { variable: Variable::Key, term: key.clone() }]);
    for hole in call.holes() {
        let Variable::Field(path) = hole else { continue };
        let value = match document {
            Some(document) => path.first(document).cloned(),
            None => Some(format!("<{hole}>").into()),
        };
        planned.step.arguments.extend(value.map(|value| Argument::of(hole.clone(), value)));
    }
    if call.listing.is_some() {
        planned.step.kind = StepKind::Pages;
    }
    planned
}

/// The step that walks a list.
pub fn walk(call: CallId) -> Planned {
    let mut planned = Planned::of(call, Purpose::Read, Vec::new());
    planned.step.kind = StepKind::Pages;
    planned
}

/// The key of an account as the hole of a call takes it: text, or a number where the target's keys are numbers.
/// `None`: no key of this target looks like that.
pub fn key_value(kind: &TypeMapping, key: &str) -> Option<serde_json::Value> {
    if !kind.key.number {
        return Some(key.into());
    }
    // Another spelling of a number (`07`, `+7`) is another id, and nobody's.
    key.parse::<u64>().ok().filter(|number| number.to_string() == key).map(serde_json::Value::from)
}

/// The call and mapping of a planned step, for printing and errors.
pub fn call_of<'a>(mapping: &'a Mapping, planned: &Planned) -> &'a crate::wire::Call {
    mapping.call(planned.step.call)
}

impl Planned {
    /// The account that it carries, as far as that is known before it is sent.
    pub fn account(&self) -> Option<&serde_json::Value> {
        self.step.arguments.iter().find_map(|argument| match (&argument.variable, &argument.term) {
            (Variable::Account, Term::Value(value)) => Some(value),
            _ => None,
        })
    }

    /// A field of an account that is filled when it is sent.
    fn open_field(&self, hole: &Variable) -> Option<Term> {
        let Variable::Field(path) = hole else { return None };
        let mut account =
            self.step.arguments.iter().find_map(|argument| match (&argument.variable, &argument.term) {
                (Variable::Account, Term::Open(body)) => Some(body.clone()),
                _ => None,
            })?;
        let field = path.hops()?.iter().try_fold(&mut account, |place, hop| place.field(hop))?;
        // Another step would draw another text.
        (!field.holes().contains(&&Variable::Random)).then(|| Term::Open(field.clone()))
    }

    fn of(call: CallId, purpose: Purpose, arguments: Vec<Argument>) -> Planned {
        let (covers, fields) = (Vec::new(), Vec::new());
        Planned { step: Step::once(call, arguments), purpose, covers, fields, moves_to: None, planner: None }
    }
}
