//! `gpucost alerts` and what it sends: to servers that take it, fail, hang and die, and through deaths of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use gpucost::notify::signature;
use serde_json::{Value, json};

use crate::peers::{Aws, Does, Killer, Sink, Taken, first, mail_server};
use crate::program::{Lab, Ran};

pub const SECRET: &str = "a-secret-that-nobody-may-read";
const ESCAPE: &str = "\u{1b}]0;owned\u{7}\u{1b}[31m\u{202e}";

/// A lab with a ledger in which an instance of this name was stopped on 2026-09-16, with 500 GB that bill on.
pub fn lab(name: &str) -> Lab {
    let lab = Lab::new();
    let instances = json!({ "Reservations": [{ "OwnerId": "111122223333", "Instances": [{
        "InstanceId": "i-0123456789abcdef0",
        "InstanceType": "g5.xlarge",
        "LaunchTime": "2026-09-14T08:02:11+00:00",
        "Placement": { "AvailabilityZone": "us-east-1b" },
        "State": { "Code": 80, "Name": "stopped" },
        "StateTransitionReason": "User initiated (2026-09-16 18:40:05 GMT)",
        "Tags": [{ "Key": "Name", "Value": name }],
        "BlockDeviceMappings": [
            { "DeviceName": "/dev/sda1", "Ebs": { "VolumeId": "vol-1", "AttachTime": "2026-09-14T08:02:12Z" } }
        ]
    }] }] });
    let volumes = json!({ "Volumes": [{
        "VolumeId": "vol-1", "VolumeType": "gp3", "Size": 500, "Iops": 3000, "Throughput": 125, "State": "in-use",
        "AvailabilityZone": "us-east-1b", "CreateTime": "2026-09-14T08:02:12Z",
        "Attachments": [{ "InstanceId": "i-0123456789abcdef0", "DeleteOnTermination": true }]
    }] });
    lab.write("instances.json", instances.to_string());
    lab.write("volumes.json", volumes.to_string());
    lab.ok(&["usage", "import", "instances.json", "volumes.json", "--observed-at", "2026-10-01T00:00:00Z"]);
    lab
}

pub const WEBHOOK: &str =
    "[[alerts.channel]]\nname = \"ops\"\nkind = \"webhook\"\nurl_env = \"OPS_URL\"\nsecret_env = \"OPS_SECRET\"\n";
const SLACK: &str = "[[alerts.channel]]\nname = \"team\"\nkind = \"slack\"\nurl_file = \"slack-url\"\n";

pub fn alerts(lab: &Lab, sink: &Sink, args: &[&str], as_of: &str) -> Ran {
    let mut command = lab.gpucost(&["alerts"]);
    command.args(args).args(["--as-of", as_of]);
    command.env("OPS_URL", sink.url(&format!("/{SECRET}"))).env("OPS_SECRET", SECRET);
    let ran = Ran::of(&mut command);
    assert!(!ran.err.contains("panicked"), "{ran:?}");
    assert!(!ran.out.contains(SECRET) && !ran.err.contains(SECRET), "a secret is told: {ran:?}");
    ran
}

pub fn configured(name: &str, config: &str) -> (Lab, Sink) {
    let (lab, sink) = (lab(name), Sink::start());
    lab.write(lab.config(), config);
    lab.write("slack-url", sink.url("/slack"));
    (lab, sink)
}

pub fn body(taken: &Taken) -> Value {
    serde_json::from_str(&taken.body).expect("JSON")
}

pub fn keys(taken: &Taken) -> Vec<String> {
    let body = body(taken);
    body["notices"].as_array().expect("notices").iter().map(|n| n["key"].as_str().expect("a key").to_owned()).collect()
}

pub const OPENED: &str = "stopped-accruing:i-0123456789abcdef0#1:opened";

#[test]
fn a_webhook_is_told_once_signed_and_with_all_there_is_to_know() {
    let (lab, sink) = configured("trainer", WEBHOOK);
    assert_eq!(alerts(&lab, &sink, &["run"], "2026-10-01").code, Some(0));
    assert_eq!(alerts(&lab, &sink, &["run", "--fail-on-findings"], "2026-10-01T06:00:00Z").code, Some(3));
    let taken = sink.taken();
    let [one] = taken.as_slice() else { panic!("{taken:?}") };
    assert_eq!(keys(one), [OPENED]);
    let (told, notice) = (body(one), &body(one)["notices"][0]);
    assert_eq!(one.header("idempotency-key"), told["key"].as_str().expect("its key"));
    let signed = signature(&SECRET.to_owned().into(), one.header("x-gpucost-timestamp"), &one.body);
    assert_eq!(one.header("x-gpucost-signature"), format!("v1={signed}"));
    // 500 GB of gp3 at $0.08 a GB-month, from 2026-09-16T18:40:05Z on: 1,228,795 s of September's 2,592,000.
    assert_eq!((notice["cost"].as_str(), notice["per_month"].as_str()), (Some("$18.96"), Some("$40.00")));
    assert_eq!((notice["kind"].as_str(), notice["name"].as_str()), (Some("opened"), Some("trainer")));
    assert!(told["title"].as_str().is_some_and(|title| title.contains("$18.96")), "{told}");
    // All that it did is in the ledger, but for the secrets.
    let history = lab.ok(&["alerts", "history", "-o", "json"]);
    assert!(history.contains(OPENED) && history.contains("\"sent_at\": \"2026-10-01T00:00:00Z\""), "{history}");
    let ledger = fs::read(lab.ledger()).expect("the ledger");
    assert!(!ledger.windows(SECRET.len()).any(|bytes| bytes == SECRET.as_bytes()));
}

#[test]
fn what_could_not_be_sent_is_sent_next_run_in_one_digest() {
    let (lab, sink) = configured("trainer", WEBHOOK);
    sink.will(&[Does::Answer(500, None); 3]);
    let ran = alerts(&lab, &sink, &["run"], "2026-10-01");
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.err.contains("`ops` (webhook) was not told: 127.0.0.1 answered 500"), "{}", ran.err);
    assert!(sink.taken().is_empty());
    assert_eq!(alerts(&lab, &sink, &["run"], "2026-10-02").code, Some(0));
    let taken = sink.taken();
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert_eq!(keys(&taken[0]), [OPENED, "stopped-accruing:i-0123456789abcdef0#1:reminder-1"]);
}

#[test]
fn what_was_refused_for_good_is_not_repeated_and_comes_in_smaller_messages() {
    let (lab, sink) = configured("trainer", WEBHOOK);
    sink.will(&[Does::Answer(500, None); 3]);
    assert_eq!(alerts(&lab, &sink, &["run"], "2026-10-01").code, Some(4));
    sink.will(&[Does::Answer(403, None)]);
    assert_eq!(alerts(&lab, &sink, &["run"], "2026-10-02").code, Some(4));
    assert_eq!(alerts(&lab, &sink, &["run"], "2026-10-02T01:00:00Z").code, Some(0));
    let taken: Vec<_> = sink.taken().iter().map(keys).collect();
    assert_eq!(taken, [[OPENED], ["stopped-accruing:i-0123456789abcdef0#1:reminder-1"]]);
}

#[test]
fn a_busy_channel_is_asked_again_when_it_says() {
    let (lab, sink) = configured("trainer", WEBHOOK);
    sink.will(&[Does::Answer(429, Some(2))]);
    let started = Instant::now();
    assert_eq!(alerts(&lab, &sink, &["run"], "2026-10-01").code, Some(0));
    assert!(started.elapsed() >= Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(sink.taken().len(), 1);
}

#[test]
fn a_server_that_dies_has_it_once_or_twice_under_one_key() {
    let (lab, sink) = configured("trainer", WEBHOOK);
    // It said yes before it died: that is a yes.
    sink.will(&[Does::TakeAndDieInTheBody]);
    assert_eq!(alerts(&lab, &sink, &["run"], "2026-10-01").code, Some(0));
    assert_eq!(sink.taken().len(), 1);
    sink.will(&[Does::TakeAndSayNothing; 3]);
    assert_eq!(alerts(&lab, &sink, &["run"], "2026-10-02").code, Some(4));
    assert_eq!(alerts(&lab, &sink, &["run"], "2026-10-04").code, Some(0));
    let taken = sink.taken();
    let reminders: Vec<_> = taken.iter().skip(1).collect();
    let (last, doubtful) = reminders.split_last().expect("reminders");
    let message: BTreeSet<&str> = doubtful.iter().map(|taken| taken.header("idempotency-key")).collect();
    assert_eq!(message.len(), 1, "one key while it is not known whether it arrived");
    assert!(!message.contains(last.header("idempotency-key")) && keys(last)[0].ends_with("reminder-2"), "{last:?}");
}

#[test]
fn a_hanging_channel_is_left_in_its_time_and_the_others_are_told() {
    let (lab, sink) = configured("trainer", &format!("{WEBHOOK}{SLACK}"));
    let other = Sink::start();
    other.will(&[Does::Hang; 3]);
    let started = Instant::now();
    let mut command = lab.gpucost(&["alerts", "run", "--as-of", "2026-10-01"]);
    command.env("OPS_URL", other.url("/")).env("OPS_SECRET", SECRET);
    let ran = Ran::of(&mut command);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(started.elapsed() < Duration::from_secs(45), "{:?}", started.elapsed());
    assert!(ran.err.contains("no answer came in time") && ran.err.contains("same key"), "{}", ran.err);
    assert_eq!(sink.taken().len(), 1, "the other channel is told all the same");
}

#[test]
fn names_are_harmless_on_every_channel() {
    let name = format!(
        "{ESCAPE}<!channel> <https://evil.example|click> & *b*\r\nBcc: x@evil.example\r\n\r\n<script>{}",
        "x".repeat(300)
    );
    let (port, mails) = mail_server();
    let email = format!(
        "[[alerts.channel]]\nname = \"mail\"\nkind = \"email\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n\
         from = \"gpucost <alerts@lab.example>\"\nto = [\"lead@lab.example\"]\n"
    );
    let terminal = "[[alerts.channel]]\nname = \"terminal\"\nkind = \"terminal\"\n";
    let (lab, sink) = configured(&name, &format!("{WEBHOOK}{SLACK}{email}{terminal}"));
    let ran = alerts(&lab, &sink, &["run", "-v"], "2026-10-01");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("\\u{1b}") && !ran.out.contains(['\u{1b}', '\u{7}', '\u{202e}', '\r']), "{}", ran.out);
    let taken = sink.taken();
    let (slack, webhook): (Vec<_>, Vec<_>) = taken.iter().partition(|taken| taken.path == "/slack");
    // To a program the name is what it is; as JSON it can be nothing else.
    assert_eq!(body(webhook[0])["notices"][0]["name"], name.as_str());
    assert!(!webhook[0].body.contains(['\u{1b}', '\n']));
    let slack = &slack[0].body;
    assert!(!slack.contains(['<', '>']) && !slack.contains("\\u001b"), "{slack}");
    let blocks = serde_json::from_str::<Value>(slack).expect("JSON");
    let header = blocks["blocks"][0]["text"]["text"].as_str().expect("a header");
    assert!(header.chars().count() <= 150 && header.contains("gpucost"), "{header}");
    let texts = blocks["blocks"].as_array().expect("blocks").iter().filter_map(|block| block["text"]["type"].as_str());
    assert!(texts.into_iter().all(|kind| kind == "plain_text"), "{blocks}");
    let mails = mails.lock().expect("the mails").clone();
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    let (headers, _) = mail.split_once("\r\n\r\n").expect("headers and a body");
    assert!(!headers.to_ascii_lowercase().contains("\nbcc:") && !headers.contains('\u{1b}'), "{headers}");
    assert!(headers.contains("\nTo: lead@lab.example") || headers.starts_with("To: lead@lab.example"), "{headers}");
    assert!(headers.contains("Content-Type: text/plain"), "{headers}");
}

#[test]
fn a_mail_names_the_matter_and_its_key() {
    let (port, mails) = mail_server();
    let email = format!(
        "[[alerts.channel]]\nname = \"mail\"\nkind = \"email\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n\
         from = \"alerts@lab.example\"\nto = [\"lead@lab.example\", \"ops@lab.example\"]\n"
    );
    let (lab, sink) = configured("trainer", &email);
    assert_eq!(alerts(&lab, &sink, &["run"], "2026-10-01").code, Some(0));
    let mails = mails.lock().expect("the mails").clone();
    let mail = mails[0].replace("=\r\n", "");
    // The dollars first: what is long is cut at its end.
    assert!(mail.contains("Subject: gpucost: $18.96 so far, "), "{mail}");
    assert!(mail.contains("i-0123456789abcdef0 (trainer): Stopped for 14 days"), "{mail}");
    assert!(mail.contains("X-Gpucost-Key: ") && mail.contains("Message-ID: <"), "{mail}");
    // Nobody listens: surely not sent.
    lab.write(lab.config(), email.replace(&port.to_string(), "1"));
    let ran = alerts(&lab, &sink, &["run"], "2026-10-02");
    assert_eq!(ran.code, Some(4));
    assert!(ran.err.contains("127.0.0.1: the connection failed"), "{}", ran.err);
}

#[test]
fn an_sns_topic_is_told() {
    let aws = Aws::start();
    let topic = first(&aws.query("us-west-2", "sns", "CreateTopic", &[("Name", "alerts")]), "TopicArn");
    let queue = first(&aws.query("us-west-2", "sqs", "CreateQueue", &[("QueueName", "inbox")]), "QueueUrl");
    let arn = topic.replace(":sns:", ":sqs:").replace(":alerts", ":inbox");
    let subscribe = [("TopicArn", topic.as_str()), ("Protocol", "sqs"), ("Endpoint", arn.as_str())];
    aws.query("us-west-2", "sns", "Subscribe", &subscribe);
    let lab = lab("trainer\u{e9}\u{1b}");
    lab.write(lab.config(), format!("[[alerts.channel]]\nname = \"topic\"\nkind = \"sns\"\ntopic_arn = \"{topic}\"\n"));
    let ran = Ran::of(&mut aws.gpucost(&lab, &["alerts", "run", "--as-of", "2026-10-01"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let received = aws.query("us-west-2", "sqs", "ReceiveMessage", &[("QueueUrl", queue.as_str())]);
    let said = received.replace("&quot;", "\"").replace("&amp;", "&");
    let body = first(&said, "Body");
    let body: Value = serde_json::from_str(&body).unwrap_or_else(|e| panic!("{e}: {body}"));
    let subject = body["Subject"].as_str().expect("a subject");
    assert!(subject.len() < 100 && subject.is_ascii() && !subject.contains('\u{1b}'), "{subject}");
    assert!(body["Message"].as_str().is_some_and(|text| text.contains("NEW: i-0123456789abcdef0")), "{body}");
    // Refused, it is told next time.
    aws.misbehave(json!({ "mode": "access_denied", "service": "sns", "times": 10 }));
    let ran = Ran::of(&mut aws.gpucost(&lab, &["alerts", "run", "--as-of", "2026-10-02"]));
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.err.contains("sns:Publish"), "{}", ran.err);
}

#[test]
fn two_runs_at_once_tell_it_once() {
    let (lab, sink) = configured("trainer", WEBHOOK);
    sink.will(&[Does::TakeAfter(Duration::from_secs(1))]);
    let run = || {
        let mut command = lab.gpucost(&["alerts", "run", "--as-of", "2026-10-01"]);
        command.env("OPS_URL", sink.url("/")).env("OPS_SECRET", SECRET);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
    };
    let both = [run(), run(), run()];
    let codes: Vec<_> = both.map(|child| Ran::from(child.wait_with_output().expect("it ends"))).into_iter().collect();
    assert!(codes.iter().any(|ran| ran.code == Some(0)), "{codes:?}");
    for ran in codes.iter().filter(|ran| ran.code != Some(0)) {
        assert!(ran.err.contains("another `gpucost alerts run` is at work"), "{ran:?}");
    }
    assert_eq!(sink.taken().len(), 1);
}

/// Killed at instants all through a run, hundreds of times: the next run is right.
#[test]
fn killed_at_any_instant_it_tells_all_and_twice_only_under_one_key() {
    const KILLS: u32 = 250;
    let (lab, sink) = configured("trainer", WEBHOOK);
    let command = |day: u32| {
        // A day later each time, and a week from the tenth on: there is something to tell in most runs.
        let at = jiff::civil::date(2026, 10, 1).at(0, 0, 0, 0) + jiff::Span::new().days(i64::from(day));
        let mut command = lab.gpucost(&["alerts", "run", "--as-of", &at.date().to_string()]);
        command.env("OPS_URL", sink.url("/")).env("OPS_SECRET", SECRET);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let mut killer = Killer::of(&mut command(0));
    killer.kill_all(KILLS, 37, |kill| command(kill * 3));
    assert!(command(KILLS * 3 + 7).status().expect("it runs").success());
    let mut messages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for taken in sink.taken() {
        for key in keys(&taken) {
            messages.entry(key).or_default().insert(taken.header("idempotency-key").to_owned());
        }
    }
    let twice: Vec<_> = messages.iter().filter(|(_, under)| under.len() > 1).collect();
    assert!(twice.is_empty(), "told under two keys: {twice:?}");
    let ledger = rusqlite::Connection::open(lab.ledger()).expect("the ledger");
    let mut statement = ledger.prepare("SELECT key FROM notices").expect("the notices");
    let decided: BTreeSet<String> =
        statement.query_map([], |row| row.get(0)).expect("keys").collect::<Result<_, _>>().expect("keys");
    assert!(decided.len() > 5, "{decided:?}");
    assert_eq!(
        messages.into_keys().collect::<BTreeSet<_>>(),
        decided,
        "all that was decided was told, and nothing else"
    );
}

#[test]
fn tracking_tells_what_it_found_and_what_is_over() {
    let (aws, sink) = (Aws::start(), Sink::start());
    let lab = Lab::new();
    lab.write(
        lab.config(),
        format!(
            "region = [\"us-west-2\"]\nalerts.min_usd = \"0\"\n{}",
            WEBHOOK.replace("secret_env = \"OPS_SECRET\"\n", "")
        ),
    );
    let id = aws.run_instance("us-west-2", "g4dn.xlarge");
    aws.ec2("us-west-2", "StopInstances", &[("InstanceId.1", &id)]);
    let track = || {
        let mut command = aws.gpucost(&lab, &["track"]);
        let ran = Ran::of(command.env("OPS_URL", sink.url("/")));
        assert_eq!(ran.code, Some(0), "{ran:?}");
    };
    track();
    // A poll is in whole seconds. What is seen and what is told are one document.
    std::thread::sleep(Duration::from_millis(1100));
    let mut command = aws.gpucost(&lab, &["track", "-o", "json"]);
    let ran = Ran::of(command.env("OPS_URL", sink.url("/")));
    let said: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:?}"));
    assert!(said["polls"]["rows"].is_array() && said["deliveries"]["rows"].is_array(), "{said}");
    let stopped = format!("stopped-accruing:{id}#1");
    let told = |n: usize| sink.taken().get(n).map(keys).unwrap_or_default();
    assert!(told(0).contains(&format!("{stopped}:opened")), "{:?}", told(0));
    // A poll is in whole seconds: what is seen within the same one is not newer.
    std::thread::sleep(Duration::from_millis(1100));
    track();
    assert_eq!(sink.taken().len(), 1);
    aws.ec2("us-west-2", "TerminateInstances", &[("InstanceId.1", &id)]);
    std::thread::sleep(Duration::from_millis(1100));
    track();
    assert!(told(1).contains(&format!("{stopped}:resolved")), "{:?}", told(1));
}

#[test]
fn a_secret_in_the_place_of_a_variables_name_is_not_repeated() {
    let url = format!("https://hooks.example/{SECRET}");
    for channel in [
        format!("kind = \"webhook\"\nurl_env = \"{url}\""),
        format!("kind = \"slack\"\nurl_file = \"{url}\""),
        format!("kind = \"webhook\"\nurl_env = \"OPS_URL\"\nsecret_env = \"{SECRET}\""),
        format!(
            "kind = \"email\"\nhost = \"m\"\nfrom = \"a@b.c\"\nto = [\"a@b.c\"]\nuser = \"u\"\npassword_env = \"{SECRET}\""
        ),
    ] {
        let (lab, sink) = configured("trainer", &format!("[[alerts.channel]]\nname = \"ops\"\n{channel}\n"));
        let ran = alerts(&lab, &sink, &["run"], "2026-10-01");
        assert_eq!(ran.code, Some(4), "{ran:?}");
        assert!(ran.err.contains("the alert channel `ops`") && ran.err.contains("hint: "), "{}", ran.err);
    }
}

#[test]
fn a_budget_of_nothing_is_refused() {
    let (lab, sink) = configured("trainer", WEBHOOK);
    for option in ["--budget-usd", "--instance-budget-usd"] {
        for amount in ["0", "0.00"] {
            let ran = alerts(&lab, &sink, &["run", option, amount], "2026-10-01");
            assert_eq!(ran.code, Some(2), "{ran:?}");
            assert!(ran.err.contains(option) && ran.err.contains("hint: "), "{}", ran.err);
        }
    }
    lab.write(lab.config(), format!("[alerts.budget]\nmonth_usd = \"-5\"\n{WEBHOOK}"));
    let ran = alerts(&lab, &sink, &["run"], "2026-10-01");
    assert!(ran.code == Some(1) && ran.err.contains("budget.month_usd"), "{ran:?}");
    assert!(sink.taken().is_empty());
}

#[test]
fn a_secret_in_the_config_file_is_refused_and_not_repeated() {
    for channel in [
        format!("kind = \"webhook\"\nurl = \"https://hooks.example/{SECRET}\""),
        format!("kind = \"slack\"\nurl = \"https://hooks.example/{SECRET}\""),
        format!("kind = \"email\"\nhost = \"m\"\nfrom = \"a@b.c\"\nto = []\npassword = \"{SECRET}\""),
    ] {
        let (lab, sink) = configured("trainer", &format!("[[alerts.channel]]\nname = \"ops\"\n{channel}\n"));
        let ran = alerts(&lab, &sink, &["list"], "2026-10-01");
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.err.contains("config.toml:") && ran.err.contains("_env"), "{}", ran.err);
    }
}
