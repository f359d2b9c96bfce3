//! The AWS SDK: the only room that knows it, and the only async one. Fetches, maps to core types, returns.
//!
//! Everything here but `act.rs` only looks: `docs/iam.md` has the actions. Without the feature `aws` only [`offer`] is
//! left, which reads what AWS publishes.

#[cfg(feature = "aws")]
mod account;
#[cfg(feature = "aws")]
mod act;
#[cfg(feature = "aws")]
mod audit;
#[cfg(feature = "aws")]
mod cloudtrail;
#[cfg(feature = "aws")]
mod cost_explorer;
#[cfg(feature = "aws")]
mod describe;
#[cfg(feature = "aws")]
mod error;
#[cfg(feature = "aws")]
mod live;
#[cfg(feature = "aws")]
mod metrics;
pub mod offer;
#[cfg(feature = "aws")]
mod places;
#[cfg(feature = "aws")]
mod preflight;
#[cfg(feature = "aws")]
mod pricing;
#[cfg(feature = "aws")]
mod product;
#[cfg(feature = "aws")]
mod signals;
#[cfg(feature = "aws")]
mod sns;
#[cfg(feature = "aws")]
mod spot;

#[cfg(feature = "aws")]
pub use account::Account;
#[cfg(feature = "aws")]
pub use act::{ActError, Actor};
#[cfg(feature = "aws")]
pub use cloudtrail::{LookedUp, look_up_places, seconds_to_cover};
#[cfg(feature = "aws")]
pub use cost_explorer::{CostError, CostFault, Costs, account_id, fetch_costs};
#[cfg(feature = "aws")]
pub use describe::{Polled, poll_places};
#[cfg(feature = "aws")]
pub use error::{AwsError, Trouble};
#[cfg(feature = "aws")]
pub use places::{Asked, Place, Places, Regions};
#[cfg(feature = "aws")]
pub use preflight::{Wanted, fetch_preflight};
#[cfg(feature = "aws")]
pub use pricing::{PriceList, PricingError};
#[cfg(feature = "aws")]
pub use signals::{Metrics, Subjects, Told, fetch_signals, find_metrics};
#[cfg(feature = "aws")]
pub use sns::{PublishError, publish};
#[cfg(feature = "aws")]
pub use spot::fetch_spot;
