//! Answers of Cost Explorer, kept beside the ledger: one file for each account and month. They were paid for.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::atomic::io_error;
use super::{StoreError, write_file};
use crate::billing::reconcile::AwsCharge;
use crate::time::{Month, midnight};

/// How long the answer about a month that is not closed is taken for today's. AWS updates billing data up to three
/// times a day and advises to keep answers rather than to ask for each reader.
/// <https://docs.aws.amazon.com/cost-management/latest/userguide/ce-api-best-practices.html> (read 2026-11-23)
const OPEN_FOR: SignedDuration = SignedDuration::from_hours(24);

/// A month is not taken for closed sooner after its end, whatever the answer says: late usage may still come in.
const CLOSES_AFTER: SignedDuration = SignedDuration::from_hours(5 * 24);

/// What Cost Explorer said of one account's month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostAnswer {
    pub account: String,
    /// `2026-10`
    pub month: String,
    /// The day after the last one asked about.
    pub through: Date,
    pub asked_at: Timestamp,
    /// Some days were estimates of AWS's.
    pub estimated: bool,
    /// How many were paid for.
    pub requests: u32,
    pub charges: Vec<AwsCharge>,
}

impl CostAnswer {
    /// Whether AWS has closed its books on the month: it never has to be asked for again.
    pub fn is_closed(&self, month: Month) -> bool {
        let end = month.period().end;
        !self.estimated && midnight(self.through) >= end && self.asked_at.duration_since(end) >= CLOSES_AFTER
    }

    /// Whether it stands for what AWS would say now.
    pub fn is_fresh(&self, month: Month, now: Timestamp) -> bool {
        self.is_closed(month) || now.duration_since(self.asked_at).abs() < OPEN_FOR
    }
}

/// Where the answers are kept: in a folder named after the ledger.
pub fn cost_cache(ledger: &Path) -> PathBuf {
    ledger.with_extension("cost-explorer")
}

fn file_of(ledger: &Path, account: &str, month: Month) -> PathBuf {
    cost_cache(ledger).join(format!("{account}-{month}.json"))
}

/// The answer kept about an account's month. A damaged one is as good as none.
///
/// # Errors
/// A file that is there and cannot be read.
pub fn load_costs(ledger: &Path, account: &str, month: Month) -> Result<Option<CostAnswer>, StoreError> {
    let path = file_of(ledger, account, month);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::InvalidData) => {
            return Ok(None);
        }
        Err(error) => return Err(io_error("read", &path, error)),
    };
    let answer: Option<CostAnswer> = serde_json::from_str(&text).ok();
    Ok(answer.filter(|answer| answer.account == account && answer.month == month.to_string()))
}

/// The accounts that an answer about a month is kept of.
///
/// # Errors
/// A folder that cannot be read.
pub fn accounts_with_costs(ledger: &Path, month: Month) -> Result<Vec<String>, StoreError> {
    let folder = cost_cache(ledger);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io_error("read", &folder, error)),
    };
    let ending = format!("-{month}.json");
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut accounts: Vec<String> = names.filter_map(|name| Some(name.strip_suffix(&ending)?.to_owned())).collect();
    accounts.sort();
    Ok(accounts)
}

/// Keeps an answer in place of an earlier one.
///
/// # Errors
/// A folder that cannot be written, a full disk.
pub fn keep_costs(ledger: &Path, month: Month, answer: &CostAnswer) -> Result<(), StoreError> {
    let path = file_of(ledger, &answer.account, month);
    let text = serde_json::to_vec_pretty(answer).map_err(|e| io_error("write", &path, e.into()))?;
    write_file(&path, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(through: &str, asked_at: &str, estimated: bool) -> CostAnswer {
        CostAnswer {
            account: "123456789012".to_owned(),
            month: "2026-10".to_owned(),
            through: through.parse().expect("a day"),
            asked_at: asked_at.parse().expect("a time"),
            estimated,
            requests: 1,
            charges: Vec::new(),
        }
    }

    #[test]
    fn a_month_is_closed_when_it_is_over_and_aws_estimates_no_more() {
        let october: Month = "2026-10".parse().expect("a month");
        for (through, asked_at, estimated, closed) in [
            ("2026-11-01", "2026-11-09T00:00:00Z", false, true),
            ("2026-11-01", "2026-11-09T00:00:00Z", true, false),
            ("2026-11-01", "2026-11-02T00:00:00Z", false, false),
            ("2026-10-20", "2026-10-20T12:00:00Z", false, false),
        ] {
            let answer = answer(through, asked_at, estimated);
            assert_eq!(answer.is_closed(october), closed, "{answer:?}");
            let at = |text: &str| text.parse::<Timestamp>().expect("a time");
            assert_eq!(answer.is_fresh(october, at("2027-11-09T00:00:00Z")), closed);
            assert!(answer.is_fresh(october, answer.asked_at));
        }
    }

    #[test]
    fn what_was_kept_is_found_again_and_a_damaged_file_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = folder.path().join("ledger.db");
        let october: Month = "2026-10".parse().expect("a month");
        assert_eq!(load_costs(&ledger, "123456789012", october).expect("readable"), None);
        let kept = answer("2026-11-01", "2026-11-09T00:00:00Z", false);
        keep_costs(&ledger, october, &kept).expect("it is kept");
        assert_eq!(load_costs(&ledger, "123456789012", october).expect("readable"), Some(kept));
        assert_eq!(accounts_with_costs(&ledger, october).expect("readable"), ["123456789012"]);
        std::fs::write(file_of(&ledger, "123456789012", october), "{").expect("damaged");
        assert_eq!(load_costs(&ledger, "123456789012", october).expect("readable"), None);
    }
}
