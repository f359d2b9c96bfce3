//! Paid IOPS and throughput against what was used.

use gpucost::advice::{Action, Finding, Level, Thresholds};
use gpucost::ledger::{Fact, InstanceState, Series, Signal, Signals, VolumeSeen};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::asked::{choice, only};
use crate::facts::*;
use crate::signals::{advise, end, hour, last, of_rule, series_mut, signals};

const RULE: &str = "oversized-iops";
const LOOKBACK: i64 = 336;

fn volume_of(volume_type: &str, iops: u32, mibps: Option<u32>) -> Fact {
    let Fact::Volume(seen) = volume("vol-1", volume_type, 500).on("i-1", true).fact() else { unreachable!() };
    Fact::Volume(VolumeSeen { iops: Some(iops), throughput_mibps: mibps, ..seen })
}

fn running() -> Fact {
    instance("i-1", "g5.xlarge", InstanceState::Running).volume("vol-1", true).launched("2026-10-01T00:00:00Z").fact()
}

/// So many operations and MiB in the busiest five minutes of each hour.
fn used(ops: u64, mib: u64, hours: i64) -> Signals {
    signals(
        "vol-1",
        &[
            (Signal::VolumeOps, "", last(hours, &ops.to_string())),
            (Signal::VolumeBytes, "", last(hours, &(mib * 1_048_576).to_string())),
            (Signal::VolumeIdle, "", last(hours, "3240")),
        ],
    )
}

fn found(volume: Fact, told: &Signals) -> Option<Finding> {
    let findings = advise(&[running(), volume], std::slice::from_ref(told), &[], Thresholds::default());
    of_rule(&findings, RULE).cloned()
}

#[test]
fn io1_with_more_than_twice_what_was_used() {
    // 300,000 operations in five minutes are 1,000 a second.
    let told = used(300_000, 3000, LOOKBACK);
    let findings = advise(&[running(), volume_of("io1", 10_000, None)], &[told], &[], Thresholds::default());
    let finding = only(&findings, RULE);
    assert_eq!(finding.title, "io1 500 GB, 10,000 IOPS used at most 1,000 IOPS and 10 MiB/s over five minutes");
    // $0.065 an IOPS and month: 8,000 of them, 9,000 without headroom.
    assert_eq!(finding.saving_per_month.to_string(), "$520.00–$585.00");
    assert_eq!(finding.confidence.level, Level::High);
    assert_eq!(
        finding.recommended().expect("a way out").commands,
        ["aws ec2 modify-volume --region us-east-1 --volume-id vol-1 --iops 2000"]
    );
    assert_eq!(choice(finding, Action::Keep).per_month.to_string(), "$712.50");
    let evidence = finding.evidence.join("\n");
    assert!(
        evidence.contains("volume operations: 1,000 IOPS, the mean over the busiest five minutes of 336 h"),
        "{evidence}"
    );
    assert!(evidence.contains("volume idle time: 90 % of those hours"), "{evidence}");
    assert!(finding.risk.contains("shorter than five minutes are averaged"));
    let thresholds = Thresholds { headroom: 3, ..Thresholds::default() };
    let told = used(300_000, 3000, LOOKBACK);
    let findings = advise(&[running(), volume_of("io1", 10_000, None)], &[told], &[], thresholds);
    let least = only(&findings, RULE).recommended().expect("a way out");
    assert!(least.commands[0].ends_with("--iops 3000"), "{:?}", least.commands);
    assert_eq!(least.lost, "speed above 3 times what was used");
}

#[test]
fn gp3_keeps_what_is_free_and_what_its_throughput_needs() {
    let told = used(30_000, 15_000, LOOKBACK); // 100 IOPS, 50 MiB/s
    let finding = found(volume_of("gp3", 16_000, Some(1000)), &told).expect("a finding");
    assert_eq!(
        finding.recommended().expect("a way out").commands,
        ["aws ec2 modify-volume --region us-east-1 --volume-id vol-1 --iops 3000 --throughput 125"]
    );
    // $0.005 × 13,000 and $0.04 × 875: nothing more can be saved, whatever the headroom.
    assert_eq!(finding.saving_per_month.to_string(), "$100.00");
    // 480 MiB/s, twice 240, leave room for no fewer than 1,920 IOPS; 900 for no fewer than 3,600.
    let fast = found(volume_of("gp3", 16_000, Some(1000)), &used(30_000, 135_000, LOOKBACK)).expect("a finding");
    assert!(fast.recommended().expect("a way out").commands[0].ends_with("--iops 3600 --throughput 900"));
    assert!(found(volume_of("gp3", 3000, Some(125)), &told).is_none(), "nothing is paid for");
}

#[test]
fn what_is_needed_or_unknown_is_left_alone() {
    let io1 = || volume_of("io1", 2000, None);
    assert!(found(io1(), &used(300_000, 1, LOOKBACK)).is_none(), "half of it is used");
    assert!(found(io1(), &used(30_000, 1, LOOKBACK)).is_some());
    let mut gap = used(30_000, 1, LOOKBACK);
    series_mut(&mut gap, Signal::VolumeOps).remove(&(end() - 20));
    assert!(found(io1(), &gap).is_none(), "in the hour nobody knows it may have needed all");
    let mut stale = used(30_000, 1, LOOKBACK);
    stale.asked_at = at("2026-10-29T12:00:00Z");
    assert!(found(io1(), &stale).is_none());
    // Where the throughput is unknown, what is paid for it stays.
    let mut ops_alone = used(30_000, 1, LOOKBACK);
    ops_alone.series.retain(|(signal, _), _| *signal == Signal::VolumeOps);
    let finding = found(volume_of("gp3", 16_000, Some(1000)), &ops_alone).expect("IOPS can be lowered");
    assert!(finding.recommended().expect("a way out").commands[0].ends_with("--iops 4000 --throughput 1000"));
}

#[test]
fn hours_in_which_its_instance_stood_still_need_no_readings() {
    // It ran from noon of the 25th: six days.
    let facts = [
        instance("i-1", "g5.xlarge", InstanceState::Stopped)
            .launched("2026-10-01T00:00:00Z")
            .reason("User initiated (2026-10-02 00:00:00 GMT)")
            .seen("2026-10-20T12:00:00Z")
            .volume("vol-1", true)
            .fact(),
        instance("i-1", "g5.xlarge", InstanceState::Running)
            .launched("2026-10-25T12:00:00Z")
            .volume("vol-1", true)
            .fact(),
        volume_of("io1", 2000, None),
    ];
    let with = |hours: i64| {
        let findings = advise(&facts, &[used(30_000, 1, hours)], &[], Thresholds::default());
        of_rule(&findings, RULE).map(|finding| finding.confidence.level)
    };
    assert_eq!(with(6 * 24), Some(Level::Medium));
    assert_eq!(with(5 * 24), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn more_use_never_makes_it_appear_nor_saves_more(
        ops in 0..2_000_000_u64, mib in 0..200_000_u64, before in 0..LOOKBACK, more in 1..3_000_000_u32,
        kind in prop::sample::select(vec![("io1", 10_000, None), ("io2", 40_000, None), ("gp3", 16_000, Some(1000))]),
        gap in prop::option::of(0..LOOKBACK),
    ) {
        let mut told = used(ops, mib, LOOKBACK);
        let mut busier = told.clone();
        if let Some(hour) = series_mut(&mut busier, Signal::VolumeOps).get_mut(&(end() - 1 - before)) {
            hour.all.max += Decimal::from(more);
            hour.all.sum += Decimal::from(more);
        }
        let volume = || volume_of(kind.0, kind.1, kind.2);
        if let Some(less) = found(volume(), &busier) {
            let full = found(volume(), &told).expect("with less use it is one too");
            prop_assert!(less.saving_per_month.least() <= full.saving_per_month.least());
            prop_assert!(less.saving_per_month.least() <= less.saving_per_month.most());
        }
        if let Some(gap) = gap {
            let series: &mut Series = series_mut(&mut told, Signal::VolumeOps);
            series.remove(&(end() - 1 - gap));
            prop_assert!(kind.0 == "gp3" || found(volume(), &told).is_none());
            series_mut(&mut told, Signal::VolumeOps).insert(end() - 1 - gap, hour("0"));
        }
    }
}
