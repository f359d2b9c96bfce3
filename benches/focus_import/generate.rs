//! Writes the benchmark's export: deterministic, FOCUS 1.0 columns, hourly rows.

use std::io::{self, BufWriter, Write};

/// The columns of the FOCUS 1.0 export, in its own (alphabetical) order.
const HEADER: &str = "AvailabilityZone,BilledCost,BillingAccountId,BillingAccountName,BillingCurrency,BillingPeriodEnd,\
BillingPeriodStart,ChargeCategory,ChargeClass,ChargeDescription,ChargeFrequency,ChargePeriodEnd,ChargePeriodStart,\
CommitmentDiscountCategory,CommitmentDiscountId,CommitmentDiscountName,CommitmentDiscountStatus,CommitmentDiscountType,\
ConsumedQuantity,ConsumedUnit,ContractedCost,ContractedUnitPrice,EffectiveCost,InvoiceIssuerName,ListCost,ListUnitPrice,\
PricingCategory,PricingQuantity,PricingUnit,ProviderName,PublisherName,RegionId,RegionName,ResourceId,ResourceName,\
ResourceType,ServiceCategory,ServiceName,SkuId,SkuPriceId,SubAccountId,SubAccountName,Tags";

/// Resources × days: the groups the importer forms.
const RESOURCES: u64 = 4_000;
const DAYS: u64 = 30;

struct Kind {
    description: &'static str,
    unit: &'static str,
    sku: &'static str,
    /// Dollars for one unit, in units of 1e-6.
    rate_micro: u64,
    prefix: &'static str,
}

/// Real SKUs, rates and descriptions of us-east-1; compute and storage in turn.
const KINDS: [Kind; 4] = [
    Kind {
        description: "$1.624 per On Demand Linux g5.4xlarge Instance Hour",
        unit: "Hours",
        sku: "4GQWNPC9K2PZAY97",
        rate_micro: 1_624_000,
        prefix: "i",
    },
    Kind {
        description: "$0.08 per GB-month of General Purpose (gp3) provisioned storage - US East (N. Virginia)",
        unit: "GB-Months",
        sku: "JG3KUJMBRGHV3N8G",
        rate_micro: 80_000,
        prefix: "vol",
    },
    Kind {
        description: "$1.14 per On Demand Linux g3.4xlarge Instance Hour",
        unit: "Hours",
        sku: "SQ37ZQ2CZ2H95VDC",
        rate_micro: 1_140_000,
        prefix: "i",
    },
    Kind {
        description: "$0.10 per GB-month of General Purpose SSD (gp2) provisioned storage - US East (Northern Virginia)",
        unit: "GB-Months",
        sku: "HY3BZPP2B6K8MSJF",
        rate_micro: 100_000,
        prefix: "vol",
    },
];

/// splitmix64: the same file on every machine.
fn mixed(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// An amount of 1e-12 units with its twelve decimals, as exports write more digits than they need.
fn decimals(amount: u128) -> String {
    format!("{}.{:011}", amount / 1_000_000_000_000, amount % 1_000_000_000_000 / 10)
}

/// The hour of September 2024, the last of which ends in October.
fn time(hour: u64) -> String {
    match hour / 24 {
        DAYS => "2024-10-01 00:00:00".to_owned(),
        day => format!("2024-09-{:02} {:02}:00:00", day + 1, hour % 24),
    }
}

pub fn write(out: impl Write, rows: u64) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, out);
    writeln!(out, "{HEADER}")?;
    for row in 0..rows {
        let noise = mixed(row);
        let hour = (row * DAYS * 24) / rows.max(1);
        let (start, end) = (time(hour), time(hour + 1));
        let resource = noise % RESOURCES;
        let kind = &KINDS[(resource % 4) as usize];
        let quantity_micro = 1 + (noise >> 20) % 1_000_000;
        let quantity = decimals(u128::from(quantity_micro) * 1_000_000);
        let cost = decimals(u128::from(quantity_micro) * u128::from(kind.rate_micro));
        let account = 100_000_000_000 + resource % 7;
        let id = mixed(resource) >> 4;
        let tags = match resource % 3 {
            0 => "\"{\"\"team\"\": \"\"vision\"\"}\"",
            _ => "",
        };
        writeln!(
            out,
            ",{cost},,,USD,,,Usage,,{},,{end},{start},,,,,,,,,,{cost},,{cost},{}.{:06},\
             Standard,{quantity},{},AWS,,us-east-1,,{}-0{id:015x},,,,Amazon Elastic Compute Cloud,,{}.JRTCKXETXF.6YS6EN2CT7,{account},,{tags}",
            kind.description,
            kind.rate_micro / 1_000_000,
            kind.rate_micro % 1_000_000,
            kind.unit,
            kind.prefix,
            kind.sku,
        )?;
    }
    out.flush()
}
