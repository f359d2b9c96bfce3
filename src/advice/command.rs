//! AWS CLI commands for a POSIX shell. Ids come from files that anybody may have written: only those made of the
//! characters of AWS's own ids get into a command. Quoting alone would not do: the AWS CLI itself reads
//! `file://…`, and JSON where a list may stand.

use crate::catalog::{PaymentOption, RateCard};

/// In place of commands, where an id is none that AWS gives. A comment, lest it is pasted.
pub(super) const WITHHELD: &str = "# no command: the id or region in the records is none that AWS gives";

const LONGEST_ID: usize = 64;

/// The commands of one region. Each method is `None` if an id is unfit.
#[derive(Clone, Debug)]
pub(super) struct Aws {
    region: Option<String>,
}

impl Aws {
    /// Zones are served by their parent region.
    pub(super) fn new(region: &str, card: &RateCard) -> Aws {
        let serving = card.region(region).and_then(|zone| zone.parent).unwrap_or(region);
        Aws { region: fit(serving).map(str::to_owned) }
    }

    /// `aws ec2 delete-volume --region us-east-1 --volume-id vol-1`.
    fn ec2(&self, command: &str, id_flag: &str, id: &str) -> Option<String> {
        Some(format!("aws ec2 {command} --region {} {id_flag} {}", self.region.as_deref()?, fit(id)?))
    }

    pub(super) fn stop(&self, instance_id: &str) -> Option<String> {
        let stop = self.ec2("stop-instances", "--instance-ids", instance_id)?;
        Some(format!("{stop} && {}", self.ec2("wait instance-stopped", "--instance-ids", instance_id)?))
    }

    pub(super) fn stop_only(&self, instance_id: &str) -> Option<String> {
        self.ec2("stop-instances", "--instance-ids", instance_id)
    }

    pub(super) fn terminate(&self, instance_id: &str) -> Option<String> {
        self.ec2("terminate-instances", "--instance-ids", instance_id)
    }

    pub(super) fn wait_terminated(&self, instance_id: &str) -> Option<String> {
        self.ec2("wait instance-terminated", "--instance-ids", instance_id)
    }

    /// An image of the instance with snapshots of all its volumes. Its name takes no colon.
    pub(super) fn create_image(&self, instance_id: &str) -> Option<String> {
        let create = self.ec2("create-image", "--instance-id", instance_id)?;
        let name = format!("'gpucost {} before its termination'", fit(instance_id)?);
        Some(format!("IMAGE=$({create} --name {name} --query ImageId --output text)"))
    }

    /// `:?` stops the line if there is no image.
    pub(super) fn wait_image(&self) -> Option<String> {
        let region = self.region.as_deref()?;
        Some(format!("aws ec2 wait image-available --region {region} --image-ids \"${{IMAGE:?}}\""))
    }

    /// Deletes a volume once it is off its instance.
    pub(super) fn detach_then_delete(&self, volume_id: &str, instance_id: &str) -> Option<String> {
        let detach = self.ec2("detach-volume", "--volume-id", volume_id)?;
        let wait = self.ec2("wait volume-available", "--volume-ids", volume_id)?;
        Some(format!("{detach} --instance-id {} && {wait} && {}", fit(instance_id)?, self.delete_volume(volume_id)?))
    }

    pub(super) fn delete_volume(&self, volume_id: &str) -> Option<String> {
        self.ec2("delete-volume", "--volume-id", volume_id)
    }

    /// Snapshots a volume and deletes it only after the snapshot was seen complete: the steps hang together by `&&`.
    pub(super) fn snapshot_then_delete(
        &self,
        volume_id: &str,
        attached_to: Option<&str>,
        archive: bool,
    ) -> Option<Vec<String>> {
        let region = self.region.as_deref()?;
        let create = self.ec2("create-snapshot", "--volume-id", volume_id)?;
        let create = format!(
            "SNAPSHOT=$({create} --description 'gpucost: {} before its deletion' --query SnapshotId --output text)",
            fit(volume_id)?
        );
        // `:?` stops the line if there is no snapshot.
        let mut steps =
            vec![format!("aws ec2 wait snapshot-completed --region {region} --snapshot-ids \"${{SNAPSHOT:?}}\"")];
        if archive {
            let tier = "--storage-tier archive";
            steps.push(format!(
                "aws ec2 modify-snapshot-tier --region {region} --snapshot-id \"${{SNAPSHOT:?}}\" {tier}"
            ));
        }
        if let Some(instance_id) = attached_to {
            let detach = self.ec2("detach-volume", "--volume-id", volume_id)?;
            steps.push(format!("{detach} --instance-id {}", fit(instance_id)?));
            steps.push(self.ec2("wait volume-available", "--volume-ids", volume_id)?);
        }
        steps.push(self.delete_volume(volume_id)?);
        Some(vec![create, steps.join(" && ")])
    }

    pub(super) fn archive_snapshot(&self, snapshot_id: &str) -> Option<String> {
        Some(format!("{} --storage-tier archive", self.ec2("modify-snapshot-tier", "--snapshot-id", snapshot_id)?))
    }

    pub(super) fn delete_snapshot(&self, snapshot_id: &str) -> Option<String> {
        self.ec2("delete-snapshot", "--snapshot-id", snapshot_id)
    }

    /// A schedule of EventBridge Scheduler that calls EC2 at an hour (UTC) of some days, in a role that its user names.
    /// Single quotes keep the shell from the asterisk; `:?` stops the line if there is no role.
    pub(super) fn create_schedule(&self, verb: &str, instance_id: &str, hour: usize, days: &str) -> Option<String> {
        let (region, id) = (self.region.as_deref()?, fit(instance_id)?);
        let partition = match region {
            china if china.starts_with("cn-") => "aws-cn",
            government if government.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        let target = format!(
            r#"'{{"Arn":"arn:{partition}:scheduler:::aws-sdk:ec2:{verb}Instances","RoleArn":"'"${{ROLE:?}}"'","Input":"{{\"InstanceIds\":[\"{id}\"]}}"}}'"#
        );
        let when = format!("--schedule-expression 'cron(0 {hour} ? * {days} *)' --schedule-expression-timezone UTC");
        let name = format!("gpucost-{verb}-{id}-{hour:02}");
        let create = format!("aws scheduler create-schedule --region {region} --name {name} {when}");
        Some(format!("{create} --flexible-time-window Mode=OFF --target {target}"))
    }

    /// AWS releases an address by its allocation, and only once nothing holds it.
    pub(super) fn release_address(
        &self,
        allocation_id: Option<&str>,
        public_ip: &str,
        associated: bool,
    ) -> Option<Vec<String>> {
        let region = self.region.as_deref()?;
        let look_up = |field: &str| {
            let which = match allocation_id {
                Some(id) => format!("--allocation-ids {}", fit(id)?),
                None => format!("--public-ips {}", fit(public_ip)?),
            };
            let query = format!("--query 'Addresses[0].{field}' --output text");
            Some(format!("\"$(aws ec2 describe-addresses --region {region} {which} {query})\""))
        };
        let allocation = match allocation_id {
            Some(id) => fit(id)?.to_owned(),
            None => look_up("AllocationId")?,
        };
        let release = format!("aws ec2 release-address --region {region} --allocation-id {allocation}");
        if !associated {
            return Some(vec![release]);
        }
        let association = look_up("AssociationId")?;
        let disassociate = format!("aws ec2 disassociate-address --region {region} --association-id {association}");
        Some(vec![format!("{disassociate} && {release}")])
    }

    pub(super) fn change_to_gp3(&self, volume_id: &str, iops: u32, throughput_mibps: u32) -> Option<String> {
        let modify = self.ec2("modify-volume", "--volume-id", volume_id)?;
        Some(format!("{modify} --volume-type gp3 --iops {iops} --throughput {throughput_mibps}"))
    }

    pub(super) fn modify_performance(
        &self,
        volume_id: &str,
        iops: Option<u32>,
        throughput_mibps: Option<u32>,
    ) -> Option<String> {
        let modify = self.ec2("modify-volume", "--volume-id", volume_id)?;
        let option = |name: &str, value: Option<u32>| value.map_or(String::new(), |value| format!(" --{name} {value}"));
        Some(format!("{modify}{}{}", option("iops", iops), option("throughput", throughput_mibps)))
    }

    /// An instance takes another type only while it is stopped: a running one is stopped first.
    /// <https://docs.aws.amazon.com/cli/latest/reference/ec2/modify-instance-attribute.html> (read 2026-11-28)
    pub(super) fn change_type(&self, instance_id: &str, to: &str, running: bool) -> Option<String> {
        let modify = self.ec2("modify-instance-attribute", "--instance-id", instance_id)?;
        let modify = format!(r#"{modify} --instance-type '{{"Value":"{}"}}'"#, fit(to)?);
        if !running {
            return Some(modify);
        }
        let start = self.ec2("start-instances", "--instance-ids", instance_id)?;
        Some(format!("{} && {modify} && {start}", self.stop(instance_id)?))
    }

    /// An image here and its copy there, to be launched from. No single command moves an instance.
    pub(super) fn copy_to_region(&self, instance_id: &str, to: &str) -> Option<Vec<String>> {
        let from = self.region.as_deref()?;
        let copy = format!(
            "aws ec2 copy-image --region {} --source-region {from} --source-image-id \"${{IMAGE:?}}\" --name 'gpucost {}'",
            fit(to)?,
            fit(instance_id)?
        );
        let image = format!("{} && {copy}", self.wait_image()?);
        Some(vec![self.create_image(instance_id)?, image, format!("# then launch there from the copy, in {to}")])
    }

    /// What spot costs now. Nothing turns an instance into a spot instance: it is launched as one.
    pub(super) fn spot_price_history(&self, kind: &str) -> Option<Vec<String>> {
        let (region, kind) = (self.region.as_deref()?, fit(kind)?);
        let look = format!(
            "aws ec2 describe-spot-price-history --region {region} --instance-types {kind} \
             --product-descriptions Linux/UNIX --max-items 20"
        );
        Some(vec![look, "# then launch with --instance-market-options MarketType=spot".to_owned()])
    }

    /// The offering to buy; to buy it is left to whoever pays.
    pub(super) fn reserved_offering(&self, kind: &str, years: u8, option: PaymentOption) -> Option<Vec<String>> {
        let (region, kind, seconds) = (self.region.as_deref()?, fit(kind)?, u32::from(years) * 31_536_000);
        let look = format!(
            "aws ec2 describe-reserved-instances-offerings --region {region} --instance-type {kind} \
             --offering-class standard --offering-type '{option}' --product-description Linux/UNIX \
             --min-duration {seconds} --max-duration {seconds} --no-include-marketplace"
        );
        Some(vec![look, "# then: aws ec2 purchase-reserved-instances-offering, which charges at once".to_owned()])
    }

    pub(super) fn savings_plan_offering(&self) -> Option<Vec<String>> {
        self.region.as_deref()?;
        Some(vec!["# in the billing console: Savings Plans, which charge for every hour of their term".to_owned()])
    }

    pub(super) fn delete_on_termination(&self, instance_id: &str, device: &str) -> Option<String> {
        let modify = self.ec2("modify-instance-attribute", "--instance-id", instance_id)?;
        let is_device = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
        let fits = !device.is_empty() && device.len() <= LONGEST_ID && device.chars().all(is_device);
        let mapping = format!(r#"[{{"DeviceName":"{device}","Ebs":{{"DeleteOnTermination":true}}}}]"#);
        fits.then(|| format!("{modify} --block-device-mappings '{mapping}'"))
    }
}

/// The commands, or a comment in their place.
pub(super) fn or_withheld(commands: Option<Vec<String>>) -> Vec<String> {
    commands.unwrap_or_else(|| vec![WITHHELD.to_owned()])
}

/// An id, region or address as AWS writes them; neither a shell, nor an option parser, nor the AWS CLI's parameter
/// reader sees anything in it but a word.
fn fit(id: &str) -> Option<&str> {
    let fits = id.len() <= LONGEST_ID
        && id.starts_with(|c: char| c.is_ascii_alphanumeric())
        && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    fits.then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_of_aws_are_fit() {
        for good in ["i-0123456789abcdef0", "us-west-2", "203.0.113.7", "eipalloc-1"] {
            assert_eq!(fit(good), Some(good));
        }
        let long = "a".repeat(65);
        for bad in [
            "",
            "-x",
            "i-1;reboot",
            "$(id)",
            "file:///etc/passwd",
            "[\"i-1\"]",
            "i-1 i-2",
            "i-1\n",
            "ⅰ-1",
            "i,j",
            &long,
        ] {
            assert_eq!(fit(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_zone_is_served_by_its_region() {
        let aws = Aws::new("us-west-2-lax-1", RateCard::shipped());
        assert_eq!(
            aws.delete_volume("vol-1").as_deref(),
            Some("aws ec2 delete-volume --region us-west-2 --volume-id vol-1")
        );
    }
}
