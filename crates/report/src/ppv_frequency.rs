//! PPV against frequency on log-log axes, with a limit curve and its verdict.

use std::fmt::Display;

use wavekeep_core::{Frequency, Kind, Sensor};
use wavekeep_signal::{ChannelMeasurements, Curve, Measurements, Rule, Standing};

use crate::axis::Log;
use crate::canvas::{Anchor, Canvas, Path, Rect, pen};
use crate::language::Words;
use crate::panel::Look;
use crate::style::{Colour, Units};
use crate::text::{bold, one_line, regular};
use crate::words::{frequency, reading};

/// The frequencies of the plot: the range of the instruments.
pub(crate) const FROM_HZ: f64 = Frequency::LOWER_HZ;
pub(crate) const TO_HZ: f64 = Frequency::UPPER_HZ;
/// More intervals of a histogram than this are not drawn one by one; the largest always are.
const MOST_DOTS: usize = 4000;

/// Draws the plot of `measured` with `curve` into `area`.
pub(crate) fn ppv_frequency(
    canvas: &mut Canvas,
    area: Rect,
    look: Look,
    measured: &Measurements,
    curve: Option<(&Curve, Option<f64>)>,
    units: Units,
) {
    let (colours, words) = (canvas.palette, canvas.words);
    let s = look.text;
    let rect = area.inset(look.left(), s * 0.6, s * 1.2, s * 5.0);
    let line =
        curve.map(|(curve, distance_ft)| outline(curve, distance_ft, units)).unwrap_or_default();
    let points = points(words, measured, units);
    let across = Log { from: FROM_HZ, to: TO_HZ, start: rect.x, end: rect.right() };
    let (from, to) = value_range(&line, &points, measured.kind);
    let values = Log { from, to, start: rect.bottom(), end: rect.y };

    canvas.fill(rect, colours.panel);
    let has_dots = measured.kind == Kind::Histogram;
    let below = words.text(if has_dots { "picture.frequency_and_dots" } else { "chart.frequency" });
    let beside = format!("PPV ({})", units.velocity());
    let names = LogGrid { below, beside: &beside };
    grid(canvas, rect, look, &across, &values, &names);
    let mut path = Path::default();
    for (step, (hz, limit)) in line.iter().enumerate() {
        let at = (across.place(*hz), values.place(*limit));
        if step == 0 { path.move_to(at.0, at.1) } else { path.line_to(at.0, at.1) }
    }
    canvas.stroke(&path, pen(colours.limit, look.line * 1.8));
    if let Some((curve, _)) = curve {
        curve_name(canvas, rect, look, curve, &line, &values);
    }
    if has_dots {
        intervals(canvas, look, measured, &across, &values, units);
    }
    marks(canvas, rect, look, &points, &across, &values);
    canvas.frame(rect, pen(colours.frame, look.line * 0.8));
    footnotes(canvas, area, rect, look, &points);
}

/// The curve in the unit of the drawing; a limit by distance is a flat line.
pub(crate) fn outline(curve: &Curve, distance_ft: Option<f64>, units: Units) -> Vec<(f64, f64)> {
    let unit = units.velocity();
    let line = match curve.rule {
        Rule::Pieces(_) => curve.outline(FROM_HZ, TO_HZ),
        Rule::ByDistance(_) => distance_ft
            .and_then(|distance| curve.limit_at_distance(distance))
            .map(|limit| vec![(FROM_HZ, limit), (TO_HZ, limit)])
            .unwrap_or_default(),
        // The limit that no event may exceed.
        Rule::OverEvents(share) => vec![(FROM_HZ, share.always), (TO_HZ, share.always)],
    };
    // A curve of air pressure has no place on this plot.
    line.into_iter()
        .filter_map(|(hz, limit)| Some((hz, curve.unit.convert(limit, unit).ok()?)))
        .collect()
}

/// One component of the event.
struct Point<'a> {
    name: &'a str,
    row: usize,
    /// In the unit of the drawing.
    value: f64,
    /// The same as it is printed.
    printed: String,
    frequency: Frequency,
    is_saturated: bool,
    is_incomplete: bool,
}

impl Point<'_> {
    /// Whether the true peak may be larger.
    fn in_doubt(&self) -> bool {
        self.is_saturated || self.is_incomplete
    }

    /// Its frequency, when it has a place on logarithmic axes.
    fn drawn_hz(&self) -> Option<f64> {
        self.frequency.hz().filter(|_| self.value > 0.0 && self.value.is_finite())
    }
}

fn points<'a>(words: &Words, measured: &'a Measurements, units: Units) -> Vec<Point<'a>> {
    let of = |(row, channel): (usize, &ChannelMeasurements)| {
        let peak = channel.peak.value()?;
        let value = peak.to(units.velocity()).ok()?.value;
        let frequency = channel.zc_frequency.value()?;
        Some((row, value, reading(words, peak, units.velocity()), frequency))
    };
    measured
        .channels
        .iter()
        .enumerate()
        .filter(|(_, channel)| channel.sensor == Sensor::Geophone)
        .filter_map(|(row, channel)| {
            let (row, value, printed, frequency) = of((row, channel))?;
            let (is_saturated, is_incomplete) =
                (channel.is_saturated(), channel.missing_samples > 0);
            let name = channel.name.as_str();
            Some(Point { name, row, value, printed, frequency, is_saturated, is_incomplete })
        })
        .collect()
}

/// Whole decades that hold the curve and the points, two at least.
fn value_range(line: &[(f64, f64)], points: &[Point<'_>], kind: Kind) -> (f64, f64) {
    let all = || {
        line.iter().map(|(_, limit)| *limit).chain(
            points.iter().filter(|point| point.drawn_hz().is_some()).map(|point| point.value),
        )
    };
    let low = all().fold(f64::INFINITY, f64::min);
    let high = all().fold(0.0, f64::max);
    if !(low.is_finite() && low > 0.0 && high.is_finite()) {
        return (0.01, 10.0);
    }
    // The intervals of a histogram lie below its largest ones: one decade more shows them.
    let below = if kind == Kind::Histogram { 10.0 } else { 1.15 };
    let top = (high * 1.15).log10().ceil().min(12.0);
    // More decades than this are no plot any more: what lies lower is drawn on the lower edge.
    let bottom = (low / below).log10().floor().max(top - 8.0).min(top - 2.0);
    (10f64.powf(bottom), 10f64.powf(top))
}

/// What stands beside the axes of a plot on log-log paper.
pub(crate) struct LogGrid<'a> {
    /// Below the plot.
    pub(crate) below: &'a str,
    /// On its left.
    pub(crate) beside: &'a str,
}

/// Lines, labels and names of both axes.
pub(crate) fn grid(
    canvas: &mut Canvas,
    rect: Rect,
    look: Look,
    across: &Log,
    values: &Log,
    names: &LogGrid<'_>,
) {
    let colours = canvas.palette;
    let s = look.text;
    let face = regular(s * 0.92);
    for (hz, label) in across.ticks() {
        let x = across.place(hz);
        canvas.line((x, rect.y), (x, rect.bottom()), pen(colours.grid, look.line * 0.8));
        if let Some(label) = label {
            canvas.text(
                (x, rect.bottom() + s * 1.2),
                &label,
                face,
                colours.soft_ink,
                Anchor::Middle,
            );
        }
    }
    let decades = (values.to / values.from).log10();
    for (value, label) in values.ticks() {
        let y = values.place(value);
        canvas.line((rect.x, y), (rect.right(), y), pen(colours.grid, look.line * 0.8));
        // With many decades on little paper only their beginnings have room for a label.
        let crowded = rect.h / decades < s * 7.0;
        let begins = ((value.log10() + 1e-9).floor() - value.log10()).abs() < 1e-6;
        if let Some(label) = label.filter(|_| !crowded || begins) {
            let label = canvas.words.marked(&label);
            let at = (rect.x - s * 0.45, y + s * 0.33);
            canvas.text(at, &label, face, colours.soft_ink, Anchor::End);
        }
    }
    let at = (rect.x - look.left() + s, rect.y + rect.h / 2.0);
    canvas.text_upwards(at, names.beside, face, colours.soft_ink);
    let at = (rect.x + rect.w / 2.0, rect.bottom() + s * 2.4);
    canvas.text(at, names.below, face, colours.soft_ink, Anchor::Middle);
}

/// The name of the curve, in the corner that the curve leaves free: it rises to the right.
fn curve_name(
    canvas: &mut Canvas,
    rect: Rect,
    look: Look,
    curve: &Curve,
    line: &[(f64, f64)],
    values: &Log,
) {
    let colours = canvas.palette;
    let s = look.text;
    let words = canvas.words;
    let standing = match curve.standing {
        Standing::Primary => None,
        Standing::Provisional => Some("limits.provisional_word"),
        Standing::User => Some("picture.users_own"),
    };
    let standing = standing.map(|key| format!(" ({})", words.text(key))).unwrap_or_default();
    let mut name = format!("{}{standing}", curve.name);
    if line.is_empty() {
        name.push_str(&format!(": {}", words.text("chart.not_on_plot")));
    }
    let face = bold(s);
    let name = face.clip(&name, rect.w - s * 3.5);
    // Above the curve's left part, where it is lowest; below the upper edge at the most.
    let highest_left = line
        .iter()
        .filter(|(hz, _)| *hz <= 12.0)
        .map(|(_, limit)| values.place(*limit))
        .fold(f64::INFINITY, f64::min);
    let y = if highest_left - s * 1.2 > rect.y + s * 1.6 {
        rect.y + s * 1.6
    } else {
        rect.bottom() - s
    };
    let mut sample = Path::default();
    sample.move_to(rect.x + s * 0.7, y - s * 0.33);
    sample.line_to(rect.x + s * 2.1, y - s * 0.33);
    canvas.stroke(&sample, pen(colours.limit, look.line * 1.8));
    canvas.text((rect.x + s * 2.6, y), &name, face, colours.ink, Anchor::Start);
}

/// Every interval of a histogram as a small dot.
fn intervals(
    canvas: &mut Canvas,
    look: Look,
    measured: &Measurements,
    across: &Log,
    values: &Log,
    units: Units,
) {
    for (row, channel) in measured.channels.iter().enumerate() {
        if channel.sensor != Sensor::Geophone {
            continue;
        }
        let mut drawn: Vec<(f64, f64)> = channel
            .intervals
            .iter()
            .filter_map(|interval| {
                let value = interval.peak.to(units.velocity()).ok()?.value;
                let hz = interval.frequency.hz()?;
                (value >= values.from).then(|| (across.place(hz), values.place(value)))
            })
            .collect();
        drawn.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.total_cmp(&b.0)));
        drawn.dedup();
        drawn.truncate(MOST_DOTS);
        for at in drawn {
            canvas.circle(at, look.text * 0.13, canvas.palette.channel(row), None);
        }
    }
}

/// The components: a shape of its own for each, with its name beside it.
fn marks(
    canvas: &mut Canvas,
    rect: Rect,
    look: Look,
    points: &[Point<'_>],
    across: &Log,
    values: &Log,
) {
    let colours = canvas.palette;
    let s = look.text;
    let face = bold(s * 0.95);
    let mut taken: Vec<Rect> = Vec::new();
    for point in points {
        let Some(hz) = point.drawn_hz() else { continue };
        let at = (across.place(hz), values.place(point.value));
        let colour = colours.channel(point.row);
        shape(canvas, at, s * 0.42, point.row, colour);
        beyond(canvas, at, s, point.frequency, colour);
        taken.push(Rect::new(at.0 - s * 0.5, at.1 - s * 0.5, s, s));
    }
    for point in points {
        let Some(hz) = point.drawn_hz() else { continue };
        let at = (across.place(hz), values.place(point.value));
        let label =
            if point.in_doubt() { format!("{} !", point.name) } else { point.name.to_owned() };
        let label = face.clip(&label, rect.w / 3.0);
        let width = face.width(&label);
        let spots = [
            (at.0 + s * 0.75, at.1 + s * 0.33),
            (at.0 - s * 0.75 - width, at.1 + s * 0.33),
            (at.0 - width / 2.0, at.1 - s * 0.75),
            (at.0 - width / 2.0, at.1 + s * 1.5),
            (at.0 + s * 0.75, at.1 - s * 0.7),
            (at.0 + s * 0.75, at.1 + s * 1.4),
        ];
        let box_of = |(x, y): (f64, f64)| Rect::new(x - 1.0, y - s * 0.8, width + 2.0, s);
        let free = |spot: &(f64, f64)| {
            let wanted = box_of(*spot);
            let inside = wanted.x > rect.x
                && wanted.right() < rect.right()
                && wanted.y > rect.y
                && wanted.bottom() < rect.bottom();
            inside && !taken.iter().any(|other| overlap(&wanted, other))
        };
        let spot = spots.into_iter().find(free).unwrap_or(spots[0]);
        taken.push(box_of(spot));
        canvas.text(spot, &label, face, colours.channel(point.row), Anchor::Start);
    }
}

fn overlap(a: &Rect, b: &Rect) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

/// Circle, square, triangle: the components differ by shape and not only by colour.
pub(crate) fn shape(canvas: &mut Canvas, (x, y): (f64, f64), r: f64, row: usize, colour: Colour) {
    let outline = Some(pen(canvas.palette.panel, r * 0.25));
    let corners: &[(f64, f64)] = match row % 3 {
        0 => return canvas.circle((x, y), r, colour, outline),
        1 => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        _ => &[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
    };
    let mut path = Path::default();
    for (step, (dx, dy)) in corners.iter().enumerate() {
        let at = (x + dx * r, y + dy * r);
        if step == 0 { path.move_to(at.0, at.1) } else { path.line_to(at.0, at.1) }
    }
    canvas.solid(&path, colour, outline);
}

/// An arrow for a frequency beyond the instruments' range: the true place is further that way.
pub(crate) fn beyond(
    canvas: &mut Canvas,
    (x, y): (f64, f64),
    s: f64,
    frequency: Frequency,
    colour: Colour,
) {
    let way = match frequency {
        Frequency::AboveRange(_) => 1.0,
        Frequency::BelowRange(_) => -1.0,
        Frequency::Hertz(_) | Frequency::NotAvailable => return,
    };
    let mut arrow = Path::default();
    arrow.move_to(x + way * s * 0.55, y - s * 0.35);
    arrow.line_to(x + way * s * 1.05, y);
    arrow.line_to(x + way * s * 0.55, y + s * 0.35);
    canvas.solid(&arrow, colour, None);
}

/// What stands below the plot: the components in words, those without a frequency too.
fn footnotes(canvas: &mut Canvas, area: Rect, rect: Rect, look: Look, points: &[Point<'_>]) {
    let (colours, words) = (canvas.palette, canvas.words);
    let s = look.text;
    let face = regular(s * 0.92);
    let y = area.bottom() - s * 1.1;
    let line = |point: &Point<'_>, is_full: bool| {
        let doubt = if point.in_doubt() { " !" } else { "" };
        let name = format!("{}{doubt}", one_line(point.name));
        let not_drawn = words.text("picture.not_drawn");
        match (point.drawn_hz(), point.frequency, is_full) {
            (_, Frequency::NotAvailable, true) => {
                format!("{name} {}: {}", point.printed, words.text("picture.no_frequency"))
            }
            (None, _, true) => format!("{name} {}: {not_drawn}", point.printed),
            (None, _, false) => format!("{name}: {not_drawn}"),
            (_, hz, true) => {
                let hz = frequency(words, hz);
                let value = [("value", &point.printed as &dyn Display), ("frequency", &hz)];
                format!("{name} {}", words.filled("picture.at_frequency", &value))
            }
            (_, _, false) => name,
        }
    };
    let room = area.right() - area.x;
    let share = room / points.len().max(1) as f64 - s * 2.6;
    let width = |is_full| -> f64 {
        points.iter().map(|point| s * 2.6 + face.width(&line(point, is_full))).sum()
    };
    let is_full = width(true) <= room;
    let mut x = if width(is_full) > area.right() - rect.x { area.x } else { rect.x };
    for point in points {
        shape(canvas, (x + s * 0.5, y - s * 0.33), s * 0.36, point.row, colours.channel(point.row));
        let line = line(point, is_full);
        let line = face.clip(&line, if is_full { room } else { share });
        canvas.text((x + s * 1.3, y), &line, face, colours.soft_ink, Anchor::Start);
        x += s * 2.6 + face.width(&line);
    }
    if points.is_empty() {
        let none = words.text("picture.no_geophone_peak");
        canvas.text((x, y), none, face, colours.soft_ink, Anchor::Start);
    }
    let is_any = |is: fn(&Point<'_>) -> bool| points.iter().any(is);
    let doubt = match (is_any(|point| point.is_saturated), is_any(|point| point.is_incomplete)) {
        (true, false) => "flag.saturated",
        (false, true) => "flag.incomplete",
        (true, true) => "picture.saturated_or_incomplete",
        (false, false) => return,
    };
    let remark = words.filled("picture.may_be_larger", &[("doubt", &words.text(doubt))]);
    let remark = format!("! {remark}");
    canvas.text((rect.x, y + s * 1.1), &remark, face, colours.warning, Anchor::Start);
}
