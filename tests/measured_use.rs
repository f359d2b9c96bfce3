//! Rent or own from the ledger's own hours, through the real program: what is unknown is asked for or said,
//! never $0 and never zero hours.

#[expect(dead_code, reason = "other tests look into the database too")]
mod program;

use std::fs;

use program::Lab;
use serde_json::Value;

const EXPORT: &str = include_str!("fixtures/focus/lab_2024_09.csv");
const HEADER: &str = "region,instance_id,instance_type,start,end,hours_per_day,volumes,purchase_option,usd_per_hour\n";

/// A ledger of these rows of notes, as far as noted by November.
fn noted(rows: &str) -> Lab {
    noted_at(rows, "2026-11-01")
}

fn noted_at(rows: &str, observed_at: &str) -> Lab {
    let lab = Lab::new();
    lab.write("notes.csv", format!("{HEADER}{rows}"));
    lab.ok(&["usage", "import", "notes.csv", "--observed-at", observed_at]);
    lab
}

fn exported() -> Lab {
    let lab = Lab::new();
    lab.write("export.csv", EXPORT);
    lab.ok(&["usage", "import", "export.csv"]);
    lab
}

/// What `break-even` answered: its verdict, its assumptions, and its inputs.
struct Asked {
    verdict: String,
    notes: Vec<String>,
    inputs: Value,
}

impl Asked {
    #[track_caller]
    fn of(lab: &Lab, args: &[&str]) -> Asked {
        let all = [&["break-even", "--machine-usd", "1000", "-v", "-o", "json"], args].concat();
        let mut tables: Value = serde_json::from_str(&lab.ok(&all)).expect("JSON");
        let notes = tables["break_even"]["notes"].as_array().expect("notes").iter();
        Asked {
            verdict: tables["break_even"]["title"].as_str().expect("a title").to_owned(),
            notes: notes.map(|note| note.as_str().expect("a text").to_owned()).collect(),
            inputs: tables["break_even_inputs"]["rows"].take(),
        }
    }

    /// (value, source)
    #[track_caller]
    fn input(&self, name: &str) -> (&str, &str) {
        let rows = self.inputs.as_array().expect("rows");
        let row = rows.iter().find(|row| row["input"] == name).unwrap_or_else(|| panic!("{name} in {rows:?}"));
        (row["value"].as_str().expect("a value"), row["source"].as_str().expect("a source"))
    }

    fn assumes(&self, said: &str) -> bool {
        self.notes.iter().any(|note| note == &format!("assumed: {said}"))
    }
}

#[track_caller]
fn report(lab: &Lab, month: &str, args: &[&str]) -> String {
    lab.ok(&[&["report", "--month", month, "--machine-usd", "1000"], args].concat());
    fs::read_to_string(lab.cwd().join("reports").join(month).join("report.md")).expect("the report")
}

#[test]
fn storage_that_no_record_links_is_asked_for() {
    let lab = exported();
    let args = ["break-even", "--machine-usd", "1000", "--instance", "p3.2xlarge", "--as-of", "2024-10-01"];
    let ran = lab.run(&args);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (
            Some(1),
            "",
            "error: the ledger does not say which volumes i-0d00d00000000004 has, or that it has none\n\
             hint: give --volume gp3:100, or --storage-usd-per-month (0 if there is none)\n"
        )
    );
    let asked = Asked::of(&lab, &[&args[3..], &["--storage-usd-per-month", "0"]].concat());
    assert_eq!(asked.input("storage_usd_per_month"), ("0", "given"));
}

#[test]
fn a_report_leaves_unknown_storage_out_and_says_so() {
    let report = report(&exported(), "2024-09", &["--instance", "p3.2xlarge", "--as-of", "2024-10-01"]);
    assert!(report.contains("the storage of i-0d00d00000000004 is not in the records: left out"), "{report}");
    assert!(!report.contains("no volume is rented"), "{report}");
}

/// The export's spot row names no list rate: AWS's own figure is what was paid.
#[test]
fn spot_of_an_export_counts_at_what_it_cost() {
    let args = ["--instance", "p3.2xlarge", "--as-of", "2024-10-01", "--storage-usd-per-month", "0"];
    let asked = Asked::of(&exported(), &args);
    assert_eq!(asked.input("instance_usd_per_hour"), ("1.008", "the ledger: $1.01 over 1 h"));
    let given = Asked::of(&exported(), &[&args[..], &["--usd-per-hour", "2"]].concat());
    assert_eq!(given.input("instance_usd_per_hour"), ("2", "given"));
}

#[test]
fn hours_without_a_price_count_on_demand_and_are_counted_aloud() {
    let lab = noted(
        "us-east-1,i-a,p2.xlarge,2026-10-01,2026-10-11,2,gp2:75,spot,0.30\n\
         us-east-1,i-a,p2.xlarge,2026-10-11,2026-10-21,2,gp2:75,spot,\n",
    );
    let asked = Asked::of(&lab, &["--as-of", "2026-10-21"]);
    let source = "the ledger: $6.00 over 20 h, rate as of 2026-10-01; 20 h at the on-demand rate as of 2026-07-20";
    assert_eq!(asked.input("instance_usd_per_hour"), ("0.6", source));
    assert!(
        asked.assumes("20 of 40 h have no rate in the records: they are counted on demand, $0.90/h as of 2026-07-20"),
        "{:?}",
        asked.notes
    );
    let given = Asked::of(&lab, &["--as-of", "2026-10-21", "--usd-per-hour", "0.4"]);
    assert_eq!(given.input("instance_usd_per_hour"), ("0.4", "given"));
    assert!(!given.notes.iter().any(|note| note.contains("have no rate")), "{:?}", given.notes);
}

#[test]
fn an_own_rate_is_what_an_hour_costs() {
    let lab = noted("us-east-1,i-a,p2.xlarge,2026-10-01,2026-11-01,2,gp2:75,,0.45\n");
    let asked = Asked::of(&lab, &["--as-of", "2026-11-01"]);
    assert_eq!(asked.input("instance_usd_per_hour"), ("0.45", "the ledger: $27.90 over 62 h, rate as of 2026-10-01"));
}

#[test]
fn a_type_the_card_does_not_price_leaves_the_report_without_a_comparison() {
    let lab = noted("us-east-1,i-a,m5.large,2026-10-01,2026-11-01,2,gp2:75,,\n");
    let report = report(&lab, "2026-10", &["--as-of", "2026-11-01"]);
    assert!(report.contains("Not compared: "), "{report}");
    assert!(!report.contains("No machine to compare with"), "{report}");
}

#[test]
fn of_several_instances_the_busiest_is_compared() {
    let lab = noted(
        "us-east-1,i-a,p2.xlarge,2026-10-01,2026-11-01,16,gp2:100,,\n\
         us-east-1,i-b,p2.xlarge,2026-10-01,2026-11-01,20,gp2:75,,\n",
    );
    let asked = Asked::of(&lab, &["--as-of", "2026-11-01"]);
    let source = "the ledger: 620 h of p2.xlarge on the busiest of 2: i-b, 2026-10-01 to 2026-11-01";
    assert_eq!(asked.input("hours_per_day"), ("20", source));
    assert_eq!(asked.input("storage_usd_per_month").0, "7.5");
    let said = "one machine takes the place of one instance: i-b, the busiest of 2 p2.xlarge in us-east-1";
    assert!(asked.assumes(said), "{:?}", asked.notes);
    let report = report(&lab, "2026-10", &["--as-of", "2026-11-01"]);
    assert!(report.contains("the busiest of 2: i-b"), "{report}");
}

/// A volume a month older than the first session does not make that month one without use.
#[test]
fn time_before_the_first_session_is_not_zero_hours() {
    let lab = noted(
        "us-east-1,i-a,,2026-09-01,2026-11-01,,gp2:75,,\n\
         us-east-1,i-a,p2.xlarge,2026-10-02T09:00:00Z,2026-10-02T15:00:00Z,,,,\n\
         us-east-1,i-a,p2.xlarge,2026-10-12T00:00:00Z,2026-10-14T06:00:00Z,,,,\n",
    );
    let asked = Asked::of(&lab, &["--as-of", "2026-11-01"]);
    let source = "the ledger: 60 h of p2.xlarge on i-a, 2026-10-02 to 2026-11-01";
    assert_eq!(asked.input("hours_per_day"), ("2", source));
    assert_eq!(asked.input("storage_usd_per_month"), ("7.5", "the ledger, 2026-10-02 to 2026-11-01"));
}

/// Running when last noted, on the 11th: what it did until the ledger's last day is unknown.
#[test]
fn time_after_an_instance_was_last_known_is_not_zero_hours() {
    let lab = noted_at("us-east-1,i-a,p2.xlarge,2026-10-01,,,gp2:75,,\n", "2026-10-11");
    lab.write("other.csv", format!("{HEADER}us-east-1,i-z,,2026-10-01,2026-11-01,,gp2:75,,\n"));
    lab.ok(&["usage", "import", "other.csv", "--observed-at", "2026-11-01"]);
    let asked = Asked::of(&lab, &["--as-of", "2026-11-01"]);
    let source = "the ledger: 240 h of p2.xlarge on i-a, 2026-10-01 to 2026-10-11";
    assert_eq!(asked.input("hours_per_day"), ("24", source));
}

#[test]
fn a_month_in_progress_is_divided_by_the_days_that_have_passed() {
    let lab = noted("us-east-1,i-a,p2.xlarge,2026-10-01,2026-11-01,2,gp2:75,,\n");
    let asked = Asked::of(&lab, &["--as-of", "2026-10-16T12:00:00Z"]);
    assert_eq!(asked.input("hours_per_day").0, "2");
    let report = report(&lab, "2026-10", &["--as-of", "2026-10-16T12:00:00Z"]);
    assert!(report.contains(&asked.verdict), "{}\n{report}", asked.verdict);
}

/// A month later than the first: the instance was known to be stopped before its first hour of that month.
#[test]
fn a_report_and_break_even_since_that_month_agree() {
    let lab = noted(
        "us-east-1,i-a,,2026-09-01,2026-11-01,,gp2:75,,\n\
         us-east-1,i-a,p2.xlarge,2026-09-02T09:00:00Z,2026-09-02T15:00:00Z,,,,\n\
         us-east-1,i-a,p2.xlarge,2026-10-12T00:00:00Z,2026-10-14T14:00:00Z,,,,\n",
    );
    let asked = Asked::of(&lab, &["--since", "2026-10", "--as-of", "2026-11-01"]);
    assert_eq!(asked.input("hours_per_day").0, "2");
    let report = report(&lab, "2026-10", &["--as-of", "2026-11-01"]);
    assert!(report.contains(&asked.verdict), "{}\n{report}", asked.verdict);
}

#[test]
fn fewer_than_seven_days_are_said_to_be_few() {
    let row = |until| format!("us-east-1,i-a,p2.xlarge,2026-10-01,{until},2,gp2:75,,\n");
    let said = "these hours go on, though the ledger has only 6 days of i-a";
    let six = Asked::of(&noted(&row("2026-10-07")), &["--as-of", "2026-10-07"]);
    assert!(six.assumes(said), "{:?}", six.notes);
    let seven = Asked::of(&noted(&row("2026-10-08")), &["--as-of", "2026-10-08"]);
    assert!(!seven.notes.iter().any(|note| note.contains("has only")), "{:?}", seven.notes);
}

#[test]
fn minimum_charges_make_no_day_longer_than_24_hours() {
    let lab = noted("us-east-1,i-a,p2.xlarge,2026-10-01T00:00:00Z,2026-10-01T00:00:01Z,,gp2:75,,\n");
    let asked = Asked::of(&lab, &["--as-of", "2026-10-01T00:00:01Z"]);
    assert_eq!(asked.input("hours_per_day").0, "24");
}
