//! Turns `data/*.csv` into `static` arrays, so that the shipped rate card costs nothing at run time.
//!
//! Every row is checked here; a bad one stops the build with its file and line. `data/README.md` has the columns.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

#[path = "build/card.rs"]
mod card;
#[path = "build/row.rs"]
mod row;
#[path = "build/speed.rs"]
mod speed;

use card::Card;
use row::{Built, Row, is_as_of, optional, read};

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=data");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    match generate() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("cargo::error={message}");
            ExitCode::FAILURE
        }
    }
}

fn generate() -> Built<()> {
    let mut card = Card::default();
    sources(&mut card)?;
    regions(&mut card)?;
    instance_types(&mut card)?;
    on_demand(&mut card)?;
    spot(&mut card)?;
    reserved(&mut card)?;
    ebs(&mut card)?;
    network(&mut card)?;
    transfer(&mut card)?;
    machines(&mut card)?;
    let gpus = speed::gpus(&mut card)?;
    speed::throughput(&mut card, &gpus)?;
    electricity(&mut card)?;
    grid_carbon(&mut card)?;
    let (dates, marks) = (card.dates.array("AS_OF"), card.marks.array("MARKS"));
    let out = env::var("OUT_DIR").map_err(|e| e.to_string())?;
    let path = Path::new(&out).join("card.rs");
    fs::write(&path, format!("{dates}{marks}{}", card.code)).map_err(|e| format!("{}: {e}", path.display()))
}

/// Where each name stands in the sorted array that is written for it.
fn positions(rows: &[Row], column: &str) -> Built<BTreeMap<String, usize>> {
    let mut names: Vec<&str> = rows.iter().map(|row| row.filled(column)).collect::<Built<_>>()?;
    names.sort_unstable();
    Ok(names.into_iter().enumerate().map(|(at, name)| (name.to_owned(), at)).collect())
}

fn sources(card: &mut Card) -> Built<()> {
    let rows = read("sources.csv")?;
    card.sources = positions(&rows, "id")?;
    let mut out = Vec::new();
    for row in &rows {
        let (id, title, url) = (row.filled("id")?, row.filled("title")?, row.text("url")?);
        let literal = format!(
            "Source {{ id: {id:?}, title: {title:?}, url: {url:?}, license: {} }}",
            optional(row.text("license")?)
        );
        out.push((id.to_owned(), row.at(), literal));
    }
    card.array("SOURCES", "Source", out)
}

fn regions(card: &mut Card) -> Built<()> {
    let rows = read("regions.csv")?;
    card.regions = positions(&rows, "code")?;
    let kinds = [("region", "Region"), ("local-zone", "LocalZone"), ("wavelength-zone", "WavelengthZone")];
    let mut out = Vec::new();
    for row in &rows {
        let (code, name, kind) = (row.filled("code")?, row.filled("name")?, row.one_of("kind", &kinds)?);
        if kind != "Region" {
            row.known("parent", &card.regions)?;
        }
        let prefix = match row.text("usage_type_prefix")? {
            "none" => "Some(\"\")".to_owned(),
            prefix => optional(prefix),
        };
        let (parent, billing_code) = (optional(row.text("parent")?), optional(row.text("billing_code")?));
        let code_source = optional(row.text("billing_code_source")?);
        if code_source != "None" {
            row.known("billing_code_source", &card.sources)?;
        }
        let literal = format!(
            "Region {{ code: Cow::Borrowed({code:?}), name: Cow::Borrowed({name:?}), kind: RegionKind::{kind}, parent: {parent}, billing_code: {billing_code}, \
             usage_type_prefix: {prefix}, billing_code_source: {code_source}, provenance: {} }}",
            card.provenance(row)?
        );
        out.push((code.to_owned(), row.at(), literal));
    }
    card.array("REGIONS", "Region", out)
}

fn instance_types(card: &mut Card) -> Built<()> {
    let rows = read("instance_types.csv")?;
    card.types = positions(&rows, "instance_type")?;
    let kinds = [
        ("gpu", "Gpu"),
        ("trainium", "Trainium"),
        ("inferentia", "Inferentia"),
        ("gaudi", "Gaudi"),
        ("qualcomm", "Qualcomm"),
        ("media", "Media"),
    ];
    let mut out = Vec::new();
    for row in &rows {
        let name = row.filled("instance_type")?;
        let note = row.text("offered_note")?;
        let offering = match row.text("offered")? {
            "yes" => "Offering::Offered".to_owned(),
            "no" => format!("Offering::NotOffered {{ since: {:?} }}", row.filled("offered_note")?),
            "unknown" => format!("Offering::Unknown {{ why: {note:?} }}"),
            _ => return Err(row.wrong("offered", "is not yes, no or unknown")),
        };
        let successors: Vec<&str> = row.text("successors")?.split_whitespace().collect();
        if let Some(lost) = successors.iter().find(|name| !card.types.contains_key(**name)) {
            return Err(row.wrong("successors", &format!("{lost} is not on the card")));
        }
        let literal = format!(
            "InstanceType {{ name: Cow::Borrowed({name:?}), vcpu: {}, memory_gib: {}, accelerator: Some(Accelerator {{ model: Cow::Borrowed({:?}), \
             kind: AcceleratorKind::{}, count: {}, memory_gib_total: Some({}) }}), local_storage: {}, offering: {offering}, \
             successors: &{successors:?}, provenance: {} }}",
            row.whole("vcpu")?,
            row.price("memory_gib", 1)?,
            row.filled("accelerator_model")?,
            row.one_of("accelerator_kind", &kinds)?,
            row.price("accelerator_count", 1)?,
            row.price("accelerator_memory_gib", 1)?,
            optional(row.text("local_storage")?),
            card.provenance(row)?
        );
        out.push((name.to_owned(), row.at(), literal));
    }
    card.array("INSTANCE_TYPES", "InstanceType", out)
}

fn on_demand(card: &mut Card) -> Built<()> {
    let mut out = Vec::new();
    for row in &read("on_demand_rates.csv")? {
        let key = (row.known("region", &card.regions)?, row.known("instance_type", &card.types)?);
        // No price is not a price of zero: the type is sold there another way, and the mark says which.
        let usd = match row.text("usd_per_hour")? {
            "" if row.text("mark")? == "capacity blocks only" => "None".to_owned(),
            _ => format!("Some({})", row.price("usd_per_hour", 1)?),
        };
        let literal = format!("o({},{},{usd},{})", key.0, key.1, card.dated(row)?);
        out.push((key, row.at(), literal));
    }
    card.array("ON_DEMAND", "OnDemandRow", out)
}

fn spot(card: &mut Card) -> Built<()> {
    let mut out = Vec::new();
    for row in &read("spot_rates.csv")? {
        let (region, kind) = (row.known("region", &card.regions)?, row.known("instance_type", &card.types)?);
        let (az_id, usd) = (row.text("az_id")?, row.price("usd_per_hour", 1)?);
        let literal = format!("s({region},{kind},{az_id:?},{usd},{})", card.dated(row)?);
        out.push(((region, kind, az_id.to_owned()), row.at(), literal));
    }
    card.array("SPOT", "SpotRow", out)
}

fn reserved(card: &mut Card) -> Built<()> {
    let options = [("no-upfront", "NoUpfront"), ("partial-upfront", "PartialUpfront"), ("all-upfront", "AllUpfront")];
    let classes = [("standard", "Standard"), ("convertible", "Convertible")];
    let mut out = Vec::new();
    for row in &read("reserved_rates.csv")? {
        let (region, kind) = (row.known("region", &card.regions)?, row.known("instance_type", &card.types)?);
        let term = row.one_of("term_years", &[("1", "1"), ("3", "3")])?;
        let (option, class) = (row.one_of("payment_option", &options)?, row.one_of("offering_class", &classes)?);
        let (upfront, hourly) = (row.decimal("upfront_usd", 1)?, row.decimal("usd_per_hour", 1)?);
        if (option == "NoUpfront") != (upfront == "d(0,0)") || (option == "AllUpfront") != (hourly == "d(0,0)") {
            return Err(row.wrong("payment_option", "does not fit the upfront fee and the hourly rate"));
        }
        let literal = format!(
            "r({region},{kind},{term},PaymentOption::{option},OfferingClass::{class},{upfront},{hourly},{})",
            card.dated(row)?
        );
        out.push(((region, kind, term, option, class), row.at(), literal));
    }
    card.array("RESERVED", "ReservedRow", out)
}

/// One table for volumes, one for snapshots: they have different dimensions.
fn ebs(card: &mut Card) -> Built<()> {
    let volume_types = ["gp2", "gp3", "io1", "io2", "st1", "sc1", "standard"].map(|name| (name, name));
    let dimensions = [
        ("storage", "Storage", "GB-month"),
        ("iops", "Iops", "IOPS-month"),
        ("iops-tier-1", "IopsTier1", "IOPS-month"),
        ("iops-tier-2", "IopsTier2", "IOPS-month"),
        ("iops-tier-3", "IopsTier3", "IOPS-month"),
        ("throughput", "Throughput", "MiB/s-month"),
        ("io-request", "IoRequest", "request"),
    ];
    let tiers = [
        ("standard", "Standard", "GB-month"),
        ("archive", "Archive", "GB-month"),
        ("archive-retrieval", "ArchiveRetrieval", "GB"),
        ("archive-early-delete", "ArchiveEarlyDelete", "GB-month"),
        ("fast-restore", "FastRestore", "DSU-hour"),
    ];
    let (mut volumes, mut snapshots) = (Vec::new(), Vec::new());
    for row in &read("ebs_rates.csv")? {
        let region = row.known("region", &card.regions)?;
        let is_snapshot = row.text("volume_type")? == "snapshot";
        let known: &[(&str, &'static str, &str)] = if is_snapshot { &tiers } else { &dimensions };
        let dimension =
            row.one_of("dimension", &known.iter().map(|(name, variant, _)| (*name, *variant)).collect::<Vec<_>>())?;
        if !known.iter().any(|(_, variant, unit)| *variant == dimension && Ok(*unit) == row.text("unit")) {
            return Err(row.wrong("unit", "is not the unit of this dimension"));
        }
        // AWS publishes throughput per MiB/s and bills it per GiB/s.
        let usd = row.price("usd", if dimension == "Throughput" { 1024 } else { 1 })?;
        let dated = card.dated(row)?;
        if is_snapshot {
            snapshots.push((
                (region, dimension),
                row.at(),
                format!("t({region},SnapshotRate::{dimension},{usd},{dated})"),
            ));
        } else {
            let name = row.one_of("volume_type", &volume_types)?;
            let variant = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
            let literal = format!("v({region},VolumeType::{variant},VolumeRate::{dimension},{usd},{dated})");
            volumes.push(((region, name, dimension), row.at(), literal));
        }
    }
    card.array("VOLUMES", "VolumeRow", volumes)?;
    card.array("SNAPSHOTS", "SnapshotRow", snapshots)
}

fn network(card: &mut Card) -> Built<()> {
    let dimensions = [("public-ipv4-in-use", "true"), ("public-ipv4-idle", "false")];
    let mut out = Vec::new();
    for row in &read("network_rates.csv")? {
        row.one_of("region", &[("all", "")])?;
        row.one_of("unit", &[("address-hour", "")])?;
        let in_use = row.one_of("dimension", &dimensions)?;
        out.push((in_use, row.at(), format!("a({in_use},{},{})", row.price("usd", 1)?, card.dated(row)?)));
    }
    card.array("ADDRESSES", "AddressRow", out)
}

/// The first GB's rate first, and no rate left out before another.
fn transfer(card: &mut Card) -> Built<()> {
    const FROM_GB: [u32; 4] = [0, 10_240, 51_200, 153_600];
    let mut out = Vec::new();
    let mut known: BTreeMap<usize, usize> = BTreeMap::new();
    for row in &read("transfer_rates.csv")? {
        let (region, from_gb) = (row.known("region", &card.regions)?, row.whole("from_gb")?);
        let tiers = known.entry(region).or_default();
        if FROM_GB.get(*tiers) != Some(&from_gb) {
            return Err(row.wrong("from_gb", "is not where AWS's next rate begins"));
        }
        *tiers += 1;
        if row.whole("tier")? as usize != *tiers {
            return Err(row.wrong("tier", "is not the next of its region"));
        }
        let usd = row.price("usd_per_gb", 1)?;
        out.push(((region, from_gb), row.at(), format!("g({region},{from_gb},{usd},{})", card.dated(row)?)));
    }
    card.array("TRANSFERS", "TransferRow", out)
}

fn machines(card: &mut Card) -> Built<()> {
    let kinds = [("build", "Build"), ("list", "List"), ("card", "Card"), ("assumption", "Assumption")];
    let mut out = Vec::new();
    for row in &read("machines.csv")? {
        let (name, date) = (row.filled("name")?, row.text("price_date")?);
        row.known("source", &card.sources)?;
        if !(is_as_of(date) || date.is_empty() && !row.text("mark")?.is_empty()) {
            return Err(row.wrong("price_date", "no date, and no mark that says so"));
        }
        // No price is not a price of zero: such a machine is known by its GPU, and its price is asked for.
        let price = match row.text("price_usd")? {
            "" => "None".to_owned(),
            _ => format!("Some(Usd::new({}))", row.price("price_usd", 1)?),
        };
        let watts = match row.text("load_watts")? {
            "" => "None".to_owned(),
            _ => format!("Some({})", row.whole("load_watts")?),
        };
        let literal = format!(
            "Machine {{ name: {name:?}, gpus: {:?}, num_gpus: {}, price: {price}, price_date: {}, kind: MachineKind::{}, \
             load_watts: {watts}, note: {:?}, source: {:?}, mark: {} }}",
            row.filled("gpus")?,
            row.whole("num_gpus")?,
            optional(date),
            row.one_of("kind", &kinds)?,
            row.text("note")?,
            row.text("source")?,
            optional(row.text("mark")?)
        );
        out.push((name.to_owned(), row.at(), literal));
    }
    card.array("MACHINES", "Machine", out)
}

fn electricity(card: &mut Card) -> Built<()> {
    let sectors = [("residential", "Residential"), ("commercial", "Commercial"), ("industrial", "Industrial")];
    let mut out = Vec::new();
    for row in &read("electricity.csv")? {
        let (area, sector) = (row.filled("area")?, row.one_of("sector", &sectors)?);
        let literal = format!(
            "Electricity {{ area: {area:?}, sector: Sector::{sector}, usd_per_kwh: Usd::new({}), provenance: {} }}",
            row.price("usd_per_kwh", 1)?,
            card.provenance(row)?
        );
        out.push(((area.to_owned(), sector), row.at(), literal));
    }
    card.array("ELECTRICITY", "Electricity", out)
}

/// What the grid of a region emits for a kilowatt-hour.
fn grid_carbon(card: &mut Card) -> Built<()> {
    let mut out = Vec::new();
    for row in &read("grid_carbon.csv")? {
        row.known("region", &card.regions)?;
        let region = row.filled("region")?;
        let literal = format!(
            "GridCarbon {{ region: {region:?}, grams_per_kwh: {}, provenance: {} }}",
            row.price("grams_per_kwh", 1)?,
            card.provenance(row)?
        );
        out.push((region.to_owned(), row.at(), literal));
    }
    card.array("GRID_CARBON", "GridCarbon", out)
}
