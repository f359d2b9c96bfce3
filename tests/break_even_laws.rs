//! What a break-even must obey whatever the numbers.

use gpucost::break_even::{
    Answer, BreakEven, Electricity, FlipHours, Horizon, Input, MonthLength, Never, Owning, Percentage, Question,
    Renting, Terms, Verdict, break_even, totals_after,
};
use gpucost::money::Usd;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use rust_decimal::Decimal;

const START: Date = date(2026, 11, 22);

fn tiny() -> Decimal {
    Decimal::new(1, 12)
}

fn a_cent() -> Decimal {
    Decimal::new(1, 2)
}

fn answer(question: &Question) -> Answer {
    break_even(question, START).expect("an answer")
}

/// Never is later than any day.
fn order(at: BreakEven) -> Decimal {
    at.reached().map_or(Decimal::MAX, |reached| reached.days)
}

fn days_after(question: &Question, days: Decimal) -> (Decimal, Decimal) {
    let totals = totals_after(question, days, START).expect("totals");
    (totals.rent.amount(), totals.own.amount())
}

prop_compose! {
    fn decimal(most: i64, decimals: u32)(units in 0..=most) -> Decimal { Decimal::new(units, decimals) }
}

prop_compose! {
    fn owning()(
        price in 100i64..5_000_000,
        resale_share in decimal(100, 2),
        selling_share in decimal(50, 2),
        electricity in proptest::option::of((decimal(2_000, 0), decimal(60, 2), decimal(100, 2))),
        other in prop_oneof![Just(Decimal::ZERO), decimal(10_000, 2)],
        ratio in 50i64..400,
    ) -> Owning {
        let price = Decimal::new(price, 2);
        let mut owning = Owning::at_price("the machine", Input::given(Usd::new(price)));
        owning.resale = Input::given(Usd::new(price * resale_share * Decimal::new(5, 1)));
        owning.selling_cost = Input::given(Percentage::of_fraction(selling_share).expect("a share"));
        owning.electricity = electricity.map(|(watts, rate, pue)| Electricity {
            load_watts: Input::given(watts),
            usd_per_kwh: Input::given(Usd::new(rate)),
            pue: Input::given(Decimal::ONE + pue),
            ..Electricity::new(Input::given(watts), Input::given(Usd::new(rate)))
        });
        owning.other_usd_per_month = Input::given(Usd::new(other));
        owning.speed_ratio = Input::given(Decimal::new(ratio, 2));
        owning
    }
}

prop_compose! {
    fn question()(
        owning in owning(),
        rate in decimal(400_000, 4),
        storage in prop_oneof![Just(Decimal::ZERO), decimal(20_000, 2)],
        hours in decimal(1_200, 2),
        horizon in prop_oneof![(1u32..2_000).prop_map(Horizon::Days), (1u32..84).prop_map(Horizon::Months)],
        discount in prop_oneof![Just(Decimal::ZERO), decimal(2_000, 4)],
        thirty in any::<bool>(),
    ) -> Question {
        let mut renting = Renting::at_rate("an instance", Input::given(Usd::new(rate)));
        renting.storage_usd_per_month = Input::given(Usd::new(storage));
        let mut terms = Terms::at_hours(Input::given(hours));
        terms.horizon = Input::given(horizon);
        terms.discount_per_year = Input::given(Percentage::of_fraction(discount).expect("a rate"));
        terms.month = Input::given(if thirty { MonthLength::Thirty } else { MonthLength::Average });
        Question { owning, renting, terms }
    }
}

/// An input pushed up, and whether owning gains by it (true), loses, or a rented hour must be the dearer one to gain.
type Push = (&'static str, fn(&mut Question, Decimal), bool);

fn more_usd(input: &mut Input<Usd>, by: Decimal) {
    input.value += Usd::new(by);
}

const PUSHES: [Push; 11] = [
    ("price", |q, by| more_usd(&mut q.owning.price, by), false),
    ("other", |q, by| more_usd(&mut q.owning.other_usd_per_month, by), false),
    ("watts", |q, by| q.owning.electricity.iter_mut().for_each(|e| e.load_watts.value += by), false),
    (
        "kWh",
        |q, by| q.owning.electricity.iter_mut().for_each(|e| more_usd(&mut e.usd_per_kwh, by / Decimal::from(100))),
        false,
    ),
    ("PUE", |q, by| q.owning.electricity.iter_mut().for_each(|e| e.pue.value += by / Decimal::from(100)), false),
    ("selling", |q, _| q.owning.selling_cost.value = Percentage::of_fraction(Decimal::ONE).expect("all"), false),
    ("resale", |q, _| q.owning.resale.value = q.owning.price.value, true),
    ("rate", |q, by| more_usd(&mut q.renting.usd_per_hour, by), true),
    ("AMI", |q, by| more_usd(&mut q.renting.ami_usd_per_hour, by), true),
    ("storage", |q, by| more_usd(&mut q.renting.storage_usd_per_month, by), true),
    ("speed", |q, by| q.owning.speed_ratio.value += by, true),
];

proptest! {
    #[test]
    fn at_the_break_even_both_cost_the_same_and_a_day_either_side_the_cheaper_flips(question in question()) {
        let answer = answer(&question);
        match answer.break_even {
            BreakEven::After(reached) => {
                let (rent, own) = days_after(&question, reached.days);
                prop_assert!((rent - own).abs() < tiny(), "{rent} {own}");
                let (rent, own) = days_after(&question, Decimal::from(reached.day));
                prop_assert!(own <= rent + tiny());
                if reached.day > 0 {
                    let (rent, own) = days_after(&question, Decimal::from(reached.day - 1));
                    prop_assert!(rent < own);
                }
                prop_assert_eq!(reached.date, START.checked_add(jiff::Span::new().days(i64::from(reached.day))).ok());
            }
            BreakEven::Never(_) => {
                let (rent, own) = days_after(&question, Decimal::from(1_000_000));
                prop_assert!(rent <= own);
            }
        }
    }

    #[test]
    fn the_net_present_value_is_zero_at_the_discounted_break_even(question in question()) {
        let answer = answer(&question);
        let Some(reached) = answer.payback.reached() else { return Ok(()) };
        let totals = totals_after(&question, reached.days, START).expect("totals");
        let npv = totals.rent_present.amount() - totals.own_present.amount();
        prop_assert!(npv.abs() < a_cent(), "{npv} after {}", reached.days);
        prop_assert!(answer.break_even.reached().is_some_and(|plain| plain.days <= reached.days + tiny()));
        let expected = if reached.days < answer.at_horizon.days { Verdict::Own } else { Verdict::Rent };
        prop_assert!(answer.verdict == expected || answer.verdict == Verdict::Same);
    }

    #[test]
    fn the_net_present_value_is_the_sum_of_its_months(question in question(), months in 1u32..84) {
        let mut question = question;
        question.terms.horizon = Input::given(Horizon::Months(months));
        let answer = answer(&question);
        let flows = answer.flows;
        let saved = flows.rent_a_month().unwrap().amount() - flows.own_a_month().unwrap().amount();
        let growth = Decimal::ONE + answer.discount.monthly_rate();
        let (mut factor, mut sum) = (Decimal::ONE, -flows.price.amount());
        for _ in 0..months {
            factor /= growth;
            sum += saved * factor;
        }
        sum += flows.resale.sure().expect("a sum").amount() * factor;
        prop_assert!((sum - answer.npv.amount()).abs() < Decimal::new(1, 8), "{sum} {}", answer.npv.exact());
    }

    #[test]
    fn the_verdict_flips_at_the_flip_hours(question in question()) {
        let mut question = question;
        let answer = break_even(&question, START).expect("an answer");
        let horizon = answer.at_horizon.days;
        let most = (Decimal::from(24) * question.owning.speed_ratio.value).min(Decimal::from(24));
        let mut verdict_at = |hours: Decimal| {
            question.terms.hours_per_day = Input::given(hours);
            break_even(&question, START).expect("an answer")
        };
        match answer.flip {
            FlipHours::Above(hours) => {
                let at = verdict_at(hours);
                prop_assert_eq!(at.verdict, Verdict::Same);
                // h*(n*(h)) = h, read from the other end: at h* the machine is paid off on the horizon's last day.
                if at.payback.reached().is_some() {
                    prop_assert!((order(at.payback) - horizon).abs() < Decimal::new(1, 6));
                }
                prop_assert!(verdict_at(hours / Decimal::TWO).npv <= Usd::new(a_cent()));
                prop_assert!(verdict_at((hours + most) / Decimal::TWO).npv >= Usd::new(-a_cent()));
            }
            FlipHours::Below(hours) => {
                prop_assert_eq!(verdict_at(hours).verdict, Verdict::Same);
                prop_assert!(verdict_at(hours / Decimal::TWO).npv >= Usd::new(-a_cent()));
                prop_assert!(verdict_at((hours + most) / Decimal::TWO).npv <= Usd::new(a_cent()));
            }
            FlipHours::OwnAtAnyHours => {
                for hours in [Decimal::ZERO, most / Decimal::TWO, most] {
                    prop_assert_ne!(verdict_at(hours).verdict, Verdict::Rent);
                }
            }
            FlipHours::MoreThanADay { .. } | FlipHours::Never { .. } => {
                for hours in [Decimal::ZERO, most / Decimal::TWO, most] {
                    prop_assert_ne!(verdict_at(hours).verdict, Verdict::Own);
                }
            }
        }
    }

    #[test]
    fn the_flip_hours_of_the_break_even_are_the_hours(question in question(), days in 1u32..3_000) {
        let mut question = question;
        question.terms.discount_per_year = Input::assumed(Percentage::ZERO);
        question.owning.resale = Input::assumed(Usd::ZERO);
        let before = answer(&question);
        let price = before.saved_per_day.amount() * Decimal::from(days);
        prop_assume!(price > Decimal::ZERO && before.saved_per_rented_hour > Usd::ZERO);
        question.owning.price = Input::given(Usd::new(price));
        question.terms.horizon = Input::given(Horizon::Days(days));
        let answer = answer(&question);
        prop_assert!((order(answer.break_even) - Decimal::from(days)).abs() < tiny());
        let FlipHours::Above(hours) = answer.flip else { panic!("{:?}", answer.flip) };
        // The saving of an hour divides: where it is a hundredth of a cent, digits are lost.
        prop_assert!((hours - question.terms.hours_per_day.value).abs() < Decimal::new(1, 9), "{hours}");
    }

    #[test]
    fn more_of_anything_moves_the_answer_one_way(question in question(), by in 1i64..500, which in 0..PUSHES.len()) {
        let (name, push, owning_gains) = PUSHES[which];
        let before = answer(&question);
        let mut pushed = question;
        push(&mut pushed, Decimal::new(by, 2));
        let Ok(after) = break_even(&pushed, START) else { return Ok(()) };
        let (worse, better) = if owning_gains { (before, after) } else { (after, before) };
        prop_assert!(better.npv.amount() >= worse.npv.amount() - tiny(), "{name}: npv");
        prop_assert!(order(better.break_even) <= order(worse.break_even).saturating_add(tiny()), "{name}: break-even");
        prop_assert!(order(better.payback) <= order(worse.payback).saturating_add(tiny()), "{name}: payback");
    }

    #[test]
    fn more_hours_favor_the_side_whose_hour_is_cheaper(question in question(), by in 1i64..1_200) {
        let before = answer(&question);
        let mut pushed = question;
        pushed.terms.hours_per_day.value += Decimal::new(by, 2);
        let Ok(after) = break_even(&pushed, START) else { return Ok(()) };
        let (worse, better) = if before.saved_per_rented_hour.is_negative() { (after, before) } else { (before, after) };
        prop_assert!(better.npv.amount() >= worse.npv.amount() - tiny());
        prop_assert!(order(better.break_even) <= order(worse.break_even).saturating_add(tiny()));
    }

    #[test]
    fn a_higher_discount_rate_only_delays(question in question(), more in decimal(5_000, 4)) {
        let before = answer(&question);
        let mut pushed = question;
        let rate = pushed.terms.discount_per_year.value.fraction() + more;
        pushed.terms.discount_per_year.value = Percentage::of_fraction(rate).expect("a rate");
        let after = answer(&pushed);
        prop_assert_eq!(before.break_even, after.break_even);
        prop_assert!(order(before.payback) <= order(after.payback).saturating_add(tiny()));
    }

    #[test]
    fn other_money_leaves_days_and_verdict(question in question(), times in prop_oneof![Just("0.01"), Just("0.5"), Just("7"), Just("100")]) {
        let before = answer(&question);
        let times: Decimal = times.parse().expect("a number");
        let mut scaled = question;
        let Question { owning, renting, .. } = &mut scaled;
        let rates = owning.electricity.iter_mut().map(|electricity| &mut electricity.usd_per_kwh);
        for input in [
            &mut owning.price, &mut owning.resale, &mut owning.other_usd_per_month,
            &mut renting.usd_per_hour, &mut renting.storage_usd_per_month,
        ].into_iter().chain(rates) {
            input.value = Usd::new(input.value.amount() * times);
        }
        let Ok(after) = break_even(&scaled, START) else { return Ok(()) };
        prop_assert_eq!(before.break_even.reached().map(|r| r.day), after.break_even.reached().map(|r| r.day));
        prop_assert!((order(before.payback) - order(after.payback)).abs() < Decimal::new(1, 9));
        let clear = |answer: &Answer| answer.npv.amount().abs() > a_cent();
        if clear(&before) && clear(&after) {
            prop_assert_eq!(before.verdict, after.verdict);
        }
    }

    #[test]
    fn without_monthly_rates_the_month_convention_is_irrelevant(question in question(), days in 1u32..3_000) {
        let mut question = question;
        question.renting.storage_usd_per_month.value = Usd::ZERO;
        question.owning.other_usd_per_month.value = Usd::ZERO;
        question.terms.discount_per_year.value = Percentage::ZERO;
        question.terms.horizon.value = Horizon::Days(days);
        question.terms.month.value = MonthLength::Average;
        let average = answer(&question);
        question.terms.month.value = MonthLength::Thirty;
        let thirty = answer(&question);
        prop_assert!((order(average.break_even) - order(thirty.break_even)).abs() < tiny());
        prop_assert_eq!(average.verdict, thirty.verdict);
        prop_assert_eq!(average.at_horizon.rent, thirty.at_horizon.rent);
        if let (FlipHours::Above(one), FlipHours::Above(other)) = (average.flip, thirty.flip) {
            prop_assert!((one - other).abs() < tiny());
        } else {
            prop_assert_eq!(average.flip, thirty.flip);
        }
    }

    #[test]
    fn no_use_and_no_storage_never_buys(question in question()) {
        let mut question = question;
        question.terms.hours_per_day.value = Decimal::ZERO;
        question.renting.storage_usd_per_month.value = Usd::ZERO;
        question.owning.resale.value = Usd::ZERO;
        let answer = answer(&question);
        prop_assert_eq!(answer.verdict, Verdict::Rent);
        let nothing_saved = matches!(answer.break_even, BreakEven::Never(Never::NothingSaved { .. }));
        prop_assert!(nothing_saved, "{:?}", answer.break_even);
        prop_assert_eq!(answer.per_hour_used, None);
    }

    #[test]
    fn splitting_the_time_changes_no_total(question in question(), first in decimal(100_000, 2), second in decimal(100_000, 2)) {
        let (rent_first, own_first) = days_after(&question, first);
        let (rent_second, own_second) = days_after(&question, second);
        let (rent, own) = days_after(&question, first + second);
        let (_, bought) = days_after(&question, Decimal::ZERO);
        prop_assert!((rent_first + rent_second - rent).abs() < tiny());
        prop_assert!((own_first + own_second - bought - own).abs() < tiny());
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), typed in "[-+]?[0-9]{0,12}[.eE]?[0-9]{0,6} ?[ymd%]{0,2}") {
        for text in [text, typed] {
            let _ = text.parse::<MonthLength>();
            if let Ok(horizon) = text.parse::<Horizon>() {
                prop_assert!(horizon.is_in_range());
            }
            if let Ok(percentage) = text.parse::<Percentage>() {
                prop_assert_eq!(percentage.to_string().parse(), Ok(percentage));
            }
        }
    }
}
