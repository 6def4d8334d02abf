//! Faults a stand-in shows on demand. As JSON, `POST /faults`:
//!
//! `{"fault": "slow", "ms": 500}` · `{"fault": "status", "status": 503}` · `{"fault": "nonsense"}` · `{"fault": "drop"}` ·
//! `{"fault": "half"}` · `{"fault": "half-done"}` · `{"fault": "huge", "bytes": 100000000}`; and with each, as wanted:
//! `"requests": 2` (the next two only; otherwise until `DELETE /faults`), `"only": "PATCH /api/v1/people/{id}"` (one route, or
//! one method: `"PATCH"`), `"when": "after"` (the call is carried out and only its answer suffers; otherwise it is not).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;

/// One fault and when it strikes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Fault {
    #[serde(flatten)]
    pub kind: Kind,
    /// How many requests it strikes; `None`: until cleared.
    pub requests: Option<u64>,
    /// The `METHOD route`, or the method alone, it strikes; `None`: all.
    pub only: Option<String>,
    #[serde(default)]
    pub when: Moment,
}

/// What the caller gets to see.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "fault", rename_all = "lowercase")]
pub enum Kind {
    /// The right answer, late.
    Slow { ms: u64 },
    /// An error status with an HTML page, as a broken reverse proxy would.
    Status { status: u16 },
    /// Status 200 and a body that is not JSON.
    Nonsense,
    /// The connection closes without an answer.
    Drop,
    /// The connection closes in the middle of the answer; the call is always carried out.
    Half,
    /// A call that does two things does the first alone (a create makes the account without what comes after), and answers 500.
    #[serde(rename = "half-done")]
    HalfDone,
    /// A body of this many bytes.
    Huge { bytes: usize },
}

/// Whether the call is carried out before the fault strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Moment {
    /// Nothing happened (a slow call happens late).
    #[default]
    Before,
    /// It happened; the answer is late, wrong or lost.
    After,
}

impl Kind {
    pub fn delay(&self) -> Option<Duration> {
        match self {
            Self::Slow { ms } => Some(Duration::from_millis(*ms)),
            _ => None,
        }
    }
}

/// The fault in force, shared between a stand-in and whoever tests with it.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Option<Fault>>);

impl Faults {
    /// From the next request on; replaces the fault in force.
    pub fn inject(&self, fault: Fault) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
    }

    /// No more faults.
    pub fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The fault that strikes a call of this `METHOD route`, counted down.
    pub fn strike(&self, route: &str) -> Option<Fault> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = slot.as_mut()?;
        let method = route.split(' ').next();
        if fault.only.as_deref().is_some_and(|only| only != route && Some(only) != method) {
            return None;
        }
        let struck = fault.clone();
        if let Some(requests) = &mut fault.requests {
            *requests = requests.saturating_sub(1);
            if *requests == 0 {
                *slot = None;
            }
        }
        Some(struck)
    }
}
