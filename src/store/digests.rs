//! Which notices go out as one message, and whether the channel has it.
//!
//! A [`Digest`] is written down before it is sent and marked after: a process that dies in between sends the same digest,
//! under the same key, again.
//!
//! What a receiver refuses for good it may refuse for its size, or for one notice in it: the next digest holds half as
//! many, and a notice that was refused by itself again goes after all others. So nothing keeps the rest from its channel,
//! and nothing is given up.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior};
use sha2::{Digest as _, Sha256};

use super::{Store, StoreError, sqlite_error};
use crate::alerts::Notice;

pub(super) const SMALLER: &str = "
    -- The most notices in the next message: one of more was refused for good. NULL: all there are.
    ALTER TABLE channels ADD COLUMN most_notices INTEGER;
    -- How often it was refused for good with no other beside it.
    ALTER TABLE deliveries ADD COLUMN refused_alone INTEGER NOT NULL DEFAULT 0;";

/// Refused so often with no other beside it, a notice waits for all others. Once may be the receiver's bad day.
const SET_ASIDE: u32 = 2;

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

impl Store {
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

    /// The channel has it: the next may hold one more, and what was set aside is tried like all else again if this
    /// was.
    ///
    /// # Errors
    /// A database that cannot be written: the digest is sent again, under the same key.
    pub fn digest_sent(&self, digest: &Digest, now: Timestamp) -> Result<(), StoreError> {
        let sent = || {
            let transaction = self.connection.unchecked_transaction()?;
            transaction.execute("UPDATE digests SET sent_at = ?1 WHERE id = ?2", (now.to_string(), digest.id))?;
            let more = "UPDATE channels SET most_notices = most_notices + 1 WHERE name = ?1";
            transaction.execute(more, [&digest.channel])?;
            let again = "UPDATE deliveries SET refused_alone = 0 WHERE channel = ?1 AND digest_id IS NULL AND
                EXISTS (SELECT 1 FROM deliveries WHERE digest_id = ?2 AND refused_alone >= ?3)";
            transaction.execute(again, (&digest.channel, digest.id, SET_ASIDE))?;
            transaction.commit()
        };
        sent().map_err(|e| self.error(e))
    }

    /// The channel did not take it: its notices go out with what comes next, unless an earlier attempt may have arrived;
    /// then the same digest does. `why` holds no secret.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn digest_refused(&mut self, digest: &Digest, why: &str) -> Result<(), StoreError> {
        self.dissolve(digest, why, "SELECT id FROM digests WHERE id = ?1 AND attempts = 1", |_| Ok(()))
    }

    /// The channel will not take it as it is, however often: its notices go out in smaller ones, even if an earlier attempt
    /// may have arrived. To repeat it for ever would keep the channel from all that comes after.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn digest_rejected(&mut self, digest: &Digest, why: &str) -> Result<(), StoreError> {
        self.dissolve(digest, why, "SELECT id FROM digests WHERE id = ?1", |transaction| {
            let halved = "UPDATE channels SET most_notices = ?1 WHERE name = ?2";
            let alone = "UPDATE deliveries SET refused_alone = refused_alone + 1 WHERE digest_id = ?1";
            match u32::try_from(digest.notices.len()).unwrap_or(u32::MAX) {
                ..=1 => transaction.execute(alone, [digest.id]),
                several => transaction.execute(halved, (several / 2, &digest.channel)),
            }
            .map(drop)
        })
    }

    fn dissolve(
        &mut self,
        digest: &Digest,
        why: &str,
        if_found: &str,
        first: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        let path = self.path.clone();
        let fail = |source| sqlite_error(&path, source);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        let failed = "UPDATE deliveries SET failures = failures + 1, last_failure = ?1 WHERE digest_id = ?2";
        transaction.execute(failed, (why, digest.id)).map_err(fail)?;
        first(&transaction).map_err(fail)?;
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
}

/// One digest of what is in none: as many as the channel takes, or else one that was set aside.
fn make_digest(transaction: &Transaction<'_>, channel: &str, now: Timestamp) -> rusqlite::Result<()> {
    let waiting = "SELECT id, key FROM notices JOIN deliveries ON notice_id = id
        WHERE channel = ?1 AND digest_id IS NULL AND refused_alone";
    let most = "coalesce((SELECT most_notices FROM channels WHERE name = ?1), -1)";
    let usual = format!("{waiting} < ?2 ORDER BY id LIMIT {most}");
    let mut chosen = ids_and_keys(transaction, &usual, channel)?;
    if chosen.is_empty() {
        // It has all the others: what is new from here on may come at once.
        transaction.execute("UPDATE channels SET most_notices = NULL WHERE name = ?1", [channel])?;
        let aside = format!("{waiting} >= ?2 ORDER BY refused_alone, id LIMIT 1");
        chosen = ids_and_keys(transaction, &aside, channel)?;
    }
    if chosen.is_empty() {
        return Ok(());
    }
    let keys: Vec<&String> = chosen.iter().map(|(_, key)| key).collect();
    transaction.execute(
        "INSERT INTO digests (key, channel, made_at) VALUES (?1, ?2, ?3)",
        (digest_key(channel, &keys), channel, now.to_string()),
    )?;
    let digest_id = transaction.last_insert_rowid();
    let mut put =
        transaction.prepare_cached("UPDATE deliveries SET digest_id = ?1 WHERE channel = ?2 AND notice_id = ?3")?;
    for (notice_id, _) in &chosen {
        put.execute((digest_id, channel, notice_id))?;
    }
    Ok(())
}

fn ids_and_keys(transaction: &Transaction<'_>, query: &str, channel: &str) -> rusqlite::Result<Vec<(i64, String)>> {
    let mut statement = transaction.prepare_cached(query)?;
    statement.query_map((channel, SET_ASIDE), |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Half a SHA-256 tells digests apart.
fn digest_key(channel: &str, keys: &[&String]) -> String {
    let mut hash = Sha256::new_with_prefix(channel);
    for key in keys {
        hash.update([0]);
        hash.update(key.as_bytes());
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
