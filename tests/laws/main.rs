//! What the ledger derives, what billing charges for it and what the reports say: the specification.

mod arbitrary;
mod billing;
mod billing_metered;
mod billing_volumes;
mod facts;
mod ledger_lives;
mod ledger_notes;
mod ledger_sessions;
mod properties;
mod reports;
mod scale;
mod tracked;
