//! Published worked examples, to the digits their exact answers are given in.
//!
//! The tutorial: a $1,000 machine against a p2.xlarge at $0.90 an hour, 2 hours a day, 75 GB of gp2
//! (<https://aws.amazon.com/ec2/pricing/on-demand/>, <https://aws.amazon.com/ebs/pricing/>: $0.10 per GB-month).

use gpucost::break_even::commitment::{Commitment, CommitmentBreakEven};
use gpucost::break_even::hourly::{depreciation_per_hour, energy_kwh, job_cost};
use gpucost::break_even::{
    Answer, Discount, Electricity, FlipHours, Grids, Horizon, Input, Interruptions, Loan, MonthLength, Owning,
    Question, Renting, Terms, Verdict, break_even, carbon, footprint, totals_after,
};
use gpucost::money::Usd;
use jiff::civil::{Date, date};
use rust_decimal::{Decimal, RoundingStrategy};

const START: Date = date(2026, 11, 22);

fn usd(text: &str) -> Usd {
    text.parse().expect("dollars")
}

fn number(text: &str) -> Decimal {
    text.parse().expect("a number")
}

fn shown(amount: Decimal, decimals: u32) -> String {
    let mut rounded = amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(decimals);
    rounded.to_string()
}

fn tutorial(storage: &str, month: MonthLength) -> Question {
    let mut renting = Renting::at_rate("p2.xlarge", Input::given(usd("0.90")));
    renting.storage_usd_per_month = Input::given(usd(storage));
    let mut terms = Terms::at_hours(Input::given(Decimal::TWO));
    terms.horizon = Input::given(Horizon::Days(500));
    terms.month = Input::given(month);
    Question { owning: Owning::at_price("the machine", Input::given(usd("1000"))), renting, terms }
}

fn answer(question: &Question) -> Answer {
    break_even(question, START).expect("an answer")
}

fn days(question: &Question) -> Decimal {
    answer(question).break_even.reached().expect("a break-even").days
}

#[test]
fn the_tutorial_in_both_month_conventions() {
    use MonthLength::{Average, Thirty};
    for (storage, month, break_even_days, flip_hours) in [
        ("0", Average, "555.5556", "2.222222"),
        ("0", Thirty, "555.5556", "2.222222"),
        ("0.75", Average, "548.0480", "2.194825"),
        ("0.75", Thirty, "547.9452", "2.194444"),
        ("7.50", Average, "488.6212", "1.948250"),
        ("7.50", Thirty, "487.8049", "1.944444"),
    ] {
        let answer = answer(&tutorial(storage, month));
        let reached = answer.break_even.reached().expect("a break-even");
        assert_eq!(shown(reached.days, 4), break_even_days, "{storage} {month}");
        let FlipHours::Above(hours) = answer.flip else { panic!("{:?}", answer.flip) };
        assert_eq!(shown(hours, 6), flip_hours, "{storage} {month}");
    }
}

#[test]
fn five_hundred_days_of_the_tutorial_and_the_true_storage_rate_that_flips_the_verdict() {
    for (storage, rent, verdict, npv) in [
        ("0", "900.00", Verdict::Rent, "-100.00"),
        ("0.75", "912.33", Verdict::Rent, "-87.67"),
        ("7.50", "1023.29", Verdict::Own, "23.29"),
    ] {
        let question = tutorial(storage, MonthLength::Average);
        let answer = answer(&question);
        assert_eq!(answer.at_horizon.rent.cents(), rent);
        assert_eq!(answer.verdict, verdict);
        assert_eq!(answer.npv.cents(), npv);
        let after = totals_after(&question, number("500"), START).expect("totals");
        assert_eq!(after, answer.at_horizon);
    }
}

#[test]
fn the_true_tutorial_breaks_even_on_a_date() {
    let reached = answer(&tutorial("7.50", MonthLength::Average)).break_even.reached().expect("a break-even");
    assert_eq!((reached.day, reached.date), (489, Some(date(2028, 3, 25))));
}

#[test]
fn the_tutorial_with_electricity() {
    for (storage, expected) in [("0", "591.0165"), ("0.75", "582.5274"), ("7.50", "515.8427")] {
        let mut question = tutorial(storage, MonthLength::Average);
        let watts = Input::given(number("450"));
        question.owning.electricity = Some(Electricity::new(watts, Input::given(usd("0.12"))));
        assert_eq!(shown(days(&question), 4), expected);
    }
}

/// At speed ratio 2 the machine runs half the hours: c = 0.90 − 0.054/2, and 1000/(2c) = 572.7377.
#[test]
fn a_machine_twice_as_fast_draws_half_the_electricity() {
    let mut question = tutorial("0", MonthLength::Average);
    let watts = Input::given(number("450"));
    question.owning.electricity = Some(Electricity::new(watts, Input::given(usd("0.12"))));
    question.owning.speed_ratio = Input::given(Decimal::TWO);
    assert_eq!(shown(days(&question), 4), "572.7377");
}

#[test]
fn the_tutorial_at_eight_percent_a_year() {
    for (storage, expected) in [("0", "19.492754"), ("0.75", "19.212417"), ("7.50", "17.010972")] {
        let mut question = tutorial(storage, MonthLength::Average);
        question.terms.discount_per_year = Input::given("8%".parse().expect("a percentage"));
        let payback = answer(&question).payback.reached().expect("a payback");
        assert_eq!(shown(payback.months, 6), expected);
    }
}

#[test]
fn the_tutorial_with_a_certain_resale() {
    // The last is 700 × 365 / (1.8 × 365 + 90) = 255500/747 = 342.034806, which rounds down.
    for (storage, expected) in [("0", "388.8889"), ("0.75", "383.6336"), ("7.50", "342.0348")] {
        let mut question = tutorial(storage, MonthLength::Average);
        question.owning.resale = Input::given(usd("300"));
        assert_eq!(shown(days(&question), 4), expected);
        // A fifth of a higher resale lost in selling leaves the same.
        question.owning.resale = Input::given(usd("375"));
        question.owning.selling_cost = Input::given("20%".parse().expect("a percentage"));
        assert_eq!(shown(days(&question), 4), expected);
    }
}

/// <https://timdettmers.com/2023/01/30/which-gpu-for-deep-learning/>, Q&A: "about 300 days".
#[test]
fn dettmers_desktop_against_the_cloud() {
    let mut owning = Owning::at_price("desktop", Input::given(usd("2200")));
    owning.electricity = Some(Electricity::new(Input::given(number("450")), Input::given(usd("0.12"))));
    let question = Question {
        owning,
        renting: Renting::at_rate("cloud", Input::given(usd("2.14"))),
        terms: Terms::at_hours(Input::given(number("24") * number("0.15"))),
    };
    assert_eq!(shown(days(&question), 4), "292.9583");
    let after = totals_after(&question, number("300"), START).expect("totals");
    assert_eq!(after.rent.cents(), "2311.20");

    let kwh = energy_kwh(number("450"), number("3.6") * number("365"), Decimal::ONE).expect("kWh");
    assert_eq!(shown(kwh, 1), "591.3");
    let year = totals_after(&question, number("365"), START).expect("totals").own - usd("2200");
    assert_eq!(year, usd("70.956"));
}

/// <http://blogs.fluidinfo.com/terry/2010/01/08/>: a reserved small instance, "$745 vs $490 a year".
#[test]
fn ec2_reserved_instances_in_2010() {
    let reserved = Commitment { upfront: usd("227.50"), usd_per_hour: usd("0.03") };
    let on_demand = Commitment::on_demand(usd("0.085"));
    let year = number("8760");
    assert_eq!(on_demand.cost_of(year), Some(usd("744.60")));
    assert_eq!(reserved.cost_of(year), Some(usd("490.30")));
    let Some(CommitmentBreakEven::After { hours }) = reserved.break_even_against(on_demand) else {
        panic!("never");
    };
    assert_eq!(shown(hours, 2), "4136.36");
    let dearer = Commitment { upfront: usd("1"), usd_per_hour: usd("0.085") };
    assert_eq!(dearer.break_even_against(on_demand), Some(CommitmentBreakEven::Never));
}

/// <https://www.computetape.com>, "How fast does an H100 depreciate": $30,000 at 70 % utilization.
#[test]
fn depreciation_of_an_h100_per_hour() {
    let busy = "70%".parse().expect("a percentage");
    for (years, expected) in [("3", "1.6308"), ("5", "0.9785")] {
        let hour = depreciation_per_hour(usd("30000"), number(years), busy).expect("a cost");
        assert_eq!(shown(hour.amount(), 4), expected);
    }
    let idle = "0%".parse().expect("a percentage");
    assert_eq!(depreciation_per_hour(usd("30000"), number("3"), idle), None);
}

/// <https://blog.innodatalabs.com> (2016): seconds of an epoch and the instance's rate; cents to a tenth.
#[test]
fn cost_of_an_epoch() {
    for (seconds, rate, cents) in [("1404", "1.675", "65.3"), ("3779", "0.65", "68.2"), ("428", "0.90", "10.7")] {
        let cost = job_cost(number(seconds), usd(rate)).expect("a cost");
        assert_eq!(shown(cost.amount() * Decimal::ONE_HUNDRED, 1), cents);
    }
}

/// Ski rental, offline half: rent at 10 a day or buy at 150 (<https://everything2.com/title/ski+rental+problem>).
#[test]
fn skis_pay_for_themselves_on_day_fifteen() {
    let question = Question {
        owning: Owning::at_price("skis", Input::given(usd("150"))),
        renting: Renting::at_rate("rented skis", Input::given(usd("10"))),
        terms: Terms::at_hours(Input::given(Decimal::ONE)),
    };
    let reached = answer(&question).break_even.reached().expect("a break-even");
    assert_eq!((reached.days, reached.day), (number("15"), 15));
}

/// Public IPv4 is $0.005 an hour (<https://aws.amazon.com/vpc/pricing/>).
#[test]
fn a_rented_hour_includes_its_ami_and_its_address() {
    let mut question = tutorial("0", MonthLength::Average);
    question.renting.ami_usd_per_hour = Input::given(usd("0.10"));
    question.renting.address_usd_per_hour = Input::given(usd("0.005"));
    let answer = answer(&question);
    assert_eq!(answer.saved_per_rented_hour, usd("1.005"));
    assert_eq!(answer.at_horizon.rent, usd("1005"));
}

/// J. T. Daly's wall-clock factor and J. W. Young's interval, by hand.
#[test]
fn spot_takes_longer_by_its_interruptions() {
    let spot = Interruptions {
        per_hour: number("0.05"),
        interval_hours: Some(number("1")),
        checkpoint_hours: number("0.05"),
        restart_hours: number("0.1"),
    };
    assert_eq!(shown(spot.wall_clock_factor().expect("a factor"), 6), "1.083455");
    let best = Interruptions::best_interval(number("0.05"), number("0.05")).expect("a best interval");
    assert_eq!(shown(best, 6), "1.414214");
    // No other interval near it is better.
    let factor = |hours| Interruptions { interval_hours: Some(hours), ..spot }.wall_clock_factor().expect("a factor");
    assert!(factor(best) < factor(number("1")) && factor(best) < factor(number("2")));
    let calm = Interruptions { per_hour: Decimal::ZERO, ..spot };
    assert_eq!(calm.wall_clock_factor(), Some(number("1.05")));
    assert_eq!(Interruptions { interval_hours: Some(Decimal::ZERO), ..spot }.wall_clock_factor(), None);
    // Without one given it is the best.
    assert_eq!(Interruptions { interval_hours: None, ..spot }.wall_clock_factor(), Some(factor(best)));
}

/// The loan: 2200 at 9 % APR over 24 months.
#[test]
fn a_loan_at_nine_percent() {
    let loan = Loan::new(usd("2200"), number("0.09"), 24).expect("a loan");
    assert_eq!(shown(loan.payment().amount(), 6), "100.506433");
    assert_eq!(shown(loan.total().expect("a total").amount(), 6), "2412.154392");
    let same = Discount::per_month(number("0.0075")).expect("a rate");
    assert_eq!(shown(loan.present(number("24"), same).expect("a value").amount(), 6), "2200.000000");
}

/// As Hugging Face's model cards count: 300 W, 93.8 h, PUE 1.19, 650 g/kWh.
#[test]
fn carbon_of_a_training_run() {
    let run = footprint(number("300"), number("93.8"), number("1.19"), number("650")).expect("a footprint");
    assert_eq!(shown(run.kwh, 3), "33.487");
    assert_eq!(shown(run.kg, 3), "21.766");
}

/// Carbon of both sides counts the hours of the horizon: spot's overhead on the one, idle hours on the other.
#[test]
fn carbon_follows_the_questions_hours() {
    let mut question = tutorial("0", MonthLength::Average);
    let mut power = Electricity::new(Input::given(number("450")), Input::given(usd("0.12")));
    power.idle_watts = Input::given(number("50"));
    question.owning.electricity = Some(power);
    question.renting.overhead = Input::given(number("1.1"));
    let mut grids = Grids {
        rented_watts: Some(Input::given(number("300"))),
        cloud_pue: Input::given(number("1.2")),
        region_grams_per_kwh: Some(Input::given(number("400"))),
        home_grams_per_kwh: Some(Input::given(number("500"))),
    };
    let both = carbon(&question, &grids).expect("carbon");
    // 1000 h × 1.1 × 0.3 kW × 1.2; 1000 h × 0.45 kW + 11000 h × 0.05 kW.
    assert_eq!(both.rent.map(|rent| (rent.kwh, rent.kg)), Some((number("396"), number("158.4"))));
    assert_eq!(both.own.map(|own| (own.kwh, own.kg)), Some((number("1000"), number("500"))));
    grids.rented_watts = None;
    assert_eq!(carbon(&question, &grids).expect("carbon").rent, None);
}
