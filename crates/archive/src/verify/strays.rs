//! Files that belong to no event: leftovers of interrupted writes, and those of others.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::{FindingKind, Place, Verification};
use crate::layout::{OWN_FOLDER, TEMPORARY_PREFIX};
use crate::{Archive, ArchiveError};

impl Archive {
    /// Names what lies in the archive and belongs to no event. Leftovers are findings.
    pub(super) fn find_strays(
        &self,
        places: &[Place],
        found: &mut Verification,
    ) -> Result<(), ArchiveError> {
        for path in self.leftovers()? {
            let message =
                "an interrupted write left it: it holds nothing that was answered as saved";
            found.finding(path, FindingKind::Leftover, message);
        }
        let mut known: HashSet<PathBuf> = HashSet::new();
        for (serial, filename) in places {
            let event = self.layout().event(serial, filename);
            known.extend([
                event.source(),
                event.sidecar(),
                event.hdf5(),
                event.gnz(),
                event.frames(),
            ]);
            let Ok(sidecar) = self.read_sidecar(&event.sidecar()) else { continue };
            let named = sidecar.own().files.unwrap_or_default().into_keys();
            let named = named.chain(sidecar.source().txt_filename);
            known.extend(named.map(|name| event.named(&name)));
            let stream = sidecar.stream().unwrap_or_default();
            let pieces = stream.pieces.into_iter().chain(stream.beside);
            known.extend(pieces.map(|piece| self.layout().root().join(piece.path)));
        }
        self.each_file(&mut |path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !name.starts_with(TEMPORARY_PREFIX) && !known.contains(path) {
                found.others.push(self.relative(path));
            }
        })
    }

    /// Files of interrupted writes, relative to the root.
    pub(crate) fn leftovers(&self) -> Result<Vec<PathBuf>, ArchiveError> {
        // Under the lock nobody writes, and a change that was cut short is finished: what still
        // has such a name belongs to nothing.
        self.with_lock(|_| {
            let mut left = Vec::new();
            let own = self.layout().own_folder();
            let list = |folder: &Path| {
                self.files().list(folder).map_err(ArchiveError::io(folder, "list the folder"))
            };
            let mut add = |folder: &Path, name: &str| {
                if name.starts_with(TEMPORARY_PREFIX) {
                    left.push(self.relative(&folder.join(name)));
                }
            };
            for entry in list(&own)?.iter().filter(|entry| !entry.is_folder) {
                add(&own, &entry.name);
            }
            self.each_file(&mut |path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if let Some(folder) = path.parent() {
                    add(folder, &name);
                }
            })?;
            Ok(left)
        })
    }

    /// All files of the root and of the folders of units.
    fn each_file(&self, visit: &mut dyn FnMut(&Path)) -> Result<(), ArchiveError> {
        let root = self.layout().root();
        let list = |folder: &Path| {
            self.files().list(folder).map_err(ArchiveError::io(folder, "list the folder"))
        };
        for entry in list(root)? {
            let path = root.join(&entry.name);
            if !entry.is_folder {
                visit(&path);
            } else if entry.name != OWN_FOLDER {
                for below in list(&path)?.iter().filter(|below| !below.is_folder) {
                    visit(&path.join(&below.name));
                }
            }
        }
        Ok(())
    }
}
