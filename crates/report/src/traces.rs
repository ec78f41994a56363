//! The traces of a waveform, one panel a channel, over a common time axis.

use wavekeep_core::{Channel, Recording, Sensor, Unit};
use wavekeep_signal::{ChannelMeasurements, Measurements, reduce};

use crate::axis::{Linear, symmetric_end, trimmed};
use crate::canvas::{Anchor, Canvas, Path, Rect, pen};
use crate::language::Words;
use crate::panel::{Heading, Look, Symbol, at_limit, legend, missing, panel, symmetric_ticks};
use crate::style::Units;
use crate::text::regular;
use crate::words::{decimals, drawn_unit, peak_line, warnings};

/// More panels than this do not fit on a drawing.
pub(crate) const MOST_PANELS: usize = 16;

/// A quiet geophone is drawn on an axis of at least this, in in/s: noise must not look like a blast.
pub(crate) const QUIET_IN_PER_S: f64 = 0.05;
/// A quiet microphone is drawn on an axis of at least this, in psi.
const QUIET_PSI: f64 = 0.001;

/// Draws the traces of `recording` into `area`.
pub(crate) fn traces(
    canvas: &mut Canvas,
    area: Rect,
    look: Look,
    recording: &Recording,
    measured: &Measurements,
    units: Units,
) {
    let (colours, words) = (canvas.palette, canvas.words);
    let plot = area.inset(look.left(), 0.0, look.text * 0.8, look.text * 4.4);
    let channels: Vec<(&Channel, &ChannelMeasurements)> =
        recording.channels.iter().zip(&measured.channels).take(MOST_PANELS).collect();
    let across = Across::new(recording, plot);
    let common = common_end(&channels, units);

    let height = plot.h / channels.len().max(1) as f64;
    let panels: Vec<Rect> = (0..channels.len())
        .map(|row| {
            let top = plot.y + row as f64 * height + look.heading();
            Rect::new(plot.x, top, plot.w, height - look.heading())
        })
        .collect();
    for (row, ((channel, found), rect)) in channels.iter().zip(&panels).enumerate() {
        let unit = drawn_unit(channel, units);
        let factor = channel.unit().convert(1.0, unit).unwrap_or(1.0);
        let end = match channel.sensor {
            Sensor::Geophone if unit == units.velocity() => common,
            _ => own_end(channel, unit),
        };
        let values = Linear { from: -end, to: end, start: rect.bottom(), end: rect.y };
        let heading = Heading {
            name: &channel.name,
            words: peak_line(words, found, units),
            warning: warnings(words, found, recording.kind),
            colour: colours.channel(row),
        };
        let ticks = symmetric_ticks(&values, rect.h > look.text * 5.0);
        panel(canvas, *rect, look, &heading, &ticks, unit.symbol());
        for (x, _) in &across.ticks {
            canvas.line((*x, rect.y), (*x, rect.bottom()), pen(colours.grid, look.line * 0.8));
        }
        missing(canvas, *rect, look, channel, |index| across.place(index));
        half_wave(canvas, *rect, row, found, &across);
        trace(canvas, look, row, channel, factor, &across, &values);
        at_limit(canvas, *rect, look, channel, |index| across.place(index));
        peak(canvas, look, channel, found, factor, &across, &values);
        canvas.frame(*rect, pen(colours.frame, look.line * 0.8));
    }
    if let (Some(first), Some(last)) = (panels.first(), panels.last()) {
        if let Some(x) = across.trigger {
            let line = pen(colours.ink, look.line).dashed("4 2.5");
            for rect in &panels {
                canvas.line((x, rect.y), (x, rect.bottom()), line);
            }
        }
        across.axis(canvas, look, last.bottom());
        let entries = legend_entries(words, &channels, across.trigger.is_some());
        legend(canvas, (first.x, area.bottom() - look.text * 0.4), look, &entries);
    } else {
        let at = (area.x + area.w / 2.0, area.y + area.h / 2.0);
        let none = words.text("picture.no_channels");
        canvas.text(at, none, regular(look.text), colours.soft_ink, Anchor::Middle);
    }
}

/// The common scale of the geophones and the one of the microphone, in words.
pub(crate) fn scale_words(
    words: &Words,
    recording: &Recording,
    measured: &Measurements,
    units: Units,
) -> String {
    let channels: Vec<(&Channel, &ChannelMeasurements)> =
        recording.channels.iter().zip(&measured.channels).collect();
    let plain = |value: f64, unit: Unit| {
        format!("{} {unit}", words.marked(&trimmed(value, decimals(unit))))
    };
    let mut scales = Vec::new();
    if channels.iter().any(|(channel, _)| channel.sensor == Sensor::Geophone) {
        let end = plain(common_end(&channels, units), units.velocity());
        scales.push(format!("{} ±{end}", words.text("picture.geophones")));
    }
    for (channel, _) in &channels {
        let name = match channel.sensor {
            Sensor::Geophone => continue,
            Sensor::Microphone => words.text("picture.microphone"),
            Sensor::Other => &channel.name,
        };
        let unit = drawn_unit(channel, units);
        scales.push(format!("{name} ±{}", plain(own_end(channel, unit), unit)));
    }
    scales.join(", ")
}

fn legend_entries(
    words: &'static Words,
    channels: &[(&Channel, &ChannelMeasurements)],
    has_trigger: bool,
) -> Vec<(Symbol, &'static str)> {
    let any =
        |holds: fn(&ChannelMeasurements) -> bool| channels.iter().any(|(_, found)| holds(found));
    let shown = [
        (Symbol::Peak, "picture.largest_peak", true),
        (Symbol::HalfWave, "picture.half_wave", any(|found| found.half_wave.is_some())),
        (Symbol::Trigger, "picture.trigger", has_trigger),
        (Symbol::Missing, "picture.samples_missing", any(|found| found.missing_samples > 0)),
        (Symbol::AtLimit, "picture.sensor_limit", any(|found| found.samples_at_limit > 0)),
    ];
    let shown = shown.into_iter().filter(|(.., is_shown)| *is_shown);
    shown.map(|(symbol, key, _)| (symbol, words.text(key))).collect()
}

/// Largest absolute value that is present, in `unit`.
fn largest(channel: &Channel, unit: Unit) -> f64 {
    let factor = channel.unit().convert(1.0, unit).unwrap_or(1.0);
    let finite = channel.physical().flatten().filter(|value| value.is_finite());
    finite.map(|value| (value * factor).abs()).fold(0.0, f64::max)
}

/// The end of the geophones' common axis.
fn common_end(channels: &[(&Channel, &ChannelMeasurements)], units: Units) -> f64 {
    let unit = units.velocity();
    let floor = Unit::InchPerSecond.convert(QUIET_IN_PER_S, unit).unwrap_or(QUIET_IN_PER_S);
    let peak = channels
        .iter()
        .filter(|(channel, _)| {
            channel.sensor == Sensor::Geophone && drawn_unit(channel, units) == unit
        })
        .map(|(channel, _)| largest(channel, unit))
        .fold(0.0, f64::max);
    symmetric_end(peak, floor)
}

/// The end of a channel's own axis.
fn own_end(channel: &Channel, unit: Unit) -> f64 {
    let floor = match unit {
        Unit::Psi | Unit::Pascal => Unit::Psi.convert(QUIET_PSI, unit).unwrap_or(QUIET_PSI),
        // One count or one millionth of anything else: any axis is better than none.
        _ => channel.scale.of_one().abs().max(1e-6),
    };
    symmetric_end(largest(channel, unit), floor)
}

/// The common axis of the samples.
struct Across {
    samples: Linear,
    ticks: Vec<(f64, String)>,
    /// The key of its name.
    label: &'static str,
    trigger: Option<f64>,
}

impl Across {
    fn new(recording: &Recording, plot: Rect) -> Self {
        let last = recording.len().saturating_sub(1).max(1) as f64;
        let samples = Linear { from: 0.0, to: last, start: plot.x, end: plot.right() };
        let first_s = recording.time.seconds(0).filter(|seconds| seconds.is_finite());
        let step_s = recording.time.step_s().filter(|step| step.is_finite() && *step > 0.0);
        let (Some(first_s), Some(step_s)) = (first_s, step_s) else {
            // Without a rate there is no time, but the samples still have an order.
            let ticks = samples.ticks(10).into_iter().map(|(i, label)| (samples.place(i), label));
            return Self {
                samples,
                ticks: ticks.collect(),
                label: "picture.sample",
                trigger: None,
            };
        };
        let time =
            Linear { from: first_s, to: first_s + last * step_s, start: plot.x, end: plot.right() };
        Self {
            samples,
            ticks: time.ticks(14).into_iter().map(|(s, label)| (time.place(s), label)).collect(),
            label: "picture.time_from_trigger",
            trigger: time.holds(0.0).then(|| time.place(0.0)),
        }
    }

    fn place(&self, index: f64) -> f64 {
        self.samples.place(index)
    }

    fn axis(&self, canvas: &mut Canvas, look: Look, y: f64) {
        let colours = canvas.palette;
        let face = regular(look.text * 0.92);
        for (x, label) in &self.ticks {
            canvas.line((*x, y), (*x, y + look.text * 0.3), pen(colours.frame, look.line * 0.8));
            let label = canvas.words.marked(label);
            canvas.text((*x, y + look.text * 1.35), &label, face, colours.soft_ink, Anchor::Middle);
        }
        let middle = (self.samples.start + self.samples.end) / 2.0;
        let at = (middle, y + look.text * 2.6);
        let label = canvas.words.text(self.label);
        canvas.text(at, label, face, colours.soft_ink, Anchor::Middle);
    }
}

/// The trace itself. It stops at gaps; a sample that stands alone between two is a dot.
fn trace(
    canvas: &mut Canvas,
    look: Look,
    row: usize,
    channel: &Channel,
    factor: f64,
    across: &Across,
    values: &Linear,
) {
    let width = (across.samples.end - across.samples.start).max(1.0);
    let buckets = (width * look.density) as usize;
    let mut path = Path::default();
    let mut drawing = false;
    let mut to = |x: f64, y: f64, drawing: &mut bool| {
        if *drawing {
            path.line_to(x, y);
        } else {
            path.move_to(x, y);
            // A stroke with round ends and no length is a dot.
            path.line_to(x, y);
        }
        *drawing = true;
    };
    if channel.len() <= buckets * 2 {
        for (index, value) in channel.physical().enumerate() {
            match value.filter(|value| value.is_finite()) {
                Some(value) => {
                    to(across.place(index as f64), values.place(value * factor), &mut drawing)
                }
                None => drawing = false,
            }
        }
    } else {
        for bucket in reduce(channel, 0..channel.len(), buckets) {
            let first = bucket.samples.start as f64;
            let x = across.place((first + bucket.samples.end as f64 - 1.0) / 2.0);
            drawing &= bucket.missing == 0;
            if let Some((low, high)) = bucket.extremes {
                to(x, values.place(low * factor), &mut drawing);
                to(x, values.place(high * factor), &mut drawing);
            }
            drawing &= bucket.missing == 0;
        }
    }
    canvas.stroke(&path, pen(canvas.palette.channel(row), look.line));
}

fn half_wave(
    canvas: &mut Canvas,
    rect: Rect,
    row: usize,
    found: &ChannelMeasurements,
    across: &Across,
) {
    if let Some(wave) = found.half_wave {
        let (from, to) = (across.place(wave.from_sample), across.place(wave.to_sample));
        let band = Rect::new(from, rect.y, (to - from).max(1.0), rect.h);
        canvas.fill_faint(band, canvas.palette.channel(row), 0.28);
    }
}

fn peak(
    canvas: &mut Canvas,
    look: Look,
    channel: &Channel,
    found: &ChannelMeasurements,
    factor: f64,
    across: &Across,
    values: &Linear,
) {
    let Some(index) = found.peak_index else { return };
    let Some(count) = channel.count(index).filter(|count| *count != 0.0) else { return };
    let at = (across.place(index as f64), values.place(channel.scale.apply(count) * factor));
    canvas.circle(at, look.text * 0.3, "none", Some(pen(canvas.palette.ink, look.line)));
}
