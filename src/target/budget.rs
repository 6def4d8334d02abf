//! What one request may spend on its target: the time it has, a count of the calls it made, and on whose behalf it makes them.

use http::HeaderValue;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// The time and the calls of one request. Shared by everything that the request does.
#[derive(Debug)]
pub struct Budget {
    deadline: Instant,
    calls: AtomicU32,
    /// The client's own `Authorization`, where the target is to see it. It is sensitive, so it prints nowhere.
    authorization: OnceLock<HeaderValue>,
}

impl Budget {
    /// A budget that ends at `deadline`.
    pub fn until(deadline: Instant) -> Budget {
        Budget { deadline, calls: AtomicU32::new(0), authorization: OnceLock::new() }
    }

    /// A budget of `time` from now on.
    pub fn of(time: Duration) -> Budget {
        Budget::until(Instant::now() + time)
    }

    /// From now on calls are made on behalf of the client that sent this header. Only the first one counts.
    pub fn act_for(&self, mut authorization: HeaderValue) {
        authorization.set_sensitive(true);
        let _ = self.authorization.set(authorization);
    }

    /// The client's own `Authorization`, where calls are made on its behalf.
    pub fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.get()
    }

    /// When it ends.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// How many calls went out, repeated ones included.
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Is there no time left?
    pub fn is_spent(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Would there be time left after waiting so long?
    pub fn outlasts(&self, wait: Duration) -> bool {
        Instant::now().checked_add(wait).is_some_and(|then| then < self.deadline)
    }

    pub(super) fn count(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }
}
