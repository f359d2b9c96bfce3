//! Rates from the public offer files, with a progress bar where someone sees it.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use super::error::Failure;
use crate::aws::offer::{Fetched, Mirror, OfferError, Patience, Progress, fetch_region, fetch_savings_plans};
use crate::catalog::{Publication, Published};

/// Where the files are, if not at AWS: a mirror, or a test's server.
const OFFERS_URL: &str = "GPUCOST_OFFERS_URL";

impl From<OfferError> for Failure {
    fn from(error: OfferError) -> Failure {
        let hint = error.hint();
        Failure { hint, ..Failure::new(error) }
    }
}

pub(super) fn mirror() -> Result<Mirror, Failure> {
    let base = std::env::var(OFFERS_URL).ok().filter(|base| !base.is_empty());
    Ok(Mirror::new(base.as_deref(), Patience::USUAL)?)
}

/// A region's rates, unless its file is still the one that `old` was read from.
pub(super) fn fetch_offer_file(
    mirror: &Mirror,
    region: &str,
    families: &[String],
    old: Option<&Published>,
    now: Timestamp,
) -> Result<Published, Failure> {
    // Of other families the same file has other rows.
    let same = old.filter(|old| old.publication == Publication::OfferFile && old.families == families);
    let bar = bar(format!("{region}: rates"));
    let etag = same.and_then(|old| old.etag.as_deref());
    let fetched = fetch_region(mirror, region, families, etag, |progress| advance(&bar, progress), now);
    bar.finish_and_clear();
    match (fetched?, same) {
        (Fetched::New(published), _) => Ok(published),
        (Fetched::Unchanged, Some(old)) => Ok(Published { fetched_at: now, ..old.clone() }),
        (Fetched::Unchanged, None) => Err(Failure::new(format!("{region}: the file that was asked for did not come"))),
    }
}

/// Puts the region's Savings Plan rates into `published`, or leaves those of `old` there.
pub(super) fn add_savings_plans(
    published: &mut Published,
    mirror: &Mirror,
    old: Option<&Published>,
    now: Timestamp,
) -> Result<(), Failure> {
    let old_plans = old.and_then(|old| old.savings_plans.as_ref());
    let same = old_plans.filter(|_| old.is_some_and(|old| old.families == published.families));
    let bar = bar(format!("{}: Savings Plans", published.region));
    let (etag, families) = (same.and_then(|plans| plans.etag.as_deref()), &published.families);
    let fetched =
        fetch_savings_plans(mirror, &published.region, families, etag, |progress| advance(&bar, progress), now);
    bar.finish_and_clear();
    match fetched? {
        Fetched::New(plans) => published.savings_plans = Some(plans),
        Fetched::Unchanged => {}
    }
    Ok(())
}

/// On a terminal alone: bytes, and the time that is left.
fn bar(what: String) -> ProgressBar {
    let bar = ProgressBar::hidden();
    if std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::stderr());
    }
    let style = "{msg} {bytes} of {total_bytes} [{bar:30}] {eta} left";
    bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what);
    bar
}

fn advance(bar: &ProgressBar, progress: Progress) {
    if let Some(total) = progress.total {
        bar.set_length(total);
    }
    bar.set_position(progress.received);
}
