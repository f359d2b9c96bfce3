//! A month on moto's clock: a script runs, stops, starts, resizes and ends instances and volumes, gpucost polls in
//! between under the same clock, and its hours are held against the script's own. Exact where the evidence is exact,
//! within bounds elsewhere; exact everywhere once CloudTrail has told its part.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::peers::{Aws, first, stand_at};
use crate::program::{Lab, Ran};
use crate::tracker::rows;

const REGION: &str = "us-west-2";
const IN_OCTOBER: [&str; 4] = ["--month", "2026-10", "--as-of", "2026-11-01"];

/// A month as it happens: what is done at an instant, and what CloudTrail will tell of it.
struct Script {
    aws: Aws,
    lab: Lab,
    events: Vec<Value>,
}

impl Script {
    fn new() -> Script {
        Script { aws: Aws::private(), lab: Lab::new(), events: Vec::new() }
    }

    fn at(&self, time: &str) -> Timestamp {
        let at: Timestamp = format!("2026-10-{time}Z").parse().expect("a time in October");
        self.aws.set_clock(at);
        at
    }

    /// One poll, whose clock stands with moto's.
    #[track_caller]
    fn poll(&self, time: &str) {
        let at = self.at(time);
        let mut command = self.aws.gpucost(&self.lab, &["track", "--region", REGION]);
        stand_at(&mut command, at);
        let ran = Ran::of(&mut command);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{time}: {ran:?}");
    }

    fn polls(&self, times: &[&str]) {
        times.iter().for_each(|time| self.poll(time));
    }

    fn event(&mut self, at: Timestamp, name: &str, request: Value, answer: Value) {
        let number = self.events.len();
        self.events.push(json!({
            "eventVersion": "1.09",
            "userIdentity": { "type": "IAMUser", "accountId": self.aws.account(), "userName": "lab" },
            "eventTime": at.to_string(),
            "eventSource": "ec2.amazonaws.com",
            "eventName": name,
            "awsRegion": REGION,
            "requestParameters": request,
            "responseElements": answer,
            "eventID": format!("00000000-0000-4000-8000-{number:012}"),
            "readOnly": false,
            "eventType": "AwsApiCall",
            "recipientAccountId": self.aws.account(),
        }));
    }

    fn run(&mut self, time: &str, instance_type: &str) -> String {
        let at = self.at(time);
        let id = self.aws.run_instance(REGION, instance_type);
        let answer = json!({ "instancesSet": { "items": [{ "instanceId": id, "instanceType": instance_type }] } });
        self.event(at, "RunInstances", json!({ "instanceType": instance_type }), answer);
        id
    }

    /// StartInstances, StopInstances, TerminateInstances.
    fn call(&mut self, time: &str, name: &str, id: &str) {
        let (from, to) = match name {
            "StartInstances" => ("stopped", "pending"),
            "StopInstances" => ("running", "stopping"),
            _ => ("running", "shutting-down"),
        };
        let at = self.at(time);
        self.aws.ec2(REGION, name, &[("InstanceId.1", id)]);
        let state = |name| json!({ "code": 0, "name": name });
        let answer = json!({ "instancesSet": { "items": [
            { "instanceId": id, "currentState": state(to), "previousState": state(from) },
        ] } });
        self.event(at, name, json!({}), answer);
    }

    fn resize(&mut self, time: &str, id: &str, instance_type: &str) {
        let at = self.at(time);
        let params = [("InstanceId", id), ("InstanceType.Value", instance_type)];
        self.aws.ec2(REGION, "ModifyInstanceAttribute", &params);
        let request = json!({ "instanceId": id, "instanceType": { "value": instance_type } });
        self.event(at, "ModifyInstanceAttribute", request, json!({ "_return": true }));
    }

    fn make_volume(&mut self, time: &str, size: &str) -> String {
        let at = self.at(time);
        let params = [("AvailabilityZone", "us-west-2a"), ("Size", size), ("VolumeType", "gp2")];
        let id = first(&self.aws.ec2(REGION, "CreateVolume", &params), "volumeId");
        let answer = json!({ "volumeId": id, "size": size, "volumeType": "gp2" });
        self.event(at, "CreateVolume", json!({ "size": size }), answer);
        id
    }

    fn grow_volume(&mut self, time: &str, id: &str, size: &str) {
        let at = self.at(time);
        self.aws.ec2(REGION, "ModifyVolume", &[("VolumeId", id), ("Size", size)]);
        let request = json!({ "ModifyVolumeRequest": { "VolumeId": id, "Size": size } });
        let answer = json!({ "ModifyVolumeResponse": { "volumeModification": {
            "volumeId": id, "targetSize": size, "targetVolumeType": "gp2",
        } } });
        self.event(at, "ModifyVolume", request, answer);
    }

    fn delete_volume(&mut self, time: &str, id: &str) {
        let at = self.at(time);
        self.aws.ec2(REGION, "DeleteVolume", &[("VolumeId", id)]);
        self.event(at, "DeleteVolume", json!({ "volumeId": id }), json!({ "_return": true }));
    }

    #[track_caller]
    fn table(&self, command: &[&str]) -> Vec<Value> {
        let ran = self.lab.run(&[command, &IN_OCTOBER, &["-o", "json"]].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        rows(&ran)
    }

    /// (surely running, possibly on top), in hours.
    fn hours(&self, by: &str, key: &str) -> (Decimal, Decimal) {
        let rows = self.table(&["usage", "--by", by]);
        let row = rows.iter().find(|row| row["key"] == key).unwrap_or_else(|| panic!("no {key} in {rows:?}"));
        (number(&row["running_hours"]), number(&row["possible_hours"]))
    }

    /// (surely, possibly on top), in GB-months.
    fn gb_months(&self, volume: &str) -> (Decimal, Decimal) {
        let of = |certainty: &str| -> Decimal {
            let rows = self.table(&["bill"]);
            let of_volume = |row: &&Value| row["resource"] == volume && row["certainty"] == certainty;
            rows.iter().filter(of_volume).map(|row| number(&row["quantity"])).sum()
        };
        (of("measured"), of("possible"))
    }

    #[track_caller]
    fn backfill(&self) -> Ran {
        let as_of = ["--as-of", "2026-11-01"];
        let args = [&["track", "backfill", "--region", REGION, "-o", "json"][..], &as_of].concat();
        let ran = Ran::of(&mut self.aws.gpucost(&self.lab, &args));
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
        ran
    }
}

fn number(value: &Value) -> Decimal {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no number"))
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a number")
}

#[track_caller]
fn bounds((least, more): (Decimal, Decimal), truth: &str, widest: &str) {
    let truth = decimal(truth);
    assert!(least <= truth && truth <= least + more, "{least} to {} does not hold {truth}", least + more);
    assert!(more <= decimal(widest), "{more} is wider than the polls around it");
}

#[test]
fn hours_are_the_scripts_own_over_a_month() {
    let mut script = Script::new();
    script.poll("01T00:00:00");

    // Seen running and stopped: LaunchTime and the reason (moto's ends in UTC) are exact.
    let trainer = script.run("02T09:00:00", "p3.2xlarge");
    script.polls(&["02T09:30:00", "02T12:00:00"]);
    script.call("02T17:30:05", "StopInstances", &trainer);
    script.poll("02T18:00:00");
    assert_eq!(script.hours("instance", &trainer), (decimal("8.501389"), Decimal::ZERO));

    // A volume of no instance, grown while it was there.
    let disk = script.make_volume("03T00:00:00", "100");
    script.poll("03T00:10:00");

    // moto's LaunchTime does not move on a restart: the start is bounded by the polls around it.
    script.poll("05T07:50:00");
    script.call("05T08:00:00", "StartInstances", &trainer);
    script.polls(&["05T08:10:00", "05T14:00:00"]);
    script.call("05T20:00:00", "StopInstances", &trainer);
    script.poll("05T20:05:00");
    bounds(script.hours("instance", &trainer), "20.501389", "0.5");

    // Came and went between two polls: both times are in the answer.
    let short = script.run("07T10:00:00", "p2.xlarge");
    script.call("07T15:45:10", "TerminateInstances", &short);
    script.poll("07T16:00:00");
    assert_eq!(script.hours("instance", &short), (decimal("5.752778"), Decimal::ZERO));

    script.poll("10T05:50:00");
    script.grow_volume("10T06:00:00", &disk, "200");
    script.poll("10T06:10:00");

    // Another type from its next start on.
    script.poll("12T08:50:00");
    script.resize("12T09:00:00", &trainer, "p3.8xlarge");
    script.poll("12T09:50:00");
    script.call("12T10:00:00", "StartInstances", &trainer);
    script.poll("12T10:10:00");
    script.call("12T12:00:00", "StopInstances", &trainer);
    script.poll("12T12:10:00");
    bounds(script.hours("type", "p3.8xlarge"), "2", "0.5");
    bounds(script.hours("type", "p3.2xlarge"), "20.501389", "0.5");

    script.poll("20T11:50:00");
    script.delete_volume("20T12:00:00", &disk);
    script.poll("20T12:10:00");
    // 100 GB for 7.25 days, 200 GB for 10.25 of 31.
    bounds(script.gb_months(&disk), "89.5161290323", "0.2");

    // The whole of the rest of the month nothing ran, though hardly anybody looked.
    script.poll("31T23:59:00");
    bounds(script.hours("instance", &trainer), "22.501389", "1");

    // CloudTrail closes what the polls left open.
    script.aws.add_events(Value::Array(script.events.clone()));
    script.at("31T23:59:30");
    script.backfill();
    let exact = |hours: &str| (decimal(hours), Decimal::ZERO);
    assert_eq!(script.hours("instance", &trainer), exact("22.501389"));
    assert_eq!(script.hours("instance", &short), exact("5.752778"));
    assert_eq!(script.hours("type", "p3.8xlarge"), exact("2"));
    assert_eq!(script.gb_months(&disk), exact("89.5161290323"));

    // Again: nothing changes.
    let before = (script.lab.recorded(), script.table(&["bill"]));
    script.backfill();
    assert_eq!((script.lab.recorded(), script.table(&["bill"])), before);
}

#[test]
fn what_a_gap_in_the_polls_hid_cloudtrail_tells() {
    let mut script = Script::new();
    let id = script.run("02T09:00:00", "p3.2xlarge");
    script.poll("02T10:00:00");
    // The laptop slept for a week; meanwhile it was stopped and started, and moto's LaunchTime stood still.
    script.call("03T09:00:00", "StopInstances", &id);
    script.call("08T09:00:00", "StartInstances", &id);
    script.poll("09T10:00:00");
    script.call("09T12:00:00", "StopInstances", &id);
    script.poll("09T12:30:00");
    script.aws.add_events(Value::Array(script.events.clone()));
    script.at("10T00:00:00");
    script.backfill();
    // 24 h and 27 h.
    assert_eq!(script.hours("instance", &id), (decimal("51"), Decimal::ZERO));
}
