//! gp2 as gp3, and volumes that outlive their instance.

use gpucost::advice::Dollars;
use gpucost::ledger::InstanceState;

use crate::asked::*;
use crate::facts::*;

#[test]
fn gp3_is_matched_to_what_gp2_sustains() {
    // (GB, IOPS, MiB/s, saved): $0.02 a GB less $0.005 an IOPS above 3,000 and $0.04 a MiB/s above 125.
    let cases = [
        (75, 3000, 125, "1.5"),
        (170, 3000, 128, "3.28"),
        (500, 3000, 250, "5"),
        (2000, 6000, 250, "20"),
        (6000, 16_000, 250, "50"),
    ];
    for (size_gb, iops, mibps, saved) in cases {
        let facts = [volume("vol-1", "gp2", size_gb).on("i-9", true).fact()];
        let findings = advise(&facts, SEEN);
        let finding = only(&findings, "gp2-to-gp3");
        assert_eq!(finding.saving_per_month, Dollars::Exact(usd(saved)), "{size_gb} GB");
        assert_eq!(finding.accrued, None);
        assert_eq!(
            finding.recommended().unwrap().commands,
            [format!(
                "aws ec2 modify-volume --region us-east-1 --volume-id vol-1 --volume-type gp3 --iops {iops} \
                 --throughput {mibps}"
            )]
        );
    }
}

#[test]
fn gp2_saves_at_every_size_and_other_types_are_left_alone() {
    // In us-east-1 it always is: what 334 GB pay for 250 MiB/s, $5, is less than the $6.68 that storage saves.
    for size_gb in 1..=400 {
        let facts = [volume("vol-1", "gp2", size_gb).on("i-9", true).fact()];
        let saved = usd("0.02").amount() * rust_decimal::Decimal::from(size_gb);
        let paid = (size_gb * 3).max(100).div_ceil(4).min(if size_gb <= 170 { 128 } else { 250 }).saturating_sub(125);
        let saved = saved - usd("0.04").amount() * rust_decimal::Decimal::from(paid);
        let findings = advise(&facts, SEEN);
        assert!(saved > rust_decimal::Decimal::ZERO);
        assert_eq!(only(&findings, "gp2-to-gp3").saving_per_month, Dollars::Exact(gpucost::money::Usd::new(saved)));
    }
    let other =
        ["gp3", "io1", "io2", "st1", "sc1", "standard"].map(|kind| volume("vol-1", kind, 500).on("i-9", true).fact());
    for fact in other {
        assert_eq!(ids(&advise(&[fact], SEEN)), [""; 0]);
    }
    let unknown = [volume("vol-1", "gp2", 500).region("mars-north-1").on("i-9", true).fact()];
    let findings = advise(&unknown, SEEN);
    assert_eq!(shown(Some(&only(&findings, "gp2-to-gp3").saving_per_month)), "unknown");
}

#[test]
fn a_surviving_volume_is_a_warning() {
    let facts = [
        instance("i-1", "g5.xlarge", InstanceState::Running)
            .launched("2026-10-31T11:00:00Z")
            .volume("vol-root", true)
            .volume("vol-data", false)
            .fact(),
        volume("vol-root", "gp3", 100).on("i-1", true).fact(),
        volume("vol-data", "gp3", 500).on("i-1", false).fact(),
    ];
    let findings = advise(&facts, SEEN);
    assert_eq!(ids(&findings), ["volume-survives-termination:vol-data"]);
    let finding = &findings[0];
    assert_eq!(finding.saving_per_month, Dollars::ZERO);
    assert_eq!(finding.accrued, None);
    assert_eq!(ways_out(finding), pairs(&[("keep", "$40.00"), ("delete-on-termination", "$0.00")]));
    assert_eq!(
        finding.recommended().unwrap().commands,
        [
            r#"aws ec2 modify-instance-attribute --region us-east-1 --instance-id i-1 --block-device-mappings '[{"DeviceName":"/dev/sdf","Ebs":{"DeleteOnTermination":true}}]'"#
        ]
    );
}
