//! What billing exports have the last word on.

use std::collections::{HashMap, HashSet};

use super::LineItem;
use crate::ledger::{Meter, Subject, Usage};
use crate::time::{Month, Period};

/// The reach of the exports in a ledger: of each account, region and month, from its first to its last charge. Within
/// it AWS's meter is the better witness for every resource the exports name, also where it says nothing: then there
/// was nothing. Before and after it, an export may have been cut off, and other evidence counts.
#[derive(Default)]
pub(super) struct Exported<'a> {
    reach: HashMap<(&'a str, &'a str, Month), Period>,
    resources: HashSet<(Meter, &'a str)>,
    instances: HashSet<&'a str>,
}

impl<'a> Exported<'a> {
    pub fn new(metered: &'a [LineItem]) -> Exported<'a> {
        let mut exported = Exported::default();
        for line in metered {
            let month = Month::of(line.period.start);
            let key = (line.resource.account.as_str(), line.resource.region.as_str(), month);
            let reach = exported.reach.entry(key).or_insert(line.period);
            *reach = Period { start: reach.start.min(line.period.start), end: reach.end.max(line.period.end) };
            exported.resources.insert((line.meter, &line.resource.id));
            if line.meter == Meter::Compute {
                exported.instances.insert(&line.resource.id);
            }
        }
        exported
    }

    /// The parts of a usage, within a window, that no export has the last word on.
    pub fn left_to(&self, usage: &Usage, window: Period) -> Vec<Period> {
        if self.resources.is_empty() || !self.names(usage) {
            return vec![window];
        }
        let mut left = vec![window];
        for ((account, region, _), reach) in &self.reach {
            let same_account = usage.resource.account.is_empty() || usage.resource.account == *account;
            if same_account && usage.resource.region == *region {
                left = left.into_iter().flat_map(|part| part.without(*reach)).collect();
            }
        }
        left.sort();
        left
    }

    /// Whether an export names the resource: by its id, or by its instance where a note or an instance's description
    /// gives a volume or an address no id of AWS's (`i-…/1`).
    fn names(&self, usage: &Usage) -> bool {
        let id = usage.resource.id.as_str();
        let named = |meter| self.resources.contains(&(meter, id));
        let owner = usage.resource.instance_id.as_deref().filter(|owner| self.instances.contains(owner));
        match &usage.subject {
            Subject::Compute { .. } => named(Meter::Compute),
            Subject::Volume { .. } | Subject::VolumeOneOf { .. } | Subject::VolumeOfUnknownSize => {
                let without_id =
                    owner.is_some_and(|owner| id.strip_prefix(owner).is_some_and(|rest| rest.starts_with('/')));
                named(Meter::VolumeStorage) || without_id
            }
            Subject::Snapshot { .. } => named(Meter::Snapshot),
            Subject::PublicIpv4 { .. } => {
                named(Meter::PublicIpv4InUse) || named(Meter::PublicIpv4Idle) || owner.is_some()
            }
        }
    }
}
