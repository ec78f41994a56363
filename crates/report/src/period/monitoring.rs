//! What was monitored: units, calibrations, known times and what lies between them.

use wavekeep_core::Stretch;

use super::Part;
use super::content::PeriodUnit;
use super::phrases::one_or_many;
use super::summary::table;
use crate::axis::Linear;
use crate::canvas::{Anchor, Rect, pen};
use crate::sheets::Sheets;
use crate::table::{Align, Column, Row};
use crate::text::{one_line, regular};
use crate::words::NOTHING;

use super::trend::day_axis;

/// Times of a unit without known monitoring that are listed, the longest; the others are counted.
const MOST_GAPS: usize = 60;
/// Units of the chart of times.
const MOST_LANES: usize = 40;

pub(super) fn draw(sheets: &mut Sheets, part: Part<'_>) {
    let Part { content, words, .. } = part;
    sheets.heading(words.text("monitoring.title"), 120.0);
    if content.units.is_empty() {
        sheets.paragraph(words.text("monitoring.no_units"));
        return;
    }
    sheets.paragraph(words.text("monitoring.method"));
    units(sheets, part);
    lanes(sheets, part);
    gaps(sheets, part);
}

fn units(sheets: &mut Sheets, part: Part<'_>) {
    let Part { content, words, .. } = part;
    let length = content.period.stretch().seconds();
    let width = sheets.area().w;
    let columns = vec![
        Column::new(words.text("table.unit"), 58.0, Align::Words),
        Column::new(words.text("monitoring.calibration"), width - 334.0, Align::Words),
        Column::new(words.text("summary.event_count"), 62.0, Align::Right),
        Column::new(words.text("monitoring.known"), 112.0, Align::Right),
        Column::new(words.text("monitoring.share"), 102.0, Align::Decimal),
    ];
    let rows: Vec<Row> = content
        .units
        .iter()
        .map(|unit| {
            let known: f64 = unit.monitored.iter().map(Stretch::seconds).sum();
            let calibration = match unit.calibrations.is_empty() {
                true => words.text("monitoring.no_calibration").to_owned(),
                false => one_or_many(words, &unit.calibrations),
            };
            let (known, share) = match unit.monitored.is_empty() {
                true => (words.text("monitoring.not_known").to_owned(), NOTHING.to_owned()),
                false => (
                    words.duration(known),
                    format!("{} %", words.number(100.0 * known / length, 1)),
                ),
            };
            let mut note = Vec::new();
            if !unit.locations.is_empty() {
                note.push(one_or_many(words, &unit.locations));
            }
            if unit.unread_log_rows > 0 {
                note.push(words.counted("monitoring.unread_rows", unit.unread_log_rows));
            }
            let events = words.count(unit.events);
            Row {
                note: note.join(" · "),
                ..Row::of([one_line(&unit.serial), calibration, events, known, share])
            }
        })
        .collect();
    table(columns, part).draw(sheets, &rows);
}

/// A bar of each unit: solid where it is known to have monitored, hatched where it is not.
fn lanes(sheets: &mut Sheets, part: Part<'_>) {
    let Part { content, words, .. } = part;
    let shown = content.units.len().min(MOST_LANES);
    let lane = 15.0;
    let area = sheets.take(34.0 + lane * shown as f64);
    let label = 58.0;
    let plot = Rect::new(area.x + label, area.y + 6.0, area.w - label, lane * shown as f64);
    let whole = content.period.stretch();
    let across = Linear { from: 0.0, to: whole.seconds(), start: plot.x, end: plot.right() };
    let canvas = sheets.canvas();
    let colours = canvas.palette;
    let face = regular(7.4);
    for (index, unit) in content.units.iter().take(shown).enumerate() {
        let y = plot.y + lane * index as f64;
        let serial = one_line(&unit.serial);
        let serial = face.clip(&serial, label - 6.0);
        canvas.text((area.x, y + 9.5), &serial, face, colours.ink, Anchor::Start);
        let bar = Rect::new(plot.x, y + 2.0, plot.w, lane - 4.0);
        canvas.hatch(bar);
        for stretch in &unit.monitored {
            let place = |at| across.place(wavekeep_core::UnitLocal::seconds_since(at, whole.from));
            let (from, to) = (place(stretch.from), place(stretch.to));
            let known = Rect::new(from, bar.y, (to - from).max(0.6), bar.h);
            canvas.fill(known, colours.paper);
            canvas.fill_faint(known, colours.channel(0), 0.85);
        }
        canvas.frame(bar, pen(colours.frame, 0.5));
    }
    day_axis(canvas, part, plot, 7.0);
    let legend = words.text("monitoring.legend");
    sheets.remark(legend);
    if content.units.len() > shown {
        let more = (content.units.len() - shown) as u64;
        sheets.remark(&words.counted("monitoring.more_units", more));
    }
}

/// What lies between the known times.
fn gaps(sheets: &mut Sheets, part: Part<'_>) {
    let Part { content, words, .. } = part;
    sheets.subheading(words.text("monitoring.gaps"), 50.0);
    sheets.remark(words.text("monitoring.gaps_remark"));
    let columns = vec![
        Column::new(words.text("table.unit"), 80.0, Align::Words),
        Column::new(words.text("monitoring.from"), 130.0, Align::Right),
        Column::new(words.text("monitoring.to"), 130.0, Align::Right),
        Column::new(words.text("monitoring.length"), 100.0, Align::Right),
    ];
    let mut rows = Vec::new();
    for unit in &content.units {
        let between = unknown(unit, content.period.stretch());
        let (longest, more) = longest(between);
        for gap in &longest {
            rows.push(Row::of([
                one_line(&unit.serial),
                words.moment(gap.from),
                words.moment(gap.to),
                words.duration(gap.seconds()),
            ]));
        }
        if let Some(last) = rows.last_mut().filter(|_| !more.is_empty()) {
            let together = words.duration(more.iter().map(Stretch::seconds).sum());
            let count = words.counted("monitoring.more_gaps", more.len() as u64);
            last.note =
                words.filled("monitoring.together", &[("times", &count), ("length", &together)]);
        }
    }
    if rows.is_empty() {
        sheets.paragraph(words.text("monitoring.no_gaps"));
        return;
    }
    table(columns, part).draw(sheets, &rows);
}

/// The longest of these times in their order, and the others.
fn longest(mut all: Vec<Stretch>) -> (Vec<Stretch>, Vec<Stretch>) {
    all.sort_by(|a, b| b.seconds().total_cmp(&a.seconds()).then(a.cmp(b)));
    let others = all.split_off(all.len().min(MOST_GAPS));
    all.sort_unstable();
    (all, others)
}

/// Stretches of a period in which a unit is not known to have monitored.
fn unknown(unit: &PeriodUnit, whole: Stretch) -> Vec<Stretch> {
    let mut gaps = Vec::new();
    let mut at = whole.from;
    for known in &unit.monitored {
        if known.from > at {
            gaps.push(Stretch { from: at, to: known.from });
        }
        at = at.max(known.to);
    }
    if whole.to > at {
        gaps.push(Stretch { from: at, to: whole.to });
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::period::Period;

    #[test]
    fn what_is_not_known_is_all_that_lies_between() {
        let whole = "2026-05-08".parse::<Period>().unwrap().stretch();
        let at = |seconds: f64| whole.from.checked_add_seconds(seconds).unwrap();
        let known = |from, to| Stretch { from: at(from), to: at(to) };
        let unit = |monitored| PeriodUnit::default().with_monitored(monitored);
        assert_eq!(unknown(&unit(vec![]), whole), [whole]);
        assert_eq!(unknown(&unit(vec![whole]), whole), []);
        let between = unknown(&unit(vec![known(0.0, 60.0), known(120.0, 86_000.0)]), whole);
        assert_eq!(between, [known(60.0, 120.0), known(86_000.0, 86_400.0)]);
    }
}
