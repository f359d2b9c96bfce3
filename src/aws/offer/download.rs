//! A region's rates from the files AWS publishes: no account, no credentials.

use jiff::Timestamp;

use crate::aws::offer::error::OfferError;
use crate::aws::offer::index;
use crate::aws::offer::mirror::Mirror;
use crate::aws::offer::savings_plans::SavingsPlanScan;
use crate::aws::offer::scan::OfferScan;
use crate::aws::offer::transfer::{Progress, Reader, Transferred, transfer};
use crate::catalog::{Published, PublishedSavingsPlans};

/// What there is since the copy whose ETag is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched<T> {
    /// AWS has published nothing since.
    Unchanged,
    /// It carries its own ETag.
    New(T),
}

/// The EC2 and EBS rates of a region or zone. A us-east-1 file has hundreds of MB: it is read as it comes.
///
/// # Errors
/// If it cannot be had whole, or if it cannot be taken for what it says; nothing is half taken.
pub fn fetch_region(
    mirror: &Mirror,
    region: &str,
    families: &[String],
    known_etag: Option<&str>,
    progress: impl FnMut(Progress),
    now: Timestamp,
) -> Result<Fetched<Published>, OfferError> {
    let reader = Reader { fresh: || OfferScan::new(region, families), feed: OfferScan::feed };
    let file = csv_path(mirror, index::OFFERS, region)?;
    fetch(mirror, &file, known_etag, &reader, progress, |scan, etag| {
        scan.finish(now).map(|published| Published { etag, ..published })
    })
}

/// The Savings Plan rates of a region.
///
/// # Errors
/// As [`fetch_region`].
pub fn fetch_savings_plans(
    mirror: &Mirror,
    region: &str,
    families: &[String],
    known_etag: Option<&str>,
    progress: impl FnMut(Progress),
    now: Timestamp,
) -> Result<Fetched<PublishedSavingsPlans>, OfferError> {
    let reader = Reader { fresh: || SavingsPlanScan::new(region, families), feed: SavingsPlanScan::feed };
    let file = csv_path(mirror, index::SAVINGS_PLANS, region)?;
    fetch(mirror, &file, known_etag, &reader, progress, |scan, etag| {
        scan.finish(now).map(|published| PublishedSavingsPlans { etag, ..published })
    })
}

fn fetch<S, T, F: Fn() -> S>(
    mirror: &Mirror,
    path: &str,
    known_etag: Option<&str>,
    reader: &Reader<S, F>,
    mut progress: impl FnMut(Progress),
    finish: impl FnOnce(S, Option<String>) -> Result<T, OfferError>,
) -> Result<Fetched<T>, OfferError> {
    match transfer(mirror, path, known_etag, reader, &mut progress)? {
        Transferred::Unchanged => Ok(Fetched::Unchanged),
        Transferred::Whole { read, etag } => match finish(read, etag) {
            Ok(published) => Ok(Fetched::New(published)),
            Err(fault) => Err(OfferError::Content { url: mirror.url(path), fault: Box::new(fault) }),
        },
    }
}

fn csv_path(mirror: &Mirror, index: &str, region: &str) -> Result<String, OfferError> {
    if region.starts_with("cn-") {
        return Err(OfferError::OtherCurrency { region: region.to_owned() });
    }
    let reader = Reader { fresh: Vec::new, feed: take_index };
    match transfer(mirror, index, None, &reader, &mut |_| ())? {
        Transferred::Whole { read, .. } => index::csv_path(&read, region).map_err(|fault| match fault {
            OfferError::NotAList { .. } => OfferError::Content { url: mirror.url(index), fault: Box::new(fault) },
            other => other,
        }),
        Transferred::Unchanged => Err(OfferError::Truncated { why: "its index is not there".to_owned() }),
    }
}

fn take_index(index: &mut Vec<u8>, chunk: &[u8]) -> Result<(), OfferError> {
    if index.len() + chunk.len() > index::MOST_BYTES {
        return Err(OfferError::NotAList { begins: String::from_utf8_lossy(chunk).chars().take(80).collect() });
    }
    index.extend_from_slice(chunk);
    Ok(())
}

#[cfg(test)]
#[path = "download_tests.rs"]
mod tests;
