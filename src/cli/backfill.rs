//! `gpucost track backfill`: exact times from CloudTrail's event history.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::ToSpan;
use sha2::{Digest, Sha256};

use super::args::BackfillArgs;
use super::error::{Exit, Failure};
use super::request::Request;
use super::show;
use super::track::{disabled_note, failure, network_runtime, refuse_offline, regions};
use crate::aws::{AwsError, LookedUp, Place, Places, look_up_places, seconds_to_cover};
use crate::ledger::Fact;
use crate::report::table::{Cell, Column, Table};
use crate::store::{Import, Recorded, Store};
use crate::time::Period;

const FORMAT: &str = "cloudtrail";

const HOURS_PER_DAY: i64 = 24;

/// Records each place when its lookup is done: what fails is said, the rest is recorded (exit 4).
pub fn run(args: &BackfillArgs, request: &Request) -> Result<Exit, Failure> {
    refuse_offline("gpucost track backfill", request)?;
    let start = request.now.checked_sub((i64::from(args.days) * HOURS_PER_DAY).hours());
    let window = Period { start: start.map_err(Failure::new)?, end: request.now };
    let mut store = Store::create(&request.ledger)?;
    let filled = network_runtime()?.block_on(async {
        let places = Places::resolve(&request.profiles, regions(args.all_regions, request)).await;
        fill(places, window, &mut store, request).await
    });
    filled.failures.iter().for_each(Failure::print);
    if filled.table.rows.is_empty() && !filled.failures.is_empty() {
        return Ok(Exit::Failed);
    }
    show::tables(&[filled.table], request)?;
    Ok(if filled.failures.is_empty() { Exit::Ok } else { Exit::Partial })
}

struct Filled {
    table: Table,
    failures: Vec<Failure>,
}

async fn fill(places: Places, window: Period, store: &mut Store, request: &Request) -> Filled {
    let several = request.profiles.len() > 1;
    let failures = places.failures.into_iter().map(|(profile, error)| failure(profile.as_deref(), several, error));
    let mut filled = Filled { table: empty_table(window), failures: failures.collect() };
    filled.table.notes = places.notes;
    let bar = progress_bar(seconds_to_cover(window) * places.places.len() as u64);
    let ticking = bar.clone();
    let mut lookups = look_up_places(&places.places, window, move |seconds| ticking.inc(seconds));
    while let Some(found) = lookups.next().await {
        filled.take(found, several, store, request);
    }
    bar.finish_and_clear();
    filled.table.rows.sort_by(|a, b| a.iter().map(|cell| &cell.shown).cmp(b.iter().map(|cell| &cell.shown)));
    filled.table.notes.push(
        "CloudTrail tells no shutdown from inside an instance, no volume that comes and goes with its instance, and \
         nothing older than 90 days: there the polls' bounds stand."
            .to_owned(),
    );
    filled
}

impl Filled {
    fn take(&mut self, found: LookedUp, several: bool, store: &mut Store, request: &Request) {
        if matches!(found.failure, Some(AwsError::RegionDisabled { .. })) {
            self.table.notes.push(disabled_note(&found.place));
            return;
        }
        let stopped_early = found.failure.is_some();
        if let Some(error) = &found.failure {
            self.failures.push(failure(found.place.profile(), several, error.clone()));
        }
        // What was read before a lookup broke off is as true as the rest.
        if stopped_early && found.changes.is_empty() {
            return;
        }
        if !found.unreadable.is_empty() {
            self.failures.push(unreadable(&found));
        }
        match record(&found, store, request) {
            Ok(recorded) => self.table.push(row(&found, recorded)),
            Err(failed) => {
                let message = format!("{}: {}", found.place.region, failed.message);
                self.failures.push(Failure { message, ..failed });
            }
        }
    }
}

fn unreadable(found: &LookedUp) -> Failure {
    let named: Vec<&str> = found.unreadable.iter().take(3).map(String::as_str).collect();
    let more = found.unreadable.len() - named.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Failure::new(format!(
        "{}: CloudTrail events that could not be read were left out: {}{more}",
        found.place.region,
        named.join(", ")
    ))
}

/// An import whose identity is its events: the same ones again change nothing.
fn record(found: &LookedUp, store: &mut Store, request: &Request) -> Result<Recorded, Failure> {
    if found.changes.is_empty() {
        return Ok(Recorded::default());
    }
    let file = format!("cloudtrail:{}", found.place.region);
    let import = Import { file: file.clone(), format: FORMAT.to_owned(), imported_at: request.now };
    let mut identity = Sha256::new_with_prefix(&file);
    store.record(&import, false, |recorder| {
        for (line, change) in (1..).zip(&found.changes) {
            recorder.fact(line, &Fact::Changed(change.clone()))?;
            identity.update(format!("{} {}\n", change.event_id, change.resource_id));
        }
        Ok::<_, Failure>(identity.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    })
}

fn empty_table(window: Period) -> Table {
    let columns = vec![
        Column::left("account", "Account"),
        Column::left("region", "Region"),
        Column::right("requests", "Requests"),
        Column::right("events", "Events"),
        Column::right("without_effect", "Without effect"),
        Column::right("changes", "Changes"),
        Column::right("new_facts", "New facts"),
    ];
    let day = |at: jiff::Timestamp| at.strftime("%Y-%m-%d").to_string();
    Table::new("backfill", format!("CloudTrail, {} to {}", day(window.start), day(window.end)), columns)
}

fn row(found: &LookedUp, recorded: Recorded) -> Vec<Cell> {
    let Place { account_id, region, .. } = &found.place;
    let count = |n: u64| Cell::text(n.to_string());
    let account = found.changes.first().map(|change| &change.account).filter(|_| account_id.is_empty());
    let account = account.unwrap_or(account_id);
    vec![
        if account.is_empty() { Cell::missing("unknown") } else { Cell::text(account.clone()) },
        Cell::text(region.clone()),
        count(found.requests),
        count(found.events),
        count(found.without_effect),
        count(found.changes.len() as u64),
        count(recorded.new),
    ]
}

/// By time gone through, all event names and places together; on a terminal only.
fn progress_bar(seconds: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(seconds), ProgressDrawTarget::stderr());
    if let Ok(style) =
        ProgressStyle::with_template("CloudTrail {bar:30} {percent} % of the time gone through, {eta} left")
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(std::time::Duration::from_millis(500));
    bar
}
