//! An instance that was running when last seen, for longer than somebody probably meant it to.

use std::sync::Arc;

use super::View;
use super::command::{Aws, or_withheld};
use super::cost::{
    accrued_by_now, address_month, address_month_line, as_of, estimate_month_hours, moment, shape_name, spent,
};
use super::dollars::Dollars;
use super::finding::{Action, Choice, Confidence, Detail, Finding, Part};
use super::inventory::Volume;
use super::spans::spans;
use super::standing::{Standing, State};
use super::ways_out::{Holding, instance_risk, instance_store};
use crate::billing::hourly_rate;
use crate::catalog::Rate;
use crate::ledger::{Purchase, Resource, Session, Subject, Tags, Usage};
use crate::time::{Period, hours};

use rust_decimal::Decimal;

pub const ID: &str = "left-running";

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    view.of_standings(|standing| finding(view, standing))
}

fn finding(view: &View<'_>, standing: &Standing<'_>) -> Option<Finding> {
    let State::Running(session) = standing.state else { return None };
    let until = standing.last_seen.min(view.now);
    let period = Period { start: session.start, end: until };
    let ran = hours(period.seconds().max(0));
    if ran <= Decimal::from(view.thresholds.left_running_hours) {
        return None;
    }
    let Running { usage, hourly, own_address, ends_at_stop, holding } = Running::of(view, session, standing);
    let so_far = spent(&usage, period, until, view.card);
    let parts = parts(view, session, &holding, period, so_far.clone());
    // As much as it would cost running on; what it earns meanwhile only its owner knows.
    let saving = match ends_at_stop.most() {
        Some(most) => Dollars::at_most(most),
        // Without a rate not even the part that has one is sure to be saved.
        None => Dollars::unknown(ends_at_stop.why_unknown().unwrap_or("it is unknown")),
    };
    let since = super::cost::Since { earliest: session.start, latest: session.start };
    Some(Finding {
        id: format!("{ID}:{}", standing.id),
        rule: ID,
        title: view.told(|| format!("{} running for {} h", session.instance_type, ran.trunc())),
        resource: resource_of(session, standing),
        last_seen: until,
        evidence: view.told(|| evidence(view, period, &hourly, own_address)),
        parts,
        detail: view.told(|| Some(Detail::Spans(spans(view, session, until, &so_far)))),
        accrued: Some(so_far),
        accrued_if_still_there: accrued_by_now(&usage, since, until, view.now, view.card),
        since: Some(session.start),
        confidence: Confidence::low("that it runs is known, whether it works is not"),
        choices: view.choices(&saving, || choices(view, &holding, standing.id, session.purchase)),
        saving_per_month: saving,
        risk: view.told(|| risk(view, session)),
    })
}

/// What an instance that runs costs, and what it holds.
pub(super) struct Running<'a> {
    /// Of its session.
    pub usage: Vec<&'a Usage>,
    pub hourly: Hourly<'a>,
    /// It has a public address that ends with its running.
    pub own_address: bool,
    /// A month of what a stop would end.
    pub ends_at_stop: Dollars,
    pub holding: Holding<'a, 'a>,
}

impl<'a> Running<'a> {
    pub(super) fn of(view: &View<'a>, session: &'a Session, standing: &Standing<'a>) -> Running<'a> {
        let usage = usage_of(view, session);
        let hourly = Hourly::of(view, session, &usage);
        let addresses = view.inventory.addresses_of(standing.id);
        let per_address = || address_month(&session.region, true, view.card);
        let compute = hourly.dollars().times(estimate_month_hours());
        // AWS takes an automatic address back at the stop; an Elastic IP goes on.
        let own_address = session.public_ipv4 && addresses.is_empty();
        let ends_at_stop = if own_address { compute.plus(per_address()) } else { compute };
        let holding = Holding {
            region: &session.region,
            instance_id: Some(standing.id),
            running: Some(ends_at_stop.clone()),
            has_store: instance_store(&session.instance_type, view.card).is_some(),
            volumes: view.inventory.volumes_of(standing.id),
            addresses: addresses.into_iter().map(|address| (address, per_address())).collect(),
            card: view.card,
        };
        Running { usage, hourly, own_address, ends_at_stop, holding }
    }
}

fn evidence(view: &View<'_>, period: Period, hourly: &Hourly<'_>, own_address: bool) -> Vec<String> {
    let mut lines: Vec<String> =
        hourly.session.evidence.iter().map(|e| format!("running when last seen: {e}")).collect();
    lines.push(format!("started {}, seen running until {}", moment(period.start), moment(period.end)));
    lines.extend(running_lines(view, hourly, own_address));
    lines.extend(hourly.dollars().why_unknown().map(str::to_owned));
    lines.push("whether it did any work is not in the records".to_owned());
    if view.now > period.end {
        lines.push(format!("as of {}, when last seen", moment(period.end)));
    }
    lines
}

pub(super) fn parts(
    view: &View<'_>,
    session: &Session,
    holding: &Holding<'_, '_>,
    period: Period,
    so_far: Dollars,
) -> Vec<Part> {
    let instance = Part {
        id: session.instance_id.clone(),
        what: view.told(|| session.instance_type.clone()),
        accrued: so_far,
        per_month: holding.running.clone().unwrap_or(Dollars::ZERO),
        counted: true,
    };
    let of_volume = |volume: &&Volume<'_>| Part {
        id: volume.resource.id.clone(),
        what: view.told(|| shape_name(volume.shape.as_ref())),
        accrued: view.told_dollars(|| spent(&volume.usage, period, period.end.min(volume.last_seen), view.card)),
        per_month: volume.month.clone(),
        // A stop does not end it, and it is not in what the run has cost.
        counted: false,
    };
    std::iter::once(instance).chain(holding.volumes.iter().map(of_volume)).collect()
}

/// The session's compute and its address-hours: what a stop would have ended.
pub(super) fn usage_of<'a>(view: &View<'a>, session: &Session) -> Vec<&'a Usage> {
    let of_instance = view.inventory.usage_of(&session.instance_id).iter();
    of_instance.filter(|used| is_of_running(used) && used.period.start >= session.start).collect()
}

/// Instance-hours, and the hours of the address that goes with them.
pub(super) fn is_of_running(used: &Usage) -> bool {
    matches!(used.subject, Subject::Compute { .. } | Subject::PublicIpv4 { .. })
}

/// What billing charges for an hour of a session, or why that is not known.
#[derive(Clone, Debug)]
pub(super) struct Hourly<'a> {
    session: &'a Session,
    rate: Result<Rate, String>,
}

impl<'a> Hourly<'a> {
    pub(super) fn of(view: &View<'_>, session: &'a Session, usage: &[&Usage]) -> Hourly<'a> {
        let rate = usage.iter().find_map(|used| hourly_rate(used, view.card));
        Hourly { session, rate: rate.unwrap_or_else(|| Err("no hours are recorded".to_owned())) }
    }

    pub(super) fn dollars(&self) -> Dollars {
        match &self.rate {
            Ok(rate) => Dollars::Exact(rate.usd),
            Err(why) => Dollars::unknown(why.clone()),
        }
    }

    /// The line that says so.
    pub(super) fn line(&self) -> Option<String> {
        let rate = self.rate.as_ref().ok()?;
        let kind = &self.session.instance_type;
        Some(format!("{kind}: {} per {} ({})", rate.usd.rate(), rate.unit, as_of(rate)))
    }
}

/// What running on costs, by the hour, the day and the month.
pub(super) fn running_lines(view: &View<'_>, hourly: &Hourly<'_>, own_address: bool) -> Vec<String> {
    let address = || address_month_line(&hourly.session.region, true, view.card).filter(|_| own_address);
    let times = |hours: Decimal| hourly.dollars().times(hours);
    let (day, month) = (times(Decimal::from(24)), times(estimate_month_hours()));
    let projection = format!("running on costs {day} a day, {month} in an estimate month of 730 h");
    hourly.line().into_iter().chain(address()).chain([projection]).collect()
}

pub(super) fn resource_of(session: &Session, standing: &Standing<'_>) -> Arc<Resource> {
    Arc::new(Resource {
        account: session.account.clone(),
        region: session.region.clone(),
        id: session.instance_id.clone(),
        name: session.name.clone(),
        instance_id: Some(session.instance_id.clone()),
        tags: standing.seen.map_or(Tags::new(), |(_, seen)| seen.tags.clone()),
    })
}

pub(super) fn choices(
    view: &View<'_>,
    holding: &Holding<'_, '_>,
    instance_id: &str,
    purchase: Purchase,
) -> Vec<Choice> {
    let keep = Choice::new(Action::Keep, "running on", holding.keep_month());
    let mut terminate = holding.terminate_choices(instance_id);
    if purchase == Purchase::Spot {
        // A one-time spot request cannot be stopped.
        terminate.iter_mut().take(1).for_each(|choice| choice.recommended = true);
        return std::iter::once(keep).chain(terminate).collect();
    }
    let volumes = holding.volumes.clone();
    let at_rest = Holding { running: None, volumes, addresses: holding.addresses.clone(), ..*holding };
    let stop = Aws::new(holding.region, view.card).stop_only(instance_id);
    let stop = Choice::new(Action::Stop, "volumes and Elastic IPs go on", at_rest.keep_month())
        .losing(format!("{}, and an automatic public address", holding.lost_by_stop()))
        .restored(Dollars::ZERO, "minutes to start, if AWS has capacity then")
        .by(or_withheld(stop.map(|command| vec![command])))
        .recommended();
    // Not recommended beside a stop, which is undone by a start.
    let snapshots = holding.snapshot_choices().into_iter().map(|choice| Choice { recommended: false, ..choice });
    [keep, stop].into_iter().chain(snapshots.filter(|_| !holding.volumes.is_empty())).chain(terminate).collect()
}

pub(super) fn risk(view: &View<'_>, session: &Session) -> String {
    let mut risk = vec!["it may be at work: look before you stop it".to_owned()];
    risk.extend(instance_risk(&session.instance_type, session.purchase, view.card));
    risk.join("; ")
}
