//! How much faster one GPU is than another: a range over what was measured, or not known.
//!
//! Measurements of one stack are compared like with like. Where no stack has both GPUs, a third GPU that two stacks have
//! is a bridge between them; failing that, figures of different stacks are set side by side, which says the least. Each
//! workload and precision counts with the best of the three, and once: the range runs over all of them.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::catalog::{Gpu, Precision, RateCard, Throughput};

/// What work is asked about; without a name, any that was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// `resnet50`; of all workloads of that name's beginning where it ends in `*`.
    pub workload: Option<String>,
    pub precision: Option<Precision>,
}

impl Work {
    fn includes(&self, fact: &Throughput) -> bool {
        let named = self.workload.as_deref().is_none_or(|name| match name.strip_suffix('*') {
            Some(beginning) => fact.workload.starts_with(beginning),
            None => fact.workload == name,
        });
        named && self.precision.is_none_or(|precision| precision == fact.precision)
    }
}

/// How far two measurements can be compared; the first is the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Footing {
    /// The same code on the same software.
    SameStack,
    /// Over a GPU that both stacks have.
    Bridged { over: &'static str },
    /// The same work, each on software of its own.
    OtherStacks,
}

impl Footing {
    pub const fn name(self) -> &'static str {
        match self {
            Footing::SameStack => "same stack",
            Footing::Bridged { .. } => "bridged",
            Footing::OtherStacks => "other stacks",
        }
    }
}

/// The speed of one GPU over another by one set of measurements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ratio {
    pub workload: &'static str,
    pub precision: Precision,
    pub footing: Footing,
    pub value: Decimal,
    /// What it was computed from: of the faster or slower GPU asked about first, of the other last.
    pub facts: Vec<&'static Throughput>,
}

/// The speed of one GPU over another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speed {
    pub low: Decimal,
    /// Of the workloads, each counted once.
    pub middle: Decimal,
    pub high: Decimal,
    /// How many workloads and precisions it rests on; none for two of the same GPU.
    pub measured: usize,
    /// All of them, by workload and precision.
    pub ratios: Vec<Ratio>,
}

impl Speed {
    /// Of a GPU over itself.
    pub const SAME: Speed =
        Speed { low: Decimal::ONE, middle: Decimal::ONE, high: Decimal::ONE, measured: 0, ratios: Vec::new() };

    /// The weakest footing of what it rests on.
    pub fn footing(&self) -> Footing {
        self.ratios.iter().map(|ratio| ratio.footing).max().unwrap_or(Footing::SameStack)
    }

    /// `None` without a ratio.
    fn of(ratios: Vec<Ratio>) -> Option<Speed> {
        let mut by_work: BTreeMap<(&str, Precision), Vec<Decimal>> = BTreeMap::new();
        for ratio in &ratios {
            by_work.entry((ratio.workload, ratio.precision)).or_default().push(ratio.value);
        }
        let values = || by_work.values().flatten().copied();
        let (low, high) = (values().min()?, values().max()?);
        let middles = by_work.values().cloned().map(median).collect::<Option<Vec<_>>>()?;
        Some(Speed { low, middle: median(middles)?, high, measured: by_work.len(), ratios })
    }
}

fn median(mut values: Vec<Decimal>) -> Option<Decimal> {
    values.sort_unstable();
    let (half, odd) = (values.len() / 2, values.len() % 2 == 1);
    let upper = *values.get(half)?;
    if odd {
        return Some(upper);
    }
    let lower = *values.get(half.checked_sub(1)?)?;
    lower.checked_add(upper)?.checked_div(Decimal::TWO)
}

impl RateCard {
    /// How many times as fast `gpu` is as `other` at this work; `None` where nothing was measured that tells.
    pub fn speed(&self, gpu: &Gpu, other: &Gpu, work: &Work) -> Option<Speed> {
        if gpu.measured_as() == other.measured_as() {
            return Some(Speed::SAME);
        }
        let mut by_work: BTreeMap<(&str, Precision), Vec<&'static Throughput>> = BTreeMap::new();
        for fact in self.throughput().iter().filter(|fact| work.includes(fact)) {
            by_work.entry((fact.workload, fact.precision)).or_default().push(fact);
        }
        let ratios = by_work.values().flat_map(|facts| best_ratios(facts, gpu.measured_as(), other.measured_as()));
        Speed::of(ratios.collect())
    }
}

/// The speeds of many GPUs over one, each found once.
pub struct Speeds<'c> {
    card: &'c RateCard,
    over: &'c Gpu,
    work: &'c Work,
    known: BTreeMap<&'c str, Option<Speed>>,
}

impl<'c> Speeds<'c> {
    pub fn over(over: &'c Gpu, work: &'c Work, card: &'c RateCard) -> Speeds<'c> {
        Speeds { card, over, work, known: BTreeMap::new() }
    }

    /// As [`RateCard::speed`].
    pub fn of(&mut self, gpu: &'c Gpu) -> Option<Speed> {
        let Speeds { card, over, work, known } = self;
        known.entry(gpu.measured_as()).or_insert_with(|| card.speed(gpu, over, work)).clone()
    }
}

/// On the best footing that this workload's measurements give.
fn best_ratios(facts: &[&'static Throughput], gpu: &str, other: &str) -> Vec<Ratio> {
    let same_stack = pairs(facts, gpu, other, |a, b| a.stack == b.stack);
    if !same_stack.is_empty() {
        return same_stack.into_iter().filter_map(|(a, b)| ratio(Footing::SameStack, a.over(b), vec![a, b])).collect();
    }
    let bridged = bridged(facts, gpu, other);
    if !bridged.is_empty() {
        return bridged;
    }
    let apart = pairs(facts, gpu, other, |a, b| a.stack != b.stack);
    apart.into_iter().filter_map(|(a, b)| ratio(Footing::OtherStacks, a.over(b), vec![a, b])).collect()
}

type Pair = (&'static Throughput, &'static Throughput);

fn pairs(
    facts: &[&'static Throughput],
    gpu: &str,
    other: &str,
    fit: fn(&Throughput, &Throughput) -> bool,
) -> Vec<Pair> {
    let of = |id: &str| facts.iter().copied().filter(|fact| fact.gpu == id).collect::<Vec<_>>();
    let others = of(other);
    let fitting = |a: &'static Throughput| others.iter().filter(|b| fit(a, b)).map(|b| (a, *b)).collect::<Vec<_>>();
    of(gpu).into_iter().flat_map(fitting).collect()
}

/// `gpu` over a third in one stack, times that third over `other` in another.
fn bridged(facts: &[&'static Throughput], gpu: &str, other: &str) -> Vec<Ratio> {
    let thirds: std::collections::BTreeSet<&'static str> =
        facts.iter().map(|fact| fact.gpu).filter(|id| *id != gpu && *id != other).collect();
    let over = |third: &'static str| {
        let there = pairs(facts, gpu, third, |a, b| a.stack == b.stack);
        let back = pairs(facts, third, other, |a, b| a.stack == b.stack);
        let cross = |(a, b): Pair| {
            let through = |(c, d): &Pair| {
                let value = a.over(b).zip(c.over(d)).and_then(|(there, back)| there.checked_mul(back));
                ratio(Footing::Bridged { over: third }, value, vec![a, b, *c, *d])
            };
            back.iter().filter_map(through).collect::<Vec<_>>()
        };
        there.into_iter().flat_map(cross).collect::<Vec<_>>()
    };
    thirds.into_iter().flat_map(over).collect()
}

/// `None` without a value, or with one that is no speed.
fn ratio(footing: Footing, value: Option<Decimal>, facts: Vec<&'static Throughput>) -> Option<Ratio> {
    let first = facts.first()?;
    let value = value.filter(|value| *value > Decimal::ZERO)?;
    Some(Ratio { workload: first.workload, precision: first.precision, footing, value, facts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::InstanceType;

    fn card() -> &'static RateCard {
        RateCard::shipped()
    }

    fn gpu(name: &str) -> &'static Gpu {
        card().gpu(name).unwrap_or_else(|| panic!("no GPU {name}"))
    }

    fn speed(a: &str, b: &str, work: &Work) -> Option<Speed> {
        card().speed(gpu(a), gpu(b), work)
    }

    fn work(workload: &str, precision: Precision) -> Work {
        Work { workload: Some(workload.to_owned()), precision: Some(precision) }
    }

    #[test]
    fn a_v100_is_seven_k80s_at_resnet50_and_little_more_than_one_at_an_lstm() {
        let lstm = speed("V100-16", "K80", &work("drqa-squad", Precision::Fp32)).unwrap();
        assert_eq!((lstm.footing(), lstm.measured), (Footing::SameStack, 1));
        assert_eq!(lstm.middle.round_dp(2).to_string(), "1.35");
        let resnet = speed("V100-16", "K80", &work("resnet50", Precision::Fp32)).unwrap();
        assert_eq!(resnet.footing(), Footing::OtherStacks);
        assert!(resnet.ratios.iter().any(|ratio| ratio.facts[0].value == Decimal::from(369)
            && ratio.value == Decimal::from(369) / Decimal::new(515, 1)));
        let any = speed("V100-16", "K80", &Work::default()).unwrap();
        assert_eq!((any.low, any.high), (lstm.low, resnet.high));
    }

    #[test]
    fn a_time_is_the_other_way_round_and_several_gpus_count_each() {
        // DrQA took 1.365… h on a K80, 1.009… h on a V100: the V100 is the faster one.
        let drqa = speed("V100-16", "K80", &work("drqa-squad", Precision::Fp32)).unwrap();
        assert!(drqa.low > Decimal::ONE);
        // MLPerf: 6 L4 at 4414.3891, 2 A10G at 1875.9368 images/s.
        let l4 = speed("L4", "A10G", &work("resnet50", Precision::Fp16)).unwrap();
        let expected = Decimal::new(44143891 * 2, 4) / (Decimal::new(18759368, 4) * Decimal::from(6));
        assert_eq!((l4.footing(), l4.middle), (Footing::SameStack, expected));
    }

    #[test]
    fn a_bridge_is_a_gpu_that_both_stacks_have() {
        let h200 = speed("H200", "A100-80-SXM", &work("gnmt", Precision::Fp16)).unwrap();
        assert!(matches!(h200.footing(), Footing::Bridged { .. }));
        let over: Vec<&str> = h200.ratios.iter().flat_map(|ratio| ratio.facts.iter().map(|fact| fact.gpu)).collect();
        assert!(over.contains(&"H100-SXM"), "{over:?}");
    }

    #[test]
    fn what_nobody_measured_is_unknown() {
        assert_eq!(speed("T4G", "K80", &Work::default()), None);
        assert_eq!(speed("V100-16", "K80", &work("no-such-work", Precision::Fp32)), None);
    }

    #[test]
    fn the_same_chip_with_more_memory_is_as_fast() {
        assert_eq!(speed("V100-32", "V100-16", &Work::default()), Some(Speed::SAME));
        assert_eq!(speed("V100-32", "K80", &Work::default()), speed("V100-16", "K80", &Work::default()));
    }

    #[test]
    fn the_other_way_round_is_the_inverse() {
        for (a, b) in [("V100-16", "K80"), ("H200", "A100-80-SXM"), ("L4", "V100-16"), ("4090", "3090")] {
            let (there, back) = (speed(a, b, &Work::default()).unwrap(), speed(b, a, &Work::default()).unwrap());
            let product = there.low * back.high;
            assert!((product - Decimal::ONE).abs() < Decimal::new(1, 20), "{a} {b}: {product}");
            assert!(there.low <= there.middle && there.middle <= there.high, "{a} {b}");
            assert_eq!(there.measured, back.measured);
        }
    }

    #[test]
    fn a_part_of_a_gpu_has_no_known_speed() {
        let kind = |name: &str| card().instance_type(name).unwrap();
        let gpu_of = |kind: &InstanceType| card().gpu_of(kind).map(|gpu| gpu.id);
        assert_eq!(gpu_of(kind("g6f.xlarge")), None);
        assert_eq!(gpu_of(kind("g6.xlarge")), Some("L4"));
        assert_eq!(gpu_of(kind("p3dn.24xlarge")), Some("V100-32"));
        assert_eq!(gpu_of(kind("trn1.2xlarge")), None);
    }
}
