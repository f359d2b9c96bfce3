//! The card against what AWS publishes, and against itself: known rates, whole families, marks where they belong.

use std::collections::{BTreeMap, BTreeSet};

use gpucost::catalog::{SnapshotRate, VolumeRate, VolumeType};
use rust_decimal::Decimal;

use crate::{Row, card, decimal, rows};

#[test]
fn an_on_demand_rate_is_within_reach_of_the_types_cheapest() {
    let mut cheapest: BTreeMap<String, Decimal> = BTreeMap::new();
    let priced: Vec<Row> =
        rows("on_demand_rates.csv").into_iter().filter(|row| !row["usd_per_hour"].is_empty()).collect();
    for row in &priced {
        let usd = row.decimal("usd_per_hour");
        let least = cheapest.entry(row["instance_type"].to_owned()).or_insert(usd);
        *least = usd.min(*least);
    }
    for row in priced.iter().filter(|row| row["mark"].is_empty()) {
        // The dearest are wavelength zones, 2.37 × us-east-1.
        let ratio = row.decimal("usd_per_hour") / cheapest[&row["instance_type"]];
        assert!(ratio < decimal("2.5"), "{}: {ratio} × the cheapest region", row.at);
    }
}

#[test]
fn a_volume_type_has_all_its_dimensions_where_it_is_sold() {
    for region in card().regions() {
        let has = |kind, rate| card().volume(&region.code, kind, rate).is_ok();
        let together = |kind, rates: &[VolumeRate]| {
            assert!(
                rates.iter().all(|rate| has(kind, *rate) == has(kind, VolumeRate::Storage)),
                "{} {kind}",
                region.code
            );
        };
        together(VolumeType::Gp3, &[VolumeRate::Iops, VolumeRate::Throughput]);
        together(VolumeType::Io1, &[VolumeRate::Iops]);
        together(VolumeType::Io2, &[VolumeRate::IopsTier1, VolumeRate::IopsTier2, VolumeRate::IopsTier3]);
    }
}

#[test]
fn every_family_asked_for_is_on_the_card() {
    let families: BTreeSet<&str> = card().instance_types().iter().map(|kind| kind.family()).collect();
    for family in "p2 p3 p3dn p4d p4de p5 p5e p5en p6-b200 p6-b300 g3 g3s g4dn g4ad g5 g5g g6 g6e g6f gr6 g7 g7e trn1 \
                   trn1n trn2 inf1 inf2 dl1 dl2q"
        .split_whitespace()
    {
        assert!(families.contains(family), "{family}");
    }
}

/// What AWS publishes for us-east-1, one of each family.
#[test]
fn us_east_1_has_the_published_rates() {
    let published = "p2.xlarge 0.90 p2.8xlarge 7.20 p2.16xlarge 14.40 p3.2xlarge 3.06 p3.8xlarge 12.24 p3.16xlarge 24.48 \
        p3dn.24xlarge 31.212 g3s.xlarge 0.75 g3.4xlarge 1.14 g3.8xlarge 2.28 g4dn.xlarge 0.526 g4ad.xlarge 0.37853 \
        g5.xlarge 1.006 g5.48xlarge 16.288 g5g.xlarge 0.42 g6.xlarge 0.8048 g6e.xlarge 1.861 inf1.xlarge 0.228 \
        inf2.xlarge 0.7582 trn1.2xlarge 1.34375 trn1.32xlarge 21.50 dl1.24xlarge 13.10904 p4d.24xlarge 21.957642 \
        p4de.24xlarge 27.44705 p5.48xlarge 55.04 p5.4xlarge 6.88 p5en.48xlarge 63.296 p6-b200.48xlarge 113.9328 \
        g7.2xlarge 2.52 g7e.2xlarge 3.36312";
    let words: Vec<&str> = published.split_whitespace().collect();
    for pair in words.chunks(2) {
        let rate = card().on_demand("us-east-1", pair[0]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((rate.usd.amount(), rate.provenance.mark), (decimal(pair[1]), None), "{}", pair[0]);
    }
}

#[test]
fn us_east_1_has_the_published_storage_rates() {
    let published = [
        (VolumeType::Gp2, VolumeRate::Storage, "0.10"),
        (VolumeType::Gp3, VolumeRate::Storage, "0.08"),
        (VolumeType::Gp3, VolumeRate::Iops, "0.005"),
        (VolumeType::Gp3, VolumeRate::Throughput, "40.96"),
        (VolumeType::Io1, VolumeRate::Storage, "0.125"),
        (VolumeType::Io1, VolumeRate::Iops, "0.065"),
        (VolumeType::Io2, VolumeRate::Storage, "0.125"),
        (VolumeType::Io2, VolumeRate::IopsTier1, "0.065"),
        (VolumeType::Io2, VolumeRate::IopsTier2, "0.0455"),
        (VolumeType::Io2, VolumeRate::IopsTier3, "0.03185"),
        (VolumeType::St1, VolumeRate::Storage, "0.045"),
        (VolumeType::Sc1, VolumeRate::Storage, "0.015"),
        (VolumeType::Standard, VolumeRate::Storage, "0.05"),
        (VolumeType::Standard, VolumeRate::IoRequest, "0.00000005"),
    ];
    for (volume_type, rate, usd) in published {
        let found = card().volume("us-east-1", volume_type, rate).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(found.usd.amount(), decimal(usd), "{volume_type} {}", rate.name());
    }
    for (rate, usd) in SnapshotRate::ALL.into_iter().zip(["0.05", "0.0125", "0.03", "0.0125", "0.75"]) {
        assert_eq!(card().snapshot("us-east-1", rate).expect("listed").usd.amount(), decimal(usd), "{}", rate.name());
    }
}

#[test]
fn stale_rates_say_so() {
    let mark = |region, name| card().on_demand(region, name).expect("listed").provenance.mark;
    assert_eq!(mark("sa-east-1", "p5.48xlarge").as_deref(), Some("stale: before the June 2025 cut"));
    assert_eq!(mark("us-east-1", "p5.48xlarge"), None);
    let marks = |region, name| -> BTreeSet<String> {
        card()
            .reserved(region, name)
            .into_iter()
            .map(|rate| rate.provenance.mark.expect("marked").into_owned())
            .collect()
    };
    assert_eq!(marks("us-east-1", "p2.xlarge"), ["stale: 2017".to_owned()].into());
    assert_eq!(marks("us-east-1", "g4dn.xlarge"), ["undated: commit date".to_owned()].into());
    let both = "stale: before the June 2025 cut; undated: commit date".to_owned();
    assert_eq!(marks("us-east-1", "p4d.24xlarge"), [both].into());
    // Nothing of before the cut is on the card unmarked.
    for row in rows("on_demand_rates.csv").iter().filter(|row| &row["as_of"] < "2025-06") {
        let was_cut = ["p4d.", "p4de.", "p5.", "p5en."].iter().any(|family| row["instance_type"].starts_with(family));
        assert!(!was_cut || row["mark"].starts_with("stale"), "{}", row.at);
    }
}
