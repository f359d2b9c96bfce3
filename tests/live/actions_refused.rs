//! What actions refuse of resources that AWS shows in ways moto alone cannot.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::actions::{Place, REGION};
use crate::peers::{Aws, first};
use crate::program::Ran;

/// What this account sees of its only instance: a spot one of this request.
fn as_spot(place: &Place, request: &str) {
    let spot = format!(
        "<instanceLifecycle>spot</instanceLifecycle><spotInstanceRequestId>{request}</spotInstanceRequestId>\
         <networkInterfaceSet>"
    );
    place.aws.edit("DescribeInstances", "<networkInterfaceSet>", &spot, None);
}

fn request_spot(place: &Place, kind: &str) -> String {
    let params = [
        ("SpotPrice", "1"),
        ("Type", kind),
        ("LaunchSpecification.ImageId", "ami-12c6146b"),
        ("LaunchSpecification.InstanceType", "p3.2xlarge"),
    ];
    first(&place.ec2("RequestSpotInstances", &params), "spotInstanceRequestId")
}

#[test]
fn a_persistent_spot_instance_is_not_terminated_while_its_request_stands() {
    let place = Place::new();
    let (id, request) = (place.aws.run_instance(REGION, "p3.2xlarge"), request_spot(&place, "persistent"));
    as_spot(&place, &request);
    let terminate = ["terminate", id.as_str(), "--leave-volumes", "--yes"];
    place.refuses(&terminate, &format!("aws ec2 cancel-spot-instance-requests --region {REGION}"));
    place.refuses(&terminate, &request);
    assert!(place.aws.calls().iter().any(|call| call.action == "DescribeSpotInstanceRequests"));
    // As AWS shows it once that is done.
    place.aws.edit("DescribeSpotInstanceRequests", "<state>[^<]*</state>", "<state>cancelled</state>", None);
    place.refuses(&["stop", &id, "--yes"], "is over: it cannot be stopped any more");
    place.does(&terminate);
    assert_eq!(place.state(&id), "terminated");
}

#[test]
fn a_one_time_spot_instance_is_not_stopped() {
    let place = Place::new();
    let (id, request) = (place.aws.run_instance(REGION, "p3.2xlarge"), request_spot(&place, "one-time"));
    as_spot(&place, &request);
    place.refuses(&["stop", &id, "--yes"], "it is a one-time spot instance, which cannot be stopped");
    place.does(&["terminate", &id, "--leave-volumes", "--yes"]);
}

#[test]
fn members_of_groups_and_stop_protected_instances_are_refused() {
    let place = Place::new();
    for (tag, says) in [
        ("aws:autoscaling:groupName", "it belongs to an Auto Scaling group"),
        ("aws:ec2spot:fleet-request-id", "it belongs to a Spot Fleet"),
        ("aws:ec2:fleet-id", "it belongs to an EC2 Fleet"),
    ] {
        let id = place.aws.run_instance(REGION, "p3.2xlarge");
        place.tag(&id, tag, "lab");
        place.refuses(&["stop", &id, "--yes"], says);
        place.refuses(&["terminate", &id, "--leave-volumes", "--yes"], says);
    }
    let id = place.aws.run_instance(REGION, "p3.2xlarge");
    place.ec2("ModifyInstanceAttribute", &[("InstanceId", &id), ("DisableApiStop.Value", "true")]);
    place.refuses(&["stop", &id, "--yes"], "stop protection is on (DisableApiStop)");
}

#[test]
fn a_volume_that_two_instances_hold_is_not_touched() {
    let place = Place::new();
    let id = place.aws.run_instance(REGION, "p3.2xlarge");
    place.ec2("StopInstances", &[("InstanceId.1", &id)]);
    let root = place.root_of(&id);
    // Its first attachment is to a stopped instance; the second is another's.
    let second = "</item><item><instanceId>i-0aaaaaaaaaaaaaaaa</instanceId><device>/dev/sdg</device>\
                  <status>attached</status></item></attachmentSet>";
    place.aws.edit("DescribeVolumes", "</item></attachmentSet>", second, None);
    place.refuses(&["snapshot-and-delete", &root, "--yes"], "i-0aaaaaaaaaaaaaaaa at once");
    place.refuses(&["snapshot-and-delete", &id, "--yes"], "i-0aaaaaaaaaaaaaaaa at once");
    place.refuses(&["terminate", &id, "--delete-volumes", "--yes"], "is attached to i-0aaaaaaaaaaaaaaaa");
}

#[test]
fn an_address_is_not_taken_from_a_protected_instance_or_a_group() {
    let place = Place::new();
    for (key, says) in [("gpucost:protect", "has the tag gpucost:protect"), ("aws:ec2:fleet-id", "an EC2 Fleet")] {
        let allocation = first(&place.ec2("AllocateAddress", &[("Domain", "vpc")]), "allocationId");
        let id = place.aws.run_instance(REGION, "p3.2xlarge");
        place.tag(&id, key, "");
        place.ec2("AssociateAddress", &[("AllocationId", &allocation), ("InstanceId", &id)]);
        place.refuses(&["release-address", &allocation, "--disassociate", "--yes"], says);
    }
}

/// An address on a network interface of no instance: (its allocation, the interface).
pub fn address_of_interface(aws: &Aws, region: &str) -> (String, String) {
    let subnet = first(&aws.ec2(region, "DescribeSubnets", &[]), "subnetId");
    let interface = aws.ec2(region, "CreateNetworkInterface", &[("SubnetId", &subnet), ("Description", "stands by")]);
    let interface = first(&interface, "networkInterfaceId");
    let allocation = first(&aws.ec2(region, "AllocateAddress", &[("Domain", "vpc")]), "allocationId");
    let on = [("AllocationId", allocation.as_str()), ("NetworkInterfaceId", interface.as_str())];
    aws.ec2(region, "AssociateAddress", &on);
    (allocation, interface)
}

#[test]
fn an_address_is_not_taken_from_a_protected_interface_or_one_of_aws() {
    let place = Place::new();
    let (allocation, interface) = address_of_interface(&place.aws, REGION);
    let release = ["release-address", allocation.as_str(), "--disassociate", "--yes"];
    place.refuses(&release[..2], &format!("is associated with {interface}"));
    place.tag(&interface, "gpucost:protect", "");
    place.refuses(&release, &format!("{interface}, which uses it, has the tag gpucost:protect"));
    let untag = [("ResourceId.1", interface.as_str()), ("Tag.1.Key", "gpucost:protect")];
    place.ec2("DeleteTags", &untag);
    place.aws.edit("DescribeNetworkInterfaces", MANAGED[0], MANAGED[1], None);
    place.refuses(&release, "which a service of AWS made and needs (stands by)");
    let (allocation, _) = address_of_interface(&place.aws, REGION);
    place.aws.edit("DescribeNetworkInterfaces", MANAGED[1], MANAGED[0], None);
    place.does(&["release-address", &allocation, "--disassociate", "--yes"]);
    assert_eq!(place.changes(), ["DisassociateAddress", "ReleaseAddress"]);
}

/// Whether a service of AWS made an interface, as moto writes it and as AWS does of a NAT gateway's.
const MANAGED: [&str; 2] = ["<requesterManaged>false</requesterManaged>", "<requesterManaged>true</requesterManaged>"];

/// Runs it until AWS has seen this call, then lets `meanwhile` happen, then waits for its end.
fn during(place: &Place, args: &[&str], seen: &str, meanwhile: impl FnOnce()) -> Ran {
    let mut command = place.aws.gpucost(&place.lab, args);
    command.args(["--region", REGION]).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().expect("it starts");
    let until = Instant::now() + Duration::from_secs(60);
    while !place.changes().iter().any(|action| action == seen) {
        assert!(Instant::now() < until, "{seen} was never called");
        std::thread::sleep(Duration::from_millis(20));
    }
    meanwhile();
    Ran::from(child.wait_with_output().expect("it ends"))
}

#[test]
fn a_holder_that_was_started_between_copy_and_deletion_stops_it() {
    for is_stopped_again in [true, false] {
        let place = Place::new();
        let id = place.aws.run_instance(REGION, "p3.2xlarge");
        place.ec2("StopInstances", &[("InstanceId.1", &id)]);
        let root = place.root_of(&id);
        place.aws.set_snapshot_state(Some("pending"));
        let ran = during(&place, &["snapshot-and-delete", &root, "--yes"], "CreateSnapshot", || {
            // Once for the tag, once for the new one; then it waits.
            let looks = || place.aws.calls().iter().filter(|call| call.action == "DescribeSnapshots").count();
            while looks() < 4 {
                std::thread::sleep(Duration::from_millis(50));
            }
            // AWS moves LaunchTime with each start, which moto does not.
            let started = "<launchTime>2030-01-01T00:00:00.000Z</launchTime>";
            place.aws.edit("DescribeInstances", "<launchTime>[^<]*</launchTime>", started, None);
            if !is_stopped_again {
                place.ec2("StartInstances", &[("InstanceId.1", &id)]);
            }
            place.aws.set_snapshot_state(None);
        });
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.err.contains("it has changed since") && ran.err.contains("2030-01-01"), "{}", ran.err);
        // On a pipe each change of a wait is a line.
        assert!(ran.err.contains("waiting for snapshot snap-"), "{}", ran.err);
        assert!(place.volumes().contains(&root));
        assert!(place.changes().iter().all(|action| action != "DetachVolume" && action != "DeleteVolume"));
        let record = place.lab.ok(&["actions", "-o", "csv"]);
        assert!(record.contains("abandoned"), "{record}");
        assert!(!record.contains("Not finished"), "{record}");
    }
}

#[test]
fn a_holder_that_was_started_while_its_volume_came_off_stops_it() {
    let place = Place::new();
    let id = place.aws.run_instance(REGION, "p3.2xlarge");
    place.ec2("StopInstances", &[("InstanceId.1", &id)]);
    let root = place.root_of(&id);
    let started = "<launchTime>2030-01-01T00:00:00.000Z</launchTime>";
    place.aws.edit("DescribeInstances", "<launchTime>[^<]*</launchTime>", started, Some("DetachVolume"));
    let ran = place.run(&["snapshot-and-delete", &root, "--yes"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("taken off") && ran.err.contains("2030-01-01"), "{}", ran.err);
    assert_eq!(place.volumes(), [root.as_str()]);
    assert!(place.lab.ok(&["actions", "-o", "csv"]).contains("abandoned"));
    // The next run copies it anew: the first copy may lack what was written.
    place.does(&["snapshot-and-delete", &root, "--yes"]);
    assert_eq!(place.snapshots().len(), 2);
}

#[test]
fn what_has_changed_between_the_plan_and_the_call_is_refused() {
    let place = Place::new();
    let id = place.aws.run_instance(REGION, "p3.2xlarge");
    let started = "<launchTime>2030-01-01T00:00:00.000Z</launchTime>";
    place.aws.edit("DescribeInstances", "<launchTime>[^<]*</launchTime>", started, Some("DryRun:StopInstances"));
    place.refuses(&["stop", &id, "--yes"], "it has changed since it was planned for");
    let record = place.lab.ok(&["actions", "-o", "csv"]);
    assert!(record.contains("refused") && !record.contains("begun"), "{record}");
}

#[test]
fn a_dry_run_that_does_it_ends_everything_at_once() {
    let place = Place::new();
    let (one, other) = (place.aws.run_instance(REGION, "p3.2xlarge"), place.aws.run_instance(REGION, "p3.2xlarge"));
    place.aws.misbehave(json!({ "mode": "ignore_dry_run", "service": "ec2", "action": "StopInstances", "times": 9 }));
    let ran = place.run(&["stop", &one, &other, "--yes"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("asked only whether it would be allowed, AWS says that it is done"), "{}", ran.err);
    assert!(ran.err.contains("does not heed DryRun"), "{}", ran.err);
    assert_eq!((place.state(&one).as_str(), place.state(&other).as_str()), ("stopped", "running"));
    let record = place.lab.ok(&["actions", "-o", "csv"]);
    assert!(record.contains(&format!("stop {one},done")), "{record}");
}

#[test]
fn a_throttled_call_is_repeated_and_not_taken_for_done() {
    let place = Place::new();
    let throttle = |action: &str, times: u32| {
        let fault = json!({ "mode": "throttle", "service": "ec2", "action": action, "skip": 1, "times": times });
        place.aws.misbehave(fault);
    };
    let id = place.aws.run_instance(REGION, "p3.2xlarge");
    throttle("StopInstances", 1);
    place.does(&["stop", &id, "--yes"]);
    // A snapshot, which is sent once, too: what was throttled was not done.
    let volume = place.volume();
    throttle("CreateSnapshot", 1);
    place.does(&["snapshot-and-delete", &volume, "--yes"]);
    assert_eq!(place.snapshots().len(), 1);
    let volume = place.volume();
    throttle("CreateSnapshot", 9);
    let ran = place.run(&["snapshot-and-delete", &volume, "--yes"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("RequestLimitExceeded") && !ran.err.contains("may have been done"), "{}", ran.err);
    assert!(place.volumes().contains(&volume));
}
