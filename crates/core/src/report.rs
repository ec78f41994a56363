//! What a decoder survived and what it took for granted.

use std::borrow::Cow;
use std::ops::Range;

use serde::Serialize;

/// What a [`Note`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// A value that nothing stated was taken for granted.
    Assumption,
    /// Two statements about the same thing differ; the data itself may be whole.
    Disagreement,
    /// The vendor's report and the samples differ by more than rounding and steps of the converter
    /// explain: at least one of them is wrong, or the report is of another event.
    Contradiction,
    /// Data is damaged or missing.
    Damage,
}

/// How a recording is, by its worst note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing is missing, and nothing contradicts the samples.
    Whole,
    /// Report and samples contradict each other.
    Contradicted,
    /// Data is damaged or missing.
    Damaged,
}

impl Status {
    /// `whole`, `contradicted` or `damaged`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Contradicted => "contradicted",
            Self::Damaged => "damaged",
        }
    }

    /// Whether there is something that a person has to look at.
    pub fn is_finding(self) -> bool {
        self != Self::Whole
    }
}

/// One thing that a reader of the recording ought to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What it is about.
    pub kind: NoteKind,
    /// A short stable word for programs, such as `segment_lost`.
    pub code: &'static str,
    /// The channel, when it concerns one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Cow<'static, str>>,
    /// Sample or interval indices, when it concerns some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<Range<usize>>,
    /// Byte offset in the source file, when it has a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// A sentence for people.
    pub message: String,
}

impl Note {
    /// A note without a place.
    pub fn new(kind: NoteKind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, channel: None, samples: None, offset: None, message: message.into() }
    }

    /// Adds the byte offset.
    #[must_use]
    pub fn at(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// Adds the channel.
    #[must_use]
    pub fn on(mut self, channel: impl Into<Cow<'static, str>>) -> Self {
        self.channel = Some(channel.into());
        self
    }

    /// Adds the sample or interval indices.
    #[must_use]
    pub fn over(mut self, samples: Range<usize>) -> Self {
        self.samples = Some(samples);
        self
    }
}

/// Notes on one recording, in the order in which they were made.
///
/// A hostile file can make notes without end: beyond [`capacity`](Self::with_capacity) they are
/// only counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    notes: Vec<Note>,
    #[serde(skip_serializing_if = "is_zero")]
    not_kept: usize,
    #[serde(skip)]
    damaged: bool,
    #[serde(skip)]
    contradicted: bool,
    #[serde(skip)]
    capacity: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Default for Report {
    fn default() -> Self {
        Self::with_capacity(crate::Limits::default().notes)
    }
}

impl Report {
    /// A report that keeps at most `notes` notes.
    pub fn with_capacity(notes: usize) -> Self {
        Self {
            notes: Vec::new(),
            not_kept: 0,
            damaged: false,
            contradicted: false,
            capacity: notes,
        }
    }

    /// Adds a note.
    pub fn push(&mut self, note: Note) {
        self.damaged |= note.kind == NoteKind::Damage;
        self.contradicted |= note.kind == NoteKind::Contradiction;
        if self.notes.len() < self.capacity {
            self.notes.push(note);
        } else {
            self.not_kept += 1;
        }
    }

    /// Adds a [`NoteKind::Damage`] note without a place.
    pub fn damage(&mut self, code: &'static str, message: impl Into<String>) {
        self.push(Note::new(NoteKind::Damage, code, message));
    }

    /// Adds a [`NoteKind::Disagreement`] note without a place.
    pub fn disagreement(&mut self, code: &'static str, message: impl Into<String>) {
        self.push(Note::new(NoteKind::Disagreement, code, message));
    }

    /// Adds a [`NoteKind::Assumption`] note.
    pub fn assumption(&mut self, code: &'static str, message: impl Into<String>) {
        self.push(Note::new(NoteKind::Assumption, code, message));
    }

    /// Takes back the notes with this code: what they said has been settled since.
    pub fn settle(&mut self, code: &str) {
        self.notes.retain(|note| note.code != code);
        // Damage beyond the capacity is not forgotten: what it was is not known.
        self.damaged = self.not_kept > 0 && self.damaged
            || self.notes.iter().any(|note| note.kind == NoteKind::Damage);
    }

    /// Takes back every contradiction: report and samples are about to be compared again.
    pub fn settle_contradictions(&mut self) {
        self.notes.retain(|note| note.kind != NoteKind::Contradiction);
        self.contradicted = false;
    }

    /// The notes that were kept.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// How many notes were counted only.
    pub fn not_kept(&self) -> usize {
        self.not_kept
    }

    /// The notes of one kind.
    pub fn of_kind(&self, kind: NoteKind) -> impl Iterator<Item = &Note> {
        self.notes.iter().filter(move |note| note.kind == kind)
    }

    /// Whether data is damaged or missing.
    pub fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// Whether the vendor's report and the samples contradict each other.
    pub fn is_contradicted(&self) -> bool {
        self.contradicted
    }

    /// How the recording is, by its worst note.
    pub fn status(&self) -> Status {
        match (self.damaged, self.contradicted) {
            (true, _) => Status::Damaged,
            (false, true) => Status::Contradicted,
            (false, false) => Status::Whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_beyond_the_capacity_are_counted_and_damage_is_not_forgotten() {
        let mut report = Report::with_capacity(1);
        report.assumption("rate", "1024 samples/s");
        report.damage("segment_lost", "gone");
        assert_eq!(report.notes().len(), 1);
        assert_eq!(report.not_kept(), 1);
        assert!(report.is_damaged());
    }

    #[test]
    fn a_contradiction_is_a_finding_until_it_is_settled() {
        let mut report = Report::default();
        assert_eq!(report.status(), Status::Whole);
        report.push(Note::new(NoteKind::Contradiction, "peak", "0.010 and 2.035 in/s"));
        assert_eq!(report.status(), Status::Contradicted);
        report.damage("segment_lost", "gone");
        assert_eq!(report.status(), Status::Damaged);
        report.settle_contradictions();
        assert!(!report.is_contradicted() && report.is_damaged());
    }
}
