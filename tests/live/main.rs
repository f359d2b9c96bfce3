//! gpucost against its peers: a moto server with a clock of its own, and a local AWS for what moto lacks.
//!
//! Nothing here leaves this machine, apart from pip on the first run.
#![cfg(feature = "aws")]

mod actions;
mod actions_asked;
mod actions_killed;
mod actions_left;
mod actions_refused;
mod alerts;
mod alerts_faults;
mod backfill;
mod bulk;
mod jupyter;
mod month;
mod network;
mod orphans;
mod peers;
mod peers_answer;
mod peers_work;
mod policy;
mod preflight;
#[path = "../program/mod.rs"]
mod program;
mod rates;
mod reconcile;
mod schedule;
mod signals;
mod tracker;
