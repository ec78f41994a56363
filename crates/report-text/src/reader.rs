//! Lines to a report: each is a field, a part of a table, a row of the monitor log, or not
//! understood.

use std::io::BufRead;

use serde_json::{Map, Value, json};
use wavekeep_core::{
    Error, MonitorLogEntry, Note, NoteKind, Recording, Result, Statement, Unit, UnitLocal,
};

use crate::cells::{Separator, cells, is_blank, unquoted};
use crate::heading::{Column, Heading, Layout};
use crate::label::{CHANNELS, Label, key};
use crate::lines::Lines;
use crate::not_understood::{NotUnderstood, Part, shortened};
use crate::number::{DecimalMark, MarkVotes};
use crate::rows::{
    IntervalRow, SampleColumn, SampleTable, Units, interval_row, looks_like_row, sample_row,
    sample_table,
};
use crate::statement::{self, Decisions, Field, NOTE_ROLES, StatedUnits};
use crate::tally::{Tally, Walk};

/// Rows that wait until the decimal mark is decided.
const WAITING_ROWS: usize = 256;
/// Fields that are looked at; no report has as many.
const MOST_FIELDS: usize = 2000;
/// Rows of a histogram's table that are kept: more than two years of minutes.
const MOST_INTERVALS: usize = 1 << 20;
/// Rows of a monitor log that are kept.
const MOST_LOG_ROWS: usize = 200;

/// What distinguishes the reports of one kind of unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// Its name in a sentence: `Blastware report text`.
    pub name: &'static str,
    /// What its texts hold, for the error of a text that does not.
    pub expected: &'static str,
    /// The unit of a microphone's samples where nothing in the text says one.
    pub microphone: Option<Unit>,
}

/// What is known beside the text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Context {
    /// What kind of report is expected.
    pub form: &'static Form,
    /// Start of the event by the file itself or its name: it may decide what is a day and what a
    /// month.
    pub file_start: Option<UnitLocal>,
    /// The largest text that is read, in bytes.
    pub limit_bytes: u64,
}

/// A report, read.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ReportText {
    /// What it states.
    pub statement: Statement,
    /// Its table of samples.
    pub samples: Option<SampleTable>,
    /// Its table of intervals.
    pub intervals: Vec<IntervalRow>,
    /// What a reader of the recording ought to know of the text.
    pub notes: Vec<Note>,
    /// What was not understood.
    pub not_understood: NotUnderstood,
    /// How it was read: what decided between points and commas, days and months.
    pub facts: Map<String, Value>,
}

/// Codes of the notes that reading makes.
pub const NOTES: [&str; 9] = [
    "blast_distance",
    "decimal_mark",
    "further_sensor",
    "report_date",
    "report_field_again",
    "report_not_understood",
    "scaled_distance",
    "table_columns",
    "table_unit",
];

/// Reads a report, line by line.
///
/// `recording` is the event that it belongs to: rows are compared with its counts as they are read.
///
/// # Errors
/// [`Error::NotThisFormat`] when not one field of a report is found, [`Error::Limit`] when the text
/// is longer than the limit, [`Error::Read`] when the text cannot be read to its end.
pub fn read(
    text: &mut dyn BufRead,
    context: &Context,
    recording: Option<&Recording>,
) -> Result<ReportText> {
    let channel = |name: &str| recording.and_then(|recording| recording.channel(name));
    let mut walk = Walk::new(CHANNELS.map(channel));
    let mut reader = Reader::default();
    let mut lines = Lines::new(text, context.limit_bytes)?;
    let mut first = String::new();
    let mut take = |row: [Option<f64>; 4]| walk.take(row);
    while let Some(line) = lines.next()? {
        if first.is_empty() {
            first = shortened(line.text, 60);
        }
        if line.is_cut {
            reader.not_understood.add(Part::Line, line.number, line.text);
        } else {
            reader.line(line.number, line.text, &mut take);
        }
    }
    reader.decide(&mut take);
    reader.release_held(&mut take);
    if !reader.fields.iter().any(|field| Label::of(&key(&field.name)).is_of_reports()) {
        return Err(Error::NotThisFormat {
            format: context.form.name,
            expected: context.form.expected.into(),
            found: if first.is_empty() { "no line".to_owned() } else { first },
        });
    }
    Ok(reader.finish(context, walk.tallies))
}

type Take<'t> = &'t mut dyn FnMut([Option<f64>; 4]);

/// The way in which labels of several words are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Spelling {
    with_blanks: u32,
    joined: u32,
}

/// What a table is being read as.
#[derive(Debug, Default)]
enum TableState {
    #[default]
    None,
    /// Lines of a heading, before the first row.
    Heading(Heading),
    Rows(Layout),
    /// A further table: its rows are counted.
    Further,
}

#[derive(Debug, Default)]
struct Reader {
    fields: Vec<Field>,
    spelling: Spelling,
    /// Lines behind `Units`, until it is known whether they are the four notes.
    held: Vec<(u64, String)>,
    held_left: usize,
    in_monitor_log: bool,
    monitor_log: Vec<MonitorLogEntry>,
    votes: MarkVotes,
    mark: Option<DecimalMark>,
    is_decided: bool,
    waiting: Vec<(u64, String)>,
    table: TableState,
    layout: Option<Layout>,
    rows: usize,
    decimals: [u8; 4],
    intervals: Vec<IntervalRow>,
    not_understood: NotUnderstood,
}

impl Reader {
    fn line(&mut self, number: u64, line: &str, take: Take<'_>) {
        if let TableState::Rows(_) = self.table
            && self.row(number, line, take)
        {
            return;
        }
        if is_blank(line) {
            return;
        }
        if self.held_left > 0 && self.hold(number, line) {
            return;
        }
        if self.in_monitor_log {
            self.in_monitor_log = line.contains('\t') && Heading::first(line).is_none();
            if self.in_monitor_log {
                return self.monitor_log_row(number, line);
            }
        }
        if unquoted(line).to_ascii_lowercase().starts_with("monitor log") {
            self.in_monitor_log = true;
            return;
        }
        let field = split(line);
        let is_known = field.is_some_and(|(name, _)| Label::of(&key(name)) != Label::Unknown);
        if !is_known && self.heading(line) {
            return;
        }
        match field {
            Some((name, value)) => self.field(number, name, value),
            None if self.begins_rows(line) => self.line(number, line, take),
            None if looks_like_row(line) => self.not_understood.add(Part::Row, number, line),
            None => self.not_understood.add(Part::Line, number, line),
        }
    }

    /// Holds a line behind `Units` back. A report of Blastware has four notes there, whatever their
    /// labels say; other reports do not.
    fn hold(&mut self, number: u64, line: &str) -> bool {
        let Spelling { with_blanks, joined } = self.spelling;
        let begins_table = split(line).is_none() && Heading::first(line).is_some();
        let is_open = with_blanks == joined && split(line).is_none();
        if joined > with_blanks || is_open || begins_table {
            self.held_left = 0;
            return false;
        }
        self.held_left -= 1;
        self.held.push((number, line.to_owned()));
        true
    }

    /// Takes the lines that were held back as what they are.
    fn release_held(&mut self, take: Take<'_>) {
        let held = std::mem::take(&mut self.held);
        self.held_left = 0;
        if self.spelling.with_blanks == 0 || self.spelling.joined > self.spelling.with_blanks {
            for (number, line) in held {
                self.line(number, &line, take);
            }
            return;
        }
        for ((line, text), role) in held.into_iter().zip(NOTE_ROLES) {
            let text = unquoted(&text);
            let (name, value) = text
                .split_once(" : ")
                .or_else(|| text.strip_suffix(" :").map(|label| (label, "")))
                .unwrap_or((text, ""));
            let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
            let at = self.fields.partition_point(|field| field.line < line);
            self.fields.insert(at, Field { line, name, value, note: Some(role) });
        }
    }

    fn monitor_log_row(&mut self, number: u64, line: &str) {
        if self.monitor_log.len() == MOST_LOG_ROWS {
            return self.not_understood.add(Part::Row, number, line);
        }
        let mut columns = cells(unquoted(line), Separator::Tab).map(|cell| shortened(cell, 200));
        let mut next = || columns.next().unwrap_or_default();
        let (start, stop) = (next(), next());
        let text = columns.collect::<Vec<_>>().join("\t");
        self.monitor_log.push(MonitorLogEntry { start, stop, text });
    }

    fn field(&mut self, line: u64, name: &str, value: &str) {
        let label = Label::of(&key(name));
        if label.has_words() {
            let with_blanks = name.contains(' ');
            self.spelling.with_blanks += u32::from(with_blanks);
            self.spelling.joined += u32::from(!with_blanks);
        }
        if label.is_number() {
            self.votes.add(value);
        }
        if self.fields.len() >= MOST_FIELDS {
            return self.not_understood.add(Part::Field, line, &format!("{name} : {value}"));
        }
        if label == Label::Event(crate::label::EventField::Units)
            && self.held.is_empty()
            && self.spelling.joined <= self.spelling.with_blanks
        {
            self.held_left = NOTE_ROLES.len();
        }
        let (name, value) = (name.to_owned(), value.to_owned());
        self.fields.push(Field { line, name, value, note: None });
    }

    /// Takes a line of a heading.
    fn heading(&mut self, line: &str) -> bool {
        if let TableState::Heading(heading) = &mut self.table
            && heading.take_below(line)
        {
            return true;
        }
        let Some(heading) = Heading::first(line) else { return false };
        self.table = match &self.layout {
            // The same heading again, as on every page of a print.
            Some(layout) if *layout == heading.clone().layout() => TableState::Rows(layout.clone()),
            Some(_) => TableState::Further,
            None => TableState::Heading(heading),
        };
        true
    }

    /// Whether a line is the first row of a table, which then is being read.
    fn begins_rows(&mut self, line: &str) -> bool {
        match std::mem::take(&mut self.table) {
            TableState::Heading(heading) if looks_like_row(line) => {
                let layout = heading.layout();
                if layout.columns.len() == cells(line, layout.separator).count() {
                    self.layout = Some(layout.clone());
                    self.table = TableState::Rows(layout);
                    return true;
                }
                self.table = TableState::Further;
            }
            TableState::None if self.layout.is_none() && looks_like_row(line) => {
                let separator = Separator::of(line);
                let layout = Layout::of_histogram_rows(cells(line, separator).count(), separator);
                if let Some(layout) = layout.filter(|_| line.contains('\t')) {
                    self.layout = Some(layout.clone());
                    self.table = TableState::Rows(layout);
                    return true;
                }
            }
            other => self.table = other,
        }
        false
    }

    /// Takes a row of the table. Rows wait until the decimal mark of the text is decided.
    fn row(&mut self, number: u64, line: &str, take: Take<'_>) -> bool {
        if self.is_decided {
            return self.decided_row(number, line, take);
        }
        let TableState::Rows(layout) = &self.table else { return false };
        if cells(line, layout.separator).count() != layout.columns.len() || !looks_like_row(line) {
            return false;
        }
        for (cell, column) in cells(line, layout.separator).zip(&layout.columns) {
            if !matches!(column, Column::Time | Column::Other) {
                self.votes.add(cell);
            }
        }
        self.waiting.push((number, line.to_owned()));
        if self.waiting.len() == WAITING_ROWS {
            self.decide(take);
        }
        true
    }

    /// Decides the decimal mark by what was read so far, and takes the rows that waited for it.
    fn decide(&mut self, take: Take<'_>) {
        if self.is_decided {
            return;
        }
        self.is_decided = true;
        self.mark = self.votes.mark();
        for (number, line) in std::mem::take(&mut self.waiting) {
            if !self.decided_row(number, &line, take) {
                self.not_understood.add(Part::Row, number, &line);
            }
        }
    }

    fn decided_row(&mut self, number: u64, line: &str, take: Take<'_>) -> bool {
        let TableState::Rows(layout) = &self.table else { return false };
        if layout.is_of_intervals {
            let Some(row) = interval_row(line, layout, self.mark) else { return false };
            if self.intervals.len() < MOST_INTERVALS {
                self.intervals.push(row);
            } else {
                self.not_understood.add(Part::Row, number, line);
            }
            return true;
        }
        match sample_row(line, layout, self.mark) {
            Some(row) => {
                for (decimals, number) in self.decimals.iter_mut().zip(&row) {
                    *decimals = (*decimals).max(number.map_or(0, |number| number.decimals));
                }
                take(row.map(|number| number.map(|number| number.value)));
                self.rows += 1;
                true
            }
            None => false,
        }
    }

    fn finish(mut self, context: &Context, tallies: [Tally; 4]) -> ReportText {
        let decisions = Decisions { mark: self.votes.mark(), file_start: context.file_start };
        let stated = statement::statement(&self.fields, decisions, &mut self.not_understood);
        self.not_understood.kept.sort_by_key(|(line, _)| *line);
        let mut out = ReportText { statement: stated.statement, ..ReportText::default() };
        out.statement.monitor_log = self.monitor_log;
        let mut note = |code, message: String| {
            out.notes.push(Note::new(NoteKind::Disagreement, code, message));
        };
        if let Some(doubt) = self.votes.doubt() {
            note("decimal_mark", doubt);
        }
        let units =
            out.statement.units.as_deref().map_or_else(StatedUnits::default, StatedUnits::of);
        if let Some(layout) = &self.layout {
            if !layout.unknown.is_empty() {
                let columns = layout.unknown.iter().map(|name| shortened(name, 40));
                let columns = columns.collect::<Vec<_>>().join(", ");
                note(
                    "table_columns",
                    format!("the report's table has columns that are not known: {columns}"),
                );
            }
            if !layout.is_of_intervals && self.rows > 0 {
                let units = Units { stated: units, microphone: context.form.microphone };
                let table = sample_table(layout, units, self.rows, self.decimals, tallies);
                let has_no_unit = |column: &Option<SampleColumn>| {
                    column.as_ref().is_some_and(|column| column.unit.is_none())
                };
                let nameless: Vec<&str> = CHANNELS
                    .into_iter()
                    .zip(&table.columns)
                    .filter(|(_, column)| has_no_unit(column))
                    .map(|(name, _)| name)
                    .collect();
                if !nameless.is_empty() {
                    note(
                        "table_unit",
                        format!(
                            "the report does not say in which unit it lists the samples of {}: they were not compared",
                            nameless.join(", ")
                        ),
                    );
                }
                out.samples = Some(table);
            }
        }
        out.intervals = self.intervals;
        let velocity = out.statement.geophone_range.map(|range| range.unit).or(units.velocity);
        for row in &mut out.intervals {
            row.give_unit(velocity.unwrap_or(Unit::InchPerSecond));
        }
        if !self.not_understood.is_empty() {
            note("report_not_understood", self.not_understood.sentence());
            out.facts.insert("report_not_understood".to_owned(), self.not_understood.to_json());
        }
        out.notes.extend(stated.notes);
        if self.votes.mark() == Some(DecimalMark::Comma) {
            out.facts.insert("report_decimal_mark".to_owned(), json!(","));
        }
        if let Some(order) = stated.date_order {
            out.facts.insert("report_date_order".to_owned(), json!(format!("{order:?}")));
        }
        out.not_understood = self.not_understood;
        out
    }
}

/// Takes a line apart into a label and a value: `Name : Value`, `"Name : Value"`,
/// `"Name","Value"`, and with other separators where the label is one that is known.
fn split(line: &str) -> Option<(&str, &str)> {
    let is_field = |(name, value): (&'_ str, &'_ str)| {
        let is_named = name.chars().any(char::is_alphanumeric);
        is_named && name.len() <= 200 && value.len() <= 4096
    };
    if line.starts_with('"') {
        for separator in [Separator::Comma, Separator::Semicolon, Separator::Tab] {
            let mut all = cells(line, separator);
            let name = all.next().unwrap_or_default();
            // `"Name : Value"` is one cell.
            if name.len() + 2 >= line.len() || line.as_bytes().get(name.len() + 1) != Some(&b'"') {
                continue;
            }
            let rest = line[name.len() + 2..].trim_start();
            let value = cells(rest.get(1..).unwrap_or_default(), separator).next();
            let is_known = Label::of(&key(name)) != Label::Unknown;
            let others = all.skip(1).filter(|cell| !cell.is_empty()).count();
            if others == 0 || is_known {
                return Some((name, value.unwrap_or_default())).filter(|field| is_field(*field));
            }
        }
    }
    let line = unquoted(line);
    let by_colon = line
        .split_once(" : ")
        .or_else(|| line.split_once(": "))
        .or_else(|| line.split_once(":\t"))
        .or_else(|| Some((line.strip_suffix(':')?, "")));
    let known = |sign: char| {
        let (name, value) = line.split_once(sign)?;
        // A text that a spreadsheet has saved again has as many separators in each line.
        let value = if sign == ':' { value } else { value.trim_end_matches([sign, ' ']) };
        (Label::of(&key(name)) != Label::Unknown).then_some((name, value))
    };
    let field = by_colon.or_else(|| [':', '\t', ';', ','].into_iter().find_map(known))?;
    let (name, value) = (field.0.trim(), unquoted(field.1.trim()).trim());
    Some((name, value)).filter(|field| is_field(*field))
}
