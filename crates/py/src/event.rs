//! Events.

use std::path::PathBuf;
use std::sync::Arc;

use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::json;
use wavekeep_core::{
    Channel, Frequency, Kind, Quantity, Recording, Samples, Selection, TimeAxis, Unit,
};
use wavekeep_export::{
    ExportOptions, Target, Units, facts, frequency_flag, seed, write_event_file,
};
use wavekeep_report::{Drawing, PageOptions, Paper, Style, Theme, event_report};
use wavekeep_signal::{Curve, measure, motion_traces, third_octaves, windowed_spectrum};

use crate::failure::{Failure, detached};
use crate::seed::{Codes, codes};
use crate::view::{Elements, View};

/// Name, unit, gaps as (start, end).
type ChannelFacts<'a> = (&'a str, &'static str, Vec<(usize, usize)>);

/// Numbers, the words for them, and which case each is.
type Frequencies<'py> = (Bound<'py, PyArray1<f64>>, Vec<String>, Bound<'py, PyArray1<u8>>);

/// A decoded event. It never changes.
#[pyclass(frozen, module = "wavekeep._wavekeep")]
pub struct Event {
    recording: Arc<Recording>,
    /// Samples of each channel, also where no channel was chosen.
    length: usize,
    /// With its channels, where none was chosen: what has no channel knows no length.
    with_channels: Option<Arc<Recording>>,
}

impl Event {
    pub fn new(recording: Recording) -> Self {
        let length = recording.len();
        Self { recording: Arc::new(recording), length, with_channels: None }
    }

    /// The event without a channel, but with its times.
    fn without_channels(part: Recording) -> Self {
        let recording = Arc::new(Recording { channels: Vec::new(), ..part.clone() });
        Self { recording, length: part.len(), with_channels: Some(Arc::new(part)) }
    }

    /// A channel with its sample rate.
    fn sampled(&self, index: usize) -> Result<(&Channel, f64), Failure> {
        let TimeAxis::Samples { rate_hz, .. } = self.recording.time else {
            let message = "a histogram has no spectrum: it holds peaks, not samples";
            return Err(Failure::new("UnsupportedError", message));
        };
        Ok((self.channel(index)?, rate_hz.value))
    }

    fn channel(&self, index: usize) -> Result<&Channel, Failure> {
        let channel = self.recording.channels.get(index);
        channel.ok_or_else(|| {
            Failure::new("NoSuchChannelError", format!("there is no channel {index}"))
        })
    }
}

/// What a person may say of a file that is written.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct SaveOptions {
    raw: bool,
    velocity: Option<String>,
    pressure: Option<String>,
    compress: bool,
    checksums: bool,
    overwrite: bool,
}

impl SaveOptions {
    fn export(&self) -> Result<ExportOptions, Failure> {
        let unit = |text: &Option<String>| text.as_deref().map(word).transpose();
        Ok(ExportOptions::default()
            .with_units(if self.raw { Units::Raw } else { Units::Physical })
            .with_velocity(unit(&self.velocity)?)
            .with_pressure(unit(&self.pressure)?)
            .with_in_arrays(true)
            .with_compress(self.compress)
            .with_checksums(self.checksums))
    }
}

/// The unit in which values of a channel are given when nobody asks for another one: pressures are
/// in Pa whatever the format counts.
fn usual_unit(channel: &Channel) -> Unit {
    match channel.unit() {
        unit if unit.quantity() == Quantity::Pressure => Unit::Pascal,
        unit => unit,
    }
}

fn word<T: std::str::FromStr<Err: ToString>>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|error: T::Err| Failure::new("BadArgumentError", error))
}

#[pymethods]
impl Event {
    #[getter]
    fn format(&self) -> &'static str {
        self.recording.format.id
    }

    #[getter]
    fn is_histogram(&self) -> bool {
        self.recording.kind == Kind::Histogram
    }

    #[getter]
    /// Whether the report speaks of damage or contradicts itself: what a warning is for.
    fn questionable(&self) -> bool {
        let report = &self.recording.report;
        report.is_damaged() || report.is_contradicted()
    }

    /// Name, unit and gaps of each channel.
    fn channels(&self) -> Vec<ChannelFacts<'_>> {
        let channels = self.recording.channels.iter();
        let facts = channels.map(|channel| {
            let gaps = channel.gaps.ranges().iter().map(|gap| (gap.start, gap.end));
            (&*channel.name, usual_unit(channel).symbol(), gaps.collect())
        });
        facts.collect()
    }

    /// Network, station, location and channel of each channel, as in a miniSEED file.
    fn seed_codes(&self, rate_hz: f64) -> Vec<Codes> {
        seed::of_event(&self.recording, rate_hz).into_iter().map(codes).collect()
    }

    /// Everything but the samples, as JSON.
    fn facts(&self, py: Python<'_>) -> PyResult<String> {
        detached(py, || Ok(facts(&self.recording).to_string()))
    }

    /// Peaks, frequencies, vector sum, as JSON.
    fn measurements(&self, py: Python<'_>) -> PyResult<String> {
        detached(py, || Ok(json!(measure(&self.recording)).to_string()))
    }

    /// What a limit curve says, as JSON.
    fn verdict(&self, py: Python<'_>, curve: &str, distance_ft: Option<f64>) -> PyResult<String> {
        detached(py, || {
            let verdict = built_in(curve)?.judge(&measure(&self.recording), distance_ft);
            Ok(json!(verdict).to_string())
        })
    }

    /// The traces of `acceleration`, `displacement` or `vector_sum`.
    fn motion(&self, py: Python<'_>, quantity: &str) -> PyResult<Self> {
        detached(py, || {
            let traces = motion_traces(&self.recording, word(quantity)?)
                .map_err(|none| Failure::new("UnsupportedError", none))?;
            Ok(Self::new(traces.recording))
        })
    }

    /// The amplitude spectrum of a channel, as JSON.
    fn spectrum(&self, py: Python<'_>, index: usize, window: &str) -> PyResult<String> {
        detached(py, || {
            let (channel, rate_hz) = self.sampled(index)?;
            let found = windowed_spectrum(channel, rate_hz, word(window)?);
            Ok(json!(found.map_err(|none| Failure::new("UnsupportedError", none))?).to_string())
        })
    }

    /// The one-third-octave bands of a channel, as JSON.
    fn third_octaves(&self, py: Python<'_>, index: usize) -> PyResult<String> {
        detached(py, || {
            let (channel, rate_hz) = self.sampled(index)?;
            let found = third_octaves(channel, rate_hz);
            Ok(json!(found.map_err(|none| Failure::new("UnsupportedError", none))?).to_string())
        })
    }

    fn __len__(&self) -> usize {
        self.length
    }

    /// The numbers of the format, as they lie in memory; what stands in gaps means nothing.
    fn counts(slf: &Bound<'_, Self>, index: usize) -> PyResult<View> {
        let this = slf.get();
        let (dtype, bytes): (&str, &[u8]) = match &this.channel(index)?.samples {
            Samples::I16(values) => ("<i2", bytemuck::cast_slice(values)),
            Samples::I32(values) => ("<i4", bytemuck::cast_slice(values)),
            Samples::F32(values) => ("<f4", bytemuck::cast_slice(values)),
            Samples::F64(values) => ("<f8", bytemuck::cast_slice(values)),
            _ => return Err(Failure::new("UnsupportedError", "samples of an unknown type").into()),
        };
        let shape = [this.channel(index)?.len()];
        let elements = Elements { dtype, shape: &shape, column_major: false, bytes };
        View::new(slf.clone().into_any().unbind(), slf.py(), &elements)
    }

    /// The values in a unit (the usual one without it), NaN where a sample is missing.
    #[pyo3(signature = (index, unit=None))]
    fn physical<'py>(
        &self,
        py: Python<'py>,
        index: usize,
        unit: Option<&str>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let values = detached(py, || {
            let channel = self.channel(index)?;
            let own = channel.unit();
            let unit: Unit = unit.map_or_else(|| Ok(usual_unit(channel)), word)?;
            if unit == own {
                return Ok(in_own_unit(channel));
            }
            // Fails before the loop: inside it every conversion is possible.
            own.convert(1.0, unit).map_err(|error| Failure::new("BadArgumentError", error))?;
            let convert = |count: f64| match unit {
                Unit::DecibelLinear => channel.scale.level(count),
                _ => own.convert(channel.scale.apply(count), unit).ok(),
            };
            let value = |count: Option<f64>| count.and_then(convert).unwrap_or(f64::NAN);
            Ok(channel.counts().map(value).collect::<Vec<_>>())
        })?;
        Ok(values.into_pyarray(py))
    }

    /// Frequencies of a histogram's intervals: numbers (NaN where there is none), and the words
    /// that the vendor prints for them, and flags: measured, above the range, below it, not available,
    /// missing. `None` for a waveform.
    fn frequencies<'py>(
        &self,
        py: Python<'py>,
        index: usize,
    ) -> PyResult<Option<Frequencies<'py>>> {
        let channel = self.channel(index)?;
        let Some(facts) = &channel.intervals else { return Ok(None) };
        // What stands in a gap means nothing.
        let frequency = |at| channel.count(at).map(|_| facts.frequency(at));
        let all: Vec<_> = (0..channel.len()).map(frequency).collect();
        let hz = |one: &Option<Frequency>| one.and_then(Frequency::hz).unwrap_or(f64::NAN);
        let word = |one: &Option<Frequency>| one.unwrap_or(Frequency::NotAvailable).to_string();
        let numbers: Vec<f64> = all.iter().map(hz).collect();
        let words = all.iter().map(word).collect();
        let flags: Vec<u8> = all.iter().map(|one| frequency_flag(*one)).collect();
        Ok(Some((numbers.into_pyarray(py), words, flags.into_pyarray(py))))
    }

    /// Seconds from the trigger (of a histogram: from its start), NaN where nothing states them.
    fn times<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let times = detached(py, || {
            let time = &self.recording.time;
            let seconds = |index| time.seconds(index).unwrap_or(f64::NAN);
            Ok((0..self.length).map(seconds).collect::<Vec<_>>())
        })?;
        Ok(times.into_pyarray(py))
    }

    /// A part of the event: all channels without `channels`, and none when it is empty.
    #[pyo3(signature = (channels=None, frames=None, start_s=None, end_s=None))]
    fn select(
        &self,
        py: Python<'_>,
        channels: Option<Vec<String>>,
        frames: Option<(usize, usize)>,
        start_s: Option<f64>,
        end_s: Option<f64>,
    ) -> PyResult<Self> {
        detached(py, || {
            let is_nothing = channels.as_ref().is_some_and(Vec::is_empty);
            let channels = channels.unwrap_or_default();
            let channels =
                channels.iter().map(|choice| choice.parse()).collect::<Result<_, _>>()?;
            let indices = frames.map(|(start, end)| start..end.max(start));
            let selection = Selection { channels, indices, start_s, end_s };
            let Some(whole) = &self.with_channels else {
                let part = self.recording.select(&selection)?;
                return Ok(if is_nothing { Self::without_channels(part) } else { Self::new(part) });
            };
            if !selection.channels.is_empty() {
                // There is none of that name.
                self.recording.select(&selection)?;
            }
            Ok(Self::without_channels(whole.select(&selection)?))
        })
    }

    /// Writes a file: complete, or not at all.
    fn save(
        &self,
        py: Python<'_>,
        path: PathBuf,
        target: &str,
        options: SaveOptions,
    ) -> PyResult<()> {
        detached(py, || {
            let target: Target = word(target)?;
            let (wanted, overwrite) = (options.export()?, options.overwrite);
            Ok(write_event_file(&self.recording, target, &path, &wanted, overwrite)?)
        })
    }

    /// A picture: `traces`, `histogram`, `spectrum`, `third_octaves`, `limits` or the whole `page`; as
    /// `svg`, `png` or `pdf`.
    #[pyo3(signature = (kind, form, *, dark=false, metric=false, curve="osmre", distance_ft=None, letter=false, language="en", width_px=1600))]
    #[allow(clippy::too_many_arguments, reason = "keywords of one Python call")]
    fn draw<'py>(
        &self,
        py: Python<'py>,
        kind: &str,
        form: &str,
        dark: bool,
        metric: bool,
        curve: &str,
        distance_ft: Option<f64>,
        letter: bool,
        language: &str,
        width_px: u32,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = detached(py, || {
            let theme = if dark { Theme::Dark } else { Theme::Light };
            let units = match metric {
                true => wavekeep_report::Units::METRIC,
                false => wavekeep_report::Units::IMPERIAL,
            };
            let style = Style::default().with_theme(theme).with_units(units);
            let recording = &*self.recording;
            let measured = measure(recording);
            let drawing = match kind {
                "traces" => Drawing::traces(recording, &measured, style)?,
                "histogram" => Drawing::histogram(recording, &measured, style)?,
                "spectrum" => Drawing::spectrum(recording, style)?,
                "third_octaves" => Drawing::third_octaves(recording, style)?,
                "limits" => {
                    let curve = built_in(curve)?;
                    Drawing::ppv_frequency(recording, &measured, curve, distance_ft, style)
                }
                "page" => {
                    let paper = if letter { Paper::Letter } else { Paper::A4 };
                    let curve = Some(built_in(curve)?);
                    let options = PageOptions::default()
                        .with_curve(curve)
                        .with_distance_ft(distance_ft)
                        .with_paper(paper)
                        .with_language(word(language)?)
                        .with_style(style);
                    event_report(recording, &measured, options)
                }
                _ => {
                    let message = format!(
                        "{kind:?} is none of traces, histogram, spectrum, third_octaves, limits, page"
                    );
                    return Err(Failure::new("BadArgumentError", message));
                }
            };
            match form {
                "svg" => Ok(drawing.svg().as_bytes().to_vec()),
                "png" => Ok(drawing.png(width_px)?),
                "pdf" => Ok(drawing.pdf()?),
                _ => Err(Failure::new(
                    "BadArgumentError",
                    format!("{form:?} is none of svg, png, pdf"),
                )),
            }
        })?;
        Ok(PyBytes::new(py, &bytes))
    }
}

/// As [`Channel::physical`], NaN where a sample is missing; without a look at the gaps for each one.
fn in_own_unit(channel: &Channel) -> Vec<f64> {
    let apply = |count| channel.scale.apply(count);
    let mut values: Vec<f64> = match &channel.samples {
        Samples::I16(counts) => counts.iter().map(|count| apply(f64::from(*count))).collect(),
        Samples::I32(counts) => counts.iter().map(|count| apply(f64::from(*count))).collect(),
        Samples::F32(counts) => counts.iter().map(|count| apply(f64::from(*count))).collect(),
        Samples::F64(counts) => counts.iter().map(|count| apply(*count)).collect(),
        _ => channel.physical().map(|value| value.unwrap_or(f64::NAN)).collect(),
    };
    for gap in channel.gaps.ranges() {
        let end = gap.end.min(values.len());
        values[gap.start.min(end)..end].fill(f64::NAN);
    }
    values
}

fn built_in(id: &str) -> Result<&'static Curve, Failure> {
    Curve::built_in(id).ok_or_else(|| {
        let known: Vec<&str> = Curve::all_built_in().iter().map(|curve| &*curve.id).collect();
        let message = format!("there is no curve {id:?}; there are {}", known.join(", "));
        Failure::new("BadArgumentError", message)
    })
}
