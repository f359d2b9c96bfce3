//! What was done in AWS, and what came of it: written down before each call and after it, and never changed.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, TransactionBehavior};

use super::alerts::Lock;
use super::{Store, StoreError, sqlite_error};

pub(super) const TABLES: &str = "
    CREATE TABLE actions (
        id INTEGER PRIMARY KEY,
        -- One action on one resource; of a snapshot it is the tag.
        task TEXT NOT NULL,
        at TEXT NOT NULL,
        verb TEXT NOT NULL,
        resource TEXT NOT NULL,
        region TEXT NOT NULL,
        step TEXT NOT NULL,
        -- begun, calling, done, failed, unsure, finished, abandoned.
        phase TEXT NOT NULL,
        detail TEXT NOT NULL
    ) STRICT;
    CREATE INDEX actions_of_task ON actions (task);
    CREATE INDEX actions_of_resource ON actions (resource, verb);";

/// How far one step of an action is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The plan is agreed to; the detail is the state that it rests on.
    Begun,
    /// About to be called: without a later word it may have been done.
    Calling,
    Done,
    Failed,
    /// AWS was asked and did not answer.
    Unsure,
    /// Nothing is left to do.
    Finished,
    /// It rests on a state that is no more; a later action begins anew.
    Abandoned,
}

impl Phase {
    pub const fn name(self) -> &'static str {
        match self {
            Phase::Begun => "begun",
            Phase::Calling => "calling",
            Phase::Done => "done",
            Phase::Failed => "failed",
            Phase::Unsure => "unsure",
            Phase::Finished => "finished",
            Phase::Abandoned => "abandoned",
        }
    }
}

/// One action on one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub token: String,
    pub verb: String,
    pub resource: String,
    pub region: String,
    pub begun_at: Timestamp,
    /// The state that it rests on.
    pub state: String,
}

/// A line of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionRow {
    pub task: String,
    pub at: String,
    pub verb: String,
    pub resource: String,
    pub region: String,
    pub step: String,
    pub phase: String,
    pub detail: String,
}

impl Store {
    /// Held while actions are carried out, so that no two runs do the same. `None`: another run holds it.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn lock_actions(&self) -> Result<Option<Lock>, StoreError> {
        self.lock("actions")
    }

    /// Writes down that an action is agreed to, before any call. Its token is like no other's.
    ///
    /// # Errors
    /// A database that cannot be written: then nothing may be called.
    pub fn begin_action(
        &mut self,
        verb: &str,
        resource: &str,
        region: &str,
        state: &str,
        now: Timestamp,
    ) -> Result<Task, StoreError> {
        let path = self.path.clone();
        let fail = |source| sqlite_error(&path, source);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        let count: i64 =
            transaction.query_row("SELECT coalesce(max(id), 0) FROM actions", [], |row| row.get(0)).map_err(fail)?;
        let token = format!("{resource}-{}-{count}", now.as_millisecond());
        let task = Task {
            token,
            verb: verb.to_owned(),
            resource: resource.to_owned(),
            region: region.to_owned(),
            begun_at: now,
            state: state.to_owned(),
        };
        insert(&transaction, &task, "", Phase::Begun, state, now).map_err(fail)?;
        transaction.commit().map_err(fail)?;
        Ok(task)
    }

    /// # Errors
    /// A database that cannot be written.
    pub fn record_step(
        &self,
        task: &Task,
        step: &str,
        phase: Phase,
        detail: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        insert(&self.connection, task, step, phase, detail, now).map_err(|e| self.error(e))
    }

    /// The action of this kind on this resource that was begun last and is neither finished nor abandoned.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn unfinished(&self, verb: &str, resource: &str) -> Result<Option<Task>, StoreError> {
        let mut found = self.unfinished_tasks(verb)?;
        found.retain(|task| task.resource == resource);
        Ok(found.pop())
    }

    /// All that were begun and are neither finished nor abandoned, oldest first.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn unfinished_tasks(&self, verb: &str) -> Result<Vec<Task>, StoreError> {
        let mut statement = self
            .connection
            .prepare(
                "SELECT task, verb, resource, region, at, detail FROM actions AS begun
                 WHERE phase = 'begun' AND verb = ?1 AND NOT EXISTS (
                     SELECT 1 FROM actions AS ended
                     WHERE ended.task = begun.task AND ended.phase IN ('finished', 'abandoned'))
                 ORDER BY id",
            )
            .map_err(|e| self.error(e))?;
        let rows = statement.query_map([verb], |row| {
            let at: String = row.get(4)?;
            Ok(Task {
                token: row.get(0)?,
                verb: row.get(1)?,
                resource: row.get(2)?,
                region: row.get(3)?,
                begun_at: at.parse().unwrap_or(Timestamp::MIN),
                state: row.get(5)?,
            })
        });
        rows.and_then(Iterator::collect).map_err(|e| self.error(e))
    }

    /// Whether this step of an action is known to be done.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn is_step_done(&self, task: &Task, step: &str) -> Result<bool, StoreError> {
        self.has_row(task, step, "done")
    }

    /// Whether this step of an action was, or was about to be, called.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn is_step_called(&self, task: &Task, step: &str) -> Result<bool, StoreError> {
        self.has_row(task, step, "calling")
    }

    fn has_row(&self, task: &Task, step: &str, phase: &str) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM actions WHERE task = ?1 AND step = ?2 AND phase = ?3";
        let found = self.connection.query_row(sql, (&task.token, step, phase), |_| Ok(())).optional();
        found.map(|found| found.is_some()).map_err(|e| self.error(e))
    }

    /// The whole record, newest first.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn actions(&self) -> Result<Vec<ActionRow>, StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT task, at, verb, resource, region, step, phase, detail FROM actions ORDER BY id DESC")
            .map_err(|e| self.error(e))?;
        let rows = statement.query_map([], |row| {
            Ok(ActionRow {
                task: row.get(0)?,
                at: row.get(1)?,
                verb: row.get(2)?,
                resource: row.get(3)?,
                region: row.get(4)?,
                step: row.get(5)?,
                phase: row.get(6)?,
                detail: row.get(7)?,
            })
        });
        rows.and_then(Iterator::collect).map_err(|e| self.error(e))
    }
}

fn insert(
    connection: &rusqlite::Connection,
    task: &Task,
    step: &str,
    phase: Phase,
    detail: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let at = now.to_string();
    connection
        .prepare_cached(
            "INSERT INTO actions (task, at, verb, resource, region, step, phase, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute((&task.token, at, &task.verb, &task.resource, &task.region, step, phase.name(), detail))?;
    Ok(())
}
