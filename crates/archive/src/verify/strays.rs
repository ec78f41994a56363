//! Files that belong to no event: leftovers of interrupted writes, and those of others.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::{FindingKind, Place, Verification};
use crate::journal::Journal;
use crate::layout::{
    FRAMES_SUFFIX, GNZ_SUFFIX, HDF5_SUFFIX, OWN_FOLDER, SIDECAR_SUFFIX, TEMPORARY_PREFIX,
};
use crate::{Archive, ArchiveError};

/// What a source file has beside it, and itself.
const SUFFIXES: [&str; 5] = ["", SIDECAR_SUFFIX, HDF5_SUFFIX, GNZ_SUFFIX, FRAMES_SUFFIX];

impl Archive {
    /// Names what lies in the archive and belongs to no event: neither by its name, where `places`
    /// are those of all events in their order, nor among the files that sidecars name. Leftovers
    /// are findings.
    pub(super) fn find_strays(
        &self,
        places: &[Place],
        named: &HashSet<PathBuf>,
        unfinished: Option<&Journal>,
        found: &mut Verification,
    ) -> Result<(), ArchiveError> {
        let waiting: HashSet<&Path> =
            unfinished.into_iter().flat_map(Journal::temporaries).collect();
        // Nobody writes, and a change that was cut short is finished or known: what still has such
        // a name belongs to nothing.
        self.while_nobody_writes(|| {
            let own = self.layout().own_folder();
            // Another program's archive has none.
            let listed = if own.is_dir() { self.listed(&own)? } else { Vec::new() };
            for entry in listed {
                let path = self.relative(&own.join(&entry.name));
                if !entry.is_folder
                    && entry.name.starts_with(TEMPORARY_PREFIX)
                    && !waiting.contains(&*path)
                {
                    found.leftover(path);
                }
            }
            self.find_links(found)?;
            self.each_file(&mut |serial, path| {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                if name.starts_with(TEMPORARY_PREFIX) {
                    let path = self.relative(path);
                    if !waiting.contains(&*path) {
                        found.leftover(path);
                    }
                } else if !is_of_an_event(places, serial, name) && !named.contains(path) {
                    found.others.push(self.relative(path));
                }
            })
        })
    }

    /// Names the links in the root, in the folders of units and in the archive's own.
    fn find_links(&self, found: &mut Verification) -> Result<(), ArchiveError> {
        let root = self.layout().root();
        let mut folders = vec![root.to_owned()];
        let below = self.listed(root)?.into_iter().filter(|entry| entry.is_folder);
        folders.extend(below.map(|entry| root.join(entry.name)));
        for folder in folders {
            let links = self.files().links(&folder);
            let links = links.map_err(ArchiveError::io(&folder, "list the folder"))?;
            for name in links {
                let message = "it is a link: links inside an archive are not followed, put the \
                    file or folder itself there";
                found.finding(self.relative(&folder.join(name)), FindingKind::Link, message);
            }
        }
        Ok(())
    }

    /// All files of the root, with an empty serial number, and of the folders of units.
    fn each_file(&self, visit: &mut dyn FnMut(&str, &Path)) -> Result<(), ArchiveError> {
        let root = self.layout().root();
        for entry in self.listed(root)? {
            let path = root.join(&entry.name);
            if !entry.is_folder {
                visit("", &path);
            } else if entry.name != OWN_FOLDER {
                for below in self.listed(&path)?.iter().filter(|below| !below.is_folder) {
                    visit(&entry.name, &path.join(&below.name));
                }
            }
        }
        Ok(())
    }
}

fn is_of_an_event(places: &[Place], serial: &str, name: &str) -> bool {
    let of = |(a, b): &Place, filename: &str| (a.as_str(), b.as_str()).cmp(&(serial, filename));
    let mut stems = SUFFIXES.iter().filter_map(|suffix| name.strip_suffix(suffix));
    stems.any(|stem| places.binary_search_by(|place| of(place, stem)).is_ok())
}

impl Verification {
    pub(super) fn leftover(&mut self, path: PathBuf) {
        let message = "left by an interrupted write: it holds nothing that was confirmed as saved";
        self.finding(path, FindingKind::Leftover, message);
    }
}
