//! `gpucost stop|terminate|snapshot-and-delete|release-address`: look, plan, let AWS check, ask, act, write down.

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal, Write, stderr, stdin};
use std::time::Duration;

use jiff::Timestamp;

use super::actions_run::Runner;
use super::args::{ActionsArgs, ConsentArgs, ReleaseAddressArgs, SnapshotAndDeleteArgs, StopArgs, TerminateArgs};
use super::error::{Exit, Failure};
use super::request::Request;
use super::show;
use super::track::{network_runtime, refuse_as_of, refuse_offline};
use crate::advice::plan::{
    Consent, Plan, Refusal, Step, Verb, plan_release, plan_snapshot_and_delete, plan_stop, plan_terminate,
};
use crate::aws::{Account, ActError, Actor};
use crate::catalog::{RateCard, nearest};
use crate::ledger::{Ledger, derive};
use crate::render::untrusted::visible;
use crate::report::actions::{Ended, Recorded, plan_table, record_table, results_table};
use crate::store::{ActionPhase, Store};

/// What was asked for.
pub struct Asked {
    pub verb: Verb,
    pub ids: Vec<String>,
    pub consent: Consent,
    pub wait: Duration,
    pub look_only: bool,
    pub yes: bool,
}

const USUAL_WAIT: Duration = Duration::from_secs(60 * 60);

impl Asked {
    pub fn of(verb: Verb, ids: &[String], consent: Consent, args: &ConsentArgs) -> Asked {
        Asked { verb, ids: ids.to_vec(), consent, wait: USUAL_WAIT, look_only: args.plan, yes: args.yes }
    }
}

pub fn stop(args: &StopArgs, request: &Request) -> Result<Exit, Failure> {
    let consent = Consent { lose_instance_store: args.lose_instance_store, ..Consent::default() };
    run(Asked::of(Verb::Stop, &args.ids, consent, &args.consent), request)
}

pub fn terminate(args: &TerminateArgs, request: &Request) -> Result<Exit, Failure> {
    let consent =
        Consent { leave_volumes: args.leave_volumes, delete_volumes: args.delete_volumes, ..Consent::default() };
    run(Asked::of(Verb::Terminate, &args.ids, consent, &args.consent), request)
}

pub fn release_address(args: &ReleaseAddressArgs, request: &Request) -> Result<Exit, Failure> {
    let consent = Consent { disassociate: args.disassociate, ..Consent::default() };
    run(Asked::of(Verb::ReleaseAddress, &args.ids, consent, &args.consent), request)
}

pub fn snapshot_and_delete(args: &SnapshotAndDeleteArgs, request: &Request) -> Result<Exit, Failure> {
    let verb = Verb::SnapshotAndDelete;
    let mut ids = args.ids.clone();
    if args.resume {
        ids = Store::open(&request.ledger)?
            .unfinished_tasks(verb.name())?
            .into_iter()
            .map(|task| task.resource)
            .collect();
        if ids.is_empty() {
            return Err(Failure::new("nothing was begun that is not finished").hint("`gpucost actions` has the record"));
        }
    }
    let wait = Duration::from_secs(u64::from(args.wait_minutes) * 60);
    run(Asked { wait, ..Asked::of(verb, &ids, Consent::default(), &args.consent) }, request)
}

/// `gpucost actions`
pub fn record(args: &ActionsArgs, request: &Request) -> Result<Exit, Failure> {
    let rows = Store::open(&request.ledger)?.actions()?;
    let mut table = record_table(rows.iter().take(args.limit).map(|row| Recorded {
        at: &row.at,
        verb: &row.verb,
        resource: &row.resource,
        region: &row.region,
        step: &row.step,
        phase: &row.phase,
        detail: &row.detail,
        task: &row.task,
    }));
    if rows.len() > args.limit {
        table.notes.push(format!("The newest {} of {}: --limit shows more.", args.limit, rows.len()));
    }
    show::tables(&[table], request)
}

/// The whole way of an action.
pub fn run(asked: Asked, request: &Request) -> Result<Exit, Failure> {
    let command = format!("gpucost {}", asked.verb.name());
    refuse_offline(&command, request)?;
    refuse_as_of(&command, request)?;
    // A ledger that cannot be written is said before anything is asked: what is done must be written down.
    let mut store = Store::create(&request.ledger)?;
    let ledger = derive(&store.facts()?, Vec::new(), request.now)?;
    let runtime = network_runtime()?;
    let places = runtime.block_on(places(&asked, &ledger, request))?;
    let mut looked = Looked::default();
    for (region, ids) in places {
        let actor = runtime.block_on(Actor::new(request.profile()?, &region));
        for id in ids {
            let found = runtime.block_on(look(&actor, &asked, &id, request.card()?, &ledger));
            looked.take(&id, &actor, settled(found, &id, &store, &region, asked.look_only)?);
        }
    }
    runtime.block_on(looked.check());
    for refusal in &looked.refused {
        Failure::from(refusal.clone()).print();
    }
    let plans: Vec<Plan> = looked.plans.iter().map(|(plan, _)| plan.clone()).collect();
    if !may_act(&asked, &plans, &looked, request)? {
        return Ok(looked.exit(None));
    }
    let Some(_lock) = store.lock_actions()? else {
        return Err(Failure::new("another gpucost is carrying out actions on this ledger")
            .hint("nothing was changed; run again when it is done"));
    };
    let mut ended: Vec<Ended> = Vec::new();
    for (plan, actor) in &looked.plans {
        let mut runner = Runner { actor, store: &mut store, wait: asked.wait };
        let result = runtime.block_on(runner.carry_out(plan));
        if let Err(failure) = &result {
            failure.print();
        }
        ended.push(Ended { id: plan.id.clone(), result: result.map_err(|failure| failure.message) });
    }
    show::tables(&[results_table(&ended)], request)?;
    Ok(looked.exit(Some(ended.iter().filter(|one| one.result.is_ok()).count())))
}

/// Prints the plan and asks. `false`: nothing is to be done.
fn may_act(asked: &Asked, plans: &[Plan], looked: &Looked, request: &Request) -> Result<bool, Failure> {
    let mut table = plan_table(plans, &looked.refused);
    let by_hand = stdin().is_terminal() && stderr().is_terminal();
    let looks_only = asked.look_only || plans.is_empty() || !(asked.yes || by_hand);
    if looks_only {
        table.notes.push("Nothing was changed.".to_owned());
        if !asked.look_only && !plans.is_empty() {
            table.notes.push("There is no terminal to confirm at: say --yes to do it.".to_owned());
        }
    }
    show::tables(&[table], request)?;
    if looks_only {
        return Ok(false);
    }
    Ok(asked.yes || confirmed(asked.verb, plans))
}

/// Each resource by its own id: a yes is said too easily.
fn confirmed(verb: Verb, plans: &[Plan]) -> bool {
    for plan in plans {
        let name = if plan.name.is_empty() { String::new() } else { format!(" ({})", visible(&plan.name)) };
        // A question that cannot be asked has no answer.
        if write!(stderr(), "Type {} to {} it{name}: ", plan.id, verb.name()).and_then(|()| stderr().flush()).is_err() {
            return false;
        }
        let mut typed = String::new();
        if stdin().lock().read_line(&mut typed).is_err() || typed.trim() != plan.id {
            _ = writeln!(stderr(), "That is not {}: nothing was changed.", plan.id);
            return false;
        }
    }
    true
}

/// In which region each id is: as typed, or as the ledger knows it.
async fn places(asked: &Asked, ledger: &Ledger, request: &Request) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut own: Option<String> = None;
    for id in &asked.ids {
        let region = match (request.ledger_regions.as_slice(), region_of(id, ledger)) {
            ([one], _) => one.clone(),
            ([], Some(known)) => known,
            ([], None) => match request.regions.as_slice() {
                [one] => one.clone(),
                [] => {
                    if own.is_none() {
                        own = Account::resolve(request.profile()?, None).await.region().map(str::to_owned);
                    }
                    own.clone().ok_or_else(|| {
                        Failure::usage(format!("in which region is {}?", visible(id))).hint("name it with --region")
                    })?
                }
                _ => {
                    return Err(
                        Failure::usage(format!("in which region is {}?", visible(id))).hint("name it with --region")
                    );
                }
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

/// What was found of each id.
#[derive(Default)]
struct Looked {
    plans: Vec<(Plan, Actor)>,
    refused: Vec<Refusal>,
}

enum Found {
    Planned(Result<Plan, Refusal>),
    /// An instance stands for its volumes.
    Several(Vec<Result<Plan, Refusal>>),
    /// There is no such volume.
    NoVolume(Refusal),
}

impl Looked {
    fn take(&mut self, id: &str, actor: &Actor, found: Result<Found, Refusal>) {
        let results = match found {
            Ok(Found::Planned(one)) => vec![one],
            Ok(Found::Several(several)) => several,
            Ok(Found::NoVolume(refusal)) => vec![Err(refusal)],
            Err(refusal) => vec![Err(refusal)],
        };
        if results.is_empty() {
            self.refused.push(Refusal::new(id, "it has no volume", "name a volume, vol-…"));
        }
        for result in results {
            match result {
                Ok(plan) if self.plans.iter().any(|(known, _)| known.id == plan.id) => {}
                Ok(plan) => self.plans.push((plan, actor.clone())),
                Err(refusal) => self.refused.push(refusal),
            }
        }
    }

    /// AWS's own word on each call of each plan, before any of them.
    async fn check(&mut self) {
        let mut allowed = Vec::new();
        for (plan, actor) in std::mem::take(&mut self.plans) {
            let mut refused = None;
            for step in &plan.steps {
                if let Err(error) = actor.dry_run(step).await {
                    refused = Some(refusal_of(&plan.id, error));
                    break;
                }
            }
            match refused {
                Some(refusal) => self.refused.push(refusal),
                None => allowed.push((plan, actor)),
            }
        }
        self.plans = allowed;
    }

    /// So many of the plans were carried out; `None`: one only looked.
    fn exit(&self, done: Option<usize>) -> Exit {
        let (done, refused) = (done.unwrap_or(self.plans.len()), self.refused.len());
        match (done, self.plans.len() + refused) {
            (0, _) => Exit::Failed,
            (done, wanted) if done == wanted => Exit::Ok,
            _ => Exit::Partial,
        }
    }
}

/// A volume that an earlier run deleted, and died before it could write that down, is done with.
fn settled(
    found: Result<Found, Refusal>,
    id: &str,
    store: &Store,
    region: &str,
    look_only: bool,
) -> Result<Result<Found, Refusal>, Failure> {
    let Ok(Found::NoVolume(refusal)) = found else { return Ok(found) };
    // In another region it is not gone, it was never there; and who only looks writes nothing down.
    let task = store.unfinished(Verb::SnapshotAndDelete.name(), id)?.filter(|task| task.region == region && !look_only);
    let Some(task) = task else { return Ok(Err(refusal)) };
    if store.is_step_called(&task, &Step::DeleteVolume { volume_id: id.to_owned() }.words())? {
        store.record_step(&task, "", ActionPhase::Finished, "the volume is gone", this_moment())?;
        let done = "an earlier run deleted it, its snapshot complete, and did not come to write that down; it has now";
        return Ok(Err(Refusal::new(id, done, "nothing is left to do")));
    }
    store.record_step(
        &task,
        "",
        ActionPhase::Abandoned,
        "the volume is gone, and not by this action",
        this_moment(),
    )?;
    Ok(Err(refusal))
}

fn refusal_of(id: &str, error: ActError) -> Refusal {
    let (ActError::Refused(error) | ActError::Unsure(error)) = error;
    let hint = error.hint().unwrap_or_else(|| "nothing was changed".to_owned());
    Refusal::new(id, &format!("AWS would not do it: {error}"), &hint)
}

async fn look(actor: &Actor, asked: &Asked, id: &str, card: &RateCard, ledger: &Ledger) -> Result<Found, Refusal> {
    let failed = |error: crate::aws::AwsError| {
        let hint = error.hint().unwrap_or_else(|| "nothing was changed".to_owned());
        Refusal::new(id, &error.to_string(), &hint)
    };
    let none = |what: &str| {
        Refusal::new(id, &format!("there is no such {what} in {}", actor.region()), &elsewhere(id, ledger))
    };
    match (asked.verb, Kind::of(id)) {
        (Verb::Stop, Kind::Instance) => {
            let instance = actor.instance(id).await.map_err(failed)?.ok_or_else(|| none("instance"))?;
            Ok(Found::Planned(plan_stop(&instance, asked.consent, card)))
        }
        (Verb::Terminate, Kind::Instance) => {
            let instance = actor.instance(id).await.map_err(failed)?.ok_or_else(|| none("instance"))?;
            Ok(Found::Planned(plan_terminate(&instance, asked.consent, card)))
        }
        (Verb::SnapshotAndDelete, Kind::Instance) => {
            let instance = actor.instance(id).await.map_err(failed)?.ok_or_else(|| none("instance"))?;
            let plans = instance.volumes.iter().map(|volume| plan_snapshot_and_delete(volume, Some(&instance), card));
            Ok(Found::Several(plans.collect()))
        }
        (Verb::SnapshotAndDelete, Kind::Volume) => {
            let volumes = actor.volumes(&[id.to_owned()]).await.map_err(failed)?;
            let Some(volume) = volumes.into_iter().next() else { return Ok(Found::NoVolume(none("volume"))) };
            let holder = match &volume.attached_to {
                Some(instance) => actor.instance(instance).await.map_err(failed)?,
                None => None,
            };
            Ok(Found::Planned(plan_snapshot_and_delete(&volume, holder.as_ref(), card)))
        }
        (Verb::ReleaseAddress, Kind::Address) => {
            let address = actor.address(id).await.map_err(failed)?.ok_or_else(|| none("Elastic IP"))?;
            Ok(Found::Planned(plan_release(&address, asked.consent, card)))
        }
        (verb, _) => {
            let takes = match verb {
                Verb::Stop | Verb::Terminate => "an instance, i-…",
                Verb::SnapshotAndDelete => "a volume, vol-…, or a stopped instance, i-…",
                Verb::ReleaseAddress => "an Elastic IP, eipalloc-… or its address",
            };
            Err(Refusal::new(id, &format!("`gpucost {}` takes {takes}", verb.name()), "check the id"))
        }
    }
}

/// What the ledger knows that the place asked does not.
fn elsewhere(id: &str, ledger: &Ledger) -> String {
    let known = ledger.instances.keys().chain(ledger.volumes.keys()).chain(ledger.addresses.keys());
    let near = nearest(id, known.map(|id| (id.as_str(), 1)));
    match (region_of(id, ledger), near.as_slice()) {
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

/// The clock of what is written down: an action may take an hour.
pub fn this_moment() -> Timestamp {
    Timestamp::now()
}
