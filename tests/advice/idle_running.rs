//! Running and doing nothing: AWS's own criteria, each signal shown, and nothing unknown taken for idleness.

use gpucost::advice::{Finding, IdleThresholds, Level, Thresholds};
use gpucost::ledger::{Fact, Hour, InstanceState, JupyterSeen, Series, Signal, Signals, hour_start};
use jiff::ToSpan;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::asked::{only, shown, ways_out};
use crate::facts::*;
use crate::signals::{advise, end, hour, idle_gpu, jupyter, last, number, of_rule, series_mut, signals};

const RULE: &str = "idle-running";
/// 14 days.
const LOOKBACK: i64 = 336;

fn running(instance_type: &str) -> Fact {
    instance("i-1", instance_type, InstanceState::Running).launched("2026-10-01T00:00:00Z").fact()
}

fn found(told: &Signals, servers: &[JupyterSeen]) -> Option<Finding> {
    let findings = advise(&[running("g5.xlarge")], std::slice::from_ref(told), servers, Thresholds::default());
    of_rule(&findings, RULE).cloned()
}

#[test]
fn two_idle_weeks_are_a_finding_with_each_signal_shown() {
    let findings = advise(&[running("g5.xlarge")], &[idle_gpu("i-1", LOOKBACK)], &[], Thresholds::default());
    let finding = only(&findings, RULE);
    assert_eq!(finding.id, "idle-running:i-1");
    assert_eq!(finding.title, "g5.xlarge running idle for 336 h");
    // 336 h × $1.006 surely; what came before is not known, and may have been as idle.
    assert_eq!(shown(finding.accrued.as_ref()), "$338.02–$736.39");
    assert_eq!(finding.saving_per_month.to_string(), "$734.38");
    assert_eq!(finding.confidence.level, Level::High);
    assert_eq!(ways_out(finding)[1], ("stop", "$0.00".to_owned()));
    assert_eq!(finding.since, Some(hour_start(end() - LOOKBACK)));
    for line in [
        "GPU utilization: at most 0 %, at work in 0 h; known of 336 of 336 h from 2026-10-17 12:00 UTC to 2026-10-31 12:00 UTC",
        "GPU memory: at most 1.5 %",
        "CPU: at most 2.1 %",
        "network: 2.4 MB a day",
        "disk: unknown",
        "Jupyter: no server was named",
    ] {
        assert!(finding.evidence.iter().any(|said| said.starts_with(line)), "{line} in {:#?}", finding.evidence);
    }
}

#[test]
fn each_signal_that_is_active_or_unknown_forbids_the_finding() {
    assert!(found(&idle_gpu("i-1", LOOKBACK), &[]).is_some());
    for (signal, active) in [
        (Signal::GpuUtilization, "1"),
        (Signal::GpuMemory, "5"),
        (Signal::Cpu, "5"),
        (Signal::Network, "208334"), // 5 MB a day and some bytes
    ] {
        let mut told = idle_gpu("i-1", LOOKBACK);
        *series_mut(&mut told, signal) = last(LOOKBACK, active);
        assert!(found(&told, &[]).is_none(), "{signal} is active");
        told.series.retain(|(of, _), _| *of != signal);
        assert!(found(&told, &[]).is_none(), "{signal} is unknown");
        // A single hour of which nothing is known might have been all work; of a GPU's utilization AWS forgives 1 %.
        let mut told = idle_gpu("i-1", LOOKBACK);
        series_mut(&mut told, signal).remove(&(end() - 100));
        assert_eq!(found(&told, &[]).is_some(), signal == Signal::GpuUtilization, "an hour of {signal} is unknown");
    }
}

#[test]
fn a_gpu_may_work_one_percent_of_the_time() {
    let busy = |hours: i64| {
        let mut told = idle_gpu("i-1", LOOKBACK);
        for n in 0..hours {
            series_mut(&mut told, Signal::GpuUtilization).insert(end() - 50 - n, hour("80"));
        }
        found(&told, &[])
    };
    let finding = busy(3).expect("333 of 336 h are more than 99 %");
    // Since the last hour of work: from within it at the earliest, from its end at the latest.
    assert_eq!(finding.title, "g5.xlarge running idle for 49 h");
    assert_eq!(finding.saving_per_month.to_string(), "$727.82–$734.38");
    assert!(busy(4).is_none(), "332 of 336 h are not");
}

#[test]
fn work_in_the_last_hour_is_no_idleness() {
    let mut told = idle_gpu("i-1", LOOKBACK);
    series_mut(&mut told, Signal::GpuUtilization).insert(end() - 1, hour("99"));
    assert!(found(&told, &[]).is_none());
}

#[test]
fn every_gpu_must_be_heard_of() {
    let with = |parts: &[&str]| {
        let mut told = idle_gpu("i-1", LOOKBACK);
        for signal in [Signal::GpuUtilization, Signal::GpuMemory] {
            told.series.remove(&(signal, "0".to_owned()));
            for part in parts {
                told.series.insert((signal, (*part).to_owned()), last(LOOKBACK, "0"));
            }
        }
        let findings = advise(&[running("g5.12xlarge")], &[told], &[], Thresholds::default());
        of_rule(&findings, RULE).is_some()
    };
    assert!(with(&["0", "1", "2", "3"]));
    assert!(!with(&["0", "1", "2"]), "the fourth may be at work");
    assert!(with(&[""]), "a series of the whole instance is of all of them");
}

#[test]
fn cpu_alone_never_condemns_a_gpu_instance() {
    let told = signals("i-1", &[(Signal::Cpu, "", last(LOOKBACK, "0.1")), (Signal::Network, "", last(LOOKBACK, "0"))]);
    assert!(found(&told, &[]).is_none());
    // Nor does an idle notebook server with it.
    assert!(found(&told, &[jupyter("i-1", 400, 0)]).is_none());
    // An instance without accelerators has no more than that; one of an unknown type, or with others, may be at work.
    let of_type = |name: &str| {
        let findings = advise(&[running(name)], std::slice::from_ref(&told), &[], Thresholds::default());
        of_rule(&findings, RULE).is_some()
    };
    assert!(of_type("m5.large"));
    for unknown in ["trn1.2xlarge", "inf1.xlarge", "p99.48xlarge", "zz9.large"] {
        assert!(!of_type(unknown), "{unknown}");
    }
}

#[test]
fn jupyter_can_forbid_and_support_it() {
    let told = idle_gpu("i-1", LOOKBACK);
    let idle = found(&told, &[jupyter("i-1", 400, 0)]).expect("an idle server agrees");
    assert!(idle.confidence.why.ends_with("and Jupyter is idle"), "{}", idle.confidence.why);
    let line =
        "Jupyter: 0 of 2 kernels busy, last activity 2026-10-14 20:00 UTC, connections: 1 (http://lab.example:8888";
    assert!(idle.evidence.iter().any(|said| said.starts_with(line)), "{:#?}", idle.evidence);
    assert!(found(&told, &[jupyter("i-1", 400, 1)]).is_none(), "a busy kernel");
    assert!(found(&told, &[jupyter("i-1", 2, 0)]).is_none(), "used two hours ago");
    assert!(found(&told, &[jupyter("i-2", 2, 1)]).is_some(), "somebody else's");
    let silent = JupyterSeen { said: None, ..jupyter("i-1", 0, 0) };
    assert!(found(&told, &[silent]).is_none(), "it was named, and nobody knows what it does");
    let old = at(SEEN).checked_sub(48.hours()).expect("an instant");
    let stale = JupyterSeen { first_at: old, last_at: old, ..jupyter("i-1", 400, 0) };
    assert!(found(&told, &[stale]).is_none(), "it has not answered for two days");
    // A second server that is idle does not answer for the first.
    let other = JupyterSeen { server: "http://lab.example:9999".to_owned(), ..jupyter("i-1", 400, 0) };
    assert!(found(&told, &[jupyter("i-1", 2, 1), other]).is_none());
}

#[test]
fn what_was_asked_long_ago_is_unknown_now() {
    let asked = |hours: i64| {
        let mut told = idle_gpu("i-1", LOOKBACK + 30);
        told.asked_at = at(SEEN).checked_sub(hours.hours()).expect("an instant");
        found(&told, &[])
    };
    let finding = asked(26).expect("asked yesterday");
    assert_eq!(finding.last_seen, hour_start(end() - 26));
    assert!(asked(27).is_none());
}

#[test]
fn the_lookback_is_an_hour_at_least_and_short_looks_say_less() {
    let with = |lookback_hours: u32, hours: i64| {
        let idle = IdleThresholds { lookback_hours, ..IdleThresholds::default() };
        let thresholds = Thresholds { idle, ..Thresholds::default() };
        let findings = advise(&[running("g5.xlarge")], &[idle_gpu("i-1", hours)], &[], thresholds);
        of_rule(&findings, RULE).map(|finding| finding.confidence.level)
    };
    assert_eq!(with(1, 1), Some(Level::Low));
    assert_eq!(with(72, 72), Some(Level::Medium));
    assert_eq!(with(336, 336), Some(Level::High));
    assert_eq!(with(336, 335), None, "an hour of the lookback is unknown");
    // A younger instance is judged by the hours it has, a day at least.
    let since = |launched: &str, hours: i64| {
        let facts = [instance("i-1", "g5.xlarge", InstanceState::Running).launched(launched).fact()];
        let findings = advise(&facts, &[idle_gpu("i-1", hours)], &[], Thresholds::default());
        of_rule(&findings, RULE)
            .map(|finding| (finding.title.clone(), finding.confidence.level, shown(finding.accrued.as_ref())))
    };
    let since_start = Some(("g5.xlarge running idle for 24 h".to_owned(), Level::Low, "$24.14".to_owned()));
    assert_eq!(since("2026-10-30T12:00:00Z", 24), since_start);
    assert_eq!(since("2026-10-30T13:00:00Z", 23), None);
}

#[test]
fn hours_known_in_part_lower_the_confidence() {
    let mut told = idle_gpu("i-1", LOOKBACK);
    series_mut(&mut told, Signal::Cpu).values_mut().for_each(|hour| hour.slots = 0b0011_1111);
    let finding = found(&told, &[]).expect("each hour is known in part");
    assert_eq!(finding.confidence.level, Level::Medium);
    assert!(finding.confidence.why.contains("50 % of it known"), "{}", finding.confidence.why);
}

#[test]
fn a_stopped_instance_is_not_idle() {
    let facts = [instance("i-1", "g5.xlarge", InstanceState::Stopped).fact()];
    let findings = advise(&facts, &[idle_gpu("i-1", LOOKBACK)], &[], Thresholds::default());
    assert!(of_rule(&findings, RULE).is_none());
}

/// An idle fortnight with a few changes to it, most of them small: about half of them are findings.
fn nearly_idle() -> impl Strategy<Value = (Signals, Vec<JupyterSeen>)> {
    let changes = prop::collection::vec((0..4_usize, 0..340_i64, 0..6_u32), 0..3);
    let gaps = prop::collection::vec((0..4_usize, 0..340_i64, 0..0x1000_u16), 0..3);
    let servers = prop::collection::vec((0..800_i64, prop_oneof![9 => Just(0_u32), 1 => Just(1_u32)], 0..40_i64), 0..2);
    (changes, gaps, servers).prop_map(|(changes, gaps, servers)| {
        let mut told = idle_gpu("i-1", LOOKBACK + 10);
        for (which, before, most) in changes {
            series_mut(&mut told, SIGNALS[which]).insert(end() - 1 - before, hour(&most.to_string()));
        }
        for (which, before, slots) in gaps {
            let series = series_mut(&mut told, SIGNALS[which]);
            if slots == 0 {
                series.remove(&(end() - 1 - before));
            } else if let Some(hour) = series.get_mut(&(end() - 1 - before)) {
                hour.slots = slots;
            }
        }
        let seen = |(active, busy, asked): (i64, u32, i64)| {
            let asked = at(SEEN).checked_sub(asked.hours()).expect("an instant");
            JupyterSeen { first_at: asked, last_at: asked, ..jupyter("i-1", active.max(41), busy) }
        };
        (told, servers.into_iter().map(seen).collect())
    })
}

const SIGNALS: [Signal; 4] = [Signal::GpuUtilization, Signal::GpuMemory, Signal::Cpu, Signal::Network];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn more_activity_never_makes_a_finding_appear(
        (told, servers) in nearly_idle(), which in 0..4_usize, before in 0..346_i64, more in 1..10_000_000_u32, busy: bool,
    ) {
        let mut busier = told.clone();
        if let Some(hour) = series_mut(&mut busier, SIGNALS[which]).get_mut(&(end() - 1 - before)) {
            hour.all.max += Decimal::from(more);
            hour.all.sum += Decimal::from(more);
        }
        let mut at_work = servers.clone();
        if busy { at_work.push(JupyterSeen { server: "http://other.example".to_owned(), ..jupyter("i-1", 1, 1) }) }
        if found(&busier, &at_work).is_some() {
            prop_assert!(found(&told, &servers).is_some());
        }
    }

    #[test]
    fn what_becomes_unknown_never_makes_a_finding_appear(
        (told, servers) in nearly_idle(), which in 0..4_usize, from in 0..346_i64, length in 1..346_i64, silent: bool,
    ) {
        let mut unknown = told.clone();
        series_mut(&mut unknown, SIGNALS[which])
            .retain(|hour, _| !(end() - from - length..end() - from).contains(hour));
        let mut unheard = servers.clone();
        if silent { unheard.iter_mut().for_each(|seen| seen.said = None) }
        if found(&unknown, &unheard).is_some() {
            prop_assert!(found(&told, &servers).is_some());
        }
    }

    #[test]
    fn shorter_coverage_never_raises_the_confidence(
        (told, servers) in nearly_idle(), which in 0..4_usize, keep in 0..0x1000_u16, lookback in 1..=336_u32,
    ) {
        let thin = |read: &Hour| Hour { slots: read.slots & keep, ..*read };
        let mut thinner = told.clone();
        let thinned: Series = series_mut(&mut thinner, SIGNALS[which]).iter().map(|(at, read)| (*at, thin(read))).collect();
        *series_mut(&mut thinner, SIGNALS[which]) = thinned;
        let level = |told: &Signals, lookback_hours: u32| {
            let idle = IdleThresholds { lookback_hours, ..IdleThresholds::default() };
            let thresholds = Thresholds { idle, ..Thresholds::default() };
            let findings = advise(&[running("g5.xlarge")], std::slice::from_ref(told), &servers, thresholds);
            of_rule(&findings, RULE).map(|finding| finding.confidence.level)
        };
        if let (Some(thinner), Some(fuller)) = (level(&thinner, 336), level(&told, 336)) {
            prop_assert!(thinner <= fuller);
        }
        if let (Some(shorter), Some(longer)) = (level(&told, lookback), level(&told, 336)) {
            prop_assert!(shorter <= longer);
        }
    }

    /// The dollars since idleness began lie within those since the start, and their bounds are in order.
    #[test]
    fn bounds_are_in_order((told, servers) in nearly_idle()) {
        if let Some(finding) = found(&told, &servers) {
            let accrued = finding.accrued.expect("dollars");
            let (least, most) = (accrued.least().expect("a least"), accrued.most().expect("a most"));
            prop_assert!(least <= most);
            prop_assert!(most.amount() <= number("736.40"));
            prop_assert!(finding.saving_per_month.least() <= finding.saving_per_month.most());
        }
    }
}
