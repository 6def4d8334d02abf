//! A few connections for reading, used by whoever comes, in their own thread.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};

use rusqlite::Connection;

use super::StoreError;
use super::place::Place;

#[derive(Debug)]
pub(super) struct Readers {
    connections: Vec<Mutex<Connection>>,
    turn: AtomicUsize,
    place: String,
}

impl Readers {
    pub(super) fn open(place: &Place) -> Result<Self, StoreError> {
        let count = std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 8));
        let connections = (0..count).map(|_| place.connect_reader().map(Mutex::new)).collect::<Result<_, _>>()?;
        Ok(Self { connections, turn: AtomicUsize::new(0), place: place.name() })
    }

    /// Runs one read, on a connection that is free if there is one.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreError> {
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        let in_turn =
            (0..self.connections.len()).map(|step| &self.connections[(first + step) % self.connections.len()]);
        let free = in_turn.clone().find_map(|connection| match connection.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        let waited = || self.connections[first % self.connections.len()].lock().unwrap_or_else(PoisonError::into_inner);
        let connection = free.unwrap_or_else(waited);
        read(&connection).map_err(|cause| StoreError::from_sqlite("read", &self.place, cause))
    }
}
