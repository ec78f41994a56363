//! Thor event files of Instantel Series IV units (Micromate).
//!
//! The vendor publishes no specification; `docs/formats/thor.md` says what is known, what is derived
//! and what is open, and this crate keeps to it: what is open stays raw, what is derived is decided
//! or checked on the file at hand, and the decision is a part of the result.
//!
//! | module | what it holds |
//! |---|---|
//! | `name` | serial number, time and kind in a file's name |
//! | `file` | signature and the file around a body |
//! | [`waveform`] | the search for the body of a waveform, whose blocks are those of [`wavekeep_blastware::waveform`] |
//! | [`histogram`] | the body of a histogram, both ways |
//! | [`report_text`] | the text report, both ways |
//! | `scale` | what a count is worth: the default, and the fit to a report's table |
//! | `recording`, `merge` | all of it as a [`Recording`], with the report on top |
//!
//! ```
//! use wavekeep_core::{DecodeOptions, EventFormat, Input};
//! use wavekeep_thor::{Thor, USUAL_BODY_OFFSET, assemble};
//!
//! let channel: Vec<i16> = (0..600).map(|i| i % 50 - 25).collect();
//! let body = wavekeep_blastware::waveform::encode([&channel; 4])?;
//! let file = assemble(USUAL_BODY_OFFSET, &body);
//!
//! let input = Input { bytes: &file, name: Some("UM11719_20260714153012.IDFW") };
//! let recording = Thor.decode(input, &DecodeOptions::default())?;
//! assert_eq!(recording.serial.as_ref().unwrap().value, "UM11719");
//! assert_eq!(recording.len(), 600);
//! // 25 counts of 0.00788 mm/s, a factor that is marked as assumed.
//! assert_eq!(recording.channels[0].physical().next(), Some(Some(-0.197)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod file;
pub mod histogram;
mod merge;
mod name;
mod recording;
pub mod report_text;
mod scale;
pub mod waveform;

use std::io::BufRead;

use wavekeep_blastware::Blastware;
use wavekeep_core::{
    DecodeOptions, EventFormat, FormatInfo, Input, Match, Recording, Result, UnitLocal,
};

pub use file::{FIRST_BODY_OFFSET, SIGNATURE, USUAL_BODY_OFFSET, assemble};
pub use name::{Ending, NotAThorName, ThorName};

const INFO: FormatInfo = FormatInfo {
    id: "thor",
    name: "Thor event file",
    file_names: &["UM11719_20260714153012.IDFW", "UM11719_20260714220000.IDFH"],
};

/// The Micromate is of 2011 and later; derived.
const FIRST_YEAR: i16 = 2011;

/// Event files, and Blastware files under a Thor name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thor;

impl EventFormat for Thor {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn detect(&self, head: &[u8], name: Option<&str>) -> Match {
        let ending = name.and_then(Ending::of);
        let named = match ending {
            // Other programs and units use these endings too.
            Some(Ending::MonitorLog) => name.is_some_and(|name| name.parse::<ThorName>().is_ok()),
            other => other.is_some(),
        };
        let misnamed = matches!(ending, Some(Ending::Waveform | Ending::Histogram))
            && head.starts_with(&file::BLASTWARE_SIGNATURE);
        if head.starts_with(&SIGNATURE) || misnamed {
            Match::ByContent
        } else if named {
            Match::ByName
        } else {
            Match::No
        }
    }

    fn decode(&self, input: Input<'_>, options: &DecodeOptions) -> Result<Recording> {
        if let Some(refusal) = input.name.and_then(Ending::of).and_then(Ending::refusal) {
            return Err(refusal);
        }
        if input.bytes.starts_with(&file::BLASTWARE_SIGNATURE) {
            return recording::decode_misnamed(input, options);
        }
        recording::decode(input, options)
    }

    fn first_year(&self) -> i16 {
        FIRST_YEAR
    }

    fn without_samples(&self, input: Input<'_>, options: &DecodeOptions) -> Recording {
        recording::without_samples(input, options)
    }

    fn start_of_name(&self, name: &str) -> Option<UnitLocal> {
        ThorName::within(name).map(|name| name.start)
    }

    fn report_names(&self, name: &str) -> Vec<String> {
        name::report_names(name)
    }

    fn merge_report(
        &self,
        recording: &mut Recording,
        text: &mut dyn BufRead,
        options: &DecodeOptions,
    ) -> Result<()> {
        if recording.format.id == Blastware.info().id {
            return Blastware.merge_report(recording, text, options);
        }
        merge::merge(recording, text, options)
    }
}

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
