//! The program `wavekeep`.

mod args;
mod commands;
mod exit;
mod inputs;
mod interrupt;
mod log;
mod outputs;
mod render;
mod samples;
mod terminal;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

/// Decoding and describing events takes many small pieces of memory, on all cores at once.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(wrong) if wrong.use_stderr() => wrong.exit(),
        // Help and version are results: one that cannot be printed is none.
        Err(help) => return ExitCode::from(u8::from(help.print().is_err())),
    };
    args.color.apply();
    let outcome = log::start(args.log()).map_err(Into::into).and_then(|()| commands::run(&args));
    exit::code(outcome, args.json)
}
