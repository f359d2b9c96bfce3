//! A rent-or-own answer as people and programs read it.

use gpucost::break_even::{
    Committed, Electricity, Horizon, Input, Owning, Question, Renting, Terms, Upgrade, break_even,
};
use gpucost::money::Usd;
use gpucost::report::break_even::{
    answer_table, assumptions, cumulative_chart, inputs_table, totals_table, verdict_sentence,
};
use gpucost::report::chart::{Chart, CumulativeCost};
use gpucost::report::table::{Cell, Table};
use jiff::civil::{Date, date};
use rust_decimal::Decimal;

const START: Date = date(2026, 11, 22);

fn usd(text: &str) -> Usd {
    text.parse().expect("dollars")
}

fn tutorial(horizon: &str) -> Question {
    let rate = Input::from(usd("0.90"), "us-east-1 rate as of 2026-09-10");
    let mut renting = Renting::at_rate("p2.xlarge", rate);
    renting.storage_usd_per_month = Input::from(usd("7.50"), "75 GB of gp2 at $0.10");
    let mut terms = Terms::at_hours(Input::given(Decimal::TWO));
    terms.horizon = Input::given(horizon.parse().expect("a horizon"));
    Question { owning: Owning::at_price("the machine", Input::given(usd("1000"))), renting, terms }
}

fn sentence(question: &Question) -> String {
    verdict_sentence(question, &break_even(question, START).expect("an answer"))
}

fn chart(question: &Question) -> CumulativeCost {
    match cumulative_chart(question, &break_even(question, START).expect("an answer")) {
        Chart::CumulativeCost(chart) => chart,
        other => panic!("{other:?}"),
    }
}

fn cell<'a>(table: &'a Table, key: &str) -> &'a Cell {
    let row = table.rows.iter().find(|row| row[0].exact.as_deref() == Some(key));
    &row.unwrap_or_else(|| panic!("no {key}"))[1]
}

#[test]
fn the_verdict_is_one_sentence() {
    assert_eq!(
        sentence(&tutorial("500d")),
        "Own: over 500 days, owning the machine costs $23.29 less than renting p2.xlarge; \
         the machine has paid for itself on day 489 (2028-03-25)."
    );
    assert_eq!(
        sentence(&tutorial("1y")),
        "Rent: over 1 year, renting p2.xlarge costs $253.00 less than owning the machine; \
         the machine would pay for itself only on day 489 (2028-03-25)."
    );
    let mut discounted = tutorial("500d");
    discounted.terms.discount_per_year = Input::given("8%".parse().expect("a percentage"));
    assert_eq!(
        sentence(&discounted),
        "Rent: over 500 days in dollars discounted at 8% a year, renting p2.xlarge costs $31.92 less than owning the machine; \
         the machine would pay for itself only on day 518 (2028-04-23)."
    );
    let mut unused = tutorial("3y");
    unused.terms.hours_per_day = Input::given(Decimal::ZERO);
    unused.renting.storage_usd_per_month = Input::given(usd("0"));
    assert_eq!(
        sentence(&unused),
        "Rent: over 3 years, renting p2.xlarge costs $1,000.00 less than owning the machine; the machine never pays for \
         itself: renting costs $0.00 a month and running the machine $0.00, so nothing is left to pay for it."
    );
    let mut even = tutorial("500d");
    even.owning.price = Input::given(usd("1023.287671232876712328767123"));
    assert_eq!(
        sentence(&even),
        "Either: over 500 days, owning the machine and renting p2.xlarge cost the same to the cent; \
         the machine has paid for itself on day 500 (2028-04-05)."
    );
}

#[test]
fn what_nobody_gave_is_said_aloud() {
    assert_eq!(
        assumptions(&tutorial("500d")),
        [
            "the machine is worth nothing at the end",
            "electricity is left out",
            "owning costs nothing else a month",
            "the machine is as fast as p2.xlarge (speed ratio 1)",
            "the AMI is free",
            "no public IPv4 address",
            "nothing is discounted",
            "month length: 365/12 days (730 h)",
            "today's rates and hours hold for the whole horizon",
        ]
    );
    let mut powered = tutorial("500d");
    let watts = Input::given(Decimal::from(450));
    powered.owning.electricity = Some(Electricity::new(watts, Input::given(usd("0.12"))));
    let said = assumptions(&powered);
    assert!(said.contains(&"PUE: 1".to_owned()) && !said.contains(&"electricity is left out".to_owned()), "{said:?}");
}

#[test]
fn every_input_shows_its_source() {
    let table = inputs_table(&tutorial("500d"));
    let shown: Vec<_> =
        table.rows.iter().map(|row| [&row[0].shown, &row[1].shown, &row[2].shown].map(String::as_str)).collect();
    assert_eq!(
        shown,
        [
            ["machine price", "$1,000.00", "given"],
            ["resale value", "$0.00", "assumed"],
            ["power under load", "not counted", "assumed"],
            ["other cost of owning", "$0.00/month", "assumed"],
            ["speed ratio", "1", "assumed"],
            ["instance rate", "$0.90/hour", "us-east-1 rate as of 2026-09-10"],
            ["AMI rate", "$0.00/hour", "assumed"],
            ["public IPv4 rate", "$0.00/hour", "assumed"],
            ["storage", "$7.50/month", "75 GB of gp2 at $0.10"],
            ["hours a day", "2", "given"],
            ["horizon", "500 days", "given"],
            ["discount rate", "0%", "assumed"],
            ["month length", "365/12 days (730 h)", "assumed"],
        ]
    );
    assert_eq!(cell(&table, "power_watts"), &Cell::missing("not counted"));
    assert_eq!(cell(&table, "horizon").exact.as_deref(), Some("500d"));
}

#[test]
fn the_results_are_readable_by_people_and_programs() {
    let question = tutorial("500d");
    let answer = break_even(&question, START).expect("an answer");
    let table = answer_table(&question, &answer);
    for (key, shown) in [
        ("verdict", "own"),
        ("npv_usd", "$23.29"),
        ("break_even_days", "488.6"),
        ("break_even_date", "2028-03-25"),
        ("flip_hours_per_day", "1.95"),
        ("rent_usd", "$1,023.29"),
        ("own_usd", "$1,000.00"),
        ("saved_usd_per_day", "$2.0466"),
        ("rent_usd_per_hour_used", "$1.0233"),
        ("own_usd_per_hour_used", "$1.0000"),
    ] {
        assert_eq!(cell(&table, key).shown, shown, "{key}");
    }
    assert!(cell(&table, "break_even_days").exact.as_deref().is_some_and(|days| days.starts_with("488.62115127175")));

    let mut never = question;
    never.terms.hours_per_day = Input::given(Decimal::ZERO);
    never.renting.storage_usd_per_month = Input::given(usd("0"));
    let answer = break_even(&never, START).expect("an answer");
    let table = answer_table(&never, &answer);
    assert_eq!(cell(&table, "break_even_days"), &Cell::missing("never"));
    assert!(table.rows.iter().all(|row| row[0].exact.as_deref() != Some("rent_usd_per_hour_used")));
}

#[test]
fn the_totals_run_from_the_purchase_to_the_horizon() {
    let question = tutorial("100d");
    let table = totals_table(&question, &break_even(&question, START).expect("an answer"));
    let shown: Vec<_> = table
        .rows
        .iter()
        .map(|row| [&row[0].shown, &row[2].shown, &row[3].shown, &row[4].shown, &row[5].shown].map(String::as_str))
        .collect();
    assert_eq!(
        shown,
        [
            ["0", "2026-11-22", "$0.00", "$1,000.00", "-$1,000.00"],
            ["1", "2026-12-23", "$62.25", "$1,000.00", "-$937.75"],
            ["2", "2027-01-22", "$124.50", "$1,000.00", "-$875.50"],
            ["3", "2027-02-22", "$186.75", "$1,000.00", "-$813.25"],
            ["3.29", "2027-03-02", "$204.66", "$1,000.00", "-$795.34"],
        ]
    );
}

#[test]
fn the_chart_says_the_finding_and_marks_where_the_lines_meet() {
    let own = chart(&tutorial("3y"));
    assert_eq!(own.title, "Owning pays for itself on day 489 (2028-03-25)");
    assert_eq!(own.subtitle, "the machine at $1,000.00 against p2.xlarge at $0.90/h, 2 h a day");
    assert_eq!(own.x_label, "days since 2026-11-22");
    let crossing = own.crossing.expect("a crossing");
    assert_eq!(crossing.label, "break-even: day 489, 2028-03-25");
    assert_eq!(crossing.cost.cents(), "1000.00");
    for line in &own.lines {
        assert!(line.points.contains(&(crossing.days, crossing.cost)), "{}", line.name);
        assert!(line.points.is_sorted_by(|one, next| one.0 < next.0), "{}", line.name);
        assert_eq!(line.points.len(), 38);
    }

    let rent = chart(&tutorial("1y"));
    assert_eq!(rent.title, "Renting stays cheaper for the whole year");
    assert_eq!(rent.crossing, None);
}

/// A reservation's fee against a machine that sells for its price on the first day: no dearer then, and for years after it is.
#[test]
fn the_title_is_true_of_the_whole_chart() {
    let mut question = tutorial("3y");
    question.owning.value_kept_per_year = Some(Input::given("50%".parse().expect("a share")));
    question.renting.committed =
        Some(Committed { upfront: Input::given("10".parse().expect("dollars")), term_months: Input::given(12) });
    question.renting.usd_per_hour = Input::given("0.03".parse().expect("dollars"));
    assert_eq!(chart(&question).title, "Owning costs no more on the first day and less over 3 years");
    question.renting.usd_per_hour = Input::given("0.01".parse().expect("dollars"));
    assert_eq!(chart(&question).title, "Owning costs no more on the first day and more over 3 years");
}

/// What is paid at once is a step of its line: an upgrade's cost stands above the same day's cost before it.
#[test]
fn an_upgrade_is_a_step() {
    let mut question = tutorial("3y");
    question.owning.upgrade =
        Some(Upgrade { usd: Input::given("300".parse().expect("dollars")), month: Input::given(12) });
    let chart = chart(&question);
    let own = &chart.lines[1];
    let on_the_day: Vec<_> = own.points.iter().filter(|point| point.0 == Decimal::from(365)).collect();
    let costs: Vec<String> = on_the_day.iter().map(|point| point.1.cents()).collect();
    assert_eq!(costs, ["1000.00", "1300.00"]);
}

#[test]
fn a_discounted_chart_meets_at_the_discounted_payback() {
    let mut question = tutorial("3y");
    question.terms.discount_per_year = Input::given("8%".parse().expect("a percentage"));
    let chart = chart(&question);
    assert_eq!(chart.title, "Owning pays for itself on day 518 (2028-04-23)");
    assert_eq!(chart.y_label, "US dollars so far, discounted at 8% a year");
    assert_eq!(chart.crossing.expect("a crossing").cost.cents(), "1000.00");
}

#[test]
fn a_chart_of_nothing_says_so() {
    let mut question = tutorial("3y");
    question.owning.price = Input::given(usd("0"));
    question.terms.hours_per_day = Input::given(Decimal::ZERO);
    question.renting.storage_usd_per_month = Input::given(usd("0"));
    question.terms.horizon = Input::given(Horizon::Days(10));
    let answer = break_even(&question, START).expect("an answer");
    assert_eq!(
        cumulative_chart(&question, &answer),
        Chart::Empty {
            title: "Renting and owning cost the same over 10 days".to_owned(),
            why: "neither renting nor owning costs anything".to_owned(),
        }
    );
}
