//! A large account at four polls: what was running is stopped in part, some of it long ago.

use gpucost::ledger::{
    AddressSeen, Fact, ImageSeen, InstanceSeen, InstanceState, Purchase, SnapshotSeen, Tags, VolumeAttachment,
    VolumeSeen,
};
use gpucost::store::{Poll, Whole};
use jiff::Timestamp;

pub const INSTANCES: u64 = 10_000;
pub const VOLUMES_EACH: u64 = 3;
const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-west-2";
const TYPES: [&str; 4] = ["p3.2xlarge", "g5.xlarge", "g4dn.xlarge", "p4d.24xlarge"];
const DAY: i64 = 86_400;
/// 2026-11-01T00:00:00Z
pub const NOW: i64 = 1_793_491_200;

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn tags(number: u64) -> Tags {
    let tags = [
        ("Name", format!("train-{number}")),
        ("team", format!("team-{}", number % 12)),
        ("owner", format!("person-{}@example.com", number % 40)),
    ];
    tags.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// The polls, oldest first: 90, 30 and 1 days ago, and now.
pub fn polls() -> impl Iterator<Item = Poll> {
    [90, 30, 1, 0].into_iter().map(|days| {
        let at = time(NOW - days * DAY);
        let facts = (0..INSTANCES).flat_map(|number| machine(number, days, at)).chain(others(at)).collect();
        Poll { account: ACCOUNT.to_owned(), region: REGION.to_owned(), at, facts, whole: Whole::ALL }
    })
}

/// An instance with its volumes. Two of five are stopped, at some day of the last 80; the others run since the last 100.
fn machine(number: u64, days_ago: i64, at: Timestamp) -> Vec<Fact> {
    let id = format!("i-0{number:016x}");
    let stopped_before = (number % 5 < 2).then_some(1 + (number % 80).cast_signed());
    let is_stopped = stopped_before.is_some_and(|days| days_ago < days);
    let launched = NOW - (95 + (number % 7).cast_signed()) * DAY - 3600;
    let stop = time(NOW - stopped_before.unwrap_or(0) * DAY);
    let volume = |n: u64| format!("vol-0{:016x}", number * VOLUMES_EACH + n);
    let attached = (0..VOLUMES_EACH).map(|n| VolumeAttachment {
        volume_id: volume(n),
        device: if n == 0 { "/dev/xvda".to_owned() } else { format!("/dev/sd{}", char::from(b'f' + n as u8)) },
        delete_on_termination: n == 0,
        attached_at: Some(time(launched)),
    });
    let mut facts = vec![Fact::Instance(InstanceSeen {
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        instance_id: id.clone(),
        name: format!("train-{number}"),
        tags: tags(number),
        instance_type: TYPES[number as usize % TYPES.len()].to_owned(),
        state: if is_stopped { InstanceState::Stopped } else { InstanceState::Running },
        launch_time: time(launched),
        reason: match is_stopped {
            true => format!("User initiated ({} GMT)", stop.strftime("%Y-%m-%d %H:%M:%S")),
            false => String::new(),
        },
        platform: "Linux/UNIX".to_owned(),
        purchase: Purchase::OnDemand,
        public_ip: None,
        elastic_ip: false,
        volumes: attached.collect(),
        root_device: Some("/dev/xvda".to_owned()),
        seen_at: at,
    })];
    facts.extend((0..VOLUMES_EACH).map(|n| {
        Fact::Volume(VolumeSeen {
            region: REGION.to_owned(),
            volume_id: volume(n),
            name: format!("train-{number}"),
            tags: tags(number),
            volume_type: if n == 2 { "gp2" } else { "gp3" }.into(),
            size_gb: 100 + u32::try_from(number % 900).unwrap_or(0),
            iops: (n < 2).then_some(3000),
            throughput_mibps: (n < 2).then_some(125),
            created_at: time(launched),
            state: "in-use".to_owned(),
            attached_to: Some((id.clone(), n == 0)),
            seen_at: at,
        })
    }));
    facts
}

/// A thousand addresses, half of them idle; two thousand snapshots, a tenth of them orphans; an image.
fn others(at: Timestamp) -> impl Iterator<Item = Fact> {
    let addresses = (0..1_000_u64).map(move |n| {
        Fact::Address(AddressSeen {
            region: REGION.to_owned(),
            allocation_id: format!("eipalloc-0{n:016x}"),
            public_ip: format!("198.51.{}.{}", n / 250, n % 250),
            name: String::new(),
            tags: Tags::new(),
            instance_id: (n % 2 == 0).then(|| format!("i-0{n:016x}")),
            associated: n % 2 == 0,
            seen_at: at,
        })
    });
    let snapshots = (0..2_000_u64).map(move |n| {
        Fact::Snapshot(SnapshotSeen {
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            snapshot_id: format!("snap-0{n:016x}"),
            name: String::new(),
            tags: Tags::new(),
            volume_id: if n % 10 == 0 { format!("vol-0dead{n:012x}") } else { format!("vol-0{n:016x}") },
            volume_size_gb: 100,
            full_size_bytes: Some(1 << 36),
            started_at: time(NOW - 91 * DAY),
            archived: false,
            description: "Created by CreateImage".to_owned(),
            seen_at: at,
        })
    });
    let image = Fact::Image(ImageSeen {
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        image_id: "ami-00000000000000001".to_owned(),
        name: "trained".to_owned(),
        tags: Tags::new(),
        snapshots: vec!["snap-00000000000000000".to_owned()],
        seen_at: at,
    });
    addresses.chain(snapshots).chain([image])
}
