//! The laws of money and time, for whatever the facts are.

use gpucost::billing::{Bill, Charge, LineItem, all_line_items, bill};
use gpucost::catalog::RateCard;
use gpucost::ledger::{Certainty, Fact, InstanceState, Ledger, Noted, derive};
use gpucost::money::Usd;
use gpucost::report::bill::{bill_table, line_item_table, summary_table};
use gpucost::report::daily::daily_chart;
use gpucost::report::usage::{By, usage_table};
use gpucost::time::{day, utc_date};
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use proptest::sample::select;
use rust_decimal::Decimal;

use crate::arbitrary;
use crate::facts::{LATER, at, cost, dec, ledger, month, note, seen, told, volume, volume_note};

fn october(ledger: &Ledger) -> Bill {
    bill(ledger, RateCard::shipped(), month("2026-10"))
}

fn everything(facts: impl IntoIterator<Item = Fact>) -> Vec<LineItem> {
    all_line_items(&ledger(facts, LATER), RateCard::shipped())
}

/// The law's allowance: 1e-10 for each line.
fn allowance(lines: usize) -> Decimal {
    dec("0.0000000001") * Decimal::from(lines)
}

fn assert_same_cost(whole: &[LineItem], cut: &[LineItem]) -> Result<(), TestCaseError> {
    let difference = (cost(whole) - cost(cut)).amount().abs();
    let allowed = allowance(whole.len() + cut.len());
    prop_assert!(difference <= allowed, "{} and {}", cost(whole).exact(), cost(cut).exact());
    Ok(())
}

/// Some start in the autumn and some seconds of run.
fn start() -> impl Strategy<Value = Timestamp> {
    (0..5_000_000_i64).prop_map(|seconds| at("2026-09-20").checked_add(seconds.seconds()).expect("in range"))
}

fn after(start: Timestamp, seconds: i64) -> Timestamp {
    start.checked_add(seconds.seconds()).expect("in range")
}

/// The row cut where told (seconds from its start), in rows that touch.
fn cut(row: &Noted, seconds: i64, cuts: &[i64]) -> Vec<Fact> {
    let mut edges: Vec<i64> = cuts.iter().map(|cut| cut % seconds).filter(|cut| *cut > 0).collect();
    edges.extend([0, seconds]);
    edges.sort_unstable();
    edges.dedup();
    let piece = |pair: &[i64]| {
        let (start, end) = (after(row.start, pair[0]), after(row.start, pair[1]));
        Fact::Noted(Noted { start, end: Some(end), noted_at: end, ..row.clone() })
    };
    edges.windows(2).map(piece).collect()
}

fn lasting(row: Noted, start: Timestamp, seconds: i64) -> Noted {
    Noted { start, end: Some(after(start, seconds)), noted_at: after(start, seconds), ..row }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn cutting_a_run_never_changes_its_cost(
        start in start(),
        seconds in prop_oneof![1..200_i64, 1..2_000_000_i64],
        cuts in proptest::collection::vec(1..2_000_000_i64, 0..6),
        hours in proptest::option::of(1..2400_i64),
        kind in select(vec!["p2.xlarge", "p5.48xlarge"]),
    ) {
        let row = Noted {
            instance_type: Some(kind.to_owned()),
            region: "us-east-1".to_owned(),
            hours_per_day: hours.map(|hours| Decimal::new(hours, 2)),
            public_ipv4: true,
            ..note("2026-10-01", "2026-10-02")
        };
        let row = lasting(row, start, seconds);
        let whole = everything([Fact::Noted(row.clone())]);
        let pieces = everything(cut(&row, seconds, &cuts));
        assert_same_cost(&whole, &pieces)?;
        let mut backwards = cut(&row, seconds, &cuts);
        backwards.reverse();
        prop_assert_eq!(cost(&pieces), cost(&everything(backwards)), "nor the order of imports");
    }

    #[test]
    fn cutting_a_volumes_life_never_changes_its_cost(
        start in start(),
        seconds in prop_oneof![1..200_i64, 1..5_000_000_i64],
        cuts in proptest::collection::vec(1..5_000_000_i64, 0..6),
        spec in select(vec!["gp2:75", "gp3:500:4000:1999", "io1:16384:64000", "io2:65536:256000", "sc1:125"]),
    ) {
        let row = lasting(volume_note("vol-1", spec, "2026-10-01", "2026-10-02"), start, seconds);
        let whole = everything([Fact::Noted(row.clone())]);
        assert_same_cost(&whole, &everything(cut(&row, seconds, &cuts)))?;
    }

    #[test]
    fn sights_in_between_never_change_the_cost_of_what_was_seen(
        launch in start(),
        seconds in 1..2_000_000_i64,
        between in proptest::collection::vec(0..2_000_000_i64, 0..5),
    ) {
        let sight = |after_launch: i64| {
            let mut seen = seen(InstanceState::Running, "2026-10-01", "2026-10-01");
            (seen.launch_time, seen.seen_at) = (launch, after(launch, after_launch));
            Fact::Instance(seen)
        };
        let measured = |facts: Vec<Fact>| {
            let mut lines = everything(facts);
            lines.retain(|line| line.certainty == Certainty::Measured);
            lines
        };
        let whole = measured(vec![sight(seconds)]);
        let mut sights: Vec<Fact> = between.iter().map(|after_launch| sight(after_launch % seconds)).collect();
        sights.push(sight(seconds));
        prop_assert_eq!(cost(&whole), cost(&measured(sights)));
    }

    #[test]
    fn cost_grows_with_usage(start in start(), seconds in 0..2_000_000_i64, more in 1..500_000_i64) {
        let row = |seconds| {
            let row = Noted { volumes: vec![volume("vol-1", "gp3:500:4000:250")], ..note("2026-10-01", "2026-10-02") };
            everything([Fact::Noted(lasting(row, start, seconds))])
        };
        let (less, more) = (row(seconds), row(seconds + more));
        prop_assert!(cost(&more).amount() + allowance(more.len()) >= cost(&less).amount());
    }

    #[test]
    fn two_months_add_up_to_the_whole(start in start(), seconds in 0..4_000_000_i64) {
        let row = Noted { volumes: vec![volume("vol-1", "gp2:75")], ..note("2026-10-01", "2026-10-02") };
        let ledger = ledger([Fact::Noted(lasting(row, start, seconds))], LATER);
        let months = ["2026-09", "2026-10", "2026-11", "2026-12", "2027-01"];
        let by_month: Vec<LineItem> =
            months.iter().flat_map(|name| bill(&ledger, RateCard::shipped(), month(name)).line_items).collect();
        let whole = all_line_items(&ledger, RateCard::shipped());
        prop_assert_eq!((by_month.len(), cost(&by_month)), (whole.len(), cost(&whole)));
    }

    #[test]
    fn whatever_the_facts_the_laws_hold(facts in arbitrary::facts(), now in arbitrary::timestamp()) {
        let Ok(ledger) = derive(&told(facts), Vec::new(), now) else { return Ok(()) };
        for usage in &ledger.usage {
            prop_assert!(usage.period.end <= now && usage.period.start <= usage.period.end, "{:?}", usage);
        }
        let bill = october(&ledger);
        for line in &bill.line_items {
            check_line(line)?;
            prop_assert!(line.period.end <= now);
        }
        check_totals(&bill)?;
        check_regions(&ledger, &bill)?;
        check_reports(&ledger, &bill)?;
    }
}

fn check_line(line: &LineItem) -> Result<(), TestCaseError> {
    let whole_day = day(utc_date(line.period.start));
    prop_assert!(whole_day.start <= line.period.start && line.period.end <= whole_day.end, "{:?}", line.period);
    let month = month("2026-10").period();
    prop_assert!(month.contains(line.period.start) && line.period.end <= month.end);
    prop_assert!(!line.evidence.is_empty());
    match (&line.charge, line.quantity) {
        (Charge::Unrated { why }, _) => prop_assert!(!why.is_empty()),
        (Charge::Rated { .. }, None) => prop_assert!(false, "a cost of nothing: {line:?}"),
        (Charge::Rated { rate, cost }, Some(quantity)) => {
            prop_assert_eq!(rate.unit, quantity.unit);
            prop_assert!(!rate.provenance.source.is_empty() && !rate.provenance.as_of.is_empty());
            if let Some(expected) = exact_product(quantity.amount, rate.usd.amount()) {
                prop_assert_eq!(cost.amount(), expected, "{} × {}", quantity.amount, rate.usd.exact());
            }
        }
    }
    Ok(())
}

/// Quantity × rate rounded half-up at 10 decimals, in whole numbers; `None` where 128 bits do not hold them.
fn exact_product(quantity: Decimal, rate: Decimal) -> Option<Decimal> {
    let (quantity, rate) = (quantity.normalize(), rate.normalize());
    let product = quantity.mantissa().checked_mul(rate.mantissa())?;
    let scale = quantity.scale() + rate.scale();
    let Some(excess) = scale.checked_sub(10).filter(|excess| *excess > 0) else {
        return Decimal::try_from_i128_with_scale(product, scale).ok();
    };
    let unit = 10_i128.checked_pow(excess)?;
    let rounded = (product.abs().checked_add(unit / 2)? / unit) * product.signum();
    Decimal::try_from_i128_with_scale(rounded, 10).ok()
}

fn check_totals(bill: &Bill) -> Result<(), TestCaseError> {
    for (total, certainty) in [(bill.total(), Certainty::Measured), (bill.possible(), Certainty::Possible)] {
        let lines = bill.line_items.iter().filter(|line| line.certainty == certainty);
        let sum: Decimal = lines.filter_map(|line| line.charge.cost()).map(Usd::amount).sum();
        prop_assert_eq!(total.amount(), sum);
    }
    Ok(())
}

fn check_regions(ledger: &Ledger, bill: &Bill) -> Result<(), TestCaseError> {
    let mut regions: Vec<String> = ledger.usage.iter().map(|usage| usage.resource.region.clone()).collect();
    regions.sort();
    regions.dedup();
    let mut parts = Vec::new();
    for region in regions {
        let mut of_region = ledger.clone();
        of_region.keep_regions(&[region]);
        parts.extend(october(&of_region).line_items);
    }
    prop_assert_eq!(parts.len(), bill.line_items.len());
    let cost = |lines: &[LineItem]| lines.iter().filter_map(|line| line.charge.cost()).sum::<Usd>();
    prop_assert_eq!(cost(&parts), cost(&bill.line_items));
    Ok(())
}

fn check_reports(ledger: &Ledger, bill: &Bill) -> Result<(), TestCaseError> {
    let total = |table: &gpucost::report::table::Table, column: usize| {
        table.total.as_ref().and_then(|cells| cells.get(column)).and_then(|cell| cell.exact.clone())
    };
    let charges = bill_table(bill, true);
    // The sum of no records is not $0.
    let sum = (!bill.line_items.is_empty()).then(|| bill.total().exact());
    prop_assert_eq!(total(&charges, 9), sum.clone());
    let summary = summary_table(bill, ledger);
    prop_assert_eq!(total(&summary, summary.columns.len() - 1), sum);
    prop_assert_eq!(line_item_table(bill).rows.len(), bill.line_items.len());
    daily_chart(bill);
    for by in [By::Instance, By::Type, By::Region, By::Tag("team".to_owned())] {
        usage_table(ledger, &bill.line_items, RateCard::shipped(), &by, Some(bill.month.period()));
        usage_table(ledger, &bill.line_items, RateCard::shipped(), &by, None);
    }
    Ok(())
}
