//! `gpucost stop`, `terminate`, `snapshot-and-delete` and `release-address`: what they do, and what they refuse.

use serde_json::json;

use crate::peers::{Aws, all, first};
use crate::program::{Lab, Ran};

pub const REGION: &str = "us-west-2";

/// An account with nothing in it, and a lab that looks at it.
pub struct Place {
    pub aws: Aws,
    pub lab: Lab,
}

impl Place {
    pub fn new() -> Place {
        Place { aws: Aws::start(), lab: Lab::new() }
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        let ran = Ran::of(self.aws.gpucost(&self.lab, args).args(["--region", REGION]));
        assert!(!ran.err.contains("panicked"), "{args:?}: {ran:?}");
        ran
    }

    #[track_caller]
    pub fn does(&self, args: &[&str]) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(0), "{args:?}: {ran:?}");
        ran
    }

    /// It refuses, says this, and changes nothing.
    #[track_caller]
    pub fn refuses(&self, args: &[&str], says: &str) {
        let before = self.changes();
        let ran = self.run(args);
        assert_eq!(ran.code, Some(1), "{args:?}: {ran:?}");
        let said = format!("{}{}", ran.out, ran.err).replace('\n', " ");
        assert!(said.contains(says), "{args:?} does not say `{says}`: {said}");
        assert_eq!(self.changes(), before, "{args:?} changed something");
    }

    /// The calls so far that changed something.
    pub fn changes(&self) -> Vec<String> {
        let calls = self.aws.calls().into_iter().filter(|call| !call.dry_run);
        calls
            .map(|call| call.action)
            .filter(|action| !action.starts_with("Describe") && !action.starts_with("Get"))
            .collect()
    }

    pub fn ec2(&self, action: &str, params: &[(&str, &str)]) -> String {
        self.aws.ec2(REGION, action, params)
    }

    pub fn instance(&self) -> String {
        self.aws.run_instance(REGION, "g4dn.xlarge")
    }

    pub fn stopped(&self) -> String {
        let id = self.instance();
        self.ec2("StopInstances", &[("InstanceId.1", &id)]);
        id
    }

    pub fn state(&self, instance: &str) -> String {
        let said = self.ec2("DescribeInstances", &[("InstanceId.1", instance)]);
        let (_, state) = said.split_once("<instanceState>").expect("a state");
        first(state, "name")
    }

    pub fn volume(&self) -> String {
        let params = [("AvailabilityZone", "us-west-2a"), ("Size", "75"), ("VolumeType", "gp2")];
        first(&self.ec2("CreateVolume", &params), "volumeId")
    }

    pub fn volumes(&self) -> Vec<String> {
        all(&self.ec2("DescribeVolumes", &[]), "volumeSet").iter().flat_map(|set| all(set, "volumeId")).collect()
    }

    /// Those that gpucost made: (id, of which volume).
    pub fn snapshots(&self) -> Vec<(String, String)> {
        let said = self.ec2(
            "DescribeSnapshots",
            &[("Owner.1", "self"), ("Filter.1.Name", "tag-key"), ("Filter.1.Value.1", "gpucost:action")],
        );
        all(&said, "snapshotId").into_iter().zip(all(&said, "volumeId")).collect()
    }

    pub fn tag(&self, id: &str, key: &str, value: &str) {
        self.ec2("CreateTags", &[("ResourceId.1", id), ("Tag.1.Key", key), ("Tag.1.Value", value)]);
    }

    pub fn root_of(&self, instance: &str) -> String {
        let said =
            self.ec2("DescribeVolumes", &[("Filter.1.Name", "attachment.instance-id"), ("Filter.1.Value.1", instance)]);
        first(&said, "volumeId")
    }
}

#[test]
fn without_a_yes_it_only_looks() {
    let place = Place::new();
    let id = place.instance();
    for args in [&["stop", "--plan"][..], &["stop"], &["terminate", "--leave-volumes", "--plan"]] {
        let ran =
            place.does(&[args, &[id.as_str(), "--lose-instance-store"][..usize::from(args[0] == "stop") + 1]].concat());
        assert!(ran.out.contains(&id) && ran.out.contains("Nothing was changed."), "{}", ran.out);
    }
    assert!(place.changes().is_empty(), "{:?}", place.changes());
    assert_eq!(place.state(&id), "running");
    assert!(place.aws.calls().iter().any(|call| call.dry_run && call.action == "StopInstances"), "AWS was not asked");
}

#[test]
fn an_instance_is_stopped_and_it_is_written_down() {
    let place = Place::new();
    let id = place.aws.run_instance(REGION, "p3.2xlarge");
    let ran = place.does(&["stop", &id, "--yes"]);
    // $3.06 × 730 h and an automatic address, if moto gives one.
    assert!(ran.out.contains("$2,23") && ran.out.contains("done"), "{}", ran.out);
    assert_eq!(place.state(&id), "stopped");
    assert_eq!(place.changes(), ["StopInstances"]);
    let record = place.lab.ok(&["actions", "-o", "csv"]);
    let phases: Vec<&str> =
        ["finished", "done", "calling", "begun"].into_iter().filter(|p| record.contains(p)).collect();
    assert_eq!(phases.len(), 4, "{record}");
    place.refuses(&["stop", &id, "--yes"], "it is not running: AWS says stopped");
}

#[test]
fn what_is_protected_or_managed_by_others_is_refused() {
    let place = Place::new();
    for (key, value, says) in [
        ("gpucost:protect", "", "it has the tag gpucost:protect"),
        ("eks:cluster-name", "lab", "it belongs to an EKS cluster"),
        ("kubernetes.io/cluster/lab", "owned", "it belongs to a Kubernetes cluster"),
    ] {
        let id = place.aws.run_instance(REGION, "p3.2xlarge");
        place.tag(&id, key, value);
        place.refuses(&["stop", &id, "--yes"], says);
        place.refuses(&["terminate", &id, "--leave-volumes", "--yes"], says);
    }
    let id = place.aws.run_instance(REGION, "p3.2xlarge");
    place.ec2("ModifyInstanceAttribute", &[("InstanceId", &id), ("DisableApiTermination.Value", "true")]);
    place.refuses(&["terminate", &id, "--leave-volumes", "--yes"], "termination protection is on");
    let id = place.aws.run_instance(REGION, "p3.2xlarge");
    place.tag(&place.root_of(&id), "gpucost:protect", "yes");
    place.refuses(&["terminate", &id, "--delete-volumes", "--yes"], "has the tag gpucost:protect");
}

#[test]
fn what_a_stop_would_lose_must_be_said() {
    let place = Place::new();
    let id = place.instance();
    place.refuses(&["stop", &id, "--yes"], "a stop loses what is on its instance store");
    place.does(&["stop", &id, "--lose-instance-store", "--yes"]);
    assert_eq!(place.state(&id), "stopped");
}

#[test]
fn volumes_that_would_survive_a_termination_are_not_left_unnoticed() {
    let place = Place::new();
    let (id, extra) = (place.stopped(), place.volume());
    place.ec2("AttachVolume", &[("InstanceId", &id), ("VolumeId", &extra), ("Device", "/dev/sdf")]);
    place.refuses(&["terminate", &id, "--yes"], "say --leave-volumes to leave them");
    let ran = place.run(&["terminate", &id, "--yes"]);
    assert!(ran.err.contains("would survive it and go on") && ran.err.contains(&extra), "{}", ran.err);
    let ran = place.does(&["terminate", &id, "--delete-volumes", "--yes"]);
    assert!(ran.out.contains(&format!("delete {extra}")), "{}", ran.out);
    assert_eq!(place.state(&id), "terminated");
    assert!(!place.volumes().contains(&extra), "{:?}", place.volumes());
    place.refuses(&["terminate", &id, "--leave-volumes", "--yes"], "it is gone, or going");
}

#[test]
fn a_volume_goes_only_after_its_whole_copy() {
    let place = Place::new();
    let volume = place.volume();
    let ran = place.does(&["snapshot-and-delete", &volume, "--yes"]);
    assert!(ran.out.contains("is complete") && ran.out.contains("$3.75"), "{}", ran.out);
    assert!(place.volumes().is_empty());
    let snapshots = place.snapshots();
    assert!(matches!(snapshots.as_slice(), [(_, of)] if *of == volume), "{snapshots:?}");
    assert_eq!(place.changes(), ["CreateSnapshot", "DeleteVolume"]);
}

#[test]
fn a_copy_that_is_not_complete_deletes_nothing_and_is_gone_on_with() {
    let place = Place::new();
    let volume = place.volume();
    place.aws.set_snapshot_state(Some("pending"));
    let ran = place.run(&["snapshot-and-delete", &volume, "--yes", "--wait-minutes", "0"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("is not complete yet") && ran.err.contains("--resume"), "{}", ran.err);
    assert_eq!(place.volumes(), [volume.as_str()]);
    place.aws.set_snapshot_state(None);
    place.does(&["snapshot-and-delete", "--resume", "--yes"]);
    assert!(place.volumes().is_empty());
    assert_eq!(place.snapshots().len(), 1, "one copy is enough");
    // One that failed is no copy: the next run makes its own.
    let volume = place.volume();
    place.aws.set_snapshot_state(Some("error"));
    let ran = place.run(&["snapshot-and-delete", &volume, "--yes"]);
    assert!(ran.err.contains("is error") && place.volumes() == [volume.as_str()], "{ran:?}");
    place.aws.set_snapshot_state(None);
    place.does(&["snapshot-and-delete", &volume, "--yes"]);
    assert!(place.volumes().is_empty());
    assert_eq!(place.snapshots().len(), 3);
}

#[test]
fn an_answer_that_never_came_makes_no_second_copy() {
    let place = Place::new();
    let volume = place.volume();
    // moto has it, the answer is lost on its way: the tag tells.
    place.aws.misbehave(json!({ "mode": "reset_mid_body", "service": "ec2", "action": "CreateSnapshot", "skip": 1 }));
    place.does(&["snapshot-and-delete", &volume, "--yes"]);
    assert_eq!(place.snapshots().len(), 1);
    assert!(place.volumes().is_empty());
}

#[test]
fn a_stopped_instances_volumes_are_copied_taken_off_and_deleted() {
    let place = Place::new();
    let id = place.instance();
    let root = place.root_of(&id);
    place.refuses(&["snapshot-and-delete", &root, "--yes"], "which is running");
    place.ec2("StopInstances", &[("InstanceId.1", &id)]);
    let ran = place.does(&["snapshot-and-delete", &id, "--yes"]);
    assert!(ran.out.replace('\n', " ").contains("it is the root volume of"), "{}", ran.out);
    assert!(place.volumes().is_empty());
    assert_eq!(place.changes(), ["CreateSnapshot", "DetachVolume", "DeleteVolume"]);
}

#[test]
fn an_address_in_use_is_given_back_only_if_that_is_said() {
    let place = Place::new();
    let allocated = place.ec2("AllocateAddress", &[("Domain", "vpc")]);
    let (allocation, ip) = (first(&allocated, "allocationId"), first(&allocated, "publicIp"));
    let id = place.instance();
    place.ec2("AssociateAddress", &[("AllocationId", &allocation), ("InstanceId", &id)]);
    place.refuses(&["release-address", &allocation, "--yes"], "is associated with");
    let ran = place.does(&["release-address", &ip, "--disassociate", "--yes"]);
    assert!(ran.out.contains(&format!("release {allocation}")), "{}", ran.out);
    assert_eq!(place.changes(), ["DisassociateAddress", "ReleaseAddress"]);
    assert!(!place.ec2("DescribeAddresses", &[]).contains(&allocation));
}

#[test]
fn what_is_not_there_or_of_another_kind_is_said() {
    let place = Place::new();
    place.refuses(&["stop", "vol-0123456789abcdef0", "--yes"], "`gpucost stop` takes an instance");
    place.refuses(&["snapshot-and-delete", "eipalloc-1", "--yes"], "takes a volume");
    place.refuses(&["release-address", "i-1", "--yes"], "takes an Elastic IP");
    place.refuses(&["stop", "i-0123456789abcdef0", "--yes"], "there is no such instance in us-west-2");
    place.refuses(&["snapshot-and-delete", "vol-0123456789abcdef0", "--yes"], "there is no such volume in us-west-2");
    let id = place.stopped();
    place.does(&["track"]);
    let near = format!("{}x", &id[..id.len() - 1]);
    place.refuses(&["terminate", &near, "--yes"], &format!("did you mean {id}?"));
}

#[test]
fn what_the_policy_forbids_is_named_before_anything_is_done() {
    let place = Place::new();
    let (volume, id) = (place.volume(), place.aws.run_instance(REGION, "p3.2xlarge"));
    let denied = |action: &str| json!({ "mode": "access_denied", "service": "ec2", "action": action });
    place.aws.misbehave(denied("DeleteVolume"));
    place.refuses(&["snapshot-and-delete", &volume, "--yes"], "ec2:DeleteVolume");
    place.aws.misbehave(denied("StopInstances"));
    place.refuses(&["stop", &id, "--yes"], "ec2:StopInstances");
    place.aws.misbehave(denied("DescribeInstanceAttribute"));
    place.refuses(&["stop", &id, "--yes"], "ec2:DescribeInstanceAttribute");
}

#[test]
fn of_several_the_good_ones_are_done() {
    let place = Place::new();
    let (one, other) = (place.aws.run_instance(REGION, "p3.2xlarge"), place.aws.run_instance(REGION, "p3.2xlarge"));
    place.tag(&other, "gpucost:protect", "yes");
    let ran = place.run(&["stop", &one, &other, "--yes"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert_eq!((place.state(&one).as_str(), place.state(&other).as_str()), ("stopped", "running"));
}

#[test]
fn advice_is_applied_to_what_is_named() {
    let place = Place::new();
    let (volume, other) = (place.volume(), place.volume());
    place.does(&["track"]);
    let ran = place.run(&["advise", "--apply", "unattached-volume", "--yes"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("--id i-…"), "{}", ran.err);
    let ran = place.run(&["advise", "--apply", "unattached"]);
    assert!(ran.code == Some(2) && ran.err.contains("unattached-volume"), "{ran:?}");
    place.does(&["advise", "--apply", "unattached-volume"]);
    assert!(place.changes().is_empty());
    place.does(&["advise", "--apply", "unattached-volume", "--yes", "--id", &volume]);
    assert_eq!(place.volumes(), [other]);
    // What gpucost does not do itself is said.
    let ran = place.run(&["advise", "--apply", "gp2-to-gp3", "--plan"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("aws ec2 modify-volume"), "{}", ran.err);
}

#[test]
fn hostile_names_are_shown_as_what_they_are() {
    let place = Place::new();
    let id = place.aws.run_instance(REGION, "p3.2xlarge");
    place.tag(&id, "Name", "\u{202e}evil");
    let ran = place.does(&["stop", &id, "--plan"]);
    assert!(ran.out.contains("\\u{202e}evil") && !ran.out.contains('\u{202e}'), "{}", ran.out);
}
