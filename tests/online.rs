//! Buy now or wait: worked examples, and what the online rule must hold on any history.

use gpucost::break_even::online::{Day, Followed, Forecast, OnlineError, Rule, Threshold};
use gpucost::break_even::{Electricity, Flows, Input, Owning, Question, Renting, Terms};
use gpucost::money::Usd;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

const START: Date = date(2026, 1, 1);

fn usd(text: &str) -> Usd {
    text.parse().expect("dollars")
}

fn number(text: &str) -> Decimal {
    text.parse().expect("a number")
}

fn shown(amount: Decimal, decimals: u32) -> String {
    format!("{:.*}", decimals as usize, amount.round_dp(decimals))
}

fn question(price: &str, rate: &str, watts: &str) -> Question {
    let mut owning = Owning::at_price("the machine", Input::given(usd(price)));
    owning.electricity = Some(Electricity::new(Input::given(number(watts)), Input::given(usd("0.12"))));
    let renting = Renting::at_rate("the instance", Input::given(usd(rate)));
    Question { owning, renting, terms: Terms::at_hours(Input::given(Decimal::TWO)) }
}

fn rule(question: &Question) -> Rule {
    Rule::of(&Flows::of(question).expect("flows")).expect("a rule")
}

fn history(hours: &[Decimal]) -> Vec<Day> {
    let date = |n: usize| START.checked_add(i64::try_from(n).expect("few days").days()).expect("a date");
    hours.iter().enumerate().map(|(n, hours)| Day { date: date(n), hours: *hours }).collect()
}

fn follow(rule: &Rule, hours: &[Decimal]) -> Followed {
    rule.follow(&history(hours), rule.threshold()).expect("followed")
}

#[test]
fn published_and_derived_examples() {
    // Dettmers 2023: 2200, $2.14/h, 450 W at $0.12/kWh.
    let dettmers = rule(&question("2200", "2.14", "450"));
    assert_eq!(shown(dettmers.running_share().expect("a share"), 7), "0.0252336");
    assert_eq!(dettmers.threshold_rent().map(|rent| rent.to_string()).as_deref(), Some("$2,256.95"));
    let hours = dettmers.threshold_rent().expect("rent").amount() / number("2.14");
    assert_eq!(shown(hours, 2), "1054.65");
    assert_eq!(shown(dettmers.guarantee().expect("a ratio"), 6), "1.974766");
    // The tutorial with 450 W.
    let tutorial = rule(&question("1000", "0.90", "450"));
    assert_eq!(tutorial.running_share(), Some(number("0.06")));
    assert_eq!(tutorial.threshold_rent().map(|rent| rent.to_string()).as_deref(), Some("$1,063.83"));
    assert_eq!(tutorial.guarantee(), Some(number("1.94")));
}

#[test]
fn ratios_of_wang_li_liang() {
    for (share, certain, random) in [("0", "2", "1.581977"), ("0.1", "1.9", "1.494973"), ("0.5", "1.5", "1.225400")] {
        // Watts at $0.12/kWh that make an hour cost that share of a dollar.
        let watts = number(share) * Decimal::from(1000) / number("0.12");
        let rule = rule(&question("1000", "1", &watts.to_string()));
        assert_eq!(shown(rule.guarantee().expect("a ratio"), 4), shown(number(certain), 4));
        assert_eq!(shown(rule.guarantee_expected().expect("a ratio"), 6), random, "α = {share}");
    }
    let rule = rule(&question("1000", "1.2", "1000"));
    let (right, whatever) = rule.guarantee_with(number("0.5")).expect("ratios");
    assert_eq!((shown(right, 2).as_str(), shown(whatever, 2).as_str()), ("1.45", "2.80"));
}

/// Ski rental (everything2): rent at 10 a day or buy for 150: rent until day 15, never pay more than 300.
#[test]
fn the_skier() {
    let rule = Rule::of_commitment(usd("150"), usd("10")).expect("a rule");
    let days = vec![Decimal::ONE; 40];
    let followed = follow(&rule, &days);
    assert_eq!(followed.purchase.map(|at| (at.date, at.rent)), Some((date(2026, 1, 15), usd("150"))));
    assert_eq!(followed.last().map(|step| (step.rule, step.best)), Some((usd("300"), usd("150"))));
    assert_eq!(follow(&rule, &days[..14]).purchase, None);
}

#[test]
fn the_threshold_at_the_recent_pace() {
    let rule = rule(&question("1000", "0.90", "450"));
    let followed = follow(&rule, &[number("10"); 60]);
    let outlook = followed.outlook(&rule, rule.threshold(), 30).expect("an outlook");
    // 60 days of 8.46 saved leave 492.40: 58.2033 days more.
    assert_eq!(shown(outlook.days_left, 4), "58.2033");
    assert_eq!(outlook.date, Some(date(2026, 4, 29)));
    assert_eq!(outlook.rent_left.to_string(), "$523.83");
    assert_eq!(shown(outlook.hours_left, 2), "582.03");
    let idle = follow(&rule, &[Decimal::ZERO; 40]);
    assert_eq!(idle.outlook(&rule, rule.threshold(), 30), None, "never at this pace");
}

#[test]
fn never_is_a_value() {
    let dearer = rule(&question("1000", "0.05", "450"));
    assert_eq!(dearer.threshold(), Threshold::Never);
    assert_eq!(dearer.guarantee(), Some(Decimal::ONE));
    let followed = follow(&dearer, &[number("24"); 500]);
    assert_eq!(followed.purchase, None);
    assert_eq!(followed.last().map(|step| step.rule == step.best), Some(true));
}

#[test]
fn refuses_what_has_no_proven_ratio() {
    let mut upkeep = question("1000", "0.90", "450");
    upkeep.owning.other_usd_per_month = Input::given(usd("5"));
    let flows = Flows::of(&upkeep).expect("flows");
    assert!(matches!(Rule::of(&flows), Err(OnlineError::UpkeepAboveStorage { .. })));
    let mut idle = question("1000", "0.05", "450");
    idle.renting.storage_usd_per_month = Input::given(usd("5"));
    let flows = Flows::of(&idle).expect("flows");
    assert!(matches!(Rule::of(&flows), Err(OnlineError::SavesOnlyWhenIdle { .. })));
    let rule = rule(&question("1000", "0.90", "450"));
    let days = history(&[number("25")]);
    assert!(matches!(rule.follow(&days, rule.threshold()), Err(OnlineError::HoursOutOfRange { .. })));
    let mut back = history(&[Decimal::ONE, Decimal::ONE]);
    back.reverse();
    assert!(matches!(rule.follow(&back, rule.threshold()), Err(OnlineError::TimeGoesBack { .. })));
    for trust in ["0", "-1", "1.01"] {
        assert!(rule.guarantee_with(number(trust)).is_err(), "{trust}");
    }
}

#[test]
fn a_seed_draws_the_same_threshold_and_another_one_another() {
    let rule = rule(&question("1000", "0.90", "450"));
    let drawn = |seed| rule.threshold_drawn(seed).expect("a threshold");
    assert_eq!(drawn(7), drawn(7));
    assert_ne!(drawn(7), drawn(8));
}

prop_compose! {
    /// Short spans of like days, idle ones among them, and prices that a history may or may not reach.
    fn cases()(
        price in 1i64..200_000,
        rate in 1i64..500,
        share in 0i64..100,
        storage in prop_oneof![Just(0i64), 1i64..5_000],
        spans in proptest::collection::vec((0i64..=240, 1usize..15), 1..12),
    ) -> (Rule, Vec<Decimal>) {
        let rate = Decimal::new(rate, 2);
        let watts = rate * Decimal::new(share, 2) * Decimal::from(1000) / Decimal::new(12, 2);
        let mut question = question(&Decimal::new(price, 2).to_string(), &rate.to_string(), &watts.to_string());
        question.renting.storage_usd_per_month = Input::given(Usd::new(Decimal::new(storage, 2)));
        let hours = spans.into_iter().flat_map(|(tenths, days)| vec![Decimal::new(tenths, 1); days]).collect();
        (rule(&question), hours)
    }
}

fn at_most(cost: Usd, ratio: Decimal, best: Usd) -> bool {
    cost.amount() <= ratio * best.amount() * (Decimal::ONE + Decimal::new(1, 15)) + Decimal::new(1, 15)
}

proptest! {
    #[test]
    fn never_costs_more_than_its_ratio_on_any_day((rule, hours) in cases()) {
        let guarantee = rule.guarantee().expect("a ratio");
        for step in &follow(&rule, &hours).steps {
            prop_assert!(at_most(step.rule, guarantee, step.best), "{step:?} {guarantee}");
            prop_assert!(step.best <= step.rule.checked_add(usd("0.000000001")).expect("a sum"), "hindsight is best: {step:?}");
        }
    }

    #[test]
    fn looks_at_no_later_day((rule, hours) in cases(), cut in 0.0f64..1.0) {
        let whole = follow(&rule, &hours);
        let first = (hours.len() as f64 * cut) as usize;
        let part = follow(&rule, &hours[..first]);
        prop_assert_eq!(&whole.steps[..first], &part.steps[..]);
        let bought_by = whole.purchase.filter(|at| whole.steps[..first].iter().any(|step| step.date == at.date));
        prop_assert_eq!(bought_by, part.purchase);
    }

    #[test]
    fn a_forecast_is_followed_as_far_as_it_is_trusted((rule, hours) in cases(), trust in 1i64..=100, right in any::<bool>()) {
        let trust = Decimal::new(trust, 2);
        let saved = follow(&rule, &hours).last().map_or(Usd::ZERO, |step| step.saved);
        let heavy = (saved >= rule.at_once()) == right;
        let forecast = Forecast { saved: if heavy { rule.at_once() } else { Usd::ZERO }, trust };
        let threshold = rule.threshold_with(forecast).expect("a threshold");
        let followed = rule.follow(&history(&hours), threshold).expect("followed");
        let (consistent, robust) = rule.guarantee_with(trust).expect("ratios");
        let last = followed.last().expect("a day");
        prop_assert!(at_most(last.rule, robust, last.best));
        if right {
            prop_assert!(at_most(last.rule, consistent, last.best));
        }
        for step in &followed.steps {
            prop_assert!(at_most(step.rule, robust, step.best), "{step:?} {robust}");
        }
    }

    #[test]
    fn the_random_rule_keeps_its_ratio_in_expectation((rule, hours) in cases()) {
        let ratio = rule.guarantee_expected().expect("a ratio");
        let mut so_far = Vec::new();
        for hours in hours {
            so_far.push(hours);
            let certain = follow(&rule, &so_far);
            let expected = rule.expected(&certain).expect("an expectation");
            let best = certain.last().expect("a day").best;
            prop_assert!(at_most(expected, ratio, best), "{expected:?} {ratio} {best:?}");
        }
    }
}

/// The closed form against the integral over the density, each threshold followed through the history.
#[test]
fn the_expectation_is_the_integral_over_the_density() {
    let float = |number: Decimal| number.to_f64().expect("a float");
    for (price, days) in [("100", 40usize), ("300", 40), ("50", 3), ("1000", 30)] {
        let rule = rule(&question(price, "0.90", "2250"));
        let hours: Vec<Decimal> = (0..days).map(|n| Decimal::from(n * 7 % 20)).collect();
        let certain = follow(&rule, &hours);
        let share = float(rule.running_share().expect("a share"));
        let scale = std::f64::consts::E - 1.0 + share;
        let cost = |threshold| {
            let followed = rule.follow(&history(&hours), threshold).expect("followed");
            float(followed.last().expect("a day").rule.amount())
        };
        let slices = 2_000u32;
        let mut integral = cost(Threshold::Never) * share / scale;
        for slice in 0..slices {
            let part = (f64::from(slice) + 0.5) / f64::from(slices);
            let at = rule.at_once().scaled(Decimal::from(2 * slice + 1), Decimal::from(2 * slices)).expect("a part");
            integral += cost(Threshold::Saved(at)) * part.exp() / scale / f64::from(slices);
        }
        let exact = float(rule.expected(&certain).expect("an expectation").amount());
        assert!((integral / exact - 1.0).abs() < 1e-3, "{price}: {integral} {exact}");
    }
}
