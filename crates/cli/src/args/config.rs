//! Arguments of `wavekeep config`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, ClapArgs)]
pub struct ConfigArgs {
    #[command(subcommand)]
    pub command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check a file: every table, option and value, with the line of each fault.
    Check {
        /// The file; by default the one that is used.
        #[arg(value_name = "FILE")]
        path: Option<PathBuf>,
    },
    /// Show every option in force and where it comes from: file, environment variable or default.
    Show {
        /// Only options of this command.
        #[arg(value_name = "COMMAND", value_parser = crate::config::COMMANDS)]
        of: Option<String>,
    },
}
