//! A gp2 volume that costs less as gp3 of the same size and sustained performance.
//!
//! gp2 sustains 3 IOPS a GiB (100 at least, 16,000 at most) and as many MiB/s as those make at 256 KiB each, 250 at
//! most; below 1,000 GiB it bursts to 3,000 IOPS. Its throughput limit is 128 MiB/s up to 170 GiB and 250 above.
//! gp3 has 3,000 IOPS and 125 MiB/s at no charge. <https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html>
//! (read 2026-11-28)

use super::View;
use super::command::{Aws, or_withheld};
use super::cost::{grouped, moment, shape_name, volume_month, volume_month_lines};
use super::dollars::Dollars;
use super::finding::{Action, Choice, Confidence, Finding};
use super::inventory::Volume;
use crate::catalog::{GP3_BASELINE_IOPS, GP3_BASELINE_THROUGHPUT_MIBPS, VolumeType};
use crate::ledger::VolumeShape;
use crate::money::Usd;

pub(super) const ID: &str = "gp2-to-gp3";

const GP2_IOPS_PER_GB: u32 = 3;
const GP2_LEAST_IOPS: u32 = 100;
const GP2_MOST_IOPS: u32 = 16_000;
/// IOPS of 256 KiB that make one MiB/s.
const LARGE_IOPS_PER_MIBPS: u32 = 4;
const GP2_MOST_MIBPS: u32 = 250;
/// Up to 170 GiB.
const GP2_SMALL_MOST_MIBPS: u32 = 128;
const GP2_SMALL_GB: u32 = 170;

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    view.of_volumes(|volume| {
        let gp2 = volume.shape.as_ref().filter(|shape| shape.volume_type == VolumeType::Gp2.name());
        finding(view, volume, gp2?)
    })
}

/// The gp3 volume that sustains so much, no less than what is free.
fn gp3(size_gb: u32, iops: u32, mibps: u32) -> VolumeShape {
    VolumeShape {
        volume_type: VolumeType::Gp3.name().into(),
        size_gb,
        iops: Some(iops.max(GP3_BASELINE_IOPS)),
        throughput_mibps: Some(mibps.max(GP3_BASELINE_THROUGHPUT_MIBPS)),
    }
}

fn gp2_iops(size_gb: u32) -> u32 {
    size_gb.saturating_mul(GP2_IOPS_PER_GB).clamp(GP2_LEAST_IOPS, GP2_MOST_IOPS)
}

/// Sustained.
fn gp2_mibps(size_gb: u32) -> u32 {
    gp2_iops(size_gb).div_ceil(LARGE_IOPS_PER_MIBPS).min(gp2_limit_mibps(size_gb))
}

/// Reached in bursts.
fn gp2_limit_mibps(size_gb: u32) -> u32 {
    if size_gb <= GP2_SMALL_GB { GP2_SMALL_MOST_MIBPS } else { GP2_MOST_MIBPS }
}

fn finding(view: &View<'_>, volume: &Volume<'_>, shape: &VolumeShape) -> Option<Finding> {
    let size_gb = shape.size_gb;
    let region = &volume.resource.region;
    let matching = gp3(size_gb, gp2_iops(size_gb), gp2_mibps(size_gb));
    let (now, then) = (&volume.month, volume_month(region, Some(&matching), view.card));
    let saving = match (now, &then) {
        (Dollars::Exact(gp2), Dollars::Exact(gp3)) if gp3 >= gp2 => return None,
        (Dollars::Exact(gp2), Dollars::Exact(gp3)) => Dollars::Exact(*gp2 - *gp3),
        // Whether gp3 is cheaper there is not known; that it is everywhere else makes it worth a look.
        (gp2, gp3) => Dollars::unknown(gp2.why_unknown().or(gp3.why_unknown()).unwrap_or("a rate is missing")),
    };
    let is_known = matches!(saving, Dollars::Exact(_));
    let until = volume.last_seen.min(view.now);
    Some(Finding {
        id: format!("{ID}:{}", volume.resource.id),
        rule: ID,
        title: view.told(|| title(shape, is_known, &matching)),
        resource: volume.resource.clone(),
        last_seen: until,
        evidence: view.told(|| evidence(view, volume, &matching, &saving)),
        parts: Vec::new(),
        accrued: None,
        accrued_if_still_there: None,
        since: None,
        confidence: match saving.why_unknown() {
            None => Confidence::high("both are priced, for the same size and sustained speed"),
            Some(why) => Confidence::low(format!("a rate is missing: {why}")),
        },
        choices: view.choices(&saving, || choices(view, volume, shape, &then, matching)),
        saving_per_month: saving,
        risk: view.told(|| {
            "the change runs while the volume is in use, for hours on a large one, and the volume cannot be changed \
               again for 6 hours"
                .to_owned()
        }),
        detail: None,
    })
}

fn title(shape: &VolumeShape, is_known: bool, matching: &VolumeShape) -> String {
    let costs_less = if is_known { "costs less" } else { "may cost less" };
    format!("{} {costs_less} as {}", shape_name(Some(shape)), shape_name(Some(matching)))
}

fn evidence(view: &View<'_>, volume: &Volume<'_>, matching: &VolumeShape, saving: &Dollars) -> Vec<String> {
    let size_gb = matching.size_gb;
    let until = volume.last_seen.min(view.now);
    let mut lines = vec![format!("gp2 when last seen: {}", volume.sources())];
    lines.push(format!(
        "matched: what {} GB of gp2 sustain, {} IOPS and {} MiB/s",
        grouped(size_gb),
        grouped(gp2_iops(size_gb)),
        gp2_mibps(size_gb)
    ));
    lines.extend(volume.month_lines(view.card));
    lines.extend(volume_month_lines(&volume.resource.region, Some(matching), view.card));
    lines.extend(saving.why_unknown().map(str::to_owned));
    if view.now > until {
        lines.push(format!("as of {}, when last seen", moment(until)));
    }
    lines
}

fn choices(
    view: &View<'_>,
    volume: &Volume<'_>,
    shape: &VolumeShape,
    then: &Dollars,
    matching: VolumeShape,
) -> Vec<Choice> {
    let region = &volume.resource.region;
    let month = |shape: &VolumeShape| volume_month(region, Some(shape), view.card);
    let change = |to: &VolumeShape, month: Dollars| {
        let (iops, mibps) = (to.iops.unwrap_or_default(), to.throughput_mibps.unwrap_or_default());
        let command = Aws::new(region, view.card).change_to_gp3(&volume.resource.id, iops, mibps);
        let what = format!("gp3, {} IOPS, {} MiB/s", grouped(iops), grouped(mibps));
        Choice::new(Action::ChangeToGp3, what, month).by(or_withheld(command.map(|command| vec![command])))
    };
    let limit = gp2_limit_mibps(shape.size_gb);
    let bursting = gp3(shape.size_gb, gp2_iops(shape.size_gb), limit);
    let free = gp3(shape.size_gb, 0, 0);
    let (keep, mut to_matching) =
        (Choice::new(Action::Keep, "gp2 as it is", volume.month.clone()), change(&matching, then.clone()));
    let mut others = Vec::new();
    if bursting != matching {
        to_matching.lost =
            format!("bursts of throughput above {} MiB/s", matching.throughput_mibps.unwrap_or_default()).into();
        let month = month(&bursting);
        let dearer = month.least().unwrap_or(Usd::ZERO) >= volume.month.most().unwrap_or(Usd::ZERO);
        if !dearer {
            others.push(change(&bursting, month));
        }
    }
    if free != matching {
        let (iops, mibps) = (gp2_iops(shape.size_gb), gp2_mibps(shape.size_gb));
        others.push(
            change(&free, month(&free))
                .losing(format!("sustained speed: gp2 gave {} IOPS, {mibps} MiB/s", grouped(iops))),
        );
    }
    [keep, to_matching.recommended()].into_iter().chain(others).collect()
}
