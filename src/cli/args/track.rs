//! `gpucost track`, as typed.

use clap::{Args, Subcommand};

use super::signals::{SIGNALS_HELP, SignalsArgs};

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct TrackArgs {
    #[command(subcommand)]
    pub command: Option<TrackCommand>,
    /// Every region that is enabled in the account
    #[arg(long)]
    pub all_regions: bool,
    /// Then also what runs does, as `gpucost track signals`: CloudWatch charges for it
    #[arg(long)]
    pub signals: bool,
}

#[derive(Subcommand, Debug)]
pub enum TrackCommand {
    /// Exact starts and stops of up to 90 days from AWS CloudTrail's event history
    #[command(after_help = BACKFILL_HELP)]
    Backfill(BackfillArgs),
    /// What runs does: GPU, CPU, network and disk from CloudWatch, kernels from Jupyter servers
    #[command(after_help = SIGNALS_HELP)]
    Signals(SignalsArgs),
}

const BACKFILL_HELP: &str = "\
What CloudTrail cannot tell: anything older than 90 days; a shutdown from inside
the instance (`sudo poweroff`); volumes that AWS makes or deletes together with
an instance. Its event history is free and needs no trail to be set up; it needs
the IAM action cloudtrail:LookupEvents. Looking up twice records nothing twice.";

#[derive(Args, Debug)]
pub struct BackfillArgs {
    /// How far back; CloudTrail keeps 90 days
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u8).range(1..=90))]
    pub days: u8,
    /// Every region that is enabled in the account
    #[arg(long)]
    pub all_regions: bool,
}
