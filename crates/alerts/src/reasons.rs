//! What there is to notify people of: events by their verdicts, units by their last contact, battery and
//! calibration.

use jiff::{SignedDuration, Timestamp, Zoned};
use wavekeep_archive::{
    Archive, ArchiveError, EventRow, LevelOutcome, Query, Sort, SortKey, battery_volts,
    calibration_due,
};
use wavekeep_core::UnitLocal;

use crate::outbox::Item;
use crate::rules::{Occasion, Rule, Rules, Target};

/// Events that are looked at at a time.
const AT_A_TIME: usize = 500;

/// Where the search goes on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cursor {
    /// The last change that was looked at.
    changed: i64,
}

impl Cursor {
    /// Alerts for the events that changed since the last call, at most some hundreds of them; whether
    /// there may be more.
    ///
    /// An event that came in before `begun`, or longer ago than the rules say, is no reason: a new level
    /// over years of events would be thousands of alerts.
    ///
    /// # Errors
    /// What the index says.
    pub fn events(
        &mut self,
        archive: &Archive,
        rules: &Rules,
        begun: Timestamp,
        now: &Zoned,
        each: &mut dyn FnMut(Item),
    ) -> Result<bool, ArchiveError> {
        let query = Query::default()
            .with_changed_since(Some(self.changed))
            .with_verdicts(Some(vec![LevelOutcome::Exceeds, LevelOutcome::Warns]))
            .with_false_trigger(Some(false))
            .with_sort(Sort { key: SortKey::Changed, descending: false })
            .with_limit(Some(AT_A_TIME));
        let found = archive.query(&query)?.events;
        let oldest =
            now.timestamp() - SignedDuration::from_hours(24 * i64::from(rules.newer_than_days));
        let oldest = oldest.max(begun);
        for event in &found {
            self.changed = self.changed.max(event.changed);
            let came = event.captured_at.as_deref().and_then(|at| at.parse::<Timestamp>().ok());
            // Times of arrival have whole seconds.
            if came.is_none_or(|came| came + SignedDuration::from_secs(1) < oldest) {
                continue;
            }
            let occasion = match event.verdict.as_deref().and_then(LevelOutcome::of_word) {
                Some(LevelOutcome::Exceeds) => Occasion::Exceeds,
                _ => Occasion::Warns,
            };
            for rule in
                rules.rules.iter().filter(|rule| rule.on.contains(&occasion) && rule.has(event))
            {
                let key = format!("{}:{}", occasion.word(), event.id);
                items(rule, &key, Some(event.id), None, now, each);
            }
        }
        Ok(found.len() == AT_A_TIME)
    }
}

/// Alerts for the units: silent ones, low batteries, old calibrations. Each is known by what it is about,
/// so that it is sent again only when there is news.
///
/// # Errors
/// What the index says.
pub fn units(
    archive: &Archive,
    rules: &Rules,
    now: &Zoned,
    each: &mut dyn FnMut(Item),
) -> Result<(), ArchiveError> {
    let of_units = [Occasion::Silent, Occasion::Battery, Occasion::Calibration];
    if !rules.rules.iter().any(|rule| rule.on.iter().any(|on| of_units.contains(on))) {
        return Ok(());
    }
    for unit in archive.units()? {
        let latest = Query::default().with_serial(Some(unit.serial.clone())).with_limit(Some(1));
        let Some(event) = archive.query(&latest)?.events.into_iter().next() else { continue };
        for rule in rules.rules.iter().filter(|rule| rule.has(&event)) {
            for occasion in &rule.on {
                let found = match occasion {
                    Occasion::Silent => {
                        silent(rule, &unit.serial, unit.last_captured_at.as_deref(), now)
                    }
                    Occasion::Battery => battery(archive, rule, &event),
                    Occasion::Calibration => calibration(archive, rule, &event, now),
                    Occasion::Exceeds | Occasion::Warns => None,
                };
                if let Some((about, text)) = found {
                    let key = format!("{}:{}:{about}", occasion.word(), unit.serial);
                    items(rule, &key, None, Some(text), now, each);
                }
            }
        }
    }
    Ok(())
}

fn silent(rule: &Rule, serial: &str, last: Option<&str>, now: &Zoned) -> Option<(String, String)> {
    let last = last?;
    let since = now.timestamp().duration_since(last.parse().ok()?);
    let days = since.as_hours() / 24;
    (days >= i64::from(rule.silent_days)).then(|| {
        (
            last.to_owned(),
            format!("Nothing has come from unit {serial} since {last}: for {days} days."),
        )
    })
}

fn battery(archive: &Archive, rule: &Rule, event: &EventRow) -> Option<(String, String)> {
    let said = archive.sidecar(event.id).ok()?.reported("battery")?;
    let volts = battery_volts(&said)?;
    (volts < rule.battery_below_v).then(|| {
        let at = event.timestamp.as_deref().unwrap_or("an unknown time");
        let text = format!(
            "The battery of unit {} had {said:?} at {at} (unit-local): below {} V.",
            event.serial, rule.battery_below_v
        );
        // News again on another day, not with every event.
        (at.get(..10).unwrap_or(at).to_owned(), text)
    })
}

fn calibration(
    archive: &Archive,
    rule: &Rule,
    event: &EventRow,
    now: &Zoned,
) -> Option<(String, String)> {
    let said = archive.sidecar(event.id).ok()?.reported("calibration")?;
    let (date, due) = calibration_due(&said, rule.calibration_months)?;
    (now.date() >= due).then(|| {
        let text = format!(
            "The calibration of unit {} is of {date} ({said:?}): it was due on {due}.",
            event.serial
        );
        (date.to_string(), text)
    })
}

/// An item for each target of a rule.
fn items(
    rule: &Rule,
    key: &str,
    event: Option<i64>,
    text: Option<String>,
    now: &Zoned,
    each: &mut dyn FnMut(Item),
) {
    let due = due(rule, now);
    for target in rule.targets.iter().map(Target::name) {
        let (key, text) = (key.to_owned(), text.clone());
        each(Item { key, target, event, text, due, at: now.timestamp() });
    }
}

/// When an alert is sent: at once, with the next digest, or when the quiet hours end.
pub(crate) fn due(rule: &Rule, now: &Zoned) -> Timestamp {
    if let Some(at) = rule.digest {
        let today = now.date().to_datetime(at).to_zoned(now.time_zone().clone());
        let next = match today {
            Ok(today) if today > *now => Some(today),
            _ => now
                .date()
                .tomorrow()
                .ok()
                .and_then(|day| day.to_datetime(at).to_zoned(now.time_zone().clone()).ok()),
        };
        return next.map_or(now.timestamp(), |next| next.timestamp());
    }
    let Some(quiet) = rule.quiet else { return now.timestamp() };
    // From minute to minute: clocks are set at night.
    let is_quiet = |at: &Zoned| quiet.has(UnitLocal(at.datetime()));
    if !is_quiet(now) {
        return now.timestamp();
    }
    let whole = now.timestamp().as_second().div_euclid(60) * 60;
    let minutes =
        (1..=24 * 60).filter_map(|minute| Timestamp::from_second(whole + minute * 60).ok());
    let end = minutes.map(|at| at.to_zoned(now.time_zone().clone())).find(|at| !is_quiet(at));
    end.map_or(now.timestamp(), |end| end.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(quiet: Option<&str>, digest: Option<&str>) -> Rule {
        Rule {
            place: wavekeep_archive::LevelPlace::default(),
            on: vec![Occasion::Exceeds],
            targets: vec![Target::Webhook("http://x/".to_owned())],
            quiet: quiet.map(|quiet| quiet.parse().unwrap()),
            digest: digest.map(|digest| digest.parse().unwrap()),
            silent_days: 7,
            battery_below_v: 6.0,
            calibration_months: 12,
            unit: wavekeep_core::Unit::MillimetrePerSecond,
        }
    }

    fn at(text: &str) -> Zoned {
        format!("{text}[Europe/Berlin]").parse().unwrap()
    }

    #[test]
    fn an_alert_waits_for_the_end_of_quiet_hours_or_for_the_digest() {
        for (quiet, digest, now, due_at) in [
            (None, None, "2026-05-01T23:00:30", "2026-05-01T23:00:30"),
            (Some("22:00-06:00"), None, "2026-05-01T23:00:30", "2026-05-02T06:00:00"),
            (Some("22:00-06:00"), None, "2026-05-01T06:00:00", "2026-05-01T06:00:00"),
            (Some("22:00-06:00"), None, "2026-05-01T21:59:59", "2026-05-01T21:59:59"),
            // Clocks are set forward in this night.
            (Some("22:00-02:30"), None, "2026-03-29T01:30:00", "2026-03-29T03:00:00"),
            (None, Some("07:00:00"), "2026-05-01T06:59:59", "2026-05-01T07:00:00"),
            (None, Some("07:00:00"), "2026-05-01T07:00:00", "2026-05-02T07:00:00"),
        ] {
            let due = due(&rule(quiet, digest), &at(now));
            assert_eq!(due, at(due_at).timestamp(), "{quiet:?} {digest:?} {now}");
        }
    }

    #[test]
    fn a_unit_is_silent_after_so_many_days() {
        let last = "2026-05-01T12:00:00Z";
        let silent = |now| silent(&rule(None, None), "BE1", Some(last), &at(now));
        assert_eq!(silent("2026-05-08T13:59:59"), None);
        let (about, text) = silent("2026-05-08T14:00:00").unwrap();
        assert!(about == last && text.contains("for 7 days"), "{text}");
    }
}
