//! The Mooncamp stand-in: a goals application with members, teams and freely defined properties, as the vendor's own API is
//! not public.
//!
//! Its database schema is `schema.sql` beside this file; one SQLite file holds all of it.
//!
//! Every call below `/v1` carries `Authorization: Bearer …`; bodies and single answers are wrapped in `data`:
//!
//! | call | answer |
//! |---|---|
//! | `POST /v1/members` | 201 `{"data": {…}}` |
//! | `GET /v1/members/{id}` | 200 `{"data": {…}}` |
//! | `PATCH /v1/members/{id}` | 200 `{"data": {…}}`; merges, `null` clears, `properties` merge key by key |
//! | `DELETE /v1/members/{id}` | 204; teams lose the member |
//! | `GET /v1/members?limit=50&after=…` | 200 `{"data": [{…}], "next": "…", "total": N}`; at most 100, oldest first |
//! | `GET /v1/members?login=…`, `?email=…` | the same, those that match in any case |
//! | `POST /v1/teams` | 201 `{"data": {…}}` |
//! | `GET`, `DELETE /v1/teams/{id}` | as for members |
//! | `PUT /v1/teams/{id}` | 200 `{"data": {…}}`; `name` and the complete `memberIds`, always both |
//! | `GET /v1/teams?limit=50&after=…`, `?name=…` | as for members, without `memberIds` |
//! | `GET /v1/properties` | 200 `{"data": [{"key": "job_title", "title": "Job title"}]}` |
//! | `POST /v1/properties` | 201; defines one |
//!
//! A member: `id` (`"mem_8f3a…"`), `login`, `firstName`, `lastName`, `displayName`, `email`, `state` (`"active"` or
//! `"deactivated"`), `avatar`, `properties` (key → text), `teams` (`[{"id": …, "name": …}]`), `createdAt`, `updatedAt`.
//! Errors: `{"errors": [{"code": "login_taken", "message": "…"}]}` with 400 `bad_json`, 401 `unauthorized`, 404 `not_found`,
//! 405 `bad_method`, 409 `login_taken`, `name_taken`, 422 `invalid`, `unknown_property`, `unknown_member`.
//! A create of a member does two things: the member, then the properties; of a team: the team, then who is in it.

mod api;
mod member;
mod members;
mod teams;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;
use tokio::net::TcpListener;

use super::{Controls, StandinError, server};

/// Serves the product on `listener` until [`Controls::stop`]; makes the database file if there is none.
pub async fn serve(
    listener: TcpListener,
    database: &Path,
    api_key: &str,
    controls: Controls,
) -> Result<(), StandinError> {
    let product = api::Mooncamp { store: Store::open(database)?, token: format!("Bearer {api_key}") };
    Ok(server::run(listener, product, controls).await?)
}

/// The database. Calls take some ten microseconds and do not wait for the disk.
struct Store(Mutex<Connection>);

impl Store {
    fn open(file: &Path) -> Result<Self, rusqlite::Error> {
        let connection = Connection::open(file)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.execute_batch(include_str!("schema.sql"))?;
        Ok(Self(Mutex::new(connection)))
    }

    /// Everything or nothing, and nobody else in between.
    fn change<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Problem>) -> Result<T, Problem> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }
}

/// How much of a create is done.
#[derive(Clone, Copy, PartialEq)]
enum Extent {
    Whole,
    Half,
}

/// What the product says no with.
#[derive(Debug)]
enum Problem {
    Unauthorized,
    BadJson,
    NotFound,
    BadMethod(&'static str),
    LoginTaken,
    NameTaken,
    Invalid(Vec<String>),
    UnknownProperty(String),
    UnknownMember(String),
    Broken(rusqlite::Error),
}

impl From<rusqlite::Error> for Problem {
    fn from(cause: rusqlite::Error) -> Self {
        match &cause {
            rusqlite::Error::QueryReturnedNoRows => Self::NotFound,
            rusqlite::Error::SqliteFailure(failure, _)
                if failure.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE =>
            {
                Self::LoginTaken
            }
            _ => Self::Broken(cause),
        }
    }
}

fn is_foreign(cause: &rusqlite::Error) -> bool {
    matches!(cause, rusqlite::Error::SqliteFailure(failure, _)
        if failure.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY)
}

/// Which part of a list is asked for: how much, and the number after which it begins.
struct Page {
    limit: i64,
    after: i64,
}
