//! Four weeks on moto's clock: an instance that works in office hours runs through nights and weekends, a poll a day asks
//! CloudWatch what it did, and advice proposes the schedule that would have stopped it.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::peers::{Aws, stand_at};
use crate::program::{Lab, Ran};

const REGION: &str = "us-east-1";
/// A Monday at midnight.
const START: &str = "2026-09-28T00:00:00Z";
const WEEK: i64 = 168;

/// Monday to Friday from 9 to 17 UTC, by the hour since the start.
fn works(hour: i64) -> bool {
    hour / 24 % 7 < 5 && (9..17).contains(&(hour % 24))
}

struct Place {
    aws: Aws,
    lab: Lab,
    instance: String,
}

impl Place {
    /// Started as the first week begins.
    fn new() -> Place {
        let (aws, lab) = (Aws::private(), Lab::new());
        aws.set_clock(hour(0));
        let instance = aws.run_instance(REGION, "g5.xlarge");
        Place { aws, lab, instance }
    }

    /// What it did in these hours: a reading of each metric at the start of each.
    fn put(&self, hours: Range<i64>, works: impl Fn(i64) -> bool) {
        let instance = ("InstanceId", self.instance.as_str());
        let gpu = [instance, ("index", "0"), ("name", "NVIDIA A10G"), ("arch", "Ampere")];
        for (namespace, dimensions, metric, at_work, idle) in [
            ("AWS/EC2", &gpu[..1], "CPUUtilization", "35", "1.25"),
            ("AWS/EC2", &gpu[..1], "NetworkIn", "90000000", "30000"),
            ("AWS/EC2", &gpu[..1], "NetworkOut", "70000000", "20000"),
            ("CWAgent", &gpu[..], "nvidia_smi_utilization_gpu", "80", "0"),
            ("CWAgent", &gpu[..], "nvidia_smi_memory_used", "20000", "230"),
            ("CWAgent", &gpu[..], "nvidia_smi_memory_total", "23028", "23028"),
        ] {
            let mut params = vec![("Namespace".to_owned(), namespace.to_owned())];
            for (n, at) in (1..).zip(hours.clone()) {
                let member = format!("MetricData.member.{n}");
                let value = if works(at) { at_work } else { idle };
                params.push((format!("{member}.MetricName"), metric.to_owned()));
                params.push((format!("{member}.Value"), value.to_owned()));
                params.push((format!("{member}.Timestamp"), hour(at).to_string()));
                for (d, (name, value)) in (1..).zip(dimensions) {
                    params.push((format!("{member}.Dimensions.member.{d}.Name"), (*name).to_owned()));
                    params.push((format!("{member}.Dimensions.member.{d}.Value"), (*value).to_owned()));
                }
            }
            let params: Vec<(&str, &str)> = params.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            self.aws.query(REGION, "monitoring", "PutMetricData", &params);
        }
    }

    /// gpucost five minutes after an hour began.
    #[track_caller]
    fn at(&self, since_start: i64, args: &[&str]) -> Ran {
        let now = hour(since_start).checked_add(SignedDuration::from_mins(5)).expect("an instant");
        self.aws.set_clock(now);
        let mut command = self.aws.gpucost(&self.lab, args);
        stand_at(&mut command, now);
        let ran = Ran::of(&mut command);
        assert_eq!(ran.code, Some(0), "{args:?} at {now}: {ran:?}");
        ran
    }

    /// A day goes by, and at its end all that runs is looked at, as cron would.
    fn day(&self, day: i64) {
        self.put(day * 24..(day + 1) * 24, works);
        self.at((day + 1) * 24, &["track", "--region", REGION, "--signals"]);
    }

    fn advised(&self, since_start: i64) -> Option<Value> {
        let said = self.at(since_start, &["advise", "-o", "json"]).out;
        let said: Value = serde_json::from_str(&said).expect("JSON");
        let rows = said["findings"]["rows"].as_array().or_else(|| said["findings"].as_array()).expect("findings");
        rows.iter().find(|finding| finding["rule"] == "off-schedule").cloned()
    }
}

fn hour(since_start: i64) -> Timestamp {
    let start: Timestamp = START.parse().expect("an instant");
    start.checked_add(SignedDuration::from_hours(since_start)).expect("an instant")
}

#[test]
fn weeks_of_idle_nights_and_weekends_are_worth_a_schedule() {
    let place = Place::new();
    (0..13).for_each(|day| place.day(day));
    assert_eq!(place.advised(13 * 24), None, "two whole weeks are the least");
    place.day(13);
    let early = place.advised(2 * WEEK).expect("two weeks alike");
    assert_eq!(early["confidence"], "low", "{early}");
    (14..28).for_each(|day| place.day(day));

    let finding = place.advised(4 * WEEK).expect("four weeks alike");
    assert_eq!(finding["finding"], format!("off-schedule:{}", place.instance).as_str());
    // 128 of 168 hours at $1.006, in a month of 730 h.
    let saving = finding["saving_usd_per_month"].as_str().expect("dollars");
    assert!(saving.starts_with("559.527619"), "{saving}");
    assert_eq!(finding["confidence"], "medium", "a reading an hour is not all there is to know: {finding}");
    let title = finding["details"].as_str().expect("a title");
    assert_eq!(title, "g5.xlarge never at work in 128 of the week's 168 hours, in 4 weeks");
    let evidence = finding["evidence"].as_str().expect("evidence");
    for said in ["stop Fri 17:00, start Mon 09:00 (64 h, UTC)", "stop Mon 17:00, start Tue 09:00 (16 h, UTC)"] {
        assert!(evidence.contains(said), "{said} in {evidence}");
    }
    let command = finding["command"].as_str().expect("a command");
    for said in ["ec2:stopInstances", "cron(0 17 ? * MON,TUE,WED,THU,FRI *)", "cron(0 9 ? * MON,TUE,WED,THU,FRI *)"] {
        assert!(command.contains(said), "{said} in {command}");
    }
    let map = place.at(4 * WEEK, &["advise", "-v"]).out;
    assert!(map.contains("ooooooooo########ooooooo"), "{map}");

    // One night of work, and its hour of the week is no more free.
    let (from, to) = (4 * WEEK, 4 * WEEK + 24);
    place.put(from..to, |at| works(at) || at == from + 3);
    place.at(to, &["track", "--region", REGION, "--signals"]);
    let after = place.advised(to).expect("the other nights are as they were");
    let title = after["details"].as_str().expect("a title");
    assert!(title.contains("in 127 of the week's 168 hours"), "{title}");
}
