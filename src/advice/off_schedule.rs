//! An instance that runs through hours of the week in which it never is at work: a schedule would stop it.
//!
//! Whether an hour was work is judged as [`idleness`](super::idleness) does, by the same signals and thresholds; an hour
//! of which something needed is unknown counts as work. Two whole weeks are the least that tells of a week.
//!
//! EventBridge Scheduler calls EC2 by itself, in a role that allows it. <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html>
//! (read 2026-11-28; the form of cron is that of schedules in use, read 2026-11-27)

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::View;
use super::command::{Aws, or_withheld};
use super::cost::{estimate_month_hours, moment};
use super::dollars::Dollars;
use super::finding::{Action, Choice, Confidence, Detail, Finding, Level};
use super::idle_week::{Block, Did, HOURS, IdleWeek};
use super::idleness::{FULL_PERCENT, Readings, STALE_SECONDS, Window, gpus, jupyter_lines};
use super::left_running::{Hourly, resource_of, usage_of};
use super::standing::{Standing, State};
use super::ways_out::instance_risk;
use crate::ledger::{
    HOUR_SECONDS, JupyterSeen, Purchase, SLOTS_PER_HOUR, Session, Signals, hour_from, hour_of, hour_start,
};
use crate::money::Usd;
use crate::time::{Period, hours};

pub const ID: &str = "off-schedule";

const FEWEST_WEEKS: i64 = 2;
const MOST_WEEKS: i64 = 4;
const DAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    view.of_standings(|standing| finding(view, standing))
}

/// Whether it is known that there are hours to stop in, or that there are none: whatever the unknown hours were.
pub(super) fn is_judged(view: &View<'_>, instance_id: &str) -> bool {
    let Some(standing) = view.inventory.standings.get(instance_id) else { return true };
    let Some(session) = running(standing) else { return true };
    let Some(seen) = History::of(view, standing, session) else { return false };
    if !seen.week().blocks.is_empty() {
        return true;
    }
    let at_best: Vec<Did> = seen.did.iter().map(|did| if *did == Did::Unknown { Did::Nothing } else { *did }).collect();
    let never_at_work = at_best.iter().all(|did| *did != Did::Work);
    !never_at_work && IdleWeek::of(seen.window.from, &at_best).blocks.is_empty()
}

/// The session of an instance that can be stopped: a one-time spot instance cannot.
fn running<'a>(standing: &Standing<'a>) -> Option<&'a Session> {
    let State::Running(session) = standing.state else { return None };
    (session.purchase != Purchase::Spot).then_some(session)
}

/// What an instance did in the hours of whole weeks, and for how many seconds of each it surely ran.
struct History<'a> {
    signals: &'a Signals,
    servers: &'a [JupyterSeen],
    readings: Readings,
    window: Window,
    did: Vec<Did>,
    ran: Vec<i64>,
}

impl<'a> History<'a> {
    /// `None`: too little is known of it.
    fn of(view: &View<'a>, standing: &Standing<'_>, session: &Session) -> Option<History<'a>> {
        let activity = &view.inventory.ledger.activity;
        let signals = activity.signals.get(&session.instance_id)?;
        let servers = activity.jupyter.get(&session.instance_id).map_or(&[][..], Vec::as_slice);
        let readings = Readings::of(signals, gpus(&session.instance_type, view.card)?);
        let last_seen = standing.last_seen.min(view.now);
        if last_seen.as_second() - signals.asked_at.as_second() > STALE_SECONDS {
            return None;
        }
        let end = hour_of(signals.asked_at.min(last_seen));
        let weeks = ((end - readings.first_known()?) / HOURS as i64).min(MOST_WEEKS);
        if weeks < FEWEST_WEEKS {
            return None;
        }
        let window = Window { from: end - weeks * HOURS as i64, to: end };
        let ran = ran_seconds(view, &session.instance_id, window);
        let did = window.each().map(|hour| {
            if !view.inventory.may_have_run(&session.instance_id, hour) {
                return Did::StandStill;
            }
            match at_work(servers, hour) {
                Some(true) => Did::Work,
                _ if readings.is_at_work(hour, view.thresholds.idle) => Did::Work,
                Some(false) if readings.is_quiet(hour, view.thresholds.idle) => Did::Nothing,
                _ => Did::Unknown,
            }
        });
        Some(History { did: did.collect(), signals, servers, readings, window, ran })
    }

    fn week(&self) -> IdleWeek {
        IdleWeek::of(self.window.from, &self.did)
    }

    /// Seconds of each week: in which it ran, and of these in which it is to be stopped.
    fn by_week(&self, week: &IdleWeek) -> Vec<(i64, i64)> {
        let hours: Vec<(i64, i64)> = self.window.each().zip(self.ran.iter().copied()).collect();
        let of_week = |hours: &[(i64, i64)]| {
            let stopped = hours.iter().filter(|(hour, _)| week.is_proposed(*hour)).map(|(_, ran)| ran).sum();
            (hours.iter().map(|(_, ran)| ran).sum(), stopped)
        };
        hours.chunks(HOURS).map(of_week).collect()
    }

    /// Of the five-minute slots of the hours in which it did nothing, what is known of each signal at least.
    fn is_full(&self) -> bool {
        let idle = || self.window.each().zip(&self.did).filter(|(_, did)| **did == Did::Nothing).map(|(hour, _)| hour);
        let slots = i64::try_from(idle().count()).unwrap_or(i64::MAX).saturating_mul(i64::from(SLOTS_PER_HOUR));
        self.readings.known_slots_of(idle) * 100 >= slots.saturating_mul(FULL_PERCENT)
    }
}

/// What notebook servers tell of an hour; `None`: one of them does not.
fn at_work(servers: &[JupyterSeen], hour: i64) -> Option<bool> {
    let (start, end) = (hour_start(hour), hour_start(hour + 1));
    let names: std::collections::BTreeSet<&str> = servers.iter().map(|seen| seen.server.as_str()).collect();
    let worked = servers.iter().any(|seen| {
        let Some(said) = &seen.said else { return false };
        let busy = said.busy > 0 && seen.first_at < end && seen.last_at >= start;
        busy || (start <= said.last_activity && said.last_activity < end)
    });
    if worked {
        return Some(true);
    }
    // Asked after the hour, it had not been at work since before it.
    let idle = |seen: &&JupyterSeen| {
        let is_idle = |said: &crate::ledger::JupyterSaid| said.busy == 0 && said.last_activity < start;
        seen.last_at >= end && seen.said.as_ref().is_some_and(is_idle)
    };
    let told = |name: &&str| servers.iter().filter(|seen| seen.server == **name).any(|seen| idle(&seen));
    names.iter().all(told).then_some(false)
}

/// By hour of the window, the seconds in which it surely ran.
fn ran_seconds(view: &View<'_>, instance_id: &str, window: Window) -> Vec<i64> {
    let mut ran = vec![0; usize::try_from(window.hours()).unwrap_or(0)];
    for session in view.inventory.ledger.sessions_of(instance_id).filter(|session| session.hours_per_day.is_none()) {
        let sure = Period { start: session.start, end: session.end.earliest() };
        let (first, last) = (hour_of(sure.start).max(window.from), hour_from(sure.end).min(window.to));
        for hour in first..last {
            let within = Period { start: hour_start(hour), end: hour_start(hour + 1) }.intersection(sure);
            if let (Some(kept), Some(within)) =
                (usize::try_from(hour - window.from).ok().and_then(|n| ran.get_mut(n)), within)
            {
                *kept = (*kept + within.seconds()).min(HOUR_SECONDS);
            }
        }
    }
    ran
}

fn finding(view: &View<'_>, standing: &Standing<'_>) -> Option<Finding> {
    let session = running(standing)?;
    let history = History::of(view, standing, session)?;
    let week = history.week();
    if week.blocks.is_empty() {
        return None;
    }
    let hourly = Hourly::of(view, session, &usage_of(view, session));
    let hour = hourly.dollars();
    let by_week = history.by_week(&week);
    let (keep_month, saving) = (
        a_month(&hour, by_week.iter().map(|(ran, _)| *ran)),
        a_month(&hour, by_week.iter().map(|(_, stopped)| *stopped)),
    );
    let left_month = a_month(&hour, by_week.iter().map(|(ran, stopped)| ran - stopped));
    let stopped: i64 = by_week.iter().map(|(_, stopped)| stopped).sum();
    let until = hour_start(history.window.to);
    let keep = Choice::new(Action::Keep, "as it runs now", keep_month);
    let aws = Aws::new(&session.region, view.card);
    let schedule = Choice::new(Action::StopOnSchedule, "stopped when it never worked", left_month)
        .losing("what is in memory, and an automatic public address, at each stop")
        .restored(Dollars::ZERO, "minutes after each start, if AWS has capacity then")
        .by(or_withheld(commands(&aws, standing.id, &week.blocks)))
        .recommended();
    Some(Finding {
        id: format!("{ID}:{}", standing.id),
        rule: ID,
        title: format!(
            "{} never at work in {} of the week's {HOURS} hours, in {} weeks",
            session.instance_type,
            week.free_hours(),
            week.weeks
        ),
        resource: resource_of(session, standing),
        last_seen: until,
        evidence: evidence(view, session, &history, &week, stopped, hourly.line()),
        parts: Vec::new(),
        accrued: Some(hour.times(hours(stopped))),
        accrued_if_still_there: None,
        since: Some(hour_start(history.window.from)),
        confidence: confidence(&history, &week, &saving),
        saving_per_month: saving,
        choices: vec![keep, schedule],
        risk: view.told(|| risk(view, session, &week)),
        detail: Some(Detail::Week(week)),
    })
}

/// The instance-hours of a month like the cheapest and the dearest of these weeks, by their seconds.
fn a_month(hourly: &Dollars, weeks: impl Iterator<Item = i64> + Clone) -> Dollars {
    let of_week = |seconds: Option<i64>| {
        let in_week = hourly.clone().times(hours(seconds.unwrap_or(0)));
        in_week.scaled(estimate_month_hours(), Decimal::from(HOURS))
    };
    let (least, most) = (of_week(weeks.clone().min()), of_week(weeks.max()));
    match (least.least(), most.most()) {
        (Some(least), Some(most)) => Dollars::of(least, Ok(most)),
        _ => Dollars::of(Usd::ZERO, Err(hourly.why_unknown().unwrap_or("it is unknown").to_owned())),
    }
}

/// More weeks, and more known of them, are surer.
fn confidence(history: &History<'_>, week: &IdleWeek, saving: &Dollars) -> Confidence {
    let level = match (i64::from(week.weeks), history.is_full()) {
        (MOST_WEEKS.., true) => Level::High,
        (MOST_WEEKS.., false) | (3.., true) => Level::Medium,
        _ => Level::Low,
    };
    let why = format!("{} whole weeks; what comes less often than that is not in them", week.weeks);
    match saving.why_unknown() {
        None => Confidence { level, why: why.into() },
        Some(unknown) => Confidence {
            level: level.min(Level::Medium),
            why: format!("{why}; in dollars it is not known: {unknown}").into(),
        },
    }
}

fn evidence(
    view: &View<'_>,
    session: &Session,
    history: &History<'_>,
    week: &IdleWeek,
    stopped: i64,
    rate_line: Option<String>,
) -> Vec<String> {
    let mut lines = vec![format!(
        "{} h in which it ran and did nothing, from {} to {}, lie in hours of the week in which it never was at work",
        hours(stopped).round_dp_with_strategy(1, rust_decimal::RoundingStrategy::ToZero).normalize(),
        moment(hour_start(history.window.from)),
        moment(hour_start(history.window.to))
    )];
    lines.extend(week.blocks.iter().map(|block| block_line(*block)));
    lines.extend(history.readings.lines(history.signals, history.window));
    lines.extend(jupyter_lines(history.servers));
    lines.extend(session.evidence.iter().map(|e| format!("running when last seen: {e}")));
    lines.extend(rate_line);
    if view.now > hour_start(history.window.to) {
        lines.push(format!(
            "as of {}, the last whole hour that CloudWatch was asked about",
            moment(hour_start(history.window.to))
        ));
    }
    lines
}

/// `stop Fri 17:00, start Mon 09:00 (64 h, UTC)`.
fn block_line(block: Block) -> String {
    let start = match block.starts_again {
        true => format!("start {}", name(block.end())),
        false => "start by hand as now".to_owned(),
    };
    format!("stop {}, {start} ({} h, UTC)", name(block.start), block.hours)
}

/// `Fri 17:00`.
fn name(hour: usize) -> String {
    let day = DAYS.get(hour / 24).copied().unwrap_or_default();
    let (first, rest) = day.split_at_checked(1).unwrap_or(("", ""));
    format!("{first}{} {:02}:00", rest.to_ascii_lowercase(), hour % 24)
}

/// One schedule for each hour of the day at which it is stopped, and for each at which it is started.
fn commands(aws: &Aws, instance_id: &str, blocks: &[Block]) -> Option<Vec<String>> {
    let mut calls: BTreeMap<(&str, usize), Vec<usize>> = BTreeMap::new();
    for block in blocks {
        let start = block.starts_again.then_some(("start", block.end()));
        for (verb, hour) in std::iter::once(("stop", block.start)).chain(start) {
            calls.entry((verb, hour % 24)).or_default().push(hour / 24);
        }
    }
    let schedule = |((verb, hour), mut days): ((&str, usize), Vec<usize>)| {
        days.sort_unstable();
        let days: Vec<&str> = days.into_iter().filter_map(|day| DAYS.get(day).copied()).collect();
        aws.create_schedule(verb, instance_id, hour, &days.join(","))
    };
    calls.into_iter().rev().map(schedule).collect()
}

fn risk(view: &View<'_>, session: &Session, week: &IdleWeek) -> String {
    let mut risk = vec![format!(
        "what runs past the hour is cut off, and {} weeks do not show what comes once a month; an Elastic IP and the \
         volumes go on billing",
        week.weeks
    )];
    risk.extend(instance_risk(&session.instance_type, session.purchase, view.card));
    risk.join("; ")
}
