//! The summary: counts, limits, the largest values.

use wavekeep_signal::{Cause, Rule};

use super::content::{EventKind, PeakOf, PeriodEvent, Standing};
use super::phrases::{cause, curve_name, limit_digits};
use super::{Appendix, Part};
use crate::sheets::Sheets;
use crate::table::{Align, Column, Row, Table};
use crate::text::one_line;
use crate::words::NOTHING;

/// Width of the labels.
const LABEL: f64 = 190.0;
/// Paragraphs of a template, at most.
const MOST_PARAGRAPHS: usize = 20;

pub(super) fn draw(sheets: &mut Sheets, part: Part<'_>, appendix: Appendix) {
    let Part { options, words, .. } = part;
    sheets.heading(words.text("summary.title"), 60.0);
    for paragraph in options.letterhead.introduction.iter().take(MOST_PARAGRAPHS) {
        sheets.paragraph(&one_line(paragraph));
    }
    sheets.subheading(words.text("summary.counts"), 40.0);
    sheets.facts(&counts(part), LABEL);
    reasons(sheets, part);
    levels(sheets, part);
    largest(sheets, part);
    if appendix.of_interest > appendix.pages {
        let (pages, of) = (appendix.pages as u64, appendix.of_interest as u64);
        sheets.remark(&words.filled(
            "summary.appendix_bounded",
            &[("pages", &words.count(pages)), ("n", &words.count(of))],
        ));
    }
}

fn counts(part: Part<'_>) -> Vec<(String, String)> {
    let Part { content, words, .. } = part;
    let of_kind = |kind| content.counted().filter(|event| event.kind == kind).count() as u64;
    let counted = content.counted().count() as u64;
    let mut facts = Vec::new();
    let mut add =
        |key: &'static str, value: String| facts.push((words.text(key).to_owned(), value));
    let kinds = [
        ("kind.waveforms", of_kind(EventKind::Waveform)),
        ("kind.histograms", of_kind(EventKind::Histogram)),
        ("kind.unknown", of_kind(EventKind::Unknown)),
    ];
    let kinds: Vec<String> = kinds
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(key, count)| words.counted(key, count))
        .collect();
    let counted = words.count(counted);
    add(
        "summary.events",
        match kinds.is_empty() {
            true => counted,
            false => format!("{counted} ({})", kinds.join(", ")),
        },
    );
    let false_triggers: Vec<&PeriodEvent> =
        content.events.iter().filter(|event| event.false_trigger).collect();
    let above =
        false_triggers.iter().filter(|event| event.standing(None) == Standing::Exceeds).count()
            as u64;
    let mut of_false = words.count(false_triggers.len() as u64);
    if above > 0 {
        of_false = format!("{of_false} ({})", words.counted("summary.false_above", above));
    }
    add("summary.false_triggers", of_false);
    if content.levels.is_any() {
        add("summary.exceeding", words.count(content.of_standing(Standing::Exceeds)));
        if let Some(percent) = content.levels.warn_percent {
            let count = words.count(content.of_standing(Standing::Warns));
            let percent = words.number(percent, 0);
            add(
                "summary.warning",
                words.filled("summary.warning_from", &[("n", &count), ("percent", &percent)]),
            );
        }
        add("summary.no_verdict", words.count(content.of_standing(Standing::NoVerdict)));
        add("summary.within", words.count(content.of_standing(Standing::Within)));
    }
    let doubtful = content
        .counted()
        .filter(|event| event.is_damaged || event.is_contradicted || !event.flags().is_empty())
        .count() as u64;
    add("summary.doubtful", words.count(doubtful));
    add("summary.without_time", words.count(content.without_time.len() as u64));
    if content.streams > 0 {
        add("summary.streams", words.count(content.streams));
    }
    facts
}

/// Why events have no verdict: how many of each cause.
fn reasons(sheets: &mut Sheets, part: Part<'_>) {
    let Part { content, words, .. } = part;
    let mut counts: Vec<(Cause, u64)> = Vec::new();
    for cause in content.counted().flat_map(PeriodEvent::causes) {
        match counts.iter_mut().find(|(of, _)| *of == cause) {
            Some((_, count)) => *count += 1,
            None => counts.push((cause, 1)),
        }
    }
    let is_lost = |event: &&PeriodEvent| event.has_level && event.not_decoded.is_some();
    let lost = content.counted().filter(is_lost).count() as u64;
    if counts.is_empty() && lost == 0 {
        return;
    }
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    sheets.subheading(words.text("summary.reasons"), 14.0);
    let columns = vec![
        Column::new(words.text("summary.reason"), sheets.area().w - 70.0, Align::Words),
        Column::new(words.text("summary.event_count"), 70.0, Align::Right),
    ];
    let counts = counts.into_iter().map(|(of, count)| (cause(words, of), count));
    let lost = (lost > 0).then(|| (words.text("flag.not_decoded"), lost));
    let rows: Vec<Row> = counts
        .chain(lost)
        .map(|(of, count)| Row::of([of.to_owned(), words.count(count)]))
        .collect();
    table(columns, part).draw(sheets, &rows);
}

pub(super) fn table(columns: Vec<Column>, part: Part<'_>) -> Table {
    let words = part.words;
    Table::new(columns, 8.0, words.text("page.continued"), words.text("forms.decimal"))
}

/// The limits, where they come from and how far they can be trusted.
fn levels(sheets: &mut Sheets, part: Part<'_>) {
    let Part { content, options, words } = part;
    sheets.subheading(words.text("limits.title"), 14.0);
    let levels = &content.levels;
    let none = match levels.of_archive.is_empty() {
        true => "limits.none",
        false => "limits.differ",
    };
    let none = |key: &str| vec![(words.text(key).to_owned(), words.text(none).to_owned())];
    for (key, curve) in [("cover.ground_level", &levels.ground), ("cover.air_level", &levels.air)] {
        let Some(curve) = curve else {
            sheets.facts(&none(key), LABEL);
            continue;
        };
        let unit = match curve.unit.is_level() {
            true => curve.unit,
            false => options.units.velocity(),
        };
        let unit = curve.unit.convert(1.0, unit).map_or(curve.unit, |_| unit);
        let mut said = curve_name(words, curve);
        match curve.range_of_limits(levels.distance_ft, unit) {
            Some((low, high)) => {
                let digits = |value: f64| limit_digits(words, value, unit);
                said.push_str(": ");
                said.push_str(&match low == high {
                    true => format!("{} {unit}", digits(low)),
                    false => words.filled(
                        "limits.by_frequency",
                        &[("low", &digits(low)), ("high", &digits(high)), ("unit", &unit)],
                    ),
                });
            }
            None if matches!(curve.rule, Rule::ByDistance(_)) => {
                said.push_str(": ");
                said.push_str(words.text("limits.no_distance"));
            }
            None => {}
        }
        let source = one_line(&curve.source);
        let source = words.filled("limits.source", &[("source", &source)]);
        sheets.facts(&[(words.text(key).to_owned(), format!("{said}. {source}"))], LABEL);
    }
    if let Some(distance) = levels.distance_ft {
        let distance = format!("{} ft", words.number(distance, 0));
        sheets.facts(&[(words.text("limits.distance").to_owned(), distance)], LABEL);
    }
}

/// The largest value of each channel.
fn largest(sheets: &mut Sheets, part: Part<'_>) {
    let Part { content, options, words } = part;
    sheets.subheading(words.text("largest.title"), 90.0);
    let width = sheets.area().w;
    let columns = vec![
        Column::new(words.text("largest.channel"), 60.0, Align::Words),
        Column::new(words.text("largest.value"), 66.0, Align::Decimal),
        Column::new("", 8.0, Align::Words),
        Column::new(words.text("largest.unit"), 44.0, Align::Words),
        Column::new("Hz", 48.0, Align::Decimal),
        Column::new(words.text("largest.time"), 118.0, Align::Right),
        Column::new(words.text("table.unit"), 66.0, Align::Right),
        Column::new(words.text("table.event"), width - 410.0, Align::Right),
    ];
    let rows: Vec<Row> = PeakOf::ALL
        .into_iter()
        .map(|of| {
            let Some((event, peak)) = content.largest(of) else {
                return Row::of([of.word(), NOTHING].map(str::to_owned));
            };
            let unit = match of {
                PeakOf::Microphone => peak.reading.unit,
                _ => options.units.velocity(),
            };
            let at = peak.at.or(event.start);
            Row::of([
                of.word().to_owned(),
                words.digits(peak.reading, unit),
                String::new(),
                unit.to_string(),
                words.hertz(peak.frequency),
                at.map_or(NOTHING.to_owned(), |at| words.moment(at)),
                one_line(&event.serial),
                event.id.to_string(),
            ])
        })
        .collect();
    table(columns, part).draw(sheets, &rows);
    sheets.remark(words.text("largest.remark"));
    sheets.remark(words.text("largest.signs"));
}
