//! What an instance was rented for: its measured on-demand hours within a window, and what one of them costs.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::View;
use super::dollars::Dollars;
use super::left_running::{Hourly, usage_of};
use super::standing::{Standing, State};
use crate::ledger::{Certainty, InstanceState, Purchase, Session, Subject, Usage};
use crate::money::Usd;
use crate::quantity::half_up;
use crate::time::{ESTIMATE_MONTH_HOURS, Period, hours, utc_date};

const HOURS_PER_DAY: Decimal = Decimal::from_parts(24, 0, 0, false, 0);
const SECONDS_PER_DAY: i64 = 86_400;
/// Days within which it must have run at the last.
const RECENT_DAYS: i64 = 7;

/// An instance that is still there, rented by the hour.
#[derive(Clone, Debug)]
pub(super) struct Rented<'a> {
    pub standing: &'a Standing<'a>,
    pub session: &'a Session,
    /// From where its hours are known to where it was last seen.
    pub window: Period,
    pub hours: Decimal,
    pub usd_per_hour: Usd,
    pub hourly: Hourly<'a>,
    usage: Vec<&'a Usage>,
}

/// All that were rented over the last `days`, of which at least so many are known.
pub(super) fn rented<'a>(view: &View<'a>, days: i64, fewest: u32) -> Vec<Rented<'a>> {
    let long_enough = |rented: &Rented<'_>| rented.days() >= Decimal::from(fewest);
    view.of_standings(|standing| Rented::of(view, standing, days).filter(long_enough))
}

impl<'a> Rented<'a> {
    /// Over the last `days` of what is known. `None` for what is gone, was not rented on demand, has no rate, or did
    /// not run of late.
    pub(super) fn of(view: &View<'a>, standing: &'a Standing<'a>, days: i64) -> Option<Rented<'a>> {
        let session = standing.session.filter(|session| session.purchase == Purchase::OnDemand)?;
        if !is_still_there(standing) {
            return None;
        }
        let usage: Vec<&Usage> = compute_of(view, session).collect();
        let end = standing.last_seen.min(view.now);
        let first = usage.iter().map(|used| used.period.start).min()?;
        let start = end.checked_sub((days * 24).hours()).map_or(first, |start| start.max(first));
        let window = Period { start, end };
        // What has lain still for a week is no use that goes on: it is another rule's.
        let recent = view.now.checked_sub((RECENT_DAYS * 24).hours()).unwrap_or(view.now);
        if matches!(standing.state, State::Stopped { since } if since.earliest() < recent) {
            return None;
        }
        let hours: Decimal = usage.iter().map(|used| hours_in(used, window)).sum();
        let hourly = Hourly::of(view, session, &usage_of(view, session));
        let Dollars::Exact(usd_per_hour) = hourly.dollars() else { return None };
        let ran = start < end && hours > Decimal::ZERO;
        ran.then_some(Rented { standing, session, window, hours, usd_per_hour, hourly, usage })
    }

    pub(super) fn days(&self) -> Decimal {
        Decimal::from(self.window.seconds()) / Decimal::from(SECONDS_PER_DAY)
    }

    /// The share of the window's hours that it ran.
    pub(super) fn utilization(&self) -> Option<Decimal> {
        Some(self.hours.checked_div(self.window_hours())?.min(Decimal::ONE))
    }

    /// Hours in an estimate month at this pace.
    pub(super) fn hours_a_month(&self) -> Option<Decimal> {
        let month = Decimal::from(ESTIMATE_MONTH_HOURS);
        Some(self.hours.checked_mul(month)?.checked_div(self.window_hours())?.min(month))
    }

    /// What a rate costs in an estimate month at this pace; six decimals are what measured hours leave sure.
    pub(super) fn a_month_at(&self, rate: Usd) -> Option<Usd> {
        Some(rate.scaled(self.hours_a_month()?, Decimal::ONE)?.to_decimals(6))
    }

    fn window_hours(&self) -> Decimal {
        hours(self.window.seconds())
    }

    /// Hours of each UTC day of the window, idle days as zero.
    pub(super) fn by_day(&self) -> Vec<(Date, Decimal)> {
        let mut days: BTreeMap<Date, Decimal> = self.window.by_day().map(|(date, _)| (date, Decimal::ZERO)).collect();
        for used in &self.usage {
            let Some(part) = used.period.intersection(self.window) else { continue };
            for (date, part) in part.by_day() {
                if let Some(sum) = days.get_mut(&date) {
                    *sum = (*sum + hours_in(used, part)).min(HOURS_PER_DAY);
                }
            }
        }
        days.into_iter().collect()
    }

    /// `62 h of p2.xlarge in 31 days, 2026-10-01 to 2026-11-01`
    pub(super) fn said(&self) -> String {
        format!(
            "{} h of {} in {} days, {} to {}",
            half_up(self.hours, 1),
            self.session.instance_type,
            half_up(self.days(), 1),
            utc_date(self.window.start),
            utc_date(self.window.end)
        )
    }
}

/// Running, stopped, or noted as running so many hours a day: what is terminated is rented no more.
fn is_still_there(standing: &Standing<'_>) -> bool {
    if let Some((_, seen)) = standing.seen {
        return !matches!(seen.state, InstanceState::ShuttingDown | InstanceState::Terminated);
    }
    let pattern = standing.session.is_some_and(|session| session.hours_per_day.is_some());
    pattern || matches!(standing.state, State::Running(_) | State::Stopped { .. })
}

fn compute_of<'a>(view: &View<'a>, session: &Session) -> impl Iterator<Item = &'a Usage> {
    let of_instance = view.inventory.usage_of(&session.instance_id).iter();
    let kind = session.instance_type.clone();
    of_instance.filter(move |used| match &used.subject {
        Subject::Compute { instance_type, purchase, .. } => {
            *instance_type == kind && *purchase == Purchase::OnDemand && used.certainty == Certainty::Measured
        }
        _ => false,
    })
}

fn hours_in(used: &Usage, window: Period) -> Decimal {
    let Some(part) = used.period.intersection(window) else { return Decimal::ZERO };
    let all = hours(part.seconds().max(0));
    match used.hours_per_day {
        Some(a_day) => all.saturating_mul(a_day) / HOURS_PER_DAY,
        None => all,
    }
}
