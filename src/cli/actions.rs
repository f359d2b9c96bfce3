//! `gpucost stop|terminate|snapshot-and-delete|release-address`: look, plan, let AWS check, ask, act, write down.

use std::io::{BufRead, IsTerminal, Write, stderr, stdin};
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Runtime;

use super::actions_look::{Looked, Planned, places};
use super::actions_run::Runner;
use super::args::{ActionsArgs, ConsentArgs, ReleaseAddressArgs, SnapshotAndDeleteArgs, StopArgs, TerminateArgs};
use super::error::{Exit, Failure};
use super::pages::Pages;
use super::request::Request;
use super::show;
use super::track::{network_runtime, refuse_as_of, refuse_offline};
use crate::advice::plan::{Consent, Plan, Verb};
use crate::aws::Actor;
use crate::ledger::derive;
use crate::render::untrusted::visible;
use crate::report::actions::{Ended, Recorded, plan_table, record_table, results_table};
use crate::store::{ActionRow, Store, Task};

/// What was asked for.
pub struct Asked {
    pub verb: Verb,
    pub ids: Vec<String>,
    /// All that was begun and is not finished, instead of ids.
    pub resume: bool,
    pub consent: Consent,
    pub wait: Duration,
    pub look_only: bool,
    pub yes: bool,
}

const USUAL_WAIT: Duration = Duration::from_secs(60 * 60);

impl Asked {
    pub fn of(verb: Verb, ids: &[String], consent: Consent, args: &ConsentArgs) -> Asked {
        Asked { verb, ids: ids.to_vec(), resume: false, consent, wait: USUAL_WAIT, look_only: args.plan, yes: args.yes }
    }
}

pub fn stop(args: &StopArgs, request: &Request) -> Result<Exit, Failure> {
    let consent = Consent { lose_instance_store: args.lose_instance_store, ..Consent::default() };
    run(Asked { resume: args.resume, ..Asked::of(Verb::Stop, &args.ids, consent, &args.consent) }, request)
}

pub fn terminate(args: &TerminateArgs, request: &Request) -> Result<Exit, Failure> {
    let consent =
        Consent { leave_volumes: args.leave_volumes, delete_volumes: args.delete_volumes, ..Consent::default() };
    run(Asked { resume: args.resume, ..Asked::of(Verb::Terminate, &args.ids, consent, &args.consent) }, request)
}

pub fn release_address(args: &ReleaseAddressArgs, request: &Request) -> Result<Exit, Failure> {
    let consent = Consent { disassociate: args.disassociate, ..Consent::default() };
    let asked = Asked::of(Verb::ReleaseAddress, &args.ids, consent, &args.consent);
    run(Asked { resume: args.resume, ..asked }, request)
}

pub fn snapshot_and_delete(args: &SnapshotAndDeleteArgs, request: &Request) -> Result<Exit, Failure> {
    let wait = Duration::from_secs(u64::from(args.wait_minutes) * 60);
    let asked = Asked::of(Verb::SnapshotAndDelete, &args.ids, Consent::default(), &args.consent);
    run(Asked { resume: args.resume, wait, ..asked }, request)
}

/// `gpucost actions`
pub fn record(args: &ActionsArgs, request: &Request) -> Result<Exit, Failure> {
    let store = Store::open(&request.ledger)?;
    let rows = store.actions()?;
    let mut table = record_table(rows.iter().take(args.limit).map(recorded));
    if rows.len() > args.limit {
        table.notes.push(format!("The newest {} of {}: --limit shows more.", args.limit, rows.len()));
    }
    table.notes.extend(store.unfinished_tasks()?.iter().map(unfinished_note));
    show::tables(&[table], request)
}

fn recorded(row: &ActionRow) -> Recorded<'_> {
    Recorded {
        at: &row.at,
        verb: &row.verb,
        resource: &row.resource,
        account: row.account.as_deref(),
        region: &row.region,
        step: &row.step,
        phase: &row.phase,
        detail: &row.detail,
        task: &row.task,
    }
}

fn unfinished_note(task: &Task) -> String {
    let Task { verb, resource, region, .. } = task;
    format!("Not finished: {verb} {resource} in {region}. `gpucost {verb} --resume` goes on with it.")
}

/// The whole way of an action.
pub fn run(asked: Asked, request: &Request) -> Result<Exit, Failure> {
    let mut pages = Pages::new(request);
    let ended = act(&asked, request, &mut pages);
    pages.close(ended)
}

/// As one of several on the same pages.
pub fn act(asked: &Asked, request: &Request, pages: &mut Pages<'_>) -> Result<Exit, Failure> {
    let command = format!("gpucost {}", asked.verb.name());
    refuse_offline(&command, request)
        .map_err(|refused| refused.hint("leave --offline out: nothing is done that AWS was not asked about"))?;
    refuse_as_of(&command, request)?;
    // A ledger that cannot be written is said before anything is asked: what is done must be written down.
    let mut store = Store::create(&request.ledger)?;
    let ledger = derive(&store.facts()?, Vec::new(), request.now)?;
    let runtime = network_runtime()?;
    let mut looked = Looked::default();
    for (region, ids) in runtime.block_on(places(asked, &ledger, &store, request))? {
        let actor = runtime.block_on(Actor::new(request.profile()?, &region))?;
        for id in ids {
            let known = (request.card()?, &ledger);
            runtime.block_on(looked.look(&id, &actor, asked, known, &mut store))?;
        }
    }
    runtime.block_on(looked.check(&store))?;
    for refusal in &looked.refused {
        Failure::from(refusal.clone()).print();
    }
    if let Some(why) = why_not(asked, &looked, pages)? {
        looked.skip(why, &store)?;
        return Ok(looked.exit(None));
    }
    if let Some(declined) = declined(asked, &looked) {
        looked.skip("what was typed was not its id", &store)?;
        declined.print();
        return Ok(looked.exit(Some(0)));
    }
    let Some(_lock) = store.lock_actions()? else {
        looked.skip("another gpucost was carrying out actions", &store)?;
        return Err(Failure::new("another gpucost is carrying out actions on this ledger")
            .hint("nothing was changed; run again when it is done"));
    };
    let ended = carry_out(&looked, asked, &store, &runtime);
    pages.show(vec![results_table(&ended)])?;
    Ok(looked.exit(Some(ended.iter().filter(|one| one.result.is_ok()).count())))
}

/// One after the other; one that fails leaves the rest to be done.
fn carry_out(looked: &Looked, asked: &Asked, store: &Store, runtime: &Runtime) -> Vec<Ended> {
    let one = |Planned { plan, actor, task }: &Planned| {
        let result = runtime.block_on(Runner { actor, store, wait: asked.wait }.carry_out(plan, task));
        if let Err(failure) = &result {
            failure.print();
        }
        Ended { id: plan.id.clone(), result: result.map_err(|failure| failure.message) }
    };
    looked.plans.iter().map(one).collect()
}

/// Shows the plan. `None`: it is to be done, once it is agreed to.
fn why_not(asked: &Asked, looked: &Looked, pages: &mut Pages<'_>) -> Result<Option<&'static str>, Failure> {
    let plans: Vec<Plan> = looked.plans.iter().map(|planned| planned.plan.clone()).collect();
    let mut tables = vec![plan_table(&plans, &looked.refused)];
    if !looked.settled.is_empty() {
        tables.push(results_table(&looked.settled));
        // What is over needs no plan.
        if plans.is_empty() && looked.refused.is_empty() {
            tables.remove(0);
        }
    }
    let by_hand = stdin().is_terminal() && stderr().is_terminal();
    let why = match () {
        () if plans.is_empty() => Some("nothing can be done"),
        () if asked.look_only => Some("it was only looked at (--plan)"),
        () if !asked.yes && !by_hand => Some("there was no terminal to confirm at, and no --yes"),
        () => None,
    };
    if let (Some(why), Some(table)) = (why, tables.first_mut()) {
        table.notes.push("Nothing was changed.".to_owned());
        if !asked.look_only && !plans.is_empty() && why.contains("terminal") {
            table.notes.push("There is no terminal to confirm at: say --yes to do it.".to_owned());
        }
    }
    if why.is_none() && !asked.yes {
        pages.preview(&tables);
    }
    pages.show(tables)?;
    Ok(why)
}

/// Asks for each resource by its own id: a yes is said too easily. One that is not confirmed leaves all of them as they
/// are, and that is no success: what was asked for was not done.
fn declined(asked: &Asked, looked: &Looked) -> Option<Failure> {
    let plans = looked.plans.iter().map(|planned| &planned.plan).filter(|_| !asked.yes);
    plans.into_iter().find(|plan| !is_confirmed(asked.verb, plan)).map(|plan| {
        Failure::new(format!("{}: its id was not typed: nothing was done", plan.id))
            .hint("type the id as the question shows it; --plan looks without asking")
    })
}

fn is_confirmed(verb: Verb, plan: &Plan) -> bool {
    let name = if plan.name.is_empty() { String::new() } else { format!(" ({})", visible(&plan.name)) };
    let asked = write!(stderr(), "Type {} to {} it{name}: ", plan.id, verb.name()).and_then(|()| stderr().flush());
    let mut typed = String::new();
    // A question that cannot be asked has no answer.
    asked.is_ok() && stdin().lock().read_line(&mut typed).is_ok() && typed.trim() == plan.id
}

/// The clock of what is written down: an action may take an hour.
pub fn this_moment() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::text::{Style, table};

    #[test]
    fn each_line_of_the_record_says_what_was_to_be_done() {
        let row = |verb, step, phase| Recorded {
            at: "2026-11-01T08:00:00Z",
            verb,
            resource: "vol-0f27be5d9c8a31460",
            account: None,
            region: "us-west-2",
            step,
            phase,
            detail: "",
            task: "0123456789abcdef",
        };
        let rows = [
            row("snapshot-and-delete", "", "planned"),
            row("snapshot-and-delete", "delete vol-0f27be5d9c8a31460", "done"),
        ];
        let shown = table(&record_table(rows.into_iter()), 80, Style::PLAIN);
        let planned = shown.lines().find(|line| line.contains("planned")).unwrap();
        assert!(planned.contains("vol-0f27be5d9c8a31460  snapshot-and-delete"), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines[2].starts_with("At") && lines[2].contains("Phase"), "columns side by side: {shown}");
    }
}
