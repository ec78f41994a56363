//! Files on the disk, folder by folder.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::batch::{Content, Pending};
use super::pairing::{Pairs, is_report_folder};
use super::{Fate, Finder, container};
use crate::layout::OWN_FOLDER;

/// What a folder lists. Links are not followed: they could lead in circles.
#[derive(Debug, Default)]
struct Listing {
    /// Names and lengths of files, by name.
    files: Vec<(String, u64)>,
    folders: Vec<String>,
    /// What cannot be taken, and why: name, a short stable word, a sentence.
    refused: Vec<(String, &'static str, String)>,
}

fn list(folder: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    for entry in fs::read_dir(here)? {
        let entry = entry?;
        let name = match entry.file_name().into_string() {
            Ok(name) => name,
            Err(name) => {
                let name = name.to_string_lossy().into_owned();
                listing.refused.push((name, "name", "its name is not Unicode".to_owned()));
                continue;
            }
        };
        match entry.metadata() {
            Ok(found) if found.is_file() => listing.files.push((name, found.len())),
            Ok(found) if found.is_dir() => listing.folders.push(name),
            Ok(found) if found.is_symlink() => {
                let why = "it is a link, and links in a folder are not followed: name what it leads \
                    to, or the link itself";
                listing.refused.push((name, "link", why.to_owned()));
            }
            Ok(_) => {
                let why = "it is a pipe, a socket or a device, not a file";
                listing.refused.push((name, "not_a_file", why.to_owned()));
            }
            Err(error) => listing.refused.push((name, "io", error.to_string())),
        }
    }
    listing.files.sort();
    listing.folders.sort();
    Ok(listing)
}

impl Finder<'_, '_> {
    /// All that is below a folder.
    pub(super) fn folder(&mut self, top: &Path) {
        let mut folders = vec![top.to_owned()];
        while let Some(folder) = folders.pop() {
            if self.shared.is_stopped() {
                return;
            }
            let listing = match list(&folder) {
                Ok(listing) => listing,
                Err(error) => {
                    self.notify(&folder, Fate::failed("io", error));
                    continue;
                }
            };
            self.refused(&folder, &listing);
            let of_reports = listing.folders.iter().filter(|name| is_report_folder(name));
            let texts = of_reports.flat_map(|name| self.texts(&folder, name, &mut folders));
            let texts: Vec<(PathBuf, u64)> = texts.collect();
            let mut files: Vec<(PathBuf, u64)> =
                listing.files.iter().map(|(name, len)| (folder.join(name), *len)).collect();
            files.extend(texts);
            self.group(&files, None);
            let below = listing.folders.iter().filter(|name| !is_report_folder(name));
            let below = below.filter(|name| *name != OWN_FOLDER).rev();
            folders.extend(below.map(|name| folder.join(name)));
        }
    }

    /// Names what cannot be taken: what lies in a folder does not vanish without a word.
    fn refused(&self, folder: &Path, listing: &Listing) {
        for (name, kind, why) in &listing.refused {
            self.notify(&folder.join(name), Fate::failed(kind, why));
        }
    }

    /// The files of a folder's `TXT` or `CSV` folder; the folders below that one are searched later.
    fn texts(&self, folder: &Path, name: &str, folders: &mut Vec<PathBuf>) -> Vec<(PathBuf, u64)> {
        let folder = folder.join(name);
        match list(&folder) {
            Ok(listing) => {
                self.refused(&folder, &listing);
                folders.extend(listing.folders.iter().rev().map(|name| folder.join(name)));
                listing.files.into_iter().map(|(name, len)| (folder.join(name), len)).collect()
            }
            Err(error) => {
                self.notify(&folder, Fate::failed("io", error));
                Vec::new()
            }
        }
    }

    /// Files that were given by name, with the reports that lie beside them.
    pub(super) fn files(&mut self, folder: &Path, names: Vec<String>) {
        // A folder that cannot be listed has no reports to offer; its files may still be readable.
        let listing = list(folder).unwrap_or_default();
        let of_reports = listing.folders.iter().filter(|name| is_report_folder(name));
        let texts = of_reports.filter_map(|name| Some((name, list(&folder.join(name)).ok()?)));
        let given: HashSet<&str> = names.iter().map(String::as_str).collect();
        let mut files: Vec<(PathBuf, u64)> = Vec::new();
        let missing = names
            .iter()
            .filter(|name| listing.files.binary_search_by(|(there, _)| there.cmp(name)).is_err());
        // A link that was given by name is followed.
        files.extend(missing.map(|name| {
            let path = folder.join(name);
            let len = fs::metadata(&path).map_or(0, |found| found.len());
            (path, len)
        }));
        files.extend(listing.files.iter().map(|(name, len)| (folder.join(name), *len)));
        for (name, texts) in texts {
            let folder = folder.join(name);
            files.extend(texts.files.into_iter().map(|(name, len)| (folder.join(name), len)));
        }
        self.group(&files, Some((folder, &given)));
    }

    /// Files that lie together. With `given`, only the ones of that folder and those names are
    /// taken; the others are there to be paired.
    fn group(&mut self, files: &[(PathBuf, u64)], given: Option<(&Path, &HashSet<&str>)>) {
        let name = |path: &PathBuf| -> String {
            path.file_name().unwrap_or_default().to_string_lossy().into_owned()
        };
        let names: Vec<String> = files.iter().map(|(path, _)| name(path)).collect();
        let pairs = Pairs::of(names.iter().map(String::as_str));
        let wanted = |place: usize| match given {
            None => !pairs.claimed.contains(&place),
            Some((folder, given)) => {
                files[place].0.parent() == Some(folder) && given.contains(names[place].as_str())
            }
        };
        // A report that was given beside its event comes with it.
        let comes_along: HashSet<usize> = match given {
            None => HashSet::new(),
            Some(_) => (0..files.len())
                .filter(|place| wanted(*place))
                .flat_map(|place| [pairs.report.get(&place), pairs.frames.get(&place)])
                .flatten()
                .copied()
                .collect(),
        };
        for (place, (path, len)) in files.iter().enumerate() {
            if !wanted(place) || comes_along.contains(&place) {
                continue;
            }
            if self.shared.is_stopped() {
                return;
            }
            if container::is_container(path) {
                self.container(path);
                continue;
            }
            let content = |place: &usize| Content::Disk(files[*place].0.clone(), files[*place].1);
            let report = pairs.report.get(&place).filter(|_| !self.shared.options.without_reports);
            self.push(Pending {
                shown: path.display().to_string(),
                name: names[place].clone(),
                content: Content::Disk(path.clone(), *len),
                report: report.map(|place| (names[*place].clone(), content(place))),
                frames: pairs.frames.get(&place).map(content),
            });
        }
    }
}
