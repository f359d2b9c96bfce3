//! Up to when the ledger knows of what an open finding was about.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::episode::Episode;
use crate::advice::{IDLE_RUNNING, OFF_SCHEDULE, OVERSIZED_IOPS, has_paid_performance};
use crate::ledger::{Ledger, VolumeShape};

/// When each region of each account was last looked at whole.
pub type PlacesPolled = BTreeMap<(String, String), Timestamp>;

/// The newest evidence on the resource of each open episode: its own last sight, or the last look at its region that saw
/// all there is. What no newer look covers has none newer than its last sight.
pub fn evidence(
    episodes: &BTreeMap<String, Episode>,
    ledger: &Ledger,
    places: &PlacesPolled,
) -> BTreeMap<String, Timestamp> {
    let open = episodes.values().filter(|episode| episode.is_open());
    let newest = open.filter_map(|episode| {
        let newest = last_sight(&episode.resource, ledger).max(last_look(episode, places))?;
        let newest = if is_told_by_signals(episode, ledger) {
            newest.min(ledger.activity.known_until(&episode.resource)?)
        } else {
            newest
        };
        Some((episode.finding.clone(), newest))
    });
    newest.collect()
}

/// That something which is still there does nothing is not over before its signals tell so: to see it is not to know
/// what it does.
fn is_told_by_signals(episode: &Episode, ledger: &Ledger) -> bool {
    match episode.rule.as_str() {
        IDLE_RUNNING | OFF_SCHEDULE => {
            ledger.instances.get(&episode.resource).is_some_and(|(_, seen)| !seen.state.is_stopped())
        }
        OVERSIZED_IOPS => ledger.volumes.get(&episode.resource).is_some_and(|(_, seen)| {
            has_paid_performance(&VolumeShape {
                volume_type: seen.volume_type.clone(),
                size_gb: seen.size_gb,
                iops: seen.iops,
                throughput_mibps: seen.throughput_mibps,
            })
        }),
        _ => false,
    }
}

fn last_sight(id: &str, ledger: &Ledger) -> Option<Timestamp> {
    let instance = ledger.instances.get(id).map(|(_, seen)| seen.seen_at);
    let volume = ledger.volumes.get(id).map(|(_, seen)| seen.seen_at);
    let address = ledger.addresses.get(id).map(|(_, seen)| seen.seen_at);
    let snapshot = ledger.snapshots.get(id).map(|(_, seen)| seen.seen_at);
    instance.max(volume).max(address).max(snapshot)
}

/// Volumes and addresses do not name their account: then every account's look at the region must be newer.
fn last_look(episode: &Episode, places: &PlacesPolled) -> Option<Timestamp> {
    let of_region = places.iter().filter(|((_, region), _)| *region == episode.region);
    if episode.account.is_empty() {
        return of_region.map(|(_, at)| *at).min();
    }
    of_region.filter(|((account, _), _)| *account == episode.account).map(|(_, at)| *at).max()
}
