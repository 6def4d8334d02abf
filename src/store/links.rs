//! The statements of links: look-ups by id, key and kept value, and their writing.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::SystemTime;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::is_double;
use super::link::{KeptValue, Link, LinkState, Scope};
use super::time::{from_millis, to_millis};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT links.scim_id, links.target_key, links.first_key, links.generation, links.state, links.kept,
             links.remembered, links.indexed, links.created, links.changed ",
            $rest
        )
    };
}

const BY_ID: &str = select!("FROM links WHERE target = ?1 AND resource_type = ?2 AND scim_id = ?3");
const BY_IDS: &str =
    select!("FROM links WHERE target = ?1 AND resource_type = ?2 AND scim_id IN (SELECT value FROM json_each(?3))");
// Best row first: of one key the live link, else the newest tombstone.
const BY_KEYS: &str = select!(
    "FROM links WHERE target = ?1 AND resource_type = ?2 AND target_key IN (SELECT value FROM json_each(?3))
     ORDER BY state = 'live' DESC, generation DESC"
);
const BY_KEPT: &str = select!(
    "FROM kept_values JOIN links ON links.row = kept_values.link
     WHERE kept_values.target = ?1 AND kept_values.resource_type = ?2 AND kept_values.attribute = ?3
       AND kept_values.value = ?4
     ORDER BY kept_values.scim_id LIMIT ?5"
);
const NEXT_GENERATION: &str = "SELECT COALESCE(MAX(generation) + 1, 0) FROM links
     WHERE target = ?1 AND resource_type = ?2 AND first_key = ?3";
const DELETE: &str = "DELETE FROM links WHERE target = ?1 AND resource_type = ?2 AND scim_id = ?3 RETURNING target_key";
const INSERT: &str = "INSERT INTO links (target, resource_type, scim_id, target_key, first_key, generation, state,
     kept, remembered, indexed, created, changed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
const INSERT_KEPT: &str = "INSERT OR IGNORE INTO kept_values (target, resource_type, attribute, value, scim_id, link)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// What a write did to one link, for the cache.
#[derive(Debug)]
pub(super) struct Change {
    pub scope: Scope,
    pub scim_id: String,
    /// The row as it is now; none when it was deleted.
    pub link: Option<Arc<Link>>,
    /// Every key under which the row was or is found.
    pub keys: Vec<String>,
}

pub(super) fn by_id(connection: &Connection, scope: &Scope, scim_id: &str) -> Result<Option<Link>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(BY_ID)?;
    statement.query_row((&scope.target, &scope.resource_type, scim_id), read).optional()
}

pub(super) fn by_ids(connection: &Connection, scope: &Scope, ids: &[&str]) -> Result<Found, rusqlite::Error> {
    gather(connection, BY_IDS, scope, ids, |link| &link.scim_id)
}

pub(super) fn by_keys(connection: &Connection, scope: &Scope, keys: &[&str]) -> Result<Found, rusqlite::Error> {
    gather(connection, BY_KEYS, scope, keys, |link| &link.target_key)
}

/// Links by the id or key that was asked for.
pub(super) type Found = HashMap<String, Arc<Link>>;

fn gather(
    connection: &Connection,
    sql: &str,
    scope: &Scope,
    asked: &[&str],
    name: fn(&Link) -> &String,
) -> Result<Found, rusqlite::Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = Found::with_capacity(asked.len());
    for link in statement.query_map((&scope.target, &scope.resource_type, json(&asked)?), read)? {
        let link = link?;
        // The statement's order puts the row that counts first.
        found.entry(name(&link).clone()).or_insert_with(|| Arc::new(link));
    }
    Ok(found)
}

pub(super) fn by_kept(
    connection: &Connection,
    scope: &Scope,
    kept: &KeptValue,
    limit: usize,
) -> Result<Vec<Arc<Link>>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(BY_KEPT)?;
    let asked = params![scope.target, scope.resource_type, kept.attribute, kept.value, sql_limit(limit)];
    statement.query_map(asked, |row| read(row).map(Arc::new))?.collect()
}

pub(super) fn next_generation(connection: &Connection, scope: &Scope, key: &str) -> Result<u32, rusqlite::Error> {
    let mut statement = connection.prepare_cached(NEXT_GENERATION)?;
    statement.query_row((&scope.target, &scope.resource_type, key), |row| row.get(0))
}

/// Writes the links; of several with one id the last counts.
pub(super) fn save(connection: &Connection, scope: &Scope, links: Vec<Link>) -> Result<Vec<Change>, rusqlite::Error> {
    let mut seen = HashSet::new();
    let mut links: Vec<Link> = links.into_iter().rev().filter(|link| seen.insert(link.scim_id.clone())).collect();
    links.reverse();
    // All old rows go before the first new one is written, so that two links may exchange their keys.
    let mut changes = Vec::with_capacity(links.len());
    for link in links {
        let old = delete(connection, scope, &link.scim_id)?;
        let keys = old.into_iter().chain([link.target_key.clone()]).collect();
        changes.push(Change { scope: scope.clone(), scim_id: link.scim_id.clone(), link: Some(Arc::new(link)), keys });
    }
    for link in changes.iter().filter_map(|change| change.link.as_deref()) {
        insert(connection, scope, link)?;
    }
    Ok(changes)
}

/// Writes those links of which neither the id nor the key (while live) is there.
pub(super) fn add(connection: &Connection, scope: &Scope, links: Vec<Link>) -> Result<Vec<Change>, rusqlite::Error> {
    let mut changes = Vec::with_capacity(links.len());
    for link in links {
        match insert(connection, scope, &link) {
            Err(cause) if is_double(&cause) => continue,
            inserted => inserted?,
        }
        let (scim_id, keys) = (link.scim_id.clone(), vec![link.target_key.clone()]);
        changes.push(Change { scope: scope.clone(), scim_id, link: Some(Arc::new(link)), keys });
    }
    Ok(changes)
}

/// Turns the link into a tombstone; nothing happens where there is none.
pub(super) fn bury(
    connection: &Connection,
    scope: &Scope,
    scim_id: &str,
    now: SystemTime,
) -> Result<Vec<Change>, rusqlite::Error> {
    match by_id(connection, scope, scim_id)? {
        Some(link) => save(connection, scope, vec![link.buried(now)]),
        None => Ok(Vec::new()),
    }
}

/// Deletes the row.
pub(super) fn forget(connection: &Connection, scope: &Scope, scim_id: &str) -> Result<Vec<Change>, rusqlite::Error> {
    let keys = delete(connection, scope, scim_id)?.into_iter().collect();
    Ok(vec![Change { scope: scope.clone(), scim_id: scim_id.to_owned(), link: None, keys }])
}

fn delete(connection: &Connection, scope: &Scope, scim_id: &str) -> Result<Option<String>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(DELETE)?;
    statement.query_row((&scope.target, &scope.resource_type, scim_id), |row| row.get(0)).optional()
}

fn insert(connection: &Connection, scope: &Scope, link: &Link) -> Result<(), rusqlite::Error> {
    connection.prepare_cached(INSERT)?.execute(params![
        scope.target,
        scope.resource_type,
        link.scim_id,
        link.target_key,
        link.first_key,
        link.generation,
        state_text(link.state),
        json(&link.kept)?,
        json(&link.remembered)?,
        json(&link.indexed)?,
        to_millis(link.created),
        to_millis(link.changed),
    ])?;
    let row = connection.last_insert_rowid();
    let mut statement = connection.prepare_cached(INSERT_KEPT)?;
    for kept in &link.indexed {
        let values = params![scope.target, scope.resource_type, kept.attribute, kept.value, link.scim_id, row];
        statement.execute(values)?;
    }
    Ok(())
}

fn read(row: &Row) -> Result<Link, rusqlite::Error> {
    Ok(Link {
        scim_id: row.get(0)?,
        target_key: row.get(1)?,
        first_key: row.get(2)?,
        generation: row.get(3)?,
        state: if row.get_ref(4)?.as_str()? == "live" { LinkState::Live } else { LinkState::Tombstone },
        kept: from_json(row, 5)?,
        remembered: from_json(row, 6)?,
        indexed: from_json(row, 7)?,
        created: from_millis(row.get(8)?),
        changed: from_millis(row.get(9)?),
    })
}

fn state_text(state: LinkState) -> &'static str {
    match state {
        LinkState::Live => "live",
        LinkState::Tombstone => "tombstone",
    }
}

pub(super) fn json(value: &impl Serialize) -> Result<String, rusqlite::Error> {
    serde_json::to_string(value).map_err(|cause| rusqlite::Error::ToSqlConversionFailure(Box::new(cause)))
}

pub(super) fn from_json<T: DeserializeOwned>(row: &Row, column: usize) -> Result<T, rusqlite::Error> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text)
        .map_err(|cause| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(cause)))
}

fn sql_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
