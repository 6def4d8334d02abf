//! Runs steps against one product instance: fills their holes, sends once, repeats what may be repeated, reads what the answer means.
//!
//! A write is never sent twice where the first may have arrived, unless its mapping says that twice is the same as once.
//! Nothing from outside steers where we call: keys are encoded, redirects are answers, pages are followed on the same origin only.

mod address;
mod ask;
mod attempt;
mod budget;
mod error;
mod judge;
mod line;
mod outcome;
mod pager;
mod pages;
mod paging;
mod random;
mod request;
mod retry_after;
mod sessions;
mod sign;
mod supply;
#[cfg(test)]
mod tests;

pub use address::{Address, AddressError};
pub use budget::Budget;
pub use error::{Doubt, Side, TargetError, Trouble, Words, Written};
pub use line::{Exchange, Line, LineError, Sent};
pub use outcome::Outcome;
pub use pages::Pages;
pub use paging::Span;
pub use supply::{Captures, Settings};

use crate::script::Script;
use crate::wire::{Call, CallId, Credential, IfUncertain, Lookup, Meaning, Step};
use ask::Ground;
use attempt::{Attempt, Auth, Received};
use paging::Sizes;
use serde_json::Value;
use sessions::Sessions;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use supply::Turn;

/// What an instance of a product is: its mapping's calls, and what its operator configured.
pub struct Instance {
    /// The target's name.
    pub name: Arc<str>,
    /// Where it is.
    pub address: Address,
    /// The calls that its mapping declares; a [`CallId`] is a place in it.
    pub calls: Arc<[Call]>,
    /// How it is told who calls.
    pub auth: Option<Credential>,
    /// The mapping's script: its functions may say what an answer means.
    pub script: Option<Arc<Script>>,
    /// What the mapping's placeholders `<settings.…>` stand for.
    pub settings: Settings,
    /// Values that are got by calls of their own.
    pub lookups: Arc<[Lookup]>,
    /// Lookups whose values are known without a call: a rehearsal's.
    pub given: Vec<(Arc<str>, Value)>,
    /// The wall clock, by which sessions end.
    pub now: fn() -> SystemTime,
    /// How long one call may take, at most.
    pub timeout: Duration,
}

/// One product instance and the line to it.
pub struct Target {
    instance: Instance,
    line: Arc<dyn Line>,
    sessions: Sessions,
    /// Page sizes that list calls were seen to honour, so that a window deep in a list can be asked for at once.
    sizes: Sizes,
}

/// What a call is used for. A list by POST is a read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Changes nothing: may be sent again.
    Read,
    /// May change something: is sent once. Twice would be the same as once where it was not seen to be done.
    Write,
    /// Makes something: twice would be two.
    Create,
}

impl Target {
    /// A target that is reached through `line`.
    pub fn new(mut instance: Instance, line: Arc<dyn Line>) -> Target {
        let given = std::mem::take(&mut instance.given);
        let sessions = Sessions::new(instance.lookups.clone(), given, instance.now);
        Target { instance, line, sessions, sizes: Sizes::default() }
    }

    /// The target's name.
    pub fn name(&self) -> &Arc<str> {
        &self.instance.name
    }

    /// Makes the step's call and reads what its answer means; what the step captures is kept for later steps.
    /// Answers that the client may have caused are outcomes; `busy`, `login_again` and `broken` end as errors.
    ///
    /// # Errors
    /// No usable answer: see [`Trouble`].
    pub async fn run(
        &self,
        usage: Use,
        step: &Step,
        captures: &mut Captures,
        budget: &Budget,
    ) -> Result<Outcome, TargetError> {
        let (attempt, received) = self.receive(usage, step, captures, budget).await?;
        let captured = captured(step, &received);
        let outcome = Outcome::read(received, attempt.call, usage, self)
            .map_err(|(trouble, status)| attempt.after_answer(trouble, status))?;
        if outcome.meaning == Meaning::Ok {
            captured.into_iter().for_each(|(name, value)| captures.keep(name, value));
        }
        Ok(outcome)
    }

    /// Makes the call of a further read of an account. Its account is whatever the answer holds at its place, null for nothing.
    ///
    /// # Errors
    /// No usable answer: see [`Trouble`].
    pub async fn part(&self, step: &Step, budget: &Budget) -> Result<Outcome, TargetError> {
        let (attempt, received) = self.receive(Use::Read, step, &Captures::new(), budget).await?;
        Outcome::read_part(received, attempt.call, self)
            .map_err(|(trouble, status)| attempt.after_answer(trouble, status))
    }

    /// The answer to a step's call, an absence confirmed.
    async fn receive<'a>(
        &'a self,
        usage: Use,
        step: &Step,
        captures: &Captures,
        budget: &'a Budget,
    ) -> Result<(Attempt<'a>, Received<'a>), TargetError> {
        let call = self.call(step.call)?;
        let auth = self.auth();
        let attempt = Attempt { target: self, call, usage, if_uncertain: uncertain(step, call), budget, auth };
        let random = random::text_for(call, step).ok_or_else(|| attempt.refused(Trouble::NoRandomness))?;
        let turn = Turn::default();
        let ground = Ground { step, captures, random: &random, turn: &turn };
        let received = attempt.ask(ground, None).await?.received;
        if let (Meaning::Absent, Some(confirm)) = (received.meaning, received.row.and_then(|row| row.confirm)) {
            self.confirm(confirm, budget).await?;
        }
        Ok((attempt, received))
    }

    /// Makes the call that must succeed before an absence is believed.
    async fn confirm(&self, id: CallId, budget: &Budget) -> Result<(), TargetError> {
        let (call, step) = (self.call(id)?, Step::once(id, Vec::new()));
        let attempt = self.reading(call, budget);
        let (turn, captures) = (Turn::default(), Captures::new());
        let ground = Ground { step: &step, captures: &captures, random: "", turn: &turn };
        match attempt.ask(ground, None).await?.received.meaning {
            Meaning::Ok | Meaning::Empty => Ok(()),
            _ => Err(attempt.refused(Trouble::Nonsense(
                "it says that there is no such account, and fails where it should confirm that",
            ))),
        }
    }

    /// Walks the list that the step's call yields, page after page, for the part of it that is wanted.
    ///
    /// # Errors
    /// The call is not declared, or yields no list.
    pub fn pages<'a>(
        &'a self,
        step: &'a Step,
        want: Span,
        captures: &'a Captures,
        budget: &'a Budget,
    ) -> Result<Pages<'a>, TargetError> {
        let call = self.call(step.call)?;
        Pages::begin(self.reading(call, budget), step, want, captures)
    }

    fn call(&self, id: CallId) -> Result<&Call, TargetError> {
        self.instance.calls.get(usize::from(id.0)).ok_or_else(|| TargetError {
            call: format!("call {}", id.0).into(),
            line: 0,
            request: "unknown".into(),
            trouble: Trouble::Mapping("the plan names a call that is not declared".to_owned()),
            written: Written::No,
        })
    }

    fn auth(&self) -> Auth<'_> {
        Auth::With(self.instance.auth.as_ref())
    }

    fn reading<'a>(&'a self, call: &'a Call, budget: &'a Budget) -> Attempt<'a> {
        let auth = self.auth();
        Attempt { target: self, call, usage: Use::Read, if_uncertain: IfUncertain::Repeat, budget, auth }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("name", &self.instance.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What later steps want of the answer. A step that needs what is not there says so itself, before it sends anything.
fn captured(step: &Step, received: &Received) -> Vec<(Arc<str>, serde_json::Value)> {
    let found = step.captures.iter().map(|capture| (&capture.name, capture.at.first(&received.answer.body)));
    found.filter_map(|(name, value)| Some((name.clone(), value?.clone()))).collect()
}

/// What the plan says counts, and otherwise what the mapping says of the call.
fn uncertain(step: &Step, call: &Call) -> IfUncertain {
    match step.if_uncertain {
        IfUncertain::LookUp => call.if_uncertain,
        said => said,
    }
}
