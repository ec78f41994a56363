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
use crate::language::{Language, Words};
use crate::ledger::LedgerState;
use crate::logo::Logo;
use crate::panel::Look;
use crate::ppv_frequency::ppv_frequency;
use crate::review::Review;
use crate::style::{Paper, Style, Units};
use crate::text::{bold, one_line, regular};
use crate::traces::{scale_words, traces};
use crate::verdict_words::{VerdictLook, verdict_words};
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
/// Width of the labels at the foot; longer ones get what they need.
const LABEL_WIDTH: f64 = 56.0;
/// Letters of facts are this share of the usual size at the least.
const SMALLEST: f64 = 0.84;
/// More sentences of damage and assumptions than this do not fit on the page.
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
    /// The language of its words. What the instrument wrote, names of curves and what a reader noted of a
    /// file are as they are.
    pub language: Language,
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
    let PageOptions { curve, distance_ft, review, ledger, paper, style, language, .. } = options;
    let words = language.words();
    let (width, height) = paper.points();
    let mut canvas = Canvas::new(width, height, style.theme.palette());
    canvas.words = words;
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
    let below_left = facts(&mut canvas, left, &instrument(words, recording, style.units), label);
    let mut notes =
        notes_and_moment(words, recording, review.map_or(&[], |review| &review.corrections));
    notes.extend(review.into_iter().flat_map(|review| review.facts(words)));
    let below_right = facts(&mut canvas, right, &notes, 58.0);
    y = below_left.max(below_right) + 3.0;
    rule(&mut canvas, page, y);
    y += 9.0;

    let left = Rect { y, ..left };
    let in_rows = options.sensor_check_in_rows;
    let rows = table(words, recording, measured, style.units, in_rows);
    let mut below = geophones(&mut canvas, left, &rows, in_rows);
    let rest: Vec<Fact> = std::iter::once(vector_sum(words, recording, measured, style.units))
        .chain(microphone(words, recording, measured, style.units))
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
        let look = VerdictLook { size: SIZE, lines: 3, unit: style.units.velocity() };
        y = verdict_words(&mut canvas, area, look, curve, &verdict, measured) + 8.0;
    }
    rule(&mut canvas, page, y - 2.0);

    let ledger_height = if ledger.is_some() { LEDGER_HEIGHT } else { 0.0 };
    let foot = foot_height(words, recording, measured, style.units) + ledger_height;
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
    let title = format!("{}: {}", words.text("event.title"), heading(words, recording));
    (canvas, title)
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
    let title = canvas.words.text(match recording.kind {
        Kind::Waveform => "event.title",
        Kind::Histogram => "event.title_histogram",
    });
    canvas.text((page.x, base), title, bold(16.0), colours.ink, Anchor::Start);
    let mut end = page.x + bold(16.0).width(title) + 12.0;
    if review.is_some_and(|review| review.false_trigger) {
        let (mark, face) = (canvas.words.text("event.false_trigger"), bold(11.0));
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

/// Labels and words, two lines each at the most; gives the place below them. Labels wider than `label` get what they need.
fn facts(canvas: &mut Canvas, area: Rect, facts: &[Fact], label: f64) -> f64 {
    let colours = canvas.palette;
    let face = regular(SIZE);
    let label = facts.iter().fold(label, |widest, (name, _)| widest.max(face.width(name) + 6.0));
    let mut y = area.y;
    for (name, words) in facts {
        canvas.text((area.x, y), name, face, colours.soft_ink, Anchor::Start);
        // What is a little too long gets smaller letters, and what is longer a second line.
        let width = area.w - label;
        let share = width / face.width(words) * 0.999;
        let (size, lines) = if share < SMALLEST { (1.0, 2) } else { (share.min(1.0), 1) };
        let face = regular(SIZE * size);
        for line in face.wrap(words, width, lines) {
            canvas.text((area.x + label, y), &line, face, colours.ink, Anchor::Start);
            y += LINE;
        }
    }
    y
}

/// The table of the geophones; gives the place below it.
fn geophones(canvas: &mut Canvas, area: Rect, rows: &[Vec<String>], in_rows: bool) -> f64 {
    let colours = canvas.palette;
    let mut y = area.y + 2.0;
    let label = rows.iter().filter_map(|row| row.first());
    let label = label.fold(84.0, |widest: f64, name| widest.max(regular(SIZE).width(name) + 6.0));
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
    for line in face.wrap(&origin(canvas.words, recording), area.w, 2) {
        canvas.text((area.x, y), &line, face, canvas.palette.soft_ink, Anchor::Start);
        y += LINE - 2.0;
    }
    y
}

fn foot_height(words: &Words, recording: &Recording, measured: &Measurements, units: Units) -> f64 {
    let lines = doubts(words, recording, measured, units).len().clamp(1, MOST_DOUBTS + 1);
    LINE * (lines as f64 + 2.0) + 8.0
}

/// Archive, entry and head, each whole: a line that is too long gets smaller letters.
fn ledger_lines(canvas: &mut Canvas, area: Rect, ledger: &LedgerState) {
    let mut y = area.y + LINE - 2.0;
    for line in ledger.lines(canvas.words) {
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
    let (colours, words) = (canvas.palette, canvas.words);
    let face = regular(SIZE - 0.6);
    let mut y = area.y + 10.0;
    rule(canvas, area, area.y + 1.0);
    let first = histogram_line(words, recording).unwrap_or_else(|| {
        let scale = scale_words(words, recording, measured, style.units);
        words.filled("event.scale", &[("scale", &scale)])
    });
    let mut line = |canvas: &mut Canvas, label: &str, text: &str, colour| {
        let label_type = bold(SIZE - 0.6);
        let label_width = match label {
            "" => 0.0,
            label => (label_type.width(label) + 6.0).max(LABEL_WIDTH),
        };
        canvas.text((area.x, y), label, label_type, colour, Anchor::Start);
        let text = face.clip(text, area.w - label_width);
        canvas.text((area.x + label_width, y), &text, face, colours.ink, Anchor::Start);
        y += LINE - 0.6;
    };
    let program = concat!("wavekeep ", env!("CARGO_PKG_VERSION"));
    canvas.text((area.right(), area.y + 10.0), program, face, colours.soft_ink, Anchor::End);
    line(canvas, "", &first, colours.ink);
    let sha256 = recording.source.sha256.as_deref().map_or_else(
        || words.text("event.no_sha256").to_owned(),
        |sha256| {
            let (sha256, bytes) = (one_line(sha256), recording.source.bytes);
            words.filled("event.sha256", &[("sha256", &sha256), ("bytes", &bytes)])
        },
    );
    line(canvas, "SHA-256", &sha256, colours.ink);
    let doubts = doubts(words, recording, measured, style.units);
    if doubts.is_empty() {
        line(canvas, words.text("doubt.integrity"), words.text("doubt.none"), colours.ink);
    }
    for (doubt, sentence) in doubts.iter().take(MOST_DOUBTS) {
        let colour = if doubt.is_finding() { colours.warning } else { colours.ink };
        line(canvas, doubt.word(words), sentence, colour);
    }
    let more = doubts.len().saturating_sub(MOST_DOUBTS);
    if more > 0 {
        let sentence = words.counted("doubt.not_shown", more as u64);
        line(canvas, words.text("doubt.more"), &sentence, colours.ink);
    }
}
