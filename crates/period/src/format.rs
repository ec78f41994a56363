//! What a report is written as.

use std::str::FromStr;

/// A form of the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// The document.
    #[default]
    Pdf,
    /// A workbook: summary, events, units, known monitoring.
    Xlsx,
    /// The table of events.
    Csv,
}

/// A word that is no form of the report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no form of a report: expected one of {known}", known = Format::WORDS.join(", "))]
pub struct UnknownFormat(String);

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pdf, Self::Xlsx, Self::Csv];
    /// Their words, which file names end with.
    pub const WORDS: [&'static str; 3] = ["pdf", "xlsx", "csv"];

    /// Its word.
    pub const fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Self, UnknownFormat> {
        let found = Self::ALL.into_iter().find(|format| format.word() == word);
        found.ok_or_else(|| UnknownFormat(word.to_owned()))
    }
}
