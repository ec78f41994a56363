//! The formats that wavekeep knows, and the way from a path to a [`Recording`].
//!
//! A format is a plug: one line in [`EVENT_FORMATS`] makes it known to every door of the house.
//! Detection goes by content; a name only decides where the content says nothing.
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

mod error;
mod open;
mod siblings;

use wavekeep_blastware::{Blastware, BlastwareFrames};
use wavekeep_core::{EventFormat, Match};

pub use error::OpenError;
pub use open::Opener;

/// The formats of events, in the order in which they are tried.
pub static EVENT_FORMATS: &[&dyn EventFormat] = &[
    &Blastware,       // docs/formats/blastware.md, sections 1 to 5
    &BlastwareFrames, // docs/formats/blastware.md, section 6
];

/// As many bytes from the beginning of a file as detection looks at.
pub const HEAD_LEN: usize = 64;

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
        assert_eq!(detected(b"\x80\x04", "model.pkl"), None);
    }
}
