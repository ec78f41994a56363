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
    /// Data is damaged or missing.
    Damage,
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
        Self { notes: Vec::new(), not_kept: 0, damaged: false, capacity: notes }
    }

    /// Adds a note.
    pub fn push(&mut self, note: Note) {
        self.damaged |= note.kind == NoteKind::Damage;
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
}
