//! Verifying what can be verified.

use serde::Serialize;
use wavekeep_core::Report;

use crate::error::Result;
use crate::run::Run;

/// What checking a run gave. Files carry no checksums: whether samples are those that were taken
/// cannot be told.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// Files.
    pub pieces: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Whole records on all channels.
    pub records: u64,
    /// Data frames that can be read.
    pub frames: u64,
    /// Data frames that contradict themselves.
    pub bad_frames: u64,
    /// Data frames that were marked as errored when they were recorded.
    pub errored_frames: u64,
    /// Metadata records.
    pub metadata_records: usize,
    /// Metadata records that cannot be read.
    pub bad_metadata_records: usize,
    /// Records on other channels.
    pub other_records: u64,
    /// Sections of constant channel count and payload size.
    pub sections: usize,
    /// What frame_counter goes on by from frame to frame.
    pub step: Option<u32>,
    /// Places where it goes on by something else.
    pub gaps: u64,
    /// Frames that are missing in them.
    pub missing_frames: u64,
    /// Frames a second, by the server's clock.
    pub rate_hz: Option<f64>,
    /// How times are got.
    pub times: String,
    /// Damage, with places, and what was assumed.
    pub report: Report,
}

impl Run {
    /// Goes through everything that a run says of itself: records, frames, frame_counter,
    /// metadata, the mask beside it.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io), [`Error::Shrunk`](crate::Error::Shrunk). Damage is no
    /// error; it stands in the report.
    pub fn check(&self) -> Result<Check> {
        let index = self.index();
        let metadata = self.metadata()?;
        let mut report = self.report();
        metadata.report().notes().iter().cloned().for_each(|note| report.push(note));
        let counting = self.counting();
        let gaps: u64 = counting.gaps.iter().map(|gap| gap.frames.end - gap.frames.start).sum();
        Ok(Check {
            pieces: self.pieces().len(),
            bytes: index.bytes(),
            records: index.records(),
            frames: index.frames(),
            bad_frames: index.bad_frames(),
            errored_frames: index.errored_frames(),
            metadata_records: index.metadata_records(),
            bad_metadata_records: index.metadata_records() - metadata.updates().len(),
            other_records: index.other_channels().values().map(|other| other.records).sum(),
            sections: index.sections().len(),
            step: counting.step(),
            gaps: gaps + counting.not_kept,
            missing_frames: counting.missing,
            rate_hz: self.rate_hz(),
            times: self.time_basis().to_string(),
            report,
        })
    }
}
