//! What a rule over many events says about them.

use serde::Serialize;

use crate::candidate::candidates;
use crate::curve::{Curve, Rule, ShareOfEvents};
use crate::measurements::Measurements;
use crate::verdict::{Outcome, shown};

/// What a rule over many events (such as AS 2187.2) says about a list of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct EventsVerdict {
    /// [`Curve::id`].
    pub curve: String,
    /// How many events were given.
    pub events: usize,
    /// How many of them are above the limit that a share must keep.
    pub above_limit: usize,
    /// How many of them are above the limit that all must keep.
    pub above_always: usize,
    /// How many of them cannot be judged: saturated, gapped, of an assumed range or without a peak,
    /// and not above a limit as they are.
    pub not_judged: usize,
    /// The share in per cent of the judged events that keep the limit.
    pub share_percent: Option<f64>,
    /// How it ends; *within* only when every event could be judged.
    pub outcome: Outcome,
    /// Why, in words.
    pub reason: String,
}

impl Curve {
    /// Judges a list of events by a rule over many events; `None` for a curve with another rule.
    pub fn judge_events<'a>(
        &self,
        events: impl IntoIterator<Item = &'a Measurements>,
    ) -> Option<EventsVerdict> {
        let Rule::OverEvents(share) = self.rule else { return None };
        let (mut total, mut above_limit, mut above_always, mut not_judged) = (0, 0, 0, 0);
        for event in events {
            total += 1;
            let found = candidates(self.judges, event);
            let value = found
                .iter()
                .filter(|candidate| !self.is_obstructed(candidate, event))
                .filter_map(|candidate| Some((candidate, self.value_of(candidate)?)))
                // A bound that is within the limit settles it, one above it nothing.
                .filter(|(candidate, value)| !candidate.is_upper_bound() || *value <= share.limit)
                .map(|(_, value)| value)
                .reduce(f64::max);
            let in_doubt = found.iter().any(|candidate| self.is_in_doubt(candidate, event));
            match value {
                Some(value) if value > share.limit => {
                    above_limit += 1;
                    above_always += usize::from(value > share.always);
                    // It may be above the larger limit as well.
                    not_judged += usize::from(in_doubt && value <= share.always);
                }
                Some(_) if !in_doubt => {}
                _ => not_judged += 1,
            }
        }
        Some(self.events_verdict(share, [total, above_limit, above_always, not_judged]))
    }

    fn events_verdict(&self, share: ShareOfEvents, counts: [usize; 4]) -> EventsVerdict {
        let [events, above_limit, above_always, not_judged] = counts;
        let keeping = events - above_limit;
        let share_percent = (events > 0).then(|| 100.0 * keeping as f64 / events as f64);
        let limit = shown(share.limit, self.unit);
        let always = shown(share.always, self.unit);
        let required = share.share_percent;
        let (outcome, reason) = match share_percent {
            None => (Outcome::NoVerdict, "There are no events.".to_owned()),
            Some(_) if above_always > 0 => (
                Outcome::Exceeds,
                format!("{above_always} of {events} events are above {always}, which none may be."),
            ),
            // Doubtful events only lower the share: below the required one it is settled.
            Some(found) if found < required => (
                Outcome::Exceeds,
                format!("{found:.1} % of {events} events keep {limit}; {required} % must."),
            ),
            Some(_) if not_judged > 0 => {
                (Outcome::NoVerdict, format!("{not_judged} of {events} events cannot be judged."))
            }
            Some(found) => (
                Outcome::Within,
                format!(
                    "{found:.1} % of {events} events keep {limit} ({required} % must), and none \
                     is above {always}."
                ),
            ),
        };
        let curve = self.id.clone();
        EventsVerdict {
            curve,
            events,
            above_limit,
            above_always,
            not_judged,
            share_percent,
            outcome,
            reason,
        }
    }
}
