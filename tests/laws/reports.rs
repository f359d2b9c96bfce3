//! The bill, the hours and the daily picture as values.

use gpucost::billing::{Bill, all_line_items, bill};
use gpucost::catalog::RateCard;
use gpucost::ledger::{Fact, InstanceSeen, InstanceState, Ledger, Noted, Purchase, Tags};
use gpucost::money::Usd;
use gpucost::report::bill::{bill_table, line_item_table, summary_table};
use gpucost::report::chart::Chart;
use gpucost::report::daily::daily_chart;
use gpucost::report::month::document;
use gpucost::report::table::{Cell, Table};
use gpucost::report::usage::{By, usage_table};

use crate::facts::{LATER, dec, ledger, month, note, open_note, seen, snapshot, usd, volume, volume_note, volume_seen};

/// The tutorial's p2.xlarge at 2 h a day, a forgotten volume, a spot run and a snapshot.
fn lab() -> (Ledger, Bill) {
    let tutorial = Noted {
        hours_per_day: Some(dec("2")),
        volumes: vec![volume("vol-1", "gp2:75")],
        public_ipv4: true,
        ..note("2026-10-01", "2026-11-01")
    };
    let spot = Noted {
        instance_id: "i-2".to_owned(),
        name: "spot".to_owned(),
        purchase: Purchase::Spot,
        instance_type: Some("g5.xlarge".to_owned()),
        ..note("2026-10-05", "2026-10-06")
    };
    let forgotten = volume_note("vol-2", "gp2:500", "2026-10-01", "2026-11-01");
    let facts = [
        Fact::Noted(tutorial),
        Fact::Noted(spot),
        Fact::Noted(forgotten),
        Fact::Snapshot(snapshot("2026-10-01", "2026-10-09")),
    ];
    let ledger = ledger(facts, "2026-11-01");
    let bill = bill(&ledger, RateCard::shipped(), month("2026-10"));
    (ledger, bill)
}

fn column(table: &Table, key: &str) -> usize {
    table.columns.iter().position(|column| column.key == key).unwrap_or_else(|| panic!("no column {key}"))
}

fn shown(table: &Table, keys: &[&str]) -> Vec<Vec<String>> {
    let at: Vec<usize> = keys.iter().map(|key| column(table, key)).collect();
    table.rows.iter().map(|row| at.iter().map(|at| row[*at].shown.clone()).collect()).collect()
}

fn total<'a>(table: &'a Table, key: &str) -> &'a Cell {
    &table.total.as_ref().expect("a total")[column(table, key)]
}

#[test]
fn the_bill_reads_by_charge_with_its_unrated_hours_said() {
    let (_, bill) = lab();
    let table = bill_table(&bill, true);
    assert_eq!(
        shown(&table, &["resource", "charge", "quantity", "unit", "rate_usd", "cost_usd"]),
        [
            ["i-1", "p2.xlarge", "62", "h", "$0.90", "$55.80"],
            ["i-1", "public IPv4 address", "62", "h", "$0.005", "$0.31"],
            ["i-2", "g5.xlarge", "24", "h", "no rate", "unrated"],
            ["snap-1", "snapshot, at most 500 GB, if it went on", "500", "GB-mo", "$0.05", "≤ $25.00"],
            ["vol-1", "gp2 75 GB, running", "6.25", "GB-mo", "$0.10", "$0.62"],
            ["vol-1", "gp2 75 GB, stopped", "68.75", "GB-mo", "$0.10", "$6.88"],
            ["vol-2", "gp2 500 GB, unattached", "500", "GB-mo", "$0.10", "$50.00"],
        ]
    );
    assert_eq!(total(&table, "cost_usd").shown, "≥ $113.61", "a spot price is missing");
    let sure = bill_table(&bill, false);
    assert_eq!((sure.rows.len(), &sure.total, &sure.notes), (6, &table.total, &table.notes), "the note has the rest");
    assert_eq!(
        table.notes,
        [
            "Up to $25.00 more, if what was open when last seen went on and snapshots are full.",
            "Not in the total: `i-2`: the spot price paid is not in the records."
        ]
    );
}

#[test]
fn every_rated_row_names_its_rates_source_and_date_and_every_row_its_evidence() {
    let (_, bill) = lab();
    for table in [bill_table(&bill, true), line_item_table(&bill)] {
        let (rate, source, as_of) =
            (column(&table, "rate_usd"), column(&table, "rate_source"), column(&table, "rate_as_of"));
        for row in &table.rows {
            let is_rated = row[rate].exact.is_some();
            assert_eq!(row[source].exact.as_deref().is_some_and(|text| !text.is_empty()), is_rated, "{row:?}");
            assert_eq!(row[as_of].exact.as_deref().is_some_and(|text| !text.is_empty()), is_rated, "{row:?}");
            assert!(!row[column(&table, "evidence")].shown.is_empty());
        }
    }
}

#[test]
fn an_unrated_cost_is_empty_for_programs_not_zero() {
    let (_, bill) = lab();
    for table in [bill_table(&bill, true), line_item_table(&bill)] {
        let spot: Vec<_> = table.rows.iter().filter(|row| row[column(&table, "resource")].shown == "i-2").collect();
        assert!(!spot.is_empty());
        assert!(spot.iter().all(|row| row[column(&table, "cost_usd")].exact.is_none()));
    }
}

#[test]
fn line_items_have_all_digits() {
    let (_, bill) = lab();
    let table = line_item_table(&bill);
    let costs = table.rows.iter().filter_map(|row| row[column(&table, "cost_usd")].exact.as_deref());
    let sum: Usd = costs.map(usd).sum();
    assert_eq!(sum, bill.total() + bill.possible());
    let storage = table.rows.iter().find(|row| row[column(&table, "resource")].shown == "vol-2").expect("a line");
    assert_eq!(storage[column(&table, "cost_usd")].shown, "$1.6129032258");
    assert_eq!(storage[column(&table, "charge_period_start")].exact.as_deref(), Some("2026-10-01T00:00:00Z"));
}

#[test]
fn the_summary_says_what_each_resource_went_to() {
    let (ledger, bill) = lab();
    let table = summary_table(&bill, &ledger);
    let keys: Vec<_> = table.columns.iter().map(|column| column.key).skip(3).collect();
    assert_eq!(
        keys,
        [
            "compute_usd",
            "storage_running_usd",
            "storage_stopped_usd",
            "storage_unattached_usd",
            "addresses_usd",
            "total_usd"
        ]
    );
    assert_eq!(
        shown(&table, &["name", "compute_usd", "storage_stopped_usd", "storage_unattached_usd", "total_usd"]),
        [["lab", "$55.80", "$6.88", "", "$63.61"], ["lab", "", "", "$50.00", "$50.00"]]
    );
    assert_eq!(total(&table, "total_usd").exact.as_deref(), Some(bill.total().exact().as_str()));
}

#[test]
fn totals_of_table_summary_and_chart_agree() {
    let (ledger, bill) = lab();
    let Chart::DailyBars(chart) = daily_chart(&bill) else { panic!("bars") };
    let drawn: Usd = chart.series.iter().flat_map(|series| &series.values).copied().sum();
    assert_eq!(drawn, bill.total());
    assert_eq!(
        total(&bill_table(&bill, true), "cost_usd").exact,
        total(&summary_table(&bill, &ledger), "total_usd").exact
    );
    assert_eq!(chart.days.len(), 31);
    assert_eq!(chart.title, "October 2026: at least $113.61, $56.88 of it for disks with no running machine");
    let names: Vec<_> = chart.series.iter().map(|series| series.name.as_str()).collect();
    assert_eq!(names, ["compute", "storage while running", "storage while stopped", "unattached storage", "addresses"]);
}

#[test]
fn a_month_without_cost_is_an_empty_chart_that_says_so() {
    let bill = bill(&ledger([], LATER), RateCard::shipped(), month("2026-10"));
    let Chart::Empty { title, why } = daily_chart(&bill) else { panic!("nothing to draw") };
    assert_eq!(title, "October 2026: nothing is recorded");
    assert_eq!(why, "No usage is recorded for this month.");
    let table = bill_table(&bill, true);
    assert_eq!((table.total, table.notes), (None, vec!["Nothing is recorded for 2026-10.".to_owned()]));
}

/// The first sentence of the month's report, and the title of its picture.
fn told(facts: impl IntoIterator<Item = Fact>) -> (String, String) {
    let ledger = ledger(facts, "2026-11-01");
    let bill = bill(&ledger, RateCard::shipped(), month("2026-10"));
    let title = match daily_chart(&bill) {
        Chart::DailyBars(chart) => chart.title,
        Chart::Empty { title, .. } => title,
        other => panic!("no chart of a month: {other:?}"),
    };
    let document = document(&bill, &ledger, Err(Vec::new()), Vec::new());
    (document.sections[0].paragraphs[0].clone(), title)
}

#[test]
fn a_month_says_in_words_what_is_known_of_its_cost() {
    let volume = || Fact::Noted(volume_note("vol-1", "gp3:100", "2026-10-01", "2026-11-01"));
    let spot = || {
        let row = note("2026-10-05", "2026-10-06");
        Fact::Noted(Noted { purchase: Purchase::Spot, instance_type: Some("g5.xlarge".to_owned()), ..row })
    };
    let pair = |sentence: &str, title: &str| (sentence.to_owned(), title.to_owned());
    assert_eq!(told([]), pair("Nothing is recorded for 2026-10.", "October 2026: nothing is recorded"));
    assert_eq!(
        told([volume()]),
        pair("2026-10 cost $8.00.", "October 2026: $8.00, of which $8.00 (100 %) for disks with no running machine")
    );
    assert_eq!(
        told([volume(), spot()]),
        pair(
            "2026-10 cost at least $8.00.",
            "October 2026: at least $8.00, $8.00 of it for disks with no running machine"
        )
    );
    assert_eq!(told([spot()]), pair("The cost of 2026-10 is unknown.", "October 2026: cost unknown"));
}

fn hours(facts: impl IntoIterator<Item = Fact>, by: &By) -> Table {
    let ledger = ledger(facts, "2026-11-01");
    let lines = all_line_items(&ledger, RateCard::shipped());
    usage_table(&ledger, &lines, RateCard::shipped(), by, None)
}

const HOURS: [&str; 5] = ["key", "running_hours", "possible_hours", "stopped_hours", "gpu_hours"];

#[test]
fn hours_are_running_possible_stopped_and_of_gpus() {
    let tutorial = Noted { hours_per_day: Some(dec("2")), ..note("2026-10-01", "2026-10-31") };
    let eight = Noted {
        instance_id: "i-2".to_owned(),
        instance_type: Some("p3.16xlarge".to_owned()),
        ..open_note("2026-10-30", "2026-10-31")
    };
    let facts = || [Fact::Noted(tutorial.clone()), Fact::Noted(eight.clone())];
    let table = hours(facts(), &By::Instance);
    assert_eq!(shown(&table, &HOURS), [["i-1", "60", "0", "660", "60"], ["i-2", "24 to 48", "24", "0", "192"]]);
    assert_eq!(total(&table, "gpu_hours").exact.as_deref(), Some("252"));
    assert_eq!(total(&table, "running_hours").exact.as_deref(), Some("84"), "the lower end");
    assert_eq!(shown(&table, &["evidence"]), [["notes"], ["notes"]]);
    assert_eq!(table.notes.len(), 1);
    let by_type = hours(facts(), &By::Type);
    assert_eq!(shown(&by_type, &["key", "name"]), [["p2.xlarge", ""], ["p3.16xlarge", ""]], "a type has no Name");
    assert_eq!(shown(&hours(facts(), &By::Region), &["key", "running_hours"]), [["us-west-2", "84 to 108"]]);
}

#[test]
fn gpus_of_an_unknown_type_are_unknown_in_the_total_too() {
    let other = Noted {
        instance_id: "i-2".to_owned(),
        instance_type: Some("t3.large".to_owned()),
        ..note("2026-10-01", "2026-10-02")
    };
    let facts = || [Fact::Noted(note("2026-10-01", "2026-10-02")), Fact::Noted(other.clone())];
    let table = hours(facts(), &By::Instance);
    assert_eq!(shown(&table, &["key", "gpu_hours"]), [["i-1", "24"], ["i-2", "unknown"]]);
    assert_eq!(total(&table, "gpu_hours"), &Cell::missing("≥ 24"));
    assert_eq!(shown(&hours(facts(), &By::Region), &["gpu_hours"]), [["≥ 24"]]);
}

#[test]
fn a_window_counts_only_what_lies_in_it() {
    let row = Noted { hours_per_day: Some(dec("6")), ..note("2026-09-01", "2026-10-03") };
    let ledger = ledger([Fact::Noted(row)], LATER);
    let october = bill(&ledger, RateCard::shipped(), month("2026-10"));
    let window = Some(october.month.period());
    let table = usage_table(&ledger, &october.line_items, RateCard::shipped(), &By::Instance, window);
    assert_eq!(shown(&table, &["running_hours", "stopped_hours"]), [["12", "36"]]);
}

#[test]
fn hours_by_tag_are_those_of_the_latest_sight() {
    let tagged = |team: &str, seen_at: &str| {
        let tags = Tags::from([("team".to_owned(), team.to_owned())]);
        Fact::Instance(InstanceSeen { tags, ..seen(InstanceState::Running, "2026-10-01", seen_at) })
    };
    let bare = Noted { instance_id: "i-2".to_owned(), ..note("2026-10-01", "2026-10-02") };
    let facts = [tagged("vision", "2026-10-02"), tagged("speech", "2026-11-01"), Fact::Noted(bare)];
    let table = hours(facts, &By::Tag("team".to_owned()));
    assert_eq!(shown(&table, &["key", "running_hours"]), [["(untagged)", "24"], ["speech", "744"]]);
}

#[test]
fn an_instance_that_only_stood_still_is_listed() {
    let still = Noted { hours_per_day: Some(dec("0")), ..note("2026-10-01", "2026-10-02") };
    let facts = || [Fact::Noted(still.clone()), Fact::Volume(volume_seen("vol-9", "2026-10-01", "2026-10-02"))];
    assert_eq!(shown(&hours(facts(), &By::Instance), &HOURS), [["i-1", "0", "0", "24", "0"]]);
    assert_eq!(shown(&hours(facts(), &By::Type), &["key"]), [["(unknown)"]], "no session tells its type");
}
