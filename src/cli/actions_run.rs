//! A plan carried out: each call written down before it and after it, nothing deleted before its copy is seen complete.

use std::time::{Duration, Instant};

use jiff::SignedDuration;

use super::actions::this_moment;
use super::error::Failure;
use crate::advice::plan::{Plan, Refusal, Step, Verb};
use crate::aws::{ActError, Actor, AwsError};
use crate::ledger::InstanceState;
use crate::store::{ActionPhase, Store, Task};

/// A volume may have been written to since: an older snapshot of an unfinished action is not relied on.
const SNAPSHOT_HOLDS: SignedDuration = SignedDuration::from_hours(24);
/// How long a volume takes to come off, and an instance to end.
const SETTLES_WITHIN: Duration = Duration::from_secs(10 * 60);
pub const FIRST_POLL: Duration = Duration::from_millis(500);

pub struct Runner<'a> {
    pub actor: &'a Actor,
    pub store: &'a Store,
    pub wait: Duration,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        Failure::new(&refusal).hint(refusal.instead)
    }
}

impl Runner<'_> {
    /// What was done, in words. `planned` is the record of the plan.
    pub async fn carry_out(&self, plan: &Plan, planned: &Task) -> Result<String, Failure> {
        // A volume's own plan may be one that an earlier run began, and left between two steps.
        let task = self.task(plan, planned).await?;
        let mut said = Vec::new();
        for step in &plan.steps {
            let words = step.words();
            if !matches!(step, Step::CreateSnapshot { .. }) && self.store.is_step_done(&task, &words)? {
                continue;
            }
            said.push(self.step(plan, &task, step).await?);
        }
        self.note(&task, "", ActionPhase::Finished, "")?;
        said.retain(|words| !words.is_empty());
        Ok(said.join("; "))
    }

    pub(super) fn note(&self, task: &Task, step: &str, phase: ActionPhase, detail: &str) -> Result<(), Failure> {
        Ok(self.store.record_step(task, step, phase, detail, this_moment())?)
    }

    /// The unfinished action of an earlier run, if what it rests on is still so; else the one that was planned, begun.
    async fn task(&self, plan: &Plan, planned: &Task) -> Result<Task, Failure> {
        let unfinished = self.store.unfinished(plan.verb.name(), &plan.id)?;
        if let Some(token) = &plan.resumes {
            let task = unfinished.into_iter().find(|task| task.token == *token);
            return task.ok_or_else(|| {
                Failure::new(format!("{}: another run has finished it meanwhile", plan.id))
                    .hint("nothing is left to do")
            });
        }
        for task in unfinished.into_iter().filter(|task| task.is_in(self.actor.account(), &plan.region)) {
            if self.may_go_on(plan, &task)? {
                self.note(planned, "", ActionPhase::Skipped, &format!("an earlier run began it: {}", task.token))?;
                return Ok(task);
            }
            let why = format!("it was {}, it is {}: it is begun anew", task.state, plan.state);
            self.note(&task, "", ActionPhase::Abandoned, &why)?;
        }
        self.refuse_changed(plan, planned).await?;
        Ok(self.store.begin_action(planned, &plan.steps, this_moment())?)
    }

    fn may_go_on(&self, plan: &Plan, task: &Task) -> Result<bool, Failure> {
        if plan.verb != Verb::SnapshotAndDelete || this_moment().duration_since(task.begun_at) >= SNAPSHOT_HOLDS {
            return Ok(false);
        }
        if task.state == plan.state {
            return Ok(true);
        }
        // The action itself took the volume off, as far as the record goes: a call without a word after it counts.
        let is_detached = plan.steps.iter().all(|step| !matches!(step, Step::DetachVolume { .. }));
        Ok(is_detached && self.store.has_step(task, "detach ")?)
    }

    async fn step(&self, plan: &Plan, task: &Task, step: &Step) -> Result<String, Failure> {
        match step {
            Step::CreateSnapshot { volume_id, size_gb } => {
                let id = self.whole_copy(task, step, volume_id, *size_gb).await?;
                // Between the copy and the deletion nothing may have been written.
                self.abandon_changed(plan, task).await?;
                Ok(format!("snapshot {id} is complete"))
            }
            Step::WaitTerminated { id } => {
                self.terminated(id).await?;
                Ok(String::new())
            }
            Step::DetachVolume { volume_id, instance_id } => {
                self.call(task, step).await?;
                self.detached(volume_id).await?;
                self.abandon_started(plan, task, instance_id).await?;
                Ok(step.words())
            }
            _ => {
                self.call(task, step).await?;
                Ok(step.words())
            }
        }
    }

    /// One call, written down on both sides. An answer that was lost, and the complaint about the repetition of what was
    /// done already, are no failures: what is there decides.
    async fn call(&self, task: &Task, step: &Step) -> Result<(), Failure> {
        let words = step.words();
        self.note(task, &words, ActionPhase::Calling, "")?;
        let Err(error) = self.actor.act(step).await else { return self.note(task, &words, ActionPhase::Done, "") };
        match self.actor.is_so(step).await {
            Ok(true) => {
                self.note(task, &words, ActionPhase::Done, &format!("AWS shows that it is so; it said: {error}"))
            }
            // What came of the call is what it said.
            Ok(false) | Err(_) => Err(self.failed(task, &words, &error)?),
        }
    }

    pub(super) fn failed(&self, task: &Task, words: &str, error: &ActError) -> Result<Failure, Failure> {
        let (phase, hint) = match error {
            ActError::Refused(error) => (ActionPhase::Failed, error.hint()),
            ActError::Unsure(_) | ActError::Done { .. } => {
                (ActionPhase::Unsure, Some("run the same command again: it looks first at what is there".to_owned()))
            }
        };
        self.note(task, words, phase, &error.to_string())?;
        let failure = Failure::new(format!("{}: cannot {words}: {error}", task.resource));
        Ok(match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        })
    }

    async fn refuse_changed(&self, plan: &Plan, planned: &Task) -> Result<(), Failure> {
        let now = self.state_now(plan).await?;
        if now.as_ref() == Some(&plan.state) {
            return Ok(());
        }
        let refusal = Refusal::changed(&plan.id, &plan.state, now.as_deref().unwrap_or("gone"));
        self.note(planned, "", ActionPhase::Refused, &refusal.why)?;
        Err(refusal.into())
    }

    /// After a snapshot: as it was when the action began, its holder not started since; or taken off by it.
    async fn abandon_changed(&self, plan: &Plan, task: &Task) -> Result<(), Failure> {
        let now = self.state_now(plan).await?;
        if now.as_ref() == Some(&plan.state) {
            return Ok(());
        }
        self.abandon(plan, task, now.as_deref().unwrap_or("gone"))
    }

    /// An instance that was started while its volume was on its way off may have written to it.
    async fn abandon_started(&self, plan: &Plan, task: &Task, instance_id: &str) -> Result<(), Failure> {
        let now = self.actor.instance(instance_id).await?.map(|instance| instance.state_words());
        match now {
            Some(now) if plan.state.ends_with(&now) => Ok(()),
            now => {
                let now = now.unwrap_or_else(|| "gone".to_owned());
                self.abandon(plan, task, &format!("taken off {instance_id}, which is {now}"))
            }
        }
    }

    fn abandon(&self, plan: &Plan, task: &Task, now: &str) -> Result<(), Failure> {
        let refusal = Refusal::changed(&plan.id, &plan.state, now);
        self.note(task, "", ActionPhase::Abandoned, &refusal.why)?;
        Err(refusal.into())
    }

    async fn state_now(&self, plan: &Plan) -> Result<Option<String>, AwsError> {
        Ok(match plan.verb {
            Verb::Stop | Verb::Terminate => self.actor.instance(&plan.id).await?.map(|live| live.state_words()),
            Verb::SnapshotAndDelete => {
                let volumes = self.actor.volumes(std::slice::from_ref(&plan.id)).await?;
                let Some(volume) = volumes.first() else { return Ok(None) };
                let holder = match volume.attachments.as_slice() {
                    [only] => self.actor.instance(&only.to).await?,
                    _ => None,
                };
                Some(volume.state_with(holder.as_ref()))
            }
            Verb::ReleaseAddress => self.actor.address(&plan.id).await?.map(|live| live.state_words()),
        })
    }

    async fn terminated(&self, id: &str) -> Result<(), Failure> {
        let until = Instant::now() + SETTLES_WITHIN;
        while self.actor.instance_state(id).await?.is_some_and(|state| state != InstanceState::Terminated) {
            if Instant::now() >= until {
                return Err(Failure::new(format!("{id} does not come to its end"))
                    .hint("`gpucost terminate --resume` goes on with it later"));
            }
            tokio::time::sleep(FIRST_POLL * 4).await;
        }
        Ok(())
    }

    async fn detached(&self, id: &str) -> Result<(), Failure> {
        let until = Instant::now() + SETTLES_WITHIN;
        let ids = [id.to_owned()];
        while self.actor.volumes(&ids).await?.first().is_some_and(|volume| volume.state != "available") {
            if Instant::now() >= until {
                return Err(Failure::new(format!("{id} does not come off its instance"))
                    .hint("nothing was deleted; run the same command again later"));
            }
            tokio::time::sleep(FIRST_POLL).await;
        }
        Ok(())
    }
}
