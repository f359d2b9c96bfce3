//! FOCUS exports: what is taken, what is skipped, what is refused; the same for any threads and block sizes.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use gpucost::exports::{
    CheckReport, ExportError, Fault, FocusVersion, Packing, Reading, SkipReason, Summary, Tally, UsageRecord, check,
    is_focus, read_focus,
};
use gpucost::ledger::{Meter, Purchase};
use gpucost::money::Usd;
use proptest::prelude::*;

const LAB: &str = include_str!("fixtures/focus/lab_2024_09.csv");

fn lab() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/focus/lab_2024_09.csv")
}

fn read(path: &Path, reading: Reading<'_>) -> Result<(Vec<UsageRecord>, Summary), ExportError> {
    let mut records = Vec::new();
    let summary = read_focus::<ExportError>(path, reading, |record| {
        records.push(record);
        Ok(())
    })?;
    Ok((records, summary))
}

/// A file of its own that vanishes with the returned guard.
fn file(bytes: impl AsRef<[u8]>) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes.as_ref()).expect("room for it");
    file
}

fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes.as_ref()).expect("memory");
    encoder.finish().expect("memory")
}

fn fault(bytes: impl AsRef<[u8]>) -> ExportError {
    let file = file(bytes);
    read(file.path(), Reading::default()).expect_err("it should have been refused")
}

/// One line a record, every field of it.
fn rendered(records: &[UsageRecord]) -> String {
    let mut out = String::new();
    for r in records {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let _ = writeln!(
            out,
            "{} {} {} {} {} | {} {} {} {} | {} {} {} {} | {} {:06x} {} | {} {} {} {} | {} {} | {:?}",
            r.account,
            r.region,
            r.resource_id,
            text(&r.resource_name),
            text(&r.availability_zone),
            r.meter,
            text(&r.instance_type),
            text(&r.volume_type),
            r.purchase,
            text(&r.sku_id),
            r.sku_price_id.as_deref().map_or("-", |id| &id[id.len() - 10..]),
            r.rate.map_or_else(|| "-".to_owned(), Usd::exact),
            r.unit,
            r.day,
            r.hours_mask,
            r.period,
            r.quantity.normalize(),
            r.list_cost.exact(),
            r.billed_cost.exact(),
            r.effective_cost.exact(),
            r.rows,
            r.first_line,
            r.tags,
        );
    }
    out
}

const LAB_RECORDS: &str = include_str!("fixtures/focus/lab_2024_09.records.txt");

#[test]
fn the_lab_month_comes_out_record_by_record() {
    let (records, summary) = read(&lab(), Reading::default()).unwrap();
    assert_eq!(rendered(&records), LAB_RECORDS);
    assert_eq!((summary.version, summary.packing), (FocusVersion::V1_0, Packing::Plain));
    assert_eq!((summary.delimiter, summary.columns), (',', 43));
    assert_eq!((summary.rows, summary.taken, summary.records), (38, 22, 16));
    assert_eq!(summary.bytes, LAB.len() as u64);
    let skipped: Vec<_> = summary.skipped.iter().map(|(why, s)| (*why, s.rows, s.first_line)).collect();
    let expected = [
        (SkipReason::OtherProvider, 2, 36),
        (SkipReason::OtherService, 2, 30),
        (SkipReason::NotUsage, 1, 32),
        (SkipReason::Correction, 1, 33),
        (SkipReason::OtherCurrency, 1, 34),
        (SkipReason::Reservation, 1, 35),
        (SkipReason::DataTransfer, 3, 25),
        (SkipReason::NatGateway, 2, 23),
        (SkipReason::EbsOptimized, 1, 28),
        (SkipReason::IoRequests, 1, 18),
        (SkipReason::OtherMeter, 1, 29),
    ];
    // Every row is taken or has a reason not to be.
    assert_eq!(expected.iter().map(|(_, rows, _)| rows).sum::<u64>() + summary.taken, summary.rows);
    assert_eq!(skipped, expected);
}

#[test]
fn the_hash_is_that_of_the_file_on_disk() {
    let (_, summary) = read(file(HEADER).path(), Reading::default()).unwrap();
    let expected = <sha2::Sha256 as sha2::Digest>::digest(HEADER);
    assert_eq!(summary.sha256, expected.iter().map(|b| format!("{b:02x}")).collect::<String>());
    let zipped = gzip(LAB);
    let (records, summary) = read(file(&zipped).path(), Reading::default()).unwrap();
    let expected = <sha2::Sha256 as sha2::Digest>::digest(&zipped);
    assert_eq!(summary.sha256, expected.iter().map(|b| format!("{b:02x}")).collect::<String>());
    assert_eq!((summary.packing, summary.bytes), (Packing::Gzip, zipped.len() as u64));
    assert_eq!(rendered(&records), LAB_RECORDS);
}

#[test]
fn gpu_rows_cost_what_aws_says() {
    let (records, _) = read(&lab(), Reading::default()).unwrap();
    let g5 = records.iter().find(|r| r.instance_type.as_deref() == Some("g5.4xlarge")).unwrap();
    // 0.683889 + 1 + 1 + 0.296111 hours of 13 September, at $1.624.
    assert_eq!(g5.quantity.to_string().trim_end_matches('0'), "2.98");
    assert_eq!(g5.list_cost.exact(), "4.83952");
    assert_eq!(Usd::of_line_item(g5.quantity, g5.rate.unwrap()), Some(g5.list_cost));
    assert_eq!(g5.hours_mask, 0b1111 << 20);
}

#[test]
fn progress_reaches_the_size_of_the_file() {
    let mut seen = Vec::new();
    let mut note = |read, total| seen.push((read, total));
    read(&lab(), Reading::default().block_bytes(1000).on_progress(&mut note)).unwrap();
    let size = LAB.len() as u64;
    assert!(seen.len() > 5);
    assert!(seen.is_sorted());
    assert_eq!(seen.last(), Some(&(size, size)));
}

#[test]
fn the_consumers_error_stops_the_reading() {
    #[derive(Debug)]
    enum Stop {
        Export,
        Full(u32),
    }
    impl From<ExportError> for Stop {
        fn from(_: ExportError) -> Stop {
            Stop::Export
        }
    }
    let mut count = 0;
    let outcome = read_focus::<Stop>(&lab(), Reading::default().block_bytes(10).max_groups(1), |_| {
        count += 1;
        if count == 3 { Err(Stop::Full(count)) } else { Ok(()) }
    });
    assert!(matches!(outcome, Err(Stop::Full(3))), "{outcome:?}");
    let outcome = read_focus::<Stop>(Path::new("/nowhere"), Reading::default(), |_| Ok(()));
    assert!(matches!(outcome, Err(Stop::Export)), "{outcome:?}");
}

#[test]
fn threads_and_blocks_change_nothing() {
    let expected = read(&lab(), Reading::default()).unwrap();
    for threads in [1, 2, 3] {
        for block_bytes in [1, 7, 64, 500, 4096, 1 << 20] {
            let found = read(&lab(), Reading::default().threads(threads).block_bytes(block_bytes)).unwrap();
            assert_eq!(found, expected, "{threads} threads, {block_bytes} bytes");
        }
    }
}

/// What a store does with records of one key: adds them.
fn added_up(records: Vec<UsageRecord>) -> Vec<UsageRecord> {
    let mut all: Vec<UsageRecord> = Vec::new();
    for more in records {
        let same = |r: &&mut UsageRecord| {
            (&r.account, &r.resource_id, &r.sku_price_id, r.meter, r.rate, r.purchase, r.day)
                == (
                    &more.account,
                    &more.resource_id,
                    &more.sku_price_id,
                    more.meter,
                    more.rate,
                    more.purchase,
                    more.day,
                )
        };
        match all.iter_mut().find(same) {
            None => all.push(more),
            Some(sum) => {
                sum.hours_mask |= more.hours_mask;
                sum.period.start = sum.period.start.min(more.period.start);
                sum.period.end = sum.period.end.max(more.period.end);
                sum.quantity += more.quantity;
                sum.list_cost += more.list_cost;
                sum.billed_cost += more.billed_cost;
                sum.effective_cost += more.effective_cost;
                sum.rows += more.rows;
                sum.first_line = sum.first_line.min(more.first_line);
            }
        }
    }
    all.sort_by(|a, b| {
        (&a.account, &a.region, &a.resource_id, &a.sku_price_id, a.meter, a.rate, a.purchase, a.day).cmp(&(
            &b.account,
            &b.region,
            &b.resource_id,
            &b.sku_price_id,
            b.meter,
            b.rate,
            b.purchase,
            b.day,
        ))
    });
    all
}

#[test]
fn a_bound_on_groups_only_splits_records() {
    let (expected, _) = read(&lab(), Reading::default()).unwrap();
    for groups in [1, 2, 3, 7] {
        let (records, summary) = read(&lab(), Reading::default().max_groups(groups)).unwrap();
        assert_eq!(summary.records, records.len() as u64);
        assert_eq!(added_up(records.clone()), expected, "{groups} groups");
        for threads in [1, 2] {
            let again = read(&lab(), Reading::default().max_groups(groups).threads(threads).block_bytes(99)).unwrap();
            assert_eq!(again.0, records, "{groups} groups, {threads} threads");
        }
    }
}

#[test]
fn the_check_finds_every_row_at_aws_own_cost() {
    let report = check(&lab(), Reading::default()).unwrap();
    let tally = |rows, unrated| Tally { rows, matched: rows - unrated, mismatched: 0, unrated };
    assert_eq!(
        report,
        CheckReport { aws: tally(35, 2), ec2: tally(33, 2), gpu: tally(12, 1), other_rows: 3, mismatches: Vec::new() }
    );
}

#[test]
fn the_check_names_rows_that_cost_something_else() {
    let wrong = LAB.replacen("1.14000000000,1.14,Standard", "1.14000000020,1.14,Standard", 1);
    assert_ne!(wrong, LAB);
    let report = check(file(&wrong).path(), Reading::default().block_bytes(300)).unwrap();
    assert_eq!((report.gpu.mismatched, report.ec2.mismatched, report.aws.mismatched), (1, 1, 1));
    let [mismatch] = report.mismatches.as_slice() else { panic!("{report:?}") };
    assert_eq!(
        (mismatch.line, mismatch.expected.exact(), mismatch.found.exact()),
        (7, "1.14".into(), "1.1400000002".into())
    );
    assert!(mismatch.description.contains("g3.4xlarge"));
}

/// The columns that must be there, one row's worth.
const HEADER: &str = "ProviderName,ServiceName,ChargeCategory,ChargeDescription,ChargePeriodStart,ChargePeriodEnd,\
BillingCurrency,PricingQuantity,PricingUnit,ListCost,BilledCost,EffectiveCost,ResourceId,RegionId,SubAccountId,ListUnitPrice";

struct Fields {
    description: &'static str,
    start: &'static str,
    end: &'static str,
    quantity: &'static str,
    unit: &'static str,
    cost: &'static str,
    rate: &'static str,
}

const HOUR: Fields = Fields {
    description: "$3.06 per On Demand Linux p3.2xlarge Instance Hour",
    start: "2026-10-01T00:00:00.000Z",
    end: "2026-10-01T01:00:00.000Z",
    quantity: "1",
    unit: "Hrs",
    cost: "3.06",
    rate: "3.06",
};

fn line(f: &Fields) -> String {
    format!(
        "AWS,Amazon Elastic Compute Cloud,Usage,{},{},{},USD,{},{},{},3.06,3.06,i-0123456789abcdef0,eu-west-1,123456789012,{}",
        f.description, f.start, f.end, f.quantity, f.unit, f.cost, f.rate
    )
}

fn export(lines: &[String]) -> String {
    format!("{HEADER}\n{}\n", lines.join("\n"))
}

#[test]
fn unknown_rates_stay_unknown_and_unknown_quantities_are_refused() {
    for none in ["", "NULL"] {
        let text = export(&[line(&Fields { rate: none, ..HOUR })]);
        let (records, _) = read(file(text).path(), Reading::default()).unwrap();
        assert_eq!(records[0].rate, None);
        let error = fault(export(&[line(&HOUR), line(&Fields { quantity: none, ..HOUR })]));
        assert!(matches!(error.fault, Fault::MissingValue { column: "PricingQuantity" }), "{error}");
        assert_eq!(error.line, Some(3));
        let error = fault(export(&[line(&Fields { cost: none, ..HOUR })]));
        assert!(matches!(error.fault, Fault::MissingValue { column: "ListCost" }), "{error}");
    }
}

#[test]
fn bad_values_are_named_by_file_and_line() {
    let cases: [(Fields, &str); 10] = [
        (Fields { quantity: "1e400", ..HOUR }, "PricingQuantity: `1e400` is not a number gpucost can hold exactly"),
        (Fields { cost: "1e400", ..HOUR }, "ListCost: `1e400` is not a number gpucost can hold exactly"),
        (Fields { cost: "NaN", ..HOUR }, "ListCost: `NaN` is not a number"),
        (Fields { rate: "three", ..HOUR }, "ListUnitPrice: `three` is not a number"),
        (Fields { rate: "-1", ..HOUR }, "ListUnitPrice is `-1`, and usage cannot be negative"),
        (Fields { quantity: "-75", ..HOUR }, "PricingQuantity is `-75`, and usage cannot be negative"),
        (Fields { quantity: "0.0000000000000000001", ..HOUR }, "more than 18 decimals"),
        (Fields { start: "2026-10-01T02:00:00.000Z", ..HOUR }, "the end 2026-10-01T01:00:00Z is before the start"),
        (Fields { start: "2026-13-01 00:00:00", ..HOUR }, "ChargePeriodStart: `2026-13-01 00:00:00` is not a time"),
        (Fields { end: "", ..HOUR }, "ChargePeriodEnd is empty"),
    ];
    for (fields, expected) in cases {
        let file = file(export(&[line(&HOUR), String::new(), line(&fields), line(&HOUR)]));
        let error = read(file.path(), Reading::default()).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.line, Some(4), "{text}");
        assert!(text.contains(expected), "{text}");
        assert!(text.starts_with(&format!("{}:4: ", file.path().display())), "{text}");
        assert_eq!(check(file.path(), Reading::default()).is_err(), text.contains("number"), "{text}");
    }
}

#[test]
fn sums_beyond_what_a_decimal_holds_are_refused() {
    // 28 digits each; nine of them make 29, and more than 96 bits.
    let row = line(&Fields { quantity: "9999999999.999999999999999999", ..HOUR });
    assert!(read(file(export(std::slice::from_ref(&row))).path(), Reading::default()).is_ok());
    let error = fault(export(&vec![row; 9]));
    assert!(matches!(error.fault, Fault::SumTooLong { column: "PricingQuantity" }), "{error}");
}

#[test]
fn bad_files_are_refused() {
    let good = line(&HOUR);
    let text = export(&[good.clone(), good.clone()]);

    assert!(matches!(fault("").fault, Fault::Empty));
    assert!(matches!(fault("\n\n").fault, Fault::Empty));
    assert!(matches!(fault(gzip("")).fault, Fault::Empty));
    assert!(matches!(fault("PAR1....").fault, Fault::NotCsv("Parquet")));
    assert!(matches!(fault("PK\x03\x04").fault, Fault::NotCsv("ZIP")));

    let error = fault(text.replace("ChargePeriodEnd", "End").replace("RegionId", "Region"));
    assert!(
        matches!(&error.fault, Fault::MissingColumns(names) if names == &["ChargePeriodEnd", "RegionId"]),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains(":1: not a FOCUS export gpucost can use: the header lacks ChargePeriodEnd, RegionId")
    );
    let error = fault(text.replace("ListUnitPrice", "ListCost"));
    assert!(matches!(error.fault, Fault::RepeatedColumn("ListCost")), "{error}");

    let error = fault(format!("{text}AWS,short,row\n"));
    assert!(matches!(error.fault, Fault::Ragged { expected: 16, found: 3 }), "{error}");
    assert_eq!(error.line, Some(4));

    let mut bytes = text.clone().into_bytes();
    bytes.extend_from_slice(good.replace("$3.06", "\u{a3}3.06").replace('\u{a3}', "#").as_bytes());
    let at = bytes.iter().position(|b| *b == b'#').unwrap();
    bytes[at] = 0xa3;
    let error = fault(&bytes);
    assert!(matches!(error.fault, Fault::NotUtf8), "{error}");
    assert_eq!(error.line, Some(4));

    let error = fault(format!("{text}\"{good}\n{good}\n"));
    assert!(matches!(error.fault, Fault::UnclosedQuote), "{error}");
    assert_eq!(error.line, Some(4));
    let error = fault(text.replacen("$3.06", "5\" disk", 1));
    assert!(matches!(error.fault, Fault::StrayQuote), "{error}");
    assert_eq!(error.line, Some(2));

    let long = format!("{text}\"{}", good.repeat(8000));
    for block_bytes in [4096, 1 << 19, 8 << 20] {
        let error = read(file(&long).path(), Reading::default().block_bytes(block_bytes)).unwrap_err();
        assert!(matches!(error.fault, Fault::RecordTooLong { .. }), "{error}");
        assert_eq!(error.line, Some(4));
    }
}

#[test]
fn bad_gzip_is_refused() {
    let zipped = gzip(LAB);
    for kept in [3, 12, zipped.len() / 2, zipped.len() - 9, zipped.len() - 1] {
        let error = fault(&zipped[..kept]);
        assert!(matches!(error.fault, Fault::TruncatedGzip), "{kept} bytes: {error}");
    }
    let mut damaged = zipped.clone();
    let middle = zipped.len() / 2;
    damaged[middle..middle + 40].fill(0xff);
    assert!(matches!(fault(damaged).fault, Fault::DamagedGzip(_) | Fault::StrayQuote | Fault::NotUtf8));
    // Two gzip members are one file, as `cat a.gz b.gz` makes them.
    let (first, second) = LAB.split_at(5000);
    let joined = [gzip(first), gzip(second)].concat();
    let (records, _) = read(file(joined).path(), Reading::default()).unwrap();
    assert_eq!(rendered(&records), LAB_RECORDS);
}

#[test]
fn what_the_system_refuses_carries_the_path() {
    let error = read(Path::new("/nowhere/at all.csv"), Reading::default()).unwrap_err();
    assert!(error.to_string().starts_with("/nowhere/at all.csv: cannot be read: No such file"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let error = read(folder.path(), Reading::default()).unwrap_err();
    assert!(matches!(error.fault, Fault::Io(_)), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn formats_are_told_apart_by_content() {
    assert!(is_focus(LAB.as_bytes()));
    assert!(is_focus(&LAB.as_bytes()[..1200]));
    assert!(is_focus(&gzip(LAB)));
    assert!(is_focus(&gzip(LAB)[..1500]));
    assert!(is_focus(format!("\u{feff}{LAB}").as_bytes()));
    for other in ["", "{\"Reservations\": []}", "start,end,instance\n", "identity/LineItemId,bill/BillType\n"] {
        assert!(!is_focus(other.as_bytes()), "{other}");
        assert!(!is_focus(&gzip(other)), "{other}");
    }
    assert!(!is_focus(&[0x1f, 0x8b]));
}

#[test]
fn byte_order_marks_line_ends_and_delimiters() {
    let expected = read(file(export(&[line(&HOUR)])).path(), Reading::default()).unwrap().0;
    let text = export(&[line(&HOUR)]);
    for other in [
        format!("\u{feff}{text}"),
        text.replace('\n', "\r\n"),
        text.trim_end().to_owned(),
        text.replace(',', ";"),
        text.replace(',', "\t"),
        text.replace("p3.2xlarge", "\u{1}").replace("AWS", "\"AWS\"").replace('\u{1}', "p3.2xlarge"),
    ] {
        assert_eq!(read(file(&other).path(), Reading::default()).unwrap().0, expected, "{other}");
    }
    assert_eq!(read(file(text.replace(',', ";")).path(), Reading::default()).unwrap().1.delimiter, ';');
}

/// A daily FOCUS 1.2 export: AWS's own columns, empty for null, `.000Z`.
fn focus_1_2() -> String {
    let mut out = format!(
        "{HEADER},InvoiceId,ServiceSubcategory,SkuMeter,SkuPriceDetails,x_ServiceCode,x_UsageType,x_Operation,CapacityReservationStatus\n"
    );
    let usage = |service: &str, code: &str, unit: &str, day: u8, details: &str, usage_type: &str, reservation: &str| {
        format!(
            "AWS,{service},Usage,,2026-05-{day:02}T00:00:00.000Z,2026-05-{:02}T00:00:00.000Z,USD,24,{unit},2.4192,2.4192,2.4192,\
             arn:aws:ec2:eu-central-1:111122223333:x/r-{day},eu-central-1,111122223333,0.1008,1786423460,Virtual Machines,,{details},{code},{usage_type},RunInstances,{reservation}\n",
            day + 1,
        )
    };
    let ec2 = "Amazon Elastic Compute Cloud";
    let rows = [
        usage(ec2, "AmazonEC2", "Hrs", 1, "", "EUC1-BoxUsage:g5.xlarge", "Used"),
        usage(ec2, "AmazonEC2", "Hrs", 2, "", "EUC1-SpotUsage:p3.2xlarge", ""),
        usage(ec2, "AmazonEC2", "Hrs", 3, "", "EUC1-UnusedBox:g5.xlarge", ""),
        usage(ec2, "AmazonEC2", "Hrs", 4, "", "EUC1-BoxUsage:g5.xlarge", "Unused"),
        usage(ec2, "AmazonEC2", "Hrs", 5, "\"{\"\"InstanceType\"\": \"\"trn1.2xlarge\"\"}\"", "EUC1-BoxUsage", ""),
        usage("EC2 under another name", "AmazonEC2", "GB-Mo", 6, "", "EUC1-EBS:VolumeUsage", ""),
        usage(ec2, "AmazonEC2", "GB-Mo", 7, "", "EUC1-EBS:VolumeUsage.piops", ""),
        usage(ec2, "AmazonEC2", "IOPS-Mo", 8, "", "EUC1-EBS:VolumeP-IOPS.io2.tier2", ""),
        usage(ec2, "AmazonEC2", "GiBps-mo", 9, "", "EUC1-EBS:VolumeP-Throughput.gp3", ""),
        usage(ec2, "AmazonEC2", "GB-Mo", 10, "", "EBS:SnapshotUsage", ""),
        usage(ec2, "AmazonEC2", "GB-Mo", 11, "", "EBS:SnapshotArchiveStorage", ""),
        usage("", "AmazonVPC", "Hrs", 12, "", "EUC1-PublicIPv4:InUseAddress", ""),
        usage("", "AmazonVPC", "Hrs", 13, "", "PublicIPv4:IdleAddress", ""),
        usage(ec2, "AmazonEC2", "GB", 14, "", "EUC1-USE1-AWS-Out-Bytes", ""),
        usage(ec2, "AmazonEC2", "Hrs", 15, "", "USW2-LAX1-BoxUsage:g4dn.2xlarge", ""),
    ];
    rows.iter().for_each(|row| out.push_str(row));
    out
}

#[test]
fn focus_1_2_is_told_by_usage_type() {
    let (records, summary) = read(file(gzip(focus_1_2())).path(), Reading::default()).unwrap();
    assert_eq!((summary.version, summary.packing), (FocusVersion::V1_2, Packing::Gzip));
    let mut found: Vec<_> = records
        .iter()
        .map(|r| (r.day.day(), r.meter, r.instance_type.as_deref(), r.volume_type.as_deref(), r.purchase))
        .collect();
    found.sort_unstable();
    let other = Purchase::Other;
    assert_eq!(
        found,
        [
            (1, Meter::Compute, Some("g5.xlarge"), None, other),
            (2, Meter::Compute, Some("p3.2xlarge"), None, Purchase::Spot),
            (5, Meter::Compute, Some("trn1.2xlarge"), None, other),
            (6, Meter::VolumeStorage, None, Some("standard"), other),
            (7, Meter::VolumeStorage, None, Some("io1"), other),
            (8, Meter::VolumeIops, None, Some("io2"), other),
            (9, Meter::VolumeThroughput, None, Some("gp3"), other),
            (10, Meter::Snapshot, None, None, other),
            (12, Meter::PublicIpv4InUse, None, None, other),
            (13, Meter::PublicIpv4Idle, None, None, other),
            (15, Meter::Compute, Some("g4dn.2xlarge"), None, other),
        ]
    );
    let skipped: Vec<_> = summary.skipped.iter().map(|(why, s)| (*why, s.rows)).collect();
    assert_eq!(skipped, [(SkipReason::Reservation, 2), (SkipReason::DataTransfer, 1), (SkipReason::OtherMeter, 1)]);
    // A daily row touches every hour of its day and keeps its true period.
    assert!(records.iter().all(|r| r.hours_mask == 0xff_ffff && r.period.seconds() == 86_400));
}

#[test]
fn a_monthly_row_keeps_its_period_and_is_not_split() {
    let month = Fields { start: "2026-10-01T12:30:00Z", end: "2026-11-01T00:00:00Z", quantity: "731.5", ..HOUR };
    let (records, _) = read(file(export(&[line(&month)])).path(), Reading::default()).unwrap();
    let [record] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(record.day.to_string(), "2026-10-01");
    assert_eq!(record.period.to_string(), "2026-10-01T12:30:00Z to 2026-11-01T00:00:00Z");
    assert_eq!(record.hours_mask, 0xff_f000);
    let instant = Fields { end: HOUR.start, ..HOUR };
    let (records, _) = read(file(export(&[line(&instant)])).path(), Reading::default()).unwrap();
    assert_eq!((records[0].hours_mask, records[0].period.is_empty()), (1, true));
}

/// The outcome as text, so that errors compare too.
fn outcome(path: &Path, reading: Reading<'_>) -> String {
    match read(path, reading) {
        Ok((records, summary)) => format!("{}{summary:?}", rendered(&records)),
        Err(error) => format!("{error}"),
    }
}

/// CSV-like bytes: pieces of the fixture, quotes, line ends, noise.
fn mangled() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        (0..LAB.len(), 0..600_usize)
            .prop_map(|(from, count)| LAB.as_bytes()[from..LAB.len().min(from + count)].to_vec()),
        Just(line(&HOUR).into_bytes()),
        prop::sample::select(vec!["\"", "\"\"", "\n", "\r\n", "\r", ",", "NULL", "\u{feff}", "1e400", "-1", "\u{e9}"])
            .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_an_error_or_a_value_whatever_the_blocks(
        tail in mangled(),
        headed in prop::sample::select(vec![true, true, true, false]),
        threads in 1..4_usize,
        block_bytes in 1..2000_usize,
    ) {
        let mut bytes = Vec::new();
        if headed {
            bytes.extend_from_slice(HEADER.as_bytes());
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(&tail);
        let _ = is_focus(&bytes);
        let file = file(&bytes);
        let whole = outcome(file.path(), Reading::default().threads(1).block_bytes(1 << 20));
        let parts = outcome(file.path(), Reading::default().threads(threads).block_bytes(block_bytes));
        prop_assert_eq!(whole, parts);
        let whole = check(file.path(), Reading::default().threads(1)).map_err(|e| e.to_string());
        let parts = check(file.path(), Reading::default().threads(threads).block_bytes(block_bytes));
        prop_assert_eq!(whole, parts.map_err(|e| e.to_string()));
    }

    #[test]
    fn a_mangled_gzip_is_an_error_or_a_value(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut zipped = gzip(&LAB[..3000]);
        let place = at.index(zipped.len());
        zipped[place] = byte;
        zipped.truncate(cut.index(zipped.len()) + 1);
        let _ = is_focus(&zipped);
        let file = file(&zipped);
        let _ = outcome(file.path(), Reading::default());
    }

    #[test]
    fn quoted_texts_come_back_as_they_were(tags in "[a-z\",\n{}: é]{0,40}", id in "[a-zA-Z0-9/:-]{1,30}") {
        prop_assume!(tags != "NULL");
        let quoted = format!("\"{}\"", tags.replace('"', "\"\""));
        let text = format!("{HEADER},Tags\n{},{quoted}\n", line(&HOUR).replace("i-0123456789abcdef0", &id));
        let (records, _) = read(file(text).path(), Reading::default().block_bytes(50)).unwrap();
        prop_assert_eq!(&records[0].tags, &tags);
        let bare = if id.starts_with("arn:") { id.rsplit('/').next().unwrap_or("") } else { &id };
        prop_assert_eq!(&records[0].resource_id, bare);
    }

    #[test]
    fn sums_do_not_depend_on_order_or_splitting(micros in prop::collection::vec(0..2_000_000_u64, 1..40), cut in any::<prop::sample::Index>()) {
        let rows: Vec<String> = micros.iter().map(|m| {
            let quantity = format!("{}.{:06}", m / 1_000_000, m % 1_000_000);
            line(&HOUR).replacen(",1,Hrs,", &format!(",{quantity},Hrs,"), 1)
        }).collect();
        let (whole, _) = read(file(export(&rows)).path(), Reading::default()).unwrap();
        let (left, right) = rows.split_at(cut.index(rows.len()));
        let mut parts = Vec::new();
        for part in [left, right].into_iter().filter(|part| !part.is_empty()) {
            parts.extend(read(file(export(part)).path(), Reading::default()).unwrap().0);
        }
        let total: rust_decimal::Decimal = parts.iter().map(|r| r.quantity).sum();
        prop_assert_eq!(total, whole[0].quantity);
        prop_assert_eq!(total, rust_decimal::Decimal::new(micros.iter().sum::<u64>() as i64, 6));
    }
}
