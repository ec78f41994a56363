//! Arguments of `wavekeep backup` and `wavekeep restore`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::archive::ArchiveArg;
use super::verify::VerifyDepthArgs;

#[derive(Debug, ClapArgs)]
pub struct BackupArgs {
    /// Folder for the backups, which get a folder each; with --mirror, the folder of the copy.
    #[arg(value_name = "DEST")]
    pub to: PathBuf,
    #[command(flatten)]
    pub archive: ArchiveArg,
    /// Update one copy in place, for a program that keeps versions itself, such as restic or borg.
    #[arg(long)]
    pub mirror: bool,
    /// Keep the latest N backups and remove older ones.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "mirror")]
    pub keep: Option<u32>,
}

#[derive(Debug, ClapArgs)]
pub struct RestoreArgs {
    /// A backup, or a folder of backups: the latest one in it.
    #[arg(value_name = "BACKUP")]
    pub backup: PathBuf,
    /// Folder of the restored archive: a new one, or an empty one.
    #[arg(value_name = "DIR", required_unless_present = "check", conflicts_with = "check")]
    pub to: Option<PathBuf>,
    /// Verify the backup and restore nothing.
    #[arg(long)]
    pub check: bool,
    #[command(flatten)]
    pub depth: VerifyDepthArgs,
}
