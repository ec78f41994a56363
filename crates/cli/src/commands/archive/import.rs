//! `wavekeep import`

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;
use wavekeep_archive::{
    Account as Imports, Archive, Fate, ImportOptions, Imported, Outcome, machine_user,
};

use super::{bar, count};
use crate::args::{Args, ImportArgs};
use crate::exit::{Account, Usage};
use crate::render;
use crate::terminal::{self, outln};

/// Imports, prints what deserves a look, and the account.
pub fn run(args: &Args, command: &ImportArgs) -> anyhow::Result<Account> {
    if command.adopt_archive {
        return adopt_archive(args, command);
    }
    if let Some(other) = &command.from_archive {
        return take_in(args, command, other);
    }
    if !command.which.is_all() {
        let what = "--id and --where select events of another archive: give --from-archive";
        return Err(Usage(what.to_owned()).into());
    }
    let archive = super::opened(Archive::create(&command.archive.archive)?);
    let mut options = command.stated.options();
    options.batch = command.batch as usize;
    options.sent_by = Some(machine_user());
    import(args, &archive, &command.paths, &options)
}

/// Imports into an archive and prints how it went.
///
/// # Errors
/// When the archive fails as a whole.
pub fn import(
    args: &Args,
    archive: &Archive,
    paths: &[PathBuf],
    options: &ImportOptions,
) -> anyhow::Result<Account> {
    let stop = super::stop_signal()?;
    let progress = bar(args, 0, "files");
    let account = archive.import(paths, options, &stop, &mut |imported| {
        progress.inc(1);
        // When whoever read our output is gone, what is imported is imported all the same.
        let _ = progress.suspend(|| print_summary(args, imported));
    })?;
    progress.finish_and_clear();
    let mut out = terminal::stdout();
    if args.json {
        writeln!(out, "{}", json!({ "account": account }))?;
    } else if !args.quiet {
        writeln!(out, "{}", sentences(&account))?;
    }
    out.flush()?;
    super::level::judge(args, archive)?;
    if let Some(why) = &account.stopped_by {
        anyhow::bail!("the import was stopped: {why}");
    }
    Ok(Account {
        whole: usize::try_from(
            (account.events() + account.streams).saturating_sub(account.damaged),
        )
        .unwrap_or(usize::MAX),
        damaged: usize::try_from(account.damaged).unwrap_or(usize::MAX),
        failed: usize::try_from(account.failed).unwrap_or(usize::MAX),
        ..Account::default()
    })
}

/// Prints what became of a file: with --json always, without it when it deserves a look.
///
/// # Errors
/// When nobody reads any more.
pub(super) fn print_summary(args: &Args, imported: &Imported) -> std::io::Result<()> {
    if args.json {
        // Whole lines at once: each one is an answer.
        let line = format!("{}\n", json!(imported));
        let mut out = std::io::stdout();
        out.write_all(line.as_bytes())?;
        return out.flush();
    }
    let path = &imported.path;
    match &imported.fate {
        Fate::Failed { message, .. } => render::error(format_args!("{path}: {message}")),
        Fate::Event(saved) if !args.quiet => {
            if saved.serial_unknown {
                render::care(format_args!(
                    "{path}: neither name nor content says which unit it was: it is in {} until its report says so, or it is imported again with --serial",
                    saved.serial
                ));
            }
            if saved.outcome == Outcome::Conflict {
                render::care(format_args!(
                    "{path}: other bytes of this name are there: kept as {}/{}",
                    saved.serial, saved.filename
                ));
            }
        }
        _ => {}
    }
    Ok(())
}

/// The account in a few lines.
pub(super) fn sentences(account: &Imports) -> String {
    let mut parts = vec![format!("{} new", account.new)];
    for (n, what) in [
        (account.same, "already imported"),
        (account.paired_late, "paired with their report now"),
        (account.frames_added, "given their raw frames now"),
        (account.superseded, "put into the place of a shorter, damaged copy"),
        (account.conflicts, "kept under another name"),
        (account.damaged, "damaged"),
    ] {
        if n > 0 {
            parts.push(format!("{n} {what}"));
        }
    }
    let mut lines = vec![format!("{}: {}", count(account.events(), "event"), parts.join(", "))];
    let mut line = |n: u64, text: String| {
        if n > 0 {
            lines.push(text);
        }
    };
    line(
        account.moved,
        format!(
            "{} went from UNKNOWN to the unit that is known now",
            count(account.moved, "event")
        ),
    );
    line(account.streams, count(account.streams, "stream"));
    line(
        account.monitor_logs,
        format!("{} kept unchanged", count(account.monitor_logs, "monitor log file")),
    );
    line(
        account.same_monitor_logs,
        format!("{} already kept", count(account.same_monitor_logs, "monitor log file")),
    );
    line(
        account.without_report,
        format!("{} without a report", count(account.without_report, "event")),
    );
    line(
        account.report_refused,
        format!(
            "{} not used: not understood, or another one was there",
            count(account.report_refused, "report")
        ),
    );
    line(
        account.unknown_serials,
        format!("{} of unknown units: in UNKNOWN", count(account.unknown_serials, "event")),
    );
    line(account.failed, format!("{} failed", count(account.failed, "file")));
    for (reason, n) in &account.skipped {
        line(*n, format!("{} left alone: {reason}", count(*n, "file")));
    }
    if account.stopped {
        lines.push("stopped early: start it again to import the rest".to_owned());
    }
    lines.join("\n")
}

/// Takes in another archive.
fn take_in(args: &Args, command: &ImportArgs, other: &Path) -> anyhow::Result<Account> {
    let other = super::look(args, other)?;
    let query = command.which.query(&other)?;
    if !command.which.is_all() && other.ids(&query.clone().with_limit(Some(1)))?.is_empty() {
        // A slip of the pen makes no empty archive.
        anyhow::bail!("{}: no events are selected", other.layout().root().display());
    }
    let archive = super::opened(Archive::create(&command.archive.archive)?);
    let stop = super::stop_signal()?;
    let progress = bar(args, 0, "events");
    let taken = archive.take_in_matching(&other, &query, &stop, &mut |imported| {
        progress.inc(1);
        let _ = progress.suspend(|| print_summary(args, imported));
    })?;
    progress.finish_and_clear();
    if args.json {
        outln!("{}", json!(taken));
    } else if !args.quiet {
        outln!("{}", sentences(&taken.account));
        outln!("{} kept the number that they had", count(taken.same_number, "event"));
        outln!("{} came along", count(taken.reviews, "review"));
    }
    for path in &taken.reviewed_here {
        render::care(format_args!("{path}: its review here differs and is kept"));
    }
    Ok(Account {
        whole: usize::try_from(taken.account.events()).unwrap_or(usize::MAX),
        damaged: taken.reviewed_here.len(),
        failed: usize::try_from(taken.account.failed).unwrap_or(usize::MAX),
        ..Account::default()
    })
}

/// Takes an archive of another program as it is.
fn adopt_archive(args: &Args, command: &ImportArgs) -> anyhow::Result<Account> {
    let archive = super::opened(Archive::open(&command.archive.archive)?);
    let rebuilt = archive.rebuild_index()?;
    let not_read: Vec<_> = rebuilt
        .not_read
        .iter()
        .map(|(path, why)| json!({ "path": path, "message": why }))
        .collect();
    let without_sidecar = archive.adopt_sources(&command.stated.options())?;
    let outcomes = &without_sidecar;
    let (saved, failed): (Vec<_>, Vec<_>) = outcomes.iter().partition(|(_, saved)| saved.is_ok());
    if args.json {
        outln!(
            "{}",
            json!({
                "events": rebuilt.events + saved.len() as u64,
                "without_sidecar": saved.len(),
                "not_read": not_read,
                "unknown_hdf5": rebuilt.unknown_hdf5,
                "failed": failed.iter().map(|(path, saved)| json!({
                    "path": path, "message": saved.as_ref().err().map(ToString::to_string),
                })).collect::<Vec<_>>(),
            })
        );
    } else {
        outln!("{} in the archive", count(rebuilt.events + saved.len() as u64, "event"));
        if !saved.is_empty() {
            outln!("{} had no sidecar: they have one now", count(saved.len() as u64, "event"));
        }
        if rebuilt.unknown_hdf5 > 0 {
            outln!(
                "{} of arrays that another program wrote: left alone until `wavekeep rebuild --replace-arrays`",
                count(rebuilt.unknown_hdf5, "file")
            );
        }
        for (path, why) in &rebuilt.not_read {
            render::error(format_args!("{}: {why}", path.display()));
        }
        for (path, saved) in &failed {
            if let Err(error) = saved {
                render::error(format_args!("{}: {error}", path.display()));
            }
        }
    }
    let failed = not_read.len() + failed.len();
    Ok(Account { whole: saved.len(), failed, ..Account::default() })
}
