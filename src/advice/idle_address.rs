//! An Elastic IP that nothing uses: associated with nothing, or with a stopped instance without volumes (one with
//! volumes has its addresses in its own finding).
//!
//! One on a network interface of no instance counts as in use: `DescribeAddresses` names the interface, and whether
//! anything holds that (a load balancer, a NAT gateway, nothing) only `DescribeNetworkInterfaces` tells, which a look does
//! not ask. `gpucost release-address --disassociate` does, before it takes an address away from one.

use jiff::Timestamp;

use super::View;
use super::cost::{Since, address_accrued, address_month, address_month_line, moment};
use super::dollars::Dollars;
use super::finding::{Action, Choice, Confidence, Finding, Part};
use super::inventory::Address;
use super::standing::State;
use super::ways_out::Holding;
use crate::ledger::Certainty;

pub(super) const ID: &str = "idle-address";

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    view.of_addresses(|address| finding(view, address))
}

/// Why it is idle; since when, and until when its instance was seen so: `None` is not known.
fn idleness(view: &View<'_>, address: &Address<'_>) -> Option<(String, Option<(Since, Timestamp)>)> {
    if let Some(id) = address.instance_id {
        let standing = view.inventory.standings.get(id)?;
        let State::Stopped { since } = standing.state else { return None };
        if !view.inventory.volumes_of(id).is_empty() {
            return None;
        }
        let latest = since.latest().unwrap_or(standing.last_seen);
        let why = format!("on {id}, which is stopped");
        return Some((why, Some((Since { earliest: since.earliest(), latest }, standing.last_seen))));
    }
    (!address.associated).then(|| ("associated with nothing".to_owned(), None))
}

fn finding(view: &View<'_>, address: &Address<'_>) -> Option<Finding> {
    let (why, since) = idleness(view, address)?;
    let until = since.map_or(address.last_seen, |(_, seen_stopped)| seen_stopped).min(view.now);
    let month = address_month(&address.resource.region, false, view.card);
    let (so_far, by_now) = match since {
        Some((since, _)) => address_accrued(address, since, until, view.now, view.card),
        None => (seen_idle(view, address, until), None),
    };
    let holding = Holding {
        region: &address.resource.region,
        instance_id: None,
        running: None,
        has_store: false,
        volumes: Vec::new(),
        addresses: vec![(address, month.clone())],
        card: view.card,
    };
    let mut evidence = vec![format!("{why} when last seen, {}: {}", moment(until), address.evidence)];
    evidence.extend(address_month_line(&address.resource.region, false, view.card));
    evidence.extend(month.why_unknown().map(str::to_owned));
    evidence.extend(so_far.why_unknown().map(str::to_owned));
    let title = format!("Elastic IP {}, {why}", address.public_ip);
    Some(Finding {
        id: format!("{ID}:{}", address.resource.id),
        rule: ID,
        title: title.clone(),
        resource: address.resource.clone(),
        last_seen: until,
        evidence,
        parts: vec![Part {
            id: address.resource.id.clone(),
            what: format!("Elastic IP {}", address.public_ip),
            accrued: so_far.clone(),
            per_month: month.clone(),
            counted: true,
        }],
        accrued: Some(so_far),
        accrued_if_still_there: by_now.filter(|_| view.now > until),
        since: since.map(|(since, _)| since.latest),
        confidence: Confidence::as_seen("AWS bills an address whether used or not; it was seen idle", &month),
        choices: vec![
            Choice::new(Action::Keep, "as it is, idle", holding.keep_month()),
            holding.release_choice().recommended(),
        ],
        risk: "who still uses the address (DNS records, allow lists) will reach somebody else at it".to_owned(),
        saving_per_month: month,
        detail: None,
    })
}

/// What its sights span; AWS does not tell since when it is held.
fn seen_idle(view: &View<'_>, address: &Address<'_>, until: Timestamp) -> Dollars {
    let measured: Vec<_> = address.usage.iter().copied().filter(|u| u.certainty == Certainty::Measured).collect();
    let start = measured.iter().map(|used| used.period.start).min().unwrap_or(until);
    let seen = super::cost::accrued(&measured, Since { earliest: start, latest: start }, until, view.card);
    seen.plus(Dollars::unknown("AWS does not tell since when the address is held"))
}
