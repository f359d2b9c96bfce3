//! What an instance that runs has cost and would cost: since its start, on the day, and in the calendar month.
//!
//! Days and months are UTC, and those in which the instance was last seen: what came after is not known. They count all
//! its runs, as a bill does; the month's end is projected from the run that goes on.

use jiff::{Timestamp, ToSpan};

use super::View;
use super::cost::moment;
use super::dollars::Dollars;
use super::left_running::is_of_running;
use crate::billing::{Charge, charges_of_usage};
use crate::ledger::{Certainty, Session, Subject, Usage};
use crate::time::{Month, Period, day, utc_date};

/// A stretch of time and what the instance costs in it: its hours, and the address that a stop would take from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// `since-start`, `day`, `month-to-date`, `month-projected`.
    pub key: &'static str,
    /// `2026-10-31 so far`.
    pub what: String,
    pub period: Period,
    pub dollars: Dollars,
}

/// Of an instance that ran in this session when last seen, at `until`; `so_far` is what the session cost.
pub(super) fn spans(view: &View<'_>, session: &Session, until: Timestamp, so_far: &Dollars) -> Vec<Span> {
    // Seen at midnight: the day and the month that are over then.
    let last = until.checked_sub(1.nanosecond()).unwrap_or(until);
    let (date, month) = (utc_date(last), Month::of(last));
    let (today, whole) = (Period { start: day(date).start, end: until }, month.period());
    let to_date = Period { start: whole.start, end: until };
    let all = view.inventory.usage_of(&session.instance_id);
    let runs: Vec<&Usage> = all.iter().filter(|used| is_of_running(used)).collect();
    let span = |key, what: String, period, dollars| Span { key, what, period, dollars };
    vec![
        span(
            "since-start",
            format!("since its start, {}", moment(session.start)),
            Period { start: session.start, end: until },
            so_far.clone(),
        ),
        span("day", format!("{date} so far"), today, billed(view, &runs, today)),
        span("month-to-date", format!("{month} so far, all its runs"), to_date, billed(view, &runs, to_date)),
        span(
            "month-projected",
            format!("{month}, if it runs on to the end"),
            whole,
            projected(view, session, &runs, until, whole),
        ),
    ]
}

/// As a bill has it. What only may have been is at most.
fn billed(view: &View<'_>, usage: &[&Usage], within: Period) -> Dollars {
    let of_usage = |used: &&Usage| {
        let sure = used.certainty == Certainty::Measured;
        charges_of_usage(used, view.card, within).fold(Dollars::ZERO, |sum, charge| {
            sum.plus(match charge {
                Charge::Rated { cost, .. } if sure => Dollars::Exact(cost),
                Charge::Rated { cost, .. } => Dollars::at_most(cost),
                Charge::Unrated { why } => Dollars::unknown(why),
            })
        })
    };
    usage.iter().map(of_usage).fold(Dollars::ZERO, Dollars::plus)
}

/// The month's bill if the session goes on until the month's end.
fn projected(view: &View<'_>, session: &Session, usage: &[&Usage], until: Timestamp, month: Period) -> Dollars {
    let is_running = |used: &&&Usage| used.period.start >= session.start;
    let goes_on = usage.iter().filter(is_running).filter(|used| used.certainty == Certainty::Measured);
    let goes_on: Vec<Usage> = goes_on.map(|used| running_on(used, until, month.end)).collect();
    let before: Vec<&Usage> = usage.iter().copied().filter(|used| used.period.start < session.start).collect();
    // What may have come before a start is known to have come before the last sight.
    let so_far = billed(view, &before, Period { start: month.start, end: until });
    so_far.plus(billed(view, &goes_on.iter().collect::<Vec<_>>(), month))
}

/// What was going on when last seen, until `end`; what a later row of notes goes on with stays as it is.
fn running_on(used: &Usage, until: Timestamp, end: Timestamp) -> Usage {
    let mut used = used.clone();
    if used.period.end < until {
        return used;
    }
    used.period.end = end.max(used.period.end);
    if let Subject::Compute { session: Some(run), .. } = &mut used.subject {
        run.end = run.end.max(used.period.end);
    }
    used
}
