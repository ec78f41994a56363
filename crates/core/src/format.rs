//! The shape of the plug that a format is.

use std::fmt;
use std::io::BufRead;
use std::str::FromStr;

use derive_setters::Setters;
use serde::Serialize;

use crate::{Limits, Recording, Result, UnitLocal};

/// What people and programs call a format.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct FormatInfo {
    /// Short stable word: `blastware`.
    pub id: &'static str,
    /// Its name in a sentence: `Blastware event file`.
    pub name: &'static str,
    /// What its file names look like, as a hint for people: detection goes by content.
    pub file_names: &'static [&'static str],
}

/// How well bytes fit a format, best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// They do not.
    No,
    /// The name fits, the content says nothing (an empty or cut file).
    ByName,
    /// The content carries the format's marker.
    ByContent,
}

/// A source file as a decoder sees it: bytes, and the name that somebody gave them.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The whole file.
    pub bytes: &'a [u8],
    /// The file's name without its folder, when there is one.
    pub name: Option<&'a str>,
}

/// The two ranges of the geophones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GeophoneRange {
    /// Up to 10 in/s.
    Normal,
    /// Up to 1.25 in/s.
    Sensitive,
}

impl GeophoneRange {
    /// The largest velocity that can be told, in in/s.
    pub const fn in_per_s(self) -> f64 {
        match self {
            Self::Normal => 10.0,
            Self::Sensitive => 1.25,
        }
    }
}

impl fmt::Display for GeophoneRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Normal => "normal",
            Self::Sensitive => "sensitive",
        })
    }
}

impl FromStr for GeophoneRange {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word.to_ascii_lowercase().as_str() {
            "normal" => Ok(Self::Normal),
            "sensitive" => Ok(Self::Sensitive),
            _ => Err(format!(
                "{word:?} is neither \"normal\" (10 in/s) nor \"sensitive\" (1.25 in/s)"
            )),
        }
    }
}

/// What a caller states about a recording, and how far a decoder may go for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct DecodeOptions {
    /// Samples per second and channel.
    pub rate_hz: Option<f64>,
    /// Range of the geophones.
    pub range: Option<GeophoneRange>,
    /// Seconds before the trigger, positive.
    pub pretrigger_s: Option<f64>,
    /// Safety limits.
    pub limits: Limits,
}

/// A format of events: small, finite recordings that are decoded whole.
///
/// Decoders take bytes and return values. They never open files, log or panic.
pub trait EventFormat: Sync {
    /// What it is called.
    fn info(&self) -> &'static FormatInfo;

    /// How well `head` (the first bytes of a file, at least 64 where the file has them) and the
    /// name fit. Cheap: it runs for every file of a folder.
    fn detect(&self, head: &[u8], name: Option<&str>) -> Match;

    /// Decodes a whole file. Damage that can be survived is in the recording's report.
    ///
    /// # Errors
    /// When nothing of the file can be read, or a limit is reached.
    fn decode(&self, input: Input<'_>, options: &DecodeOptions) -> Result<Recording>;

    /// The start that a file name states by the unit's clock, whatever people have put around it.
    fn start_of_name(&self, name: &str) -> Option<UnitLocal>;

    /// The names under which the vendor's software leaves a report of the event `name`, preferred
    /// first; to be compared without regard to case. `TXT/<name>` is one in a folder `TXT` beside
    /// the event.
    fn report_names(&self, name: &str) -> Vec<String>;

    /// The first year in which units of this kind were made: an earlier date is a clock that had lost
    /// its time.
    fn first_year(&self) -> i16;

    /// A recording without samples: what the name and the readable parts of a file say of an event
    /// whose body cannot be decoded, so that a report beside it is not lost with the body.
    fn without_samples(&self, input: Input<'_>, options: &DecodeOptions) -> Recording;

    /// Puts the vendor's report over a decoded recording: what the report says wins, what was
    /// decoded stays available. The text is read line by line.
    ///
    /// # Errors
    /// When `text` is no such report, or a limit is reached; the recording is unchanged then.
    fn merge_report(
        &self,
        recording: &mut Recording,
        text: &mut dyn BufRead,
        options: &DecodeOptions,
    ) -> Result<()>;
}
