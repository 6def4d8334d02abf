//! What lookups yielded: kept while it lives, got once however many wait for it, never printed.

use super::error::{TargetError, Trouble, Written};
use crate::wire::{Call, Lives, Lookup, LookupId, Variable};
use serde_json::Value;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;
use zeroize::Zeroize;

/// A session that ends by itself is got again so long before, at most.
const MARGIN: Duration = Duration::from_secs(30);

/// The value of a lookup. It cannot print, and is wiped when dropped.
pub(super) struct Held {
    pub(super) value: Value,
    /// What the answer set, as `name=value`.
    pub(super) cookies: Vec<String>,
    /// What the call that gets it next takes, where each answer renews that.
    pub(super) next: Option<Value>,
    /// The generation of sessions it belongs to; `None`: no session is in it.
    pub(super) session: Option<u64>,
    /// When it is got again, though nobody refused it.
    pub(super) until: Option<SystemTime>,
}

/// The lookups that one call is filled from.
#[derive(Default)]
pub(super) struct Known(Vec<(Arc<str>, Arc<Held>)>);

/// The lookups of one target.
pub(super) struct Sessions {
    pub(super) lookups: Arc<[Lookup]>,
    slots: Vec<Slot>,
    /// Counts how often the target said that a session is over.
    generation: AtomicU64,
    now: fn() -> SystemTime,
}

#[derive(Default)]
struct Slot {
    /// Whoever gets the value holds this; the others wait for it.
    turn: tokio::sync::Mutex<()>,
    held: RwLock<Option<Arc<Held>>>,
    failed: Mutex<Option<Failure>>,
    /// Set by a rehearsal: it needs no call.
    given: bool,
}

struct Failure {
    ended: Instant,
    call: Arc<str>,
    line: u32,
    request: Box<str>,
    trouble: Trouble,
}

impl Held {
    fn is_fresh(&self, (generation, now): (u64, SystemTime)) -> bool {
        self.session.is_none_or(|session| session >= generation) && self.until.is_none_or(|until| now < until)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        for value in [Some(&mut self.value), self.next.as_mut()].into_iter().flatten() {
            if let Value::String(text) = value {
                text.zeroize();
            }
        }
        self.cookies.zeroize();
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Known {
    pub(super) fn put(&mut self, name: Arc<str>, held: Arc<Held>) {
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, held));
    }

    pub(super) fn held(&self, name: &str) -> Option<&Held> {
        self.0.iter().find(|(known, _)| **known == *name).map(|(_, held)| &**held)
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.held(name).map(|held| &held.value)
    }

    /// The newest session among them; `None`: none of them is of a session.
    pub(super) fn session(&self) -> Option<u64> {
        self.0.iter().filter_map(|(_, held)| held.session).max()
    }
}

impl Sessions {
    /// The lookups of a target; `given` ones are known already.
    pub(super) fn new(lookups: Arc<[Lookup]>, given: Vec<(Arc<str>, Value)>, now: fn() -> SystemTime) -> Sessions {
        let mut slots: Vec<Slot> = lookups.iter().map(|_| Slot::default()).collect();
        for (name, value) in given {
            if let Some(at) = lookups.iter().position(|lookup| lookup.name == name) {
                let held = Held { value, cookies: Vec::new(), next: None, session: None, until: None };
                slots[at] = Slot { held: RwLock::new(Some(Arc::new(held))), given: true, ..Slot::default() };
            }
        }
        Sessions { lookups, slots, generation: AtomicU64::new(0), now }
    }

    /// The lookups that these placeholders name.
    pub(super) fn named<'h>(&self, holes: impl IntoIterator<Item = &'h Variable>) -> Vec<LookupId> {
        let mut ids: Vec<LookupId> = Vec::new();
        for name in holes.into_iter().filter_map(|hole| match hole {
            Variable::Lookup(name) => Some(name),
            _ => None,
        }) {
            ids.extend(self.place(name).filter(|id| !ids.contains(id)));
        }
        ids
    }

    pub(super) fn place(&self, name: &str) -> Option<LookupId> {
        self.lookups.iter().position(|lookup| *lookup.name == *name)
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The sessions of this generation are over. Whoever says so first counts; what others got meanwhile stands.
    pub(super) fn end(&self, generation: u64) {
        let _ = self.generation.compare_exchange(generation, generation + 1, Ordering::AcqRel, Ordering::Acquire);
    }

    /// What is held, whether or not it still may be used.
    pub(super) fn last(&self, id: LookupId) -> Option<Arc<Held>> {
        self.slots.get(id)?.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is held and may still be used.
    pub(super) fn fresh(&self, id: LookupId) -> Option<Arc<Held>> {
        let given = self.slots.get(id)?.given;
        let once = self.lookups[id].lives == Lives::Once && !given;
        self.last(id).filter(|held| !once && (given || held.is_fresh((self.generation(), (self.now)()))))
    }

    /// The turn to get the value.
    pub(super) async fn turn(&self, id: LookupId) -> tokio::sync::MutexGuard<'_, ()> {
        self.slots[id].turn.lock().await
    }

    /// The failure of an attempt that ended after `since`: whoever waited for it need not fail again.
    pub(super) fn failure_since(&self, id: LookupId, since: Instant) -> Option<TargetError> {
        let failed = self.slots[id].failed.lock().unwrap_or_else(PoisonError::into_inner);
        let failure = failed.as_ref().filter(|failure| failure.ended >= since)?;
        Some(TargetError {
            call: failure.call.clone(),
            line: failure.line,
            request: failure.request.clone(),
            trouble: failure.trouble.clone(),
            written: Written::No,
        })
    }

    pub(super) fn keep(&self, id: LookupId, held: &Arc<Held>) {
        *self.slots[id].held.write().unwrap_or_else(PoisonError::into_inner) = Some(held.clone());
        *self.slots[id].failed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn note_failure(&self, id: LookupId, error: &TargetError) {
        // That this request had no time left says nothing to another one.
        if matches!(error.trouble, Trouble::OutOfTime | Trouble::Queue) {
            return;
        }
        let failure = Failure {
            ended: Instant::now(),
            call: error.call.clone(),
            line: error.line,
            request: error.request.clone(),
            trouble: error.trouble.clone(),
        };
        *self.slots[id].failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
    }

    /// When a value that ends at this moment, or after this time, is got again: shortly before.
    pub(super) fn until(&self, ends: Ends) -> Option<SystemTime> {
        let now = (self.now)();
        let left = match ends {
            Ends::After(time) => time,
            Ends::At(moment) => moment.duration_since(now).unwrap_or_default(),
        };
        now.checked_add(left.saturating_sub(MARGIN.min(left / 10)))
    }
}

/// When a session ends by itself.
#[derive(Clone, Copy)]
pub(super) enum Ends {
    After(Duration),
    At(SystemTime),
}

impl Sessions {
    /// Takes the values of sessions out of a text that will be shown. Short values could be any word, and stay.
    pub(super) fn redact(&self, mut text: String) -> String {
        let sessions = (0..self.lookups.len()).filter(|id| self.lookups[*id].lives == Lives::Session);
        for held in sessions.filter_map(|id| self.last(id)) {
            if let Some(secret) = held.value.as_str().filter(|secret| secret.len() >= 6) {
                text = text.replace(secret, "***");
            }
        }
        text
    }
}

/// The holes that a call has, and those of what it takes from its step, where that is filled in late. A lookup that is got on the way
/// takes nothing of the account that waits for it.
pub(super) fn holes<'a>(call: &'a Call, step: &'a crate::wire::Step) -> Vec<&'a Variable> {
    let mut holes = call.holes();
    let fields = holes.iter().any(|hole| matches!(hole, Variable::Field(_)));
    let taken = step
        .arguments
        .iter()
        .filter(|argument| holes.contains(&&argument.variable) || (fields && argument.variable == Variable::Account));
    let open: Vec<&Variable> = taken
        .flat_map(|argument| match &argument.term {
            crate::wire::Term::Open(body) => body.holes(),
            _ => Vec::new(),
        })
        .collect();
    holes.extend(open);
    holes
}
