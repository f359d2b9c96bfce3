//! The AWS SDK: the only room that knows it, and the only async one. Fetches, maps to core types, returns.
//!
//! Everything here only looks: `ec2:DescribeInstances`, `ec2:DescribeVolumes`, `ec2:DescribeAddresses` and
//! `ec2:DescribeSnapshots`. Without the feature `aws` only [`offer`] is left, which reads what AWS publishes.

#[cfg(feature = "aws")]
mod account;
#[cfg(feature = "aws")]
mod describe;
#[cfg(feature = "aws")]
mod error;
pub mod offer;

#[cfg(feature = "aws")]
pub use account::Account;
#[cfg(feature = "aws")]
pub use describe::fetch_facts;
#[cfg(feature = "aws")]
pub use error::AwsError;
