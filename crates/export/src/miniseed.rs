//! miniSEED records of a waveform, one run of samples without a gap after the other.
//!
//! **Version.** 2 is what ObsPy and other software of today read; 3 holds what is known of a
//! recording.
//!
//! **Identifier.** By [`crate::seed`], the same in both versions.
//!
//! **Time.** A recording knows the instrument's own clock, no zone; the format has UTC only. The
//! clock is written as it stands, the flag *time tag is questionable* is set, and the extra headers
//! of version 3 say `"Clock": "unit-local"`. Version 3 has nanoseconds, version 2 microseconds. The clock gives the trigger to the second; samples are placed
//! around it by the rate.
//!
//! **Samples.** Raw counts in Steim2 (as plain 32-bit integers where two neighbours are too far
//! apart for its 30 bits), everything else as 64-bit floats. Missing samples have no record.
//!
//! **Extra headers** (version 3). `FDSN.Logger.Serial`, and under `Wavekeep` the channel, its units, what
//! one count is worth, range, rate and pre-trigger, what was assumed, and the source file.
//!
//! Sources: SEED 2.4 manual; miniSEED 3 definition and extra headers (docs.fdsn.org).

mod version2;

use std::collections::HashSet;
use std::io::Write;
use std::ops::Range;

use miniseed_rs::{EncodingFormat, MseedRecord, NanoTime, Samples, SourceId};
use serde_json::{Value, json};
use wavekeep_core::{Kind, Recording, UnitLocal};

use self::version2::{Rate, Size};
use crate::facts::assumed;
use crate::seed::{self, Identifier};
use crate::values::{SampleTimes, Values, physical_of_one_count, physical_unit};
use crate::{ExportError, ExportOptions, Target};

/// Bit 1 of the flags.
const TIME_TAG_IS_QUESTIONABLE: u8 = 0x02;
/// Longer runs become several records; readers expect records of moderate size (libmseed: 10 MiB).
const RECORD_SAMPLES: usize = 1 << 16;
/// Steim2 stores differences of neighbours in at most 30 bits.
const STEIM2_DIFFERENCES: Range<i64> = -(1 << 29)..(1 << 29);

/// Which version is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// Records of 4096 bytes, which every reader knows.
    Two,
    /// With extra headers.
    Three,
}

impl Version {
    fn target(self) -> Target {
        match self {
            Self::Two => Target::MiniSeed,
            Self::Three => Target::MiniSeed3,
        }
    }

    fn refused(self, what: &'static str, advice: &'static str) -> ExportError {
        ExportError::unrepresentable(self.target(), what, advice)
    }
}

pub(crate) fn write(
    recording: &Recording,
    version: Version,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    if recording.kind == Kind::Histogram {
        return Err(version.refused("a histogram", "write csv, hdf5 or parquet"));
    }
    if recording.channels.is_empty() {
        return Err(ExportError::no_channels(version.target()));
    }
    let times = SampleTimes::of(recording, version.target())?;
    let start = recording.start.ok_or_else(|| {
        let advice = "write hdf5, csv or npy, which can do without";
        version.refused("a recording without a start time", advice)
    })?;
    let mut writer = Writer { version, start: start.value, times, records: 0, out };
    let mut identifiers = HashSet::new();
    for (channel, identifier) in
        recording.channels.iter().zip(seed::of_event(recording, writer.times.rate_hz))
    {
        let values = Values::of_samples(channel, options);
        if !identifiers.insert(identifier.clone()) {
            return Err(ExportError::unrepresentable(
                version.target(),
                format!("two channels that are both {}", identifier.source_id()),
                "write hdf5 or csv, or one of the two channels",
            ));
        }
        let missing = values.missing(recording.len());
        let runs = missing.runs(recording.len());
        match version {
            Version::Two => writer.channel_2(&identifier, &values, runs)?,
            Version::Three => {
                let extra = extra_headers(recording, &values);
                writer.channel_3(&identifier, &values, &extra, runs)?;
            }
        }
    }
    if writer.records == 0 {
        return Err(version.refused("a recording without a single sample", "write json or csv"));
    }
    Ok(())
}

struct Writer<'a> {
    version: Version,
    start: UnitLocal,
    times: SampleTimes,
    records: usize,
    out: &'a mut dyn Write,
}

impl Writer<'_> {
    fn channel_3(
        &mut self,
        identifier: &Identifier,
        values: &Values<'_>,
        extra: &str,
        runs: impl IntoIterator<Item = Range<usize>>,
    ) -> Result<(), ExportError> {
        for run in runs {
            for first in run.clone().step_by(RECORD_SAMPLES) {
                let piece = first..run.end.min(first + RECORD_SAMPLES);
                let mut record = MseedRecord::new_v3();
                record.source_id = SourceId::parse(&identifier.source_id());
                record.start_time = self.moment(self.times.at(piece.start))?;
                record.sample_rate = self.times.rate_hz;
                record.flags = TIME_TAG_IS_QUESTIONABLE;
                record.publication_version = 1;
                extra.clone_into(&mut record.extra_headers);
                (record.encoding, record.samples) = encoded(values, piece);
                let bytes = miniseed_rs::encode(&record).map_err(|error| self.failed(&error))?;
                self.put(&bytes)?;
            }
        }
        Ok(())
    }

    fn channel_2(
        &mut self,
        identifier: &Identifier,
        values: &Values<'_>,
        runs: impl IntoIterator<Item = Range<usize>>,
    ) -> Result<(), ExportError> {
        let rate = Rate::of(self.times.rate_hz).ok_or_else(|| {
            let advice = "write miniseed3, which holds any";
            self.version.refused("a rate that its header cannot hold", advice)
        })?;
        let mut size = Size::new();
        for mut run in runs {
            while !run.is_empty() {
                // To the nearest microsecond; the header has 100 of them, and a place for the rest.
                let shifted = self.moment(self.times.at(run.start) + 50.5e-6)?;
                let microseconds = (shifted.nanosecond % 100_000 / 1000) as i8 - 50;
                let mut record = MseedRecord::new()
                    .with_nslc(
                        Identifier::NETWORK,
                        &identifier.station,
                        &identifier.location,
                        &identifier.channel_code(),
                    )
                    .with_start_time(shifted)
                    .with_record_length(version2::RECORD_BYTES)
                    .with_time_questionable(true)
                    // Makes space for the microseconds; nothing is known of the clock.
                    .with_timing_quality(0);
                record.sequence_number = format!("{:06}", self.records % 999_999 + 1);
                (record.encoding, record.samples) = encoded(values, size.piece(&run));
                let (count, bytes) = version2::encode(&mut record, rate, microseconds, &mut size)
                    .map_err(|error| self.failed(&error))?;
                self.put(&bytes)?;
                run.start += count.max(1);
            }
        }
        Ok(())
    }

    fn put(&mut self, record: &[u8]) -> Result<(), ExportError> {
        self.records += 1;
        Ok(self.out.write_all(record)?)
    }

    fn failed(&self, error: &miniseed_rs::MseedError) -> ExportError {
        ExportError::Library { target: self.version.target().word(), message: error.to_string() }
    }

    fn moment(&self, seconds: f64) -> Result<NanoTime, ExportError> {
        let out_of_calendar =
            || self.version.refused("a time outside the calendar", "write hdf5, csv or npy");
        let moment = self.start.checked_add_seconds(seconds).ok_or_else(out_of_calendar)?.0;
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
