//! The report that the vendor's software writes beside an event (`…_ASCII.TXT`).
//!
//! One field a line, the whole line in double quotes: `"Field Name : Value"`; then a blank line, a
//! heading and a table of samples or intervals. The encoding is Windows-1252.

mod fields;
mod table;
pub mod value;
mod write;

use wavekeep_core::{Error, Result, Statement};

pub use table::{HistogramRow, Table};
pub use write::write;

/// A report, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReportText {
    /// The fields.
    pub statement: Statement,
    /// The table behind the fields.
    pub table: Table,
    /// Lines that are neither a field nor a row of the table, as written.
    pub not_understood: Vec<String>,
}

impl ReportText {
    /// Reads a report.
    ///
    /// # Errors
    /// [`Error::NotThisFormat`] when not one field of a report is found, [`Error::Limit`] when the
    /// text is longer than `limit_bytes`.
    pub fn parse(text: &[u8], limit_bytes: u64) -> Result<Self> {
        if text.len() as u64 > limit_bytes {
            return Err(Error::Limit {
                what: "length of the report text in bytes".into(),
                limit: limit_bytes,
                found: text.len() as u64,
                raise: "a report of this size is not known; leave it out",
            });
        }
        let text = windows_1252(text);
        let mut lines = text.lines().map(str::trim_end);
        let head: Vec<&str> = lines.by_ref().take_while(|line| !line.trim().is_empty()).collect();
        let (fields, mut not_understood) = fields::read(&head);
        if fields.is_empty() {
            return Err(Error::NotThisFormat {
                format: "Blastware report text",
                expected: "lines of the form \"Field Name : Value\"".into(),
                found: head
                    .first()
                    .map_or("no line".to_owned(), |line| line.chars().take(60).collect()),
            });
        }
        let statement = fields::statement(fields, &head);
        let table = table::read(lines, &mut not_understood);
        Ok(Self { statement, table, not_understood })
    }
}

/// What stands at 0x80..=0x9f of Windows-1252; five of them are not assigned.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Text in Windows-1252.
pub fn windows_1252(bytes: &[u8]) -> String {
    let character = |&byte: &u8| match byte {
        0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
        _ => char::from(byte),
    };
    bytes.iter().map(character).collect()
}

fn to_windows_1252(text: &str) -> Vec<u8> {
    text.chars()
        .map(|character| match u32::from(character) {
            code @ (0..=0x7f | 0xa0..=0xff) => code as u8,
            _ => WINDOWS_1252
                .iter()
                .position(|&other| other == character)
                .map_or(b'?', |index| 0x80 + index as u8),
        })
        .collect()
}

#[cfg(test)]
mod tests;
