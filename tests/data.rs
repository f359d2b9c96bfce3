//! Every row of `data/*.csv`: it parses, is unique, names its source and date, has a sane unit and size; and the
//! card in the binary is these files, row for row.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gpucost::catalog::{
    Accelerator, NoRate, Offering, PaymentOption, Provenance, RateCard, Sector, SnapshotRate, VolumeRate, VolumeType,
};
use gpucost::money::Usd;
use gpucost::quantity::{Unit, parse_decimal};
use rust_decimal::Decimal;

/// Files, the columns that make a row unique, and how many rows there are: rows do not vanish unnoticed.
const FILES: [(&str, &[&str], usize); 10] = [
    ("sources.csv", &["id"], 35),
    ("regions.csv", &["code"], 103),
    ("instance_types.csv", &["instance_type"], 101),
    ("on_demand_rates.csv", &["region", "instance_type"], 1091),
    ("spot_rates.csv", &["region", "instance_type", "az_id"], 182),
    ("reserved_rates.csv", &["region", "instance_type", "term_years", "payment_option", "offering_class"], 3362),
    ("ebs_rates.csv", &["region", "volume_type", "dimension"], 638),
    ("network_rates.csv", &["region", "dimension"], 2),
    ("machines.csv", &["name"], 42),
    ("electricity.csv", &["area", "sector"], 52),
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

#[test]
fn on_demand_is_the_card_row_for_row() {
    for row in rows("on_demand_rates.csv") {
        let (region, name) = (&row["region"], &row["instance_type"]);
        let rate = card().on_demand(region, name);
        if row["usd_per_hour"].is_empty() {
            assert_eq!(&row["mark"], "capacity blocks only", "{}", row.at);
            assert!(matches!(rate, Err(NoRate::CapacityBlockOnly { .. })), "{}: {rate:?}", row.at);
            continue;
        }
        row.between("usd_per_hour", "0.1", "300");
        let rate = rate.unwrap_or_else(|error| panic!("{}: {error}", row.at));
        assert_eq!((rate.usd, rate.unit), (row.usd("usd_per_hour"), Unit::InstanceHour), "{}", row.at);
        assert_eq!(rate.provenance, row.provenance(), "{}", row.at);
    }
    let on_card: usize = card().instance_types().iter().map(|kind| card().regions_with(kind.name).len()).sum();
    let priced = rows("on_demand_rates.csv").iter().filter(|row| !row["usd_per_hour"].is_empty()).count();
    assert_eq!(on_card, priced);
}

#[test]
fn an_on_demand_rate_is_within_reach_of_the_types_cheapest() {
    let mut cheapest: BTreeMap<String, Decimal> = BTreeMap::new();
    let priced: Vec<Row> =
        rows("on_demand_rates.csv").into_iter().filter(|row| !row["usd_per_hour"].is_empty()).collect();
    for row in &priced {
        let usd = row.decimal("usd_per_hour");
        let least = cheapest.entry(row["instance_type"].to_owned()).or_insert(usd);
        *least = usd.min(*least);
    }
    for row in priced.iter().filter(|row| row["mark"].is_empty()) {
        // The dearest are wavelength zones, 2.37 × us-east-1.
        let ratio = row.decimal("usd_per_hour") / cheapest[&row["instance_type"]];
        assert!(ratio < decimal("2.5"), "{}: {ratio} × the cheapest region", row.at);
    }
}

#[test]
fn spot_is_the_card_row_for_row_and_no_dearer_than_on_demand() {
    let mut on_card = 0;
    for region in card().regions() {
        on_card += card().instance_types().iter().map(|kind| card().spot(region.code, kind.name).len()).sum::<usize>();
    }
    assert_eq!(on_card, rows("spot_rates.csv").len());
    for row in rows("spot_rates.csv") {
        let (region, name) = (&row["region"], &row["instance_type"]);
        let az_id = Some(&row["az_id"]).filter(|id| !id.is_empty());
        let found = card().spot(region, name).into_iter().find(|rate| rate.az_id.as_deref() == az_id);
        let rate = found.unwrap_or_else(|| panic!("{}: not on the card", row.at));
        assert_eq!((rate.usd_per_hour, rate.provenance), (row.usd("usd_per_hour"), row.provenance()), "{}", row.at);
        row.between("usd_per_hour", "0.05", "300");
        if let Ok(on_demand) = card().on_demand(region, name) {
            // The source rounds to four decimals.
            let most = on_demand.usd.amount() + decimal("0.0001");
            assert!(rate.usd_per_hour.amount() <= most, "{}: dearer than on demand", row.at);
        }
    }
}

#[test]
fn reserved_is_the_card_row_for_row_and_cheaper_than_on_demand() {
    let mut on_card = 0;
    for region in card().regions() {
        on_card +=
            card().instance_types().iter().map(|kind| card().reserved(region.code, kind.name).len()).sum::<usize>();
    }
    assert_eq!(on_card, rows("reserved_rates.csv").len());
    for row in rows("reserved_rates.csv") {
        let (region, name) = (&row["region"], &row["instance_type"]);
        let matches = |rate: &gpucost::catalog::ReservedRate| {
            rate.term_years.to_string() == row["term_years"]
                && rate.payment_option.name().to_lowercase().replace(' ', "-") == row["payment_option"]
                && rate.offering_class.name() == &row["offering_class"]
        };
        let found = card().reserved(region, name).into_iter().find(matches);
        let rate = found.unwrap_or_else(|| panic!("{}: not on the card", row.at));
        assert_eq!((&*rate.region, &*rate.instance_type), (region, name), "{}", row.at);
        assert_eq!((rate.upfront, rate.hourly), (row.usd("upfront_usd"), row.usd("usd_per_hour")), "{}", row.at);
        assert_eq!(rate.provenance, row.provenance(), "{}", row.at);
        // All-upfront keeps its fee, no-upfront its hourly rate.
        assert_eq!(rate.upfront.is_zero(), rate.payment_option == PaymentOption::NoUpfront, "{}", row.at);
        assert_eq!(rate.hourly.is_zero(), rate.payment_option == PaymentOption::AllUpfront, "{}", row.at);
        if rate.provenance.mark.as_deref() == Some("undated: commit date") {
            let on_demand = card().on_demand(region, name).unwrap_or_else(|error| panic!("{}: {error}", row.at));
            let ratio = rate.effective_hourly().expect("in range").amount() / on_demand.usd.amount();
            assert!(ratio > decimal("0.3") && ratio < decimal("0.9"), "{}: {ratio} of on-demand", row.at);
        }
    }
}

#[test]
fn ebs_is_the_card_row_for_row() {
    let mut volumes = BTreeSet::new();
    for row in rows("ebs_rates.csv") {
        let (region, dimension) = (&row["region"], &row["dimension"]);
        let (rate, usd) = if &row["volume_type"] == "snapshot" {
            let dimension = SnapshotRate::ALL.into_iter().find(|rate| rate.name() == dimension).expect(&row.at);
            (card().snapshot(region, dimension), row.usd("usd"))
        } else {
            let volume_type = VolumeType::from_name(&row["volume_type"]).expect(&row.at);
            let dimension = VolumeRate::ALL.into_iter().find(|rate| rate.name() == dimension).expect(&row.at);
            volumes.insert((region.to_owned(), volume_type, dimension));
            let factor = if dimension == VolumeRate::Throughput { 1024 } else { 1 };
            (card().volume(region, volume_type, dimension), Usd::new(row.decimal("usd") * Decimal::from(factor)))
        };
        let rate = rate.unwrap_or_else(|error| panic!("{}: {error}", row.at));
        assert_eq!(rate.usd, usd, "{}", row.at);
        assert_eq!(rate.provenance, row.provenance(), "{}", row.at);
        let unit = if &row["unit"] == "MiB/s-month" { "GiB/s-month" } else { &row["unit"] };
        assert_eq!(rate.unit.name(), unit, "{}", row.at);
        let (least, most) = match rate.unit {
            Unit::GbMonth => ("0.005", "0.3"),
            Unit::IopsMonth => ("0.004", "0.15"),
            Unit::GibpsMonth => ("0.03", "0.1"),
            Unit::Gb => ("0.02", "0.1"),
            Unit::Request => ("0.00000004", "0.0000002"),
            Unit::DsuHour => ("0.7", "1.5"),
            other => panic!("{}: {other}", row.at),
        };
        row.between("usd", least, most);
    }
    for region in card().regions() {
        for volume_type in VolumeType::ALL {
            for rate in VolumeRate::ALL {
                let listed = volumes.contains(&(region.code.to_owned(), volume_type, rate));
                assert_eq!(
                    card().volume(region.code, volume_type, rate).is_ok(),
                    listed,
                    "{} {volume_type}",
                    region.code
                );
            }
        }
    }
}

#[test]
fn a_volume_type_has_all_its_dimensions_where_it_is_sold() {
    for region in card().regions() {
        let has = |kind, rate| card().volume(region.code, kind, rate).is_ok();
        let together = |kind, rates: &[VolumeRate]| {
            assert!(
                rates.iter().all(|rate| has(kind, *rate) == has(kind, VolumeRate::Storage)),
                "{} {kind}",
                region.code
            );
        };
        together(VolumeType::Gp3, &[VolumeRate::Iops, VolumeRate::Throughput]);
        together(VolumeType::Io1, &[VolumeRate::Iops]);
        together(VolumeType::Io2, &[VolumeRate::IopsTier1, VolumeRate::IopsTier2, VolumeRate::IopsTier3]);
    }
}

#[test]
fn addresses_are_the_card_row_for_row() {
    for row in rows("network_rates.csv") {
        assert_eq!((&row["region"], &row["unit"]), ("all", "address-hour"), "{}", row.at);
        let in_use = &row["dimension"] == "public-ipv4-in-use";
        assert!(in_use || &row["dimension"] == "public-ipv4-idle", "{}", row.at);
        let rate = card().public_ipv4("eu-west-3", in_use).expect(&row.at);
        assert_eq!((rate.usd, rate.provenance), (row.usd("usd"), row.provenance()), "{}", row.at);
    }
}

#[test]
fn instance_types_are_the_card_row_for_row() {
    assert_eq!(card().instance_types().len(), rows("instance_types.csv").len());
    for row in rows("instance_types.csv") {
        let kind = card().instance_type(&row["instance_type"]).expect(&row.at);
        assert_eq!(kind.vcpu.to_string(), &row["vcpu"], "{}", row.at);
        assert_eq!(kind.memory_gib, row.decimal("memory_gib"), "{}", row.at);
        let accelerator = kind.accelerator.clone().expect(&row.at);
        assert_eq!(accelerator.kind.name(), &row["accelerator_kind"], "{}", row.at);
        let expected = Accelerator {
            model: accelerator.model,
            kind: accelerator.kind,
            count: row.decimal("accelerator_count"),
            memory_gib_total: row.decimal("accelerator_memory_gib"),
        };
        assert_eq!((accelerator.model, &accelerator), (&row["accelerator_model"], &expected), "{}", row.at);
        assert_eq!(kind.local_storage.unwrap_or_default(), &row["local_storage"], "{}", row.at);
        let (offered, note) = match kind.offering {
            Offering::Offered => ("yes", ""),
            Offering::NotOffered { since } => ("no", since),
            Offering::Unknown { why } => ("unknown", why),
        };
        assert_eq!((offered, note), (&row["offered"], &row["offered_note"]), "{}", row.at);
        assert_eq!(kind.successors.join(" "), &row["successors"], "{}", row.at);
        assert_eq!(kind.provenance, row.provenance(), "{}", row.at);
        row.between("vcpu", "2", "192");
        row.between("memory_gib", "4", "4096");
        row.between("accelerator_count", "0.125", "16");
        let each = row.decimal("accelerator_memory_gib") / row.decimal("accelerator_count");
        assert!(each >= decimal("4") && each <= decimal("270"), "{}: {each} GiB an accelerator", row.at);
        for name in kind.successors {
            let successor = card().instance_type(name).expect(&row.at);
            assert!(successor.offering.is_offered() && !kind.offering.is_offered(), "{}: {name}", row.at);
        }
    }
}

#[test]
fn every_family_asked_for_is_on_the_card() {
    let families: BTreeSet<&str> = card().instance_types().iter().map(|kind| kind.family()).collect();
    for family in "p2 p3 p3dn p4d p4de p5 p5e p5en p6-b200 p6-b300 g3 g3s g4dn g4ad g5 g5g g6 g6e g6f gr6 g7 g7e trn1 \
                   trn1n trn2 inf1 inf2 dl1 dl2q"
        .split_whitespace()
    {
        assert!(families.contains(family), "{family}");
    }
}

#[test]
fn regions_are_the_card_row_for_row() {
    assert_eq!(card().regions().len(), rows("regions.csv").len());
    let mut prefixes = BTreeSet::new();
    for row in rows("regions.csv") {
        let region = card().region(&row["code"]).expect(&row.at);
        assert_eq!((region.name, region.kind.name()), (&row["name"], &row["kind"]), "{}", row.at);
        assert_eq!(region.parent.unwrap_or_default(), &row["parent"], "{}", row.at);
        assert_eq!(region.billing_code.unwrap_or_default(), &row["billing_code"], "{}", row.at);
        assert_eq!(region.billing_code_source.unwrap_or_default(), &row["billing_code_source"], "{}", row.at);
        let prefix = match region.usage_type_prefix {
            Some("") => "none",
            prefix => prefix.unwrap_or_default(),
        };
        assert_eq!(prefix, &row["usage_type_prefix"], "{}", row.at);
        if let (Some(code), Some(prefix)) = (region.billing_code, region.usage_type_prefix) {
            assert!(prefixes.insert(prefix), "{}: two regions have the prefix {prefix}", row.at);
            assert!(prefix.is_empty() || prefix == format!("{code}-"), "{}", row.at);
        }
        assert_eq!(region.provenance, row.provenance(), "{}", row.at);
        match region.parent {
            Some(parent) => assert!(region.code.starts_with(&format!("{parent}-")), "{}", row.at),
            None => assert_eq!(region.kind.name(), "region", "{}", row.at),
        }
    }
}

#[test]
fn sources_are_the_card_row_for_row_and_each_is_used() {
    let mut used: BTreeSet<String> = BTreeSet::from(["aws-ebs-limits".into(), "aws-neuron".into()]);
    for (file, ..) in FILES.iter().filter(|(file, ..)| *file != "sources.csv") {
        used.extend(rows(file).iter().map(|row| row["source"].to_owned()));
    }
    used.extend(rows("regions.csv").iter().map(|row| row["billing_code_source"].to_owned()));
    assert_eq!(card().sources().len(), rows("sources.csv").len());
    for row in rows("sources.csv") {
        let source = card().source(&row["id"]).expect(&row.at);
        assert_eq!((source.title, source.url), (&row["title"], &row["url"]), "{}", row.at);
        assert_eq!(source.license.unwrap_or_default(), &row["license"], "{}", row.at);
        assert!(used.contains(&row["id"]), "{}: nothing comes from it", row.at);
    }
}

#[test]
fn machines_are_the_card_row_for_row() {
    assert_eq!(card().machines().len(), rows("machines.csv").len());
    for row in rows("machines.csv") {
        let machine = card().machine(&row["name"]).expect(&row.at);
        assert_eq!((machine.name, machine.gpus), (&row["name"], &row["gpus"]), "{}", row.at);
        assert_eq!(machine.num_gpus.to_string(), &row["num_gpus"], "{}", row.at);
        assert_eq!(machine.price, row.usd("price_usd"), "{}", row.at);
        assert_eq!(machine.price_date.unwrap_or_default(), &row["price_date"], "{}", row.at);
        assert_eq!((machine.kind.name(), machine.note), (&row["kind"], &row["note"]), "{}", row.at);
        assert_eq!(machine.load_watts.map(|watts| watts.to_string()).unwrap_or_default(), &row["load_watts"]);
        assert_eq!((machine.source, machine.mark.unwrap_or_default()), (&row["source"], &row["mark"]), "{}", row.at);
        row.between("num_gpus", "1", "16");
        let each = row.decimal("price_usd") / row.decimal("num_gpus");
        assert!(each >= decimal("500") && each <= decimal("110000"), "{}: ${each} a GPU", row.at);
    }
}

#[test]
fn electricity_is_the_card_row_for_row() {
    assert_eq!(card().electricity_prices().len(), rows("electricity.csv").len());
    for row in rows("electricity.csv") {
        let sectors = [Sector::Residential, Sector::Commercial, Sector::Industrial];
        let sector = sectors.into_iter().find(|sector| sector.name() == &row["sector"]).expect(&row.at);
        let price = card().electricity(&row["area"], sector).expect(&row.at);
        assert_eq!((price.area, price.usd_per_kwh), (&row["area"], row.usd("usd_per_kwh")), "{}", row.at);
        assert_eq!(price.provenance, row.provenance(), "{}", row.at);
        row.between("usd_per_kwh", "0.05", "0.5");
    }
}

/// What AWS publishes for us-east-1, one of each family.
#[test]
fn us_east_1_has_the_published_rates() {
    let published = "p2.xlarge 0.90 p2.8xlarge 7.20 p2.16xlarge 14.40 p3.2xlarge 3.06 p3.8xlarge 12.24 p3.16xlarge 24.48 \
        p3dn.24xlarge 31.212 g3s.xlarge 0.75 g3.4xlarge 1.14 g3.8xlarge 2.28 g4dn.xlarge 0.526 g4ad.xlarge 0.37853 \
        g5.xlarge 1.006 g5.48xlarge 16.288 g5g.xlarge 0.42 g6.xlarge 0.8048 g6e.xlarge 1.861 inf1.xlarge 0.228 \
        inf2.xlarge 0.7582 trn1.2xlarge 1.34375 trn1.32xlarge 21.50 dl1.24xlarge 13.10904 p4d.24xlarge 21.957642 \
        p4de.24xlarge 27.44705 p5.48xlarge 55.04 p5.4xlarge 6.88 p5en.48xlarge 63.296 p6-b200.48xlarge 113.9328 \
        g7.2xlarge 2.52 g7e.2xlarge 3.36312";
    let words: Vec<&str> = published.split_whitespace().collect();
    for pair in words.chunks(2) {
        let rate = card().on_demand("us-east-1", pair[0]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((rate.usd.amount(), rate.provenance.mark), (decimal(pair[1]), None), "{}", pair[0]);
    }
}

#[test]
fn us_east_1_has_the_published_storage_rates() {
    let published = [
        (VolumeType::Gp2, VolumeRate::Storage, "0.10"),
        (VolumeType::Gp3, VolumeRate::Storage, "0.08"),
        (VolumeType::Gp3, VolumeRate::Iops, "0.005"),
        (VolumeType::Gp3, VolumeRate::Throughput, "40.96"),
        (VolumeType::Io1, VolumeRate::Storage, "0.125"),
        (VolumeType::Io1, VolumeRate::Iops, "0.065"),
        (VolumeType::Io2, VolumeRate::Storage, "0.125"),
        (VolumeType::Io2, VolumeRate::IopsTier1, "0.065"),
        (VolumeType::Io2, VolumeRate::IopsTier2, "0.0455"),
        (VolumeType::Io2, VolumeRate::IopsTier3, "0.03185"),
        (VolumeType::St1, VolumeRate::Storage, "0.045"),
        (VolumeType::Sc1, VolumeRate::Storage, "0.015"),
        (VolumeType::Standard, VolumeRate::Storage, "0.05"),
        (VolumeType::Standard, VolumeRate::IoRequest, "0.00000005"),
    ];
    for (volume_type, rate, usd) in published {
        let found = card().volume("us-east-1", volume_type, rate).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(found.usd.amount(), decimal(usd), "{volume_type} {}", rate.name());
    }
    for (rate, usd) in SnapshotRate::ALL.into_iter().zip(["0.05", "0.0125", "0.03", "0.0125", "0.75"]) {
        assert_eq!(card().snapshot("us-east-1", rate).expect("listed").usd.amount(), decimal(usd), "{}", rate.name());
    }
}

#[test]
fn stale_rates_say_so() {
    let mark = |region, name| card().on_demand(region, name).expect("listed").provenance.mark;
    assert_eq!(mark("sa-east-1", "p5.48xlarge").as_deref(), Some("stale: before the June 2025 cut"));
    assert_eq!(mark("us-east-1", "p5.48xlarge"), None);
    let marks = |region, name| -> BTreeSet<String> {
        card()
            .reserved(region, name)
            .into_iter()
            .map(|rate| rate.provenance.mark.expect("marked").into_owned())
            .collect()
    };
    assert_eq!(marks("us-east-1", "p2.xlarge"), ["stale: 2017".to_owned()].into());
    assert_eq!(marks("us-east-1", "g4dn.xlarge"), ["undated: commit date".to_owned()].into());
    let both = "stale: before the June 2025 cut; undated: commit date".to_owned();
    assert_eq!(marks("us-east-1", "p4d.24xlarge"), [both].into());
    // Nothing of before the cut is on the card unmarked.
    for row in rows("on_demand_rates.csv").iter().filter(|row| &row["as_of"] < "2025-06") {
        let was_cut = ["p4d.", "p4de.", "p5.", "p5en."].iter().any(|family| row["instance_type"].starts_with(family));
        assert!(!was_cut || row["mark"].starts_with("stale"), "{}", row.at);
    }
}
