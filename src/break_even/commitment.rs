//! An upfront fee with a lower hourly rate against a higher hourly rate alone: reserved instances and their kin.

use rust_decimal::Decimal;

use crate::money::Usd;

/// One way to pay for hours: a fee once per term and a rate for each hour used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commitment {
    pub upfront: Usd,
    pub usd_per_hour: Usd,
}

/// Hours of use from which one commitment is no dearer than another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitmentBreakEven {
    After {
        hours: Decimal,
    },
    /// Its hour costs more, or as much at a higher fee: enough hours always make it the dearer one.
    Never,
}

impl Commitment {
    /// Pay by the hour, nothing upfront.
    pub const fn on_demand(usd_per_hour: Usd) -> Commitment {
        Commitment { upfront: Usd::ZERO, usd_per_hour }
    }

    /// `None` if the product leaves the range of decimals.
    pub fn cost_of(self, hours: Decimal) -> Option<Usd> {
        self.usd_per_hour.scaled(hours, Decimal::ONE)?.checked_add(self.upfront)
    }

    /// From how many hours of use on `self` costs no more than `other`.
    /// `None` if the quotient leaves the range of decimals.
    pub fn break_even_against(self, other: Commitment) -> Option<CommitmentBreakEven> {
        let extra = self.upfront.checked_add(-other.upfront)?.amount();
        let saved_per_hour = other.usd_per_hour.checked_add(-self.usd_per_hour)?.amount();
        if saved_per_hour.is_zero() && extra <= Decimal::ZERO {
            return Some(CommitmentBreakEven::After { hours: Decimal::ZERO });
        }
        if saved_per_hour <= Decimal::ZERO {
            return Some(CommitmentBreakEven::Never);
        }
        let hours = extra.checked_div(saved_per_hour)?.max(Decimal::ZERO);
        Some(CommitmentBreakEven::After { hours })
    }
}
