//! Recording an import: one transaction, nothing twice, nothing half.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::Timestamp;
use rusqlite::{Transaction, TransactionBehavior};

use super::{Store, StoreError, facts, metered, sqlite_error, tracked};
use crate::ledger::{Fact, Metered, ResourcesListed, refuse_overlaps};

/// A file about to be recorded.
#[derive(Clone, Debug)]
pub struct Import {
    /// As the user named it.
    pub file: String,
    /// `FOCUS 1.0`, `describe-instances`, `notes`.
    pub format: String,
    pub imported_at: Timestamp,
}

/// An import that the ledger holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRow {
    pub id: i64,
    pub file: String,
    pub format: String,
    pub imported_at: String,
    pub facts: i64,
}

/// What an import changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    pub new: u64,
    /// Facts the ledger had already, word for word.
    pub known: u64,
    /// Rows of an older export that this one corrects.
    pub superseded: u64,
    /// The very same file was imported before.
    pub same_file: bool,
}

/// Takes the facts of one import; nothing is kept until all of them are in.
pub struct Recorder<'a> {
    transaction: Transaction<'a>,
    path: PathBuf,
    import_id: i64,
    supersede: bool,
    staged: bool,
    recorded: Recorded,
    /// The resources that new facts speak of.
    touched: BTreeSet<String>,
}

impl Store {
    /// Records one file's facts in one transaction. `take` hands them over and ends with the SHA-256 of the
    /// file's bytes: a file that was imported before changes nothing.
    ///
    /// # Errors
    /// Whatever `take` fails with; facts that contradict recorded ones; a database that cannot be written.
    /// In every case the ledger is as it was.
    pub fn record<E: From<StoreError>>(
        &mut self,
        import: &Import,
        supersede: bool,
        take: impl FnOnce(&mut Recorder<'_>) -> Result<String, E>,
    ) -> Result<Recorded, E> {
        let path = self.path.clone();
        let fail = |source| sqlite_error(&path, source);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        transaction
            .execute(
                "INSERT INTO imports (file, sha256, format, imported_at) VALUES (?1, 'being imported', ?2, ?3)",
                (&import.file, &import.format, import.imported_at.to_string()),
            )
            .map_err(fail)?;
        let import_id = transaction.last_insert_rowid();
        let recorded = Recorded::default();
        let mut recorder = Recorder {
            transaction,
            path: path.clone(),
            import_id,
            supersede,
            staged: false,
            recorded,
            touched: BTreeSet::new(),
        };
        let sha256 = take(&mut recorder)?;
        Ok(recorder.commit(&sha256)?)
    }

    /// The imports, oldest first.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn imports(&self) -> Result<Vec<ImportRow>, StoreError> {
        let mut statement = self
            .connection
            .prepare(
                "SELECT id, file, format, imported_at,
                    (SELECT count(*) FROM facts WHERE import_id = imports.id)
                    + (SELECT count(*) FROM metered WHERE import_id = imports.id)
                 FROM imports ORDER BY id",
            )
            .map_err(|e| self.error(e))?;
        let rows = statement.query_map([], |row| {
            Ok(ImportRow {
                id: row.get(0)?,
                file: row.get(1)?,
                format: row.get(2)?,
                imported_at: row.get(3)?,
                facts: row.get(4)?,
            })
        });
        rows.and_then(Iterator::collect).map_err(|e| self.error(e))
    }
}

fn known_import(transaction: &Transaction<'_>, sha256: &str) -> rusqlite::Result<bool> {
    transaction.query_row("SELECT EXISTS (SELECT 1 FROM imports WHERE sha256 = ?1)", [sha256], |row| row.get(0))
}

impl Recorder<'_> {
    /// # Errors
    /// A database that cannot be written.
    pub fn fact(&mut self, line: u64, fact: &Fact) -> Result<(), StoreError> {
        let inserted =
            facts::insert(&self.transaction, self.import_id, line, fact).map_err(|e| sqlite_error(&self.path, e))?;
        if inserted {
            self.recorded.new += 1;
            self.touched.extend(fact.resource_ids().map(str::to_owned));
        } else {
            self.recorded.known += 1;
        }
        Ok(())
    }

    /// That a list was whole: known of it besides its facts, and not counted among them.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn listed(&mut self, listed: &ResourcesListed) -> Result<(), StoreError> {
        facts::insert(&self.transaction, self.import_id, 0, &Fact::Listed(listed.clone()))
            .map(|_| ())
            .map_err(|e| sqlite_error(&self.path, e))
    }

    /// The same key may come twice: the parts are added up.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn metered(&mut self, line: u64, row: &Metered) -> Result<(), StoreError> {
        if !self.staged {
            metered::make_stage(&self.transaction).map_err(|e| sqlite_error(&self.path, e))?;
            self.staged = true;
        }
        metered::stage(&self.transaction, line, row).map_err(|e| sqlite_error(&self.path, e))
    }

    fn commit(mut self, sha256: &str) -> Result<Recorded, StoreError> {
        if known_import(&self.transaction, sha256).map_err(|e| sqlite_error(&self.path, e))? {
            return Ok(Recorded { same_file: true, ..Recorded::default() });
        }
        self.transaction
            .execute("UPDATE imports SET sha256 = ?1 WHERE id = ?2", (sha256, self.import_id))
            .map_err(|e| sqlite_error(&self.path, e))?;
        if self.staged {
            let moved = metered::unstage(&self.transaction, self.import_id, self.supersede, &self.path)?;
            self.recorded.new += moved.new;
            self.recorded.known += moved.known;
            self.recorded.superseded += moved.superseded;
        }
        // The new facts must make sense together with the old ones, or none of them is kept.
        let mut all = facts::load(&self.transaction, &self.path)?;
        tracked::load(&self.transaction, &self.path, Some(&self.touched), &mut all)?;
        refuse_overlaps(&all)?;
        self.transaction.commit().map_err(|e| sqlite_error(&self.path, e))?;
        Ok(self.recorded)
    }
}
