//! What the rules find in ledgers made of facts: exact dollars, bounds, what is left alone, and laws on any ledger.

mod asked;
mod facts;
mod laws;
mod left_running;
mod preflight;
mod stopped;
mod tables;
mod together;
mod volume_shape;
mod volumes_and_addresses;
