//! Line items, advice and break-even arranged as `Table` and `Chart` values, with no format in sight.

pub mod bill;
pub mod chart;
pub mod table;
pub mod usage;
