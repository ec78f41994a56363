//! Rows of tables: samples and intervals.

use wavekeep_core::{Frequency, Reading, SoundLevels, Unit};

use crate::cells::{Separator, cells};
use crate::heading::{Column, Layout, LevelKind};
use crate::label::MICROPHONE;
use crate::not_understood::shortened;
use crate::number::{DecimalMark, NoValue, PrintedNumber, cell_number, is_not_available};
use crate::printed::Printed;
use crate::statement::StatedUnits;
use crate::tally::Tally;

/// A table of samples, without its rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SampleTable {
    /// Rows.
    pub rows: usize,
    /// What is listed of Tran, Vert, Long and MicL.
    pub columns: [Option<SampleColumn>; 4],
}

/// A column of samples, with what is printed for the counts of the file.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct SampleColumn {
    /// The unit; `None` when nothing in the text says one that can be compared.
    pub unit: Option<Unit>,
    /// Decimals that are printed.
    pub decimals: u8,
    /// What is printed for the counts.
    pub tally: Tally,
}

/// A row of a histogram's table.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct IntervalRow {
    /// Columns that name the interval (date, time), as written.
    pub label: Vec<String>,
    /// Peaks of Tran, Vert and Long.
    pub peaks: [Option<Reading>; 3],
    /// Frequencies of Tran, Vert, Long and MicL, where the table has such columns.
    pub frequencies: [Option<Frequency>; 4],
    /// Vector sum.
    pub vector_sum: Option<Reading>,
    /// Air pressure.
    pub pressure: Option<Reading>,
    /// Sound pressure level, unweighted.
    pub level: Option<Reading>,
    /// Levels over the interval; `None` where the table has no such columns.
    pub levels: Option<SoundLevels>,
}
/// What says in which unit samples are listed: the heading, then the field `Units`.
#[derive(Clone, Copy)]
pub(crate) struct Units {
    pub stated: StatedUnits,
    /// The unit of a microphone where nothing in the text says one.
    pub microphone: Option<Unit>,
}

impl Units {
    fn of(&self, layout: &Layout, channel: usize) -> Option<Unit> {
        let is_weighted = layout
            .columns
            .iter()
            .any(|column| matches!(column, Column::Channel(of, _, Some(_)) if *of == channel));
        if is_weighted {
            return None;
        }
        let by_heading = layout.unit(channel);
        match channel {
            MICROPHONE => by_heading.or(self.stated.pressure).or_else(|| {
                // A weighted level is no unit of samples that could be compared.
                self.microphone.filter(|_| self.stated.weighted.is_none())
            }),
            _ => by_heading.or(self.stated.velocity),
        }
    }
}

pub(crate) fn sample_table(
    layout: &Layout,
    units: Units,
    rows: usize,
    decimals: [u8; 4],
    tallies: [Tally; 4],
) -> SampleTable {
    let mut table = SampleTable { rows, ..SampleTable::default() };
    for (channel, tally) in tallies.into_iter().enumerate() {
        let unit = units.of(layout, channel);
        table.columns[channel] = layout.lists(channel).then(|| SampleColumn {
            unit,
            decimals: decimals[channel],
            tally,
        });
    }
    table
}

impl IntervalRow {
    /// Gives its velocities a unit where the heading names none.
    pub(crate) fn give_unit(&mut self, unit: Unit) {
        let velocities = self.peaks.iter_mut().chain([&mut self.vector_sum]).flatten();
        for reading in velocities.filter(|reading| reading.unit == Unit::Count) {
            reading.unit = unit;
        }
    }
}

/// A row of samples; `None` when the line is none.
pub(crate) fn sample_row(
    line: &str,
    layout: &Layout,
    mark: Option<DecimalMark>,
) -> Option<[Option<PrintedNumber>; 4]> {
    let mut row = [None; 4];
    let mut columns = layout.columns.iter();
    let mut is_empty = true;
    for cell in cells(line, layout.separator) {
        // A separator at the end of a row is usual.
        let Some(column) = columns.next() else {
            if cell.is_empty() {
                continue;
            }
            return None;
        };
        let Column::Channel(channel, ..) = column else { continue };
        match cell_number(cell, mark) {
            Ok(number) => (row[*channel], is_empty) = (Some(number), false),
            Err(NoValue::NotAvailable) => is_empty &= cell.is_empty(),
            Err(_) if cell.eq_ignore_ascii_case("OORANGE") => is_empty = false,
            Err(_) => return None,
        }
    }
    (columns.next().is_none() && !is_empty).then_some(row)
}

/// A row of intervals; `None` when the line is none.
pub(crate) fn interval_row(
    line: &str,
    layout: &Layout,
    mark: Option<DecimalMark>,
) -> Option<IntervalRow> {
    let mut row = IntervalRow::default();
    let mut columns = layout.columns.iter();
    let mut values = 0;
    for cell in cells(line, layout.separator) {
        let Some(column) = columns.next() else {
            if cell.is_empty() {
                continue;
            }
            return None;
        };
        // A velocity gets the unit of the text where the heading has none.
        let reading = |unit: Option<Unit>, limit: f64| match Printed::parse(cell, mark) {
            Err(NoValue::NotAvailable) => Some(None),
            printed => {
                let unit = unit.unwrap_or(Unit::Count);
                Some(Some(printed.ok()?.reading(unit, Some(Reading::new(limit, unit))).ok()?))
            }
        };
        match column {
            Column::Time => row.label.push(shortened(cell, 40)),
            Column::Other => {}
            Column::Channel(MICROPHONE, _, Some(weighted)) => {
                row.levels.get_or_insert_default().max = level(cell, mark, *weighted)?;
            }
            Column::Channel(MICROPHONE, unit, None) => {
                let value = reading(Some(unit.unwrap_or(Unit::DecibelLinear)), 140.0)?;
                match value.map(|value| value.unit) {
                    Some(Unit::DecibelLinear) => row.level = value,
                    Some(_) => row.pressure = value,
                    None => {}
                }
            }
            Column::Channel(channel, unit, _) => row.peaks[*channel] = reading(*unit, 10.0)?,
            Column::VectorSum(unit) => row.vector_sum = reading(*unit, 10.0 * 3f64.sqrt())?,
            Column::Frequency(channel) => {
                let hz = match Printed::parse(cell, mark) {
                    Err(NoValue::NotAvailable) => Frequency::NotAvailable,
                    printed => printed.ok()?.frequency().ok()?,
                };
                row.frequencies[*channel] = Some(hz);
            }
            Column::Level(kind, weighted) => {
                let levels = row.levels.get_or_insert_default();
                let place = match kind {
                    LevelKind::Max => &mut levels.max,
                    LevelKind::L10 => &mut levels.l10,
                    LevelKind::L90 => &mut levels.l90,
                };
                *place = level(cell, mark, weighted.unwrap_or(Unit::DecibelLinear))?;
            }
        }
        values += usize::from(!matches!(column, Column::Time | Column::Other));
    }
    (columns.next().is_none() && values > 0).then_some(row)
}

/// A level of `unit`, which the heading names.
fn level(cell: &str, mark: Option<DecimalMark>, unit: Unit) -> Option<Option<Reading>> {
    match cell_number(cell, mark) {
        Ok(PrintedNumber { value, decimals }) => {
            Some(Some(Reading::new(value, unit).with_decimals(decimals)))
        }
        Err(NoValue::NotAvailable) => Some(None),
        Err(_) => None,
    }
}

/// Whether every cell of a line is a number, a time, or says that there is none.
pub(crate) fn looks_like_row(line: &str) -> bool {
    let mut numbers = 0;
    let all = cells(line, Separator::of(line)).all(|cell| {
        let first = cell.trim_start_matches(['-', '+', '<', '>', ' ', '\u{2212}']);
        let is_number = first.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == ',');
        numbers += usize::from(is_number);
        is_number || is_not_available(cell) || cell.eq_ignore_ascii_case("OORANGE")
    });
    all && numbers > 0
}
