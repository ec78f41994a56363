//! Blastware event files of Instantel Series III units (MiniMate Plus, BlastMate III).
//!
//! The vendor publishes no specification; `docs/formats/blastware.md` says what is known, what is
//! derived and what is open, and this crate keeps to it: what is open stays raw and nothing is
//! claimed of it, what is derived is checked on the file at hand.
//!
//! | module | what it holds |
//! |---|---|
//! | `name` | the code in a file's name: serial number, time, kind |
//! | `file` | header, STRT record, body, footer |
//! | [`waveform`] | the body of a waveform: segments and blocks, both ways |
//! | [`histogram`] | the body of a histogram, both ways |
//! | [`report_text`] | the vendor's report beside the event, both ways |
//! | [`frames`] | raw frames of a live unit, and the event file that they make |
//! | `recording`, `merge` | all of it as a [`Recording`], with the report on top |
//!
//! ```
//! use wavekeep_blastware::Blastware;
//! use wavekeep_core::{DecodeOptions, EventFormat, Input};
//!
//! let bytes = include_bytes!("../../../samples/M529LKIQ.7M0W");
//! let input = Input { bytes, name: Some("M529LKIQ.7M0W") };
//! let recording = Blastware.decode(input, &DecodeOptions::default())?;
//!
//! assert_eq!(recording.serial.as_ref().unwrap().value, "BE11529");
//! assert_eq!(recording.len(), 3328);
//! let vert = recording.channel("Vert").unwrap();
//! assert_eq!(vert.physical().nth(13), Some(Some(-0.005)));
//! # Ok::<(), wavekeep_core::Error>(())
//! ```
#![forbid(unsafe_code)]

mod file;
pub mod frames;
pub mod histogram;
mod merge;
mod name;
mod pickle;
mod recording;
pub mod report_text;
pub mod waveform;

use std::io::BufRead;

use wavekeep_core::{
    DecodeOptions, EventFormat, FormatInfo, Input, Match, Recording, Result, UnitLocal,
};

pub use file::{
    BODY_OFFSET, EVENT_TAG, EventFile, FOOTER_LEN, Footer, MAGIC, MONITOR_LOG_TAG, RecordMode,
    StartRecord,
};
pub use name::{EventName, NameRange, NotAnEventName, TypeLetter, serial_of_stem};

const INFO: FormatInfo = FormatInfo {
    id: "blastware",
    name: "Blastware event file",
    file_names: &["M529LKIQ.7M0W", "M529LIY6.N00", "N844L6Z8.ZR0H"],
};

/// Clocks that have lost their time begin at 1995, and no unit of the series is older; derived.
const FIRST_YEAR: i16 = 1996;

const FRAMES_INFO: FormatInfo = FormatInfo {
    id: "blastware-frames",
    name: "store of a Blastware event's raw frames",
    file_names: &["M529LKIQ.7M0W.a5.pkl"],
};
const FRAMES_SUFFIX: &str = ".a5.pkl";

/// Event files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blastware;

impl EventFormat for Blastware {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn detect(&self, head: &[u8], name: Option<&str>) -> Match {
        if head.starts_with(&MAGIC) {
            Match::ByContent
        } else if name.is_some_and(|name| EventName::within(name).is_some()) {
            Match::ByName
        } else {
            Match::No
        }
    }

    fn decode(&self, input: Input<'_>, options: &DecodeOptions) -> Result<Recording> {
        recording::decode(input, options)
    }

    fn first_year(&self) -> i16 {
        FIRST_YEAR
    }

    fn without_samples(&self, input: Input<'_>, options: &DecodeOptions) -> Recording {
        recording::without_samples(input, options)
    }

    fn start_of_name(&self, name: &str) -> Option<UnitLocal> {
        EventName::within(name).map(|name| name.start())
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
        merge::merge(recording, text, &report_text::FORM, options)
    }
}

/// Raw frames of a live unit: the event file is rebuilt from them and decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlastwareFrames;

impl EventFormat for BlastwareFrames {
    fn info(&self) -> &'static FormatInfo {
        &FRAMES_INFO
    }

    fn detect(&self, head: &[u8], name: Option<&str>) -> Match {
        // A pickle can be anything: only the name says that it holds frames.
        match name.is_some_and(|name| name.to_ascii_lowercase().ends_with(FRAMES_SUFFIX)) {
            true if head.starts_with(&[0x80]) => Match::ByContent,
            true => Match::ByName,
            false => Match::No,
        }
    }

    fn decode(&self, input: Input<'_>, options: &DecodeOptions) -> Result<Recording> {
        let frames = frames::read_pickle(input.bytes)?;
        let event = frames::rebuild(&frames)?;
        let name = input.name.map(event_name);
        let mut recording = Blastware.decode(Input { bytes: &event, name }, options)?;
        recording.format = &FRAMES_INFO;
        recording.source.name = input.name.map(str::to_owned);
        recording.source.bytes = input.bytes.len() as u64;
        let doubtful = frames.iter().filter(|frame| !frame.checksum_valid).count();
        recording.metadata.insert("frames".to_owned(), frames.len().into());
        recording.metadata.insert("frames_with_wrong_check_byte".to_owned(), doubtful.into());
        Ok(recording)
    }

    fn first_year(&self) -> i16 {
        FIRST_YEAR
    }

    fn without_samples(&self, input: Input<'_>, options: &DecodeOptions) -> Recording {
        // The frames are no event file: their name is all that there is.
        let input = Input { bytes: &[], name: input.name.map(event_name) };
        let mut recording = Blastware.without_samples(input, options);
        recording.format = &FRAMES_INFO;
        recording
    }

    fn start_of_name(&self, name: &str) -> Option<UnitLocal> {
        Blastware.start_of_name(event_name(name))
    }

    fn report_names(&self, name: &str) -> Vec<String> {
        name::report_names(event_name(name))
    }

    fn merge_report(
        &self,
        recording: &mut Recording,
        text: &mut dyn BufRead,
        options: &DecodeOptions,
    ) -> Result<()> {
        Blastware.merge_report(recording, text, options)
    }
}

/// The name of the event whose frames `name` keeps.
fn event_name(name: &str) -> &str {
    let split = name.len().saturating_sub(FRAMES_SUFFIX.len());
    match name.get(split..) {
        Some(suffix) if suffix.eq_ignore_ascii_case(FRAMES_SUFFIX) => &name[..split],
        _ => name,
    }
}

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
