//! What was planned and done in AWS, and what came of it: written down before each call and after it, and never changed.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, TransactionBehavior};

use super::alerts::Lock;
use super::{Store, StoreError, sqlite_error};
use crate::advice::plan::Step;

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

pub(super) const ACCOUNT_AND_STEPS: &str = "
    -- Null: written by a version that did not ask.
    ALTER TABLE actions ADD COLUMN account TEXT;
    -- Of what is begun, all that was agreed to, as JSON. Phases are now also planned, allowed, refused and skipped.
    ALTER TABLE actions ADD COLUMN steps TEXT;";

/// How far one step of an action is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// What would be done; the detail is the state that it rests on.
    Planned,
    /// AWS would do it.
    Allowed,
    /// It is not to be done; the detail says why. Nothing was called.
    Refused,
    /// It could have been done, and nobody said yes.
    Skipped,
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
            Phase::Planned => "planned",
            Phase::Allowed => "allowed",
            Phase::Refused => "refused",
            Phase::Skipped => "skipped",
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

/// What an action is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    pub verb: &'a str,
    pub resource: &'a str,
    pub account: &'a str,
    pub region: &'a str,
}

/// One action on one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub token: String,
    pub verb: String,
    pub resource: String,
    /// `None`: an older version did not write it down.
    pub account: Option<String>,
    pub region: String,
    /// When it was agreed to; before that, when it was planned.
    pub begun_at: Timestamp,
    /// The state that it rests on.
    pub state: String,
    /// All that was agreed to; empty: an older version did not write it down.
    pub steps: Vec<Step>,
}

impl Task {
    /// Whether it was begun there: elsewhere a resource that is not found is not gone.
    pub fn is_in(&self, account: &str, region: &str) -> bool {
        self.account.as_deref() == Some(account) && self.region == region
    }
}

/// A line of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionRow {
    pub task: String,
    pub at: String,
    pub verb: String,
    pub resource: String,
    pub account: Option<String>,
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

    /// Writes down what would be done, or why it is not: `phase` is one of the two. Its token is like no other's.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn plan_action(
        &mut self,
        target: Target<'_>,
        phase: Phase,
        detail: &str,
        now: Timestamp,
    ) -> Result<Task, StoreError> {
        let path = self.path.clone();
        let fail = |source| sqlite_error(&path, source);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        let count: i64 =
            transaction.query_row("SELECT coalesce(max(id), 0) FROM actions", [], |row| row.get(0)).map_err(fail)?;
        let task = Task {
            token: format!("{}-{}-{count}", target.resource, now.as_millisecond()),
            verb: target.verb.to_owned(),
            resource: target.resource.to_owned(),
            account: Some(target.account.to_owned()),
            region: target.region.to_owned(),
            begun_at: now,
            state: detail.to_owned(),
            steps: Vec::new(),
        };
        insert(&transaction, &task, &Line { phase, step: "", detail, steps: None }, now).map_err(fail)?;
        transaction.commit().map_err(fail)?;
        Ok(task)
    }

    /// Writes down that a planned action is agreed to, with all its steps, before any call.
    ///
    /// # Errors
    /// A database that cannot be written: then nothing may be called.
    pub fn begin_action(&self, planned: &Task, steps: &[Step], now: Timestamp) -> Result<Task, StoreError> {
        let task = Task { begun_at: now, steps: steps.to_vec(), ..planned.clone() };
        let json = serde_json::to_string(steps).map_err(|e| self.broken_action(&task.token, &e))?;
        let line = Line { phase: Phase::Begun, step: "", detail: &task.state, steps: Some(&json) };
        insert(&self.connection, &task, &line, now).map_err(|e| self.error(e))?;
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
        insert(&self.connection, task, &Line { phase, step, detail, steps: None }, now).map_err(|e| self.error(e))
    }

    /// The actions of this kind on this resource that were begun and are neither finished nor abandoned, oldest first.
    ///
    /// # Errors
    /// A database that cannot be read, or that was damaged.
    pub fn unfinished(&self, verb: &str, resource: &str) -> Result<Vec<Task>, StoreError> {
        let mut found = self.unfinished_tasks()?;
        found.retain(|task| task.verb == verb && task.resource == resource);
        Ok(found)
    }

    /// All that were begun and are neither finished nor abandoned, oldest first.
    ///
    /// # Errors
    /// A database that cannot be read, or that was damaged.
    pub fn unfinished_tasks(&self) -> Result<Vec<Task>, StoreError> {
        let mut statement = self
            .connection
            .prepare(
                "SELECT task, verb, resource, account, region, at, detail, steps FROM actions AS begun
                 WHERE phase = 'begun' AND NOT EXISTS (
                     SELECT 1 FROM actions AS ended
                     WHERE ended.task = begun.task AND ended.phase IN ('finished', 'abandoned'))
                 ORDER BY id",
            )
            .map_err(|e| self.error(e))?;
        let rows = statement.query_map([], begun).and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>);
        rows.map_err(|e| self.error(e))?.into_iter().map(|row| self.task(row)).collect()
    }

    /// What cannot be read is an error: an action of which nobody knows when it began, or what it was, is not gone on with.
    fn task(&self, (task, at, steps): (Task, String, Option<String>)) -> Result<Task, StoreError> {
        let begun_at = at.parse().map_err(|e| self.broken_action(&task.token, &e))?;
        let steps = match &steps {
            Some(json) => serde_json::from_str(json).map_err(|e| self.broken_action(&task.token, &e))?,
            None => Vec::new(),
        };
        Ok(Task { begun_at, steps, ..task })
    }

    fn broken_action(&self, token: &str, why: &dyn std::fmt::Display) -> StoreError {
        StoreError::BrokenAction { path: self.path.clone(), token: token.to_owned(), why: why.to_string() }
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

    /// Whether the record of an action has a step that begins so, whatever came of it.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn has_step(&self, task: &Task, beginning: &str) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM actions WHERE task = ?1 AND substr(step, 1, length(?2)) = ?2";
        let found = self.connection.query_row(sql, (&task.token, beginning), |_| Ok(())).optional();
        found.map(|found| found.is_some()).map_err(|e| self.error(e))
    }

    /// The whole record, newest first.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn actions(&self) -> Result<Vec<ActionRow>, StoreError> {
        let mut statement = self
            .connection
            .prepare(
                "SELECT task, at, verb, resource, account, region, step, phase, detail FROM actions ORDER BY id DESC",
            )
            .map_err(|e| self.error(e))?;
        let rows = statement.query_map([], |row| {
            Ok(ActionRow {
                task: row.get(0)?,
                at: row.get(1)?,
                verb: row.get(2)?,
                resource: row.get(3)?,
                account: row.get(4)?,
                region: row.get(5)?,
                step: row.get(6)?,
                phase: row.get(7)?,
                detail: row.get(8)?,
            })
        });
        rows.and_then(Iterator::collect).map_err(|e| self.error(e))
    }
}

fn begun(row: &Row<'_>) -> rusqlite::Result<(Task, String, Option<String>)> {
    let task = Task {
        token: row.get(0)?,
        verb: row.get(1)?,
        resource: row.get(2)?,
        account: row.get(3)?,
        region: row.get(4)?,
        begun_at: Timestamp::MAX,
        state: row.get(6)?,
        steps: Vec::new(),
    };
    Ok((task, row.get(5)?, row.get(7)?))
}

/// What is said of a task.
struct Line<'a> {
    phase: Phase,
    step: &'a str,
    detail: &'a str,
    steps: Option<&'a str>,
}

fn insert(connection: &rusqlite::Connection, task: &Task, line: &Line<'_>, now: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO actions (task, at, verb, resource, account, region, step, phase, detail, steps)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(rusqlite::params![
            task.token,
            now.to_string(),
            task.verb,
            task.resource,
            task.account,
            task.region,
            line.step,
            line.phase.name(),
            line.detail,
            line.steps
        ])?;
    Ok(())
}
