//! Alerts through mail servers, topics and gateways that fail, deaths between them, and looks that see only a part.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::alerts::{OPENED, SECRET, WEBHOOK, alerts, body, configured, keys, lab};
use crate::peers::{Aws, Does, Killer, Mails, Sink, first, mail_server_that};
use crate::program::{Lab, Ran};

const REMINDER: &str = "stopped-accruing:i-0123456789abcdef0#1:reminder-1";

fn email(port: u16) -> String {
    format!(
        "[[alerts.channel]]\nname = \"mail\"\nkind = \"email\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n\
         from = \"alerts@lab.example\"\nto = [\"lead@lab.example\"]\n"
    )
}

/// `X-Gpucost-Key` of a mail.
fn message_key(mail: &str) -> String {
    let line = mail.lines().find_map(|line| line.strip_prefix("X-Gpucost-Key: "));
    line.unwrap_or_else(|| panic!("no key in {mail}")).trim().to_owned()
}

fn texts(lab: &Lab, query: &str) -> Vec<String> {
    let ledger = rusqlite::Connection::open(lab.ledger()).expect("the ledger");
    let mut statement = ledger.prepare(query).expect("the query");
    let found = statement.query_map([], |row| row.get(0)).expect("rows");
    found.collect::<Result<_, _>>().expect("texts")
}

#[test]
fn a_gateway_that_does_not_know_gets_the_same_message_again() {
    let (lab, sink) = configured("trainer", WEBHOOK);
    sink.will(&[Does::Answer(504, None); 3]);
    let ran = alerts(&lab, &sink, &["run"], "2026-10-01");
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.err.contains("answered 504; it may have arrived"), "{}", ran.err);
    let written = texts(&lab, "SELECT key FROM digests");
    assert_eq!(alerts(&lab, &sink, &["run"], "2026-10-02").code, Some(0));
    let taken = sink.taken();
    assert_eq!(taken[0].header("idempotency-key"), written[0]);
    // What is new since goes by itself: whoever had the first drops it whole.
    assert_eq!(taken.iter().map(keys).collect::<Vec<_>>(), [[OPENED], [REMINDER]]);
}

#[test]
fn a_mail_server_that_refuses_fails_or_says_nothing_is_tried_next_run() {
    use Mails::{RefuseForGood, RefuseForNow, TakeAndSayNothing};
    // What is refused for good is tried once, all else three times in a run.
    let tries = [&[RefuseForGood][..], &[RefuseForNow; 3], &[TakeAndSayNothing; 3]].concat();
    let (port, mails) = mail_server_that(&tries);
    let (lab, sink) = configured("trainer", &email(port));
    for (day, said) in [
        ("2026-10-01", "the mail server refused it (550)"),
        ("2026-10-02", "the mail server refused it (451)"),
        ("2026-10-04", "it may have arrived"),
    ] {
        let ran = alerts(&lab, &sink, &["run"], day);
        assert_eq!(ran.code, Some(4), "{ran:?}");
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
    assert_eq!(alerts(&lab, &sink, &["run"], "2026-10-04T06:00:00Z").code, Some(0));
    let mails = mails.lock().expect("the mails").clone();
    let keys: BTreeSet<String> = mails.iter().map(|mail| message_key(mail)).collect();
    assert_eq!((mails.len(), keys.len()), (4, 1), "one key while nobody knows whether it arrived: {mails:?}");
    for event in ["NEW: ", "REMINDER 1: ", "REMINDER 2: "] {
        assert_eq!(mails[3].matches(event).count(), 1, "{event} in {}", mails[3]);
    }
}

#[test]
fn a_mail_server_that_is_busy_for_a_moment_is_asked_again_in_the_same_run() {
    use Mails::{RefuseForNow, TakeAndSayNothing};
    let (port, mails) = mail_server_that(&[RefuseForNow]);
    let (lab, sink) = configured("trainer", &email(port));
    assert_eq!(alerts(&lab, &sink, &["run"], "2026-10-01").code, Some(0));
    assert_eq!(mails.lock().expect("the mails").len(), 1);
    // One that took it and said nothing has it twice, under one key.
    let (port, mails) = mail_server_that(&[RefuseForNow, TakeAndSayNothing]);
    let (lab, sink) = configured("trainer", &email(port));
    assert_eq!(alerts(&lab, &sink, &["run"], "2026-10-01").code, Some(0));
    let mails = mails.lock().expect("the mails").clone();
    assert_eq!(mails.len(), 2);
    assert_eq!(message_key(&mails[0]), message_key(&mails[1]));
}

#[test]
fn a_mail_server_that_hangs_is_left_and_the_others_are_told() {
    let (port, _) = mail_server_that(&[Mails::Hang; 3]);
    let (lab, sink) = configured("trainer", &format!("{}{WEBHOOK}", email(port)));
    let started = Instant::now();
    let ran = alerts(&lab, &sink, &["run"], "2026-10-01");
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(started.elapsed() < Duration::from_secs(40), "{:?}", started.elapsed());
    assert!(ran.err.contains("`mail` (email) was not told: 127.0.0.1: no answer came in time"), "{}", ran.err);
    assert_eq!(sink.taken().len(), 1);
}

#[test]
fn a_receiver_that_will_not_have_a_doubtful_message_gets_what_is_new() {
    let (lab, sink) = configured("trainer", WEBHOOK);
    sink.will(&[Does::TakeAndSayNothing; 3]);
    assert_eq!(alerts(&lab, &sink, &["run"], "2026-10-01").code, Some(4));
    // It knows the key by now, and says that it is spent.
    sink.will(&[Does::Answer(409, None)]);
    let ran = alerts(&lab, &sink, &["run"], "2026-10-01T06:00:00Z");
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.err.contains("answered 409") && !ran.err.contains("may have arrived"), "{}", ran.err);
    assert_eq!(alerts(&lab, &sink, &["run"], "2026-10-02").code, Some(0));
    let taken = sink.taken();
    let last = taken.last().expect("it was told");
    assert_eq!(keys(last), [OPENED, REMINDER], "nothing is lost");
    assert_ne!(last.header("idempotency-key"), taken[0].header("idempotency-key"));
}

/// The `gpucost_key` of each message in the queue, and how often it is there.
fn published(aws: &Aws, queue: &str) -> BTreeMap<String, usize> {
    let mut keys = BTreeMap::new();
    loop {
        let received = aws.query("us-west-2", "sqs", "ReceiveMessage", &[("QueueUrl", queue)]);
        if !received.contains("<Body>") {
            return keys;
        }
        let said = first(&received.replace("&quot;", "\"").replace("&amp;", "&"), "Body");
        let said: Value = serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}"));
        let key = said["MessageAttributes"]["gpucost_key"]["Value"].as_str().expect("its key");
        *keys.entry(key.to_owned()).or_default() += 1;
    }
}

#[test]
fn a_topic_whose_answer_is_lost_has_it_under_one_key() {
    let aws = Aws::start();
    let topic = first(&aws.query("us-west-2", "sns", "CreateTopic", &[("Name", "alerts")]), "TopicArn");
    let queue = first(&aws.query("us-west-2", "sqs", "CreateQueue", &[("QueueName", "inbox")]), "QueueUrl");
    let arn = topic.replace(":sns:", ":sqs:").replace(":alerts", ":inbox");
    let subscribe = [("TopicArn", topic.as_str()), ("Protocol", "sqs"), ("Endpoint", arn.as_str())];
    aws.query("us-west-2", "sns", "Subscribe", &subscribe);
    let lab = lab("trainer");
    lab.write(lab.config(), format!("[[alerts.channel]]\nname = \"topic\"\nkind = \"sns\"\ntopic_arn = \"{topic}\"\n"));
    let run = |day: &str| Ran::of(&mut aws.gpucost(&lab, &["alerts", "run", "--as-of", day]));
    aws.misbehave(json!({ "mode": "truncate", "service": "sns", "times": 10 }));
    let ran = run("2026-10-01");
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.err.contains("sns:Publish") && ran.err.contains("may have arrived"), "{}", ran.err);
    // Throttled once, the client asks again by itself.
    aws.misbehave(json!({ "mode": "throttle", "service": "sns", "times": 1 }));
    let mut code = None;
    for _ in 0..4 {
        code = run("2026-10-01T01:00:00Z").code;
        if code == Some(0) {
            break;
        }
    }
    assert_eq!(code, Some(0));
    let written = texts(&lab, "SELECT key FROM digests");
    let published = published(&aws, &queue);
    assert_eq!(published.keys().collect::<Vec<_>>(), written.iter().collect::<Vec<_>>(), "{published:?}");
}

#[test]
fn a_region_that_was_not_looked_for_is_not_over() {
    let aws = Aws::start();
    let (lab, sink) = (Lab::new(), Sink::start());
    lab.write(
        lab.config(),
        format!(
            "region = [\"us-west-2\", \"us-east-1\"]\nalerts.min_usd = \"0\"\nalerts.after_track = false\n{}",
            WEBHOOK.replace("secret_env = \"OPS_SECRET\"\n", "")
        ),
    );
    let id = aws.run_instance("us-west-2", "g4dn.xlarge");
    aws.run_instance("us-east-1", "g4dn.xlarge");
    aws.ec2("us-west-2", "StopInstances", &[("InstanceId.1", &id)]);
    let run = |args: &[&str]| {
        // A poll is in whole seconds.
        std::thread::sleep(Duration::from_millis(1100));
        let ran = Ran::of(aws.gpucost(&lab, args).env("OPS_URL", sink.url("/")));
        assert_eq!(ran.code, Some(0), "{ran:?}");
    };
    let told = || sink.taken().iter().flat_map(keys).collect::<Vec<_>>();
    run(&["track"]);
    run(&["alerts", "run"]);
    let opened = told();
    assert!(opened.contains(&format!("stopped-accruing:{id}#1:opened")), "{opened:?}");
    run(&["track"]);
    run(&["alerts", "run", "--region", "us-east-1"]);
    assert_eq!(told(), opened);
    aws.ec2("us-west-2", "TerminateInstances", &[("InstanceId.1", &id)]);
    run(&["track"]);
    run(&["alerts", "run", "--region", "us-east-1"]);
    assert_eq!(told(), opened, "nor is it told of as long as nobody looks there");
    run(&["alerts", "run"]);
    assert!(told().contains(&format!("stopped-accruing:{id}#1:resolved")), "{:?}", told());
}

#[test]
fn a_clock_that_went_back_ends_nothing() {
    let (lab, sink) = configured("trainer", WEBHOOK);
    assert_eq!(alerts(&lab, &sink, &["run"], "2026-10-01").code, Some(0));
    lab.ok(&["usage", "import", "instances.json", "volumes.json", "--observed-at", "2026-10-05T00:00:00Z"]);
    for earlier in ["2026-09-15", "2026-09-01", "2025-01-01"] {
        let ran = alerts(&lab, &sink, &["run"], earlier);
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
    let told: Vec<_> = sink.taken().iter().flat_map(keys).collect();
    assert_eq!(told, [OPENED]);
}

#[test]
fn budgets_are_told_to_the_last_day_of_a_month_and_anew_once_raised() {
    let (lab, sink) = configured("trainer", WEBHOOK);
    // 58 h 38 min of a g5.xlarge are $58.98, 500 GB until the month ends $22.21: all of it in September.
    let told = |budget: &str, at: &str| -> Vec<String> {
        let before = sink.taken().len();
        assert_eq!(alerts(&lab, &sink, &["run", "--budget-usd", budget], at).code, Some(0));
        let told = sink.taken().split_off(before);
        told.iter().flat_map(keys).filter(|key| key.starts_with("budget:2026-09")).collect()
    };
    assert_eq!(told("50", "2026-10-01T00:10:00Z"), ["budget:2026-09:actual-100-of-50"]);
    assert!(told("50", "2026-10-01T00:20:00Z").is_empty());
    assert_eq!(told("150", "2026-10-01T00:30:00Z"), ["budget:2026-09:actual-50-of-150"]);
    assert!(told("60", "2026-10-06").is_empty(), "nobody has missed it by so much");
}

#[test]
fn names_are_harmless_in_csv_and_json_and_in_the_history() {
    let name = "=cmd|'/C calc'!A0\u{1b}[2J\u{202e}<b>@channel</b>\r\nBcc: x@evil.example";
    let terminal = "[[alerts.channel]]\nname = \"terminal\"\nkind = \"terminal\"\n";
    for format in ["table", "csv", "json"] {
        let (lab, sink) = configured(name, terminal);
        for args in [["run", "-v", "-o", format], ["list", "-v", "-o", format], ["history", "-v", "-o", format]] {
            let ran = alerts(&lab, &sink, &args, "2026-10-01");
            assert_eq!(ran.code, Some(0), "{ran:?}");
            assert!(!ran.out.contains(['\u{1b}', '\u{202e}', '\r']), "{args:?}: {}", ran.out);
            assert!(ran.out.contains("cmd|"), "{args:?}: {}", ran.out);
            assert!(format != "csv" || !ran.out.contains(",=cmd") && !ran.out.contains(",\"=cmd"), "{}", ran.out);
        }
    }
}

/// Killed hundreds of times while a slow webhook, a slow mail server and the terminal are told: each of the channels has
/// every message that the ledger says was made, and none that it does not know.
#[test]
fn killed_between_channels_every_channel_is_told_all() {
    const KILLS: u32 = 200;
    const SLOW: Duration = Duration::from_millis(15);
    let (port, mails) = mail_server_that(&[Mails::TakeAfter(SLOW); 4000]);
    let terminal = "[[alerts.channel]]\nname = \"terminal\"\nkind = \"terminal\"\n";
    let (lab, sink) = configured("trainer", &format!("{WEBHOOK}{}{terminal}", email(port)));
    sink.will(&[Does::TakeAfter(SLOW); 4000]);
    let command = |day: u32| {
        let at = jiff::civil::date(2026, 10, 1) + jiff::Span::new().days(i64::from(day));
        let mut command = lab.gpucost(&["alerts", "run", "--as-of", &at.to_string()]);
        command.env("OPS_URL", sink.url("/")).env("OPS_SECRET", SECRET);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let mut killer = Killer::of(&mut command(0));
    killer.kill_all(KILLS, 67, |kill| command(kill * 7));
    assert!(command(KILLS * 7 + 7).status().expect("it runs").success());
    assert!(texts(&lab, "SELECT key FROM digests WHERE sent_at IS NULL").is_empty(), "all is settled");
    let every = "SELECT count(*) || '' FROM notices JOIN channels WHERE NOT EXISTS
        (SELECT 1 FROM deliveries JOIN digests ON digests.id = digest_id WHERE notice_id = notices.id AND
         deliveries.channel = channels.name AND sent_at IS NOT NULL)";
    assert_eq!(texts(&lab, every), ["0"], "every notice is in a settled message of every channel");
    assert!(texts(&lab, "SELECT key FROM notices").len() > 20);
    let made = |channel: &str| -> BTreeSet<String> {
        texts(&lab, &format!("SELECT key FROM digests WHERE channel = '{channel}'")).into_iter().collect()
    };
    let webhook: BTreeSet<String> =
        sink.taken().iter().map(|taken| body(taken)["key"].as_str().expect("its key").to_owned()).collect();
    assert_eq!(webhook, made("ops"));
    let mails: BTreeSet<String> = mails.lock().expect("the mails").iter().map(|mail| message_key(mail)).collect();
    assert_eq!(mails, made("mail"));
    assert_eq!(texts(&lab, "PRAGMA integrity_check"), ["ok"]);
}
