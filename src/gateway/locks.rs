//! Keyed locks: one writer per resource and per created unique value, in order of arrival, the queue bounded.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

/// The locks of one instance. A lock exists while somebody holds or awaits it.
pub struct Locks {
    lanes: Mutex<HashMap<String, Weak<Lane>>>,
    queue: usize,
}

struct Lane {
    turn: Arc<tokio::sync::Mutex<()>>,
    waiting: AtomicUsize,
}

/// Why a lock was not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Too many wait for it already.
    #[error("too many changes of the same resource are waiting")]
    QueueFull,
    /// The request's time ran out while waiting.
    #[error("the request's time ran out while other changes of the same resource were under way")]
    OutOfTime,
}

/// The right to write; given back when dropped.
pub struct Guard {
    _turn: OwnedMutexGuard<()>,
    _lane: Arc<Lane>,
}

impl Locks {
    /// Locks with room for `queue` waiters each.
    pub fn new(queue: usize) -> Locks {
        Locks { lanes: Mutex::new(HashMap::new()), queue }
    }

    /// Waits for the lock of `key`, in order of arrival.
    ///
    /// # Errors
    /// The queue is full, or the deadline passes first.
    pub async fn acquire(&self, key: String, deadline: Instant) -> Result<Guard, LockError> {
        let lane = self.lane(key);
        if let Ok(turn) = lane.turn.clone().try_lock_owned() {
            return Ok(Guard { _turn: turn, _lane: lane });
        }
        if lane.waiting.fetch_add(1, Ordering::Relaxed) >= self.queue {
            lane.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(LockError::QueueFull);
        }
        let waiting = Waiting(&lane);
        let turn = tokio::time::timeout_at(deadline, lane.turn.clone().lock_owned()).await;
        drop(waiting);
        turn.map(|turn| Guard { _turn: turn, _lane: lane }).map_err(|_| LockError::OutOfTime)
    }

    fn lane(&self, key: String) -> Arc<Lane> {
        let mut lanes = self.lanes();
        if let Some(lane) = lanes.get(&key).and_then(Weak::upgrade) {
            return lane;
        }
        if lanes.len() > 1024 {
            lanes.retain(|_, lane| lane.strong_count() > 0);
        }
        let lane = Arc::new(Lane { turn: Arc::default(), waiting: AtomicUsize::new(0) });
        lanes.insert(key, Arc::downgrade(&lane));
        lane
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<String, Weak<Lane>>> {
        // The map is whole between any two statements, so a panic elsewhere cannot have spoilt it.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a waiter, also when it stops waiting by being dropped.
struct Waiting<'a>(&'a Lane);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    #[tokio::test(start_paused = true)]
    async fn one_key_is_held_by_one_and_another_key_is_free() {
        let locks = Locks::new(8);
        let held = locks.acquire("a".into(), soon()).await.unwrap();
        assert!(locks.acquire("b".into(), soon()).await.is_ok());
        assert_eq!(locks.acquire("a".into(), soon()).await.err(), Some(LockError::OutOfTime));
        drop(held);
        assert!(locks.acquire("a".into(), soon()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_refuses_at_once() {
        let locks = Arc::new(Locks::new(2));
        let _held = locks.acquire("a".into(), soon()).await.unwrap();
        let waiters: Vec<_> = (0..2)
            .map(|_| {
                let locks = locks.clone();
                tokio::spawn(async move { locks.acquire("a".into(), soon()).await.err() })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(locks.acquire("a".into(), soon()).await.err(), Some(LockError::QueueFull));
        waiters.iter().for_each(|waiter| waiter.abort());
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_queue_a_free_lock_is_given_and_a_held_one_is_not() {
        let locks = Locks::new(0);
        let held = locks.acquire("a".into(), soon()).await.unwrap();
        assert_eq!(locks.acquire("a".into(), soon()).await.err(), Some(LockError::QueueFull));
        drop(held);
        assert!(locks.acquire("a".into(), soon()).await.is_ok());
    }
}
