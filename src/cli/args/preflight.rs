//! `gpucost preflight`, as typed.

use clap::Args;

use super::QuoteArgs;

pub const PREFLIGHT_HELP: &str = "\
It only looks: nothing is launched and no limit is raised. What an action that
is not allowed would have told is \"could not check\" (exit 4); the other checks
go on. The IAM actions: ec2:DescribeInstanceTypeOfferings,
ec2:DescribeAvailabilityZones, ec2:DescribeInstanceTypes,
ec2:DescribeInstances, ec2:DescribeImages, ec2:DescribeSecurityGroups,
servicequotas:GetServiceQuota, servicequotas:GetAWSDefaultServiceQuota.

  gpucost preflight p3.2xlarge --region us-west-2 --ami ami-0123456789abcdef0 \\
      --volume gp3:200 --security-group sg-0123456789abcdef0";

#[derive(Args, Debug)]
pub struct PreflightArgs {
    #[command(flatten)]
    pub quote: QuoteArgs,
    /// The AMI to launch: its charge, and the size of its root
    #[arg(long, value_name = "AMI")]
    pub ami: Option<String>,
    /// A security group to launch into (repeat it for several): who may reach SSH and Jupyter
    #[arg(long = "security-group", value_name = "ID", value_delimiter = ',')]
    pub security_groups: Vec<String>,
    /// Exit with 3 if a check warns
    #[arg(long)]
    pub fail_on_findings: bool,
}
