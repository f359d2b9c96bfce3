//! What a history says about owning: worked examples, the laws of sharing, and the real program on a ledger.

#[expect(dead_code, reason = "other tests look into the database too")]
mod program;

use std::collections::BTreeMap;

use gpucost::break_even::history::{Load, courses, hindsight, pattern, shared, shared_by_day, trailing};
use gpucost::break_even::{Electricity, Input, Owning, Percentage, Question, Renting, Terms, break_even};
use gpucost::money::Usd;
use gpucost::time::Period;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use program::Lab;
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::Value;

const TODAY: Date = date(2026, 11, 1);
const HOURS_A_DAY: i64 = 24;

fn usd(text: &str) -> Usd {
    text.parse().expect("dollars")
}

fn number(text: &str) -> Decimal {
    text.parse().expect("a number")
}

fn hour_of(at: &str) -> i64 {
    at.parse::<Timestamp>().expect("a time").as_second() / 3600
}

/// From a midnight on, hour by hour.
fn load(start: &str, hours: impl IntoIterator<Item = Decimal>, days: i64) -> Load {
    let first = hour_of(start);
    let start = Timestamp::from_second(first * 3600).expect("a time");
    let end = Timestamp::from_second((first + days * HOURS_A_DAY) * 3600).expect("a time");
    Load::new(Period { start, end }, (first..).zip(hours).collect())
}

/// Days of so many hours each, from their midnight on.
fn days(start: &str, per_day: &[Decimal]) -> Load {
    let day = |hours: &Decimal| {
        let whole = (0..HOURS_A_DAY).map(Decimal::from);
        let hours = *hours;
        whole.map(move |hour| (hours - hour).clamp(Decimal::ZERO, Decimal::ONE)).collect::<Vec<_>>()
    };
    load(start, per_day.iter().flat_map(day), i64::try_from(per_day.len()).expect("few days"))
}

fn question(price: &str, rate: &str, storage: &str, speed: &str) -> Question {
    let mut owning = Owning::at_price("the machine", Input::given(usd(price)));
    owning.speed_ratio = Input::given(number(speed));
    let mut renting = Renting::at_rate("the instance", Input::given(usd(rate)));
    renting.storage_usd_per_month = Input::given(usd(storage));
    Question { owning, renting, terms: Terms::at_hours(Input::given(Decimal::ONE)) }
}

#[test]
fn a_machine_serves_what_runs_at_once_up_to_its_width() {
    let used = load("2026-09-01T00:00:00Z", [1, 2, 1, 0, 3].map(Decimal::from), 1);
    assert_eq!((used.hours(), used.peak(), used.busy_hours()), (7.into(), 3.into(), 4.into()));
    assert_eq!(used.served(Decimal::ZERO, Decimal::ONE), 4.into());
    assert_eq!(used.served(Decimal::ONE, Decimal::ONE), 2.into());
    assert_eq!(used.served(Decimal::TWO, Decimal::ONE), 1.into());
    assert_eq!(used.served(Decimal::ZERO, number("1.5")), number("5"));
    assert_eq!(used.capped(Decimal::ONE).hours(), 4.into());
}

/// Two instances in turns are one machine's work; two at once are not.
#[test]
fn hours_that_overlap_need_a_second_machine_or_rent() {
    // 12 h a day each, in turns: one machine at $1,000 against 24 h a day at $0.10, $2,628 over three years.
    let in_turns = days("2026-09-01T00:00:00Z", &[Decimal::from(24); 30]);
    let ask = question("1000", "0.10", "0", "1");
    let volumes = [Usd::ZERO, Usd::ZERO];
    let turns = shared(&ask, &in_turns, &volumes, TODAY).expect("an answer");
    assert_eq!((turns.parts.len(), turns.machines), (1, 1));
    assert_eq!(turns.plans[0].cost(), Some(usd("2628")));
    assert_eq!(turns.plans[1].cost(), Some(usd("1000")));
    // The same hours, 12 h of the day both at once: the first machine serves 12 h, worth $1,314, and so does the second.
    let at_once =
        load("2026-09-01T00:00:00Z", (0..720).map(|hour| if hour % 24 < 12 { 2.into() } else { 0.into() }), 30);
    let both = shared(&ask, &at_once, &volumes, TODAY).expect("an answer");
    assert_eq!((both.parts.len(), both.machines), (2, 2));
    assert_eq!(both.plans[2].cost(), Some(usd("2000")));
    // At once only an hour a day: worth $109.50 of rent, for which nobody buys a second machine.
    let seldom =
        load("2026-09-01T00:00:00Z", (0..720).map(|hour| if hour % 24 == 0 { 2.into() } else { 1.into() }), 30);
    let hybrid = shared(&ask, &seldom, &volumes, TODAY).expect("an answer");
    assert_eq!((hybrid.parts.len(), hybrid.machines), (2, 1));
    assert_eq!(hybrid.plans[1].cost(), Some(usd("1109.50")));
    // A machine twice as fast serves both.
    let fast = shared(&question("1000", "0.10", "0", "2"), &seldom, &volumes, TODAY).expect("an answer");
    assert_eq!((fast.parts.len(), fast.machines), (1, 1));
    assert_eq!(fast.plans[0].cost(), hybrid.plans[0].cost());
}

#[test]
fn volumes_stay_with_what_stays_rented() {
    let at_once = load("2026-09-01T00:00:00Z", (0..720).map(|_| Decimal::TWO), 30);
    let ask = question("1000000", "0.10", "12", "1");
    let volumes = [usd("5"), usd("4"), usd("3")];
    let all = shared(&ask, &at_once, &volumes, TODAY).expect("an answer");
    // Rent of 48 h a day, 1095 days, and $12 a month for 36.
    assert_eq!(all.plans[0].cost(), Some(usd("5688")));
    assert_eq!(all.plans[1].rented, usd("2772"), "24 h a day and the second busiest's $4");
}

/// A machine at three quarters of the instance's speed does 18 of 20 rented hours a day; the rest is rented, and the volume and
/// the address with it until nothing is.
#[test]
fn hours_beyond_one_machine_are_rented_or_served_by_another() {
    let mut ask = question("3000", "0.40", "10", "0.75");
    ask.terms.hours_per_day = Input::given(20.into());
    let costs = |ask: &Question| {
        let shared = shared_by_day(ask, TODAY).expect("an answer");
        let plans: Vec<String> = shared.plans.iter().map(|plan| plan.cost().expect("a sum").cents()).collect();
        (shared.machines, plans.join(" "))
    };
    assert_eq!(costs(&ask), (1, "9120.00 4236.00 6000.00".to_owned()));
    ask.renting.elastic_ip_usd_per_hour = Input::given(usd("0.005"));
    assert_eq!(costs(&ask), (1, "9251.40 4367.40 6000.00".to_owned()));
    ask.owning.price = Input::given(usd("1000"));
    assert_eq!(costs(&ask), (2, "9251.40 2367.40 2000.00".to_owned()));
    ask.owning.price = Input::given(usd("9000"));
    assert_eq!(costs(&ask).0, 0);
}

#[test]
fn the_program_says_hybrid_for_more_hours_than_a_machine_has() {
    let lab = Lab::new();
    let asked = "break-even --usd-per-hour 0.40 --machine-usd 3000 --storage-usd-per-month 10 --speed-ratio 0.75";
    let asked: Vec<&str> = asked.split(' ').collect();
    let said = lab.ok(&[&asked[..], &["--hours-per-day", "20", "--chart", "hybrid.svg", "-o", "json"]].concat());
    let said: Value = serde_json::from_str(&said).expect("JSON");
    let title = said["title"].as_str().or_else(|| said["shared_machines"]["title"].as_str()).expect("a title");
    assert_eq!(
        title,
        "Hybrid: over 3 years, the machine and rent for the rest costs $4,884.00 less than renting it, and $1,764.00 \
         less than owning enough for every hour."
    );
    let svg = std::fs::read_to_string(lab.cwd().join("hybrid.svg")).expect("a chart");
    assert!(svg.contains("Owning and renting the rest costs least"), "{svg}");
    let plain = lab.ok(&[&asked[..], &["--hours-per-day", "18"]].concat());
    assert!(plain.starts_with("Own: over 3 years"), "{plain}");
    let error = failed(&lab, &[&asked[..], &["--hours-per-day", "20", "--explain"]].concat());
    assert!(error.contains("more than one machine has"), "{error}");
    // A range is another command's question, and a region without a rate is no free transfer.
    let error = failed(&lab, &[&asked[..], &["--hours-per-day", "1..4"]].concat());
    assert!(error.contains("hint: `gpucost break-even odds` takes ranges"), "{error}");
    let sent = ["--hours-per-day", "2", "--transfer-out-gb-per-month", "400"];
    let error = failed(&lab, &[&asked[..], &sent, &["--region", "eu-central-2"]].concat());
    assert!(error.contains("no rate for `data transfer out` in `eu-central-2`"), "{error}");
    assert!(error.contains("hint: give what it costs: --transfer-usd-per-month"), "{error}");
    let error = failed(&lab, &[&asked[..], &sent, &["--transfer-usd-per-month", "3"]].concat());
    assert!(error.contains("cannot be used with"), "{error}");
}

#[test]
fn the_last_months_are_measured_with_their_spread() {
    // September 2 h a day, October 4 h a day but 1 h in its last week.
    let hours: Vec<Decimal> = (0..61)
        .map(|day| {
            if day < 30 {
                2
            } else if day < 54 {
                4
            } else {
                1
            }
            .into()
        })
        .collect();
    let used = days("2026-09-01T00:00:00Z", &hours);
    let month = trailing(&used, 1).expect("a month");
    assert_eq!((month.hours, month.is_short), (103.into(), false));
    assert_eq!(month.hours_per_day, Decimal::from(103) / Decimal::from(31));
    let spread = month.spread.expect("weeks");
    assert_eq!((spread.parts, spread.of_weeks), (4, true));
    assert_eq!((spread.least, spread.median, spread.most), (1.into(), 4.into(), 4.into()));
    let quarter = trailing(&used, 3).expect("two months of three");
    assert_eq!((quarter.hours, quarter.is_short), (163.into(), true));
    let spread = quarter.spread.expect("months");
    assert_eq!((spread.parts, spread.of_weeks, spread.least), (2, false, 2.into()));
}

#[test]
fn growth_and_season_are_told_only_where_they_can_be() {
    let mut hours = Vec::new();
    for (month, days) in [31, 28, 31, 30, 31, 30].into_iter().enumerate() {
        hours.extend(vec![Decimal::from(month + 1) / Decimal::TWO; days]);
    }
    let half_a_year = pattern(&days("2026-01-01T00:00:00Z", &hours));
    let growth = half_a_year.growth.expect("six months");
    assert_eq!((growth.hours_per_day_each_month, growth.months), (number("0.5"), 6));
    assert_eq!(half_a_year.season, None);
    let short = pattern(&days("2026-01-01T00:00:00Z", &hours[..27]));
    assert_eq!((short.growth, short.weekdays_and_weekends, short.months), (None, None, 0));
    // Two years, July twice the rest.
    let july = |day: &Date| if day.month() == 7 { Decimal::TWO } else { Decimal::ONE };
    let two_years: Vec<Decimal> =
        date(2024, 1, 1).series(jiff::ToSpan::days(1)).take(731).map(|day| july(&day)).collect();
    let (least, most) = pattern(&days("2024-01-01T00:00:00Z", &two_years)).season.expect("two years");
    assert_eq!((least, most), (Decimal::from(12) / Decimal::from(13), Decimal::from(24) / Decimal::from(13)));
    // 2026-09-07 is a Monday.
    let weeks: Vec<Decimal> = (0..28).map(|day| if day % 7 < 5 { 3 } else { 1 }.into()).collect();
    let week = pattern(&days("2026-09-07T00:00:00Z", &weeks)).weekdays_and_weekends;
    assert_eq!(week, Some((3.into(), 1.into())));
}

/// $1,000 against 4 h a day at $0.90: 92 days since August have cost $331.20.
#[test]
fn hindsight_counts_what_was_paid_since() {
    let used = days("2026-06-01T00:00:00Z", &[vec![Decimal::ONE; 61], vec![Decimal::from(4); 92]].concat());
    let mut ask = question("1000", "0.90", "0", "1");
    ask.owning.resale = Input::given(usd("800"));
    ask.owning.selling_cost = Input::given(Percentage::of_fraction(number("0.1")).expect("a part"));
    let at = hindsight(&ask, &used, Some(3)).expect("an answer").expect("three months");
    assert_eq!((at.bought_on, at.hours_per_day), (date(2026, 8, 1), 4.into()));
    assert_eq!((at.since.rent, at.since.own, at.saved), (usd("331.20"), usd("280"), usd("51.20")));
    let first = hindsight(&ask, &used, None).expect("an answer").expect("all of it");
    assert_eq!((first.bought_on, first.since.rent.to_string()), (date(2026, 6, 1), "$386.10".to_owned()));
    assert_eq!(hindsight(&ask, &used, Some(12)).expect("no error"), None, "the ledger begins later");
}

/// Day by day: $0.90 of rent on each of 61 days, then $3.60; bought at $1,000 less the $720 it would sell for. Each course ends
/// where hindsight does, the rent before the purchase counted.
#[test]
fn a_history_is_followed_day_by_day() {
    let used = days("2026-06-01T00:00:00Z", &[vec![Decimal::ONE; 61], vec![Decimal::from(4); 92]].concat());
    let mut ask = question("1000", "0.90", "0", "1");
    ask.owning.resale = Input::given(usd("800"));
    ask.owning.selling_cost = Input::given(Percentage::of_fraction(number("0.1")).expect("a part"));
    ask.owning.electricity = Some(Electricity::new(Input::given(500.into()), Input::given(usd("0.20"))));
    let purchases = [Some(1), Some(3), Some(12), Some(5), None];
    let courses = courses(&ask, &used, &purchases).expect("courses");
    let bought: Vec<_> = courses.iter().map(|course| course.bought.map(|at| (at.months_ago, at.on))).collect();
    let on = |ago, month, day| Some((ago, date(2026, month, day)));
    assert_eq!(
        bought,
        [None, on(Some(1), 10, 1), on(Some(3), 8, 1), on(Some(5), 6, 1)],
        "twelve months are more than there are, and the first day is five months ago"
    );
    let rent = &courses[0];
    let at = |place: usize| rent.points[place].cost.to_string();
    assert_eq!(
        (rent.points.len(), at(0), at(1), at(61), at(62)),
        (154, money("0"), money("0.90"), money("54.90"), money("58.50"))
    );
    for course in &courses[1..] {
        let ago = course.bought.expect("a purchase").months_ago;
        let found = hindsight(&ask, &used, ago).expect("an answer").expect("in the history");
        let (last, paid) = (course.points.last().expect("a point"), rent.points.last().expect("a point"));
        // The hours a day are a quotient: its last digits are off.
        let saved = paid.cost.checked_add(-last.cost).expect("a sum");
        assert_eq!((last.days, saved.rounded(9)), (paid.days, found.saved.rounded(9)), "{ago:?}");
        let before = rent.points.iter().find(|at| at.days == course.points[0].days).expect("that day");
        let paid_at_once = course.points[0].cost.checked_add(-before.cost).expect("a sum");
        assert_eq!(paid_at_once.rounded(9), usd("280").rounded(9), "{ago:?}");
    }
}

fn money(text: &str) -> String {
    usd(text).to_string()
}

prop_compose! {
    fn any_load()(hours in proptest::collection::btree_map(0_i64..24 * 40, 0_u32..60, 1..200)) -> Load {
        let first = hour_of("2026-08-01T00:00:00Z");
        let hours: BTreeMap<i64, Decimal> =
            hours.into_iter().map(|(hour, tenths)| (first + hour, Decimal::new(tenths.into(), 1))).collect();
        let at = |hour: i64| Timestamp::from_second(hour * 3600).expect("a time");
        Load::new(Period { start: at(first), end: at(first + 24 * 40) }, hours)
    }
}

proptest! {
    /// No hour is served twice or lost, no further machine serves more, and the plan chosen is the cheapest of all:
    /// never dearer than renting all or owning for all.
    #[test]
    fn sharing_loses_no_hour_and_chooses_the_least(
        used in any_load(), price in 1_u32..20_000, cents in 1_i64..3_000, speed in 1_i64..40, storage in 0_i64..5_000
    ) {
        let (rate, speed) = (Decimal::new(cents, 2).to_string(), Decimal::new(speed, 1).to_string());
        let volumes = [Usd::new(Decimal::new(storage, 2)), Usd::new(Decimal::new(storage / 2, 2))];
        let all: Usd = volumes.iter().copied().sum();
        let ask = question(&price.to_string(), &rate, &all.exact(), &speed);
        let found = shared(&ask, &used, &volumes, TODAY).expect("an answer");
        let hours: Decimal = found.parts.iter().map(|part| part.hours_per_day).sum();
        prop_assert!((hours - used.per_day().expect("days")).abs() < Decimal::new(1, 20));
        for pair in found.parts.windows(2) {
            prop_assert!(pair[0].hours_per_day >= pair[1].hours_per_day);
        }
        for part in &found.parts {
            prop_assert!(part.utilization >= Decimal::ZERO && part.utilization <= Decimal::ONE);
        }
        let best = found.plans[found.machines].cost().expect("a cost");
        prop_assert!(found.plans.iter().all(|plan| plan.cost().expect("a cost") >= best));
        // Renting all costs what its hours and volumes cost, however they are cut.
        let hours = used.per_day().expect("days") * Decimal::from(1095);
        let rent = hours * Decimal::new(cents, 2) + all.amount() * Decimal::from(36);
        let cut = found.plans[0].cost().expect("a cost").amount();
        prop_assert!((cut - rent).abs() < Decimal::new(1, 10), "{cut} {rent}");
    }

    /// One instance and a machine as fast: the answer is that of the plain question.
    #[test]
    fn one_instance_is_the_plain_question(hours in 1_u32..24, price in 1_u32..20_000, cents in 1_i64..3_000) {
        let used = days("2026-09-01T00:00:00Z", &[Decimal::from(hours); 10]);
        let mut ask = question(&price.to_string(), &Decimal::new(cents, 2).to_string(), "0", "1");
        let found = shared(&ask, &used, &[Usd::ZERO], TODAY).expect("an answer");
        ask.terms.hours_per_day = Input::given(hours.into());
        let plain = break_even(&ask, TODAY).expect("an answer");
        prop_assert_eq!(found.parts.len(), 1);
        prop_assert_eq!(&found.parts[0].answer, &plain);
    }
}

const HEADER: &str = "region,instance_id,instance_type,start,end,hours_per_day,volumes,purchase_option,usd_per_hour\n";

/// Each day of September and October 2026: i-a from 16 to midnight, i-b from 14 to 18.
fn lab() -> Lab {
    lab_of("p2.xlarge")
}

fn lab_of(instance_type: &str) -> Lab {
    let mut rows = String::from(HEADER);
    for day in date(2026, 9, 1).series(jiff::ToSpan::days(1)).take(61) {
        let tomorrow = day.tomorrow().expect("a day");
        for (id, from, to) in [
            ("i-a", format!("{day}T16:00:00Z"), format!("{tomorrow}T00:00:00Z")),
            ("i-b", format!("{day}T14:00:00Z"), format!("{day}T18:00:00Z")),
        ] {
            rows.push_str(&format!("us-east-1,{id},{instance_type},{from},{to},,,,\n"));
        }
    }
    let lab = Lab::new();
    lab.write("notes.csv", rows);
    lab.ok(&["usage", "import", "notes.csv", "--observed-at", "2026-11-01"]);
    lab
}

#[test]
fn the_program_finds_the_hours_that_overlap() {
    let lab = lab();
    let asked = ["break-even", "history", "--machine-usd", "3000", "--storage-usd-per-month", "0"];
    let said: Value = serde_json::from_str(&lab.ok(&[&asked[..], &["-o", "json"]].concat())).expect("JSON");
    let machines = &said["shared_machines"];
    let title = machines["title"].as_str().expect("a title");
    // 12 h a day at $0.90 rented is $11,826 over 1,095 days; one machine serves 10 h, the other 2 h cost $1,971.
    assert_eq!(
        title,
        "Hybrid: over 3 years, the machine and rent for the rest costs $6,855.00 less than renting both, and \
         $1,029.00 less than owning enough for every hour."
    );
    let hours: Vec<&str> =
        machines["rows"].as_array().expect("rows").iter().filter_map(|row| row["hours_per_day"].as_str()).collect();
    assert_eq!(hours, ["10", "2"]);
    let rows = said["hindsight"]["rows"].as_array().expect("rows");
    let bought: Vec<&str> = rows.iter().filter_map(|row| row["bought_on"].as_str()).collect();
    assert_eq!(bought, ["2026-10-01", "2026-09-01"], "three months and twelve are more than there are");
    assert_eq!(rows[1]["rent_usd"], "549", "610 h at $0.90");
    let notes = machines["notes"].to_string();
    assert!(notes.contains("assumed: electricity is left out"), "{notes}");
    let notes = said["trailing_months"]["notes"].to_string();
    assert!(notes.contains("last 12 months: the ledger has only 61 days of them"), "{notes}");
    assert!(notes.contains("growth: not known before there are 4 whole months; there are 2"), "{notes}");
}

/// 10 h a day at $0.90 are $9: $200 are paid for on the 23rd day, and the chart's numbers are in the table.
#[test]
fn the_program_draws_the_history() {
    let lab = lab();
    let asked = ["break-even", "history", "--machine-usd", "200", "--storage-usd-per-month", "0", "--months", "1"];
    for name in ["history.png", "history.svg"] {
        lab.ok(&[&asked[..], &["--chart", name]].concat());
    }
    let svg = std::fs::read_to_string(lab.cwd().join("history.svg")).expect("a chart");
    for said in [
        "Bought on 2026-09-01, the machine would have saved $349.00 by now",
        "paid for: 2026-09-23",
        "bought 2026-10-01",
    ] {
        assert!(svg.contains(said), "{said}");
    }
    let said: Value = serde_json::from_str(&lab.ok(&[&asked[..], &["-v", "-o", "json"]].concat())).expect("JSON");
    let rows = said["history_days"]["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 62 + 32 + 62);
    let last = rows.last().expect("a row");
    assert_eq!(
        (&last["bought_on"], &last["date"], &last["cost_usd"]),
        (&"2026-09-01".into(), &"2026-10-31".into(), &"200".into())
    );
    let error = failed(&lab, &[&asked[..], &["--chart", "history.gif"]].concat());
    assert!(error.contains("ends in .png or .svg"), "{error}");
}

#[track_caller]
fn failed(lab: &Lab, args: &[&str]) -> String {
    let ran = lab.run(args);
    assert!(matches!(ran.code, Some(1 | 2)) && ran.out.is_empty(), "{ran:?}");
    ran.err
}

#[test]
fn what_is_unknown_is_asked_for() {
    let lab = lab();
    let error = failed(&lab, &["break-even", "history", "--machine-usd", "3000"]);
    assert!(error.contains("does not say which volumes i-a has"), "{error}");
    let error = failed(&lab, &["break-even", "history", "--machine-usd", "3000", "--hours-per-day", "2"]);
    assert!(error.contains("the history's hours are those of the ledger"), "{error}");
    let error = failed(&lab, &["break-even", "history", "--machine-usd", "3000", "--instance", "p3.2xlarge"]);
    assert!(error.contains("no running hours of p3.2xlarge"), "{error}");
}

/// A g5.xlarge reserved for a year without a fee costs $0.63378 an hour, $5,551.91 in all; on demand an hour is $1.006.
#[test]
fn the_rule_serves_commitments_too() {
    let lab = Lab::new();
    let asked = ["break-even", "when", "--instance", "g5.xlarge", "--region", "us-east-1", "--as-of", "2026-11-01"];
    let since = |commit: &str, hours: &str, since: &str| {
        let more = ["--commit", commit, "--hours-per-day", hours, "--rented-since", since, "-o", "json"];
        serde_json::from_str::<Value>(&lab.ok(&[&asked[..], &more[..]].concat())).expect("JSON")
    };
    let value = |said: &Value, name: &str| {
        let rows =
            said["rows"].as_array().or_else(|| said["buy_now_or_wait"]["rows"].as_array()).expect("rows").clone();
        let row = rows.iter().find(|row| row["result"] == name).cloned();
        row.map(|row| row["value"].as_str().expect("a value").to_owned())
    };
    // 24 h a day: $24.144; on the 230th day renting has cost as much as the whole term.
    let said = since("1y-no-upfront", "24", "2026-01-01");
    assert_eq!(value(&said, "advice").as_deref(), Some("buy"));
    assert_eq!(value(&said, "at_once_usd").as_deref(), Some("5551.9128"));
    assert_eq!(value(&said, "guarantee").as_deref(), Some("2"));
    assert_eq!(value(&said, "bought_on").as_deref(), Some("2026-08-18"));
    // Two hours a day never come to it, however long: only the last year counts.
    let said = since("1y-no-upfront", "2", "2000-01-01");
    assert_eq!(value(&said, "advice").as_deref(), Some("wait"));
    assert_eq!(value(&said, "rent_usd").as_deref(), Some("734.38"), "365 days of 2 h");
    // From the ledger's own hours: what its volumes cost is paid for either way, and not asked for.
    let ledger = lab_of("g5.xlarge");
    let said = ledger.ok(&["break-even", "when", "--commit", "1y-no-upfront", "-o", "json"]);
    let said: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(value(&said, "advice").as_deref(), Some("wait"));
    let error = failed(
        &lab,
        &[&asked[..], &["--commit", "spot", "--hours-per-day", "2", "--rented-since", "2026-01-01"]].concat(),
    );
    assert!(error.contains("--commit: spot commits to nothing"), "{error}");
    let plan = ["--commit", "compute-sp-1y-no-upfront", "--hours-per-day", "2", "--rented-since", "2026-01-01"];
    let error = failed(&lab, &[&asked[..], &plan[..]].concat());
    assert!(error.contains("no such savings plan for g5.xlarge in us-east-1 is known"), "{error}");
}
