//! The event report: one page.

use derive_setters::Setters;
use wavekeep_core::{Kind, Recording};
use wavekeep_signal::{Curve, Measurements};

use crate::bars::bars;
use crate::canvas::{Anchor, Canvas, Rect, pen};
use crate::drawing::Drawing;
use crate::facts::{
    Fact, doubts, histogram_line, instrument, microphone, notes_and_moment, origin, table,
    vector_sum,
};
use crate::ledger::LedgerState;
use crate::logo::Logo;
use crate::panel::Look;
use crate::ppv_frequency::ppv_frequency;
use crate::review::Review;
use crate::style::{Paper, Style, Units};
use crate::text::{bold, one_line, regular};
use crate::traces::{scale_words, traces};
use crate::verdict_words::verdict_words;
use crate::words::heading;

/// The margins of the page.
pub(crate) const MARGIN: f64 = 34.0;
const SIZE: f64 = 7.4;
const LINE: f64 = 10.6;
/// Letters of the lines about the ledger: 96 digits fit into a line.
const LEDGER_SIZE: f64 = 6.6;
const LEDGER_HEIGHT: f64 = 2.0 * LINE;
/// Height of a logo above the title.
const LOGO_HEIGHT: f64 = 30.0;
/// More sentences of damage and assumptions than this have no room on the page.
const MOST_DOUBTS: usize = 7;

/// What an event page shows beside the event, and how.
#[derive(Debug, Clone, Copy, Default, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct PageOptions<'a> {
    /// The limit curve that the event is held against.
    pub curve: Option<&'a Curve>,
    /// Distance to the blast in feet, for curves that go by it.
    pub distance_ft: Option<f64>,
    /// The review of the event, if it comes from an archive: a false trigger is called one in the title.
    pub review: Option<&'a Review>,
    /// What the archive's ledger has of the event: two lines at the foot.
    pub ledger: Option<&'a LedgerState>,
    /// Size of the page.
    pub paper: Paper,
    /// Colours and units.
    pub style: Style,
    /// A company's logo, above the title.
    pub logo: Option<&'a Logo>,
    /// Which page of a document it is, and the day of printing: words at the foot.
    pub foot: Option<PageFoot<'a>>,
    /// The sensor check as rows of the table: result, frequency and ratio in letters of the size of all
    /// others.
    pub sensor_check_in_rows: bool,
}

/// What stands at the very foot of an event page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PageFoot<'a> {
    /// At the left: `printed 2026-06-01`.
    pub left: &'a str,
    /// At the right: `3 of 17`.
    pub right: &'a str,
}

/// The one-page report of an event.
///
/// In this order: instrument and settings; notes; date and time (unit-local); table of the
/// geophones; PVS; microphone; PPV against frequency with the curve and its verdict; the traces, or
/// the intervals of a histogram with start and finish; SHA-256 of the source, and in plain words
/// what was damaged and what was assumed; the state of the archive's ledger, if it is given. Everything
/// fits on one page: what is too long ends in an ellipsis, and what has no room is counted.
///
/// Take [`Drawing::pdf`] of the result for the page in print.
pub fn event_report(
    recording: &Recording,
    measured: &Measurements,
    options: PageOptions<'_>,
) -> Drawing {
    let (canvas, title) = event_page(recording, measured, options);
    Drawing::finish(canvas, title)
}

/// The page of an event before it is finished, and its title.
pub(crate) fn event_page(
    recording: &Recording,
    measured: &Measurements,
    options: PageOptions<'_>,
) -> (Canvas, String) {
    let PageOptions { curve, distance_ft, review, ledger, paper, style, .. } = options;
    let (width, height) = paper.points();
    let mut canvas = Canvas::new(width, height, style.theme.palette());
    let mut page = canvas.bounds().inset(MARGIN, MARGIN, MARGIN, MARGIN - 6.0);
    if let Some(logo) = options.logo {
        let area = Rect { y: page.y - 12.0, h: LOGO_HEIGHT, w: page.w / 2.0, ..page };
        canvas.picture(logo.fitted(area, false), logo.href());
        page = page.inset(0.0, LOGO_HEIGHT - 6.0, 0.0, 0.0);
    }
    if let Some(foot) = options.foot {
        foot_words(&mut canvas, page, foot);
    }
    let mut y = title(&mut canvas, page, recording, review);

    let gutter = 18.0;
    let left = Rect::new(page.x, y, page.w * 0.52 - gutter / 2.0, page.h);
    let right = Rect::new(left.right() + gutter, y, page.right() - left.right() - gutter, page.h);
    let label = 68.0;
    let below_left = facts(&mut canvas, left, &instrument(recording, style.units), label);
    let mut notes = notes_and_moment(recording, review.map_or(&[], |review| &review.corrections));
    notes.extend(review.into_iter().flat_map(Review::facts));
    let below_right = facts(&mut canvas, right, &notes, 58.0);
    y = below_left.max(below_right) + 3.0;
    rule(&mut canvas, page, y);
    y += 9.0;

    let left = Rect { y, ..left };
    let in_rows = options.sensor_check_in_rows;
    let mut below =
        geophones(&mut canvas, left, &table(recording, measured, style.units, in_rows), in_rows);
    let rest: Vec<Fact> = std::iter::once(vector_sum(recording, measured, style.units))
        .chain(microphone(recording, measured, style.units))
        .collect();
    below = facts(&mut canvas, Rect { y: below, ..left }, &rest, 78.0);
    below = origin_line(&mut canvas, Rect { y: below, ..left }, recording);
    let plot = Rect { y: y - 6.0, h: 172.0, ..right };
    let given = curve.map(|curve| (curve, distance_ft));
    ppv_frequency(
        &mut canvas,
        plot,
        Look { text: 6.2, ..Look::PAGE },
        measured,
        given,
        style.units,
    );
    y = below.max(plot.bottom()) + 8.0;

    if let Some(curve) = curve {
        let verdict = curve.judge(measured, distance_ft);
        let area = Rect { y, ..page };
        y = verdict_words(&mut canvas, area, SIZE, curve, &verdict, style.units.velocity(), 3)
            + 8.0;
    }
    rule(&mut canvas, page, y - 2.0);

    let ledger_height = if ledger.is_some() { LEDGER_HEIGHT } else { 0.0 };
    let foot = foot_height(recording, measured, style.units) + ledger_height;
    let chart = Rect { y: y + 2.0, h: page.bottom() - foot - y - 2.0, ..page };
    match recording.kind {
        Kind::Waveform => traces(&mut canvas, chart, Look::PAGE, recording, measured, style.units),
        Kind::Histogram => bars(&mut canvas, chart, Look::PAGE, recording, measured, style.units),
    }
    let area = Rect { y: chart.bottom(), h: foot, ..page };
    footer(&mut canvas, area, recording, measured, style);
    if let Some(ledger) = ledger {
        let y = page.bottom() - LEDGER_HEIGHT;
        ledger_lines(&mut canvas, Rect { y, h: LEDGER_HEIGHT, ..page }, ledger);
    }
    (canvas, format!("Event report: {}", heading(recording)))
}

/// Two pieces of text below the page's own foot.
fn foot_words(canvas: &mut Canvas, page: Rect, foot: PageFoot<'_>) {
    let (face, y) = (regular(SIZE), canvas.bounds().bottom() - 15.0);
    let colours = canvas.palette;
    let left = one_line(foot.left);
    let left = face.clip(&left, page.w * 0.6);
    canvas.text((page.x, y), &left, face, colours.soft_ink, Anchor::Start);
    let right = one_line(foot.right);
    let right = face.clip(&right, page.w * 0.3);
    canvas.text((page.right(), y), &right, face, colours.ink, Anchor::End);
}

fn title(canvas: &mut Canvas, page: Rect, recording: &Recording, review: Option<&Review>) -> f64 {
    let colours = canvas.palette;
    let base = page.y + 12.0;
    let words = match recording.kind {
        Kind::Waveform => "Event report",
        Kind::Histogram => "Histogram report",
    };
    canvas.text((page.x, base), words, bold(16.0), colours.ink, Anchor::Start);
    let mut end = page.x + bold(16.0).width(words) + 12.0;
    if review.is_some_and(|review| review.false_trigger) {
        let (mark, face) = ("FALSE TRIGGER", bold(11.0));
        let frame = Rect::new(end, base - 12.0, face.width(mark) + 12.0, 16.0);
        canvas.frame(frame, pen(colours.warning, 1.2));
        canvas.text((end + 6.0, base - 0.5), mark, face, colours.warning, Anchor::Start);
        end = frame.right() + 12.0;
    }
    let source = recording.source.name.as_deref().map(one_line).unwrap_or_default();
    let source = format!("{source}   {}", recording.format.name);
    let face = regular(SIZE + 0.6);
    let source = face.clip(source.trim(), page.right() - end);
    canvas.text((page.right(), base), &source, face, colours.soft_ink, Anchor::End);
    canvas.line((page.x, base + 6.0), (page.right(), base + 6.0), pen(colours.ink, 1.0));
    base + 19.0
}

fn rule(canvas: &mut Canvas, page: Rect, y: f64) {
    canvas.line((page.x, y), (page.right(), y), pen(canvas.palette.grid, 0.7));
}

/// Labels and words, one line each; gives the place below them.
fn facts(canvas: &mut Canvas, area: Rect, facts: &[Fact], label: f64) -> f64 {
    let colours = canvas.palette;
    let face = regular(SIZE);
    let mut y = area.y;
    for (name, words) in facts {
        canvas.text((area.x, y), name, face, colours.soft_ink, Anchor::Start);
        let words = face.clip(words, area.w - label);
        canvas.text((area.x + label, y), &words, face, colours.ink, Anchor::Start);
        y += LINE;
    }
    y
}

/// The table of the geophones; gives the place below it.
fn geophones(canvas: &mut Canvas, area: Rect, rows: &[Vec<String>], in_rows: bool) -> f64 {
    let colours = canvas.palette;
    let mut y = area.y + 2.0;
    let label = 84.0;
    let columns = rows.first().map_or(1, |row| row.len().saturating_sub(1)).max(1);
    let width = (area.w - label) / columns as f64;
    for (index, row) in rows.iter().enumerate() {
        let is_head = index == 0;
        // Result, frequency and ratio of the sensor check in one cell.
        let is_long = index + 1 == rows.len() && !in_rows;
        for (column, cell) in row.iter().enumerate() {
            if column == 0 {
                canvas.text((area.x, y), cell, regular(SIZE), colours.soft_ink, Anchor::Start);
                continue;
            }
            let right = area.x + label + width * column as f64;
            // The words of the sensor check are longer than any number.
            let face =
                if is_head { bold(SIZE) } else { regular(if is_long { SIZE - 1.6 } else { SIZE }) };
            let cell = face.clip(cell, width - 3.0);
            let colour = if is_head { colours.channel(column - 1) } else { colours.ink };
            canvas.text((right, y), &cell, face, colour, Anchor::End);
        }
        if is_head {
            canvas.line((area.x, y + 3.2), (area.right(), y + 3.2), pen(colours.frame, 0.5));
            y += 1.5;
        }
        y += LINE;
    }
    let line = y - LINE + 4.0;
    canvas.line((area.x, line), (area.right(), line), pen(colours.frame, 0.5));
    y + 3.5
}

fn origin_line(canvas: &mut Canvas, area: Rect, recording: &Recording) -> f64 {
    let face = regular(SIZE - 1.0);
    let mut y = area.y;
    for line in face.wrap(&origin(recording), area.w, 2) {
        canvas.text((area.x, y), &line, face, canvas.palette.soft_ink, Anchor::Start);
        y += LINE - 2.0;
    }
    y
}

fn foot_height(recording: &Recording, measured: &Measurements, units: Units) -> f64 {
    let lines = doubts(recording, measured, units).len().clamp(1, MOST_DOUBTS + 1);
    LINE * (lines as f64 + 2.0) + 8.0
}

/// Archive, entry and head, each whole: a line that is too long gets smaller letters.
fn ledger_lines(canvas: &mut Canvas, area: Rect, ledger: &LedgerState) {
    let mut y = area.y + LINE - 2.0;
    for line in ledger.lines() {
        let face = regular(LEDGER_SIZE);
        let face = regular(LEDGER_SIZE * (area.w / face.width(&line)).min(1.0));
        canvas.text((area.x, y), &line, face, canvas.palette.ink, Anchor::Start);
        y += LINE - 1.6;
    }
}

/// Scale, source and what is to be doubted.
fn footer(
    canvas: &mut Canvas,
    area: Rect,
    recording: &Recording,
    measured: &Measurements,
    style: Style,
) {
    let colours = canvas.palette;
    let face = regular(SIZE - 0.6);
    let mut y = area.y + 10.0;
    rule(canvas, area, area.y + 1.0);
    let first = match histogram_line(recording) {
        Some(line) => line,
        None => format!("Scale: {}", scale_words(recording, measured, style.units)),
    };
    let mut line = |canvas: &mut Canvas, label: &str, words: &str, colour| {
        let label_width = if label.is_empty() { 0.0 } else { 56.0 };
        canvas.text((area.x, y), label, bold(SIZE - 0.6), colour, Anchor::Start);
        let words = face.clip(words, area.w - label_width);
        canvas.text((area.x + label_width, y), &words, face, colours.ink, Anchor::Start);
        y += LINE - 0.6;
    };
    let program = concat!("wavekeep ", env!("CARGO_PKG_VERSION"));
    canvas.text((area.right(), area.y + 10.0), program, face, colours.soft_ink, Anchor::End);
    line(canvas, "", &first, colours.ink);
    let sha256 = recording.source.sha256.as_deref().map_or_else(
        || "not taken".to_owned(),
        |sha256| format!("{} ({} bytes)", one_line(sha256), recording.source.bytes),
    );
    line(canvas, "SHA-256", &sha256, colours.ink);
    let doubts = doubts(recording, measured, style.units);
    if doubts.is_empty() {
        line(canvas, "Integrity", "Nothing is missing, saturated or assumed.", colours.ink);
    }
    for (word, sentence) in doubts.iter().take(MOST_DOUBTS) {
        let is_finding = matches!(*word, "Damage" | "Contradiction" | "Saturation");
        let colour = if is_finding { colours.warning } else { colours.ink };
        line(canvas, word, sentence, colour);
    }
    if doubts.len() > MOST_DOUBTS {
        let more = format!("{} further notes have no room here.", doubts.len() - MOST_DOUBTS);
        line(canvas, "More", &more, colours.ink);
    }
}
