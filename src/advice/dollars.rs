//! An amount as far as it is known.

use std::fmt;

use rust_decimal::Decimal;

use crate::money::Usd;

/// Dollars, their bounds, or why they are unknown. Never $0 for what is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dollars {
    Exact(Usd),
    Between {
        least: Usd,
        most: Usd,
    },
    /// A part of it is unknown.
    AtLeast {
        least: Usd,
        why: String,
    },
    Unknown {
        why: String,
    },
}

impl Dollars {
    pub const ZERO: Dollars = Dollars::Exact(Usd::ZERO);

    /// From `least` to `most`, or the reason why nobody knows how much more.
    pub fn of(least: Usd, most: Result<Usd, String>) -> Dollars {
        match most {
            Ok(most) if most == least => Dollars::Exact(most),
            Ok(most) => Dollars::Between { least, most },
            Err(why) if least.is_zero() => Dollars::Unknown { why },
            Err(why) => Dollars::AtLeast { least, why },
        }
    }

    pub fn at_most(most: Usd) -> Dollars {
        Dollars::of(Usd::ZERO, Ok(most))
    }

    pub fn unknown(why: impl Into<String>) -> Dollars {
        Dollars::Unknown { why: why.into() }
    }

    /// What it surely is. `None` if nothing is known.
    pub fn least(&self) -> Option<Usd> {
        match self {
            Dollars::Exact(least) | Dollars::Between { least, .. } | Dollars::AtLeast { least, .. } => Some(*least),
            Dollars::Unknown { .. } => None,
        }
    }

    /// What it cannot exceed. `None` if that is not known.
    pub fn most(&self) -> Option<Usd> {
        match self {
            Dollars::Exact(most) | Dollars::Between { most, .. } => Some(*most),
            Dollars::AtLeast { .. } | Dollars::Unknown { .. } => None,
        }
    }

    /// Why it, or a part of it, is unknown.
    pub fn why_unknown(&self) -> Option<&str> {
        match self {
            Dollars::AtLeast { why, .. } | Dollars::Unknown { why } => Some(why),
            Dollars::Exact(_) | Dollars::Between { .. } => None,
        }
    }

    /// Both together. What is unknown of one is unknown of the sum; what is known stays its lower bound.
    #[must_use]
    pub fn plus(self, other: Dollars) -> Dollars {
        let too_large = || "it is too large to hold exactly".to_owned();
        let ((least, most), (other_least, other_most)) = (self.bounds(), other.bounds());
        let most = match (most, other_most) {
            (Ok(most), Ok(other)) => most.checked_add(other).ok_or_else(too_large),
            (Err(why), Err(other)) if why != other => Err(format!("{why}; {other}")),
            (Err(why), _) | (_, Err(why)) => Err(why),
        };
        match least.checked_add(other_least) {
            Some(least) => Dollars::of(least, most),
            None => Dollars::Unknown { why: too_large() },
        }
    }

    /// What is saved by paying `rest` rather than this; never less than nothing, for one can keep things as they are.
    #[must_use]
    pub fn less(self, rest: Dollars) -> Dollars {
        let ((least, most), (rest_least, rest_most)) = (self.bounds(), rest.bounds());
        let sure = match &rest_most {
            Ok(rest) => (least - *rest).max(Usd::ZERO),
            Err(_) => Usd::ZERO,
        };
        let most = most.map(|most| (most - rest_least).max(sure));
        // Without a rest to pay, all of a known amount is saved; with an unknown one, at most that.
        Dollars::of(sure, most)
    }

    /// So many times as much; `None` becomes unknown.
    #[must_use]
    pub fn times(self, factor: Decimal) -> Dollars {
        self.scaled(factor, Decimal::ONE)
    }

    /// Times `factor`, then divided by `by`: a division comes last.
    #[must_use]
    pub fn scaled(self, factor: Decimal, by: Decimal) -> Dollars {
        let times = |usd: Usd| usd.scaled(factor, by);
        let too_large = || "it is too large to hold exactly".to_owned();
        let (least, most) = self.bounds();
        match times(least) {
            Some(least) => Dollars::of(least, most.and_then(|most| times(most).ok_or_else(too_large))),
            None => Dollars::Unknown { why: too_large() },
        }
    }

    /// Rounded half-up: for what is computed with more digits than anybody is billed by.
    #[must_use]
    pub fn to_decimals(self, decimals: u32) -> Dollars {
        let (least, most) = self.bounds();
        Dollars::of(least.to_decimals(decimals), most.map(|most| most.to_decimals(decimals)))
    }

    fn bounds(self) -> (Usd, Result<Usd, String>) {
        match self {
            Dollars::Exact(usd) => (usd, Ok(usd)),
            Dollars::Between { least, most } => (least, Ok(most)),
            Dollars::AtLeast { least, why } => (least, Err(why)),
            Dollars::Unknown { why } => (Usd::ZERO, Err(why)),
        }
    }
}

/// `$40.00`, `≤ $40.00`, `$15.00–$40.00`, `≥ $3.65`, `unknown`. Bounds that cents do not tell apart are one amount.
impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Dollars::Exact(usd) => usd.to_string(),
            Dollars::Between { least, most } if least.is_zero() => format!("≤ {most}"),
            Dollars::Between { least, most } => match (least.to_string(), most.to_string()) {
                (least, most) if least == most => most,
                (least, most) => format!("{least}–{most}"),
            },
            Dollars::AtLeast { least, .. } => format!("≥ {least}"),
            Dollars::Unknown { .. } => "unknown".to_owned(),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Dollars {
        Dollars::Exact(text.parse().unwrap())
    }

    #[test]
    fn what_is_known_of_a_sum_is_its_lower_bound() {
        let sum = exact("40").plus(Dollars::unknown("no size"));
        assert_eq!(sum, Dollars::AtLeast { least: "40".parse().unwrap(), why: "no size".to_owned() });
        assert_eq!(sum.to_string(), "≥ $40.00");
        // A known zero and an unknown is unknown, not "at least $0".
        assert_eq!(Dollars::ZERO.plus(Dollars::unknown("no size")).to_string(), "unknown");
        assert_eq!(exact("1").plus(Dollars::at_most("2".parse().unwrap())).to_string(), "$1.00–$3.00");
    }

    #[test]
    fn a_saving_is_bounded_by_what_goes_on() {
        let snapshot = Dollars::at_most("25".parse().unwrap());
        assert_eq!(exact("40").less(snapshot.clone()).to_string(), "$15.00–$40.00");
        assert_eq!(exact("22.50").less(snapshot).to_string(), "≤ $22.50");
        assert_eq!(exact("40").less(Dollars::ZERO), exact("40"));
        assert_eq!(exact("40").less(Dollars::unknown("no rate")).to_string(), "≤ $40.00");
        assert_eq!(Dollars::unknown("no size").less(Dollars::ZERO).to_string(), "unknown");
    }

    #[test]
    fn bounds_within_a_cent_are_shown_as_one_amount() {
        let between = |least: &str, most: &str| Dollars::of(least.parse().unwrap(), Ok(most.parse().unwrap()));
        assert_eq!(between("271.601", "271.604").to_string(), "$271.60");
        assert_eq!(between("271.60", "271.61").to_string(), "$271.60–$271.61");
    }

    #[test]
    fn too_large_is_unknown() {
        let huge = Dollars::Exact(Usd::new(Decimal::MAX));
        assert_eq!(huge.clone().plus(huge.clone()).to_string(), "unknown");
        assert_eq!(huge.times(Decimal::TEN).to_string(), "unknown");
    }
}
