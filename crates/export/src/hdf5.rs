//! HDF5 in the layout of the archive's `.h5` files.
//!
//! | object | what it is |
//! |---|---|
//! | `/<Ch>` of a waveform | float32 `[samples]`, NaN where missing; attributes `units`, `long_name`, `scale` (what one count is worth), `scale_units`, `limit_count` (counts from which on the sensor is at its limit, where known) |
//! | `/time` of a waveform | no elements; attributes `start` and `step` in s from the trigger, `count`, `units` |
//! | `/<Ch>/peak` of a histogram | float32 `[intervals]`, as above; pressures are pressures, not levels |
//! | `/<Ch>/frequency` | float32 `[intervals]` in Hz, NaN where there is none |
//! | `/<Ch>/frequency_flag` | uint8 `[intervals]`: which of its attribute `flag_meanings` holds |
//! | `/<Ch>/half_period`, `/<Ch>/annotation` | float32 `[intervals]`, as the format has them: samples, and a byte of unknown meaning |
//! | `/interval_start` of a histogram | float64 `[intervals]` in s from the start of the first one, when their length is known; attribute `start` |
//! | `/gaps` | one row (`channel`, `first`, `count`) a gap, none when nothing is missing |
//! | attributes of `/` | the facts by their own types; what nothing stated is named in `assumed`; `facts` has all of them as JSON |
//!
//! Raw units give counts (double precision where single would not hold them) with the same
//! attributes. Arrays are chunked, shuffled and deflated.
//!
//! The root of a waveform is an NXdata group: `signal` is the first channel and
//! `auxiliary_signals` are the others; `axes` is `.`, since the time is not an array. A histogram's
//! channels are NXdata groups with `interval_start` linked into each, because h5web takes signals
//! and axes from the children of one group only. `default` leads to the first channel.
//!
//! Sources: NeXus NXdata, h5web's reading of it (`vis-packs/nexus/utils.ts`).

mod attributes;
pub(crate) mod datatype;
pub(crate) mod store;

use std::collections::HashSet;
use std::io::Write;

use wavekeep_core::{Channel, Frequency, Kind, Recording, Sensor, TimeAxis, Unit};

use crate::hdf5::store::{Array, Attribute, Finished, RustHdf5, Store, Stored};
use crate::table::flags;
use crate::values::{Numbers, SampleTimes, Values, physical_of_one_count, physical_unit};
use crate::{ExportError, ExportOptions, Target, facts};

/// Names at the root that belong to the layout.
const RESERVED: [&str; 3] = ["time", "interval_start", "gaps"];
/// Longest name of a channel in bytes: a link's message has 64 KiB for the name and all else.
const NAME_BYTES: usize = 1024;

/// Bytes of numbers up to which a file is put together in memory.
const IN_MEMORY: usize = 1 << 20;

pub(crate) fn write(
    recording: &Recording,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    if recording.channels.is_empty() {
        return Err(ExportError::no_channels(Target::Hdf5));
    }
    check_names(recording)?;
    let channels = recording
        .channels
        .iter()
        .map(|channel| Column::new(channel, recording.len(), options))
        .collect::<Result<Vec<_>, _>>()?;
    let times = match recording.kind {
        Kind::Waveform => Some(SampleTimes::of(recording, Target::Hdf5)?),
        Kind::Histogram => None,
    };
    let file = file(recording, &channels, times)
        .map_err(|message| ExportError::Library { target: Target::Hdf5.word(), message })?;
    file.copy_to(out)?;
    Ok(())
}

/// A channel's name becomes the name of an object, which the format and the layout restrict.
fn check_names(recording: &Recording) -> Result<(), ExportError> {
    let mut taken: HashSet<&str> = RESERVED.into_iter().collect();
    for channel in &recording.channels {
        let name = channel.name.as_ref();
        let fault = name_fault(name).or((!taken.insert(name)).then_some("which is taken"));
        let Some(why) = fault else { continue };
        let shown: String = name.chars().take(40).collect();
        return Err(ExportError::unrepresentable(
            Target::Hdf5,
            format!("a channel called {shown:?}, {why}"),
            "rename the channel, or write json or npy",
        ));
    }
    Ok(())
}

/// Why an object of the format cannot be called `name`.
pub(crate) fn name_fault(name: &str) -> Option<&'static str> {
    if name.is_empty() || name == "." || name == ".." {
        Some("which names no object")
    } else if name.contains(['/', '\0']) {
        Some("which contains a separator")
    } else if name.len() > NAME_BYTES {
        Some("which is longer than 1024 bytes")
    } else {
        None
    }
}

/// The numbers of a channel, ready to be stored.
struct Column<'a> {
    channel: &'a Channel,
    values: Values<'a>,
    numbers: Numbers,
}

impl<'a> Column<'a> {
    fn new(channel: &'a Channel, len: usize, options: &ExportOptions) -> Result<Self, ExportError> {
        let values = Values::new(channel, options);
        let numbers = values.numbers(len, Target::Hdf5)?;
        Ok(Self { channel, values, numbers })
    }

    fn array(&self) -> Array<'_> {
        match &self.numbers {
            Numbers::Single(singles) => Array::Single(singles),
            Numbers::Double(doubles) => Array::Double(doubles),
        }
    }
}

fn file(
    recording: &Recording,
    columns: &[Column<'_>],
    times: Option<SampleTimes>,
) -> Stored<Finished> {
    let fill = |mut store: RustHdf5| {
        match times {
            Some(times) => waveform(&mut store, recording, columns, times)?,
            None => histogram(&mut store, recording, columns)?,
        }
        gaps(&mut store, recording, columns)?;
        attributes::of_recording(&mut store, recording, &facts(recording))?;
        store.finish()
    };
    let bytes = recording.len() * columns.len() * size_of::<f32>();
    if bytes <= IN_MEMORY
        && let Ok(file) = RustHdf5::create_in_memory().and_then(fill)
    {
        return Ok(file);
    }
    // There is no such place, or it is full: containers have little of it.
    RustHdf5::create().and_then(fill)
}

fn waveform(
    store: &mut impl Store,
    recording: &Recording,
    columns: &[Column<'_>],
    times: SampleTimes,
) -> Stored {
    for column in columns {
        let path = format!("/{}", column.values.name());
        store.array(&path, column.array())?;
        describe(store, &path, column, "")?;
    }
    store.hollow("/time")?;
    store.attribute("/time", "start", Attribute::Real(times.at(0)))?;
    store.attribute("/time", "step", Attribute::Real(1.0 / times.rate_hz))?;
    store.attribute("/time", "count", Attribute::Integer(recording.len() as i64))?;
    store.attribute("/time", "units", Attribute::Text(Unit::Second.symbol()))?;
    store.attribute("/time", "long_name", Attribute::Text("time from the trigger"))?;

    let names: Vec<&str> = columns.iter().map(|column| column.values.name()).collect();
    nx_data(store, "/", &names, ".")?;
    store.attribute("/", "default", Attribute::Text(names[0]))
}

fn histogram(store: &mut impl Store, recording: &Recording, columns: &[Column<'_>]) -> Stored {
    let has_starts = interval_starts(store, recording)?;
    for column in columns {
        let name = column.values.name();
        let group = format!("/{name}");
        store.group(name)?;
        let peak = format!("{group}/peak");
        store.array(&peak, column.array())?;
        describe(store, &peak, column, " peak")?;
        let mut signals = vec!["peak"];
        if periods(store, &group, column.channel, recording.len())? {
            signals.push("frequency");
        }
        let axes = if has_starts {
            store.link(&group, "interval_start", "/interval_start")?;
            "interval_start"
        } else {
            "."
        };
        nx_data(store, &group, &signals, axes)?;
    }
    store.attribute("/", "NX_class", Attribute::Text("NXroot"))?;
    store.attribute("/", "default", Attribute::Text(columns[0].values.name()))
}

/// Writes `/interval_start` when the length of an interval is known.
fn interval_starts(store: &mut impl Store, recording: &Recording) -> Stored<bool> {
    let TimeAxis::Intervals { start, length_s: Some(length_s) } = &recording.time else {
        return Ok(false);
    };
    if !(length_s.value.is_finite() && length_s.value > 0.0) {
        return Ok(false);
    }
    let seconds: Vec<f64> =
        (0..recording.len()).map(|index| index as f64 * length_s.value).collect();
    let path = "/interval_start";
    store.array(path, Array::Double(&seconds))?;
    store.attribute(path, "units", Attribute::Text(Unit::Second.symbol()))?;
    store.attribute(path, "long_name", Attribute::Text("start of the interval"))?;
    store.attribute(path, "step", Attribute::Real(length_s.value))?;
    if let Some(start) = start {
        store.attribute(path, "start", Attribute::Text(&start.value.0.to_string()))?;
    }
    Ok(true)
}

/// Writes what a histogram's channel holds beside the peaks; false when there is nothing.
fn periods(store: &mut impl Store, group: &str, channel: &Channel, len: usize) -> Stored<bool> {
    let Some(facts) = &channel.intervals else { return Ok(false) };
    // What is known of an interval whose peak is missing is missing too.
    let of_present = |index: usize| channel.count(index).map(|_| index);
    let frequencies: Vec<Option<Frequency>> =
        (0..len).map(|index| of_present(index).map(|index| facts.frequency(index))).collect();
    let singles = |values: &mut dyn Iterator<Item = Option<f64>>| -> Vec<f32> {
        values.map(|value| value.map_or(f32::NAN, |value| value as f32)).collect()
    };

    let path = format!("{group}/frequency");
    let hertz = singles(&mut frequencies.iter().map(|frequency| frequency.and_then(Frequency::hz)));
    store.array(&path, Array::Single(&hertz))?;
    store.attribute(&path, "units", Attribute::Text(Unit::Hertz.symbol()))?;
    let long_name = format!("{} zero-crossing frequency of the peak", channel.name);
    store.attribute(&path, "long_name", Attribute::Text(&long_name))?;

    let path = format!("{group}/frequency_flag");
    let places: Vec<u8> = frequencies.iter().map(|frequency| flags::place(*frequency)).collect();
    store.array(&path, Array::Byte(&places))?;
    store.attribute(&path, "flag_meanings", Attribute::Texts(&flags::MEANINGS))?;

    let path = format!("{group}/half_period");
    let samples = singles(&mut (0..len).map(|index| {
        let half_period = of_present(index).and_then(|index| facts.half_periods.get(index));
        half_period.map(|half_period| f64::from(half_period.0))
    }));
    store.array(&path, Array::Single(&samples))?;
    store.attribute(&path, "units", Attribute::Text("samples at 1024 samples/s"))?;

    let path = format!("{group}/annotation");
    let annotations = singles(&mut (0..len).map(|index| {
        let annotation = of_present(index).and_then(|index| facts.annotations.get(index));
        annotation.copied().map(f64::from)
    }));
    store.array(&path, Array::Single(&annotations))?;
    Ok(true)
}

/// What every array of values says of itself.
fn describe(store: &mut impl Store, path: &str, column: &Column<'_>, what: &str) -> Stored {
    let channel = column.channel;
    let quantity = match channel.sensor {
        Sensor::Geophone => " particle velocity",
        Sensor::Microphone => " air pressure",
        Sensor::Other => "",
    };
    let long_name = format!("{}{quantity}{what}", channel.name);
    store.attribute(path, "units", Attribute::Text(column.values.unit().symbol()))?;
    store.attribute(path, "long_name", Attribute::Text(&long_name))?;
    if let Some(scale) = physical_of_one_count(channel) {
        let unit = physical_unit(channel.unit());
        store.attribute(path, "scale", Attribute::Real(scale))?;
        store.attribute(path, "scale_units", Attribute::Text(unit.symbol()))?;
    }
    if let Some(limit) = channel.limit_count {
        store.attribute(path, "limit_count", Attribute::Real(limit))?;
    }
    Ok(())
}

/// Makes a group one that h5web plots: `signals[0]`, with the others beside it.
fn nx_data(store: &mut impl Store, group: &str, signals: &[&str], axes: &str) -> Stored {
    store.attribute(group, "NX_class", Attribute::Text("NXdata"))?;
    store.attribute(group, "signal", Attribute::Text(signals[0]))?;
    if signals.len() > 1 {
        store.attribute(group, "auxiliary_signals", Attribute::Texts(&signals[1..]))?;
    }
    store.attribute(group, "axes", Attribute::Texts(&[axes]))
}

fn gaps(store: &mut impl Store, recording: &Recording, columns: &[Column<'_>]) -> Stored {
    let missing: Vec<_> =
        columns.iter().map(|column| column.values.missing(recording.len())).collect();
    let rows: Vec<(&str, u64, u64)> = columns
        .iter()
        .zip(&missing)
        .flat_map(|(column, gaps)| {
            gaps.ranges()
                .iter()
                .map(|gap| (column.values.name(), gap.start as u64, gap.len() as u64))
        })
        .collect();
    store.array("/gaps", Array::Gaps(&rows))?;
    let long_name = "missing samples or intervals: NaN in the data";
    store.attribute("/gaps", "long_name", Attribute::Text(long_name))
}
