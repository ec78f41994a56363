//! What a server is recording: a note for each file while it is open, so that the next server can say
//! what was cut short.

use serde_json::Value;

use crate::journal::stage;
use crate::name::SafeName;
use crate::{Archive, ArchiveError};

const SUFFIX: &str = ".json";

impl Archive {
    /// Notes that a file is being recorded. The note is on the disk when this returns.
    ///
    /// # Errors
    /// What the system says.
    pub fn note_recording(&self, file: &SafeName, note: &Value) -> Result<(), ArchiveError> {
        let folder = self.layout().open_recordings();
        let made = self.files().create_folder(&folder);
        made.map_err(ArchiveError::io(&folder, "make the folder"))?;
        let target = folder.join(format!("{file}{SUFFIX}"));
        let staged = stage(self.files(), self.layout(), &target, note.to_string().as_bytes())?;
        staged.publish(self.files(), self.layout())
    }

    /// Takes the note of a file away: it was closed, or somebody has seen that it was not.
    ///
    /// # Errors
    /// What the system says.
    pub fn forget_recording(&self, file: &SafeName) -> Result<(), ArchiveError> {
        let path = self.layout().open_recordings().join(format!("{file}{SUFFIX}"));
        match self.files().remove(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(ArchiveError::io(&path, "remove the note")(error))
            }
            _ => Ok(()),
        }
    }

    /// The files that were being recorded when a server ended, with their notes.
    ///
    /// # Errors
    /// What the system says.
    pub fn noted_recordings(&self) -> Result<Vec<(SafeName, Value)>, ArchiveError> {
        let folder = self.layout().open_recordings();
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let mut noted = Vec::new();
        for entry in self.listed(&folder)? {
            let name = entry.name.strip_suffix(SUFFIX).and_then(|name| SafeName::file(name).ok());
            let Some(name) = name.filter(|_| !entry.is_folder) else { continue };
            let bytes = self.read_if_there(&folder.join(&entry.name))?.unwrap_or_default();
            // A note that cannot be read says all the same that there was a recording.
            noted.push((name, serde_json::from_slice(&bytes).unwrap_or_default()));
        }
        Ok(noted)
    }
}
