//! What is held of one target as a whole: counted, or forgotten. Offline, for whoever starts a target afresh.

use super::StoreError;
use super::place::{self, Place};
use super::schema;
use rusqlite::{Connection, TransactionBehavior};
use std::fs::File;
use std::path::Path;

/// The rows of a data folder, while no gateway serves from it.
#[derive(Debug)]
pub struct Held {
    connection: Connection,
    place: Place,
    _lock: File,
}

/// How much is held of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Accounts whose SCIM id is known, deleted ones too.
    pub links: usize,
    /// Those of them with kept attributes or remembered values.
    pub kept: usize,
}

impl Held {
    /// Opens a data folder that nobody serves from.
    ///
    /// # Errors
    /// As [`Store::open`](super::Store::open).
    pub fn open(folder: &Path) -> Result<Held, StoreError> {
        let place = Place::folder(folder)?;
        let lock = place::lock(folder)?;
        let mut connection = place.connect()?;
        schema::migrate(&place, &mut connection)?;
        Ok(Held { connection, place, _lock: lock })
    }

    /// How much is held of this target.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn of(&self, target: &str) -> Result<Count, StoreError> {
        let sql =
            "SELECT COUNT(*), COUNT(*) FILTER (WHERE kept <> '{}' OR remembered <> '{}') FROM links WHERE target = ?1";
        let row = self.connection.query_one(sql, [target], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)));
        let (links, kept) = row.map_err(|cause| StoreError::from_sqlite("read", &self.place.name(), cause))?;
        let number = |count: i64| usize::try_from(count).unwrap_or_default();
        Ok(Count { links: number(links), kept: number(kept) })
    }

    /// Forgets all of it, tokens aside; durable on return.
    ///
    /// # Errors
    /// The database cannot be written; then nothing is forgotten.
    pub fn forget(&mut self, target: &str) -> Result<(), StoreError> {
        forget(&mut self.connection, target)
            .map_err(|cause| StoreError::from_sqlite("write", &self.place.name(), cause))
    }
}

fn forget(connection: &mut Connection, target: &str) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for table in ["kept_values", "links", "pending_creates", "fingerprints"] {
        transaction.execute(&format!("DELETE FROM {table} WHERE target = ?1"), [target])?;
    }
    transaction.commit()
}
