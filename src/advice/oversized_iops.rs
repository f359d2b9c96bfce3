//! A volume whose paid IOPS or throughput is above what was used.
//!
//! What was used is the most in any five minutes of the lookback, as CloudWatch gives it: shorter peaks are averaged
//! within, and no more can be known. So twice that is proposed, and the least that would do bounds the saving.
//! gp3 has a MiB/s for each four of its IOPS at most, io1 and io2 so many IOPS a GiB at most and 100 at least; CloudWatch
//! gives no readings while nothing is attached, and on Xen (p2, p3 but p3dn) no bytes while none are read or written.
//! <https://docs.aws.amazon.com/ebs/latest/userguide/using_cloudwatch_ebs.html> and its `general-purpose.html` (read
//! 2026-11-28; the limits of io1 and io2, not)

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::View;
use super::command::{Aws, or_withheld};
use super::cost::{grouped, moment, shape_name, volume_month, volume_month_lines};
use super::dollars::Dollars;
use super::finding::{Action, Choice, Confidence, Finding};
use super::inventory::{Holder, Volume};
use crate::catalog::{GP3_BASELINE_IOPS, GP3_BASELINE_THROUGHPUT_MIBPS, VolumeType};
use crate::ledger::{
    HOUR_SECONDS, Hour, SLOT_SECONDS, SLOTS_PER_HOUR, Series, Signal, Signals, VolumeShape, hour_of, hour_start,
};
use crate::money::Usd;
use crate::quantity::exact;

pub const ID: &str = "oversized-iops";

const GP3_IOPS_PER_MIBPS: u32 = 4;
const IO_LEAST_IOPS: u32 = 100;
const BYTES_PER_MIB: i64 = 1_048_576;
/// Fewer hours of readings tell nothing of what is needed.
const FEWEST_HOURS: i64 = 24;
const STALE_SECONDS: i64 = 26 * HOUR_SECONDS;
const HIGH_HOURS: i64 = 14 * 24;
const MEDIUM_HOURS: i64 = 3 * 24;

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    view.of_volumes(|volume| {
        let paid = volume.shape.as_ref().filter(|shape| has_paid_performance(shape));
        finding(view, volume, paid?)
    })
}

/// Whether it is charged for performance at all.
pub fn has_paid_performance(shape: &VolumeShape) -> bool {
    match VolumeType::from_name(&shape.volume_type) {
        Some(VolumeType::Gp3) => {
            shape.iops.is_some_and(|iops| iops > GP3_BASELINE_IOPS)
                || shape.throughput_mibps.is_some_and(|mibps| mibps > GP3_BASELINE_THROUGHPUT_MIBPS)
        }
        Some(VolumeType::Io1 | VolumeType::Io2) => shape.iops.is_some_and(|iops| iops > IO_LEAST_IOPS),
        _ => false,
    }
}

/// What a volume did over the lookback.
struct Used {
    /// The most a second over five minutes, rounded up. `None`: not known.
    iops: Option<u32>,
    mibps: Option<u32>,
    hours: i64,
    known: i64,
    from: i64,
    to: i64,
}

/// Whether it is known what a volume used, or that there is nothing to be used: a volume that is gone is judged.
pub(super) fn is_judged(view: &View<'_>, volume_id: &str) -> bool {
    let Some(volume) = view.inventory.volumes.get(volume_id) else { return true };
    if !volume.shape.as_ref().is_some_and(has_paid_performance) {
        return true;
    }
    let until = volume.last_seen.min(view.now);
    let Some(signals) = view.inventory.ledger.activity.signals.get(volume_id) else { return false };
    let is_fresh = until.as_second() - signals.asked_at.as_second() <= STALE_SECONDS;
    let used = used(view, volume, signals, hour_of(signals.asked_at.min(until)));
    is_fresh && used.is_some_and(|used| used.iops.is_some() && used.mibps.is_some())
}

fn finding(view: &View<'_>, volume: &Volume<'_>, shape: &VolumeShape) -> Option<Finding> {
    let signals = view.inventory.ledger.activity.signals.get(&volume.resource.id)?;
    let until = volume.last_seen.min(view.now);
    if until.as_second() - signals.asked_at.as_second() > STALE_SECONDS {
        return None;
    }
    let used = used(view, volume, signals, hour_of(signals.asked_at.min(until)))?;
    let region = &volume.resource.region;
    let month = |shape: &VolumeShape| volume_month(region, Some(shape), view.card);
    let (ample, least) = (shrunk(shape, &used, view.thresholds.headroom)?, shrunk(shape, &used, 1)?);
    let (now, then, tight) = (month(shape), month(&ample), month(&least));
    let saving = saving(&now, &then, &tight)?;
    let mut evidence = evidence(signals, &used);
    evidence.push(format!("paid for when last seen: {}", volume.sources()));
    for shape in [shape, &ample] {
        evidence.extend(volume_month_lines(region, Some(shape), view.card));
    }
    evidence.extend(saving.why_unknown().map(str::to_owned));
    Some(Finding {
        id: format!("{ID}:{}", volume.resource.id),
        rule: ID,
        title: format!("{} used {}", shape_name(Some(shape)), used_name(&used)),
        resource: volume.resource.clone(),
        last_seen: until,
        evidence,
        parts: Vec::new(),
        accrued: None,
        accrued_if_still_there: None,
        since: None,
        confidence: confidence(&used, &saving),
        saving_per_month: saving,
        choices: choices(view, volume, shape, &ample, &least),
        risk:
            "peaks shorter than five minutes are averaged in what CloudWatch tells, and a month end or a restore may \
               need more than these weeks did; the change runs while the volume is in use, and the volume cannot be \
               changed again for 6 hours"
                .to_owned(),
        detail: None,
    })
}

/// Each hour of the lookback in which something could be read or written is known, or nothing can be said.
fn used(view: &View<'_>, volume: &Volume<'_>, signals: &Signals, to: i64) -> Option<Used> {
    let from = to - i64::from(view.thresholds.idle.lookback_hours).max(FEWEST_HOURS);
    let ran = |hour: i64| may_have_run(view, volume, hour);
    let most = |signal: Signal, per_second: i64| -> Option<(u32, i64)> {
        let series = whole(signals, signal)?;
        let all_known = (from..to).all(|hour| series.contains_key(&hour) || !ran(hour));
        let known = series.range(from..to).map(|(_, read)| read.all.max);
        let hours = known.clone().count() as i64;
        let most = known.max().filter(|_| all_known && hours >= FEWEST_HOURS)?;
        Some(((most / Decimal::from(per_second * SLOT_SECONDS)).ceil().to_u32()?, hours))
    };
    let (iops, mibps) = (most(Signal::VolumeOps, 1), most(Signal::VolumeBytes, BYTES_PER_MIB));
    let hours = [iops, mibps].into_iter().flatten().map(|(_, hours)| hours).min()?;
    let slots = |signal| {
        let series = whole(signals, signal)?;
        Some(series.range(from..to).map(|(_, read): (&i64, &Hour)| i64::from(read.known())).sum::<i64>())
    };
    let known = [Signal::VolumeOps, Signal::VolumeBytes].into_iter().filter_map(slots).min()?;
    let only = |of: Option<(u32, i64)>| of.map(|(most, _)| most);
    Some(Used { iops: only(iops), mibps: only(mibps), hours, known, from, to })
}

fn whole(signals: &Signals, signal: Signal) -> Option<&Series> {
    signals.of(signal).find(|(part, _)| part.is_empty()).map(|(_, series)| series)
}

/// Whether the volume's instance may have run in an hour: if not, nothing was read or written.
fn may_have_run(view: &View<'_>, volume: &Volume<'_>, hour: i64) -> bool {
    match volume.holder {
        Holder::Instance(instance_id) => view.inventory.may_have_run(instance_id, hour),
        Holder::Nobody | Holder::Unclear => true,
    }
}

/// The same volume with so many times what was used, and no more than it has; `None`: that is what it has already.
fn shrunk(shape: &VolumeShape, used: &Used, times: u32) -> Option<VolumeShape> {
    let (iops, mibps) = (shape.iops.unwrap_or(0), shape.throughput_mibps);
    let wanted = |used: Option<u32>, least: u32, has: u32| {
        used.map_or(has, |used| used.saturating_mul(times).max(least)).min(has.max(least))
    };
    let smaller = match VolumeType::from_name(&shape.volume_type)? {
        VolumeType::Gp3 => {
            let has = iops.max(GP3_BASELINE_IOPS);
            let throughput =
                wanted(used.mibps, GP3_BASELINE_THROUGHPUT_MIBPS, mibps.unwrap_or(GP3_BASELINE_THROUGHPUT_MIBPS));
            let iops = wanted(used.iops, GP3_BASELINE_IOPS, has);
            let iops = iops.max(throughput.saturating_mul(GP3_IOPS_PER_MIBPS)).min(has);
            VolumeShape { iops: Some(iops), throughput_mibps: Some(throughput), ..shape.clone() }
        }
        VolumeType::Io1 | VolumeType::Io2 => {
            VolumeShape { iops: Some(wanted(used.iops, IO_LEAST_IOPS, iops)), ..shape.clone() }
        }
        _ => return None,
    };
    let is_less = smaller.iops < shape.iops || smaller.throughput_mibps < mibps;
    is_less.then_some(smaller)
}

/// From what the ample change saves to what the least that was used would.
fn saving(now: &Dollars, then: &Dollars, tight: &Dollars) -> Option<Dollars> {
    match (now, then, tight) {
        (Dollars::Exact(now), Dollars::Exact(then), Dollars::Exact(tight)) => {
            let (least, most) = (*now - *then, *now - *tight);
            match least {
                none if none.is_zero() || none < Usd::ZERO => None,
                same if same == most => Some(Dollars::Exact(same)),
                least => Some(Dollars::Between { least, most }),
            }
        }
        (now, then, _) => {
            Some(Dollars::unknown(now.why_unknown().or(then.why_unknown()).unwrap_or("a rate is missing")))
        }
    }
}

fn used_name(used: &Used) -> String {
    let parts = [
        used.iops.map(|iops| format!("{} IOPS", grouped(iops))),
        used.mibps.map(|mibps| format!("{} MiB/s", grouped(mibps))),
    ];
    format!("at most {} over five minutes", parts.into_iter().flatten().collect::<Vec<_>>().join(" and "))
}

fn evidence(signals: &Signals, used: &Used) -> Vec<String> {
    let of = |signal: Signal, value: String| {
        format!(
            "{signal}: {value}, the mean over the busiest five minutes of {} h with readings from {} to {} ({}, asked {})",
            used.hours,
            moment(hour_start(used.from)),
            moment(hour_start(used.to)),
            signal.source(),
            moment(signals.asked_at)
        )
    };
    let unknown =
        |signal: Signal| format!("{signal}: unknown ({}): what is paid for it is left as it is", signal.source());
    let mut lines = vec![
        used.iops.map_or_else(
            || unknown(Signal::VolumeOps),
            |iops| of(Signal::VolumeOps, format!("{} IOPS", grouped(iops))),
        ),
        used.mibps.map_or_else(
            || unknown(Signal::VolumeBytes),
            |mibps| of(Signal::VolumeBytes, format!("{} MiB/s", grouped(mibps))),
        ),
    ];
    if let Some(idle) = whole(signals, Signal::VolumeIdle) {
        let hours: Vec<&Hour> = idle.range(used.from..used.to).map(|(_, read)| read).collect();
        let idle: Decimal = hours.iter().map(|read| read.all.sum).sum();
        let seconds: i64 = hours.iter().map(|read| i64::from(read.known()) * SLOT_SECONDS).sum();
        let share = (idle * Decimal::ONE_HUNDRED / Decimal::from(seconds.max(1))).trunc();
        lines.push(format!(
            "{}: {} % of those hours ({})",
            Signal::VolumeIdle,
            exact(share),
            Signal::VolumeIdle.source()
        ));
    }
    lines
}

fn confidence(used: &Used, saving: &Dollars) -> Confidence {
    let is_full = used.known * 100 >= used.hours * i64::from(SLOTS_PER_HOUR) * 95;
    let why = format!("{} h of readings; peaks within five minutes are not seen", used.hours);
    match (used.hours, is_full, saving.why_unknown()) {
        (_, _, Some(unknown)) => Confidence::low(format!("{why}; in dollars it is not known: {unknown}")),
        (HIGH_HOURS.., true, None) => Confidence::high(why),
        (HIGH_HOURS.., false, None) | (MEDIUM_HOURS.., true, None) => Confidence::medium(why),
        _ => Confidence::low(why),
    }
}

fn choices(
    view: &View<'_>,
    volume: &Volume<'_>,
    shape: &VolumeShape,
    ample: &VolumeShape,
    least: &VolumeShape,
) -> Vec<Choice> {
    let region = &volume.resource.region;
    let month = |shape: &VolumeShape| volume_month(region, Some(shape), view.card);
    let change = |to: &VolumeShape, lost: String| {
        let command = Aws::new(region, view.card).modify_performance(&volume.resource.id, to.iops, to.throughput_mibps);
        Choice::new(Action::LowerPerformance, performance(to), month(to))
            .losing(lost)
            .by(or_withheld(command.map(|command| vec![command])))
    };
    let keep = Choice::new(Action::Keep, format!("{} as it is", shape.volume_type), month(shape));
    let mut choices = vec![
        keep,
        change(ample, format!("speed above {} times what was used", view.thresholds.headroom)).recommended(),
    ];
    if least != ample {
        choices.push(change(least, "speed above what was used: shorter peaks are slowed".to_owned()));
    }
    choices
}

fn performance(shape: &VolumeShape) -> String {
    let iops = shape.iops.map(|iops| format!("{} IOPS", grouped(iops)));
    let mibps = shape.throughput_mibps.map(|mibps| format!("{} MiB/s", grouped(mibps)));
    [Some(shape.volume_type.clone().into_owned()), iops, mibps].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
