//! `gpucost track`: one look at each place, recorded.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Runtime;

use super::alerts;
use super::args::{SignalsArgs, TrackArgs};
use super::error::{Exit, Failure};
use super::pages::Pages;
use super::request::Request;
use super::signals;
use crate::aws::{AwsError, Place, Places, Polled, Regions, poll_places};
use crate::ledger::{Fact, InstanceState};
use crate::report::table::{Cell, Column, Table};
use crate::store::{Poll, Store};

impl From<AwsError> for Failure {
    fn from(error: AwsError) -> Failure {
        let hint = error.hint();
        Failure { hint, ..Failure::new(error) }
    }
}

/// Records each place in a transaction of its own, as its answer comes: what fails is said, the rest is recorded
/// (exit 4).
pub fn run(args: &TrackArgs, request: &Request) -> Result<Exit, Failure> {
    refuse_offline("gpucost track", request)?;
    refuse_as_of("gpucost track", request)?;
    // A ledger that cannot be written is said before AWS is asked.
    let mut store = Store::create(&request.ledger)?;
    let round = network_runtime()?.block_on(async {
        let places = Places::resolve(&request.profiles, regions(args.all_regions, request)).await;
        let mut round = Round::of(places.failures, places.notes, request);
        round.poll(&places.places, &mut store, Timestamp::now).await;
        round
    });
    round.failures.iter().for_each(Failure::print);
    if round.polls.is_empty() && !round.failures.is_empty() {
        return Ok(Exit::Failed);
    }
    let mut tables = vec![round.table()];
    let mut failed = !round.failures.is_empty();
    if args.signals || request.signals.with_track.unwrap_or(false) {
        match signals::collect(&SignalsArgs::default(), request, &mut store) {
            Ok(collected) => {
                collected.failures.iter().for_each(Failure::print);
                failed |= !collected.failures.is_empty();
                tables.extend(collected.tables);
            }
            // What was seen is recorded and shown all the same.
            Err(failure) => {
                failure.print();
                failed = true;
            }
        }
    }
    let mut pages = Pages::new(request);
    pages.show(tables)?;
    let alerted = alerts::after_track(request, &mut pages).unwrap_or_else(|failure| {
        failure.print();
        Exit::Partial
    });
    pages.close(Ok(if failed { Exit::Partial } else { alerted }))
}

pub(super) fn refuse_offline(command: &str, request: &Request) -> Result<(), Failure> {
    if !request.offline {
        return Ok(());
    }
    Err(Failure::usage(format!("`{command}` asks AWS, and --offline forbids it"))
        .hint("import what the AWS CLI printed instead: `gpucost usage import instances.json volumes.json`"))
}

/// What is there now would be recorded as seen at another time.
pub(super) fn refuse_as_of(command: &str, request: &Request) -> Result<(), Failure> {
    if !request.is_as_of {
        return Ok(());
    }
    Err(Failure::usage(format!("`{command}` records what is there now, and --as-of names another time"))
        .hint("leave --as-of out; what happened earlier is in CloudTrail: `gpucost track backfill`"))
}

pub(super) fn network_runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::new(format!("cannot start the network runtime: {e}")))
}

pub(super) fn regions(all: bool, request: &Request) -> Regions<'_> {
    if all { Regions::Enabled } else { Regions::Named(&request.regions) }
}

/// One look at all places: what was recorded, what failed.
pub(super) struct Round {
    pub polls: Vec<PlacePolled>,
    pub failures: Vec<Failure>,
    pub notes: Vec<String>,
    /// Messages name the profile.
    several: bool,
}

/// What was there; `None`: the list did not come back whole.
pub(super) struct PlacePolled {
    pub account: String,
    pub region: String,
    running: Option<usize>,
    stopped: Option<usize>,
    volumes: Option<usize>,
    addresses: Option<usize>,
    snapshots: Option<usize>,
    images: Option<usize>,
    new: u64,
}

/// With the profile, where there are several.
pub(super) fn failure(profile: Option<&str>, several: bool, error: AwsError) -> Failure {
    let names_it = matches!(error, AwsError::Credentials { .. });
    let failure = Failure::from(error);
    match profile {
        Some(profile) if several && !names_it => {
            Failure { message: format!("profile `{profile}`: {}", failure.message), ..failure }
        }
        _ => failure,
    }
}

impl Round {
    /// A round that has not asked yet: what stood in the way of knowing where to.
    pub fn of(failures: Vec<(Option<String>, AwsError)>, notes: Vec<String>, request: &Request) -> Round {
        let several = request.profiles.len() > 1;
        let failures = failures.into_iter().map(|(profile, error)| failure(profile.as_deref(), several, error));
        Round { polls: Vec::new(), failures: failures.collect(), notes, several }
    }

    /// Asks all places and records each answer as it comes.
    pub async fn poll(&mut self, places: &[Place], store: &mut Store, clock: fn() -> Timestamp) {
        // One in the second of the last would be taken for the same. What cannot be read is told when it is recorded.
        let looked_at = store.watched().unwrap_or_default().into_iter().map(|watched| watched.last.as_second()).max();
        if looked_at == Some(clock().as_second()) {
            tokio::time::sleep(until_next_second(clock())).await;
        }
        let mut polls = poll_places(places, clock);
        while let Some(polled) = polls.next().await {
            self.take(polled, store);
        }
        self.polls.sort_by(|a, b| (&a.account, &a.region).cmp(&(&b.account, &b.region)));
        self.notes.sort();
        self.failures.sort_by(|a, b| a.message.cmp(&b.message));
    }

    fn take(&mut self, polled: Polled, store: &mut Store) {
        let Polled { place, poll, failures, is_disabled, clock_behind } = polled;
        self.failures.extend(failures.into_iter().map(|error| failure(place.profile(), self.several, error)));
        if is_disabled {
            self.notes.push(disabled_note(&place));
        }
        if let Some(ahead) = clock_behind {
            self.notes.push(format!(
                "{}: an instance starts {} s after it was seen: AWS's clock is ahead of this computer's. Set it right: \
                 what has no time of its own is bounded by it.",
                place.region,
                ahead.as_secs().max(1)
            ));
        }
        let Some(poll) = poll else { return };
        match store.record_poll(&poll) {
            Ok(recorded) => self.polls.push(PlacePolled::of(&poll, recorded.new)),
            Err(error) => {
                let failed = Failure::from(error);
                let message = format!("{}: {}", place.region, failed.message);
                self.failures.push(Failure { message, ..failed });
            }
        }
    }

    fn table(&self) -> Table {
        let columns = vec![
            Column::left("account", "Account"),
            Column::left("region", "Region"),
            Column::right("running", "Running"),
            Column::right("stopped", "Stopped"),
            Column::right("volumes", "Volumes"),
            Column::right("addresses", "Addresses").detail(),
            Column::right("snapshots", "Snapshots").detail(),
            Column::right("images", "Images").detail(),
            Column::right("new_facts", "New facts"),
        ];
        let mut table = Table::new("polls", "Recorded", columns);
        let count = |n: Option<usize>| n.map_or_else(|| Cell::missing("unknown"), |n| Cell::text(n.to_string()));
        for poll in &self.polls {
            table.push(vec![
                if poll.account.is_empty() { Cell::missing("unknown") } else { Cell::text(poll.account.clone()) },
                Cell::text(poll.region.clone()),
                count(poll.running),
                count(poll.stopped),
                count(poll.volumes),
                count(poll.addresses),
                count(poll.snapshots),
                count(poll.images),
                Cell::text(poll.new.to_string()),
            ]);
        }
        table.notes.clone_from(&self.notes);
        table
    }
}

fn until_next_second(now: Timestamp) -> Duration {
    Duration::from_nanos(1_000_000_000 - u64::from(now.subsec_nanosecond().unsigned_abs()))
}

pub(super) fn disabled_note(place: &Place) -> String {
    format!("{} is not enabled in account {}: nothing can be there.", place.region, place.account_id)
}

impl PlacePolled {
    fn of(poll: &Poll, new: u64) -> PlacePolled {
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        let (mut running, mut stopped) = (0, 0);
        for fact in &poll.facts {
            *kinds.entry(fact.kind()).or_default() += 1;
            if let Fact::Instance(seen) = fact {
                match seen.state {
                    InstanceState::Pending | InstanceState::Running => running += 1,
                    InstanceState::Stopping | InstanceState::Stopped => stopped += 1,
                    InstanceState::ShuttingDown | InstanceState::Terminated => {}
                }
            }
        }
        let count = |is_whole: bool, kind: &str| is_whole.then(|| kinds.get(kind).copied().unwrap_or(0));
        PlacePolled {
            account: poll.account.clone(),
            region: poll.region.clone(),
            running: poll.whole.instances.then_some(running),
            stopped: poll.whole.instances.then_some(stopped),
            volumes: count(poll.whole.volumes, "volume"),
            addresses: count(poll.whole.addresses, "address"),
            snapshots: count(poll.whole.snapshots, "snapshot"),
            images: count(poll.whole.images, "image"),
            new,
        }
    }
}
