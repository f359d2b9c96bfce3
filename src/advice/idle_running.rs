//! An instance that runs and does nothing, as far as its signals tell; see [`idleness`](super::idleness).

use rust_decimal::Decimal;

use super::View;
use super::cost::{accrued, accrued_by_now, moment};
use super::dollars::Dollars;
use super::finding::{Confidence, Finding, Level};
use super::idleness::{Idleness, idleness, is_active};
use super::left_running::{Running, choices, parts, resource_of, risk, running_lines};
use super::standing::{Standing, State};
use crate::ledger::Session;
use crate::time::{Period, hours};

pub const ID: &str = "idle-running";

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    view.of_standings(|standing| finding(view, standing))
}

/// Whether it is known that an instance is idle, or that it is not: one that does not run is neither, and is judged.
pub(super) fn is_judged(view: &View<'_>, instance_id: &str) -> bool {
    let Some(standing) = view.inventory.standings.get(instance_id) else { return true };
    let State::Running(session) = standing.state else { return true };
    let last_seen = standing.last_seen.min(view.now);
    let is_idle = idleness(view, &session.instance_type, session, last_seen).is_some();
    is_idle || is_active(view, &session.instance_type, session, last_seen)
}

fn finding(view: &View<'_>, standing: &Standing<'_>) -> Option<Finding> {
    let State::Running(session) = standing.state else { return None };
    // A pattern of hours is no running instance.
    let last_seen = standing.last_seen.min(view.now);
    let idle = idleness(view, &session.instance_type, session, last_seen)?;
    let Running { usage, hourly, own_address, ends_at_stop, holding } = Running::of(view, session, standing);
    let so_far = accrued(&usage, idle.since, idle.until, view.card);
    let period = Period { start: idle.since.latest, end: idle.until };
    let saving = saving(&ends_at_stop, &idle);
    Some(Finding {
        id: format!("{ID}:{}", standing.id),
        rule: ID,
        title: format!("{} running idle for {} h", session.instance_type, hours(period.seconds().max(0)).trunc()),
        resource: resource_of(session, standing),
        last_seen: idle.until,
        evidence: view.told(|| evidence(view, session, &idle, running_lines(view, &hourly, own_address))),
        parts: parts(view, session, &holding, period, so_far.clone()),
        accrued: Some(so_far),
        accrued_if_still_there: accrued_by_now(&usage, idle.since, idle.until, view.now, view.card),
        since: Some(idle.since.latest),
        confidence: confidence(&idle, &saving),
        choices: view.choices(&saving, || choices(view, &holding, standing.id, session.purchase)),
        saving_per_month: saving,
        risk: view.told(|| risk(view, session)),
        detail: None,
    })
}

/// At least the share of the month that it is idle for, at most all of it.
fn saving(ends_at_stop: &Dollars, idle: &Idleness) -> Dollars {
    let Some(most) = ends_at_stop.most() else {
        return Dollars::unknown(ends_at_stop.why_unknown().unwrap_or("it is unknown"));
    };
    let share = most.scaled(Decimal::from(idle.idle_hours), Decimal::from(idle.hours.max(1)));
    match share {
        Some(least) if least < most => Dollars::Between { least, most },
        _ => Dollars::Exact(most),
    }
}

fn confidence(idle: &Idleness, saving: &Dollars) -> Confidence {
    let Confidence { level, why } = idle.confidence.clone();
    match saving.why_unknown() {
        None => Confidence { level, why },
        Some(unknown) => Confidence {
            level: level.min(Level::Medium),
            why: format!("{why}; in dollars it is not known: {unknown}").into(),
        },
    }
}

fn evidence(view: &View<'_>, session: &Session, idle: &Idleness, rate_lines: Vec<String>) -> Vec<String> {
    let mut lines = idle.evidence.clone();
    lines.push(if idle.since.earliest == idle.since.latest {
        format!("idle in each whole hour since it was started: from {} on", moment(idle.since.latest))
    } else {
        format!(
            "idle since {} at the latest, {} at the earliest",
            moment(idle.since.latest),
            moment(idle.since.earliest)
        )
    });
    lines.extend(session.evidence.iter().map(|e| format!("running when last seen: {e}")));
    lines.extend(rate_lines);
    if view.now > idle.until {
        lines.push(format!("as of {}, the last whole hour that CloudWatch was asked about", moment(idle.until)));
    }
    lines
}
