//! Arguments of `wavekeep backup` and `wavekeep restore`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::archive::ArchiveArg;
use super::values::share;

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
    /// Verify only this share of the events: 0.1 is a tenth, the same one each time.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub share: Option<f64>,
    /// With --share: select another share.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Compare checksums, sidecars and index only; decode nothing.
    #[arg(long)]
    pub hashes: bool,
}
