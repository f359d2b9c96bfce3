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
    /// It has disks of its host, which a stop empties.
    pub has_store: bool,
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

    /// At least what the recommended way out surely saves; at most all, with nothing kept and the addresses given back.
    pub(super) fn saving(&self) -> Dollars {
        let of_address = |(_, month): &(&Address<'_>, Dollars)| match month.most() {
            Some(most) => Dollars::at_most(most),
            None => month.clone(),
        };
        self.saved_storage(self.tier()).plus(sum(self.addresses.iter().map(of_address)))
    }

    /// Of all volumes whose dollars are known together, for a snapshot may cost more than its volume; what is not known of
    /// one is not known of that one.
    fn saved_storage(&self, tier: SnapshotRate) -> Dollars {
        let both = self.volumes.iter().map(|volume| (volume.month.clone(), self.snapshot(volume, tier)));
        let is_known = |(month, snapshot): &(Dollars, Dollars)| month.most().and(snapshot.most()).is_some();
        let (known, unknown): (Vec<_>, Vec<_>) = both.partition(is_known);
        let total = |of: fn(&(Dollars, Dollars)) -> &Dollars| sum(known.iter().map(|both| of(both).clone()));
        let saved = total(|(month, _)| month).less(total(|(_, snapshot)| snapshot));
        saved.plus(sum(unknown.into_iter().map(|(month, snapshot)| month.less(snapshot))))
    }

    /// Snapshots of all volumes, in one tier.
    fn snapshots(&self, tier: SnapshotRate) -> Dollars {
        sum(self.volumes.iter().map(|volume| self.snapshot(volume, tier)))
    }

    /// The archive, where a full standard snapshot would not surely be cheaper than the volumes, and an archived one would.
    fn tier(&self) -> SnapshotRate {
        let others = self.running.clone().unwrap_or(Dollars::ZERO);
        let surely = |tier| others.clone().plus(self.storage()).less(self.snapshots(tier)).least().unwrap_or(Usd::ZERO);
        match surely(SnapshotRate::Standard).is_zero() && !surely(SnapshotRate::Archive).is_zero() {
            true => SnapshotRate::Archive,
            false => SnapshotRate::Standard,
        }
    }

    fn aws(&self) -> Aws {
        Aws::new(self.region, self.card)
    }

    /// Snapshots of all volumes, in the standard tier or in the archive, and the volumes deleted. Which of the two is
    /// recommended depends on which surely saves.
    pub(super) fn snapshot_choices(&self) -> Vec<Choice> {
        let standard = self.snapshot_choice(SnapshotRate::Standard);
        let archive = self.snapshot_choice(SnapshotRate::Archive);
        match self.tier() {
            SnapshotRate::Archive => vec![standard, archive.recommended()],
            _ => vec![standard.recommended(), archive],
        }
    }

    fn snapshot_choice(&self, tier: SnapshotRate) -> Choice {
        let archive = tier == SnapshotRate::Archive;
        let month = self.snapshots(tier);
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
            let cost = self.snapshots(SnapshotRate::ArchiveRetrieval);
            let note = format!("up to 72 hours, then {again}; the archive bills 90 days at least");
            (Action::ArchiveThenDelete, "keep full snapshots in the archive tier", cost, note)
        } else {
            let note = format!("minutes, then {again}; first reads of each block are slow");
            (Action::SnapshotThenDelete, "keep snapshots", Dollars::ZERO, note)
        };
        let choice = Choice::new(action, what, month.clone().plus(self.address_months()));
        let choice = if archive { choice.archived(month) } else { choice };
        let choice = match &self.running {
            Some(_) => choice.losing(self.lost_by_stop()),
            None => choice,
        };
        // Without its root volume it does not start.
        let waits = self.instance_id.is_some() && self.volumes.iter().any(|volume| volume.is_root != Some(false));
        let note = if waits { format!("{note}; until then the instance does not start") } else { note };
        choice.restored(restore, note).by(or_withheld(commands))
    }

    /// What is gone once it has stopped.
    pub(super) fn lost_by_stop(&self) -> &'static str {
        if self.has_store { "what is in memory and on its instance store" } else { "what is in memory" }
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
        let month = self.snapshots(SnapshotRate::Standard);
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
                _ => format!("leaves {}, still billed", self.survivor_names(&survivors)),
            },
            goes_on.plus(self.address_months()),
        )
        .losing(self.lost_with_it(match gone {
            0 => "the instance".to_owned(),
            1 => "the instance and the data of 1 volume".to_owned(),
            _ => format!("the instance and the data of {gone} volumes"),
        }))
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
            .losing(self.lost_with_it(match self.addresses.is_empty() {
                true => "the instance and all its data".to_owned(),
                false => "the instance, all its data and its addresses".to_owned(),
            }))
            .by(or_withheld(commands));
        vec![plain, all]
    }

    fn lost_with_it(&self, lost: String) -> String {
        if self.running.is_some() { format!("{lost}; {}", self.lost_by_stop()) } else { lost }
    }

    /// By their ids, where they are few.
    fn survivor_names(&self, volumes: &[&Volume<'_>]) -> String {
        let is_sure = |volume: &&&Volume<'_>| volume.deleted_with_instance.is_some();
        if volumes.len() + self.addresses.len() > FEW_SURVIVORS || !volumes.iter().all(|volume| is_sure(&volume)) {
            return counted_survivors(volumes, self.addresses.len());
        }
        let volumes = volumes.iter().map(|volume| volume.resource.id.clone());
        let addresses = self.addresses.iter().map(|(address, _)| format!("the address {}", address.public_ip));
        let names: Vec<String> = volumes.chain(addresses).collect();
        match names.split_last() {
            Some((last, first)) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
            _ => names.concat(),
        }
    }
}

/// So many of what survives a termination are named one by one.
const FEW_SURVIVORS: usize = 3;

fn counted_survivors(volumes: &[&Volume<'_>], addresses: usize) -> String {
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

/// Disks of its host, where it has some.
pub(super) fn instance_store<'c>(instance_type: &str, card: &'c RateCard) -> Option<&'c str> {
    let storage = card.instance_type(instance_type)?.local_storage;
    storage.filter(|storage| *storage != "EBS only")
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
        if let Some(storage) = instance_store(instance_type, card) {
            risk.push(format!("what is on its instance store ({storage}) is lost at each stop"));
        }
    }
    if purchase == Purchase::Spot {
        risk.push("a one-time spot instance cannot be stopped, only terminated".to_owned());
    }
    risk
}
