//! The program `wavekeep`.

mod args;
mod commands;
mod config;
mod exit;
mod inputs;
mod interrupt;
mod log;
mod metrics_file;
mod outputs;
mod render;
mod samples;
mod service;
mod terminal;

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use config::Refused;
use mimalloc::MiMalloc;

/// Decoding and describing events takes many small pieces of memory, on all cores at once.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let args = match config::command_line(arguments().collect()) {
        Ok(args) => args,
        Err(Refused::File(wrong)) => return exit::code(Err(wrong.into()), false),
        Err(Refused::Line(wrong)) if wrong.use_stderr() => {
            let _ = wrong.print();
            if let Some(meant) = meant(&wrong) {
                terminal::message(format_args!("\n  tip: did you mean '{meant}'?"));
            }
            return ExitCode::from(2);
        }
        // Help and version are results: one that cannot be printed is none.
        Err(Refused::Line(help)) => return ExitCode::from(u8::from(help.print().is_err())),
    };
    args.color.apply();
    let outcome = log::start(&args.log()).map_err(Into::into).and_then(|()| commands::run(&args));
    exit::code(outcome, args.json)
}

#[cfg(not(windows))]
fn arguments() -> std::env::ArgsOs {
    std::env::args_os()
}

/// The shells of Windows hand on `*.7M0W` as it is: names with wildcards are replaced here, as other
/// shells do it.
#[cfg(windows)]
fn arguments() -> impl Iterator<Item = std::ffi::OsString> {
    wild::args_os()
}

/// The known value that is near to one that was refused, where the library of the command line does
/// not name it itself.
fn meant(wrong: &clap::Error) -> Option<String> {
    if wrong.get(ContextKind::SuggestedValue).is_some() {
        return None;
    }
    let Some(ContextValue::String(given)) = wrong.get(ContextKind::InvalidValue) else {
        return None;
    };
    let Some(ContextValue::Strings(known)) = wrong.get(ContextKind::ValidValue) else {
        return None;
    };
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    args::near(given, &known).map(str::to_owned)
}
