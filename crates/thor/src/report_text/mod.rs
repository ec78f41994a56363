//! The text report of an event (`TXT/<name>.txt`): `Name : Value` lines, and the samples as a table;
//! and its CSV (`CSV/<name>.csv`). Both are read by [`wavekeep_report_text`], as is Blastware's print
//! of such an event; the text is written by [`write()`].

mod write;

use wavekeep_report_text::Form;

pub use write::write;

/// The form of these reports.
pub const FORM: Form = Form {
    name: "Thor report text",
    expected: "lines of the form \"Name : Value\" or \"Name\",\"Value\" with an event's fields",
    microphone: None,
};

/// Samples to be listed in a report.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SampleTable {
    /// A row per sample: Tran, Vert, Long, MicL as printed; `None` where no number stands.
    pub rows: Vec<[Option<f64>; 4]>,
    /// Decimals that each column prints.
    pub decimals: [usize; 4],
}
