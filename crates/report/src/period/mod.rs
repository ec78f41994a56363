//! The report of a period: cover, summary, monitoring, charts, tables, signatures, event pages.
//!
//! What it says comes as [`PeriodContent`]; nothing is decided here.

mod chart;
mod closing;
mod content;
mod cover;
mod events;
mod letterhead;
mod monitoring;
pub(crate) mod phrases;
mod running;
mod span;
mod summary;
mod trend;

use derive_setters::Setters;
use jiff::civil::Date;
use wavekeep_core::Recording;
use wavekeep_signal::Measurements;

use crate::drawing::DrawError;
use crate::language::{Language, Words};
use crate::page::{MARGIN, PageOptions, event_page};
use crate::render::{self, Document};
use crate::sheets::{SIDE, Sheets};
use crate::style::{Paper, Units};

pub use content::{
    EventKind, PeakOf, PeriodContent, PeriodEvent, PeriodLedger, PeriodLevels, PeriodPeak,
    PeriodUnit, Standing,
};
pub use letterhead::{Letterhead, Signatory};
pub use span::{NotAPeriod, Period};

use running::{running_foot, running_head};

/// How the report of a period is written.
#[derive(Debug, Clone, Default, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct PeriodOptions {
    /// Its language.
    pub language: Language,
    /// Size of the pages.
    pub paper: Paper,
    /// Units of velocities and pressures.
    pub units: Units,
    /// The day that is printed as that of printing.
    pub print_date: Option<Date>,
    /// What the company puts on it.
    pub letterhead: Letterhead,
}

/// Which event pages the appendix has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct Appendix {
    /// Events that exceed a limit or warn.
    pub of_interest: usize,
    /// How many of them have a page.
    pub pages: usize,
}

/// The pages of a report while they are drawn: the report itself at first, then the event pages one
/// by one.
pub struct PeriodPages<'a> {
    content: &'a PeriodContent,
    options: &'a PeriodOptions,
    sheets: Sheets,
    /// Where the event pages begin.
    body: usize,
}

/// What each part of the report is drawn from.
#[derive(Clone, Copy)]
struct Part<'a> {
    content: &'a PeriodContent,
    options: &'a PeriodOptions,
    words: &'static Words,
}

impl<'a> PeriodPages<'a> {
    /// Draws all but the event pages.
    pub fn new(content: &'a PeriodContent, options: &'a PeriodOptions, appendix: Appendix) -> Self {
        let part = Part { content, options, words: options.language.words() };
        let mut sheets = Sheets::new(options.paper, part.words);
        cover::draw(&mut sheets, part);
        sheets.start_page();
        summary::draw(&mut sheets, part, appendix);
        monitoring::draw(&mut sheets, part);
        trend::draw(&mut sheets, part);
        chart::draw(&mut sheets, part);
        sheets.start_page();
        events::draw(&mut sheets, part);
        events::sources(&mut sheets, part);
        closing::draw(&mut sheets, part);
        if appendix.pages > 0 {
            closing::appendix(&mut sheets, part, appendix);
        }
        let body = sheets.count();
        Self { content, options, sheets, body }
    }

    /// Adds the page of an event. Language, logo, paper and units are those of the report.
    pub fn add_event(
        &mut self,
        recording: &Recording,
        measured: &Measurements,
        page: PageOptions<'_>,
    ) {
        let page = page
            .with_paper(self.options.paper)
            .with_style(page.style.with_units(self.options.units))
            .with_language(self.options.language)
            .with_logo(self.options.letterhead.logo.as_ref())
            .with_sensor_check_in_rows(true);
        let (canvas, _) = event_page(recording, measured, page);
        self.sheets.push(canvas);
    }

    /// The document as PDF, its pages numbered.
    ///
    /// # Errors
    /// [`DrawError::Render`] when a page cannot be written.
    pub fn pdf(self) -> Result<Vec<u8>, DrawError> {
        let part = Part {
            content: self.content,
            options: self.options,
            words: self.options.language.words(),
        };
        let title = cover::title(part);
        let title = format!("{title}, {}", part.content.period.in_words(part.words));
        let (mut pages, marks) = self.sheets.into_pages();
        let count = pages.len();
        for (index, page) in pages.iter_mut().enumerate() {
            if (1..self.body).contains(&index) {
                running_head(page, part);
            }
            let side = if index < self.body { SIDE } else { MARGIN };
            running_foot(page, part, side, (index + 1, count));
        }
        let drawn: Vec<String> = pages.into_iter().map(|page| page.finish(&title)).collect();
        let pages: Vec<&str> = drawn.iter().map(String::as_str).collect();
        let language = self.options.language.code();
        render::document(&Document { title: &title, language, pages: &pages, marks: &marks })
    }
}
