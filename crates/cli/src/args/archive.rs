//! What the commands of the archive are told.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use wavekeep_archive::{Query, Sort, SortKey, Stated};
use wavekeep_core::UnitLocal;

use super::{SetupArgs, not_negative, positive};

/// The commands of the archive.
#[derive(Debug, Subcommand)]
pub enum ArchiveCommand {
    /// Take files, folders, zip and tar archives into an archive.
    #[command(after_help = "\
Formats are told by content. Reports are paired by name with events beside them, above their TXT
folder, or in the archive already. Doing it again changes nothing: an import that was cut short is
simply started again. With --json, a line is printed for each file after it is safe on the disk.

Exit codes: 0 all is in · 1 something that should be in is not · 3 all is in, but data was damaged

Examples:
  wavekeep import --archive fleet events/
  wavekeep import --archive fleet call-home.zip old.tar.gz M529LKIQ.7M0W
  wavekeep import --archive fleet --gnz events/
  wavekeep import --archive fleet --adopt runs/run.dat
  wavekeep import --archive old-archive --adopt-archive")]
    Import(ImportArgs),
    /// List events, or what there is of each unit, project or month.
    #[command(after_help = "\
Examples:
  wavekeep list --archive fleet --serial BE11529 --from 2026-05-01
  wavekeep list --archive fleet --min-ppv 0.5 --false-trigger no --sort ppv
  wavekeep list --archive fleet --by project
  wavekeep list --archive fleet --json | jq .ppv_in_s")]
    List(ListArgs),
    /// Say what an event is: a false trigger, reviewed, with notes; undo it; show who said what.
    #[command(after_help = "\
Without --yes, events that --where found are listed and nothing is changed.

Examples:
  wavekeep review --archive fleet 17 --false-trigger --notes 'a lorry'
  wavekeep review --archive fleet --where serial=BE11529 --where max-ppv=0.03 --false-trigger
  wavekeep review --archive fleet --where project='Quarry 4' --reviewed --yes
  wavekeep review --archive fleet 17 --undo
  wavekeep review --archive fleet 17 --log")]
    Review(ReviewArgs),
    /// Hash and decode everything again: files, sidecars and index must agree.
    #[command(after_help = "\
Nothing is changed. `repair` does what can be done about what is found.

Exit codes: 0 nothing was found · 1 failed · 3 something was found

Examples:
  wavekeep verify --archive fleet
  wavekeep verify --archive fleet --share 0.1 --seed 7
  wavekeep verify --archive fleet --hashes --json | jq .findings")]
    Verify(VerifyArgs),
    /// Do what can be done about what `verify` finds; nothing is deleted.
    #[command(after_help = "\
What is in the way is moved into .wavekeep/aside/ of the archive. Arrays, sidecars and the index are
made again; a source file is replaced only by the same bytes, from its raw frames. Then all is verified
again.

Exit codes: 0 nothing is wrong any more · 1 failed · 3 something is left

Examples:
  wavekeep repair --archive fleet")]
    Repair(RepairArgs),
    /// Derive arrays and sidecars again that an older decoder derived; or make the index again.
    #[command(after_help = "\
What people wrote, and what a report stated, stays. Values that get worse or vanish are counted.

Examples:
  wavekeep rebuild --archive fleet --dry-run
  wavekeep rebuild --archive fleet
  wavekeep rebuild --archive fleet --gnz --serial BE11529
  wavekeep rebuild --archive fleet --all --replace-arrays --serial BE11529
  wavekeep rebuild --archive fleet --index")]
    Rebuild(RebuildArgs),
    /// Write the events of a question as CSV or Parquet, or their originals as a zip archive.
    #[command(after_help = "\
The zip archive holds sources, reports, raw frames and sidecars, and SHA256SUMS: after unpacking,
`sha256sum -c SHA256SUMS` proves that nothing was altered.

Examples:
  wavekeep export --archive fleet --to csv > events.csv
  wavekeep export --archive fleet --to parquet -o may.parquet --where from=2026-05-01 --where to=2026-05-31
  wavekeep export --archive fleet --to zip -o quarry.zip --where project='Quarry 4'")]
    Export(ExportArgs),
    /// Watch a folder and import what arrives in it, until it is stopped.
    #[command(after_help = "\
A file is taken when it has not changed for a while. After a restart, what is in the archive is met as
the same. SIGTERM or Ctrl-C ends it after the batch at hand.

Examples:
  wavekeep watch --archive fleet /srv/call-home
  wavekeep watch --archive fleet --settle 10 --rescan 300 /mnt/share")]
    Watch(WatchArgs),
}

/// Where the archive is.
#[derive(Debug, ClapArgs)]
pub struct ArchiveArg {
    /// Folder of the archive.
    #[arg(long, value_name = "DIR", env = "WAVEKEEP_ARCHIVE")]
    pub archive: PathBuf,
}

/// What the caller states about what is imported.
#[derive(Debug, Clone, ClapArgs)]
pub struct StatedArgs {
    /// State the serial number of the unit.
    #[arg(long, value_name = "SERIAL")]
    pub serial: Option<String>,
    #[command(flatten)]
    pub setup: SetupArgs,
    /// Leave reports alone.
    #[arg(long)]
    pub no_report: bool,
    /// Make a .gnz of each event too: arrays for memory mapping.
    #[arg(long)]
    pub gnz: bool,
    /// Leave streams where they are, instead of copying them into the archive.
    #[arg(long)]
    pub adopt: bool,
    /// The name under which streams are kept; without it, the name of their folder.
    #[arg(long, value_name = "NAME")]
    pub stream_id: Option<String>,
}

impl StatedArgs {
    /// The options of the import.
    pub fn options(&self) -> wavekeep_archive::ImportOptions {
        wavekeep_archive::ImportOptions {
            stated: Stated {
                serial: self.serial.clone(),
                range: self.setup.range.map(|range| range.to_string()),
                rate_hz: self.setup.rate,
                pretrigger_s: self.setup.pretrigger,
            },
            gnz: self.gnz,
            without_reports: self.no_report,
            adopt: self.adopt,
            stream_id: self.stream_id.clone(),
            ..wavekeep_archive::ImportOptions::default()
        }
    }
}

#[derive(Debug, ClapArgs)]
pub struct ImportArgs {
    /// Files, folders, zip and tar archives.
    #[arg(required_unless_present = "adopt_archive", value_name = "FILE")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub archive: ArchiveArg,
    #[command(flatten)]
    pub stated: StatedArgs,
    /// Take the folder that --archive names as it is: sidecars of another program make its index,
    /// and events without one get theirs.
    #[arg(long, conflicts_with = "paths")]
    pub adopt_archive: bool,
    /// Events that are saved with one sync.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub batch: u32,
}

/// What decides which events are meant.
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "Which events")]
pub struct FilterArgs {
    /// Serial number of the unit.
    #[arg(long, value_name = "SERIAL")]
    pub serial: Option<String>,
    /// Project, as written.
    #[arg(long, value_name = "PROJECT")]
    pub project: Option<String>,
    /// waveform, histogram, stream or unknown.
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// Not before this time by the units' clocks: 2026-05-01, or 2026-05-01T13:16:34.
    #[arg(long, value_name = "TIME", value_parser = begin_of)]
    pub from: Option<UnitLocal>,
    /// Not after this time; a day counts to its end.
    #[arg(long, value_name = "TIME", value_parser = end_of)]
    pub to: Option<UnitLocal>,
    /// With a PPV of at least this, in in/s.
    #[arg(long, value_name = "IN/S", value_parser = not_negative)]
    pub min_ppv: Option<f64>,
    /// Only false triggers, or none.
    #[arg(long, value_name = "YES|NO", value_parser = yes_or_no)]
    pub false_trigger: Option<bool>,
    /// Only what somebody reviewed, or what nobody did.
    #[arg(long, value_name = "YES|NO", value_parser = yes_or_no)]
    pub reviewed: Option<bool>,
    /// Contained in notes, project, client, operator or location; or the beginning of a name.
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,
}

impl FilterArgs {
    /// The question, without order and page.
    pub fn query(&self) -> Query {
        Query {
            serial: self.serial.clone(),
            project: self.project.clone(),
            kind: self.kind.clone(),
            from: self.from,
            to: self.to,
            min_ppv_in_s: self.min_ppv,
            false_trigger: self.false_trigger,
            reviewed: self.reviewed,
            text: self.text.clone(),
            ..Query::default()
        }
    }
}

#[derive(Debug, ClapArgs)]
pub struct ListArgs {
    #[command(flatten)]
    pub archive: ArchiveArg,
    #[command(flatten)]
    pub filter: FilterArgs,
    /// What there is of each unit, project or month, instead of events.
    #[arg(long, value_name = "WHAT")]
    pub by: Option<By>,
    /// What events are ordered by.
    #[arg(long, value_name = "KEY", default_value = "time")]
    pub sort: SortArg,
    /// The smallest first.
    #[arg(long)]
    pub ascending: bool,
    /// At most so many events.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,
    /// Leave out so many of the first ones.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub offset: usize,
}

impl ListArgs {
    /// The question.
    pub fn query(&self) -> Query {
        Query {
            sort: Sort { key: self.sort.into(), descending: !self.ascending },
            limit: Some(self.limit),
            offset: self.offset,
            ..self.filter.query()
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    Unit,
    Project,
    Month,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SortArg {
    /// Time by the unit's own clock.
    Time,
    /// PPV.
    Ppv,
    /// The order in which they came in.
    Id,
}

impl From<SortArg> for SortKey {
    fn from(sort: SortArg) -> Self {
        match sort {
            SortArg::Time => Self::Timestamp,
            SortArg::Ppv => Self::Ppv,
            SortArg::Id => Self::Id,
        }
    }
}

#[derive(Debug, ClapArgs)]
pub struct ReviewArgs {
    /// Numbers of events, as `list` shows them.
    #[arg(value_name = "ID", required_unless_present_any = ["conditions", "log"])]
    pub ids: Vec<i64>,
    #[command(flatten)]
    pub archive: ArchiveArg,
    /// All events of which this holds: serial, project, kind, from, to, min-ppv, max-ppv,
    /// false-trigger, reviewed, text. Several have to hold together.
    #[arg(long = "where", value_name = "NAME=VALUE", conflicts_with = "ids")]
    pub conditions: Vec<Condition>,
    /// They are false triggers; with `no`, they are none.
    #[arg(long, value_name = "YES|NO", num_args = 0..=1, default_missing_value = "yes", require_equals = true, value_parser = yes_or_no)]
    pub false_trigger: Option<bool>,
    /// Somebody has looked at them; nothing else is said.
    #[arg(long)]
    pub reviewed: bool,
    /// What the reviewer writes.
    #[arg(long, value_name = "TEXT")]
    pub notes: Option<String>,
    /// Who says it; without it, the user of the system.
    #[arg(long, value_name = "NAME")]
    pub reviewer: Option<String>,
    /// Put back what the last change replaced.
    #[arg(long, conflicts_with_all = ["false_trigger", "reviewed", "notes", "conditions"])]
    pub undo: bool,
    /// Show who said what, the latest first.
    #[arg(long, conflicts_with_all = ["false_trigger", "reviewed", "notes", "undo", "conditions"])]
    pub log: bool,
    /// Change the events that --where found.
    #[arg(long)]
    pub yes: bool,
}

/// `NAME=VALUE`
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    name: String,
    value: String,
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| format!("{text:?} is not of the form NAME=VALUE"))?;
        let condition = Self { name: name.to_owned(), value: value.to_owned() };
        condition.apply(&mut Query::default(), &mut None)?;
        Ok(condition)
    }
}

impl Condition {
    /// Puts the condition into a question; the largest PPV is none that the index knows.
    pub fn apply(&self, query: &mut Query, max_ppv: &mut Option<f64>) -> Result<(), String> {
        let text = || Some(self.value.clone());
        match self.name.as_str() {
            "serial" => query.serial = text(),
            "project" => query.project = text(),
            "kind" => query.kind = text(),
            "text" => query.text = text(),
            "from" => query.from = Some(begin_of(&self.value)?),
            "to" => query.to = Some(end_of(&self.value)?),
            "min-ppv" => query.min_ppv_in_s = Some(not_negative(&self.value)?),
            "max-ppv" => *max_ppv = Some(not_negative(&self.value)?),
            "false-trigger" => query.false_trigger = Some(yes_or_no(&self.value)?),
            "reviewed" => query.reviewed = Some(yes_or_no(&self.value)?),
            other => {
                return Err(format!(
                    "{other:?} is none of serial, project, kind, from, to, min-ppv, max-ppv, false-trigger, reviewed, text"
                ));
            }
        }
        Ok(())
    }
}

#[derive(Debug, ClapArgs)]
pub struct VerifyArgs {
    #[command(flatten)]
    pub archive: ArchiveArg,
    /// Only this share of the events: 0.1 is a tenth, the same one each time.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub share: Option<f64>,
    /// With --share: another share with each number.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Compare checksums, sidecars and index only; decode nothing.
    #[arg(long)]
    pub hashes: bool,
}

#[derive(Debug, ClapArgs)]
pub struct RepairArgs {
    #[command(flatten)]
    pub archive: ArchiveArg,
}

#[derive(Debug, ClapArgs)]
pub struct RebuildArgs {
    #[command(flatten)]
    pub archive: ArchiveArg,
    /// Make the index again from the sidecars and the review log; nothing else.
    #[arg(long, conflicts_with_all = ["dry_run", "all", "replace_arrays", "gnz"])]
    pub index: bool,
    /// Change nothing; say what would change.
    #[arg(long)]
    pub dry_run: bool,
    /// Those that the present decoder derived too.
    #[arg(long)]
    pub all: bool,
    /// Replace .h5 and .gnz files of other programs.
    #[arg(long)]
    pub replace_arrays: bool,
    /// Make a .gnz of each event that has none: arrays for memory mapping.
    #[arg(long)]
    pub gnz: bool,
    #[command(flatten)]
    pub filter: FilterArgs,
}

#[derive(Debug, ClapArgs)]
pub struct ExportArgs {
    #[command(flatten)]
    pub archive: ArchiveArg,
    /// What to write.
    #[arg(long = "to", value_name = "TARGET")]
    pub target: ExportTarget,
    /// The file; csv goes to standard output without it.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace FILE if it exists.
    #[arg(long)]
    pub force: bool,
    /// Only events of which this holds: serial, project, kind, from, to, min-ppv, false-trigger,
    /// reviewed, text. Several have to hold together.
    #[arg(long = "where", value_name = "NAME=VALUE")]
    pub conditions: Vec<Condition>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportTarget {
    /// The table of events.
    Csv,
    /// The table of events.
    Parquet,
    /// The originals with a manifest.
    Zip,
}

#[derive(Debug, ClapArgs)]
pub struct WatchArgs {
    /// The folder; all that is below it is looked at.
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    #[command(flatten)]
    pub archive: ArchiveArg,
    #[command(flatten)]
    pub stated: StatedArgs,
    /// A file is finished when it has not changed for so long.
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = not_negative)]
    pub settle: f64,
    /// Look through the folder at least so often.
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, value_parser = positive)]
    pub rescan: f64,
    /// End when all that is there is in.
    #[arg(long)]
    pub once: bool,
}

fn share(text: &str) -> Result<f64, String> {
    positive(text).and_then(|share| match share <= 1.0 {
        true => Ok(share),
        false => Err("must be above 0 and at most 1".to_owned()),
    })
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err(format!("{text:?} is neither yes nor no")),
    }
}

fn time(text: &str, of_day: jiff::civil::Time) -> Result<UnitLocal, String> {
    if let Ok(date) = text.parse::<jiff::civil::Date>()
        && text.len() == 10
    {
        return Ok(UnitLocal(date.to_datetime(of_day)));
    }
    let is_zoned = text.parse::<jiff::Timestamp>().is_ok();
    match text.replace(' ', "T").parse::<jiff::civil::DateTime>() {
        Ok(time) if !is_zoned => Ok(UnitLocal(time)),
        _ => Err(format!(
            "{text:?} is no time without a zone like 2026-05-01 or 2026-05-01T13:16:34"
        )),
    }
}

fn begin_of(text: &str) -> Result<UnitLocal, String> {
    time(text, jiff::civil::Time::midnight())
}

fn end_of(text: &str) -> Result<UnitLocal, String> {
    time(text, jiff::civil::Time::constant(23, 59, 59, 999_999_999))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_goes_from_its_begin_to_its_end_and_a_zone_is_refused() {
        assert_eq!(begin_of("2026-05-01").unwrap().0.to_string(), "2026-05-01T00:00:00");
        assert_eq!(end_of("2026-05-01").unwrap().0.hour(), 23);
        assert_eq!(end_of("2026-05-01 13:00:01").unwrap().0.to_string(), "2026-05-01T13:00:01");
        assert!(begin_of("2026-05-01T13:16:34Z").is_err() && begin_of("May").is_err());
    }

    #[test]
    fn a_condition_with_a_wrong_name_or_value_is_refused() {
        assert!("ppv=1".parse::<Condition>().is_err());
        assert!("min-ppv=loud".parse::<Condition>().is_err());
        assert!("serial=BE11529".parse::<Condition>().is_ok());
    }
}
