//! The command line as typed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::Resettable;
use clap::{Args, CommandFactory, FromArgMatches, Id, Parser, Subcommand, ValueEnum};

#[cfg(feature = "aws")]
mod actions;
mod advise;
#[cfg(feature = "aws")]
mod alerts;
mod break_even_more;
mod cash_flow;
mod opponent;
#[cfg(feature = "aws")]
mod preflight;
mod rates;
mod reconcile;
#[cfg(feature = "aws")]
mod signals;
#[cfg(feature = "aws")]
mod track;
#[cfg(feature = "aws")]
mod watch;

#[cfg(feature = "aws")]
pub use actions::{ActionsArgs, ConsentArgs, ReleaseAddressArgs, SnapshotAndDeleteArgs, StopArgs, TerminateArgs};
pub use advise::AdviseArgs;
#[cfg(feature = "aws")]
pub use alerts::{AlertsArgs, AlertsCommand, AlertsHistoryArgs, AlertsRunArgs, AlertsTestArgs};
pub use break_even_more::{BreakEvenCommand, BreakEvenCommandArgs, HistoryArgs, OddsArgs, WhenArgs};
pub use cash_flow::{CarbonArgs, CashFlowArgs, ExplainArgs};
pub use opponent::{CalibrateArgs, OpponentArgs, PartArgs};
#[cfg(feature = "aws")]
pub use preflight::PreflightArgs;
pub use rates::{DiffArgs, RateOrder, RatesArgs, RatesCommand};
#[cfg(feature = "aws")]
pub use rates::{RateSource, RefreshArgs};
pub use reconcile::ReconcileArgs;
#[cfg(feature = "aws")]
pub use reconcile::{ChargeArgs, FromCostExplorerArgs};
#[cfg(feature = "aws")]
pub use signals::SignalsArgs;
#[cfg(feature = "aws")]
pub use track::{BackfillArgs, TrackArgs, TrackCommand};
#[cfg(feature = "aws")]
pub use watch::WatchArgs;

const AFTER_HELP: &str = "\
Start here:
  gpucost demo                             a small lab's month, the whole path
  gpucost quote p2.xlarge --volume gp2:75  the cost before you launch it
  gpucost usage import FILE                your notes, AWS CLI JSON, FOCUS
  gpucost break-even --machine-usd 1000 --hours-per-day 2 \\
      --instance p2.xlarge --volume gp2:75 when owning is cheaper

Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 findings (with --fail-on-findings),
4 partial results.";

/// What your AWS GPUs cost, what they waste, and whether owning the machine would be cheaper.
#[derive(Parser, Debug)]
#[command(name = "gpucost", version, after_help = AFTER_HELP, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Cli {
    /// # Errors
    /// What clap prints: help and version as well as wrong usage.
    pub fn parse_typed(argv: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
        let mut command = Cli::command();
        let empty: Vec<Id> = command
            .get_arguments()
            .filter(|arg| arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty()))
            .map(|arg| arg.get_id().clone())
            .collect();
        // A variable that is set to nothing (`GPUCOST_OUTPUT=`) is as good as unset, not a wrong value.
        for id in empty {
            command = command.mut_arg(id, |arg| arg.env(Resettable::Reset));
        }
        let mut matches = command.try_get_matches_from_mut(argv)?;
        Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
    }
}

/// Options that every command takes. Precedence: the flag, then the environment, then the config file.
#[derive(Args, Debug, Clone, Default)]
pub struct Global {
    /// AWS profile for commands that ask AWS (repeat it, or name several as a,b, where a command looks at several)
    #[cfg(feature = "aws")]
    #[arg(
        long,
        global = true,
        env = "AWS_PROFILE",
        value_name = "NAME",
        value_delimiter = ',',
        help_heading = "Global options"
    )]
    pub profile: Vec<String>,
    /// AWS region (repeat it for several); of the ledger, only what is there [default: all of the ledger; AWS_REGION
    /// or the config file's where a command needs one]
    // The variable is read later: clap would not tell it from the flag, and it must not leave out recorded usage.
    #[arg(long, global = true, value_name = "REGION", value_delimiter = ',', help_heading = "Global options")]
    pub region: Vec<String>,
    /// The ledger file [default: in the platform's data directory]
    #[arg(long, global = true, env = "GPUCOST_LEDGER", value_name = "PATH", help_heading = "Global options")]
    pub ledger: Option<PathBuf>,
    /// The folder of fetched rates [default: in the platform's cache directory]
    #[arg(long, global = true, env = "GPUCOST_CACHE", value_name = "DIR", help_heading = "Global options")]
    pub cache: Option<PathBuf>,
    /// How to print [default: table]
    #[arg(short, long, global = true, env = "GPUCOST_OUTPUT", value_name = "FORMAT", help_heading = "Global options")]
    pub output: Option<Output>,
    /// No colors (also: the variable NO_COLOR)
    #[arg(long, global = true, help_heading = "Global options")]
    pub no_color: bool,
    /// Ask nothing of the network: what would is an error
    #[cfg(feature = "aws")]
    #[arg(long, global = true, help_heading = "Global options")]
    pub offline: bool,
    /// Fetch the rates that the command needs first, where those in the cache are old
    #[cfg(feature = "aws")]
    #[arg(long, global = true, conflicts_with = "offline", help_heading = "Global options")]
    pub live: bool,
    /// From what age on --live fetches rates anew, in hours [default: 24]
    #[cfg(feature = "aws")]
    #[arg(long, global = true, env = "GPUCOST_RATES_TTL_HOURS", value_name = "H", help_heading = "Global options")]
    pub rates_ttl_hours: Option<u32>,
    /// More: sources, dates and evidence of each figure
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub verbose: bool,
    /// Answer as of this date or UTC time instead of now
    #[arg(long, global = true, value_name = "DATE", help_heading = "Global options")]
    pub as_of: Option<String>,
    /// The config file [default: config.toml in the platform's config directory]
    #[arg(long, global = true, env = "GPUCOST_CONFIG", value_name = "PATH", help_heading = "Global options")]
    pub config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Output {
    Table,
    Json,
    Csv,
    Md,
}

#[derive(Subcommand, Debug)]
#[expect(clippy::large_enum_variant, reason = "one of them exists, once a run")]
pub enum Command {
    /// A built-in month of a small lab through the whole path: bill, break-even, advice, report
    Demo(DemoArgs),
    /// On-demand, spot, reserved and EBS rates, with their dates
    Rates(RatesArgs),
    /// What an instance with its volumes costs, running, stopped, and forgotten
    Quote(QuoteArgs),
    /// What to know before launching: offered today, quota, AMI charge, open ports, and the quote
    #[cfg(feature = "aws")]
    #[command(after_help = preflight::PREFLIGHT_HELP)]
    Preflight(PreflightArgs),
    /// Hours recorded; `usage import` records them
    Usage(UsageArgs),
    /// A month's line items: recorded usage times rates
    Bill(BillArgs),
    /// A month's line items against what AWS charged, with the reasons they differ
    Reconcile(ReconcileArgs),
    /// When a machine of your own would be cheaper than renting
    BreakEven(BreakEvenCommandArgs),
    /// The speed ratio of your own job, from its seconds on your machine and on the rented one
    Calibrate(CalibrateArgs),
    /// What to stop, snapshot, terminate or keep, in dollars
    Advise(AdviseArgs),
    /// Tell what is new, worse or over, once: terminal, webhook, Slack, SNS, email
    #[cfg(feature = "aws")]
    Alerts(AlertsArgs),
    /// Stop instances, after a look and a confirmation
    #[cfg(feature = "aws")]
    #[command(after_help = actions::ACTION_HELP)]
    Stop(StopArgs),
    /// Terminate instances, after a look and a confirmation
    #[cfg(feature = "aws")]
    #[command(after_help = actions::ACTION_HELP)]
    Terminate(TerminateArgs),
    /// Snapshot volumes, wait until each copy is complete, then delete them
    #[cfg(feature = "aws")]
    #[command(after_help = actions::ACTION_HELP)]
    SnapshotAndDelete(SnapshotAndDeleteArgs),
    /// Give Elastic IPs back
    #[cfg(feature = "aws")]
    #[command(after_help = actions::ACTION_HELP)]
    ReleaseAddress(ReleaseAddressArgs),
    /// What was done in AWS, step by step, and what came of it
    #[cfg(feature = "aws")]
    Actions(ActionsArgs),
    /// A month's CSV files, charts and summary in one folder
    Report(ReportArgs),
    /// Record what is in the accounts now: instances, volumes, addresses and snapshots of each region
    #[cfg(feature = "aws")]
    Track(TrackArgs),
    /// Stay and record: a live table of what runs and what it costs, or log lines where there is no terminal
    #[cfg(feature = "aws")]
    Watch(WatchArgs),
    /// Shell completions
    Completions(CompletionsArgs),
    /// The manual page (roff)
    Man,
}

#[derive(Args, Debug)]
pub struct DemoArgs {
    /// The folder to write the report's folder into
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub out: PathBuf,
}

#[derive(Args, Debug)]
pub struct QuoteArgs {
    /// The instance type
    #[arg(value_name = "TYPE")]
    pub instance: String,
    /// A volume as TYPE:GB[:IOPS[:MiB/s]], for example gp2:75 (repeat it for several)
    #[arg(long = "volume", value_name = "SPEC")]
    pub volumes: Vec<String>,
    /// The software charge of a paid AMI
    #[arg(long, value_name = "USD", default_value = "0")]
    pub ami_usd_per_hour: String,
    /// Hours running on each day
    #[arg(long, value_name = "H", default_value = "2")]
    pub hours_per_day: String,
    /// Without a public IPv4 address
    #[arg(long)]
    pub no_public_ipv4: bool,
}

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct UsageArgs {
    #[command(subcommand)]
    pub command: Option<UsageCommand>,
    /// A calendar month, YYYY-MM [default: all time]
    #[arg(long, value_name = "MONTH")]
    pub month: Option<String>,
    /// instance, type, region or tag:KEY
    #[arg(long, value_name = "WHAT", default_value = "instance")]
    pub by: String,
}

#[derive(Subcommand, Debug)]
pub enum UsageCommand {
    /// Record usage from files: own CSV, `aws ec2 describe-…` JSON, FOCUS exports (CSV or CSV.gz)
    Import(ImportArgs),
    /// Check that quantity × rate gives AWS's own cost on each row of a FOCUS export
    Check(CheckArgs),
}

#[derive(Args, Debug)]
pub struct ImportArgs {
    /// The files; their formats are told apart by content
    #[cfg_attr(feature = "aws", arg(value_name = "FILE", required_unless_present = "from_cost_explorer"))]
    #[cfg_attr(feature = "aws", arg(conflicts_with = "from_cost_explorer"))]
    #[cfg_attr(not(feature = "aws"), arg(value_name = "FILE", required = true))]
    pub files: Vec<PathBuf>,
    /// When the files were written [default: each file's modification time]
    #[arg(long, value_name = "TIME")]
    pub observed_at: Option<String>,
    /// Let a corrected export replace what an earlier one said
    #[arg(long)]
    pub supersede: bool,
    #[cfg(feature = "aws")]
    #[command(flatten)]
    pub cost_explorer: FromCostExplorerArgs,
}

#[derive(Args, Debug)]
pub struct CheckArgs {
    /// A FOCUS export, CSV or CSV.gz
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

#[derive(Args, Debug)]
pub struct BillArgs {
    /// The calendar month, YYYY-MM
    #[arg(long, value_name = "MONTH")]
    pub month: String,
    /// Each line item, by day
    #[arg(long)]
    pub lines: bool,
}

#[derive(Args, Clone, Debug)]
pub struct BreakEvenArgs {
    /// The instance you rent [default: the ledger's most used]
    #[arg(long, value_name = "TYPE", help_heading = "Renting")]
    pub instance: Option<String>,
    /// A volume as TYPE:GB[:IOPS[:MiB/s]], for example gp2:75 (repeat it for several)
    #[arg(long = "volume", value_name = "SPEC", help_heading = "Renting")]
    pub volumes: Vec<String>,
    /// Hours running on each day [default: from the ledger]
    #[arg(long, value_name = "H", help_heading = "Renting")]
    pub hours_per_day: Option<String>,
    /// Your own rate instead of the card's
    #[arg(long, value_name = "USD", help_heading = "Renting")]
    pub usd_per_hour: Option<String>,
    /// Your own storage cost a month instead of the card's
    #[arg(long, value_name = "USD", conflicts_with = "volumes", help_heading = "Renting")]
    pub storage_usd_per_month: Option<String>,
    /// The software charge of a paid AMI
    #[arg(long, value_name = "USD", default_value = "0", help_heading = "Renting")]
    pub ami_usd_per_hour: String,
    /// Count the public IPv4 address while running
    #[arg(long, help_heading = "Renting")]
    pub public_ipv4: bool,
    #[command(flatten)]
    pub opponent: OpponentArgs,

    /// What the machine costs
    #[arg(long, value_name = "USD", help_heading = "Owning")]
    pub machine_usd: Option<String>,
    /// A machine from the shipped list, for example "RTX 3090 desktop"
    #[arg(long, value_name = "NAME", help_heading = "Owning")]
    pub machine: Option<String>,
    #[command(flatten)]
    pub parts: PartArgs,
    /// Power drawn while working
    #[arg(long, value_name = "W", help_heading = "Owning")]
    pub power_watts: Option<String>,
    /// Electricity rate
    #[arg(long, value_name = "USD", help_heading = "Owning")]
    pub usd_per_kwh: Option<String>,
    /// Power usage effectiveness: total power over the machine's own
    #[arg(long, value_name = "RATIO", default_value = "1", help_heading = "Owning")]
    pub pue: String,
    /// What it sells for at the horizon
    #[arg(long, value_name = "USD", default_value = "0", help_heading = "Owning")]
    pub resale_usd: String,
    /// Cost of selling, as a share of the resale
    #[arg(long, value_name = "PERCENT", default_value = "0%", help_heading = "Owning")]
    pub selling_cost: String,
    /// Any other cost of owning
    #[arg(long, value_name = "USD", default_value = "0", help_heading = "Owning")]
    pub other_usd_per_month: String,
    /// Speed of the machine over the speed of the instance, or a range such as 0.8..1.6
    #[arg(long, value_name = "RATIO", default_value = "1", help_heading = "Owning")]
    pub speed_ratio: String,

    /// How long you look ahead: 3y, 18m, 500d
    #[arg(long, value_name = "TIME", default_value = "3y", help_heading = "Comparing")]
    pub horizon: String,
    /// Discount rate a year
    #[arg(long, value_name = "PERCENT", default_value = "0%", help_heading = "Comparing")]
    pub discount: String,
    /// Days in a month: 365/12 (730 h) or 30 (720 h)
    #[arg(long, value_name = "DAYS", default_value = "365/12", help_heading = "Comparing")]
    pub month_days: String,
    /// Take the ledger's hours from this month on [default: all of it]
    #[arg(long, value_name = "MONTH", help_heading = "Comparing")]
    pub since: Option<String>,
    /// Also draw the chart (PNG or SVG by the ending)
    #[arg(long, value_name = "FILE", help_heading = "Comparing")]
    pub chart: Option<PathBuf>,

    #[command(flatten)]
    pub more: CashFlowArgs,
}

#[derive(Args, Debug)]
pub struct ReportArgs {
    /// The calendar month, YYYY-MM
    #[arg(long, value_name = "MONTH")]
    pub month: String,
    /// The folder to write the month's folder into
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub out: PathBuf,
    /// What the machine to compare with costs
    #[arg(long, value_name = "USD")]
    pub machine_usd: Option<String>,
    /// A machine from the shipped list
    #[arg(long, value_name = "NAME", conflicts_with = "machine_usd")]
    pub machine: Option<String>,
    /// The instance type it would replace [default: the month's most used]
    #[arg(long, value_name = "TYPE")]
    pub instance: Option<String>,
}

impl BreakEvenArgs {
    /// As if `gpucost break-even` had been typed with no option.
    pub fn with_defaults() -> BreakEvenArgs {
        #[derive(Parser)]
        struct Alone {
            #[command(flatten)]
            args: BreakEvenArgs,
        }
        Alone::parse_from(["break-even"]).args
    }
}

#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}
