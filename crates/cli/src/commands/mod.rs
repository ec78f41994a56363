//! One file a command.

mod alerts;
mod archive;
mod check;
mod completions;
mod config;
mod convert;
mod demo;
mod follow;
mod info;
mod period;
mod pictures;
mod plot;
mod record;
mod recover;
mod reference;
mod report;
mod serve;
mod stream;
mod token;

pub use archive::open as open_archive;
#[cfg(unix)]
pub use serve::options as serve_options;

use crate::args::{Args, Command};
use crate::exit::Account;

/// Runs what was asked for.
///
/// # Errors
/// What stops a command as a whole; what is wrong with one input is counted in the [`Account`].
pub fn run(args: &Args) -> anyhow::Result<Account> {
    match &args.command {
        Command::Info(command) => info::run(args, command),
        Command::Convert(command) => convert::run(args, command),
        Command::Plot(command) => plot::run(args, command),
        Command::Report(command) => report::run(args, command),
        Command::Check(command) => check::run(args, command),
        Command::Recover(command) => recover::run(args, command),
        Command::Record(command) => record::run(args, command),
        Command::Archive(command) => archive::run(args, command),
        Command::Serve(command) => serve::run(args, command),
        Command::Token(command) => token::run(args, command),
        Command::Alerts(command) => alerts::run(args, command),
        Command::Config(command) => config::run(args, command),
        Command::Demo(command) => demo::run(args, command),
        Command::Completions { shell } => completions::run(*shell),
        Command::Reference { folder } => reference::run(folder),
    }
}
