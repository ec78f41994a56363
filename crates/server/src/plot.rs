//! The plot document `sfm.plot.v1`, and samples as they travel.
//!
//! Velocities in in/s, pressures in psi: a value never travels without its unit. No value is
//! scaled, cut or floored for a picture; axes are the page's.

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use wavekeep_archive::{travel_unit, travel_values};
use wavekeep_core::{Channel, Kind, Reading, Recording, Sensor, TimeAxis, Unit};
use wavekeep_signal::{ChannelMeasurements, Measurements, MotionQuantity, reduce};

/// Both measure the same quantity.
fn convert(value: f64, from: Unit, to: Unit) -> f64 {
    from.convert(value, to).unwrap_or(f64::NAN)
}

/// A channel reduced to the smallest and the largest value of each bucket.
pub fn pairs(channel: &Channel, raw: bool, points: usize) -> Vec<Option<[f64; 2]>> {
    let (from, to) = (channel.unit(), travel_unit(channel));
    let of_one = channel.scale.of_one();
    let shown = |value: f64| match raw {
        true => (value / of_one).round(),
        false => convert(value, from, to),
    };
    let buckets = reduce(channel, 0..channel.len(), points);
    buckets
        .into_iter()
        .map(|bucket| bucket.extremes.map(|(low, high)| [shown(low), shown(high)]))
        .collect()
}

/// The samples of a channel as JSON: all of them, or pairs when there are more than `points`.
pub struct Samples<'a> {
    channel: &'a Channel,
    raw: bool,
    points: Option<usize>,
}

impl<'a> Samples<'a> {
    /// The samples of a channel; at most `points` numbers when that is given.
    pub fn new(channel: &'a Channel, raw: bool, points: Option<usize>) -> Self {
        Self { channel, raw, points }
    }

    /// Pairs of the smallest and the largest value; `None` when all samples travel.
    pub fn buckets(&self) -> Option<usize> {
        let points = self.points?;
        // A pair is two points: with fewer samples nothing is won.
        (self.channel.len() > points).then_some((points / 2).max(1))
    }

    /// `samples` or `pairs`.
    pub fn name(&self) -> &'static str {
        if self.buckets().is_some() { "pairs" } else { "samples" }
    }
}

impl Serialize for Samples<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.buckets() {
            Some(buckets) => pairs(self.channel, self.raw, buckets).serialize(serializer),
            None => {
                let mut list = serializer.serialize_seq(Some(self.channel.len()))?;
                for value in travel_values(self.channel, self.raw) {
                    list.serialize_element(&value)?;
                }
                list.end()
            }
        }
    }
}

/// The time axis of a recording.
pub fn time_axis(recording: &Recording) -> Value {
    let n = recording.len();
    match &recording.time {
        TimeAxis::Samples { rate_hz, .. } => json!({
            "t0": recording.time.seconds(0).filter(|t0| t0.is_finite()),
            "dt": recording.time.step_s().filter(|dt| dt.is_finite()),
            "n": n,
            "rate_hz": rate_hz.value,
            "rate_assumed": rate_hz.is_assumed(),
        }),
        TimeAxis::Intervals { start, length_s } => {
            let length = length_s.map(|length| length.value).filter(|length| length.is_finite());
            let times = start.zip(length).map(|(start, length)| {
                let at = |index: usize| start.value.checked_add_seconds(index as f64 * length);
                (0..n).map(at).collect::<Vec<_>>()
            });
            json!({
                "t0": 0.0,
                "dt": length,
                "n": n,
                "histogram_aggregated": true,
                "n_intervals": n,
                "interval_size_s": length,
                "interval_times": times,
            })
        }
    }
}

/// What a plot says of a channel's peak: what the report states wins.
fn peak(channel: &Channel, measured: &ChannelMeasurements) -> Value {
    let unit = travel_unit(channel);
    let shown = match channel.sensor {
        Sensor::Microphone => measured.peak_psi.value(),
        _ => measured.peak.value(),
    };
    let shown = shown.and_then(|reading| reading.to(unit).ok());
    let level = measured.peak.value().filter(|reading| reading.unit.is_level());
    let mut out = Map::new();
    out.insert("value".to_owned(), json!(shown.map(|reading| reading.value)));
    out.insert("unit".to_owned(), json!(unit));
    out.insert("t".to_owned(), json!(measured.time_of_peak_s.value()));
    out.insert("index".to_owned(), json!(measured.peak_index));
    if let Some(at) = measured.peak_at.value() {
        out.insert("at_local".to_owned(), json!(at));
    }
    out.insert("flags".to_owned(), json!(flags(shown)));
    if let Some(level) = level {
        let name = match level.unit {
            Unit::DecibelA => "db_a",
            Unit::DecibelC => "db_c",
            _ => "db_l",
        };
        out.insert(name.to_owned(), json!(level.value));
    }
    // As it is shown: in the unit and with the digits of its source.
    out.insert("reading".to_owned(), json!(measured.peak.value()));
    out.insert("zc_frequency".to_owned(), json!(measured.zc_frequency.value()));
    Value::Object(out)
}

fn flags(reading: Option<Reading>) -> Vec<String> {
    let flag = reading.and_then(|reading| reading.flag);
    flag.into_iter().map(|flag| flag.word().replace(' ', "_")).collect()
}

/// The plot document of a recording, with at most `points` numbers a channel when that is given.
/// `quantity` says what its channels were computed as; a recorded one says nothing.
pub fn document(
    recording: &Recording,
    measured: &Measurements,
    points: Option<usize>,
    quantity: Option<MotionQuantity>,
) -> serde_json::Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Plot<'a> {
        kind: &'static str,
        record_type: Kind,
        #[serde(skip_serializing_if = "Option::is_none")]
        quantity: Option<MotionQuantity>,
        serial: Option<&'a str>,
        filename: Option<&'a str>,
        timestamp_local: Option<wavekeep_core::UnitLocal>,
        time_axis: Value,
        channels: Channels<'a>,
        gaps: Value,
        assumed: Vec<&'static str>,
        damaged: bool,
        contradicted: bool,
    }
    let plot = Plot {
        kind: "sfm.plot.v1",
        record_type: recording.kind,
        quantity,
        serial: recording.serial.as_ref().map(|serial| serial.value.as_str()),
        filename: recording.source.name.as_deref(),
        timestamp_local: recording.start.map(|start| start.value),
        time_axis: time_axis(recording),
        channels: Channels { recording, measured, points },
        gaps: gaps(recording),
        assumed: wavekeep_export::assumed(recording),
        damaged: recording.report.is_damaged(),
        contradicted: recording.report.is_contradicted(),
    };
    serde_json::to_vec(&plot)
}

/// Missing samples by channel: lists of `first` and `count`.
pub fn gaps(recording: &Recording) -> Value {
    let with_gaps = recording.channels.iter().filter(|channel| !channel.gaps.is_empty());
    Value::Object(with_gaps.map(|of| (of.name.to_string(), json!(of.gaps))).collect())
}

struct Channels<'a> {
    recording: &'a Recording,
    measured: &'a Measurements,
    points: Option<usize>,
}

impl Serialize for Channels<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let channels = self.recording.channels.iter().zip(&self.measured.channels);
        serializer.collect_map(channels.map(|(channel, measured)| {
            let one = PlotChannel { channel, measured, points: self.points };
            (&*channel.name, one)
        }))
    }
}

struct PlotChannel<'a> {
    channel: &'a Channel,
    measured: &'a ChannelMeasurements,
    points: Option<usize>,
}

impl Serialize for PlotChannel<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let samples = Samples::new(self.channel, false, self.points);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("unit", &travel_unit(self.channel))?;
        map.serialize_entry("sensor", &self.channel.sensor)?;
        map.serialize_entry(samples.name(), &samples)?;
        if let Some(facts) = &self.channel.intervals {
            // Where the peak is missing there is no frequency either.
            let counts = self.channel.counts().enumerate();
            let frequencies: Vec<_> = counts
                .map(|(index, count)| count.and_then(|_| facts.frequency(index).hz()))
                .collect();
            map.serialize_entry("frequencies_hz", &frequencies)?;
        }
        map.serialize_entry("peak", &peak(self.channel, self.measured))?;
        map.end()
    }
}
