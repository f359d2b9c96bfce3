//! `gpucost track` and `gpucost watch` against moto: what is there is recorded, what fails is said, nothing is doubled.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::peers::{Aws, faketime};
use crate::program::{Lab, Ran};

fn track(aws: &Aws, lab: &Lab, args: &[&str]) -> Ran {
    Ran::of(&mut aws.gpucost(lab, &[&["track"], args].concat()))
}

/// The rows of a table printed as JSON.
#[track_caller]
pub fn rows(ran: &Ran) -> Vec<Value> {
    let table: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:?}"));
    table["rows"].as_array().expect("rows").clone()
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_else(|| panic!("no {key} in {row}"))
}

/// The ids that polls have recorded.
pub fn tracked(lab: &Lab) -> Vec<String> {
    if !lab.ledger().exists() {
        return Vec::new();
    }
    let database = rusqlite::Connection::open(lab.ledger()).expect("the ledger opens");
    database.busy_timeout(Duration::from_secs(10)).expect("a timeout");
    let check: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a check");
    assert_eq!(check, "ok");
    // The file is there a moment before its tables are.
    let Ok(mut ids) = database.prepare("SELECT name FROM resources ORDER BY name") else { return Vec::new() };
    let ids = ids.query_map([], |row| row.get(0)).expect("its rows");
    ids.collect::<Result<_, _>>().expect("names")
}

fn asked(aws: &Aws, action: &str) -> Vec<String> {
    aws.calls().into_iter().filter(|call| call.action == action).map(|call| call.region).collect()
}

/// A config file with a profile for each account.
fn profiles(lab: &Lab, of: &[(&str, &Aws)]) -> std::path::PathBuf {
    let keys = |(name, aws): &(&str, &Aws)| {
        format!(
            "[profile {name}]\nregion = us-east-1\naws_access_key_id = {}\naws_secret_access_key = none\n",
            aws.access_key()
        )
    };
    lab.write("aws-config", of.iter().map(keys).collect::<String>())
}

#[test]
fn a_look_says_what_it_found_where() {
    let (aws, lab) = (Aws::start(), Lab::new());
    let id = aws.run_instance("us-west-2", "p3.2xlarge");
    aws.run_instance("us-west-2", "p3.2xlarge");
    aws.ec2("us-west-2", "StopInstances", &[("InstanceId.1", &id)]);
    let ran = track(&aws, &lab, &["--region", "us-west-2,us-east-1", "-o", "json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let rows = rows(&ran);
    let shown: Vec<_> = rows.iter().map(|row| ["region", "running", "stopped"].map(|key| text(row, key))).collect();
    assert_eq!(shown, [["us-east-1", "0", "0"], ["us-west-2", "1", "1"]]);
    assert!(rows.iter().all(|row| text(row, "account") == aws.account()), "{rows:?}");
    assert_eq!(asked(&aws, "GetCallerIdentity").len(), 1, "one profile, one question");
}

#[test]
fn a_region_that_fails_leaves_the_others() {
    let (aws, lab) = (Aws::start(), Lab::new());
    let here = aws.run_instance("us-west-2", "p3.2xlarge");
    let there = aws.run_instance("eu-west-1", "p3.2xlarge");
    aws.misbehave(json!({ "mode": "html500", "region": "eu-west-1", "times": 99 }));
    let ran = track(&aws, &lab, &["--all-regions", "-o", "json"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.err.contains("ec2:DescribeInstances in eu-west-1"), "{ran:?}");
    assert!(ran.err.contains("HTTP 500") && !ran.err.contains('<'), "the page is not quoted: {ran:?}");
    let regions: Vec<String> = rows(&ran).iter().map(|row| text(row, "region").to_owned()).collect();
    assert!(regions.len() > 10 && !regions.contains(&"eu-west-1".to_owned()), "{regions:?}");
    let recorded = tracked(&lab);
    assert!(recorded.contains(&here) && !recorded.contains(&there), "{recorded:?}");
}

#[test]
fn a_region_that_is_not_enabled_is_no_error() {
    let (aws, lab) = (Aws::start(), Lab::new());
    for (region, code) in [("ap-east-1", "OptInRequired"), ("me-south-1", "AuthFailure")] {
        aws.misbehave(
            json!({ "mode": "error", "service": "ec2", "region": region, "code": code, "status": 401, "times": 9 }),
        );
    }
    let ran = track(&aws, &lab, &["--region", "ap-east-1,me-south-1,us-east-1", "-o", "json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    assert_eq!(rows(&ran).len(), 1);
    for region in ["ap-east-1", "me-south-1"] {
        assert!(ran.out.contains(&format!("{region} is not enabled in account {}", aws.account())), "{ran:?}");
    }
}

#[test]
fn what_the_policy_refuses_is_named_and_the_rest_recorded() {
    let (aws, lab) = (Aws::start(), Lab::new());
    let id = aws.run_instance("us-east-1", "p3.2xlarge");
    for action in ["DescribeVolumes", "GetCallerIdentity"] {
        aws.misbehave(json!({ "mode": "access_denied", "action": action, "times": 9 }));
    }
    let ran = track(&aws, &lab, &["--region", "us-east-1", "-o", "json"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.err.contains("allows `ec2:DescribeVolumes`"), "{ran:?}");
    let rows = rows(&ran);
    assert_eq!(rows[0]["volumes"], Value::Null, "unknown, not 0");
    assert_eq!(text(&rows[0], "running"), "1");
    // The owner of what is there tells whose account it is.
    assert_eq!(text(&rows[0], "account"), aws.account());
    assert!(tracked(&lab).contains(&id));
}

#[test]
fn two_profiles_of_one_account_are_asked_once() {
    let (aws, lab) = (Aws::start(), Lab::new());
    let other = aws.another();
    let ids = [aws.run_instance("us-east-1", "p3.2xlarge"), other.run_instance("us-east-1", "p2.xlarge")];
    let config = profiles(&lab, &[("lab", &aws), ("lab-too", &aws), ("work", &other)]);
    let mut command = lab.gpucost(&["track", "--profile", "lab,lab-too", "--profile", "work", "-o", "json"]);
    aws.endpoints(&mut command);
    let ran = Ran::of(command.env("AWS_CONFIG_FILE", &config));
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let accounts: Vec<String> = rows(&ran).iter().map(|row| text(row, "account").to_owned()).collect();
    assert_eq!(accounts, [aws.account(), other.account()]);
    assert_eq!(asked(&aws, "DescribeInstances").len(), 1);
    assert!(ran.out.contains("The profile `lab-too` is of account"), "{ran:?}");
    let recorded = tracked(&lab);
    assert!(ids.iter().all(|id| recorded.contains(id)), "{recorded:?}");
}

#[test]
fn credentials_that_are_no_good_are_said_once_with_what_mends_them() {
    let (aws, lab) = (Aws::start(), Lab::new());
    let config = lab.write(
        "aws-config",
        "[profile sso]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = reader\n\
         [sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.example/start\n\
         [profile script]\ncredential_process = /bin/false secret-of-the-script\n",
    );
    for (args, message, hint) in [
        (&["--region", "us-east-1,eu-west-1"][..], "none were found", "`aws configure`"),
        (&["--profile", "sso", "--region", "us-east-1,eu-west-1"], "the SSO session", "`aws sso login --profile sso`"),
        (&["--profile", "nobody", "--region", "us-east-1"], "no such profile", "`aws configure --profile nobody`"),
        (
            &["--profile", "script", "--region", "us-east-1"],
            "gave none",
            "`aws sts get-caller-identity --profile script`",
        ),
    ] {
        let mut command = lab.gpucost(&[&["track"], args].concat());
        aws.endpoints(&mut command);
        let ran = Ran::of(command.env("AWS_CONFIG_FILE", &config));
        assert_eq!(ran.code, Some(1), "{args:?}: {ran:?}");
        assert_eq!(ran.err.matches("error: no usable AWS credentials").count(), 1, "{args:?}: {ran:?}");
        assert!(ran.err.contains(message) && ran.err.contains(hint), "{args:?}: {ran:?}");
        assert!(!ran.err.contains("secret"), "{args:?}: {ran:?}");
    }
    let mut expired = aws.gpucost(&lab, &["track", "--region", "us-east-1,eu-west-1"]);
    aws.misbehave(json!({ "mode": "expired_token", "times": 99 }));
    let ran = Ran::of(&mut expired);
    assert_eq!((ran.code, ran.err.matches("they have expired").count()), (Some(1), 1), "{ran:?}");
    assert!(asked(&aws, "DescribeInstances").is_empty(), "nobody is asked with credentials that are no good");
}

#[test]
fn a_profile_that_fails_leaves_the_others() {
    let (aws, lab) = (Aws::start(), Lab::new());
    let config = profiles(&lab, &[("lab", &aws)]);
    let mut command = lab.gpucost(&["track", "--profile", "lab,nobody", "-o", "json"]);
    aws.endpoints(&mut command);
    let ran = Ran::of(command.env("AWS_CONFIG_FILE", &config));
    assert_eq!((ran.code, rows(&ran).len()), (Some(4), 1), "{ran:?}");
    assert!(ran.err.contains("`nobody`"), "{ran:?}");
}

#[test]
fn without_a_region_there_is_a_hint_and_nothing_is_asked() {
    let (aws, lab) = (Aws::start(), Lab::new());
    let ran = track(&aws, &lab, &[]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("no region is known") && ran.err.contains("--region"), "{ran:?}");
    assert!(aws.calls().is_empty());
    // The other usual places of a region.
    for (name, value) in [("AWS_REGION", "us-west-2"), ("AWS_DEFAULT_REGION", "us-west-2")] {
        let ran = Ran::of(aws.gpucost(&lab, &["track", "-o", "json"]).env(name, value));
        assert_eq!(text(&rows(&ran)[0], "region"), "us-west-2", "{name}: {ran:?}");
    }
}

#[test]
fn a_poll_is_of_now() {
    let (aws, lab) = (Aws::start(), Lab::new());
    for command in ["track", "watch"] {
        let ran = Ran::of(&mut aws.gpucost(&lab, &[command, "--region", "us-east-1", "--as-of", "2026-10-01"]));
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains("--as-of"), "{ran:?}");
    }
    assert!(aws.calls().is_empty());
}

#[test]
fn two_polls_at_once_double_nothing() {
    let (aws, lab) = (Aws::start(), Lab::new());
    aws.run_instance("us-east-1", "p3.2xlarge");
    let poll = || {
        let mut command = aws.gpucost(&lab, &["track", "--region", "us-east-1,us-west-2"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("gpucost runs")
    };
    let polls: Vec<Child> = (0..4).map(|_| poll()).collect();
    for poll in polls {
        let ran = Ran::from(poll.wait_with_output().expect("it ends"));
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
    let hours = || {
        let ran = lab.run(&["usage", "-o", "json"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        (rows(&ran).len(), text(&rows(&ran)[0], "running_hours").parse::<f64>().expect("hours"))
    };
    // One instance, one session: its hours are not four times what has passed.
    let (instances, running) = hours();
    assert_eq!(instances, 1);
    assert!(running < 0.2, "{running}");
}

#[test]
fn killed_in_the_middle_a_place_is_wholly_there_or_not_at_all() {
    let (aws, lab) = (Aws::start(), Lab::new());
    let done = aws.run_instance("us-east-1", "p3.2xlarge");
    let cut = aws.run_instance("us-west-2", "p3.2xlarge");
    aws.misbehave(json!({ "mode": "hang", "region": "us-west-2", "action": "DescribeVolumes", "times": 99 }));
    let mut command = aws.gpucost(&lab, &["track", "--region", "us-east-1,us-west-2"]);
    let mut running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("gpucost runs");
    let until = Instant::now() + Duration::from_secs(30);
    while !tracked(&lab).contains(&done) {
        assert!(Instant::now() < until, "the first place was not recorded");
        std::thread::sleep(Duration::from_millis(50));
    }
    running.kill().expect("it is killed");
    running.wait().expect("it is gone");
    let recorded = tracked(&lab);
    assert!(recorded.contains(&done) && !recorded.contains(&cut), "{recorded:?}");
}

#[test]
fn a_locked_ledger_is_said_and_stays_as_it_was() {
    let (aws, lab) = (Aws::start(), Lab::new());
    assert_eq!(track(&aws, &lab, &["--region", "us-east-1"]).code, Some(0));
    let id = aws.run_instance("us-east-1", "p3.2xlarge");
    let other = rusqlite::Connection::open(lab.ledger()).expect("the ledger opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("another writes");
    let ran = track(&aws, &lab, &["--region", "us-east-1"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("another gpucost is writing"), "{ran:?}");
    other.execute_batch("ROLLBACK").expect("it is done");
    assert!(!tracked(&lab).contains(&id));
    assert_eq!(track(&aws, &lab, &["--region", "us-east-1"]).code, Some(0));
    assert!(tracked(&lab).contains(&id));
}

#[test]
fn a_clock_behind_awss_is_noted_and_moves_no_start() {
    let (aws, lab) = (Aws::start(), Lab::new());
    let id = aws.run_instance("us-east-1", "p3.2xlarge");
    let mut behind = aws.gpucost(&lab, &["track", "--region", "us-east-1", "-o", "json"]);
    behind.env("LD_PRELOAD", faketime()).env("FAKETIME", "-10m").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let ran = Ran::of(&mut behind);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    assert!(ran.out.contains("AWS's clock is ahead of this computer's"), "{ran:?}");
    // The clock is set right: one session, of the minutes that it has run and not ten more.
    assert_eq!(track(&aws, &lab, &["--region", "us-east-1"]).code, Some(0));
    let hours = rows(&lab.run(&["usage", "-o", "json"]));
    let of_it = hours.iter().find(|row| text(row, "key") == id).expect("its hours");
    assert!(text(of_it, "running_hours").parse::<f64>().expect("hours") < 0.1, "{of_it}");
}

/// The lines of a watch as they come.
fn watch(aws: &Aws, lab: &Lab, args: &[&str]) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut command: Command = aws.gpucost(lab, &[&["watch"], args].concat());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("gpucost runs");
    let out = BufReader::new(child.stdout.take().expect("its stdout"));
    (child, out)
}

fn next_line(out: &mut impl BufRead) -> String {
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    line
}

#[cfg(unix)]
#[test]
fn a_watch_without_a_terminal_is_a_log_and_ends_when_asked() {
    let (aws, lab) = (Aws::start(), Lab::new());
    let id = aws.run_instance("us-east-1", "p3.2xlarge");
    aws.ec2(
        "us-east-1",
        "CreateTags",
        &[("ResourceId.1", &id), ("Tag.1.Key", "Name"), ("Tag.1.Value", "evil\u{202e}name")],
    );
    let (mut child, mut out) = watch(&aws, &lab, &["--every", "10s", "--region", "us-east-1"]);
    let first = next_line(&mut out);
    assert!(first.contains(" 1 running, 0 stopped; $3.07/h; today $"), "{first}");
    aws.ec2("us-east-1", "StopInstances", &[("InstanceId.1", &id)]);
    // A poll that fails is said, and the next one is taken.
    aws.misbehave(json!({ "mode": "access_denied", "action": "DescribeVolumes" }));
    let second = next_line(&mut out);
    assert!(second.contains(" 0 running, 1 stopped; $") && second.contains("; incomplete"), "{second}");
    assert!(second.contains(&format!("{id} (evil\\u{{202e}}name) stopped")), "{second}");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
    let mut err = String::new();
    child.stderr.take().expect("its stderr").read_to_string(&mut err).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{err}");
    assert!(err.contains("ec2:DescribeVolumes"), "{err}");
    assert!(!err.contains('\u{1b}'), "no escapes where there is no terminal: {err}");
    assert!(tracked(&lab).contains(&id));
}

#[test]
fn a_watch_without_credentials_ends_at_once() {
    let (aws, lab) = (Aws::start(), Lab::new());
    let mut command = lab.gpucost(&["watch", "--region", "us-east-1"]);
    aws.endpoints(&mut command);
    let ran = Ran::of(&mut command);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("`aws configure`"), "{ran:?}");
    for wrong in [&["watch", "--every", "1s"][..], &["watch", "--every", "often"]] {
        assert_eq!(Ran::of(&mut aws.gpucost(&lab, wrong)).code, Some(2), "{wrong:?}");
    }
}

#[test]
fn a_watch_goes_on_through_a_place_that_fails_and_ends_in_time() {
    let (aws, lab) = (Aws::start(), Lab::new());
    aws.run_instance("us-east-1", "p3.2xlarge");
    aws.misbehave(json!({ "mode": "html500", "region": "eu-west-1", "times": 99 }));
    let ran = Ran::of(&mut aws.gpucost(&lab, &["watch", "--region", "us-east-1,eu-west-1", "--for", "1s"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("1 running") && ran.err.contains("eu-west-1"), "{ran:?}");
}
