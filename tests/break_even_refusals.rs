//! Numbers that cannot be meant are refused by name; whatever else is asked has an answer, and never is one.

use gpucost::break_even::{
    Answer, BreakEven, BreakEvenError, Electricity, FlipHours, Horizon, Input, InputName, Never, Owning, Percentage,
    Question, Renting, Terms, break_even, totals_after,
};
use gpucost::money::Usd;
use gpucost::report::break_even::{answer_table, cumulative_chart, inputs_table, totals_table, verdict_sentence};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use rust_decimal::Decimal;

const START: Date = date(2026, 11, 22);

fn answer(question: &Question) -> Answer {
    break_even(question, START).expect("an answer")
}

prop_compose! {
    fn decimal(most: i64, decimals: u32)(units in 0..=most) -> Decimal { Decimal::new(units, decimals) }
}

/// From 10^-28 to 4, every digit used: what rounds, cancels and overflows soonest among numbers that can be meant.
fn awkward() -> impl Strategy<Value = Decimal> {
    (any::<u32>(), prop_oneof![Just(0u32), any::<u32>()], prop_oneof![Just(0u32), 0u32..0x8000_0000], 20u32..=28)
        .prop_map(|(lo, mid, hi, scale)| {
            let scale = if hi > 0 { 28 } else { scale };
            Decimal::from_parts(lo, mid, hi, false, scale)
        })
}

/// Now and then any decimal at all.
fn any_decimal() -> impl Strategy<Value = Decimal> {
    let any = (any::<u32>(), any::<u32>(), any::<u32>(), any::<bool>(), 0u32..=28)
        .prop_map(|(lo, mid, hi, negative, scale)| Decimal::from_parts(lo, mid, hi, negative, scale));
    prop_oneof![40 => awkward(), 10 => (0i64..5).prop_map(Decimal::from), 1 => any]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_numbers_give_an_answer_or_name_the_input(
        numbers in proptest::collection::vec(any_decimal(), 11),
        rate in decimal(10_000_000_000, 10),
        selling in decimal(10_000_000_000, 10),
        horizon in prop_oneof![(0u32..37_000).prop_map(Horizon::Days), (0u32..1_210).prop_map(Horizon::Months)],
    ) {
        let mut numbers = numbers.into_iter();
        let mut next = || numbers.next().expect("eleven");
        let mut owning = Owning::at_price("the machine", Input::given(Usd::new(next())));
        owning.resale = Input::given(Usd::new(next().min(owning.price.value.amount())));
        owning.selling_cost = Input::given(Percentage::of_fraction(selling).expect("a share"));
        owning.electricity = Some(Electricity {
            load_watts: Input::given(next()),
            usd_per_kwh: Input::given(Usd::new(next())),
            pue: Input::given(next().saturating_add(Decimal::ONE)),
            ..Electricity::new(Input::given(Decimal::ZERO), Input::given(Usd::ZERO))
        });
        owning.other_usd_per_month = Input::given(Usd::new(next()));
        owning.speed_ratio = Input::given(next());
        let mut renting = Renting::at_rate("an instance", Input::given(Usd::new(next())));
        renting.ami_usd_per_hour = Input::given(Usd::new(next()));
        renting.storage_usd_per_month = Input::given(Usd::new(next()));
        let mut terms = Terms::at_hours(Input::given(next()));
        terms.horizon = Input::given(horizon);
        terms.discount_per_year = Input::given(Percentage::of_fraction(rate).expect("a rate"));
        let question = Question { owning, renting, terms };
        match break_even(&question, START) {
            Ok(answer) => {
                let said = verdict_sentence(&question, &answer);
                prop_assert!(!said.contains("NaN") && !said.contains("inf"), "{said}");
                answer_table(&question, &answer);
                inputs_table(&question);
                totals_table(&question, &answer);
                cumulative_chart(&question, &answer);
            }
            Err(BreakEvenError::InvalidInput(refused)) => prop_assert!(!refused.why.is_empty()),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}

fn plain() -> Question {
    let usd = |text: &str| Input::given(text.parse::<Usd>().expect("dollars"));
    Question {
        owning: Owning::at_price("the machine", usd("1000")),
        renting: Renting::at_rate("p2.xlarge", usd("0.90")),
        terms: Terms::at_hours(Input::given(Decimal::TWO)),
    }
}

fn powered(watts: i64, pue: &str) -> Option<Electricity> {
    let rate = Usd::new(Decimal::new(12, 2));
    let pue = Input::given(pue.parse().expect("a number"));
    Some(Electricity { pue, ..Electricity::new(Input::given(Decimal::from(watts)), Input::given(rate)) })
}

#[test]
fn what_cannot_be_meant_is_refused_by_name() {
    type Change = fn(&mut Question);
    let spoil: [(InputName, &str, Change); 12] = [
        (InputName::LoadWatts, "power under load of 4500000 W: it must lie between 0 and 200000 W", |q| {
            q.owning.electricity = powered(4_500_000, "1");
        }),
        (InputName::LoadWatts, "power under load of -1 W: it must lie between 0 and 200000 W", |q| {
            q.owning.electricity = powered(-1, "1");
        }),
        (InputName::Pue, "PUE of 0.9: it must lie between 1 and 5", |q| q.owning.electricity = powered(450, "0.9")),
        (InputName::HoursPerDay, "hours a day of 30 h: it must lie between 0 and 24 h", |q| {
            q.terms.hours_per_day.value = Decimal::from(30);
        }),
        (InputName::Resale, "resale value of $1,200.00: it is above the machine's price of $1,000.00", |q| {
            q.owning.resale.value = Usd::new(Decimal::from(1200));
        }),
        (InputName::MachinePrice, "machine price of -$5.00: it cannot be negative", |q| {
            q.owning.price.value = Usd::new(Decimal::from(-5));
        }),
        (
            InputName::InstanceRate,
            "instance rate of $90,000.00: it is more than $10,000.00, which no such cost reaches",
            |q| {
                q.renting.usd_per_hour.value = Usd::new(Decimal::from(90_000));
            },
        ),
        (InputName::StorageCost, "storage of -$1.00: it cannot be negative", |q| {
            q.renting.storage_usd_per_month.value = Usd::new(Decimal::from(-1));
        }),
        (InputName::AmiRate, "AMI rate of -$1.00: it cannot be negative", |q| {
            q.renting.ami_usd_per_hour.value = Usd::new(Decimal::from(-1));
        }),
        (InputName::SpeedRatio, "speed ratio of 0: it must lie between 0.001 and 1000", |q| {
            q.owning.speed_ratio.value = Decimal::ZERO;
        }),
        (
            InputName::SpeedRatio,
            "speed ratio of 0.05: 2 rented hours a day are then more than 24 hours of the machine",
            |q| {
                q.owning.speed_ratio.value = Decimal::new(5, 2);
            },
        ),
        (InputName::Horizon, "horizon of 0 days: it must lie between a day and 100 years", |q| {
            q.terms.horizon.value = Horizon::Days(0);
        }),
    ];
    for (input, message, change) in spoil {
        let mut question = plain();
        change(&mut question);
        let refused = break_even(&question, START).expect_err(message);
        assert_eq!(refused.to_string(), message);
        assert!(matches!(refused, BreakEvenError::InvalidInput(invalid) if invalid.input == input));
    }
    let after = totals_after(&plain(), Decimal::from(-1), START);
    assert_eq!(after, Err(BreakEvenError::DaysOutOfRange { days: Decimal::from(-1) }));
}

#[test]
fn no_dollars_are_negative() {
    type Dollars = fn(&mut Question) -> &mut Usd;
    let inputs: [(InputName, Dollars); 8] = [
        (InputName::MachinePrice, |q| &mut q.owning.price.value),
        (InputName::Resale, |q| &mut q.owning.resale.value),
        (InputName::OtherMonthlyCost, |q| &mut q.owning.other_usd_per_month.value),
        (InputName::ElectricityRate, |q| {
            let electricity = q.owning.electricity.get_or_insert_with(|| powered(450, "1").expect("some"));
            &mut electricity.usd_per_kwh.value
        }),
        (InputName::InstanceRate, |q| &mut q.renting.usd_per_hour.value),
        (InputName::AmiRate, |q| &mut q.renting.ami_usd_per_hour.value),
        (InputName::AddressRate, |q| &mut q.renting.address_usd_per_hour.value),
        (InputName::StorageCost, |q| &mut q.renting.storage_usd_per_month.value),
    ];
    for (input, dollars) in inputs {
        let mut question = plain();
        *dollars(&mut question) = -Usd::new(Decimal::new(1, 10));
        let refused = question.check().expect_err(input.label());
        assert_eq!((refused.input, refused.why.as_str()), (input, "it cannot be negative"));
    }
}

#[test]
fn never_is_a_value_with_its_reason() {
    let mut question = plain();
    question.owning.electricity = powered(10_000, "1");
    let costly = answer(&question);
    assert!(matches!(costly.break_even, BreakEven::Never(Never::NothingSaved { .. })));
    assert!(matches!(costly.flip, FlipHours::Never { .. }));

    let mut question = plain();
    question.terms.hours_per_day.value = Decimal::new(1, 1);
    question.terms.discount_per_year.value = "50%".parse().expect("a percentage");
    let slow = answer(&question);
    assert_eq!(slow.break_even.reached().map(|reached| reached.day), Some(11_112));
    let BreakEven::Never(why) = slow.payback else { panic!("{:?}", slow.payback) };
    assert_eq!(why.to_string(), "owning saves $2.74 a month, no more than the price's interest of $34.37");

    let mut question = plain();
    question.terms.hours_per_day.value = Decimal::new(1, 6);
    assert_eq!(answer(&question).break_even, BreakEven::Never(Never::TooLong));

    let mut question = plain();
    question.terms.horizon.value = Horizon::Days(30);
    assert_eq!(answer(&question).flip, FlipHours::MoreThanADay { limit: Decimal::from(24) });
    question.renting.storage_usd_per_month.value = Usd::new(Decimal::from(2000));
    assert_eq!(answer(&question).flip, FlipHours::OwnAtAnyHours);
}
