//! The log, on standard error: what the server, the watcher and recordings have to say beside their
//! results. `RUST_LOG` chooses levels by module, as in `RUST_LOG=info` or
//! `RUST_LOG=wavekeep_server=debug,warn`.

use std::io::{self, IsTerminal};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::exit::Usage;

/// How the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// A line for each request.
    pub requests: bool,
    /// A JSON document a line.
    pub json: bool,
}

/// Starts the log. Warnings and errors are logged when `RUST_LOG` says nothing else.
///
/// # Errors
/// [`Usage`] when `RUST_LOG` cannot be understood.
pub fn start(options: LogOptions) -> Result<(), Usage> {
    let mut levels = match std::env::var("RUST_LOG") {
        Ok(text) => text
            .parse::<Targets>()
            .map_err(|error| Usage(format!("RUST_LOG is {text:?}, which is no filter: {error}")))?,
        Err(_) => Targets::new().with_default(LevelFilter::WARN),
    };
    if options.requests {
        levels = levels.with_target(wavekeep_server::REQUESTS, LevelFilter::DEBUG);
    }
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let lines = match options.json {
        true => lines.json().flatten_event(true).boxed(),
        false => lines.with_ansi(io::stderr().is_terminal()).boxed(),
    };
    // A second call, in a test, finds the log started.
    let _ = tracing_subscriber::registry().with(lines.with_filter(levels)).try_init();
    Ok(())
}
