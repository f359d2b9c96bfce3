//! Every row of `data/*.csv`: it parses, is unique, names its source and date, has a sane unit and size; and the
//! card in the binary is these files, row for row.

mod card;
mod published;
mod speed;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gpucost::catalog::{Provenance, RateCard};
use gpucost::money::Usd;
use gpucost::quantity::parse_decimal;
use rust_decimal::Decimal;

/// Files, the columns that make a row unique, and how many rows there are: rows do not vanish unnoticed.
const FILES: [(&str, &[&str], usize); 14] = [
    ("sources.csv", &["id"], 47),
    ("regions.csv", &["code"], 103),
    ("instance_types.csv", &["instance_type"], 101),
    ("on_demand_rates.csv", &["region", "instance_type"], 1091),
    ("spot_rates.csv", &["region", "instance_type", "az_id"], 182),
    ("reserved_rates.csv", &["region", "instance_type", "term_years", "payment_option", "offering_class"], 3362),
    ("ebs_rates.csv", &["region", "volume_type", "dimension"], 638),
    ("network_rates.csv", &["region", "dimension"], 2),
    ("transfer_rates.csv", &["region", "tier"], 111),
    ("machines.csv", &["name"], 44),
    ("gpus.csv", &["gpu"], 30),
    ("throughput.csv", &["workload", "precision", "stack", "gpu", "gpus_used"], 443),
    ("electricity.csv", &["area", "sector"], 52),
    ("grid_carbon.csv", &["region"], 22),
];

struct Row {
    at: String,
    fields: BTreeMap<String, String>,
}

impl std::ops::Index<&str> for Row {
    type Output = str;

    fn index(&self, column: &str) -> &str {
        self.fields.get(column).unwrap_or_else(|| panic!("{}: no column {column}", self.at))
    }
}

impl Row {
    fn decimal(&self, column: &str) -> Decimal {
        parse_decimal(&self[column]).unwrap_or_else(|error| panic!("{}: {column}: {error}", self.at))
    }

    fn usd(&self, column: &str) -> Usd {
        Usd::new(self.decimal(column))
    }

    fn between(&self, column: &str, least: &str, most: &str) {
        let value = self.decimal(column);
        assert!(value >= decimal(least) && value <= decimal(most), "{}: {column} {value}", self.at);
    }

    /// The provenance the card must give for this row.
    fn provenance(&self) -> Provenance {
        let optional = |column: &str| self.fields.get(column).filter(|text| !text.is_empty()).cloned().map(Into::into);
        Provenance {
            as_of: self["as_of"].to_owned().into(),
            source: self["source"].to_owned().into(),
            sku_rate_code: optional("sku_rate_code"),
            mark: optional("mark"),
        }
    }
}

fn decimal(text: &str) -> Decimal {
    parse_decimal(text).expect("a decimal")
}

fn rows(file: &str) -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(file);
    let mut reader = csv::Reader::from_path(path).expect(file);
    let header = reader.headers().expect(file).clone();
    let read = |record: csv::Result<csv::StringRecord>| {
        let record = record.expect(file);
        let at = format!("data/{file}:{}", record.position().map_or(0, csv::Position::line));
        let fields = header.iter().map(str::to_owned).zip(record.iter().map(str::to_owned)).collect();
        Row { at, fields }
    };
    reader.records().map(read).collect()
}

fn card() -> &'static RateCard {
    RateCard::shipped()
}

/// A year, year-month or date that exists.
fn is_date(text: &str) -> bool {
    let whole = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    let readable = whole.parse::<jiff::civil::Date>().is_ok_and(|date| (2010..=2026).contains(&date.year()));
    readable && [4, 7, 10].contains(&text.len())
}

fn assert_as_of(at: &str, text: &str) {
    let parts: Vec<&str> = text.split('/').collect();
    assert!(parts.len() <= 2 && parts.iter().all(|part| is_date(part)), "{at}: `{text}` is no date or interval");
    assert!(parts.is_sorted(), "{at}: the interval {text} ends before its start");
}

#[test]
fn every_file_has_its_rows_and_every_row_is_unique_and_in_order() {
    let mut found: Vec<String> = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("data"))
        .expect("data/")
        .map(|entry| entry.expect("data/").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".csv"))
        .collect();
    found.sort_unstable();
    let mut listed: Vec<&str> = FILES.iter().map(|(file, ..)| *file).collect();
    listed.sort_unstable();
    assert_eq!(found, listed);
    for (file, key, count) in FILES {
        let rows = rows(file);
        assert_eq!(rows.len(), count, "{file}");
        let keys: Vec<Vec<&str>> = rows.iter().map(|row| key.iter().map(|column| &row[*column]).collect()).collect();
        for (pair, row) in keys.windows(2).zip(&rows[1..]) {
            assert!(pair[0] < pair[1], "{}: out of order or a repetition: {:?}", row.at, pair[1]);
        }
    }
}

#[test]
fn every_row_names_a_listed_source_and_a_date() {
    let known: BTreeSet<String> = rows("sources.csv").iter().map(|row| row["id"].to_owned()).collect();
    for row in rows("sources.csv") {
        assert!(!row["title"].is_empty(), "{}", row.at);
        let url = &row["url"];
        assert!(url.starts_with("https://") || &row["id"] == "tutorial" && url.is_empty(), "{}: {url}", row.at);
    }
    for (file, ..) in FILES.iter().filter(|(file, ..)| *file != "sources.csv") {
        for row in rows(file) {
            assert!(known.contains(&row["source"]), "{}: source {}", row.at, &row["source"]);
            match *file {
                "machines.csv" if row["price_date"].is_empty() => {
                    assert!(row["mark"].contains("undated"), "{}", row.at)
                }
                "machines.csv" => assert_as_of(&row.at, &row["price_date"]),
                _ => assert_as_of(&row.at, &row["as_of"]),
            }
        }
    }
}

#[test]
fn marks_are_of_a_kind_and_sku_rate_codes_have_three_parts() {
    let kinds =
        ["stale: ", "undated: ", "derived: ", "capacity blocks only", "implausible", "card only: ", "assumption: "];
    let others = ["converted from ", "accelerator memory: ", "accelerators: "];
    for (file, ..) in FILES {
        for row in rows(file) {
            let mark = row.fields.get("mark").map_or("", String::as_str);
            let is_known = kinds.iter().chain(&others).any(|kind| mark.starts_with(kind));
            assert!(mark.is_empty() || is_known, "{}: mark {mark}", row.at);
            let code = row.fields.get("sku_rate_code").map_or("", String::as_str);
            let is_part =
                |part: &str| part.len() >= 10 && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
            assert!(
                code.is_empty() || code.split('.').count() == 3 && code.split('.').all(is_part),
                "{}: {code}",
                row.at
            );
        }
    }
}
