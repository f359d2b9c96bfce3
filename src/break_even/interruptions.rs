//! How much longer work takes on spot: checkpoints, and what an interruption makes be done again.
//!
//! J. T. Daly, "A higher order estimate of the optimum checkpoint interval for restart dumps", Future Generation Computer
//! Systems 22 (2006), for the wall-clock time with interruptions at random; J. W. Young, Communications of the ACM 17 (1974),
//! for the interval. Both as quoted by later papers: the originals were not read here.

use rust_decimal::{Decimal, MathematicalOps};

/// The last digit a decimal of size one can hold.
const EPSILON: Decimal = Decimal::from_parts(1, 0, 0, false, 28);

/// Spot interruptions and the checkpoints against them, in hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interruptions {
    /// On average, in an hour of running.
    pub per_hour: Decimal,
    /// Work between two checkpoints; `None` is [the best](Interruptions::best_interval).
    pub interval_hours: Option<Decimal>,
    /// Writing one.
    pub checkpoint_hours: Decimal,
    /// From an interruption to work again.
    pub restart_hours: Decimal,
}

impl Interruptions {
    /// Hours paid for an hour of work: `e^(L·r)·(e^(L·(τ+c)) − 1)/(L·τ)`, without interruptions `(τ+c)/τ`.
    /// `None` for no work between two checkpoints, or out of the range of decimals.
    ///
    /// ```
    /// # use gpucost::break_even::Interruptions;
    /// let spot = Interruptions {
    ///     per_hour: "0.05".parse()?, interval_hours: Some("1".parse()?),
    ///     checkpoint_hours: "0.05".parse()?, restart_hours: "0.1".parse()?,
    /// };
    /// assert_eq!(spot.wall_clock_factor().ok_or("out of range")?.round_dp(6).to_string(), "1.083455");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wall_clock_factor(self) -> Option<Decimal> {
        let Interruptions { per_hour, checkpoint_hours, restart_hours, .. } = self;
        let interval_hours = self.interval().filter(|hours| *hours > Decimal::ZERO)?;
        let segment = interval_hours.checked_add(checkpoint_hours)?;
        if per_hour.is_zero() {
            return segment.checked_div(interval_hours);
        }
        let power = |hours: Decimal| per_hour.checked_mul(hours)?.checked_exp_with_tolerance(EPSILON);
        let again = power(segment)?.checked_sub(Decimal::ONE)?;
        let work = per_hour.checked_mul(interval_hours)?;
        power(restart_hours)?.checked_mul(again)?.checked_div(work)
    }

    /// The same to twelve decimals.
    pub fn overhead(self) -> Option<Decimal> {
        self.wall_clock_factor().map(|factor| factor.trunc_with_scale(12).normalize())
    }

    /// Work between two checkpoints, as given or the best. `None` where neither is.
    pub fn interval(self) -> Option<Decimal> {
        self.interval_hours.or_else(|| Interruptions::best_interval(self.checkpoint_hours, self.per_hour))
    }

    /// Young's interval between checkpoints: `sqrt(2c/L)`. `None` without interruptions: then the longer, the better.
    ///
    /// ```
    /// # use gpucost::break_even::Interruptions;
    /// let best = Interruptions::best_interval("0.05".parse()?, "0.05".parse()?).ok_or("no best")?;
    /// assert_eq!(best.round_dp(6).to_string(), "1.414214");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn best_interval(checkpoint_hours: Decimal, per_hour: Decimal) -> Option<Decimal> {
        if per_hour <= Decimal::ZERO {
            return None;
        }
        Decimal::TWO.checked_mul(checkpoint_hours)?.checked_div(per_hour)?.sqrt()
    }
}
