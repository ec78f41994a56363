//! PPV against frequency: all events of the period on one chart.

use wavekeep_core::{Frequency, Unit};
use wavekeep_signal::Outcome;

use super::Part;
use super::content::{PeakOf, PeriodEvent};
use super::phrases::curve_name;
use crate::axis::Log;
use crate::canvas::{Anchor, Canvas, Path, Rect, pen};
use crate::panel::Look;
use crate::ppv_frequency::{FROM_HZ, LogGrid, TO_HZ, beyond, grid, outline, shape};
use crate::sheets::Sheets;
use crate::text::{bold, regular};

const LOOK: Look = Look { text: 7.2, line: 0.55, density: 2.0 };
/// Exceedances that have their number beside them.
const MOST_NUMBERS: usize = 40;

/// A component of an event.
struct Dot<'a> {
    event: &'a PeriodEvent,
    row: usize,
    value: f64,
    frequency: Frequency,
    is_bound: bool,
}

pub(super) fn draw(sheets: &mut Sheets, part: Part<'_>) {
    let Part { content, options, words } = part;
    let unit = options.units.velocity();
    let height = 356.0;
    sheets.heading(words.text("chart.title"), height);
    let (dots, not_drawn) = dots(content.events.iter(), unit);
    let area = sheets.take(height);
    chart(sheets.canvas(), part, area, &dots);
    match (&content.levels.ground, content.levels.of_archive.is_empty()) {
        (Some(_), _) => {}
        (None, true) => sheets.remark(words.text("chart.no_curve")),
        (None, false) => sheets.remark(words.text("chart.several_curves")),
    }
    sheets.remark(words.text("chart.legend"));
    if not_drawn > 0 {
        sheets.remark(&words.counted("chart.not_drawn", not_drawn));
    }
}

/// The components with a place on logarithmic axes, and how many have none.
fn dots<'a>(events: impl Iterator<Item = &'a PeriodEvent>, unit: Unit) -> (Vec<Dot<'a>>, u64) {
    let (mut dots, mut not_drawn) = (Vec::new(), 0);
    for event in events {
        for (row, of) in PeakOf::GEOPHONES.into_iter().enumerate() {
            let Some(peak) = event.peak(of) else { continue };
            let value = peak.reading.to(unit).map(|reading| reading.value).unwrap_or(0.0);
            let frequency = peak.frequency;
            if !(value > 0.0 && value.is_finite()) || frequency.hz().is_none() {
                not_drawn += 1;
                continue;
            }
            let is_bound = peak.reading.flag.is_some();
            dots.push(Dot { event, row, value, frequency, is_bound });
        }
    }
    (dots, not_drawn)
}

fn chart(canvas: &mut Canvas, part: Part<'_>, area: Rect, dots: &[Dot<'_>]) {
    let Part { content, options, words } = part;
    let (unit, levels) = (options.units.velocity(), &content.levels);
    let colours = canvas.palette;
    let plot = area.inset(LOOK.left(), 4.0, 4.0, 52.0);
    let line = levels
        .ground
        .as_ref()
        .map(|curve| outline(curve, levels.distance_ft, options.units))
        .unwrap_or_default();
    let all = || {
        let limits = line.iter().map(|(_, limit)| *limit);
        limits.chain(dots.iter().map(|dot| dot.value))
    };
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
    let (from, to) = match low.is_finite() && high > 0.0 {
        true => {
            let top = (high * 1.15).log10().ceil().min(12.0);
            ((low / 1.15).log10().floor().max(top - 6.0).min(top - 2.0), top)
        }
        false => (-2.0, 1.0),
    };
    let across = Log { from: FROM_HZ, to: TO_HZ, start: plot.x, end: plot.right() };
    let values =
        Log { from: 10f64.powf(from), to: 10f64.powf(to), start: plot.bottom(), end: plot.y };
    canvas.fill(plot, colours.panel);
    let beside = format!("PPV ({unit})");
    let names = LogGrid { below: words.text("chart.frequency"), beside: &beside };
    grid(canvas, plot, LOOK, &across, &values, &names);
    let mut path = Path::default();
    for (step, (hz, limit)) in line.iter().enumerate() {
        let at = (across.place(*hz), values.place(*limit));
        if step == 0 { path.move_to(at.0, at.1) } else { path.line_to(at.0, at.1) }
    }
    canvas.stroke(&path, pen(colours.limit, 1.3));
    let place = |dot: &Dot<'_>| {
        (across.place(dot.frequency.hz().unwrap_or(FROM_HZ)), values.place(dot.value))
    };
    for dot in dots {
        let (at, colour) = (place(dot), colours.channel(dot.row));
        if dot.event.false_trigger {
            cross(canvas, at);
            continue;
        }
        shape(canvas, at, if dot.is_bound { 2.4 } else { 2.0 }, dot.row, colour);
        if dot.is_bound {
            canvas.circle(at, 0.9, colours.paper, None);
        }
        beyond(canvas, at, 4.6, dot.frequency, colour);
    }
    exceedances(canvas, part, &across, &values, unit);
    canvas.frame(plot, pen(colours.frame, 0.6));
    legend(canvas, part, Rect { y: plot.bottom() + LOOK.text * 3.1, ..plot }, line.is_empty());
}

fn cross(canvas: &mut Canvas, (x, y): (f64, f64)) {
    let mut path = Path::default();
    path.move_to(x - 1.9, y - 1.9);
    path.line_to(x + 1.9, y + 1.9);
    path.move_to(x - 1.9, y + 1.9);
    path.line_to(x + 1.9, y - 1.9);
    canvas.stroke(&path, pen(canvas.palette.soft_ink, 0.7));
}

/// A ring around what decided each exceedance of the ground's limit, with the number of the event.
fn exceedances(canvas: &mut Canvas, part: Part<'_>, across: &Log, values: &Log, unit: Unit) {
    let colours = canvas.palette;
    let face = bold(6.6);
    let above = part.content.counted().filter_map(|event| {
        let verdict = event.ground.as_ref().filter(|it| it.outcome == Outcome::Exceeds)?;
        let value = verdict.value?.to(unit).ok()?.value;
        let hz = verdict.frequency.and_then(Frequency::hz)?;
        Some((event, value, hz))
    });
    let mut above: Vec<_> = above.filter(|(_, value, _)| *value > 0.0).collect();
    above.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.id.cmp(&b.0.id)));
    let mut taken: Vec<Rect> = Vec::new();
    for (index, (event, value, hz)) in above.into_iter().enumerate() {
        let at = (across.place(hz), values.place(value));
        canvas.circle(at, 4.2, "none", Some(pen(colours.warning, 1.0)));
        let label = event.id.to_string();
        let width = face.width(&label);
        let spots = [(at.0 + 5.6, at.1 + 2.3), (at.0 - 5.6 - width, at.1 + 2.3)];
        let free = spots.into_iter().find(|(x, y)| {
            let wanted = Rect::new(*x, y - 6.0, width, 7.0);
            let overlaps = taken.iter().any(|other| {
                wanted.x < other.right()
                    && other.x < wanted.right()
                    && wanted.y < other.bottom()
                    && other.y < wanted.bottom()
            });
            !overlaps && wanted.right() < across.end && wanted.x > across.start
        });
        if let Some((x, y)) = free.filter(|_| index < MOST_NUMBERS) {
            taken.push(Rect::new(x, y - 6.0, width, 7.0));
            canvas.text((x, y), &label, face, colours.warning, Anchor::Start);
        }
    }
}

fn legend(canvas: &mut Canvas, part: Part<'_>, area: Rect, no_line: bool) {
    let Part { content, words, .. } = part;
    let colours = canvas.palette;
    let face = regular(7.2);
    let (mut x, y) = (area.x, area.y + 6.0);
    for (row, of) in PeakOf::GEOPHONES.into_iter().enumerate() {
        shape(canvas, (x + 3.0, y - 2.4), 2.4, row, colours.channel(row));
        canvas.text((x + 9.0, y), of.word(), face, colours.ink, Anchor::Start);
        x += 18.0 + face.width(of.word());
    }
    cross(canvas, (x + 3.0, y - 2.4));
    let word = words.text("chart.false_trigger");
    canvas.text((x + 9.0, y), word, face, colours.ink, Anchor::Start);
    x += 18.0 + face.width(word);
    canvas.circle((x + 3.0, y - 2.4), 3.4, "none", Some(pen(colours.warning, 1.0)));
    let word = words.text("chart.exceeds");
    canvas.text((x + 10.0, y), word, face, colours.ink, Anchor::Start);
    if let Some(curve) = &content.levels.ground {
        let y = y + 11.0;
        let name = curve_name(words, curve);
        let absent = if no_line { words.text("chart.not_on_plot") } else { "" };
        let name = if absent.is_empty() { name } else { format!("{name}: {absent}") };
        canvas.line((area.x, y - 2.4), (area.x + 14.0, y - 2.4), pen(colours.limit, 1.3));
        let name = face.clip(&name, area.w - 20.0);
        canvas.text((area.x + 19.0, y), &name, face, colours.ink, Anchor::Start);
    }
}
