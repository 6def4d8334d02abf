//! Creates whose outcome is not known yet, and the fingerprints of what a mapping says about identity.

use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension, params};

use super::link::Scope;
use super::time::{from_millis, to_millis};

/// A create that was begun. It stays until its outcome is known, so that the same request sent again can be told from a double.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingCreate {
    /// The folded value of the attribute by which the target tells accounts apart.
    pub unique_value: String,
    /// A digest of the request, as text.
    pub digest: String,
    /// When it was begun (milliseconds).
    pub since: SystemTime,
}

pub(super) fn begin(connection: &Connection, scope: &Scope, create: &PendingCreate) -> Result<(), rusqlite::Error> {
    let sql = "INSERT OR REPLACE INTO pending_creates (target, resource_type, unique_value, digest, since)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    let since = to_millis(create.since);
    let values = params![scope.target, scope.resource_type, create.unique_value, create.digest, since];
    connection.prepare_cached(sql)?.execute(values).map(drop)
}

pub(super) fn finish(connection: &Connection, scope: &Scope, unique_value: &str) -> Result<(), rusqlite::Error> {
    let sql = "DELETE FROM pending_creates WHERE target = ?1 AND resource_type = ?2 AND unique_value = ?3";
    connection.prepare_cached(sql)?.execute((&scope.target, &scope.resource_type, unique_value)).map(drop)
}

pub(super) fn expire(connection: &Connection, before: SystemTime) -> Result<(), rusqlite::Error> {
    let sql = "DELETE FROM pending_creates WHERE since < ?1";
    connection.prepare_cached(sql)?.execute([to_millis(before)]).map(drop)
}

pub(super) fn pending(
    connection: &Connection,
    scope: &Scope,
    unique_value: &str,
) -> Result<Option<PendingCreate>, rusqlite::Error> {
    let sql = "SELECT unique_value, digest, since FROM pending_creates
               WHERE target = ?1 AND resource_type = ?2 AND unique_value = ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row((&scope.target, &scope.resource_type, unique_value), |row| {
        Ok(PendingCreate { unique_value: row.get(0)?, digest: row.get(1)?, since: from_millis(row.get(2)?) })
    });
    found.optional()
}

pub(super) fn fingerprint(connection: &Connection, scope: &Scope) -> Result<Option<String>, rusqlite::Error> {
    let sql = "SELECT fingerprint FROM fingerprints WHERE target = ?1 AND resource_type = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_row((&scope.target, &scope.resource_type), |row| row.get(0)).optional()
}

pub(super) fn save_fingerprint(connection: &Connection, scope: &Scope, text: &str) -> Result<(), rusqlite::Error> {
    let sql = "INSERT OR REPLACE INTO fingerprints (target, resource_type, fingerprint) VALUES (?1, ?2, ?3)";
    connection.prepare_cached(sql)?.execute((&scope.target, &scope.resource_type, text)).map(drop)
}
