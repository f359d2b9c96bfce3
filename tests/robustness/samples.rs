//! Small valid inputs, to be imported or broken.

use gpucost::money::Usd;
use gpucost::quantity::parse_decimal;

pub const NOTES: &str = "\
region,instance_id,instance_type,start,end,hours_per_day,volumes
us-east-1,i-a,p2.xlarge,2026-10-01,2026-11-01,2,gp2:75
us-east-1,i-b,p3.2xlarge,2026-10-05T08:00:00Z,2026-10-05T19:30:00Z,,
us-east-1,i-b,p3.2xlarge,2026-10-12T07:15:00Z,2026-10-13T02:45:20Z,,
";

pub const INSTANCES: &str = r#"{
  "Reservations": [
    {
      "OwnerId": "111122223333",
      "Instances": [
        {
          "InstanceId": "i-c",
          "InstanceType": "g5.xlarge",
          "LaunchTime": "2026-09-14T08:02:11+00:00",
          "Placement": { "AvailabilityZone": "us-east-1b" },
          "State": { "Code": 80, "Name": "stopped" },
          "StateTransitionReason": "User initiated (2026-09-16 18:40:05 GMT)",
          "BlockDeviceMappings": [
            { "DeviceName": "/dev/sda1", "Ebs": { "VolumeId": "vol-c", "AttachTime": "2026-09-14T08:02:12Z" } }
          ]
        }
      ]
    }
  ]
}
"#;

pub const VOLUMES: &str = r#"{
  "Volumes": [
    {
      "VolumeId": "vol-c",
      "VolumeType": "gp3",
      "Size": 500,
      "CreateTime": "2026-09-14T08:02:12Z",
      "State": "in-use",
      "AvailabilityZone": "us-east-1b"
    }
  ]
}
"#;

pub const SNAPSHOTS: &str = r#"{
  "Snapshots": [
    { "SnapshotId": "snap-a", "VolumeId": "vol-c", "VolumeSize": 500, "StartTime": "2026-09-20T00:00:00Z" }
  ]
}
"#;

/// A FOCUS 1.0 export of one p3.2xlarge, an hour a row; `hours[i]` is the quantity of hour i.
pub fn focus(hours: &[&str]) -> String {
    let mut text = String::from(
        "BilledCost,BillingCurrency,ChargeCategory,ChargeDescription,ChargePeriodEnd,ChargePeriodStart,EffectiveCost,\
         ListCost,ListUnitPrice,PricingCategory,PricingQuantity,PricingUnit,ProviderName,RegionId,ResourceId,\
         ServiceName,SkuId,SkuPriceId,SubAccountId\n",
    );
    for (i, quantity) in hours.iter().enumerate() {
        let (day, hour) = (1 + i / 24, i % 24);
        let amount = parse_decimal(quantity).expect("a number");
        let cost = Usd::of_line_item(amount, "3.06".parse().expect("a rate")).expect("a cost").exact();
        let start = format!("2026-10-{day:02} {hour:02}:00:00");
        let end = format!("2026-10-{day:02} {hour:02}:59:59");
        text += &format!(
            "{cost},USD,Usage,$3.06 per On Demand Linux p3.2xlarge Instance Hour,{end},{start},{cost},{cost},3.06,\
             Standard,{quantity},Hours,AWS,us-east-1,i-focus,Amazon Elastic Compute Cloud,SKU,SKU.TERM.RATE,111122223333\n"
        );
    }
    text
}
