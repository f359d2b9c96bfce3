//! Which findings are new, still open, escalated or resolved: a function of the findings, what was known of them before,
//! and `now`. It decides and never sends.
//!
//! A finding lives in episodes. An [`Episode`] opens when its finding first appears, escalates when its age or its dollars
//! pass a step, is reminded of ever more rarely, and is resolved once the ledger holds newer evidence that it is over. Each
//! of these is a [`Notice`] with a key that no second notice has: who stores notices by key stores none twice, whatever
//! the clock does and however often the same findings are looked at.

mod budget;
mod decide;
mod episode;
mod evidence;
mod notice;

pub use budget::{Budgets, Spend, SpendOf, crossings};
pub use decide::{Decision, Look, decide};
pub use episode::{Amount, Episode, State, Steps};
pub use evidence::{Looks, PlacesPolled, ends, evidence};
pub use notice::{Kind, Matter, Measure, Notice};
