//! Ticks at round moments of an instrument's clock.

use wavekeep_core::UnitLocal;

use crate::language::Words;

/// A tick at a moment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClockTick {
    /// Seconds from the start of the axis.
    pub(crate) seconds: f64,
    /// Time of day, or the date where the ticks are days apart.
    pub(crate) label: String,
    /// The date, on the first tick and wherever it changes.
    pub(crate) date: Option<String>,
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;

/// Distances of ticks that people read easily.
const STEPS: [f64; 24] = [
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    MINUTE,
    2.0 * MINUTE,
    5.0 * MINUTE,
    10.0 * MINUTE,
    15.0 * MINUTE,
    30.0 * MINUTE,
    HOUR,
    2.0 * HOUR,
    3.0 * HOUR,
    6.0 * HOUR,
    12.0 * HOUR,
    DAY,
    2.0 * DAY,
    7.0 * DAY,
    14.0 * DAY,
    28.0 * DAY,
    91.0 * DAY,
    364.0 * DAY,
];

/// Ticks for an axis of `length_s` seconds from `start`, at most about `most` of them; none when the
/// axis has no length or is longer than an instrument lives.
pub(crate) fn clock_ticks(
    words: &Words,
    start: UnitLocal,
    length_s: f64,
    most: usize,
) -> Vec<ClockTick> {
    if length_s.is_nan() || length_s <= 0.0 || most == 0 {
        return Vec::new();
    }
    let Some(step) = STEPS.into_iter().find(|step| length_s / step <= most as f64) else {
        return Vec::new();
    };
    let clock = start.0.time();
    let into_day = f64::from(clock.hour()) * HOUR
        + f64::from(clock.minute()) * MINUTE
        + f64::from(clock.second());
    let first = (into_day / step).ceil() * step - into_day;
    let mut shown_date = None;
    let mut ticks = Vec::new();
    for index in 0..=most {
        let seconds = first + index as f64 * step;
        let Some(at) = start.checked_add_seconds(seconds).filter(|_| seconds <= length_s) else {
            break;
        };
        let (date, time) = (words.date(at.0.date()), at.0.time());
        let label = if step >= DAY {
            date.clone()
        } else if step >= MINUTE {
            format!("{:02}:{:02}", time.hour(), time.minute())
        } else {
            format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
        };
        let is_new = step < DAY && shown_date.as_ref() != Some(&date);
        ticks.push(ClockTick { seconds, label, date: is_new.then(|| date.clone()) });
        shown_date = Some(date);
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn ticks_are_at_round_times_and_show_the_date_when_it_changes() {
        let start = UnitLocal::from_fields((2026, 5, 10), (19, 14, 2)).unwrap();
        let ticks = clock_ticks(Language::English.words(), start, 42_000.0, 12);
        let labels: Vec<&str> = ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels[..3], ["20:00", "21:00", "22:00"]);
        assert_eq!(ticks[0].seconds, 45.0 * 60.0 + 58.0);
        let dates: Vec<&str> = ticks.iter().filter_map(|tick| tick.date.as_deref()).collect();
        assert_eq!(dates, ["2026-05-10", "2026-05-11"]);
    }

    #[test]
    fn an_axis_without_length_has_no_ticks() {
        let start = UnitLocal::from_fields((2026, 5, 10), (19, 14, 2)).unwrap();
        for length in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e18] {
            assert!(clock_ticks(Language::English.words(), start, length, 10).is_empty());
        }
    }
}
