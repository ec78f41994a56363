//! An archive that another program made, taken as it is.

use std::collections::HashSet;
use std::path::PathBuf;

use wavekeep_formats::{HEAD_LEN, detect};

use super::ImportOptions;
use super::pairing::{Pairs, skipped_by_name};
use crate::layout::{OWN_FOLDER, TEMPORARY_PREFIX};
use crate::monitor_log_files::is_named_as_monitor_log;
use crate::save::{ReportFile, Saved, Submission};
use crate::{Archive, ArchiveError, SaveError};

/// What became of each file.
type Answers = Vec<(PathBuf, Result<Saved, SaveError>)>;

impl Archive {
    /// Gives a sidecar to each event that lies in a unit's folder without one. Files that are there
    /// stay as they are, and what has a sidecar is not touched.
    ///
    /// # Errors
    /// When a folder cannot be listed; what is wrong with one file is in its answer.
    pub fn adopt_sources(&self, options: &ImportOptions) -> Result<Answers, ArchiveError> {
        let root = self.layout().root().to_owned();
        let with_sidecar: HashSet<(String, String)> =
            self.places()?.into_iter().map(|(serial, filename, _)| (serial, filename)).collect();
        let mut answers = Vec::new();
        for folder in self.listed(&root)? {
            if !folder.is_folder || folder.name == OWN_FOLDER {
                continue;
            }
            let files = self.listed(&root.join(&folder.name))?;
            let names: Vec<&str> = files
                .iter()
                .filter(|file| !file.is_folder && !file.name.starts_with(TEMPORARY_PREFIX))
                .map(|file| file.name.as_str())
                .collect();
            let pairs = Pairs::of(names.iter().copied());
            for (turn, name) in names.iter().enumerate() {
                let place = (folder.name.clone(), (*name).to_owned());
                let is_source = skipped_by_name(name).is_none()
                    && !is_named_as_monitor_log(name)
                    && !pairs.claimed.contains(&turn)
                    && !with_sidecar.contains(&place);
                if !is_source {
                    continue;
                }
                let path = root.join(&folder.name).join(name);
                let Some(bytes) = self.read_if_there(&path)? else { continue };
                if detect(&bytes[..bytes.len().min(HEAD_LEN)], Some(name)).is_none() {
                    continue;
                }
                let mut submission = Submission::new(*name, bytes);
                submission.stated = options.stated.clone();
                submission.gnz = options.gnz;
                submission.stated.serial.get_or_insert_with(|| folder.name.clone());
                if let Some(report) = pairs.report.get(&turn).map(|turn| names[*turn]) {
                    let path = root.join(&folder.name).join(report);
                    let bytes = self.read_if_there(&path)?;
                    let report = |bytes| ReportFile { name: Some(report.to_owned()), bytes };
                    submission.report = bytes.map(report);
                }
                if let Some(frames) = pairs.frames.get(&turn).map(|turn| names[*turn]) {
                    submission.frames =
                        self.read_if_there(&root.join(&folder.name).join(frames))?;
                }
                let saved = self.save(&submission);
                answers.push((path.strip_prefix(&root).unwrap_or(&path).to_owned(), saved));
            }
        }
        Ok(answers)
    }
}
