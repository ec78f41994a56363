//! What the levels in force say of an event.

use serde::{Deserialize, Serialize};
use wavekeep_core::{Frequency, Reading};
use wavekeep_signal::{Curve, Measurements, Outcome};

use super::level::Limit;
use super::{InForce, SetLevel};

/// How an event stands to its levels, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LevelOutcome {
    /// Above a limit.
    Exceeds,
    /// Within the limits, and above the warning share of one.
    Warns,
    /// Nothing can be said: the reason is in the verdict.
    NoVerdict,
    /// Within the limits.
    Within,
    /// No level is in force.
    NoLevel,
}

impl LevelOutcome {
    /// All of them, the worst first.
    pub const ALL: [Self; 5] =
        [Self::Exceeds, Self::Warns, Self::NoVerdict, Self::Within, Self::NoLevel];

    /// The word in the index, in filters and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exceeds => "exceeds",
            Self::Warns => "warns",
            Self::NoVerdict => "no_verdict",
            Self::Within => "within",
            Self::NoLevel => "no_level",
        }
    }

    /// What a word means.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
}

/// What one level says of an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LevelVerdict {
    /// The level, by its entry in the ledger.
    pub level: u64,
    /// The id of its curve.
    pub curve: String,
    /// How it ends.
    pub outcome: LevelOutcome,
    /// What decided: a channel, an interval of a channel, `vector sum`.
    pub subject: String,
    /// The value that decided, in the unit of the curve.
    pub value: Option<Reading>,
    /// Its frequency as it is printed, for curves over frequency: `12.3 Hz`, `>100 Hz`, `N/A`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<String>,
    /// Its frequency, where it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency_hz: Option<f64>,
    /// The limit at that frequency.
    pub limit: Option<Reading>,
    /// What is left below the limit, in per cent of it; negative above it.
    pub margin_percent: Option<f64>,
    /// Why, in words.
    pub reason: String,
}

/// What the levels for ground and air say of an event.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LevelVerdicts {
    /// Of the ground.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ground: Option<LevelVerdict>,
    /// Of the air.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub air: Option<LevelVerdict>,
}

impl LevelVerdicts {
    /// What the levels in force say.
    pub(super) fn of(in_force: InForce<'_>, measured: &Measurements) -> Self {
        let judge = |set: Option<&SetLevel>, limit: fn(&SetLevel) -> Option<&Limit>| {
            let set = set?;
            let limit = limit(set)?;
            let curve = limit.to_curve().ok()?;
            Some(judged(set.entry, limit, &curve, measured))
        };
        Self {
            ground: judge(in_force.ground, |set| set.level.ground.as_ref()),
            air: judge(in_force.air, |set| set.level.air.as_ref()),
        }
    }

    /// The worse of both.
    pub fn outcome(&self) -> LevelOutcome {
        let both = [&self.ground, &self.air].into_iter().flatten();
        both.map(|verdict| verdict.outcome).min().unwrap_or(LevelOutcome::NoLevel)
    }

    /// The smaller margin of those with the worse outcome.
    pub fn margin_percent(&self) -> Option<f64> {
        let worst = self.outcome();
        let both = [&self.ground, &self.air].into_iter().flatten();
        let worst = both.filter(|verdict| verdict.outcome == worst);
        worst.filter_map(|verdict| verdict.margin_percent).reduce(f64::min)
    }
}

fn judged(level: u64, limit: &Limit, curve: &Curve, measured: &Measurements) -> LevelVerdict {
    let verdict = curve.judge(measured, limit.distance_ft);
    let share = verdict.margin_percent.map(|margin| 100.0 - margin);
    let outcome = match verdict.outcome {
        Outcome::Exceeds => LevelOutcome::Exceeds,
        Outcome::NoVerdict => LevelOutcome::NoVerdict,
        Outcome::Within if share.is_some_and(|share| share >= limit.warning_percent) => {
            LevelOutcome::Warns
        }
        Outcome::Within => LevelOutcome::Within,
    };
    LevelVerdict {
        level,
        curve: verdict.curve,
        outcome,
        subject: verdict.subject,
        value: verdict.value,
        frequency: verdict.frequency.map(|frequency| frequency.to_string()),
        frequency_hz: match verdict.frequency {
            Some(Frequency::Hertz(hz)) => Some(hz.value),
            _ => None,
        },
        limit: verdict.limit,
        margin_percent: verdict.margin_percent,
        reason: verdict.reason,
    }
}
