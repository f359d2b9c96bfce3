//! Elastic IPs: billed whatever their instance does, idle unless it runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::change::ResourceKind;
use super::derive::{Ledger, measured};
use super::fact::{Evidence, Fact};
use super::gone::Gone;
use super::moment::End;
use super::sight::AddressSeen;
use super::storage::possibly_later;
use super::tags::Tags;
use super::timeline::Timelines;
use super::usage::{Phase, Resource, Subject, Usage};
use crate::time::Period;

/// From first to last sight (AWS tells no allocation time), each sight speaking for the time until the
/// next. While a session has a public address of its own the address-hours are that session's.
pub(super) fn addresses(
    facts: &[(Evidence, Fact)],
    ledger: &Ledger,
    gone: &Gone<'_>,
    timelines: &Timelines,
    now: Timestamp,
) -> Vec<Usage> {
    let mut by_id: BTreeMap<&str, Vec<(&Evidence, &AddressSeen)>> = BTreeMap::new();
    for (evidence, fact) in facts {
        if let Fact::Address(seen) = fact {
            by_id.entry(&seen.allocation_id).or_default().push((evidence, seen));
        }
    }
    let mut usage = Vec::new();
    for mut sights in by_id.into_values() {
        sights.sort_by(|(a, x), (b, y)| (x.seen_at, a).cmp(&(y.seen_at, b)));
        for pair in sights.windows(2) {
            let [(first_evidence, seen), (next_evidence, next)] = pair else { continue };
            let life = Period { start: seen.seen_at, end: next.seen_at };
            let evidence = Arc::from([(*first_evidence).clone(), (*next_evidence).clone()]);
            between_sights(seen, life, &evidence, ledger, timelines, &mut usage);
        }
        let Some((evidence, last)) = sights.last() else { continue };
        let Some(from) = open_from(last, ledger) else { continue };
        let evidence = Arc::from([(*evidence).clone()]);
        let subject = Subject::PublicIpv4 { in_use: last.associated };
        let open = End::Open { last_seen: from };
        let end = gone.missed(ResourceKind::Address, &last.allocation_id).map_or(open, |missed| open.before(missed));
        usage.extend(possibly_later(resource(last), subject, end, now, &evidence));
    }
    usage
}

fn between_sights(
    seen: &AddressSeen,
    life: Period,
    evidence: &Arc<[Evidence]>,
    ledger: &Ledger,
    timelines: &Timelines,
    usage: &mut Vec<Usage>,
) {
    let instance_id = seen.instance_id.as_deref();
    let resource = resource(seen);
    for stretch in timelines.cut(life, instance_id) {
        let in_use = match stretch.phase {
            Phase::Running if has_own_address(ledger, instance_id, stretch.period.start) => continue,
            Phase::Running => true,
            Phase::Stopped => false,
            // On something other than an instance, or on an instance that nothing else tells of.
            Phase::Unattached | Phase::Unknown => seen.associated,
        };
        usage.push(measured(&resource, Subject::PublicIpv4 { in_use }, stretch, evidence));
    }
}

fn has_own_address(ledger: &Ledger, instance_id: Option<&str>, at: Timestamp) -> bool {
    let ran = |start, end| Period { start, end }.contains(at);
    instance_id.is_some_and(|id| {
        ledger.sessions_of(id).any(|session| session.public_ipv4 && ran(session.start, session.end.earliest()))
    })
}

/// From when on nothing tells whether the address is still held; `None` while an open session's own
/// address-hours say so already.
fn open_from(last: &AddressSeen, ledger: &Ledger) -> Option<Timestamp> {
    let session =
        last.instance_id.as_deref().and_then(|id| ledger.sessions_of(id).rfind(|session| session.public_ipv4));
    match session.map(|session| session.end) {
        None => Some(last.seen_at),
        Some(end) => end.latest().map(|over| over.max(last.seen_at)),
    }
}

fn resource(seen: &AddressSeen) -> Arc<Resource> {
    Arc::new(Resource {
        account: String::new(),
        region: seen.region.clone(),
        id: seen.allocation_id.clone(),
        name: if seen.name.is_empty() { seen.public_ip.clone() } else { seen.name.clone() },
        instance_id: seen.instance_id.clone(),
        tags: Tags::new(),
    })
}
