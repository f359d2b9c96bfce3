//! The `gpucost` program: argv, environment and clock in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    gpucost::cli::run(std::env::args_os(), jiff::Timestamp::now())
}
