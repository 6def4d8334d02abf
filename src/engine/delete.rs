//! DELETE: the account goes, and with it what was kept for it.

use crate::engine::{OperationError, Work};
use crate::plan::{self, Subject};
use crate::target::Captures;

/// Deletes the resource.
///
/// # Errors
/// There is none; the target refuses or cannot be asked.
pub async fn delete(work: Work, id: String) -> Result<(), OperationError> {
    let _turn = work.lock("id", &id).await?;
    let kind = work.kind();
    let located = work.locate(&id)?;
    // A tombstone looks deletable to the target; only a look tells that it is gone already. Some calls name fields of the account.
    let needed = kind.delete.is_some_and(|call| work.instance.mapping.call(call).needs_account());
    let before = match needed || !kind.absent_when.is_empty() {
        true => Some(work.gather(&located, &|_| false).await?.document),
        false => None,
    };
    let references = work.references(&[])?;
    let subject = Subject { mapping: &work.instance.mapping, kind, key: located.term.clone(), before: before.as_ref(), references: &references };
    let step = plan::delete(&subject)?;
    let ran = work.run(std::slice::from_ref(&step), &mut Captures::default()).await;
    match ran {
        Err(error @ OperationError::NotFound { .. }) => {
            work.seen_absent(&located).await?;
            Err(error)
        }
        Err(error) => Err(error),
        Ok(ran) => {
            for (_, error) in ran.doubts {
                if work.fetch(&located).await?.is_some() {
                    return Err(error);
                }
            }
            work.seen_absent(&located).await
        }
    }
}
