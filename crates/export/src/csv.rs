//! Comma-separated values (RFC 4180, line ends `\n`, UTF-8).
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
//! Numbers are the shortest decimals that read back as the same double: 6 counts of 0.005 in/s
//! are `0.03`.

use std::io::Write;

use wavekeep_core::Recording;

use crate::number::{push_integer, push_real};
use crate::table::{Cell, columns};
use crate::{ExportError, ExportOptions, Target, Units, assumed};

/// Rows are handed on when they have grown to this many bytes.
const BUFFER_BYTES: usize = 1 << 16;

pub(crate) fn write(
    recording: &Recording,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let columns = columns(recording, options, Target::Csv)?;
    let mut text = Vec::with_capacity(BUFFER_BYTES + 4096);
    if options.header {
        push_header(&mut text, recording);
    }
    for (place, column) in columns.iter().enumerate() {
        if place > 0 {
            text.push(b',');
        }
        match options.units {
            Units::Physical => push_quoted(&mut text, &column.heading()),
            Units::Raw => push_quoted(&mut text, &column.name),
        }
    }
    text.push(b'\n');
    for row in 0..recording.len() {
        for (place, column) in columns.iter().enumerate() {
            if place > 0 {
                text.push(b',');
            }
            match column.at(row) {
                Cell::Missing => {}
                Cell::Integer(value) => push_integer(&mut text, value),
                Cell::Real(value) => push_real(&mut text, value),
                Cell::Word(word) => text.extend_from_slice(word.as_bytes()),
                Cell::Moment(moment) => {
                    text.extend_from_slice(moment.0.to_string().as_bytes());
                }
            }
        }
        text.push(b'\n');
        if text.len() >= BUFFER_BYTES {
            out.write_all(&text)?;
            text.clear();
        }
    }
    out.write_all(&text)?;
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

/// Quotes a text that would otherwise end its field.
pub(crate) fn push_quoted(text: &mut Vec<u8>, name: &str) {
    if !name.contains([',', '"', '\n', '\r']) {
        text.extend_from_slice(name.as_bytes());
        return;
    }
    text.push(b'"');
    text.extend_from_slice(name.replace('"', "\"\"").as_bytes());
    text.push(b'"');
}
