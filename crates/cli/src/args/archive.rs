//! The commands of the archive.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::backup::{BackupArgs, RestoreArgs};
use super::correct::{CorrectArgs, ReviewArgs};
use super::custody::{
    HeadArgs, KeyArgs, LeaveArgs, LedgerArgs, ProveArgs, PurgeArgs, RemoveArgs, RetainArgs,
    StampArgs,
};
use super::export::ExportArgs;
use super::import::{ImportArgs, WatchArgs};
use super::level::LevelArgs;
use super::list::ListArgs;
use super::places::{PlanArgs, TrendArgs, UnitArgs};
use super::scaled_distance::ScaledDistanceArgs;
use super::verify::{RebuildArgs, RepairArgs, VerifyArgs};

/// The commands of the archive.
#[derive(Debug, Subcommand)]
pub enum ArchiveCommand {
    /// Import files, folders, zip and tar archives into an archive.
    #[command(after_help = "\
Formats are detected by content. Reports are paired by name with events beside them, above their
TXT folder, or in the archive. Repeating an import changes nothing: after an interruption, start
it again. With --json, a line is printed for each file after it is synced.

Exit codes: 0 all imported · 1 some not imported · 3 all imported, but data was damaged

Examples:
  wavekeep import --archive fleet events/
  wavekeep import --archive fleet call-home.zip old.tar.gz M529LKIQ.7M0W
  wavekeep import --archive fleet --gnz events/
  wavekeep import --archive fleet --adopt runs/run.dat
  wavekeep import --archive old-archive --adopt-archive
  wavekeep import --archive fleet --from-archive site-office
  wavekeep import --archive quarry-4 --from-archive fleet --where project='Quarry 4'")]
    Import(ImportArgs),
    /// List events, or summaries by unit, project, location or month.
    #[command(after_help = "\
Examples:
  wavekeep list --archive fleet --serial BE11529 --from 2026-05-01
  wavekeep list --archive fleet --min-ppv 0.5 --false-trigger no --sort=-ppv
  wavekeep list --archive fleet --by project
  wavekeep list --archive fleet --json | jq .ppv_in_s")]
    List(ListArgs),
    /// Review events: false triggers, notes, undo, review log.
    #[command(after_help = "\
Without --yes, events selected by --id or --where are listed and nothing is changed.

Examples:
  wavekeep review --archive fleet 17 --false-trigger --notes 'a lorry'
  wavekeep review --archive fleet --where serial=BE11529 --where max-ppv=0.03 --false-trigger
  wavekeep review --archive fleet --where project='Quarry 4' --reviewed --yes
  wavekeep review --archive fleet 17 --undo
  wavekeep review --archive fleet --where serial=BE11529 --undo --yes
  wavekeep review --archive fleet 17 --log")]
    Review(ReviewArgs),
    /// Set or correct project, client, operator, location, unit, charge or distance of events.
    #[command(after_help = "\
Source files and reports stay as they are: a correction is an entry in the review log, is marked
wherever it is shown, and `wavekeep review --undo` undoes it. An empty text states that there is
none; --as-recorded removes a correction. --unit moves events to another unit, with all of their
files; it needs --reason, and moving them back undoes it. To rename or merge projects, clients,
locations or units, select the old name. Without --yes the changes are listed and nothing is changed.

Examples:
  wavekeep correct --archive fleet 17 --location 'School, cellar'
  wavekeep correct --archive fleet --where project='Quary 4' --project 'Quarry 4' --yes
  wavekeep correct --archive fleet --where serial=UNKNOWN --unit BE11529 --reason 'label on the box' --yes
  wavekeep correct --archive fleet --where client='Northfield' --client 'Northfield Aggregates'
  wavekeep correct --archive fleet 17 --charge-kg 45 --distance-m 320 --yes
  wavekeep correct --archive fleet 17 --as-recorded location")]
    Correct(CorrectArgs),
    /// Set the alarm levels by which events are judged.
    #[command(after_help = "\
The level of the narrowest place applies: location and project, location, unit, project, archive. An
event is judged by the level that was in force at its time; levels for ground and air are inherited
separately. Every level is an entry in the ledger. After a change the events concerned are judged again;
`list` shows the verdicts.

Examples:
  wavekeep level set --archive fleet --curve osmre --air-db 133
  wavekeep level set --archive fleet --project 'Quarry 4' --curve din-2 --warn 70 --from 2026-05-01
  wavekeep level set --archive fleet --location School --curve permit-7 --curves permits.toml --reason 'permit 7'
  wavekeep level set --archive fleet --project 'Quarry 4' --curve din-3 --hours 22:00-06:00
  wavekeep level list --archive fleet --all
  wavekeep level end --archive fleet --project 'Quarry 4' --from 2026-09-01
  wavekeep list --archive fleet --where verdict=exceeds,warns --sort margin")]
    Level(LevelArgs),
    /// Find the attenuation law of a site from its blasts: peaks against scaled distance.
    #[command(after_help = "\
The scaled distance of an event is R / √W, for the air R / ∛W: the distance R from blast to sensor and the
maximum charge per delay W are read from the vendor's report or set with `wavekeep correct`. Of the
events that count, K and β of PPV = K · SD^−β are found by least squares, with the line K95 and the upper
95 % bound of a prediction. Of --distance, --charge and --limit two give the third. -o writes the chart
(.png, .svg, .pdf) or the table of events (.csv; - is standard output).

Examples:
  wavekeep scaled-distance --archive fleet --where project='Quarry 4'
  wavekeep scaled-distance --archive fleet --where project='Quarry 4' --velocity mm/s --limit 5 -o law.pdf
  wavekeep scaled-distance --archive fleet --distance '250 m' --charge '45 kg' --velocity mm/s
  wavekeep scaled-distance --archive fleet --medium air --limit 133 --json")]
    ScaledDistance(ScaledDistanceArgs),
    /// Show the largest values, the events and the exceedances of each day.
    #[command(after_help = "\
Days are those of the units' clocks. False triggers are counted and left out. A day is listed if it
has events, or if monitor logs or histograms show that a unit monitored; of other days nothing is
known.

Examples:
  wavekeep trend --archive fleet --where location=School
  wavekeep trend --archive fleet --serial BE11529 --from 2026-05-01 --to 2026-05-31
  wavekeep trend --archive fleet --where project='Quarry 4' --json | jq .days[].ppv")]
    Trend(TrendArgs),
    /// Show what is known of a unit: battery, calibration, firmware, monitoring, faults.
    #[command(after_help = "\
Each fact names the event and the time that it is from; what no source states is `not stated`.

Examples:
  wavekeep unit BE11529 --archive fleet
  wavekeep unit BE11529 --archive fleet --to 2026-06-30 --calibration-months 24
  wavekeep unit BE11529 --archive fleet --json | jq .calibration.due")]
    Unit(UnitArgs),
    /// Set a plan picture of a project and place locations on it.
    #[command(after_help = "\
Pictures and places are entries of the ledger, with time and user. Nothing is removed: `undo` brings
an earlier picture or place back.

Examples:
  wavekeep plan set site.png --archive fleet --project 'Quarry 4'
  wavekeep plan place School 0.42 0.31 --archive fleet --project 'Quarry 4'
  wavekeep plan list --archive fleet
  wavekeep plan list --archive fleet --history
  wavekeep plan undo 57 --archive fleet")]
    Plan(PlanArgs),
    /// Verify files, sidecars, ledger and index of an archive, or check a proof.
    #[command(after_help = "\
Nothing is changed; `repair` fixes what it can. --since compares the ledger with a head that was
kept elsewhere: entries that were removed or rewritten since are found. A proof is checked
without the archive and without a network.

Exit codes: 0 no findings · 1 failed · 3 findings

Examples:
  wavekeep verify --archive fleet
  wavekeep verify --archive fleet --since head-2026-05.txt --public-key office.pub
  wavekeep verify --archive fleet --since head-2026-05.txt --ledger
  wavekeep verify proof.zip --public-key office.pub --ca authority.pem
  wavekeep verify --archive fleet --share 0.1 --seed 7
  wavekeep verify --archive fleet --hashes --json | jq .findings")]
    Verify(VerifyArgs),
    /// Repair what `verify` finds, where possible; nothing is deleted.
    #[command(after_help = "\
Replaced files are moved to .wavekeep/aside/ in the archive. Arrays, sidecars and the index are
regenerated; a source file is replaced only by the same bytes, from its raw frames. Then
everything is verified again.

Exit codes: 0 no problems left · 1 failed · 3 problems left

Examples:
  wavekeep repair --archive fleet")]
    Repair(RepairArgs),
    /// Regenerate arrays and sidecars made by an older decoder, or rebuild the index.
    #[command(after_help = "\
Reviews, notes and values from reports are kept. Values that get worse or vanish are counted.

Examples:
  wavekeep rebuild --archive fleet --dry-run
  wavekeep rebuild --archive fleet
  wavekeep rebuild --archive fleet --gnz --serial BE11529
  wavekeep rebuild --archive fleet --all --replace-arrays --serial BE11529
  wavekeep rebuild --archive fleet --index")]
    Rebuild(RebuildArgs),
    /// Export events as CSV or Parquet, their originals as zip, or all events to a lake.
    #[command(after_help = "\
The zip archive holds sources, reports, raw frames and sidecars, and SHA256SUMS: after unpacking,
`sha256sum -c SHA256SUMS` checks them.

A lake is a folder or s3://bucket/prefix with the table of all events, as Parquet by month or
with the log of Delta Lake (--delta). Repeating the command writes the changes: imports, reviews,
and events that were forgotten or removed. Endpoint, region and keys of S3 come from
AWS_ENDPOINT_URL, AWS_DEFAULT_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. See
docs/lake.md.

Examples:
  wavekeep export --archive fleet --to csv > events.csv
  wavekeep export --archive fleet --to parquet -o may.parquet --where from=2026-05-01 --where to=2026-05-31
  wavekeep export --archive fleet --to zip -o quarry.zip --where project='Quarry 4'
  wavekeep export --archive fleet --to lake /srv/lake
  wavekeep export --archive fleet --to lake s3://company/vibration --delta")]
    Export(ExportArgs),
    /// Watch a folder and import new files, until stopped.
    #[command(after_help = "\
A file is imported when it has not changed for --settle seconds. An event whose content is
incomplete waits longer, because its upload may have paused. Names of unfinished uploads (.part,
.filepart, .tmp, …) are skipped. After a restart, imported files that have not changed are not
read again. SIGTERM or Ctrl-C ends the command after the current batch; a missing folder, a full
disk or an unreadable file does not.

Examples:
  wavekeep watch --archive fleet /srv/call-home
  wavekeep watch --archive fleet --settle 10 --rescan 300 /mnt/share
  wavekeep watch --archive fleet /srv/north /srv/south --serial-of /srv/north=BE11529
  wavekeep watch --archive fleet /srv/ftp --ignore '*.log' --done /srv/imported
  wavekeep watch --archive fleet /srv/call-home --lake s3://company/vibration")]
    Watch(WatchArgs),
    /// Print the head of the ledger, which later proves that the archive only grew since.
    #[command(after_help = "\
A head contains the number of entries in the ledger and the root of their tree. Keep it out of
reach of people who can write to the archive: print it, mail it, sign it, have it stamped.

Examples:
  wavekeep head --archive fleet
  wavekeep head --archive fleet -o head-2026-05.txt --key office.key
  wavekeep verify --archive fleet --since head-2026-05.txt")]
    Head(HeadArgs),
    /// Show the changes of the archive, or of events: when, what, by whom, from where.
    #[command(after_help = "\
Examples:
  wavekeep ledger --archive fleet
  wavekeep ledger --archive fleet 17
  wavekeep ledger --archive fleet 17 --json | jq .leaf")]
    Ledger(LedgerArgs),
    /// Write a proof of an event that can be checked without the archive.
    #[command(after_help = "\
The zip archive holds the source, the report, the reviews, the entries of the ledger with their
paths to the root of a head, the head with its signature and its time stamp, and an explanation.
`wavekeep verify proof.zip` checks it; so does the Python script docs/custody/check_proof.py.

Examples:
  wavekeep prove --archive fleet 17 -o proof.zip --key office.key
  wavekeep prove --archive fleet 17 -o proof.zip --head head-2026-05.txt")]
    Prove(ProveArgs),
    /// Get a time stamp for a head from a time-stamp authority (RFC 3161).
    #[command(after_help = "\
The time stamp is written to FILE.tsr. With --ca it is checked, which needs only the file, the
time stamp and the certificates, now and later.

Examples:
  wavekeep stamp head.txt --url http://timestamp.example.org --ca authority.pem
  wavekeep stamp head.txt --request
  wavekeep stamp head.txt --answer head.tsr --ca authority.pem
  wavekeep stamp head.txt --ca authority.pem")]
    Stamp(StampArgs),
    /// Create a key for signing heads, or print its public key.
    #[command(after_help = "\
Keys and signatures are compatible with minisign (Ed25519). Keep the secret key outside of the
archive, and out of reach of people who can write to it.

Examples:
  wavekeep key new -o office.key
  wavekeep key new -o office.key --password-file password.txt
  wavekeep key show office.key")]
    Key(KeyArgs),
    /// Accept the loss of events; their entries in the ledger stay.
    #[command(after_help = "\
Examples:
  wavekeep forget --archive fleet 17 --reason 'the disk of the site office burnt'")]
    Forget(LeaveArgs),
    /// Remove events with their files; their entries in the ledger stay.
    #[command(after_help = "\
The entries record the events, the hashes of their files, and who removed them, when and why.
Without --yes the events are listed and nothing is changed. The files are moved to a folder in
.wavekeep/removed/ until `wavekeep purge` deletes them; `wavekeep import --from-archive` with this
folder brings the events back.

Examples:
  wavekeep remove --archive fleet 17 --reason 'requested by the owner' --yes
  wavekeep remove --archive fleet --where project='Quarry 4' --where to=2024-12-31 --reason 'contract 17 ended'
  wavekeep import --archive fleet --from-archive fleet/.wavekeep/removed/2026-05-01T091300Z")]
    Remove(RemoveArgs),
    /// Delete the files of events that were removed some time ago.
    #[command(after_help = "\
Without --yes the folders are listed and nothing is deleted.

Examples:
  wavekeep purge --archive fleet
  wavekeep purge --archive fleet --grace 90 --yes")]
    Purge(PurgeArgs),
    /// Remove events that rules no longer keep.
    #[command(after_help = "\
The rules are a TOML file. For each event, the first rule whose conditions all match decides; an
event that no rule matches, or without a time, is kept. Conditions are those of --where: serial,
project, kind, min-ppv, max-ppv, false-trigger, reviewed, text. `keep` is a number of days (90d),
months (18m) or years (2y) by the clock of the unit, or `forever`.

  [[rule]]
  project = \"Quarry 4\"
  keep = \"forever\"

  [[rule]]
  kind = \"histogram\"
  keep = \"18m\"
  reason = \"contract 17, section 4\"

Without --yes the events are listed and nothing is changed.

Examples:
  wavekeep retain --archive fleet retention.toml
  wavekeep retain --archive fleet retention.toml --yes && wavekeep purge --archive fleet --yes")]
    Retain(RetainArgs),
    /// Back up an archive while others use it.
    #[command(after_help = "\
Each backup is a folder that is complete and verifies as it is. Files that have not changed are
hard links to those of the backup before, where the file system has them. Imports and reviews go
on; they wait only while the last changes are copied. With --mirror there is one copy, updated in
place, whose unchanged files keep their time.

Exit codes: 0 done · 1 failed · 3 done, but files could not be read, or are links

Examples:
  wavekeep backup --archive fleet /mnt/backup/fleet
  wavekeep backup --archive fleet /mnt/backup/fleet --keep 30
  wavekeep backup --archive fleet /srv/mirror --mirror && restic backup /srv/mirror
  wavekeep restore --check /mnt/backup/fleet")]
    Backup(BackupArgs),
    /// Restore an archive from a backup and verify it, or only verify a backup (--check).
    #[command(after_help = "\
The restored archive is compared with the head of the ledger that the backup holds.

Exit codes: 0 no findings · 1 failed · 3 findings

Examples:
  wavekeep restore /mnt/backup/fleet fleet
  wavekeep restore /mnt/backup/fleet/2026-05-01T020000Z fleet
  wavekeep restore --check --share 0.1 /mnt/backup/fleet")]
    Restore(RestoreArgs),
}

/// Where the archive is.
#[derive(Debug, ClapArgs)]
pub struct ArchiveArg {
    /// Folder of the archive.
    #[arg(long, value_name = "DIR", env = "WAVEKEEP_ARCHIVE")]
    pub archive: PathBuf,
}
