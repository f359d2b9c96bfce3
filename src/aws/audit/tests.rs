//! Events in the shape CloudTrail writes them.

use serde_json::{Value, json};

use super::{Read, read_event};
use crate::ledger::{Change, ResourceChanged};

const TRAINER: &str = "i-0123456789abcdef0";
const OTHER: &str = "i-0fedcba9876543210";

fn event(name: &str, request: Value, answer: Value) -> Value {
    json!({
        "eventVersion": "1.08",
        "userIdentity": { "type": "IAMUser", "accountId": "111122223333" },
        "eventTime": "2026-10-05T21:14:20Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "requestParameters": request,
        "responseElements": answer,
        "eventID": "9357a8cc-a0eb-46a1-b67e-5a4d2e1c19b1",
        "readOnly": false,
        "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333",
    })
}

fn moved(id: &str, from: &str, to: &str) -> Value {
    json!({ "instanceId": id, "currentState": { "code": 0, "name": to }, "previousState": { "code": 0, "name": from } })
}

fn changes(event: &Value) -> Vec<ResourceChanged> {
    match read_event(&event.to_string()) {
        Read::Changes(changes) => changes,
        other => panic!("{other:?}"),
    }
}

fn what(event: &Value) -> Vec<(String, Change)> {
    changes(event).into_iter().map(|changed| (changed.resource_id, changed.change)).collect()
}

#[test]
fn a_call_on_two_instances_is_two_changes_at_its_time() {
    let answer = json!({ "instancesSet": { "items": [
        moved(TRAINER, "running", "stopping"), moved(OTHER, "running", "stopping"),
    ] } });
    let changed = changes(&event("StopInstances", json!({ "force": false }), answer));
    let ids: Vec<&str> = changed.iter().map(|changed| changed.resource_id.as_str()).collect();
    assert_eq!(ids, [TRAINER, OTHER]);
    for changed in &changed {
        assert_eq!(changed.at.to_string(), "2026-10-05T21:14:20Z");
        assert_eq!((changed.account.as_str(), changed.region.as_str()), ("111122223333", "us-east-1"));
        assert_eq!(changed.change, Change::Stopped);
    }
}

#[test]
fn what_stood_still_was_not_stopped_again() {
    let answer = |from, to| json!({ "instancesSet": { "items": [moved(TRAINER, from, to)] } });
    for (name, from, to) in [
        ("StopInstances", "stopped", "stopped"),
        ("StopInstances", "stopping", "stopping"),
        ("StartInstances", "running", "running"),
        ("TerminateInstances", "terminated", "terminated"),
    ] {
        let read = read_event(&event(name, Value::Null, answer(from, to)).to_string());
        assert_eq!(read, Read::WithoutEffect, "{name} from {from}");
    }
    // Terminating what is stopped ends no session, but it ends the instance.
    let ended = what(&event("TerminateInstances", Value::Null, answer("stopped", "terminated")));
    assert_eq!(ended, [(TRAINER.to_owned(), Change::Terminated)]);
    let started = what(&event("StartInstances", Value::Null, answer("stopped", "pending")));
    assert_eq!(started, [(TRAINER.to_owned(), Change::Started)]);
}

#[test]
fn failed_calls_and_dry_runs_change_nothing() {
    let answer = json!({ "instancesSet": { "items": [moved(TRAINER, "running", "stopping")] } });
    for (key, value) in [
        ("errorCode", "Client.DryRunOperation"),
        ("errorCode", "Client.UnauthorizedOperation"),
        ("errorMessage", "Request would have succeeded, but DryRun flag is set."),
    ] {
        let mut failed = event("StopInstances", Value::Null, answer.clone());
        failed[key] = json!(value);
        assert_eq!(read_event(&failed.to_string()), Read::WithoutEffect, "{value}");
    }
}

#[test]
fn a_launch_names_each_instance_and_its_type() {
    let answer = json!({ "instancesSet": { "items": [
        { "instanceId": TRAINER, "instanceType": "p3.2xlarge", "launchTime": 1_790_975_660_000_u64 },
        { "instanceId": OTHER },
    ] } });
    let launched = what(&event("RunInstances", json!({ "instanceType": "p2.xlarge" }), answer));
    let of = |id: &str, name: &str| (id.to_owned(), Change::Launched { instance_type: Some(name.to_owned()) });
    assert_eq!(launched, [of(TRAINER, "p3.2xlarge"), of(OTHER, "p2.xlarge")]);
}

#[test]
fn a_volume_is_made_grown_and_deleted() {
    let made = json!({ "volumeId": "vol-1", "size": "100", "volumeType": "gp2", "iops": 300 });
    let created = Change::VolumeCreated {
        volume_type: Some("gp2".to_owned()),
        size_gb: Some(100),
        iops: Some(300),
        throughput_mibps: None,
    };
    assert_eq!(what(&event("CreateVolume", json!({ "size": "100" }), made)), [("vol-1".to_owned(), created)]);

    let request = json!({ "ModifyVolumeRequest": { "VolumeId": "vol-1", "Size": 200 } });
    let answer = json!({ "ModifyVolumeResponse": { "volumeModification": {
        "volumeId": "vol-1", "targetSize": "200", "targetVolumeType": "gp3", "targetIops": 3000, "targetThroughput": 125,
        "originalSize": 100, "modificationState": "modifying",
    } } });
    let grown = Change::VolumeModified {
        volume_type: Some("gp3".to_owned()),
        size_gb: Some(200),
        iops: Some(3000),
        throughput_mibps: Some(125),
    };
    assert_eq!(what(&event("ModifyVolume", request, answer)), [("vol-1".to_owned(), grown)]);

    let deleted = event("DeleteVolume", json!({ "volumeId": "vol-1" }), json!({ "_return": true }));
    assert_eq!(what(&deleted), [("vol-1".to_owned(), Change::VolumeDeleted)]);
}

#[test]
fn of_attributes_only_the_type_matters() {
    let changed = |request: Value| read_event(&event("ModifyInstanceAttribute", request, json!({})).to_string());
    let retyped = Change::Retyped { instance_type: "p3.8xlarge".to_owned() };
    for request in [
        json!({ "instanceId": TRAINER, "instanceType": { "value": "p3.8xlarge" } }),
        json!({ "instanceId": TRAINER, "attribute": "instanceType", "value": "p3.8xlarge" }),
    ] {
        let Read::Changes(changes) = changed(request.clone()) else { panic!("{request}") };
        assert_eq!(changes.iter().map(|changed| &changed.change).collect::<Vec<_>>(), [&retyped]);
    }
    for other in [
        json!({ "instanceId": TRAINER, "disableApiTermination": { "value": true } }),
        json!({ "instanceId": TRAINER, "userData": "<sensitiveDataRemoved>" }),
        json!({ "instanceId": TRAINER, "attribute": "instanceType", "value": "<sensitiveDataRemoved>" }),
    ] {
        assert_eq!(changed(other.clone()), Read::WithoutEffect, "{other}");
    }
}

#[test]
fn capacity_taken_back_stops_a_spot_instance() {
    let mut evicted = event("BidEvictedEvent", Value::Null, Value::Null);
    evicted["eventType"] = json!("AwsServiceEvent");
    evicted["serviceEventDetails"] = json!({ "instanceIdSet": [TRAINER] });
    assert_eq!(what(&evicted), [(TRAINER.to_owned(), Change::Stopped)]);
}

#[test]
fn a_record_that_lacks_what_it_should_tell_is_said_to() {
    for broken in ["", "{", "[]", "null", r#"{"eventName": "StopInstances"}"#] {
        assert_eq!(read_event(broken), Read::Unreadable, "{broken}");
    }
    assert_eq!(read_event(&event("StopInstances", Value::Null, Value::Null).to_string()), Read::Unreadable);
    let mut when = event("DeleteVolume", json!({ "volumeId": "vol-1" }), Value::Null);
    when["eventTime"] = json!("yesterday");
    assert_eq!(read_event(&when.to_string()), Read::Unreadable);
}
