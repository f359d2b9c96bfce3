//! Offer files in the layouts AWS published in 2020 and 2025.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::catalog::{Listing, VolumeRate, VolumeType};

const AT: Timestamp = Timestamp::UNIX_EPOCH;

const METADATA: &str = r#""FormatVersion","v1.0"
"Disclaimer","This pricing list is for informational purposes only. All prices are subject to the additional terms included in the pricing pages on http://aws.amazon.com. All Free Tier prices are also subject to the terms included at https://aws.amazon.com/free/"
"Publication Date","2025-09-12T22:53:08Z"
"Version","20250912225308"
"OfferCode","AmazonEC2"
"#;

/// The columns of September 2025 that tell something here, in AWS's order.
const NAMES: [&str; 31] = [
    "SKU",
    "OfferTermCode",
    "RateCode",
    "TermType",
    "PriceDescription",
    "EffectiveDate",
    "StartingRange",
    "EndingRange",
    "Unit",
    "PricePerUnit",
    "Currency",
    "LeaseContractLength",
    "PurchaseOption",
    "OfferingClass",
    "Product Family",
    "Location Type",
    "Instance Type",
    "vCPU",
    "Memory",
    "Tenancy",
    "Operating System",
    "Group",
    "usageType",
    "operation",
    "CapacityStatus",
    "GPU",
    "GPU Memory",
    "MarketOption",
    "Pre Installed S/W",
    "Region Code",
    "Volume API Name",
];

const P3: [&str; 31] = [
    "ABCDP3",
    "JRTCKXETXF",
    "ABCDP3.JRTCKXETXF.6YS6EN2CT7",
    "OnDemand",
    "$3.06 per On Demand Linux, p3.2xlarge \"V100\" Instance Hour",
    "2025-09-01",
    "0",
    "Inf",
    "Hrs",
    "3.0600000000",
    "USD",
    "",
    "",
    "",
    "Compute Instance",
    "AWS Region",
    "p3.2xlarge",
    "8",
    "61 GiB",
    "Shared",
    "Linux",
    "",
    "USW2-BoxUsage:p3.2xlarge",
    "RunInstances",
    "Used",
    "1",
    "16 GB",
    "OnDemand",
    "NA",
    "us-west-2",
    "",
];

fn families() -> Vec<String> {
    ["p", "g", "m5.large"].map(str::to_owned).to_vec()
}

fn quoted(fields: &[&str]) -> String {
    let fields: Vec<String> = fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
    fields.join(",") + "\n"
}

fn with(changes: &[(&str, &'static str)]) -> [&'static str; 31] {
    let mut row = P3;
    for (name, value) in changes {
        let at = NAMES.iter().position(|known| known == name).expect("a column");
        row[at] = value;
    }
    row
}

fn file(rows: &[[&str; 31]]) -> String {
    let rows: String = rows.iter().map(|row| quoted(row)).collect();
    format!("{METADATA}{}{rows}", quoted(&NAMES))
}

fn scan(text: &str) -> Result<Published, OfferError> {
    scan_in_chunks(text.as_bytes(), usize::MAX)
}

fn scan_in_chunks(bytes: &[u8], size: usize) -> Result<Published, OfferError> {
    let mut scan = OfferScan::new("us-west-2", &families());
    bytes.chunks(size.min(bytes.len().max(1))).try_for_each(|chunk| scan.feed(chunk))?;
    scan.finish(AT)
}

fn fault(text: &str) -> String {
    scan(text).expect_err("a fault").to_string()
}

#[test]
fn a_row_is_read_past_commas_and_quotes() {
    let published = scan(&file(&[P3])).expect("an offer");
    assert_eq!(published.on_demand[0].listing, Listing::OnDemand("3.06".parse().expect("dollars")));
    assert_eq!(published.published_at.to_string(), "2025-09-12T22:53:08Z");
    assert_eq!((published.region.as_str(), published.publication), ("us-west-2", Publication::OfferFile));
}

/// The first offer rows anyone keeps of eu-west-3, as published 2020-10-19: no region code, no market option.
#[test]
fn a_file_of_2020_is_of_its_region() {
    let names = r#""SKU","OfferTermCode","RateCode","TermType","PriceDescription","EffectiveDate","StartingRange","EndingRange","Unit","PricePerUnit","Currency","RelatedTo","LeaseContractLength","PurchaseOption","OfferingClass","Product Family","Location Type","Instance Type","vCPU","Memory","Tenancy","Operating System","Group","usageType","operation","CapacityStatus","GPU","Pre Installed S/W","Volume API Name"
"#;
    let st1 = r#""EHKX3M49Y895TEST","JRTCKXETXF","EHKX3M49Y895TEST.JRTCKXETXF.6YS6EN2CT7","OnDemand","$0.053 per GB-month of Throughput Optimized HDD (st1) provisioned storage","2020-10-01","0","Inf","GB-Mo","0.0530000000","USD","","","","","Storage","AWS Region","","","","","","","EUW3-EBS:VolumeUsage.st1","","","","","st1"
"#;
    let io = r#""AEX5D9348RPDTEST","JRTCKXETXF","AEX5D9348RPDTEST.JRTCKXETXF.6YS6EN2CT7","OnDemand","$0.058 per 1 million I/O requests","2020-10-01","0","Inf","IOs","0.0000000580","USD","","","","","System Operation","AWS Region","","","","","","EBS I/O Requests","EUW3-EBS:VolumeIOUsage","","","","","standard"
"#;
    let zone = st1.replace("AWS Region", "AWS Local Zone").replace("0.0530000000", "0.9");
    let text = format!("{METADATA}{names}{st1}{zone}{io}");
    let mut scan = OfferScan::new("eu-west-3", &families());
    scan.feed(text.as_bytes()).expect("rows");
    let volumes = scan.finish(AT).expect("an offer").volumes;
    let said: Vec<_> = volumes.iter().map(|rate| (rate.volume_type, rate.rate, rate.usd.exact())).collect();
    assert_eq!(
        said,
        [
            (VolumeType::St1, VolumeRate::Storage, "0.053".to_owned()),
            (VolumeType::Standard, VolumeRate::IoRequest, "0.000000058".to_owned()),
        ]
    );
}

#[test]
fn what_is_no_offer_says_how_it_begins() {
    for (text, said) in [
        ("", "this is no price list of AWS: it begins with ``"),
        ("<html><body>Bad gateway</body></html>\n", "it begins with `<html><body>Bad gateway</body></html>`"),
        ("a,b\nc,d\n", "it begins with `a,b`"),
        (&"a\n".repeat(50), "it begins with `a`"),
        (&METADATA.replace("2025-09", "soon"), "it begins with"),
    ] {
        assert!(fault(text).contains(said), "{}", fault(text));
    }
    let undated = file(&[P3]).replace("Publication Date", "Published");
    assert!(fault(&undated).contains("no price list"));
}

#[test]
fn a_column_that_is_missing_is_named() {
    for name in ["PricePerUnit", "usageType", "Operating System", "CapacityStatus"] {
        let text = file(&[P3]).replace(&format!("\"{name}\""), "\"Other\"");
        assert_eq!(fault(&text), format!("the price list has no column `{name}`"));
    }
}

#[test]
fn a_row_of_another_width_is_told_by_its_line() {
    let text = file(&[P3]);
    assert_eq!(fault(&text.replace("\"16 GB\",", "")), "line 7 has 30 columns, the header has 31");
    assert_eq!(
        fault(&text.replace("\"16 GB\",", "\"16 GB\",\"\",\"\",\"\",")),
        "line 7 has 33 columns, the header has 31"
    );
    assert_eq!(fault(&text.replace("\"16 GB\"", "\"16 \nGB\"")), "line 7 leaves a quote open");
    let mut bytes = text.into_bytes();
    let at = bytes.iter().rposition(|byte| *byte == b'V').expect("V100");
    bytes[at] = 0xff;
    assert_eq!(scan_in_chunks(&bytes, 64).expect_err("Latin-1").to_string(), "line 7 is not UTF-8");
}

/// Wherever a connection ends within the last row, the file is refused.
#[test]
fn a_file_cut_off_is_no_shorter_offer() {
    let text = file(&[P3, with(&[("Instance Type", "c5.large"), ("usageType", "USW2-BoxUsage:c5.large")])]);
    let whole = text.trim_end_matches('\n');
    assert!(scan(whole).is_ok(), "the last line needs no line break");
    let last_row = whole.rfind('\n').expect("rows") + 1;
    // Behind its last comma a row has all its columns: there the length that the server said must tell.
    for end in (last_row + 1..whole.len()).filter(|end| *end != whole.len() - 2) {
        let error = fault(&text[..end]);
        assert_eq!(error, "the price list is not whole: it ends within line 8", "{}", &text[last_row..end]);
    }
    let header = text.find("\"ABCDP3\"").expect("a row");
    assert_eq!(fault(&text[..header]), "the price list is not whole: it has no rows");
}

#[test]
fn a_file_of_another_region_has_nothing() {
    let text = file(&[with(&[("Region Code", "eu-west-1")])]);
    assert_eq!(fault(&text), "the price list has no rate of us-west-2");
}

#[test]
fn reading_ends_with_what_the_file_says() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let text = file(&[P3]);
    let read = OfferScan::new("us-west-2", &families()).read(text.as_bytes(), AT);
    assert_eq!(read, scan(&text));
    let read = OfferScan::new("us-west-2", &families()).read(text.as_bytes().chain(Broken), AT);
    assert_eq!(read.expect_err("broken").to_string(), "the price list cannot be read: the disk is gone");
}

/// One of the values a column can have, the wanted ones more often than not.
fn value(column: &'static str) -> BoxedStrategy<String> {
    let of = |values: &'static [&'static str]| proptest::sample::select(values).prop_map(str::to_owned).boxed();
    match column {
        "RateCode" => "[A-D]{2}\\.[JK]\\.[1-2]",
        "PriceDescription" => "[ -~]{0,12}(BoxUsage:|EBS:|BoxUsage:p3)?[,\"a]{0,3}",
        _ => {
            return of(match column {
                "TermType" => &["OnDemand", "OnDemand", "Reserved"],
                "Unit" => &["Hrs", "GB-Mo", "Quantity", "hrs"],
                "Currency" => &["USD"],
                "PricePerUnit" => &["1.5000000000", "1.5", "0.0"],
                "LeaseContractLength" => &["1yr", "3yr", ""],
                "PurchaseOption" => &["No Upfront", "All Upfront", "x"],
                "OfferingClass" => &["standard", "convertible"],
                "Product Family" => &["Compute Instance", "Compute Instance (bare metal)", "Storage", "Dedicated Host"],
                "Region Code" => &["us-west-2", "us-west-2", "us-west-2-lax-1", ""],
                "Location Type" => &["AWS Region", "AWS Local Zone"],
                "Instance Type" => &[
                    "p3.2xlarge",
                    "g4dn.xlarge",
                    "gr6.4xlarge",
                    "m5.large",
                    "m5.large-x",
                    "p3\".2xlarge",
                    "p6-b200.48xlarge",
                    "p3",
                    "",
                ],
                "vCPU" => &["8", "NA"],
                "Memory" => &["61 GiB", "1,952 GiB"],
                "Tenancy" => &["Shared", "Shared", "Dedicated"],
                "Operating System" => &["Linux", "Linux", "Windows"],
                "usageType" => &[
                    "USW2-BoxUsage:p3.2xlarge",
                    "BoxUsage:g4dn.xlarge",
                    "USW2-BoxUsage:gr6.4xlarge",
                    "USW2-BoxUsage:p3",
                    "USW2-BoxUsage:m5.large",
                    "USW2-BoxUsage:m5.large-x",
                    "USW2-BoxUsage:p3\".2xlarge",
                    "USW2-BoxUsage:p6-b200.48xlarge",
                    "USW2-HostBoxUsage:p3.2xlarge",
                    "USW2-EBS:VolumeUsage.gp3",
                    "EBS:VolumeUsage",
                    "EBS:VolumeUsage\"",
                    "USW2-EBSOptimized:p3.8xlarge",
                ],
                "CapacityStatus" => &["Used", "Used", "UnusedCapacityReservation"],
                "MarketOption" => &["OnDemand", "CapacityBlock", ""],
                "Pre Installed S/W" => &["NA", "NA", "SQL Web"],
                "operation" => &["RunInstances", "RunInstances:CB", ""],
                "Volume API Name" => &["gp3", "standard", ""],
                _ => &["", "1", "a,b", "\"", "x\"\"y"],
            });
        }
    }
    .prop_map(|text| text)
    .boxed()
}

/// As CSV: always quoted, only where it must be, or quoted unless empty, as AWS does.
fn written(fields: &[String], quoting: u8) -> String {
    let one = |field: &String| {
        let is_quoted = match quoting {
            0 => true,
            1 => field.contains(['"', ',']),
            _ => !field.is_empty(),
        };
        if is_quoted { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.clone() }
    };
    fields.iter().map(one).collect::<Vec<_>>().join(",")
}

/// Every row, parsed by the csv crate, nothing skipped.
fn plainly(text: &str) -> Result<Published, OfferError> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut collector = Collector::new("us-west-2", &families());
    for record in reader.records().skip(6) {
        let record = record.expect("a record");
        let row: HashMap<&str, &str> = NAMES.into_iter().zip(&record).collect();
        let region_code = match (row["Region Code"], row["Location Type"]) {
            ("", "AWS Region") => "us-west-2",
            (code, _) => code,
        };
        collector.take(&OfferLine {
            sku: row["SKU"],
            offer_term_code: row["OfferTermCode"],
            rate_code: row["RateCode"],
            term_type: row["TermType"],
            unit: row["Unit"],
            price_per_unit: row["PricePerUnit"],
            currency: row["Currency"],
            lease_contract_length: row["LeaseContractLength"],
            purchase_option: row["PurchaseOption"],
            offering_class: row["OfferingClass"],
            product_family: row["Product Family"],
            region_code,
            instance_type: row["Instance Type"],
            vcpu: row["vCPU"],
            memory: row["Memory"],
            gpu: row["GPU"],
            gpu_memory: row["GPU Memory"],
            operating_system: row["Operating System"],
            tenancy: row["Tenancy"],
            pre_installed_sw: row["Pre Installed S/W"],
            capacity_status: row["CapacityStatus"],
            market_option: row["MarketOption"],
            usage_type: row["usageType"],
            operation: row["operation"],
            volume_api_name: row["Volume API Name"],
            ..OfferLine::default()
        })?;
    }
    let published = collector.finish(Publication::OfferFile, "2025-09-12T22:53:08Z".parse().expect("a time"), AT);
    if published.on_demand.is_empty() && published.volumes.is_empty() {
        return Err(OfferError::Nothing { region: "us-west-2".to_owned() });
    }
    Ok(published)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Skipping lines by their bytes skips no rate.
    #[test]
    fn the_scan_finds_what_parsing_every_row_finds(
        rows in proptest::collection::vec((NAMES.map(value).to_vec(), 0_u8..3), 1..25),
        size in 1_usize..400,
    ) {
        let rows: String = rows.iter().map(|(fields, quoting)| written(fields, *quoting) + "\n").collect();
        let text = format!("{METADATA}{}{rows}", quoted(&NAMES));
        prop_assert_eq!(scan_in_chunks(text.as_bytes(), size), plainly(&text));
    }

    /// Bytes of any kind are an answer or an error, and the same one however they come.
    #[test]
    fn no_bytes_are_a_panic(junk in proptest::collection::vec(any::<u8>(), 0..300), at in 0_usize..1500, size in 1_usize..64) {
        let mut bytes = file(&[P3, P3]).into_bytes();
        let at = at.min(bytes.len());
        bytes.splice(at..at, junk);
        let whole = scan_in_chunks(&bytes, usize::MAX);
        prop_assert_eq!(scan_in_chunks(&bytes, size), whole);
    }
}
