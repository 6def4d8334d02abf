//! What the product cannot hold: links, kept attributes, creates of unknown outcome, fingerprints and tokens, in one SQLite file.
//!
//! Reads run in the caller's thread and take microseconds; links are answered from memory where they are known. Writes go through one thread, and an
//! answer means that the write is on the disk. One process serves from a data folder; token commands may run beside it.

mod absent;
mod cache;
mod creates;
mod error;
mod held;
mod link;
mod links;
mod place;
mod readers;
mod schema;
mod time;
mod tokens;
mod writer;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use cache::{By, Cache};
use links::Found;
use place::Place;
use readers::Readers;
use writer::{Write, Writer};

pub use creates::PendingCreate;
pub use error::StoreError;
pub use held::{Count, Held};
pub use link::{KeptValue, Link, LinkState, Remembered, Scope};
pub use tokens::{Token, TokenHash, Tokens};

/// The open store. Dropping it writes what waits and lets go of the data folder.
#[derive(Debug)]
pub struct Store {
    // In the order in which they go: the writer ends before the last connection does the clean-up, and the lock is the last.
    writer: Writer,
    readers: Readers,
    cache: Arc<Cache>,
    place: Place,
    _lock: Option<File>,
}

impl Store {
    /// Opens the store of a data folder for serving; makes what is missing (folder 0700, files 0600) and brings the tables up to date.
    ///
    /// # Errors
    /// `Folder` where the folder cannot be written, `InUse` where another process serves from it, `Newer` and `Damaged` as they say.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let place = Place::folder(folder)?;
        let lock = place::lock(folder)?;
        Self::start(place, Some(lock))
    }

    /// A store that is gone when it is dropped, for rehearsals and tests.
    ///
    /// # Errors
    /// Only where the machine is short of memory or threads.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::start(Place::memory(), None)
    }

    fn start(place: Place, lock: Option<File>) -> Result<Self, StoreError> {
        let mut connection = place.connect()?;
        schema::migrate(&place, &mut connection)?;
        let cache = Arc::new(Cache::new());
        let readers = Readers::open(&place)?;
        let writer = Writer::start(&place, connection, cache.clone())?;
        Ok(Self { writer, readers, cache, place, _lock: lock })
    }

    /// The tokens, over a connection of their own.
    pub fn tokens(&self) -> Result<Tokens, StoreError> {
        Tokens::at(&self.place)
    }

    /// Writes what waits and takes no more; blocks for as long as that takes (milliseconds). Reads go on working.
    pub fn close(&self) {
        self.writer.close();
    }

    /// The link with this SCIM id, a tombstone too.
    pub fn link_by_id(&self, scope: &Scope, scim_id: &str) -> Result<Option<Arc<Link>>, StoreError> {
        Ok(self.links_by_ids(scope, &[scim_id])?.pop().flatten())
    }

    /// The links with these SCIM ids, tombstones too, each at the place of its id.
    pub fn links_by_ids(&self, scope: &Scope, ids: &[&str]) -> Result<Vec<Option<Arc<Link>>>, StoreError> {
        self.look_up(scope, By::Id, ids)
    }

    /// The links with these present target keys, each at the place of its key: the live one, else the newest tombstone.
    pub fn links_by_keys(&self, scope: &Scope, keys: &[&str]) -> Result<Vec<Option<Arc<Link>>>, StoreError> {
        self.look_up(scope, By::Key, keys)
    }

    fn look_up(&self, scope: &Scope, by: By, names: &[&str]) -> Result<Vec<Option<Arc<Link>>>, StoreError> {
        let (known, epoch) = self.cache.look(scope, by, names);
        let unknown: Vec<&str> =
            names.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(name, _)| *name).collect();
        if unknown.is_empty() {
            return Ok(known.into_iter().flatten().collect());
        }
        let found = self.read_links(scope, by, &unknown)?;
        let read = unknown.iter().map(|name| (*name, found.get(*name).cloned()));
        self.cache.fill(scope, by, epoch, read);
        let either = |(name, known): (&&str, cache::Known)| known.unwrap_or_else(|| found.get(*name).cloned());
        Ok(names.iter().zip(known).map(either).collect())
    }

    fn read_links(&self, scope: &Scope, by: By, names: &[&str]) -> Result<Found, StoreError> {
        self.readers.read(|connection| match (by, names) {
            (By::Id, [scim_id]) => {
                let link = links::by_id(connection, scope, scim_id)?;
                Ok(link.map(|link| (link.scim_id.clone(), Arc::new(link))).into_iter().collect())
            }
            (By::Id, _) => links::by_ids(connection, scope, names),
            (By::Key, _) => links::by_keys(connection, scope, names),
        })
    }

    /// Live links that keep this value, in order of id, `limit` at most.
    pub fn find_kept(&self, scope: &Scope, kept: &KeptValue, limit: usize) -> Result<Vec<Arc<Link>>, StoreError> {
        self.readers.read(|connection| links::by_kept(connection, scope, kept, limit))
    }

    /// The generation of an account that appears under `key` and has no live link: 0, or one more than the last that began there.
    pub fn next_generation(&self, scope: &Scope, key: &str) -> Result<u32, StoreError> {
        self.readers.read(|connection| links::next_generation(connection, scope, key))
    }

    /// The create of this folded value whose outcome is not known yet.
    pub fn pending_create(&self, scope: &Scope, unique_value: &str) -> Result<Option<PendingCreate>, StoreError> {
        self.readers.read(|connection| creates::pending(connection, scope, unique_value))
    }

    /// What [`save_fingerprint`](Self::save_fingerprint) last wrote.
    pub fn fingerprint(&self, scope: &Scope) -> Result<Option<String>, StoreError> {
        self.readers.read(|connection| creates::fingerprint(connection, scope))
    }

    /// Writes links of accounts seen for the first time. A link whose id, or whose key while live, is there already is left as it is: another request may
    /// have written it, and more into it, since this one looked. Ask again by key for what stands.
    pub async fn add_links(&self, scope: &Scope, links: Vec<Link>) -> Result<(), StoreError> {
        if links.is_empty() {
            return Ok(());
        }
        self.writer.write(Write::AddLinks(scope.clone(), links)).await
    }

    /// Writes new and changed links over what is there, under the lock of each resource, all or none; of several with one id the last counts. Two links may exchange their keys.
    ///
    /// # Errors
    /// `KeyTaken` where another live link has a key: bury that one first.
    pub async fn save_links(&self, scope: &Scope, links: Vec<Link>) -> Result<(), StoreError> {
        if links.is_empty() {
            return Ok(());
        }
        self.writer.write(Write::SaveLinks(scope.clone(), links)).await
    }

    /// Makes the link a tombstone: its kept and remembered values are deleted, its id and generation stay taken. Nothing happens where there is none.
    pub async fn bury(&self, scope: &Scope, scim_id: &str, now: SystemTime) -> Result<(), StoreError> {
        self.writer.write(Write::Bury(scope.clone(), scim_id.to_owned(), now)).await
    }

    /// Deletes the row and everything kept in it: for targets whose keys are stable and never come again.
    pub async fn forget(&self, scope: &Scope, scim_id: &str) -> Result<(), StoreError> {
        self.writer.write(Write::Forget(scope.clone(), scim_id.to_owned())).await
    }

    /// Notes that a create is about to be sent; one begun before for the same value is replaced.
    pub async fn begin_create(&self, scope: &Scope, create: PendingCreate) -> Result<(), StoreError> {
        self.writer.write(Write::BeginCreate(scope.clone(), create)).await
    }

    /// Notes that the outcome is known.
    pub async fn finish_create(&self, scope: &Scope, unique_value: &str) -> Result<(), StoreError> {
        self.writer.write(Write::FinishCreate(scope.clone(), unique_value.to_owned())).await
    }

    /// Drops the creates of all targets that were begun before this time and never finished.
    pub async fn expire_creates(&self, before: SystemTime) -> Result<(), StoreError> {
        self.writer.write(Write::ExpireCreates(before)).await
    }

    /// Keeps a text that says what a mapping means by key, id and kept attributes.
    pub async fn save_fingerprint(&self, scope: &Scope, text: &str) -> Result<(), StoreError> {
        self.writer.write(Write::SaveFingerprint(scope.clone(), text.to_owned())).await
    }
}
