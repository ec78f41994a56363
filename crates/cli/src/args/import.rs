//! Arguments of `wavekeep import` and `wavekeep watch`.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use wavekeep_archive::Stated;

use super::archive::ArchiveArg;
use super::export::LakeArgs;
use super::list::WhichArgs;
use super::recordings::{LimitArgs, SetupArgs};
use super::values::{not_negative, positive};

/// What the caller states about the imported files.
#[derive(Debug, Clone, ClapArgs)]
pub struct StatedArgs {
    /// State the serial number of the unit.
    #[arg(long, value_name = "SERIAL")]
    pub serial: Option<String>,
    #[command(flatten)]
    pub setup: SetupArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
    /// Ignore reports.
    #[arg(long)]
    pub no_report: bool,
    /// Also write a .gnz for each event: arrays for memory mapping.
    #[arg(long)]
    pub gnz: bool,
    /// Leave streams where they are, instead of copying them into the archive.
    #[arg(long)]
    pub adopt: bool,
    /// Name of the streams in the archive; by default the name of their folder.
    #[arg(long, value_name = "NAME")]
    pub stream_id: Option<String>,
}

impl StatedArgs {
    /// The options of the import.
    pub fn options(&self) -> wavekeep_archive::ImportOptions {
        wavekeep_archive::ImportOptions::default()
            .with_stated(Stated {
                serial: self.serial.clone(),
                range: self.setup.range.map(|range| range.to_string()),
                rate_hz: self.setup.rate,
                pretrigger_s: self.setup.pretrigger,
            })
            .with_gnz(self.gnz)
            .with_without_reports(self.no_report)
            .with_adopt(self.adopt)
            .with_stream_id(self.stream_id.clone())
            .with_decode_limits(self.limits.limits())
    }
}

#[derive(Debug, ClapArgs)]
pub struct ImportArgs {
    /// Files, folders, zip and tar archives.
    #[arg(required_unless_present_any = ["adopt_archive", "from_archive"], value_name = "FILE")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub archive: ArchiveArg,
    #[command(flatten)]
    pub stated: StatedArgs,
    /// Adopt the folder --archive as an archive: the index is built from the sidecars of another program,
    /// and events without a sidecar get one.
    #[arg(long, conflicts_with = "paths")]
    pub adopt_archive: bool,
    /// Merge another archive: its events with their numbers where those are free, their reviews and times
    /// of import; the head of its ledger is recorded.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["paths", "adopt_archive"])]
    pub from_archive: Option<PathBuf>,
    /// Number of events that are saved with one sync.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub batch: u32,
    /// With --from-archive: which of its events.
    #[command(flatten)]
    pub which: WhichArgs,
}

#[derive(Debug, ClapArgs)]
pub struct WatchArgs {
    /// The folders, watched with their subfolders.
    #[arg(value_name = "FOLDER", required = true)]
    pub folder: Vec<PathBuf>,
    #[command(flatten)]
    pub archive: ArchiveArg,
    /// The serial number of the unit whose files arrive in a folder; repeatable.
    #[arg(long = "serial-of", value_name = "FOLDER=SERIAL", value_parser = serial_of)]
    pub serials_of: Vec<(PathBuf, String)>,
    /// Leave files alone: a pattern of names (*.log) or, with a /, of paths below the folder (old/**);
    /// repeatable.
    #[arg(long = "ignore", value_name = "PATTERN")]
    pub ignored: Vec<String>,
    /// Move imported files to this folder; files that are refused or skipped stay.
    #[arg(long, value_name = "DIR")]
    pub done: Option<PathBuf>,
    /// Keep a file of metrics up to date, for the textfile collector of Prometheus's node_exporter.
    #[arg(long, value_name = "FILE")]
    pub metrics_file: Option<PathBuf>,
    #[command(flatten)]
    pub stated: StatedArgs,
    /// Import a file when it has not changed for this long.
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0, value_parser = not_negative)]
    pub settle: f64,
    /// Wait this long after the last change of an event with incomplete content, then import it as
    /// damaged.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600.0, value_parser = not_negative)]
    pub incomplete: f64,
    /// Scan the folder at least this often.
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, value_parser = positive)]
    pub rescan: f64,
    /// End when all present files are imported.
    #[arg(long)]
    pub once: bool,
    #[command(flatten)]
    pub lake: LakeArgs,
}

/// `FOLDER=SERIAL`
fn serial_of(text: &str) -> Result<(PathBuf, String), String> {
    match text.rsplit_once('=') {
        Some((folder, serial)) if !folder.is_empty() && !serial.is_empty() => {
            Ok((PathBuf::from(folder), serial.to_owned()))
        }
        _ => Err(format!("{text:?} is not of the form FOLDER=SERIAL")),
    }
}
