//! What a reader did not understand: counted, and the first of it kept.

use serde_json::{Value, json};

/// As many as are kept with their text.
const KEPT: usize = 100;
/// As many characters as are kept of each.
const KEPT_CHARACTERS: usize = 80;

/// What was not understood of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotUnderstood {
    /// Lines that are neither a field nor a row.
    pub lines: u64,
    /// Fields whose label is not known, or whose value is not what the label asks for.
    pub fields: u64,
    /// Rows that do not fit the table, or that stand without a heading.
    pub rows: u64,
    /// The first of them: number of the line and the text, cut to a few words.
    pub kept: Vec<(u64, String)>,
}

/// What a line was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Line,
    Field,
    Row,
}

impl NotUnderstood {
    pub(crate) fn add(&mut self, part: Part, line: u64, text: &str) {
        match part {
            Part::Line => self.lines += 1,
            Part::Field => self.fields += 1,
            Part::Row => self.rows += 1,
        }
        if self.kept.len() < KEPT {
            self.kept.push((line, shortened(text, KEPT_CHARACTERS)));
        }
    }

    /// Whether everything was understood.
    pub fn is_empty(&self) -> bool {
        self.lines + self.fields + self.rows == 0
    }

    /// What it comes to, in a sentence for people: `2 lines and 1 field (line 14: "Weather : rain")`.
    pub(crate) fn sentence(&self) -> String {
        let counts =
            [(self.lines, "line"), (self.fields, "field"), (self.rows, "row of the table")];
        let counts: Vec<String> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| match (count, what) {
                (1, what) => format!("1 {what}"),
                (count, "row of the table") => format!("{count} rows of the table"),
                (count, what) => format!("{count} {what}s"),
            })
            .collect();
        let first = self.kept.first();
        let first = first.map_or_else(String::new, |(line, text)| {
            format!(", the first at line {line}: {text:?}")
        });
        format!("the report holds what was not understood: {}{first}", counts.join(", "))
    }

    /// As JSON: counts, and the first of it with line numbers.
    pub fn to_json(&self) -> Value {
        let kept: Vec<Value> =
            self.kept.iter().map(|(line, text)| json!({ "line": line, "text": text })).collect();
        json!({ "lines": self.lines, "fields": self.fields, "rows": self.rows, "first": kept })
    }
}

/// At most `characters` of `text`, with `…` where it goes on.
pub(crate) fn shortened(text: &str, characters: usize) -> String {
    let mut all = text.chars();
    let mut short: String = all.by_ref().take(characters).collect();
    if all.next().is_some() {
        short.push('…');
    }
    short
}
