//! What was told of findings, and what is still to be told to whom.
//!
//! A decision is one transaction: the episodes it changes, its notices (each key once, ever) and one delivery for each
//! notice and channel. How they are sent is in [`digests`](super::digests).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::path::PathBuf;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};

use super::{Store, StoreError, atomic, sqlite_error};
use crate::alerts::{Decision, Episode, Notice};

pub(super) const TABLES: &str = "
    -- The last word on each episode of a finding.
    CREATE TABLE episodes (
        finding TEXT NOT NULL,
        number INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (finding, number)
    ) STRICT, WITHOUT ROWID;
    -- Immutable; the key names the transition.
    CREATE TABLE notices (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        decided_at TEXT NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE TABLE channels (
        name TEXT PRIMARY KEY,
        first_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    -- What is, or was, sent as one message.
    CREATE TABLE digests (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        channel TEXT NOT NULL,
        made_at TEXT NOT NULL,
        -- Counted before each: more than one, and an earlier one may have arrived.
        attempts INTEGER NOT NULL DEFAULT 0,
        sent_at TEXT
    ) STRICT;
    CREATE TABLE deliveries (
        notice_id INTEGER NOT NULL REFERENCES notices(id),
        channel TEXT NOT NULL,
        digest_id INTEGER REFERENCES digests(id),
        failures INTEGER NOT NULL DEFAULT 0,
        last_failure TEXT,
        PRIMARY KEY (notice_id, channel)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX deliveries_of_digest ON deliveries (digest_id);";

/// Held while a run is at work that no second may do at the same time; the system gives it back after a crash.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// A notice and what became of it on one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub notice: Notice,
    pub decided_at: String,
    pub channel: Option<String>,
    pub sent_at: Option<String>,
    pub failures: u32,
    pub last_failure: Option<String>,
}

impl Store {
    /// Held while alerts are decided and sent, so that no two runs send the same. `None`: another run holds it.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn lock_alerts(&self) -> Result<Option<Lock>, StoreError> {
        self.lock("alerts")
    }

    /// A file beside the ledger: the ledger's own locks are held by whoever writes at the moment.
    pub(super) fn lock(&self, what: &str) -> Result<Option<Lock>, StoreError> {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{what}-lock"));
        let path = PathBuf::from(name);
        let fail = |source| atomic::io_error("lock", &path, source);
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(fail(source)),
        }
    }

    /// The last episode of each finding.
    ///
    /// # Errors
    /// A database that cannot be read, or that was damaged.
    pub fn episodes(&self) -> Result<BTreeMap<String, Episode>, StoreError> {
        let bodies = self.texts("SELECT body FROM episodes ORDER BY finding, number")?;
        let episodes = bodies.iter().map(|body| self.parsed::<Episode>(body));
        episodes.map(|episode| episode.map(|episode| (episode.finding.clone(), episode))).collect()
    }

    /// Keys of the notices about budgets.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn budget_keys(&self) -> Result<BTreeSet<String>, StoreError> {
        // `;` comes after `:`.
        let keys = self.texts("SELECT key FROM notices WHERE key >= 'budget:' AND key < 'budget;'")?;
        Ok(keys.into_iter().collect())
    }

    /// Keeps a decision, and that each of `channels` is to be told of it. A channel that is new, or back, is told what is
    /// open.
    ///
    /// # Errors
    /// A database that cannot be written: then nothing of it is kept.
    pub fn record_decision(
        &mut self,
        decision: &Decision,
        channels: &[String],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let path = self.path.clone();
        let fail = |source| sqlite_error(&path, source);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        welcome(&transaction, channels, now).map_err(fail)?;
        for episode in &decision.episodes {
            keep_episode(&transaction, episode).map_err(fail)?;
        }
        for notice in &decision.notices {
            keep_notice(&transaction, notice, channels, now).map_err(fail)?;
        }
        transaction.commit().map_err(fail)
    }

    /// All notices with what became of them, newest first.
    ///
    /// # Errors
    /// A database that cannot be read, or that was damaged.
    pub fn told(&self) -> Result<Vec<Told>, StoreError> {
        let mut statement = self
            .connection
            .prepare(
                "SELECT notices.body, decided_at, deliveries.channel, digests.sent_at, coalesce(failures, 0), last_failure
                 FROM notices LEFT JOIN deliveries ON notice_id = notices.id LEFT JOIN digests ON digests.id = digest_id
                 ORDER BY notices.id DESC, deliveries.channel",
            )
            .map_err(|e| self.error(e))?;
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        });
        let rows: Vec<_> = rows.and_then(Iterator::collect).map_err(|e| self.error(e))?;
        let told = rows.into_iter().map(|(body, decided_at, channel, sent_at, failures, last_failure)| {
            Ok(Told { notice: self.parsed(&body)?, decided_at, channel, sent_at, failures, last_failure })
        });
        told.collect()
    }

    /// When each region of each account was last polled, all its lists read whole.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn places_polled(&self) -> Result<BTreeMap<(String, String), Timestamp>, StoreError> {
        let mut statement = self
            .connection
            .prepare(
                "SELECT account, region, min(instances_at, volumes_at, addresses_at, snapshots_at) FROM scopes
                 WHERE min(instances_at, volumes_at, addresses_at, snapshots_at) IS NOT NULL",
            )
            .map_err(|e| self.error(e))?;
        let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get::<_, i64>(2)?)));
        let rows: Vec<_> = rows.and_then(Iterator::collect).map_err(|e| self.error(e))?;
        Ok(rows.into_iter().filter_map(|(place, at)| Some((place, Timestamp::from_second(at).ok()?))).collect())
    }

    /// In which account the newest poll saw each of these resources, where one did.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn owners<'a>(&self, ids: impl Iterator<Item = &'a str>) -> Result<BTreeMap<String, String>, StoreError> {
        let mut statement = self
            .connection
            .prepare(
                "SELECT account FROM resources JOIN scopes ON scopes.id = scope_id
                 WHERE resources.name = ?1 ORDER BY polled_at DESC LIMIT 1",
            )
            .map_err(|e| self.error(e))?;
        let mut owners = BTreeMap::new();
        for id in ids {
            let owner = statement.query_row([id], |row| row.get(0)).optional().map_err(|e| self.error(e))?;
            owners.extend(owner.map(|owner| (id.to_owned(), owner)));
        }
        Ok(owners)
    }

    fn texts(&self, query: &str) -> Result<Vec<String>, StoreError> {
        let mut statement = self.connection.prepare(query).map_err(|e| self.error(e))?;
        let rows = statement.query_map([], |row| row.get(0));
        rows.and_then(Iterator::collect).map_err(|e| self.error(e))
    }

    pub(super) fn parsed<T: serde::de::DeserializeOwned>(&self, body: &str) -> Result<T, StoreError> {
        serde_json::from_str(body).map_err(|e| self.damaged(body, &e))
    }

    pub(super) fn damaged(&self, what: &str, why: &dyn std::fmt::Display) -> StoreError {
        let what = what.chars().take(60).collect();
        StoreError::BrokenAlert { path: self.path.clone(), what, why: why.to_string() }
    }
}

fn json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}

/// A channel that is new, or was left out for a while, is told of what is open: not the history of the others.
fn welcome(transaction: &Transaction<'_>, channels: &[String], now: Timestamp) -> rusqlite::Result<()> {
    for channel in channels {
        transaction.execute(
            "INSERT INTO channels (name, first_at) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING",
            (channel, now.to_string()),
        )?;
        transaction.execute(
            "INSERT OR IGNORE INTO deliveries (notice_id, channel)
             SELECT notices.id, ?1 FROM episodes JOIN notices
             ON notices.key = finding || '#' || number || ':opened'
             WHERE json_extract(episodes.body, '$.state') = 'open'",
            [channel],
        )?;
    }
    Ok(())
}

fn keep_episode(transaction: &Transaction<'_>, episode: &Episode) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("INSERT OR REPLACE INTO episodes (finding, number, body) VALUES (?1, ?2, ?3)")?
        .execute(params![episode.finding, episode.number, json(episode)?])?;
    Ok(())
}

/// A key that is known was decided before, by a run that looked at the same.
fn keep_notice(
    transaction: &Transaction<'_>,
    notice: &Notice,
    channels: &[String],
    now: Timestamp,
) -> rusqlite::Result<()> {
    let fresh = transaction
        .prepare_cached("INSERT INTO notices (key, decided_at, body) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO NOTHING")?
        .execute(params![notice.key, now.to_string(), json(notice)?])?;
    if fresh == 0 {
        return Ok(());
    }
    let id = transaction.last_insert_rowid();
    for channel in channels {
        transaction
            .prepare_cached("INSERT INTO deliveries (notice_id, channel) VALUES (?1, ?2)")?
            .execute(params![id, channel])?;
    }
    Ok(())
}
