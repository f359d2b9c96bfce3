//! What a history of hours says about owning: how much and how evenly it was used, which of it one machine could have
//! shared, and what would have happened had one bought earlier.
//!
//! Everything is asked of the one engine: each part of the hours is a [`Question`](super::Question) of its own.

mod courses;
mod hindsight;
mod load;
mod pattern;
mod shared;
mod trailing;

pub use courses::{Course, Purchase, SoFar, courses};
pub use hindsight::{Hindsight, hindsight};
pub use load::Load;
pub use pattern::{GROWTH_MONTHS, Growth, Pattern, SEASON_MONTHS, WEEKDAY_WEEKS, pattern};
pub use shared::{Part, Plan, Shared, StorageOf, shared, shared_by_day};
pub use trailing::{Spread, Trailing, answer_at, trailing};
