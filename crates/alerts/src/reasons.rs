//! What there is to notify people of: events by their verdicts, units by their last contact, battery and
//! calibration.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use wavekeep_archive::{Archive, ArchiveError, EventRow, LevelOutcome, Query, Sort, SortKey};
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
    let said = stated(archive, event.id, "battery")?;
    let volts = first_number(&said)?;
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
    let said = stated(archive, event.id, "calibration")?;
    let date = date_in(&said)?;
    let due = date.checked_add(i64::from(rule.calibration_months).months()).ok()?;
    (now.date() >= due).then(|| {
        let text = format!(
            "The calibration of unit {} is of {date} ({said:?}): it was due on {due}.",
            event.serial
        );
        (date.to_string(), text)
    })
}

/// What the report of an event states, as it was printed.
fn stated(archive: &Archive, id: i64, what: &str) -> Option<String> {
    let sidecar = archive.sidecar(id).ok()?;
    let said = sidecar.report()?.get(what)?.as_str()?.trim().to_owned();
    (!said.is_empty()).then_some(said)
}

/// The first number of a text, with a point or a comma.
fn first_number(text: &str) -> Option<f64> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let number: String = text[start..]
        .chars()
        .map(|c| if c == ',' { '.' } else { c })
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    number.trim_end_matches('.').parse().ok()
}

/// The date of a calibration: `March 11, 2026 by Instantel`, `2026-03-11`. One of numbers alone, whose
/// day could be its month, is not taken for a date.
fn date_in(text: &str) -> Option<Date> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
        .collect();
    if let Some(date) = words.iter().find_map(|word| word.parse::<Date>().ok()) {
        return Some(date);
    }
    words.windows(3).find_map(|three| {
        let month = |word: &str| {
            let start = word.get(..3)?.to_lowercase();
            MONTHS.iter().position(|month| *month == start).and_then(|at| i8::try_from(at + 1).ok())
        };
        let (month, day) = match (month(three[0]), month(three[1])) {
            (Some(month), _) => (month, three[1].parse().ok()?),
            (None, Some(month)) => (month, three[0].parse().ok()?),
            (None, None) => return None,
        };
        Date::new(three[2].parse().ok().filter(|year| *year > 1900)?, month, day).ok()
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
    fn a_date_of_calibration_is_read_unless_day_and_month_could_be_exchanged() {
        let date = |text: &str| date_in(text).map(|date| date.to_string());
        for text in [
            "March 11, 2026 by Instantel Inc.",
            "11 March 2026",
            "2026-03-11",
            "Mar 11 2026",
            "by X, March 11, 2026",
        ] {
            assert_eq!(date(text).as_deref(), Some("2026-03-11"), "{text}");
        }
        for text in ["", "11/03/2026", "03-11-2026", "March 2026", "March 41, 2026", "N/A"] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn the_voltage_is_the_first_number() {
        for (text, volts) in [
            ("6.3 Volts", Some(6.3)),
            ("6,1 V", Some(6.1)),
            ("Battery 3.85V", Some(3.85)),
            ("low", None),
            ("", None),
        ] {
            assert_eq!(first_number(text), volts, "{text}");
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
