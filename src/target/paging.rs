//! The words of paging: the part that is wanted, how pages follow each other, what a page shows, which sizes a target keeps.

use crate::wire::{CallId, Paging};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The part of a list that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// How many items come before it.
    pub skip: usize,
    /// How many items it has at most; `None`: all to the end. `Some(0)` asks for the total alone.
    pub take: Option<usize>,
}

impl Span {
    /// The whole list.
    pub const ALL: Span = Span { skip: 0, take: None };

    pub(super) fn end(self) -> Option<usize> {
        self.take.map(|take| self.skip.saturating_add(take))
    }

    pub(super) fn is_count(self) -> bool {
        self.take == Some(0)
    }
}

/// How one page follows another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// One answer holds everything.
    Once,
    /// By the number of items skipped.
    Skipped { max: usize },
    /// By the number of the page, counted from `first`.
    Numbered { first: usize, max: usize },
    /// By what the page before names.
    Followed { max: Option<usize> },
}

/// What a page showed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Page {
    /// The number of items.
    pub(super) items: usize,
    /// The number of all items.
    pub(super) total: Option<usize>,
    /// Does it name a next page? `None`: the target does not say.
    pub(super) more: Option<bool>,
    /// A print of the first item.
    pub(super) first: u64,
    /// A print of all items, of a page that is longer than was asked for.
    pub(super) whole: u64,
}

impl Way {
    pub(super) fn new(paging: Option<&Paging>, names_next: bool) -> Way {
        match paging {
            None if names_next => Way::Followed { max: None },
            None => Way::Once,
            Some(Paging::Offset { max, .. }) => Way::Skipped { max: *max.max(&1) },
            Some(Paging::Page { first, max, .. }) => Way::Numbered { first: *first, max: *max.max(&1) },
            Some(Paging::Cursor { max, .. }) => Way::Followed { max: Some(*max.max(&1)) },
        }
    }
}

/// A page size that a target was seen to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Honoured {
    pub(super) size: usize,
    /// Another size was asked for: this one is the target's own.
    pub(super) own: bool,
}

/// Page sizes that calls were seen to keep.
#[derive(Debug, Default)]
pub(super) struct Sizes(Mutex<HashMap<CallId, Honoured>>);

impl Sizes {
    pub(super) fn of(&self, call: CallId) -> Option<Honoured> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&call).copied()
    }

    pub(super) fn keep(&self, call: CallId, size: Option<Honoured>) {
        let mut sizes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match size {
            Some(size) => sizes.insert(call, size),
            None => sizes.remove(&call),
        };
    }
}
