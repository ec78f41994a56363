//! Arguments of `wavekeep alerts`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, ClapArgs)]
pub struct AlertsArgs {
    #[command(subcommand)]
    pub command: AlertsCommand,
}

#[derive(Debug, Subcommand)]
pub enum AlertsCommand {
    /// Check a file of rules and list where alerts go.
    Check {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Send a message to every target of a file of rules.
    Test {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}
