//! `wavekeep completions`

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Args;
use crate::exit::Account;

/// Prints the completion script of `shell`.
pub fn run(shell: Shell) -> anyhow::Result<Account> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "wavekeep", &mut script);
    io::stdout().write_all(&script)?;
    Ok(Account::default())
}
