//! Files and the ledger database: the only room that touches them.
//!
//! The ledger is one SQLite file in WAL mode. An import is one transaction: after a crash at any instant
//! it is wholly there or wholly absent.

mod actions;
mod alerts;
mod atomic;
mod cost_cache;
mod describe;
mod digests;
mod facts;
mod import;
mod metered;
mod notes;
mod poll;
mod rate_cache;
mod schema;
mod sightings;
mod signals;
mod snoozes;
mod tracked;

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags};

pub use actions::{ActionRow, Phase as ActionPhase, Target as ActionTarget, Task};
pub use alerts::{Lock, Told};
pub use atomic::{replace_directory, write_file};
pub use cost_cache::{CostAnswer, accounts_with_costs, cost_cache, keep_costs, load_costs};
pub use describe::{DescribeError, Described, read_descriptions};
pub use digests::Digest;
pub use import::{Import, ImportRow, Recorded, Recorder};
pub use metered::{COST_EXPLORER, Restated};
pub use notes::{NotesError, looks_like_notes, read_notes};
pub use poll::{Poll, SeenElsewhere, Whole};
pub use rate_cache::RateCache;
pub use signals::SignalsRecorded;
pub use tracked::Watched;

use crate::ledger::Overlap;

/// How long a command waits for another gpucost that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What SQLite says (`SQLITE_IOERR_SHMSIZE`) where the disk has no room for the index of its log.
const NO_ROOM_FOR_INDEX: i32 = rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

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
    #[error("the ledger {} is damaged: {source}", path.display())]
    Damaged { path: PathBuf, source: rusqlite::Error },
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
    #[error("what the ledger {} keeps of alerts cannot be read, `{what}`: {why}", path.display())]
    BrokenAlert { path: PathBuf, what: String, why: String },
    #[error("the action {token} in the ledger {} cannot be read: {why}", path.display())]
    BrokenAction { path: PathBuf, token: String, why: String },
    #[error("the signals of {resource_id} in the ledger {} cannot be read: {why}", path.display())]
    BrokenSignals { path: PathBuf, resource_id: String, why: String },
    #[error("the cached rates {} cannot be used: {why}", path.display())]
    RateCache { path: PathBuf, why: String },
    #[error(transparent)]
    Overlap(#[from] Overlap),
    #[error(transparent)]
    Restated(#[from] Box<Restated>),
    #[error(
        "the clock went back: {place} was polled at {last}, and this poll says it is {at}; nothing was written to {}",
        path.display()
    )]
    ClockWentBack { path: PathBuf, place: String, last: Timestamp, at: Timestamp },
    #[error("{0}; nothing of this poll was recorded")]
    SeenElsewhere(Box<SeenElsewhere>),
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
            StoreError::Damaged { .. }
            | StoreError::BrokenFact { .. }
            | StoreError::BrokenAlert { .. }
            | StoreError::BrokenAction { .. }
            | StoreError::BrokenSignals { .. } => {
                "it was left as it is: restore it from a backup, or import your files into a new one (--ledger)"
                    .to_owned()
            }
            StoreError::Busy { .. } => "run the command again when it is done; nothing was changed".to_owned(),
            StoreError::DiskFull { .. } => "free some space and run the command again".to_owned(),
            StoreError::ReadOnly { .. } => {
                "name a place you may write to (--ledger for the ledger, --out for reports)".to_owned()
            }
            StoreError::RateCache { .. } => {
                "delete the file, or fetch its rates again: `gpucost rates refresh`".to_owned()
            }
            StoreError::Overlap(_) => {
                "nothing was imported: mend the times in one of the two files, then import it again".to_owned()
            }
            StoreError::Restated(_) => {
                "nothing was imported: if the new export corrects the old one, import it with --supersede".to_owned()
            }
            StoreError::ClockWentBack { .. } => {
                "set this machine's clock right; if it is right, another machine's that writes to this ledger is ahead"
                    .to_owned()
            }
            StoreError::SeenElsewhere(_) => {
                "AWS gives each id once: keep a server that gives it again in a ledger of its own (--ledger)".to_owned()
            }
            StoreError::Sqlite { .. } | StoreError::Io { .. } => return None,
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
            std::fs::create_dir_all(folder)
                .map_err(|source| atomic::io_error("make the folder of the ledger", folder, source))?;
        }
        Store::open_with(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
    }

    /// Opens a ledger that is there.
    ///
    /// # Errors
    /// As [`Store::create`], and a ledger that is not there.
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        if !path.try_exists().map_err(|source| atomic::io_error("look for the ledger", path, source))? {
            return Err(StoreError::NoLedger { path: path.to_owned() });
        }
        Store::open_with(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    fn open_with(path: &Path, flags: OpenFlags) -> Result<Store, StoreError> {
        let fail = |source| sqlite_error(path, source);
        if path.is_dir() {
            return Err(StoreError::NotALedger { path: path.to_owned() });
        }
        // SQLite takes some names (`:memory:`, none at all) for databases that are nowhere; with a folder, none.
        let file = if path.is_absolute() { path.to_owned() } else { Path::new(".").join(path) };
        let connection = Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(fail)?;
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
    if let rusqlite::Error::SqliteFailure(error, _) = &source
        && error.extended_code == NO_ROOM_FOR_INDEX
    {
        return StoreError::DiskFull { path };
    }
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy { path },
        Some(ErrorCode::DiskFull) => StoreError::DiskFull { path },
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            StoreError::ReadOnly { path }
        }
        Some(ErrorCode::NotADatabase) => StoreError::NotALedger { path },
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged { path, source },
        _ => StoreError::Sqlite { path, source },
    }
}
