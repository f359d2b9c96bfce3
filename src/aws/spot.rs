//! Spot prices of one region over a window of days.
//!
//! The answer begins with the price in force when the window began.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html> (read 2026-11-23)

use std::collections::BTreeMap;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::primitives::DateTime;
use aws_sdk_ec2::types::{Filter, SpotPrice as Row};
use jiff::Timestamp;

use super::{Account, AwsError};
use crate::catalog::{SpotHistory, SpotPrice};
use crate::money::Usd;
use crate::time::Period;

const PRICES: &str = "ec2:DescribeSpotPriceHistory";
const ZONES: &str = "ec2:DescribeAvailabilityZones";
const LINUX: &str = "Linux/UNIX";
/// Values that EC2 takes in one filter.
const TYPES_AT_ONCE: usize = 200;

/// What the types of these families cost on spot in each zone.
///
/// # Errors
/// What AWS, or the way to it, said no with.
pub async fn fetch_spot(
    account: &Account,
    region: &str,
    types: &[String],
    families: &[String],
    window: Period,
) -> Result<SpotHistory, AwsError> {
    let account = account.in_region(region);
    let client = Client::new(&account.config);
    let mut rows: Vec<Row> = Vec::new();
    for types in types.chunks(TYPES_AT_ONCE) {
        let request = client
            .describe_spot_price_history()
            .product_descriptions(LINUX)
            .start_time(DateTime::from_secs(window.start.as_second()))
            .end_time(DateTime::from_secs(window.end.as_second()))
            // A filter, and not the parameter of types: EC2 refuses that for a type it no longer has.
            .filters(Filter::builder().name("instance-type").set_values(Some(types.to_vec())).build());
        let mut pages = request.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|e| AwsError::from_sdk(PRICES, region, account.profile.as_deref(), e))?;
            rows.extend(page.spot_price_history.unwrap_or_default());
        }
    }
    let needs_ids = rows.iter().any(|row| row.availability_zone_id().is_none());
    let ids = if needs_ids { zone_ids(&client, &account, region).await? } else { BTreeMap::new() };
    let total = rows.len();
    let prices: Vec<SpotPrice> = rows.iter().filter_map(|row| price(row, &ids)).collect();
    let unread = (total - prices.len()) as u64;
    let mut history = SpotHistory::of(region, window, families, prices);
    history.skipped += unread;
    Ok(history)
}

/// Zone names are each account's own; ids are everybody's.
async fn zone_ids(client: &Client, account: &Account, region: &str) -> Result<BTreeMap<String, String>, AwsError> {
    let answer = client.describe_availability_zones().send().await;
    let answer = answer.map_err(|e| AwsError::from_sdk(ZONES, region, account.profile.as_deref(), e))?;
    let zones = answer.availability_zones().iter();
    Ok(zones.filter_map(|zone| Some((zone.zone_name()?.to_owned(), zone.zone_id()?.to_owned()))).collect())
}

/// `None`: a row that does not say what it is of.
fn price(row: &Row, ids: &BTreeMap<String, String>) -> Option<SpotPrice> {
    let named = || row.availability_zone().map(|name| ids.get(name).map_or(name, String::as_str));
    let at = row.timestamp()?;
    Some(SpotPrice {
        instance_type: row.instance_type()?.as_str().to_owned(),
        az_id: row.availability_zone_id().filter(|id| !id.is_empty()).or_else(named)?.to_owned(),
        from: Timestamp::from_second(at.secs()).ok()?,
        usd_per_hour: row.spot_price()?.parse::<Usd>().ok()?,
    })
}
