//! The text report of an event (`TXT/<name>.txt`): `Name : Value` lines, and the samples as a table.
//!
//! Names are compared without regard to case, blanks and punctuation: `TranPPV`, `Tran PPV` and
//! `tran_ppv` are one field. Values are printed as in a Blastware report
//! ([`wavekeep_blastware::report_text::value`]). The encoding is open: UTF-8 where the bytes are,
//! otherwise Windows-1252.

mod fields;
mod table;
mod write;

use wavekeep_blastware::report_text::windows_1252;
use wavekeep_core::{Error, Result, Statement};

pub(crate) use fields::{pressure_unit, velocity_unit};
pub use table::SampleTable;
pub use write::write;

/// A report, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReportText {
    /// The fields; those that are not understood are in [`Statement::fields`].
    pub statement: Statement,
    /// The samples, when the report lists them.
    pub table: Option<SampleTable>,
    /// Lines that are neither a field nor a row of the table, as written.
    pub not_understood: Vec<String>,
    /// The text as written, without the rows of the table.
    pub text: String,
}

impl ReportText {
    /// Reads a report.
    ///
    /// # Errors
    /// [`Error::NotThisFormat`] when not one known field of a report is found, [`Error::Limit`]
    /// when the text is longer than `limit_bytes`.
    pub fn parse(bytes: &[u8], limit_bytes: u64) -> Result<Self> {
        if bytes.len() as u64 > limit_bytes {
            return Err(Error::Limit {
                what: "length of the report text in bytes".into(),
                limit: limit_bytes,
                found: bytes.len() as u64,
                raise: "a report of this size is not known; leave it out",
            });
        }
        let text = decode_text(bytes);
        let mut table = table::Reader::default();
        let mut report = Self::default();
        let mut fields = Vec::new();
        for line in text.lines() {
            if table.take_row(line) {
                continue;
            }
            report.text.push_str(line);
            report.text.push('\n');
            match fields::split(line) {
                _ if line.trim().is_empty() || table.take_heading(line) => {}
                Some(field) => fields.push(field),
                None => report.not_understood.push(line.trim_end().to_owned()),
            }
        }
        if !fields::any_is_known(&fields) {
            return Err(Error::NotThisFormat {
                format: "Thor report text",
                expected: "lines of the form \"Name : Value\" with an event's fields".into(),
                found: text.lines().next().unwrap_or("no line").chars().take(60).collect(),
            });
        }
        report.statement = fields::statement(&fields);
        report.table = table.finish();
        Ok(report)
    }
}

fn decode_text(bytes: &[u8]) -> String {
    let text = std::str::from_utf8(bytes).map_or_else(|_| windows_1252(bytes), str::to_owned);
    text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests;
