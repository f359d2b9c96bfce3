//! One product of the price list, as the Query API writes it: a JSON document in a string.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::offer::OfferLine;

/// A SKU with its terms.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Product {
    product: Sku,
    /// By `OnDemand` and `Reserved`, then by `SKU.OfferTermCode`.
    #[serde(default)]
    terms: BTreeMap<String, BTreeMap<String, Term>>,
    publication_date: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sku {
    sku: String,
    #[serde(default)]
    product_family: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term {
    offer_term_code: String,
    #[serde(default)]
    effective_date: String,
    #[serde(default)]
    term_attributes: BTreeMap<String, String>,
    #[serde(default)]
    price_dimensions: BTreeMap<String, PriceDimension>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PriceDimension {
    rate_code: String,
    unit: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    begin_range: String,
    #[serde(default)]
    end_range: String,
    /// By currency.
    price_per_unit: BTreeMap<String, String>,
}

impl Product {
    /// # Errors
    /// What the document lacks.
    pub(super) fn parse(text: &str) -> Result<Product, String> {
        serde_json::from_str(text).map_err(|error| format!("a product that can be read ({error})"))
    }

    pub(super) fn published_at(&self) -> Result<Timestamp, String> {
        self.publication_date.parse().map_err(|_| format!("a publication date of {}", self.product.sku))
    }

    /// A line for each price, as the offer file has it. A price in no dollars keeps its currency, so that it is not
    /// taken for one in dollars.
    pub(super) fn lines(&self) -> impl Iterator<Item = OfferLine<'_>> {
        self.terms.iter().flat_map(move |(term_type, terms)| {
            terms.values().flat_map(move |term| {
                term.price_dimensions.values().filter_map(move |price| self.line(term_type, term, price))
            })
        })
    }

    fn line<'a>(&'a self, term_type: &'a str, term: &'a Term, price: &'a PriceDimension) -> Option<OfferLine<'a>> {
        let attribute = |name: &str| self.product.attributes.get(name).map_or("", String::as_str);
        let of_term = |name: &str| term.term_attributes.get(name).map_or("", String::as_str);
        let dollars = price.price_per_unit.get_key_value("USD");
        let (currency, price_per_unit) = dollars.or_else(|| price.price_per_unit.iter().next())?;
        Some(OfferLine {
            sku: &self.product.sku,
            offer_term_code: &term.offer_term_code,
            rate_code: &price.rate_code,
            term_type,
            price_description: &price.description,
            unit: &price.unit,
            price_per_unit,
            currency,
            lease_contract_length: of_term("LeaseContractLength"),
            purchase_option: of_term("PurchaseOption"),
            offering_class: of_term("OfferingClass"),
            product_family: &self.product.product_family,
            region_code: attribute("regionCode"),
            location_type: attribute("locationType"),
            instance_type: attribute("instanceType"),
            vcpu: attribute("vcpu"),
            memory: attribute("memory"),
            gpu: attribute("gpu"),
            gpu_memory: attribute("gpuMemory"),
            operating_system: attribute("operatingSystem"),
            tenancy: attribute("tenancy"),
            pre_installed_sw: attribute("preInstalledSw"),
            capacity_status: attribute("capacitystatus"),
            market_option: attribute("marketoption"),
            usage_type: attribute("usagetype"),
            operation: attribute("operation"),
            group: attribute("group"),
            volume_api_name: attribute("volumeApiName"),
            starting_range: &price.begin_range,
            ending_range: &price.end_range,
            effective_date: &term.effective_date,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::offer::Collector;
    use crate::catalog::{Listing, Publication};

    /// As AWS wrote it on 2026-09-10, without the attributes that say nothing of the rate.
    fn document(market: &str, usd: &str) -> String {
        format!(
            r#"{{"product":{{"productFamily":"Compute Instance","sku":"DY2XVQ4WPT7BKDCH","attributes":{{
            "capacitystatus":"Used","gpu":"1","gpuMemory":"16 GB","instanceType":"g4dn.xlarge","location":
            "US West (Oregon)","locationType":"AWS Region","marketoption":"{market}","memory":"16 GiB",
            "operatingSystem":"Linux","operation":"RunInstances","preInstalledSw":"NA","regionCode":"us-west-2",
            "tenancy":"Shared","usagetype":"USW2-BoxUsage:g4dn.xlarge","vcpu":"4"}}}},"serviceCode":"AmazonEC2",
            "terms":{{"OnDemand":{{"DY2XVQ4WPT7BKDCH.JRTCKXETXF":{{"priceDimensions":{{
            "DY2XVQ4WPT7BKDCH.JRTCKXETXF.6YS6EN2CT7":{{"unit":"Hrs","endRange":"Inf","description":
            "$0.526 per On Demand Linux g4dn.xlarge Instance Hour","appliesTo":[],"rateCode":
            "DY2XVQ4WPT7BKDCH.JRTCKXETXF.6YS6EN2CT7","beginRange":"0","pricePerUnit":{{"USD":"{usd}"}}}}}},
            "sku":"DY2XVQ4WPT7BKDCH","effectiveDate":"2026-09-01T00:00:00Z","offerTermCode":"JRTCKXETXF",
            "termAttributes":{{}}}}}}}},"version":"20260910195514","publicationDate":"2026-09-10T19:55:14Z"}}"#
        )
    }

    fn listing(market: &str, usd: &str) -> Listing {
        let text = document(market, usd);
        let product = Product::parse(&text).expect("a product");
        let mut collector = Collector::new("us-west-2", &["g".to_owned()]);
        product.lines().for_each(|line| collector.take(&line).expect("a price"));
        let at = product.published_at().expect("a date");
        let published = collector.finish(Publication::PricingApi, at, at);
        published.on_demand[0].listing
    }

    #[test]
    fn a_product_is_a_line_for_each_of_its_prices() {
        assert_eq!(listing("OnDemand", "0.5260000000"), Listing::OnDemand("0.526".parse().expect("dollars")));
        assert_eq!(listing("CapacityBlock", "0.0000000000"), Listing::CapacityBlockOnly);
    }

    #[test]
    fn what_is_no_product_is_said_and_a_price_in_no_dollars_is_none() {
        assert!(Product::parse("<html>").is_err());
        assert!(Product::parse("{}").expect_err("no product").contains("missing field"));
        let yuan = document("OnDemand", "3.5").replace("\"USD\"", "\"CNY\"");
        let product = Product::parse(&yuan).expect("a product");
        let line = product.lines().next().expect("a line");
        assert!(Collector::new("us-west-2", &["g".to_owned()]).take(&line).is_err());
    }
}
