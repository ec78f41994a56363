//! Comma-separated values (RFC 4180, line ends `\n`, UTF-8): a heading of names, one row a sample, an
//! interval, a frame or an element.
//!
//! A waveform has the heading `time_s,Tran,Vert,Long,MicL` (the channels' names) and one row a
//! sample; time counts in seconds from the trigger. A histogram has
//! `interval,Tran_peak,Tran_halfperiod,Vert_peak,…` in raw units; in physical ones
//! `interval,Tran_peak,Tran_frequency,Vert_peak,…` in in/s, Hz and, for pressures, dB(L). Where it is
//! known when the intervals began, `start_unit_local` stands behind `interval`.
//!
//! The headings of physical numbers carry their units: `Tran (in/s)`, `MicL (psi)`.
//!
//! On request ([`ExportOptions::header`]), lines in front that begin with `#` say what was assumed, what
//! is damaged and what else the notes of the recording say.
//!
//! A field that holds numbers holds nothing else. It is empty where the value is missing. What the
//! vendor prints as a word stands in flag columns behind all numbers of a physical histogram:
//!
//! | vendor | `Tran_frequency` | `Tran_frequency_flag` |
//! |---|---|---|
//! | `21 Hz` | 21.333333333333332 | |
//! | `>100 Hz` | 100.0 | `above_range` |
//! | `<1 Hz` | 1.0 | `below_range` |
//! | `N/A` | | `not_available` |
//!
//! Where a report lists the sound levels of a histogram's intervals, `MicL_lmax`, `MicL_l10` and
//! `MicL_l90` follow, in the unit of the report: dB(A) is never made dB(L).
//!
//! `Tran_peak_flag` is `saturated` where the sensor or its converter was at its limit.
//!
//! Numbers are the shortest decimals that read back as the same number of their width: 6 counts of
//! 0.005 in/s are `0.03`. Floats of arrays that are not finite are `NaN`, `inf` and `-inf`, truth
//! values `true` and `false`: pandas, Polars, DuckDB and numpy read them as what they are.

use std::io::Write;

use wavekeep_core::Recording;

use crate::dataset::{Dataset, Origin};
use crate::table::print::{Print, print_of, push_quoted};
use crate::table::{Cells, Column, Table};
use crate::{ExportError, ExportOptions, Target, Units, assumed};

const TARGET: Target = Target::Csv;
/// Rows that are printed at a time.
const BATCH_ROWS: usize = 1 << 12;

pub(crate) fn write(
    dataset: &Dataset<'_>,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let table = Table::of(dataset, TARGET)?;
    let prints = prints(&table)?;
    let mut text = Vec::new();
    if let (true, Origin::Event(recording)) = (options.header, dataset.origin) {
        push_header(&mut text, recording);
    }
    for (place, column) in table.columns.iter().enumerate() {
        if place > 0 {
            text.push(b',');
        }
        match options.units {
            Units::Physical => push_quoted(&mut text, &column.heading()),
            Units::Raw => push_quoted(&mut text, &column.name),
        }
    }
    text.push(b'\n');
    for first in (0..table.rows).step_by(BATCH_ROWS) {
        let rows = first..table.rows.min(first + BATCH_ROWS);
        let cells = table.columns.iter().map(|column| column.cells(rows.clone()));
        let cells = cells.collect::<Result<Vec<_>, _>>()?;
        for row in rows {
            for (place, (cells, print)) in cells.iter().zip(&prints).enumerate() {
                if place > 0 {
                    text.push(b',');
                }
                push_cell(&mut text, cells, *print, row)?;
            }
            text.push(b'\n');
        }
        out.write_all(&text)?;
        text.clear();
    }
    out.write_all(&text)?;
    Ok(())
}

fn prints(table: &Table<'_, '_>) -> Result<Vec<Print>, ExportError> {
    table.columns.iter().map(|column: &Column<'_, '_>| print_of(column, TARGET)).collect()
}

fn push_cell(
    text: &mut Vec<u8>,
    cells: &Cells<'_, '_>,
    print: Print,
    row: usize,
) -> Result<(), ExportError> {
    if let Some(word) = cells.word(row) {
        text.extend_from_slice(word.as_bytes());
    } else if let Some(element) = cells.at(row) {
        let column = cells.column();
        print(text, element, &column.dtype).map_err(|error| error.of(column, TARGET))?;
    }
    Ok(())
}

/// What the numbers rest on, a line each.
fn push_header(text: &mut Vec<u8>, recording: &Recording) {
    let mut line = |what: &str| {
        let shown: String = what.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        text.extend_from_slice(format!("# {shown}\n").as_bytes());
    };
    if let Some(name) = &recording.source.name {
        line(&format!("file: {name}"));
    }
    if let Some(sha256) = &recording.source.sha256 {
        line(&format!("sha256: {sha256}"));
    }
    if let Some(start) = recording.start {
        line(&format!("start, unit-local: {}", start.value));
    }
    let assumed = assumed(recording);
    if !assumed.is_empty() {
        line(&format!("assumed: {}", assumed.join(", ")));
    }
    for note in recording.report.notes() {
        line(&note.message);
    }
}
