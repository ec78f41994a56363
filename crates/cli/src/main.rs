//! The program `wavekeep`.

mod args;
mod commands;
mod exit;
mod inputs;
mod outputs;
mod render;
mod samples;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = args::Args::parse();
    args.color.apply();
    let outcome = commands::run(&args);
    exit::code(outcome, args.json)
}
