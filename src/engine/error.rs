//! Every way an operation can fail, gathered from the layers. Names paths and kinds, never values.

use crate::gateway::LockError;
use crate::mapping::TypeMapping;
use crate::mapping::to_scim::{RuleError, RuleFault};
use crate::plan::{PlanError, Unanswerable};
use crate::scim::error::ScimError;
use crate::store::StoreError;
pub use crate::target::Side;
use crate::target::TargetError;
use std::sync::Arc;

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// The request itself is wrong.
    #[error("{0}")]
    Scim(#[from] ScimError),
    /// There is no such resource.
    #[error("no such {kind}")]
    NotFound {
        /// Its resource type.
        kind: Arc<str>,
        /// The id that was asked for.
        id: Option<String>,
    },
    /// Something unique is taken.
    #[error("taken")]
    Taken {
        /// The target's words.
        detail: Option<String>,
    },
    /// The target finds the values wrong.
    #[error("the target finds the values wrong")]
    Invalid {
        /// The target's words.
        detail: Option<String>,
    },
    /// The target does not allow it.
    #[error("the target does not allow it")]
    Refused {
        /// The target's words.
        detail: Option<String>,
    },
    /// An element refers to nobody the target knows.
    #[error("{attribute}[{position}] refers to nobody this target knows")]
    UnknownElement {
        /// The multi-valued attribute.
        attribute: String,
        /// The element's position in what the client sent, from 0.
        position: usize,
        /// The target's words.
        detail: Option<String>,
    },
    /// The filter cannot be answered completely.
    #[error(transparent)]
    Unanswerable(#[from] Unanswerable),
    /// More accounts than the mapping allows to walk.
    #[error("more than {scan} accounts would have to be read to answer this filter")]
    TooMany {
        /// The mapping's bound.
        scan: usize,
    },
    /// The mapping declares no call for this.
    #[error("this target does not offer {0}")]
    NotOffered(&'static str),
    /// The resource is not in the version that the client expects.
    #[error("the resource is not in the version that the request expects; read it again")]
    VersionMismatch,
    /// The account changed under the write, again and again.
    #[error("the account keeps changing in the target")]
    Stale,
    /// No plan could be made.
    #[error(transparent)]
    Plan(PlanError),
    /// A rule could not read the target's answer.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// An answer that means something which does not fit the call.
    #[error("{call} (line {line}): the answer means `{meaning}`, which does not fit there")]
    Unfit {
        /// The call.
        call: Arc<str>,
        /// The line of the mapping file.
        line: u32,
        /// The meaning's word.
        meaning: &'static str,
    },
    /// The target made an account and did not say which.
    #[error("the target's answer to the create names no key")]
    NoKey,
    /// The target made an account and does not show it yet.
    #[error("the target made the account and does not show it yet; the same request sent again completes it")]
    NotYet,
    /// The account has a field of its own where the mapping puts the answer of another read.
    #[error(
        "the account has a field `{name}` of its own, which the read of that name hides; rename the read in the mapping"
    )]
    Hidden {
        /// The name of both.
        name: Arc<str>,
    },
    /// The target took a write and says that it failed.
    #[error("the target took the request and then failed to do it")]
    NotDone {
        /// The target's words.
        detail: Option<String>,
    },
    /// The target shows an account without its key.
    #[error("an account of the target has no key of the promised shape")]
    Keyless,
    /// The target could not be asked.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No turn was given.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A write ended in a panic; its log entry says where.
    #[error("internal error")]
    Panicked,
}

impl OperationError {
    /// There is no resource with this id.
    pub fn not_found(kind: &TypeMapping, id: &str) -> OperationError {
        OperationError::NotFound { kind: kind.kind.name.clone(), id: Some(id.to_owned()) }
    }

    /// Whose side it is on.
    pub fn side(&self) -> Side {
        match self {
            OperationError::Scim(_)
            | OperationError::NotFound { .. }
            | OperationError::Taken { .. }
            | OperationError::Invalid { .. }
            | OperationError::VersionMismatch
            | OperationError::Refused { .. }
            | OperationError::UnknownElement { .. }
            | OperationError::Unanswerable(_)
            | OperationError::TooMany { .. }
            | OperationError::NotOffered(_) => Side::Client,
            OperationError::Plan(PlanError::UnknownReference { .. } | PlanError::NotOffered(_)) => Side::Client,
            OperationError::Plan(PlanError::Rule(error)) if error.is_a_script_failure() => Side::Mapping,
            OperationError::Plan(PlanError::Script(error)) if error.is_the_clients() => Side::Client,
            // What cannot be written as sent is the client's mistake.
            OperationError::Plan(PlanError::Rule(_)) => Side::Client,
            OperationError::Plan(_) | OperationError::Hidden { .. } => Side::Mapping,
            OperationError::Rule(RuleError { cause: RuleFault::Rest, .. }) => Side::Client,
            OperationError::Target(error) => error.side(),
            OperationError::Rule(_)
            | OperationError::NoKey
            | OperationError::NotYet
            | OperationError::NotDone { .. }
            | OperationError::Keyless
            | OperationError::Unfit { .. }
            | OperationError::Stale => Side::Target,
            OperationError::Store(_) | OperationError::Lock(_) | OperationError::Panicked => Side::Gateway,
        }
    }
}

impl From<PlanError> for OperationError {
    fn from(error: PlanError) -> OperationError {
        match error {
            PlanError::NotOffered(what) => OperationError::NotOffered(what),
            other => OperationError::Plan(other),
        }
    }
}
