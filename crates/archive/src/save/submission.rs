//! What is handed in, and what is answered.

use serde::Serialize;
use wavekeep_core::{GeophoneRange, Limits};

use crate::sidecar::Stated;

/// Where an event came from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// Downloaded from a unit.
    SfmLive,
    /// Called home.
    SfmAch,
    /// A Blastware file that was imported.
    #[default]
    BwImport,
    /// A Thor file that was imported.
    IdfImport,
    /// A run of a stream.
    Stream,
}

impl SourceKind {
    /// The word in sidecar and index.
    pub const fn word(self) -> &'static str {
        match self {
            Self::SfmLive => "sfm-live",
            Self::SfmAch => "sfm-ach",
            Self::BwImport => "bw-import",
            Self::IdfImport => "idf-import",
            Self::Stream => "stream",
        }
    }

    /// The kind of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        let all = [Self::SfmLive, Self::SfmAch, Self::BwImport, Self::IdfImport, Self::Stream];
        all.into_iter().find(|kind| kind.word() == word)
    }
}

/// A vendor's report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    /// The name under which it came. It is kept when it is one of those that the vendor's software
    /// gives to the event's report.
    pub name: Option<String>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// An event that is handed in.
#[derive(Debug, Clone, Default)]
pub struct Submission {
    /// Its file name, without a folder. A name that ends with `.a5.pkl` says that `bytes` are raw
    /// frames: the event file is rebuilt from them, and both are kept.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// The vendor's report, when it came along.
    pub report: Option<ReportFile>,
    /// Raw frames, when they came along with the event file.
    pub frames: Option<Vec<u8>>,
    /// Whether it gets a `.gnz` too.
    pub gnz: bool,
    /// What the caller states.
    pub stated: Stated,
    /// Where it came from.
    pub source_kind: SourceKind,
    /// Who sent it: the name of a token, or the user of the machine.
    pub sent_by: Option<String>,
    /// From where: an address; this machine when nobody says.
    pub sent_from: Option<String>,
    /// When it came in; now when nobody says.
    pub captured_at: Option<jiff::Timestamp>,
    /// How large its files may be.
    pub limits: Limits,
    /// Where it was in another archive, from which it is taken in.
    pub placed: Option<Placed>,
}

/// The place of an event in another archive.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Placed {
    /// Its number there: it keeps it where nothing here has it.
    pub id: i64,
    /// The largest number there: others are given behind it.
    pub last_id: i64,
    /// Its unit there.
    pub serial: String,
}

impl Submission {
    /// A file under its name.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into(), ..Self::default() }
    }

    /// With the vendor's report.
    #[must_use]
    pub fn report(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.report = Some(ReportFile { name: Some(name.into()), bytes: bytes.into() });
        self
    }

    /// With a serial number that wins over name and content.
    #[must_use]
    pub fn serial(mut self, serial: impl Into<String>) -> Self {
        self.stated.serial = Some(serial.into());
        self
    }

    /// With a range of the geophones that wins over the report's.
    #[must_use]
    pub fn range(mut self, range: GeophoneRange) -> Self {
        self.stated.range = Some(range.to_string());
        self
    }

    /// With where it came from.
    #[must_use]
    pub fn source_kind(mut self, kind: SourceKind) -> Self {
        self.source_kind = kind;
        self
    }
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Saved for the first time.
    New,
    /// The same bytes were there: nothing changed but when they were last seen.
    Same,
    /// The same bytes were there; their report came now, and everything was derived again.
    PairedLate,
    /// The same bytes were there; their raw frames came now.
    FramesAdded,
    /// The same bytes were there in `UNKNOWN`; their unit is known now, and they went to it.
    Moved,
    /// A shorter, damaged copy of it was there, whose bytes are the first ones of these: it was
    /// replaced, and is kept in the archive's own folder. Number and review stay.
    Superseded,
    /// It is a shorter, damaged copy of the event that is there: all of its bytes are in that one, and
    /// it was not kept.
    Shorter,
    /// Other bytes of this name were there: saved under the name in the answer.
    Conflict,
}

/// What became of the vendor's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Pairing {
    /// A report is paired with the event, this one or one that was there.
    Paired {
        /// Its file.
        txt_filename: String,
    },
    /// There is none.
    NotPaired,
    /// One was kept, but it cannot be read.
    NotUnderstood {
        /// Its file.
        txt_filename: String,
        /// Why not.
        reason: String,
    },
    /// Another report was paired before and stays; this one was kept beside it.
    Differs {
        /// The file of the one that is used.
        txt_filename: String,
        /// The file of this one.
        kept_as: String,
    },
}

impl Pairing {
    /// The same, when the report that was handed in is kept as `kept_as`, which may be the paired
    /// one.
    pub(super) fn with_other(self, kept_as: Option<String>) -> Self {
        match (self, kept_as) {
            (Self::Paired { txt_filename }, Some(kept_as)) if kept_as != txt_filename => {
                Self::Differs { txt_filename, kept_as }
            }
            (pairing, _) => pairing,
        }
    }
}

/// The answer for an event that is in the archive.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Saved {
    /// Its number.
    pub id: i64,
    /// Serial number of the unit.
    pub serial: String,
    /// Whether neither caller nor name nor content says which unit it was: the event is in
    /// `UNKNOWN`, and somebody should say.
    pub serial_unknown: bool,
    /// The name under which it is kept.
    pub filename: String,
    /// Its length in bytes.
    pub filesize: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// The file of raw frames.
    pub a5_pickle_filename: Option<String>,
    /// The file of arrays.
    pub hdf5_filename: Option<String>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hdf5_error: Option<String>,
    /// The file of arrays for memory mapping, where somebody asked for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gnz_filename: Option<String>,
    /// Why there is none although somebody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gnz_error: Option<String>,
    /// The sidecar.
    pub sidecar_filename: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Where it was before, when it went to another unit: `UNKNOWN/<filename>`. Its number is the
    /// same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<String>,
    /// What became of its report.
    pub report: Pairing,
    /// Names of the fields that nothing stated.
    pub assumed: Vec<String>,
    /// What could not be decoded, in sentences.
    pub not_decoded: Vec<String>,
}
