//! Facts of every kind, plausible and absurd: clocks at the ends of time, sizes of 2^32, days of -5 hours.

use gpucost::ledger::{
    AddressSeen, Change, Fact, InstanceSeen, InstanceState, Noted, Purchase, ResourceChanged, ResourceGone,
    ResourceKind, SnapshotSeen, VolumeAttachment, VolumeSeen,
};
use gpucost::money::Usd;
use jiff::Timestamp;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use rust_decimal::Decimal;

use crate::facts::{address, at, attachment, note, seen, snapshot, volume, volume_seen};

/// Times where things happen, and the ends of time itself.
pub fn timestamp() -> impl Strategy<Value = Timestamp> {
    let (from, until) = (at("2026-09-28").as_second(), at("2026-11-03").as_second());
    let second = |second: i64| Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
    prop_oneof![
        8 => (from..until).prop_map(second),
        2 => (from..until, 1..999_999_999_i32).prop_map(|(s, n)| Timestamp::new(s, n).unwrap_or(Timestamp::MAX)),
        1 => (Timestamp::MIN.as_second()..Timestamp::MAX.as_second()).prop_map(second),
        1 => select(vec![Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH, at("2026-10-01"), at("2026-11-01")]),
    ]
}

fn decimal() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        4 => (0..2_400_i64).prop_map(|cents| Decimal::new(cents, 2)),
        1 => (any::<i64>(), 0..19_u32).prop_map(|(digits, scale)| Decimal::new(digits, scale)),
        1 => select(vec![Decimal::MAX, Decimal::MIN, Decimal::ZERO, Decimal::NEGATIVE_ONE, Decimal::new(1, 28)]),
    ]
}

/// Few names, so that facts meet.
fn name(prefix: &'static str) -> impl Strategy<Value = String> {
    (0..3_u8).prop_map(move |n| format!("{prefix}-{n}"))
}

fn region() -> impl Strategy<Value = String> {
    select(vec!["us-west-2", "us-east-1", "eu-west-1", "mars-north-1", ""]).prop_map(str::to_owned)
}

/// Where one is, it mostly stays.
fn region_of(id: &str, other: Option<String>) -> String {
    let place = ["us-west-2", "us-east-1", "mars-north-1"].into_iter().zip("012".chars());
    other.unwrap_or_else(|| place.filter(|(_, n)| id.ends_with(*n)).map(|(region, _)| region.to_owned()).collect())
}

fn elsewhere() -> impl Strategy<Value = Option<String>> {
    option::weighted(0.05, region())
}

fn instance_type() -> impl Strategy<Value = String> {
    select(vec!["p2.xlarge", "g5.xlarge", "t3.large", "", "p5.48xlarge"]).prop_map(str::to_owned)
}

fn platform() -> impl Strategy<Value = String> {
    select(vec!["", "Linux/UNIX", "Windows", "SUSE Linux"]).prop_map(str::to_owned)
}

fn purchase() -> impl Strategy<Value = Purchase> {
    select(vec![Purchase::OnDemand, Purchase::Spot, Purchase::Committed, Purchase::Other])
}

fn reason() -> impl Strategy<Value = String> {
    prop_oneof![
        timestamp().prop_map(|at| at.strftime("User initiated (%Y-%m-%d %H:%M:%S GMT)").to_string()),
        "[ -~]{0,30}",
        Just(String::new()),
    ]
}

fn noted() -> impl Strategy<Value = Fact> {
    let spec = select(vec!["gp2:75", "gp3:500:4000:250", "io1:100:2000", "io2:64000:256000", "standard:1"]);
    let who = (region(), prop_oneof![name("i"), Just(String::new())], option::of(instance_type()), purchase());
    let when = (timestamp(), option::of(timestamp()), timestamp());
    let what = (option::of(decimal()), option::of((name("vol"), spec)), any::<bool>(), option::of(decimal()));
    (who, when, what).prop_map(|((region, id, kind, purchase), (start, end, noted_at), (hours, held, public, usd))| {
        Fact::Noted(Noted {
            region,
            instance_id: id,
            instance_type: kind,
            purchase,
            start,
            end,
            noted_at,
            hours_per_day: hours,
            volumes: held.iter().map(|(id, spec)| volume(id, spec)).collect(),
            public_ipv4: public,
            usd_per_hour: usd.map(Usd::new),
            ..note("2026-10-01", "2026-10-02")
        })
    })
}

fn instance() -> impl Strategy<Value = Fact> {
    use InstanceState::{Pending, Running, ShuttingDown, Stopped, Stopping, Terminated};
    let state = select(vec![Pending, Running, Stopping, Stopped, ShuttingDown, Terminated]);
    let who = (elsewhere(), name("i"), instance_type(), platform(), purchase());
    let when = (timestamp(), timestamp(), reason());
    let what = (option::of(name("vol")), option::of(timestamp()), any::<bool>());
    (who, state, when, what).prop_map(
        |((other, instance_id, instance_type, platform, purchase), state, (launch, seen_at, reason), what)| {
            let region = region_of(&instance_id, other);
            let attached = |volume_id: String| VolumeAttachment { attached_at: what.1, ..attachment(&volume_id, None) };
            Fact::Instance(InstanceSeen {
                region,
                instance_id,
                instance_type,
                platform,
                purchase,
                launch_time: launch,
                seen_at,
                reason,
                public_ip: what.2.then(|| "203.0.113.7".to_owned()),
                volumes: what.0.clone().into_iter().map(attached).collect(),
                ..seen(state, "2026-10-01", "2026-10-02")
            })
        },
    )
}

fn volume_sight() -> impl Strategy<Value = Fact> {
    let kind = select(vec!["gp2", "gp3", "io1", "io2", "st1", "gp9", ""]);
    let shape = (kind, any::<u32>(), option::of(any::<u32>()), option::of(any::<u32>()));
    (elsewhere(), name("vol"), shape, option::of(name("i")), timestamp(), timestamp()).prop_map(
        |(other, volume_id, (kind, size_gb, iops, throughput_mibps), instance, created_at, seen_at)| {
            let region = region_of(&volume_id, other);
            Fact::Volume(VolumeSeen {
                region,
                volume_id,
                volume_type: kind.to_owned().into(),
                size_gb,
                iops,
                throughput_mibps,
                attached_to: instance.map(|id| (id, true)),
                created_at,
                seen_at,
                ..volume_seen("vol-0", "2026-10-01", "2026-10-02")
            })
        },
    )
}

fn other() -> impl Strategy<Value = Fact> {
    let address = (name("eip"), option::of(name("i")), any::<bool>(), timestamp()).prop_map(
        |(allocation_id, instance_id, associated, seen_at)| {
            Fact::Address(AddressSeen {
                allocation_id,
                instance_id,
                associated,
                seen_at,
                ..address(None, "2026-10-01")
            })
        },
    );
    let snapshot = (name("snap"), option::of(any::<u64>()), any::<u32>(), timestamp(), timestamp()).prop_map(
        |(snapshot_id, full_size_bytes, volume_size_gb, started_at, seen_at)| {
            Fact::Snapshot(SnapshotSeen {
                snapshot_id,
                full_size_bytes,
                volume_size_gb,
                started_at,
                seen_at,
                ..snapshot("2026-10-01", "2026-10-02")
            })
        },
    );
    prop_oneof![address, snapshot]
}

/// Any order of calls, also none that AWS would log.
fn changed() -> impl Strategy<Value = Fact> {
    let shape =
        || (option::of(select(vec!["gp2", "gp3", "io1", "gp9"])), option::of(any::<u32>()), option::of(any::<u32>()));
    let of_instance = prop_oneof![
        option::of(instance_type()).prop_map(|instance_type| Change::Launched { instance_type }),
        Just(Change::Started),
        Just(Change::Stopped),
        Just(Change::Terminated),
        instance_type().prop_map(|instance_type| Change::Retyped { instance_type }),
    ];
    let of_volume = prop_oneof![
        shape().prop_map(|(kind, size_gb, iops)| Change::VolumeCreated {
            volume_type: kind.map(str::to_owned),
            size_gb,
            iops,
            throughput_mibps: iops,
        }),
        Just(Change::VolumeDeleted),
        shape().prop_map(|(kind, size_gb, iops)| Change::VolumeModified {
            volume_type: kind.map(str::to_owned),
            size_gb,
            iops,
            throughput_mibps: None,
        }),
    ];
    let what = prop_oneof![2 => (name("i"), of_instance), 1 => (name("vol"), of_volume)];
    (what, timestamp()).prop_map(|((resource_id, change), at)| {
        Fact::Changed(ResourceChanged {
            account: "111122223333".to_owned(),
            region: region_of(&resource_id, None),
            event_id: format!("{at} {change:?}"),
            resource_id,
            at,
            change,
        })
    })
}

fn gone() -> impl Strategy<Value = Fact> {
    let what = prop_oneof![
        (Just(ResourceKind::Instance), name("i")),
        (Just(ResourceKind::Volume), name("vol")),
        (Just(ResourceKind::Address), name("eip")),
        (Just(ResourceKind::Snapshot), name("snap")),
    ];
    (what, timestamp(), timestamp()).prop_map(|((what, resource_id), last_seen, missed_at)| {
        let region = region_of(&resource_id, None);
        Fact::Gone(ResourceGone { what, account: String::new(), region, resource_id, last_seen, missed_at })
    })
}

pub fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let fact =
        prop_oneof![3 => noted(), 3 => instance(), 2 => volume_sight(), 2 => other(), 3 => changed(), 1 => gone()];
    proptest::collection::vec(fact, 0..10)
}
