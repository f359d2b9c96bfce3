//! The `gpucost` program: argv, environment and clock in, exit code out.

use std::process::ExitCode;

/// A fleet's findings are millions of small texts: benches/advise takes five eighths of the time it takes with glibc's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    gpucost::cli::run(std::env::args_os(), jiff::Timestamp::now())
}
