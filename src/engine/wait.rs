//! Waiting for a product that answers first and works afterwards.

use crate::engine::{OperationError, Work};
use crate::plan::{self, Planned};
use crate::target::{Captures, Doubt, Outcome, TargetError, Trouble, Use};
use crate::wire::Meaning;
use tokio::time::{Instant, sleep};

impl Work {
    /// Asks until the write before is done.
    ///
    /// # Errors
    /// The product says that it failed, or the time ends before it says anything: then nobody knows, and nothing is repeated.
    pub(super) async fn wait_until_done(
        &self,
        planned: &Planned,
        captures: &mut Captures,
    ) -> Result<(), OperationError> {
        let mapping = &self.instance.mapping;
        let call = plan::call_of(mapping, planned);
        let doubt = |doubt| OperationError::Target(TargetError::in_doubt(call, doubt));
        let poll = mapping.poll(planned.step.call).ok_or(OperationError::NotOffered("waiting"))?;
        let end = self.budget.deadline().min(Instant::now() + poll.at_most);
        loop {
            let asked = self.instance.target.run(Use::Read, &planned.step, captures, &self.budget).await;
            let outcome = match asked {
                Err(error) if matches!(error.trouble, Trouble::Mapping(_) | Trouble::Unsafe(_)) => {
                    return Err(error.into());
                }
                asked => asked.map_err(|_| doubt(Doubt::Unfinished))?,
            };
            if !matches!(outcome.meaning, Meaning::Ok | Meaning::Empty) {
                return Err(self.unexpected(planned, &outcome));
            }
            if poll.fail.as_ref().is_some_and(|fail| fail.fits_answer(&outcome.answer, self.known())) {
                return Err(failed(outcome));
            }
            if poll.until.fits_answer(&outcome.answer, self.known()) {
                return Ok(());
            }
            if Instant::now() + poll.every >= end {
                return Err(doubt(Doubt::Unfinished));
            }
            sleep(poll.every).await;
        }
    }
}

fn failed(outcome: Outcome) -> OperationError {
    OperationError::NotDone { detail: outcome.detail }
}
