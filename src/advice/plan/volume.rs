//! A volume copied into a snapshot, then deleted.

use super::instance::month_of;
use super::live::{LiveInstance, LiveVolume};
use super::refusal::{self, Refusal};
use super::{Plan, Step, Verb};
use crate::advice::cost::snapshot_month;
use crate::catalog::{RateCard, SnapshotRate};

/// `holder` is the instance that the volume is attached to, if any.
///
/// # Errors
/// Why it is refused.
pub fn plan_snapshot_and_delete(
    volume: &LiveVolume,
    holder: Option<&LiveInstance>,
    card: &RateCard,
) -> Result<Plan, Refusal> {
    refusal::of_volume(volume, holder)?;
    let mut steps = vec![Step::CreateSnapshot { volume_id: volume.id.clone(), size_gb: volume.shape.size_gb }];
    let mut lost = "no data once the snapshot is complete, but first reads of a restored volume are slow".to_owned();
    if let Some(instance) = holder {
        steps.push(Step::DetachVolume { volume_id: volume.id.clone(), instance_id: instance.id.clone() });
        if volume.attachments.iter().any(|attachment| attachment.device == instance.root_device) {
            lost =
                format!("{lost}; it is the root volume of {}, which does not start until it is restored", instance.id);
        }
    }
    steps.push(Step::DeleteVolume { volume_id: volume.id.clone() });
    let month = month_of(volume, card);
    let snapshot = snapshot_month(&volume.region, SnapshotRate::Standard, Some(&volume.shape), card);
    Ok(Plan {
        verb: Verb::SnapshotAndDelete,
        id: volume.id.clone(),
        name: volume.name.clone(),
        region: volume.region.clone(),
        state: volume.state_with(holder),
        steps,
        saving_per_month: month.less(snapshot.clone()),
        goes_on: snapshot,
        lost,
        survive: Vec::new(),
        resumes: None,
    })
}
