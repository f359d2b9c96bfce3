//! What earlier runs began and did not come to finish: settled by what AWS says is there now, or gone on with.

use super::actions::this_moment;
use super::actions_look::{Found, Unseen};
use super::error::Failure;
use crate::advice::plan::{Consent, Refusal, Rest, Step, Verb, plan_rest_of_termination};
use crate::aws::Actor;
use crate::catalog::RateCard;
use crate::ledger::InstanceState;
use crate::report::actions::Ended;
use crate::store::{ActionPhase, Store, Task};

/// The actions of earlier runs on one resource, as far as they can be gone on with from here.
pub struct Left<'a> {
    store: &'a Store,
    /// The newest that was begun in this account and region.
    task: Option<Task>,
}

impl<'a> Left<'a> {
    /// # Errors
    /// A ledger that cannot be read or written.
    pub fn of(store: &'a Store, verb: Verb, id: &str, actor: &Actor) -> Result<Left<'a>, Failure> {
        let mut task = None;
        for found in store.unfinished(verb.name(), id)? {
            if found.is_in(actor.account(), actor.region()) {
                task = Some(found);
            } else if found.account.is_none() && found.region == actor.region() {
                let why = "an older version did not write down in which account: it is not gone on with";
                store.record_step(&found, "", ActionPhase::Abandoned, why, this_moment())?;
            }
        }
        Ok(Left { store, task })
    }

    /// Whether an earlier run did, or may have done, this.
    fn was_called(&self, step: &Step) -> Result<bool, Failure> {
        match &self.task {
            Some(task) => Ok(self.store.is_step_called(task, &step.words())?),
            None => Ok(false),
        }
    }

    fn close(&self, phase: ActionPhase, why: &str) -> Result<(), Failure> {
        if let Some(task) = &self.task {
            self.store.record_step(task, "", phase, why, this_moment())?;
        }
        Ok(())
    }

    /// What it was to do is so: an earlier run did it.
    fn finish(&self, id: &str, state: &str) -> Result<Option<Found>, Failure> {
        self.close(ActionPhase::Finished, &format!("AWS says: {state}"))?;
        let result = Ok(format!("{state}: an earlier run did it, and did not come to write that down; it is now"));
        Ok(Some(Found::Settled(Ended { id: id.to_owned(), result })))
    }

    /// A resource that is not there: deleted, or given back, by the step of an earlier run, or by somebody else.
    pub fn gone(&self, id: &str, by: &Step) -> Result<Option<Found>, Failure> {
        if self.was_called(by)? {
            return self.finish(id, "it is gone");
        }
        self.close(ActionPhase::Abandoned, "it is gone, and not by this action")?;
        Ok(None)
    }

    /// An instance that was to be stopped.
    pub fn stopped(&self, id: &str, state: Option<InstanceState>) -> Result<Option<Found>, Failure> {
        match state {
            Some(state @ (InstanceState::Stopped | InstanceState::Stopping))
                if self.was_called(&Step::StopInstance { id: id.to_owned() })? =>
            {
                self.finish(id, state.name())
            }
            Some(state) if !state.is_stopped() => Ok(None),
            state => {
                let state = state.map_or("gone", InstanceState::name);
                self.close(ActionPhase::Abandoned, &format!("it is {state}, and not by this action"))?;
                Ok(None)
            }
        }
    }

    /// An instance that was to be terminated and is gone, or going: what is left of it is its volumes.
    pub async fn terminated(
        &self,
        id: &str,
        actor: &Actor,
        consent: Consent,
        card: &RateCard,
    ) -> Result<Option<Found>, Unseen> {
        let Some(task) = &self.task else { return Ok(None) };
        if !self.was_called(&Step::TerminateInstance { id: id.to_owned() })? {
            self.close(ActionPhase::Abandoned, "it is gone, and not by this action")?;
            return Ok(None);
        }
        let mut ids = Vec::new();
        for step in &task.steps {
            if let Step::DeleteVolume { volume_id } = step
                && !self.store.is_step_done(task, &step.words()).map_err(Failure::from)?
            {
                ids.push(volume_id.clone());
            }
        }
        let volumes = if ids.is_empty() { Vec::new() } else { actor.volumes(&ids).await? };
        if volumes.is_empty() {
            return Ok(self.finish(id, "it is terminated")?);
        }
        if consent.leave_volumes {
            let names: Vec<&str> = volumes.iter().map(|volume| volume.id.as_str()).collect();
            return Ok(self.finish(id, &format!("it is terminated, and {} left, as was said", names.join(", ")))?);
        }
        let delete = |id: &String| Step::DeleteVolume { volume_id: id.clone() };
        let steps: Vec<Step> = std::iter::once(Step::WaitTerminated { id: id.to_owned() })
            .chain(volumes.iter().map(|volume| delete(&volume.id)))
            .collect();
        let rest = Rest { token: &task.token, id, region: actor.region(), steps: &steps, volumes: &volumes };
        Ok(Some(match plan_rest_of_termination(&rest, card) {
            Ok(plan) => Found::Plan(Box::new(plan)),
            Err(refusal) => Found::Refused(refusal),
        }))
    }
}

/// The ids of what is unfinished, with their regions: only those that were typed, if any were.
pub fn unfinished(store: &Store, verb: Verb, regions: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let mut found: Vec<(String, String)> = Vec::new();
    for task in store.unfinished_tasks()? {
        let is_typed = regions.is_empty() || regions.contains(&task.region);
        let place = (task.region, task.resource);
        if task.verb == verb.name() && is_typed && !found.contains(&place) {
            found.push(place);
        }
    }
    if found.is_empty() {
        return Err(Failure::new("nothing was begun that is not finished").hint("`gpucost actions` has the record"));
    }
    Ok(found)
}

/// What was begun with other credentials is not looked for with these: what is not found would be taken for gone.
pub fn of_another_account(store: &Store, verb: Verb, id: &str, actor: &Actor) -> Result<Option<Refusal>, Failure> {
    let others = store.unfinished(verb.name(), id)?;
    let is_elsewhere = |task: &Task| task.account.as_deref().is_some_and(|account| account != actor.account());
    let Some(task) = others.last().filter(|task| is_elsewhere(task)) else { return Ok(None) };
    let account = task.account.as_deref().unwrap_or_default();
    let why = format!("it was begun in the account {account}, and these credentials are of {}", actor.account());
    Ok(Some(Refusal::new(id, &why, "name that account's profile: --profile")))
}
