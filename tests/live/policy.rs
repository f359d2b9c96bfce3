//! `docs/iam.md` is what gpucost asks of AWS: each command makes the calls its policy allows, all of them and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::actions_refused::address_of_interface;
use crate::peers::{Aws, first};
use crate::program::{Lab, Ran};

const REGION: &str = "us-west-2";
/// Needs no permission, and no policy can refuse it to who calls.
const IDENTITY: &str = "sts:GetCallerIdentity";

/// Who may not ask for rates reads the public offer files, which tell the same; the table says why.
const PUBLIC_ELSEWHERE: &str = "pricing:GetProducts";

/// A section of the page, and command lines that make every call of its policy between them. What is in braces stands for
/// what the account has.
struct Section {
    title: &'static str,
    runs: &'static [&'static [&'static str]],
}

const SECTIONS: [Section; 11] = [
    Section { title: "gpucost rates refresh", runs: &[&["rates", "refresh", "--region", REGION]] },
    Section {
        title: "gpucost track",
        runs: &[
            &["track", "--region", REGION],
            &["watch", "--region", REGION, "--for", "1s"],
            &["track", "--all-regions"],
        ],
    },
    Section {
        title: "gpucost track --signals",
        runs: &[&["track", "--region", REGION, "--signals"], &["track", "signals", "--region", REGION, "--days", "1"]],
    },
    Section { title: "gpucost track backfill", runs: &[&["track", "backfill", "--days", "1", "--all-regions"]] },
    Section {
        title: "gpucost reconcile",
        runs: &[
            &["reconcile", "--month", "2026-08", "--yes"],
            &["usage", "import", "--from-cost-explorer", "--month", "2026-07", "--yes"],
        ],
    },
    Section { title: "gpucost alerts", runs: &[&["alerts", "test", "--channel", "topic"]] },
    Section { title: "gpucost stop", runs: &[&["stop", "{running}", "--yes", "--region", REGION]] },
    Section {
        title: "gpucost terminate",
        runs: &[&["terminate", "{holder}", "--delete-volumes", "--yes", "--region", REGION]],
    },
    Section {
        title: "gpucost snapshot-and-delete",
        runs: &[&["snapshot-and-delete", "{held}", "--yes", "--region", REGION]],
    },
    Section {
        title: "gpucost release-address",
        runs: &[
            &["release-address", "{address}", "--disassociate", "--yes", "--region", REGION],
            &["release-address", "{standby}", "--disassociate", "--yes", "--region", REGION],
        ],
    },
    Section {
        title: "gpucost preflight",
        runs: &[
            &["preflight", "g5.xlarge", "--region", REGION, "--ami", "{ami}", "--security-group", "{group}"],
            &["preflight", "m5.large", "--region", REGION],
        ],
    },
];

/// The actions of the policy under a heading of the page.
fn policy(title: &str) -> BTreeSet<String> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/iam.md")).expect("the page");
    let section = page.split("\n## ").find(|section| section.starts_with(&format!("`{title}`"))).expect(title);
    let (_, json) = section.split_once("```json\n").expect("a policy");
    let policy: Value = serde_json::from_str(json.split("```").next().expect("its end")).expect("JSON");
    let statements = policy["Statement"].as_array().expect("statements");
    let mut actions = BTreeSet::new();
    for statement in statements {
        assert_eq!(statement["Effect"], "Allow");
        let named = statement["Action"].as_array().expect("a list of actions");
        let named: Vec<&str> = named.iter().map(|action| action.as_str().expect("an action")).collect();
        for action in &named {
            assert_eq!(resources(statement), resources_of(action), "{title}: {action}");
        }
        actions.extend(named.into_iter().map(str::to_owned));
    }
    actions
}

/// The kinds of resources of a statement.
fn resources(statement: &Value) -> BTreeSet<String> {
    let kind = |arn: &Value| match arn.as_str().expect("a resource") {
        "*" => "*".to_owned(),
        arn => arn.rsplit(':').next().and_then(|last| last.split('/').next()).expect("a kind").to_owned(),
    };
    match &statement["Resource"] {
        Value::Array(arns) => arns.iter().map(kind).collect(),
        arn => BTreeSet::from([kind(arn)]),
    }
}

/// What AWS lets an action be confined to.
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html> (as of 2026-11)
fn resources_of(action: &str) -> BTreeSet<String> {
    let kinds: &[&str] = match action {
        "ec2:DescribeInstanceAttribute" | "ec2:StopInstances" | "ec2:TerminateInstances" => &["instance"],
        "ec2:DeleteVolume" => &["volume"],
        "ec2:CreateSnapshot" => &["volume", "snapshot"],
        "ec2:CreateTags" => &["snapshot"],
        "ec2:DetachVolume" => &["volume", "instance"],
        "ec2:ReleaseAddress" => &["elastic-ip"],
        "ec2:DisassociateAddress" => &["elastic-ip", "network-interface"],
        "sns:Publish" => &["gpu-alerts"],
        looks => {
            let verb = looks.split_once(':').map_or("", |(_, verb)| verb);
            assert!(
                ["Describe", "List", "Get", "Lookup"].iter().any(|looks| verb.starts_with(looks)),
                "{action} changes"
            );
            &["*"]
        }
    };
    kinds.iter().map(|kind| (*kind).to_owned()).collect()
}

/// An account with something of everything, and a home with no ledger and no cache yet.
struct Place {
    aws: Aws,
    lab: Lab,
    /// What stands for a word in braces.
    names: Vec<(&'static str, String)>,
}

impl Place {
    fn new() -> Place {
        let aws = Aws::start();
        aws.set_quotas(json!({ REGION: { "L-DB2E81BA": 64.0 } }));
        aws.add_images(json!([{ "region": REGION, "id": "ami-1", "name": "Deep Learning AMI", "volumes_gb": [75] }]));
        let made = [("GroupName", "policy"), ("GroupDescription", "policy")];
        let group = first(&aws.ec2(REGION, "CreateSecurityGroup", &made), "groupId");
        let running = aws.run_instance(REGION, "p3.2xlarge");
        let holder = aws.run_instance(REGION, "p3.2xlarge");
        aws.ec2(REGION, "StopInstances", &[("InstanceId.1", &holder)]);
        let of_holder = [("Filter.1.Name", "attachment.instance-id"), ("Filter.1.Value.1", holder.as_str())];
        let held = first(&aws.ec2(REGION, "DescribeVolumes", &of_holder), "volumeId");
        let address = first(&aws.ec2(REGION, "AllocateAddress", &[("Domain", "vpc")]), "allocationId");
        aws.ec2(REGION, "AssociateAddress", &[("AllocationId", &address), ("InstanceId", &running)]);
        let standby = address_of_interface(&aws, REGION).0;
        let topic = first(&aws.query(REGION, "sns", "CreateTopic", &[("Name", "policy")]), "TopicArn");
        let lab = Lab::new();
        let channel = format!("[[alerts.channel]]\nname = \"topic\"\nkind = \"sns\"\ntopic_arn = \"{topic}\"\n");
        lab.write(lab.config(), format!("[alerts]\nafter_track = false\n{channel}"));
        let ami = "ami-1".to_owned();
        let names = [("ami", ami), ("group", group), ("running", running), ("holder", holder), ("held", held)];
        Place { aws, lab, names: names.into_iter().chain([("address", address), ("standby", standby)]).collect() }
    }

    fn run(&self, args: &[&str]) -> Ran {
        let fill = |arg: &&str| {
            self.names.iter().fold((*arg).to_owned(), |arg, (name, id)| arg.replace(&format!("{{{name}}}"), id))
        };
        let filled: Vec<String> = args.iter().map(fill).collect();
        let filled: Vec<&str> = filled.iter().map(String::as_str).collect();
        Ran::of(&mut self.aws.gpucost(&self.lab, &filled))
    }

    /// What reached AWS, but for the call that needs no permission.
    fn actions(&self) -> BTreeSet<String> {
        let calls = self.aws.calls().into_iter().map(|call| format!("{}:{}", call.service, call.action));
        calls.filter(|action| action != IDENTITY).collect()
    }
}

#[test]
fn each_command_makes_the_calls_of_its_policy_and_no_other() {
    for section in &SECTIONS {
        let place = Place::new();
        for args in section.runs {
            let ran = place.run(args);
            assert!(!ran.err.contains("panicked"), "{args:?}: {ran:?}");
        }
        let (allowed, made) = (policy(section.title), place.actions());
        let forbidden: Vec<_> = made.difference(&allowed).collect();
        assert!(forbidden.is_empty(), "{}: {forbidden:?} are not in docs/iam.md", section.title);
        let idle: Vec<_> = allowed.difference(&made).collect();
        assert!(
            idle.iter().all(|action| is_second_choice(action)),
            "{}: {idle:?} are allowed for nothing",
            section.title
        );
    }
}

/// Asked only where the first answer is not enough: the account has no quota of its own, or the instance is a spot one;
/// or no call of its own: tags that come with a snapshot need a permission too.
fn is_second_choice(action: &str) -> bool {
    // A spot instance's request tells whether it can be stopped.
    ["servicequotas:GetAWSDefaultServiceQuota", "ec2:DescribeSpotInstanceRequests", "ec2:CreateTags"].contains(&action)
}

#[test]
fn each_action_that_is_refused_is_named() {
    for section in &SECTIONS {
        for action in policy(section.title).into_iter().filter(|action| !is_second_choice(action)) {
            let place = Place::new();
            let (service, call) = action.split_once(':').expect("service:Action");
            let refusal = json!({ "mode": "access_denied", "service": service, "action": call, "times": 1000 });
            place.aws.misbehave(refusal);
            let says_so = |ran: &Ran| ran.err.contains(&action) || ran.out.contains(&action);
            let ran = section.runs.iter().map(|args| place.run(args)).find(says_so);
            let ran = ran.unwrap_or_else(|| panic!("{}: {action} refused, and nobody says so", section.title));
            if action == PUBLIC_ELSEWHERE {
                assert_eq!(ran.code, Some(0), "{action}: {ran:?}");
            } else {
                assert!(ran.err.contains("hint:"), "{action}: {}", ran.err);
                assert!(matches!(ran.code, Some(1 | 4)), "{action}: {:?}", ran.code);
            }
        }
    }
}

#[test]
fn what_reads_files_alone_asks_for_nothing() {
    let place = Place::new();
    for args in [
        &["rates", "p3*"][..],
        &["rates", "diff"],
        &["quote", "p3.2xlarge", "--volume", "gp3:200"],
        &["bill", "--month", "2026-08"],
        &["advise"],
        &["alerts", "list"],
        &["usage"],
        &["break-even", "--machine-usd", "1000", "--instance", "p3.2xlarge", "--hours-per-day", "2"],
        &["demo"],
    ] {
        let ran = place.run(args);
        assert!(matches!(ran.code, Some(0 | 1)), "{args:?}: {ran:?}");
    }
    assert_eq!(place.actions(), BTreeSet::new());
}

/// What changes something in AWS is in one file, where a plan and a confirmation come before it. A message to a topic
/// changes nothing.
#[test]
fn one_file_alone_has_calls_that_change_anything() {
    const ACTIONS: &str = "act.rs";
    const VERBS: [&str; 22] = [
        "allocate",
        "associate",
        "attach",
        "authorize",
        "cancel",
        "copy",
        "create",
        "delete",
        "deregister",
        "detach",
        "disable",
        "disassociate",
        "enable",
        "import",
        "modify",
        "purchase",
        "put",
        "reboot",
        "release",
        "run",
        "terminate",
        "update",
    ];
    let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/aws");
    let (mut looked, mut changing) = (0, 0);
    for entry in fs::read_dir(room).expect("the room").map(|entry| entry.expect("an entry").path()) {
        if entry.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let text = fs::read_to_string(&entry).expect("a text file");
        // A request is built by a method of its client that takes nothing: `client.describe_volumes()`.
        let clients = text.split("client").skip(1).chain(text.split("self.once").skip(1));
        for request in clients.filter_map(|rest| rest.trim_start().strip_prefix('.')) {
            let name = request.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
            looked += 1;
            let verb = name.split('_').next().unwrap_or_default();
            let changes = VERBS.contains(&verb) || ["start", "stop"].contains(&verb);
            changing += u32::from(changes);
            assert!(!changes || entry.ends_with(ACTIONS), "{}: {name}", entry.display());
        }
    }
    assert!(looked > 10 && changing >= 6, "only {looked} requests were recognized, {changing} of them that change");
}
