//! Writes under way: whoever ends the process waits for them, also for those whose clients are gone.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

/// The writes under way. Cheap to clone; clones count the same.
#[derive(Clone, Debug, Default)]
pub struct Writes(Arc<RwLock<()>>);

/// A write under way; over when dropped.
pub struct Running {
    _guard: OwnedRwLockReadGuard<()>,
}

impl Writes {
    /// A write begins.
    pub async fn begin(&self) -> Running {
        Running { _guard: self.0.clone().read_owned().await }
    }

    /// Waits until no write is under way, but no longer than `patience`. Says whether all came to their end.
    pub async fn ended(&self, patience: Duration) -> bool {
        tokio::time::timeout(patience, self.0.write()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_end_waits_for_every_write_but_not_for_ever() {
        let writes = Writes::default();
        let one = writes.begin().await;
        assert!(!writes.ended(Duration::from_secs(5)).await);
        drop(one);
        assert!(writes.ended(Duration::from_secs(5)).await);
    }
}
