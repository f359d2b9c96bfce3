use proptest::prelude::*;

use super::*;
use crate::cli::error::Exit;
use crate::report::table::Cell;

fn request(region: &str) -> Request {
    Request::in_regions(&[region])
}

fn args(instance: &str, volumes: &[&str]) -> QuoteArgs {
    QuoteArgs {
        instance: instance.to_owned(),
        volumes: volumes.iter().map(|spec| (*spec).to_owned()).collect(),
        ami_usd_per_hour: "0".to_owned(),
        hours_per_day: "2".to_owned(),
        no_public_ipv4: false,
    }
}

fn quoted(args: &QuoteArgs) -> Vec<Table> {
    run(args, &request("us-east-1")).unwrap_or_else(|failure| panic!("{failure}"))
}

fn refused(args: &QuoteArgs) -> (String, Exit) {
    let failure = run(args, &request("us-east-1")).expect_err("quoted");
    (failure.to_string(), failure.exit)
}

fn exact(cell: &Cell) -> &str {
    cell.exact.as_deref().unwrap_or("-")
}

/// Item, running and stopped per hour, and month: as shown.
fn shown(row: &[Cell]) -> [&str; 4] {
    [0, 4, 5, 6].map(|at| row[at].shown.as_str())
}

/// Item and month, all digits.
fn months(table: &Table) -> Vec<(&str, &str)> {
    table.rows.iter().map(|row| (exact(&row[0]), exact(&row[6]))).collect()
}

#[test]
fn the_tutorials_table_with_the_true_storage_cost() {
    let tables = quoted(&args("p2.xlarge", &["gp2:75"]));
    let rows: Vec<[&str; 4]> = tables[0].rows.iter().map(|row| shown(row)).collect();
    assert_eq!(
        rows,
        [
            ["AMI, software", "$0.0000", "$0.0000", "$0.00"],
            ["p2.xlarge", "$0.9000", "$0.0000", "$54.75"],
            ["gp2 75 GB", "$0.0103", "$0.0103", "$7.50"],
            ["public IPv4", "$0.0050", "$0.0000", "$0.30"],
        ]
    );
    assert_eq!(tables[0].rows[1][3], Cell::new("$0.90/h", "0.9"));
    assert_eq!(tables[0].rows[2][3], Cell::new("$0.10/GB-mo", "0.1"));
    assert_eq!(shown(tables[0].total.as_ref().unwrap()), ["Total", "$0.9153", "$0.0103", "$62.55"]);
    // 0.005 × 2 × 365 / 12, rounded once at 10 decimals.
    assert_eq!(exact(&tables[0].rows[3][6]), "0.3041666667");

    let months: Vec<Vec<&str>> =
        tables[1].rows.iter().map(|row| row[1..].iter().map(|cell| cell.shown.as_str()).collect()).collect();
    assert_eq!(
        months,
        [
            ["60.83", "$54.75", "$7.50", "$0.30", "$62.55"],
            ["730", "$657.00", "$7.50", "$3.65", "$668.15"],
            ["0", "$0.00", "$7.50", "$0.00", "$7.50"],
        ]
    );
}

#[test]
fn a_type_no_longer_offered_says_so_and_names_successors() {
    let notes = &quoted(&args("p2.xlarge", &["gp2:75"]))[0].notes;
    assert_eq!(
        notes[0],
        "p2.xlarge is no longer offered since spring 2025: its rate is still published, but a launch is likely to be \
         refused. Offered in its place: g4dn.xlarge at $0.526/h, g5.xlarge at $1.006/h, g6.xlarge at $0.8048/h."
    );
    let dates = "Rates: p2.xlarge as of 2026-07-20; EBS as of 2024-07-18; public IPv4 as of 2024-02-01.";
    assert!(notes.iter().any(|note| note == dates), "{notes:?}");
    assert!(!quoted(&args("g5.xlarge", &["gp2:75"]))[0].notes[0].contains("offered"));
}

#[test]
fn the_hours_and_the_amis_charge_count_while_running_only() {
    let asked =
        QuoteArgs { ami_usd_per_hour: "0.25".into(), hours_per_day: "24".into(), ..args("p3.2xlarge", &["gp3:100"]) };
    let tables = quoted(&asked);
    assert_eq!(
        months(&tables[0]),
        [
            ("AMI, software", "182.5"),
            ("p3.2xlarge", "2233.8"),
            ("gp3 100 GB with 3000 IOPS, 125 MiB/s", "8"),
            ("public IPv4", "3.65")
        ]
    );
    // Running all day is what forgetting costs.
    assert_eq!(tables[1].rows[0][5], tables[1].rows[1][5]);
    assert_eq!(exact(&tables[1].rows[1][2]), "2416.3");
    assert_eq!(exact(&tables[1].rows[2][5]), "8");

    let parked = QuoteArgs { hours_per_day: "0".into(), no_public_ipv4: true, ..args("p3.2xlarge", &["gp3:100"]) };
    let tables = quoted(&parked);
    assert_eq!(exact(&tables[0].total.as_ref().unwrap()[6]), "8");
    assert_eq!(tables[0].rows.len(), 3);
}

#[test]
fn each_dimension_of_a_volume_is_a_row() {
    let tables = quoted(&args("g5.xlarge", &["gp3:500:4000:250", "io2:100:70000"]));
    assert_eq!(
        months(&tables[0])[2..8],
        [
            ("volume 1: gp3 500 GB with 3000 IOPS, 125 MiB/s", "40"),
            ("volume 1: gp3 1000 IOPS above 3,000", "5"),
            ("volume 1: gp3 125 MiB/s above 125", "5"),
            ("volume 2: io2 100 GB", "12.5"),
            ("volume 2: io2 32000 IOPS", "2080"),
            ("volume 2: io2 32000 IOPS above 32,000", "1456"),
        ]
    );
    assert_eq!(months(&tables[0])[8], ("volume 2: io2 6000 IOPS above 64,000", "191.1"));
    // Throughput per MiB/s, as published.
    let throughput = &tables[0].rows[4];
    assert_eq!([exact(&throughput[1]), exact(&throughput[2]), exact(&throughput[3])], ["125", "MiB/s-month", "0.04"]);
}

#[test]
fn without_a_volume_the_total_says_what_it_lacks() {
    let tables = quoted(&args("g5.xlarge", &[]));
    assert_eq!(tables[0].total.as_ref().unwrap()[0].shown, "Total without a volume");
    assert!(tables[0].notes.iter().any(|note| note.contains("every EC2 instance needs one")));
    assert!(tables[1].rows.iter().all(|row| row[3] == Cell::missing("not named")));
}

#[test]
fn wrong_words_and_missing_rates_are_errors() {
    for (asked, text) in [
        (args("g5.xlarge", &["gp3"]), "write type:GB[:IOPS[:MiB/s]]"),
        (args("g5.xlarge", &["gp4:10"]), "one of gp2, gp3, io1"),
        (args("g5.xlarge", &["io2:100"]), "for example --volume io2:100:3000"),
        (QuoteArgs { hours_per_day: "24.1".into(), ..args("g5.xlarge", &[]) }, "a day has 0 to 24 hours, not 24.1"),
        (QuoteArgs { hours_per_day: "-1".into(), ..args("g5.xlarge", &[]) }, "a day has 0 to 24 hours"),
        (QuoteArgs { hours_per_day: "two".into(), ..args("g5.xlarge", &[]) }, "--hours-per-day: `two`"),
        (QuoteArgs { ami_usd_per_hour: "-0.1".into(), ..args("g5.xlarge", &[]) }, "less than nothing"),
        (QuoteArgs { ami_usd_per_hour: "1e400".into(), ..args("g5.xlarge", &[]) }, "--ami-usd-per-hour: `1e400`"),
    ] {
        let (error, exit) = refused(&asked);
        assert!(error.contains(text) && exit == Exit::WrongUsage, "{error}");
    }
    let (error, exit) = refused(&args("p2.xlarg", &[]));
    assert!(error.contains("did you mean `p2.xlarge`") && exit == Exit::Failed, "{error}");
    for (instance, region, text) in [
        ("p2.xlarge", "us-west-1", "no rate for `p2.xlarge` in `us-west-1`"),
        ("p5e.48xlarge", "us-east-2", "describe-capacity-block-offerings"),
    ] {
        let failure = run(&args(instance, &[]), &request(region)).expect_err(instance);
        assert!(failure.to_string().contains(text) && failure.exit == Exit::Failed, "{failure}");
    }
    let failure = run(&args("p2.xlarge", &[]), &request("us-wst-1")).expect_err("a region that was mistyped");
    assert!(failure.to_string().contains("did you mean `us-west-1`") && failure.exit == Exit::WrongUsage, "{failure}");
    // A local zone without io2 makes no quote with io2.
    let failure = run(&args("p5.48xlarge", &["io2:100:100"]), &request("us-east-1-atl-1")).expect_err("io2");
    assert!(failure.to_string().contains("no rate for `io2 storage` in `us-east-1-atl-1`"), "{failure}");
}

proptest! {
    #[test]
    fn any_words_are_a_quote_or_an_error(
        instance in "\\PC{0,12}|p[2-5].xlarge", spec in "\\PC{0,12}|(gp3|io2):[0-9:]{0,14}",
        hours in "\\PC{0,6}|[0-9.]{0,32}", ami in "\\PC{0,6}|[0-9.]{0,32}",
    ) {
        let asked = QuoteArgs { hours_per_day: hours, ami_usd_per_hour: ami, ..args("p2.xlarge", &[&spec]) };
        let _ = run(&asked, &request("us-east-1"));
        let _ = run(&args(&instance, &[&spec]), &request("us-east-1"));
    }

    /// The total is the sum of its parts, and the month lies between stopped and forgotten.
    #[test]
    fn a_month_lies_between_stopped_and_forgotten(tenths in 0_u32..=240, gb in 1_u32..=16_384) {
        let hours_per_day = Decimal::new(i64::from(tenths), 1).to_string();
        let tables = quoted(&QuoteArgs { hours_per_day, ..args("p3.2xlarge", &[&format!("gp2:{gb}")]) });
        let total = |row: &[Cell]| exact(&row[5]).parse::<Usd>().unwrap();
        let [planned, forgotten, stopped] = [0, 1, 2].map(|at| total(&tables[1].rows[at]));
        prop_assert!(stopped <= planned && planned <= forgotten);
        let parts: Usd = tables[0].rows.iter().map(|row| exact(&row[6]).parse::<Usd>().unwrap()).sum();
        prop_assert_eq!(parts, planned);
        prop_assert_eq!(stopped, Usd::new(Decimal::from(gb) / Decimal::TEN));
    }
}
