//! What the mapping says of writes beyond the call itself: what follows a success, how long a result may take, what a delete leaves.

use crate::mapping::{By, Rule, UpdateRow};
use crate::wire::{CallId, Condition};
use std::time::Duration;

/// What follows the success of a call that writes.
#[derive(Debug, Clone, Default)]
pub struct Follow {
    /// How to learn that the product is done, where its answer comes before the deed.
    pub poll: Option<Poll>,
    /// Calls made afterwards, in order.
    pub then: Vec<CallId>,
}

/// A call that is repeated until the product says that it is done.
#[derive(Debug, Clone)]
pub struct Poll {
    /// The call that tells.
    pub call: CallId,
    /// What its answer holds when all is done.
    pub until: Condition,
    /// What its answer holds when it went wrong.
    pub fail: Option<Condition>,
    /// How long to wait between two calls.
    pub every: Duration,
    /// How long to wait in all; the request's own time ends it earlier.
    pub at_most: Duration,
}

/// How an account is deleted.
#[derive(Debug, Clone)]
pub struct Delete {
    /// The call, or a function that plans calls.
    pub by: By<CallId>,
    /// The product says that it deleted what was not there: read before.
    pub look_first: bool,
    /// What stays.
    pub leaves: Leaves,
}

/// What a delete leaves behind in the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Leaves {
    /// Nothing.
    #[default]
    Nothing,
    /// The account is gone (`absent_when` tells), and nobody can have its name again.
    Name,
    /// The account stays readable; our tombstone hides it, and nobody can have its name again.
    Account,
}

impl UpdateRow {
    /// May a change of what the rule sends be this row's?
    pub fn may_take(&self, rule: &Rule) -> bool {
        self.takes.is_empty() || self.names(rule)
    }

    /// Does it name the attribute of the rule, or a part of it, or what it is a part of?
    pub fn names(&self, rule: &Rule) -> bool {
        let mut takes = self.takes.iter().map(|takes| &takes.attribute);
        takes.any(|attribute| attribute.covers(&rule.attribute) || rule.attribute.covers(attribute))
    }
}
