//! Findings that are missing only because nobody knows.
//!
//! Most rules go by what was seen: a finding that a newer sight does not repeat is over. Rules on signals find nothing
//! where a reading is missing, nor the one on orphans where a list is, and that is no sign that anything is over.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::inventory::Inventory;
use super::{Depth, Thresholds, View, idle_running, off_schedule, orphan_snapshot, oversized_iops};
use crate::catalog::RateCard;
use crate::ledger::Ledger;

/// Those of the findings' ids whose rule cannot tell at the moment whether they are still so.
pub fn unjudged<'a>(
    ids: impl Iterator<Item = &'a str>,
    ledger: &Ledger,
    card: &RateCard,
    thresholds: Thresholds,
    now: Timestamp,
) -> BTreeSet<&'a str> {
    let inventory = Inventory::new(ledger, card, now);
    let view = View { inventory: &inventory, card, thresholds, depth: Depth::Whole, only: None, now };
    ids.filter(|id| !is_judged(&view, id)).collect()
}

fn is_judged(view: &View<'_>, id: &str) -> bool {
    match id.split_once(':') {
        Some((idle_running::ID, instance_id)) => idle_running::is_judged(view, instance_id),
        Some((oversized_iops::ID, volume_id)) => oversized_iops::is_judged(view, volume_id),
        Some((off_schedule::ID, instance_id)) => off_schedule::is_judged(view, instance_id),
        Some((orphan_snapshot::ID, snapshot_id)) => orphan_snapshot::is_judged(view, snapshot_id),
        _ => true,
    }
}
