//! Files and the ledger database: the only room that touches them.
//!
//! The ledger is one SQLite file in WAL mode. An import is one transaction: after a crash at any instant
//! it is wholly there or wholly absent.

mod atomic;
mod describe;
mod facts;
mod import;
mod metered;
mod notes;
mod schema;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

pub use atomic::{replace_directory, write_file};
pub use describe::{DescribeError, Described, read_descriptions};
pub use import::{Import, ImportRow, Recorded, Recorder};
pub use metered::Restated;
pub use notes::{NotesError, looks_like_notes, read_notes};

use crate::ledger::Overlap;

/// How long a command waits for another gpucost that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The ledger on disk.
pub struct Store {
    connection: Connection,
    path: PathBuf,
}

/// What went wrong with the ledger or a file, and on which.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("there is no ledger at {}", path.display())]
    NoLedger { path: PathBuf },
    #[error("the ledger {} was written by a newer gpucost", path.display())]
    NewerVersion { path: PathBuf },
    #[error("{} is not a gpucost ledger", path.display())]
    NotALedger { path: PathBuf },
    #[error("another gpucost is writing to {}", path.display())]
    Busy { path: PathBuf },
    #[error("the disk is full: nothing was written to {}", path.display())]
    DiskFull { path: PathBuf },
    #[error("{} cannot be written: it, or its folder, is read-only", path.display())]
    ReadOnly { path: PathBuf },
    #[error("the ledger {} cannot be used: {source}", path.display())]
    Sqlite { path: PathBuf, source: rusqlite::Error },
    #[error("cannot {action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("fact {id} of the ledger {} cannot be read: {why}", path.display())]
    BrokenFact { path: PathBuf, id: i64, why: String },
    #[error(transparent)]
    Overlap(#[from] Overlap),
    #[error(transparent)]
    Restated(#[from] Box<Restated>),
}

impl StoreError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            StoreError::NoLedger { .. } => {
                "record usage first: `gpucost usage import FILE`, or see `gpucost demo`".to_owned()
            }
            StoreError::NewerVersion { .. } => "update gpucost; the ledger was left as it is".to_owned(),
            StoreError::NotALedger { .. } => "name another file with --ledger; this one was left as it is".to_owned(),
            StoreError::Busy { .. } => "run the command again when it is done; nothing was changed".to_owned(),
            StoreError::DiskFull { .. } => "free some space and run the command again".to_owned(),
            StoreError::ReadOnly { .. } => {
                "name a place you may write to (--ledger for the ledger, --out for reports)".to_owned()
            }
            StoreError::Overlap(_) => {
                "nothing was imported: mend the times in one of the two files, then import it again".to_owned()
            }
            StoreError::Restated(_) => {
                "nothing was imported: if the new export corrects the old one, import it with --supersede".to_owned()
            }
            StoreError::Sqlite { .. } | StoreError::Io { .. } | StoreError::BrokenFact { .. } => return None,
        })
    }
}

impl Store {
    /// Opens the ledger, making it and its folder where there is none.
    ///
    /// # Errors
    /// A folder that cannot be written, a file that is no ledger, or one of a newer version.
    pub fn create(path: &Path) -> Result<Store, StoreError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|source| StoreError::Io {
                action: "make the folder of the ledger",
                path: folder.to_owned(),
                source,
            })?;
        }
        Store::open_with(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
    }

    /// Opens a ledger that is there.
    ///
    /// # Errors
    /// As [`Store::create`], and a ledger that is not there.
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        if !path.exists() {
            return Err(StoreError::NoLedger { path: path.to_owned() });
        }
        Store::open_with(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    fn open_with(path: &Path, flags: OpenFlags) -> Result<Store, StoreError> {
        let fail = |source| sqlite_error(path, source);
        let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(fail)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(fail)?;
        let mut store = Store { connection, path: path.to_owned() };
        schema::prepare(&mut store)?;
        Ok(store)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn error(&self, source: rusqlite::Error) -> StoreError {
        sqlite_error(&self.path, source)
    }
}

/// SQLite's codes in the words of the person who meets them.
fn sqlite_error(path: &Path, source: rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy { path },
        Some(ErrorCode::DiskFull) => StoreError::DiskFull { path },
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            StoreError::ReadOnly { path }
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => StoreError::NotALedger { path },
        _ => StoreError::Sqlite { path, source },
    }
}
