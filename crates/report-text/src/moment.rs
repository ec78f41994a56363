//! Dates and times that stand in two fields, and the order in which days and months are printed.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use wavekeep_core::{Note, NoteKind, UnitLocal};

use crate::date::{self, DateOrder, PrintedDate};
use crate::not_understood::{Part, shortened};
use crate::number::NoValue;
use crate::statement::{Builder, Field};

/// A moment whose date and time stand in two fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct Moment {
    pub date: Option<(PrintedDate, u64, String)>,
    time: Option<Time>,
}

impl Moment {
    pub(crate) fn at(&self, order: Option<DateOrder>) -> Option<UnitLocal> {
        Some(UnitLocal(self.day(order)?.to_datetime(self.time?)))
    }

    fn day(&self, order: Option<DateOrder>) -> Option<Date> {
        self.date.as_ref()?.0.decided(order)
    }

    pub(crate) fn take_date(&mut self, field: &Field) -> Result<(), NoValue> {
        let text = field.value.trim();
        if text.is_empty() || text.eq_ignore_ascii_case("N/A") || self.date.is_some() {
            return Ok(());
        }
        let (date, rest) = date::leading_date(text).ok_or(NoValue::NotUnderstood)?;
        if !rest.is_empty() {
            let time = date::printed_time(rest).ok_or(NoValue::NotUnderstood)?;
            self.time.get_or_insert(time);
        }
        self.date = Some((date, field.line, shortened(&format!("{} : {text}", field.name), 80)));
        Ok(())
    }

    pub(crate) fn take_time(&mut self, text: &str) -> Result<(), NoValue> {
        if text.trim().is_empty() || text.trim().eq_ignore_ascii_case("N/A") {
            return Ok(());
        }
        // A time is printed twice where the date carries it, too.
        let time = date::printed_time(text).ok_or(NoValue::NotUnderstood)?;
        self.time = Some(time);
        Ok(())
    }
}

impl Builder<'_> {
    /// The order of dates in digits alone, and what is to be said of those that nothing decides.
    pub(crate) fn dates(&mut self) -> Option<DateOrder> {
        let peaks = self.sensors.iter().flat_map(|of| of.peaks_at.iter().chain([&of.sum_at]));
        let all = [&self.start, &self.histogram_start, &self.histogram_stop].into_iter();
        let all: Vec<&(PrintedDate, u64, String)> =
            all.chain(peaks).filter_map(|moment| moment.date.as_ref()).collect();
        let dates: Vec<PrintedDate> = all.iter().map(|(date, ..)| date.clone()).collect();
        let start = self.start.date.as_ref().or(self.histogram_start.date.as_ref());
        let start = start.map(|(date, ..)| date);
        let order = date::order_of(&dates, start, self.decisions.file_start);
        let undecided: BTreeSet<&str> = all
            .iter()
            .filter(|(date, ..)| date.decided(order).is_none())
            .map(|(_, _, text)| text.as_str())
            .collect();
        if let Some(example) = undecided.first() {
            let message = format!(
                "nothing decides which part of the date {example:?} is the day and which the month: it was not taken"
            );
            let note = Note::new(NoteKind::Disagreement, "report_date", message);
            self.out.notes.push(note);
            for (date, line, text) in &all {
                if date.decided(order).is_none() {
                    self.not_understood.add(Part::Field, *line, text);
                }
            }
        }
        order
    }
}
