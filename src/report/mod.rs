//! Line items, advice and break-even arranged as `Table` and `Chart` values, with no format in sight.

pub mod actions;
pub mod advice;
pub mod alerts;
pub mod bill;
pub mod break_even;
pub mod chart;
pub mod daily;
pub mod history;
pub mod month;
pub mod odds;
pub mod opponent;
pub mod preflight;
pub mod quote;
pub mod rates;
pub mod rates_changes;
pub mod rates_refreshed;
pub mod reconcile;
pub mod running;
pub mod sources;
pub mod spot_rates;
pub mod storage_rates;
pub mod suppressed;
pub mod table;
pub mod usage;
pub mod watch;
pub mod when;
