//! `gpucost reconcile` and `usage import --from-cost-explorer` against Cost Explorer's canned answers: what is asked,
//! what it costs, and what is never asked twice.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::peers::Aws;
use crate::program::{Lab, Ran};

const P2: &str = "USW2-BoxUsage:p2.xlarge";

/// Ten hours of a p2.xlarge in Oregon, $9.00.
const TEN_HOURS: &str = "region,instance_id,instance_type,start,end\n\
                         us-west-2,i-1,p2.xlarge,2026-03-02T08:00:00Z,2026-03-02T18:00:00Z\n";

fn group(usage_type: &str, record_type: &str, quantity: &str, unblended: &str, amortized: &str) -> Value {
    json!({ "Keys": [usage_type, record_type], "Metrics": {
        "UnblendedCost": { "Amount": unblended, "Unit": "USD" },
        "AmortizedCost": { "Amount": amortized, "Unit": "USD" },
        "UsageQuantity": { "Amount": quantity, "Unit": "Hrs" },
    } })
}

fn day(day: &str, estimated: bool, groups: Vec<Value>) -> Value {
    json!({ "TimePeriod": { "Start": day, "End": "a day later" }, "Total": {}, "Groups": groups, "Estimated": estimated })
}

fn page(days: Vec<Value>) -> Value {
    json!({ "ResultsByTime": days, "DimensionValueAttributes": [] })
}

fn ten_hours_charged() -> Value {
    page(vec![day("2026-03-02", false, vec![group(P2, "Usage", "10", "8.9999999991", "8.9999999991")])])
}

/// An account whose Cost Explorer gives these answers, one a request.
fn aws_with(answers: &[Value]) -> Aws {
    let aws = Aws::start();
    let url = format!("{}/moto-api/static/ce/cost-and-usage-results", aws.url());
    let body = json!({ "account_id": aws.account(), "results": answers }).to_string();
    ureq::post(&url).header("Content-Type", "application/json").send(&body).expect("moto takes the answers");
    aws
}

/// A ledger with these notes of the user's.
fn lab_with(notes: &str) -> Lab {
    let lab = Lab::new();
    lab.write("notes.csv", notes);
    lab.ok(&["usage", "import", "notes.csv"]);
    lab
}

fn run(aws: &Aws, lab: &Lab, args: &[&str]) -> Ran {
    Ran::of(&mut aws.gpucost(lab, args))
}

#[track_caller]
fn ok(aws: &Aws, lab: &Lab, args: &[&str]) -> Ran {
    let ran = run(aws, lab, args);
    assert_eq!(ran.code, Some(0), "gpucost {args:?}: {ran:?}");
    ran
}

/// How often Cost Explorer was asked.
fn requests(aws: &Aws) -> usize {
    aws.calls().iter().filter(|call| call.service == "ce").count()
}

/// Text without the line ends that the width made.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn rows(out: &str) -> Vec<Value> {
    let table: Value = serde_json::from_str(out).unwrap_or_else(|e| panic!("{e}: {out}"));
    table["rows"].as_array().unwrap_or_else(|| panic!("{table}")).clone()
}

const MARCH: [&str; 4] = ["reconcile", "--month", "2026-03", "--yes"];

#[test]
fn the_same_hours_agree_and_the_answer_is_paid_for_once() {
    let (aws, lab) = (aws_with(&[ten_hours_charged()]), lab_with(TEN_HOURS));
    let ran = ok(&aws, &lab, &MARCH);
    assert!(ran.out.contains("agrees") && ran.out.contains(P2), "{}", ran.out);
    assert!(ran.out.lines().all(|line| line.chars().count() <= 80), "{}", ran.out);
    assert!(ran.err.contains("$0.01 for each request") && ran.err.contains("at most 10 ($0.10"), "{}", ran.err);
    assert!(unwrapped(&ran.out).contains("1 request, $0.01"), "{}", ran.out);
    let again = ok(&aws, &lab, &MARCH);
    assert!(again.err.is_empty() && unwrapped(&again.out).contains("nothing was charged"), "{again:?}");
    assert_eq!(requests(&aws), 1, "March is closed: it is never asked for again");
    let mut offline = lab.gpucost(&["reconcile", "--month", "2026-03", "--offline"]);
    assert_eq!(Ran::of(&mut offline).out, again.out, "without credentials too");
    ok(&aws, &lab, &["reconcile", "--month", "2026-03", "--yes", "--refresh"]);
    assert_eq!(requests(&aws), 2, "asked to ask again");
}

/// Answers one request with Cost Explorer's empty page; gives its body.
fn one_question() -> (String, std::thread::JoinHandle<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("its port"));
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a request");
        let mut reader = BufReader::new(stream.try_clone().expect("the stream again"));
        let (mut line, mut length) = (String::new(), 0);
        while reader.read_line(&mut line).expect("a header") > 2 {
            let header = line.to_ascii_lowercase();
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            line.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("the body");
        let answer = page(vec![]).to_string();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\n\r\n{answer}",
            answer.len()
        )
        .expect("the answer");
        serde_json::from_slice(&body).expect("JSON")
    });
    (url, asked)
}

#[test]
fn aws_is_asked_for_the_month_by_day_usage_type_and_record_type_of_this_account_alone() {
    let (aws, lab) = (Aws::start(), lab_with(TEN_HOURS));
    let (url, asked) = one_question();
    let mut command = aws.gpucost(&lab, &MARCH);
    command.env("AWS_ENDPOINT_URL_COST_EXPLORER", url);
    let ran = Ran::of(&mut command);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let dimension = |key: &str, values: Value| json!({ "Dimensions": { "Key": key, "Values": values } });
    let services = json!(["Amazon Elastic Compute Cloud - Compute", "EC2 - Other", "Amazon Virtual Private Cloud"]);
    let expected = json!({
        "TimePeriod": { "Start": "2026-03-01", "End": "2026-04-01" },
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost", "AmortizedCost", "UsageQuantity"],
        "GroupBy": [{ "Type": "DIMENSION", "Key": "USAGE_TYPE" }, { "Type": "DIMENSION", "Key": "RECORD_TYPE" }],
        "Filter": { "And": [dimension("SERVICE", services), dimension("LINKED_ACCOUNT", json!([aws.account()]))] },
    });
    assert_eq!(asked.join().expect("the question"), expected);
    let called: Vec<_> = aws.calls().into_iter().map(|call| format!("{}:{}", call.service, call.action)).collect();
    assert_eq!(called, ["sts:GetCallerIdentity"], "who asks, which is free");
}

/// gpucost on a terminal of its own, where this is typed.
fn on_terminal(aws: &Aws, lab: &Lab, args: &[&str], typed: &str) -> Ran {
    const TERMINAL: &str = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    let mut command = lab.clean("python3");
    command.args(["-c", TERMINAL, env!("CARGO_BIN_EXE_gpucost")]).args(args);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    aws.env(&mut command);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("python3");
    let mut stdin = child.stdin.take().expect("its stdin");
    stdin.write_all(typed.as_bytes()).expect("typed");
    let ran = child.wait_with_output().expect("it ends");
    drop(stdin);
    Ran::from(ran)
}

#[test]
fn on_a_terminal_the_charge_is_said_and_only_a_yes_pays_it() {
    let (aws, lab) = (aws_with(&[ten_hours_charged()]), lab_with(TEN_HOURS));
    for refusal in ["n\n", "\n", "maybe\n"] {
        let ran = on_terminal(&aws, &lab, &["reconcile", "--month", "2026-03"], refusal);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.out.contains("Ask AWS? [y/N]") && ran.out.contains("nothing was charged"), "{}", ran.out);
    }
    assert_eq!(requests(&aws), 0);
    let ran = on_terminal(&aws, &lab, &["reconcile", "--month", "2026-03"], "y\n");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("agrees"), "{}", ran.out);
    assert_eq!(requests(&aws), 1);
}

#[test]
fn nobody_is_charged_without_a_yes() {
    let (aws, lab) = (aws_with(&[ten_hours_charged()]), lab_with(TEN_HOURS));
    let ran = run(&aws, &lab, &["reconcile", "--month", "2026-03"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("--yes") && ran.err.contains("$0.01"), "{}", ran.err);
    let ran = run(&aws, &lab, &["reconcile", "--month", "2026-03", "--yes", "--max-usd", "0.009"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert_eq!(requests(&aws), 0);
    assert!(!lab.home().join("data/gpucost/ledger.cost-explorer").exists());
}

#[test]
fn credits_coverage_and_untracked_usage_are_told_apart() {
    let g5 = "BoxUsage:g5.xlarge";
    let answer = page(vec![
        day(
            "2026-03-02",
            false,
            vec![
                group(P2, "SavingsPlanCoveredUsage", "10", "9", "6.3"),
                group(P2, "SavingsPlanNegation", "10", "-9", "0"),
                group("USW2-EBS:VolumeUsage.gp2", "Usage", "1.5", "0.15", "0.15"),
                group("USW2-EBS:VolumeUsage.gp2", "Credit", "0", "-0.15", "-0.15"),
            ],
        ),
        day("2026-03-03", false, vec![group(g5, "Usage", "2", "2.012", "2.012")]),
    ]);
    let (aws, lab) = (aws_with(&[answer]), lab_with(TEN_HOURS));
    let ran = ok(&aws, &lab, &[MARCH.as_slice(), &["--output", "json"]].concat());
    let told = |row: &Value| (row["usage_type"].clone(), row["verdict"].clone(), row["reasons"].clone());
    let told: Vec<_> = rows(&ran.out).iter().map(told).collect();
    let expected = [
        (g5, "+$2.01 nothing of it is in the ledger"),
        (P2, "-$9.00 10 instance-hours covered by a savings plan"),
        ("USW2-EBS:VolumeUsage.gp2", "-$0.15 credits and refunds; +$0.15 nothing of it is in the ledger"),
    ];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for (found, (usage_type, reasons)) in told.iter().zip(expected) {
        assert_eq!(*found, (json!(usage_type), json!("explained"), json!(reasons)));
    }
    let ran = ok(&aws, &lab, &[MARCH.as_slice(), &["--daily", "--output", "json"]].concat());
    let days: Vec<_> = rows(&ran.out).iter().map(|row| row["day"].clone()).collect();
    assert_eq!(days, ["2026-03-02", "2026-03-02", "2026-03-03"]);
}

#[test]
fn an_open_month_is_asked_for_until_today_lags_and_is_asked_for_again_after_a_day() {
    let answer = page(vec![day("2026-03-02", true, vec![group(P2, "Usage", "2", "1.8", "1.8")])]);
    let (aws, lab) = (aws_with(&[answer.clone(), answer]), lab_with(TEN_HOURS));
    let as_of = |time: &'static str| [MARCH.as_slice(), &["--as-of", time]].concat();
    let ran = ok(&aws, &lab, &as_of("2026-03-04T06:00:00Z"));
    let lag = "8 instance-hours not yet in AWS's data of the last days";
    assert!(unwrapped(&ran.out).contains(lag), "{}", ran.out);
    assert!(ran.out.contains("estimates"), "{}", ran.out);
    ok(&aws, &lab, &as_of("2026-03-05T05:00:00Z"));
    assert_eq!(requests(&aws), 1, "within a day the answer stands");
    ok(&aws, &lab, &as_of("2026-03-05T07:00:00Z"));
    assert_eq!(requests(&aws), 2);
    let ran = run(&aws, &lab, &as_of("2026-03-01T12:00:00Z"));
    assert_eq!(ran.code, Some(2), "no day of March is over: {ran:?}");
}

#[test]
fn pages_are_counted_and_never_more_than_paid_for() {
    let with_token = |token: &str, mut page: Value| {
        page["NextPageToken"] = json!(token);
        page
    };
    let pages = [
        with_token("2", page(vec![day("2026-03-02", false, vec![group(P2, "Usage", "4", "3.6", "3.6")])])),
        with_token("3", page(vec![])),
        page(vec![day("2026-03-02", false, vec![group(P2, "Usage", "6", "5.4", "5.4")])]),
    ];
    let (aws, lab) = (aws_with(&pages), lab_with(TEN_HOURS));
    let ran = run(&aws, &lab, &[MARCH.as_slice(), &["--max-usd", "0.02"]].concat());
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("more pages than the 2") && ran.err.contains("($0.02)"), "{}", ran.err);
    assert_eq!(requests(&aws), 2);
    assert!(!lab.home().join("data/gpucost/ledger.cost-explorer").exists(), "half an answer is none");
    let ran = ok(&aws, &lab, &[MARCH.as_slice(), &["--max-usd", "0.03"]].concat());
    assert!(unwrapped(&ran.out).contains("3 requests, $0.03") && ran.out.contains("agrees"), "{}", ran.out);
    assert_eq!(requests(&aws), 5);
}

#[test]
fn what_aws_refuses_is_named_and_leaves_nothing_behind() {
    let (aws, lab) = (aws_with(&[]), lab_with(TEN_HOURS));
    let faults = [
        (json!({ "mode": "access_denied" }), "ce:GetCostAndUsage", "ask for a policy"),
        (
            json!({ "mode": "error", "code": "AccessDeniedException", "message": "User not enabled for cost explorer access" }),
            "User not enabled",
            "open Cost Explorer once",
        ),
        (
            json!({ "mode": "error", "code": "DataUnavailableException", "message": "Data is not available." }),
            "Data is not available",
            "about a day",
        ),
        (json!({ "mode": "expired_token" }), "expired", "aws"),
        (json!({ "mode": "html500" }), "HTTP 500", "nothing was recorded"),
    ];
    let before = lab.recorded();
    for (mut fault, said, hint) in faults {
        fault["service"] = json!("ce");
        aws.misbehave(fault);
        let asked = requests(&aws);
        let ran = run(&aws, &lab, &MARCH);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert_eq!(requests(&aws), asked + 1, "{said}: what may be charged is not repeated");
        assert!(ran.err.contains(said) && ran.err.contains(hint) && ran.out.is_empty(), "{said}: {ran:?}");
    }
    assert_eq!(lab.recorded(), before);
    assert!(!lab.home().join("data/gpucost/ledger.cost-explorer").exists());
}

#[test]
fn months_before_the_tracker_are_recorded_and_billed_once() {
    let answer = page(vec![
        day("2026-03-02", false, vec![group(P2, "Usage", "24", "21.5999999999", "21.5999999999")]),
        day(
            "2026-03-03",
            false,
            vec![
                group(P2, "Usage", "6", "5.4", "5.4"),
                group("USW2-EBS:VolumeUsage.gp2", "Usage", "2.4193548387", "0.24193548387", "0.24193548387"),
                group("USW2-DataTransfer-Out-Bytes", "Usage", "12", "1.08", "1.08"),
                group(P2, "Credit", "0", "-1", "-1"),
            ],
        ),
    ]);
    let (aws, lab) = (aws_with(&[answer]), Lab::new());
    let import = ["usage", "import", "--from-cost-explorer", "--month", "2026-03", "--yes"];
    let ran = ok(&aws, &lab, &import);
    assert!(unwrapped(&ran.out).contains("usage that gpucost does not meter, $1.08"), "{}", ran.out);
    let again = ok(&aws, &lab, &import);
    assert!(unwrapped(&again.out).contains("imported before") && requests(&aws) == 1, "{}", again.out);
    let usage = lab.ok(&["usage", "--by", "type", "--output", "json"]);
    let usage = &rows(&usage)[0];
    assert_eq!((&usage["key"], &usage["running_hours"]), (&json!("p2.xlarge"), &json!("30")));
    assert_eq!(usage["evidence"], json!("cost explorer"));
    let bill = lab.ok(&["bill", "--month", "2026-03"]);
    assert!(bill.contains("$27.24"), "24 h and 6 h at $0.90, and $0.24 of storage: {bill}");
    let account = format!("account {}: BoxUsage:p2.xlarge", aws.account());
    assert!(lab.ok(&["bill", "--month", "2026-03", "--output", "csv"]).contains(&account));
    let owning = ["--machine-usd", "1000", "--usd-per-kwh", "0.1", "--power-watts", "300", "--volume", "gp2:75"];
    let even = lab.ok(&[&["break-even"], owning.as_slice()].concat());
    assert!(even.contains("p2.xlarge"), "{even}");
}

#[test]
fn what_is_recorded_already_is_not_recorded_from_cost_explorer_again() {
    let answer = page(vec![day(
        "2026-03-02",
        false,
        vec![group(P2, "Usage", "10", "9", "9"), group("BoxUsage:p3.2xlarge", "Usage", "1", "3.06", "3.06")],
    )]);
    let import = ["usage", "import", "--from-cost-explorer", "--month", "2026-03", "--yes"];
    let (aws, lab) = (aws_with(&[answer]), lab_with(TEN_HOURS));
    let ran = ok(&aws, &lab, &import);
    assert!(unwrapped(&ran.out).contains("1 day(s) of compute in us-west-2 were left"), "{}", ran.out);
    assert!(lab.ok(&["bill", "--month", "2026-03"]).contains("$12.06"), "Oregon once, Virginia besides");
    // The other way round: notes that come later stand in Cost Explorer's place.
    let late = Lab::new();
    ok(&aws, &late, &import);
    late.write("notes.csv", TEN_HOURS);
    late.ok(&["usage", "import", "notes.csv"]);
    assert!(late.ok(&["bill", "--month", "2026-03"]).contains("$12.06"));
}

#[test]
fn several_months_are_paid_for_within_the_limit_and_those_before_a_failure_stay() {
    let empty = page(vec![]);
    let aws = aws_with(&[ten_hours_charged(), empty.clone(), empty]);
    let lab = Lab::new();
    let import = ["usage", "import", "--from-cost-explorer", "--month", "2026-03", "--to", "2026-05", "--yes"];
    let ran = run(&aws, &lab, &[import.as_slice(), &["--max-usd", "0.02"]].concat());
    assert_eq!(ran.code, Some(2), "three months cost three cents at least: {ran:?}");
    assert_eq!(requests(&aws), 0);
    aws.misbehave(json!({ "mode": "access_denied", "service": "ce", "skip": 1 }));
    let ran = run(&aws, &lab, &import);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.out.contains("2026-03") && ran.err.contains("2026-04"), "{ran:?}");
    let ran = ok(&aws, &lab, &import);
    assert!(unwrapped(&ran.out).contains("nothing was charged"), "{}", ran.out);
    assert_eq!(requests(&aws), 4, "March is kept, April was refused once");
}
