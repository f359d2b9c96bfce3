//! What a comparison of our line items with AWS's charges must hold, whatever both sides say.

use gpucost::billing::reconcile::{AwsCharge, Reason, Reconciliation, Row, Verdict, metered_of, reconcile};
use gpucost::billing::{LineItem, bill};
use gpucost::catalog::RateCard;
use gpucost::ledger::{Certainty, Evidence, EvidenceKind, Fact, Metered, Noted, Purchase, VolumeNote, derive};
use gpucost::money::Usd;
use gpucost::quantity::Quantity;
use gpucost::time::{Month, utc_date};
use jiff::Timestamp;
use proptest::prelude::*;
use rust_decimal::Decimal;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn usd(text: &str) -> Usd {
    text.parse().expect("dollars")
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a number")
}

fn october() -> Month {
    "2026-10".parse().expect("a month")
}

/// Long after the month: no day of it may lag.
const LATER: &str = "2026-11-20T00:00:00Z";

fn noted(id: &str, instance_type: &str, region: &str, start: &str, end: Option<&str>) -> Noted {
    Noted {
        account: "123456789012".to_owned(),
        region: region.to_owned(),
        instance_id: id.to_owned(),
        name: String::new(),
        instance_type: Some(instance_type.to_owned()),
        start: at(start),
        end: end.map(at),
        hours_per_day: None,
        volumes: Vec::new(),
        public_ipv4: false,
        purchase: Purchase::OnDemand,
        usd_per_hour: None,
        noted_at: at("2026-10-15T00:00:00Z"),
    }
}

fn lines_of(notes: Vec<Noted>) -> Vec<LineItem> {
    let evidence = |line| Evidence { kind: EvidenceKind::Notes, file: "notes.csv".into(), line };
    let facts: Vec<_> = (1..).zip(notes).map(|(line, note)| (evidence(line), Fact::Noted(note))).collect();
    let ledger = derive(&facts, Vec::new(), at(LATER)).expect("no overlap");
    bill(&ledger, RateCard::shipped(), october()).line_items
}

fn charge(day: &str, usage_type: &str, record_type: &str, quantity: &str, unblended: &str) -> AwsCharge {
    AwsCharge {
        day: day.parse().expect("a day"),
        usage_type: usage_type.to_owned(),
        record_type: record_type.to_owned(),
        quantity: decimal(quantity),
        unit: "Hrs".to_owned(),
        unblended: usd(unblended),
        amortized: usd(unblended),
        estimated: false,
    }
}

/// As AWS would charge for these line items, were both of one mind.
fn charges_of(lines: &[LineItem]) -> Vec<AwsCharge> {
    let measured = lines.iter().filter(|line| line.certainty == Certainty::Measured);
    let charge = |line: &LineItem| {
        let usage_type = line.usage_type.clone().expect("its usage type");
        let cost = line.charge.cost().expect("its cost");
        AwsCharge {
            day: utc_date(line.period.start),
            usage_type: RateCard::shipped().usage_type_in(&line.resource.region, &usage_type),
            record_type: "Usage".to_owned(),
            quantity: line.quantity.expect("its quantity").amount,
            unit: "N/A".to_owned(),
            unblended: cost,
            amortized: cost,
            estimated: false,
        }
    };
    measured.map(charge).collect()
}

fn compared(lines: &[LineItem], charges: &[AwsCharge], by_day: bool, now: &str) -> Reconciliation {
    reconcile(lines, charges, RateCard::shipped(), october().period(), by_day, at(now))
}

fn month_of(lines: &[LineItem], charges: &[AwsCharge]) -> Reconciliation {
    compared(lines, charges, false, LATER)
}

/// The only row there is.
#[track_caller]
fn only(reconciled: &Reconciliation) -> &Row {
    let [row] = reconciled.rows.as_slice() else { panic!("{:#?}", reconciled.rows) };
    row
}

/// Ten hours of a p2.xlarge in Oregon: $9.00.
fn ten_hours() -> Vec<LineItem> {
    lines_of(vec![noted("i-1", "p2.xlarge", "us-west-2", "2026-10-02T08:00:00Z", Some("2026-10-02T18:00:00Z"))])
}

const P2: &str = "USW2-BoxUsage:p2.xlarge";

#[test]
fn the_same_hours_at_the_same_rate_agree() {
    let row = month_of(&ten_hours(), &[charge("2026-10-02", P2, "Usage", "10", "8.9999999991")]);
    let row = only(&row);
    assert_eq!((row.verdict, row.reasons.as_slice()), (Verdict::Agrees, [].as_slice()));
    assert_eq!((row.usage_type.as_str(), row.place.as_str()), (P2, "us-west-2"));
}

#[test]
fn a_difference_of_one_in_a_hundred_does_not_agree() {
    let found = month_of(&ten_hours(), &[charge("2026-10-02", P2, "Usage", "10.1", "9.09")]);
    let row = only(&found);
    assert_eq!(row.verdict, Verdict::Unexplained);
    assert_eq!(row.reasons, [(Reason::Quantity { more: decimal("0.1") }, usd("0.09"))]);
    assert_eq!(found.unexplained(), usd("0.09"));
}

#[test]
fn credits_explain_their_own_amount() {
    let charges = [charge("2026-10-02", P2, "Usage", "10", "9"), charge("2026-10-02", P2, "Credit", "0", "-4.5")];
    let found = month_of(&ten_hours(), &charges);
    let row = only(&found);
    assert_eq!((row.verdict, row.difference), (Verdict::Explained, usd("-4.5")));
    assert_eq!(row.reasons, [(Reason::Credit, usd("-4.5"))]);
    assert_eq!(found.unexplained(), Usd::ZERO);
}

#[test]
fn hours_under_a_savings_plan_cost_nothing_here_and_are_explained() {
    let charges = [
        charge("2026-10-02", P2, "SavingsPlanCoveredUsage", "10", "9"),
        charge("2026-10-02", P2, "SavingsPlanNegation", "10", "-9"),
    ];
    let found = month_of(&ten_hours(), &charges);
    let row = only(&found);
    assert_eq!(row.verdict, Verdict::Explained);
    assert_eq!(row.reasons, [(Reason::SavingsPlan { quantity: decimal("10") }, usd("-9"))]);
    assert_eq!(row.theirs.quantity, decimal("10"), "the negation's hours are not counted again");
}

#[test]
fn hours_under_a_reservation_are_explained_by_it() {
    let charges =
        [charge("2026-10-02", P2, "DiscountedUsage", "6", "0"), charge("2026-10-02", P2, "Usage", "4", "3.6")];
    let found = month_of(&ten_hours(), &charges);
    let row = only(&found);
    assert_eq!(row.verdict, Verdict::Explained);
    assert_eq!(row.reasons, [(Reason::Reserved { quantity: decimal("6") }, usd("-5.4"))]);
}

#[test]
fn what_the_ledger_never_saw_is_untracked_and_what_gpucost_does_not_meter_says_so() {
    let charges = [
        charge("2026-10-02", "BoxUsage:p3.2xlarge", "Usage", "3", "9.18"),
        charge("2026-10-02", "USE1-NatGateway-Hours", "Usage", "24", "1.08"),
    ];
    let found = month_of(&[], &charges);
    let reasons: Vec<_> = found.rows.iter().flat_map(|row| row.reasons.clone()).collect();
    assert_eq!(reasons, [(Reason::Untracked, usd("9.18")), (Reason::NotMetered, usd("1.08"))]);
    assert!(found.rows.iter().all(|row| row.verdict == Verdict::Explained));
}

#[test]
fn another_rate_than_ours_is_named_with_ours() {
    let found = month_of(&ten_hours(), &[charge("2026-10-02", P2, "Usage", "10", "9.5")]);
    let row = only(&found);
    assert_eq!(row.verdict, Verdict::Explained);
    assert_eq!(row.reasons, [(Reason::Rate { aws: usd("0.95"), ours: usd("0.9") }, usd("0.5"))]);
    let free = month_of(&ten_hours(), &[charge("2026-10-02", P2, "Usage", "10", "0")]);
    assert_eq!(only(&free).reasons, [(Reason::Free, usd("-9"))]);
}

#[test]
fn the_last_two_days_may_lag_and_earlier_ones_may_not() {
    let charges: Vec<AwsCharge> = Vec::new();
    let found = compared(&ten_hours(), &charges, false, "2026-10-03T12:00:00Z");
    assert_eq!(only(&found).verdict, Verdict::Explained);
    assert_eq!(only(&found).reasons, [(Reason::Lag { quantity: decimal("-10") }, usd("-9"))]);
    let found = compared(&ten_hours(), &charges, false, "2026-10-05T12:00:00Z");
    assert_eq!(only(&found).verdict, Verdict::Unexplained);
}

#[test]
fn hours_between_sure_and_possible_are_within_bounds() {
    // Noted until mid October, and perhaps running since.
    let open = lines_of(vec![noted("i-1", "p2.xlarge", "us-west-2", "2026-10-14T00:00:00Z", None)]);
    let sure = open.iter().filter(|line| line.certainty == Certainty::Measured).count();
    assert!(sure < open.len(), "{open:?}");
    let found = month_of(&open, &[charge("2026-10-14", P2, "Usage", "100", "90")]);
    assert_eq!(only(&found).verdict, Verdict::WithinBounds, "{found:?}");
    let beyond = month_of(&open, &[charge("2026-10-14", P2, "Usage", "1000", "900")]);
    assert_eq!(only(&beyond).verdict, Verdict::Unexplained);
}

#[test]
fn what_may_have_been_less_is_within_bounds_too() {
    let sure = ten_hours();
    let line = sure.first().expect("a line");
    let less = Quantity::new(decimal("-10"), line.quantity.expect("its quantity").unit);
    let may_be = LineItem { certainty: Certainty::Possible, quantity: Some(less), ..line.clone() };
    let lines = [line.clone(), may_be];
    let found = month_of(&lines, &[charge("2026-10-02", P2, "Usage", "4", "3.6")]);
    assert_eq!(only(&found).verdict, Verdict::WithinBounds, "{found:?}");
    assert_eq!(only(&found).reasons, [(Reason::Bounds { quantity: decimal("-6") }, usd("-5.4"))]);
}

#[test]
fn usage_without_a_rate_is_not_compared_as_if_it_were_free() {
    let mut spot = noted("i-1", "p2.xlarge", "us-west-2", "2026-10-02T08:00:00Z", Some("2026-10-02T18:00:00Z"));
    spot.purchase = Purchase::Spot;
    let found =
        month_of(&lines_of(vec![spot]), &[charge("2026-10-02", "USW2-SpotUsage:p2.xlarge", "Usage", "10", "2.7")]);
    assert_eq!(only(&found).reasons, [(Reason::NoRate, usd("2.7"))]);
    assert!(found.lacks_rates);
}

/// A day of Cost Explorer's totals: 24 hours at $0.90.
fn total(day: &str) -> (Evidence, Metered) {
    let charges = [charge(day, P2, "Usage", "24", "21.6")];
    let (rows, _) = metered_of("123456789012", &charges, RateCard::shipped());
    let evidence = Evidence { kind: EvidenceKind::CostExplorer, file: "cost-explorer:2026-10".into(), line: 1 };
    (evidence, rows.into_iter().map(|(_, row)| row).next().expect("a row"))
}

/// The bill of notes and totals: sure, and possible besides.
fn billed(notes: Vec<Noted>, totals: Vec<(Evidence, Metered)>) -> (Usd, Usd) {
    let evidence = |line| Evidence { kind: EvidenceKind::Notes, file: "notes.csv".into(), line };
    let facts: Vec<_> = (1..).zip(notes).map(|(line, note)| (evidence(line), Fact::Noted(note))).collect();
    let ledger = derive(&facts, totals, at(LATER)).expect("no overlap");
    let bill = bill(&ledger, RateCard::shipped(), october());
    (bill.total(), bill.possible())
}

#[test]
fn totals_of_an_account_count_only_where_nothing_else_is_recorded() {
    let ten = |region| noted("i-1", "p2.xlarge", region, "2026-10-02T08:00:00Z", Some("2026-10-02T18:00:00Z"));
    let totals = || vec![total("2026-10-01"), total("2026-10-02")];
    assert_eq!(billed(Vec::new(), totals()), (usd("43.2"), Usd::ZERO));
    assert_eq!(billed(vec![ten("us-west-2")], totals()), (usd("9"), Usd::ZERO), "the notes are of the same month");
    assert_eq!(billed(vec![ten("us-east-1")], totals()), (usd("52.2"), Usd::ZERO), "of another region");
    let other_month =
        Noted { start: at("2026-09-02T08:00:00Z"), end: Some(at("2026-09-02T18:00:00Z")), ..ten("us-west-2") };
    assert_eq!(billed(vec![other_month], totals()), (usd("43.2"), Usd::ZERO));
    let other_account = Noted { account: "999999999999".to_owned(), ..ten("us-west-2") };
    assert_eq!(billed(vec![other_account], totals()), (usd("52.2"), Usd::ZERO));
    let no_account = Noted { account: String::new(), ..ten("us-west-2") };
    assert_eq!(billed(vec![no_account], totals()), (usd("9"), Usd::ZERO), "it may be this account's");
}

#[test]
fn what_may_have_run_is_no_more_where_aws_counted_the_month() {
    // Noted in September, and perhaps running since: AWS's totals of October tell.
    let mut open = noted("i-1", "p2.xlarge", "us-west-2", "2026-09-14T00:00:00Z", None);
    open.noted_at = at("2026-09-15T00:00:00Z");
    let (sure, possible) = billed(vec![open.clone()], Vec::new());
    assert!(sure.is_zero() && !possible.is_zero());
    assert_eq!(billed(vec![open], vec![total("2026-10-01")]), (usd("21.6"), Usd::ZERO));
}

fn notes() -> impl Strategy<Value = Vec<Noted>> {
    let types = prop::sample::select(vec!["p2.xlarge", "p3.2xlarge", "g4dn.xlarge"]);
    let regions = prop::sample::select(vec!["us-east-1", "us-west-2", "eu-west-1"]);
    let note = (types, regions, 0i64..600, 1i64..200_000, 0u32..500).prop_map(|(kind, region, hour, seconds, gb)| {
        let start = at("2026-10-01T00:00:00Z") + jiff::SignedDuration::from_hours(hour);
        let end = start + jiff::SignedDuration::from_secs(seconds);
        let mut note = noted("", kind, region, "2026-10-01T00:00:00Z", None);
        (note.start, note.end) = (start, Some(end));
        if gb > 0 {
            let spec = format!("gp3:{gb}").parse().expect("a volume");
            note.volumes.push(VolumeNote { id: String::new(), spec });
        }
        note
    });
    prop::collection::vec(note, 0..6).prop_map(|mut notes| {
        for (number, note) in notes.iter_mut().enumerate() {
            note.instance_id = format!("i-{number}");
            note.volumes.iter_mut().for_each(|volume| volume.id = format!("vol-{number}"));
        }
        notes
    })
}

fn charges() -> impl Strategy<Value = Vec<AwsCharge>> {
    let usage_types = prop::sample::select(vec![
        "BoxUsage:p2.xlarge",
        P2,
        "EU-BoxUsage:g4dn.xlarge",
        "EBS:VolumeUsage.gp3",
        "USW2-EBS:SnapshotUsage",
        "USW2-DataTransfer-Out-Bytes",
        "USW2-LAX1-BoxUsage:g4dn.2xlarge",
    ]);
    let record_types = prop::sample::select(vec![
        "Usage",
        "DiscountedUsage",
        "SavingsPlanCoveredUsage",
        "SavingsPlanNegation",
        "Credit",
        "RIFee",
        "Tax",
        "New kind of AWS's",
    ]);
    let charge = (1i8..=31, usage_types, record_types, 0i64..10_000_000, -10_000_000_000i64..10_000_000_000);
    let charge = charge.prop_map(|(day, usage_type, record_type, quantity, cents)| AwsCharge {
        day: jiff::civil::date(2026, 10, day),
        usage_type: usage_type.to_owned(),
        record_type: record_type.to_owned(),
        quantity: Decimal::new(quantity, 4),
        unit: "N/A".to_owned(),
        unblended: Usd::new(Decimal::new(cents, 8)),
        amortized: Usd::new(Decimal::new(cents, 9)),
        estimated: day > 20,
    });
    prop::collection::vec(charge, 0..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_bill_compared_with_itself_agrees(notes in notes(), by_day: bool) {
        let lines = lines_of(notes);
        let found = compared(&lines, &charges_of(&lines), by_day, LATER);
        prop_assert_eq!(found.count(Verdict::Agrees), found.rows.len(), "{:?}", found.rows);
        prop_assert_eq!(found.difference(), Usd::ZERO);
        prop_assert_eq!(found.unexplained(), Usd::ZERO);
    }

    #[test]
    fn differences_add_up_however_they_are_cut(notes in notes(), charges in charges()) {
        let lines = lines_of(notes);
        let (whole, daily) = (month_of(&lines, &charges), compared(&lines, &charges, true, LATER));
        for found in [&whole, &daily] {
            let sum: Usd = found.rows.iter().map(|row| row.difference).sum();
            prop_assert_eq!(sum, found.difference());
            for row in &found.rows {
                let explained: Usd =
                    row.reasons.iter().filter(|(reason, _)| reason.explains()).map(|(_, amount)| *amount).sum();
                prop_assert_eq!(explained + row.unexplained(), row.difference);
            }
        }
        prop_assert_eq!((whole.ours, whole.unblended, whole.amortized), (daily.ours, daily.unblended, daily.amortized));
        let charged: Usd = charges.iter().map(|charge| charge.unblended).sum();
        prop_assert_eq!(whole.unblended, charged);
        let billed: Usd = lines.iter().filter_map(|line| line.charge.cost()).sum();
        prop_assert_eq!(whole.ours + whole.possible, billed);
    }

    #[test]
    fn an_explained_row_leaves_less_than_a_cent_or_a_thousandth(notes in notes(), charges in charges()) {
        for row in month_of(&lines_of(notes), &charges).rows {
            let scale = row.ours.sure.cost.amount().abs().max(row.theirs.unblended.amount().abs());
            let small = row.unexplained().amount().abs() <= (scale / Decimal::from(1000)).max(decimal("0.01"));
            match row.verdict {
                Verdict::Explained | Verdict::WithinBounds => prop_assert!(small, "{row:?}"),
                Verdict::Agrees => {
                    let close = row.difference.amount().abs() <= (scale / Decimal::from(1000)).max(decimal("0.01"));
                    prop_assert!(close, "{row:?}");
                }
                Verdict::Unexplained => {}
            }
        }
    }
}
