//! The log, on standard error: what the server, the watcher and recordings have to say beside their
//! results. `--log` of the server, or else `RUST_LOG`, chooses levels by module, as in `info` or
//! `wavekeep_server=debug,warn`. The levels can change while the program runs.
//!
//! Where standard error is systemd's journal, each line begins with its priority instead of a time, which the
//! journal has.

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

use crate::exit::Usage;

/// How the log is written.
#[derive(Debug, Clone, Default)]
pub struct LogOptions {
    /// Levels by module; `None` for those of `RUST_LOG`.
    pub levels: Option<Targets>,
    /// A line for each request.
    pub requests: bool,
    /// A JSON document a line.
    pub json: bool,
}

/// The levels of the log that was started.
static LEVELS: OnceLock<Handle<Targets, Registry>> = OnceLock::new();

/// Starts the log. Warnings and errors are logged when nothing else is asked for.
///
/// # Errors
/// [`Usage`] when `RUST_LOG` cannot be understood.
pub fn start(options: &LogOptions) -> Result<(), Usage> {
    let (levels, handle) = reload::Layer::new(levels(options)?);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let lines = match (options.json, std::env::var_os("JOURNAL_STREAM").is_some()) {
        (true, _) => lines.json().flatten_event(true).boxed(),
        (false, true) => lines.with_ansi(false).event_format(OfJournal::default()).boxed(),
        (false, false) => lines.with_ansi(io::stderr().is_terminal()).boxed(),
    };
    // A second call, in a test, finds the log started.
    if tracing_subscriber::registry().with(lines.with_filter(levels)).try_init().is_ok() {
        let _ = LEVELS.set(handle);
    }
    Ok(())
}

/// Changes the levels of the log, and whether requests are logged.
///
/// # Errors
/// As [`start`].
#[cfg(unix)]
pub fn change(options: &LogOptions) -> Result<(), Usage> {
    let levels = levels(options)?;
    if let Some(handle) = LEVELS.get() {
        // The log ends with the program: it is there.
        let _ = handle.reload(levels);
    }
    Ok(())
}

fn levels(options: &LogOptions) -> Result<Targets, Usage> {
    let levels = match (&options.levels, std::env::var("RUST_LOG")) {
        (Some(levels), _) => levels.clone(),
        (None, Ok(text)) => text
            .parse::<Targets>()
            .map_err(|error| Usage(format!("RUST_LOG is {text:?}, which is no filter: {error}")))?,
        (None, Err(_)) => Targets::new().with_default(LevelFilter::WARN),
    };
    Ok(match options.requests {
        true => levels.with_target(wavekeep_server::REQUESTS, LevelFilter::DEBUG),
        false => levels,
    })
}

/// Lines for systemd's journal: sd-daemon(3).
struct OfJournal(Format<Full, ()>);

impl Default for OfJournal {
    fn default() -> Self {
        Self(tracing_subscriber::fmt::format().without_time().with_level(false).with_target(false))
    }
}

impl<S, N> FormatEvent<S, N> for OfJournal
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let priority = match *event.metadata().level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            Level::DEBUG | Level::TRACE => 7,
        };
        write!(writer, "<{priority}>")?;
        self.0.format_event(context, writer, event)
    }
}
