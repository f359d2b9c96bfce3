//! CloudWatch's readings, through the ledger, to advice.

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::peers::{Aws, first};
use crate::program::{Lab, Ran};

const REGION: &str = "us-east-1";
/// Since the instance was started.
const HOURS: i64 = 30;

/// An account with an instance that was started 30 hours ago, a fast volume on it, and what both do.
struct Place {
    aws: Aws,
    lab: Lab,
    instance: String,
    volume: String,
    now: Timestamp,
}

impl Place {
    fn new() -> Place {
        let (aws, lab, now) = (Aws::private(), Lab::new(), Timestamp::now());
        aws.set_clock(now.checked_sub(HOURS.hours()).expect("an instant"));
        let instance = aws.run_instance(REGION, "g5.xlarge");
        let made = [("Size", "200"), ("VolumeType", "io1"), ("Iops", "5000"), ("AvailabilityZone", "us-east-1a")];
        let volume = first(&aws.ec2(REGION, "CreateVolume", &made), "volumeId");
        let on = [("VolumeId", volume.as_str()), ("InstanceId", instance.as_str()), ("Device", "/dev/sdf")];
        aws.ec2(REGION, "AttachVolume", &on);
        aws.set_clock(now);
        Place { aws, lab, instance, volume, now }
    }

    /// A value at the start of each hour since the instance's: one later in the hour might not have come yet.
    fn put(&self, namespace: &str, metric: &str, dimensions: &[(&str, &str)], value: &str) {
        let hour = self.now.as_second() - self.now.as_second().rem_euclid(3600);
        let mut params = vec![("Namespace".to_owned(), namespace.to_owned())];
        for n in 0..=HOURS {
            let at = Timestamp::from_second(hour - n * 3600).expect("an instant");
            let member = format!("MetricData.member.{}", n + 1);
            params.push((format!("{member}.MetricName"), metric.to_owned()));
            params.push((format!("{member}.Value"), value.to_owned()));
            params.push((format!("{member}.Timestamp"), at.to_string()));
            for (d, (name, value)) in (1..).zip(dimensions) {
                params.push((format!("{member}.Dimensions.member.{d}.Name"), (*name).to_owned()));
                params.push((format!("{member}.Dimensions.member.{d}.Value"), (*value).to_owned()));
            }
        }
        let params: Vec<(&str, &str)> = params.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        self.aws.query(REGION, "monitoring", "PutMetricData", &params);
    }

    fn idle(&self) {
        let instance = [("InstanceId", self.instance.as_str())];
        self.put("AWS/EC2", "CPUUtilization", &instance, "1.25");
        self.put("AWS/EC2", "NetworkIn", &instance, "30000");
        self.put("AWS/EC2", "NetworkOut", &instance, "20000");
        let volume = [("VolumeId", self.volume.as_str())];
        for (metric, value) in [
            ("VolumeReadOps", "3000"),
            ("VolumeWriteOps", "30000"),
            ("VolumeReadBytes", "1048576"),
            ("VolumeWriteBytes", "1048576"),
            ("VolumeIdleTime", "290"),
        ] {
            self.put("AWS/EBS", metric, &volume, value);
        }
    }

    fn gpu(&self, utilization: &str) {
        let gpu = [
            ("InstanceId", self.instance.as_str()),
            ("index", "0"),
            ("name", "NVIDIA A10G"),
            ("arch", "Ampere"),
            ("host", "ip-10-0-0-1"),
        ];
        self.put("CWAgent", "nvidia_smi_utilization_gpu", &gpu, utilization);
        self.put("CWAgent", "nvidia_smi_utilization_memory", &gpu, "0");
        self.put("CWAgent", "nvidia_smi_memory_used", &gpu, "230");
        self.put("CWAgent", "nvidia_smi_memory_total", &gpu, "23028");
    }

    fn run(&self, args: &[&str]) -> Ran {
        let ran = Ran::of(&mut self.aws.gpucost(&self.lab, args));
        assert!(!ran.err.contains("panicked"), "{ran:?}");
        ran
    }

    #[track_caller]
    fn ok(&self, args: &[&str]) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(0), "{args:?}: {ran:?}");
        ran
    }

    fn track(&self) {
        self.ok(&["track", "--region", REGION]);
    }

    fn signals(&self, args: &[&str]) -> Ran {
        self.run(&[&["track", "signals", "--region", REGION, "--days", "2", "-o", "json"], args].concat())
    }

    fn finding(&self, rule: &str) -> Option<Value> {
        let said: Value = serde_json::from_str(&self.ok(&["advise", "-o", "json"]).out).expect("JSON");
        rows(&said["findings"]).into_iter().find(|finding| finding["rule"] == rule)
    }
}

fn rows(table: &Value) -> Vec<Value> {
    table["rows"].as_array().or_else(|| table.as_array()).cloned().unwrap_or_default()
}

fn row_of(ran: &Ran, resource: &str) -> Value {
    let said: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:?}"));
    let table = if said.get("signals").is_some() { &said["signals"] } else { &said };
    let found = rows(table).into_iter().find(|row| row["resource"] == resource);
    found.unwrap_or_else(|| panic!("no {resource} in {said}"))
}

#[test]
fn what_is_put_is_recorded_once_and_advised_on() {
    let place = Place::new();
    place.idle();
    place.gpu("0");
    place.track();
    let first = place.signals(&[]);
    assert_eq!(first.code, Some(0), "{first:?}");
    // 7 of the instance, 4 of its GPU, 5 of the volume.
    assert!(first.err.contains("asking for 16 metrics costs about $0.00016"), "{}", first.err);
    let told = row_of(&first, &place.instance);
    assert_eq!(told["gpus"], "1", "{told}");
    assert_eq!(told["gpu_hours"], "31", "{told}");
    assert_eq!(told["disk_hours"], Value::Null, "nobody put any: unknown, not 0");
    assert_ne!(told["new_hours"], "0");
    let again = place.signals(&[]);
    assert_eq!(row_of(&again, &place.instance)["new_hours"], "0", "{again:?}");
    assert_eq!(row_of(&again, &place.volume)["new_hours"], "0", "{again:?}");

    let idle = place.finding("idle-running").expect("it does nothing");
    assert_eq!(idle["finding"], format!("idle-running:{}", place.instance).as_str());
    assert_eq!(idle["confidence"], "low", "it was looked at for little more than a day: {idle}");
    let evidence = idle["evidence"].as_str().expect("evidence");
    for said in
        ["GPU utilization: at most 0 %", "GPU memory: at most 0.999 %", "CPU: at most 1.25 %", "network: 1.2 MB a day"]
    {
        assert!(evidence.contains(said), "{said} in {evidence}");
    }
    // 33,000 operations in the busiest five minutes are 110 a second, twice that is enough.
    let fast = place.finding("oversized-iops").expect("5,000 IOPS are paid for");
    let command = format!("aws ec2 modify-volume --region us-east-1 --volume-id {} --iops 220", place.volume);
    assert_eq!(fast["command"], command.as_str());

    // With work on the GPU the instance is idle no more; `track --signals` asks about what came since alone.
    place.gpu("97");
    let tracked = place.ok(&["track", "--region", REGION, "--signals", "-o", "json"]);
    assert_ne!(row_of(&tracked, &place.instance)["gpus"], "0");
    let evidence = place.finding("idle-running");
    assert!(evidence.is_none(), "{evidence:?}");
}

#[test]
fn a_gpu_that_nobody_reports_is_never_idle() {
    let place = Place::new();
    place.idle();
    place.track();
    let ran = place.signals(&[]);
    assert_eq!(row_of(&ran, &place.instance)["gpu_hours"], Value::Null);
    assert!(place.finding("idle-running").is_none());
    // Metrics that name no instance are said to be of no use.
    place.put("CWAgent", "nvidia_smi_utilization_gpu", &[("host", "ip-10-0-0-1"), ("index", "0")], "0");
    let ran = place.signals(&[]);
    assert!(ran.out.contains("GPU metrics name no InstanceId"), "{ran:?}");
}

#[test]
fn what_costs_too_much_is_not_asked() {
    let place = Place::new();
    place.track();
    let ran = place.signals(&["--max-usd", "0.0001"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("12 metrics cost about $0.00012") && ran.err.contains("hint: --max-usd"), "{ran:?}");
    assert!(place.aws.calls().iter().all(|call| call.action != "GetMetricData"));
}

#[test]
fn what_the_policy_refuses_is_named_and_the_rest_goes_on() {
    let place = Place::new();
    place.idle();
    place.gpu("0");
    place.track();
    place
        .aws
        .misbehave(json!({ "mode": "access_denied", "service": "cloudwatch", "action": "ListMetrics", "times": 9 }));
    let ran = place.signals(&[]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.err.contains("allows `cloudwatch:ListMetrics`"), "{ran:?}");
    let told = row_of(&ran, &place.instance);
    assert!(told["cpu_hours"].is_string() && told["gpu_hours"].is_null(), "{told}");
    assert!(place.finding("idle-running").is_none(), "an unknown GPU is no idle one");

    let place = Place::new();
    place.track();
    place
        .aws
        .misbehave(json!({ "mode": "access_denied", "service": "cloudwatch", "action": "GetMetricData", "times": 9 }));
    let ran = place.signals(&[]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("allows `cloudwatch:GetMetricData`"), "{ran:?}");
}

#[test]
fn throttling_is_waited_out_and_a_broken_answer_is_no_answer() {
    let place = Place::new();
    place.idle();
    place.track();
    place.aws.misbehave(json!({ "mode": "throttle", "service": "cloudwatch", "action": "GetMetricData", "times": 2 }));
    let ran = place.signals(&[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(row_of(&ran, &place.instance)["cpu_hours"].is_string());
    place.aws.misbehave(json!({ "mode": "html500", "service": "cloudwatch", "action": "GetMetricData", "times": 99 }));
    let ran = place.signals(&[]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("cloudwatch:GetMetricData in us-east-1") && !ran.err.contains('<'), "{ran:?}");
}

#[test]
fn nothing_that_runs_is_nothing_to_ask() {
    let (aws, lab) = (Aws::start(), Lab::new());
    let ran = Ran::of(&mut aws.gpucost(&lab, &["track", "signals"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("`gpucost track` looks"), "{ran:?}");
    assert_eq!(aws.calls(), []);
    for (args, says) in
        [(&["--offline"][..], "--offline forbids it"), (&["--as-of", "2026-10-01"][..], "--as-of names another time")]
    {
        let ran = lab.run(&[&["track", "signals"], args].concat());
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains(says), "{ran:?}");
    }
}
