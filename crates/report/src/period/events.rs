//! The table of all events, and that of their source files.

use super::Part;
use super::content::{PeakOf, PeriodEvent, PeriodPeak, Standing};
use super::phrases::{remarks, share};
use crate::sheets::Sheets;
use crate::table::{Align, Column, Row, Table};
use crate::text::one_line;
use crate::words::NOTHING;

/// Size of the letters of the large tables.
const SIZE: f64 = 6.9;

pub(super) fn draw(sheets: &mut Sheets, part: Part<'_>) {
    let Part { content, words, .. } = part;
    sheets.heading(words.text("events.title"), 80.0);
    match content.events.is_empty() {
        true => sheets.paragraph(words.text("result.no_events")),
        false => {
            sheets.remark(words.text("events.remark"));
            events(sheets, part, &content.events);
        }
    }
    if !content.without_time.is_empty() {
        sheets.heading(words.text("events.without_time"), 80.0);
        sheets.remark(words.text("events.without_time_remark"));
        events(sheets, part, &content.without_time);
    }
}

fn events(sheets: &mut Sheets, part: Part<'_>, events: &[PeriodEvent]) {
    let Part { content, options, words } = part;
    let unit = options.units.velocity().to_string();
    let of_geophone = |of: PeakOf, columns: &mut Vec<Column>| {
        columns.push(Column::new(of.word(), 38.0, Align::Decimal).with_unit(&unit));
        columns.push(Column::new("", 26.0, Align::Decimal).with_unit("Hz"));
    };
    let mut columns = vec![
        Column::new(words.text("table.number"), 27.0, Align::Words),
        Column::new(words.text("table.time"), 76.0, Align::Words)
            .with_unit(words.text("table.unit_local")),
        Column::new(words.text("table.unit"), 42.0, Align::Words),
    ];
    for of in PeakOf::GEOPHONES {
        of_geophone(of, &mut columns);
    }
    columns.push(Column::new("PVS", 38.0, Align::Decimal).with_unit(&unit));
    columns.push(Column::new("MicL", 34.0, Align::Decimal).with_unit("dB"));
    let used = 27.0 + 76.0 + 42.0 + 3.0 * 64.0 + 38.0 + 34.0;
    let left = sheets.area().w - used;
    columns.push(
        Column::new(words.text("table.share"), 34.0, Align::Right)
            .with_unit(words.text("table.of_limit")),
    );
    columns.push(Column::new(words.text("table.verdict"), left - 34.0, Align::Right));
    // Where a unit stood at one place throughout, that is beside the unit.
    let several = content.units.iter().any(|unit| unit.locations.len() > 1);
    let rows: Vec<Row> = events.iter().map(|event| row(part, event, several)).collect();
    let table =
        Table::new(columns, SIZE, words.text("events.continued"), words.text("forms.decimal"));
    table.draw(sheets, &rows);
}

fn row(part: Part<'_>, event: &PeriodEvent, several: bool) -> Row {
    let Part { content, options, words } = part;
    let unit = options.units.velocity();
    let value = |peak: Option<PeriodPeak>| {
        peak.map_or(NOTHING.to_owned(), |peak| words.digits(peak.reading, unit))
    };
    let hertz = |peak: Option<PeriodPeak>| {
        peak.map_or(NOTHING.to_owned(), |peak| words.hertz(peak.frequency))
    };
    let found = event.standing(content.levels.warn_percent);
    let worst = event
        .verdicts()
        .filter(|verdict| verdict.margin_percent.is_some())
        .min_by(|a, b| a.margin_percent.unwrap_or(0.0).total_cmp(&b.margin_percent.unwrap_or(0.0)));
    let mut cells = vec![
        event.id.to_string(),
        event.start.map_or(NOTHING.to_owned(), |start| words.moment(start)),
        one_line(&event.serial),
    ];
    for of in PeakOf::GEOPHONES {
        let peak = event.peak(of);
        cells.extend([value(peak), hertz(peak)]);
    }
    cells.push(value(event.peak(PeakOf::VectorSum)));
    cells.push(microphone(part, event));
    cells.push(worst.and_then(|verdict| share(words, verdict)).unwrap_or(NOTHING.to_owned()));
    cells.push(words.standing(event, content.levels.warn_percent).to_owned());
    let mut note = Vec::new();
    if several {
        note.extend(event.location.as_deref().map(one_line).filter(|it| !it.is_empty()));
    }
    note.extend(remarks(words, event, unit));
    Row {
        note: note.join(" · "),
        is_marked: found == Standing::Exceeds && !event.false_trigger,
        is_soft: event.false_trigger,
        ..Row::of(cells)
    }
}

/// A level; its unit where it is not dB(L).
fn microphone(part: Part<'_>, event: &PeriodEvent) -> String {
    let Some(peak) = event.peak(PeakOf::Microphone) else { return NOTHING.to_owned() };
    let digits = part.words.digits(peak.reading, peak.reading.unit);
    match peak.reading.unit {
        wavekeep_core::Unit::DecibelA => format!("{digits} A"),
        wavekeep_core::Unit::DecibelC => format!("{digits} C"),
        _ => digits,
    }
}

/// The source file of each event with its checksum.
pub(super) fn sources(sheets: &mut Sheets, part: Part<'_>) {
    let Part { content, words, .. } = part;
    if content.events.is_empty() && content.without_time.is_empty() {
        return;
    }
    sheets.heading(words.text("sources.title"), 80.0);
    sheets.remark(words.text("sources.remark"));
    let width = sheets.area().w;
    let columns = vec![
        Column::new(words.text("table.number"), 34.0, Align::Words),
        Column::new(words.text("sources.file"), width - 350.0, Align::Words),
        Column::new(words.text("sources.bytes"), 52.0, Align::Right),
        Column::new("", 12.0, Align::Words),
        Column::new("SHA-256", 252.0, Align::Words),
    ];
    let row = |event: &PeriodEvent| {
        Row::of([
            event.id.to_string(),
            one_line(&event.file_name),
            event.bytes.map_or(NOTHING.to_owned(), |bytes| words.count(bytes)),
            String::new(),
            event.sha256.as_deref().map_or(NOTHING.to_owned(), one_line),
        ])
    };
    let rows: Vec<Row> = content.events.iter().chain(&content.without_time).map(row).collect();
    let table =
        Table::new(columns, SIZE, words.text("sources.continued"), words.text("forms.decimal"));
    table.draw(sheets, &rows);
}
