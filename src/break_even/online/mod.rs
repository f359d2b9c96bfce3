//! Buy now or wait, decided at every date from the past alone: ski rental with a running cost.
//!
//! What is paid at once is `B`, price less the resale that is sure. An hour costs `p` rented and `w` owned, `α = w/p`.
//! Whoever waits until owning would have saved `B`, which is when the rent paid reaches `B/(1−α)`, and buys then,
//! never pays more than `2 − α` times the best in hindsight, whatever hours come:
//!
//! - before that, renting was the best in hindsight;
//! - at that instant the rent paid is `R = B + O`, `O` being what owning would have cost to run, and `O ≥ α·R`.
//!   The best in hindsight has cost `B + O = R`, the rule `R + B`, so the ratio is `1 + B/R ≤ 2 − α`,
//!   and each later hour costs both the same.
//!
//! Drawing the threshold at random lowers that to `e/(e − 1 + α)` in expectation (Wang, Li, Liang, "To Reserve or Not
//! to Reserve", arXiv:1305.5608), and a [`Forecast`] that is trusted lowers it where the forecast is right.
//!
//! Storage that only renting pays saves also on idle days, with nothing run: the rule holds with `α = 0` then.

mod follow;
mod random;
mod rule;

pub use follow::{Followed, Outlook, Purchase, Step};
pub use rule::{Day, Forecast, OnlineError, Rule, Threshold};
