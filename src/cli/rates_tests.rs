use proptest::prelude::*;

use super::*;
use crate::cli::error::Exit;
use crate::report::table::{Align, Cell};

fn request(regions: &[&str]) -> Request {
    Request::in_regions(regions)
}

fn args(types: &[&str]) -> RatesArgs {
    RatesArgs {
        command: None,
        spot: false,
        types: types.iter().map(|name| (*name).to_owned()).collect(),
        all_regions: false,
        gpu: None,
        max_usd_per_hour: None,
        sort: RateOrder::Type,
    }
}

fn tables(args: &RatesArgs, regions: &[&str]) -> Vec<Table> {
    run(args, &request(regions)).unwrap_or_else(|failure| panic!("{failure}"))
}

fn refused(args: &RatesArgs, regions: &[&str]) -> (String, Exit) {
    let failure = run(args, &request(regions)).expect_err("rates");
    (failure.to_string(), failure.exit)
}

fn cell(table: &Table, row: &[Cell], key: &str) -> Cell {
    let at = table.columns.iter().position(|column| column.key == key).unwrap_or_else(|| panic!("no column {key}"));
    row[at].clone()
}

fn column(table: &Table, key: &str) -> Vec<String> {
    table.rows.iter().map(|row| cell(table, row, key).exact.unwrap_or_else(|| "-".to_owned())).collect()
}

/// What one row has under `keys`, exactly; `-` where it is missing.
fn figures(table: &Table, name: &str, keys: &[&str]) -> Vec<String> {
    let row = table.rows.iter().find(|row| row[0].exact.as_deref() == Some(name)).unwrap();
    keys.iter().map(|key| cell(table, row, key).exact.unwrap_or_else(|| "-".to_owned())).collect()
}

#[test]
fn rates_stand_side_by_side_with_their_dates() {
    let tables = tables(&args(&["p3dn.24xlarge"]), &["us-east-1"]);
    let keys = [
        "region",
        "gpu",
        "gpu_count",
        "on_demand_usd_per_hour",
        "on_demand_usd_per_gpu_hour",
        "on_demand_as_of",
        "spot_usd_per_hour",
        "spot_az_id",
        "spot_as_of",
        "reserved_1y_as_of",
    ];
    assert_eq!(
        figures(&tables[0], "p3dn.24xlarge", &keys),
        [
            "us-east-1",
            "NVIDIA V100",
            "8",
            "31.212",
            "3.9015",
            "2026-07-20",
            "5.7359",
            "use1-az6",
            "2025-10-17/2026-05-02",
            "2025-04-05"
        ]
    );
    // The cheapest offering: its fee over 8,760 h and its hourly price.
    let reserved = RateCard::shipped().reserved("us-east-1", "p3dn.24xlarge");
    for (years, key) in [(1, "reserved_1y_effective_usd_per_hour"), (3, "reserved_3y_effective_usd_per_hour")] {
        let cheapest = reserved.iter().filter(|r| r.term_years == years).filter_map(|r| r.effective_hourly()).min();
        assert_eq!(figures(&tables[0], "p3dn.24xlarge", &[key]), [cheapest.unwrap().exact()]);
    }
    assert_eq!(tables[0].notes[0].matches("as of").count(), 3, "{}", tables[0].notes[0]);
}

#[test]
fn p2_and_p3_are_priced_and_marked() {
    let tables = tables(&args(&["p2.xlarge", "p3.2xlarge"]), &["us-west-2"]);
    let shown: Vec<&str> = tables[0].rows.iter().map(|row| row[0].shown.as_str()).collect();
    assert!(shown[0].starts_with("p2.xlarge [1") && shown[1].starts_with("p3.2xlarge ["), "{shown:?}");
    assert_eq!(column(&tables[0], "on_demand_usd_per_hour"), ["0.9", "3.06"]);
    let notes = tables[0].notes.join("\n");
    assert!(notes.contains("[1] No longer offered since spring 2025"), "{notes}");
    assert!(notes.contains("No longer offered since about May 2026"), "{notes}");
    // Reserved p2 rates are of 2017, and are not passed off as fresh.
    assert!(notes.contains("as of 2017-10 (stale: 2017)"), "{notes}");
    assert_eq!(figures(&tables[0], "p2.xlarge", &["reserved_1y_mark"]), ["stale: 2017"]);
}

#[test]
fn a_missing_rate_is_missing() {
    let tables = tables(&args(&["p3.2xlarge"]), &["us-west-1"]);
    let on_demand = cell(&tables[0], &tables[0].rows[0], "on_demand_usd_per_hour");
    assert_eq!(on_demand, Cell::missing("no rate"));
    let notes = tables[0].notes.join("\n");
    assert!(
        notes.contains("No on-demand rate of p3.2xlarge in us-west-1: the card has it in ap-northeast-1"),
        "{notes}"
    );
    let missing = ["on_demand_usd_per_gpu_hour", "spot_usd_per_hour", "reserved_1y_effective_usd_per_hour"];
    assert_eq!(figures(&tables[0], "p3.2xlarge", &missing), ["-", "-", "-"]);

    let tables = self::tables(&args(&["p5e.48xlarge"]), &["us-east-2"]);
    assert_eq!(figures(&tables[0], "p5e.48xlarge", &["on_demand_usd_per_hour", "spot_usd_per_hour"]), ["-", "19.2257"]);
    assert!(tables[0].notes.iter().any(|note| note.contains("as capacity blocks or spot only")));

    let mut everywhere = args(&["trn2u.48xlarge"]);
    everywhere.all_regions = true;
    let tables = self::tables(&everywhere, &[]);
    assert_eq!(figures(&tables[0], "trn2u.48xlarge", &["region", "on_demand_usd_per_hour"]), ["-", "-"]);
}

#[test]
fn types_matched_by_pattern_are_left_out_where_they_have_no_rate() {
    let by_glob = tables(&args(&["p3*"]), &["us-west-1"]);
    assert!(by_glob[0].rows.is_empty());
    assert_eq!(
        by_glob[0].notes.last().unwrap(),
        "Left out: 4 of the card's types, with no rate in us-west-1 (US West (N. California))."
    );
    let by_both = tables(&args(&["p3.2*", "p3.2xlarge"]), &["us-west-1"]);
    assert_eq!(column(&by_both[0], "instance_type"), ["p3.2xlarge"]);
    let in_virginia = tables(&args(&["p3*"]), &["us-east-1"]);
    assert_eq!(column(&in_virginia[0], "instance_type"), ["p3.2xlarge", "p3.8xlarge", "p3.16xlarge", "p3dn.24xlarge"]);
}

#[test]
fn rows_are_sorted_cheapest_first_and_the_unrated_last() {
    let sorted = |sort, key| {
        let table = tables(&RatesArgs { sort, ..args(&["p5*", "p3*", "g6f*"]) }, &["us-east-2"]).remove(0);
        column(&table, key)
    };
    for (sort, key) in [
        (RateOrder::OnDemand, "on_demand_usd_per_hour"),
        (RateOrder::GpuHour, "on_demand_usd_per_gpu_hour"),
        (RateOrder::Spot, "spot_usd_per_hour"),
    ] {
        let figures = sorted(sort, key);
        let known: Vec<Usd> = figures.iter().filter(|text| *text != "-").map(|text| text.parse().unwrap()).collect();
        assert!(known.len() > 3 && known.is_sorted(), "{key}: {figures:?}");
        assert!(figures.len() > known.len(), "{key}: no unrated row in this test");
        assert!(figures[known.len()..].iter().all(|text| text == "-"), "{key}: {figures:?}");
    }
}

#[test]
fn filters_narrow_and_say_what_they_left_out() {
    let v100 = RatesArgs { gpu: Some("v100".into()), max_usd_per_hour: Some("12.24".into()), ..args(&[]) };
    let table = tables(&v100, &["us-east-1"]).remove(0);
    assert_eq!(column(&table, "instance_type"), ["p3.2xlarge", "p3.8xlarge"]);
    assert_eq!(table.notes.last().unwrap(), "Left out: 2 with a higher on-demand rate than $12.24.");

    let cheap = RatesArgs { max_usd_per_hour: Some("3".into()), ..v100 };
    let table = tables(&cheap, &["us-east-1"]).remove(0);
    assert!(table.rows.is_empty());
    assert!(table.notes.last().unwrap().ends_with("the cheapest is p3.2xlarge in us-east-1 at $3.06."));
}

#[test]
fn a_name_that_is_not_on_the_card_is_an_error_with_near_ones() {
    let (text, exit) = refused(&args(&["p3.2xlarg"]), &[]);
    assert!(text.contains("hint: did you mean `p3.2xlarge`") && exit == Exit::Failed, "{text}");
    let (text, exit) = refused(&args(&[]), &["us-wst-2"]);
    assert!(text.contains("`us-west-2`") && exit == Exit::WrongUsage, "{text}");
    let (text, exit) = refused(&args(&["zz*"]), &[]);
    assert!(text.contains("no instance type of the rate card matches `zz*`") && exit == Exit::Failed, "{text}");
    let (text, exit) = refused(&args(&["p3.3xlarge*"]), &[]);
    assert!(text.contains("did you mean `p3.2xlarge`") && exit == Exit::Failed, "{text}");
    let (text, exit) = refused(&RatesArgs { gpu: Some("V1000".into()), ..args(&[]) }, &[]);
    assert!(text.contains("NVIDIA V100") && exit == Exit::Failed, "{text}");
    let (text, exit) = refused(&args(&["p3["]), &[]);
    assert!(text.contains("is not a pattern") && exit == Exit::WrongUsage, "{text}");
    for bad in ["-1", "1e400", "three", ""] {
        let (text, exit) = refused(&RatesArgs { max_usd_per_hour: Some(bad.into()), ..args(&[]) }, &[]);
        assert!(text.contains("--max-usd-per-hour") && exit == Exit::WrongUsage, "{text}");
    }
}

#[test]
fn storage_rates_are_per_the_unit_aws_publishes() {
    let tables = tables(&args(&[]), &["us-east-1"]);
    let storage = &tables[1];
    let row = |what: &str, charge: &str| {
        let found = storage.rows.iter().find(|row| row[1].shown == what && row[2].shown == charge);
        let row = found.unwrap_or_else(|| panic!("{what} {charge}"));
        ["rate_usd", "unit", "as_of"].map(|key| cell(storage, row, key).exact.unwrap_or_else(|| "-".into()))
    };
    assert_eq!(row("gp2", "storage"), ["0.1", "GB-month", "2024-07-18"]);
    assert_eq!(row("gp3", "throughput above 125 MiB/s"), ["0.04", "MiB/s-month", "2024-07-18"]);
    assert_eq!(row("io2", "IOPS above 64,000"), ["0.03185", "IOPS-month", "2024-07-18"]);
    assert_eq!(row("standard", "I/O requests"), ["0.05", "million requests", "2024-07-18"]);
    assert_eq!(row("snapshot", "archive"), ["0.0125", "GB-month", "2024-07-18"]);
    assert_eq!(row("public IPv4", "idle"), ["0.005", "address-hour", "2024-02-01"]);
    // Local zones have no io2: it is named, and has no rate.
    let zone = self::tables(&args(&["p5.48xlarge"]), &["us-east-1-atl-1"]);
    let io2 = zone[1].rows.iter().find(|row| row[1].shown == "io2").unwrap();
    assert_eq!(io2[3], Cell::missing("no rate"));
}

#[test]
fn storage_rates_come_along_unless_rows_of_several_regions_were_asked_for() {
    assert_eq!(tables(&args(&["p3.2xlarge"]), &["us-east-1", "us-east-1"]).len(), 2);
    assert_eq!(tables(&args(&["p3.2xlarge"]), &["us-east-1", "us-west-2"]).len(), 1);
    let both = tables(&args(&[]), &["us-east-1", "us-west-2"]);
    assert_eq!(both[1].rows.len(), 2 * 21);
    // The region is shown where there are several.
    assert!(both.iter().all(|table| table.columns.iter().any(|column| column.key == "region" && !column.detail)));
}

/// The narrowest the shown columns can be without breaking a word or an amount, two spaces apart.
fn least_width(table: &Table) -> usize {
    let widest = |texts: &mut dyn Iterator<Item = &str>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let shown = table.columns.iter().enumerate().filter(|(_, column)| !column.detail);
    let widths = shown.map(|(at, column)| {
        let title = widest(&mut column.title.split(' '));
        let cells = table.rows.iter().chain(&table.total).map(|row| row[at].shown.as_str());
        match column.align {
            Align::Right => widest(&mut cells.into_iter()).max(title),
            Align::Left => widest(&mut cells.flat_map(|text| text.split(' '))).max(title).max(12),
        }
    });
    widths.map(|width| width + 2).sum::<usize>() - 2
}

#[test]
fn every_region_fits_eighty_columns() {
    for region in RateCard::shipped().regions() {
        for table in tables(&args(&[]), &[&region.code]) {
            assert!(least_width(&table) <= 80, "{} is {} wide", table.title, least_width(&table));
        }
    }
    for pattern in ["p2*", "p3*", "g4*", "p4*", "p5*", "p6*", "g5*", "g6*", "trn*"] {
        let everywhere = RatesArgs { all_regions: true, ..args(&[pattern]) };
        for table in tables(&everywhere, &[]) {
            assert!(least_width(&table) <= 80, "{pattern} is {} wide", least_width(&table));
        }
    }
}

proptest! {
    #[test]
    fn any_words_are_a_table_or_an_error(
        pattern in "\\PC{0,20}|[pg][1-6*?{}\\[\\].a-z]{0,8}", gpu in "\\PC{0,5}", most in "\\PC{0,5}", region in "\\PC{0,12}",
    ) {
        let asked = RatesArgs { gpu: Some(gpu), max_usd_per_hour: Some(most), ..args(&[&pattern]) };
        let _ = run(&asked, &request(&[&region]));
        let _ = run(&args(&[&pattern]), &request(&[]));
    }

    #[test]
    fn every_row_has_a_cell_for_every_column(at in 0_usize..101) {
        let regions = RateCard::shipped().regions();
        for table in tables(&args(&[]), &[&regions[at % regions.len()].code]) {
            prop_assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
        }
    }
}
