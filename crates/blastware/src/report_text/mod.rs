//! The report that the vendor's software writes beside an event (`…_ASCII.TXT`).
//!
//! One field a line, the whole line in double quotes: `"Field Name : Value"`; then a blank line, a
//! heading and a table of samples or intervals. The encoding is Windows-1252. It is read by
//! [`wavekeep_report_text`], as are the reports of other units; written by [`write()`].

mod write;

use wavekeep_core::{Frequency, Unit};
use wavekeep_report_text::Form;

pub use write::write;

/// The form of these reports.
pub const FORM: Form = Form {
    name: "Blastware report text",
    expected: "lines of the form \"Field Name : Value\" with an event's fields",
    microphone: Some(Unit::DecibelLinear),
};

/// What a report lists, to be written.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Table {
    /// No table.
    #[default]
    None,
    /// A row per sample: Tran, Vert, Long in the report's unit of velocity, MicL in dB(L).
    Samples(Vec<[f64; 4]>),
    /// A row per interval.
    Intervals(Vec<HistogramRow>),
}

/// One row of a histogram's table.
#[derive(Debug, Clone, PartialEq)]
pub struct HistogramRow {
    /// Columns in front of the numbers (date, time), as written.
    pub label: Vec<String>,
    /// Peaks of Tran, Vert and Long in the report's unit of velocity.
    pub peaks: [f64; 3],
    /// Their frequencies.
    pub frequencies: [Frequency; 3],
    /// Vector sum in the report's unit of velocity.
    pub vector_sum: f64,
    /// Air pressure in psi.
    pub microphone_psi: f64,
    /// Sound pressure level in dB(L).
    pub microphone_level_db: f64,
    /// Its frequency.
    pub microphone_frequency: Frequency,
}
