//! Where renting a GPU instance and owning a machine cost the same.
//!
//! A [`Question`] holds every number the answer rests on, each with its source; [`break_even`] answers it:
//!
//! - an hour of renting replaced saves `c = p − W·U·e/k`, a day `a = h·c + s/D − f`,
//! - the machine has paid for itself after `(P − S)/a` days, never if `a ≤ 0`,
//! - over the horizon the net present value decides, and the hours a day at which it is zero are where the verdict flips.
//!
//! [`Flows`] is the one place that turns a question into dollars per hour, per month and once: purchase options, loans,
//! rising electricity and a falling resale are further flows, not a second engine. [`Months`] lists them month by month.
//!
//! [`history`] asks the same of measured hours: of the last months, of several instances that could share machines, and
//! of a purchase in the past. [`online`] decides day by day, from the past alone, whether to buy now or wait;
//! [`uncertainty`] answers where inputs are ranges; [`opponent`] finds what does the same work cheapest. Two neighbors
//! answer smaller questions: [`commitment`] (an upfront fee against a lower hourly rate) and
//! [`hourly`] (what an owned hour or a single job costs).

pub mod commitment;
pub mod history;
pub mod hourly;
pub mod online;
pub mod opponent;
pub mod uncertainty;

mod answer;
mod carbon;
mod check;
mod discount;
mod flips;
mod flows;
mod input;
mod input_name;
mod interruptions;
mod loan;
mod months;
mod peak;
mod resale;
mod span;
mod terms;
mod values;

pub use answer::{
    Answer, BreakEven, FlipHours, Never, PerHourUsed, Reached, Totals, Verdict, break_even, totals_after,
};
pub use carbon::{Carbon, Footprint, Grids, carbon, footprint};
pub use check::{BreakEvenError, InvalidInput, MAX_DAYS};
pub use discount::Discount;
pub use flips::{FlipPoint, flip_point};
pub use flows::{Flows, TermFee, Upgraded};
pub use input::{
    Committed, Electricity, Financing, Input, Owning, Question, Renting, Source, Transfer, Upgrade, Upkeep,
};
pub use input_name::InputName;
pub use interruptions::Interruptions;
pub use loan::Loan;
pub use months::{MonthFlow, Months};
pub use resale::Resale;
pub use span::{Case, Corner, Holds, Ranges, Span, over_ranges};
pub use terms::{Horizon, MonthLength, NotAHorizon, NotAMonthLength, NotAPercentage, Percentage, Terms};
