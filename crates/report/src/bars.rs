//! The intervals of a histogram, one panel a channel, over a common axis.

use wavekeep_core::{Channel, Recording, Sensor, TimeAxis, Unit};
use wavekeep_signal::{ChannelMeasurements, Measurements, reduce};

use crate::axis::{Linear, round_up};
use crate::canvas::{Anchor, Canvas, Path, Rect, pen};
use crate::clock::clock_ticks;
use crate::language::Words;
use crate::panel::{Heading, Look, Symbol, at_limit, legend, missing, panel};
use crate::style::Units;
use crate::text::regular;
use crate::traces::{MOST_PANELS, QUIET_IN_PER_S};
use crate::words::{drawn_unit, peak_line, warnings};

/// Levels are drawn from here: below it the instruments hear themselves.
const QUIET_DB: f64 = 60.0;

/// Draws the intervals of `recording` into `area`.
pub(crate) fn bars(
    canvas: &mut Canvas,
    area: Rect,
    look: Look,
    recording: &Recording,
    measured: &Measurements,
    units: Units,
) {
    let (colours, words) = (canvas.palette, canvas.words);
    let plot = area.inset(look.left(), 0.0, look.text * 0.8, look.text * 5.2);
    let channels: Vec<(&Channel, &ChannelMeasurements)> =
        recording.channels.iter().zip(&measured.channels).take(MOST_PANELS).collect();
    let count = recording.len().max(1);
    let across = Linear { from: 0.0, to: count as f64, start: plot.x, end: plot.right() };
    let ticks = ticks(words, recording, &across);
    let velocity = velocity_end(&channels, units);

    let height = plot.h / channels.len().max(1) as f64;
    let mut bottom = plot.bottom();
    for (row, (channel, found)) in channels.iter().enumerate() {
        let top = plot.y + row as f64 * height + look.heading();
        let rect = Rect::new(plot.x, top, plot.w, height - look.heading());
        let (values, unit) = value_axis(channel, units, velocity, rect);
        let heading = Heading {
            name: &channel.name,
            words: peak_line(words, found, units),
            warning: warnings(words, found, recording.kind),
            colour: colours.channel(row),
        };
        let value_ticks: Vec<(f64, String)> = values
            .ticks(if rect.h > look.text * 5.0 { 4 } else { 2 })
            .into_iter()
            .map(|(value, label)| (values.place(value), label))
            .collect();
        panel(canvas, rect, look, &heading, &value_ticks, unit.symbol());
        for tick in ticks.all() {
            canvas.line(
                (tick.x, rect.y),
                (tick.x, rect.bottom()),
                pen(colours.grid, look.line * 0.8),
            );
        }
        // A missing interval takes the whole width of its bar.
        missing(canvas, rect, look, channel, |index| across.place(index + 0.5));
        let size = |count: f64| size(channel, count, unit);
        draw(canvas, look, row, channel, &across, &values, size);
        at_limit(canvas, rect, look, channel, |index| across.place(index + 0.5));
        if let Some(index) = found.peak_index
            && let Some(count) = channel.count(index).filter(|count| *count != 0.0)
        {
            let at = (across.place(index as f64 + 0.5), values.place(size(count)));
            canvas.circle(at, look.text * 0.3, "none", Some(pen(colours.ink, look.line)));
        }
        canvas.frame(rect, pen(colours.frame, look.line * 0.8));
        bottom = rect.bottom();
    }
    axis(canvas, look, &ticks, &across, bottom, recording);
    let mut entries = vec![(Symbol::Peak, words.text("picture.largest_interval"))];
    if channels.iter().any(|(_, found)| found.missing_samples > 0) {
        entries.push((Symbol::Missing, words.text("picture.intervals_missing")));
    }
    if channels.iter().any(|(_, found)| found.samples_at_limit > 0) {
        entries.push((Symbol::AtLimit, words.text("picture.stored_limit")));
    }
    legend(canvas, (plot.x, area.bottom() - look.text * 0.4), look, &entries);
}

/// A bar's size in `unit`: levels come from the count, as everywhere.
fn size(channel: &Channel, count: f64, unit: Unit) -> f64 {
    if unit == Unit::DecibelLinear
        && let Some(level) = channel.scale.level(count.abs())
    {
        return level;
    }
    let value = channel.scale.apply(count).abs();
    channel.unit().convert(value, unit).unwrap_or(value)
}

fn bar_unit(channel: &Channel, units: Units) -> Unit {
    let has_level = channel.scale.level(1.0).is_some();
    if channel.sensor == Sensor::Microphone && has_level {
        Unit::DecibelLinear
    } else {
        drawn_unit(channel, units)
    }
}

fn largest(channel: &Channel, unit: Unit) -> f64 {
    let sizes = channel.counts().flatten().map(|count| size(channel, count, unit));
    sizes.filter(|size| size.is_finite()).fold(0.0, f64::max)
}

/// Room above the largest bar for its mark.
const HEADROOM: f64 = 1.08;
const ROUND: [f64; 7] = [1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0];

fn velocity_end(channels: &[(&Channel, &ChannelMeasurements)], units: Units) -> f64 {
    let unit = units.velocity();
    let floor = Unit::InchPerSecond.convert(QUIET_IN_PER_S, unit).unwrap_or(QUIET_IN_PER_S);
    let peak = channels
        .iter()
        .filter(|(channel, _)| bar_unit(channel, units) == unit)
        .map(|(channel, _)| largest(channel, unit))
        .fold(0.0, f64::max);
    round_up((peak * HEADROOM).max(floor), &ROUND)
}

fn value_axis(channel: &Channel, units: Units, velocity: f64, rect: Rect) -> (Linear, Unit) {
    let unit = bar_unit(channel, units);
    let (from, to) = match unit {
        Unit::DecibelLinear => {
            let tens = ((largest(channel, unit) + 4.0) / 10.0).ceil() * 10.0;
            (QUIET_DB, tens.clamp(100.0, 1000.0))
        }
        unit if unit == units.velocity() => (0.0, velocity),
        unit => {
            let floor = channel.scale.of_one().abs().max(1e-6);
            (0.0, round_up((largest(channel, unit) * HEADROOM).max(floor), &ROUND))
        }
    };
    (Linear { from, to, start: rect.bottom(), end: rect.y }, unit)
}

/// The bars. More intervals than there is paper are reduced to the largest of their neighbours.
fn draw(
    canvas: &mut Canvas,
    look: Look,
    row: usize,
    channel: &Channel,
    across: &Linear,
    values: &Linear,
    size: impl Fn(f64) -> f64,
) {
    let most = ((across.end - across.start).max(1.0) * look.density) as usize;
    let of_one = channel.scale.of_one();
    let mut path = Path::default();
    for bucket in reduce(channel, 0..channel.len(), most) {
        let Some((low, high)) = bucket.extremes else { continue };
        let value = if low.abs() > high.abs() { low } else { high };
        let top = values.place(size(value / of_one));
        if top >= values.start {
            continue;
        }
        let (from, to) =
            (across.place(bucket.samples.start as f64), across.place(bucket.samples.end as f64));
        let gap = if to - from > 3.0 * look.line { (to - from) * 0.15 } else { 0.0 };
        path.move_to(from + gap, values.start);
        path.line_to(from + gap, top);
        path.line_to(to - gap, top);
        path.line_to(to - gap, values.start);
    }
    if !path.is_empty() {
        canvas.solid(&path, canvas.palette.channel(row), None);
    }
}

struct Tick {
    x: f64,
    label: String,
    date: Option<String>,
}

/// The ticks of the intervals.
enum Ticks {
    /// At round times, when start and length are known.
    Clock(Vec<Tick>),
    /// At round numbers of intervals.
    Numbers(Vec<Tick>),
}

impl Ticks {
    fn all(&self) -> &[Tick] {
        let (Self::Clock(all) | Self::Numbers(all)) = self;
        all
    }
}

fn ticks(words: &Words, recording: &Recording, across: &Linear) -> Ticks {
    if let TimeAxis::Intervals { start: Some(start), length_s: Some(length_s) } = &recording.time {
        let all = clock_ticks(words, start.value, across.to * length_s.value, 12);
        let x = |seconds: f64| across.place(seconds / length_s.value);
        let ticks: Vec<Tick> = all
            .into_iter()
            .map(|tick| Tick { x: x(tick.seconds), label: tick.label, date: tick.date })
            .collect();
        if !ticks.is_empty() {
            return Ticks::Clock(ticks);
        }
    }
    let numbers = across.ticks(12).into_iter();
    let tick = |(i, label): (f64, String)| Tick {
        x: across.place(i),
        label: words.marked(&label),
        date: None,
    };
    Ticks::Numbers(numbers.map(tick).collect())
}

fn axis(
    canvas: &mut Canvas,
    look: Look,
    ticks: &Ticks,
    across: &Linear,
    y: f64,
    recording: &Recording,
) {
    let colours = canvas.palette;
    let face = regular(look.text * 0.92);
    for tick in ticks.all() {
        canvas.line(
            (tick.x, y),
            (tick.x, y + look.text * 0.3),
            pen(colours.frame, look.line * 0.8),
        );
        canvas.text(
            (tick.x, y + look.text * 1.35),
            &tick.label,
            face,
            colours.soft_ink,
            Anchor::Middle,
        );
        if let Some(date) = &tick.date {
            canvas.text(
                (tick.x, y + look.text * 2.45),
                date,
                face,
                colours.soft_ink,
                Anchor::Middle,
            );
        }
    }
    let label = match (ticks, &recording.time) {
        (Ticks::Clock(_), _) => "picture.start_of_interval",
        (_, TimeAxis::Intervals { start: None, .. }) => "picture.interval_without_time",
        _ => "picture.interval",
    };
    let at = ((across.start + across.end) / 2.0, y + look.text * 3.5);
    canvas.text(at, canvas.words.text(label), face, colours.soft_ink, Anchor::Middle);
}
