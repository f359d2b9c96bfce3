//! Recording a poll: what changed since the one before it, in one transaction.

use jiff::Timestamp;

use crate::ledger::Fact;

/// One look at one region of one account.
#[derive(Clone, Debug)]
pub struct Poll {
    pub account: String,
    pub region: String,
    pub at: Timestamp,
    /// Every resource that was seen, `seen_at` being `at`.
    pub facts: Vec<Fact>,
    /// Which lists came back whole: what is missing from them is gone.
    pub whole: Whole,
}

/// The lists of one region, each `true` if every page of it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    pub instances: bool,
    pub volumes: bool,
    pub addresses: bool,
    pub snapshots: bool,
}
