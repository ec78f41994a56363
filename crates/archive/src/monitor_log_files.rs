//! Monitor log files (`.MLG`) of units, kept as they came and listed.
//!
//! What is in them is not known: nothing is decoded, and the unit is known by the name of the file or because
//! the caller states it. Each has an entry `keep` in the ledger with its SHA-256, and lies in the folder of its
//! unit; nothing else says that it is there.

use std::collections::HashSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::json;
use wavekeep_blastware::{MAGIC, MONITOR_LOG_TAG, serial_of_stem};
use wavekeep_custody::{Action, Entry, Hash};

use crate::facts::UNKNOWN_SERIAL;
use crate::journal::{Change, stage};
use crate::ledger::{self, Draft};
use crate::remake::sha256;
use crate::verify::Verification;
use crate::{Actor, Archive, ArchiveError, FindingKind, SafeName, SaveError};

/// The member of an entry that says what was kept.
const MEMBER: &str = "monitor_log_file";

/// Why a file belongs to its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UnitFrom {
    /// The caller states it.
    Caller,
    /// The name of the file begins as those of the unit's events do.
    Name,
    /// Nothing names a unit.
    Nothing,
}

/// A monitor log file in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MonitorLogFile {
    /// Its entry in the ledger, which is its number.
    pub entry: u64,
    /// When it came in, in UTC.
    pub at: String,
    /// Who sent it.
    pub who: String,
    /// The unit, or `UNKNOWN`.
    pub serial: String,
    /// Why it belongs to that unit.
    pub unit_from: UnitFrom,
    /// Its name in the folder of the unit.
    pub filename: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

/// A monitor log file that was handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KeptMonitorLog {
    /// The file.
    #[serde(flatten)]
    pub file: MonitorLogFile,
    /// Whether it was there already.
    pub same: bool,
}

/// What an entry says of a file, beside its name and checksum.
#[derive(Debug, Serialize, Deserialize)]
struct Said {
    serial: String,
    unit_from: UnitFrom,
    filename: String,
    bytes: u64,
}

/// Whether a file is a monitor log: by its beginning, or by its name.
pub fn is_monitor_log(head: &[u8], name: &str) -> bool {
    let tag = head.strip_prefix(&MAGIC[..]).is_some_and(|rest| rest.starts_with(&MONITOR_LOG_TAG));
    tag || is_named_as_monitor_log(name)
}

/// Whether a file is a monitor log by its name.
pub fn is_named_as_monitor_log(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".mlg")
}

/// The unit that a name begins with: `M529LKIQ.MLG` as names of Blastware's events do, `UM11719_….MLG` as
/// those of Thor's.
fn serial_of_name(name: &str) -> Option<String> {
    let stem = name.split('.').next().unwrap_or_default();
    let is_serial = |text: &&str| {
        let digits = text.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
        (1..=4).contains(&(text.len() - digits.len()))
            && (3..=8).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let before = stem.split_once('_').map(|(before, _)| before);
    before.filter(is_serial).map(str::to_owned).or_else(|| serial_of_stem(stem))
}

impl Archive {
    /// Keeps a monitor log file as it is. One with the same bytes that the unit has already is not kept
    /// twice; one of the same name with other bytes gets a name with its checksum.
    ///
    /// # Errors
    /// [`SaveError::Name`] when file or unit cannot be stored under their names, otherwise what the system
    /// says: nothing was kept then.
    pub fn keep_monitor_log(
        &self,
        name: &str,
        bytes: &[u8],
        serial: Option<&str>,
        by: Actor,
    ) -> Result<KeptMonitorLog, SaveError> {
        let named = SafeName::file(name)?;
        let (serial, unit_from) = match (serial, serial_of_name(name)) {
            (Some(serial), _) => (serial.to_owned(), UnitFrom::Caller),
            (None, Some(serial)) => (serial, UnitFrom::Name),
            (None, None) => (UNKNOWN_SERIAL.to_owned(), UnitFrom::Nothing),
        };
        SafeName::folder(&serial)?;
        let sum = sha256(bytes);
        let kept = self.with_lock(|writer| {
            let files = self.monitor_log_files()?;
            // A unit has one folder, also on systems where capitals do not matter.
            let same_unit = files.iter().find(|file| file.serial.eq_ignore_ascii_case(&serial));
            let serial = match (self.unit_in_other_capitals(&serial)?, same_unit) {
                (Some(kept), _) => kept,
                (None, Some(file)) => file.serial.clone(),
                (None, None) => serial,
            };
            let there = files.iter().find(|file| file.serial == serial && file.sha256 == sum);
            if let Some(file) = there {
                let path = self.layout().folder(&serial).join(&file.filename);
                // One that is lost comes back.
                if self.read_if_there(&path)?.is_none_or(|found| sha256(&found) != sum) {
                    self.put_monitor_log(writer, path, bytes, None)?;
                }
                return Ok(KeptMonitorLog { file: file.clone(), same: true });
            }
            let in_unit = self.layout().folder(&serial);
            self.files()
                .create_folder(&in_unit)
                .map_err(ArchiveError::io(&in_unit, "create the folder"))?;
            let found = self.read_if_there(&in_unit.join(named.as_str()))?;
            let filename = match found.is_some_and(|found| found != bytes) {
                true => named.with_sha(&sum),
                false => named.clone(),
            };
            let said = Said {
                serial: serial.clone(),
                unit_from,
                filename: filename.as_str().to_owned(),
                bytes: bytes.len() as u64,
            };
            let mut draft = Draft::new(Action::Keep, by.clone()).with(MEMBER, json!(said));
            let path = in_unit.join(filename.as_str());
            let relative = self.relative(&path).to_string_lossy().into_owned();
            draft.files.insert(relative, Hash::of(bytes));
            let (at, who) = (draft.at.clone(), draft.by.name.clone());
            self.put_monitor_log(writer, path, bytes, Some(draft))?;
            let entry = ledger::size(&writer.connection);
            let file = MonitorLogFile {
                entry: entry.map_err(|source| self.index_failed(source))?,
                at,
                who,
                serial: said.serial,
                unit_from,
                filename: said.filename,
                bytes: said.bytes,
                sha256: sum.clone(),
            };
            Ok(KeptMonitorLog { file, same: false })
        });
        Ok(kept?)
    }

    /// Writes the file, with its entry where there is one, as one change.
    fn put_monitor_log(
        &self,
        writer: &mut crate::archive::Writer,
        path: PathBuf,
        bytes: &[u8],
        draft: Option<Draft>,
    ) -> Result<(), ArchiveError> {
        let lines = draft.map(|draft| self.entry_of(writer, draft)).transpose()?;
        let mut change = Change::new(self.files(), self.layout());
        change.own_file(stage(self.files(), self.layout(), &path, bytes)?);
        if let Some(lines) = &lines {
            change.ledger(lines);
        }
        change.happen(|| match &lines {
            Some(lines) => self.commit(writer, |transaction| lines.store(transaction)),
            None => Ok(()),
        })
    }

    /// The monitor log files, the earliest first.
    ///
    /// # Errors
    /// What the index or the system says.
    pub fn monitor_log_files(&self) -> Result<Vec<MonitorLogFile>, ArchiveError> {
        let mut files = Vec::new();
        for place in self.ask(ledger::kept)? {
            let line = self.ledger_line(&place)?;
            files.extend(Entry::parse(&line).ok().and_then(|entry| file_of(&entry)));
        }
        Ok(files)
    }

    /// Compares the monitor log files with their checksums in the ledger; gives their paths.
    pub(crate) fn verify_monitor_logs(
        &self,
        found: &mut Verification,
    ) -> Result<HashSet<PathBuf>, ArchiveError> {
        let mut paths = HashSet::new();
        for file in self.monitor_log_files()? {
            let path = self.layout().folder(&file.serial).join(&file.filename);
            let relative = self.relative(&path);
            match self.read_if_there(&path)? {
                None => found.finding(
                    relative,
                    FindingKind::FileMissing,
                    "the monitor log is gone: import it again, or restore it from a backup",
                ),
                Some(bytes) => {
                    found.files += 1;
                    found.bytes += bytes.len() as u64;
                    if sha256(&bytes) != file.sha256 {
                        let message = format!(
                            "the monitor log has other bytes than those that came in (SHA-256 {}): \
                             import it again, or restore it from a backup",
                            file.sha256
                        );
                        found.finding(relative, FindingKind::FileDiffers, message);
                    }
                }
            }
            paths.insert(path);
        }
        Ok(paths)
    }

    /// The monitor log file with this number, and where it lies; `None` when there is none.
    ///
    /// # Errors
    /// What the index or the system says.
    pub fn monitor_log_file(
        &self,
        entry: u64,
    ) -> Result<Option<(MonitorLogFile, PathBuf)>, ArchiveError> {
        let found = self.monitor_log_files()?.into_iter().find(|file| file.entry == entry);
        Ok(found.map(|file| {
            let path = self.layout().folder(&file.serial).join(&file.filename);
            (file, path)
        }))
    }
}

/// The file that an entry is of.
fn file_of(entry: &Entry) -> Option<MonitorLogFile> {
    let said: Said = serde_json::from_value(entry.more.get(MEMBER)?.clone()).ok()?;
    // An entry leads to no other place than the folder of a unit.
    SafeName::folder(&said.serial).and(SafeName::file(&said.filename)).ok()?;
    let sum = entry.files.values().next()?;
    Some(MonitorLogFile {
        entry: entry.entry,
        at: entry.at.clone(),
        who: entry.who.clone(),
        serial: said.serial,
        unit_from: said.unit_from,
        filename: said.filename,
        bytes: said.bytes,
        sha256: sum.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_is_the_one_that_the_name_begins_with_or_none() {
        let serial = |name| serial_of_name(name);
        assert_eq!(serial("M529LKIQ.MLG").as_deref(), Some("BE11529"));
        assert_eq!(serial("UM11719_20260610115639.MLG").as_deref(), Some("UM11719"));
        for name in
            ["", ".MLG", "monitor.mlg", "log_2026.MLG", "_x.MLG", "UM_1.MLG", "A001LKIQ.MLG"]
        {
            assert_eq!(serial(name), None, "{name}");
        }
    }

    #[test]
    fn a_monitor_log_is_known_by_its_tag_or_its_name() {
        let tagged: Vec<u8> = MAGIC.iter().chain(&MONITOR_LOG_TAG).copied().collect();
        assert!(is_monitor_log(&tagged, "renamed.bin"));
        assert!(is_monitor_log(b"", "M529LKIQ.mlg"));
        assert!(!is_monitor_log(&tagged[..10], "renamed.bin"));
    }
}
