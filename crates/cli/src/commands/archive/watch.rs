//! `wavekeep watch`

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use wavekeep_archive::{
    Backlog, Ignore, Imported, WatchOptions, Watched, WatchedFolder, machine_user,
};
use wavekeep_server::{Exposition, MetricKind};

use super::import::{print_summary, sentences};
use super::{lake, level, open};
use crate::args::{Args, WatchArgs};
use crate::exit::{Account, Usage};
use crate::metrics_file::MetricsFile;
use crate::render;
use crate::service;
use crate::terminal::outln;

/// Watches until it is stopped; that is no failure.
pub fn run(args: &Args, command: &WatchArgs) -> anyhow::Result<Account> {
    let archive = open(&command.archive.archive)?;
    let folders = folders(command)?;
    let options = WatchOptions::default()
        .with_incomplete(Duration::try_from_secs_f64(command.incomplete)?)
        .with_settle(Duration::try_from_secs_f64(command.settle)?)
        .with_rescan(Duration::try_from_secs_f64(command.rescan)?)
        .with_once(command.once)
        .with_ignore(Ignore::new(&command.ignored).map_err(Usage)?)
        .with_done(command.done.clone());
    let stop = super::stop_signal()?;
    let lake = command.lake.follower()?;
    let counts = Mutex::new(Counts::new(command));
    let counting = || counts.lock().unwrap_or_else(PoisonError::into_inner);
    service::working();
    let watch = || {
        let heard = &mut |imported: &Imported| {
            counting().file(imported);
            // When whoever read our output is gone, the watcher goes on.
            let _ = print_summary(args, imported);
        };
        archive.watch(&folders, &options, &stop, heard, &mut |watched| {
            if matches!(watched, Watched::Imported(_))
                && let Err(error) = level::judge_beside(args, &archive)
            {
                // The next import finds what was left.
                render::error(error);
            }
            counting().watched(&watched);
            print(args, command, &watched);
        })
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
    let Counts { failed, incomplete, .. } = &*counting();
    let failed = usize::try_from(*failed).unwrap_or(usize::MAX);
    let (failed, damaged) = if command.once { (failed, *incomplete) } else { (0, 0) };
    Ok(Account { failed, damaged, ..Account::default() })
}

/// The folders, each with what is stated of its files.
fn folders(command: &WatchArgs) -> anyhow::Result<Vec<WatchedFolder>> {
    let mut import = command.stated.options();
    import.sent_by = Some(machine_user());
    let mut folders: Vec<_> =
        command.folder.iter().map(|folder| WatchedFolder::new(folder, import.clone())).collect();
    for (of, serial) in &command.serials_of {
        let Some(folder) = folders.iter_mut().find(|folder| folder.path == *of) else {
            let of = of.display();
            return Err(Usage(format!("--serial-of {of}={serial}: {of} is not watched")).into());
        };
        folder.import.stated.serial = Some(serial.clone());
    }
    Ok(folders)
}

fn print(args: &Args, command: &WatchArgs, watched: &Watched<'_>) {
    let say = |document: Value| {
        if args.json {
            outln!("{document}");
        }
    };
    match watched {
        Watched::Imported(account) => {
            say(json!({ "account": account }));
            if !args.json && !args.quiet {
                outln!("{}", sentences(account));
            }
        }
        Watched::Incomplete(path) => {
            say(json!({ "path": path, "incomplete": true }));
            if !args.json {
                crate::render::care(format_args!(
                    "{}: the event is not whole yet: it is left until it changes, or for {} s",
                    path.display(),
                    command.incomplete
                ));
            }
        }
        Watched::Trouble(what) => {
            say(json!({ "trouble": what }));
            crate::render::error(format_args!("{what}; tried again"));
        }
        Watched::Passed => {
            say(json!({ "trouble": null }));
            if !args.json {
                crate::render::care("it has passed: watching goes on");
            }
        }
        _ => {}
    }
}

/// What the watcher did, for the exit code, for systemd and for the file of metrics.
struct Counts<'a> {
    command: &'a WatchArgs,
    failed: u64,
    incomplete: usize,
    files: BTreeMap<String, u64>,
    backlog: Backlog,
    looked_s: i64,
    file: MetricsFile,
}

impl<'a> Counts<'a> {
    fn new(command: &'a WatchArgs) -> Self {
        Self {
            command,
            failed: 0,
            incomplete: 0,
            files: BTreeMap::new(),
            backlog: Backlog::default(),
            looked_s: 0,
            file: MetricsFile::new(command.metrics_file.clone()),
        }
    }

    fn file(&mut self, imported: &Imported) {
        let fate = json!(imported.fate);
        // An event or its report: what became of it; else that it was skipped, or failed.
        let word = fate["outcome"].as_str().or(fate["fate"].as_str()).unwrap_or_default();
        *self.files.entry(word.to_owned()).or_default() += 1;
        self.update(false);
    }

    fn watched(&mut self, watched: &Watched<'_>) {
        match watched {
            Watched::Imported(account) => self.failed += account.failed,
            Watched::Incomplete(_) => self.incomplete += 1,
            Watched::Looked(backlog) => {
                self.backlog = *backlog;
                self.looked_s = jiff::Timestamp::now().as_second();
                let Backlog { files, settling, incomplete, .. } = backlog;
                service::status(&format!(
                    "{files} files in the folders, {settling} settling, {incomplete} incomplete"
                ));
                self.update(true);
            }
            _ => {}
        }
    }

    fn update(&mut self, now: bool) {
        service::alive();
        let Self { command, files, backlog, looked_s, file, .. } = self;
        let fill = |out: &mut Exposition| {
            let archive = archive_of(&command.archive.archive);
            write(out, &archive, files, *backlog, *looked_s);
        };
        if now { file.write(fill) } else { file.update(fill) }
    }
}

fn archive_of(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

fn write(
    out: &mut Exposition,
    archive: &str,
    files: &BTreeMap<String, u64>,
    backlog: Backlog,
    looked_s: i64,
) {
    let help = "Files that were imported since the watcher started, by what became of them.";
    let mut family = out.family("wavekeep_watch_files_total", MetricKind::Counter, help);
    for (fate, count) in files {
        family.sample(&[("archive", archive), ("fate", fate)], count);
    }
    let mut gauge = |name, help, value: i64| {
        out.family(name, MetricKind::Gauge, help).sample(&[("archive", archive)], value);
    };
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let help = "Files in the folders.";
    gauge("wavekeep_watch_folder_files", help, number(backlog.files));
    let help = "Files that changed a moment ago.";
    gauge("wavekeep_watch_settling_files", help, number(backlog.settling));
    let help = "Events that are not whole: their upload may go on.";
    gauge("wavekeep_watch_incomplete_files", help, number(backlog.incomplete));
    let help = "Whether something fails that is tried again: the log says what.";
    gauge("wavekeep_watch_trouble", help, i64::from(backlog.has_trouble));
    let help = "When the folders were last looked through.";
    gauge("wavekeep_watch_looked_timestamp_seconds", help, looked_s);
}
