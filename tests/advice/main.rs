//! What the rules find in ledgers made of facts: exact dollars, bounds, what is left alone, and laws on any ledger.

mod asked;
mod elsewhere;
mod facts;
mod idle_running;
mod laws;
mod left_running;
mod off_schedule;
mod orphan_snapshot;
mod oversized_iops;
mod plans;
mod preflight;
mod signals;
mod stopped;
mod suppressed;
mod tables;
mod together;
mod unjudged;
mod volume_shape;
mod volumes_and_addresses;
