//! The events of a question against their scaled distances, and the law that they follow.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use wavekeep_core::{Reading, Unit};
use wavekeep_signal::{Attenuation, BlastUnits, NoAttenuation, Root};

use super::{BlastFacts, LeftOutOfLaw};
use crate::index::{EventRow, Peak, UnknownWord};
use crate::{Archive, ArchiveError, Query};

/// What carries the vibration of a blast.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BlastMedium {
    /// The ground: PPV against R / √W.
    #[default]
    Ground,
    /// The air: PSPL against R / ∛W.
    Air,
}

impl BlastMedium {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Ground, Self::Air];

    /// As it is written: `ground`, `air`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ground => "ground",
            Self::Air => "air",
        }
    }

    /// The root of the charge by which its distances are scaled.
    pub const fn root(self) -> Root {
        match self {
            Self::Ground => Root::Square,
            Self::Air => Root::Cube,
        }
    }

    /// The unit of its peaks in [`ScaledDistances`]: mm/s, Pa.
    pub const fn unit(self) -> Unit {
        match self {
            Self::Ground => Unit::MillimetrePerSecond,
            Self::Air => Unit::Pascal,
        }
    }

    /// The units of [`ScaledDistances`]: m, kg, and mm/s or Pa.
    pub fn units(self) -> BlastUnits {
        BlastUnits { distance: Unit::Metre, charge: Unit::Kilogram, peak: self.unit() }
    }

    fn peak(self, row: &EventRow) -> Option<Reading> {
        let peak = match self {
            Self::Ground => row.ppv()?,
            Self::Air => row.peak(Peak::Microphone)?,
        };
        peak.to(self.unit()).ok()
    }
}

impl FromStr for BlastMedium {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let found = Self::ALL.into_iter().find(|medium| medium.word() == word);
        found.ok_or_else(|| UnknownWord::new(word, &Self::ALL.map(Self::word)))
    }
}

/// An event against its scaled distance.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BlastEvent {
    /// Its number.
    pub id: i64,
    /// Serial number of the unit.
    pub serial: String,
    /// Name of the source file.
    pub filename: String,
    /// Start by the unit's own clock, ISO 8601 without a zone.
    pub timestamp: Option<String>,
    /// Project.
    pub project: Option<String>,
    /// Location of the sensor.
    pub location: Option<String>,
    /// Charge and distance, as they were given.
    pub blast: BlastFacts,
    /// Maximum charge per delay in kg.
    pub charge_kg: Option<f64>,
    /// Distance from blast to sensor in m.
    pub distance_m: Option<f64>,
    /// Scaled distance in m/√kg, of the air in m/kg^(1/3).
    pub scaled_distance: Option<f64>,
    /// PPV in mm/s or PSPL in Pa, with what is special about it.
    pub peak: Option<Reading>,
    /// Why it does not count; `None` where it does.
    pub left_out: Option<LeftOutOfLaw>,
}

/// Events against their scaled distances, and the law that they follow: in m, kg, and mm/s or Pa.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ScaledDistances {
    /// Ground or air.
    pub medium: BlastMedium,
    /// All events that answer the question, by their numbers; those too that do not count.
    pub events: Vec<BlastEvent>,
    /// How many events do not count, by reason.
    pub left_out: BTreeMap<LeftOutOfLaw, u64>,
    /// The law of the events that count, or why there is none.
    #[serde(serialize_with = "law_or_null")]
    pub law: Result<Attenuation, NoAttenuation>,
}

fn law_or_null<S: Serializer>(
    law: &Result<Attenuation, NoAttenuation>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    law.as_ref().ok().serialize(serializer)
}

impl ScaledDistances {
    /// The events that count.
    pub fn counted(&self) -> impl Iterator<Item = &BlastEvent> {
        self.events.iter().filter(|event| event.left_out.is_none())
    }

    /// How many events do not count.
    pub fn left_out_count(&self) -> u64 {
        self.left_out.values().sum()
    }

    /// What was left out in words: `12 left out: 8 no charge, 4 false trigger`. `None` where nothing was.
    pub fn left_out_words(&self) -> Option<String> {
        let words =
            self.left_out.iter().map(|(reason, count)| format!("{count} {}", reason.words()));
        let words: Vec<String> = words.collect();
        (!words.is_empty())
            .then(|| format!("{} left out: {}", self.left_out_count(), words.join(", ")))
    }

    fn of(medium: BlastMedium, events: Vec<BlastEvent>) -> Self {
        let mut left_out = BTreeMap::new();
        for reason in events.iter().filter_map(|event| event.left_out) {
            *left_out.entry(reason).or_default() += 1;
        }
        let counted = events.iter().filter(|event| event.left_out.is_none());
        let points: Vec<(f64, f64)> =
            counted.filter_map(|event| Some((event.scaled_distance?, event.peak?.value))).collect();
        Self { medium, left_out, law: Attenuation::fit(&points), events }
    }
}

impl Archive {
    /// The events that answer against their scaled distances, and the law of those that count. Order and page
    /// of the question do not matter.
    ///
    /// # Errors
    /// What the index says.
    pub fn scaled_distances(
        &self,
        query: &Query,
        medium: BlastMedium,
    ) -> Result<ScaledDistances, ArchiveError> {
        let mut events = Vec::new();
        self.each_event(query, &mut |row| {
            let peak = medium.peak(&row);
            let blast = row.blast();
            events.push(BlastEvent {
                left_out: LeftOutOfLaw::of(&row, medium, peak),
                scaled_distance: blast.scaled_distance(medium.root()),
                id: row.id,
                serial: row.serial,
                filename: row.filename,
                timestamp: row.timestamp,
                project: row.project,
                location: row.location,
                charge_kg: row.charge_kg,
                distance_m: row.distance_m,
                blast,
                peak,
            });
            Ok::<(), ArchiveError>(())
        })?;
        Ok(ScaledDistances::of(medium, events))
    }
}
