//! What is asked for, looked at: where each id is, what is there, and the plan or the refusal that follows.

use std::collections::BTreeMap;

use super::actions::{Asked, this_moment};
use super::actions_left::{Left, of_another_account, unfinished};
use super::error::{Exit, Failure};
use super::request::Request;
use crate::advice::plan::{
    Plan, Refusal, Step, Verb, plan_release, plan_snapshot_and_delete, plan_stop, plan_terminate,
};
use crate::aws::{Account, ActError, Actor, AwsError};
use crate::catalog::{RateCard, nearest};
use crate::ledger::Ledger;
use crate::render::untrusted::visible;
use crate::report::actions::Ended;
use crate::store::{ActionPhase, ActionTarget, Store, Task};

/// In which region each id is: as it was begun, as typed, or as the ledger knows it.
pub async fn places(
    asked: &Asked,
    ledger: &Ledger,
    store: &Store,
    request: &Request,
) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if asked.resume {
        for (region, id) in unfinished(store, asked.verb, &request.ledger_regions)? {
            places.entry(region).or_default().push(id);
        }
        return Ok(places);
    }
    let mut own: Option<String> = None;
    for id in &asked.ids {
        let unknown = || Failure::usage(format!("in which region is {}?", visible(id))).hint("name it with --region");
        let region = match (request.ledger_regions.as_slice(), region_of(id, ledger)) {
            ([one], _) => one.clone(),
            ([], Some(known)) => known,
            ([], None) => match request.regions.as_slice() {
                [one] => one.clone(),
                [] => {
                    if own.is_none() {
                        own = Account::resolve(request.profile()?, None).await.region().map(str::to_owned);
                    }
                    own.clone().ok_or_else(unknown)?
                }
                _ => return Err(unknown()),
            },
            _ => return Err(Failure::usage("an action takes one --region")),
        };
        let ids = places.entry(region).or_default();
        if !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    Ok(places)
}

fn region_of(id: &str, ledger: &Ledger) -> Option<String> {
    let instance = ledger.instances.get(id).map(|(_, seen)| &seen.region);
    let volume = || ledger.volumes.get(id).map(|(_, seen)| &seen.region);
    let address = || {
        let is_it = |seen: &&crate::ledger::AddressSeen| seen.allocation_id == id || seen.public_ip == id;
        ledger.addresses.values().map(|(_, seen)| seen).find(is_it).map(|seen| &seen.region)
    };
    instance.or_else(volume).or_else(address).cloned()
}

/// A plan with who would carry it out and where it is written down.
pub struct Planned {
    pub plan: Plan,
    pub actor: Actor,
    pub task: Task,
}

/// What was found of each id.
#[derive(Default)]
pub struct Looked {
    pub plans: Vec<Planned>,
    pub refused: Vec<Refusal>,
    /// What an earlier run did and did not come to write down.
    pub settled: Vec<Ended>,
}

/// What was found of one id.
pub enum Found {
    Plan(Box<Plan>),
    Refused(Refusal),
    Settled(Ended),
}

impl From<Result<Plan, Refusal>> for Found {
    fn from(planned: Result<Plan, Refusal>) -> Found {
        match planned {
            Ok(plan) => Found::Plan(Box::new(plan)),
            Err(refusal) => Found::Refused(refusal),
        }
    }
}

impl Looked {
    /// Looks at one id; what is planned or refused is written down.
    ///
    /// # Errors
    /// A ledger that cannot be read or written.
    pub async fn look(
        &mut self,
        id: &str,
        actor: &Actor,
        asked: &Asked,
        (card, ledger): (&RateCard, &Ledger),
        store: &mut Store,
    ) -> Result<(), Failure> {
        let look = Look { actor, asked, id, card, ledger, store };
        let mut found = match look.found().await {
            Ok(found) => found,
            // What cannot be looked at is not touched; the others are.
            Err(Unseen::Aws(error)) => vec![Found::Refused(unseen(id, &error))],
            Err(Unseen::Here(failure)) => return Err(failure),
        };
        if found.is_empty() {
            found.push(Found::Refused(Refusal::new(id, "it has no volume", "name a volume, vol-…")));
        }
        for one in found {
            self.take(one, actor, asked.verb, store)?;
        }
        Ok(())
    }

    fn take(&mut self, found: Found, actor: &Actor, verb: Verb, store: &mut Store) -> Result<(), Failure> {
        let (account, region) = (actor.account(), actor.region());
        let target = |resource| ActionTarget { verb: verb.name(), resource, account, region };
        match found {
            Found::Settled(ended) => self.settled.push(ended),
            Found::Plan(plan) if self.plans.iter().any(|known| known.plan.id == plan.id) => {}
            Found::Plan(plan) => {
                let task = match &plan.resumes {
                    Some(token) => resumed(store, &plan, token)?,
                    None => store.plan_action(target(&plan.id), ActionPhase::Planned, &plan.state, this_moment())?,
                };
                self.plans.push(Planned { plan: *plan, actor: actor.clone(), task });
            }
            Found::Refused(refusal) => {
                store.plan_action(target(&refusal.id), ActionPhase::Refused, &refusal.why, this_moment())?;
                self.refused.push(refusal);
            }
        }
        Ok(())
    }

    /// AWS's own word on each call of each plan, before any of them.
    ///
    /// # Errors
    /// What was done though it was only asked about: then nothing more is asked.
    pub async fn check(&mut self, store: &Store) -> Result<(), Failure> {
        for planned in std::mem::take(&mut self.plans) {
            let Planned { plan, actor, task } = &planned;
            let mut refused = None;
            for step in &plan.steps {
                match actor.dry_run(step).await {
                    Ok(()) => {}
                    Err(error @ ActError::Done { .. }) => return Err(done_unasked(&error, step, task, store)?),
                    Err(ActError::Refused(error) | ActError::Unsure(error)) => {
                        store.record_step(
                            task,
                            &step.words(),
                            ActionPhase::Refused,
                            &error.to_string(),
                            this_moment(),
                        )?;
                        refused = Some(not_allowed(&plan.id, &error));
                        break;
                    }
                }
            }
            match refused {
                Some(refusal) => self.refused.push(refusal),
                None => {
                    store.record_step(task, "", ActionPhase::Allowed, "", this_moment())?;
                    self.plans.push(planned);
                }
            }
        }
        Ok(())
    }

    /// Nobody said yes.
    ///
    /// # Errors
    /// A ledger that cannot be written.
    pub fn skip(&self, why: &str, store: &Store) -> Result<(), Failure> {
        for planned in &self.plans {
            store.record_step(&planned.task, "", ActionPhase::Skipped, why, this_moment())?;
        }
        Ok(())
    }

    /// So many of the plans were carried out; `None`: one only looked.
    pub fn exit(&self, done: Option<usize>) -> Exit {
        let done = done.unwrap_or(self.plans.len()) + self.settled.len();
        match (done, self.plans.len() + self.settled.len() + self.refused.len()) {
            (0, _) => Exit::Failed,
            (done, wanted) if done == wanted => Exit::Ok,
            _ => Exit::Partial,
        }
    }
}

/// The record that a plan goes on with.
fn resumed(store: &Store, plan: &Plan, token: &str) -> Result<Task, Failure> {
    let mut tasks = store.unfinished(plan.verb.name(), &plan.id)?;
    tasks.retain(|task| task.token == token);
    let task = tasks.pop().ok_or_else(|| {
        Failure::new(format!("{}: another run went on with it just now", plan.id))
            .hint("look again: run the command anew")
    })?;
    store.record_step(&task, "", ActionPhase::Planned, &plan.state, this_moment())?;
    Ok(task)
}

/// Something has been done: that is written down and said at once.
fn done_unasked(error: &ActError, step: &Step, task: &Task, store: &Store) -> Result<Failure, Failure> {
    let why = error.to_string();
    store.record_step(task, &step.words(), ActionPhase::Done, &why, this_moment())?;
    let words = step.words();
    Ok(Failure::new(format!("{}: {why}: {words}", task.resource)).hint(
        "look at what is there now; what answers for AWS does not heed DryRun: check AWS_ENDPOINT_URL and any proxy. \
         Nothing more was asked of it",
    ))
}

fn unseen(id: &str, error: &AwsError) -> Refusal {
    let hint = error.hint().unwrap_or_else(|| "nothing was changed".to_owned());
    Refusal::new(id, &error.to_string(), &hint)
}

fn not_allowed(id: &str, error: &AwsError) -> Refusal {
    let hint = error.hint().unwrap_or_else(|| "nothing was changed".to_owned());
    Refusal::new(id, &format!("AWS would not do it: {error}"), &hint)
}

/// Why nothing was found: AWS did not tell of it, or this computer's ledger cannot be used.
pub enum Unseen {
    Aws(AwsError),
    Here(Failure),
}

impl From<AwsError> for Unseen {
    fn from(error: AwsError) -> Unseen {
        Unseen::Aws(error)
    }
}

impl From<Failure> for Unseen {
    fn from(failure: Failure) -> Unseen {
        Unseen::Here(failure)
    }
}

struct Look<'a> {
    actor: &'a Actor,
    asked: &'a Asked,
    id: &'a str,
    card: &'a RateCard,
    ledger: &'a Ledger,
    store: &'a Store,
}

impl Look<'_> {
    async fn found(&self) -> Result<Vec<Found>, Unseen> {
        let Look { actor, asked, id, store, .. } = self;
        if asked.resume
            && let Some(refusal) = of_another_account(store, asked.verb, id, actor)?
        {
            return Ok(vec![Found::Refused(refusal)]);
        }
        let left = Left::of(store, asked.verb, id, actor)?;
        let one = match (asked.verb, Kind::of(id)) {
            (Verb::Stop, Kind::Instance) => self.stop(&left).await?,
            (Verb::Terminate, Kind::Instance) => self.terminate(&left).await?,
            (Verb::SnapshotAndDelete, Kind::Instance) => return self.volumes_of_instance().await,
            (Verb::SnapshotAndDelete, Kind::Volume) => self.volume(&left).await?,
            (Verb::ReleaseAddress, Kind::Address) => self.address(&left).await?,
            (verb, _) => {
                let takes = match verb {
                    Verb::Stop | Verb::Terminate => "an instance, i-…",
                    Verb::SnapshotAndDelete => "a volume, vol-…, or a stopped instance, i-…",
                    Verb::ReleaseAddress => "an Elastic IP, eipalloc-… or its address",
                };
                let why = format!("`gpucost {}` takes {takes}", verb.name());
                Found::Refused(Refusal::new(id, &why, "check the id"))
            }
        };
        Ok(vec![one])
    }

    fn none(&self, what: &str) -> Found {
        let why = format!("there is no such {what} in {}", self.actor.region());
        Found::Refused(Refusal::new(self.id, &why, &elsewhere(self.id, self.actor.region(), self.ledger)))
    }

    async fn stop(&self, left: &Left<'_>) -> Result<Found, Unseen> {
        let instance = self.actor.instance(self.id).await?;
        if let Some(settled) = left.stopped(self.id, instance.as_ref().map(|instance| instance.state))? {
            return Ok(settled);
        }
        let Some(instance) = instance else { return Ok(self.none("instance")) };
        Ok(plan_stop(&instance, self.asked.consent, self.card).into())
    }

    async fn terminate(&self, left: &Left<'_>) -> Result<Found, Unseen> {
        let instance = self.actor.instance(self.id).await?;
        if instance.as_ref().is_none_or(|instance| instance.is_gone())
            && let Some(rest) = left.terminated(self.id, self.actor, self.asked.consent, self.card).await?
        {
            return Ok(rest);
        }
        let Some(instance) = instance else { return Ok(self.none("instance")) };
        Ok(plan_terminate(&instance, self.asked.consent, self.card).into())
    }

    async fn volumes_of_instance(&self) -> Result<Vec<Found>, Unseen> {
        let Some(instance) = self.actor.instance(self.id).await? else { return Ok(vec![self.none("instance")]) };
        let plan = |volume| plan_snapshot_and_delete(volume, Some(&instance), self.card).into();
        Ok(instance.volumes.iter().map(plan).collect())
    }

    async fn volume(&self, left: &Left<'_>) -> Result<Found, Unseen> {
        let volumes = self.actor.volumes(&[self.id.to_owned()]).await?;
        let Some(volume) = volumes.into_iter().next() else {
            let gone = left.gone(self.id, &Step::DeleteVolume { volume_id: self.id.to_owned() })?;
            return Ok(gone.unwrap_or_else(|| self.none("volume")));
        };
        let holder = match volume.attachments.as_slice() {
            [only] if only.to.starts_with("i-") => self.actor.instance(&only.to).await?,
            _ => None,
        };
        Ok(plan_snapshot_and_delete(&volume, holder.as_ref(), self.card).into())
    }

    async fn address(&self, left: &Left<'_>) -> Result<Found, Unseen> {
        let Some(address) = self.actor.address(self.id).await? else {
            let gone = left.gone(self.id, &Step::ReleaseAddress { allocation_id: self.id.to_owned() })?;
            return Ok(gone.unwrap_or_else(|| self.none("Elastic IP")));
        };
        let user = match self.asked.consent.disassociate {
            true => self.actor.address_user(&address).await?,
            false => None,
        };
        Ok(plan_release(&address, user.as_ref(), self.asked.consent, self.card).into())
    }
}

/// What the ledger knows that the place asked does not.
fn elsewhere(id: &str, asked: &str, ledger: &Ledger) -> String {
    let known = ledger.instances.keys().chain(ledger.volumes.keys()).chain(ledger.addresses.keys());
    let near = nearest(id, known.map(|id| (id.as_str(), 1)));
    match (region_of(id, ledger), near.as_slice()) {
        (Some(region), _) if region == asked => {
            "the ledger saw it there: it is gone, which `gpucost track` records, or of another account: check --profile"
                .to_owned()
        }
        (Some(region), _) => format!("the ledger has it in {region}: check --region and --profile"),
        (None, [near, ..]) => format!("did you mean {near}? Check the id, --region and --profile"),
        (None, []) => "check the id, --region and --profile".to_owned(),
    }
}

enum Kind {
    Instance,
    Volume,
    Address,
    Other,
}

impl Kind {
    fn of(id: &str) -> Kind {
        if id.starts_with("i-") {
            Kind::Instance
        } else if id.starts_with("vol-") {
            Kind::Volume
        } else if id.starts_with("eipalloc-") || id.parse::<std::net::Ipv4Addr>().is_ok() {
            Kind::Address
        } else {
            Kind::Other
        }
    }
}
