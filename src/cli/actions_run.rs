//! A plan carried out: each call written down before it and after it, nothing deleted before its copy is seen complete.

use std::time::{Duration, Instant};

use jiff::SignedDuration;

use super::actions::this_moment;
use super::error::Failure;
use crate::advice::plan::{LiveSnapshot, Plan, Refusal, Step, Verb};
use crate::aws::{ActError, Actor, AwsError};
use crate::ledger::InstanceState;
use crate::store::{ActionPhase, Store, Task};

const FIRST_POLL: Duration = Duration::from_millis(500);
const LONGEST_POLL: Duration = Duration::from_secs(15);
/// A volume may have been written to since: an older snapshot of an unfinished action is not relied on.
const SNAPSHOT_HOLDS: SignedDuration = SignedDuration::from_hours(24);
/// A snapshot that was asked for is shown by then.
const SHOWS_WITHIN: Duration = Duration::from_secs(5);
/// How long a volume takes to come off, and an instance to end.
const SETTLES_WITHIN: Duration = Duration::from_secs(10 * 60);

pub struct Runner<'a> {
    pub actor: &'a Actor,
    pub store: &'a mut Store,
    pub wait: Duration,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        Failure::new(&refusal).hint(refusal.instead)
    }
}

impl Runner<'_> {
    /// What was done, in words.
    pub async fn carry_out(&mut self, plan: &Plan) -> Result<String, Failure> {
        // A volume's own plan may be one that an earlier run began, and left between two steps.
        let task = self.task(plan).await?;
        let mut said = Vec::new();
        for step in &plan.steps {
            let words = step.words();
            if !matches!(step, Step::CreateSnapshot { .. }) && self.store.is_step_done(&task, &words)? {
                continue;
            }
            said.push(self.step(plan, &task, step).await?);
        }
        self.store.record_step(&task, "", ActionPhase::Finished, "", this_moment())?;
        said.retain(|words| !words.is_empty());
        Ok(said.join("; "))
    }

    /// The unfinished action of an earlier run, if what it rests on is still so; else a new one.
    async fn task(&mut self, plan: &Plan) -> Result<Task, Failure> {
        let now = this_moment();
        if plan.verb == Verb::SnapshotAndDelete
            && let Some(task) = self.store.unfinished(plan.verb.name(), &plan.id)?
        {
            let detached = plan.steps.iter().all(|step| !matches!(step, Step::DetachVolume { .. }));
            let was_detached_by_it = detached && self.was_detached(&task)?;
            let is_as_it_was = task.state == plan.state || was_detached_by_it;
            if is_as_it_was && now.duration_since(task.begun_at) < SNAPSHOT_HOLDS {
                return Ok(task);
            }
            let why = format!("it was {}, it is {}", task.state, plan.state);
            self.store.record_step(&task, "", ActionPhase::Abandoned, &why, now)?;
        }
        self.refuse_changed(plan).await?;
        Ok(self.store.begin_action(plan.verb.name(), &plan.id, &plan.region, &plan.state, now)?)
    }

    /// Whether the action itself took the volume off, as far as the record goes: a call without a word after it counts.
    fn was_detached(&self, task: &Task) -> Result<bool, Failure> {
        let is_detach = |step: &str| step.starts_with("detach ");
        Ok(self.store.actions()?.iter().any(|row| row.task == task.token && is_detach(&row.step)))
    }

    async fn step(&mut self, plan: &Plan, task: &Task, step: &Step) -> Result<String, Failure> {
        match step {
            Step::CreateSnapshot { volume_id, size_gb } => {
                let snapshot = self.snapshot(task, step).await?;
                self.complete(task, step, &snapshot.id, volume_id, *size_gb).await?;
                // Between the copy and the deletion nothing may have been written.
                self.refuse_changed_since(plan, task).await?;
                Ok(format!("snapshot {} is complete", snapshot.id))
            }
            Step::WaitTerminated { id } => {
                self.settled(id, |state| state == InstanceState::Terminated).await?;
                Ok(String::new())
            }
            _ => {
                self.call(task, step).await?;
                if let Step::DetachVolume { volume_id, .. } = step {
                    self.detached(volume_id).await?;
                }
                Ok(step.words())
            }
        }
    }

    /// One call, written down on both sides.
    async fn call(&mut self, task: &Task, step: &Step) -> Result<(), Failure> {
        let words = step.words();
        self.store.record_step(task, &words, ActionPhase::Calling, "", this_moment())?;
        match self.actor.act(step).await {
            Ok(()) => Ok(self.store.record_step(task, &words, ActionPhase::Done, "", this_moment())?),
            Err(error) => Err(self.failed(task, &words, error)?),
        }
    }

    fn failed(&self, task: &Task, words: &str, error: ActError) -> Result<Failure, Failure> {
        let (phase, hint) = match &error {
            ActError::Refused(error) => (ActionPhase::Failed, error.hint()),
            ActError::Unsure(_) => {
                (ActionPhase::Unsure, Some("run the same command again: it looks first at what is there".to_owned()))
            }
        };
        self.store.record_step(task, words, phase, &error.to_string(), this_moment())?;
        let failure = Failure::new(format!("{}: cannot {words}: {error}", task.resource));
        Ok(match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        })
    }

    /// The snapshot of this action: the one that carries its token, or a new one.
    async fn snapshot(&mut self, task: &Task, step: &Step) -> Result<LiveSnapshot, Failure> {
        let words = step.words();
        // What a run that died had asked for may still be on its way.
        let until =
            Instant::now() + if self.store.is_step_called(task, &words)? { SHOWS_WITHIN } else { Duration::ZERO };
        loop {
            if let Some(found) = self.actor.snapshot_of(&task.token).await? {
                return Ok(found);
            }
            if Instant::now() >= until {
                break;
            }
            tokio::time::sleep(FIRST_POLL).await;
        }
        self.store.record_step(task, &words, ActionPhase::Calling, "", this_moment())?;
        let id = match self.actor.snapshot(step, &task.token).await {
            Ok(id) => id,
            Err(ActError::Unsure(error)) => match self.actor.snapshot_of(&task.token).await? {
                Some(found) => found.id,
                None => return Err(self.failed(task, &words, ActError::Unsure(error))?),
            },
            Err(error) => return Err(self.failed(task, &words, error)?),
        };
        self.actor.snapshot_state(&id).await?.ok_or_else(|| {
            Failure::new(format!("{}: AWS does not show the new snapshot {id} yet", task.resource))
                .hint("nothing was deleted; run the same command again")
        })
    }

    /// Waits until it is a whole copy of this volume.
    async fn complete(
        &mut self,
        task: &Task,
        step: &Step,
        id: &str,
        volume_id: &str,
        size_gb: u32,
    ) -> Result<(), Failure> {
        let (until, mut pause) = (Instant::now() + self.wait, FIRST_POLL);
        loop {
            let seen = self.actor.snapshot_state(id).await?;
            let not_whole = |why: String| {
                Failure::new(format!("{volume_id}: {why}"))
                    .hint("nothing was deleted; run the same command again, or `gpucost snapshot-and-delete --resume`")
            };
            let Some(seen) = seen else { return Err(not_whole(format!("its snapshot {id} is gone"))) };
            if seen.is_complete_of(volume_id, size_gb) {
                self.store.record_step(task, &step.words(), ActionPhase::Done, id, this_moment())?;
                return Ok(());
            }
            if seen.state != "pending" {
                let why =
                    format!("its snapshot {id} is {}, of {} with {} GB", seen.state, seen.volume_id, seen.size_gb);
                self.store.record_step(task, &step.words(), ActionPhase::Failed, &why, this_moment())?;
                self.store.record_step(task, "", ActionPhase::Abandoned, &why, this_moment())?;
                return Err(
                    Failure::new(format!("{volume_id}: {why}")).hint("nothing was deleted; look at the snapshot")
                );
            }
            if Instant::now() >= until {
                return Err(not_whole(format!("its snapshot {id} is not complete yet ({})", seen.progress)));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_POLL);
        }
    }

    async fn refuse_changed(&self, plan: &Plan) -> Result<(), Failure> {
        match self.state_now(plan).await? {
            Some(now) if now == plan.state => Ok(()),
            Some(now) => Err(Refusal::changed(&plan.id, &plan.state, &now).into()),
            None => Err(Refusal::changed(&plan.id, &plan.state, "gone").into()),
        }
    }

    /// After a snapshot: as it was when the action began, or taken off by it.
    async fn refuse_changed_since(&self, plan: &Plan, task: &Task) -> Result<(), Failure> {
        match self.state_now(plan).await? {
            Some(now) if now == plan.state => self.refuse_started_holder(plan).await,
            Some(now) => {
                let refusal = Refusal::changed(&plan.id, &plan.state, &now);
                self.store.record_step(task, "", ActionPhase::Abandoned, &refusal.why, this_moment())?;
                Err(refusal.into())
            }
            None => Err(Refusal::changed(&plan.id, &plan.state, "gone").into()),
        }
    }

    /// A volume of an instance that was started since is written to.
    async fn refuse_started_holder(&self, plan: &Plan) -> Result<(), Failure> {
        for step in &plan.steps {
            let Step::DetachVolume { instance_id, .. } = step else { continue };
            let state = self.actor.instance(instance_id).await?.map(|instance| instance.state);
            if state != Some(InstanceState::Stopped) {
                let now = state.map_or("gone", InstanceState::name);
                return Err(Refusal::changed(&plan.id, &format!("on {instance_id}, which was stopped"), now).into());
            }
        }
        Ok(())
    }

    async fn state_now(&self, plan: &Plan) -> Result<Option<String>, AwsError> {
        Ok(match plan.verb {
            Verb::Stop | Verb::Terminate => self.actor.instance(&plan.id).await?.map(|live| live.state_words()),
            Verb::SnapshotAndDelete => {
                let volumes = self.actor.volumes(std::slice::from_ref(&plan.id)).await?;
                let Some(volume) = volumes.first() else { return Ok(None) };
                let holder = match &volume.attached_to {
                    Some(id) => self.actor.instance(id).await?,
                    None => None,
                };
                Some(volume.state_with(holder.as_ref()))
            }
            Verb::ReleaseAddress => self.actor.address(&plan.id).await?.map(|live| live.state_words()),
        })
    }

    async fn settled(&self, id: &str, is_it: impl Fn(InstanceState) -> bool) -> Result<(), Failure> {
        let until = Instant::now() + SETTLES_WITHIN;
        while self.actor.instance(id).await?.is_some_and(|instance| !is_it(instance.state)) {
            if Instant::now() >= until {
                return Err(
                    Failure::new(format!("{id} does not come to rest")).hint("run the same command again later")
                );
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
