//! Charge and distance of one event: what people set, otherwise what the report states.

use serde::{Deserialize, Serialize};
use wavekeep_core::{BlastQuantity, BlastStatement, Reading};
use wavekeep_signal::Root;

use crate::sidecar::{Corrections, Sidecar};

/// Who states a value of a blast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlastSource {
    /// People set it.
    Corrected,
    /// The vendor's report states it.
    Report,
}

impl BlastSource {
    /// As it is written: `corrected`, `report`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Corrected => "corrected",
            Self::Report => "report",
        }
    }
}

/// A charge or a distance in the unit of its source, with who states it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BlastValue {
    /// The value.
    #[serde(flatten)]
    pub reading: Reading,
    /// Who states it.
    pub from: BlastSource,
}

/// What is known of the blast behind an event.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BlastFacts {
    /// Maximum charge per delay, in kg or lb.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charge: Option<BlastValue>,
    /// Distance from blast to sensor, in m or ft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance: Option<BlastValue>,
    /// The charge of the report, where people set another one or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced_charge: Option<Reading>,
    /// The distance of the report, where people set another one or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced_distance: Option<Reading>,
    /// The scaled distance that the report prints, in the unit of its own distance over the root of the one
    /// of its charge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stated_scaled_distance: Option<f64>,
    /// Values that are not used, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_used: Vec<String>,
}

impl BlastFacts {
    /// What a sidecar says: corrections before the report.
    pub(crate) fn of(sidecar: &Sidecar) -> Self {
        let corrections = sidecar.review().corrections.unwrap_or_default();
        let stated = sidecar.report().and_then(|report| report.get("blast"));
        let stated: BlastStatement =
            stated.and_then(|stated| BlastStatement::deserialize(stated).ok()).unwrap_or_default();
        let mut facts = Self {
            stated_scaled_distance: stated.scaled_distance.filter(|value| *value != 0.0),
            ..Self::default()
        };
        let replaced = |quantity: BlastQuantity, stated: Option<Reading>| {
            stated.filter(|stated| {
                corrections.of_blast(quantity).is_some() && quantity.check(*stated).is_ok()
            })
        };
        let (of_charge, of_distance) = (stated.charge, stated.distance());
        facts.replaced_charge = replaced(BlastQuantity::Charge, of_charge);
        facts.replaced_distance = replaced(BlastQuantity::Distance, of_distance);
        facts.charge = facts.value(BlastQuantity::Charge, &corrections, of_charge);
        facts.distance = facts.value(BlastQuantity::Distance, &corrections, of_distance);
        facts
    }

    fn value(
        &mut self,
        quantity: BlastQuantity,
        corrections: &Corrections,
        stated: Option<Reading>,
    ) -> Option<BlastValue> {
        if let Some(text) = corrections.of_blast(quantity) {
            if text.is_empty() {
                return None;
            }
            let from = BlastSource::Corrected;
            return match quantity.parse(text) {
                Ok(reading) => Some(BlastValue { reading, from }),
                Err(error) => {
                    self.not_used.push(format!("the {quantity} was set to {text:?}: {error}"));
                    None
                }
            };
        }
        let reading = stated?;
        match quantity.check(reading) {
            Ok(_) => Some(BlastValue { reading, from: BlastSource::Report }),
            // The vendors print zeros where nothing was entered.
            Err(error) => {
                let why = match reading.value == 0.0 {
                    true => "none was entered".to_owned(),
                    false => error.to_string(),
                };
                self.not_used.push(format!("the report states a {quantity} of {reading}: {why}"));
                None
            }
        }
    }

    /// The names of what people set.
    pub(crate) fn corrected(&self) -> impl Iterator<Item = &'static str> + use<> {
        let is_set = |value: Option<BlastValue>, replaced: Option<Reading>| {
            replaced.is_some() || value.is_some_and(|value| value.from == BlastSource::Corrected)
        };
        let all = [
            (BlastQuantity::Charge, is_set(self.charge, self.replaced_charge)),
            (BlastQuantity::Distance, is_set(self.distance, self.replaced_distance)),
        ];
        all.into_iter().filter(|(_, is_set)| *is_set).map(|(quantity, _)| quantity.word())
    }

    /// Maximum charge per delay in kg.
    pub fn charge_kg(&self) -> Option<f64> {
        BlastQuantity::Charge.check(self.charge?.reading).ok()
    }

    /// Distance from blast to sensor in m.
    pub fn distance_m(&self) -> Option<f64> {
        BlastQuantity::Distance.check(self.distance?.reading).ok()
    }

    /// The scaled distance by a root of the charge, in m over that root of kg.
    pub fn scaled_distance(&self, root: Root) -> Option<f64> {
        Some(root.scaled_distance(self.distance_m()?, self.charge_kg()?))
    }
}
