//! `gpucost advise` as typed.

use clap::Args;

#[cfg(feature = "aws")]
use super::actions::{ApplyConsentArgs, ConsentArgs};

#[derive(Args, Debug)]
pub struct AdviseArgs {
    /// Advise as of the end of this calendar month, YYYY-MM, or as of now if it is not over
    #[arg(long, value_name = "MONTH")]
    pub month: Option<String>,
    /// Leave out findings that save less a month [default: 1]
    #[arg(long, value_name = "USD")]
    pub min_usd: Option<String>,
    /// Exit with 3 if there is any finding
    #[arg(long)]
    pub fail_on_findings: bool,
    /// Also list what tags, the config file and snoozes suppress
    #[arg(long)]
    pub suppressed: bool,
    /// Put this finding off (with --until)
    #[arg(long, value_name = "ID", requires = "until", conflicts_with_all = ["unsnooze", "month"])]
    pub snooze: Option<String>,
    /// The day until which --snooze puts a finding off
    #[arg(long, value_name = "DATE", requires = "snooze")]
    pub until: Option<String>,
    /// End the snooze of this finding
    #[arg(long, value_name = "ID")]
    pub unsnooze: Option<String>,
    /// Do what is recommended for the findings of this rule, after a look and a confirmation (repeat it for several)
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "RULE", conflicts_with_all = ["snooze", "unsnooze"])]
    pub apply: Vec<String>,
    /// Only of these resources; --yes needs them
    #[cfg(feature = "aws")]
    #[arg(long = "id", value_name = "ID", requires = "apply")]
    pub ids: Vec<String>,
    #[cfg(feature = "aws")]
    #[command(flatten)]
    pub agreed: ApplyConsentArgs,
    #[cfg(feature = "aws")]
    #[command(flatten)]
    pub consent: ConsentArgs,
}
