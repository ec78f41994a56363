//! The review of an event, as the event page prints it.

use crate::facts::{Fact, fact};
use crate::language::Words;
use crate::text::one_line;

/// The review of an event of an archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Review {
    /// Whether the event is marked as a false trigger.
    pub false_trigger: bool,
    /// The reviewer, where a name was given.
    pub reviewer: Option<String>,
    /// When it was reviewed, in UTC; `None` when nobody did.
    pub reviewed_at: Option<String>,
    /// The reviewer's note.
    pub notes: Option<String>,
    /// What people say in place of notes of the unit.
    pub corrections: Vec<Correction>,
}

/// A note of the unit that people set or corrected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The role of the note: `project`, `client`, `operator`, `sensor_location`; of the blast `charge`,
    /// `distance`.
    pub role: &'static str,
    /// What is true; `None` says that there is none.
    pub text: Option<String>,
}

impl Review {
    /// State, reviewer and note.
    pub(crate) fn facts(&self, words: &Words) -> Vec<Fact> {
        let Some(at) = &self.reviewed_at else {
            let state = if self.false_trigger { "standing.false_trigger" } else { "review.none" };
            return vec![fact(words, "review.label", words.text(state))];
        };
        let state = if self.false_trigger { "standing.false_trigger" } else { "review.real" };
        let state = words.text(state);
        let at = one_line(at).replace('T', " ");
        let at = at.trim_end_matches('Z');
        let by = self.reviewer.as_deref().map(one_line);
        let by = by.map(|name| words.filled("review.by", &[("name", &name)]));
        let parts = [Some(state.to_owned()), by, Some(format!("{at} UTC"))];
        let said = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let mut facts = vec![fact(words, "review.label", said)];
        let note = self.notes.as_deref().map(one_line).filter(|note| !note.is_empty());
        facts.extend(note.map(|note| fact(words, "review.note", note)));
        facts
    }
}
