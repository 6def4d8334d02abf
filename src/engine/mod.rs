//! One readable async function per SCIM operation. Gather awaits, decide does not, run awaits.

mod account;
mod create;
mod delete;
mod document;
mod error;
pub mod explain;
mod keeping;
mod made;
mod membership;
mod read;
mod rename;
mod run;
mod search;
mod unique;
mod update;
mod wait;

pub use account::{Account, Extent, Located, version_of};
pub use create::create;
pub use delete::delete;
pub use error::{OperationError, Side};
pub use keeping::indexed;
pub use membership::Walked;
pub use read::read;
pub use search::{Found, Query, search, sorts};
pub use update::{patch, replace};

use crate::gateway::{Gateway, Instance};
use crate::mapping::TypeMapping;
use crate::scim::version::Condition;
use crate::store::Scope;
use crate::target::Budget;
use std::sync::Arc;

/// One SCIM operation on one instance: what it works on, and until when. Owns what it needs, so that a write can be a task of its own.
#[derive(Clone)]
pub struct Work {
    /// What outlives the request.
    pub gateway: Arc<Gateway>,
    /// The instance it is about.
    pub instance: Arc<Instance>,
    /// The place of the resource type in the mapping.
    pub kind: usize,
    /// The time it has, and the calls it made.
    pub budget: Arc<Budget>,
    /// The version that the client expects.
    pub condition: Option<Condition>,
    /// What this request learnt of other accounts' lists.
    pub walked: Walked,
}

impl Work {
    /// What the mapping says of the resource type.
    pub fn kind(&self) -> &TypeMapping {
        &self.instance.mapping.types[self.kind]
    }

    /// What rules, conditions and plans may name beside the account: the instance's settings, and the lookups that were got.
    pub fn known(&self) -> &dyn crate::wire::Scope {
        &self.instance.target
    }

    /// Gets the lookups that rules and conditions name, so that deciding need not wait.
    ///
    /// # Errors
    /// A lookup cannot be got.
    pub async fn prepare(&self) -> Result<(), OperationError> {
        let known = &self.instance.mapping.known_lookups;
        if known.is_empty() {
            return Ok(());
        }
        Ok(self.instance.target.prepare(known, &self.budget).await?)
    }

    /// The rows of this resource type in the store.
    fn scope(&self) -> Scope {
        self.instance.scope(self.kind())
    }

    /// Is the account in the version that the client expects?
    fn check_condition(&self, account: &Account) -> Result<(), OperationError> {
        match &self.condition {
            Some(condition) if !condition.allows(account.version()) => Err(OperationError::VersionMismatch),
            _ => Ok(()),
        }
    }

    /// Takes the lock of a resource, or of a unique value that is being created.
    async fn lock(&self, what: &str, name: &str) -> Result<crate::gateway::Guard, OperationError> {
        let key = format!("{}/{what}/{name}", self.kind().kind.name);
        Ok(self.instance.locks.acquire(key, self.budget.deadline()).await?)
    }
}

/// Runs a write to its end, whatever becomes of the client: a hang-up or a panic can neither leave it half-done nor its lock held.
///
/// # Errors
/// The write's own, or that it panicked.
pub async fn detached<T: Send + 'static>(
    gateway: &Gateway,
    write: impl Future<Output = Result<T, OperationError>> + Send + 'static,
) -> Result<T, OperationError> {
    let running = gateway.writes.begin().await;
    let write = async move {
        let written = write.await;
        drop(running);
        written
    };
    tokio::spawn(write).await.unwrap_or(Err(OperationError::Panicked))
}
