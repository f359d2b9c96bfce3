//! Findings put off until a day, in the ledger.

use jiff::Timestamp;
use rusqlite::params;

use super::{Store, StoreError};
use crate::advice::Snooze;

/// Seconds since 1970, UTC.
pub(super) const TABLE: &str = "
    CREATE TABLE snoozes (
        finding TEXT PRIMARY KEY,
        until INTEGER NOT NULL,
        snoozed_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;";

impl Store {
    /// Puts a finding off until a day, in place of an earlier day.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn snooze(&mut self, snooze: &Snooze, now: Timestamp) -> Result<(), StoreError> {
        let write = "INSERT INTO snoozes (finding, until, snoozed_at) VALUES (?1, ?2, ?3)
            ON CONFLICT (finding) DO UPDATE SET until = excluded.until, snoozed_at = excluded.snoozed_at";
        let values = params![snooze.finding, snooze.until.as_second(), now.as_second()];
        self.connection.execute(write, values).map(drop).map_err(|e| self.error(e))
    }

    /// Whether there was a snooze to end.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn unsnooze(&mut self, finding: &str) -> Result<bool, StoreError> {
        let ended = self.connection.execute("DELETE FROM snoozes WHERE finding = ?1", [finding]);
        ended.map(|rows| rows > 0).map_err(|e| self.error(e))
    }

    /// All there are, those that have ended too, by finding.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn snoozes(&self) -> Result<Vec<Snooze>, StoreError> {
        let read = || {
            let mut statement = self.connection.prepare("SELECT finding, until FROM snoozes ORDER BY finding")?;
            let rows = statement.query_map([], |row| {
                let until: i64 = row.get(1)?;
                // Beyond the last instant there is: for ever.
                let until = Timestamp::from_second(until).unwrap_or(Timestamp::MAX);
                Ok(Snooze { finding: row.get(0)?, until })
            });
            rows.and_then(Iterator::collect)
        };
        read().map_err(|e| self.error(e))
    }
}
