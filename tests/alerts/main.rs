//! Alerts: what is told, once, whatever the clock, the findings, the channels and crashes do.

mod clocks;
mod decided;
mod delivered;
mod evidence;
mod signals;
mod story;
#[cfg(feature = "aws")]
mod words;
