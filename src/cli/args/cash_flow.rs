//! What a rent-or-own answer counts beyond price and hours: purchase options, financing, running and selling.

use clap::Args;

/// How much an answer says of itself.
#[derive(Args, Clone, Debug, Default)]
pub struct ExplainArgs {
    /// The formulas with the numbers in them, where each number comes from, and what the verdict survives
    #[arg(long, help_heading = "Comparing")]
    pub explain: bool,
    #[command(flatten)]
    pub carbon: CarbonArgs,
}

/// Off unless asked for.
#[derive(Args, Clone, Debug, Default)]
pub struct CarbonArgs {
    /// Carbon of both sides beside dollars: W × PUE × what the grid emits
    #[arg(long, help_heading = "Carbon")]
    pub carbon: bool,
    /// What a kWh emits where the machine stands, CO2-equivalent
    #[arg(long, value_name = "G", requires = "carbon", help_heading = "Carbon")]
    pub home_grams_per_kwh: Option<String>,
    /// The same where the instance runs [default: its region's, where known]
    #[arg(long, value_name = "G", requires = "carbon", help_heading = "Carbon")]
    pub region_grams_per_kwh: Option<String>,
    /// What the rented GPUs draw at work [default: their thermal design power, where known]
    #[arg(long, value_name = "W", requires = "carbon", help_heading = "Carbon")]
    pub rented_watts: Option<String>,
    /// PUE of the cloud [default: 1.15, AWS's mean of 2024]
    #[arg(long, value_name = "RATIO", requires = "carbon", help_heading = "Carbon")]
    pub cloud_pue: Option<String>,
}

/// Nothing here counts unless it is given. `break-even odds` takes a range for each number.
#[derive(Args, Clone, Debug)]
pub struct CashFlowArgs {
    /// How the instance is bought: on-demand, spot, or 1y or 3y with -no-upfront, -partial-upfront or -all-upfront (a standard
    /// Reserved Instance; with -convertible at the end a convertible one; with compute-sp- or ec2-sp- before it a Savings Plan)
    #[arg(long, value_name = "OPTION", conflicts_with = "usd_per_hour", help_heading = "Purchase option")]
    pub purchase: Option<String>,
    /// A commitment of your own: its fee at the beginning of each term; --usd-per-hour is then owed in every hour
    #[arg(long, value_name = "USD", requires = "term", conflicts_with = "purchase", help_heading = "Purchase option")]
    pub upfront_usd: Option<String>,
    /// The commitment's term: 1y, 3y, 18m
    #[arg(long, value_name = "TIME", requires = "upfront_usd", help_heading = "Purchase option")]
    pub term: Option<String>,
    /// Hours paid for an hour of work on spot, for example 1.08
    #[arg(long, value_name = "FACTOR", help_heading = "Purchase option")]
    pub rework_overhead: Option<String>,
    /// Spot interruptions in an hour of running: the overhead follows from them and the checkpoints
    #[arg(long, value_name = "N", conflicts_with = "rework_overhead", help_heading = "Purchase option")]
    pub interruptions_per_hour: Option<String>,
    /// How long writing a checkpoint takes
    #[arg(long, value_name = "H", requires = "interruptions_per_hour", help_heading = "Purchase option")]
    pub checkpoint_hours: Option<String>,
    /// Work between two checkpoints [default: the best, sqrt(2 × checkpoint ÷ interruptions)]
    #[arg(long, value_name = "H", requires = "interruptions_per_hour", help_heading = "Purchase option")]
    pub checkpoint_every_hours: Option<String>,
    /// From an interruption to work again
    #[arg(long, value_name = "H", requires = "interruptions_per_hour", help_heading = "Purchase option")]
    pub restart_hours: Option<String>,
    /// Elastic IPs: billed running or stopped
    #[arg(long, value_name = "N", help_heading = "Renting")]
    pub elastic_ips: Option<String>,
    /// Data sent out of AWS to the internet, at the region's rates by tier, less the 100 GB a month that are free
    #[arg(long, value_name = "GB", conflicts_with = "transfer_usd_per_month", help_heading = "Renting")]
    pub transfer_out_gb_per_month: Option<String>,
    /// What data sent out of AWS costs a month
    #[arg(long, value_name = "USD", help_heading = "Renting")]
    pub transfer_usd_per_month: Option<String>,

    /// Sales tax on the price
    #[arg(long, value_name = "PERCENT", help_heading = "Financing")]
    pub sales_tax: Option<String>,
    /// A loan's annual percentage rate
    #[arg(long, value_name = "PERCENT", requires = "loan_months", help_heading = "Financing")]
    pub loan_apr: Option<String>,
    /// Months to pay the loan back in
    #[arg(long, value_name = "N", requires = "loan_apr", help_heading = "Financing")]
    pub loan_months: Option<String>,
    /// The share of price and tax that is not borrowed [default: 0%]
    #[arg(long, value_name = "PERCENT", requires = "loan_apr", help_heading = "Financing")]
    pub down_payment: Option<String>,

    /// Power drawn without work [default: 0, switched off]
    #[arg(long, value_name = "W", help_heading = "Running")]
    pub idle_watts: Option<String>,
    /// By how much electricity gets dearer each year
    #[arg(long, value_name = "PERCENT", help_heading = "Running")]
    pub electricity_escalation: Option<String>,
    /// Hours of administration a month
    #[arg(long, value_name = "H", requires = "usd_per_admin_hour", help_heading = "Running")]
    pub admin_hours_per_month: Option<String>,
    /// What an hour of administration costs
    #[arg(long, value_name = "USD", requires = "admin_hours_per_month", help_heading = "Running")]
    pub usd_per_admin_hour: Option<String>,
    /// Maintenance contracts
    #[arg(long, value_name = "USD", help_heading = "Running")]
    pub maintenance_usd_per_month: Option<String>,
    /// Rent of a rack, and its network
    #[arg(long, value_name = "USD", help_heading = "Running")]
    pub colocation_usd_per_month: Option<String>,
    /// Put aside for repairs each year, as a share of the price
    #[arg(long, value_name = "PERCENT", help_heading = "Running")]
    pub repair_reserve: Option<String>,
    /// One later purchase for the machine
    #[arg(long, value_name = "USD", requires = "upgrade_month", help_heading = "Running")]
    pub upgrade_usd: Option<String>,
    /// The month at whose end it is bought
    #[arg(long, value_name = "N", requires = "upgrade_usd", help_heading = "Running")]
    pub upgrade_month: Option<String>,

    /// What the machine sells for, as a share of its price
    #[arg(long, value_name = "PERCENT", conflicts_with_all = ["value_kept_per_year", "resale_usd"], help_heading = "Selling")]
    pub resale: Option<String>,
    /// The share of its value that the machine keeps each year; --resale-usd is then the least it sells for
    #[arg(long, value_name = "PERCENT", help_heading = "Selling")]
    pub value_kept_per_year: Option<String>,
}
