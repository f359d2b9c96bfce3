//! What AWS GPU instances cost, what they waste, and whether owning the machine would be cheaper.
//!
//! The core rooms take data and return data: no clock, file, network or terminal; `now` is an argument.
//! The edge rooms read, fetch, draw and write. `ARCHITECTURE.md` has the picture, `tests/layers.rs` the rule.

pub mod money;
pub mod quantity;
pub mod time;

pub mod catalog;
pub mod ledger;

pub mod advice;
pub mod alerts;
pub mod billing;
pub mod break_even;

pub mod report;

pub mod aws;
pub mod exports;
#[cfg(feature = "aws")]
pub mod jupyter;
#[cfg(feature = "aws")]
pub mod notify;
pub mod render;
pub mod store;
#[cfg(feature = "aws")]
mod web;

pub mod cli;
