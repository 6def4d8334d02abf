//! The intranet stand-in: an old staff directory with an awkward API, for whatever a mapping has to cope with.
//!
//! Its database schema is `schema.sql` beside this file; one SQLite file holds all of it.
//!
//! Every call below `/api` carries `X-Intranet-Token`. Every answer is a 200, the bad news too:
//! `{"ok": false, "error": {"code": 17, "text": "this log-in is taken"}}`.
//!
//! | call | answer |
//! |---|---|
//! | `POST /api/employees` with `{"employee": {…}}` | `{"ok": true, "id": 17}` |
//! | `GET /api/employees/17` | `{"ok": true, "employee": {…}}` |
//! | `PUT /api/employees/17` with `{"employee": {…}}` | `{"ok": true}`; replaces all: what is left out is emptied |
//! | `PUT /api/employees/17/password` with `{"password": "…"}` | `{"ok": true}` |
//! | `DELETE /api/employees/17` | `{"ok": true}` |
//! | `GET /api/employees?page=1&size=50` | `{"ok": true, "total": N, "employees": […]}`; silently at most 50, oldest first |
//! | `GET /api/employees?log_in=mo` | the same, one or none; any case |
//! | `POST /api/circles` with `{"circle": {"title": "…"}}` | `{"ok": true, "id": 3}` |
//! | `GET`, `PUT`, `DELETE /api/circles/3` | as for employees; `people` is shown, not written |
//! | `GET /api/circles?page=1&size=50` | `{"ok": true, "total": N, "circles": […]}`, without `people` |
//! | `PUT`, `DELETE /api/circles/3/people/17` | `{"ok": true}`, also where nothing changes |
//!
//! Codes: 4 nothing there · 17 log-in taken · 21 not acceptable · 22 cannot be changed · 23 no such employee · 90 token refused ·
//! 91 not JSON · 92 no such call · 99 broken. Empty texts are `""`, dates have no zone, `status` is `A` or `I`.
//! A create does two things: the employee, then the lists and addresses.

mod api;
mod circles;
mod employee;
mod employees;
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
    let product = api::Intranet { store: Store::open(database)?, api_key: api_key.to_owned() };
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

/// What the product says no with.
#[derive(Debug)]
enum Problem {
    Absent,
    LogInTaken,
    Invalid(String),
    ReadOnly(String),
    NoSuchEmployee,
    BadToken,
    BadJson,
    NoSuchCall,
    Broken(rusqlite::Error),
}

impl From<rusqlite::Error> for Problem {
    fn from(cause: rusqlite::Error) -> Self {
        match &cause {
            rusqlite::Error::QueryReturnedNoRows => Self::Absent,
            rusqlite::Error::SqliteFailure(failure, _) => match failure.extended_code {
                rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE => Self::LogInTaken,
                rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Self::NoSuchEmployee,
                _ => Self::Broken(cause),
            },
            _ => Self::Broken(cause),
        }
    }
}

/// What a page says it is, from 1, and how much it holds.
struct Page {
    number: u64,
    size: u64,
}

impl Page {
    fn window(&self) -> [i64; 2] {
        let skip = self.number.saturating_sub(1).saturating_mul(self.size);
        [i64::try_from(self.size).unwrap_or(i64::MAX), i64::try_from(skip).unwrap_or(i64::MAX)]
    }
}
