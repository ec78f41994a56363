//! `wavekeep watch`

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use serde_json::json;
use wavekeep_archive::{WatchOptions, Watched, machine_user};

use super::import::{print_summary, sentences};
use super::{lake, open};
use crate::args::{Args, WatchArgs};
use crate::exit::Account;
use crate::service;
use crate::terminal::outln;

/// Watches until it is stopped; that is no failure.
pub fn run(args: &Args, command: &WatchArgs) -> anyhow::Result<Account> {
    let archive = open(&command.archive.archive)?;
    let mut import = command.stated.options();
    import.sent_by = Some(machine_user());
    let options = WatchOptions::default()
        .with_import(import)
        .with_incomplete(Duration::try_from_secs_f64(command.incomplete)?)
        .with_settle(Duration::try_from_secs_f64(command.settle)?)
        .with_rescan(Duration::try_from_secs_f64(command.rescan)?)
        .with_once(command.once);
    let stop = super::stop_signal()?;
    let lake = command.lake.follower()?;
    let (mut failed, mut incomplete) = (0, 0);
    service::working();
    let mut watch = || {
        archive.watch(
        &command.folder,
        &options,
        &stop,
        &mut |imported| {
            // When whoever read our output is gone, the watcher goes on.
            let _ = print_summary(args, imported);
        },
        &mut |watched| match watched {
            Watched::Imported(account) => {
                failed += account.failed;
                if args.json {
                    outln!("{}", json!({ "account": account }));
                } else if !args.quiet {
                    outln!("{}", sentences(account));
                }
            }
            Watched::Incomplete(path) => {
                incomplete += 1;
                if args.json {
                    outln!("{}", json!({ "path": path, "incomplete": true }));
                } else {
                    crate::render::care(format_args!(
                        "{}: the event is not whole yet: it is left until it changes, or for {} s",
                        path.display(),
                        command.incomplete
                    ));
                }
            }
            Watched::Trouble(what) => {
                if args.json {
                    outln!("{}", json!({ "trouble": what }));
                }
                crate::render::error(format_args!("{what}; tried again"));
            }
            Watched::Passed if args.json => outln!("{}", json!({ "trouble": null })),
            Watched::Passed => crate::render::care("it has passed: watching goes on"),
        },
    )
    };
    match &lake {
        Some(lake) if !command.once => thread::scope(|scope| {
            scope.spawn(|| lake::follow(args, lake, &archive, &stop));
            let watched = watch();
            // Also where it ended by itself.
            stop.store(true, Ordering::Relaxed);
            watched
        })?,
        _ => watch()?,
    }
    if let Some(lake) = lake.filter(|_| command.once) {
        lake::update(args, lake.lake(), &archive, &stop)?;
    }
    let failed = usize::try_from(failed).unwrap_or(usize::MAX);
    let (failed, damaged) = if command.once { (failed, incomplete) } else { (0, 0) };
    Ok(Account { failed, damaged, ..Account::default() })
}
