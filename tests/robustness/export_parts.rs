//! Exports that come in parts, corrected, or beside other evidence: nothing is billed twice, nothing is lost.

use crate::program::Lab;

const HEADER: &str = "BilledCost,BillingCurrency,ChargeCategory,ChargeDescription,ChargePeriodEnd,ChargePeriodStart,\
EffectiveCost,ListCost,ListUnitPrice,PricingCategory,PricingQuantity,PricingUnit,ProviderName,RegionId,ResourceId,\
ServiceName,SkuPriceId,SubAccountId,CommitmentDiscountStatus\n";

/// One hour of a g5.4xlarge in us-east-1 at $1.624.
fn hour(day: u32, hour: u32, price_id: &str, category: &str) -> String {
    period(&format!("2024-09-{day:02} {hour:02}:00:00"), &next_hour(day, hour), "1", "1.624", price_id, category)
}

fn next_hour(day: u32, hour: u32) -> String {
    if hour == 23 {
        format!("2024-09-{:02} 00:00:00", day + 1)
    } else {
        format!("2024-09-{day:02} {:02}:00:00", hour + 1)
    }
}

fn period(start: &str, end: &str, quantity: &str, cost: &str, price_id: &str, category: &str) -> String {
    format!(
        "{cost},USD,Usage,$1.624 per On Demand Linux g5.4xlarge Instance Hour,{end},{start},{cost},{cost},1.624,{category},\
         {quantity},Hours,AWS,us-east-1,i-0a11ce0000000001,Amazon Elastic Compute Cloud,{price_id},111122223333,\n"
    )
}

fn export(rows: impl IntoIterator<Item = String>) -> String {
    rows.into_iter().fold(HEADER.to_owned(), |all, row| all + &row)
}

/// Hours and dollars of compute in September 2024.
fn compute(lab: &Lab) -> (String, String) {
    let csv = lab.ok(&["bill", "--month", "2024-09", "--lines", "-o", "csv"]);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let headers = reader.headers().expect("a header").clone();
    let at = |name: &str| headers.iter().position(|header| header == name).expect("the column");
    let (meter, certainty, quantity, cost) = (at("meter"), at("certainty"), at("quantity"), at("cost_usd"));
    let mut sums = (rust_decimal::Decimal::ZERO, rust_decimal::Decimal::ZERO);
    for row in reader.records().map(|row| row.expect("a row")) {
        if &row[meter] == "compute" && &row[certainty] == "measured" {
            sums.0 += row[quantity].parse::<rust_decimal::Decimal>().expect("hours");
            sums.1 += row[cost].parse::<rust_decimal::Decimal>().expect("dollars");
        }
    }
    (sums.0.normalize().to_string(), sums.1.normalize().to_string())
}

fn sums(hours: &str, dollars: &str) -> (String, String) {
    (hours.to_owned(), dollars.to_owned())
}

#[test]
fn parts_of_a_day_add_up() {
    let lab = Lab::new();
    lab.write("one.csv", export((0..6).map(|h| hour(2, h, "P", "Standard"))));
    lab.write("two.csv", export((6..10).map(|h| hour(2, h, "P", "Standard"))));
    lab.ok(&["usage", "import", "one.csv"]);
    lab.ok(&["usage", "import", "two.csv"]);
    assert_eq!(compute(&lab), sums("10", "16.24"));
}

#[test]
fn the_same_hours_under_another_purchase_are_a_contradiction() {
    for (price_id, category) in [("Q", "Standard"), ("P", "Committed")] {
        let lab = Lab::new();
        lab.write("one.csv", export((0..6).map(|h| hour(2, h, "P", "Standard"))));
        lab.write("two.csv", export((0..6).map(|h| hour(2, h, price_id, category))));
        lab.ok(&["usage", "import", "one.csv"]);
        let refused = lab.run(&["usage", "import", "two.csv"]);
        assert_eq!(refused.code, Some(1), "{}", refused.err);
        assert!(refused.err.contains("one.csv") && refused.err.contains("--supersede"), "{}", refused.err);
        assert_eq!(compute(&lab), sums("6", "9.744"));
        lab.ok(&["usage", "import", "two.csv", "--supersede"]);
        assert_eq!(compute(&lab), sums("6", "9.744"), "replaced, not added");
    }
}

#[test]
fn a_whole_day_supersedes_its_part() {
    let lab = Lab::new();
    lab.write("part.csv", export((0..6).map(|h| hour(2, h, "P", "Standard"))));
    lab.write("whole.csv", export((0..24).map(|h| hour(2, h, "P", "Standard"))));
    lab.ok(&["usage", "import", "part.csv"]);
    assert_eq!(lab.run(&["usage", "import", "whole.csv"]).code, Some(1));
    lab.ok(&["usage", "import", "whole.csv", "--supersede"]);
    assert_eq!(compute(&lab), sums("24", "38.976"));
}

#[test]
fn rows_without_sku_and_resource_keep_their_types_apart() {
    let lab = Lab::new();
    let row = |kind: &str| hour(2, 0, "", "Dynamic").replace("g5.4xlarge", kind).replace("i-0a11ce0000000001", "");
    lab.write("spot.csv", export([row("g5.xlarge"), row("p3.16xlarge")]));
    lab.ok(&["usage", "import", "spot.csv"]);
    let usage = lab.ok(&["usage", "--by", "type", "-o", "csv"]);
    assert!(usage.contains("g5.xlarge") && usage.contains("p3.16xlarge"), "{usage}");
}

const NOTES: &str = "region,instance_id,instance_type,start,end,volumes\n\
us-east-1,i-0a11ce0000000001,g5.4xlarge,2024-09-02,2024-09-03,gp3:100\n";

#[test]
fn beyond_the_reach_of_an_export_notes_count() {
    let lab = Lab::new();
    lab.write("notes.csv", NOTES);
    lab.write("part.csv", export((0..6).map(|h| hour(2, h, "P", "Standard"))));
    lab.ok(&["usage", "import", "notes.csv", "part.csv", "--observed-at", "2024-09-04"]);
    assert_eq!(compute(&lab), sums("24", "38.976"), "6 hours of AWS's and 18 of the notes'");
}

#[test]
fn within_its_reach_the_export_has_the_last_word() {
    let lab = Lab::new();
    lab.write("notes.csv", NOTES);
    lab.write("both_ends.csv", export([hour(2, 0, "P", "Standard"), hour(2, 23, "P", "Standard")]));
    lab.ok(&["usage", "import", "notes.csv", "both_ends.csv", "--observed-at", "2024-09-04"]);
    assert_eq!(compute(&lab), sums("2", "3.248"));
    let bill = lab.ok(&["bill", "--month", "2024-09"]);
    assert!(!bill.contains("gp3"), "the noted volume of an exported instance is in the export: {bill}");
}

#[test]
fn a_month_in_one_row_covers_the_month() {
    let lab = Lab::new();
    let notes = "region,instance_id,instance_type,start,end\n\
        us-east-1,i-0a11ce0000000001,g5.4xlarge,2024-09-02,2024-09-06T04:00:00Z\n";
    lab.write("notes.csv", notes);
    let row = period("2024-09-01 00:00:00", "2024-10-01 00:00:00", "100", "162.4", "P", "Standard");
    lab.write("month.csv", export([row]));
    lab.ok(&["usage", "import", "notes.csv", "month.csv", "--observed-at", "2024-10-04"]);
    assert_eq!(compute(&lab), sums("100", "162.4"));
    let early = lab.ok(&["bill", "--month", "2024-09", "--as-of", "2024-09-20"]);
    assert!(early.contains("$162.40"), "a row of the month in progress counts: {early}");
}
