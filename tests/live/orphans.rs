//! Snapshots that nothing needs, as the tracker sees them: their volume deleted, no AMI made of them.

use serde_json::{Value, json};

use crate::peers::{Aws, first};
use crate::program::{Lab, Ran};

const REGION: &str = "us-west-2";

/// One look. Two within a second are two.
fn track(aws: &Aws, lab: &Lab) -> Ran {
    Ran::of(&mut aws.gpucost(lab, &["track", "--region", REGION]))
}

/// The snapshots that advice calls orphans.
fn orphans(aws: &Aws, lab: &Lab) -> Vec<String> {
    let ran = Ran::of(&mut aws.gpucost(lab, &["advise", "--min-usd", "0", "-o", "json"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let tables: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:?}"));
    let rows = tables["findings"]["rows"].as_array().expect("findings").clone();
    let of_rule = rows.iter().filter(|row| row["rule"] == "orphan-snapshot");
    of_rule.map(|row| row["resource"].as_str().expect("a resource").to_owned()).collect()
}

/// A volume with a snapshot, and the snapshot of one that is deleted.
fn snapshots(aws: &Aws) -> (String, String) {
    let snapshot = || {
        let made = [("AvailabilityZone", "us-west-2a"), ("Size", "100"), ("VolumeType", "gp3")];
        let volume = first(&aws.ec2(REGION, "CreateVolume", &made), "volumeId");
        (first(&aws.ec2(REGION, "CreateSnapshot", &[("VolumeId", &volume)]), "snapshotId"), volume)
    };
    let ((kept, _), (left, volume)) = (snapshot(), snapshot());
    aws.ec2(REGION, "DeleteVolume", &[("VolumeId", &volume)]);
    (kept, left)
}

#[test]
fn the_tracker_tells_orphans_from_what_is_needed() {
    let (aws, lab) = (Aws::start(), Lab::new());
    let (kept, left) = snapshots(&aws);
    let ran = track(&aws, &lab);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let found = orphans(&aws, &lab);
    assert!(found.contains(&left) && !found.contains(&kept), "{found:?} of {kept} and {left}");
    // An AMI of a server: its snapshots are needed, until it is deregistered.
    let server = aws.run_instance(REGION, "p3.2xlarge");
    let image = first(&aws.ec2(REGION, "CreateImage", &[("InstanceId", &server), ("Name", "trained")]), "imageId");
    aws.ec2(REGION, "TerminateInstances", &[("InstanceId.1", &server)]);
    track(&aws, &lab);
    assert_eq!(orphans(&aws, &lab), [&*left], "of the image nothing is an orphan");
    aws.ec2(REGION, "DeregisterImage", &[("ImageId", &image)]);
    aws.ec2(REGION, "DeleteSnapshot", &[("SnapshotId", &left)]);
    track(&aws, &lab);
    let found = orphans(&aws, &lab);
    assert!(!found.contains(&left), "it is deleted: {found:?}");
}

#[test]
fn who_may_not_list_images_is_told_of_no_orphan() {
    let (aws, lab) = (Aws::start(), Lab::new());
    let (_, left) = snapshots(&aws);
    aws.misbehave(json!({ "mode": "access_denied", "action": "DescribeImages", "times": 1 }));
    let ran = track(&aws, &lab);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.err.contains("ec2:DescribeImages"), "{ran:?}");
    assert_eq!(orphans(&aws, &lab), [""; 0]);
    track(&aws, &lab);
    assert_eq!(orphans(&aws, &lab), [left]);
}
