//! The template of a company: letterhead, texts and signatures, as a TOML file with a logo beside it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;
use wavekeep_report::{Letterhead, Logo, LogoError, Signatory};

/// Bytes of a template, at most.
const MOST_BYTES: u64 = 256 << 10;
/// Letters of a text.
const MOST_LETTERS: usize = 2000;
/// Lines, paragraphs or signatures of a list.
const MOST_OF_A_LIST: usize = 20;
/// Heights of a logo in millimetres.
const LOGO_MM: std::ops::RangeInclusive<f64> = 5.0..=60.0;

/// What is wrong with a template.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A file cannot be read.
    #[error("{}: cannot be read: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Something in it is not as it should be.
    #[error("{}: line {line}: {reason}", path.display())]
    Field {
        /// The template.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The field, and what is wrong with it.
        reason: String,
    },
    /// The logo is none.
    #[error("{}: {source}", path.display())]
    Logo {
        /// The file of the logo.
        path: PathBuf,
        /// What is wrong with it.
        source: LogoError,
    },
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Document {
    company: Company,
    report: Texts,
    signature: Option<Spanned<Vec<RawSignatory>>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Company {
    name: Option<Spanned<String>>,
    lines: Option<Spanned<Vec<String>>>,
    logo: Option<Spanned<String>>,
    logo_height_mm: Option<Spanned<f64>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Texts {
    title: Option<Spanned<String>>,
    number: Option<Spanned<String>>,
    prepared_for: Option<Spanned<Vec<String>>>,
    prepared_by: Option<Spanned<Vec<String>>>,
    introduction: Option<Spanned<Vec<String>>>,
    closing: Option<Spanned<Vec<String>>>,
    footer: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSignatory {
    name: Option<String>,
    role: Option<String>,
}

/// Reads a template. The logo is looked for beside it.
///
/// ```toml
/// [company]
/// name = "Hartmann Vibration Ltd."
/// lines = ["12 Mill Lane", "Leeds LS1 4AP"]
/// logo = "logo.svg"
///
/// [report]
/// number = "2026-117"
/// prepared_for = ["North Quarry plc"]
///
/// [[signature]]
/// name = "J. Okafor"
/// role = "Chartered engineer"
/// ```
///
/// # Errors
/// [`TemplateError`] with the line and the field.
pub fn read_template(path: &Path) -> Result<Letterhead, TemplateError> {
    let bytes = read(path, MOST_BYTES)?;
    let unreadable = |reason: String| TemplateError::Read { path: path.to_owned(), reason };
    let text =
        String::from_utf8(bytes).map_err(|_| unreadable("it is no UTF-8 text".to_owned()))?;
    let at = |offset: usize, reason: String| TemplateError::Field {
        path: path.to_owned(),
        line: 1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count(),
        reason,
    };
    let document: Document = toml::from_str(&text).map_err(|error| {
        at(error.span().map_or(0, |span| span.start), error.message().to_owned())
    })?;
    let Document { company, report, signature } = document;
    let fields = Fields { at: &at };
    let logo = match &company.logo {
        Some(name) => {
            let name = fields.text("company.logo", Some(name))?.unwrap_or_default();
            let path = path.parent().unwrap_or(Path::new("")).join(name);
            let bytes = read(&path, Logo::MOST_BYTES as u64)?;
            Some(Logo::new(&bytes).map_err(|source| TemplateError::Logo { path, source })?)
        }
        None => None,
    };
    if let Some(height) = &company.logo_height_mm
        && !LOGO_MM.contains(height.get_ref())
    {
        let reason = format!(
            "company.logo_height_mm: {} is not within {} to {} mm",
            height.get_ref(),
            LOGO_MM.start(),
            LOGO_MM.end()
        );
        return Err(at(height.span().start, reason));
    }
    let place = signature.as_ref().map_or(0, |all| all.span().start);
    let signatures = signature.map(Spanned::into_inner).unwrap_or_default();
    if signatures.len() > MOST_OF_A_LIST {
        return Err(at(place, format!("signature: more than {MOST_OF_A_LIST}")));
    }
    let mut signatories = Vec::new();
    for RawSignatory { name, role } in signatures {
        for text in [&name, &role].into_iter().flatten() {
            fields.check("signature", text, place)?;
        }
        signatories.push(Signatory::default().with_name(name).with_role(role));
    }
    Ok(Letterhead::default()
        .with_company(fields.text("company.name", company.name.as_ref())?)
        .with_lines(fields.list("company.lines", company.lines.as_ref())?)
        .with_logo(logo)
        .with_logo_height_mm(company.logo_height_mm.map(Spanned::into_inner))
        .with_title(fields.text("report.title", report.title.as_ref())?)
        .with_number(fields.text("report.number", report.number.as_ref())?)
        .with_prepared_for(fields.list("report.prepared_for", report.prepared_for.as_ref())?)
        .with_prepared_by(fields.list("report.prepared_by", report.prepared_by.as_ref())?)
        .with_introduction(fields.list("report.introduction", report.introduction.as_ref())?)
        .with_closing(fields.list("report.closing", report.closing.as_ref())?)
        .with_footer(fields.text("report.footer", report.footer.as_ref())?)
        .with_signatures(signatories))
}

/// Checks the fields of a template.
struct Fields<'a> {
    at: &'a dyn Fn(usize, String) -> TemplateError,
}

impl Fields<'_> {
    fn check(&self, name: &str, text: &str, offset: usize) -> Result<(), TemplateError> {
        match text.chars().nth(MOST_LETTERS) {
            Some(_) => {
                Err((self.at)(offset, format!("{name}: has more than {MOST_LETTERS} letters")))
            }
            None => Ok(()),
        }
    }

    fn text(
        &self,
        name: &str,
        text: Option<&Spanned<String>>,
    ) -> Result<Option<String>, TemplateError> {
        let Some(text) = text else { return Ok(None) };
        self.check(name, text.get_ref(), text.span().start)?;
        Ok(Some(text.get_ref().clone()))
    }

    fn list(
        &self,
        name: &str,
        list: Option<&Spanned<Vec<String>>>,
    ) -> Result<Vec<String>, TemplateError> {
        let Some(list) = list else { return Ok(Vec::new()) };
        let offset = list.span().start;
        if list.get_ref().len() > MOST_OF_A_LIST {
            return Err((self.at)(
                offset,
                format!("{name}: has more than {MOST_OF_A_LIST} entries"),
            ));
        }
        for text in list.get_ref() {
            self.check(name, text, offset)?;
        }
        Ok(list.get_ref().clone())
    }
}

/// The bytes of a file, no more than `most`.
fn read(path: &Path, most: u64) -> Result<Vec<u8>, TemplateError> {
    let unreadable = |reason: String| TemplateError::Read { path: path.to_owned(), reason };
    let failed = |error: std::io::Error| unreadable(error.to_string());
    // A pipe or a device would never end.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(unreadable("it is no file".to_owned()));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() as u64 > most {
        true => Err(unreadable(format!("it has more than {most} bytes"))),
        false => Ok(bytes),
    }
}
