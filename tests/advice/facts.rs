//! Facts for tests, in a few words each. What a test does not say is fixed here.

use std::sync::Arc;

use gpucost::advice::{Finding, Thresholds};
use gpucost::catalog::RateCard;
use gpucost::ledger::{
    AddressSeen, Evidence, EvidenceKind, Fact, InstanceSeen, InstanceState, Noted, Purchase, Tags, VolumeAttachment,
    VolumeNote, VolumeSeen, derive,
};
use gpucost::money::Usd;
use jiff::Timestamp;

/// When everything is seen unless a test says otherwise.
pub const SEEN: &str = "2026-10-31T12:00:00Z";
/// When notes are written.
pub const NOTED: &str = "2026-11-01T00:00:00Z";

pub fn at(text: &str) -> Timestamp {
    gpucost::time::parse_timestamp(text).unwrap()
}

pub fn usd(text: &str) -> Usd {
    text.parse().unwrap()
}

pub fn advise(facts: &[Fact], now: &str) -> Vec<Finding> {
    advise_with(facts, Thresholds::default(), now)
}

pub fn advise_with(facts: &[Fact], thresholds: Thresholds, now: &str) -> Vec<Finding> {
    advise_by(facts, RateCard::shipped(), thresholds, now)
}

pub fn advise_by(facts: &[Fact], card: &RateCard, thresholds: Thresholds, now: &str) -> Vec<Finding> {
    let ledger = derive(&with_evidence(facts), Vec::new(), at(now)).unwrap();
    gpucost::advice::advise(&ledger, card, thresholds, at(now))
}

pub fn with_evidence(facts: &[Fact]) -> Vec<(Evidence, Fact)> {
    let mut lines = std::collections::BTreeMap::new();
    let evidence = |fact: &Fact| {
        let (kind, file) = match fact {
            Fact::Noted(_) => (EvidenceKind::Notes, "notes.csv"),
            Fact::Instance(_) => (EvidenceKind::Description, "instances.json"),
            Fact::Volume(_) => (EvidenceKind::Description, "volumes.json"),
            Fact::Address(_) => (EvidenceKind::Description, "addresses.json"),
            Fact::Snapshot(_) => (EvidenceKind::Description, "snapshots.json"),
            Fact::Image(_) | Fact::Listed(_) => (EvidenceKind::Description, "images.json"),
            Fact::Changed(_) => (EvidenceKind::CloudTrail, "cloudtrail"),
            Fact::Gone(_) => (EvidenceKind::Description, "track"),
        };
        let line = lines.entry(file).or_insert(0);
        *line += 1;
        Evidence { kind, file: (*file).into(), line: *line }
    };
    let mut evidence = evidence;
    facts.iter().map(|fact| (evidence(fact), fact.clone())).collect()
}

pub struct InstanceMaker(InstanceSeen, String);

/// Started a day before October 2026, at noon.
pub fn instance(id: &str, instance_type: &str, state: InstanceState) -> InstanceMaker {
    let seen = InstanceSeen {
        root_device: None,
        account: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
        instance_id: id.to_owned(),
        name: "lab".to_owned(),
        tags: Tags::new(),
        instance_type: instance_type.to_owned(),
        state,
        launch_time: at("2026-09-30T12:00:00Z"),
        reason: String::new(),
        platform: "Linux/UNIX".to_owned(),
        purchase: Purchase::OnDemand,
        public_ip: None,
        elastic_ip: false,
        volumes: Arc::default(),
        seen_at: at(SEEN),
    };
    InstanceMaker(seen, "/dev/sdf".to_owned())
}

impl InstanceMaker {
    pub fn fact(self) -> Fact {
        Fact::Instance(self.0)
    }
    pub fn reason(mut self, reason: &str) -> Self {
        self.0.reason = reason.to_owned();
        self
    }
    pub fn region(mut self, region: &str) -> Self {
        self.0.region = region.to_owned();
        self
    }
    pub fn named(mut self, name: &str) -> Self {
        self.0.name = name.to_owned();
        self
    }
    pub fn launched(mut self, launched: &str) -> Self {
        self.0.launch_time = at(launched);
        self
    }
    pub fn seen(mut self, seen: &str) -> Self {
        self.0.seen_at = at(seen);
        self
    }
    pub fn purchase(mut self, purchase: Purchase) -> Self {
        self.0.purchase = purchase;
        self
    }
    pub fn public_ip(mut self) -> Self {
        self.0.public_ip = Some("198.51.100.1".to_owned());
        self
    }
    pub fn elastic_ip(mut self, ip: &str) -> Self {
        self.0.public_ip = Some(ip.to_owned());
        self.0.elastic_ip = true;
        self
    }
    pub fn device(mut self, device: &str) -> Self {
        self.1 = device.to_owned();
        self
    }
    pub fn root(mut self, device: &str) -> Self {
        self.0.root_device = Some(device.to_owned());
        self
    }
    pub fn volume(mut self, id: &str, delete_on_termination: bool) -> Self {
        let attached_at = Some(self.0.launch_time);
        let device = self.1.clone();
        let volume_id = id.to_owned();
        let attached = VolumeAttachment { volume_id, device, delete_on_termination, attached_at };
        self.0.volumes = self.0.volumes.iter().cloned().chain([attached]).collect();
        self
    }
}

pub struct VolumeMaker(VolumeSeen);

/// Created with [`instance`]; gp3 reports what it has at no charge.
pub fn volume(id: &str, volume_type: &str, size_gb: u32) -> VolumeMaker {
    let (iops, throughput_mibps) = match volume_type {
        "gp3" => (Some(3000), Some(125)),
        "io1" | "io2" => (Some(1000), None),
        _ => (None, None),
    };
    VolumeMaker(VolumeSeen {
        region: "us-east-1".to_owned(),
        volume_id: id.to_owned(),
        name: String::new(),
        tags: Tags::new(),
        volume_type: volume_type.to_owned().into(),
        size_gb,
        iops,
        throughput_mibps,
        created_at: at("2026-09-30T12:00:00Z"),
        state: "available".to_owned(),
        attached_to: None,
        seen_at: at(SEEN),
    })
}

impl VolumeMaker {
    pub fn fact(self) -> Fact {
        Fact::Volume(self.0)
    }
    pub fn on(mut self, instance_id: &str, delete_on_termination: bool) -> Self {
        self.0.attached_to = Some((instance_id.to_owned(), delete_on_termination));
        self.0.state = "in-use".to_owned();
        self
    }
    pub fn region(mut self, region: &str) -> Self {
        self.0.region = region.to_owned();
        self
    }
    pub fn created(mut self, created: &str) -> Self {
        self.0.created_at = at(created);
        self
    }
    pub fn seen(mut self, seen: &str) -> Self {
        self.0.seen_at = at(seen);
        self
    }
    pub fn state(mut self, state: &str) -> Self {
        self.0.state = state.to_owned();
        self
    }
}

pub struct AddressMaker(AddressSeen);

pub fn address(allocation_id: &str, public_ip: &str) -> AddressMaker {
    AddressMaker(AddressSeen {
        tags: Tags::new(),
        region: "us-east-1".to_owned(),
        allocation_id: allocation_id.to_owned(),
        public_ip: public_ip.to_owned(),
        name: String::new(),
        instance_id: None,
        associated: false,
        seen_at: at(SEEN),
    })
}

impl AddressMaker {
    pub fn fact(self) -> Fact {
        Fact::Address(self.0)
    }
    pub fn on(mut self, instance_id: &str) -> Self {
        self.0.instance_id = Some(instance_id.to_owned());
        self.0.associated = true;
        self
    }
    pub fn seen(mut self, seen: &str) -> Self {
        self.0.seen_at = at(seen);
        self
    }
}

pub struct NoteMaker(Noted);

pub fn noted(instance_id: &str, start: &str, end: Option<&str>) -> NoteMaker {
    NoteMaker(Noted {
        account: String::new(),
        region: "us-east-1".to_owned(),
        instance_id: instance_id.to_owned(),
        name: "lab".to_owned(),
        instance_type: None,
        start: at(start),
        end: end.map(at),
        hours_per_day: None,
        volumes: Vec::new(),
        public_ipv4: false,
        purchase: Purchase::OnDemand,
        usd_per_hour: None,
        noted_at: at(NOTED),
    })
}

impl NoteMaker {
    pub fn fact(self) -> Fact {
        Fact::Noted(self.0)
    }
    pub fn compute(mut self, instance_type: &str) -> Self {
        self.0.instance_type = Some(instance_type.to_owned());
        self
    }
    pub fn hours_per_day(mut self, hours: &str) -> Self {
        self.0.hours_per_day = Some(hours.parse().unwrap());
        self
    }
    pub fn volume(mut self, id: &str, spec: &str) -> Self {
        self.0.volumes.push(VolumeNote { id: id.to_owned(), spec: spec.parse().unwrap() });
        self
    }
}
