//! PPV and air overpressure over the days of the period, with the limits.

use wavekeep_core::Unit;
use wavekeep_signal::{Curve, Outcome};

use super::Part;
use super::content::{PeakOf, PeriodEvent};
use super::phrases::limit_digits;
use crate::axis::{Linear, Log};
use crate::canvas::{Anchor, Canvas, Path, Rect, pen};
use crate::sheets::Sheets;
use crate::text::{Type, bold, regular};

const FACE: Type = regular(7.0);
/// Space for the value axis, and for the values of limits.
const LEFT: f64 = 44.0;
const RIGHT: f64 = 30.0;

pub(super) fn draw(sheets: &mut Sheets, part: Part<'_>) {
    let Part { content, options, words } = part;
    let levels = &content.levels;
    let height = 190.0;
    sheets.heading(words.text("trend.title"), 2.0 * height);
    let velocity = options.units.velocity();
    let ppv = Series {
        title: words.filled("trend.ppv", &[("unit", &velocity)]),
        unit: velocity,
        value: &|event| event.ppv(velocity),
        limits: limits(levels.ground.as_ref(), levels.distance_ft, velocity),
        outcome: &|event| event.ground.as_ref().map(|verdict| verdict.outcome),
    };
    let of_air = levels.air.as_ref().map(|curve| curve.unit).filter(|unit| unit.is_level());
    let level = of_air.unwrap_or(Unit::DecibelLinear);
    let air = Series {
        title: words.filled("trend.air", &[("unit", &level)]),
        unit: level,
        value: &|event| {
            let reading = event.peak(PeakOf::Microphone)?.reading;
            Some(reading.to(level).ok()?.value)
        },
        limits: limits(levels.air.as_ref(), levels.distance_ft, level),
        outcome: &|event| event.air.as_ref().map(|verdict| verdict.outcome),
    };
    for series in [ppv, air] {
        let area = sheets.take(height);
        let not_drawn = series.draw(sheets.canvas(), part, area);
        if not_drawn > 0 {
            sheets.remark(&words.counted("trend.not_drawn", not_drawn));
        }
    }
    sheets.remark(words.text("trend.legend"));
}

fn limits(curve: Option<&Curve>, distance_ft: Option<f64>, unit: Unit) -> Option<(f64, f64)> {
    curve?.range_of_limits(distance_ft, unit)
}

struct Series<'a> {
    title: String,
    unit: Unit,
    value: &'a dyn Fn(&PeriodEvent) -> Option<f64>,
    limits: Option<(f64, f64)>,
    outcome: &'a dyn Fn(&PeriodEvent) -> Option<Outcome>,
}

/// A value axis of either kind.
enum Values {
    Log(Log),
    Linear(Linear),
}

impl Values {
    fn place(&self, value: f64) -> f64 {
        match self {
            Self::Log(axis) => axis.place(value),
            Self::Linear(axis) => axis.place(value),
        }
    }

    fn ticks(&self) -> Vec<(f64, Option<String>)> {
        match self {
            Self::Log(axis) => axis.ticks(),
            Self::Linear(axis) => {
                axis.ticks(6).into_iter().map(|(value, label)| (value, Some(label))).collect()
            }
        }
    }
}

impl Series<'_> {
    /// Draws the chart; gives how many events have no value, or none that has a place on it.
    fn draw(&self, canvas: &mut Canvas, part: Part<'_>, area: Rect) -> u64 {
        let Part { content, words, .. } = part;
        let colours = canvas.palette;
        let title = bold(8.4).clip(&self.title, area.w * 0.55).into_owned();
        canvas.text((area.x, area.y + 14.0), &title, bold(8.4), colours.ink, Anchor::Start);
        let plot = area.inset(LEFT, 22.0, RIGHT, 26.0);
        canvas.fill(plot, colours.panel);
        let points: Vec<(&PeriodEvent, f64)> = content
            .events
            .iter()
            .filter_map(|event| Some((event, (self.value)(event)?)))
            .filter(|(event, value)| {
                event.start.is_some() && value.is_finite() && (*value > 0.0 || self.unit.is_level())
            })
            .collect();
        let axis = self.axis(&points, plot);
        for (value, label) in axis.ticks() {
            let y = axis.place(value);
            canvas.line((plot.x, y), (plot.right(), y), pen(colours.grid, 0.5));
            if let Some(label) = label {
                let at = (plot.x - 4.0, y + 2.4);
                canvas.text(at, &words.marked(&label), FACE, colours.soft_ink, Anchor::End);
            }
        }
        day_axis(canvas, part, plot, 7.0);
        self.limit_lines(canvas, part, plot, &axis);
        let whole = content.period.stretch();
        let across = Linear { from: 0.0, to: whole.seconds(), start: plot.x, end: plot.right() };
        daily(canvas, part, &points, &across, &axis);
        for (event, value) in &points {
            let Some(start) = event.start else { continue };
            let at = (across.place(start.seconds_since(whole.from)), axis.place(*value));
            mark(canvas, at, event, (self.outcome)(event));
        }
        canvas.frame(plot, pen(colours.frame, 0.6));
        (content.events.len() - points.len()) as u64
    }

    fn axis(&self, points: &[(&PeriodEvent, f64)], plot: Rect) -> Values {
        let limits = self.limits.into_iter().flat_map(|(low, high)| [low, high]);
        let all: Vec<f64> = points.iter().map(|(_, value)| *value).chain(limits).collect();
        let low = all.iter().copied().fold(f64::INFINITY, f64::min);
        let high = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (start, end) = (plot.bottom(), plot.y);
        if self.unit.is_level() {
            let (low, high) = if low.is_finite() { (low, high) } else { (90.0, 140.0) };
            let from = ((low - 4.0) / 10.0).floor() * 10.0;
            return Values::Linear(Linear { from, to: high.max(from + 20.0) + 4.0, start, end });
        }
        let (low, high) = if low.is_finite() && high > 0.0 { (low, high) } else { (0.01, 1.0) };
        let to = 10f64.powf(((high * 1.3).log10() * 3.0).ceil() / 3.0);
        // More decades than this show nothing: what lies lower is drawn on the lower edge.
        let from = 10f64.powf((low / 1.3).log10().floor()).clamp(to * 1e-6, to / 10.0);
        Values::Log(Log { from, to, start, end })
    }

    /// One line, or the lowest and the highest limit where it goes by frequency: the values at their
    /// ends, the words above the chart.
    fn limit_lines(&self, canvas: &mut Canvas, part: Part<'_>, plot: Rect, axis: &Values) {
        let words = part.words;
        let colours = canvas.palette;
        let Some((low, high)) = self.limits else { return };
        let values = if low == high { vec![low] } else { vec![low, high] };
        let mut taken = f64::INFINITY;
        for value in &values {
            let y = axis.place(*value);
            canvas.line((plot.x, y), (plot.right(), y), pen(colours.limit, 1.0).dashed("5 2.5"));
            // The higher one makes way where they are near each other.
            let base = (y + 2.4).min(taken - 7.6);
            taken = base;
            let digits = limit_digits(words, *value, self.unit);
            canvas.text((plot.right() + 3.0, base), &digits, FACE, colours.ink, Anchor::Start);
        }
        let key = if low == high { "trend.limit" } else { "trend.limits" };
        let label = FACE.clip(words.text(key), plot.w * 0.4).into_owned();
        let (right, y) = (plot.right(), plot.y - 8.0);
        canvas.text((right, y), &label, FACE, colours.soft_ink, Anchor::End);
        let end = right - FACE.width(&label) - 5.0;
        let sample = pen(colours.limit, 1.0).dashed("5 2.5");
        canvas.line((end - 20.0, y - 2.4), (end, y - 2.4), sample);
    }
}

/// The largest value of each day as a bar across it, false triggers left out.
fn daily(
    canvas: &mut Canvas,
    part: Part<'_>,
    points: &[(&PeriodEvent, f64)],
    across: &Linear,
    axis: &Values,
) {
    let first = part.content.period.first();
    let days = part.content.period.days() as usize;
    let mut largest: Vec<Option<f64>> = vec![None; days];
    for (event, value) in points.iter().filter(|(event, _)| !event.false_trigger) {
        let Some(start) = event.start else { continue };
        let day = (start.seconds_since(first) / 86_400.0).max(0.0) as usize;
        if let Some(of_day) = largest.get_mut(day) {
            *of_day = Some(of_day.map_or(*value, |of_day| of_day.max(*value)));
        }
    }
    for (day, value) in largest.into_iter().enumerate() {
        let Some(value) = value else { continue };
        let (from, to) =
            (across.place(day as f64 * 86_400.0), across.place((day + 1) as f64 * 86_400.0));
        let y = axis.place(value);
        canvas.line((from, y), (to, y), pen(canvas.palette.channel(0), 1.4));
    }
}

/// A dot; hollow where its true value may be another or there is no verdict on it, a diamond where it
/// exceeds, a cross for a false trigger.
fn mark(canvas: &mut Canvas, (x, y): (f64, f64), event: &PeriodEvent, outcome: Option<Outcome>) {
    let colours = canvas.palette;
    if event.false_trigger {
        let mut cross = Path::default();
        cross.move_to(x - 1.8, y - 1.8);
        cross.line_to(x + 1.8, y + 1.8);
        cross.move_to(x - 1.8, y + 1.8);
        cross.line_to(x + 1.8, y - 1.8);
        canvas.stroke(&cross, pen(colours.soft_ink, 0.7));
    } else if outcome == Some(Outcome::Exceeds) {
        let mut diamond = Path::default();
        diamond.move_to(x, y - 3.6);
        diamond.line_to(x + 3.0, y);
        diamond.line_to(x, y + 3.6);
        diamond.line_to(x - 3.0, y);
        canvas.solid(&diamond, colours.warning, Some(pen(colours.paper, 0.4)));
    } else if event.flags().is_empty() && outcome != Some(Outcome::NoVerdict) {
        canvas.circle((x, y), 1.3, colours.ink, None);
    } else {
        canvas.circle((x, y), 1.7, colours.paper, Some(pen(colours.ink, 0.7)));
    }
}

/// Days below a chart of the period.
pub(super) fn day_axis(canvas: &mut Canvas, part: Part<'_>, plot: Rect, size: f64) {
    let Part { content, words, .. } = part;
    let days = content.period.days();
    let face = regular(size);
    let label = content.period.first_day();
    let free = (plot.w / (face.width(&words.day_month(label)) + 8.0)).max(1.0);
    let step = [1, 2, 5, 7, 14, 28, 56, 91].into_iter().find(|step| f64::from(days / step) <= free);
    let step = step.unwrap_or(182);
    let colours = canvas.palette;
    for number in (0..days).step_by(step as usize) {
        let Some(day) = content.period.day(number) else { break };
        let x = plot.x + plot.w * f64::from(number) / f64::from(days);
        canvas.line((x, plot.bottom()), (x, plot.bottom() + 3.0), pen(colours.frame, 0.6));
        // A label stands at the beginning of its day.
        let label = words.day_month(day);
        if x + 1.0 + face.width(&label) <= plot.right() + 4.0 {
            let at = (x + 1.0, plot.bottom() + size + 3.4);
            canvas.text(at, &label, face, colours.soft_ink, Anchor::Start);
        }
    }
}
