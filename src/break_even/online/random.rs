//! The threshold drawn at random, with its seed: better in expectation against hours that do not know the draw.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rust_decimal::{Decimal, MathematicalOps};

use super::follow::Followed;
use super::rule::{OnlineError, Rule, Threshold};
use crate::money::Usd;

/// 2^32: as many draws are told apart.
const DRAWS: Decimal = Decimal::from_parts(0, 1, 0, false, 0);

impl Rule {
    /// `C = e − 1 + α`: the density of the threshold at `z·B` is `e^z/C` for z in [0, 1), and `α/C` never buys.
    fn scale(&self) -> Option<Decimal> {
        Decimal::E.checked_sub(Decimal::ONE)?.checked_add(self.running_share()?)
    }

    /// `e/(e − 1 + α)`: in expectation never worse than so many times the best in hindsight, if the hours do not
    /// depend on the draw.
    pub fn guarantee_expected(&self) -> Option<Decimal> {
        if self.at_once().is_zero() || self.never_saves() {
            return Some(Decimal::ONE);
        }
        Decimal::E.checked_div(self.scale()?)
    }

    /// The threshold of this seed, the same on every machine.
    ///
    /// # Errors
    /// Amounts out of range.
    pub fn threshold_drawn(&self, seed: u64) -> Result<Threshold, OnlineError> {
        let drawn = Decimal::from(ChaCha8Rng::seed_from_u64(seed).next_u32()) / DRAWS;
        self.threshold_at(drawn).ok_or(OnlineError::OutOfRange("the threshold"))
    }

    /// By the inverse of the distribution: `u = (e^z − 1)/C`.
    pub(super) fn threshold_at(&self, drawn: Decimal) -> Option<Threshold> {
        if self.never_saves() {
            return Some(Threshold::Never);
        }
        let part = drawn.checked_mul(self.scale()?)?.checked_add(Decimal::ONE)?.checked_ln()?;
        if part >= Decimal::ONE {
            return Some(Threshold::Never);
        }
        self.at_once().scaled(part.max(Decimal::ZERO), Decimal::ONE).map(Threshold::Saved)
    }

    /// What the random rule costs in expectation over a history, `certain` being that history followed with
    /// [`Rule::threshold`]. Exact, not sampled: each dollar saved below `B` costs `1/C` beyond its rent; above `B`
    /// all have bought but the `α/C` who never do.
    pub fn expected(&self, certain: &Followed) -> Option<Usd> {
        let last = certain.last()?;
        if self.never_saves() {
            return Some(last.rent);
        }
        let scale = self.scale()?;
        match certain.purchase {
            None => last.rent.checked_add(last.saved.scaled(Decimal::ONE, scale)?),
            Some(at) => {
                let drawn = self.at_once().scaled(Decimal::ONE, scale)?;
                let run = last.own.checked_add(-at.own)?;
                let late = last.saved.checked_add(-self.at_once())?;
                let missed = late.scaled(self.running_share()?, scale)?;
                at.rent.checked_add(drawn)?.checked_add(run)?.checked_add(missed)
            }
        }
    }
}
