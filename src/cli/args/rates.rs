//! `gpucost rates` as typed.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RatesArgs {
    #[command(subcommand)]
    pub command: Option<RatesCommand>,
    /// Instance types; globs such as 'p3*' [default: all]
    #[arg(value_name = "TYPE")]
    pub types: Vec<String>,
    /// Every region that has a rate
    #[arg(long)]
    pub all_regions: bool,
    /// Only types with this GPU (a part of its name)
    #[arg(long, value_name = "NAME")]
    pub gpu: Option<String>,
    /// Only on-demand rates up to this
    #[arg(long, value_name = "USD")]
    pub max_usd_per_hour: Option<String>,
    /// Spot prices zone by zone, with what they did within the days fetched
    #[arg(long)]
    pub spot: bool,
    /// Order of the rows
    #[arg(long, value_enum, default_value_t = RateOrder::Type)]
    pub sort: RateOrder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RateOrder {
    Type,
    OnDemand,
    GpuHour,
    Spot,
}

#[derive(Subcommand, Debug)]
pub enum RatesCommand {
    /// Fetch a region's rates into the cache: the Pricing API, or the public offer files without credentials
    #[cfg(feature = "aws")]
    #[command(after_help = REFRESH_HELP)]
    Refresh(RefreshArgs),
    /// What changed against the publication before, or against the shipped rates
    #[command(after_help = DIFF_HELP)]
    Diff(DiffArgs),
}

#[cfg(feature = "aws")]
#[derive(Args, Debug)]
pub struct RefreshArgs {
    /// Every region priced in US dollars, without the zones apart from them
    #[arg(long)]
    pub all_regions: bool,
    /// Families of instance types: p, g4dn, trn (repeat it, or separate with commas) [default: all with accelerators]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub families: Vec<String>,
    /// Where from [default: the Pricing API with credentials, the offer files without]
    #[arg(long, value_enum, value_name = "SOURCE")]
    pub source: Option<RateSource>,
    /// Days of spot prices; 0 is none
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(0..=90))]
    pub days: u16,
}

#[cfg(feature = "aws")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RateSource {
    /// `GetProducts` of the Pricing API
    Api,
    /// The public offer files
    Bulk,
}

#[derive(Args, Debug)]
pub struct DiffArgs {
    /// Every region in the cache
    #[arg(long)]
    pub all_regions: bool,
}

#[cfg(feature = "aws")]
const REFRESH_HELP: &str = "\
The Pricing API needs the IAM action pricing:GetProducts; spot prices need
ec2:DescribeSpotPriceHistory and ec2:DescribeAvailabilityZones. The public offer
files need no account: some 300 MB a region, read as they come and not kept;
a mirror of them is named by GPUCOST_OFFERS_URL.

Every command counts with what was fetched; for what AWS does not list any more
the shipped rate stays, marked. A refresh fetches all families again that the
cache has of the region. To go back to the shipped rates, delete the cache.";

const DIFF_HELP: &str = "\
Nothing is asked of AWS: it compares what was fetched last with the publication
fetched before it, or with the shipped rates after the first refresh.";
