//! Rent or own where inputs are not known but lie in ranges: how likely owning wins, by how much, and what matters.
//!
//! The one room of the core whose sums are floats: random draws have no exact cents. Its results are `Usd` again, made by
//! one function that refuses what is not finite. Where nothing varies nothing is drawn, and the answer is
//! [`break_even`](crate::break_even::break_even)'s own, to the last digit.

mod bands;
mod heat;
mod model;
mod range;
mod rented;
mod simulate;
mod span;

pub use bands::{Band, Spread, bands};
pub use heat::{Heat, HeatColumn, heat};
pub use range::{NotARange, Range};
pub use simulate::{Bar, Odds, Quantiles, Simulation, UncertaintyError, odds};
