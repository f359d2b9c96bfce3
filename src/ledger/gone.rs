//! What is there no more: missed by a whole list and not seen since, or deleted as CloudTrail tells.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::change::{Change, ResourceGone, ResourceKind};
use super::derive::Ledger;
use super::fact::{Evidence, Fact};
use super::sight::InstanceState;

pub(super) struct Gone<'a> {
    missed: BTreeMap<(ResourceKind, &'a str), &'a ResourceGone>,
    /// When a call ended it.
    ended: BTreeMap<&'a str, Timestamp>,
}

impl<'a> Gone<'a> {
    pub(super) fn new(facts: &'a [(Evidence, Fact)]) -> Gone<'a> {
        let mut gone = Gone { missed: BTreeMap::new(), ended: BTreeMap::new() };
        for (_, fact) in facts {
            match fact {
                Fact::Gone(fact) => {
                    let kept = gone.missed.entry((fact.what, &fact.resource_id)).or_insert(fact);
                    if kept.missed_at < fact.missed_at {
                        *kept = fact;
                    }
                }
                Fact::Changed(changed) if matches!(changed.change, Change::VolumeDeleted | Change::Terminated) => {
                    gone.ended.insert(&changed.resource_id, changed.at);
                }
                _ => {}
            }
        }
        // A list of AWS may miss for a while what is there.
        for (_, fact) in facts {
            let seen = match fact {
                Fact::Instance(seen) => (ResourceKind::Instance, seen.instance_id.as_str()),
                Fact::Volume(seen) => (ResourceKind::Volume, seen.volume_id.as_str()),
                Fact::Address(seen) => (ResourceKind::Address, seen.allocation_id.as_str()),
                Fact::Snapshot(seen) => (ResourceKind::Snapshot, seen.snapshot_id.as_str()),
                Fact::Image(seen) => (ResourceKind::Image, seen.image_id.as_str()),
                Fact::Noted(_) | Fact::Changed(_) | Fact::Gone(_) | Fact::Listed(_) => continue,
            };
            if gone.missed.get(&seen).is_some_and(|missed| missed.missed_at <= fact.known_at()) {
                gone.missed.remove(&seen);
            }
        }
        gone
    }

    /// The first poll that missed it.
    pub(super) fn missed(&self, what: ResourceKind, id: &str) -> Option<Timestamp> {
        self.missed.get(&(what, id)).map(|gone| gone.missed_at)
    }

    fn is_gone(&self, what: ResourceKind, id: &str, seen_at: Timestamp) -> bool {
        self.missed.contains_key(&(what, id)) || self.ended.get(id).is_some_and(|ended| *ended >= seen_at)
    }

    /// Among what is there, nothing is left of it; its names and tags stay known.
    pub(super) fn leave(&self, ledger: &mut Ledger) {
        for (id, (_, seen)) in &mut ledger.instances {
            if self.is_gone(ResourceKind::Instance, id, seen.seen_at) {
                seen.state = InstanceState::Terminated;
                seen.public_ip = None;
                seen.volumes = Arc::default();
            }
        }
        for (id, (_, seen)) in &mut ledger.volumes {
            if self.is_gone(ResourceKind::Volume, id, seen.seen_at) {
                "deleted".clone_into(&mut seen.state);
                seen.attached_to = None;
            }
        }
        ledger.addresses.retain(|id, (_, seen)| !self.is_gone(ResourceKind::Address, id, seen.seen_at));
        ledger.snapshots.retain(|id, (_, seen)| !self.is_gone(ResourceKind::Snapshot, id, seen.seen_at));
        ledger.images.retain(|id, (_, seen)| !self.is_gone(ResourceKind::Image, id, seen.seen_at));
    }
}
