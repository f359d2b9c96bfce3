//! What a machine is made of, and what it is compared with.

use clap::Args;

#[derive(Args, Clone, Debug, Default)]
pub struct PartArgs {
    /// A part of a machine of your own as NAME=USD, or the name of a card from the shipped list (repeat it; they are summed)
    #[arg(
        long = "part",
        value_name = "NAME=USD",
        conflicts_with_all = ["machine", "machine_usd"],
        help_heading = "Owning"
    )]
    pub parts: Vec<String>,
}

/// What the machine is compared with, where that is not one instance type.
#[derive(Args, Clone, Debug, Default)]
pub struct OpponentArgs {
    /// Compare with the instance type that does the same work cheapest, of those that fit and are offered today
    #[arg(
        long,
        conflicts_with_all = ["usd_per_hour", "purchase", "upfront_usd"],
        help_heading = "Renting the best"
    )]
    pub best: bool,
    /// The work that speeds are compared at, for example resnet50 [default: all that was measured]
    #[arg(long, value_name = "NAME", requires = "best", help_heading = "Renting the best")]
    pub workload: Option<String>,
    /// fp32 or fp16 [default: both]
    #[arg(long, value_name = "PRECISION", requires = "best", help_heading = "Renting the best")]
    pub precision: Option<String>,
    /// Memory of each GPU at least
    #[arg(long, value_name = "GB", requires = "best", help_heading = "Renting the best")]
    pub min_gpu_memory: Option<String>,
    /// GPUs that the work uses [default: those of the instance, or of the machine]
    #[arg(long, value_name = "N", requires = "best", help_heading = "Renting the best")]
    pub gpus: Option<u32>,
    /// Regions to look in, or all [default: the one region]
    #[arg(long, value_name = "REGION", value_delimiter = ',', requires = "best", help_heading = "Renting the best")]
    pub regions: Vec<String>,
    /// Only these instance types, offered today or not
    #[arg(long, value_name = "TYPE", value_delimiter = ',', requires = "best", help_heading = "Renting the best")]
    pub among: Vec<String>,
}

/// Each job's seconds on both; repeat both options for several jobs, in the same order.
#[derive(Args, Debug)]
pub struct CalibrateArgs {
    /// Seconds of a job on the machine of your own
    #[arg(long, value_name = "S", required = true)]
    pub here_seconds: Vec<String>,
    /// Seconds of the same job on the rented instance
    #[arg(long, value_name = "S", required = true)]
    pub there_seconds: Vec<String>,
    /// The instance type it was measured on
    #[arg(long, value_name = "TYPE")]
    pub instance: Option<String>,
}
