//! What a resource did, hour by hour: as much as CloudWatch and Jupyter told, and nothing for the hours they did not.
//!
//! An hour is made of twelve slots of five minutes, the resolution that CloudWatch keeps for 63 days. A slot nobody told
//! of is unknown, which is not zero.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::time::Period;

pub const SLOT_SECONDS: i64 = 300;
pub const HOUR_SECONDS: i64 = 3600;
pub const SLOTS_PER_HOUR: u32 = 12;

/// What is measured. Of counters a slot's value is what came together in it, of gauges what it read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Percent of the time in which a kernel ran on the GPU.
    GpuUtilization,
    /// Percent of the GPU's memory in use.
    GpuMemory,
    /// Percent of the time in which the GPU's memory was read or written.
    GpuMemoryBandwidth,
    /// Percent, the highest of all CPUs' mean over five minutes.
    Cpu,
    /// Bytes in and out.
    Network,
    /// Reads and writes of attached volumes and instance stores.
    Disk,
    /// Reads and writes of a volume.
    VolumeOps,
    /// Bytes read from and written to a volume.
    VolumeBytes,
    /// Seconds in which a volume had nothing to do.
    VolumeIdle,
}

impl Signal {
    pub const ALL: [Signal; 9] = [
        Signal::GpuUtilization,
        Signal::GpuMemory,
        Signal::GpuMemoryBandwidth,
        Signal::Cpu,
        Signal::Network,
        Signal::Disk,
        Signal::VolumeOps,
        Signal::VolumeBytes,
        Signal::VolumeIdle,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Signal::GpuUtilization => "GPU utilization",
            Signal::GpuMemory => "GPU memory",
            Signal::GpuMemoryBandwidth => "GPU memory bandwidth",
            Signal::Cpu => "CPU",
            Signal::Network => "network",
            Signal::Disk => "disk",
            Signal::VolumeOps => "volume operations",
            Signal::VolumeBytes => "volume bytes",
            Signal::VolumeIdle => "volume idle time",
        }
    }

    /// The metrics of CloudWatch it is made of.
    pub const fn source(self) -> &'static str {
        match self {
            Signal::GpuUtilization => "CloudWatch agent, nvidia_smi_utilization_gpu",
            Signal::GpuMemory => "CloudWatch agent, nvidia_smi_memory_used of nvidia_smi_memory_total",
            Signal::GpuMemoryBandwidth => "CloudWatch agent, nvidia_smi_utilization_memory",
            Signal::Cpu => "CloudWatch AWS/EC2, CPUUtilization",
            Signal::Network => "CloudWatch AWS/EC2, NetworkIn + NetworkOut",
            Signal::Disk => "CloudWatch AWS/EC2, EBS and disk operations",
            Signal::VolumeOps => "CloudWatch AWS/EBS, VolumeReadOps + VolumeWriteOps",
            Signal::VolumeBytes => "CloudWatch AWS/EBS, VolumeReadBytes + VolumeWriteBytes",
            Signal::VolumeIdle => "CloudWatch AWS/EBS, VolumeIdleTime",
        }
    }

    /// Written into ledgers: never to be changed.
    pub const fn code(self) -> u8 {
        match self {
            Signal::GpuUtilization => 1,
            Signal::GpuMemory => 2,
            Signal::GpuMemoryBandwidth => 3,
            Signal::Cpu => 4,
            Signal::Network => 5,
            Signal::Disk => 6,
            Signal::VolumeOps => 7,
            Signal::VolumeBytes => 8,
            Signal::VolumeIdle => 9,
        }
    }

    pub fn from_code(code: u8) -> Option<Signal> {
        Signal::ALL.into_iter().find(|signal| signal.code() == code)
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What one slot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub min: Decimal,
    pub max: Decimal,
    pub sum: Decimal,
    pub samples: u32,
}

impl Reading {
    /// A counter's: so much in the slot.
    pub const fn counted(amount: Decimal) -> Reading {
        Reading { min: amount, max: amount, sum: amount, samples: 1 }
    }

    /// Both together.
    #[must_use]
    pub fn beside(self, other: Reading) -> Reading {
        Reading {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            sum: self.sum.saturating_add(other.sum),
            samples: self.samples.saturating_add(other.samples),
        }
    }
}

/// One hour of one signal: which of its slots are known, and what they read together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hour {
    /// Bit s is set if slot s is known.
    pub slots: u16,
    pub all: Reading,
}

impl Hour {
    /// How many slots are known.
    pub const fn known(&self) -> u32 {
        self.slots.count_ones()
    }

    /// What is known once this is told again: the fuller record replaces the other, records of other slots add up.
    #[must_use]
    pub fn retold(self, told: Hour) -> Hour {
        let both = self.slots & told.slots;
        if both == 0 {
            return Hour { slots: self.slots | told.slots, all: self.all.beside(told.all) };
        }
        if both == self.slots || told.known() > self.known() { told } else { self }
    }
}

/// A signal of one part of a resource (a GPU's index; empty: of all of it), by hours since 1970.
pub type Series = BTreeMap<i64, Hour>;

/// Hours from the readings of slots, each by the second at which its slot begins.
pub fn series_of(readings: impl IntoIterator<Item = (i64, Reading)>) -> Series {
    let mut series = Series::new();
    for (second, reading) in readings {
        let slot = second.rem_euclid(HOUR_SECONDS) / SLOT_SECONDS;
        let hour = Hour { slots: 1 << slot, all: reading };
        let known = series.entry(second.div_euclid(HOUR_SECONDS)).or_insert(hour);
        *known = known.retold(hour);
    }
    series
}

/// The hour in which an instant lies.
pub fn hour_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(HOUR_SECONDS)
}

/// The first hour that begins at an instant or later.
pub fn hour_from(at: Timestamp) -> i64 {
    let whole = hour_of(at);
    if at.as_second().rem_euclid(HOUR_SECONDS) == 0 && at.subsec_nanosecond() == 0 { whole } else { whole + 1 }
}

/// When an hour begins; the end of time for one beyond it.
pub fn hour_start(hour: i64) -> Timestamp {
    let second = hour.saturating_mul(HOUR_SECONDS);
    Timestamp::from_second(second).unwrap_or(if second < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// All that was told of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signals {
    pub account: String,
    pub region: String,
    pub resource_id: String,
    /// When CloudWatch was last asked.
    pub asked_at: Timestamp,
    pub series: BTreeMap<(Signal, String), Series>,
}

impl Signals {
    pub fn of(&self, signal: Signal) -> impl Iterator<Item = (&str, &Series)> {
        let of_signal = self.series.iter().filter(move |((of, _), _)| *of == signal);
        of_signal.map(|((_, part), series)| (part.as_str(), series))
    }

    /// As much of it as lies before `now`: of an hour that is not over, the slots that are.
    fn known_by(mut self, now: Timestamp) -> Signals {
        let current = hour_of(now);
        let over = now.as_second().rem_euclid(HOUR_SECONDS) / SLOT_SECONDS;
        for series in self.series.values_mut() {
            series.retain(|hour, _| *hour <= current);
            if let Some(hour) = series.get_mut(&current) {
                hour.slots &= (1 << over) - 1;
                if hour.slots == 0 {
                    series.remove(&current);
                }
            }
        }
        self.series.retain(|_, series| !series.is_empty());
        self.asked_at = self.asked_at.min(now);
        self
    }
}

/// What a Jupyter server said of itself, from the first time it said so to the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JupyterSeen {
    pub instance_id: String,
    /// Scheme, host, port and path: no user, no query. Untrusted text.
    pub server: String,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    /// `None`: it gave no answer that could be read.
    pub said: Option<JupyterSaid>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JupyterSaid {
    /// Of the server or any kernel of it.
    pub last_activity: Timestamp,
    pub kernels: u32,
    /// Kernels that are neither idle nor dead.
    pub busy: u32,
    /// Browsers and other clients; an open page is no activity.
    pub connections: u32,
}

impl JupyterSeen {
    /// When it surely was at work last; `None`: nobody knows.
    pub fn active_at(&self) -> Option<Timestamp> {
        let said = self.said.as_ref()?;
        Some(if said.busy > 0 { self.last_at } else { said.last_activity })
    }
}

/// The signals of all resources, as of one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// By resource.
    pub signals: BTreeMap<String, Signals>,
    /// By instance; of each the sights of its servers, by server and time.
    pub jupyter: BTreeMap<String, Vec<JupyterSeen>>,
}

impl Activity {
    /// Nothing after `now` is looked at.
    pub fn known_by(
        signals: impl IntoIterator<Item = Signals>,
        jupyter: impl IntoIterator<Item = JupyterSeen>,
        now: Timestamp,
    ) -> Activity {
        let mut activity = Activity::default();
        for told in signals {
            activity.signals.insert(told.resource_id.clone(), told.known_by(now));
        }
        for seen in jupyter.into_iter().filter(|seen| seen.first_at <= now) {
            let seen = JupyterSeen { last_at: seen.last_at.min(now), ..seen };
            activity.jupyter.entry(seen.instance_id.clone()).or_default().push(seen);
        }
        for of_instance in activity.jupyter.values_mut() {
            of_instance.sort_by(|a, b| (&a.server, a.first_at, a.last_at).cmp(&(&b.server, b.first_at, b.last_at)));
        }
        activity
    }

    /// The end of the last hour in which everything is known that was ever told of a resource.
    pub fn known_until(&self, resource_id: &str) -> Option<Timestamp> {
        let last = |series: &Series| series.last_key_value().map(|(hour, _)| hour + 1);
        let told = self.signals.get(resource_id)?.series.values().filter_map(last);
        told.min().map(hour_start)
    }

    /// Whole hours of a period in which a signal of a resource is known: each with what was read, all parts together.
    pub fn hours(&self, resource_id: &str, signal: Signal, period: Period) -> BTreeMap<i64, Hour> {
        let mut together = Series::new();
        let of_resource = self.signals.get(resource_id);
        for (_, series) in of_resource.into_iter().flat_map(|signals| signals.of(signal)) {
            for (hour, read) in series.range(hour_from(period.start)..hour_of(period.end).max(hour_from(period.start)))
            {
                let known = together.entry(*hour).or_insert(*read);
                *known = Hour { slots: known.slots & read.slots, all: known.all.beside(read.all) };
            }
        }
        together
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(slots: u16, most: i64) -> Hour {
        Hour { slots, all: Reading::counted(Decimal::from(most)) }
    }

    #[test]
    fn a_fuller_record_replaces_and_others_add_up() {
        let (first, rest) = (hour(0b0000_0011, 1), hour(0b0000_1100, 5));
        let both = first.retold(rest);
        assert_eq!((both.known(), both.all.max, both.all.sum), (4, Decimal::from(5), Decimal::from(6)));
        // Told again, nothing changes; told in full, the full record counts, whatever the part was.
        assert_eq!(both.retold(both), both);
        assert_eq!(first.retold(hour(0b0000_0111, 2)), hour(0b0000_0111, 2));
        // A record that leaves out what is known takes nothing away.
        assert_eq!(both.retold(hour(0b0000_0001, 9)), both);
    }

    #[test]
    fn slots_make_hours() {
        let read = |second, amount: i64| (second, Reading::counted(Decimal::from(amount)));
        let series = series_of([read(0, 1), read(300, 2), read(3600 + 3300, 4)]);
        assert_eq!(series.keys().copied().collect::<Vec<_>>(), [0, 1]);
        assert_eq!(series.get(&0).map(|hour| (hour.slots, hour.all.sum)), Some((0b11, Decimal::from(3))));
        assert_eq!(series.get(&1).map(|hour| hour.slots), Some(1 << 11));
    }

    #[test]
    fn nothing_after_now_is_known() {
        let told = Signals {
            account: String::new(),
            region: "us-east-1".to_owned(),
            resource_id: "i-1".to_owned(),
            asked_at: Timestamp::from_second(9000).unwrap(),
            series: BTreeMap::from([(
                (Signal::Cpu, String::new()),
                Series::from([(0, hour(0xfff, 1)), (1, hour(0xfff, 1))]),
            )]),
        };
        let by = |second| Activity::known_by([told.clone()], [], Timestamp::from_second(second).unwrap());
        let known = |activity: &Activity| {
            let signals = activity.signals.get("i-1").unwrap();
            signals.of(Signal::Cpu).map(|(_, series)| series.values().map(Hour::known).sum::<u32>()).sum::<u32>()
        };
        assert_eq!([0, 299, 300, 3600, 4200, 9000].map(|second| known(&by(second))), [0, 0, 1, 12, 14, 24]);
    }
}
