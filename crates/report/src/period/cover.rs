//! The cover: letterhead, title, what the report is about, and what it comes to.

use super::content::{PeriodContent, Standing};
use super::phrases::{curve_name, one_or_many};
use super::{Part, running};
use crate::canvas::{Anchor, Rect, pen};
use crate::sheets::Sheets;
use crate::text::{bold, one_line, regular};

/// Points of a millimetre.
const MM: f64 = 72.0 / 25.4;
/// Lines of an address, at most.
const MOST_LINES: usize = 8;

/// The title of the report.
pub(super) fn title(part: Part<'_>) -> String {
    let own = part.options.letterhead.title.as_deref().map(one_line);
    own.filter(|title| !title.is_empty())
        .unwrap_or_else(|| part.words.text("cover.title").to_owned())
}

pub(super) fn draw(sheets: &mut Sheets, part: Part<'_>) {
    let Part { content, options, words } = part;
    let letterhead = &options.letterhead;
    let area = sheets.area();
    let title = title(part);
    sheets.mark(&title);
    let canvas = sheets.canvas();
    let colours = canvas.palette;

    let top = 44.0;
    let mut below = top;
    if let Some(logo) = &letterhead.logo {
        let height = letterhead.logo_height_mm.unwrap_or(18.0).clamp(5.0, 60.0) * MM;
        let place = logo.fitted(Rect::new(area.x, top, area.w * 0.45, height), false);
        canvas.picture(place, logo.href());
        below = place.bottom();
    }
    let mut y = top + 9.0;
    let width = area.w * 0.5;
    if let Some(company) = &letterhead.company {
        let company = one_line(company);
        let face = bold(10.5);
        canvas.text((area.right(), y), &face.clip(&company, width), face, colours.ink, Anchor::End);
        y += 13.5;
    }
    for line in letterhead.lines.iter().take(MOST_LINES) {
        let (line, face) = (one_line(line), regular(8.2));
        canvas.text(
            (area.right(), y),
            &face.clip(&line, width),
            face,
            colours.soft_ink,
            Anchor::End,
        );
        y += 11.2;
    }
    below = below.max(y - 8.0) + 10.0;
    if letterhead.logo.is_some() || letterhead.company.is_some() || !letterhead.lines.is_empty() {
        canvas.line((area.x, below), (area.right(), below), pen(colours.ink, 0.8));
    }

    let mut y = (below + 74.0).max(190.0);
    let face = bold(23.0);
    for line in face.wrap(&title, area.w, 2) {
        canvas.text((area.x, y), &line, face, colours.ink, Anchor::Start);
        y += 28.0;
    }
    let period = content.period.in_words(words);
    let face = regular(14.0);
    canvas.text((area.x, y), &face.clip(&period, area.w), face, colours.soft_ink, Anchor::Start);
    sheets.skip(y + 30.0 - area.y);

    sheets.facts(&facts(part), 118.0);
    sheets.skip(12.0);
    result(sheets, part);
    sheets.skip(8.0);
    sheets.remark(words.text("cover.unit_local"));
    for curve in [&content.levels.ground, &content.levels.air].into_iter().flatten() {
        if curve.standing == wavekeep_signal::Standing::Provisional {
            let name = one_line(&curve.name);
            sheets.remark(&words.filled("limits.provisional", &[("curve", &name)]));
        }
    }
}

/// What the report is about.
fn facts(part: Part<'_>) -> Vec<(String, String)> {
    let Part { content, options, words } = part;
    let mut facts = Vec::new();
    let mut add = |key: &'static str, value: String| {
        if !value.is_empty() {
            facts.push((words.text(key).to_owned(), value));
        }
    };
    let joined = |lines: &[String]| {
        let lines: Vec<String> = lines.iter().take(MOST_LINES).map(|line| one_line(line)).collect();
        lines.join("; ")
    };
    add("cover.number", options.letterhead.number.as_deref().map(one_line).unwrap_or_default());
    add("cover.prepared_for", joined(&options.letterhead.prepared_for));
    add("cover.prepared_by", joined(&options.letterhead.prepared_by));
    add("cover.project", one_or_many(words, &content.projects));
    add("cover.client", one_or_many(words, &content.clients));
    add("cover.location", one_or_many(words, &content.locations));
    let serials: Vec<String> = content.units.iter().map(|unit| unit.serial.clone()).collect();
    add("cover.units", one_or_many(words, &serials));
    add("cover.period", {
        let (from, to) = (content.period.first_day(), content.period.last_day());
        let (from, to) = (words.date(from), words.date(to));
        words.filled("forms.from_to", &[("from", &from), ("to", &to)])
    });
    add("cover.conditions", joined(&content.conditions));
    for (key, curve) in
        [("cover.ground_level", &content.levels.ground), ("cover.air_level", &content.levels.air)]
    {
        match curve {
            Some(curve) => add(key, curve_name(words, curve)),
            None if content.levels.of_archive.is_empty() => {
                add(key, words.text("limits.none").to_owned());
            }
            // The levels of the archive follow.
            None => {}
        }
    }
    for line in &content.levels.of_archive {
        add("cover.archive_level", line.clone());
    }
    add("cover.printed", running::printed(part));
    facts
}

/// What it comes to, framed.
fn result(sheets: &mut Sheets, part: Part<'_>) {
    let content = part.content;
    let lines = outcome(content, part);
    let face = regular(9.4);
    let width = sheets.area().w - 24.0;
    let wrapped: Vec<String> =
        lines[1..].iter().flat_map(|line| face.wrap(line, width, 4)).collect();
    let area = sheets.take(34.0 + wrapped.len() as f64 * 13.4);
    let canvas = sheets.canvas();
    let colours = canvas.palette;
    let exceeds = content.of_standing(Standing::Exceeds) > 0;
    canvas.frame(area, pen(colours.frame, 0.7));
    canvas.fill(
        Rect::new(area.x, area.y, 3.0, area.h),
        if exceeds { colours.warning } else { colours.frame },
    );
    let at = (area.x + 14.0, area.y + 18.0);
    let head = bold(11.0);
    canvas.text(at, &head.clip(&lines[0], width), head, colours.ink, Anchor::Start);
    for (step, line) in wrapped.iter().enumerate() {
        let at = (area.x + 14.0, area.y + 34.0 + step as f64 * 13.4);
        canvas.text(at, line, face, colours.ink, Anchor::Start);
    }
}

/// The sentences of the result, the first of them its head.
fn outcome(content: &PeriodContent, part: Part<'_>) -> Vec<String> {
    let words = part.words;
    let counted = content.counted().count() as u64;
    let exceeding = content.of_standing(Standing::Exceeds);
    let is_judged = content.levels.is_any();
    let mut lines = Vec::new();
    lines.push(match (counted, is_judged) {
        (0, _) => words.text("result.no_events").to_owned(),
        (_, false) => words.text("result.not_judged").to_owned(),
        _ if exceeding > 0 => words.counted("result.exceed", exceeding),
        _ => words.text("result.none_exceeds").to_owned(),
    });
    lines.push(words.counted("result.events", counted));
    for (key, standing) in
        [("result.warn", Standing::Warns), ("result.no_verdict", Standing::NoVerdict)]
    {
        let count = content.of_standing(standing);
        if count > 0 {
            lines.push(words.counted(key, count));
        }
    }
    let false_triggers = content.events.len() as u64 - counted;
    if false_triggers > 0 {
        lines.push(words.counted("result.false_triggers", false_triggers));
    }
    let without_time = content.without_time.len() as u64;
    if without_time > 0 {
        lines.push(words.counted("result.without_time", without_time));
    }
    lines
}
