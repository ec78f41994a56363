//! What a limit curve says about one event.

use std::fmt;

use serde::Serialize;
use wavekeep_core::{Flag, Frequency, Kind, Reading, Unit};

use crate::candidate::{Candidate, candidates};
use crate::contradiction::ContradictedQuantity;
use crate::curve::{Curve, Judged, Rule, Standing};
use crate::measured::Origin;
use crate::measurements::Measurements;

/// How a verdict ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The value is not above the limit, and nothing is wrong with it.
    Within,
    /// The value is above the limit.
    Exceeds,
    /// It cannot be told.
    NoVerdict,
}

/// The words for people: `within the limit`, `exceeds the limit`, `no verdict`.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Within => "within the limit",
            Self::Exceeds => "exceeds the limit",
            Self::NoVerdict => "no verdict",
        })
    }
}

/// What stands behind the words of a [`Verdict`]: for tables and other languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The event holds nothing that the curve judges.
    NothingToJudge,
    /// There is no peak.
    NoPeak,
    /// The level is weighted, the limits are not.
    Weighted,
    /// The peak is of another quantity than the limits.
    OtherQuantity,
    /// The curve says nothing at the frequency.
    OutsideCurve,
    /// The limit goes by a distance that is not given.
    NoDistance,
    /// The rule is a share of many events.
    ShareOfEvents,
    /// Only an upper bound is known, and it is above the limit.
    UpperBound,
    /// The limit depends on a frequency that is not known.
    FrequencyUnknown,
    /// The lowest or highest limit of a range of frequencies was taken.
    LimitOfRange,
    /// Report and samples disagree.
    Contradicted,
    /// Samples are more than the instrument can give.
    Impossible,
    /// The range of the geophones is assumed.
    RangeAssumed,
    /// The sensor was saturated.
    Saturated,
    /// The value is above the range.
    AboveRange,
    /// Samples are missing.
    Incomplete,
    /// The sample rate, and with it the frequency, is assumed.
    RateAssumed,
}

/// A cause and the words for it.
type Because = (Cause, String);

/// What a limit curve says about one event, and what that rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// [`Curve::id`].
    pub curve: String,
    /// [`Curve::name`].
    pub curve_name: String,
    /// [`Curve::standing`].
    pub standing: Standing,
    /// What decided: a channel (`Vert`), a channel's interval (`Vert, interval 130`), `vector sum`.
    pub subject: String,
    /// The value that decided, in the unit of the curve.
    pub value: Option<Reading>,
    /// Where the value came from.
    pub origin: Option<Origin>,
    /// Its frequency, when the rule is one over frequency.
    pub frequency: Option<Frequency>,
    /// The limit at that frequency, in the unit of the curve.
    pub limit: Option<Reading>,
    /// Room below the limit in per cent of it: 100 × (1 − value / limit), negative above it. For
    /// levels it is the room of the pressures.
    pub margin_percent: Option<f64>,
    /// How it ends.
    pub outcome: Outcome,
    /// Why, in words.
    pub reason: String,
    /// What the reason names behind its numbers, in the same order.
    #[serde(skip)]
    pub causes: Vec<Cause>,
}

/// What one candidate comes to.
pub(crate) struct Assessment {
    pub(crate) limit: Option<f64>,
    pub(crate) outcome: Outcome,
    /// Why there is no verdict, or what must be said beside one.
    pub(crate) because: Vec<Because>,
}

impl Curve {
    /// Judges an event by this curve. `distance_ft` is the distance to the blast in feet, for the
    /// curves that go by it.
    ///
    /// All that the curve judges is judged, every interval of a histogram too, and the worst
    /// decides. There is no verdict on what nothing can be said of: values scaled by an assumed range,
    /// samples that the instrument cannot give, a report that contradicts the samples, levels that
    /// are weighted otherwise than the curve's. *Within* is said only of an event whose samples are
    /// all there, not saturated and not above the range, at a frequency that does not hang on an
    /// assumed sample rate. A value below the range is a bound: it can be within a limit and never
    /// exceeds one.
    ///
    /// Where there is no frequency, the range of the instruments (1 to 100 Hz) is taken for it: the
    /// verdict is *within* below the lowest limit in that range and *exceeds* above the highest one.
    pub fn judge(&self, event: &Measurements, distance_ft: Option<f64>) -> Verdict {
        let worst = candidates(self.judges, event)
            .into_iter()
            .map(|candidate| {
                let assessment = self.assess(&candidate, event, distance_ft);
                (candidate, assessment)
            })
            .reduce(|worst, next| {
                let severity = |(candidate, found): &(Candidate, Assessment)| {
                    let rank = match found.outcome {
                        Outcome::Exceeds => 2,
                        Outcome::NoVerdict => 1,
                        Outcome::Within => 0,
                    };
                    let share = self.margin_percent(candidate, found).map_or(f64::MIN, |m| -m);
                    (rank, share)
                };
                if severity(&next) > severity(&worst) { next } else { worst }
            });
        match worst {
            Some((candidate, assessment)) => self.verdict(candidate, assessment),
            None => self.verdict(
                Candidate::absent(self.judges),
                Assessment {
                    limit: None,
                    outcome: Outcome::NoVerdict,
                    because: vec![(
                        Cause::NothingToJudge,
                        "the event holds nothing that this curve judges".to_owned(),
                    )],
                },
            ),
        }
    }

    pub(crate) fn assess(
        &self,
        candidate: &Candidate,
        event: &Measurements,
        distance_ft: Option<f64>,
    ) -> Assessment {
        let no_verdict = |limit, cause: Cause, because: &str| Assessment {
            limit,
            outcome: Outcome::NoVerdict,
            because: vec![(cause, because.to_owned())],
        };
        let Some(value) = self.value_of(candidate) else {
            let (cause, because) = self.why_no_value(candidate);
            return no_verdict(None, cause, &because);
        };
        let mut found = match &self.rule {
            Rule::Pieces(_) => match self.limits_at(candidate.frequency) {
                None => no_verdict(
                    None,
                    Cause::OutsideCurve,
                    "the curve says nothing at that frequency",
                ),
                Some((low, high)) => compare(value, low, high, candidate),
            },
            Rule::ByDistance(_) => {
                match distance_ft.and_then(|distance| self.limit_at_distance(distance)) {
                    None => no_verdict(
                        None,
                        Cause::NoDistance,
                        "the limit goes by the distance to the blast, which is not given",
                    ),
                    Some(limit) => compare(value, limit, limit, candidate),
                }
            }
            Rule::OverEvents(share) => {
                if value > share.always && !candidate.is_upper_bound() {
                    compare(value, share.always, share.always, candidate)
                } else {
                    no_verdict(
                        Some(share.always),
                        Cause::ShareOfEvents,
                        &format!(
                            "the rule is a share: {} of {} % of all events, so one event alone \
                             cannot keep it",
                            shown(share.limit, self.unit),
                            share.share_percent
                        ),
                    )
                }
            }
        };
        let obstacles = self.obstacles(candidate, event);
        let cautions = self.cautions(candidate, event);
        let is_doubtful = found.outcome == Outcome::Within && !cautions.is_empty();
        if is_doubtful || !obstacles.is_empty() {
            found.outcome = Outcome::NoVerdict;
        }
        found.because.splice(0..0, obstacles);
        found.because.extend(cautions);
        found
    }

    /// Why a candidate has no value in the unit of the curve.
    fn why_no_value(&self, candidate: &Candidate) -> Because {
        match candidate.value {
            Some(level) if level.unit.is_weighted() => {
                let because = format!(
                    "the level is weighted, {level}, and the limits are in {}: a weighting cannot be taken away again",
                    self.unit
                );
                (Cause::Weighted, because)
            }
            Some(value) if value.unit.quantity() != self.unit.quantity() => {
                let because = format!("the peak is {value}, which is not known in {}", self.unit);
                (Cause::OtherQuantity, because)
            }
            _ => (Cause::NoPeak, "there is no peak to judge".to_owned()),
        }
    }

    /// The candidate's value in the unit of the curve.
    pub(crate) fn value_of(&self, candidate: &Candidate) -> Option<f64> {
        self.reading_of(candidate).map(|reading| reading.value)
    }

    /// The candidate's value in the unit of the curve, with what is special about it.
    fn reading_of(&self, candidate: &Candidate) -> Option<Reading> {
        let mut reading = candidate.value?.to(self.unit).ok()?;
        if candidate.saturated {
            reading.flag = reading.flag.or(Some(Flag::Saturated));
        }
        reading.value.is_finite().then_some(reading)
    }

    /// Lowest and highest limit for a frequency or for the range that is meant by its flag.
    fn limits_at(&self, frequency: Frequency) -> Option<(f64, f64)> {
        match frequency {
            Frequency::Hertz(hz) => self.limit(hz.value).map(|limit| (limit, limit)),
            Frequency::AboveRange(hz) => self.limits_between(hz.value, f64::INFINITY),
            Frequency::BelowRange(hz) => self.limits_between(0.0, hz.value),
            Frequency::NotAvailable => {
                self.limits_between(Frequency::LOWER_HZ, Frequency::UPPER_HZ)
            }
        }
    }

    /// Whether something keeps a value below a limit from being called within it.
    pub(crate) fn is_in_doubt(&self, candidate: &Candidate, event: &Measurements) -> bool {
        !self.cautions(candidate, event).is_empty() || self.is_obstructed(candidate, event)
    }

    /// Whether nothing can be said of a value, be it above or below a limit.
    pub(crate) fn is_obstructed(&self, candidate: &Candidate, event: &Measurements) -> bool {
        !self.obstacles(candidate, event).is_empty()
    }

    /// Everything for which a value is neither within a limit nor above it.
    fn obstacles(&self, candidate: &Candidate, event: &Measurements) -> Vec<Because> {
        let is_air = self.judges == Judged::AirOverpressure;
        let mut obstacles = Vec::new();
        // A report that is wrong about the air may still be right about the ground.
        let concerns = |quantity| is_air || quantity != ContradictedQuantity::Level;
        let mut found = event.contradictions.iter().filter(|found| concerns(found.quantity));
        let of_subject = found.clone().find(|found| candidate.subject.starts_with(&found.subject));
        if let Some(found) = of_subject.or(found.next()) {
            let because = format!("report and samples disagree: {found}");
            obstacles.push((Cause::Contradicted, because));
        }
        if candidate.value.is_some_and(|value| value.flag == Some(Flag::Impossible)) {
            let because = "samples are more than the instrument can give".to_owned();
            obstacles.push((Cause::Impossible, because));
        }
        if event.range_assumed && !is_air {
            let because = "the range of the geophones is assumed".to_owned();
            obstacles.push((Cause::RangeAssumed, because));
        }
        obstacles
    }

    /// Everything that keeps a value below the limit from being called within it.
    fn cautions(&self, candidate: &Candidate, event: &Measurements) -> Vec<Because> {
        let mut cautions = Vec::new();
        if candidate.saturated {
            let because = "the sensor was saturated and the true value is larger".to_owned();
            cautions.push((Cause::Saturated, because));
        }
        let flag = candidate.value.and_then(|value| value.flag);
        if flag == Some(Flag::AboveRange) {
            let because = "the value is above the range and the true one is larger".to_owned();
            cautions.push((Cause::AboveRange, because));
        }
        if flag == Some(Flag::Incomplete) && candidate.missing_samples == 0 {
            let because = "samples are missing and may hold a larger value".to_owned();
            cautions.push((Cause::Incomplete, because));
        }
        if candidate.missing_samples > 0 {
            let of = candidate.missing_samples;
            let one = match event.kind {
                Kind::Waveform => "sample",
                Kind::Histogram => "interval",
            };
            let (s, are) = if of == 1 { ("", "is") } else { ("s", "are") };
            let because = format!("{of} {one}{s} {are} missing and may hold a larger value");
            cautions.push((Cause::Incomplete, because));
        }
        if event.rate_assumed && candidate.frequency_is_computed && self.goes_by_frequency() {
            let because = "the sample rate, and with it the frequency, is assumed".to_owned();
            cautions.push((Cause::RateAssumed, because));
        }
        cautions
    }

    fn goes_by_frequency(&self) -> bool {
        matches!(&self.rule, Rule::Pieces(pieces) if pieces.len() > 1)
    }

    fn margin_percent(&self, candidate: &Candidate, found: &Assessment) -> Option<f64> {
        let (value, limit) = (self.value_of(candidate)?, found.limit?);
        let share = match self.unit.is_level() {
            true => 10f64.powf((value - limit) / 20.0),
            false => value / limit,
        };
        let margin = 100.0 * (1.0 - share);
        margin.is_finite().then_some(margin)
    }

    fn verdict(&self, candidate: Candidate, found: Assessment) -> Verdict {
        let margin_percent = self.margin_percent(&candidate, &found);
        let value = self.reading_of(&candidate);
        Verdict {
            curve: self.id.clone(),
            curve_name: self.name.clone(),
            standing: self.standing,
            value,
            origin: candidate.origin,
            frequency: self.goes_by_frequency().then_some(candidate.frequency),
            limit: found.limit.map(|limit| limit_reading(limit, self.unit)),
            margin_percent,
            outcome: found.outcome,
            reason: self.reason(&candidate, &found, value, margin_percent),
            causes: found.because.iter().map(|(cause, _)| *cause).collect(),
            subject: candidate.subject,
        }
    }

    /// A sentence such as `Vert: 1.800 in/s at 32 Hz exceeds the limit of 1.608 in/s by 11.9 %.`
    fn reason(
        &self,
        candidate: &Candidate,
        found: &Assessment,
        value: Option<Reading>,
        margin_percent: Option<f64>,
    ) -> String {
        let mut text = format!("{}:", candidate.subject);
        if let Some(value) = value {
            text.push_str(&format!(" {value}"));
            if self.goes_by_frequency() {
                match candidate.frequency {
                    Frequency::NotAvailable => text.push_str(" without a frequency"),
                    frequency => text.push_str(&format!(" at {frequency}")),
                }
            }
        }
        let limit = found.limit.map_or_else(String::new, |limit| shown(limit, self.unit));
        let margin = margin_percent.map_or_else(String::new, |margin| match (value, found.limit) {
            (Some(level), Some(limit)) if self.unit.is_level() => {
                format!("{:.1} dB", (level.value - limit).abs())
            }
            _ => format!("{:.1} %", margin.abs()),
        });
        let at_least =
            if value.is_some_and(|value| value.flag.is_some()) { "at least " } else { "" };
        text.push_str(&match found.outcome {
            Outcome::Exceeds => format!(" exceeds the limit of {limit} by {at_least}{margin}"),
            Outcome::Within => format!(" is {at_least}{margin} below the limit of {limit}"),
            Outcome::NoVerdict if value.is_some() => ", no verdict".to_owned(),
            Outcome::NoVerdict => " no verdict".to_owned(),
        });
        if !found.because.is_empty() {
            let join = if found.outcome == Outcome::NoVerdict { ": " } else { "; " };
            text.push_str(join);
            let words: Vec<&str> = found.because.iter().map(|(_, words)| words.as_str()).collect();
            text.push_str(&words.join("; "));
        }
        text.push('.');
        if self.standing == Standing::Provisional {
            text.push_str(" The limits of this curve are provisional.");
        }
        text
    }
}

/// Compares a value with the lowest and highest limit that may hold for it.
fn compare(value: f64, low: f64, high: f64, candidate: &Candidate) -> Assessment {
    let (limit, outcome) = if value > high && !candidate.is_upper_bound() {
        (high, Outcome::Exceeds)
    } else if value <= low {
        (low, Outcome::Within)
    } else {
        (low, Outcome::NoVerdict)
    };
    let mut because = Vec::new();
    if outcome == Outcome::NoVerdict {
        because.push(if candidate.is_upper_bound() {
            let words = "only an upper bound is known, and it is above the limit";
            (Cause::UpperBound, words.to_owned())
        } else {
            let words = "the limit depends on a frequency that is not known";
            (Cause::FrequencyUnknown, words.to_owned())
        });
    } else if low < high {
        let which = if outcome == Outcome::Exceeds { "highest" } else { "lowest" };
        let range = match candidate.frequency {
            Frequency::NotAvailable => "from 1 to 100 Hz is taken, for want of a frequency",
            _ => "of that frequency range is taken",
        };
        because.push((Cause::LimitOfRange, format!("the {which} limit {range}")));
    }
    Assessment { limit: Some(limit), outcome, because }
}

/// A limit with as many decimals as limits of its unit are printed with.
fn limit_reading(limit: f64, unit: Unit) -> Reading {
    let decimals = match unit {
        _ if unit.is_level() => 1,
        Unit::MillimetrePerSecond => 2,
        _ => 3,
    };
    Reading::new(limit, unit).with_decimals(decimals)
}

/// A limit in words.
pub(crate) fn shown(limit: f64, unit: Unit) -> String {
    limit_reading(limit, unit).to_string()
}
