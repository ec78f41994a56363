//! What a company puts on its reports.

use derive_setters::Setters;

use crate::logo::Logo;

/// Letterhead, texts and signatures of a report. Everything is optional.
#[derive(Debug, Clone, Default, PartialEq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct Letterhead {
    /// Name of the company.
    pub company: Option<String>,
    /// Address and the like, a line each.
    pub lines: Vec<String>,
    /// Its logo.
    pub logo: Option<Logo>,
    /// Height of the logo on the cover in millimetres.
    pub logo_height_mm: Option<f64>,
    /// The title, in place of the language's.
    pub title: Option<String>,
    /// Number of the report.
    pub number: Option<String>,
    /// Whom it is for, a line each.
    pub prepared_for: Vec<String>,
    /// Who made it, a line each.
    pub prepared_by: Vec<String>,
    /// Paragraphs of the summary's beginning.
    pub introduction: Vec<String>,
    /// Paragraphs before the signatures.
    pub closing: Vec<String>,
    /// A line at the foot of every page.
    pub footer: Option<String>,
    /// Who signs.
    pub signatures: Vec<Signatory>,
}

/// One who signs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct Signatory {
    /// The name; a line to write it on where there is none.
    pub name: Option<String>,
    /// As what.
    pub role: Option<String>,
}
