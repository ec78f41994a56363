//! Arguments of the commands of the archive.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use wavekeep_archive::Stated;
use wavekeep_lake::{FollowOptions, Follower, Lake, Layout, Place};

use super::custody::{
    HeadArgs, KeyArgs, LeaveArgs, LedgerArgs, ProveArgs, RemoveArgs, StampArgs, TrustArgs,
};
use super::list::{FilterArgs, ListArgs, WhichArgs};
use super::recordings::{LimitArgs, SetupArgs};
use super::values::{not_negative, positive, share, yes_or_no};

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
  wavekeep import --archive old-archive --adopt-archive
  wavekeep import --archive fleet --from-archive site-office")]
    Import(ImportArgs),
    /// List events, or what there is of each unit, project or month.
    #[command(after_help = "\
Examples:
  wavekeep list --archive fleet --serial BE11529 --from 2026-05-01
  wavekeep list --archive fleet --min-ppv 0.5 --false-trigger no --sort=-ppv
  wavekeep list --archive fleet --by project
  wavekeep list --archive fleet --json | jq .ppv_in_s")]
    List(ListArgs),
    /// Say what an event is: a false trigger, reviewed, with notes; undo it; show who said what.
    #[command(after_help = "\
Without --yes, events that --id or --where chose are listed and nothing is changed.

Examples:
  wavekeep review --archive fleet 17 --false-trigger --notes 'a lorry'
  wavekeep review --archive fleet --where serial=BE11529 --where max-ppv=0.03 --false-trigger
  wavekeep review --archive fleet --where project='Quarry 4' --reviewed --yes
  wavekeep review --archive fleet 17 --undo
  wavekeep review --archive fleet --where serial=BE11529 --undo --yes
  wavekeep review --archive fleet 17 --log")]
    Review(ReviewArgs),
    /// Hash and decode everything again: files, sidecars, ledger and index must agree. Or check a proof.
    #[command(after_help = "\
Nothing is changed. `repair` does what can be done about what is found. With --since, a head that was
held elsewhere shows whether entries were taken away or rewritten since. A proof is checked without the
archive, and without a network.

Exit codes: 0 nothing was found · 1 failed · 3 something was found

Examples:
  wavekeep verify --archive fleet
  wavekeep verify --archive fleet --since head-2026-05.txt --public-key office.pub
  wavekeep verify --archive fleet --since head-2026-05.txt --ledger
  wavekeep verify proof.zip --public-key office.pub --ca authority.pem
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
    /// Write the events of a question as CSV or Parquet, their originals as a zip archive, or keep all
    /// events in a lake.
    #[command(after_help = "\
The zip archive holds sources, reports, raw frames and sidecars, and SHA256SUMS: after unpacking,
`sha256sum -c SHA256SUMS` proves that nothing was altered.

A lake is a folder or s3://bucket/prefix with the table of all events, as Parquet by month, or with the
log of Delta Lake (--delta). The same command again writes what has changed: imports, reviews, events
that were forgotten or removed. Endpoint, region and keys of S3 come from AWS_ENDPOINT_URL,
AWS_DEFAULT_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. See docs/lake.md.

Examples:
  wavekeep export --archive fleet --to csv > events.csv
  wavekeep export --archive fleet --to parquet -o may.parquet --where from=2026-05-01 --where to=2026-05-31
  wavekeep export --archive fleet --to zip -o quarry.zip --where project='Quarry 4'
  wavekeep export --archive fleet --to lake /srv/lake
  wavekeep export --archive fleet --to lake s3://company/vibration --delta")]
    Export(ExportArgs),
    /// Watch a folder and import what arrives in it, until it is stopped.
    #[command(after_help = "\
A file is taken when it has not changed for a while. An event that is not whole by its content is left
for longer: its upload may only pause. Names of unfinished uploads (.part, .filepart, .tmp, …) are left
alone. After a restart, files that are in the archive are recognised. SIGTERM or Ctrl-C ends it after the
batch at hand; a folder that is away, a full disk or an unreadable file does not.

Examples:
  wavekeep watch --archive fleet /srv/call-home
  wavekeep watch --archive fleet --settle 10 --rescan 300 /mnt/share
  wavekeep watch --archive fleet /srv/call-home --lake s3://company/vibration")]
    Watch(WatchArgs),
    /// Print the head of the ledger: who holds it can prove later that the archive only grew since.
    #[command(after_help = "\
A head says how many entries the ledger has and what the root of their tree is. Keep it where those who
can write to the archive cannot: print it, mail it, sign it, have it stamped.

Examples:
  wavekeep head --archive fleet
  wavekeep head --archive fleet -o head-2026-05.txt --key office.key
  wavekeep verify --archive fleet --since head-2026-05.txt")]
    Head(HeadArgs),
    /// Show what happened to the archive, or to events of it: when, what, by whom, from where.
    #[command(after_help = "\
Examples:
  wavekeep ledger --archive fleet
  wavekeep ledger --archive fleet 17
  wavekeep ledger --archive fleet 17 --json | jq .leaf")]
    Ledger(LedgerArgs),
    /// Write a proof of an event, which others check without the archive.
    #[command(after_help = "\
The zip archive holds the source, the report, the reviews, the entries of the ledger with their paths to
the root of a head, the head with its signature and its time stamp, and a page in plain words.
`wavekeep verify proof.zip` checks it; so does a script of Python's, docs/custody/check_proof.py.

Examples:
  wavekeep prove --archive fleet 17 -o proof.zip --key office.key
  wavekeep prove --archive fleet 17 -o proof.zip --head head-2026-05.txt")]
    Prove(ProveArgs),
    /// Have a head stamped by a time-stamp authority (RFC 3161), over HTTP or by files.
    #[command(after_help = "\
The answer is kept as FILE.tsr. With --ca it is checked; nothing but the file, the answer and the
certificates is needed for that, now and later.

Examples:
  wavekeep stamp head.txt --url http://timestamp.example.org --ca authority.pem
  wavekeep stamp head.txt --request
  wavekeep stamp head.txt --answer head.tsr --ca authority.pem
  wavekeep stamp head.txt --ca authority.pem")]
    Stamp(StampArgs),
    /// Make a key that heads are signed with, or print its public half.
    #[command(after_help = "\
Keys and signatures are minisign's (Ed25519). Keep the secret key outside of the archive and away from
those who can write to it.

Examples:
  wavekeep key new -o office.key
  wavekeep key new -o office.key --password-file password.txt
  wavekeep key show office.key")]
    Key(KeyArgs),
    /// Stop looking for events that are lost: their files are gone, their entries in the ledger stay.
    #[command(after_help = "\
Examples:
  wavekeep forget --archive fleet 17 --reason 'the disk of the site office burnt'")]
    Forget(LeaveArgs),
    /// Take events out, with their files: for privacy, or when they need not be kept any longer.
    #[command(after_help = "\
The entries in the ledger stay: that the events were there, what their files were, who took them out,
when and why. Without --yes they are listed and nothing is changed.

Examples:
  wavekeep remove --archive fleet 17 --reason 'asked for by the owner' --yes")]
    Remove(RemoveArgs),
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
    #[command(flatten)]
    pub limits: LimitArgs,
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
            decode_limits: self.limits.limits(),
            ..wavekeep_archive::ImportOptions::default()
        }
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
    /// Take the folder that --archive names as it is: sidecars of another program make its index,
    /// and events without one get theirs.
    #[arg(long, conflicts_with = "paths")]
    pub adopt_archive: bool,
    /// Take in another archive: its events with their numbers where they are free, with what people said
    /// of them and when they came in; the head of its ledger is noted.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["paths", "adopt_archive"])]
    pub from_archive: Option<PathBuf>,
    /// Events that are saved with one sync.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub batch: u32,
}

#[derive(Debug, ClapArgs)]
pub struct ReviewArgs {
    /// Numbers of events, as `list` shows them.
    #[arg(value_name = "ID", required_unless_present_any = ["ids", "conditions", "log"])]
    pub events: Vec<i64>,
    #[command(flatten)]
    pub archive: ArchiveArg,
    #[command(flatten)]
    pub which: WhichArgs,
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
    /// Put back what the last change replaced; of several events, what their latest review together
    /// replaced.
    #[arg(long, conflicts_with_all = ["false_trigger", "reviewed", "notes"])]
    pub undo: bool,
    /// Show who said what, the latest first.
    #[arg(long, conflicts_with_all = ["false_trigger", "reviewed", "notes", "undo"])]
    pub log: bool,
    /// Change the events that --id and --where chose.
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, ClapArgs)]
pub struct VerifyArgs {
    /// A proof, as `wavekeep prove` writes it, instead of an archive.
    #[arg(value_name = "PROOF", conflicts_with_all = ["since", "ledger", "share", "hashes"])]
    pub proof: Option<PathBuf>,
    /// Folder of the archive.
    #[arg(long, value_name = "DIR", env = "WAVEKEEP_ARCHIVE", required_unless_present = "proof")]
    pub archive: Option<PathBuf>,
    /// A head of the ledger that was held elsewhere, or SIZE:ROOT as it is printed: the archive must only
    /// have grown since.
    #[arg(long, value_name = "HEAD")]
    pub since: Option<String>,
    /// Verify the ledger alone, and no files.
    #[arg(long, conflicts_with_all = ["share", "hashes"])]
    pub ledger: bool,
    #[command(flatten)]
    pub trust: TrustArgs,
    /// Only this share of the events: 0.1 is a tenth, the same one each time.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub share: Option<f64>,
    /// With --share: another share with each number.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Compare checksums, sidecars and index only; decode nothing.
    #[arg(long)]
    pub hashes: bool,
    #[command(flatten)]
    pub filter: FilterArgs,
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
    /// Where the lake is: a folder, or s3://bucket/prefix.
    #[arg(value_name = "URL", conflicts_with_all = ["output", "force", "ids", "conditions"])]
    pub lake: Option<Place>,
    /// A lake with the log of Delta Lake.
    #[arg(long, requires = "lake")]
    pub delta: bool,
    /// The file; csv goes to standard output without it.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace FILE if it exists.
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub which: WhichArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportTarget {
    /// The table of events.
    Csv,
    /// The table of events.
    Parquet,
    /// The originals with a manifest.
    Zip,
    /// The table of all events, kept up to date in a folder or on S3.
    Lake,
}

/// A lake that is kept up to date beside other work.
#[derive(Debug, ClapArgs)]
pub struct LakeArgs {
    /// Keep the table of all events up to date in a lake too: a folder, or s3://bucket/prefix, as
    /// `wavekeep export --to lake` writes it.
    #[arg(long, value_name = "URL", help_heading = LAKE)]
    pub lake: Option<Place>,
    /// A lake with the log of Delta Lake.
    #[arg(long, requires = "lake", help_heading = LAKE)]
    pub delta: bool,
    /// The lake is updated so long after a change.
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = not_negative, requires = "lake", help_heading = LAKE)]
    pub lake_delay: f64,
}

/// The heading in the help of a command.
const LAKE: &str = "A lake of the events";

impl LakeArgs {
    /// What keeps the lake up to date; `None` where there is none.
    ///
    /// # Errors
    /// When the delay is longer than any.
    pub fn follower(&self) -> anyhow::Result<Option<Follower>> {
        let Some(place) = &self.lake else { return Ok(None) };
        let delay = Duration::try_from_secs_f64(self.lake_delay)?;
        let options = FollowOptions { delay, ..FollowOptions::default() };
        Ok(Some(Follower::new(lake(place, self.delta), options)))
    }
}

/// The lake that is named.
pub fn lake(place: &Place, is_delta: bool) -> Lake {
    let layout = if is_delta { Layout::Delta } else { Layout::Parquet };
    Lake { place: place.clone(), layout }
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
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0, value_parser = not_negative)]
    pub settle: f64,
    /// An event that is not whole by its content is left for so long after its last change; then it
    /// is taken as damaged.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600.0, value_parser = not_negative)]
    pub incomplete: f64,
    /// Look through the folder at least so often.
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, value_parser = positive)]
    pub rescan: f64,
    /// End when all that is there is in.
    #[arg(long)]
    pub once: bool,
    #[command(flatten)]
    pub lake: LakeArgs,
}
