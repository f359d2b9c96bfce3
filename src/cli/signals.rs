//! `gpucost track signals`: what runs does, from CloudWatch and notebook servers, recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Write, stderr};

use jiff::{Timestamp, ToSpan};
use rust_decimal::Decimal;

use super::args::SignalsArgs;
use super::error::{Exit, Failure};
use super::jupyter::{ask_all, named};
use super::request::Request;
use super::show;
use super::track::{failure, network_runtime, refuse_as_of, refuse_offline};
use crate::advice::has_paid_performance;
use crate::aws::{Metrics, Place, Places, Regions, Subjects, fetch_signals, find_metrics};
use crate::ledger::{InstanceState, Ledger, SLOT_SECONDS, Signal, Signals, VolumeShape, derive, hour_of, hour_start};
use crate::money::Usd;
use crate::report::table::{Cell, Column, Table};
use crate::store::{SignalsRecorded, Store};
use crate::time::Period;

/// <https://aws.amazon.com/cloudwatch/pricing/> (as in src/aws/signals.rs)
const USD_PER_METRIC: Usd = Usd::new(Decimal::from_parts(1, 0, 0, false, 5));
/// Ten thousand metrics.
const MAX_USD: Usd = Usd::new(Decimal::from_parts(1, 0, 0, false, 1));
const NAMESPACE: &str = "CWAgent";
/// AWS's own lookback.
const FIRST_DAYS: i64 = 14;
/// Five-minute readings are kept 63 days.
const MOST_DAYS: i64 = 62;
/// CloudWatch may complete what it told by so much later.
const LATE_HOURS: i64 = 3;
const HOURS_PER_DAY: i64 = 24;

/// Records what each place tells in a transaction for each instance and volume: what fails is said, the rest is recorded
/// (exit 4).
pub fn run(args: &SignalsArgs, request: &Request) -> Result<Exit, Failure> {
    refuse_offline("gpucost track signals", request)?;
    refuse_as_of("gpucost track signals", request)?;
    let mut store = Store::create(&request.ledger)?;
    let collected = collect(args, request, &mut store)?;
    collected.failures.iter().for_each(Failure::print);
    if collected.told == 0 && !collected.failures.is_empty() {
        return Ok(Exit::Failed);
    }
    show::tables(&collected.tables, request)?;
    Ok(if collected.failures.is_empty() { Exit::Ok } else { Exit::Partial })
}

/// What was told.
pub struct Collected {
    pub tables: Vec<Table>,
    pub failures: Vec<Failure>,
    /// Resources and servers that told something.
    pub told: usize,
}

/// Asks CloudWatch about what the ledger has running, and the servers that are named.
pub fn collect(args: &SignalsArgs, request: &Request, store: &mut Store) -> Result<Collected, Failure> {
    let cap = cap(args, request)?;
    let (askings, mut failures) = named(args, request)?;
    // The clock and not the command's time: the tracker has just recorded what it saw since.
    let now = Timestamp::now();
    let ledger = derive(&store.facts()?, Vec::new(), now)?;
    let subjects = Running::of(&ledger, request)?;
    let mut round = Round { table: empty_table(), failures: Vec::new(), told: 0, metrics: 0 };
    if subjects.is_empty() {
        round
            .table
            .notes
            .push("Nothing that CloudWatch knows of runs in the ledger: `gpucost track` looks.".to_owned());
    } else {
        let window = window(args.days, &subjects, store, request, now)?;
        network_runtime()?.block_on(round.ask(&subjects, window, cap, args, store, request))?;
    }
    failures.append(&mut round.failures);
    let mut tables = vec![round.finished()];
    let mut told = round.told;
    if !askings.is_empty() {
        let (table, mut failed) = ask_all(&askings, store, Timestamp::now);
        told += table.rows.len().saturating_sub(failed.len());
        failures.append(&mut failed);
        tables.push(table);
    }
    Ok(Collected { tables, failures, told })
}

/// What one asking may cost.
fn cap(args: &SignalsArgs, request: &Request) -> Result<Usd, Failure> {
    match &args.max_usd {
        Some(text) => text.parse().map_err(|e| Failure::usage(format!("--max-usd: {e}"))),
        None => Ok(request.signals.max_usd.unwrap_or(MAX_USD)),
    }
}

/// Instances that run, and volumes that are paid for their speed, by where they are.
struct Running {
    /// By account (empty: not told) and region.
    places: BTreeMap<(String, String), (BTreeSet<String>, BTreeSet<String>)>,
}

impl Running {
    fn of(ledger: &Ledger, request: &Request) -> Result<Running, Failure> {
        let mut running = Running { places: BTreeMap::new() };
        for (id, (_, seen)) in &ledger.instances {
            if matches!(seen.state, InstanceState::Pending | InstanceState::Running) {
                running.at(&seen.account, &seen.region, request)?.0.insert(id.clone());
            }
        }
        for (id, (_, seen)) in &ledger.volumes {
            let shape = VolumeShape::from(seen);
            let Some((instance_id, _)) = seen.attached_to.as_ref().filter(|_| has_paid_performance(&shape)) else {
                continue;
            };
            let account = ledger.instances.get(instance_id).map(|(_, seen)| seen.account.as_str());
            running.at(account.unwrap_or_default(), &seen.region, request)?.1.insert(id.clone());
        }
        let wanted = &request.ledger_regions;
        running.places.retain(|(_, region), _| wanted.is_empty() || wanted.contains(region));
        Ok(running)
    }

    /// Zones are served by their region.
    fn at(
        &mut self,
        account: &str,
        region: &str,
        request: &Request,
    ) -> Result<&mut (BTreeSet<String>, BTreeSet<String>), Failure> {
        let serving = request.card()?.region(region).and_then(|zone| zone.parent).unwrap_or(region);
        Ok(self.places.entry((account.to_owned(), serving.to_owned())).or_default())
    }

    fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    fn regions(&self) -> Vec<String> {
        let once: BTreeSet<&String> = self.places.keys().map(|(_, region)| region).collect();
        once.into_iter().cloned().collect()
    }

    fn ids(&self) -> impl Iterator<Item = &String> {
        self.places.values().flat_map(|(instances, volumes)| instances.iter().chain(volumes))
    }

    /// What is of this place, as far as accounts are known.
    fn subjects(&self, place: &Place, namespace: &str) -> Subjects {
        let (mut instances, mut volumes) = (BTreeSet::new(), BTreeSet::new());
        for ((account, region), (its_instances, its_volumes)) in &self.places {
            let same_account = account.is_empty() || place.account_id.is_empty() || *account == place.account_id;
            if *region == place.region && same_account {
                instances.extend(its_instances.iter().cloned());
                volumes.extend(its_volumes.iter().cloned());
            }
        }
        Subjects { place: place.clone(), instances, volumes, namespace: namespace.to_owned() }
    }
}

/// From a whole hour to the last slot that is over. Without a number of days: what came since the last time, where all
/// were asked about; else so far back as the rules look.
fn window(
    days: Option<u8>,
    running: &Running,
    store: &Store,
    request: &Request,
    now: Timestamp,
) -> Result<Period, Failure> {
    let lookback = i64::from(request.thresholds.idle.lookback_hours).max(FIRST_DAYS * HOURS_PER_DAY);
    let hours = match days {
        Some(days) => i64::from(days) * HOURS_PER_DAY,
        None => {
            let asked = store.signals_asked()?;
            let since = running.ids().map(|id| asked.get(id).copied()).min().flatten();
            let gone = since.map(|since| (now.as_second() - since.as_second()).max(0) / 3600 + LATE_HOURS);
            gone.unwrap_or(lookback).min(lookback)
        }
    };
    let start = now.checked_sub(hours.min(MOST_DAYS * HOURS_PER_DAY).hours()).map_err(Failure::new)?;
    let end = now.as_second() - now.as_second().rem_euclid(SLOT_SECONDS);
    Ok(Period { start: hour_start(hour_of(start)), end: Timestamp::from_second(end).map_err(Failure::new)? })
}

/// One asking of all places.
struct Round {
    table: Table,
    failures: Vec<Failure>,
    told: usize,
    metrics: u64,
}

impl Round {
    async fn ask(
        &mut self,
        running: &Running,
        window: Period,
        cap: Usd,
        args: &SignalsArgs,
        store: &mut Store,
        request: &Request,
    ) -> Result<(), Failure> {
        let several = request.profiles.len() > 1;
        let places = Places::resolve(&request.profiles, Regions::Named(&running.regions())).await;
        let failures = places.failures.into_iter().map(|(profile, error)| failure(profile.as_deref(), several, error));
        self.failures.extend(failures);
        self.table.notes.extend(places.notes);
        let namespace = args.namespace.as_deref().or(request.signals.namespace.as_deref()).unwrap_or(NAMESPACE);
        let subjects = places.places.iter().map(|place| running.subjects(place, namespace));
        let subjects = subjects.filter(|subjects| !(subjects.instances.is_empty() && subjects.volumes.is_empty()));
        let metrics = self.look_up(subjects.collect(), several).await;
        agree(metrics.iter().map(Metrics::count).sum(), cap)?;
        let mut asked = fetch_signals(metrics, window, Timestamp::now());
        while let Some(told) = asked.next().await {
            self.metrics += told.metrics;
            let place = &told.place;
            self.failures.extend(told.failures.into_iter().map(|error| failure(place.profile(), several, error)));
            for signals in &told.signals {
                match store.record_signals(signals) {
                    Ok(recorded) => self.take(signals, recorded, window),
                    Err(error) => self.failures.push(error.into()),
                }
            }
        }
        Ok(())
    }

    async fn look_up(&mut self, subjects: Vec<Subjects>, several: bool) -> Vec<Metrics> {
        let mut found = find_metrics(subjects);
        let mut all = Vec::new();
        while let Some(metrics) = found.next().await {
            if let Some(error) = metrics.failure.clone() {
                self.failures.push(failure(metrics.place.profile(), several, error));
            }
            if metrics.nameless > 0 {
                self.table.notes.push(format!(
                    "{}: {} GPU metrics name no InstanceId, so nobody knows whose they are: docs/signals.md tells how \
                     the CloudWatch agent adds it.",
                    metrics.place.region, metrics.nameless
                ));
            }
            if metrics.count() > 0 {
                all.push(metrics);
            }
        }
        all
    }

    fn take(&mut self, signals: &Signals, recorded: SignalsRecorded, window: Period) {
        self.told += 1;
        self.table.push(row(signals, recorded, window));
    }

    /// By resource, with what it cost.
    fn finished(&mut self) -> Table {
        let mut table = std::mem::replace(&mut self.table, empty_table());
        table.rows.sort_by(|a, b| a.iter().map(|cell| &cell.shown).cmp(b.iter().map(|cell| &cell.shown)));
        if self.metrics > 0 {
            table.notes.push(format!(
                "Hours of the window in which a signal is known. {} metrics were asked for: about ${}.",
                self.metrics,
                cost_of(self.metrics).exact()
            ));
        }
        table
    }
}

/// Says what asking costs, and refuses to cost more than was allowed.
fn agree(metrics: u64, cap: Usd) -> Result<(), Failure> {
    let cost = cost_of(metrics);
    if cost > cap {
        return Err(Failure::usage(format!(
            "{metrics} metrics cost about ${}, more than --max-usd allows (${}): nothing was asked",
            cost.exact(),
            cap.exact()
        ))
        .hint(format!("--max-usd {} or more, or fewer regions", cost.exact())));
    }
    if metrics > 0 {
        // Nobody to tell it to is no reason not to do what was asked for within its limit.
        _ = writeln!(
            stderr(),
            "CloudWatch: asking for {metrics} metrics costs about ${} ($0.01 for 1,000; --max-usd {}).",
            cost.exact(),
            cap.exact()
        );
    }
    Ok(())
}

fn cost_of(metrics: u64) -> Usd {
    USD_PER_METRIC.scaled(Decimal::from(metrics), Decimal::ONE).unwrap_or(USD_PER_METRIC)
}

fn empty_table() -> Table {
    let columns = vec![
        Column::left("resource", "Resource"),
        Column::left("account", "Account").detail(),
        Column::left("region", "Region").detail(),
        Column::right("gpus", "GPUs"),
        Column::right("gpu_hours", "GPU"),
        Column::right("gpu_memory_hours", "Memory"),
        Column::right("cpu_hours", "CPU"),
        Column::right("network_hours", "Network"),
        Column::right("disk_hours", "Disk").detail(),
        Column::right("volume_hours", "Volume"),
        Column::right("new_hours", "New"),
        Column::right("window_hours", "Window").detail(),
    ];
    Table::new("signals", "Signals", columns)
}

/// The last hour of a window may have just begun, and something is known of it.
fn hours_begun(window: Period) -> i64 {
    (window.seconds() + 3599) / 3600
}

fn row(signals: &Signals, recorded: SignalsRecorded, window: Period) -> Vec<Cell> {
    let hours = hours_begun(window);
    let is_volume = signals.resource_id.starts_with("vol-");
    // Of several GPUs the one that is known least.
    let known = |signal: Signal| {
        if is_volume != (signal >= Signal::VolumeOps) {
            return Cell::missing("-");
        }
        let least = signals.of(signal).map(|(_, series)| series.len()).min();
        let shown = |known: usize| Cell::new(format!("{known}/{hours}"), known.to_string());
        least.map_or_else(|| Cell::missing("unknown"), shown)
    };
    let gpus = signals.of(Signal::GpuUtilization).count();
    vec![
        Cell::text(signals.resource_id.clone()),
        if signals.account.is_empty() { Cell::missing("unknown") } else { Cell::text(signals.account.clone()) },
        Cell::text(signals.region.clone()),
        if is_volume { Cell::missing("-") } else { Cell::text(gpus.to_string()) },
        known(Signal::GpuUtilization),
        known(Signal::GpuMemory),
        known(Signal::Cpu),
        known(Signal::Network),
        known(Signal::Disk),
        known(Signal::VolumeOps),
        Cell::text(recorded.new.to_string()),
        Cell::text(hours.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_hours_are_known_than_a_window_has() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let window = |end| Period { start: at("2026-11-01T06:00:00Z"), end: at(end) };
        // Something is known of each of 6, 7, 8 and 9 o'clock.
        assert_eq!(hours_begun(window("2026-11-01T09:20:00Z")), 4);
        assert_eq!(hours_begun(window("2026-11-01T09:00:00Z")), 3);
    }
}
