//! The right opponent: worked examples by work per dollar, and what holds of any field of candidates.

use gpucost::break_even::opponent::{Field, HourOfWork, LeftOut, Need, Reference, cost_of_work, field, memory_gb};
use gpucost::break_even::{
    BreakEven, Corner, Holds, Input, Owning, Question, Ranges, Renting, Terms, Verdict, break_even, over_ranges,
};
use gpucost::catalog::{Footing, Precision, RateCard, Work};
use gpucost::money::Usd;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use rust_decimal::Decimal;

const START: Date = date(2026, 11, 22);

fn card() -> &'static RateCard {
    RateCard::shipped()
}

fn usd(text: &str) -> Usd {
    text.parse().expect("dollars")
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn need_like(instance: &str) -> Need {
    let kind = card().instance_type(instance).unwrap_or_else(|| panic!("{instance}"));
    Need {
        reference: Reference::instance(kind, card()),
        work: Work::default(),
        memory_gb: None,
        regions: vec!["us-east-1".to_owned()],
        among: Vec::new(),
    }
}

fn at(workload: &str, precision: Precision) -> Work {
    Work { workload: Some(workload.to_owned()), precision: Some(precision) }
}

fn types(field: &Field) -> Vec<&str> {
    field.candidates.iter().map(|candidate| candidate.instance_type.as_str()).collect()
}

/// ResNet-50 fp32 at 51.5 against 369 images/s, and an LSTM at which a V100 is 1.35 of a K80.
#[test]
fn the_k80_or_the_v100_by_work() {
    let resnet = cost_of_work(usd("3.06"), decimal("51.5"), decimal("369")).expect("a cost");
    assert_eq!(resnet.rounded(6), "$0.427073");
    let among = || vec!["p2.xlarge".to_owned(), "p3.2xlarge".to_owned()];
    let ask = |work: Work| field(&Need { among: among(), work, ..need_like("p2.xlarge") }, card());
    let vision = ask(at("resnet50", Precision::Fp32));
    assert_eq!(types(&vision), ["p3.2xlarge", "p2.xlarge"]);
    let p3 = &vision.candidates[0];
    assert_eq!(p3.rate.usd, usd("3.06"));
    assert!(p3.hour_of_work.low <= resnet && resnet <= p3.hour_of_work.high, "{:?}", p3.hour_of_work);
    assert_eq!(vision.candidates[1].hour_of_work.middle, usd("0.90"));
    let language = ask(at("drqa-squad", Precision::Fp32));
    assert_eq!(types(&language), ["p2.xlarge", "p3.2xlarge"]);
    let p3 = &language.candidates[1];
    assert_eq!(p3.speed.middle.round_dp(2), decimal("1.35"));
    assert_eq!(p3.hour_of_work.middle.rounded(4), "$2.2629");
    // At everything that was measured, either may be the cheaper one: a range, not a number.
    let any = ask(Work::default());
    let p3 = any.candidates.iter().find(|candidate| candidate.instance_type == "p3.2xlarge").expect("p3");
    assert!(p3.hour_of_work.low < usd("0.90") && usd("0.90") < p3.hour_of_work.high);
    assert_eq!(p3.speed.footing(), Footing::OtherStacks);
}

#[test]
fn only_what_fits_and_is_offered_is_a_candidate() {
    let field = field(&Need { memory_gb: Some(decimal("24")), ..need_like("p3.2xlarge") }, card());
    for candidate in &field.candidates {
        assert!(candidate.offering.is_offered(), "{}", candidate.instance_type);
        let kind = card().instance_type(&candidate.instance_type).expect("on the card");
        assert!(memory_gb(kind).expect("known") >= decimal("24"), "{}", candidate.instance_type);
        assert!(kind.gpu_count() >= Decimal::ONE);
    }
    let left = |name: &str| field.left_out.iter().find(|(_, left)| left == name).map(|(why, _)| why.clone());
    assert_eq!(left("g4dn.xlarge"), Some(LeftOut::TooLittleMemory));
    assert_eq!(left("p3.2xlarge"), Some(LeftOut::TooLittleMemory));
    assert_eq!(left("g6f.large"), Some(LeftOut::TooFewGpus));
    assert_eq!(left("trn1.2xlarge"), Some(LeftOut::TooFewGpus));
    assert_eq!(left("g7.2xlarge"), Some(LeftOut::SpeedUnknown));
    // 24 GB are what AWS calls 22.352 GiB.
    assert!(types(&field).contains(&"g5.xlarge") && types(&field).contains(&"g6.xlarge"), "{:?}", types(&field));
    // Retired types count only where they are named.
    assert!(!types(&field).contains(&"p3.8xlarge"));
}

#[test]
fn a_region_without_a_rate_is_left_out_by_name() {
    let regions = vec!["us-east-1".to_owned(), "eu-south-1".to_owned()];
    let among = vec!["p5.48xlarge".to_owned()];
    let field = field(&Need { regions, among, ..need_like("p5.48xlarge") }, card());
    assert_eq!(field.left_out, [(LeftOut::NoRate, "p5.48xlarge in eu-south-1".to_owned())]);
}

fn question(rate: Usd, price: Decimal, hours: Decimal, ratio: Decimal) -> Question {
    let mut owning = Owning::at_price("the machine", Input::given(Usd::new(price)));
    owning.speed_ratio = Input::given(ratio);
    owning.electricity =
        Some(gpucost::break_even::Electricity::new(Input::given(decimal("450")), Input::given(usd("0.15"))));
    Question {
        owning,
        renting: Renting::at_rate("an instance", Input::given(rate)),
        terms: Terms::at_hours(Input::given(hours)),
    }
}

/// Never is later than any day.
fn order(at: BreakEven) -> Decimal {
    at.reached().map_or(Decimal::MAX, |reached| reached.days)
}

fn rented(hour: &HourOfWork) -> [Usd; 3] {
    [hour.low, hour.middle, hour.high]
}

#[test]
fn a_verdict_over_a_range_holds_or_flips() {
    let asked = question(usd("0.90"), decimal("1500"), decimal("2"), Decimal::ONE);
    let ranges = |low: &str, high: &str| Ranges { usd_per_hour: Some((usd(low), usd(high))), speed_ratio: None };
    assert_eq!(over_ranges(&asked, ranges("0.88", "0.95"), START).holds(), Holds::Throughout(Verdict::Own));
    assert_eq!(over_ranges(&asked, ranges("0.30", "0.95"), START).holds(), Holds::Flips);
    // Half as fast, 24 h of it do not do the work of 20 rented hours.
    let busy = question(usd("0.90"), decimal("1500"), decimal("20"), Decimal::ONE);
    let slow = Ranges { usd_per_hour: None, speed_ratio: Some((decimal("0.5"), decimal("1.5"))) };
    assert_eq!(over_ranges(&busy, slow, START).holds(), Holds::TooSlow);
    assert!(Ranges::default().is_certain() && !slow.is_certain());
}

/// Single GPUs that AWS offers or offered.
fn reference() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "p2.xlarge",
        "p3.2xlarge",
        "g4dn.xlarge",
        "g5.xlarge",
        "g6.xlarge",
        "g6e.xlarge",
        "p5.4xlarge",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Law 6: one more type to rent never makes any of the three costs dearer, nor any break-even earlier.
    #[test]
    fn another_type_never_shortens_the_break_even(
        like in reference(),
        picked in prop::sample::subsequence((0..card().instance_types().len()).collect::<Vec<_>>(), 1..12),
        added in 0..card().instance_types().len(),
        price in 100i64..20_000,
        hours in 1i64..160,
    ) {
        let name = |at: usize| card().instance_types()[at].name.clone().into_owned();
        let among: Vec<String> = picked.into_iter().map(name).collect();
        let more: Vec<String> = among.iter().cloned().chain([name(added)]).collect();
        let ask = |among: Vec<String>| field(&Need { among, ..need_like(like) }, card()).hour_of_work();
        let (fewer, more) = (ask(among), ask(more));
        if let Some(fewer) = fewer {
            let more = more.expect("what fitted fits still");
            for (fewer, more) in rented(&fewer).into_iter().zip(rented(&more)) {
                prop_assert!(more <= fewer);
                let answer = |rate: Usd| {
                    break_even(&question(rate, Decimal::from(price), Decimal::new(hours, 1), Decimal::ONE), START).expect("an answer")
                };
                prop_assert!(order(answer(more).break_even) >= order(answer(fewer).break_even));
            }
        }
    }

    /// The opponent is the cheapest, its range holds its middle, and a higher speed is never dearer.
    #[test]
    fn costs_of_work_are_in_order(like in reference(), memory in prop::option::of(1u32..100)) {
        let need = Need { memory_gb: memory.map(Decimal::from), ..need_like(like) };
        let field = field(&need, card());
        for pair in field.candidates.windows(2) {
            prop_assert!(pair[0].hour_of_work.middle <= pair[1].hour_of_work.middle);
        }
        for candidate in &field.candidates {
            let [low, middle, high] = rented(&candidate.hour_of_work);
            prop_assert!(low <= middle && middle <= high && low > Usd::ZERO);
            prop_assert!(candidate.speed.low <= candidate.speed.middle && candidate.speed.middle <= candidate.speed.high);
        }
        if let (Some(best), Some(cheapest)) = (field.opponent(), field.hour_of_work()) {
            prop_assert_eq!(best.hour_of_work.middle, cheapest.middle);
        }
    }

    /// The ends bound what lies between: any rent and any speed in the ranges breaks even between the two corners.
    #[test]
    fn corners_bound_everything_between(
        low in 10i64..200, width in 0i64..200, slow in 100i64..150, faster in 0i64..200,
        price in 100i64..20_000, hours in 1i64..200, within in 0i64..=10, also in 0i64..=10,
    ) {
        let (low, high) = (Decimal::new(low, 2), Decimal::new(low + width, 2));
        let (slow, fast) = (Decimal::new(slow, 2), Decimal::new(slow + faster, 2));
        let part = |from: Decimal, to: Decimal, tenths: i64| from + (to - from) * Decimal::new(tenths, 1);
        let asked = question(
            Usd::new(part(low, high, within)),
            Decimal::from(price),
            Decimal::new(hours, 1),
            part(slow, fast, also),
        );
        let ranges = Ranges { usd_per_hour: Some((Usd::new(low), Usd::new(high))), speed_ratio: Some((slow, fast)) };
        let span = over_ranges(&asked, ranges, START);
        let days = span.cases.each_ref().map(|case| order(case.answer.as_ref().expect("an answer").payback));
        prop_assert!(days[0] >= days[1] && days[1] >= days[2], "{:?}", days);
        prop_assert_eq!(span.cases.each_ref().map(|case| case.corner), [Corner::ForRenting, Corner::Middle, Corner::ForOwning]);
        if let Holds::Throughout(verdict) = span.holds() {
            prop_assert_eq!(span.cases[1].answer.as_ref().expect("an answer").verdict, verdict);
        }
    }
}
