//! What Cost Explorer's totals of an account are the word on: months, regions and meters of which nothing else is
//! recorded. Beside a tracker's, an export's or the user's own records they would count the same hours again.

use std::collections::HashSet;

use crate::ledger::{Certainty, Evidence, EvidenceKind, Ledger, Meter, Metered, Subject, Usage};
use crate::time::Month;

/// Account (empty where a record names none), region, month and meter.
type Part<'a> = (&'a str, &'a str, Month, Meter);

pub(super) fn is_total(evidence: &Evidence) -> bool {
    evidence.kind == EvidenceKind::CostExplorer
}

/// Tells the totals that count from those that other records stand for.
pub struct AccountTotals<'a> {
    recorded: HashSet<Part<'a>>,
    totals: HashSet<Part<'a>>,
}

impl<'a> AccountTotals<'a> {
    pub fn of(ledger: &'a Ledger) -> AccountTotals<'a> {
        let parts = |(_, row): &'a (Evidence, Metered)| part_of(row);
        let totals: HashSet<Part<'a>> = ledger.metered.iter().filter(|(e, _)| is_total(e)).map(parts).collect();
        let recorded = if totals.is_empty() { HashSet::new() } else { recorded(ledger, &totals) };
        AccountTotals { recorded, totals }
    }

    /// Whether nothing but totals is recorded of a total's account, region, month and meter.
    pub fn counts(&self, row: &Metered) -> bool {
        self.is_only_witness(part_of(row))
    }

    fn is_only_witness(&self, (account, region, month, meter): Part<'_>) -> bool {
        ![account, ""].into_iter().any(|account| self.recorded.contains(&(account, region, month, meter)))
    }

    /// Whether totals that count hold what only may have been used in a month: AWS has counted it or it was not.
    pub(super) fn cover_possible(&self, usage: &Usage, month: Month, meter: Meter) -> bool {
        let (account, region) = (usage.resource.account.as_str(), usage.resource.region.as_str());
        let is_it = |part: &&Part<'_>| {
            (part.1, part.2, part.3) == (region, month, meter) && (account.is_empty() || account == part.0)
        };
        usage.certainty == Certainty::Possible
            && self.totals.iter().filter(is_it).any(|part| self.is_only_witness(*part))
    }
}

fn part_of(row: &Metered) -> Part<'_> {
    (&row.account, &row.region, Month::of(row.start), row.meter)
}

/// What other evidence speaks of, in the months of the totals.
fn recorded<'a>(ledger: &'a Ledger, totals: &HashSet<Part<'a>>) -> HashSet<Part<'a>> {
    let months: HashSet<Month> = totals.iter().map(|part| part.2).collect();
    let exported = ledger.metered.iter().filter(|(evidence, _)| !is_total(evidence)).map(|(_, row)| part_of(row));
    let mut recorded: HashSet<Part<'a>> = exported.filter(|part| months.contains(&part.2)).collect();
    for usage in ledger.usage.iter().filter(|usage| usage.certainty == Certainty::Measured) {
        for month in months.iter().filter(|month| usage.period.intersection(month.period()).is_some()) {
            let part = |meter| (usage.resource.account.as_str(), usage.resource.region.as_str(), *month, meter);
            recorded.extend(meters_of(&usage.subject).iter().copied().map(part));
        }
    }
    recorded
}

const fn meters_of(subject: &Subject) -> &'static [Meter] {
    match subject {
        Subject::Compute { .. } => &[Meter::Compute],
        Subject::Volume { .. } | Subject::VolumeOneOf { .. } | Subject::VolumeOfUnknownSize => {
            &[Meter::VolumeStorage, Meter::VolumeIops, Meter::VolumeThroughput]
        }
        Subject::Snapshot { .. } => &[Meter::Snapshot],
        Subject::PublicIpv4 { .. } => &[Meter::PublicIpv4InUse, Meter::PublicIpv4Idle],
    }
}
