//! `gpucost alerts`, as typed.

use clap::{Args, Subcommand};

#[derive(Args, Debug)]
pub struct AlertsArgs {
    #[command(subcommand)]
    pub command: AlertsCommand,
}

#[derive(Subcommand, Debug)]
pub enum AlertsCommand {
    /// Decide what is new, worse or over, and tell each channel once
    #[command(after_help = RUN_HELP)]
    Run(AlertsRunArgs),
    /// Send a test message to one channel; nothing is recorded
    Test(AlertsTestArgs),
    /// The findings that are open, and since when
    List,
    /// All that was told, newest first, and what became of it on each channel
    History(AlertsHistoryArgs),
}

const RUN_HELP: &str = "\
Made for cron and systemd; `gpucost track` does the same after each look once
channels are in the config file (docs/alerts.md). A finding is told when it is
new, when it passes 7, 30 or 60 days or $10, $100 or $1000, and when it is over;
reminders come after 1, 3 and 7 days and weekly. Exit codes: 0 told or nothing to
tell, 3 something is open (with --fail-on-findings), 4 a channel did not take it:
it is sent in the next run.";

#[derive(Args, Debug, Default)]
pub struct AlertsRunArgs {
    /// Only to this channel of the config file, or `terminal` (repeat it for several) [default: all of them]
    #[arg(long = "channel", value_name = "NAME")]
    pub channels: Vec<String>,
    /// Exit with 3 if any finding is open
    #[arg(long)]
    pub fail_on_findings: bool,
    /// Leave out findings that save less a month [default: 1]
    #[arg(long, value_name = "USD")]
    pub min_usd: Option<String>,
    /// Tell when a calendar month passes 50, 80 or 100 % of this, so far or as forecast
    #[arg(long, value_name = "USD")]
    pub budget_usd: Option<String>,
    /// The same for each instance with its volumes and addresses
    #[arg(long, value_name = "USD")]
    pub instance_budget_usd: Option<String>,
}

#[derive(Args, Debug)]
pub struct AlertsTestArgs {
    /// The channel, as the config file names it
    #[arg(long, value_name = "NAME")]
    pub channel: String,
}

#[derive(Args, Debug)]
pub struct AlertsHistoryArgs {
    /// At most so many notices
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,
}
