//! `gpucost advise`

use std::sync::Arc;

use jiff::Timestamp;

#[cfg(feature = "aws")]
use super::advise_apply;
#[cfg(feature = "aws")]
use super::args::ConsentArgs;
use super::args::{AdviseArgs, Output};
use super::error::{Exit, Failure};
use super::ledger::{load, load_activity, parse_month};
use super::request::Request;
use super::show;
use super::snooze::{snooze, unsnooze};
use crate::advice::{Advisor, Finding, Sifted, Silences, advise, sift};
use crate::ledger::Ledger;
use crate::money::Usd;
use crate::report::advice::{advice_tables, finding_tables, findings_list, findings_table};
use crate::report::suppressed::{suppressed_notes, suppressed_table};
use crate::report::table::Table;
use crate::store::Store;
use crate::time::Month;

/// Findings shown with their ways out unless more are asked for.
const IN_DETAIL: usize = 5;
/// What saves less a month is not worth a look, unless it is said otherwise.
const USUAL_MIN_USD: Usd = Usd::ONE;

pub fn run(args: &AdviseArgs, request: &Request) -> Result<Exit, Failure> {
    #[cfg(feature = "aws")]
    refuse_consent_to_nothing(args)?;
    let least = min_usd(args, request)?;
    let request = &as_of_month(args, request)?;
    if let Some(id) = &args.unsnooze {
        return unsnooze(id, request);
    }
    let mut ledger = load(request, None)?;
    load_activity(&mut ledger, request)?;
    if let (Some(id), Some(until)) = (&args.snooze, &args.until) {
        return snooze(id, until, &findings(&ledger, &Store::open(&request.ledger)?, request)?, request);
    }
    let advisor = Advisor::new(&ledger, request.card()?, request.thresholds, request.now);
    let lists = shows_a_list(args, request);
    let mut findings = if lists { advisor.list() } else { advisor.findings() };
    let store = Store::open(&request.ledger)?;
    name_owners(&mut findings, &store)?;
    let mut sifted = sifted(findings, &ledger, &store, request)?;
    let all = sifted.told.len();
    sifted.told.retain(|finding| worth_a_month(finding).is_none_or(|saving| saving >= least));
    let mut notes = suppressed_notes(&sifted, lists_suppressed(args.suppressed, request));
    match all - sifted.told.len() {
        0 => {}
        1 => notes.push(format!("1 that saves less than {least} a month is left out (--min-usd).")),
        few => notes.push(format!("{few} that save less than {least} a month are left out (--min-usd).")),
    }
    #[cfg(feature = "aws")]
    if !args.apply.is_empty() {
        return advise_apply::run(args, &sifted.told, request);
    }
    if lists {
        for listed in sifted.told.iter_mut().take(IN_DETAIL) {
            let resource = Arc::clone(&listed.resource);
            *listed = advisor.whole(listed).map_or_else(|| listed.clone(), |whole| Finding { resource, ..whole });
        }
    }
    let tables = tables(&sifted, notes, args.suppressed, request);
    show::tables(&tables, request)?;
    let found = !sifted.told.is_empty();
    // The process ends: to give back the texts of a fleet one by one takes as long as to print them.
    std::mem::forget((tables, sifted, advisor));
    std::mem::forget(ledger);
    Ok(if args.fail_on_findings && found { Exit::Findings } else { Exit::Ok })
}

/// Who says --yes or --plan means to do something: advice alone would look as if it were done.
#[cfg(feature = "aws")]
fn refuse_consent_to_nothing(args: &AdviseArgs) -> Result<(), Failure> {
    let said = match args.consent {
        _ if !args.apply.is_empty() => return Ok(()),
        ConsentArgs { yes: true, .. } => "--yes",
        ConsentArgs { plan: true, .. } => "--plan",
        _ => return Ok(()),
    };
    Err(Failure::usage(format!("{said} is about what is to be done, and nothing was named"))
        .hint(format!("name the rule: gpucost advise --apply RULE {said}, or leave {said} out")))
}

/// A line for each finding and the whole of the first few: for a fleet the whole of all is most of the work.
fn shows_a_list(args: &AdviseArgs, request: &Request) -> bool {
    #[cfg(feature = "aws")]
    if !args.apply.is_empty() {
        return false;
    }
    !request.verbose && !args.suppressed && matches!(request.output, Output::Table | Output::Md)
}

fn min_usd(args: &AdviseArgs, request: &Request) -> Result<Usd, Failure> {
    // What is named to be done is done, whatever it saves.
    #[cfg(feature = "aws")]
    if !args.apply.is_empty() && args.min_usd.is_none() {
        return Ok(Usd::ZERO);
    }
    let Some(text) = &args.min_usd else { return Ok(request.advice.min_usd.unwrap_or(USUAL_MIN_USD)) };
    let least: Usd = text.parse().map_err(|e| Failure::usage(format!("--min-usd: {e}")))?;
    if least.is_negative() { Err(Failure::usage(format!("--min-usd: {text} is negative"))) } else { Ok(least) }
}

/// As of the month's end, or of now if that is to come.
fn as_of_month(args: &AdviseArgs, request: &Request) -> Result<Request, Failure> {
    let Some(text) = &args.month else { return Ok(request.clone()) };
    if request.is_as_of {
        return Err(Failure::usage("--month and --as-of exclude each other")
            .hint("name one: --month is as of its end, or of now in the month that is not over"));
    }
    let month = parse_month(text)?;
    if month.period().start > request.now {
        return Err(Failure::usage(format!("--month: {month} has not begun"))
            .hint(format!("name a month up to {}", Month::of(request.now))));
    }
    Ok(Request { now: month.period().end.min(request.now), ..request.clone() })
}

/// The most that it saves a month; of what saves nothing before an instance goes, what it saves then.
fn worth_a_month(finding: &Finding) -> Option<Usd> {
    let saving = finding.saving_per_month.most();
    if saving.is_some_and(|saving| !saving.is_zero()) {
        return saving;
    }
    let (keep, instead) = (finding.choices.first()?, finding.recommended()?);
    keep.per_month.clone().less(instead.per_month.clone()).most()
}

/// For people each finding with its ways out, for programs flat tables that name their finding.
fn tables(sifted: &Sifted, notes: Vec<String>, with_suppressed: bool, request: &Request) -> Vec<Table> {
    let Sifted { told, suppressed, .. } = sifted;
    let mut tables = match request.output {
        Output::Json => advice_tables(told, request.now),
        Output::Csv => vec![findings_table(told, request.now)],
        Output::Table | Output::Md => in_words(told, request.verbose, request.now),
    };
    if let Some(list) = tables.first_mut() {
        list.notes.extend(notes);
    }
    let is_listed = lists_suppressed(with_suppressed, request);
    if request.output == Output::Json || is_listed && !suppressed.is_empty() {
        tables.push(suppressed_table(suppressed));
    }
    tables
}

fn lists_suppressed(asked: bool, request: &Request) -> bool {
    asked || request.output == Output::Json || request.verbose && request.output != Output::Csv
}

/// The list of all findings, then the first of them, or all, with charges, ways out, evidence and commands.
pub fn in_words(findings: &[Finding], all: bool, now: Timestamp) -> Vec<Table> {
    let mut list = if all { findings_table(findings, now) } else { findings_list(findings, now) };
    let detailed = if all { findings.len() } else { IN_DETAIL };
    if detailed < findings.len() {
        list.notes.push(format!("In detail: the first {detailed}; with -v all {}.", findings.len()));
    }
    std::iter::once(list).chain(findings.iter().take(detailed).flat_map(finding_tables)).collect()
}

pub fn findings(ledger: &Ledger, store: &Store, request: &Request) -> Result<Vec<Finding>, Failure> {
    let mut findings = advise(ledger, request.card()?, request.thresholds, request.now);
    name_owners(&mut findings, store)?;
    Ok(findings)
}

/// Volumes and addresses do not name their account: the polls that saw them do.
fn name_owners(findings: &mut [Finding], store: &Store) -> Result<(), Failure> {
    let is_homeless = |finding: &&Finding| finding.resource.account.is_empty();
    let owners = store.owners(findings.iter().filter(is_homeless).map(|finding| finding.resource.id.as_str()))?;
    for finding in findings.iter_mut().filter(|finding| finding.resource.account.is_empty()) {
        if let Some(owner) = owners.get(&finding.resource.id) {
            Arc::make_mut(&mut finding.resource).account.clone_from(owner);
        }
    }
    Ok(())
}

/// Told from what tags, the config file and the ledger's snoozes say to leave be.
pub fn sifted(findings: Vec<Finding>, ledger: &Ledger, store: &Store, request: &Request) -> Result<Sifted, Failure> {
    let silences = Silences { exceptions: request.advice.exceptions()?, snoozes: store.snoozes()? };
    Ok(sift(findings, ledger, &silences, request.now))
}
