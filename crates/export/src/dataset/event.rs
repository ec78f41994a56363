//! An event as named arrays.
//!
//! | array | what it is |
//! |---|---|
//! | `time` (in tables `time_s`) of a waveform | float64 `[samples]`, s from the trigger |
//! | `<Ch>` of a waveform | `[samples]` |
//! | `interval_start` of a histogram | float64 `[intervals]`, s from the start of the first one, when their length is known |
//! | `<Ch>_peak` and what belongs to it | see [`histogram`](super::histogram) |
//!
//! Physical values are in in/s and psi, in single precision in arrays and in double precision in
//! tables; raw ones are of the format's own integer type. Where some are missing, a table has nulls,
//! and arrays have floats that hold each of the others exactly, with NaN:
//!
//! | | none missing | some missing |
//! |---|---|---|
//! | counts of 16 bits | int16 | float32 |
//! | counts of 32 bits | int32 | float64 |
//! | half-periods, annotations | uint16, uint8 | float32 |
//! | floats | float32, float64 | the same |

use gnz::{Dtype, Object};
use serde_json::{Value, json};
use wavekeep_core::{Channel, Kind, Quantity, Recording, Sensor, Unit};

use super::{ARRAY_UNITS, Dataset, Form, Gap, Origin, Role, Variable, histogram, refuse_twice};
use crate::metadata::object;
use crate::table::flags;
use crate::values::{SampleTimes, Values, physical_of_one_count, physical_unit};
use crate::{ExportError, ExportOptions, Target, Units, facts};

/// What is written of an event, and how.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub recording: &'a Recording,
    pub options: &'a ExportOptions,
    pub target: Target,
    pub form: Form,
}

impl<'a> Wanted<'a> {
    /// The numbers of a channel in the units that were asked for.
    pub(super) fn values(&self, channel: &'a Channel) -> Values<'a> {
        match self.form {
            Form::Table => Values::within(channel, self.options),
            Form::Arrays | Form::Matrix => Values::of_samples(channel, self.options),
        }
    }

    /// The variable of a channel's numbers, with what is known of them.
    pub(super) fn signal(&self, name: &'a str, channel: &'a Channel, what: &str) -> Variable<'a> {
        let (values, len, target) = (self.values(channel), self.recording.len(), self.target);
        let missing = values.missing(len);
        let dtype = values.dtype(self.form, !missing.is_empty());
        let mut variable =
            made(name, dtype, len, move |range, out| values.push(range, dtype, target, out));
        variable.missing = missing;
        variable.nullable = true;
        variable.unit = Some(values.unit().symbol().into());
        describe(&mut variable, channel, values.unit(), what);
        variable
    }
}

/// A variable of one of our own types.
pub(super) fn made<'a>(
    name: impl Into<std::borrow::Cow<'a, str>>,
    dtype: &str,
    len: usize,
    make: impl Fn(std::ops::Range<usize>, &mut Vec<u8>) -> Result<(), ExportError> + Send + Sync + 'a,
) -> Variable<'a> {
    let dtype = Dtype::parse(dtype).unwrap_or_else(|| unreachable!("{dtype} is a type of numpy's"));
    Variable::made(name, dtype, len, make)
}

/// The arrays of `recording` as `target` takes them.
///
/// # Errors
/// When there are no channels, or a waveform has no usable rate.
pub(crate) fn dataset<'a>(
    recording: &'a Recording,
    options: &'a ExportOptions,
    target: Target,
    form: Form,
) -> Result<Dataset<'a>, ExportError> {
    if recording.channels.is_empty() {
        return Err(ExportError::no_channels(target));
    }
    let wanted = Wanted { recording, options, target, form };
    let variables = match recording.kind {
        Kind::Waveform => waveform(&wanted)?,
        Kind::Histogram => histogram::variables(&wanted),
    };
    if form == Form::Arrays {
        refuse_twice(variables.iter().map(Variable::flat_name), target)?;
    }
    let gaps = gaps(recording);
    let mut dataset =
        Dataset { variables, attributes: Object::new(), origin: Origin::Event(recording), gaps };
    // HDF5 has the facts as attributes of their own, and JSON as a document.
    if target.holds_metadata() && !matches!(target, Target::Hdf5 | Target::Json) {
        let mut document = facts(recording);
        document["units"] = json!(options.units.word());
        document[ARRAY_UNITS] = Value::Object(dataset.units());
        if recording.kind == Kind::Histogram {
            document["frequency_flags"] = json!(flags::FREQUENCY);
        }
        dataset.attributes = document.as_object().map(object).unwrap_or_default();
    }
    Ok(dataset)
}

fn waveform<'a>(wanted: &Wanted<'a>) -> Result<Vec<Variable<'a>>, ExportError> {
    let Wanted { recording, target, form, .. } = *wanted;
    let mut variables = Vec::new();
    let times = target.has_times().then(|| SampleTimes::of(recording, target)).transpose()?;
    if let Some(times) = times {
        let name = if form == Form::Table { "time_s" } else { "time" };
        let mut time = made(name, "<f8", recording.len(), move |range, out| {
            out.extend(range.flat_map(|index| times.at(index).to_le_bytes()));
            Ok(())
        });
        time.role = Role::Coordinate;
        time.unit = Some(Unit::Second.symbol().into());
        time.dims = vec!["time".into()];
        time.attributes = vec![
            ("long_name".into(), "time from the trigger".into()),
            ("axis".into(), "T".into()),
            ("start".into(), json!(times.at(0))),
            ("step".into(), json!(1.0 / times.rate_hz)),
            ("count".into(), json!(recording.len())),
        ];
        variables.push(time);
    }
    for channel in &recording.channels {
        let mut signal = wanted.signal(&channel.name, channel, "");
        signal.dims = vec!["time".into()];
        variables.push(signal);
    }
    Ok(variables)
}

/// What every array of values says of itself.
fn describe(variable: &mut Variable<'_>, channel: &Channel, unit: Unit, what: &str) {
    let quantity = match channel.sensor {
        Sensor::Geophone => " particle velocity",
        Sensor::Microphone => " air pressure",
        Sensor::Other => "",
    };
    let mut say = |name: &'static str, value: Value| variable.attributes.push((name.into(), value));
    say("long_name", format!("{}{quantity}{what}", channel.name).into());
    // The table of CF standard names has no particle velocity of the ground.
    if channel.sensor == Sensor::Microphone && unit.quantity() == Quantity::Pressure {
        say("standard_name", "sound_pressure_in_air".into());
    }
    if let Some(scale) = physical_of_one_count(channel) {
        say("scale", json!(scale));
        say("scale_units", physical_unit(channel.unit()).symbol().into());
    }
    if let Some(limit) = channel.limit_count {
        say("limit_count", json!(limit));
    }
}

fn gaps(recording: &Recording) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for (number, channel) in recording.channels.iter().enumerate() {
        let missing = Values::new(channel, Units::Raw).missing(recording.len());
        gaps.extend(missing.ranges().iter().map(|range| Gap {
            channel: number,
            name: channel.name.to_string(),
            range: range.clone(),
        }));
    }
    gaps
}
