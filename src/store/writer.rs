//! The one thread that writes. All that waits is written in one transaction: a durable commit costs milliseconds, whether it holds one write or hundreds.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::SystemTime;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::cache::Cache;
use super::creates::PendingCreate;
use super::error::is_double;
use super::link::{Link, Scope};
use super::links::Change;
use super::place::Place;
use super::{StoreError, creates, links};

/// Writes that may wait at once; further callers wait for a slot.
const WAITING: usize = 4096;
/// Writes in one transaction.
const GROUP: usize = 512;

/// What can be written.
#[derive(Debug)]
pub(super) enum Write {
    AddLinks(Scope, Vec<Link>),
    SaveLinks(Scope, Vec<Link>),
    Bury(Scope, String, SystemTime),
    Forget(Scope, String),
    BeginCreate(Scope, PendingCreate),
    FinishCreate(Scope, String),
    ExpireCreates(SystemTime),
    SaveFingerprint(Scope, String),
}

type Outcome = Result<(), StoreError>;

#[derive(Debug)]
struct Job {
    write: Write,
    answer: oneshot::Sender<Outcome>,
    _slot: OwnedSemaphorePermit,
}

#[derive(Debug)]
pub(super) struct Writer {
    queue: Mutex<Option<Sender<Job>>>,
    slots: Arc<Semaphore>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(place: &Place, connection: Connection, cache: Arc<Cache>) -> Result<Self, StoreError> {
        let (queue, jobs) = channel();
        let desk = Desk { connection, cache, place: place.name() };
        let thread = std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || desk.work(&jobs));
        let thread = thread.map_err(|cause| StoreError::folder("start a thread for", place.name(), cause))?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            slots: Arc::new(Semaphore::new(WAITING)),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Returns when the write is durable. Once queued it happens even if the caller goes away.
    pub(super) async fn write(&self, write: Write) -> Outcome {
        let slot = self.slots.clone().acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let (answer, outcome) = oneshot::channel();
        self.queue(Job { write, answer, _slot: slot })?;
        outcome.await.map_err(|_| StoreError::Closed)?
    }

    fn queue(&self, job: Job) -> Outcome {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().ok_or(StoreError::Closed)?.send(job).map_err(|_| StoreError::Closed)
    }

    /// Takes no more writes and returns when the waiting ones are done.
    pub(super) fn close(&self) {
        self.slots.close();
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // An error here is a panic of the thread: whoever waited for it was told `Closed`.
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

/// What the thread works with.
struct Desk {
    connection: Connection,
    cache: Arc<Cache>,
    place: String,
}

impl Desk {
    fn work(mut self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let group: Vec<Job> = std::iter::once(first).chain(jobs.try_iter()).take(GROUP).collect();
            let (writes, answers): (Vec<Write>, Vec<_>) =
                group.into_iter().map(|job| (job.write, (job.answer, job._slot))).unzip();
            let outcomes = self.commit(writes).unwrap_or_else(|failure| vec![Err(failure); answers.len()]);
            for ((answer, _slot), outcome) in answers.into_iter().zip(outcomes) {
                // Nobody may be waiting any more: the write stands all the same.
                let _ = answer.send(outcome);
            }
        }
        // What stays in the write-ahead log is durable too: this only spares the next start the work.
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }

    /// One transaction for all; each write succeeds or fails by itself. An error stands for all of them.
    fn commit(&mut self, writes: Vec<Write>) -> Result<Vec<Outcome>, StoreError> {
        let place = &self.place;
        let failed = |cause| StoreError::from_sqlite("write", place, cause);
        let mut transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let mut changes = Vec::new();
        let mut outcomes = Vec::with_capacity(writes.len());
        for write in writes {
            let outcome = apart(&mut transaction, write);
            // SQLite rolls everything back by itself when the disk is full or broken.
            if transaction.is_autocommit() {
                return Err(outcome.err().map_or(StoreError::Closed, failed));
            }
            outcomes.push(outcome.map(|mut done| changes.append(&mut done)).map_err(|cause| meaning(cause, place)));
        }
        transaction.commit().map_err(failed)?;
        self.cache.apply(&changes);
        Ok(outcomes)
    }
}

/// Runs one write so that its failure undoes nothing else.
fn apart(transaction: &mut Transaction, write: Write) -> Result<Vec<Change>, rusqlite::Error> {
    let savepoint = transaction.savepoint()?;
    let changes = apply(&savepoint, write)?;
    savepoint.commit()?;
    Ok(changes)
}

fn apply(connection: &Connection, write: Write) -> Result<Vec<Change>, rusqlite::Error> {
    match write {
        Write::AddLinks(scope, added) => return links::add(connection, &scope, added),
        Write::SaveLinks(scope, saved) => return links::save(connection, &scope, saved),
        Write::Bury(scope, scim_id, now) => return links::bury(connection, &scope, &scim_id, now),
        Write::Forget(scope, scim_id) => return links::forget(connection, &scope, &scim_id),
        Write::BeginCreate(scope, create) => creates::begin(connection, &scope, &create)?,
        Write::FinishCreate(scope, unique_value) => creates::finish(connection, &scope, &unique_value)?,
        Write::ExpireCreates(before) => creates::expire(connection, before)?,
        Write::SaveFingerprint(scope, text) => creates::save_fingerprint(connection, &scope, &text)?,
    }
    Ok(Vec::new())
}

/// The only unique index a write can meet is that of live keys: all others are replaced.
fn meaning(cause: rusqlite::Error, place: &str) -> StoreError {
    if is_double(&cause) { StoreError::KeyTaken } else { StoreError::from_sqlite("write", place, cause) }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::super::schema;
    use super::*;

    fn save(id: &str, key: &str) -> Write {
        Write::SaveLinks(Scope::new("redmine", "User"), vec![Link::new(id, key, UNIX_EPOCH)])
    }

    #[test]
    fn a_full_disk_refuses_what_does_not_fit_and_the_next_write_works() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::folder(folder.path()).unwrap();
        let mut connection = place.connect().unwrap();
        schema::migrate(&place, &mut connection).unwrap();
        let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
        let mut desk = Desk { connection, cache: Arc::new(Cache::new()), place: place.name() };
        let refused = match desk.commit(vec![save("1", "a"), save("2", &"x".repeat(100_000))]) {
            Err(failure) => failure,
            Ok(outcomes) => outcomes.into_iter().find_map(Result::err).unwrap(),
        };
        assert!(refused.to_string().contains("full"), "{refused}");
        assert!(desk.connection.is_autocommit(), "no transaction is left open");
        assert!(desk.commit(vec![save("3", "c")]).unwrap().iter().all(Result::is_ok));
        let kept: i64 = desk
            .connection
            .query_one("SELECT COUNT(*) FROM links WHERE scim_id IN ('2', '3')", [], |row| row.get(0))
            .unwrap();
        assert_eq!(kept, 1);
    }
}
