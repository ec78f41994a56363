//! The report as a document.

use derive_setters::Setters;
use jiff::civil::Date;
use wavekeep_archive::Archive;
use wavekeep_report::{
    Appendix, Language, LedgerState, Letterhead, PageOptions, Paper, PeriodEvent, PeriodOptions,
    PeriodPages, Units,
};
use wavekeep_signal::{Outcome, Verdict, measure};

use crate::error::PeriodError;
use crate::gather::PeriodReport;
use crate::review::review_of;

/// How a report is written.
#[derive(Debug, Clone, PartialEq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct ReportOptions {
    /// Its language.
    pub language: Language,
    /// Size of the pages.
    pub paper: Paper,
    /// Units of velocities.
    pub units: Units,
    /// The day that is printed as that of printing. With the same day the same archive gives the same
    /// bytes.
    pub print_date: Option<Date>,
    /// What the company puts on it.
    pub letterhead: Letterhead,
    /// Event pages of the appendix, at most.
    pub appendix_pages: usize,
}

impl Default for ReportOptions {
    fn default() -> Self {
        Self {
            language: Language::default(),
            paper: Paper::default(),
            units: Units::default(),
            print_date: None,
            letterhead: Letterhead::default(),
            appendix_pages: 50,
        }
    }
}

impl PeriodReport {
    /// The report as PDF. The recordings of the events in the appendix are read from `archive`.
    ///
    /// # Errors
    /// [`PeriodError::Draw`]; what the archive says.
    pub fn pdf(&self, archive: &Archive, options: &ReportOptions) -> Result<Vec<u8>, PeriodError> {
        let of_interest = self.of_interest();
        let pages = of_interest.len().min(options.appendix_pages);
        let drawn = PeriodOptions::default()
            .with_language(options.language)
            .with_paper(options.paper)
            .with_units(options.units)
            .with_print_date(options.print_date)
            .with_letterhead(options.letterhead.clone());
        let appendix = Appendix::default().with_of_interest(of_interest.len()).with_pages(pages);
        let mut document = PeriodPages::new(self.content(), &drawn, appendix);
        for event in of_interest.into_iter().take(pages) {
            let (row, recording) = (archive.event(event.id)?, archive.recording(event.id)?);
            let measured = measure(&recording);
            let review = review_of(&row);
            let ledger = self.ledger_of(archive, event.id, options)?;
            let levels = self.levels.for_event(&row);
            // The page has one curve: the one that the event comes nearest to.
            let curve = match decides_air(event) {
                true => levels.air,
                false => levels.ground,
            };
            let page = PageOptions::default()
                .with_curve(curve.map(|level| level.curve))
                .with_distance_ft(curve.and_then(|level| level.distance_ft))
                .with_review(Some(&review))
                .with_ledger(ledger.as_ref());
            document.add_event(&recording, &measured, page);
        }
        Ok(document.pdf()?)
    }

    /// The events that exceed a level or warn, the largest share of its level first.
    fn of_interest(&self) -> Vec<&PeriodEvent> {
        let warn = self.content().levels.warn_percent;
        let matters = |event: &&PeriodEvent| event.is_of_interest(warn);
        let mut events: Vec<&PeriodEvent> = self.content().counted().filter(matters).collect();
        events.sort_by(|a, b| margin(a).total_cmp(&margin(b)).then(a.id.cmp(&b.id)));
        events
    }

    /// What the ledger has of an event, under the head of the report.
    fn ledger_of(
        &self,
        archive: &Archive,
        id: i64,
        options: &ReportOptions,
    ) -> Result<Option<LedgerState>, PeriodError> {
        let Some(head) = &self.content().ledger else { return Ok(None) };
        let entry = archive.ledger_entries(Some(id), 1)?.into_iter().next();
        // An entry that came later is not under this head.
        let entry = entry.filter(|entry| entry.entry.entry <= head.size);
        Ok(entry.map(|entry| LedgerState {
            archive: head.archive.clone(),
            entry: entry.entry.entry,
            leaf: entry.leaf.to_string(),
            time: options
                .print_date
                .map_or_else(|| "this report".to_owned(), |day| day.to_string()),
            size: head.size,
            root: head.root.clone(),
        }))
    }
}

/// The smallest margin below a level, negative above it.
fn margin(event: &PeriodEvent) -> f64 {
    let of = |verdict: &Verdict| match verdict.outcome {
        Outcome::NoVerdict => None,
        _ => verdict.margin_percent,
    };
    event.verdicts().filter_map(of).fold(f64::INFINITY, f64::min)
}

/// Whether the air decides.
fn decides_air(event: &PeriodEvent) -> bool {
    let of = |verdict: &Option<Verdict>| {
        let verdict = verdict.as_ref().filter(|verdict| verdict.outcome != Outcome::NoVerdict);
        verdict.and_then(|verdict| verdict.margin_percent).unwrap_or(f64::INFINITY)
    };
    event.ground.is_none() || of(&event.air) < of(&event.ground)
}
