//! Which files of a folder belong together, by the one rule that formats have for it.

use std::collections::{HashMap, HashSet};

use wavekeep_formats::EVENT_FORMATS;

use crate::layout::FRAMES_SUFFIX;

/// Files that are looked at together. Numbers are places in the list that was given.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// The reports of a file, the preferred one first.
    pub report: HashMap<usize, usize>,
    /// The raw frames of a file.
    pub frames: HashMap<usize, usize>,
    /// Files that come with another one.
    pub claimed: HashSet<usize>,
}

impl Pairs {
    /// Pairs `names`, of which some may lie in a `TXT` or `CSV` folder; names are compared without case.
    pub(super) fn of<'n>(names: impl Iterator<Item = &'n str> + Clone) -> Self {
        let mut places: HashMap<String, usize> = HashMap::new();
        for (place, name) in names.clone().enumerate() {
            // Of equals, the first one: beside the event before the folder below.
            places.entry(name.to_lowercase()).or_insert(place);
        }
        let mut pairs = Self::default();
        for (place, name) in names.enumerate() {
            let mut reports = EVENT_FORMATS.iter().flat_map(|format| format.report_names(name));
            let report = reports.find_map(|report| places.get(&report.to_lowercase()));
            let frames = places.get(&format!("{}{FRAMES_SUFFIX}", name.to_lowercase()));
            for (found, pairs_of) in [(report, &mut pairs.report), (frames, &mut pairs.frames)] {
                if let Some(&found) = found.filter(|found| **found != place) {
                    pairs_of.insert(place, found);
                    pairs.claimed.insert(found);
                }
            }
        }
        pairs
    }
}

/// Why a file is nothing for an archive, by its name; `None` when its content has to be asked.
pub(super) fn skipped_by_name(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let ends = |suffix: &str| name.ends_with(suffix);
    if is_unfinished(&name) {
        Some("unfinished upload, by its name")
    } else if ends(".cdb") {
        Some("cache of the vendor's software")
    } else if ends(".sfm.json") {
        Some("sidecar: an archive is taken as it is by opening it (--adopt-archive)")
    } else if ends(".h5") || ends(".gnz") {
        Some("derived file: it is made again from its source")
    } else if ends("_mask.txt") || ends("_freq.txt") || ends(".dat.idx") {
        Some("comes with its stream")
    } else if name.starts_with('.') {
        Some("hidden file")
    } else {
        None
    }
}

/// What programs that copy, upload or download add to the name of a file until it is whole, and
/// editors to that of a copy.
const UNFINISHED: [&str; 19] = [
    ".part",
    ".partial",
    ".filepart",
    ".tmp",
    ".temp",
    ".crdownload",
    ".download",
    ".opdownload",
    ".incomplete",
    ".inprogress",
    ".upload",
    ".uploading",
    ".writing",
    ".!ut",
    ".aria2",
    ".swp",
    ".swx",
    ".lock",
    "~",
];

/// Whether a name, in lower case, says that the file is not whole yet.
fn is_unfinished(name: &str) -> bool {
    let starts = ["~$", ".~", ".in."].iter().any(|prefix| name.starts_with(prefix));
    // ProFTPD and rsync name what they receive `.in.<name>.` and `.<name>.<six signs>`.
    let is_rsync = name.starts_with('.')
        && name.rsplit_once('.').is_some_and(|(stem, end)| stem.len() > 1 && end.len() == 6);
    UNFINISHED.iter().any(|end| name.ends_with(end)) || starts || is_rsync
}

/// Whether a name is that of a text, which may be a report.
pub(super) fn is_text(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".txt") || name.ends_with(".csv")
}

/// Whether a folder is one in which the vendor's software leaves the reports of the events above it.
pub(super) fn is_report_folder(name: &str) -> bool {
    name.eq_ignore_ascii_case("txt") || name.eq_ignore_ascii_case("csv")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_and_frames_are_found_without_regard_to_case_and_the_preferred_one_wins() {
        let names = [
            "M529LMOK.DK0W",
            "m529lmok.dk0w.txt",
            "M529LMOK_DK0W_ASCII.TXT",
            "M529LMOK.DK0W.A5.PKL",
            "other.txt",
        ];
        let pairs = Pairs::of(names.into_iter());
        assert_eq!(pairs.report.get(&0), Some(&2));
        assert_eq!(pairs.frames.get(&0), Some(&3));
        assert!(!pairs.claimed.contains(&4) && !pairs.claimed.contains(&0));
    }
}
