//! The review of an event, as the event page prints it.

use crate::facts::{Fact, fact};
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
    pub(crate) fn facts(&self) -> Vec<Fact> {
        let Some(at) = &self.reviewed_at else {
            let state = if self.false_trigger { "false trigger" } else { "not reviewed" };
            return vec![fact("Review", state)];
        };
        let state = if self.false_trigger { "false trigger" } else { "real event" };
        let by = self.reviewer.as_deref().map(|name| format!(", by {}", one_line(name)));
        let at = one_line(at).replace('T', " ");
        let at = at.trim_end_matches('Z');
        let mut facts =
            vec![fact("Review", format!("{state}{}, {at} UTC", by.unwrap_or_default()))];
        let note = self.notes.as_deref().map(one_line).filter(|note| !note.is_empty());
        facts.extend(note.map(|note| fact("Note", note)));
        facts
    }
}
