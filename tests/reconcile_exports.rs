//! `gpucost reconcile --from-exports`: billing exports are AWS's side, free of charge.

use serde_json::{Value, json};

#[expect(dead_code, reason = "other tests run it in other ways too")]
mod program;

use program::Lab;

const HEADER: &str = "BilledCost,BillingCurrency,ChargeCategory,ChargeDescription,ChargePeriodEnd,ChargePeriodStart,\
EffectiveCost,ListCost,ListUnitPrice,PricingCategory,PricingQuantity,PricingUnit,ProviderName,RegionId,ResourceId,\
ServiceName,SkuPriceId,SubAccountId,CommitmentDiscountStatus\n";

/// A g5.xlarge in us-east-1 on 2 September 2024, at $1.006 an hour.
fn hours(account: &str, quantity: &str, billed: &str, category: &str) -> String {
    format!(
        "{billed},USD,Usage,$1.006 per On Demand Linux g5.xlarge Instance Hour,2024-09-03 00:00:00,2024-09-02 00:00:00,\
         {billed},{billed},1.006,{category},{quantity},Hours,AWS,us-east-1,i-0a11ce0000000001,\
         Amazon Elastic Compute Cloud,P,{account},\n"
    )
}

fn lab_with(files: &[(&str, String)]) -> Lab {
    let lab = Lab::new();
    for (name, text) in files {
        lab.write(name, text);
        lab.ok(&["usage", "import", name]);
    }
    lab
}

const SEPTEMBER: [&str; 4] = ["reconcile", "--from-exports", "--month", "2024-09"];

#[track_caller]
fn only_row(lab: &Lab) -> Value {
    let out = lab.ok(&[SEPTEMBER.as_slice(), &["--output", "json"]].concat());
    let table: Value = serde_json::from_str(&out).expect("JSON");
    let rows = table["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 1, "{rows:#?}");
    rows[0].clone()
}

#[test]
fn an_export_alone_is_held_against_the_cards_rates() {
    let lab = lab_with(&[("export.csv", format!("{HEADER}{}", hours("111122223333", "10", "10.06", "Standard")))]);
    let row = only_row(&lab);
    assert_eq!((&row["our_usd"], &row["verdict"]), (&json!("10.06"), &json!("agrees")), "{row}");
    let said = lab.ok(&SEPTEMBER);
    assert!(said.contains("nothing was charged") && said.contains("card's rates"), "{said}");
    let dearer = lab_with(&[("export.csv", format!("{HEADER}{}", hours("111122223333", "10", "12", "Standard")))]);
    let row = only_row(&dearer);
    assert_eq!(row["reasons"], json!("+$1.94 AWS's rate is $1.20, ours $1.006"), "{row}");
}

#[test]
fn an_export_beside_notes_is_held_against_the_hours_noted() {
    let notes = "region,instance_id,instance_type,start,end\n\
                 us-east-1,i-0a11ce0000000001,g5.xlarge,2024-09-02T00:00:00Z,2024-09-02T08:00:00Z\n";
    let export = format!("{HEADER}{}", hours("111122223333", "10", "10.06", "Standard"));
    let lab = lab_with(&[("notes.csv", notes.to_owned()), ("export.csv", export)]);
    let row = only_row(&lab);
    assert_eq!((&row["our_quantity"], &row["aws_quantity"]), (&json!("8"), &json!("10")), "{row}");
    assert_eq!(row["verdict"], json!("unexplained"));
    assert_eq!(row["reasons"], json!("+$2.01 AWS counts 2 instance-hours more than is recorded"));
}

#[test]
fn hours_that_a_commitment_covers_are_billed_nothing_and_explained() {
    let lab = lab_with(&[("export.csv", format!("{HEADER}{}", hours("111122223333", "10", "0", "Committed")))]);
    let row = only_row(&lab);
    assert_eq!((&row["verdict"], &row["difference_usd"]), (&json!("explained"), &json!("-10.06")), "{row}");
}

#[test]
fn which_account_is_asked_where_there_are_several_and_no_export_is_said() {
    let both = format!(
        "{HEADER}{}{}",
        hours("111122223333", "10", "10.06", "Standard"),
        hours("444455556666", "1", "1.006", "Standard")
    );
    let lab = lab_with(&[("export.csv", both)]);
    let refused = lab.run(&SEPTEMBER);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("--account") && refused.err.contains("444455556666"), "{}", refused.err);
    let one = lab.ok(&[SEPTEMBER.as_slice(), &["--account", "444455556666", "--output", "csv"]].concat());
    assert!(one.contains("1.006") && !one.contains("10.06"), "{one}");
    let refused = lab.run(&["reconcile", "--from-exports", "--month", "2024-10"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("no billing export of 2024-10"), "{}", refused.err);
}
