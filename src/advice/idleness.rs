//! Whether an instance does nothing, by the criteria of AWS Compute Optimizer.
//!
//! Over a lookback of 14 days AWS calls a G or P instance idle if its GPUs did no work in more than 99 % of the time, GPU
//! memory use was below 5 %, the maximum of CPU utilization below 5 % and network use below 5 MB a day; any other
//! instance if its peak CPU was below 5 % and its network below 5 MB a day. AWS also asks that the GPU's encoder was not
//! used; an encoder at work moves the network. <https://docs.aws.amazon.com/compute-optimizer/latest/ug/view-idle-recommendations.html>
//! (the criteria read 2026-11-27 as AWS repeats them in its page on spend limits).
//!
//! What nobody told counts as activity: an hour without a reading of CPU, network or GPU memory, a GPU without readings, a
//! Jupyter server that was named and did not answer. It is judged by whole hours, up to when CloudWatch was last asked.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::View;
use super::cost::{Since, moment};
use super::finding::Confidence;
use crate::catalog::{AcceleratorKind, RateCard};
use crate::ledger::{
    HOUR_SECONDS, Hour, JupyterSeen, SLOTS_PER_HOUR, Session, Signal, Signals, hour_from, hour_of, hour_start,
};
use crate::quantity::exact;

/// When an instance is idle. Percentages are of 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleThresholds {
    pub lookback_hours: u32,
    /// In more than this share of the hours no GPU did any work.
    pub gpu_idle_percent: Decimal,
    pub gpu_memory_percent: Decimal,
    pub cpu_percent: Decimal,
    pub network_mb_per_day: Decimal,
}

impl Default for IdleThresholds {
    fn default() -> IdleThresholds {
        IdleThresholds {
            lookback_hours: 14 * 24,
            gpu_idle_percent: Decimal::from(99),
            gpu_memory_percent: Decimal::from(5),
            cpu_percent: Decimal::from(5),
            network_mb_per_day: Decimal::from(5),
        }
    }
}

/// nvidia-smi gives whole percents: an idle GPU reads 0. AWS does not publish where its own line is.
const GPU_BUSY_PERCENT: Decimal = Decimal::ONE;
/// An instance that runs shorter than the lookback is judged by the hours it has, a day at least.
const FEWEST_HOURS: i64 = 24;
/// Signals are asked for once a day at least, with some slack; what an instance did since is unknown.
pub(super) const STALE_SECONDS: i64 = 26 * HOUR_SECONDS;
const HIGH_HOURS: i64 = 14 * 24;
const MEDIUM_HOURS: i64 = 3 * 24;
/// Of the five-minute slots of the window; below, confidence is a level lower.
pub(super) const FULL_PERCENT: i64 = 95;
const BYTES_PER_MB: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);
const HOURS_PER_DAY: i64 = 24;

/// An instance found idle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Idleness {
    /// Up to here CloudWatch was asked.
    pub until: Timestamp,
    pub since: Since,
    /// Of the window, and in how many of them no GPU worked.
    pub hours: i64,
    pub idle_hours: i64,
    /// What each signal showed, with its window and how much of it is known.
    pub evidence: Vec<String>,
    pub confidence: Confidence,
}

/// `None`: it is active, or what it does is not known.
pub(super) fn idleness(
    view: &View<'_>,
    instance_type: &str,
    session: &Session,
    last_seen: Timestamp,
) -> Option<Idleness> {
    let signals = view.inventory.ledger.activity.signals.get(&session.instance_id)?;
    let gpus = gpus(instance_type, view.card)?;
    let thresholds = view.thresholds.idle;
    if last_seen.as_second() - signals.asked_at.as_second() > STALE_SECONDS {
        return None;
    }
    let first = hour_from(session.start);
    let window = Window::of(signals, first, last_seen, thresholds);
    let end = window.to;
    if window.hours() < i64::from(thresholds.lookback_hours.max(1)).min(FEWEST_HOURS) {
        return None;
    }
    let readings = Readings::of(signals, gpus);
    let idle_hours = window.each().filter(|hour| readings.gpus_idle(*hour)).count() as i64;
    let is_idle = readings.gpu_hours_suffice(idle_hours, window, thresholds)
        && readings.stays_below(Signal::Cpu, window, thresholds.cpu_percent)
        && (gpus == 0 || readings.stays_below(Signal::GpuMemory, window, thresholds.gpu_memory_percent))
        && readings.network_is_low(window, thresholds)
        && readings.is_quiet(end - 1, thresholds);
    let servers = view.inventory.ledger.activity.jupyter.get(&session.instance_id).map_or(&[][..], Vec::as_slice);
    if !is_idle || !jupyter_is_idle(servers, window) {
        return None;
    }
    Some(Idleness {
        until: hour_start(end),
        since: readings.quiet_since(first, end, thresholds),
        hours: window.hours(),
        idle_hours,
        evidence: readings.lines(signals, window).into_iter().chain(jupyter_lines(servers)).collect(),
        confidence: readings.confidence(window, servers),
    })
}

/// Whether something that is known says that it is not idle. What is not known says nothing.
pub(super) fn is_active(view: &View<'_>, instance_type: &str, session: &Session, last_seen: Timestamp) -> bool {
    let activity = &view.inventory.ledger.activity;
    let (Some(signals), Some(gpus)) = (activity.signals.get(&session.instance_id), gpus(instance_type, view.card))
    else {
        return false;
    };
    let window = Window::of(signals, hour_from(session.start), last_seen, view.thresholds.idle);
    let servers = activity.jupyter.get(&session.instance_id).map_or(&[][..], Vec::as_slice);
    let worked = servers.iter().filter_map(JupyterSeen::active_at).any(|at| at >= hour_start(window.from));
    worked || Readings::of(signals, gpus).show_activity(window, view.thresholds.idle)
}

/// Series without accelerators, of those that Compute Optimizer knows.
/// <https://docs.aws.amazon.com/compute-optimizer/latest/ug/supported-resources.html> (read 2026-11-27)
const WITHOUT_ACCELERATORS: [&str; 14] = ["c", "d", "h", "hpc", "i", "im", "is", "m", "r", "t", "u", "u-", "x", "z"];

/// GPUs that must be heard of; `None` where nothing tells what its accelerators do, or whether it has any.
pub(super) fn gpus(instance_type: &str, card: &RateCard) -> Option<usize> {
    match card.instance_type(instance_type).map(|kind| &kind.accelerator) {
        // A part of one is one.
        Some(Some(some)) if some.kind == AcceleratorKind::Gpu => some.count.ceil().to_usize(),
        Some(Some(_)) => None,
        Some(None) => Some(0),
        None => {
            let series = instance_type.split(|letter: char| letter.is_ascii_digit()).next()?;
            WITHOUT_ACCELERATORS.contains(&series).then_some(0)
        }
    }
}

/// Whole hours since 1970, the last one not among them.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub from: i64,
    pub to: i64,
}

impl Window {
    /// The lookback up to when CloudWatch was asked, of one run that began in the hour `first`.
    fn of(signals: &Signals, first: i64, last_seen: Timestamp, thresholds: IdleThresholds) -> Window {
        let end = hour_of(signals.asked_at.min(last_seen));
        Window { from: first.max(end - i64::from(thresholds.lookback_hours.max(1))), to: end }
    }

    pub(super) const fn hours(self) -> i64 {
        self.to - self.from
    }

    pub(super) fn each(self) -> impl Iterator<Item = i64> {
        self.from..self.to
    }
}

/// What each signal of an instance read, all parts together.
pub(super) struct Readings {
    gpus: usize,
    by_signal: BTreeMap<Signal, BTreeMap<i64, Hour>>,
}

impl Readings {
    pub(super) fn of(signals: &Signals, gpus: usize) -> Readings {
        let together = |signal: Signal| (signal, together(signals, signal, gpus));
        Readings { gpus, by_signal: Signal::ALL.into_iter().map(together).collect() }
    }

    fn at(&self, signal: Signal, hour: i64) -> Option<&Hour> {
        self.by_signal.get(&signal)?.get(&hour)
    }

    fn needed(&self) -> &'static [Signal] {
        if self.gpus == 0 {
            &[Signal::Cpu, Signal::Network]
        } else {
            &[Signal::GpuUtilization, Signal::GpuMemory, Signal::Cpu, Signal::Network]
        }
    }

    /// No GPU worked in this hour; where there is none, that is so.
    fn gpus_idle(&self, hour: i64) -> bool {
        self.gpus == 0 || self.at(Signal::GpuUtilization, hour).is_some_and(|read| read.all.max < GPU_BUSY_PERCENT)
    }

    fn gpu_hours_suffice(&self, idle: i64, window: Window, thresholds: IdleThresholds) -> bool {
        let share = Decimal::from(idle * 100);
        self.gpus == 0 || share > thresholds.gpu_idle_percent * Decimal::from(window.hours())
    }

    /// Known in each hour, and below in each.
    fn stays_below(&self, signal: Signal, window: Window, limit: Decimal) -> bool {
        window.each().all(|hour| self.at(signal, hour).is_some_and(|read| read.all.max < limit))
    }

    fn network_is_low(&self, window: Window, thresholds: IdleThresholds) -> bool {
        let each = window.each().map(|hour| self.at(Signal::Network, hour).map(|read| read.all.sum));
        let sum = each.sum::<Option<Decimal>>();
        let limit = thresholds.network_mb_per_day * BYTES_PER_MB * Decimal::from(window.hours());
        sum.is_some_and(|sum| sum.saturating_mul(Decimal::from(HOURS_PER_DAY)) < limit)
    }

    /// All that is needed is known of this hour, and none of it is activity.
    pub(super) fn is_quiet(&self, hour: i64, thresholds: IdleThresholds) -> bool {
        let below = |signal, limit| self.at(signal, hour).is_some_and(|read| read.all.max < limit);
        let a_day = thresholds.network_mb_per_day * BYTES_PER_MB;
        self.gpus_idle(hour)
            && (self.gpus == 0 || below(Signal::GpuMemory, thresholds.gpu_memory_percent))
            && below(Signal::Cpu, thresholds.cpu_percent)
            && self.at(Signal::Network, hour).is_some_and(|read| read.all.sum < a_day)
    }

    /// Something that is known of this hour is activity.
    pub(super) fn is_at_work(&self, hour: i64, thresholds: IdleThresholds) -> bool {
        let reaches = |signal, limit| self.at(signal, hour).is_some_and(|read| read.all.max >= limit);
        let a_day = thresholds.network_mb_per_day * BYTES_PER_MB;
        let gpus = self.gpus > 0
            && (reaches(Signal::GpuUtilization, GPU_BUSY_PERCENT)
                || reaches(Signal::GpuMemory, thresholds.gpu_memory_percent));
        gpus || reaches(Signal::Cpu, thresholds.cpu_percent)
            || self.at(Signal::Network, hour).is_some_and(|read| read.all.sum >= a_day)
    }

    /// From when on each needed signal has been told of; `None`: one never was.
    pub(super) fn first_known(&self) -> Option<i64> {
        let first = |signal| Some(*self.by_signal.get(signal)?.first_key_value()?.0);
        self.needed().iter().map(first).try_fold(i64::MIN, |last, first| Some(last.max(first?)))
    }

    /// Of the needed signals, the fewest five-minute slots that are known in these hours.
    pub(super) fn known_slots_of<I: Iterator<Item = i64>>(&self, hours: impl Fn() -> I) -> i64 {
        let known = |signal: &Signal| {
            hours().map(|hour| self.at(*signal, hour).map_or(0, |read| i64::from(read.known()))).sum()
        };
        self.needed().iter().map(known).min().unwrap_or(0)
    }

    /// More than idleness allows, whatever the hours did that nobody told of.
    fn show_activity(&self, window: Window, thresholds: IdleThresholds) -> bool {
        let known = |signal: Signal| window.each().filter_map(move |hour| self.at(signal, hour));
        let is_busy = |read: &Hour| read.all.max >= GPU_BUSY_PERCENT;
        let gpu_hours = known(Signal::GpuUtilization).filter(|read| is_busy(read)).count() as i64;
        let gpus_worked = self.gpus > 0
            && (!self.gpu_hours_suffice(window.hours() - gpu_hours, window, thresholds)
                || self.at(Signal::GpuUtilization, window.to - 1).is_some_and(is_busy)
                || known(Signal::GpuMemory).any(|read| read.all.max >= thresholds.gpu_memory_percent));
        let sent: Decimal = known(Signal::Network).map(|read| read.all.sum).sum();
        let a_day = thresholds.network_mb_per_day * BYTES_PER_MB;
        gpus_worked
            || known(Signal::Cpu).any(|read| read.all.max >= thresholds.cpu_percent)
            || sent.saturating_mul(Decimal::from(HOURS_PER_DAY)) >= a_day * Decimal::from(window.hours())
            || self.at(Signal::Network, window.to - 1).is_some_and(|read| read.all.sum >= a_day)
    }

    fn is_known(&self, hour: i64) -> bool {
        self.needed().iter().all(|signal| self.at(*signal, hour).is_some())
    }

    /// From the last activity, or from within the hours before it of which nothing is known.
    fn quiet_since(&self, first: i64, end: i64, thresholds: IdleThresholds) -> Since {
        let quiet = (first..end).rev().take_while(|hour| self.is_quiet(*hour, thresholds)).last().unwrap_or(end);
        let known = (first..quiet).rev().find(|hour| self.is_known(*hour));
        Since { earliest: hour_start(known.unwrap_or(first)), latest: hour_start(quiet) }
    }

    fn known_slots(&self, signal: Signal, window: Window) -> i64 {
        let slots = |hour| self.at(signal, hour).map_or(0, Hour::known);
        window.each().map(slots).map(i64::from).sum()
    }

    pub(super) fn lines(&self, signals: &Signals, window: Window) -> Vec<String> {
        let shown = Signal::ALL.into_iter().take_while(|signal| *signal < Signal::VolumeOps);
        let shown = shown.filter(|signal| self.gpus > 0 || *signal >= Signal::Cpu);
        shown.map(|signal| self.line(signal, signals, window)).collect()
    }

    fn line(&self, signal: Signal, signals: &Signals, window: Window) -> String {
        let known: Vec<&Hour> = window.each().filter_map(|hour| self.at(signal, hour)).collect();
        let Some(most) = known.iter().map(|hour| hour.all.max).max() else {
            return format!("{signal}: unknown ({})", signal.source());
        };
        let sum: Decimal = known.iter().map(|hour| hour.all.sum).sum();
        let value = match signal {
            Signal::Network => {
                let a_day = sum * Decimal::from(HOURS_PER_DAY) / (BYTES_PER_MB * Decimal::from(window.hours()));
                format!("{} MB a day", exact(a_day.trunc_with_scale(2)))
            }
            Signal::Disk => format!("{} operations", exact(sum.ceil())),
            Signal::GpuUtilization => {
                let busy = known.iter().filter(|hour| hour.all.max >= GPU_BUSY_PERCENT).count();
                format!("at most {} %, at work in {busy} h", exact(most))
            }
            _ => format!("at most {} %", exact(most)),
        };
        format!(
            "{signal}: {value}; known of {} of {} h from {} to {} ({} of its five-minute slots; {}, asked {})",
            known.len(),
            window.hours(),
            moment(hour_start(window.from)),
            moment(hour_start(window.to)),
            share(self.known_slots(signal, window), window.hours() * i64::from(SLOTS_PER_HOUR)),
            signal.source(),
            moment(signals.asked_at)
        )
    }

    /// By how long it was looked at, and how much of that is known; more of either never lowers it.
    fn confidence(&self, window: Window, servers: &[JupyterSeen]) -> Confidence {
        let slots = window.hours() * i64::from(SLOTS_PER_HOUR);
        let least = self.needed().iter().map(|signal| self.known_slots(*signal, window)).min().unwrap_or(0);
        let is_full = least * 100 >= slots * FULL_PERCENT;
        let span = if window.hours() % HOURS_PER_DAY == 0 {
            format!("{} days", window.hours() / HOURS_PER_DAY)
        } else {
            format!("{} h", window.hours())
        };
        let what = if self.gpus == 0 { "CPU and network" } else { "GPU, GPU memory, CPU and network" };
        let mut why = format!("{what} for {span}, {} of it known", share(least, slots));
        if !servers.is_empty() {
            why.push_str(", and Jupyter is idle");
        }
        match (window.hours(), is_full) {
            (HIGH_HOURS.., true) => Confidence::high(why),
            (HIGH_HOURS.., false) | (MEDIUM_HOURS.., true) => Confidence::medium(why),
            _ => Confidence::low(why),
        }
    }
}

/// All parts of a signal together. Of GPUs an hour is known only if it is of each of them, or of the whole.
fn together(signals: &Signals, signal: Signal, gpus: usize) -> BTreeMap<i64, Hour> {
    let mut heard: BTreeMap<i64, (usize, Hour)> = BTreeMap::new();
    let of_gpu = matches!(signal, Signal::GpuUtilization | Signal::GpuMemory | Signal::GpuMemoryBandwidth);
    let enough = if of_gpu { gpus.max(1) } else { 1 };
    for (part, series) in signals.of(signal) {
        let counts_for = if part.is_empty() { enough } else { 1 };
        for (hour, read) in series {
            let (parts, known) = heard.entry(*hour).or_insert((0, *read));
            *parts += counts_for;
            known.slots &= read.slots;
            known.all.min = known.all.min.min(read.all.min);
            known.all.max = known.all.max.max(read.all.max);
            if *parts > counts_for {
                known.all.sum = known.all.sum.saturating_add(read.all.sum);
                known.all.samples = known.all.samples.saturating_add(read.all.samples);
            }
        }
    }
    heard.into_iter().filter(|(_, (parts, _))| *parts >= enough).map(|(hour, (_, known))| (hour, known)).collect()
}

/// Each server that was named answered lately, and none was at work within the window.
fn jupyter_is_idle(servers: &[JupyterSeen], window: Window) -> bool {
    let end = hour_start(window.to).as_second();
    let answered =
        latest(servers).values().all(|seen| seen.said.is_some() && end - seen.last_at.as_second() <= STALE_SECONDS);
    answered && servers.iter().filter_map(JupyterSeen::active_at).all(|at| at < hour_start(window.from))
}

/// The last sight of each server.
fn latest(servers: &[JupyterSeen]) -> BTreeMap<&str, &JupyterSeen> {
    let mut latest: BTreeMap<&str, &JupyterSeen> = BTreeMap::new();
    for seen in servers {
        let known = latest.entry(&seen.server).or_insert(seen);
        if seen.last_at >= known.last_at {
            *known = seen;
        }
    }
    latest
}

pub(super) fn jupyter_lines(servers: &[JupyterSeen]) -> Vec<String> {
    if servers.is_empty() {
        return vec!["Jupyter: no server was named".to_owned()];
    }
    let line = |(server, seen): (&&str, &&JupyterSeen)| {
        let said = seen.said.as_ref()?;
        Some(format!(
            "Jupyter: {} of {} kernels busy, last activity {}, connections: {} ({server}, asked {})",
            said.busy,
            said.kernels,
            moment(said.last_activity),
            said.connections,
            moment(seen.last_at)
        ))
    };
    latest(servers).iter().filter_map(line).collect()
}

/// Rounded down: a share is never said to be larger than it is.
fn share(part: i64, whole: i64) -> String {
    format!("{} %", part * 100 / whole.max(1))
}
