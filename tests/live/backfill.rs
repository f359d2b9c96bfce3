//! `gpucost track backfill` against a CloudTrail that behaves as AWS's: pages, tokens that expire, two requests a second.

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::peers::Aws;
use crate::program::{Lab, Ran};
use crate::tracker::rows;

const TRAINER: &str = "i-0123456789abcdef0";

fn event(number: i64, name: &str, region: &str, at: Timestamp) -> Value {
    let (from, to) = match name {
        "StartInstances" => ("stopped", "pending"),
        _ => ("running", "stopping"),
    };
    let state = |name| json!({ "code": 0, "name": name });
    json!({
        "eventVersion": "1.09",
        "userIdentity": { "type": "IAMUser", "accountId": "111122223333", "userName": "lab" },
        "eventTime": at.to_string(),
        "eventSource": "ec2.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "requestParameters": {},
        "responseElements": { "instancesSet": { "items": [
            { "instanceId": TRAINER, "currentState": state(to), "previousState": state(from) },
        ] } },
        "eventID": format!("00000000-0000-4000-8000-{number:012}"),
        "recipientAccountId": "111122223333",
    })
}

/// Starts and stops an hour apart, so many in all, the last one an hour ago.
fn alternating(count: i64, region: &str) -> Value {
    let now = Timestamp::from_second(Timestamp::now().as_second()).expect("a time");
    let at = |i: i64| now.checked_sub((count - i).hours()).expect("a time");
    let name = |i: i64| if i % 2 == 0 { "StartInstances" } else { "StopInstances" };
    (0..count).map(|i| event(i, name(i), region, at(i))).collect()
}

fn backfill(aws: &Aws, lab: &Lab, args: &[&str]) -> Ran {
    Ran::of(&mut aws.gpucost(lab, &[&["track", "backfill", "-o", "json"], args].concat()))
}

fn lookups(aws: &Aws) -> usize {
    aws.calls().iter().filter(|call| call.action == "LookupEvents").count()
}

fn facts(lab: &Lab) -> Vec<String> {
    lab.recorded().into_iter().filter(|row| row.starts_with("facts")).collect()
}

fn count(row: &Value, key: &str) -> u64 {
    row[key].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no {key} in {row}"))
}

#[test]
fn every_page_is_read_within_two_requests_a_second_and_twice_changes_nothing() {
    let (aws, lab) = (Aws::start(), Lab::new());
    aws.add_events(alternating(130, "us-east-1"));
    let ran = backfill(&aws, &lab, &["--region", "us-east-1"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let row = rows(&ran).remove(0);
    assert_eq!(["events", "changes", "new_facts"].map(|key| count(&row, key)), [130; 3], "{row}");
    // Seven names of nothing, two of two pages each. AWS throttles the third request within a second: none was.
    assert_eq!((count(&row, "requests"), lookups(&aws)), (11, 11));
    let before = lab.recorded();
    assert_eq!(facts(&lab).len(), 130);
    let ran = backfill(&aws, &lab, &["--region", "us-east-1"]);
    assert_eq!(count(&rows(&ran)[0], "new_facts"), 0, "{ran:?}");
    assert_eq!(lab.recorded(), before);
}

#[test]
fn a_page_token_that_expired_loses_and_doubles_nothing() {
    let (aws, lab) = (Aws::start(), Lab::new());
    aws.add_events(alternating(130, "us-east-1"));
    // The second request for StartInstances asks with a token.
    let expired = "InvalidNextTokenException";
    aws.misbehave(json!({ "mode": "error", "action": "LookupEvents", "code": expired, "skip": 2 }));
    let ran = backfill(&aws, &lab, &["--region", "us-east-1"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    assert_eq!(count(&rows(&ran)[0], "changes"), 130, "{ran:?}");
    assert_eq!(facts(&lab).len(), 130);
}

#[test]
fn throttled_it_waits_and_goes_on() {
    let (aws, lab) = (Aws::start(), Lab::new());
    aws.add_events(alternating(4, "us-east-1"));
    aws.misbehave(json!({ "mode": "throttle", "action": "LookupEvents", "times": 3 }));
    let ran = backfill(&aws, &lab, &["--region", "us-east-1"]);
    assert_eq!((ran.code, count(&rows(&ran)[0], "changes")), (Some(0), 4), "{ran:?}");
}

#[test]
fn a_region_that_fails_leaves_the_others() {
    let (aws, lab) = (Aws::start(), Lab::new());
    aws.add_events(alternating(4, "us-west-2"));
    aws.misbehave(json!({ "mode": "access_denied", "region": "us-east-1", "action": "LookupEvents", "times": 9 }));
    let off = json!({ "mode": "error", "region": "ap-east-1", "code": "UnrecognizedClientException", "times": 9 });
    aws.misbehave(off);
    let ran = backfill(&aws, &lab, &["--region", "us-east-1,us-west-2,ap-east-1", "--days", "7"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.err.contains("allows `cloudtrail:LookupEvents`"), "{ran:?}");
    assert!(ran.out.contains("ap-east-1 is not enabled"), "{ran:?}");
    assert_eq!(facts(&lab).len(), 4);
}

#[test]
fn what_was_read_before_a_failure_stays() {
    let (aws, lab) = (Aws::start(), Lab::new());
    aws.add_events(alternating(4, "us-east-1"));
    aws.misbehave(json!({ "mode": "html500", "action": "LookupEvents", "skip": 4, "times": 99 }));
    let ran = backfill(&aws, &lab, &["--region", "us-east-1"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert_eq!(facts(&lab).len(), 4, "starts and stops are the second and third name");
}

#[test]
fn calls_without_effect_are_counted_and_odd_records_named() {
    let (aws, lab) = (Aws::start(), Lab::new());
    let now = Timestamp::now().checked_sub(1.minute()).expect("a time");
    let mut dry = event(1, "StopInstances", "us-east-1", now);
    dry["errorCode"] = json!("Client.DryRunOperation");
    let mut odd = event(2, "StopInstances", "us-east-1", now);
    odd["responseElements"] = Value::Null;
    aws.add_events(json!([dry, odd, event(3, "StopInstances", "us-east-1", now)]));
    let ran = backfill(&aws, &lab, &["--region", "us-east-1"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.err.contains("00000000-0000-4000-8000-000000000002"), "{ran:?}");
    let row = rows(&ran).remove(0);
    assert_eq!(["events", "without_effect", "changes"].map(|key| count(&row, key)), [3, 1, 1], "{row}");
}

#[test]
fn more_than_cloudtrail_keeps_is_wrong_usage() {
    let (aws, lab) = (Aws::start(), Lab::new());
    for days in ["0", "91", "all"] {
        let ran = backfill(&aws, &lab, &["--region", "us-east-1", "--days", days]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
    }
    assert!(aws.calls().is_empty());
}
