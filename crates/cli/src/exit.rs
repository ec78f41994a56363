//! How the program ends: 0 done, 1 failed, 2 wrong usage, 3 done but data was damaged.

use std::fmt;
use std::io;
use std::process::ExitCode;

use crate::terminal::{self, outln};
use serde_json::json;

/// How a command went for all of its inputs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    /// Inputs that were read and are whole.
    pub whole: usize,
    /// Inputs that were read and are damaged, incomplete, or contradicted by their report.
    pub damaged: usize,
    /// Inputs that could not be read, or results that could not be written.
    pub failed: usize,
    /// Files of folders that are no recordings.
    pub skipped: usize,
}

impl Account {
    /// Counts one input that was read.
    pub fn read(&mut self, damaged: bool) {
        if damaged { self.damaged += 1 } else { self.whole += 1 }
    }

    /// How many inputs there were that had to be read.
    pub fn inputs(&self) -> usize {
        self.whole + self.damaged + self.failed
    }
}

/// `10 files: 8 whole, 1 damaged, 1 failed; 3 other files skipped`
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inputs = self.inputs();
        write!(f, "{inputs} file{}: {} whole", if inputs == 1 { "" } else { "s" }, self.whole)?;
        for (count, word) in [(self.damaged, "damaged"), (self.failed, "failed")] {
            if count > 0 {
                write!(f, ", {count} {word}")?;
            }
        }
        if self.skipped > 0 {
            write!(
                f,
                "; {} other file{} skipped",
                self.skipped,
                if self.skipped == 1 { "" } else { "s" }
            )?;
        }
        Ok(())
    }
}

/// Arguments that contradict each other, or that no recording can satisfy.
#[derive(Debug)]
pub struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Prints what went wrong, if something did, and gives the exit code.
pub fn code(outcome: anyhow::Result<Account>, json: bool) -> ExitCode {
    // A line that could not be printed is a result that is not there.
    let outcome = outcome.and_then(|account| match terminal::failure() {
        Some(error) => Err(anyhow::Error::new(error).context("standard output cannot be written")),
        None => Ok(account),
    });
    match outcome {
        Ok(account) if account.failed > 0 => ExitCode::from(1),
        Ok(account) if account.damaged > 0 => ExitCode::from(3),
        Ok(_) => ExitCode::SUCCESS,
        // Whoever read our output has seen enough: `wavekeep info … | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let usage = error.is::<Usage>();
            if json {
                let kind = if usage { "usage" } else { "failed" };
                outln!("{}", json!({ "error": { "kind": kind, "message": format!("{error:#}") } }));
            }
            crate::render::error(format_args!("{error:#}"));
            ExitCode::from(if usage { 2 } else { 1 })
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}
