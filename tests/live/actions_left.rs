//! What is left when a run dies, or an answer is lost, between two steps: the next run looks, and goes on or is done.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::actions::{Place, REGION};
use crate::peers::{Aws, first};
use crate::program::Ran;

/// Runs it, and kills it as soon as this is so.
fn kill_once(place: &Place, args: &[&str], is_so: impl Fn() -> bool) {
    let mut command = place.aws.gpucost(&place.lab, args);
    command.args(["--region", REGION]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("it starts");
    let until = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < until, "{args:?} never came so far");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("the kill");
    assert!(!child.wait().expect("its end").success(), "{args:?} was killed too late");
}

/// What AWS has done is told so slowly that there is time to die.
fn tell_slowly(place: &Place, action: &str) {
    let slow = json!({ "mode": "slow", "service": "ec2", "action": action, "skip": 1, "seconds": 60 });
    place.aws.misbehave(slow);
}

fn unfinished(place: &Place) -> bool {
    place.lab.ok(&["actions"]).replace('\n', " ").contains("Not finished:")
}

/// An instance whose extra volume outlives it; both as their ids.
fn with_survivor(place: &Place) -> (String, String) {
    let (id, extra) = (place.stopped(), place.volume());
    place.ec2("AttachVolume", &[("InstanceId", &id), ("VolumeId", &extra), ("Device", "/dev/sdf")]);
    (id, extra)
}

#[test]
fn a_termination_that_died_before_its_volumes_is_gone_on_with() {
    for resume in [true, false] {
        let place = Place::new();
        let (id, extra) = with_survivor(&place);
        tell_slowly(&place, "TerminateInstances");
        kill_once(&place, &["terminate", &id, "--delete-volumes", "--yes"], || place.state(&id) == "terminated");
        assert!(place.volumes().contains(&extra) && unfinished(&place));
        let run = if resume { ["terminate", "--resume", "--yes"] } else { ["terminate", id.as_str(), "--yes"] };
        let looked = place.does(&[run[0], run[1], "--plan"]);
        assert!(looked.out.replace('\n', " ").contains(&format!("delete {extra}")), "{}", looked.out);
        assert!(place.volumes().contains(&extra) && unfinished(&place), "a look changes nothing");
        place.does(&run);
        assert!(!place.volumes().contains(&extra) && !unfinished(&place));
        assert_eq!(place.changes().iter().filter(|action| *action == "TerminateInstances").count(), 1);
        // Whoever asks once more is told that it is over.
        place.refuses(&["terminate", &id, "--delete-volumes", "--yes"], "it is gone, or going");
    }
}

#[test]
fn what_is_left_of_a_termination_may_be_left() {
    let place = Place::new();
    let (id, extra) = with_survivor(&place);
    tell_slowly(&place, "TerminateInstances");
    kill_once(&place, &["terminate", &id, "--delete-volumes", "--yes"], || place.state(&id) == "terminated");
    // Taken by another meanwhile, it is not deleted.
    let other = place.stopped();
    place.ec2("AttachVolume", &[("InstanceId", &other), ("VolumeId", &extra), ("Device", "/dev/sdf")]);
    place.refuses(&["terminate", "--resume", "--yes"], &format!("is attached to {other}"));
    let ran = place.does(&["terminate", &id, "--leave-volumes", "--yes"]);
    assert!(ran.out.contains("as was said") && place.volumes().contains(&extra), "{ran:?}");
    assert!(!unfinished(&place));
}

#[test]
fn a_stop_and_a_release_that_died_are_settled_by_what_is_there() {
    let place = Place::new();
    let id = place.aws.run_instance(REGION, "p3.2xlarge");
    tell_slowly(&place, "StopInstances");
    kill_once(&place, &["stop", &id, "--yes"], || place.state(&id) == "stopped");
    assert!(unfinished(&place));
    let ran = place.does(&["stop", &id, "--yes"]);
    assert!(ran.out.replace('\n', " ").contains("an earlier run did it"), "{}", ran.out);
    assert!(!unfinished(&place));
    let allocation = first(&place.ec2("AllocateAddress", &[("Domain", "vpc")]), "allocationId");
    tell_slowly(&place, "ReleaseAddress");
    let is_gone = || !place.ec2("DescribeAddresses", &[]).contains(&allocation);
    kill_once(&place, &["release-address", &allocation, "--yes"], is_gone);
    assert!(unfinished(&place));
    place.does(&["release-address", "--resume", "--yes"]);
    assert!(!unfinished(&place));
}

#[test]
fn a_stop_that_never_arrived_is_begun_anew() {
    let place = Place::new();
    let id = place.aws.run_instance(REGION, "p3.2xlarge");
    place.aws.misbehave(json!({ "mode": "hang", "service": "ec2", "action": "StopInstances", "skip": 1 }));
    kill_once(&place, &["stop", &id, "--yes"], || place.changes() == ["StopInstances"]);
    assert_eq!(place.state(&id), "running");
    place.does(&["stop", "--resume", "--yes"]);
    assert_eq!(place.state(&id), "stopped");
    assert!(!unfinished(&place));
    let record = place.lab.ok(&["actions", "-o", "csv"]);
    assert!(record.contains("abandoned"), "{record}");
}

#[test]
fn an_answer_that_was_lost_is_no_failure() {
    let place = Place::new();
    let lost = |action: &str| json!({ "mode": "reset_mid_body", "service": "ec2", "action": action, "skip": 1 });
    let allocation = first(&place.ec2("AllocateAddress", &[("Domain", "vpc")]), "allocationId");
    let id = place.aws.run_instance(REGION, "p3.2xlarge");
    place.ec2("AssociateAddress", &[("AllocationId", &allocation), ("InstanceId", &id)]);
    place.aws.misbehave(lost("DisassociateAddress"));
    place.aws.misbehave(lost("ReleaseAddress"));
    place.does(&["release-address", &allocation, "--disassociate", "--yes"]);
    assert!(!place.ec2("DescribeAddresses", &[]).contains(&allocation));
    place.ec2("StopInstances", &[("InstanceId.1", &id)]);
    let root = place.root_of(&id);
    place.aws.misbehave(lost("DetachVolume"));
    place.aws.misbehave(lost("DeleteVolume"));
    place.does(&["snapshot-and-delete", &root, "--yes"]);
    assert!(place.volumes().is_empty());
    let asked = |action: &str| place.changes().iter().filter(|call| *call == action).count();
    assert_eq!(["DisassociateAddress", "ReleaseAddress", "DetachVolume"].map(asked), [2; 3], "{:?}", place.changes());
    let record = place.lab.ok(&["actions", "-o", "csv"]);
    assert!(!record.contains("failed") && !record.contains("unsure"), "{record}");
    assert!(record.contains("AWS shows that it is so"), "{record}");
}

#[test]
fn what_another_account_does_not_have_is_not_gone() {
    let place = Place::new();
    let volume = place.volume();
    place.aws.misbehave(json!({ "mode": "hang", "service": "ec2", "action": "DeleteVolume", "skip": 1 }));
    let command = ["snapshot-and-delete", volume.as_str(), "--yes"];
    kill_once(&place, &command, || place.changes().iter().any(|action| action == "DeleteVolume"));
    let other: Aws = place.aws.another();
    let elsewhere = |args: &[&str]| Ran::of(other.gpucost(&place.lab, args).args(["--region", REGION]));
    let ran = elsewhere(&command);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("there is no such volume"), "{}", ran.err);
    let ran = elsewhere(&["snapshot-and-delete", "--resume", "--yes"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let said = format!("it was begun in the account {}", place.aws.account());
    assert!(ran.err.contains(&said) && ran.err.contains("--profile"), "{}", ran.err);
    assert!(unfinished(&place), "nothing of it is settled");
    // Nor is it looked for where it was not begun, though that region be the usual one.
    let ran = Ran::of(
        place.aws.gpucost(&place.lab, &["snapshot-and-delete", "--resume", "--yes"]).env("AWS_REGION", "eu-west-1"),
    );
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(place.volumes().is_empty() && !unfinished(&place));
    assert_eq!(place.snapshots().len(), 1);
}
