//! What gpucost does when things go wrong: bad files, broken ledgers, full disks, crashes, several at once.
//!
//! Every command runs through the real binary in a clean environment.

mod advice_names;
mod bad_input;
mod command_line;
mod crash;
mod database;
mod export_parts;
mod imports;
mod parsers;
mod places;
#[path = "../program/mod.rs"]
mod program;
mod samples;
