//! Facts, written shortly: what the tests of ledger, billing and report are told in.

use gpucost::billing::{Bill, LineItem, bill};
use gpucost::catalog::{RateCard, VolumeSpec};
use gpucost::ledger::{
    AddressSeen, Certainty, Evidence, EvidenceKind, Fact, InstanceSeen, InstanceState, Ledger, Meter, Metered, Noted,
    Overlap, Phase, Purchase, SnapshotSeen, Subject, Tags, Usage, VolumeAttachment, VolumeNote, VolumeSeen, derive,
};
use gpucost::money::Usd;
use gpucost::quantity::Unit;
use gpucost::time::{Month, Period, day, parse_timestamp, utc_date};
use jiff::Timestamp;
use rust_decimal::Decimal;

pub const REGION: &str = "us-west-2";
pub const INSTANCE: &str = "i-1";
/// Long after everything that the tests tell of.
pub const LATER: &str = "2027-06-01";

pub fn at(text: &str) -> Timestamp {
    parse_timestamp(text).unwrap_or_else(|e| panic!("{e}"))
}

pub fn dec(text: &str) -> Decimal {
    text.parse().expect(text)
}

pub fn usd(text: &str) -> Usd {
    text.parse().expect(text)
}

pub fn month(text: &str) -> Month {
    text.parse().expect(text)
}

pub fn period(start: &str, end: &str) -> Period {
    Period { start: at(start), end: at(end) }
}

/// A noted run of [`INSTANCE`], a p2.xlarge, closed.
pub fn note(start: &str, end: &str) -> Noted {
    Noted {
        account: String::new(),
        region: REGION.to_owned(),
        instance_id: INSTANCE.to_owned(),
        name: "lab".to_owned(),
        instance_type: Some("p2.xlarge".to_owned()),
        start: at(start),
        end: Some(at(end)),
        hours_per_day: None,
        volumes: Vec::new(),
        public_ipv4: false,
        purchase: Purchase::OnDemand,
        usd_per_hour: None,
        noted_at: at(end),
    }
}

/// A run still open when the notes were written.
pub fn open_note(start: &str, noted_at: &str) -> Noted {
    Noted { end: None, ..note(start, noted_at) }
}

/// Volumes alone, of no instance.
pub fn volume_note(id: &str, spec: &str, start: &str, end: &str) -> Noted {
    Noted { instance_id: String::new(), instance_type: None, volumes: vec![volume(id, spec)], ..note(start, end) }
}

pub fn volume(id: &str, spec: &str) -> VolumeNote {
    VolumeNote { id: id.to_owned(), spec: spec.parse::<VolumeSpec>().unwrap_or_else(|e| panic!("{e}")) }
}

/// [`INSTANCE`] as described, a p2.xlarge on Linux.
pub fn seen(state: InstanceState, launch: &str, seen_at: &str) -> InstanceSeen {
    InstanceSeen {
        root_device: None,
        account: "111122223333".to_owned(),
        region: REGION.to_owned(),
        instance_id: INSTANCE.to_owned(),
        name: "lab".to_owned(),
        tags: Tags::new(),
        instance_type: "p2.xlarge".to_owned(),
        state,
        launch_time: at(launch),
        reason: String::new(),
        platform: "Linux/UNIX".to_owned(),
        purchase: Purchase::OnDemand,
        public_ip: None,
        elastic_ip: false,
        volumes: std::sync::Arc::default(),
        seen_at: at(seen_at),
    }
}

/// Seen stopped, with what AWS gives as the reason.
pub fn stopped(launch: &str, reason: &str, seen_at: &str) -> InstanceSeen {
    InstanceSeen { reason: reason.to_owned(), ..seen(InstanceState::Stopped, launch, seen_at) }
}

pub fn attachment(id: &str, attached_at: Option<&str>) -> VolumeAttachment {
    VolumeAttachment {
        volume_id: id.to_owned(),
        device: "/dev/sda1".to_owned(),
        delete_on_termination: true,
        attached_at: attached_at.map(at),
    }
}

/// A gp2 of 100 GB as described, attached to [`INSTANCE`].
pub fn volume_seen(id: &str, created: &str, seen_at: &str) -> VolumeSeen {
    VolumeSeen {
        region: REGION.to_owned(),
        volume_id: id.to_owned(),
        name: String::new(),
        tags: Tags::new(),
        volume_type: "gp2".into(),
        size_gb: 100,
        iops: None,
        throughput_mibps: None,
        created_at: at(created),
        state: "in-use".to_owned(),
        attached_to: Some((INSTANCE.to_owned(), false)),
        seen_at: at(seen_at),
    }
}

pub fn address(instance_id: Option<&str>, seen_at: &str) -> AddressSeen {
    AddressSeen {
        tags: Tags::new(),
        region: REGION.to_owned(),
        allocation_id: "eipalloc-1".to_owned(),
        public_ip: "203.0.113.7".to_owned(),
        name: String::new(),
        instance_id: instance_id.map(str::to_owned),
        associated: instance_id.is_some(),
        seen_at: at(seen_at),
    }
}

pub fn snapshot(started: &str, seen_at: &str) -> SnapshotSeen {
    SnapshotSeen {
        description: String::new(),
        tags: Tags::new(),
        account: String::new(),
        region: REGION.to_owned(),
        snapshot_id: "snap-1".to_owned(),
        name: String::new(),
        volume_id: "vol-1".to_owned(),
        volume_size_gb: 500,
        full_size_bytes: None,
        started_at: at(started),
        archived: false,
        seen_at: at(seen_at),
    }
}

/// A row of a billing export: an hour and a half of [`INSTANCE`] on that day at the export's own rate.
pub fn metered(on: &str) -> Metered {
    let day = day(utc_date(at(on)));
    Metered {
        account: "111122223333".to_owned(),
        region: REGION.to_owned(),
        resource_id: INSTANCE.to_owned(),
        name: String::new(),
        tags: Tags::new(),
        meter: Meter::Compute,
        instance_type: Some("p2.xlarge".to_owned()),
        volume_type: None,
        purchase: Purchase::OnDemand,
        sku_price_id: Some("SKU.TERM.RATE".to_owned()),
        rate: Some(usd("0.88")),
        unit: Unit::InstanceHour,
        day: utc_date(day.start),
        hours_mask: 3,
        start: day.start,
        end: day.end,
        quantity: dec("1.5"),
        list_cost: usd("1.32"),
        billed_cost: usd("1.2"),
        effective_cost: usd("1.1"),
        rows: 2,
    }
}

pub fn evidence(kind: EvidenceKind, file: &str, line: u64) -> Evidence {
    Evidence { kind, file: file.into(), line }
}

/// Facts with the evidence of one file, in lines as they come.
pub fn told(facts: impl IntoIterator<Item = Fact>) -> Vec<(Evidence, Fact)> {
    let kind = |fact: &Fact| match fact {
        Fact::Noted(_) => (EvidenceKind::Notes, "notes.csv"),
        Fact::Changed(_) => (EvidenceKind::CloudTrail, "cloudtrail us-west-2"),
        _ => (EvidenceKind::Description, "described.json"),
    };
    let told = (1..).zip(facts).map(|(line, fact)| {
        let (kind, file) = kind(&fact);
        (evidence(kind, file, line), fact)
    });
    told.collect()
}

pub fn try_ledger(facts: impl IntoIterator<Item = Fact>, now: &str) -> Result<Ledger, Overlap> {
    derive(&told(facts), Vec::new(), at(now))
}

pub fn ledger(facts: impl IntoIterator<Item = Fact>, now: &str) -> Ledger {
    try_ledger(facts, now).unwrap_or_else(|e| panic!("{e}"))
}

/// The bill of a month in the light of [`LATER`].
pub fn bill_of(facts: impl IntoIterator<Item = Fact>, of: &str) -> Bill {
    bill(&ledger(facts, LATER), RateCard::shipped(), month(of))
}

/// The sum of line items' quantities.
pub fn quantity<'a>(lines: impl IntoIterator<Item = &'a LineItem>) -> Decimal {
    lines.into_iter().map(|line| line.quantity.expect("a quantity").amount).sum::<Decimal>().normalize()
}

pub fn cost<'a>(lines: impl IntoIterator<Item = &'a LineItem>) -> Usd {
    lines.into_iter().map(|line| line.charge.cost().expect("a cost")).sum()
}

/// Why the only line without a rate has none.
pub fn why_unrated(bill: &Bill) -> String {
    let whys: Vec<&str> = bill.unrated().map(|(_, why)| why).collect();
    assert_eq!(whys.len(), 1, "{whys:?}");
    whys.concat()
}

pub fn is_volume(usage: &&Usage) -> bool {
    matches!(usage.subject, Subject::Volume { .. } | Subject::VolumeOneOf { .. } | Subject::VolumeOfUnknownSize)
}

/// The stretches of volumes: phase, certainty, start, end.
pub fn volume_phases(ledger: &Ledger) -> Vec<(Phase, Certainty, Period)> {
    ledger.usage.iter().filter(is_volume).map(|usage| (usage.phase, usage.certainty, usage.period)).collect()
}
