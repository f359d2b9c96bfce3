//! `gpucost track signals`, as typed.

use std::path::PathBuf;

use clap::Args;

pub const SIGNALS_HELP: &str = "\
Of each instance that the last `gpucost track` saw running: CPU, network, disk
and, where the CloudWatch agent reports them, GPU utilization and memory; of
each volume with paid IOPS or throughput, what was used. `gpucost advise` then
knows what runs idle (docs/signals.md).

AWS charges $0.01 for 1,000 metrics asked for, some 7 an instance and 4 a GPU,
whatever the window. Without --days the first time asks about 14 days, later
ones about what came since. It needs the IAM actions cloudwatch:ListMetrics and
cloudwatch:GetMetricData.

A Jupyter server is asked for its kernels. Its token comes from a variable or a
file; it goes to that server alone and is written nowhere.";

#[derive(Args, Debug, Default)]
pub struct SignalsArgs {
    /// How far back to ask; CloudWatch keeps five-minute readings for 63 days
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=62))]
    pub days: Option<u8>,
    /// Never pay AWS more than this for asking [default: 0.10]
    #[arg(long, value_name = "USD")]
    pub max_usd: Option<String>,
    /// Where the CloudWatch agent writes its metrics [default: CWAgent]
    #[arg(long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// A notebook server of an instance, besides those of the config file (repeat it for several)
    #[arg(long, value_name = "ID=URL", help_heading = "Jupyter")]
    pub jupyter: Vec<String>,
    /// The variable that holds the token of these servers
    #[arg(long, value_name = "NAME", requires = "jupyter", help_heading = "Jupyter")]
    pub jupyter_token_env: Option<String>,
    /// The file that holds the token of these servers
    #[arg(
        long,
        value_name = "PATH",
        requires = "jupyter",
        conflicts_with = "jupyter_token_env",
        help_heading = "Jupyter"
    )]
    pub jupyter_token_file: Option<PathBuf>,
}
