//! The right opponent of owning: of the instance types that fit, the one that does the same work for the fewest dollars.
//!
//! The unit of work is an hour of a reference: the instance used so far, or the machine to be bought. A type that is
//! `k` times as fast does it in `1/k` of an hour, so that it costs `rate / k`; speeds are ranges, and so are these dollars.
//! What does not fit, is not launchable today, has no rate, or whose speed nobody measured, is named and left out.

use std::fmt;

use rust_decimal::Decimal;

use crate::catalog::{AcceleratorKind, Gpu, InstanceType, Offering, Rate, RateCard, Speed, Speeds, Work};
use crate::money::Usd;

/// A GiB in GB: AWS counts GPU memory in the one, its makers name it in the other.
const GB_PER_GIB: Decimal = Decimal::from_parts(1_073_741_824, 0, 0, false, 9);

/// What an hour of work is an hour of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// As sentences call it: `p2.xlarge`, `RTX 3090`.
    pub name: String,
    /// Its instance type, if it is one: the same type is as fast, whatever is known of its GPU.
    pub instance_type: Option<String>,
    pub gpu: Option<&'static Gpu>,
    /// GPUs that the work uses.
    pub gpus: Decimal,
}

impl Reference {
    /// An hour of an instance type.
    pub fn instance(kind: &InstanceType, card: &RateCard) -> Reference {
        let name = kind.name.clone().into_owned();
        Reference { instance_type: Some(name.clone()), name, gpu: card.gpu_of(kind), gpus: kind.gpu_count() }
    }

    /// An hour of so many GPUs of a machine.
    pub fn gpus(gpu: &'static Gpu, count: u32) -> Reference {
        let name = if count == 1 { gpu.name.to_owned() } else { format!("{count}x {}", gpu.name) };
        Reference { name, instance_type: None, gpu: Some(gpu), gpus: Decimal::from(count) }
    }
}

/// What an instance must have to do the work, and where it may stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    pub reference: Reference,
    pub work: Work,
    /// Memory of each GPU at least.
    pub memory_gb: Option<Decimal>,
    pub regions: Vec<String>,
    /// Only these types, launchable today or not; empty: all that are.
    pub among: Vec<String>,
}

/// A type in a region that does the work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub instance_type: String,
    pub region: String,
    pub offering: Offering,
    pub gpu: Option<&'static Gpu>,
    /// Of the instance; the work uses those of the reference.
    pub gpus: Decimal,
    pub rate: Rate,
    /// Over the reference.
    pub speed: Speed,
    pub hour_of_work: HourOfWork,
}

/// What the work of one hour of the reference costs: by its fastest, middle and slowest measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourOfWork {
    pub low: Usd,
    pub middle: Usd,
    pub high: Usd,
}

impl HourOfWork {
    /// `rate / speed`; `None` if a quotient leaves the range of decimals.
    pub fn of(rate: Usd, speed: &Speed) -> Option<HourOfWork> {
        let at = |speed: Decimal| rate.scaled(Decimal::ONE, speed);
        Some(HourOfWork { low: at(speed.high)?, middle: at(speed.middle)?, high: at(speed.low)? })
    }
}

/// What the work of one hour here costs there, by the throughput of both at it: `rate · here / there`.
/// `None` if the quotient leaves the range of decimals.
///
/// ```
/// use gpucost::break_even::opponent::cost_of_work;
/// // ResNet-50: a K80 does 51.5 images/s, a V100 369. A K80-hour of work on p3.2xlarge at $3.06:
/// let cost = cost_of_work("3.06".parse()?, "51.5".parse()?, 369.into()).unwrap();
/// assert_eq!(cost.rounded(6), "$0.427073");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cost_of_work(rate: Usd, here: Decimal, there: Decimal) -> Option<Usd> {
    rate.scaled(here, there)
}

/// Why a type is no candidate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    TooFewGpus,
    TooLittleMemory,
    MemoryUnknown,
    NotOffered,
    SpeedUnknown,
    NoRate,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            LeftOut::TooFewGpus => "too few GPUs",
            LeftOut::TooLittleMemory => "too little GPU memory",
            LeftOut::MemoryUnknown => "GPU memory not known",
            LeftOut::NotOffered => "not known to be offered today",
            LeftOut::SpeedUnknown => "its speed at this work was not measured",
            LeftOut::NoRate => "no on-demand rate there",
        })
    }
}

/// The types that do the work, the cheapest first, and those left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub candidates: Vec<Candidate>,
    /// By reason, then by name: type, and the region where it has no rate.
    pub left_out: Vec<(LeftOut, String)>,
}

impl Field {
    /// The cheapest by its middle speed: the opponent.
    pub fn opponent(&self) -> Option<&Candidate> {
        self.candidates.first()
    }

    /// What the cheapest of them costs, each end taken over all: any candidate may turn out to be the cheapest, and
    /// another one more never makes any of the three dearer.
    pub fn hour_of_work(&self) -> Option<HourOfWork> {
        let least = |of: fn(&HourOfWork) -> Usd| self.candidates.iter().map(|each| of(&each.hour_of_work)).min();
        Some(HourOfWork { low: least(|w| w.low)?, middle: least(|w| w.middle)?, high: least(|w| w.high)? })
    }

    /// Other types whose range reaches below what the opponent costs at its dearest.
    pub fn rivals(&self) -> impl Iterator<Item = &Candidate> {
        let opponent = self.opponent();
        self.candidates.iter().skip(1).filter(move |rival| {
            opponent.is_some_and(|opponent| {
                rival.hour_of_work.low < opponent.hour_of_work.high && rival.instance_type != opponent.instance_type
            })
        })
    }
}

/// All types of the card, or those named, against what is needed.
pub fn field(need: &Need, card: &RateCard) -> Field {
    let (mut candidates, mut left_out) = (Vec::new(), Vec::new());
    let named = |kind: &&InstanceType| need.among.is_empty() || need.among.iter().any(|name| *name == *kind.name);
    let mut speeds = need.reference.gpu.map(|gpu| Speeds::over(gpu, &need.work, card));
    for kind in card.instance_types().iter().filter(named) {
        let speed = match speed_of(kind, need, &mut speeds, card) {
            Ok(speed) => speed,
            Err(why) => {
                left_out.push((why, kind.name.clone().into_owned()));
                continue;
            }
        };
        for region in &need.regions {
            let candidate = card.on_demand(region, &kind.name).ok().and_then(|rate| {
                let hour_of_work = HourOfWork::of(rate.usd, &speed)?;
                Some(Candidate {
                    instance_type: kind.name.clone().into_owned(),
                    region: region.clone(),
                    offering: kind.offering.clone(),
                    gpu: card.gpu_of(kind),
                    gpus: kind.gpu_count(),
                    rate,
                    speed: speed.clone(),
                    hour_of_work,
                })
            });
            match candidate {
                Some(candidate) => candidates.push(candidate),
                None => left_out.push((LeftOut::NoRate, format!("{} in {region}", kind.name))),
            }
        }
    }
    candidates.sort_by(|a, b| {
        let key = |c: &Candidate| (c.hour_of_work.middle, c.hour_of_work.high, c.rate.usd);
        key(a).cmp(&key(b)).then_with(|| (&a.instance_type, &a.region).cmp(&(&b.instance_type, &b.region)))
    });
    left_out.sort();
    Field { candidates, left_out }
}

/// Its speed over the reference, if it fits.
fn speed_of<'c>(
    kind: &InstanceType,
    need: &Need,
    speeds: &mut Option<Speeds<'c>>,
    card: &'c RateCard,
) -> Result<Speed, LeftOut> {
    let reference = &need.reference;
    let is_gpu = kind.accelerator.as_ref().is_some_and(|accelerator| accelerator.kind == AcceleratorKind::Gpu);
    let is_reference = reference.instance_type.as_deref() == Some(&*kind.name);
    if !is_reference && (!is_gpu || kind.gpu_count() < reference.gpus) {
        return Err(LeftOut::TooFewGpus);
    }
    if let Some(least) = need.memory_gb {
        match memory_gb(kind) {
            Some(memory) if memory >= least => {}
            Some(_) => return Err(LeftOut::TooLittleMemory),
            None => return Err(LeftOut::MemoryUnknown),
        }
    }
    if need.among.is_empty() && !kind.offering.is_offered() {
        return Err(LeftOut::NotOffered);
    }
    if is_reference {
        return Ok(Speed::SAME);
    }
    let speed = card.gpu_of(kind).zip(speeds.as_mut()).and_then(|(gpu, speeds)| speeds.of(gpu));
    speed.ok_or(LeftOut::SpeedUnknown)
}

/// Memory of each of its GPUs, in GB; `None` where it is not known.
pub fn memory_gb(kind: &InstanceType) -> Option<Decimal> {
    let accelerator = kind.accelerator.as_ref()?;
    accelerator.memory_gib_total?.checked_mul(GB_PER_GIB)?.checked_div(accelerator.count)
}
