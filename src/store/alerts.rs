//! What was told of findings, and what is still to be told to whom.
//!
//! A decision is one transaction: the episodes it changes, its notices (each key once, ever) and one delivery for each
//! notice and channel. A [`Digest`] is written down before it is sent and marked after: a process that dies in between
//! sends the same digest, under the same key, again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::path::PathBuf;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};
use sha2::{Digest as _, Sha256};

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

/// Notices that go to one channel as one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    id: i64,
    /// Of the channel and the notices: the same when it is sent again.
    pub key: String,
    pub channel: String,
    pub made_at: Timestamp,
    pub notices: Vec<Notice>,
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

    /// What a channel is to be told next: the digest that may have been sent and was never confirmed, as it was, or else
    /// one of all that it has not been told. From here on it may have been sent. There is never a second before the first
    /// is settled: the order is kept.
    ///
    /// # Errors
    /// A database that cannot be written, or that was damaged.
    pub fn digest_to_send(&mut self, channel: &str, now: Timestamp) -> Result<Option<Digest>, StoreError> {
        let path = self.path.clone();
        let fail = |source| sqlite_error(&path, source);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        let mut found = unsettled(&transaction, channel).map_err(fail)?;
        if found.is_none() {
            make_digest(&transaction, channel, now).map_err(fail)?;
            found = unsettled(&transaction, channel).map_err(fail)?;
        }
        if let Some((id, ..)) = &found {
            transaction.execute("UPDATE digests SET attempts = attempts + 1 WHERE id = ?1", [id]).map_err(fail)?;
        }
        transaction.commit().map_err(fail)?;
        found.map(|found| self.digest(channel, found)).transpose()
    }

    /// All that a channel is to be told that is told everything at once: digests that were never confirmed, and one of the
    /// rest.
    ///
    /// # Errors
    /// A database that cannot be written, or that was damaged.
    pub fn digests_to_show(&mut self, channel: &str, now: Timestamp) -> Result<Vec<Digest>, StoreError> {
        let path = self.path.clone();
        let fail = |source| sqlite_error(&path, source);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        make_digest(&transaction, channel, now).map_err(fail)?;
        let all = all_unsettled(&transaction, channel).map_err(fail)?;
        let counted = "UPDATE digests SET attempts = attempts + 1 WHERE channel = ?1 AND sent_at IS NULL";
        transaction.execute(counted, [channel]).map_err(fail)?;
        transaction.commit().map_err(fail)?;
        all.into_iter().map(|found| self.digest(channel, found)).collect()
    }

    fn digest(&self, channel: &str, (id, key, made_at): Written) -> Result<Digest, StoreError> {
        let made_at = made_at.parse().map_err(|e| self.damaged(&key, &e))?;
        Ok(Digest { id, notices: self.notices_of(id)?, key, channel: channel.to_owned(), made_at })
    }

    /// The channel has it.
    ///
    /// # Errors
    /// A database that cannot be written: the digest is sent again, under the same key.
    pub fn digest_sent(&self, digest: &Digest, now: Timestamp) -> Result<(), StoreError> {
        self.connection
            .execute("UPDATE digests SET sent_at = ?1 WHERE id = ?2", (now.to_string(), digest.id))
            .map_err(|e| self.error(e))?;
        Ok(())
    }

    /// The channel did not take it: its notices go out with what comes next, unless an earlier attempt may have arrived;
    /// then the same digest does. `why` holds no secret.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn digest_refused(&mut self, digest: &Digest, why: &str) -> Result<(), StoreError> {
        self.dissolve(digest, why, "SELECT id FROM digests WHERE id = ?1 AND attempts = 1")
    }

    /// The channel will not take it as it is, however often: its notices go out with what comes next, even if an earlier
    /// attempt may have arrived. To repeat it for ever would keep the channel from all that comes after.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn digest_rejected(&mut self, digest: &Digest, why: &str) -> Result<(), StoreError> {
        self.dissolve(digest, why, "SELECT id FROM digests WHERE id = ?1")
    }

    fn dissolve(&mut self, digest: &Digest, why: &str, if_found: &str) -> Result<(), StoreError> {
        let path = self.path.clone();
        let fail = |source| sqlite_error(&path, source);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        let failed = "UPDATE deliveries SET failures = failures + 1, last_failure = ?1 WHERE digest_id = ?2";
        transaction.execute(failed, (why, digest.id)).map_err(fail)?;
        if transaction.query_row(if_found, [digest.id], |_| Ok(())).optional().map_err(fail)?.is_some() {
            let freed = "UPDATE deliveries SET digest_id = NULL WHERE digest_id = ?1";
            transaction.execute(freed, [digest.id]).map_err(fail)?;
            transaction.execute("DELETE FROM digests WHERE id = ?1", [digest.id]).map_err(fail)?;
        }
        transaction.commit().map_err(fail)
    }

    /// The channel may have it: the same digest is sent again, under the same key.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn digest_unsure(&self, digest: &Digest, why: &str) -> Result<(), StoreError> {
        let failed = "UPDATE deliveries SET failures = failures + 1, last_failure = ?1 WHERE digest_id = ?2";
        self.connection.execute(failed, (why, digest.id)).map_err(|e| self.error(e))?;
        Ok(())
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

    fn notices_of(&self, digest_id: i64) -> Result<Vec<Notice>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT body FROM notices JOIN deliveries ON notice_id = id WHERE digest_id = ?1 ORDER BY id",
            )
            .map_err(|e| self.error(e))?;
        let rows = statement.query_map([digest_id], |row| row.get::<_, String>(0));
        let bodies: Vec<String> = rows.and_then(Iterator::collect).map_err(|e| self.error(e))?;
        bodies.iter().map(|body| self.parsed(body)).collect()
    }

    fn texts(&self, query: &str) -> Result<Vec<String>, StoreError> {
        let mut statement = self.connection.prepare(query).map_err(|e| self.error(e))?;
        let rows = statement.query_map([], |row| row.get(0));
        rows.and_then(Iterator::collect).map_err(|e| self.error(e))
    }

    fn parsed<T: serde::de::DeserializeOwned>(&self, body: &str) -> Result<T, StoreError> {
        serde_json::from_str(body).map_err(|e| self.damaged(body, &e))
    }

    fn damaged(&self, what: &str, why: &dyn std::fmt::Display) -> StoreError {
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

/// One digest of what is in none.
fn make_digest(transaction: &Transaction<'_>, channel: &str, now: Timestamp) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached(
        "SELECT key FROM notices JOIN deliveries ON notice_id = id WHERE channel = ?1 AND digest_id IS NULL ORDER BY id",
    )?;
    let keys: Vec<String> = statement.query_map([channel], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    if keys.is_empty() {
        return Ok(());
    }
    transaction.execute(
        "INSERT INTO digests (key, channel, made_at) VALUES (?1, ?2, ?3)",
        (digest_key(channel, &keys), channel, now.to_string()),
    )?;
    transaction.execute(
        "UPDATE deliveries SET digest_id = ?1 WHERE channel = ?2 AND digest_id IS NULL",
        (transaction.last_insert_rowid(), channel),
    )?;
    Ok(())
}

/// Half a SHA-256 tells digests apart.
fn digest_key(channel: &str, keys: &[String]) -> String {
    let mut hash = Sha256::new_with_prefix(channel);
    for key in keys {
        hash.update([0]);
        hash.update(key);
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// A digest's id, key and time.
type Written = (i64, String, String);

fn unsettled(transaction: &Transaction<'_>, channel: &str) -> rusqlite::Result<Option<Written>> {
    Ok(all_unsettled(transaction, channel)?.into_iter().next())
}

/// Oldest first.
fn all_unsettled(transaction: &Transaction<'_>, channel: &str) -> rusqlite::Result<Vec<Written>> {
    transaction
        .prepare_cached("SELECT id, key, made_at FROM digests WHERE channel = ?1 AND sent_at IS NULL ORDER BY id")?
        .query_map([channel], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect()
}
