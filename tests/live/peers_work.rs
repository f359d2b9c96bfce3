//! The peers are what they claim to be: other tests rest on them.

use jiff::Timestamp;
use serde_json::json;

use crate::peers::{Aws, all, first};
use crate::program::{Lab, Ran};
use crate::tracker::tracked;

fn actions(aws: &Aws) -> Vec<String> {
    aws.calls().into_iter().map(|call| format!("{}:{}@{}", call.service, call.action, call.region)).collect()
}

#[test]
fn a_look_records_the_instances_of_the_account_and_makes_six_calls() {
    let (aws, other, lab) = (Aws::start(), Aws::start(), Lab::new());
    let id = aws.run_instance("us-east-1", "p3.2xlarge");
    let foreign = other.run_instance("us-east-1", "p3.2xlarge");
    let ran = Ran::of(&mut aws.gpucost(&lab, &["track", "--region", "us-east-1"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains(aws.account()), "{ran:?}");
    let recorded = tracked(&lab);
    assert!(recorded.contains(&id) && !recorded.contains(&foreign), "{recorded:?}");
    let mut called = actions(&aws);
    called.sort();
    let describe =
        ["Addresses", "Images", "Instances", "Snapshots", "Volumes"].map(|what| format!("ec2:Describe{what}"));
    let expected: Vec<String> = describe.into_iter().chain(["sts:GetCallerIdentity".to_owned()]).collect();
    assert_eq!(called, expected.iter().map(|action| format!("{action}@us-east-1")).collect::<Vec<_>>());
    assert_eq!(other.calls(), []);
}

#[test]
fn moto_lives_at_the_second_it_is_told() {
    let aws = Aws::private();
    let at = |text: &str| text.parse::<Timestamp>().expect("a time");
    aws.set_clock(at("2026-10-01T08:00:00Z"));
    let id = aws.run_instance("us-east-1", "p3.2xlarge");
    aws.set_clock(at("2026-10-03T17:30:05Z"));
    aws.ec2("us-east-1", "StopInstances", &[("InstanceId.1", &id)]);
    let seen = aws.ec2("us-east-1", "DescribeInstances", &[("InstanceId.1", &id)]);
    assert_eq!(first(&seen, "launchTime"), "2026-10-01T08:00:00.000Z");
    assert_eq!(first(&seen, "reason"), "User initiated (2026-10-03 17:30:05 UTC)");
    aws.moto().reset();
    assert_eq!(all(&aws.ec2("us-east-1", "DescribeInstances", &[]), "instanceId"), [""; 0]);
}

/// What gpucost says of a fault in its first request, and how it ends.
fn with_fault(fault: serde_json::Value) -> (Aws, Ran) {
    let (aws, lab) = (Aws::start(), Lab::new());
    aws.run_instance("us-east-1", "p3.2xlarge");
    aws.misbehave(fault);
    let ran = Ran::of(&mut aws.gpucost(&lab, &["track", "--region", "us-east-1"]));
    (aws, ran)
}

#[test]
fn a_fault_happens_as_often_as_asked_and_then_no_more() {
    for mode in ["throttle", "html500", "refuse", "reset_mid_body", "truncate"] {
        let (aws, ran) = with_fault(json!({ "mode": mode, "action": "DescribeInstances" }));
        assert_eq!(ran.code, Some(0), "{mode}: {ran:?}");
        let asked = actions(&aws).iter().filter(|action| action.contains("DescribeInstances")).count();
        assert_eq!(asked, 2, "{mode}: once in vain, once again");
    }
}

#[test]
fn a_refusal_names_what_was_refused() {
    let (_, ran) = with_fault(json!({ "mode": "access_denied", "action": "DescribeInstances", "times": 9 }));
    assert_eq!(ran.code, Some(4), "volumes and the rest are recorded: {ran:?}");
    assert!(ran.err.contains("ec2:DescribeInstances") && ran.err.contains("denied"), "{ran:?}");
    let (_, ran) = with_fault(json!({ "mode": "expired_token", "times": 9 }));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("credentials"), "{ran:?}");
    let (_, ran) = with_fault(json!({ "mode": "garbage", "times": 9 }));
    assert_eq!(ran.code, Some(1), "{ran:?}");
}

#[test]
fn a_server_that_hangs_says_nothing_and_a_slow_one_says_it_all() {
    let aws = Aws::start();
    let index = format!("{}/offers/v1.0/aws/AmazonEC2/current/region_index.json", aws.offers_url());
    let ask = |patience: u64| {
        let patience = Some(std::time::Duration::from_secs(patience));
        let agent = ureq::Agent::from(ureq::Agent::config_builder().timeout_global(patience).build());
        agent.get(&index).call().and_then(|mut answer| answer.body_mut().read_to_string())
    };
    let whole = ask(30).expect("the index");
    aws.misbehave(json!({ "mode": "slow", "service": "bulk", "seconds": 2 }));
    assert_eq!(ask(30).expect("the index, slowly"), whole);
    aws.misbehave(json!({ "mode": "hang", "service": "bulk" }));
    assert!(matches!(ask(1), Err(ureq::Error::Timeout(_))));
    aws.misbehave(json!({ "mode": "throttle", "service": "bulk", "skip": 1 }));
    assert_eq!(ask(30).expect("the first is spared"), whole);
    assert!(matches!(ask(30), Err(ureq::Error::StatusCode(503))));
    assert_eq!(ask(30).expect("once is once"), whole);
}
