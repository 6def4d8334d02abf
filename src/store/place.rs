//! Where the database is: the data folder, its permissions, the lock of the serving process, and connections to it.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::StoreError;

const DATABASE: &str = "transom.db";
const LOCK: &str = "transom.lock";
const BUSY: Duration = Duration::from_secs(5);
const STATEMENTS: usize = 32;

/// One database, to which any number of connections can be opened.
#[derive(Clone, Debug)]
pub(super) enum Place {
    File(PathBuf),
    Memory(String),
}

impl Place {
    /// Makes the folder (0700) and the database file (0600) where they are missing; a file with wider permissions is narrowed.
    pub(super) fn folder(folder: &Path) -> Result<Self, StoreError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|cause| StoreError::folder("make the data folder", folder, cause))?;
        let path = folder.join(DATABASE);
        private_file(&path)?;
        Ok(Self::File(path))
    }

    /// A database of its own that lives as long as a connection to it.
    pub(super) fn memory() -> Self {
        Self::Memory(format!("file:/transom-{}?vfs=memdb", uuid::Uuid::new_v4()))
    }

    /// The database as errors name it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Memory(_) => "in memory".to_owned(),
        }
    }

    /// A connection that may write.
    pub(super) fn connect(&self) -> Result<Connection, StoreError> {
        self.prepared().map_err(|cause| StoreError::from_sqlite("open", &self.name(), cause))
    }

    /// A connection that refuses to write.
    pub(super) fn connect_reader(&self) -> Result<Connection, StoreError> {
        let connection = self.connect()?;
        let done = connection.pragma_update(None, "query_only", true);
        done.map_err(|cause| StoreError::from_sqlite("open", &self.name(), cause))?;
        Ok(connection)
    }

    fn prepared(&self) -> Result<Connection, rusqlite::Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match self {
            Self::File(path) => Connection::open_with_flags(path, flags)?,
            Self::Memory(uri) => {
                let more = OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_CREATE;
                Connection::open_with_flags(uri, flags | more)?
            }
        };
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // The answer is the mode it has then: a database in memory has no write-ahead log and says so.
        connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        // In WAL mode anything less than FULL may lose the last commits with the power.
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        Ok(connection)
    }
}

/// Takes the lock that only one serving process may have. It is held as long as the file is open, and the kernel lets go of it when the process dies.
pub(super) fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join(LOCK);
    let file = private_file(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { folder: folder.to_owned() }),
        Err(TryLockError::Error(cause)) => Err(StoreError::folder("lock", path, cause)),
    }
}

fn private_file(path: &Path) -> Result<File, StoreError> {
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    let file = opened.map_err(|cause| StoreError::folder("open", path, cause))?;
    match narrow(&file) {
        // Someone else's file that we may write all the same: its owner decides who else may.
        Err(cause) if cause.kind() != ErrorKind::PermissionDenied => {
            Err(StoreError::folder("set the permissions of", path, cause))
        }
        _ => Ok(file),
    }
}

fn narrow(file: &File) -> std::io::Result<()> {
    match file.metadata()?.permissions().mode() & 0o077 {
        0 => Ok(()),
        _ => file.set_permissions(Permissions::from_mode(0o600)),
    }
}
