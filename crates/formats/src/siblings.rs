//! Files that belong together because they lie beside each other, or in a folder beside.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The names in a folder, in lower case, with their real spelling.
type Listing = HashMap<String, PathBuf>;

/// Finds files beside a file without regard to case. Each folder is listed once, so that opening
/// all files of a folder does not list it for each of them.
#[derive(Debug, Default)]
pub(crate) struct Siblings {
    folders: Mutex<HashMap<PathBuf, Arc<Listing>>>,
}

impl Siblings {
    /// Those of `names` that lie beside `path`, in their order. A name may be one in a folder beside
    /// it: `TXT/name.txt`.
    pub(crate) fn find_all(&self, path: &Path, names: &[String]) -> Vec<PathBuf> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let found = names.iter().filter_map(|name| match name.rsplit_once('/') {
            Some((below, name)) => self.entry(&self.entry(folder, below)?, name),
            None => self.entry(folder, name),
        });
        let mut all = Vec::new();
        for path in found {
            if !all.contains(&path) {
                all.push(path);
            }
        }
        all
    }

    /// What is called `name` in `folder`.
    fn entry(&self, folder: &Path, name: &str) -> Option<PathBuf> {
        self.listing(folder).get(&name.to_lowercase()).cloned()
    }

    fn listing(&self, folder: &Path) -> Arc<Listing> {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listing) = folders.get(folder) {
            return Arc::clone(listing);
        }
        // A folder that cannot be listed has no siblings to offer; its file may still be readable.
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let listing = entries
            .map(|entry| (entry.file_name().to_string_lossy().to_lowercase(), entry.path()))
            .collect();
        let listing = Arc::new(listing);
        folders.insert(folder.to_owned(), Arc::clone(&listing));
        listing
    }
}
