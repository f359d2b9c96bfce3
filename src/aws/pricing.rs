//! The Price List Query API: the rates of one region, product by product.
//!
//! `GetProducts` of AmazonEC2. Without every one of the seven filters of an on-demand rate, a $0 SKU of a capacity
//! block or of a reservation answers in its place.
//! <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html> (read 2026-11-23)

use std::time::Duration;

use aws_sdk_pricing::Client;
use aws_sdk_pricing::config::Region;
use aws_sdk_pricing::error::ProvideErrorMetadata;
use aws_sdk_pricing::operation::get_products::GetProductsOutput;
use aws_sdk_pricing::types::{Filter, FilterType};
use jiff::Timestamp;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::offer::{Collector, OfferError};
use super::product::Product;
use super::{Account, AwsError};
use crate::catalog::{Publication, Published};

const ACTION: &str = "pricing:GetProducts";
const SERVICE: &str = "AmazonEC2";
/// AWS gives at most this many a page.
const LARGEST_PAGE: i32 = 100;
/// AWS takes about five requests a second; the SDK's own retries need room among them.
const BETWEEN_REQUESTS: Duration = Duration::from_millis(250);

/// Where the API answers, for all regions: the nearest first.
/// <https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html> (read 2026-11-23)
const ENDPOINTS: [(&str, [&str; 3]); 5] = [
    ("eu-", ["eu-central-1", "us-east-1", "ap-south-1"]),
    ("af-", ["eu-central-1", "us-east-1", "ap-south-1"]),
    ("il-", ["eu-central-1", "ap-south-1", "us-east-1"]),
    ("me-", ["ap-south-1", "eu-central-1", "us-east-1"]),
    ("ap-", ["ap-south-1", "us-east-1", "eu-central-1"]),
];
const ELSEWHERE: [&str; 3] = ["us-east-1", "eu-central-1", "ap-south-1"];

/// What an instance's hour on Linux and shared hardware is told from the other SKUs of its type by.
const LINUX: [(&str, &str); 4] =
    [("operatingSystem", "Linux"), ("tenancy", "Shared"), ("preInstalledSw", "NA"), ("capacitystatus", "Used")];
/// How AWS sells it: only on demand has a rate, but a type that is only in blocks is not unknown.
const MARKETS: [&str; 2] = ["OnDemand", "CapacityBlock"];
/// Where EBS's charges stand: volumes, their IOPS and requests, their throughput, snapshots.
const STORAGE: [&str; 5] =
    ["Storage", "System Operation", "Provisioned Throughput", "Storage Snapshot", "Fast Snapshot Restore"];

/// Rates that could not be had of AWS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PricingError {
    #[error(transparent)]
    Aws(#[from] AwsError),
    #[error("{region}: {error}")]
    Offer { region: String, error: OfferError },
}

impl PricingError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            PricingError::Aws(error) => error.hint(),
            PricingError::Offer { error, .. } => error.hint(),
        }
    }
}

/// A listing's next page, or why there is none.
enum Page {
    Failed(AwsError),
    TokenExpired,
}

/// The API, asked for one region after the other at the pace that AWS takes.
pub struct PriceList<'a> {
    account: &'a Account,
    client: Client,
    endpoint: &'static str,
    /// To ask instead, if that one cannot be reached.
    others: Vec<&'static str>,
    turns: Interval,
}

impl<'a> PriceList<'a> {
    /// Must be called within the runtime.
    pub fn of(account: &'a Account) -> PriceList<'a> {
        let home = account.region().unwrap_or_default();
        let [nearest, second, third] = endpoints(home);
        let mut turns = interval(BETWEEN_REQUESTS);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // One address for all regions is not reached better by another region's name.
        let others = if has_one_address(account) { Vec::new() } else { vec![third, second] };
        PriceList { account, client: client(account, nearest), endpoint: nearest, others, turns }
    }

    /// The rates of one region, of types of these families, and of its EBS. `now` is when they are fetched.
    ///
    /// # Errors
    /// What AWS, or the way to it, said no with; a price that is none.
    pub async fn fetch(
        &mut self,
        region: &str,
        families: &[String],
        now: Timestamp,
    ) -> Result<Published, PricingError> {
        let mut collector = Collector::new(region, families);
        let mut published_at: Option<Timestamp> = None;
        let compute = MARKETS.map(|market| {
            let wanted = LINUX.into_iter().chain([("marketoption", market), ("regionCode", region)]);
            wanted.map(|(field, value)| (field, value.to_owned())).collect::<Vec<_>>()
        });
        let storage =
            STORAGE.map(|family| vec![("productFamily", family.to_owned()), ("regionCode", region.to_owned())]);
        for wanted in compute.into_iter().chain(storage) {
            for text in self.list(region, &wanted).await? {
                let product = Product::parse(&text).map_err(|why| incomplete(region, &why))?;
                let at = product.published_at().map_err(|why| incomplete(region, &why))?;
                // Published while it was asked for: what is said of the older holds for all.
                published_at = Some(published_at.map_or(at, |earlier| earlier.min(at)));
                for line in product.lines() {
                    let wrong = |error| PricingError::Offer { region: region.to_owned(), error };
                    collector.take(&line).map_err(wrong)?;
                }
            }
        }
        let published_at = published_at.ok_or_else(|| incomplete(region, "any product of the region"))?;
        Ok(collector.finish(Publication::PricingApi, published_at, now))
    }

    /// All pages of one listing; from its beginning again, once, if its token expired.
    async fn list(&mut self, region: &str, wanted: &[(&str, String)]) -> Result<Vec<String>, AwsError> {
        match self.pages(region, wanted).await {
            Ok(found) => return Ok(found),
            Err(Page::Failed(error)) => return Err(error),
            Err(Page::TokenExpired) => {}
        }
        self.pages(region, wanted).await.map_err(|page| match page {
            Page::Failed(error) => error,
            Page::TokenExpired => AwsError::Request {
                action: ACTION,
                region: self.endpoint.to_owned(),
                why: "the listing expired twice before it was read".to_owned(),
            },
        })
    }

    async fn pages(&mut self, region: &str, wanted: &[(&str, String)]) -> Result<Vec<String>, Page> {
        let filters = filters(wanted).map_err(|why| Page::Failed(incomplete(region, &why)))?;
        let (mut found, mut token) = (Vec::new(), None);
        loop {
            let page = self.page(&filters, token.clone()).await?;
            found.extend(page.price_list.unwrap_or_default());
            let next = page.next_token.filter(|next| !next.is_empty());
            if next.is_none() {
                return Ok(found);
            }
            if next == token {
                return Err(Page::Failed(incomplete(region, "another page: the same one comes again and again")));
            }
            token = next;
        }
    }

    async fn page(&mut self, filters: &[Filter], token: Option<String>) -> Result<GetProductsOutput, Page> {
        loop {
            self.turns.tick().await;
            let request = self.client.get_products().service_code(SERVICE).max_results(LARGEST_PAGE);
            let answer = request.set_filters(Some(filters.to_vec())).set_next_token(token.clone()).send().await;
            let error = match answer {
                Ok(page) => return Ok(page),
                Err(error) => error,
            };
            let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
            if token.is_some() && code.is_some_and(|code| code.contains("NextToken")) {
                return Err(Page::TokenExpired);
            }
            let error = AwsError::from_sdk(ACTION, self.endpoint, self.account.profile.as_deref(), error);
            match self.others.pop().filter(|_| matches!(error, AwsError::Unreachable { .. })) {
                Some(other) => {
                    (self.client, self.endpoint) = (client(self.account, other), other);
                    // Its tokens are its own.
                    if token.is_some() {
                        return Err(Page::TokenExpired);
                    }
                }
                None => return Err(Page::Failed(error)),
            }
        }
    }
}

fn endpoints(home: &str) -> [&'static str; 3] {
    ENDPOINTS.iter().find(|(prefix, _)| home.starts_with(prefix)).map_or(ELSEWHERE, |(_, order)| *order)
}

fn client(account: &Account, endpoint: &'static str) -> Client {
    let config = aws_sdk_pricing::config::Builder::from(&account.config).region(Region::new(endpoint)).build();
    Client::from_conf(config)
}

fn has_one_address(account: &Account) -> bool {
    let set = std::env::var_os("AWS_ENDPOINT_URL_PRICING").is_some_and(|url| !url.is_empty());
    set || account.config.endpoint_url().is_some()
}

fn filters(wanted: &[(&str, String)]) -> Result<Vec<Filter>, String> {
    let filter = |(field, value): &(&str, String)| {
        Filter::builder().field(*field).value(value).r#type(FilterType::TermMatch).build().map_err(|e| e.to_string())
    };
    wanted.iter().map(filter).collect()
}

fn incomplete(region: &str, what: &str) -> AwsError {
    AwsError::Incomplete { action: ACTION, region: region.to_owned(), what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_region_has_a_nearest_endpoint_and_two_more() {
        for (home, nearest) in [
            ("us-west-2", "us-east-1"),
            ("eu-west-1", "eu-central-1"),
            ("ap-northeast-1", "ap-south-1"),
            ("sa-east-1", "us-east-1"),
            ("", "us-east-1"),
        ] {
            let mut order = endpoints(home);
            assert_eq!(order[0], nearest, "{home}");
            order.sort_unstable();
            assert_eq!(order, ["ap-south-1", "eu-central-1", "us-east-1"], "{home}");
        }
    }
}
