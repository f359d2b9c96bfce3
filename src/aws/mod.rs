//! The AWS SDK: the only room that knows it, and the only async one. Fetches, maps to core types, returns.
//!
//! Everything here only looks: `ec2:DescribeInstances`, `ec2:DescribeVolumes`, `ec2:DescribeAddresses` and
//! `ec2:DescribeSnapshots`.

mod account;
mod describe;
mod error;
pub mod offer;

pub use account::Account;
pub use describe::fetch_facts;
pub use error::AwsError;
