//! `wavekeep watch`

use std::time::Duration;

use serde_json::json;
use wavekeep_archive::{Archive, WatchOptions};

use super::import::{sentences, tell};
use crate::args::{Args, WatchArgs};
use crate::exit::Account;
use crate::terminal::outln;

/// Watches until it is stopped; that is no failure.
pub fn run(args: &Args, command: &WatchArgs) -> anyhow::Result<Account> {
    let archive = Archive::create(&command.archive.archive)?;
    let options = WatchOptions {
        import: command.stated.options(),
        settle: Duration::try_from_secs_f64(command.settle)?,
        rescan: Duration::try_from_secs_f64(command.rescan)?,
        once: command.once,
    };
    let stop = super::stop_signal()?;
    let mut failed = 0;
    archive.watch(
        &command.folder,
        &options,
        &stop,
        &mut |imported| {
            // When whoever read our output is gone, the watcher goes on.
            let _ = tell(args, imported);
        },
        &mut |account| {
            failed += account.failed;
            if args.json {
                outln!("{}", json!({ "account": account }));
            } else if !args.quiet {
                outln!("{}", sentences(account));
            }
        },
    )?;
    let failed = usize::try_from(failed).unwrap_or(usize::MAX);
    Ok(Account { failed: if command.once { failed } else { 0 }, ..Account::default() })
}
