//! A recording as GNZ: one array a channel, the facts as metadata, a CRC-32C of each array.
//!
//! | array | what it is |
//! |---|---|
//! | `<Ch>` of a waveform | `[samples]` |
//! | `<Ch>_peak` of a histogram | `[intervals]`; pressures are pressures, not levels |
//! | `<Ch>_frequency` | `<f4 [intervals]` in Hz, NaN where there is none |
//! | `<Ch>_frequency_flag` | `\|u1 [intervals]`: which of the metadata's `frequency_flags` holds |
//! | `<Ch>_halfperiod`, `<Ch>_annotation` | `[intervals]`, as the format has them: samples at 1024 samples/s, and a byte of unknown meaning |
//! | `gaps` | `<i8 [gaps, 3]`: number of the channel, first missing value, how many; not there when nothing is missing |
//!
//! Physical values are `<f4`, in in/s and psi, NaN where missing. Raw ones, and what a histogram has
//! beside its peaks, are of the format's own integer type; where some are missing, they are floats
//! that hold each of them exactly, with NaN.
//!
//! | | none missing | some missing |
//! |---|---|---|
//! | counts of 16 bits | `<i2` | `<f4` |
//! | counts of 32 bits | `<i4` | `<f8` |
//! | half-periods, annotations | `<u2`, `\|u1` | `<f4` |
//! | floats | `<f4`, `<f8` | the same |
//!
//! Metadata is [`facts`](crate::facts()) with three more keys: `units` (`raw` or `physical`),
//! `array_units` (array → unit) and, for a histogram, `frequency_flags`.
//!
//! Format: docs/formats/gnz.md.

use std::io::Write;

use gnz::{Dtype, Order, Value};
use serde_json::{Map, json};
use wavekeep_core::{Channel, Frequency, IntervalFacts, Kind, Recording, Samples, Unit};

use crate::table::flags;
use crate::values::{Numbers, Values};
use crate::{ExportError, ExportOptions, Target, facts};

const GAPS: &str = "gaps";

pub(crate) fn write(
    recording: &Recording,
    options: &ExportOptions,
    mut out: &mut dyn Write,
) -> Result<(), ExportError> {
    if recording.channels.is_empty() {
        return Err(ExportError::no_channels(Target::Gnz));
    }
    let mut file = File { len: recording.len(), ..File::default() };
    for channel in &recording.channels {
        let values = Values::new(channel, options);
        let name = &channel.name;
        match recording.kind {
            Kind::Waveform => file.values(name.to_string(), &values)?,
            Kind::Histogram => {
                file.values(format!("{name}_peak"), &values)?;
                if let Some(facts) = &channel.intervals {
                    file.intervals(channel, facts)?;
                }
            }
        }
    }
    file.gaps(recording)?;

    let mut document = facts(recording);
    document["units"] = json!(options.units.word());
    document["array_units"] = json!(file.units);
    if recording.kind == Kind::Histogram {
        document["frequency_flags"] = json!(flags::MEANINGS);
    }
    // Both print the shortest digits that read back as the same double.
    let metadata: Value =
        document.to_string().parse().map_err(|error| fault(Target::Gnz, error))?;
    if let Value::Object(metadata) = metadata {
        file.writer.metadata(metadata);
    }
    file.writer
        .checksums(true)
        .write_to(&mut out, "the file")
        .map_err(|error| fault(Target::Gnz, error))
}

/// The file that is being put together; all arrays of values are of one length.
#[derive(Default)]
struct File {
    writer: gnz::Writer<'static>,
    len: usize,
    units: Map<String, serde_json::Value>,
}

impl File {
    fn values(&mut self, name: String, values: &Values<'_>) -> Result<(), ExportError> {
        self.units.insert(name.clone(), json!(values.unit().symbol()));
        if values.are_integers() && values.missing(self.len).is_empty() {
            match &values.channel().samples {
                Samples::I16(counts) => return self.add(name, counts, |count| count.to_le_bytes()),
                Samples::I32(counts) => return self.add(name, counts, |count| count.to_le_bytes()),
                _ => {}
            }
        }
        match values.numbers(self.len, Target::Gnz)? {
            Numbers::Single(singles) => self.add(name, &singles, |value| value.to_le_bytes()),
            Numbers::Double(doubles) => self.add(name, &doubles, |value| value.to_le_bytes()),
        }
    }

    fn intervals(&mut self, channel: &Channel, facts: &IntervalFacts) -> Result<(), ExportError> {
        // What is known of an interval whose peak is missing is missing too.
        let there: Vec<Option<usize>> =
            (0..self.len).map(|index| channel.count(index).map(|_| index)).collect();
        let of = |what: &str| format!("{}_{what}", channel.name);

        let frequencies: Vec<Option<Frequency>> =
            there.iter().map(|index| index.map(|index| facts.frequency(index))).collect();
        let hertz: Vec<f32> = frequencies
            .iter()
            .map(|frequency| frequency.and_then(Frequency::hz).map_or(f32::NAN, |hz| hz as f32))
            .collect();
        self.units.insert(of("frequency"), json!(Unit::Hertz.symbol()));
        self.add(of("frequency"), &hertz, |value| value.to_le_bytes())?;
        let places: Vec<u8> =
            frequencies.iter().map(|frequency| flags::place(*frequency)).collect();
        self.add(of("frequency_flag"), &places, |place| place.to_le_bytes())?;

        let half_periods: Vec<Option<u16>> = there
            .iter()
            .map(|index| index.and_then(|index| Some(facts.half_periods.get(index)?.0)))
            .collect();
        self.whole(of("halfperiod"), &half_periods, u16::to_le_bytes)?;
        let annotations: Vec<Option<u8>> = there
            .iter()
            .map(|index| index.and_then(|index| facts.annotations.get(index).copied()))
            .collect();
        self.whole(of("annotation"), &annotations, u8::to_le_bytes)
    }

    /// Adds whole numbers as such, or as floats when some are missing.
    fn whole<T: gnz::Element + Into<f32>, const N: usize>(
        &mut self,
        name: String,
        numbers: &[Option<T>],
        bytes: fn(T) -> [u8; N],
    ) -> Result<(), ExportError> {
        match numbers.iter().copied().collect::<Option<Vec<T>>>() {
            Some(whole) => self.add(name, &whole, |number| bytes(*number)),
            None => {
                let singles: Vec<f32> =
                    numbers.iter().map(|number| number.map_or(f32::NAN, Into::into)).collect();
                self.add(name, &singles, |value| value.to_le_bytes())
            }
        }
    }

    fn gaps(&mut self, recording: &Recording) -> Result<(), ExportError> {
        let mut rows: Vec<i64> = Vec::new();
        for (place, channel) in recording.channels.iter().enumerate() {
            for gap in Values::raw(channel).missing(self.len).ranges() {
                // Indices of values that are in memory.
                rows.extend([place, gap.start, gap.len()].map(|number| number as i64));
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        let bytes: Vec<u8> = rows.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.put(GAPS.to_owned(), "<i8", &[rows.len() / 3, 3], bytes)
    }

    /// Adds numbers in little-endian order, whatever the machine's is.
    fn add<T: gnz::Element, const N: usize>(
        &mut self,
        name: String,
        values: &[T],
        bytes: impl Fn(&T) -> [u8; N],
    ) -> Result<(), ExportError> {
        let kind = match T::KIND {
            gnz::Kind::Float => 'f',
            gnz::Kind::Uint => 'u',
            _ => 'i',
        };
        let all: Vec<u8> = values.iter().flat_map(bytes).collect();
        self.put(name, &format!("<{kind}{N}"), &[values.len()], all)
    }

    fn put(
        &mut self,
        name: String,
        dtype: &str,
        shape: &[usize],
        bytes: Vec<u8>,
    ) -> Result<(), ExportError> {
        let dtype: Dtype = dtype.parse().map_err(|error| fault(Target::Gnz, error))?;
        let added = self.writer.add_bytes(name, dtype, Order::C, shape, bytes);
        added.map(drop).map_err(|error| fault(Target::Gnz, error))
    }
}

/// What the writer of GNZ said, by what the caller can do about it.
pub(crate) fn fault(target: impl Into<&'static str>, error: gnz::Error) -> ExportError {
    let (what, advice) = match error {
        gnz::Error::Io { source, .. } => return ExportError::Write(source),
        gnz::Error::NameTaken { array } => {
            (format!("two arrays that are both called {array:?}"), "rename one of them")
        }
        gnz::Error::ReservedKey { key } => {
            (format!("a metadata key {key:?}, which is its own"), "rename the key")
        }
        gnz::Error::HeaderTooLong { length, limit } => (
            format!("names and metadata of {length} bytes, its limit is {limit}"),
            "keep them shorter, or write hdf5 or parquet",
        ),
        gnz::Error::TooDeep { limit, .. } => {
            (format!("metadata that is nested deeper than {limit}"), "make it flatter")
        }
        gnz::Error::FileTooLarge { array } => {
            (format!("more than a file can have (array {array:?})"), "write several files")
        }
        other => {
            return ExportError::Library { target: target.into(), message: other.to_string() };
        }
    };
    ExportError::unrepresentable(target, what, advice)
}
