//! How many calls a target takes at once and per second; a call beyond that waits its turn, first come first served.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::TransportError;

/// One target's limits. A turn lasts until its permit is dropped.
#[derive(Debug)]
pub(super) struct Gate {
    in_flight: Arc<Semaphore>,
    rate: Option<Rate>,
}

impl Gate {
    pub(super) fn new(in_flight: usize, per_second: Option<f64>) -> Self {
        let in_flight = Arc::new(Semaphore::new(in_flight.clamp(1, Semaphore::MAX_PERMITS)));
        Gate { in_flight, rate: per_second.and_then(Rate::new) }
    }

    /// Waits for a free place, then for the rate; [`TransportError::Queue`] when that would pass the deadline.
    pub(super) async fn turn(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, TransportError> {
        let place = timeout_at(deadline, Arc::clone(&self.in_flight).acquire_owned()).await;
        let permit = place.ok().and_then(Result::ok).ok_or(TransportError::Queue)?;
        if let Some(rate) = &self.rate {
            sleep_until(rate.reserve(deadline).ok_or(TransportError::Queue)?).await;
        }
        Ok(permit)
    }
}

/// A token bucket, kept as the time at which it would be full again. It holds a tenth of a second's worth, one call at
/// least: no second sees more than 1.1 times the rate, so that a product that counts strictly is not offended.
#[derive(Debug)]
struct Rate {
    interval: Duration,
    slack: Duration,
    full_at: Mutex<Option<Instant>>,
}

impl Rate {
    fn new(per_second: f64) -> Option<Self> {
        let interval = Duration::try_from_secs_f64(1.0 / per_second).ok()?;
        let burst = (per_second / 10.0).floor().max(1.0);
        let slack = Duration::try_from_secs_f64((burst - 1.0) / per_second).ok()?;
        Some(Rate { interval, slack, full_at: Mutex::new(None) })
    }

    /// The moment of the next free token, taken; `None`, and nothing taken, when that is past the deadline.
    fn reserve(&self, deadline: Instant) -> Option<Instant> {
        let now = Instant::now();
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let next_full = full_at.map_or(now, |at| at.max(now));
        let turn = next_full.checked_sub(self.slack).map_or(now, |at| at.max(now));
        if turn > deadline {
            return None;
        }
        *full_at = Some(next_full + self.interval);
        Some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(seconds: u64) -> Instant {
        Instant::now() + Duration::from_secs(seconds)
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_beyond_those_in_flight_waits_for_one_to_end() {
        let gate = Arc::new(Gate::new(2, None));
        let first = gate.turn(within(60)).await.unwrap();
        let _second = gate.turn(within(60)).await.unwrap();
        let third = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.turn(within(60)).await.map(|_| Instant::now()) }
        });
        tokio::time::advance(Duration::from_secs(5)).await;
        assert!(!third.is_finished());
        drop(first);
        let began = third.await.unwrap().unwrap();
        assert!(began <= Instant::now());
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_whose_turn_does_not_come_in_time_is_told_so_at_its_deadline() {
        let gate = Gate::new(1, None);
        let _taken = gate.turn(within(60)).await.unwrap();
        let begun = Instant::now();
        assert_eq!(gate.turn(within(3)).await.unwrap_err(), TransportError::Queue);
        assert_eq!(begun.elapsed().as_secs(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_are_spaced_by_the_rate() {
        let gate = Gate::new(100, Some(5.0));
        let begun = Instant::now();
        for _ in 0..11 {
            drop(gate.turn(within(60)).await.unwrap());
        }
        let elapsed = begun.elapsed().as_millis();
        assert!((2000..2020).contains(&elapsed), "ten intervals of 200 ms, not {elapsed} ms");
    }

    #[tokio::test(start_paused = true)]
    async fn a_fast_rate_lets_a_tenth_of_a_second_pass_at_once_and_no_more() {
        let gate = Gate::new(1000, Some(50.0));
        let begun = Instant::now();
        for _ in 0..5 {
            drop(gate.turn(within(60)).await.unwrap());
        }
        assert_eq!(begun.elapsed().as_millis(), 0);
        for _ in 0..50 {
            drop(gate.turn(within(60)).await.unwrap());
        }
        assert!((1000..1060).contains(&begun.elapsed().as_millis()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_slower_than_one_a_second_is_kept_too() {
        let gate = Gate::new(10, Some(0.5));
        let begun = Instant::now();
        drop(gate.turn(within(60)).await.unwrap());
        drop(gate.turn(within(60)).await.unwrap());
        assert_eq!(begun.elapsed().as_secs(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_past_the_deadline_is_refused_at_once_and_takes_no_token() {
        let gate = Gate::new(10, Some(1.0));
        drop(gate.turn(within(60)).await.unwrap());
        let begun = Instant::now();
        let soon = Instant::now() + Duration::from_millis(100);
        assert_eq!(gate.turn(soon).await.unwrap_err(), TransportError::Queue);
        assert_eq!(begun.elapsed().as_millis(), 0);
        drop(gate.turn(within(60)).await.unwrap());
        assert_eq!(begun.elapsed().as_millis() / 100, 10);
    }
}
