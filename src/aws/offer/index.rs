//! Which file has a region's rates now.

use serde::Deserialize;
use strsim::damerau_levenshtein;

use crate::aws::offer::OfferError;

/// The offers of EC2, region by region.
pub(super) const OFFERS: &str = "/offers/v1.0/aws/AmazonEC2/current/region_index.json";
/// The Compute and EC2 Instance Savings Plans, region by region.
pub(super) const SAVINGS_PLANS: &str = "/savingsPlan/v1.0/aws/AWSComputeSavingsPlan/current/region_index.json";

/// An index is some 60 kB: what is larger is something else.
pub(super) const MOST_BYTES: usize = 4 << 20;
/// Names offered for one that is not there, and edits they are away from it at most.
const SUGGESTIONS: usize = 3;
const MOST_EDITS: usize = 2;

#[derive(Debug, Deserialize)]
struct Index {
    regions: Regions,
}

/// Offers have an object, Savings Plans a list.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Regions {
    Named(std::collections::BTreeMap<String, File>),
    Listed(Vec<File>),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    region_code: String,
    #[serde(alias = "versionUrl")]
    current_version_url: String,
}

/// The path of the region's CSV file, beside the JSON file that the index names.
pub(super) fn csv_path(index: &[u8], region: &str) -> Result<String, OfferError> {
    let no_index = || {
        let begins = String::from_utf8_lossy(index.get(..200).unwrap_or(index)).chars().take(80).collect();
        OfferError::NotAList { begins }
    };
    let index: Index = serde_json::from_slice(index).map_err(|_| no_index())?;
    let files: Vec<File> = match index.regions {
        Regions::Named(files) => files.into_values().collect(),
        Regions::Listed(files) => files,
    };
    let Some(file) = files.iter().find(|file| file.region_code == region) else {
        return Err(OfferError::UnknownRegion { region: region.to_owned(), nearest: nearest(region, &files) });
    };
    // A path of the same server, whatever the index says.
    let path = file.current_version_url.strip_suffix(".json").filter(|path| path.starts_with("/"));
    let path = path.filter(|path| path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte)));
    path.map(|path| format!("{path}.csv")).ok_or_else(no_index)
}

fn nearest(region: &str, files: &[File]) -> Vec<String> {
    let wanted: String = region.chars().take(40).collect();
    let mut found: Vec<(usize, &str)> = files
        .iter()
        .map(|file| (damerau_levenshtein(&wanted, &file.region_code), file.region_code.as_str()))
        .filter(|(edits, _)| *edits <= MOST_EDITS)
        .collect();
    found.sort_unstable();
    found.into_iter().take(SUGGESTIONS).map(|(_, code)| code.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERS: &[u8] = br#"{"formatVersion":"v1.0","disclaimer":"x","publicationDate":"2026-09-10T19:55:14Z","regions":{
        "us-east-1":{"regionCode":"us-east-1","currentVersionUrl":"/offers/v1.0/aws/AmazonEC2/20260910195514/us-east-1/index.json"},
        "us-west-2-den-1":{"regionCode":"us-west-2-den-1","currentVersionUrl":"/offers/v1.0/aws/AmazonEC2/20260910195514/us-west-2-den-1/index.json"}}}"#;
    const PLANS: &[u8] =
        br#"{"disclaimer":"x","publicationDate":"2025-09-11T18:44:47Z","regions":[{"regionCode":"ap-east-2",
        "versionUrl":"/savingsPlan/v1.0/aws/AWSComputeSavingsPlan/20250911184447/ap-east-2/index.json"}]}"#;

    #[test]
    fn a_regions_csv_is_beside_its_json() {
        let path = csv_path(OFFERS, "us-east-1").expect("a region");
        assert_eq!(path, "/offers/v1.0/aws/AmazonEC2/20260910195514/us-east-1/index.csv");
        let path = csv_path(PLANS, "ap-east-2").expect("a region");
        assert_eq!(path, "/savingsPlan/v1.0/aws/AWSComputeSavingsPlan/20250911184447/ap-east-2/index.csv");
    }

    #[test]
    fn a_region_that_is_not_there_names_the_nearest() {
        let error = csv_path(OFFERS, "us-east-2").expect_err("another region");
        assert_eq!(error.to_string(), "AWS publishes no price list of `us-east-2`");
        assert_eq!(error.hint().as_deref(), Some("did you mean us-east-1?"));
        let error = csv_path(OFFERS, "mars-north-1").expect_err("another planet");
        assert!(error.hint().is_some_and(|hint| hint.contains("us-west-2")), "{:?}", error.hint());
    }

    #[test]
    fn what_is_no_index_says_how_it_begins() {
        for index in ["", "<html>Sorry</html>", "{}", "[]", r#"{"regions":{"a":{}}}"#] {
            assert!(csv_path(index.as_bytes(), "us-east-1").expect_err(index).to_string().contains("no price list"));
        }
        for path in ["https://elsewhere.example/index.json", "//elsewhere/../index.json?x", "/index.csv"] {
            let index = format!(r#"{{"regions":[{{"regionCode":"a-1","versionUrl":"{path}"}}]}}"#);
            assert!(csv_path(index.as_bytes(), "a-1").is_err(), "{path}");
        }
    }

    #[test]
    fn every_one_of_hundreds_of_regions_is_found() {
        let file = |at| format!(r#"{{"regionCode":"r-{at}","versionUrl":"/v/{at}/index.json"}}"#);
        let files: Vec<String> = (0..300).map(file).collect();
        let index = format!(r#"{{"regions":[{}]}}"#, files.join(","));
        for at in 0..300 {
            assert_eq!(csv_path(index.as_bytes(), &format!("r-{at}")).expect("a region"), format!("/v/{at}/index.csv"));
        }
    }
}
