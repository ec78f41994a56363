//! miniSEED 3 records of a waveform, one run of samples without a gap after the other.
//!
//! **Identifier.** `FDSN:XX_<station>__<band>_<source>_<subsource>`: network `XX`, since none is
//! assigned; the serial number as station (`UNKNOWN` without one); an empty location; the band by
//! the FDSN's table for sensors with a corner period under 10 s. Geophones are `P` with `T` (Tran),
//! `Z` (Vert) and `R` (Long), microphones `D_F`, anything else `Y`; other names become the
//! subsource as they are, in capital letters and digits.
//!
//! **Time.** A recording knows the instrument's own clock, no zone; the format has UTC only. The
//! clock is written as it stands, the flag *time tag is questionable* is set, and the extra headers
//! say `"Clock": "unit-local"`. The clock gives the trigger to the second; samples are placed
//! around it by the rate.
//!
//! **Samples.** Raw counts in Steim2 (as plain 32-bit integers where two neighbours are too far
//! apart for its 30 bits), everything else as 64-bit floats. Missing samples have no record.
//!
//! **Extra headers.** `FDSN.Logger.Serial`, and under `Wavekeep` the channel, its units, what
//! one count is worth, range, rate and pre-trigger, what was assumed, and the source file.
//!
//! Sources: miniSEED 3 definition and extra headers, FDSN Source Identifiers 1.0 (docs.fdsn.org).

use std::collections::HashSet;
use std::io::Write;
use std::ops::Range;

use miniseed_rs::{EncodingFormat, MseedRecord, NanoTime, Samples, SourceId};
use serde_json::{Value, json};
use wavekeep_core::{Kind, Recording, Sensor, UnitLocal};

use crate::facts::assumed;
use crate::values::{SampleTimes, Values, physical_of_one_count, physical_unit};
use crate::{ExportError, ExportOptions, Target};

/// Bit 1 of the flags.
const TIME_TAG_IS_QUESTIONABLE: u8 = 0x02;
/// Longer runs become several records; readers expect records of moderate size (libmseed: 10 MiB).
const RECORD_SAMPLES: usize = 1 << 16;
/// Steim2 stores differences of neighbours in at most 30 bits.
const STEIM2_DIFFERENCES: Range<i64> = -(1 << 29)..(1 << 29);

pub(crate) fn write(
    recording: &Recording,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    if recording.kind == Kind::Histogram {
        return Err(refused("a histogram", "write csv, hdf5 or parquet"));
    }
    if recording.channels.is_empty() {
        return Err(ExportError::no_channels(Target::MiniSeed));
    }
    let times = SampleTimes::of(recording, Target::MiniSeed)?;
    let start = recording.start.ok_or_else(|| {
        refused("a recording without a start time", "write hdf5, csv or npy, which can do without")
    })?;
    let mut identifiers = HashSet::new();
    let mut records = 0usize;
    for channel in &recording.channels {
        let values = Values::of_samples(channel, options);
        let identifier = identifier(recording, &values, times.rate_hz);
        if !identifiers.insert(identifier.clone()) {
            return Err(ExportError::unrepresentable(
                Target::MiniSeed,
                format!("two channels that are both {identifier}"),
                "write hdf5 or csv, or one of the two channels",
            ));
        }
        let extra = extra_headers(recording, &values);
        for run in values.missing(recording.len()).runs(recording.len()) {
            for first in run.clone().step_by(RECORD_SAMPLES) {
                let piece = first..run.end.min(first + RECORD_SAMPLES);
                let seconds = times.at(piece.start);
                let mut record = MseedRecord::new_v3();
                record.source_id = SourceId::parse(&identifier);
                record.start_time = moment(start.value, seconds)?;
                record.sample_rate = times.rate_hz;
                record.flags = TIME_TAG_IS_QUESTIONABLE;
                record.publication_version = 1;
                record.extra_headers.clone_from(&extra);
                (record.encoding, record.samples) = encoded(&values, piece);
                let bytes = miniseed_rs::encode(&record).map_err(|error| ExportError::Library {
                    target: Target::MiniSeed.word(),
                    message: error.to_string(),
                })?;
                out.write_all(&bytes)?;
                records += 1;
            }
        }
    }
    if records == 0 {
        return Err(refused("a recording without a single sample", "write json or csv"));
    }
    Ok(())
}

fn refused(what: &'static str, advice: &'static str) -> ExportError {
    ExportError::unrepresentable(Target::MiniSeed, what, advice)
}

/// The samples of `piece`, none of which is missing, and how they are stored.
fn encoded(values: &Values<'_>, piece: Range<usize>) -> (EncodingFormat, Samples) {
    let present = piece.filter_map(|index| values.at(index));
    if !values.are_integers() {
        return (EncodingFormat::Float64, Samples::Double(present.collect()));
    }
    // Integer counts of at most 32 bits.
    let counts: Vec<i32> = present.map(|count| count as i32).collect();
    let is_steim2 = counts
        .windows(2)
        .all(|pair| STEIM2_DIFFERENCES.contains(&(i64::from(pair[1]) - i64::from(pair[0]))));
    let encoding = if is_steim2 { EncodingFormat::Steim2 } else { EncodingFormat::Int32 };
    (encoding, Samples::Int(counts))
}

fn moment(start: UnitLocal, seconds: f64) -> Result<NanoTime, ExportError> {
    let out_of_calendar = || refused("a time outside the calendar", "write hdf5, csv or npy");
    let moment = start.checked_add_seconds(seconds).ok_or_else(out_of_calendar)?.0;
    // Fields of a civil time are in range; only a year may be negative.
    Ok(NanoTime {
        year: u16::try_from(moment.year()).map_err(|_| out_of_calendar())?,
        day: moment.date().day_of_year() as u16,
        hour: moment.hour() as u8,
        minute: moment.minute() as u8,
        second: moment.second() as u8,
        nanosecond: moment.subsec_nanosecond() as u32,
    })
}

fn identifier(recording: &Recording, values: &Values<'_>, rate_hz: f64) -> String {
    let station = recording.serial.as_ref().map(|serial| code(&serial.value)).unwrap_or_default();
    let station = if station.is_empty() { "UNKNOWN" } else { station.as_str() };
    let channel = values.channel();
    let (source, subsource) = match (channel.sensor, channel.name.as_ref()) {
        (Sensor::Geophone, "Tran") => ("P", "T".to_owned()),
        (Sensor::Geophone, "Vert") => ("P", "Z".to_owned()),
        (Sensor::Geophone, "Long") => ("P", "R".to_owned()),
        (Sensor::Geophone, name) => ("P", code(name)),
        (Sensor::Microphone, "MicL") => ("D", "F".to_owned()),
        (Sensor::Microphone, name) => ("D", code(name)),
        (Sensor::Other, name) => ("Y", code(name)),
    };
    format!("FDSN:XX_{station}__{}_{source}_{subsource}", band(rate_hz))
}

/// The last eight letters and digits of `name`: where serial numbers differ.
fn code(name: &str) -> String {
    let letters: Vec<char> = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_uppercase())
        .collect();
    letters[letters.len().saturating_sub(8)..].iter().collect()
}

/// The band code of a sensor whose corner period is under 10 s, by the FDSN's table.
fn band(rate_hz: f64) -> char {
    match rate_hz {
        rate if rate >= 5000.0 => 'J',
        rate if rate >= 1000.0 => 'G',
        rate if rate >= 250.0 => 'D',
        rate if rate >= 80.0 => 'E',
        rate if rate >= 10.0 => 'S',
        // The table says "about 1" for L.
        rate if rate > 1.05 => 'M',
        rate if rate >= 0.95 => 'L',
        rate if rate >= 0.1 => 'V',
        rate if rate >= 0.01 => 'U',
        rate if rate >= 0.001 => 'W',
        rate if rate >= 0.0001 => 'R',
        rate if rate >= 0.000_01 => 'P',
        rate if rate >= 0.000_001 => 'T',
        _ => 'Q',
    }
}

/// The headers of one channel. Every record carries them, so they hold what a reader of this
/// channel needs and not all facts.
fn extra_headers(recording: &Recording, values: &Values<'_>) -> String {
    let channel = values.channel();
    let serial = recording.serial.as_ref().map(|serial| short(&serial.value));
    let mut headers = json!({
        "Wavekeep": {
            "Channel": short(values.name()),
            "Unit": values.unit(),
            "PhysicalUnit": physical_unit(channel.unit()),
            "PhysicalPerCount": physical_of_one_count(channel),
            "Clock": "unit-local",
            "Start": recording.start,
            "Serial": serial,
            "Range": recording.range,
            "Time": recording.time,
            "Assumed": assumed(recording),
            "SourceName": recording.source.name.as_deref().map(short),
            "SourceSha256": recording.source.sha256.as_deref().map(short),
        }
    });
    if let Some(serial) = serial {
        headers["FDSN"] = json!({ "Logger": { "Serial": Value::from(serial) } });
    }
    headers.to_string()
}

/// At most 1024 bytes of `text`: the headers of a record have room for 65,535 in all.
fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(1024)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_follow_the_table_of_the_fdsn() {
        let bands: String =
            [8192.0, 5000.0, 4096.0, 1024.0, 512.0, 100.0, 20.0, 2.0, 1.0, 0.5, 0.01, 1e-7]
                .map(band)
                .iter()
                .collect();
        assert_eq!(bands, "JJGGDESMLVUQ");
    }

    #[test]
    fn codes_are_letters_and_digits_and_keep_the_end() {
        assert_eq!(code("BE11529"), "BE11529");
        assert_eq!(code("unit-000123456"), "00123456");
        assert_eq!(code("Größe 7"), "GRE7");
        assert_eq!(code("…"), "");
    }
}
