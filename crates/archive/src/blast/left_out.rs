//! Why an event does not count for the law of a site.

use serde::Serialize;
use wavekeep_core::{Flag, Reading};

use super::BlastMedium;
use crate::EventRow;

/// Why an event does not count for the law of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LeftOutOfLaw {
    /// People say that it is no event.
    FalseTrigger,
    /// It is a histogram or a stream: its peaks are of intervals, not of blasts.
    NotAWaveform,
    /// No charge is known.
    NoCharge,
    /// No distance is known.
    NoDistance,
    /// The quantity was not measured, or in a weighted level only.
    NoPeak,
    /// The range of the geophones is assumed: the peak may be wrong by a factor of eight.
    AssumedRange,
    /// Report and samples contradict each other.
    Contradicted,
    /// The peak is a lower bound: saturated, above the range, or samples are missing.
    LowerBound,
    /// The peak is an upper bound: below what the instrument can tell.
    UpperBound,
    /// The peak is more than the instrument can give, or zero.
    Impossible,
}

impl LeftOutOfLaw {
    /// As it is written in JSON and tables: `no_charge`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::FalseTrigger => "false_trigger",
            Self::NotAWaveform => "not_a_waveform",
            Self::NoCharge => "no_charge",
            Self::NoDistance => "no_distance",
            Self::NoPeak => "no_peak",
            Self::AssumedRange => "assumed_range",
            Self::Contradicted => "contradicted",
            Self::LowerBound => "lower_bound",
            Self::UpperBound => "upper_bound",
            Self::Impossible => "impossible",
        }
    }

    /// In words: `no charge`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::FalseTrigger => "false trigger",
            Self::NotAWaveform => "not a waveform",
            Self::NoCharge => "no charge",
            Self::NoDistance => "no distance",
            Self::NoPeak => "no peak",
            Self::AssumedRange => "assumed range",
            Self::Contradicted => "report contradicts samples",
            Self::LowerBound => "peak is a lower bound",
            Self::UpperBound => "peak below the range",
            Self::Impossible => "impossible peak",
        }
    }

    /// The first reason that holds for an event with this peak; `None` where it counts.
    pub(super) fn of(row: &EventRow, medium: BlastMedium, peak: Option<Reading>) -> Option<Self> {
        let is_range_assumed = || {
            let names: Vec<String> = serde_json::from_str(&row.assumed).unwrap_or_default();
            medium == BlastMedium::Ground && names.iter().any(|name| name == "range")
        };
        let of_flag = |flag: Flag| match flag {
            Flag::BelowRange => Self::UpperBound,
            Flag::Impossible => Self::Impossible,
            Flag::Saturated | Flag::AboveRange | Flag::Incomplete => Self::LowerBound,
        };
        if row.false_trigger {
            Some(Self::FalseTrigger)
        } else if row.kind != "waveform" {
            Some(Self::NotAWaveform)
        } else if row.charge_kg.is_none() {
            Some(Self::NoCharge)
        } else if row.distance_m.is_none() {
            Some(Self::NoDistance)
        } else if is_range_assumed() {
            Some(Self::AssumedRange)
        } else if row.contradicted {
            Some(Self::Contradicted)
        } else {
            match peak {
                None => Some(Self::NoPeak),
                Some(Reading { flag: Some(flag), .. }) => Some(of_flag(flag)),
                Some(peak) if peak.value > 0.0 && peak.value.is_finite() => None,
                Some(_) => Some(Self::Impossible),
            }
        }
    }
}
