//! Peaks against scaled distance on log-log axes, with the law of the site.

use wavekeep_core::Reading;
use wavekeep_signal::{Attenuation, BlastLine, BlastUnits, NoAttenuation, Root};

use crate::axis::{Log, printed};
use crate::canvas::{Anchor, Canvas, Path, Pen, Rect, pen};
use crate::panel::Look;
use crate::ppv_frequency::{LogGrid, grid};
use crate::style::{Colour, Palette};
use crate::text::{bold, one_line, regular};

/// Locations with a sign of their own; those of further ones share the last.
const MOST_SERIES: usize = 12;
/// Points of a line.
const STEPS: usize = 96;
/// Events that are drawn, at most; those that fall on one place are one.
const MOST_DOTS: usize = 6000;
/// Ends of axes, over each power of ten.
const ENDS: [f64; 3] = [1.0, 2.0, 5.0];

/// An event of an [`AttenuationChart`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttenuationPoint {
    /// Scaled distance in the unit of the chart.
    pub scaled_distance: f64,
    /// Peak in the unit of the chart.
    pub peak: f64,
    /// Its location: an index of [`AttenuationChart::locations`].
    pub location: usize,
}

/// What a chart of peaks against scaled distance shows.
#[derive(Debug, Clone, PartialEq)]
pub struct AttenuationChart {
    /// What it is of: a project, a location.
    pub title: String,
    /// The root of the charge.
    pub root: Root,
    /// The units of points and law.
    pub units: BlastUnits,
    /// The names of the locations.
    pub locations: Vec<String>,
    /// The events that count.
    pub points: Vec<AttenuationPoint>,
    /// The law of the points, or why there is none.
    pub law: Result<Attenuation, NoAttenuation>,
    /// A limit of the peak.
    pub limit: Option<Reading>,
    /// Events that do not count, in words.
    pub left_out: Option<String>,
}

impl AttenuationChart {
    /// `PPV`, `air overpressure`
    fn quantity(&self) -> &'static str {
        match self.root {
            Root::Square => "PPV",
            Root::Cube => "PSPL",
        }
    }

    /// What the chart says in words, line by line.
    pub(crate) fn words(&self) -> Vec<String> {
        let scaled = self.units.scaled_distance_symbol(self.root);
        let mut lines = Vec::new();
        match &self.law {
            Ok(law) => {
                let (quantity, unit) = (self.quantity(), self.units.peak);
                lines.push(format!(
                    "Regression (solid): {quantity} = {} · SD^{} ({quantity} in {unit}, SD in {scaled});  {} events, R² {}, standard error {} of log10",
                    significant(law.k),
                    printed(-law.beta, 3),
                    law.points,
                    printed(law.r_squared, 3),
                    printed(law.standard_error, 3)
                ));
                lines.push(format!(
                    "95 % line (dashed): K95 = {}, 1.645 standard errors above.  Upper 95 % bound of a prediction (dotted): t = {}, {} degrees of freedom",
                    significant(law.k95),
                    printed(law.t95, 3),
                    law.points - 2
                ));
                lines.extend(self.limit_words(law, &scaled));
            }
            Err(why) => lines.push(format!("No law: {why}")),
        }
        lines.extend(self.left_out.clone());
        lines
    }

    fn limit_words(&self, law: &Attenuation, scaled: &str) -> Option<String> {
        let limit = self.limit?.to(self.units.peak).ok()?;
        Some(match law.scaled_distance(limit.value, BlastLine::K95) {
            Some(least) => {
                let beyond = if law.is_extrapolated(least) { ", beyond the events" } else { "" };
                format!(
                    "Limit {}: kept in 95 % of blasts (K95) from a scaled distance of {} {scaled} on{beyond}",
                    self.limit?,
                    significant(least)
                )
            }
            None => format!(
                "Limit {}: the law permits no charge, as peaks do not fall with the distance",
                self.limit?
            ),
        })
    }
}

/// A number with three significant digits.
pub(crate) fn significant(value: f64) -> String {
    let magnitude = value.abs().log10().floor();
    let decimals = if magnitude.is_finite() { (2.0 - magnitude).clamp(0.0, 9.0) } else { 0.0 };
    printed(value, decimals as usize)
}

/// Draws the chart into `area`, with the locations beside it and the law in words below.
pub(crate) fn attenuation(canvas: &mut Canvas, area: Rect, look: Look, chart: &AttenuationChart) {
    let s = look.text;
    let words = chart.words();
    let beside = s * 15.0;
    let below = s * (4.0 + 1.45 * words.len() as f64);
    let rect = area.inset(look.left(), s * 0.6, beside, below);
    let colours = canvas.palette;
    canvas.fill(rect, colours.panel);
    let limit = chart.limit.and_then(|limit| limit.to(chart.units.peak).ok());
    let limit = limit.map(|limit| limit.value).filter(|limit| limit.is_finite() && *limit > 0.0);
    let (from, to) = ends(chart.points.iter().map(|point| point.scaled_distance));
    let across = Log { from, to, start: rect.x, end: rect.right() };
    let (from, to) = ends(chart.points.iter().map(|point| point.peak).chain(limit));
    let values = Log { from, to, start: rect.bottom(), end: rect.y };
    let scaled = chart.units.scaled_distance_symbol(chart.root);
    let names = LogGrid {
        below: &format!("scaled distance ({scaled})"),
        beside: &format!("{} ({})", chart.quantity(), chart.units.peak),
    };
    grid(canvas, rect, look, &across, &values, &names);
    if let Some(limit) = limit {
        let y = values.place(limit);
        let line = pen(colours.warning, look.line * 1.4).dashed("10 3 2 3");
        canvas.line((rect.x, y), (rect.right(), y), line);
        let at = (rect.right() - s * 0.4, y - s * 0.4);
        let words = chart.limit.map(|limit| format!("limit {limit}")).unwrap_or_default();
        canvas.text(at, &words, bold(s * 0.92), colours.warning, Anchor::End);
    }
    if let Ok(law) = &chart.law {
        for (line, stroke) in [
            (BlastLine::Mean, pen(colours.ink, look.line * 1.8)),
            (BlastLine::K95, pen(colours.ink, look.line * 1.4).dashed("8 4")),
            (BlastLine::Prediction95, pen(colours.soft_ink, look.line * 1.2).dashed("1.5 3.5")),
        ] {
            curve(canvas, (&across, &values), |scaled| law.peak(scaled, line), stroke);
        }
    }
    dots(canvas, look, chart, &across, &values);
    canvas.frame(rect, pen(colours.frame, look.line * 0.8));
    legend(
        canvas,
        Rect::new(rect.right() + s * 1.4, rect.y, beside - s * 1.4, rect.h),
        look,
        chart,
    );
    let face = regular(s * 0.95);
    for (row, line) in words.iter().enumerate() {
        let y = rect.bottom() + s * (4.3 + 1.45 * row as f64);
        let line = one_line(line);
        let line = face.clip(&line, area.w);
        canvas.text((area.x, y), &line, face, colours.ink, Anchor::Start);
    }
}

/// Round ends of an axis that holds the values, a power of ten apart at least.
fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .filter(|value| value.is_finite() && *value > 0.0)
        .fold((f64::INFINITY, 0.0f64), |(low, high), value| (low.min(value), high.max(value)));
    if !(low.is_finite() && high.is_finite() && high > 0.0) {
        return (1.0, 100.0);
    }
    let below = |value: f64| {
        let decade = 10f64.powf(value.log10().floor());
        let found = ENDS.iter().rev().map(|end| end * decade).find(|end| *end <= value);
        found.unwrap_or(decade)
    };
    let from = below(low / 1.2);
    let decade = 10f64.powf((high * 1.2).log10().floor());
    let above = ENDS.iter().map(|end| end * decade).find(|end| *end >= high * 1.2);
    let to = above.unwrap_or(decade * 10.0);
    // Peaks of measurements lie within a few powers of ten: what is further apart ends on the edge.
    (from.max(to / 1e8), to.max(from * 10.0))
}

/// A line of the law, as far as it lies on the plot.
fn curve(
    canvas: &mut Canvas,
    (across, values): (&Log, &Log),
    peak: impl Fn(f64) -> f64,
    stroke: Pen,
) {
    let mut path = Path::default();
    let mut is_open = false;
    for step in 0..=STEPS {
        let share = step as f64 / STEPS as f64;
        let scaled = across.from * (across.to / across.from).powf(share);
        let value = peak(scaled);
        if !(values.from..=values.to).contains(&value) {
            is_open = false;
            continue;
        }
        let (x, y) = (across.place(scaled), values.place(value));
        if is_open {
            path.line_to(x, y)
        } else {
            path.move_to(x, y)
        }
        is_open = true;
    }
    canvas.stroke(&path, stroke);
}

/// The sign of a location: a shape and a colour of its own.
fn sign(canvas: &mut Canvas, (x, y): (f64, f64), r: f64, location: usize) {
    let turn = location.min(MOST_SERIES - 1);
    let colour = colour_of(canvas.palette, turn);
    let outline = Some(pen(canvas.palette.panel, r * 0.2));
    let corners: &[(f64, f64)] = match turn % 6 {
        0 => return canvas.circle((x, y), r, colour, outline),
        1 => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        2 => &[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
        3 => &[(0.0, -1.3), (1.1, 0.0), (0.0, 1.3), (-1.1, 0.0)],
        4 => &[(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)],
        _ => &[(-1.2, 0.0), (0.8, -1.1), (0.8, 1.1)],
    };
    let mut path = Path::default();
    for (step, (dx, dy)) in corners.iter().enumerate() {
        let (x, y) = (x + dx * r, y + dy * r);
        if step == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    canvas.solid(&path, colour, outline);
}

/// Six shapes and four colours: twelve signs, of which no two are the same.
fn colour_of(palette: Palette, turn: usize) -> Colour {
    palette.channel(turn)
}

fn dots(canvas: &mut Canvas, look: Look, chart: &AttenuationChart, across: &Log, values: &Log) {
    let mut drawn: Vec<(i64, i64, usize)> = chart
        .points
        .iter()
        .map(|point| {
            let (x, y) = (across.place(point.scaled_distance), values.place(point.peak));
            // To a fifth of a point: what lies closer is one sign.
            (
                (x * 5.0).round() as i64,
                (y * 5.0).round() as i64,
                point.location.min(MOST_SERIES - 1),
            )
        })
        .collect();
    drawn.sort_unstable_by_key(|(x, y, location)| (*location, *x, *y));
    drawn.dedup();
    let every = drawn.len().div_ceil(MOST_DOTS).max(1);
    for (x, y, location) in drawn.into_iter().step_by(every) {
        sign(canvas, (x as f64 / 5.0, y as f64 / 5.0), look.text * 0.34, location);
    }
}

/// The locations with their signs, and how many events each has.
fn legend(canvas: &mut Canvas, area: Rect, look: Look, chart: &AttenuationChart) {
    let s = look.text;
    let colours = canvas.palette;
    let face = regular(s * 0.92);
    let mut counts = vec![0usize; chart.locations.len().min(MOST_SERIES)];
    for point in &chart.points {
        if let Some(last) = counts.len().checked_sub(1) {
            counts[point.location.min(last)] += 1;
        }
    }
    let shared = chart.locations.len() > MOST_SERIES;
    for (row, (name, count)) in chart.locations.iter().zip(&counts).enumerate() {
        let y = area.y + s * (1.2 + 1.8 * row as f64);
        sign(canvas, (area.x + s * 0.5, y - s * 0.33), s * 0.36, row);
        let others = chart.locations.len() - MOST_SERIES.min(chart.locations.len()) + 1;
        let name = match shared && row + 1 == MOST_SERIES {
            true => format!("{others} further locations"),
            false => one_line(name),
        };
        let count = format!(" ({count})");
        let name = face.clip(&name, area.w - s * 1.5 - face.width(&count));
        let at = (area.x + s * 1.3, y);
        canvas.text(at, &format!("{name}{count}"), face, colours.soft_ink, Anchor::Start);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn twelve_locations_have_signs_of_their_own() {
        let signs: std::collections::BTreeSet<_> =
            (0..MOST_SERIES).map(|turn| (turn % 6, turn % 4)).collect();
        assert_eq!(signs.len(), MOST_SERIES);
    }

    #[test]
    fn numbers_have_three_significant_digits() {
        let words = [1139.7, 45.04, 1.6, 0.012_34, 0.0].map(significant);
        assert_eq!(words, ["1140", "45.0", "1.60", "0.0123", "0"]);
    }

    proptest! {
        #[test]
        fn an_axis_holds_its_values(values in prop::collection::vec(1e-3f64..1e4, 1..20)) {
            let (from, to) = ends(values.iter().copied());
            prop_assert!(to / from >= 10.0 * (1.0 - 1e-9));
            prop_assert!(values.iter().all(|value| (from..=to).contains(value)), "{from} {to} {values:?}");
        }
    }
}
