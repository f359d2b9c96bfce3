//! `gpucost preflight`: each check on its own, against what AWS says today.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::peers::{Aws, first};
use crate::program::{Lab, Ran};

const REGION: &str = "us-west-2";
const ACTIONS: [&str; 7] = [
    "ec2:DescribeInstanceTypeOfferings",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstances",
    "ec2:DescribeImages",
    "ec2:DescribeSecurityGroups",
    "servicequotas:GetServiceQuota",
];

/// An account in which a g5.xlarge can be launched without a warning.
struct Ready {
    aws: Aws,
    lab: Lab,
    group: String,
}

impl Ready {
    fn new() -> Ready {
        let aws = Aws::start();
        aws.set_quotas(json!({ REGION: { "L-DB2E81BA": 64.0, "L-417A185B": 8.0 } }));
        aws.add_images(json!([
            { "region": REGION, "id": "ami-1", "name": "Deep Learning AMI", "volumes_gb": [75] },
            { "region": REGION, "id": "ami-rhel", "name": "RHEL", "platform": "Red Hat Enterprise Linux",
              "operation": "RunInstances:0010" },
            { "region": REGION, "id": "ami-seller", "name": "Sold", "product_codes": ["92p0y3k5wuzzfhi71lmcigl5q"] },
            { "region": REGION, "id": "ami-old", "name": "Old", "deprecated": "2024-05-01T00:00:00.000Z" },
            { "region": REGION, "id": "ami-arm", "name": "Graviton", "architecture": "arm64" },
            { "region": REGION, "id": "ami-data", "name": "With data", "volumes_gb": [8, 500] },
            { "region": "us-east-1", "id": "ami-elsewhere", "name": "Elsewhere" },
        ]));
        let made = [("GroupName", "lab"), ("GroupDescription", "lab")];
        let group = first(&aws.ec2(REGION, "CreateSecurityGroup", &made), "groupId");
        Ready { aws, lab: Lab::new(), group }
    }

    fn allow(&self, protocol: &str, ports: Option<(&str, &str)>, source: (&str, &str)) {
        let mut rule = vec![("GroupId", self.group.as_str()), ("IpPermissions.1.IpProtocol", protocol)];
        if let Some((from, to)) = ports {
            rule.extend([("IpPermissions.1.FromPort", from), ("IpPermissions.1.ToPort", to)]);
        }
        rule.push(source);
        self.aws.ec2(REGION, "AuthorizeSecurityGroupIngress", &rule);
    }

    /// With image, volume and group, unless others are named.
    fn run(&self, instance_type: &str, more: &[&str]) -> Ran {
        let mut args = vec!["preflight", instance_type, "--region", REGION];
        let defaults = [("--ami", "ami-1"), ("--volume", "gp3:100"), ("--security-group", self.group.as_str())];
        for (option, value) in defaults {
            if !more.contains(&option) {
                args.extend([option, value]);
            }
        }
        args.extend(more);
        Ran::of(&mut self.aws.gpucost(&self.lab, &args))
    }

    fn checks(&self, instance_type: &str, more: &[&str]) -> BTreeMap<String, Check> {
        let more: Vec<&str> = more.iter().copied().chain(["-o", "json"]).collect();
        checks(&self.run(instance_type, &more))
    }
}

#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
struct Check {
    check: String,
    result: String,
    found: String,
    needs: Option<String>,
    advice: Option<String>,
    link: Option<String>,
}

fn checks(ran: &Ran) -> BTreeMap<String, Check> {
    let tables: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:?}"));
    let table = tables.get("preflight").unwrap_or(&tables);
    let rows: Vec<Check> = serde_json::from_value(table["rows"].clone()).expect("checks");
    rows.into_iter().map(|check| (check.check.clone(), check)).collect()
}

fn results(checks: &BTreeMap<String, Check>) -> Vec<(&str, &str)> {
    checks.iter().map(|(name, check)| (name.as_str(), check.result.as_str())).collect()
}

const ALL_WELL: [(&str, &str); 8] = [
    ("AMI", "ok"),
    ("AMI charge", "ok"),
    ("free tier", "note"),
    ("offered", "ok"),
    ("open ports", "ok"),
    ("public IPv4", "note"),
    ("root volume", "ok"),
    ("vCPU quota", "ok"),
];

#[test]
fn a_launch_with_nothing_in_its_way_has_no_warning_and_its_quote() {
    let ready = Ready::new();
    let ran = ready.run("g5.xlarge", &["--fail-on-findings", "-o", "json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let found = checks(&ran);
    assert_eq!(results(&found), ALL_WELL);
    assert_eq!(found["offered"].found.matches("(usw2-az").count(), 3, "{:?}", found["offered"]);
    assert!(found["public IPv4"].found.starts_with("$0.005/h"), "{:?}", found["public IPv4"]);
    assert!(ran.out.contains("\"1.006\""), "the quote: {}", ran.out);
}

#[test]
fn it_only_looks_and_asks_no_more_than_its_policy() {
    let ready = Ready::new();
    ready.run("g5.xlarge", &[]);
    let mut called: Vec<String> =
        ready.aws.calls().iter().map(|call| format!("{}:{}", call.service, call.action)).collect();
    called.sort();
    let mut allowed = ACTIONS.map(str::to_owned).to_vec();
    allowed.sort();
    assert_eq!(called, allowed);
    assert!(ready.aws.calls().iter().all(|call| call.region == REGION));
}

#[test]
fn a_type_that_aws_no_longer_offers_has_successors_that_it_does() {
    let ready = Ready::new();
    let found = ready.checks("p3.2xlarge", &[]);
    let offered = &found["offered"];
    assert_eq!(offered.result, "warning");
    assert!(offered.found.contains("not in us-west-2 today; no longer offered since about May 2026"), "{offered:?}");
    assert!(offered.advice.as_ref().is_some_and(|advice| advice.contains("g6e.2xlarge")), "{offered:?}");
    assert_eq!(found["vCPU quota"].result, "ok", "8 vCPUs, of the card: {:?}", found["vCPU quota"]);
    assert_eq!(ready.run("p3.2xlarge", &[]).code, Some(0));
    assert_eq!(ready.run("p3.2xlarge", &["--fail-on-findings"]).code, Some(3));
}

#[test]
fn the_quota_counts_what_runs_in_its_family_and_nothing_else() {
    let ready = Ready::new();
    ready.aws.set_quotas(json!({ REGION: { "L-DB2E81BA": 8.0 } }));
    ready.aws.run_instance(REGION, "p3.8xlarge");
    let stopped = ready.aws.run_instance(REGION, "g5.8xlarge");
    ready.aws.ec2(REGION, "StopInstances", &[("InstanceId.1", &stopped)]);
    ready.aws.run_instance("us-east-1", "g5.8xlarge");
    let spot = [
        ("ImageId", "ami-1"),
        ("InstanceType", "g5.8xlarge"),
        ("MinCount", "1"),
        ("MaxCount", "1"),
        ("InstanceMarketOptions.MarketType", "spot"),
    ];
    ready.aws.ec2(REGION, "RunInstances", &spot);
    ready.aws.run_instance(REGION, "g4dn.xlarge");
    let fits = &ready.checks("g5.xlarge", &[])["vCPU quota"];
    assert_eq!((fits.result.as_str(), fits.link.as_ref()), ("ok", None));
    assert!(fits.found.starts_with("4 of 8 in use, 4 needed"), "{fits:?}");
    let short = ready.checks("g5.2xlarge", &[])["vCPU quota"].clone();
    assert_eq!(short.result, "warning");
    assert!(short.found.starts_with("4 of 8 vCPUs in use, 8 needed"), "{short:?}");
    let link = "https://us-west-2.console.aws.amazon.com/servicequotas/home/services/ec2/quotas/L-DB2E81BA";
    assert_eq!(short.link.as_deref(), Some(link));
    let advice = short.advice.expect("the text of a request");
    assert!(advice.contains("Running On-Demand G and VT instances (L-DB2E81BA) in us-west-2 to 12 vCPUs"), "{advice}");
    let text = ready.run("g5.2xlarge", &[]).out;
    assert!(text.lines().any(|line| line.ends_with("--quota-code L-DB2E81BA --desired-value 12")), "{text}");
}

#[test]
fn where_the_account_has_no_quota_of_its_own_the_default_holds() {
    let ready = Ready::new();
    ready.aws.set_quotas(json!({ REGION: { "L-DB2E81BA": null } }));
    let quota = &ready.checks("g5.xlarge", &[])["vCPU quota"];
    assert!(quota.result == "warning" && quota.found.contains("AWS's default"), "{quota:?}");
    assert!(ready.aws.calls().iter().any(|call| call.action == "GetAWSDefaultServiceQuota"));
}

#[test]
fn what_is_denied_is_named_and_the_other_checks_go_on() {
    for action in ACTIONS {
        let ready = Ready::new();
        let (service, name) = action.split_once(':').expect("an action");
        ready.aws.misbehave(json!({ "mode": "access_denied", "service": service, "action": name, "times": 9 }));
        let ran = ready.run("g5.xlarge", &["-o", "json"]);
        assert_eq!(ran.code, Some(4), "{action}: {ran:?}");
        assert!(ran.err.contains(&format!("ask for a policy that allows `{action}`")), "{action}: {}", ran.err);
        let found = checks(&ran);
        // Zones only add their ids; what types are made of is on the card too.
        let subject = match name {
            "DescribeInstanceTypeOfferings" => Some("offered"),
            "DescribeInstances" | "GetServiceQuota" => Some("vCPU quota"),
            "DescribeImages" => Some("AMI"),
            "DescribeSecurityGroups" => Some("open ports"),
            _ => None,
        };
        for (check, result) in results(&found) {
            if Some(check) == subject {
                assert_eq!(result, "could not check", "{action}: {check}");
                assert!(found[check].found.starts_with(&format!("needs {action}")), "{:?}", found[check]);
                assert_eq!(found[check].needs.as_deref(), Some(action));
            } else {
                assert!(ALL_WELL.contains(&(check, result)), "{action}: {:?}", found[check]);
            }
        }
        assert!(ran.out.contains("\"1.006\""), "the quote comes all the same: {}", ran.out);
    }
}

#[test]
fn a_software_charge_is_unknown_and_never_nothing() {
    let ready = Ready::new();
    let seller = ready.checks("g5.xlarge", &["--ami", "ami-seller"])["AMI charge"].clone();
    assert!(seller.result == "warning" && seller.found.contains("amount not known"), "{seller:?}");
    assert_eq!(seller.link.as_deref(), Some("https://aws.amazon.com/marketplace/pp?sku=92p0y3k5wuzzfhi71lmcigl5q"));
    let unknown = |args: &[&str]| {
        let out = ready.run("g5.xlarge", &[args, &["-o", "json"]].concat()).out;
        let tables: Value = serde_json::from_str(&out).expect("tables");
        let quote = &tables["quote"];
        let is_without = quote["total"]["item"] == "Total without the AMI's charge";
        assert_eq!(quote["rows"][0]["rate_usd"].is_null(), is_without, "{quote}");
        is_without
    };
    assert!(unknown(&["--ami", "ami-seller"]) && unknown(&["--ami", "ami-elsewhere"]));
    assert!(!unknown(&["--ami", "ami-seller", "--ami-usd-per-hour", "0.5"]) && !unknown(&["--ami", "ami-1"]));
    let rhel = ready.checks("g5.xlarge", &["--ami", "ami-rhel"])["AMI charge"].clone();
    assert_eq!(rhel.result, "warning");
    assert!(rhel.found.starts_with("Red Hat Enterprise Linux (RunInstances:0010): dearer"), "{rhel:?}");
    let told = ready.checks("g5.xlarge", &["--ami", "ami-rhel", "--ami-usd-per-hour", "0.13"])["AMI charge"].clone();
    assert!(told.advice.as_ref().is_some_and(|advice| advice.contains("your $0.13/h")), "{told:?}");
}

#[test]
fn an_image_that_cannot_be_launched_so_is_a_warning() {
    let ready = Ready::new();
    let ami = |id: &str, name: &str| ready.checks("g5.xlarge", &["--ami", id])[name].clone();
    for (id, said) in [
        ("ami-elsewhere", "ami-elsewhere is not to be seen in us-west-2"),
        ("ami-old", "Old is deprecated since 2024-05-01"),
        ("ami-arm", "Graviton is for arm64, g5.xlarge is x86_64"),
    ] {
        let check = ami(id, "AMI");
        assert_eq!((check.result.as_str(), check.found.as_str()), ("warning", said));
    }
    assert_eq!(ready.checks("g5g.xlarge", &["--ami", "ami-arm"])["AMI"].result, "ok");
}

#[test]
fn the_root_is_as_large_as_the_image_asks_for() {
    let ready = Ready::new();
    let root = |more: &[&str]| ready.checks("g5.xlarge", more)["root volume"].clone();
    let small = root(&["--volume", "gp2:74"]);
    assert_eq!(small.result, "warning");
    assert!(small.found.contains("at least 75 GB, --volume gives 74"), "{small:?}");
    assert!(small.advice.is_some_and(|advice| advice.ends_with("--volume gp2:75.")));
    assert_eq!(root(&["--volume", "gp2:75"]).result, "ok");
    let data = root(&["--ami", "ami-data", "--volume", "gp3:8"]);
    assert!(data.result == "warning" && data.found.contains("500 GB in other volumes"), "{data:?}");
    let args = ["preflight", "g5.xlarge", "--region", REGION, "--ami", "ami-1", "-o", "json"];
    let none = checks(&Ran::of(&mut ready.aws.gpucost(&ready.lab, &args)));
    assert!(none["root volume"].result == "warning" && none["root volume"].found.contains("75 GB"), "{none:?}");
    assert_eq!(none["open ports"].result, "not asked");
}

#[test]
fn a_port_that_the_whole_world_reaches_is_a_warning() {
    const V4: &str = "IpPermissions.1.IpRanges.1.CidrIp";
    const V6: &str = "IpPermissions.1.Ipv6Ranges.1.CidrIpv6";
    let ports = |ready: &Ready| {
        let check = ready.checks("g5.xlarge", &[])["open ports"].clone();
        (check.result, check.found)
    };
    let own = Ready::new();
    own.allow("tcp", Some(("22", "22")), (V4, "203.0.113.7/32"));
    own.allow("tcp", Some(("443", "443")), (V4, "0.0.0.0/0"));
    own.allow("udp", Some(("0", "65535")), (V4, "0.0.0.0/0"));
    assert_eq!(ports(&own).0, "ok");
    let open = Ready::new();
    open.allow("tcp", Some(("22", "22")), (V4, "0.0.0.0/0"));
    open.allow("tcp", Some(("8000", "9000")), (V6, "::/0"));
    let said = format!("22 (SSH) from 0.0.0.0/0 in {0}; 8888 (Jupyter) from ::/0 in {0}", open.group);
    assert_eq!(ports(&open), ("warning".to_owned(), said));
    let all = Ready::new();
    all.allow("-1", None, (V4, "0.0.0.0/0"));
    assert!(ports(&all).1.starts_with("22 (SSH) from 0.0.0.0/0"), "{:?}", ports(&all));
    let none = all.checks("g5.xlarge", &["--security-group", "sg-0123456789abcdef0"])["open ports"].clone();
    assert!(none.result == "warning" && none.found.contains("no such security group"), "{none:?}");
}

#[test]
fn without_credentials_everything_is_unchecked_and_the_quote_still_there() {
    let ready = Ready::new();
    let mut command = ready.lab.gpucost(&["preflight", "g5.xlarge", "--region", REGION, "--volume", "gp3:100"]);
    ready.aws.endpoints(&mut command);
    let ran = Ran::of(&mut command);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert_eq!(ran.err.lines().filter(|line| line.starts_with("error:")).count(), 1, "{}", ran.err);
    assert!(ran.err.contains("aws configure"), "{}", ran.err);
    assert!(ran.out.contains("no usable AWS credentials") && ran.out.contains("$1.006/h"), "{}", ran.out);
    assert_eq!(ready.run("g5.xlarge", &["--offline"]).code, Some(2));
}

#[test]
fn where_aws_cannot_be_reached_that_is_said_once_and_the_quote_still_there() {
    let ready = Ready::new();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number");
    let args = ["preflight", "g5.xlarge", "--region", REGION, "--volume", "gp3:100"];
    let mut command = ready.aws.gpucost(&ready.lab, &args);
    let ran = Ran::of(command.env("AWS_ENDPOINT_URL", format!("http://{nobody}")));
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert_eq!(ran.err.lines().filter(|line| line.starts_with("error:")).count(), 1, "{}", ran.err);
    assert!(ran.out.contains("AWS cannot be reached") && ran.out.contains("$1.006/h"), "{}", ran.out);
}

#[test]
fn a_rate_that_is_not_listed_leaves_the_other_checks() {
    let ready = Ready::new();
    let ran = ready.run("p5e.48xlarge", &["-o", "json"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    let found = checks(&ran);
    assert!(found["cost"].result == "could not check" && found["cost"].found.contains("apacity"), "{found:?}");
    assert!(found["vCPU quota"].found.starts_with("0 of 8 vCPUs in use, 192 needed"), "{found:?}");
    let general = ready.checks("m5.xlarge", &[]);
    assert_eq!((general["cost"].result.as_str(), general["offered"].result.as_str()), ("could not check", "ok"));
    assert!(general["vCPU quota"].found.contains("0 of 5 in use, 4 needed"), "{general:?}");
    let mistyped = ready.run("g5.xlrage", &[]);
    assert_eq!((mistyped.code, mistyped.out.as_str()), (Some(1), ""), "{mistyped:?}");
    assert!(mistyped.err.contains("g5.xlarge"), "{mistyped:?}");
}

#[test]
fn it_fits_in_eighty_columns_apart_from_what_is_to_be_copied() {
    let ready = Ready::new();
    ready.allow("tcp", Some(("22", "8888")), ("IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0"));
    ready.aws.set_quotas(json!({ REGION: { "L-417A185B": 0.0 } }));
    let text = ready.run("p3.16xlarge", &["--ami", "ami-seller"]).out;
    let copied = |line: &&str| line.starts_with("# ") || line.starts_with("aws ");
    let wide: Vec<&str> = text.lines().filter(|line| !copied(line) && line.chars().count() > 80).collect();
    assert_eq!(wide, [""; 0]);
    assert_eq!(text.lines().filter(copied).count(), 3, "{text}");
}
