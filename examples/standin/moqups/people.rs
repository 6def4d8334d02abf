//! The Moqups stand-in's people in SQLite: one connection that writes, a few that read, statements prepared once.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE;
use rusqlite::{Connection, Error, OptionalExtension, Row, params};

use super::person::Person;

const READERS: usize = 4;
const COLUMNS: &str = "id, login, full_name, email, display_name, enabled, avatar_colour, created_at, updated_at";

/// The database. Calls take some ten microseconds and do not wait for the disk: losing a stand-in's data is no loss.
pub struct People {
    writer: Mutex<Connection>,
    readers: Vec<Mutex<Connection>>,
    turn: AtomicUsize,
}

/// Why a person could not be stored.
pub enum Refused {
    LoginTaken,
    Database(Error),
}

impl From<Error> for Refused {
    fn from(cause: Error) -> Self {
        match &cause {
            Error::SqliteFailure(failure, _) if failure.extended_code == SQLITE_CONSTRAINT_UNIQUE => Self::LoginTaken,
            _ => Self::Database(cause),
        }
    }
}

impl People {
    pub fn open(file: &Path) -> Result<Self, Error> {
        let writer = connect(file)?;
        writer.execute_batch(include_str!("schema.sql"))?;
        let readers = (0..READERS).map(|_| connect(file).map(Mutex::new)).collect::<Result<_, _>>()?;
        Ok(Self { writer: Mutex::new(writer), readers, turn: AtomicUsize::new(0) })
    }

    pub fn create(&self, person: &Person) -> Result<Person, Refused> {
        let sql = format!(
            "INSERT INTO people (id, login, login_key, full_name, email, display_name, enabled, avatar_colour, created_at, updated_at)
             VALUES ('p_' || lower(hex(randomblob(8))), ?1, ?2, ?3, ?4, ?5, ?6, ?7,
                     strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
             RETURNING {COLUMNS}"
        );
        let values = params![
            person.login,
            key(&person.login),
            person.full_name,
            person.email,
            person.display_name,
            person.enabled,
            person.avatar_colour
        ];
        Ok(self.writer().prepare_cached(&sql)?.query_row(values, from_row)?)
    }

    pub fn read(&self, id: &str) -> Result<Option<Person>, Error> {
        one(&self.reader(), "id", id)
    }

    pub fn by_login(&self, login: &str) -> Result<Option<Person>, Error> {
        one(&self.reader(), "login_key", &key(login))
    }

    /// One page, oldest first, and how many people there are.
    pub fn page(&self, offset: u64, limit: u64) -> Result<(Vec<Person>, u64), Error> {
        let reader = self.reader();
        let total = reader.prepare_cached("SELECT count(*) FROM people")?.query_row([], |row| row.get::<_, i64>(0))?;
        let sql = format!("SELECT {COLUMNS} FROM people ORDER BY number LIMIT ?1 OFFSET ?2");
        let window = [i64::try_from(limit).unwrap_or(i64::MAX), i64::try_from(offset).unwrap_or(i64::MAX)];
        let people = reader.prepare_cached(&sql)?.query_map(window, from_row)?.collect::<Result<_, _>>()?;
        Ok((people, total.unsigned_abs()))
    }

    /// Reads, lets `merge` change, writes; nobody else writes in between. `None`: there is no such person.
    pub fn change<E: From<Refused>>(
        &self,
        id: &str,
        merge: impl FnOnce(&mut Person) -> Result<(), E>,
    ) -> Result<Option<Person>, E> {
        let writer = self.writer();
        let Some(mut person) = one(&writer, "id", id).map_err(Refused::Database)? else { return Ok(None) };
        merge(&mut person)?;
        Ok(Some(store(&writer, &person)?))
    }

    /// Whether there was somebody to delete.
    pub fn delete(&self, id: &str) -> Result<bool, Error> {
        Ok(self.writer().prepare_cached("DELETE FROM people WHERE id = ?1")?.execute([id])? > 0)
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.readers[turn % READERS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn connect(file: &Path) -> Result<Connection, Error> {
    let connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(connection)
}

fn one(connection: &Connection, column: &'static str, value: &str) -> Result<Option<Person>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM people WHERE {column} = ?1");
    connection.prepare_cached(&sql)?.query_row([value], from_row).optional()
}

fn store(connection: &Connection, person: &Person) -> Result<Person, Refused> {
    let sql = format!(
        "UPDATE people SET login = ?2, login_key = ?3, full_name = ?4, email = ?5, display_name = ?6, enabled = ?7,
                avatar_colour = ?8, updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
         WHERE id = ?1 RETURNING {COLUMNS}"
    );
    let values = params![
        person.id,
        person.login,
        key(&person.login),
        person.full_name,
        person.email,
        person.display_name,
        person.enabled,
        person.avatar_colour
    ];
    Ok(connection.prepare_cached(&sql)?.query_row(values, from_row)?)
}

fn from_row(row: &Row<'_>) -> Result<Person, Error> {
    Ok(Person {
        id: row.get(0)?,
        login: row.get(1)?,
        full_name: row.get(2)?,
        email: row.get(3)?,
        display_name: row.get(4)?,
        enabled: row.get(5)?,
        avatar_colour: row.get(6)?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
    })
}

fn key(login: &str) -> String {
    login.to_lowercase()
}
