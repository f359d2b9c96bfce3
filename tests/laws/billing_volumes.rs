//! Volumes and snapshots: GB-months of the calendar month, provisioned performance, tiers.

use gpucost::billing::{Bill, bill};
use gpucost::catalog::RateCard;
use gpucost::ledger::{Fact, InstanceSeen, Meter, Noted, Phase, SnapshotSeen, VolumeSeen};
use gpucost::money::Usd;
use gpucost::quantity::Unit;
use rust_decimal::Decimal;

use crate::facts::{
    LATER, at, attachment, bill_of, cost, dec, ledger, month, note, quantity, snapshot, stopped, usd, volume,
    volume_note, volume_seen, why_unrated,
};

fn held(spec: &str, start: &str, end: &str, of: &str) -> Bill {
    bill_of([Fact::Noted(volume_note("vol-1", spec, start, end))], of)
}

/// A described volume held for all of October, in meters: (meter, amount-months, cost).
fn october(seen: VolumeSeen) -> Vec<(Meter, Decimal, String)> {
    let lives = [
        Fact::Volume(VolumeSeen { seen_at: at("2026-10-15"), ..seen.clone() }),
        Fact::Volume(VolumeSeen { seen_at: at("2026-11-01"), ..seen }),
    ];
    let bill = bill(&ledger(lives, "2026-11-01"), RateCard::shipped(), month("2026-10"));
    let mut meters: Vec<(Meter, String)> = bill.line_items.iter().map(|l| (l.meter, l.subject.clone())).collect();
    meters.sort();
    meters.dedup();
    let of = |(meter, subject): (Meter, String)| {
        let lines: Vec<_> = bill.line_items.iter().filter(|l| l.meter == meter && l.subject == subject).collect();
        (meter, quantity(lines.iter().copied()), cost(lines).to_string())
    };
    meters.into_iter().map(of).collect()
}

fn provisioned(volume_type: &str, iops: u32, throughput: Option<u32>) -> Vec<(Meter, Decimal, String)> {
    let seen = volume_seen("vol-1", "2026-10-01", LATER);
    let volume_type = volume_type.to_owned();
    october(VolumeSeen {
        volume_type: volume_type.into(),
        iops: Some(iops),
        throughput_mibps: throughput,
        attached_to: None,
        ..seen
    })
}

#[test]
fn a_whole_month_is_the_whole_rate_whatever_its_length() {
    for (of, end, days) in [
        ("2026-02", "2026-03-01", 28),
        ("2028-02", "2028-03-01", 29),
        ("2026-09", "2026-10-01", 30),
        ("2026-10", "2026-11-01", 31),
    ] {
        let row = volume_note("vol-1", "gp2:75", &format!("{of}-01"), end);
        let bill = bill(&ledger([Fact::Noted(row)], "2029-01-01"), RateCard::shipped(), month(of));
        assert_eq!(bill.line_items.len(), days, "{of}");
        assert_eq!(quantity(&bill.line_items), dec("75"), "{of}: 75 GB-months to the last digit");
        assert_eq!(bill.total().to_string(), "$7.50", "{of}");
        assert!((bill.total() - usd("7.5")).amount().abs() <= dec("0.0000000031"), "{of}: {}", bill.total().exact());
        assert!(bill.line_items.iter().all(|line| line.quantity.is_some_and(|q| q.amount.scale() <= 10)));
    }
}

#[test]
fn an_hour_of_a_gigabyte_in_september_is_a_720th() {
    let bill = held("gp2:1", "2026-09-01", "2026-09-01T01:00:00Z", "2026-09");
    assert_eq!(quantity(&bill.line_items), dec("0.0013888889"));
    assert_eq!(bill.total(), usd("0.0001388889"));
}

#[test]
fn a_volume_bills_sixty_seconds_at_least() {
    let seconds = |end: &str| quantity(&held("gp2:1000", "2026-09-05", end, "2026-09").line_items);
    // 1,000 GB × 60 s / 2,592,000 s
    let minimum = dec("0.0231481481");
    let near = |amount: Decimal| (amount - minimum).abs() <= dec("0.0000000001");
    assert!(near(seconds("2026-09-05T00:00:01Z")) && near(seconds("2026-09-05T00:01:00Z")));
    assert!(seconds("2026-09-05T00:01:01Z") > dec("0.0235"));
}

#[test]
fn the_minimum_of_a_volume_is_shared_between_running_and_stopped() {
    let row = Noted {
        hours_per_day: Some(dec("12")),
        volumes: vec![volume("vol-1", "gp2:1000")],
        ..note("2026-09-05", "2026-09-05T00:00:10Z")
    };
    let bill = bill_of([Fact::Noted(row)], "2026-09");
    let storage = bill.line_items.iter().filter(|line| line.meter == Meter::VolumeStorage);
    assert!((quantity(storage) - dec("0.0231481481")).abs() <= dec("0.0000000002"));
}

#[test]
fn rows_that_touch_are_one_volume_with_one_minimum() {
    let row = |start: &str, end: &str| Fact::Noted(volume_note("vol-1", "gp2:1000", start, end));
    let (a, b, c) = ("2026-09-05T00:00:00Z", "2026-09-05T00:00:10Z", "2026-09-05T00:00:20Z");
    let cut = quantity(&bill_of([row(a, b), row(b, c)], "2026-09").line_items);
    assert_eq!(cut, quantity(&bill_of([row(a, c)], "2026-09").line_items));
}

#[test]
fn a_volume_bills_the_same_running_and_stopped() {
    let row = Noted {
        hours_per_day: Some(dec("2")),
        volumes: vec![volume("vol-1", "gp2:75")],
        ..note("2026-10-01", "2026-11-01")
    };
    let bill = bill_of([Fact::Noted(row)], "2026-10");
    let of = |phase| {
        let lines =
            bill.line_items.iter().filter(move |line| line.phase == phase && line.meter == Meter::VolumeStorage);
        (quantity(lines.clone()), cost(lines).to_string())
    };
    assert_eq!(of(Phase::Running), (dec("6.25"), "$0.62".to_owned()), "2/24 of $7.50");
    assert_eq!(of(Phase::Stopped), (dec("68.75"), "$6.88".to_owned()));
}

#[test]
fn gp3_bills_what_is_above_its_baseline() {
    let storage = (Meter::VolumeStorage, dec("100"), "$8.00".to_owned());
    assert_eq!(provisioned("gp3", 3000, Some(125)), std::slice::from_ref(&storage));
    assert_eq!(
        provisioned("gp3", 4000, Some(250)),
        [
            storage.clone(),
            (Meter::VolumeIops, dec("1000"), "$5.00".to_owned()),
            // 125 MiB/s at $0.04: the card has the GiB/s-month, 1,024 times as much.
            (Meter::VolumeThroughput, dec("0.1220703125"), "$5.00".to_owned()),
        ]
    );
    assert_eq!(provisioned("gp3", 3002, None), [storage, (Meter::VolumeIops, dec("2"), "$0.01".to_owned())]);
    let shipped = RateCard::shipped().volume("us-west-2", gpucost::catalog::VolumeType::Gp3, throughput());
    assert_eq!(shipped.map(|rate| (rate.usd, rate.unit)), Ok((usd("40.96"), Unit::GibpsMonth)));
}

fn throughput() -> gpucost::catalog::VolumeRate {
    gpucost::catalog::VolumeRate::Throughput
}

#[test]
fn io1_bills_all_its_iops() {
    assert_eq!(
        provisioned("io1", 2000, None),
        [
            (Meter::VolumeStorage, dec("100"), "$12.50".to_owned()),
            (Meter::VolumeIops, dec("2000"), "$130.00".to_owned())
        ]
    );
}

#[test]
fn unknown_iops_are_not_zero_iops() {
    for (volume_type, total) in [("io1", "$12.50"), ("io2", "$12.50")] {
        let seen = VolumeSeen {
            volume_type: volume_type.to_owned().into(),
            iops: None,
            attached_to: None,
            ..volume_seen("vol-1", "2026-10-01", "2026-11-01")
        };
        let bill = bill(&ledger([Fact::Volume(seen)], "2026-11-01"), RateCard::shipped(), month("2026-10"));
        assert_eq!(bill.total().to_string(), total);
        assert!(bill.is_lower_bound(), "{volume_type}: ≥ {total}");
        let unrated: Vec<_> = bill.unrated().collect();
        assert_eq!(unrated.len(), 31, "a line a day");
        for (line, why) in unrated {
            assert_eq!((line.meter, why), (Meter::VolumeIops, "its IOPS are unknown"));
            assert_eq!((line.subject.as_str(), line.quantity), (&*format!("{volume_type} IOPS"), None));
        }
    }
}

#[test]
fn io2_bills_its_iops_in_three_tiers() {
    let tiers = |iops| {
        let mut tiers: Vec<(Decimal, String)> = provisioned("io2", iops, None)
            .into_iter()
            .filter(|(meter, ..)| *meter == Meter::VolumeIops)
            .map(|(_, amount, cost)| (amount, cost))
            .collect();
        tiers.sort_by_key(|tier| std::cmp::Reverse(tier.0));
        tiers
    };
    let full = |cost: &str| (dec("32000"), cost.to_owned());
    let one = |cost: &str| (dec("1"), cost.to_owned());
    assert_eq!(tiers(32_000), [full("$2,080.00")]);
    assert_eq!(tiers(32_001), [full("$2,080.00"), one("$0.05")]);
    let mut two = tiers(64_000);
    two.sort();
    assert_eq!(two, [full("$1,456.00"), full("$2,080.00")]);
    let mut three = tiers(64_001);
    three.sort();
    assert_eq!(three, [one("$0.03"), full("$1,456.00"), full("$2,080.00")]);
}

#[test]
fn types_whose_performance_comes_with_the_size_bill_storage_alone() {
    for (volume_type, cost) in [("gp2", "$10.00"), ("st1", "$4.50"), ("sc1", "$1.50"), ("standard", "$5.00")] {
        // AWS reports IOPS of gp2 as well: they are not charged.
        assert_eq!(provisioned(volume_type, 300, None), [(Meter::VolumeStorage, dec("100"), cost.to_owned())]);
    }
}

#[test]
fn a_volume_that_cannot_be_priced_says_why() {
    let alone = |seen: VolumeSeen| {
        let seen = VolumeSeen { created_at: at("2026-10-31"), attached_to: None, ..seen };
        bill(&ledger([Fact::Volume(seen)], "2026-11-01"), RateCard::shipped(), month("2026-10"))
    };
    let seen = || volume_seen("vol-1", "2026-10-31", "2026-11-01");
    let unknown = alone(VolumeSeen { volume_type: "gp9".into(), ..seen() });
    assert_eq!(why_unrated(&unknown), "gpucost does not know the volume type `gp9`");
    let elsewhere = alone(VolumeSeen { region: "mars-north-1".to_owned(), ..seen() });
    assert_eq!(why_unrated(&elsewhere), "`mars-north-1` is no region or zone of the rate card");
    let attached = InstanceSeen {
        volumes: vec![attachment("vol-9", None)].into(),
        ..stopped("2026-10-31", "User initiated (2026-10-31 00:01:00 GMT)", "2026-10-31T02:00:00Z")
    };
    let unsized_volume = bill_of([Fact::Instance(attached)], "2026-11");
    assert!(unsized_volume.line_items.iter().all(|line| line.quantity.is_none() && line.charge.cost().is_none()));
    assert_eq!(unsized_volume.line_items.len(), 30, "after its sight too it is unknown, not free");
    let why = "its size is unknown: import `aws ec2 describe-volumes` too";
    assert!(unsized_volume.unrated().all(|(_, told)| told == why));
}

#[test]
fn a_snapshot_is_an_upper_bound_that_no_total_holds() {
    let of = |seen: SnapshotSeen| bill_of([Fact::Snapshot(seen)], "2026-10");
    let standard = of(snapshot("2026-10-01", "2026-10-09"));
    assert_eq!((standard.total(), standard.possible().to_string()), (Usd::ZERO, "$25.00".to_owned()));
    assert_eq!(standard.line_items[0].subject, "snapshot, at most 500 GB");
    let archived = of(SnapshotSeen { archived: true, ..snapshot("2026-10-01", "2026-10-09") });
    assert_eq!(archived.possible().to_string(), "$6.25");
    let tiny = of(SnapshotSeen { full_size_bytes: Some(1), ..snapshot("2026-10-01", "2026-10-09") });
    assert_eq!(tiny.line_items[0].subject, "snapshot, at most 0.001 GB", "a bound is rounded up");
}
