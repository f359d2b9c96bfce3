//! The card in the binary is the files, row for row, and its figures are of a sane size.

use std::collections::BTreeSet;

use gpucost::catalog::{
    Accelerator, NoRate, Offering, PaymentOption, ReservedRate, Sector, SnapshotRate, VolumeRate, VolumeType,
};
use gpucost::money::Usd;
use gpucost::quantity::Unit;
use rust_decimal::Decimal;

use crate::{FILES, card, decimal, rows};

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
    let on_card: usize = card().instance_types().iter().map(|kind| card().regions_with(&kind.name).len()).sum();
    let priced = rows("on_demand_rates.csv").iter().filter(|row| !row["usd_per_hour"].is_empty()).count();
    assert_eq!(on_card, priced);
}

#[test]
fn spot_is_the_card_row_for_row_and_no_dearer_than_on_demand() {
    let mut on_card = 0;
    for region in card().regions() {
        on_card +=
            card().instance_types().iter().map(|kind| card().spot(&region.code, &kind.name).len()).sum::<usize>();
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
            card().instance_types().iter().map(|kind| card().reserved(&region.code, &kind.name).len()).sum::<usize>();
    }
    assert_eq!(on_card, rows("reserved_rates.csv").len());
    for row in rows("reserved_rates.csv") {
        let (region, name) = (&row["region"], &row["instance_type"]);
        let matches = |rate: &ReservedRate| {
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
                let listed = volumes.contains(&(region.code.to_string(), volume_type, rate));
                assert_eq!(
                    card().volume(&region.code, volume_type, rate).is_ok(),
                    listed,
                    "{} {volume_type}",
                    region.code
                );
            }
        }
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
fn transfer_rates_are_the_card_row_for_row() {
    let rows = rows("transfer_rates.csv");
    let of = |region: &str| rows.iter().filter(|row| &row["region"] == region).count();
    for row in &rows {
        row.between("usd_per_gb", "0.05", "0.155");
        let out = card().transfer_out(&row["region"]).expect(&row.at);
        let tier = out.tiers.iter().find(|tier| tier.from_gb.to_string() == row["from_gb"]).expect(&row.at);
        assert_eq!((tier.usd_per_gb, &out.provenance), (row.usd("usd_per_gb"), &row.provenance()), "{}", row.at);
        assert_eq!(out.tiers.len(), of(&row["region"]), "{}", row.at);
        assert!(out.tiers.is_sorted_by(|one, next| one.usd_per_gb >= next.usd_per_gb), "{}: dearer by the GB", row.at);
    }
    for region in card().regions() {
        assert_eq!(card().transfer_out(&region.code).is_ok(), of(&region.code) > 0, "{}", region.code);
    }
}

/// 100 GB free, the tiers after them; nothing free in GovCloud; where no rate is known no cost is.
#[test]
fn transfer_out_by_its_tiers() {
    let cost = |region: &str, gb: &str| {
        let out = card().transfer_out(region).expect(region);
        out.cost_of(decimal(gb)).map(|usd| usd.exact())
    };
    for (region, gb, usd) in [
        ("us-east-1", "0", "0"),
        ("us-east-1", "100", "0"),
        ("us-east-1", "101.5", "0.135"),
        ("us-east-1", "10340", "921.6"),
        ("us-east-1", "11340", "1006.6"),
        ("us-east-1", "153700", "11571.2"),
        ("eu-central-1", "153701", "11571.25"),
        ("us-gov-west-1", "100", "15.5"),
    ] {
        assert_eq!(cost(region, gb).as_deref(), Some(usd), "{gb} GB from {region}");
    }
    assert_eq!(cost("us-east-1", "153700.01"), None, "the facts have no rate for it");
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
            model: accelerator.model.clone(),
            kind: accelerator.kind,
            count: row.decimal("accelerator_count"),
            memory_gib_total: Some(row.decimal("accelerator_memory_gib")),
        };
        assert_eq!((&*accelerator.model, &accelerator), (&row["accelerator_model"], &expected), "{}", row.at);
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
fn regions_are_the_card_row_for_row() {
    assert_eq!(card().regions().len(), rows("regions.csv").len());
    let mut prefixes = BTreeSet::new();
    for row in rows("regions.csv") {
        let region = card().region(&row["code"]).expect(&row.at);
        assert_eq!((&*region.name, region.kind.name()), (&row["name"], &row["kind"]), "{}", row.at);
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
        let price = Some(&row["price_usd"]).filter(|text| !text.is_empty()).map(|_| row.usd("price_usd"));
        assert_eq!(machine.price, price, "{}", row.at);
        assert_eq!(machine.price_date.unwrap_or_default(), &row["price_date"], "{}", row.at);
        assert_eq!((machine.kind.name(), machine.note), (&row["kind"], &row["note"]), "{}", row.at);
        assert_eq!(machine.load_watts.map(|watts| watts.to_string()).unwrap_or_default(), &row["load_watts"]);
        assert_eq!((machine.source, machine.mark.unwrap_or_default()), (&row["source"], &row["mark"]), "{}", row.at);
        row.between("num_gpus", "1", "16");
        let Some(price) = price else {
            assert_eq!(&row["mark"], "undated: no price", "{}", row.at);
            continue;
        };
        let each = price.amount() / row.decimal("num_gpus");
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

#[test]
fn carbon_is_the_card_row_for_row() {
    for row in rows("grid_carbon.csv") {
        let grid = card().grid_carbon(&row["region"]).expect(&row.at);
        assert_eq!((grid.region, grid.grams_per_kwh), (&row["region"], row.decimal("grams_per_kwh")), "{}", row.at);
        assert_eq!(grid.provenance, row.provenance(), "{}", row.at);
        row.between("grams_per_kwh", "10", "1100");
    }
}

#[test]
fn a_zone_is_priced_under_its_region_or_its_own_group() {
    for (zone, code) in [
        ("us-west-2a", "us-west-2"),
        ("us-west-2", "us-west-2"),
        ("us-west-2-lax-1a", "us-west-2-lax-1"),
        ("us-west-2-lax-1", "us-west-2-lax-1"),
        ("us-east-1-wl1-bos-wlz-1", "us-east-1-wl1-bos-wlz-1"),
        ("a", "a"),
        ("zürich", "zürich"),
        ("", ""),
    ] {
        assert_eq!(gpucost::catalog::region_of_zone(zone), code, "{zone}");
    }
}
