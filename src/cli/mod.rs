//! The command line: `args` as typed, `request` resolved, one file a command that loads, calls the core,
//! and hands back what to show.

#[cfg(feature = "aws")]
mod actions;
#[cfg(feature = "aws")]
mod actions_copy;
#[cfg(feature = "aws")]
mod actions_left;
#[cfg(feature = "aws")]
mod actions_look;
#[cfg(feature = "aws")]
mod actions_run;
mod advice_config;
mod advise;
#[cfg(feature = "aws")]
mod advise_apply;
#[cfg(feature = "aws")]
mod alerts;
#[cfg(feature = "aws")]
mod alerts_config;
mod args;
#[cfg(feature = "aws")]
mod backfill;
mod bill;
mod break_even;
mod break_even_explain;
mod break_even_flows;
mod break_even_history;
mod break_even_hybrid;
mod break_even_odds;
mod break_even_renting;
mod break_even_when;
mod calibrate;
mod config;
#[cfg(feature = "aws")]
mod cost_explorer;
mod demo;
mod error;
mod import;
#[cfg(feature = "aws")]
mod import_cost_explorer;
mod imported;
#[cfg(feature = "aws")]
mod jupyter;
mod ledger;
mod opponent;
#[cfg(feature = "aws")]
mod pages;
mod parts;
#[cfg(feature = "aws")]
mod preflight;
mod quote;
mod rates;
mod rates_card;
mod rates_diff;
#[cfg(feature = "aws")]
mod rates_fetch;
#[cfg(feature = "aws")]
mod rates_files;
#[cfg(feature = "aws")]
mod rates_live;
#[cfg(feature = "aws")]
mod rates_refresh;
mod reconcile;
mod report;
mod request;
mod shell;
mod show;
#[cfg(feature = "aws")]
mod signals;
mod signals_config;
mod snooze;
#[cfg(feature = "aws")]
mod track;
mod usage;
#[cfg(feature = "aws")]
mod variable;
#[cfg(feature = "aws")]
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use jiff::Timestamp;

#[cfg(feature = "aws")]
use args::TrackCommand;
use args::{BreakEvenCommand, Cli, Command, RatesCommand, UsageCommand};
use error::{Exit, Failure};
use request::Request;

/// Runs one command: data to stdout, everything else to stderr.
pub fn run(argv: impl IntoIterator<Item = OsString>, now: Timestamp) -> ExitCode {
    let cli = match Cli::parse_typed(argv) {
        Ok(cli) => cli,
        Err(message) => {
            // Help and version are data (stdout, 0), the rest is wrong usage (stderr, 2): clap knows which.
            // A pipe that was closed before reading it is nobody's failure.
            _ = message.print();
            return exit_code(if message.use_stderr() { Exit::WrongUsage } else { Exit::Ok });
        }
    };
    match execute(cli, now) {
        Ok(exit) => exit_code(exit),
        Err(failure) => {
            failure.print();
            exit_code(failure.exit)
        }
    }
}

fn exit_code(exit: Exit) -> ExitCode {
    ExitCode::from(exit as u8)
}

fn execute(cli: Cli, now: Timestamp) -> Result<Exit, Failure> {
    // What a shell asks for needs no config file, and must not fail over one.
    let command = match cli.command {
        None => return show::text(&shell::first_steps()),
        Some(Command::Completions(args)) => return shell::completions(args.shell),
        Some(Command::Man) => return shell::man(),
        Some(command) => command,
    };
    let request = Request::resolve(cli.global, now)?;
    match command {
        Command::Demo(args) => demo::run(&args, &request),
        #[cfg(feature = "aws")]
        Command::Preflight(args) => preflight::run(&args, &request),
        Command::Rates(args) => match &args.command {
            #[cfg(feature = "aws")]
            Some(RatesCommand::Refresh(refresh)) => rates_refresh::run(refresh, &request),
            Some(RatesCommand::Diff(diff)) => show::tables(&rates_diff::run(diff, &request)?, &request),
            None => show::tables(&rates::run(&args, &request)?, &request),
        },
        Command::Quote(args) => show::tables(&quote::run(&args, &request)?, &request),
        Command::Usage(args) => match &args.command {
            Some(UsageCommand::Import(import)) => import::run(import, &request),
            Some(UsageCommand::Check(check)) => import::check(check, &request),
            None => show::tables(&usage::run(&args, &request)?, &request),
        },
        Command::Bill(args) => show::tables(&bill::run(&args, &request)?, &request),
        Command::Reconcile(args) => reconcile::run(&args, &request),
        Command::BreakEven(args) => match &args.command {
            Some(BreakEvenCommand::When(when)) => break_even_when::run(when, &request),
            Some(BreakEvenCommand::History(history)) => break_even_history::run(history, &request),
            Some(BreakEvenCommand::Odds(odds)) => break_even_odds::run(odds, &request),
            None => break_even::run(&args.ask, &args.explain, &request),
        },
        Command::Calibrate(args) => calibrate::run(&args, &request),
        Command::Advise(args) => advise::run(&args, &request),
        #[cfg(feature = "aws")]
        Command::Alerts(args) => alerts::run(&args, &request),
        #[cfg(feature = "aws")]
        Command::Stop(args) => actions::stop(&args, &request),
        #[cfg(feature = "aws")]
        Command::Terminate(args) => actions::terminate(&args, &request),
        #[cfg(feature = "aws")]
        Command::SnapshotAndDelete(args) => actions::snapshot_and_delete(&args, &request),
        #[cfg(feature = "aws")]
        Command::ReleaseAddress(args) => actions::release_address(&args, &request),
        #[cfg(feature = "aws")]
        Command::Actions(args) => actions::record(&args, &request),
        Command::Report(args) => report::run(&args, &request),
        #[cfg(feature = "aws")]
        Command::Track(args) => match &args.command {
            Some(TrackCommand::Backfill(args)) => backfill::run(args, &request),
            Some(TrackCommand::Signals(args)) => signals::run(args, &request),
            None => track::run(&args, &request),
        },
        #[cfg(feature = "aws")]
        Command::Watch(args) => watch::run(&args, &request),
        Command::Completions(_) | Command::Man => Ok(Exit::Ok),
    }
}
