//! An account that lives: a small generator of what EC2 would show each minute.

use gpucost::ledger::{
    AddressSeen, Fact, InstanceSeen, InstanceState, Purchase, SnapshotSeen, Tags, VolumeAttachment, VolumeSeen,
};
use jiff::Timestamp;

pub const INSTANCES: u64 = 1_000;
pub const ACCOUNT: &str = "111122223333";
pub const REGION: &str = "us-west-2";

const TYPES: [&str; 4] = ["p3.2xlarge", "g5.xlarge", "g4dn.xlarge", "p3.8xlarge"];

struct Machine {
    id: String,
    number: u64,
    instance_type: &'static str,
    state: InstanceState,
    launched: i64,
    reason: String,
    public_ip: Option<String>,
    /// The state is on its way.
    moving: u8,
    edits: u64,
    volumes: Vec<(String, u32, i64)>,
}

pub struct Account {
    now: i64,
    random: u64,
    machines: Vec<Machine>,
    made: u64,
}

impl Account {
    pub fn new() -> Account {
        let mut account = Account { now: 1_790_812_800, random: 0x9e37_79b9_7f4a_7c15, machines: Vec::new(), made: 0 };
        for number in 0..INSTANCES {
            let machine = account.launch(number);
            account.machines.push(machine);
        }
        account
    }

    /// xorshift: the same account each time.
    fn random(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    fn id(&mut self, prefix: &str) -> String {
        self.made += 1;
        let bits = self.random(u64::MAX);
        format!("{prefix}-0{:016x}", bits ^ self.made)
    }

    fn launch(&mut self, number: u64) -> Machine {
        let volumes = (0..2).map(|n| (self.id("vol"), 100 + 400 * n, self.now)).collect();
        Machine {
            id: self.id("i"),
            number,
            instance_type: TYPES[self.random(4) as usize],
            state: InstanceState::Running,
            launched: self.now,
            reason: String::new(),
            public_ip: Some(self.address()),
            moving: 0,
            edits: 0,
            volumes,
        }
    }

    fn address(&mut self) -> String {
        let bits = self.random(u64::MAX).to_be_bytes();
        format!("{}.{}.{}.{}", 3 + bits[0] % 50, bits[1], bits[2], bits[3])
    }

    pub fn pass_a_minute(&mut self) -> Result<Timestamp, jiff::Error> {
        self.now += 60;
        let mut machines = std::mem::take(&mut self.machines);
        for machine in &mut machines {
            self.live(machine);
        }
        self.machines = machines;
        Timestamp::from_second(self.now)
    }

    fn live(&mut self, machine: &mut Machine) {
        if machine.moving > 0 {
            machine.moving -= 1;
            if machine.moving == 0 {
                machine.state = match machine.state {
                    InstanceState::Pending => InstanceState::Running,
                    _ => InstanceState::Stopped,
                };
                if machine.state == InstanceState::Stopped {
                    machine.public_ip = None;
                }
            }
            return;
        }
        let second = self.now - 1 - i64::try_from(self.random(58)).unwrap_or(0);
        // Twice a day on, twice a day off; in half of the polls on its way.
        if self.random(360) == 0 {
            let on_its_way = self.random(2) == 0;
            if machine.state == InstanceState::Running {
                let at = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
                machine.reason = at.strftime("User initiated (%Y-%m-%d %H:%M:%S GMT)").to_string();
                machine.state = if on_its_way { InstanceState::Stopping } else { InstanceState::Stopped };
                machine.moving = u8::from(on_its_way);
                if !on_its_way {
                    machine.public_ip = None;
                }
            } else {
                machine.reason.clear();
                machine.launched = second;
                machine.public_ip = Some(self.address());
                machine.state = if on_its_way { InstanceState::Pending } else { InstanceState::Running };
                machine.moving = u8::from(on_its_way);
            }
        }
        if machine.state == InstanceState::Stopped && self.random(10_000) == 0 {
            machine.instance_type = TYPES[self.random(4) as usize];
        }
        match self.random(60 * 24 * 30) {
            0 => machine.edits += 1,
            1 => machine.volumes.push((self.id("vol"), 200, self.now)),
            2 => {
                if let Some(volume) = machine.volumes.last_mut() {
                    volume.1 += 100;
                }
            }
            3 => *machine = self.launch(machine.number),
            _ => {}
        }
    }

    pub fn facts(&self, at: Timestamp) -> Vec<Fact> {
        self.machines.iter().flat_map(|machine| machine.facts(at)).collect()
    }
}

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl Machine {
    fn tags(&self) -> Tags {
        let tags = [
            ("Name", format!("train-{}", self.number)),
            ("team", format!("team-{}", self.number % 12)),
            ("project", format!("project-{}", self.edits)),
            ("owner", format!("person-{}@example.com", self.number % 40)),
        ];
        tags.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    fn facts(&self, at: Timestamp) -> Vec<Fact> {
        let attached = self.volumes.iter().enumerate().map(|(n, (id, _, created))| VolumeAttachment {
            volume_id: id.clone(),
            device: format!("/dev/sd{}", char::from(b'a' + n as u8 % 26)),
            delete_on_termination: n == 0,
            attached_at: Some(time(*created)),
        });
        let mut facts = vec![Fact::Instance(InstanceSeen {
            root_device: None,
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            instance_id: self.id.clone(),
            name: format!("train-{}", self.number),
            tags: self.tags(),
            instance_type: self.instance_type.to_owned(),
            state: self.state,
            launch_time: time(self.launched),
            reason: self.reason.clone(),
            platform: "Linux/UNIX".to_owned(),
            purchase: Purchase::OnDemand,
            public_ip: self.public_ip.clone(),
            elastic_ip: false,
            volumes: attached.collect(),
            seen_at: at,
        })];
        facts.extend(self.volumes.iter().map(|(id, size_gb, created)| {
            Fact::Volume(VolumeSeen {
                region: REGION.to_owned(),
                volume_id: id.clone(),
                name: format!("train-{}", self.number),
                tags: self.tags(),
                volume_type: "gp3".into(),
                size_gb: *size_gb,
                iops: Some(3000),
                throughput_mibps: Some(125),
                created_at: time(*created),
                state: "in-use".to_owned(),
                attached_to: Some((self.id.clone(), false)),
                seen_at: at,
            })
        }));
        if self.number.is_multiple_of(10) {
            facts.push(Fact::Address(AddressSeen {
                tags: Tags::new(),
                region: REGION.to_owned(),
                allocation_id: format!("eipalloc-{:017x}", self.number),
                public_ip: format!("198.51.100.{}", self.number / 10 % 250),
                name: String::new(),
                instance_id: Some(self.id.clone()),
                associated: true,
                seen_at: at,
            }));
        }
        if self.number.is_multiple_of(5) {
            facts.push(Fact::Snapshot(SnapshotSeen {
                description: String::new(),
                tags: Tags::new(),
                account: ACCOUNT.to_owned(),
                region: REGION.to_owned(),
                snapshot_id: format!("snap-{:017x}", self.number),
                name: String::new(),
                volume_id: self.volumes.first().map(|volume| volume.0.clone()).unwrap_or_default(),
                volume_size_gb: 100,
                full_size_bytes: None,
                started_at: time(1_790_812_000),
                archived: false,
                seen_at: at,
            }));
        }
        facts
    }
}
