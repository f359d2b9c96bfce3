//! `gpucost break-even` and what it can be asked further.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{BreakEvenArgs, ExplainArgs};

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct BreakEvenCommandArgs {
    #[command(subcommand)]
    pub command: Option<BreakEvenCommand>,
    #[command(flatten)]
    pub ask: BreakEvenArgs,
    #[command(flatten)]
    pub explain: ExplainArgs,
}

#[derive(Subcommand, Debug)]
pub enum BreakEvenCommand {
    /// Buy now or wait, decided from your history alone, with a guarantee whatever comes
    When(WhenArgs),
    /// What your own hours say: the last months, machines that several instances could share, and buying in hindsight
    History(HistoryArgs),
    /// How likely owning wins where inputs are ranges, and which input matters
    Odds(OddsArgs),
}

/// The history is the ledger's, or with --hours-per-day an assumed one from --rented-since on.
#[derive(Args, Debug)]
pub struct WhenArgs {
    /// The first day of an assumed history of --hours-per-day
    #[arg(long, value_name = "DATE", requires = "hours_per_day", help_heading = "Deciding")]
    pub rented_since: Option<String>,
    /// Hours a day you expect over the horizon: buy earlier or later by it
    #[arg(long, value_name = "H", help_heading = "Deciding")]
    pub forecast_hours_per_day: Option<String>,
    /// Trust in the forecast, above 0 (all) to 1 (none) [default: 0.5]
    #[arg(long, value_name = "PART", requires = "forecast_hours_per_day", help_heading = "Deciding")]
    pub trust: Option<String>,
    /// Draw the threshold at random with this seed: a better guarantee on average
    #[arg(long, value_name = "N", conflicts_with = "forecast_hours_per_day", help_heading = "Deciding")]
    pub seed: Option<u64>,
    /// A commitment instead of a machine, as --purchase has it: is it time for 1y-no-upfront, for compute-sp-3y-all-upfront?
    #[arg(long, value_name = "OPTION", conflicts_with_all = ["machine_usd", "machine", "purchase", "upfront_usd", "power_watts", "resale", "resale_usd", "other_usd_per_month", "speed_ratio"], help_heading = "Deciding")]
    pub commit: Option<String>,
    #[command(flatten)]
    pub ask: BreakEvenArgs,
}

/// Of all instances of one type, hour by hour, from the ledger.
#[derive(Args, Debug)]
pub struct HistoryArgs {
    /// The last months to look at, and the purchases to judge in hindsight
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [1, 3, 12], help_heading = "History",
        value_parser = clap::value_parser!(u8).range(1..=120))]
    pub months: Vec<u8>,
    #[command(flatten)]
    pub ask: BreakEvenArgs,
}

/// Any number may be a range (a share too: --resale 0..40%): 1..4 (even), 1..2..4 (likeliest 2), 2±0.5 or 2+-0.5 (normal, within 3 deviations).
#[derive(Args, Debug)]
pub struct OddsArgs {
    /// Futures to draw
    #[arg(long, value_name = "N", default_value_t = 100_000, help_heading = "Drawing")]
    pub paths: u32,
    /// The same seed gives the same figures
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Drawing")]
    pub seed: u64,
    /// Also draw which input matters (PNG or SVG by the ending)
    #[arg(long, value_name = "FILE", help_heading = "Drawing")]
    pub tornado_chart: Option<PathBuf>,
    /// Also draw what owning saves by horizon and hours a day (PNG or SVG)
    #[arg(long, value_name = "FILE", help_heading = "Drawing")]
    pub heat_chart: Option<PathBuf>,
    #[command(flatten)]
    pub ask: BreakEvenArgs,
}
