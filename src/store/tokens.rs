//! The clients' tokens. Only hashes are here. Another process may write them while a gateway serves.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::StoreError;
use super::error::is_double;
use super::links::{from_json, json};
use super::place::{self, Place};
use super::schema::{self, Age};
use super::time::{from_millis, to_millis};

/// SHA-256 of a token's secret text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// What a client shows to be let in, as we know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What the administrator calls it; one live token has it.
    pub name: String,
    /// The targets it opens.
    pub targets: BTreeSet<String>,
    /// What is known of the secret.
    pub hash: TokenHash,
    /// When it was made.
    pub created: SystemTime,
    /// From when on it is refused; never, if none.
    pub expires: Option<SystemTime>,
    /// Since when it is refused by an administrator's word.
    pub revoked: Option<SystemTime>,
}

/// The token table, over a connection of its own.
#[derive(Debug)]
pub struct Tokens {
    connection: Mutex<Connection>,
    place: Place,
}

impl Tokens {
    /// Opens the tokens of a data folder, beside a gateway that may be serving from it. A missing folder and database are made.
    ///
    /// # Errors
    /// As [`Store::open`](super::Store::open); `InUse` only where a gateway of an older release serves from the folder.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let place = Place::folder(folder)?;
        let mut connection = place.connect()?;
        if schema::age(&place, &connection)? == Age::Older {
            // Never under a gateway that runs: it would meet tables it does not know.
            let _lock = place::lock(folder)?;
            schema::migrate(&place, &mut connection)?;
        }
        Ok(Self { connection: Mutex::new(connection), place })
    }

    pub(super) fn at(place: &Place) -> Result<Self, StoreError> {
        Ok(Self { connection: Mutex::new(place.connect()?), place: place.clone() })
    }

    /// All tokens, revoked and expired ones too, by name and age.
    pub fn all(&self) -> Result<Vec<Token>, StoreError> {
        let sql = "SELECT name, targets, hash, created, expires, revoked FROM tokens ORDER BY name, row";
        let list = |connection: &Connection| -> Result<Vec<Token>, rusqlite::Error> {
            connection.prepare_cached(sql)?.query_map([], read)?.collect()
        };
        list(&self.connection()).map_err(|cause| self.failed("read", cause))
    }

    /// The token with this hash, whatever its state.
    pub fn by_hash(&self, hash: &TokenHash) -> Result<Option<Token>, StoreError> {
        let sql = "SELECT name, targets, hash, created, expires, revoked FROM tokens WHERE hash = ?1";
        let find = |connection: &Connection| connection.prepare_cached(sql)?.query_row([&hash.0[..]], read).optional();
        find(&self.connection()).map_err(|cause| self.failed("read", cause))
    }

    /// Adds a token; durable on return. A token of the same name that had expired when this one was created is taken out of use.
    ///
    /// # Errors
    /// `TokenTaken` where a live token has the name, or any the hash.
    pub fn save(&self, token: &Token) -> Result<(), StoreError> {
        insert(&mut self.connection(), token).map_err(|cause| match is_double(&cause) {
            true => StoreError::TokenTaken,
            false => self.failed("write", cause),
        })
    }

    /// Revokes the live token of this name; durable on return. Says whether there was one.
    pub fn revoke(&self, name: &str, now: SystemTime) -> Result<bool, StoreError> {
        let sql = "UPDATE tokens SET revoked = ?2 WHERE name = ?1 AND revoked IS NULL";
        let done = self.connection().execute(sql, (name, to_millis(now)));
        done.map(|rows| rows > 0).map_err(|cause| self.failed("write", cause))
    }

    /// A number that changes when another connection, here or in another process, wrote anything. Costs microseconds.
    pub fn version(&self) -> Result<i64, StoreError> {
        let read =
            |connection: &Connection| connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0));
        read(&self.connection()).map_err(|cause| self.failed("read", cause))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, doing: &'static str, cause: rusqlite::Error) -> StoreError {
        StoreError::from_sqlite(doing, &self.place.name(), cause)
    }
}

fn insert(connection: &mut Connection, token: &Token) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute(
        "UPDATE tokens SET revoked = expires WHERE name = ?1 AND revoked IS NULL AND expires <= ?2",
        (&token.name, to_millis(token.created)),
    )?;
    transaction.execute(
        "INSERT INTO tokens (name, targets, hash, created, expires, revoked) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            token.name,
            json(&token.targets)?,
            &token.hash.0[..],
            to_millis(token.created),
            token.expires.map(to_millis),
            token.revoked.map(to_millis),
        ],
    )?;
    transaction.commit()
}

fn read(row: &Row) -> Result<Token, rusqlite::Error> {
    Ok(Token {
        name: row.get(0)?,
        targets: from_json(row, 1)?,
        hash: TokenHash(row.get(2)?),
        created: from_millis(row.get(3)?),
        expires: row.get::<_, Option<i64>>(4)?.map(from_millis),
        revoked: row.get::<_, Option<i64>>(5)?.map(from_millis),
    })
}
