//! Rows as AWS publishes them: SKUs and rates of the offer of 2026-09-10 where they are known from it.

use proptest::prelude::*;

use super::*;
use crate::catalog::{PublishedReserved, SnapshotRate, VolumeRate, VolumeType};

const AT: Timestamp = Timestamp::UNIX_EPOCH;

/// `p5.48xlarge` in us-east-1, on-demand.
const P5: OfferLine<'static> = OfferLine {
    sku: "3D4V8UAYEMB38GU2",
    offer_term_code: "JRTCKXETXF",
    rate_code: "3D4V8UAYEMB38GU2.JRTCKXETXF.6YS6EN2CT7",
    term_type: "OnDemand",
    price_description: "$55.04 per On Demand Linux p5.48xlarge Instance Hour",
    unit: "Hrs",
    price_per_unit: "55.0400000000",
    currency: "USD",
    lease_contract_length: "",
    purchase_option: "",
    offering_class: "",
    product_family: "Compute Instance",
    region_code: "us-east-1",
    location_type: "AWS Region",
    instance_type: "p5.48xlarge",
    vcpu: "192",
    memory: "2,048 GiB",
    gpu: "8",
    gpu_memory: "640 GB HBM3",
    operating_system: "Linux",
    tenancy: "Shared",
    pre_installed_sw: "NA",
    capacity_status: "Used",
    market_option: "OnDemand",
    usage_type: "BoxUsage:p5.48xlarge",
    operation: "RunInstances",
    group: "",
    volume_api_name: "",
    starting_range: "0",
    ending_range: "Inf",
    effective_date: "2026-09-01",
};

/// Its capacity block.
const P5_BLOCK: OfferLine<'static> = OfferLine {
    sku: "5Q7AP3RH7KTVUNCJ",
    rate_code: "5Q7AP3RH7KTVUNCJ.JRTCKXETXF.6YS6EN2CT7",
    price_per_unit: "0.0000000000",
    market_option: "CapacityBlock",
    operation: "RunInstances:CB",
    ..P5
};

fn gp3(usage_type: &'static str, unit: &'static str, price: &'static str) -> OfferLine<'static> {
    OfferLine {
        sku: "ABCD",
        rate_code: "ABCD.JRTCKXETXF.6YS6EN2CT7",
        unit,
        price_per_unit: price,
        product_family: "Storage",
        instance_type: "",
        operating_system: "",
        tenancy: "",
        pre_installed_sw: "",
        capacity_status: "",
        market_option: "",
        usage_type,
        volume_api_name: "gp3",
        ..P5
    }
}

fn reserved(option: &'static str, unit: &'static str, price: &'static str) -> OfferLine<'static> {
    OfferLine {
        offer_term_code: "4NA7Y494T4",
        rate_code: match unit {
            "Hrs" => "3D4V8UAYEMB38GU2.4NA7Y494T4.6YS6EN2CT7",
            _ => "3D4V8UAYEMB38GU2.4NA7Y494T4.2TG2D8R56U",
        },
        term_type: "Reserved",
        unit,
        price_per_unit: price,
        lease_contract_length: "1yr",
        purchase_option: option,
        offering_class: "standard",
        ..P5
    }
}

fn families() -> Vec<String> {
    vec!["p".to_owned(), "g".to_owned()]
}

fn collected(lines: &[OfferLine<'_>]) -> Result<Published, OfferError> {
    let mut collector = Collector::new("us-east-1", &families());
    lines.iter().try_for_each(|line| collector.take(line))?;
    Ok(collector.finish(Publication::OfferFile, AT, AT))
}

fn taken(lines: &[OfferLine<'_>]) -> Published {
    collected(lines).expect("rows without fault")
}

fn usd(text: &str) -> Usd {
    text.parse().expect("dollars")
}

#[test]
fn the_one_linux_rate_is_found_among_its_skus() {
    let decoys = [
        P5_BLOCK,
        OfferLine { operating_system: "Windows", price_per_unit: "1.00", ..P5 },
        OfferLine { tenancy: "Dedicated", price_per_unit: "1.00", usage_type: "DedicatedUsage:p5.48xlarge", ..P5 },
        OfferLine { tenancy: "Host", price_per_unit: "0", usage_type: "HostBoxUsage:p5.48xlarge", ..P5 },
        OfferLine { pre_installed_sw: "SQL Std", price_per_unit: "1.00", ..P5 },
        OfferLine { capacity_status: "UnusedCapacityReservation", usage_type: "UnusedBox:p5.48xlarge", ..P5 },
        OfferLine {
            capacity_status: "AllocatedCapacityReservation",
            price_per_unit: "0.0",
            usage_type: "Reservation:p5.48xlarge",
            ..P5
        },
        OfferLine { region_code: "us-east-1-atl-2", price_per_unit: "70", ..P5 },
        OfferLine { region_code: "us-west-2", price_per_unit: "70", usage_type: "USW2-BoxUsage:p5.48xlarge", ..P5 },
        OfferLine { market_option: "Spot", price_per_unit: "9", ..P5 },
    ];
    let mut lines = decoys.to_vec();
    lines.push(P5);
    lines.extend(decoys);
    let published = taken(&lines);
    let expected = PublishedOnDemand {
        instance_type: "p5.48xlarge".to_owned(),
        listing: Listing::OnDemand(usd("55.04")),
        sku_rate_code: "3D4V8UAYEMB38GU2.JRTCKXETXF.6YS6EN2CT7".to_owned(),
    };
    assert_eq!(published.on_demand, [expected]);
    let expected = PublishedType {
        name: "p5.48xlarge".to_owned(),
        vcpu: 192,
        memory_gib: 2048.into(),
        gpu_count: Some(8.into()),
        gpu_memory_gib: Some(640.into()),
    };
    assert_eq!((published.types, published.left_out), (vec![expected], vec![]));
    assert!(taken(&decoys).on_demand.iter().all(|rate| rate.listing == Listing::CapacityBlockOnly));
}

#[test]
fn a_capacity_block_alone_is_no_rate() {
    let published = taken(&[P5_BLOCK]);
    assert_eq!(published.on_demand[0].listing, Listing::CapacityBlockOnly);
    assert_eq!(published.on_demand[0].sku_rate_code, P5_BLOCK.rate_code);
    // A list without the column says it by the operation.
    assert_eq!(taken(&[OfferLine { market_option: "", ..P5_BLOCK }]).on_demand[0].listing, Listing::CapacityBlockOnly);
}

#[test]
fn a_list_without_market_options_has_rates_and_no_zeros() {
    let old = OfferLine { market_option: "", ..P5 };
    let zero = OfferLine { market_option: "", price_per_unit: "0.0000000000", rate_code: "Z.J.6", ..P5 };
    assert_eq!(taken(&[zero, old, zero]).on_demand[0].listing, Listing::OnDemand(usd("55.04")));
    let published = taken(&[zero]);
    assert_eq!(published.on_demand, []);
    assert_eq!(published.left_out, ["Z.J.6: p5.48xlarge is listed on-demand at $0"]);
}

#[test]
fn bare_metal_is_an_instance() {
    let metal = OfferLine {
        product_family: "Compute Instance (bare metal)",
        instance_type: "g5g.metal",
        usage_type: "BoxUsage:g5g.metal",
        price_per_unit: "2.744",
        memory: "NA",
        ..P5
    };
    let published = taken(&[metal]);
    assert_eq!(published.on_demand[0].listing, Listing::OnDemand(usd("2.744")));
    assert_eq!(published.types, []);
    assert_eq!(published.left_out, ["g5g.metal: what it has is not said: vCPU `192`, memory `NA`"]);
}

#[test]
fn a_familys_types_alone_are_taken() {
    let m5 = OfferLine { instance_type: "m5.xlarge", usage_type: "BoxUsage:m5.xlarge", ..P5 };
    assert_eq!(taken(&[m5]).types, []);
}

#[test]
fn two_prices_of_one_type_name_both_skus() {
    let other = OfferLine { rate_code: "OTHER.JRTCKXETXF.6YS6EN2CT7", price_per_unit: "55.05", ..P5 };
    let error = collected(&[P5, other]).expect_err("two prices").to_string();
    assert!(error.contains(P5.rate_code) && error.contains("OTHER.JRTCKXETXF"), "{error}");
    assert!(error.contains("$55.04") && error.contains("$55.05") && error.contains("us-east-1"), "{error}");
    // The same price twice is one rate, whichever row comes first.
    let same = OfferLine { rate_code: "OTHER.JRTCKXETXF.6YS6EN2CT7", price_per_unit: "55.04", ..P5 };
    assert_eq!(taken(&[P5, same]), taken(&[same, P5]));
}

#[test]
fn a_price_that_is_none_is_told_with_its_sku() {
    for price in ["", "NA", "-1", "1e400", "0x10", "1,5"] {
        let error = collected(&[OfferLine { price_per_unit: price, ..P5 }]).expect_err(price).to_string();
        assert_eq!(error, format!("{}: `{price}` is not a price", P5.rate_code));
    }
    let yuan = OfferLine { currency: "CNY", ..P5 };
    let error = collected(&[yuan]).expect_err("yuan");
    assert_eq!(error.to_string(), "3D4V8UAYEMB38GU2: its price is in CNY, not USD");
    assert!(error.hint().is_some_and(|hint| hint.contains("US dollars")));
    let by_the_second = OfferLine { unit: "Seconds", ..P5 };
    assert_eq!(taken(&[by_the_second]).on_demand, []);
    assert_eq!(taken(&[by_the_second]).left_out.len(), 1);
}

#[test]
fn a_terms_fee_and_hours_are_one_offering() {
    let published = taken(&[
        P5,
        reserved("Partial Upfront", "Quantity", "100000"),
        reserved("Partial Upfront", "Hrs", "11.5000000000"),
        OfferLine {
            lease_contract_length: "3yr",
            offer_term_code: "NQ3QZPMQV9",
            ..reserved("All Upfront", "Quantity", "300000")
        },
        OfferLine {
            lease_contract_length: "3yr",
            offer_term_code: "NQ3QZPMQV9",
            ..reserved("All Upfront", "Hrs", "0.0")
        },
        OfferLine {
            offering_class: "convertible",
            offer_term_code: "7NE97W5U4E",
            ..reserved("No Upfront", "Hrs", "30")
        },
        // The same words under another offer term code are another offering.
        OfferLine { offering_class: "convertible", offer_term_code: "ZZZ", ..reserved("No Upfront", "Hrs", "31") },
    ]);
    let said: Vec<String> = published
        .reserved
        .iter()
        .map(|rate| {
            let PublishedReserved { term_years, payment_option, offering_class, upfront, hourly, .. } = rate;
            format!("{term_years} {payment_option} {offering_class} {} {}", upfront.exact(), hourly.exact())
        })
        .collect();
    assert_eq!(
        said,
        [
            "1 No Upfront convertible 0 30",
            "1 No Upfront convertible 0 31",
            "1 Partial Upfront standard 100000 11.5",
            "3 All Upfront standard 300000 0",
        ]
    );
    assert_eq!(published.reserved[2].sku_term_code, "3D4V8UAYEMB38GU2.4NA7Y494T4");
    assert_eq!(published.left_out, Vec::<String>::new());
}

#[test]
fn a_term_without_its_fee_is_left_out_and_said() {
    for (option, unit, lacks) in [
        ("Partial Upfront", "Hrs", "upfront fee"),
        ("Partial Upfront", "Quantity", "hourly rate"),
        ("All Upfront", "Hrs", "upfront fee"),
        ("No Upfront", "Quantity", "hourly rate"),
    ] {
        let published = taken(&[P5, reserved(option, unit, "5")]);
        assert_eq!(published.reserved, []);
        assert_eq!(
            published.left_out,
            [format!(
                "3D4V8UAYEMB38GU2.4NA7Y494T4: p5.48xlarge Reserved 1yr {option} standard (4NA7Y494T4) lacks its {lacks}"
            )]
        );
    }
    let odd = OfferLine { offering_class: "heavy", ..reserved("No Upfront", "Hrs", "5") };
    assert!(taken(&[odd]).left_out[0].contains("`1yr No Upfront heavy` is no term"));
}

#[test]
fn a_type_with_terms_alone_is_reserved_only() {
    let published = taken(&[reserved("No Upfront", "Hrs", "30")]);
    assert_eq!(published.on_demand[0].listing, Listing::ReservedOnly);
    assert_eq!(published.on_demand[0].sku_rate_code, "3D4V8UAYEMB38GU2.4NA7Y494T4");
    assert_eq!(
        taken(&[reserved("No Upfront", "Hrs", "30"), P5_BLOCK]).on_demand[0].listing,
        Listing::CapacityBlockOnly
    );
}

#[test]
fn storage_is_told_by_its_whole_usage_type() {
    let published = taken(&[
        gp3("EBS:VolumeUsage.gp3", "GB-Mo", "0.0800000000"),
        OfferLine { volume_api_name: "standard", ..gp3("EBS:VolumeUsage", "GB-Mo", "0.05") },
        OfferLine { volume_api_name: "io2", ..gp3("EBS:VolumeUsage.io2", "GB-month", "0.125") },
        OfferLine { volume_api_name: "io1", ..gp3("EBS:VolumeUsage.piops", "GB-Mo", "0.125") },
        OfferLine { volume_api_name: "io1", ..gp3("EBS:VolumeP-IOPS.piops", "IOPS-Mo", "0.065") },
        gp3("EBS:VolumeP-IOPS.gp3", "IOPS-Mo", "0.005"),
        OfferLine { volume_api_name: "io2", ..gp3("EBS:VolumeP-IOPS.io2", "IOPS-Mo", "0.065") },
        OfferLine { volume_api_name: "io2", ..gp3("EBS:VolumeP-IOPS.io2.tier2", "IOPS-Mo", "0.0455") },
        OfferLine { volume_api_name: "io2", ..gp3("EBS:VolumeP-IOPS.io2.tier3", "IOPS-Mo", "0.03185") },
        OfferLine { volume_api_name: "", ..gp3("EBS:VolumeIOUsage", "IOs", "0.0000000500") },
        gp3("EBS:VolumeP-Throughput.gp3", "GiBps-mo", "40.96"),
        OfferLine { volume_api_name: "", ..gp3("EBS:SnapshotUsage", "GB-Mo", "0.05") },
        OfferLine { volume_api_name: "", ..gp3("EBS:SnapshotArchiveRetrieval", "GB", "0.03") },
        OfferLine { volume_api_name: "", ..gp3("EBS:FastSnapshotRestore", "DSU-Hours", "0.75") },
        OfferLine { volume_api_name: "", ..gp3("EBS:SnapshotUsageUnderBilling", "GB-Mo", "0.01") },
    ]);
    let volumes: Vec<_> =
        published.volumes.iter().map(|rate| (rate.volume_type, rate.rate, rate.usd.exact())).collect();
    let rate = |kind, rate, usd: &str| (kind, rate, usd.to_owned());
    assert_eq!(
        volumes,
        [
            rate(VolumeType::Gp3, VolumeRate::Storage, "0.08"),
            rate(VolumeType::Gp3, VolumeRate::Iops, "0.005"),
            rate(VolumeType::Gp3, VolumeRate::Throughput, "40.96"),
            rate(VolumeType::Io1, VolumeRate::Storage, "0.125"),
            rate(VolumeType::Io1, VolumeRate::Iops, "0.065"),
            rate(VolumeType::Io2, VolumeRate::Storage, "0.125"),
            rate(VolumeType::Io2, VolumeRate::IopsTier1, "0.065"),
            rate(VolumeType::Io2, VolumeRate::IopsTier2, "0.0455"),
            rate(VolumeType::Io2, VolumeRate::IopsTier3, "0.03185"),
            rate(VolumeType::Standard, VolumeRate::Storage, "0.05"),
            rate(VolumeType::Standard, VolumeRate::IoRequest, "0.00000005"),
        ]
    );
    let snapshots: Vec<_> = published.snapshots.iter().map(|rate| (rate.rate, rate.usd.exact())).collect();
    assert_eq!(
        snapshots,
        [
            (SnapshotRate::Standard, "0.05".to_owned()),
            (SnapshotRate::ArchiveRetrieval, "0.03".to_owned()),
            (SnapshotRate::FastRestore, "0.75".to_owned()),
        ]
    );
}

#[test]
fn throughput_is_kept_per_gib_whatever_it_is_listed_by() {
    let by_mib = taken(&[gp3("EBS:VolumeP-Throughput.gp3", "MiBps-Mo", "0.0400000000")]);
    assert_eq!(by_mib.volumes, taken(&[gp3("EBS:VolumeP-Throughput.gp3", "GiBps-mo", "40.96")]).volumes);
}

#[test]
fn storage_whose_words_disagree_is_left_out_and_said() {
    for (line, why) in [
        (gp3("EBS:VolumeUsage.gp2", "GB-Mo", "0.1"), "`EBS:VolumeUsage.gp2` is listed of `gp3` volumes"),
        (gp3("EBS:VolumeUsage.gp3", "GB-Hours", "0.1"), "gp3 storage is listed per `GB-Hours`"),
        (gp3("EBS:VolumeUsage.gp3", "GB-Mo", "0.0"), "gp3 storage is listed at $0"),
    ] {
        let published = taken(&[line]);
        assert_eq!((published.volumes, published.left_out), (vec![], vec![format!("{}: {why}", line.rate_code)]));
    }
}

proptest! {
    /// Rows in any order, some of them twice, are the same rates.
    #[test]
    fn the_order_of_rows_does_not_matter(order in Just((0..7).chain(0..7).collect::<Vec<usize>>()).prop_shuffle()) {
        let lines = [
            P5,
            P5_BLOCK,
            OfferLine { rate_code: "AAAA.JRTCKXETXF.6YS6EN2CT7", ..P5 },
            reserved("Partial Upfront", "Quantity", "100000"),
            reserved("Partial Upfront", "Hrs", "11.5"),
            gp3("EBS:VolumeUsage.gp3", "GB-Mo", "0.08"),
            gp3("EBS:VolumeUsage.gp3", "GB-Hours", "0.1"),
        ];
        let shuffled: Vec<OfferLine<'_>> = order.iter().map(|at| lines[*at]).collect();
        prop_assert_eq!(taken(&shuffled), taken(&lines));
    }
}
