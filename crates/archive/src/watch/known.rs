//! The files of a watched folder that were imported, kept over restarts: a folder of ten thousand files is
//! not read again because the program was started again.
//!
//! One line of JSON for each file, appended as files are imported, in the archive's own folder: a restored
//! archive knows what it had then. A line that cannot be understood, or was lost with the power, costs no more
//! than reading the file again.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Stamp;
use crate::files::refuse_links;
use crate::layout::{Layout, TEMPORARY_PREFIX};
use crate::owner::Owner;

/// Lines that no longer count before the file is written anew.
const MOST_OLD_LINES: usize = 10_000;

/// A file, by its path below the folder.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    path: PathBuf,
    len: u64,
    /// Nanoseconds since 1970.
    modified: Option<u64>,
}

/// The files of a folder that were imported.
#[derive(Debug)]
pub(super) struct Known {
    root: PathBuf,
    path: PathBuf,
    files: HashMap<PathBuf, Stamp>,
    lines: usize,
}

impl Known {
    /// What is known of a folder; nothing where the file is missing or cannot be read.
    pub(super) fn read(layout: &Layout, folder: &Path) -> Self {
        let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let hash = Sha256::digest(folder.as_os_str().as_encoded_bytes());
        let name: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let path = layout.watched().join(format!("{name}.jsonl"));
        let mut known =
            Self { root: layout.root().to_owned(), path, files: HashMap::new(), lines: 0 };
        let Ok(file) =
            refuse_links(&known.root, &known.path).and_then(|()| File::open(&known.path))
        else {
            return known;
        };
        for line in BufReader::new(file).split(b'\n') {
            let Ok(line) = line else { break };
            known.lines += 1;
            if let Ok(line) = serde_json::from_slice::<Line>(&line) {
                let modified = line.modified.map(|ns| UNIX_EPOCH + Duration::from_nanos(ns));
                known.files.insert(line.path, (line.len, modified));
            }
        }
        known
    }

    /// Whether a file is as it was when it was imported.
    pub(super) fn has(&self, path: &Path, stamp: Stamp) -> bool {
        // One without a time may have changed.
        stamp.1.is_some() && self.files.get(path) == Some(&stamp)
    }

    /// Keeps that files were imported, and forgets those that `is_there` does not know.
    pub(super) fn add(
        &mut self,
        imported: &[(PathBuf, Stamp)],
        is_there: impl Fn(&Path) -> bool,
    ) -> io::Result<()> {
        self.files.extend(imported.iter().cloned());
        refuse_links(&self.root, &self.path)?;
        if self.lines + imported.len() > 2 * self.files.len() + MOST_OLD_LINES {
            self.files.retain(|path, _| is_there(path));
            return self.write_anew();
        }
        let owner = Owner::of(&self.root);
        if let Some(folder) = self.path.parent() {
            owner.create_folder(folder)?;
        }
        let file = OpenOptions::new().append(true).create(true).open(&self.path)?;
        owner.give(&self.path)?;
        // A line that was cut short ends here.
        let begin = if self.lines > 0 { "\n" } else { "" };
        self.lines += imported.len() + 1;
        write_lines(file, begin, imported.iter().map(|(path, stamp)| (path, stamp)))
    }

    fn write_anew(&mut self) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(&self.root);
        let temporary = tempfile::Builder::new().prefix(TEMPORARY_PREFIX).tempfile_in(folder)?;
        write_lines(temporary.as_file().try_clone()?, "", self.files.iter())?;
        self.lines = self.files.len();
        wavekeep_export::persist(temporary.into_temp_path(), &self.path, true)?;
        Owner::of(&self.root).give(&self.path)
    }
}

fn write_lines<'a>(
    file: File,
    begin: &str,
    files: impl Iterator<Item = (&'a PathBuf, &'a Stamp)>,
) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    out.write_all(begin.as_bytes())?;
    for (path, (len, modified)) in files {
        let since = |time: &SystemTime| time.duration_since(UNIX_EPOCH).ok();
        let modified = modified.as_ref().and_then(since);
        let modified = modified.and_then(|since| u64::try_from(since.as_nanos()).ok());
        let line = Line { path: path.clone(), len: *len, modified };
        // A path that is no Unicode has no form as JSON: its file is read again.
        if let Ok(line) = serde_json::to_string(&line) {
            writeln!(out, "{line}")?;
        }
    }
    out.flush()
}
