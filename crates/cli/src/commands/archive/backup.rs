//! `wavekeep backup`, `wavekeep restore`

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::json;
use wavekeep_archive::{Archive, ArchiveError, BackupOptions, Manifest};
use wavekeep_core::Status;

use super::{bar, count, refuse_other_folders, verify};
use crate::args::{Args, BackupArgs, RestoreArgs};
use crate::exit::Account;
use crate::render;
use crate::terminal::outln;

/// Makes a backup while others use the archive.
pub fn run(args: &Args, command: &BackupArgs) -> anyhow::Result<Account> {
    let path = &command.archive.archive;
    refuse_other_folders(path)?;
    // Those who may only read can make one too.
    let archive = match Archive::open(path) {
        Err(error) if is_denied(&error) => Archive::open_to_read(path)?,
        opened => opened?,
    };
    let keep = command.keep.and_then(|keep| usize::try_from(keep).ok());
    let options = BackupOptions::default().with_mirror(command.mirror).with_keep(keep);
    let progress = bar(args, 1, "files");
    let backup = archive.backup(&command.to, options, &|done, total| {
        progress.set_length(total);
        progress.set_position(done);
    })?;
    progress.finish_and_clear();
    if args.json {
        outln!("{}", json!(backup));
    } else {
        for left_out in &backup.left_out {
            let path = left_out.path.display();
            outln!(
                "{} {path}: not in the backup: {}",
                render::status(Status::Damaged),
                left_out.why
            );
        }
        if !args.quiet {
            let made = &backup.manifest;
            outln!(
                "{}: {}, {}; copied: {}, {}",
                shown(&command.to, &backup.path).display(),
                count(made.files, "file"),
                megabytes(made.bytes),
                count(backup.copied_files, "file"),
                megabytes(backup.copied_bytes)
            );
            for removed in &backup.removed {
                outln!("removed {}", removed.display());
            }
        }
    }
    Ok(Account { damaged: backup.left_out.len(), ..Account::default() })
}

fn is_denied(error: &ArchiveError) -> bool {
    let kinds = [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem];
    matches!(error, ArchiveError::Io { source, .. } if kinds.contains(&source.kind()))
}

/// A backup as it was named: its folder, or the folder that it is in.
fn shown(named: &Path, backup: &Path) -> PathBuf {
    let is_itself = std::fs::canonicalize(named).is_ok_and(|named| named == backup);
    match backup.file_name() {
        Some(name) if !is_itself => named.join(name),
        _ => named.to_owned(),
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Restores a backup and verifies what is there then, or verifies a backup as it is.
pub fn restore(args: &Args, command: &RestoreArgs) -> anyhow::Result<Account> {
    let (path, manifest) = match &command.to {
        None => {
            let (path, manifest) = Manifest::find(&command.backup)?;
            if !args.json && !args.quiet {
                let of = manifest.of.as_deref().unwrap_or_default();
                outln!(
                    "{}: {} at {of}",
                    shown(&command.backup, &path).display(),
                    manifest.archive.display()
                );
            }
            (path, manifest)
        }
        Some(to) => copy_back(args, command, to)?,
    };
    let options = command.depth.options();
    let progress = bar(args, 1, "events");
    let found = manifest.verify(&path, options, &|done, total| {
        progress.set_length(total);
        progress.set_position(done);
    })?;
    progress.finish_and_clear();
    verify::print(args, &found)?;
    Ok(Account { damaged: found.findings.len(), ..Account::default() })
}

fn copy_back(args: &Args, command: &RestoreArgs, to: &Path) -> anyhow::Result<(PathBuf, Manifest)> {
    let progress = bar(args, 1, "files");
    let restored = Archive::restore(&command.backup, to, &|done, total| {
        progress.set_length(total);
        progress.set_position(done);
    })?;
    progress.finish_and_clear();
    if args.json {
        outln!("{}", json!(restored));
    } else if !args.quiet {
        outln!(
            "{}: {}, {}, from {}",
            to.display(),
            count(restored.files, "file"),
            megabytes(restored.bytes),
            shown(&command.backup, &restored.backup).display()
        );
    }
    Ok((restored.path, restored.manifest))
}
