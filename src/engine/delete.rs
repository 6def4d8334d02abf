//! DELETE: the account goes, and with it what was kept for it.

use crate::engine::account::{Extent, Located};
use crate::engine::run::Ran;
use crate::engine::{OperationError, Work};
use crate::mapping::Leaves;
use crate::plan::{self, SameKeys, Subject};
use crate::target::Captures;

/// Deletes the resource.
///
/// # Errors
/// There is none; it is not in the version that was expected; the target refuses or cannot be asked.
pub async fn delete(work: Work, id: String) -> Result<(), OperationError> {
    let _turn = work.lock("id", &id).await?;
    let located = work.locate(&id)?;
    work.prepare().await?;
    match attempt(&work, &located).await {
        Ok(ran) => work.confirm_gone(&located, ran).await,
        Err(error) => {
            if let OperationError::NotFound { .. } = error {
                work.seen_absent(&located).await?;
            }
            Err(error)
        }
    }
}

async fn attempt(work: &Work, located: &Located) -> Result<Ran, OperationError> {
    let kind = work.kind();
    let mut subject = Subject {
        mapping: &work.instance.mapping,
        kind,
        key: located.term.clone(),
        before: None,
        references: &SameKeys,
        known: work.known(),
    };
    let wanted = work.condition.is_some() || plan::delete_needs_account(&subject);
    let before = if wanted { Some(work.gather(located, Extent::Whole).await?) } else { None };
    if let Some(before) = &before {
        work.check_condition(before)?;
        subject.before = Some(before.before());
    }
    let steps = plan::delete(&subject)?;
    work.run(&steps, &mut Captures::default()).await
}

impl Work {
    /// Where nobody knows whether the target did it, it is looked at.
    async fn confirm_gone(&self, located: &Located, ran: Ran) -> Result<(), OperationError> {
        for (_, error) in ran.doubts {
            if self.is_there(located).await? {
                return Err(error);
            }
        }
        match self.kind().leaves() {
            Leaves::Nothing | Leaves::Name => self.seen_absent(located).await,
            Leaves::Account => self.hide(located).await,
        }
    }

    /// The account stays readable in the target: its tombstone hides it from here on.
    async fn hide(&self, located: &Located) -> Result<(), OperationError> {
        let link = match &located.link {
            Some(link) => (**link).clone(),
            None => self.new_link(self.kind(), &located.key)?,
        };
        Ok(self.gateway.store.save_links(&self.scope(), vec![link.buried((self.gateway.now)())]).await?)
    }
}
