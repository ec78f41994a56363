//! Peaks against scaled distance: the chart, and the answer for programs.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wavekeep_archive::{BlastEvent, BlastMedium, ScaledDistances};
use wavekeep_core::{BlastQuantity, BlastValueError, Reading, Unit};
use wavekeep_report::{AttenuationChart, AttenuationPoint};
use wavekeep_signal::{Attenuation, BlastForecast, BlastLine, BlastUnits, table_distances};

/// What is asked of the law of a site: two of the three determine the third. A limit alone is asked for the
/// charges that are permitted at the distances of the events.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BlastQuestion {
    /// Distance from blast to sensor.
    pub distance: Option<Reading>,
    /// Maximum charge per delay.
    pub charge: Option<Reading>,
    /// Limit of the peak.
    pub limit: Option<Reading>,
}

/// Why a question cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BlastQuestionError {
    /// A distance or a charge is none.
    #[error(transparent)]
    Value(#[from] BlastValueError),
    /// A limit is none.
    #[error("the limit is {found}: it has to be a number above 0")]
    Limit {
        /// What was given.
        found: f64,
    },
}

impl BlastQuestion {
    /// A question as programs write it: a limit in the unit of `velocity`, of the air in dB(L), a distance and
    /// a charge with their units.
    ///
    /// # Errors
    /// When one of them is no value that a blast can have.
    pub fn written(
        (medium, velocity): (BlastMedium, Unit),
        limit: Option<f64>,
        distance: Option<&str>,
        charge: Option<&str>,
    ) -> Result<Self, BlastQuestionError> {
        let parsed = |quantity: BlastQuantity, text: Option<&str>| {
            text.map(|text| quantity.parse(text)).transpose()
        };
        if let Some(found) = limit.filter(|limit| !(limit.is_finite() && *limit > 0.0)) {
            return Err(BlastQuestionError::Limit { found });
        }
        let unit = match medium {
            BlastMedium::Ground => velocity,
            BlastMedium::Air => Unit::DecibelLinear,
        };
        Ok(Self {
            distance: parsed(BlastQuantity::Distance, distance)?,
            charge: parsed(BlastQuantity::Charge, charge)?,
            limit: limit.map(|limit| Reading::new(limit, unit)),
        })
    }
}

/// Events against their scaled distances in the units of a reader.
#[derive(Debug, Clone, PartialEq)]
pub struct ScaledDistanceReport {
    found: ScaledDistances,
    units: BlastUnits,
}

impl ScaledDistanceReport {
    /// Of these events, in the units that go with `velocity`.
    pub fn new(found: ScaledDistances, velocity: Unit) -> Self {
        let units = BlastUnits::with(velocity, found.medium.root());
        Self { found, units }
    }

    /// The events and their law, in m, kg and mm/s or Pa.
    pub fn found(&self) -> &ScaledDistances {
        &self.found
    }

    /// The units of the reader.
    pub fn units(&self) -> BlastUnits {
        self.units
    }

    /// The law in the units of the reader; `None` where there is none.
    pub fn law(&self) -> Option<Attenuation> {
        let law = self.found.law.as_ref().ok()?;
        let medium = self.found.medium;
        Some(law.in_units(medium.units(), self.units, medium.root()))
    }

    /// What the law says of a question, line by line, in the units of the reader. Empty where there is no law,
    /// nothing is asked, or no charge is permitted.
    pub fn forecasts(&self, question: BlastQuestion) -> Vec<BlastForecast> {
        let Some(law) = self.law() else { return Vec::new() };
        let root = self.found.medium.root();
        let value = |reading: Option<Reading>, unit| Some(reading?.to(unit).ok()?.value);
        let distance = value(question.distance, self.units.distance);
        let charge = value(question.charge, self.units.charge);
        let limit = value(question.limit, self.units.peak);
        let lines = BlastLine::ALL.into_iter();
        match (distance, charge, limit) {
            (Some(distance), Some(charge), _) => {
                lines.map(|line| law.peak_of(root, distance, charge, line)).collect()
            }
            (Some(distance), None, Some(limit)) => {
                lines.filter_map(|line| law.charge_of(root, distance, limit, line)).collect()
            }
            (None, Some(charge), Some(limit)) => {
                lines.filter_map(|line| law.distance_of(root, charge, limit, line)).collect()
            }
            (None, None, Some(limit)) => {
                let at = |distance| {
                    let charge = move |line| law.charge_of(root, distance, limit, line);
                    BlastLine::ALL.into_iter().filter_map(charge)
                };
                self.distances().into_iter().flat_map(at).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Round distances among those of the events that count.
    fn distances(&self) -> Vec<f64> {
        let unit = self.found.medium.units().distance;
        let distances = || {
            let metres = self.found.counted().filter_map(|event| event.distance_m);
            metres.filter_map(|metres| unit.convert(metres, self.units.distance).ok())
        };
        let least = distances().fold(f64::INFINITY, f64::min);
        table_distances(least, distances().fold(0.0, f64::max))
    }

    /// The chart, with a limit if one is given.
    pub fn chart(&self, title: &str, limit: Option<Reading>) -> AttenuationChart {
        let medium = self.found.medium;
        let factor = self.units.scaled_distance_factor(medium.units(), medium.root());
        let name = |event: &BlastEvent| event.location.clone().unwrap_or_default();
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for event in self.found.counted() {
            *counts.entry(name(event)).or_default() += 1;
        }
        // The locations with most events have signs of their own.
        let mut locations: Vec<(String, u64)> = counts.into_iter().collect();
        locations.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let place: BTreeMap<&str, usize> =
            locations.iter().enumerate().map(|(at, (name, _))| (name.as_str(), at)).collect();
        let points = self.found.counted().filter_map(|event| {
            let peak = event.peak?.to(self.units.peak).ok()?.value;
            let location = place[name(event).as_str()];
            Some(AttenuationPoint {
                scaled_distance: event.scaled_distance? * factor,
                peak,
                location,
            })
        });
        let points = points.collect();
        let named = |name: &String| match name.is_empty() {
            true => "no location".to_owned(),
            false => name.clone(),
        };
        AttenuationChart {
            title: title.to_owned(),
            root: medium.root(),
            units: self.units,
            locations: locations.iter().map(|(name, _)| named(name)).collect(),
            points,
            law: self.found.law.map(|law| law.in_units(medium.units(), self.units, medium.root())),
            limit,
            left_out: self.found.left_out_words(),
        }
    }

    /// The answer for programs, with at most `limit` events behind the first `offset` ones.
    pub fn document(&self, question: BlastQuestion, offset: usize, limit: usize) -> Value {
        let medium = self.found.medium;
        let counted = self.found.counted().count();
        let reason = |why: &wavekeep_signal::NoAttenuation| why.to_string();
        let left_out: BTreeMap<&str, u64> =
            self.found.left_out.iter().map(|(why, count)| (why.word(), *count)).collect();
        let events = self.found.events.iter().skip(offset).take(limit);
        json!({
            "medium": medium,
            "units": {
                "distance": self.units.distance,
                "charge": self.units.charge,
                "scaled_distance": self.units.scaled_distance_symbol(medium.root()),
                "peak": self.units.peak,
            },
            "law": self.law(),
            "no_law": self.found.law.as_ref().err().map(reason),
            "counted": counted,
            "left_out": left_out,
            "total": self.found.events.len(),
            "forecasts": self.forecasts(question),
            "events": events.map(|event| self.event(event)).collect::<Vec<_>>(),
        })
    }

    /// An event in the units of the reader.
    fn event(&self, event: &BlastEvent) -> Value {
        let from = self.found.medium.units();
        let root = self.found.medium.root();
        let converted = |value: Option<f64>, from: Unit, to: Unit| from.convert(value?, to).ok();
        let factor = self.units.scaled_distance_factor(from, root);
        json!({
            "id": event.id,
            "serial": event.serial,
            "filename": event.filename,
            "timestamp": event.timestamp,
            "project": event.project,
            "location": event.location,
            "charge": converted(event.charge_kg, from.charge, self.units.charge),
            "distance": converted(event.distance_m, from.distance, self.units.distance),
            "scaled_distance": event.scaled_distance.map(|value| value * factor),
            "peak": event.peak.and_then(|peak| peak.to(self.units.peak).ok()),
            "blast": event.blast,
            "left_out": event.left_out,
        })
    }
}
