//! The formats that wavekeep knows, and the way from a path to a
//! [`Recording`](wavekeep_core::Recording) or to the arrays of an [`ArrayFile`].
//!
//! One line in [`EVENT_FORMATS`] or [`ARRAY_FORMATS`] makes a format known to program, server and
//! Python. Detection goes by content; a name only decides where the content says
//! nothing.
//!
//! ```no_run
//! use wavekeep_formats::Opener;
//!
//! let opener = Opener::default();
//! let recording = opener.open("M529LKIQ.7M0W".as_ref())?;
//! println!("{} samples", recording.len());
//! # Ok::<(), wavekeep_formats::OpenError>(())
//! ```
#![forbid(unsafe_code)]

mod arrays;
mod decode;
mod error;
mod open;
mod siblings;

use wavekeep_blastware::{Blastware, BlastwareFrames};
use wavekeep_core::{EventFormat, Match};
use wavekeep_thor::Thor;

pub use arrays::{ArrayFile, ArrayFormat, ArrayInfo, ArrayLimits, Widened, is_narrow_float};
pub use decode::{Decoded, ReportInput, decode_with_reports};
pub use error::OpenError;
pub use open::{Opened, Opener};

/// The formats of events, in the order in which they are tried.
pub static EVENT_FORMATS: &[&dyn EventFormat] = &[
    &Thor,            // docs/formats/thor.md; before Blastware, whose files may carry its names
    &Blastware,       // docs/formats/blastware.md, sections 1 to 5
    &BlastwareFrames, // docs/formats/blastware.md, section 6
];

/// The formats of files that are named arrays without a time axis, in the order in which they are
/// tried, after those of events.
pub static ARRAY_FORMATS: &[&dyn ArrayFormat] = &[
    &arrays::GnzFile,     // docs/formats/gnz.md
    &arrays::Npy,         // docs/formats/arrays.md
    &arrays::Npz,         // docs/formats/arrays.md
    &arrays::Safetensors, // docs/formats/arrays.md
];

/// As many bytes from the beginning of a file as detection looks at: enough for the name of the
/// first member of an archive.
pub const HEAD_LEN: usize = 512;

/// The format that fits the beginning of a file best; by name only where no content fits.
pub fn detect(head: &[u8], name: Option<&str>) -> Option<&'static dyn EventFormat> {
    // The first of equals wins: `max_by_key` would take the last.
    let mut best: Option<(Match, &'static dyn EventFormat)> = None;
    for format in EVENT_FORMATS {
        let fit = format.detect(head, name);
        if fit > best.map_or(Match::No, |(best, _)| best) {
            best = Some((fit, *format));
        }
    }
    best.map(|(_, format)| format)
}

/// The format of arrays that fits the beginning of a file.
pub fn detect_arrays(head: &[u8], name: Option<&str>) -> Option<&'static dyn ArrayFormat> {
    let fits = |format: &&&dyn ArrayFormat| format.detect(head, name) == Match::ByContent;
    ARRAY_FORMATS.iter().find(fits).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(head: &[u8], name: &str) -> Option<&'static str> {
        detect(head, Some(name)).map(|format| format.info().id)
    }

    #[test]
    fn content_decides_and_a_name_only_where_content_says_nothing() {
        let event = wavekeep_blastware::MAGIC;
        assert_eq!(detected(&event, "renamed.bin"), Some("blastware"));
        assert_eq!(detected(&event, "M529LKIQ.7M0W.a5.pkl"), Some("blastware"));
        assert_eq!(detected(b"\x80\x04", "M529LKIQ.7M0W.a5.pkl"), Some("blastware-frames"));
        assert_eq!(detected(b"", "M529LKIQ.7M0W"), Some("blastware"));
        assert_eq!(detected(b"", "notes.txt"), None);
        let thor = wavekeep_thor::SIGNATURE;
        assert_eq!(detected(&thor, "renamed.bin"), Some("thor"));
        assert_eq!(detected(&event, "UM11719_20260714153012.IDFW"), Some("thor"));
        assert_eq!(detected(b"", "UM11719_20260714153012.idfh"), Some("thor"));
        assert_eq!(detected(b"SQLite", "UM11719_20260714153012.IDFW.CDB"), Some("thor"));
        assert_eq!(detected(b"", "UM11719_20260714153012.MLG"), Some("thor"));
        assert_eq!(detected(&event, "UM11719_20260714153012.MLG"), Some("blastware"));
        assert_eq!(detected(b"", "unit.MLG"), None);
        assert_eq!(detected(b"\x80\x04", "model.pkl"), None);
    }
}

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
