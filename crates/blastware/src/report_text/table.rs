//! The table behind the fields: a row per sample, or per interval of a histogram.

use wavekeep_core::Frequency;

use super::value::{self, Printed};

/// What a report lists.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Table {
    /// No table, or none that is understood.
    #[default]
    None,
    /// A row per sample: Tran, Vert, Long in the report's unit of velocity, MicL in dB(L).
    Samples(Vec<[f64; 4]>),
    /// A row per interval.
    Intervals(Vec<HistogramRow>),
}

/// One row of a histogram's table.
#[derive(Debug, Clone, PartialEq)]
pub struct HistogramRow {
    /// Columns in front of the numbers (date, time), as written.
    pub label: Vec<String>,
    /// Peaks of Tran, Vert and Long in the report's unit of velocity.
    pub peaks: [f64; 3],
    /// Their frequencies.
    pub frequencies: [Frequency; 3],
    /// Vector sum in the report's unit of velocity.
    pub vector_sum: f64,
    /// Air pressure in psi.
    pub microphone_psi: f64,
    /// Sound pressure level in dB(L).
    pub microphone_level_db: f64,
    /// Its frequency.
    pub microphone_frequency: Frequency,
}

/// Columns of a histogram's row: three peaks with frequencies, vector sum, psi, dB(L), Hz.
const HISTOGRAM_COLUMNS: usize = 10;

/// Reads rows until a line is none; other lines go to `not_understood`.
pub(super) fn read<'a>(
    lines: impl Iterator<Item = &'a str>,
    not_understood: &mut Vec<String>,
) -> Table {
    let (mut samples, mut intervals) = (Vec::new(), Vec::new());
    for line in lines.filter(|line| !line.trim().is_empty()) {
        let columns = columns(line);
        if let Some(row) = sample_row(&columns) {
            samples.push(row);
        } else if let Some(row) = histogram_row(&columns) {
            intervals.push(row);
        } else if !is_heading(&columns) {
            not_understood.push(line.to_owned());
        }
    }
    match (samples.is_empty(), intervals.is_empty()) {
        (false, true) => Table::Samples(samples),
        (true, false) => Table::Intervals(intervals),
        _ => Table::None,
    }
}

/// Columns are separated by tabs and padded; where there is no tab, by blanks.
fn columns(line: &str) -> Vec<&str> {
    let trim = |column: &'_ str| column.trim().trim_matches('"').trim().len();
    if line.contains('\t') {
        line.split('\t')
            .map(|column| column.trim().trim_matches('"').trim())
            .filter(|column| trim(column) > 0)
            .collect()
    } else {
        line.split_whitespace().collect()
    }
}

/// Any row in which no column is a number: `Tran Vert Long MicL`, units below it.
fn is_heading(columns: &[&str]) -> bool {
    columns.iter().all(|column| column.parse::<f64>().is_err())
}

fn plain(text: &str) -> Option<f64> {
    Printed::parse(text)?.number()
}

fn sample_row(columns: &[&str]) -> Option<[f64; 4]> {
    let columns: &[&str; 4] = columns.try_into().ok()?;
    let mut row = [0.0; 4];
    for (value, column) in row.iter_mut().zip(columns) {
        *value = plain(column)?;
    }
    Some(row)
}

fn histogram_row(columns: &[&str]) -> Option<HistogramRow> {
    let split = columns.len().checked_sub(HISTOGRAM_COLUMNS)?;
    let (label, numbers) = columns.split_at(split);
    let frequency = |column: usize| {
        // `-` and blanks stand where no frequency could be measured.
        value::frequency(numbers[column]).unwrap_or(Frequency::NotAvailable)
    };
    Some(HistogramRow {
        label: label.iter().map(|&text| text.to_owned()).collect(),
        peaks: [plain(numbers[0])?, plain(numbers[2])?, plain(numbers[4])?],
        frequencies: [frequency(1), frequency(3), frequency(5)],
        vector_sum: plain(numbers[6])?,
        microphone_psi: plain(numbers[7])?,
        microphone_level_db: plain(numbers[8])?,
        microphone_frequency: frequency(9),
    })
}
