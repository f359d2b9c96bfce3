//! A region's Savings Plan file as it streams by: what an hour on Linux costs under each plan.
//!
//! The layout is that of an offer file with columns of its own, and of the same size:
//! <https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-savings-plans.html>

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::aws::offer::OfferError;
use crate::aws::offer::OfferLine;
use crate::aws::offer::collector::{BOX_USAGE, Priced, keep};
use crate::aws::offer::family::Families;
use crate::aws::offer::needles::Needles;
use crate::aws::offer::reserved::payment_option;
use crate::aws::offer::sheet::Need::Needed;
use crate::aws::offer::sheet::{Column, Sheet};
use crate::catalog::{PaymentOption, PublishedSavingsPlan, PublishedSavingsPlans, SavingsPlanKind, without_region};

/// In the order of [`row`].
static COLUMNS: [Column; 12] = [
    ("RateCode", Needed),
    ("Unit", Needed),
    ("DiscountedRate", Needed),
    ("Currency", Needed),
    ("DiscountedServiceCode", Needed),
    ("DiscountedUsageType", Needed),
    ("DiscountedOperation", Needed),
    ("PurchaseOption", Needed),
    ("LeaseContractLength", Needed),
    ("LeaseContractLengthUnit", Needed),
    ("Product Family", Needed),
    ("DiscountedRegionCode", Needed),
];

/// What Linux without licenses runs as.
const LINUX: &str = "RunInstances";

/// Takes a Savings Plan file in chunks, in order, and keeps the rates of one region.
#[derive(Debug)]
pub struct SavingsPlanScan {
    needles: Needles,
    sheet: Sheet<12>,
    rates: Rates,
}

#[derive(Debug)]
struct Rates {
    region: String,
    families: Families,
    found: BTreeMap<Key, Priced>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    instance_type: String,
    kind: SavingsPlanKind,
    term_years: u8,
    payment_option: PaymentOption,
}

impl SavingsPlanScan {
    pub fn new(region: &str, families: &[String]) -> SavingsPlanScan {
        let rates = Rates { region: region.to_owned(), families: Families::new(families), found: BTreeMap::new() };
        SavingsPlanScan { needles: Needles::of_savings_plans(families), sheet: Sheet::new(&COLUMNS), rates }
    }

    /// # Errors
    /// If the file is no list of Savings Plans, or one of its rates cannot be taken.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), OfferError> {
        let SavingsPlanScan { needles, sheet, rates } = self;
        sheet.feed(chunk, needles, &mut |fields| rates.take(fields))
    }

    /// # Errors
    /// If the file was cut off.
    pub fn finish(self, fetched_at: Timestamp) -> Result<PublishedSavingsPlans, OfferError> {
        let SavingsPlanScan { sheet, mut rates, .. } = self;
        let published_at = sheet.finish(&mut |fields| rates.take(fields))?;
        let rates = rates.found.into_iter().map(|(key, Priced { usd: hourly, rate_code })| {
            let Key { instance_type, kind, term_years, payment_option } = key;
            PublishedSavingsPlan { instance_type, kind, term_years, payment_option, hourly, rate_code }
        });
        Ok(PublishedSavingsPlans { published_at, fetched_at, etag: None, rates: rates.collect() })
    }
}

impl Rates {
    fn take(&mut self, fields: [&str; 12]) -> Result<(), OfferError> {
        let [rate_code, unit, price, currency, service, usage_type, operation, option, length, of, family, region] =
            fields;
        let is_linux = service == "AmazonEC2" && operation == LINUX && unit == "Hrs" && region == self.region;
        let instance_type = without_region(usage_type).strip_prefix(BOX_USAGE);
        let Some(instance_type) = instance_type.filter(|it| is_linux && self.families.has(it)) else {
            return Ok(());
        };
        let kind = match family {
            "ComputeSavingsPlans" => SavingsPlanKind::Compute,
            "EC2InstanceSavingsPlans" => SavingsPlanKind::Ec2Instance,
            _ => return Ok(()),
        };
        let term_years = length.parse().ok().filter(|years| *years > 0 && of == "year");
        let (Some(term_years), Some(payment_option)) = (term_years, payment_option(option)) else {
            return Ok(());
        };
        let line = OfferLine { sku: rate_code, rate_code, price_per_unit: price, currency, ..OfferLine::default() };
        let priced = Priced::of(&line)?;
        if priced.usd.is_zero() {
            return Ok(());
        }
        let what = || format!("{instance_type} under a {term_years}yr {option} {}", kind.name());
        let key = Key { instance_type: instance_type.to_owned(), kind, term_years, payment_option };
        keep(self.found.entry(key), priced, &self.region, what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    /// The layout of 2025-09-11, unquoted; rates of it where they are known.
    const HEAD: &str = "FormatVersion,v1.0
Disclaimer,This pricing list is for informational purposes only. All prices are subject to the additional terms included in the pricing pages on http://aws.amazon.com. All Free Tier prices are also subject to the terms included at https://aws.amazon.com/free/
Publication Date,2025-09-11T18:44:47Z
Version,20250911184447
OfferCode,AmazonComputeSavingsPlan
SKU,RateCode,Unit,EffectiveDate,DiscountedRate,Currency,DiscountedSKU,DiscountedServiceCode,DiscountedUsageType,DiscountedOperation,PurchaseOption,LeaseContractLength,LeaseContractLengthUnit,ServiceCode,UsageType,Operation,Description,Instance Family,Location,Location Type,Granularity,Product Family,DiscountedRegionCode,DiscountedInstanceType
2JT7C3ZD2AXA73Q4,2JT7C3ZD2AXA73Q4.23PWZ6X8AQE4NKNR,Hrs,2025-06-05T18:51:13Z,0.0425,USD,23PWZ6X8AQE4NKNR,AmazonEC2,APE2-DedicatedUsage:r7g.medium,RunInstances:0010,Partial Upfront,3,year,ComputeSavingsPlans,APE2-EC2SP:r7g.3yrPartialUpfront,,3 year Partial Upfront r7g EC2 Instance Savings Plan in ap-east-2,r7g,Asia Pacific (Taipei),AWS Region,hourly,EC2InstanceSavingsPlans,ap-east-2,r7g.medium
";
    const G6: &str = "8GU23DFTKP2N43SD,8GU23DFTKP2N43SD.AAAAAAAAAAAAAAAA,Hrs,2025-06-05T18:51:13Z,0.71,USD,AAAAAAAAAAAAAAAA,AmazonEC2,APE2-BoxUsage:g6.xlarge,RunInstances,All Upfront,1,year,ComputeSavingsPlans,ComputeSP:1yrAllUpfront,,1 year All Upfront Compute Savings Plan,,Any,AWS Region,hourly,ComputeSavingsPlans,ap-east-2,g6.xlarge
";

    fn scan(text: &str) -> Result<PublishedSavingsPlans, OfferError> {
        let mut scan = SavingsPlanScan::new("ap-east-2", &["p".to_owned(), "g".to_owned()]);
        text.as_bytes().chunks(100).try_for_each(|chunk| scan.feed(chunk))?;
        scan.finish(AT)
    }

    #[test]
    fn a_plans_rate_for_linux_on_shared_hardware_is_kept() {
        let instance_plan = G6
            .replace("ComputeSavingsPlans,ap-east-2", "EC2InstanceSavingsPlans,ap-east-2")
            .replace("0.71", "0.6")
            .replace("All Upfront,1,", "No Upfront,3,");
        let others = [
            G6.replace("RunInstances,", "RunInstances:0002,"),
            G6.replace("RunInstances,", "RunInstances:CB,"),
            G6.replace("BoxUsage", "UnusedBox"),
            G6.replace("BoxUsage", "HostBoxUsage"),
            G6.replace("AmazonEC2", "AmazonSageMaker"),
            G6.replace(",ap-east-2,g6", ",ap-east-1,g6"),
            G6.replace("g6.xlarge", "m6i.xlarge"),
            G6.replace("0.71", "0.0"),
        ]
        .map(|row| row.replace("0.71", "9"))
        .concat();
        let found = scan(&format!("{HEAD}{others}{G6}{instance_plan}{others}")).expect("a list");
        assert_eq!(found.published_at.to_string(), "2025-09-11T18:44:47Z");
        let rate = |kind, term_years, payment_option, hourly: &str| PublishedSavingsPlan {
            instance_type: "g6.xlarge".to_owned(),
            kind,
            term_years,
            payment_option,
            hourly: hourly.parse().expect("dollars"),
            rate_code: "8GU23DFTKP2N43SD.AAAAAAAAAAAAAAAA".to_owned(),
        };
        let expected = [
            rate(SavingsPlanKind::Compute, 1, PaymentOption::AllUpfront, "0.71"),
            rate(SavingsPlanKind::Ec2Instance, 3, PaymentOption::NoUpfront, "0.6"),
        ];
        assert_eq!(found.rates, expected);
    }

    #[test]
    fn a_region_without_such_plans_has_none() {
        assert_eq!(scan(HEAD).expect("a list").rates, []);
    }

    #[test]
    fn two_rates_under_one_plan_name_both() {
        let other = G6.replace(".AAAAAAAAAAAAAAAA", ".BBBB").replace("0.71", "0.72");
        let error = scan(&format!("{HEAD}{G6}{other}")).expect_err("two rates").to_string();
        assert!(
            error.contains(".BBBB") && error.contains(".AAAA") && error.contains("Compute Savings Plan"),
            "{error}"
        );
    }

    #[test]
    fn a_file_cut_off_is_refused() {
        let text = format!("{HEAD}{G6}");
        let error = scan(&text[..text.len() - 20]).expect_err("cut off").to_string();
        assert_eq!(error, "the price list is not whole: it ends within line 8");
        assert_eq!(
            scan(&text.replace("DiscountedOperation", "Else")).expect_err("a column").to_string(),
            "the price list has no column `DiscountedOperation`"
        );
    }
}
