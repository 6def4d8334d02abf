//! The tables' versions: ordered migrations, and the refusal of a database that is newer than this program.

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;
use super::place::Place;

/// The nth brings a database from version n to n + 1. A published one is never edited.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001.sql")];

/// How a database stands to this program.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Age {
    Current,
    Older,
}

/// Compares the versions; a newer database is an error.
pub(super) fn age(place: &Place, connection: &Connection) -> Result<Age, StoreError> {
    let found = version(connection).map_err(|cause| StoreError::from_sqlite("read", &place.name(), cause))?;
    let known = MIGRATIONS.len();
    match found.cmp(&known) {
        std::cmp::Ordering::Less => Ok(Age::Older),
        std::cmp::Ordering::Equal => Ok(Age::Current),
        std::cmp::Ordering::Greater => Err(StoreError::Newer {
            place: place.name(),
            found: u32::try_from(found).unwrap_or(u32::MAX),
            known: u32::try_from(known).unwrap_or(u32::MAX),
        }),
    }
}

/// Brings the database to the version of this program, all steps in one transaction.
pub(super) fn migrate(place: &Place, connection: &mut Connection) -> Result<(), StoreError> {
    match age(place, connection)? {
        Age::Current => Ok(()),
        Age::Older => apply(connection).map_err(|cause| StoreError::from_sqlite("migrate", &place.name(), cause)),
    }
}

fn apply(connection: &mut Connection) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch("CREATE TABLE IF NOT EXISTS schema_versions (version INTEGER PRIMARY KEY) STRICT;")?;
    // Read again inside the transaction: another process may have been first.
    let found = version(&transaction)?;
    for (number, migration) in (1..).zip(MIGRATIONS).skip(found) {
        transaction.execute_batch(migration)?;
        transaction.execute("INSERT INTO schema_versions (version) VALUES (?1)", [number])?;
    }
    transaction.commit()
}

fn version(connection: &Connection) -> Result<usize, rusqlite::Error> {
    let made: bool = connection.query_one(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_versions')",
        [],
        |row| row.get(0),
    )?;
    if !made {
        return Ok(0);
    }
    let version: i64 =
        connection.query_one("SELECT COALESCE(MAX(version), 0) FROM schema_versions", [], |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(0))
}
