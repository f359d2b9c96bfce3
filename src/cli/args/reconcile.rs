//! `gpucost reconcile` and `gpucost usage import --from-cost-explorer`, as typed.

use clap::Args;

#[derive(Args, Debug)]
#[command(after_help = RECONCILE_HELP)]
pub struct ReconcileArgs {
    /// The calendar month, YYYY-MM
    #[arg(long, value_name = "MONTH")]
    pub month: String,
    /// Each day of the month
    #[arg(long)]
    pub daily: bool,
    /// Against the billing exports that the ledger has, free of charge
    #[arg(long)]
    pub from_exports: bool,
    /// The account to compare [default: the credentials' own]
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    #[cfg(feature = "aws")]
    #[command(flatten)]
    pub charge: ChargeArgs,
}

const RECONCILE_HELP: &str = "\
AWS charges $0.01 for each request to Cost Explorer, and each page of an answer
is a request. Before it asks, gpucost says so and waits for a yes. Answers are
kept beside the ledger: of closed months for ever, of open ones for a day.

agrees         quantity and cost differ by at most 0.1 %, or by less than a cent
within bounds  AWS's quantity lies between what surely ran and what may have
explained      every cent of the difference has a reason
unexplained    the rest

It needs the IAM action ce:GetCostAndUsage.";

/// What asking Cost Explorer may cost.
#[cfg(feature = "aws")]
#[derive(Args, Debug)]
pub struct ChargeArgs {
    /// Never pay AWS more than this for asking
    #[arg(long, value_name = "USD", default_value = "0.10")]
    pub max_usd: String,
    /// Agree to the charge without being asked
    #[arg(long, short)]
    pub yes: bool,
    /// Ask again, and pay again, for what is kept
    #[arg(long)]
    pub refresh: bool,
}

/// Hours of months before the tracker.
#[cfg(feature = "aws")]
#[derive(Args, Debug)]
pub struct FromCostExplorerArgs {
    /// Record Cost Explorer's daily totals of --month instead of files: $0.01 a request
    #[arg(long, requires = "month", help_heading = "From Cost Explorer")]
    pub from_cost_explorer: bool,
    /// The calendar month, YYYY-MM
    #[arg(long, value_name = "MONTH", requires = "from_cost_explorer", help_heading = "From Cost Explorer")]
    pub month: Option<String>,
    /// The last month of several
    #[arg(long, value_name = "MONTH", requires = "from_cost_explorer", help_heading = "From Cost Explorer")]
    pub to: Option<String>,
    /// The account [default: the credentials' own]
    #[arg(long, value_name = "ID", requires = "from_cost_explorer", help_heading = "From Cost Explorer")]
    pub account: Option<String>,
    #[command(flatten, next_help_heading = "From Cost Explorer")]
    pub charge: ChargeArgs,
}
