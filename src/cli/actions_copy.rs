//! The copy before a deletion: asked for once, found again by its tag, waited for until it is whole.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::actions_run::{FIRST_POLL, Runner};
use super::error::Failure;
use crate::advice::plan::{LiveSnapshot, Step};
use crate::aws::ActError;
use crate::store::{ActionPhase, Task};

const LONGEST_POLL: Duration = Duration::from_secs(15);
/// A snapshot that was asked for is shown by then.
const SHOWS_WITHIN: Duration = Duration::from_secs(5);

impl Runner<'_> {
    /// The id of a snapshot of this action that AWS calls complete.
    pub(super) async fn whole_copy(
        &self,
        task: &Task,
        step: &Step,
        volume_id: &str,
        size_gb: u32,
    ) -> Result<String, Failure> {
        let snapshot = self.snapshot(task, step).await?;
        self.complete(task, step, &snapshot.id, (volume_id, size_gb)).await?;
        Ok(snapshot.id)
    }

    /// The snapshot of this action: the one that carries its token, or a new one.
    async fn snapshot(&self, task: &Task, step: &Step) -> Result<LiveSnapshot, Failure> {
        let words = step.words();
        // What a run that died had asked for may still be on its way.
        let patience = if self.store.is_step_called(task, &words)? { SHOWS_WITHIN } else { Duration::ZERO };
        if let Some(found) = self.shown(task, patience).await? {
            return Ok(found);
        }
        self.note(task, &words, ActionPhase::Calling, "")?;
        let id = match self.actor.snapshot(step, &task.token).await {
            Ok(id) => id,
            // The answer may be lost, and the snapshot made.
            Err(ActError::Unsure(error)) => match self.shown(task, SHOWS_WITHIN).await? {
                Some(found) => found.id,
                None => return Err(self.failed(task, &words, &ActError::Unsure(error))?),
            },
            Err(error) => return Err(self.failed(task, &words, &error)?),
        };
        self.actor.snapshot_state(&id).await?.ok_or_else(|| {
            Failure::new(format!("{}: AWS does not show the new snapshot {id} yet", task.resource))
                .hint("nothing was deleted; run the same command again")
        })
    }

    /// The snapshot that carries the token of this action, as soon as AWS shows it.
    async fn shown(&self, task: &Task, patience: Duration) -> Result<Option<LiveSnapshot>, Failure> {
        let until = Instant::now() + patience;
        loop {
            let found = self.actor.snapshot_of(&task.token).await?;
            if found.is_some() || Instant::now() >= until {
                return Ok(found);
            }
            tokio::time::sleep(FIRST_POLL).await;
        }
    }

    /// Waits until it is a whole copy of this volume.
    async fn complete(
        &self,
        task: &Task,
        step: &Step,
        id: &str,
        (volume_id, size_gb): (&str, u32),
    ) -> Result<(), Failure> {
        let (until, mut pause) = (Instant::now() + self.wait, FIRST_POLL);
        let mut waiting = Waiting::new(format!("snapshot {id} of {volume_id}"));
        loop {
            let not_whole = |why: String| {
                Failure::new(format!("{volume_id}: {why}"))
                    .hint("nothing was deleted; run the same command again, or `gpucost snapshot-and-delete --resume`")
            };
            let seen = self.actor.snapshot_state(id).await?;
            let Some(seen) = seen else { return Err(not_whole(format!("its snapshot {id} is gone"))) };
            if seen.is_complete_of(volume_id, size_gb) {
                return self.note(task, &step.words(), ActionPhase::Done, id);
            }
            if seen.state != "pending" {
                let why =
                    format!("its snapshot {id} is {}, of {} with {} GB", seen.state, seen.volume_id, seen.size_gb);
                self.note(task, &step.words(), ActionPhase::Failed, &why)?;
                self.note(task, "", ActionPhase::Abandoned, &why)?;
                return Err(
                    Failure::new(format!("{volume_id}: {why}")).hint("nothing was deleted; look at the snapshot")
                );
            }
            if Instant::now() >= until {
                return Err(not_whole(format!("its snapshot {id} is not complete yet ({})", seen.progress)));
            }
            waiting.say(&seen.progress);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_POLL);
        }
    }
}

/// What is waited for: a line that moves on a terminal; elsewhere a line for each change.
struct Waiting {
    what: String,
    said: Option<String>,
    bar: ProgressBar,
}

impl Waiting {
    fn new(what: String) -> Waiting {
        let bar = ProgressBar::hidden();
        if stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        Waiting { what, said: None, bar }
    }

    /// `progress` is AWS's word on it: `45%`.
    fn say(&mut self, progress: &str) {
        if self.said.as_deref() == Some(progress) {
            return;
        }
        let done = if progress.is_empty() { "pending" } else { progress };
        let line = format!("waiting for {}: {done}", self.what);
        if self.bar.is_hidden() {
            // A stderr that cannot be written to says nothing; the wait goes on.
            _ = writeln!(stderr(), "{}", crate::render::untrusted::visible(&line));
        } else {
            self.bar.set_message(line);
        }
        self.said = Some(progress.to_owned());
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
