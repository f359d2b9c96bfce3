//! A snapshot whose volume is gone and that no AMI is made of: kept, and billed, for nobody who shows.
//!
//! That something is gone is known from a whole list alone: of the volumes of its region, read after the snapshot was
//! made (a volume never comes back), and of the account's own AMIs. Without both nothing is called an orphan. The volume
//! of a copied snapshot is unknown: AWS gives copies an arbitrary volume id that means nothing.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Snapshot.html> (read 2026-11-27)
//!
//! What AWS bills of it nobody can tell: of a volume's snapshots each holds the blocks that changed, and deleting one
//! frees those alone that no other needs. So its saving is at most its full size.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSnapshot.html> (read 2026-11-27)

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::View;
use super::command::{Aws, or_withheld};
use super::cost::{as_of, at_most_gb, excerpt, moment, snapshot_gb, snapshots_month, spent};
use super::dollars::Dollars;
use super::finding::{Action, Choice, Confidence, Finding, Part};
use crate::catalog::SnapshotRate;
use crate::ledger::{Evidence, Ledger, Resource, ResourceKind, ResourcesListed, SnapshotSeen};
use crate::time::Period;

pub(super) const ID: &str = "orphan-snapshot";

/// What AWS writes in place of a copy's volume.
const NO_VOLUME: &str = "vol-ffffffff";
/// How AWS describes copies, in its console and without.
const COPIED: [&str; 2] = ["Copied snap-", "[Copied snap-"];
/// On what AWS Backup keeps, which EC2 does not delete.
/// <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-deleting-snapshot.html> (read 2026-11-28; the tag, not)
const AWS_BACKUP: &str = "aws:backup:";
const OF_AWS_BACKUP: &str = "# no command: AWS Backup keeps it, delete its recovery point there";

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    let ledger = view.inventory.ledger;
    let held = held_by_images(ledger);
    let lists = Lists::new(ledger);
    let free = ledger.snapshots.iter().filter(|(id, _)| view.wants(id) && !held.contains(id.as_str()));
    free.filter_map(|(_, (evidence, seen))| {
        let (volumes, images) = lists.of(seen)?;
        is_gone(view, seen).then(|| finding(view, &Orphan { evidence, seen, volumes, images }))
    })
    .collect()
}

/// Whether it is known that a snapshot is an orphan, or that it is not: one that is gone is judged.
pub(super) fn is_judged(view: &View<'_>, snapshot_id: &str) -> bool {
    let ledger = view.inventory.ledger;
    let Some((_, seen)) = ledger.snapshots.get(snapshot_id) else { return true };
    !is_gone(view, seen) || held_by_images(ledger).contains(snapshot_id) || Lists::new(ledger).of(seen).is_some()
}

fn held_by_images(ledger: &Ledger) -> BTreeSet<&str> {
    ledger.images.values().flat_map(|(_, image)| image.snapshots.iter().map(String::as_str)).collect()
}

/// Its volume is one that could be there, and nothing that was seen or noted of it says that it is.
fn is_gone(view: &View<'_>, seen: &SnapshotSeen) -> bool {
    let is_copy = COPIED.iter().any(|copied| seen.description.starts_with(copied));
    let is_known = !seen.volume_id.is_empty() && seen.volume_id != NO_VOLUME && !is_copy;
    is_known && view.inventory.volumes.get(&seen.volume_id).is_none()
}

type Listed<'a> = &'a (Evidence, ResourcesListed);

/// The whole lists, by kind and region.
struct Lists<'a> {
    by_place: BTreeMap<(ResourceKind, &'a str), Vec<Listed<'a>>>,
    /// The ledger speaks of one account at most: what names none is of it.
    one_account: bool,
}

impl<'a> Lists<'a> {
    fn new(ledger: &'a Ledger) -> Lists<'a> {
        let mut by_place: BTreeMap<_, Vec<Listed<'a>>> = BTreeMap::new();
        for ((what, _, region), listed) in &ledger.listed {
            by_place.entry((*what, region.as_str())).or_default().push(listed);
        }
        let accounts: BTreeSet<&str> = (ledger.instances.values().map(|(_, seen)| &seen.account))
            .chain(ledger.snapshots.values().map(|(_, seen)| &seen.account))
            .chain(ledger.images.values().map(|(_, seen)| &seen.account))
            .chain(ledger.listed.keys().map(|(_, account, _)| account))
            .map(String::as_str)
            .filter(|account| !account.is_empty())
            .collect();
        Lists { by_place, one_account: accounts.len() <= 1 }
    }

    /// The last of volumes and of images that speak for the place of a snapshot, both read after it was made.
    fn of(&self, seen: &SnapshotSeen) -> Option<(Listed<'a>, Listed<'a>)> {
        let last = |what| {
            let here = self.by_place.get(&(what, seen.region.as_str()))?.iter();
            let is_its = |(_, listed): &Listed<'a>| self.one_account || listed.account == seen.account;
            let after = here.copied().filter(is_its).filter(|(_, listed)| listed.at >= seen.started_at);
            after.max_by_key(|(_, listed)| listed.at)
        };
        Some((last(ResourceKind::Volume)?, last(ResourceKind::Image)?))
    }
}

struct Orphan<'a> {
    evidence: &'a Evidence,
    seen: &'a SnapshotSeen,
    volumes: Listed<'a>,
    images: Listed<'a>,
}

impl Orphan<'_> {
    /// An image may have been made of it since they were listed.
    fn until(&self, now: Timestamp) -> Timestamp {
        self.seen.seen_at.min(self.images.1.at).min(now)
    }

    fn tier(&self) -> SnapshotRate {
        if self.seen.archived { SnapshotRate::Archive } else { SnapshotRate::Standard }
    }

    fn month(&self, view: &View<'_>, tier: SnapshotRate) -> Dollars {
        snapshots_month(&self.seen.region, tier, snapshot_gb(self.seen), view.card)
    }

    fn is_of_aws_backup(&self) -> bool {
        self.seen.tags.keys().any(|key| key.starts_with(AWS_BACKUP))
    }
}

fn finding(view: &View<'_>, orphan: &Orphan<'_>) -> Finding {
    let seen = orphan.seen;
    let until = orphan.until(view.now);
    let month = orphan.month(view, orphan.tier());
    let size = at_most_gb(snapshot_gb(seen));
    let usage: Vec<_> = view.inventory.usage_of(&seen.snapshot_id).iter().collect();
    // It was needed for as long as its volume was seen.
    let volume = view.inventory.ledger.volumes.get(&seen.volume_id).map(|(_, volume)| volume.seen_at);
    let earliest = volume.unwrap_or(seen.started_at).max(seen.started_at);
    let at_most = |end| spent(&usage, Period { start: earliest, end }, end, view.card);
    let so_far = at_most(until).most().map_or_else(|| at_most(until), Dollars::at_most);
    Finding {
        id: format!("{ID}:{}", seen.snapshot_id),
        rule: ID,
        title: format!("Snapshot of at most {size} GB, its volume and any AMI of it are gone"),
        resource: Arc::new(Resource {
            account: seen.account.clone(),
            region: seen.region.clone(),
            id: seen.snapshot_id.clone(),
            name: seen.name.clone(),
            instance_id: None,
            tags: seen.tags.clone(),
        }),
        last_seen: until,
        evidence: evidence(view, orphan, volume, &month),
        parts: vec![Part {
            id: seen.snapshot_id.clone(),
            what: format!(
                "{} of {}, at most {size} GB",
                if seen.archived { "archive" } else { "snapshot" },
                seen.volume_id
            ),
            accrued: so_far.clone(),
            per_month: month.clone(),
            counted: true,
        }],
        accrued: Some(so_far),
        accrued_if_still_there: at_most(view.now).most().filter(|_| view.now > until),
        // When the last of the two went, no list tells.
        since: None,
        confidence: confidence(orphan, &month),
        choices: choices(view, orphan, &month),
        saving_per_month: month,
        risk: "a deleted snapshot cannot be had back; launch templates, accounts it is shared with and AMIs in the \
               recycle bin are not looked at"
            .to_owned(),
        detail: None,
    }
}

fn confidence(orphan: &Orphan<'_>, month: &Dollars) -> Confidence {
    if [orphan.volumes, orphan.images].iter().all(|(_, listed)| listed.polled) {
        return Confidence::as_seen("both lists were read whole; what AWS bills of it is only bounded", month);
    }
    Confidence::medium(
        "a list was printed by the AWS CLI: whole if it was without filters, and the AMIs with --include-disabled",
    )
}

fn evidence(view: &View<'_>, orphan: &Orphan<'_>, volume: Option<Timestamp>, month: &Dollars) -> Vec<String> {
    let Orphan { evidence, seen, volumes, images } = orphan;
    let (id, region) = (&seen.volume_id, &seen.region);
    let mut lines =
        vec![format!("made {}, there when last seen, {}: {evidence}", moment(seen.started_at), moment(seen.seen_at))];
    if !seen.description.is_empty() {
        lines.push(format!("described as `{}`", excerpt(&seen.description)));
    }
    lines.push(match volume {
        Some(at) => format!("{id}: last seen {}, gone since", moment(at)),
        None => format!("{id}: never seen"),
    });
    lines.push(format!("not among the volumes of {region}, listed {}: {}", moment(volumes.1.at), volumes.0.file));
    lines.push(format!("in none of the account's AMIs there, listed {}: {}", moment(images.1.at), images.0.file));
    lines.push(match seen.full_size_bytes {
        Some(_) => format!("AWS gives its full size as {} GB: all blocks ever written", at_most_gb(snapshot_gb(seen))),
        None => format!("its volume had {} GB; how many were written is not known", seen.volume_size_gb),
    });
    match view.inventory.snapshots_of(id).len() {
        0 | 1 => {}
        2 => lines.push(format!("another snapshot of {id} shares blocks with it: those stay")),
        many => lines.push(format!("{} other snapshots of {id} share blocks with it: those stay", many - 1)),
    }
    lines.extend(match view.card.snapshot(region, orphan.tier()) {
        Ok(rate) => Some(format!("snapshots: {} per {} ({})", rate.usd.rate(), rate.unit, as_of(&rate))),
        Err(_) => month.why_unknown().map(str::to_owned),
    });
    let until = orphan.until(view.now);
    if view.now > until {
        lines.push(format!("as of {}", moment(until)));
    }
    lines
}

fn choices(view: &View<'_>, orphan: &Orphan<'_>, month: &Dollars) -> Vec<Choice> {
    let seen = orphan.seen;
    let aws = Aws::new(&seen.region, view.card);
    let commands = |command: Option<String>| {
        if orphan.is_of_aws_backup() {
            return vec![OF_AWS_BACKUP.to_owned()];
        }
        or_withheld(command.map(|command| vec![command]))
    };
    let keep = Choice::new(Action::Keep, "as it is", month.clone());
    let delete = Choice::new(Action::DeleteSnapshot, "nothing is left", Dollars::ZERO)
        .losing("what it holds, for good")
        .by(commands(aws.delete_snapshot(&seen.snapshot_id)));
    if seen.archived {
        return vec![keep, delete.recommended()];
    }
    // The archive keeps the whole of a snapshot, where the standard tier has it share blocks with others: sure to be
    // cheaper of one that is alone. https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-archive-pricing.html (read
    // 2026-11-27)
    let is_alone = view.inventory.snapshots_of(&seen.volume_id).len() <= 1;
    let archived = orphan.month(view, SnapshotRate::Archive);
    let retrieval = orphan.month(view, SnapshotRate::ArchiveRetrieval);
    let archive = Choice::new(Action::ArchiveSnapshot, "all of it in the archive tier", archived.clone())
        .archived(archived)
        .restored(retrieval, "up to 72 hours, then a standard snapshot again; the archive bills 90 days at least")
        .by(commands(aws.archive_snapshot(&seen.snapshot_id)));
    if is_alone { vec![keep, archive.recommended(), delete] } else { vec![keep, archive, delete.recommended()] }
}
