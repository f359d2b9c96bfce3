//! Rent or own where inputs are ranges: what the odds must hold.

use gpucost::break_even::uncertainty::{Odds, Range, Simulation, UncertaintyError, bands, heat, odds};
use gpucost::break_even::{
    Answer, Committed, Electricity, Financing, Horizon, Input, InputName, Owning, Question, Renting, Terms, Upgrade,
    break_even,
};
use gpucost::money::Usd;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use rust_decimal::Decimal;

const START: Date = date(2026, 11, 22);

fn question() -> Question {
    let mut owning = Owning::at_price("the machine", Input::given("1000".parse().expect("dollars")));
    owning.electricity =
        Some(Electricity::new(Input::given(450.into()), Input::given("0.12".parse().expect("dollars"))));
    let renting = Renting::at_rate("p2.xlarge", Input::given("0.90".parse().expect("dollars")));
    let mut terms = Terms::at_hours(Input::given("2.5".parse().expect("hours")));
    terms.discount_per_year = Input::given("8%".parse().expect("a percentage"));
    Question { owning, renting, terms }
}

fn answered(question: &Question) -> Answer {
    break_even(question, START).expect("an answer")
}

fn simulation(paths: u32, seed: u64, ranges: &[(InputName, &str)]) -> Simulation {
    let ranges = ranges.iter().map(|(input, text)| (*input, text.parse::<Range>().expect("a range"))).collect();
    Simulation { paths, seed, ranges, months: Vec::new() }
}

fn drawn(simulation: &Simulation) -> Odds {
    let question = question();
    odds(&question, answered(&question).npv, simulation).expect("odds")
}

#[test]
fn nothing_that_varies_is_the_exact_answer() {
    let npv = answered(&question()).npv;
    for ranges in [vec![], vec![(InputName::HoursPerDay, "2.5..2.5")], vec![(InputName::MachinePrice, "1000±0")]] {
        let odds = drawn(&simulation(1_000, 1, &ranges));
        assert_eq!((odds.npv.p10, odds.npv.p50, odds.npv.p90, odds.npv.mean), (npv, npv, npv, npv));
        assert_eq!(odds.own_wins, Decimal::ONE);
    }
    // Months that are all alike are no draw either.
    let months = Simulation { months: vec!["2.5".parse().expect("hours"); 3], ..simulation(1_000, 1, &[]) };
    assert_eq!(drawn(&months).npv.p50, npv);
}

/// The floats against the decimals: a range too narrow to matter gives the exact answer to the cent.
#[test]
fn the_model_is_the_exact_formula() {
    let npv = answered(&question()).npv;
    let odds = drawn(&simulation(1_000, 1, &[(InputName::HoursPerDay, "2.5..2.500000001")]));
    assert_eq!(odds.npv.p50.to_string(), npv.to_string());
    let nearly = ["2.5", "2.500000001"].map(|hours| hours.parse().expect("hours")).to_vec();
    let months = Simulation { months: nearly, ..simulation(1_000, 1, &[]) };
    assert_eq!(drawn(&months).npv.p50.to_string(), npv.to_string());
}

/// NPV is linear in the hours: of 1..4, the hours above the flip are the share in which owning wins.
#[test]
fn the_share_won_is_the_share_of_hours_above_the_flip() {
    let odds = drawn(&simulation(200_000, 7, &[(InputName::HoursPerDay, "1..4")]));
    let gpucost::break_even::FlipHours::Above(flip) = answered(&question()).flip else { panic!("no flip") };
    let above = (Decimal::from(4) - flip) / Decimal::from(3);
    assert!((odds.own_wins - above).abs() < Decimal::new(5, 3), "{} {above}", odds.own_wins);
    // The tornado's ends are the exact answers at 1.3 and 3.7 hours.
    let bar = odds.tornado.first().expect("a bar");
    for (hours, npv) in [("1.3", bar.npv_at_p10), ("3.7", bar.npv_at_p90)] {
        let mut at = question();
        at.terms.hours_per_day.value = hours.parse().expect("hours");
        assert_eq!(answered(&at).npv.to_string(), npv.to_string());
    }
}

#[test]
fn the_seed_alone_decides_whatever_the_threads() {
    let ranges = [(InputName::HoursPerDay, "1..2..4"), (InputName::MachinePrice, "1000±100")];
    let with = |threads: usize, seed| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| drawn(&simulation(50_000, seed, &ranges)))
    };
    let one = with(1, 7);
    assert_eq!(one, with(2, 7));
    assert_eq!(one, with(5, 7));
    assert_ne!(one.npv, with(2, 8).npv);
}

#[test]
fn refuses_ranges_that_the_input_cannot_have() {
    let question = question();
    for (input, range, why) in [
        (InputName::HoursPerDay, "1..30", "hours a day from 1 to 30"),
        (InputName::HoursPerDay, "-1..2", "hours a day from -1 to 2"),
        (InputName::HoursPerDay, "2±1", "hours a day from -1 to 5"),
        (InputName::Resale, "0..1200", "above the machine's price"),
        (InputName::LoadWatts, "450..4500000", "power under load"),
        (InputName::Horizon, "0..2", "a day and 100 years"),
        (InputName::Horizon, "12.5..24", "a whole number"),
        (InputName::Horizon, "-3..24", "a whole number from 1 on"),
        (InputName::DiscountRate, "-0.01..0.08", "discount rate cannot be"),
        (InputName::LoanMonths, "12..24", "loan's months cannot be a range"),
        (InputName::MonthLength, "1..2", "month length cannot be a range"),
    ] {
        let refused = odds(&question, Usd::ZERO, &simulation(1_000, 1, &[(input, range)])).expect_err(range);
        assert!(refused.to_string().contains(why), "{refused}");
    }
    let few = odds(&question, Usd::ZERO, &simulation(1, 1, &[]));
    assert_eq!(few, Err(UncertaintyError::Paths(1)));
}

/// All that decides when dollars are paid, and what they are worth then.
fn with_everything(horizon: Horizon) -> Question {
    let share = |text: &str| Input::given(text.parse().expect("a share"));
    let mut question = question();
    question.terms.horizon = Input::given(horizon);
    question.owning.electricity.as_mut().expect("electricity").escalation_per_year = share("3%");
    question.owning.financing =
        Some(Financing { down_payment: share("20%"), apr: share("9%"), months: Input::given(30) });
    question.owning.upgrade =
        Some(Upgrade { usd: Input::given("300".parse().expect("dollars")), month: Input::given(20) });
    question.owning.value_kept_per_year = Some(share("60%"));
    question.renting.usd_per_hour = Input::given("0.12".parse().expect("dollars"));
    question.renting.committed =
        Some(Committed { upfront: Input::given("250".parse().expect("dollars")), term_months: Input::given(12) });
    question
}

/// Of every input that moves when something is paid: the tornado's ends, in floats, are the exact answers there.
#[test]
fn what_is_drawn_of_time_is_the_exact_formula() {
    for horizon in [Horizon::Months(36), Horizon::Months(19), Horizon::Days(800)] {
        let question = with_everything(horizon);
        let ranges = [
            (InputName::Horizon, if horizon == Horizon::Days(800) { "500..1100" } else { "6..50" }),
            (InputName::DiscountRate, "0..0.2"),
            (InputName::Escalation, "0..0.1"),
            (InputName::LoanApr, "0.02..0.3"),
            (InputName::LoanMonths, "6..60"),
            (InputName::UpgradeMonth, "1..40"),
            (InputName::TermMonths, "1..36"),
        ];
        for range in ranges {
            let simulation = simulation(1_000, 1, &[range]);
            let odds = odds(&question, answered(&question).npv, &simulation).expect("odds");
            let bar = odds.tornado.first().expect("a bar");
            for (value, npv) in [(bar.p10, bar.npv_at_p10), (bar.p90, bar.npv_at_p90)] {
                let mut at = question.clone();
                match u32::try_from(value) {
                    Ok(count) if bar.input.is_whole() => at.put_count(bar.input, count),
                    _ => at.put(bar.input, value),
                }
                .expect("a value");
                assert_eq!(answered(&at).npv.to_string(), npv.to_string(), "{} at {value}, {horizon}", bar.input);
            }
            assert_ne!(bar.npv_at_p10, bar.npv_at_p90, "{} moves nothing", bar.input);
        }
    }
}

/// Owning gains with each month here, so the quantiles of a horizon that is drawn are the answers at its quantiles: of 49
/// whole months the third and the twenty-fifth. Months past a path's horizon do not count, drawn one by one or not.
#[test]
fn months_past_a_paths_own_horizon_do_not_count() {
    let mut question = question();
    question.terms.horizon = Input::given(Horizon::Months(36));
    let at = |months| {
        let mut at = question.clone();
        at.terms.horizon.value = Horizon::Months(months);
        answered(&at).npv.to_string()
    };
    let constant = simulation(100_000, 7, &[(InputName::Horizon, "12..60")]);
    let nearly = ["2.5", "2.5000000001"].map(|hours| hours.parse().expect("hours")).to_vec();
    let monthly = Simulation { months: nearly, ..constant.clone() };
    for simulation in [constant, monthly] {
        let odds = odds(&question, answered(&question).npv, &simulation).expect("odds");
        assert_eq!((odds.npv.p5.to_string(), odds.npv.p50.to_string()), (at(14), at(36)));
    }
}

/// Nothing varies in ranges without width, and nothing is drawn.
#[test]
fn ranges_of_time_without_width_are_the_exact_answer() {
    let question = with_everything(Horizon::Months(36));
    let npv = answered(&question).npv;
    let none =
        [(InputName::Horizon, "36..36"), (InputName::DiscountRate, "0.08±0"), (InputName::LoanMonths, "30..30..30")];
    let odds = odds(&question, npv, &simulation(1_000, 1, &none)).expect("odds");
    assert_eq!((odds.paths, odds.npv.p5, odds.npv.mean), (0, npv, npv));
}

#[test]
fn reads_ranges_of_times() {
    for (text, low, median, high, in_days) in [
        ("1y..5y", "12", "36", "60", false),
        ("1..5y", "12", "36", "60", false),
        ("18m..3y", "18", "27", "36", false),
        ("1.5y..2y..2.5y", "18", "24", "30", false),
        ("3y±6m", "18", "36", "54", false),
        ("36+-2m", "30", "36", "42", false),
        ("400..800d", "400", "600", "800", true),
        ("3y..3y", "36", "36", "36", false),
    ] {
        let (range, days) = Range::of_times(text).expect(text);
        let shown = |number: Decimal| number.normalize().to_string();
        assert_eq!(shown(range.low()), low, "{text}");
        assert_eq!(shown(range.median().expect("a median")), median, "{text}");
        assert_eq!(shown(range.high()), high, "{text}");
        assert_eq!(days, in_days, "{text}");
    }
    for (text, why) in [
        ("1..5", "needs a unit"),
        ("500d..3y", "both days and months"),
        ("0.3y..2y", "no whole number"),
        ("5y..1y", "from the larger"),
        ("y..5y", "not a number"),
        ("..5y", "missing"),
        ("3y±-1m", "negative"),
    ] {
        let refused = Range::of_times(text).expect_err(text).to_string();
        assert!(refused.contains(why), "{refused}");
    }
}

#[test]
fn the_heat_map_is_the_exact_answer_in_each_cell() {
    let question = question();
    let heat = heat(&question, Decimal::from(4)).expect("a map");
    assert_eq!(heat.hours_per_day.len(), 11);
    for column in &heat.columns {
        for (hours, npv) in heat.hours_per_day.iter().zip(&column.npv) {
            if let gpucost::break_even::FlipHours::Above(flip) = column.flip {
                assert!(npv.is_negative() == (*hours < flip), "{hours} h, {} months: {npv}", column.months);
            }
        }
        assert!(column.npv.is_sorted(), "more hours favor owning");
    }
}

#[test]
fn reads_the_three_notations() {
    for (text, low, median, high) in [
        ("1..4", "1", "2.5", "4"),
        ("1..1..3", "1", "1.585786437626", "3"),
        ("2..2", "2", "2", "2"),
        ("2±0.5", "0.5", "2", "3.5"),
        ("2+-0.5", "0.5", "2", "3.5"),
        (" 0.5 .. 2 .. 6 ", "0.5", "2.683375209644", "6"),
    ] {
        let range: Range = text.parse().expect(text);
        let shown = |number: Decimal| number.normalize().to_string();
        assert_eq!(shown(range.low()), low, "{text}");
        assert_eq!(shown(range.median().expect("a median")), median, "{text}");
        assert_eq!(shown(range.high()), high, "{text}");
    }
}

#[test]
fn reads_shares_in_percent_and_as_fractions() {
    for (text, low, high, shown) in [
        ("0..40%", "0", "0.4", "0..40%"),
        ("10%..40%", "0.1", "0.4", "10..40%"),
        ("0.1..0.4", "0.1", "0.4", "10..40%"),
        ("20±5%", "0.05", "0.35", "20±5%"),
        ("0..10..40 %", "0", "0.4", "0..10..40%"),
    ] {
        let range = Range::of_shares(text).expect(text);
        assert_eq!(range.low().normalize().to_string(), low, "{text}");
        assert_eq!(range.high().normalize().to_string(), high, "{text}");
        assert_eq!(range.in_percent(), shown);
    }
    assert!("0..40%".parse::<Range>().is_err(), "a percent of what?");
    assert!(Range::of_shares("40..0%").is_err());
}

/// A resale of 0 to 40 % of a price that varies too never brings more than 40 % of that price.
#[test]
fn a_resale_share_goes_with_the_price() {
    let mut question = question();
    question.owning.resale_share = Some(Input::given("20%".parse().expect("a share")));
    let ranges = [(InputName::ResaleShare, "0..0.4"), (InputName::MachinePrice, "900..1100")];
    let simulation = simulation(20_000, 3, &ranges);
    let odds = odds(&question, answered(&question).npv, &simulation).expect("odds");
    let bar = odds.tornado.iter().find(|bar| bar.input == InputName::ResaleShare).expect("a bar");
    assert_eq!((bar.p10.to_string().as_str(), bar.p90.to_string().as_str()), ("0.04", "0.36"));
    for (share, npv) in [("4%", bar.npv_at_p10), ("36%", bar.npv_at_p90)] {
        let mut at = question.clone();
        at.owning.resale_share = Some(Input::given(share.parse().expect("a share")));
        assert_eq!(answered(&at).npv.to_string(), npv.to_string());
    }
}

#[test]
fn bands_hold_their_median_and_are_the_same_on_any_threads() {
    let ranges = [(InputName::HoursPerDay, "1..4"), (InputName::MachinePrice, "900..1100")];
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| bands(&question(), &simulation(20_000, 7, &ranges)).expect("bands"))
    };
    let drawn = with(1);
    assert_eq!(drawn, with(3));
    assert_eq!(drawn.first().map(|band| band.rent.p90), Some(Usd::ZERO));
    for band in &drawn {
        for spread in [band.rent, band.own] {
            assert!(spread.p10 <= spread.p50 && spread.p50 <= spread.p90, "{band:?}");
        }
    }
    assert_eq!(bands(&question(), &simulation(1_000, 1, &[])), Ok(Vec::new()));
}

#[test]
fn refuses_what_is_no_range_and_says_why() {
    for (text, why) in [
        ("4..1", "from the larger"),
        ("1..5..4", "from the larger"),
        ("..4", "missing"),
        ("1..", "missing"),
        ("..", "missing"),
        ("2±", "missing"),
        ("2±-1", "negative"),
        ("a..b", "not a number"),
        ("NaN..inf", "not a number"),
        ("1..2..3..4", "neither two nor three"),
    ] {
        let refused = text.parse::<Range>().expect_err(text).to_string();
        assert!(refused.contains(why), "{refused}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn quantiles_are_ordered(low in 0i64..100, wide in 0i64..100, price in 0i64..300, seed in any::<u64>()) {
        let hours = format!("{}..{}", Decimal::new(low, 1), Decimal::new(low + wide, 1));
        let ranges = [(InputName::HoursPerDay, hours.as_str()), (InputName::MachinePrice, &format!("1000±{price}"))];
        let odds = drawn(&simulation(2_000, seed, &ranges));
        prop_assert!(odds.npv.p5 <= odds.npv.p10 && odds.npv.p10 <= odds.npv.p50 && odds.npv.p50 <= odds.npv.p90);
        prop_assert!((Decimal::ZERO..=Decimal::ONE).contains(&odds.own_wins));
    }
}
