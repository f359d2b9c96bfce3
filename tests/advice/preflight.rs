//! What the checks before a launch make of what AWS said.

use gpucost::advice::preflight::{
    Check, Found, GroupsAsked, InboundRule, OfferedIn, Outcome, Plan, Quota, QuotaValue, SecurityGroup, TypeSpec,
    Untold, api_region, review,
};
use gpucost::catalog::RateCard;
use jiff::Timestamp;

fn denied<T>(action: &str) -> Result<T, Untold> {
    Err(Untold { action: action.to_owned(), why: None })
}

/// Nothing told.
fn nothing() -> Found {
    Found {
        offerings: denied("ec2:DescribeInstanceTypeOfferings"),
        zones: denied("ec2:DescribeAvailabilityZones"),
        types: denied("ec2:DescribeInstanceTypes"),
        quota: denied("servicequotas:GetServiceQuota"),
        running: denied("ec2:DescribeInstances"),
        image: None,
        groups: None,
    }
}

fn checked(instance_type: &str, region: &str, found: &Found, subject: &str) -> Check {
    let card = RateCard::shipped();
    let plan = Plan {
        region,
        instance_type,
        kind: card.instance_type(instance_type),
        volumes: &[],
        ami_usd_per_hour: None,
        public_ipv4: true,
    };
    let now: Timestamp = "2026-11-23T00:00:00Z".parse().expect("a time");
    let checks = review(&plan, found, card, now);
    checks.into_iter().find(|check| check.subject == subject).expect(subject)
}

#[test]
fn every_type_of_the_card_has_the_quota_of_its_letter() {
    let codes = |name: &str| Quota::of(name).map(|quota| quota.code);
    for (name, code) in [
        ("p2.xlarge", "L-417A185B"),
        ("p6-b200.48xlarge", "L-417A185B"),
        ("p6e-gb200.36xlarge", "L-417A185B"),
        ("g4dn.xlarge", "L-DB2E81BA"),
        ("gr6f.4xlarge", "L-DB2E81BA"),
        ("vt1.3xlarge", "L-DB2E81BA"),
        ("inf2.xlarge", "L-1945791B"),
        ("trn1n.32xlarge", "L-2C3B7624"),
        ("dl2q.24xlarge", "L-6E869C2A"),
        ("m5.xlarge", "L-1216C47A"),
        ("im4gn.large", "L-1216C47A"),
        ("u-6tb1.56xlarge", "L-43DA4232"),
        ("hpc7g.4xlarge", "L-F7808C92"),
    ] {
        assert_eq!(codes(name), Some(code), "{name}");
    }
    for unknown in ["mac2.metal", "", ".", "qq1.large", "5.xlarge"] {
        assert_eq!(codes(unknown), None, "{unknown}");
    }
    for kind in RateCard::shipped().instance_types() {
        assert!(Quota::of(&kind.name).is_some(), "{}", kind.name);
    }
}

#[test]
fn a_zone_is_asked_about_in_its_region() {
    for (zone, region) in [
        ("us-west-2-lax-1", "us-west-2"),
        ("us-east-1-wl1-bos1", "us-east-1"),
        ("ap-southeast-2", "ap-southeast-2"),
        ("us-gov-west-1", "us-gov-west-1"),
        ("nowhere", "nowhere"),
    ] {
        assert_eq!(api_region(zone), region);
    }
    for region in RateCard::shipped().regions() {
        let parent = region.parent.as_ref().map_or(region.code.to_string(), ToString::to_string);
        assert_eq!(api_region(&region.code), parent);
    }
}

#[test]
fn a_local_zone_is_not_its_region() {
    let offered = |zone: &str| OfferedIn { instance_type: "g4dn.2xlarge".to_owned(), zone: zone.to_owned() };
    let beside = Found { offerings: Ok(vec![offered("us-west-2-lax-1a")]), ..nothing() };
    assert_eq!(checked("g4dn.2xlarge", "us-west-2-lax-1", &beside, "offered").outcome, Outcome::Ok);
    assert_eq!(checked("g4dn.2xlarge", "us-west-2", &beside, "offered").outcome, Outcome::Warning);
    let inside = Found { offerings: Ok(vec![offered("us-west-2b")]), ..nothing() };
    assert_eq!(checked("g4dn.2xlarge", "us-west-2", &inside, "offered").found, "in us-west-2b");
    let zone = checked("g4dn.2xlarge", "us-west-2-lax-1", &inside, "offered");
    assert!(zone.outcome == Outcome::Warning && zone.advice.is_some_and(|advice| advice.contains("enabled")));
}

#[test]
fn a_quota_below_the_need_is_too_little_whatever_runs() {
    let small = Found { quota: Ok(QuotaValue { vcpus: 7, is_default: false }), ..nothing() };
    assert_eq!(checked("p3.2xlarge", "us-west-2", &small, "vCPU quota").outcome, Outcome::Warning);
    let exact = Found { quota: Ok(QuotaValue { vcpus: 8, is_default: false }), ..nothing() };
    let unsure = checked("p3.2xlarge", "us-west-2", &exact, "vCPU quota");
    assert_eq!((unsure.outcome, unsure.needs.as_deref()), (Outcome::CouldNotCheck, Some("ec2:DescribeInstances")));
    let idle = Found { running: Ok(Vec::new()), ..exact };
    assert_eq!(checked("p3.2xlarge", "us-west-2", &idle, "vCPU quota").outcome, Outcome::Ok);
}

#[test]
fn what_runs_with_unknown_vcpus_is_neither_counted_as_none_nor_passed_over() {
    let with = |vcpus, types| {
        let found = Found {
            quota: Ok(QuotaValue { vcpus, is_default: false }),
            running: Ok(vec!["p99.huge".to_owned(), "p3.2xlarge".to_owned()]),
            types,
            ..nothing()
        };
        checked("p3.2xlarge", "us-west-2", &found, "vCPU quota")
    };
    let unknown = with(64, denied("ec2:DescribeInstanceTypes"));
    assert!(unknown.outcome == Outcome::CouldNotCheck && unknown.found.contains("p99.huge"), "{unknown:?}");
    assert_eq!(with(15, denied("ec2:DescribeInstanceTypes")).outcome, Outcome::Warning, "even without it");
    let spec = TypeSpec { name: "p99.huge".to_owned(), vcpus: Some(48), architectures: Vec::new(), free_tier: None };
    assert_eq!(with(64, Ok(vec![spec.clone()])).outcome, Outcome::Ok);
    let short = with(63, Ok(vec![spec]));
    assert!(short.outcome == Outcome::Warning && short.found.starts_with("56 of 63 vCPUs"), "{short:?}");
}

#[test]
fn ports_open_to_the_world_are_found_however_the_rule_is_written() {
    let rule = |protocol: &str, ports, source: &str| InboundRule {
        protocol: protocol.to_owned(),
        ports,
        sources: vec![source.to_owned()],
    };
    let outcome = |rule: InboundRule| {
        let group = SecurityGroup { id: "sg-1".to_owned(), inbound: vec![rule] };
        let groups = Some(GroupsAsked { ids: vec!["sg-1".to_owned()], groups: Ok(vec![group]) });
        checked("g5.xlarge", "us-west-2", &Found { groups, ..nothing() }, "open ports").outcome
    };
    for open in [
        rule("tcp", Some((22, 22)), "0.0.0.0/0"),
        rule("tcp", Some((0, 65535)), "::/0"),
        rule("6", Some((8888, 8888)), "0.0.0.0/0"),
        rule("-1", None, "0.0.0.0/0"),
        rule("tcp", Some((22, 22)), "128.0.0.0/1"),
        rule("tcp", Some((22, 22)), "pl-0123456789abcdef0"),
        rule("-1", Some((0, 0)), "::/0"),
        rule("tcp", None, "::/0"),
    ] {
        assert_eq!(outcome(open.clone()), Outcome::Warning, "{open:?}");
    }
    for closed in [
        rule("tcp", Some((23, 8887)), "0.0.0.0/0"),
        rule("udp", Some((22, 22)), "0.0.0.0/0"),
        rule("icmp", None, "0.0.0.0/0"),
        rule("tcp", Some((22, 22)), "10.0.0.0/8"),
    ] {
        assert_eq!(outcome(closed.clone()), Outcome::Ok, "{closed:?}");
    }
}

#[test]
fn whether_a_type_is_free_is_said_by_aws_and_never_promised() {
    let spec =
        |free_tier| TypeSpec { name: "m5.large".to_owned(), vcpus: Some(2), architectures: Vec::new(), free_tier };
    let said = |found: &Found, kind: &str| {
        let check = checked(kind, "us-west-2", found, "free tier");
        assert_eq!(check.outcome, Outcome::Note);
        check.found
    };
    assert!(said(&nothing(), "p3.2xlarge").contains("does not cover GPU types"));
    assert!(said(&nothing(), "m5.large").contains("not known"));
    assert!(said(&Found { types: Ok(vec![spec(Some(false))]), ..nothing() }, "m5.large").contains("does not cover"));
    assert!(said(&Found { types: Ok(vec![spec(Some(true))]), ..nothing() }, "m5.large").contains("if the account"));
}
