//! The commands of the archive, one file each.

mod backup;
mod correct;
mod export;
mod head;
mod import;
mod key;
mod lake;
mod leave;
mod level;
mod list;
mod plan;
mod rebuild;
mod repair;
mod retain;
mod review;
mod scaled_distance;
mod trend;
mod trust;
mod unit;
mod verify;
mod watch;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use wavekeep_archive::Archive;

use crate::args::{ArchiveCommand, Args};
use crate::exit::Account;

pub use import::import;
pub use list::print_list;

/// Runs a command of the archive.
///
/// # Errors
/// What stops a command as a whole.
pub fn run(args: &Args, command: &ArchiveCommand) -> anyhow::Result<Account> {
    match command {
        ArchiveCommand::Import(command) => import::run(args, command),
        ArchiveCommand::List(command) => list::run(args, command),
        ArchiveCommand::Review(command) => review::run(args, command),
        ArchiveCommand::Correct(command) => correct::run(args, command),
        ArchiveCommand::Level(command) => level::run(args, command),
        ArchiveCommand::ScaledDistance(command) => scaled_distance::run(args, command),
        ArchiveCommand::Trend(command) => trend::run(args, command),
        ArchiveCommand::Unit(command) => unit::run(args, command),
        ArchiveCommand::Plan(command) => plan::run(args, command),
        ArchiveCommand::Verify(command) => verify::run(args, command),
        ArchiveCommand::Repair(command) => repair::run(args, command),
        ArchiveCommand::Rebuild(command) => rebuild::run(args, command),
        ArchiveCommand::Export(command) => export::run(args, command),
        ArchiveCommand::Watch(command) => watch::run(args, command),
        ArchiveCommand::Head(command) => head::run(args, command),
        ArchiveCommand::Ledger(command) => head::ledger(args, command),
        ArchiveCommand::Prove(command) => head::prove(args, command),
        ArchiveCommand::Stamp(command) => key::stamp(args, command),
        ArchiveCommand::Key(command) => key::run(args, command),
        ArchiveCommand::Forget(command) => leave::forget(args, command),
        ArchiveCommand::Remove(command) => leave::remove(args, command),
        ArchiveCommand::Purge(command) => leave::purge(args, command),
        ArchiveCommand::Retain(command) => retain::run(args, command),
        ArchiveCommand::Backup(command) => backup::run(args, command),
        ArchiveCommand::Restore(command) => backup::restore(args, command),
    }
}

/// Opens an archive that is there: a path with a slip of the pen must not become a new one.
pub fn open(path: &Path) -> anyhow::Result<Archive> {
    refuse_other_folders(path)?;
    Ok(opened(Archive::open(path)?))
}

/// Says so where the superuser works in another user's archive.
pub fn opened(archive: Archive) -> Archive {
    if let Some(owner) = archive.gives_files_to() {
        crate::render::care(format_args!("new files belong to {owner}, as the archive does"));
    }
    archive
}

/// Refuses a folder that is not an archive.
pub fn refuse_other_folders(path: &Path) -> anyhow::Result<()> {
    if path.is_dir() && !Archive::is_at(path) {
        anyhow::bail!(
            "{} is not an archive: `wavekeep import` creates one, `wavekeep import --adopt-archive` adopts one of another program",
            path.display()
        );
    }
    Ok(())
}

/// Opens an archive that is there to be read alone: nothing is changed, no write access is needed and
/// no lock is waited for. Interrupted changes that wait to be finished are reported.
pub fn look(args: &Args, path: &Path) -> anyhow::Result<Archive> {
    refuse_other_folders(path)?;
    let archive = Archive::open_to_read(path)?;
    if let Some(waiting) = archive.waiting().filter(|_| !args.quiet) {
        crate::render::care(waiting);
    }
    Ok(archive)
}

/// Hears of Ctrl-C and SIGTERM.
fn stop_signal() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stop);
    ctrlc::set_handler(move || seen.store(true, Ordering::Relaxed))?;
    Ok(stop)
}

/// A bar on a terminal; nothing elsewhere. `total` 0 is not known.
pub fn bar(args: &Args, total: u64, what: &str) -> ProgressBar {
    if args.quiet {
        return ProgressBar::hidden();
    }
    let (bar, template) = match total {
        0 => (ProgressBar::no_length(), format!("{{spinner}} {{human_pos}} {what}, {{per_sec}}")),
        _ => (
            ProgressBar::new(total),
            format!("{{bar:40}} {{human_pos}}/{{human_len}} {what}, {{per_sec}}, {{eta}} left"),
        ),
    };
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// `1 event`, `2 events`, `2 entries`
pub fn count(n: u64, what: &str) -> String {
    match (n, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (n, Some(stem)) => format!("{n} {stem}ies"),
        (n, None) => format!("{n} {what}s"),
    }
}
