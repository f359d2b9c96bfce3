//! The choices that rules share: what becomes of an instance's volumes and addresses, in dollars.

use super::command::{Aws, or_withheld};
use super::cost::{snapshot_gb, snapshot_month, snapshots_month};
use super::dollars::Dollars;
use super::finding::{Action, Choice};
use super::inventory::{Address, Volume};
use crate::catalog::{Offering, RateCard, SnapshotRate};
use crate::ledger::Purchase;
use crate::money::Usd;

/// Volumes and addresses, with or without the instance they are on.
pub(super) struct Holding<'v, 'a> {
    pub region: &'v str,
    pub instance_id: Option<&'v str>,
    /// The instance runs, at so much a month for what a stop would end.
    pub running: Option<Dollars>,
    pub volumes: Vec<&'v Volume<'a>>,
    /// Each with what it costs a month.
    pub addresses: Vec<(&'v Address<'a>, Dollars)>,
    pub card: &'v RateCard,
}

fn sum(amounts: impl Iterator<Item = Dollars>) -> Dollars {
    amounts.fold(Dollars::ZERO, Dollars::plus)
}

impl Holding<'_, '_> {
    fn snapshot(&self, volume: &Volume<'_>, tier: SnapshotRate) -> Dollars {
        let region = &volume.resource.region;
        match (volume.unwritten_since, tier) {
            // Its blocks are in an earlier one, which bills on.
            (Some(_), SnapshotRate::Standard) => Dollars::ZERO,
            (Some(last), _) => snapshots_month(region, tier, snapshot_gb(last), self.card),
            (None, _) => snapshot_month(region, tier, volume.shape.as_ref(), self.card),
        }
    }

    pub(super) fn storage(&self) -> Dollars {
        sum(self.volumes.iter().map(|volume| volume.month.clone()))
    }

    fn address_months(&self) -> Dollars {
        sum(self.addresses.iter().map(|(_, month)| month.clone()))
    }

    /// What goes on if nothing is done.
    pub(super) fn keep_month(&self) -> Dollars {
        let at_rest = self.storage().plus(self.address_months());
        self.running.clone().map_or(at_rest.clone(), |running| running.plus(at_rest))
    }

    /// Between keeping full snapshots and keeping nothing, volume by volume; addresses may be kept or released.
    pub(super) fn saving(&self) -> Dollars {
        let of_volume = |volume: &&Volume<'_>| {
            let saving = |tier| volume.month.clone().less(self.snapshot(volume, tier));
            let (standard, archive) = (saving(SnapshotRate::Standard), saving(SnapshotRate::Archive));
            if archive_is_better(&standard, &archive) { archive } else { standard }
        };
        let of_address = |(_, month): &(&Address<'_>, Dollars)| match month.most() {
            Some(most) => Dollars::at_most(most),
            None => month.clone(),
        };
        sum(self.volumes.iter().map(of_volume).chain(self.addresses.iter().map(of_address)))
    }

    fn aws(&self) -> Aws {
        Aws::new(self.region, self.card)
    }

    /// Snapshots of all volumes, in the standard tier or in the archive, and the volumes deleted. Which of the two is
    /// recommended depends on which surely saves.
    pub(super) fn snapshot_choices(&self) -> Vec<Choice> {
        let standard = self.snapshot_choice(SnapshotRate::Standard);
        let archive = self.snapshot_choice(SnapshotRate::Archive);
        let saving = |choice: &Choice| self.keep_month().less(choice.per_month.clone());
        if archive_is_better(&saving(&standard), &saving(&archive)) {
            return vec![standard, archive.recommended()];
        }
        vec![standard.recommended(), archive]
    }

    fn snapshot_choice(&self, tier: SnapshotRate) -> Choice {
        let archive = tier == SnapshotRate::Archive;
        let month = sum(self.volumes.iter().map(|volume| self.snapshot(volume, tier)));
        let aws = self.aws();
        let stop = match (&self.running, self.instance_id) {
            (Some(_), Some(id)) => aws.stop(id).map(|stop| vec![stop]),
            _ => Some(Vec::new()),
        };
        let deletions =
            self.volumes.iter().map(|v| aws.snapshot_then_delete(&v.resource.id, self.instance_id, archive));
        let commands = std::iter::once(stop).chain(deletions).collect::<Option<Vec<_>>>().map(|steps| steps.concat());
        let again = match self.storage().most() {
            Some(most) => format!("volumes at {most} a month again"),
            None => "volumes that bill as before".to_owned(),
        };
        // Archive: kept 90 days at least, retrieved within 72 hours.
        // https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-archive-considerations.html (read 2026-11-27)
        let (action, what, restore, note) = if archive {
            let cost = sum(self.volumes.iter().map(|volume| self.snapshot(volume, SnapshotRate::ArchiveRetrieval)));
            let note = format!("up to 72 hours, then {again}; the archive bills 90 days at least");
            (Action::ArchiveThenDelete, "keep full snapshots in the archive tier", cost, note)
        } else {
            let note = format!("minutes, then {again}; first reads of each block are slow");
            (Action::SnapshotThenDelete, "keep snapshots", Dollars::ZERO, note)
        };
        let choice = Choice::new(action, what, month.clone().plus(self.address_months()));
        let choice = if archive { choice.archived(month) } else { choice };
        choice.restored(restore, note).by(or_withheld(commands))
    }

    /// The root volume kept, so that the instance still starts, and the others deleted. `None` where there are none, or
    /// where it is not known which is the root volume.
    pub(super) fn delete_data_choice(&self, instance_id: &str) -> Option<Choice> {
        let is_root = |volume: &&&Volume<'_>| volume.is_root == Some(true);
        let is_data = |volume: &&&Volume<'_>| volume.is_root == Some(false);
        self.volumes.iter().find(is_root)?;
        let data: Vec<&Volume<'_>> = self.volumes.iter().filter(is_data).copied().collect();
        if data.is_empty() {
            return None;
        }
        let stays = sum(self.volumes.iter().filter(|volume| !is_data(volume)).map(|volume| volume.month.clone()));
        let aws = self.aws();
        let commands = data.iter().map(|volume| aws.detach_then_delete(&volume.resource.id, instance_id)).collect();
        let lost = match data.len() {
            1 => "the data of 1 volume".to_owned(),
            many => format!("the data of {many} volumes"),
        };
        let choice =
            Choice::new(Action::DeleteDataVolumes, "only the root volume stays", stays.plus(self.address_months()));
        Some(choice.losing(lost).by(or_withheld(commands)))
    }

    /// An image, which is snapshots of all volumes, and then nothing of the instance.
    pub(super) fn image_choice(&self, instance_id: &str) -> Choice {
        let month = sum(self.volumes.iter().map(|volume| self.snapshot(volume, SnapshotRate::Standard)));
        let aws = self.aws();
        let survivors = self.volumes.iter().filter(|volume| volume.deleted_with_instance != Some(true));
        let commands = aws.create_image(instance_id).and_then(|create| {
            let mut steps = vec![aws.wait_image()?, aws.terminate(instance_id)?, aws.wait_terminated(instance_id)?];
            for volume in survivors {
                // Where the records do not say that it survives, it may be gone already.
                steps.push(aws.delete_volume(&volume.resource.id)?);
            }
            Some(vec![create, steps.join(" && ")])
        });
        let again = match self.storage().most() {
            Some(most) => format!("volumes at {most} a month again"),
            None => "volumes that bill as before".to_owned(),
        };
        let note = format!("minutes to launch it from the image, then {again}; first reads of each block are slow");
        Choice::new(Action::ImageThenTerminate, "keep an image to launch from", month.plus(self.address_months()))
            .losing("the instance's id and private address")
            .restored(Dollars::ZERO, note)
            .by(or_withheld(commands))
    }

    /// Each address let go.
    pub(super) fn release_choice(&self) -> Choice {
        let ips: Vec<&str> = self.addresses.iter().map(|(address, _)| address.public_ip).collect();
        let keep = self.running.clone().unwrap_or(Dollars::ZERO).plus(self.storage());
        Choice::new(Action::ReleaseAddress, "give the address back", keep)
            .losing(format!("the address for good: {}", ips.join(", ")))
            .by(or_withheld(self.release_commands(true)))
    }

    /// Termination has let go of the addresses already.
    fn release_commands(&self, still_held: bool) -> Option<Vec<String>> {
        let aws = self.aws();
        let release = |(address, _): &(&Address<'_>, Dollars)| {
            aws.release_address(address.allocation_id, address.public_ip, address.associated && still_held)
        };
        self.addresses.iter().map(release).collect::<Option<Vec<_>>>().map(|steps| steps.concat())
    }

    /// What AWS does by itself at termination, and, where that leaves something billing, the same with the rest gone.
    pub(super) fn terminate_choices(&self, instance_id: &str) -> Vec<Choice> {
        let survivors: Vec<&Volume<'_>> =
            self.volumes.iter().copied().filter(|volume| volume.deleted_with_instance != Some(true)).collect();
        let goes_on = sum(survivors.iter().map(|volume| match (volume.deleted_with_instance, volume.month.clone()) {
            (Some(_), month) => month,
            // Whether it goes with the instance is not recorded.
            (None, month) => month.most().map_or(month.clone(), Dollars::at_most),
        }));
        let aws = self.aws();
        let terminate = aws.terminate(instance_id);
        let survives = survivors.len() + self.addresses.len();
        let gone = self.volumes.len() - survivors.len();
        let plain = Choice::new(
            Action::Terminate,
            match survives {
                0 => "the instance and its volumes go".to_owned(),
                _ => format!("leaves {}, still billed", survivor_names(&survivors, self.addresses.len())),
            },
            goes_on.plus(self.address_months()),
        )
        .losing(match gone {
            0 => "the instance".to_owned(),
            1 => "the instance and the data of 1 volume".to_owned(),
            _ => format!("the instance and the data of {gone} volumes"),
        })
        .by(or_withheld(terminate.clone().map(|command| vec![command])));
        if survives == 0 {
            return vec![plain];
        }
        let commands = terminate.and_then(|terminate| {
            let mut commands = Vec::new();
            let mut steps = vec![terminate, aws.wait_terminated(instance_id)?];
            for volume in &survivors {
                steps.push(aws.delete_volume(&volume.resource.id)?);
            }
            commands.push(steps.join(" && "));
            commands.extend(self.release_commands(false)?);
            Some(commands)
        });
        let all = Choice::new(Action::TerminateAndDelete, "nothing is left", Dollars::ZERO)
            .losing("the instance, all its data and its addresses")
            .by(or_withheld(commands));
        vec![plain, all]
    }
}

fn survivor_names(volumes: &[&Volume<'_>], addresses: usize) -> String {
    let count = |n: usize, one: &str| match n {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {one}{}", if one.ends_with('s') { "es" } else { "s" })),
    };
    let known = volumes.iter().filter(|volume| volume.deleted_with_instance.is_some()).count();
    let unsure = volumes.len() - known;
    let named = [count(known, "volume"), count(addresses, "address")];
    let mut names: Vec<String> = named.into_iter().flatten().collect();
    if unsure > 0 {
        names.push(format!("perhaps {}", count(unsure, "volume").unwrap_or_default()));
    }
    names.join(" and ")
}

/// A full standard snapshot would not surely be cheaper than the volume, an archived one would.
fn archive_is_better(standard: &Dollars, archive: &Dollars) -> bool {
    let sure = |saving: &Dollars| saving.least().unwrap_or(Usd::ZERO);
    sure(standard).is_zero() && !sure(archive).is_zero()
}

/// What stopping, and not being able to start again, may cost besides money.
pub(super) fn instance_risk(instance_type: &str, purchase: Purchase, card: &RateCard) -> Vec<String> {
    let mut risk = Vec::new();
    if let Some(kind) = card.instance_type(instance_type) {
        match &kind.offering {
            Offering::NotOffered { .. } => {
                risk.push(format!("{instance_type} is {}: it may not start, let alone launch, again", kind.offering));
            }
            Offering::Offered | Offering::Unknown { .. } => {}
        }
        if let Some(storage) = kind.local_storage.filter(|storage| *storage != "EBS only") {
            risk.push(format!("what is on its instance store ({storage}) is lost at each stop"));
        }
    }
    if purchase == Purchase::Spot {
        risk.push("a one-time spot instance cannot be stopped, only terminated".to_owned());
    }
    risk
}
