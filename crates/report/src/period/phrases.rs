//! Words for what the tables and charts of a period name.

use wavekeep_core::{Flag, Reading, Unit};
use wavekeep_signal::{Cause, Curve, Outcome, Standing as CurveStanding, Verdict};

use super::content::{EventKind, PeakOf, PeriodEvent, Standing};
use crate::language::Words;
use crate::text::one_line;

impl Words {
    /// The word for what all verdicts on an event come to; for a false trigger that.
    pub fn standing<'a>(&'a self, event: &PeriodEvent, warn_percent: Option<f64>) -> &'a str {
        match event.false_trigger {
            true => self.text("standing.false_trigger"),
            false => standing(self, event.standing(warn_percent)),
        }
    }

    /// The word for the end of a verdict.
    pub fn outcome(&self, outcome: Outcome) -> &str {
        standing(
            self,
            match outcome {
                Outcome::Within => Standing::Within,
                Outcome::Exceeds => Standing::Exceeds,
                Outcome::NoVerdict => Standing::NoVerdict,
            },
        )
    }

    /// What of an event is to be known beside its numbers; velocities in `unit`.
    pub fn remarks(&self, event: &PeriodEvent, unit: Unit) -> Vec<String> {
        remarks(self, event, unit)
    }

    /// The name of a curve with what is to be known of its values.
    pub fn curve_name(&self, curve: &Curve) -> String {
        curve_name(self, curve)
    }
}

/// Names of a list that stand on a cover; how many there are beside them.
const MOST_NAMES: usize = 12;

/// Names, each once, with how many more there are.
pub(super) fn one_or_many(words: &Words, names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MOST_NAMES).map(|name| one_line(name)).collect();
    let more = names.len().saturating_sub(shown.len());
    let shown = shown.join("; ");
    match more {
        0 => shown,
        more => words.filled("cover.more", &[("names", &shown), ("n", &more)]),
    }
}

/// A curve with what is to be known of its values.
pub(super) fn curve_name(words: &Words, curve: &Curve) -> String {
    let name = one_line(&curve.name);
    match curve.standing {
        CurveStanding::Primary => name,
        CurveStanding::Provisional => format!("{name} ({})", words.text("limits.provisional_word")),
        CurveStanding::User => format!("{name} ({})", words.text("limits.user_word")),
    }
}

/// The word for a standing.
fn standing(words: &Words, standing: Standing) -> &str {
    words.text(match standing {
        Standing::Exceeds => "standing.exceeds",
        Standing::Warns => "standing.warns",
        Standing::NoVerdict => "standing.no_verdict",
        Standing::Within => "standing.within",
        Standing::NotJudged => "standing.not_judged",
    })
}

/// The value of a verdict as a share of its limit: `161 %`, with the sign of a bound.
pub(super) fn share(words: &Words, verdict: &Verdict) -> Option<String> {
    let margin = verdict.margin_percent?;
    let sign = verdict.value.map_or("", |value| value.sign());
    Some(format!("{sign}{} %", words.number(100.0 - margin, 0)))
}

/// A limit with the decimals of its unit.
pub(super) fn limit_digits(words: &Words, value: f64, unit: Unit) -> String {
    let decimals = match unit {
        _ if unit.is_level() => 1,
        Unit::MillimetrePerSecond => 2,
        _ => 3,
    };
    words.number(value, decimals)
}

/// What a verdict on an event rests on: `Vert 12.30 mm/s at 24 Hz, level 5.00 mm/s`. The value has the
/// digits of the event's peak, which the unit of the curve may have changed.
fn basis(words: &Words, event: &PeriodEvent, verdict: &Verdict, unit: Unit) -> Option<String> {
    let named = PeakOf::ALL.into_iter().find(|of| of.word() == verdict.subject);
    let peak = named.and_then(|of| event.peak(of)).map(|peak| peak.reading);
    basis_of(words, peak, verdict, unit)
}

/// The same, of the peak that a verdict names.
pub(crate) fn basis_of(
    words: &Words,
    peak: Option<Reading>,
    verdict: &Verdict,
    unit: Unit,
) -> Option<String> {
    let (value, limit) = (verdict.value?, verdict.limit?);
    let is_same = |peak: &Reading| {
        let peak = peak.to(value.unit).map(|peak| peak.value);
        peak.is_ok_and(|peak| (peak - value.value).abs() <= 1e-9 * value.value.abs())
    };
    let value = words.reading(peak.filter(is_same).unwrap_or(value), unit);
    let limit = limit.to(unit).unwrap_or(limit);
    let limit = format!("{} {}", limit_digits(words, limit.value, limit.unit), limit.unit);
    let subject = subject(words, &verdict.subject);
    Some(match verdict.frequency.filter(|frequency| frequency.hz().is_some()) {
        Some(frequency) => {
            let hz = words.hertz(frequency);
            words.filled(
                "verdict.basis_hz",
                &[("subject", &subject), ("value", &value), ("hz", &hz), ("limit", &limit)],
            )
        }
        None => words.filled(
            "verdict.basis",
            &[("subject", &subject), ("value", &value), ("limit", &limit)],
        ),
    })
}

/// What decided, as a verdict calls it.
fn subject(words: &Words, subject: &str) -> String {
    let subject = one_line(subject);
    match subject.as_str() {
        "vector sum" => words.text("verdict.vector_sum").to_owned(),
        "air overpressure" => words.text("verdict.air").to_owned(),
        "ground vibration" => words.text("verdict.ground").to_owned(),
        _ => match subject.split_once(", interval ") {
            Some((channel, number)) => {
                words.filled("verdict.interval", &[("channel", &channel), ("number", &number)])
            }
            None => subject,
        },
    }
}

/// The words for a cause.
pub(crate) fn cause(words: &Words, cause: Cause) -> &str {
    words.text(match cause {
        Cause::NothingToJudge => "cause.nothing_to_judge",
        Cause::NoPeak => "cause.no_peak",
        Cause::Weighted => "cause.weighted",
        Cause::OtherQuantity => "cause.other_quantity",
        Cause::OutsideCurve => "cause.outside_curve",
        Cause::NoDistance => "cause.no_distance",
        Cause::ShareOfEvents => "cause.share_of_events",
        Cause::UpperBound => "cause.upper_bound",
        Cause::FrequencyUnknown => "cause.frequency_unknown",
        Cause::LimitOfRange => "cause.limit_of_range",
        Cause::Contradicted => "cause.contradicted",
        Cause::Impossible => "cause.impossible",
        Cause::RangeAssumed => "cause.range_assumed",
        Cause::Saturated => "cause.saturated",
        Cause::AboveRange => "cause.above_range",
        Cause::Incomplete => "cause.incomplete",
        Cause::RateAssumed => "cause.rate_assumed",
        _ => "cause.other",
    })
}

fn flag(words: &Words, flag: Flag) -> &str {
    words.text(match flag {
        Flag::Saturated => "flag.saturated",
        Flag::AboveRange => "flag.above_range",
        Flag::BelowRange => "flag.below_range",
        Flag::Incomplete => "flag.incomplete",
        Flag::Impossible => "flag.impossible",
    })
}

/// What of an event nothing states.
fn assumption(words: &Words, what: &str) -> String {
    let key = match what {
        "range" => "assumed.range",
        "rate_hz" => "assumed.rate",
        "pretrigger_s" => "assumed.pretrigger",
        "serial" => "assumed.serial",
        "start" | "interval_start" => "assumed.start",
        "stop" => "assumed.stop",
        "interval_length_s" => "assumed.interval_length",
        other => return words.filled("assumed.other", &[("what", &one_line(other))]),
    };
    words.text(key).to_owned()
}

/// What of an event is to be known beside its numbers, in words.
pub(super) fn remarks(words: &Words, event: &PeriodEvent, unit: Unit) -> Vec<String> {
    let mut remarks = Vec::new();
    if event.kind == EventKind::Histogram {
        remarks.push(words.text("kind.histogram").to_owned());
    }
    if event.not_decoded.is_some() {
        remarks.push(words.text("flag.not_decoded").to_owned());
    }
    remarks.extend(event.flags().into_iter().map(|of| flag(words, of).to_owned()));
    if event.missing_samples > 0 {
        remarks.push(words.counted("flag.missing", event.missing_samples));
    } else if event.is_damaged {
        remarks.push(words.text("flag.damaged").to_owned());
    }
    if event.is_contradicted {
        remarks.push(words.text("flag.contradicted").to_owned());
    }
    remarks.extend(event.assumed.iter().map(|what| assumption(words, what)));
    for verdict in event.verdicts() {
        if verdict.outcome == Outcome::Exceeds {
            remarks.extend(basis(words, event, verdict, unit));
        }
    }
    let causes = event.causes();
    if !causes.is_empty() {
        let causes: Vec<&str> = causes.into_iter().map(|of| cause(words, of)).collect();
        remarks.push(words.filled("verdict.none_because", &[("why", &causes.join("; "))]));
    }
    remarks
}
