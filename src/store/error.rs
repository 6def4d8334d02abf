//! What can go wrong in the store, in the store's own words.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::ErrorCode;

/// A failure of the store. None of them carries a value of an attribute. All are the gateway's side.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The data folder or a file in it cannot be made, read or written.
    #[error("cannot {doing} {}: {cause}; make it writable for the user who runs transom", .path.display())]
    Folder {
        /// What was tried, as a verb.
        doing: &'static str,
        /// The folder or file.
        path: PathBuf,
        /// What the operating system said.
        cause: Arc<std::io::Error>,
    },
    /// Another process serves from this data folder.
    #[error("the data folder {} is in use by another running transom; stop it, or set another `data` folder", .folder.display())]
    InUse {
        /// The data folder.
        folder: PathBuf,
    },
    /// The database was written by a later release. Nothing was changed.
    #[error("the database {place} has schema version {found}, this transom knows up to {known}; run a newer transom")]
    Newer {
        /// The database.
        place: String,
        /// Its schema version.
        found: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// The file is no SQLite database, or a damaged one.
    #[error("the database {place} is damaged or is not a transom database; restore it from a backup")]
    Damaged {
        /// The database.
        place: String,
    },
    /// Another live link of the same target and resource type has this target key. Nothing of the transaction was written.
    #[error("another live link has the same target key")]
    KeyTaken,
    /// A token that is neither revoked nor expired has this name already, or the secret is in use.
    #[error("there is a live token with this name or this secret already; revoke it or choose another name")]
    TokenTaken,
    /// The store was closed; nothing was written.
    #[error("the store is closed")]
    Closed,
    /// The database refused for another reason (disk full, read error). Nothing of the transaction was written.
    #[error("cannot {doing} the database {place}: {cause}")]
    Failed {
        /// What was tried, as a verb.
        doing: &'static str,
        /// The database.
        place: String,
        /// What SQLite said; statements carry no values.
        cause: Arc<rusqlite::Error>,
    },
}

impl StoreError {
    pub(super) fn folder(doing: &'static str, path: impl Into<PathBuf>, cause: std::io::Error) -> Self {
        Self::Folder { doing, path: path.into(), cause: Arc::new(cause) }
    }

    /// Gives an error of the database its meaning; `place` names the database.
    pub(super) fn from_sqlite(doing: &'static str, place: &str, cause: rusqlite::Error) -> Self {
        let damaged = match &cause {
            // A column that does not hold what only we write.
            rusqlite::Error::FromSqlConversionFailure(..) => true,
            _ => matches!(cause.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)),
        };
        if damaged {
            return Self::Damaged { place: place.to_owned() };
        }
        Self::Failed { doing, place: place.to_owned(), cause: Arc::new(cause) }
    }
}

/// Whether a write was refused because a unique index has the value already.
pub(super) fn is_double(cause: &rusqlite::Error) -> bool {
    const UNIQUE: i32 = rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE;
    const PRIMARY_KEY: i32 = rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY;
    cause.sqlite_error().is_some_and(|error| matches!(error.extended_code, UNIQUE | PRIMARY_KEY))
}
