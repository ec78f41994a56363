//! What the report of a period says: facts, not drawings.

use derive_setters::Setters;
use wavekeep_core::{Flag, Frequency, Reading, Stretch, Unit, UnitLocal};
use wavekeep_signal::{Cause, Curve, Outcome, Verdict};

use super::span::Period;

/// What was measured in a period.
#[derive(Debug, Clone, Default, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct PeriodContent {
    /// The days.
    pub period: Period,
    /// Projects, clients and locations of the events, in their order; empty where nothing names any.
    pub projects: Vec<String>,
    /// Clients.
    pub clients: Vec<String>,
    /// Locations of sensors.
    pub locations: Vec<String>,
    /// Further conditions that chose the events, as they were given: `min-ppv=0.5`.
    pub conditions: Vec<String>,
    /// The units.
    pub units: Vec<PeriodUnit>,
    /// The events in the order of their times.
    pub events: Vec<PeriodEvent>,
    /// Events without a time: they may be of the period or not.
    pub without_time: Vec<PeriodEvent>,
    /// Runs of streams in the period, which are left out.
    pub streams: u64,
    /// What the events are held against.
    pub levels: PeriodLevels,
    /// The archive's ledger.
    pub ledger: Option<PeriodLedger>,
}

/// Limits of the ground and of the air.
#[derive(Debug, Clone, Default, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct PeriodLevels {
    /// The curve for ground vibration.
    pub ground: Option<Curve>,
    /// The curve for air overpressure.
    pub air: Option<Curve>,
    /// Distance to the blast in feet, for curves that go by it.
    pub distance_ft: Option<f64>,
    /// An event within a limit whose value is at least this share of it, in per cent, warns.
    pub warn_percent: Option<f64>,
    /// The levels of the archive by which events were judged, a line each; [`ground`](Self::ground) and
    /// [`air`](Self::air) are those that are the same for all events.
    pub of_archive: Vec<String>,
}

impl PeriodLevels {
    /// Whether events are judged at all.
    pub fn is_any(&self) -> bool {
        self.ground.is_some() || self.air.is_some() || !self.of_archive.is_empty()
    }
}

/// The head of an archive's ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct PeriodLedger {
    /// Which archive's: 32 hexadecimal digits.
    pub archive: String,
    /// Number of entries.
    pub size: u64,
    /// Root of its tree: 64 hexadecimal digits.
    pub root: String,
}

/// A unit, and when it is known to have monitored.
#[derive(Debug, Clone, Default, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct PeriodUnit {
    /// Serial number.
    pub serial: String,
    /// Where it stood, by its events.
    pub locations: Vec<String>,
    /// Calibrations as the reports print them, in the order of the events.
    pub calibrations: Vec<String>,
    /// Events in the period.
    pub events: u64,
    /// False triggers among them.
    pub false_triggers: u64,
    /// When it is known to have monitored, by monitor logs and histograms: in order, apart from each
    /// other, within the period.
    pub monitored: Vec<Stretch>,
    /// Rows of monitor logs whose times were not understood.
    pub unread_log_rows: u64,
}

/// The kind of an event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EventKind {
    /// Samples around a trigger.
    Waveform,
    /// Peaks of intervals.
    Histogram,
    /// Nothing says.
    #[default]
    Unknown,
}

/// What a peak is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeakOf {
    /// The transverse geophone.
    Tran,
    /// The vertical geophone.
    Vert,
    /// The longitudinal geophone.
    Long,
    /// The vector sum.
    VectorSum,
    /// The microphone.
    Microphone,
}

impl PeakOf {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 5] =
        [Self::Tran, Self::Vert, Self::Long, Self::VectorSum, Self::Microphone];
    /// The geophones.
    pub const GEOPHONES: [Self; 3] = [Self::Tran, Self::Vert, Self::Long];

    /// The instrument's word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tran => "Tran",
            Self::Vert => "Vert",
            Self::Long => "Long",
            Self::VectorSum => "PVS",
            Self::Microphone => "MicL",
        }
    }
}

/// A peak of an event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeriodPeak {
    /// The value.
    pub reading: Reading,
    /// Its zero-crossing frequency.
    pub frequency: Frequency,
    /// Its moment in a histogram.
    pub at: Option<UnitLocal>,
}

/// An event, as the tables have it.
#[derive(Debug, Clone, Default, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct PeriodEvent {
    /// Its number in the archive.
    pub id: i64,
    /// Serial number of the unit.
    pub serial: String,
    /// Name of the source file.
    pub file_name: String,
    /// Its kind.
    pub kind: EventKind,
    /// When it began, by the unit's clock.
    pub start: Option<UnitLocal>,
    /// Location of the sensor.
    pub location: Option<String>,
    /// The peaks, in the order of [`PeakOf::ALL`]; `None` where there is no value.
    pub peaks: [Option<PeriodPeak>; 5],
    /// Whether it is marked as a false trigger.
    pub false_trigger: bool,
    /// What the curve for the ground says.
    pub ground: Option<Verdict>,
    /// What the curve for the air says.
    pub air: Option<Verdict>,
    /// Missing samples over all channels.
    pub missing_samples: u64,
    /// Whether data is damaged or missing.
    pub is_damaged: bool,
    /// Whether report and samples contradict each other.
    pub is_contradicted: bool,
    /// What nothing states: `range`, `rate`, `pretrigger`, …
    pub assumed: Vec<String>,
    /// SHA-256 of the source file.
    pub sha256: Option<String>,
    /// Length of the source file in bytes.
    pub bytes: Option<u64>,
    /// Why it could not be decoded.
    pub not_decoded: Option<String>,
    /// From which share of the limit for ground and for air on it warns, in per cent, where that is not the
    /// one of the report.
    pub warn_percents: [Option<f64>; 2],
    /// Whether there is a level for it: without a verdict it may exceed that.
    pub has_level: bool,
}

/// What all verdicts on an event come to: the worst decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// No curve was given.
    NotJudged,
    /// Within all limits.
    Within,
    /// Within, and so near to a limit that it is to be looked at.
    Warns,
    /// There is no verdict on one of them: it may be above that.
    NoVerdict,
    /// Above a limit.
    Exceeds,
}

fn standing_of(verdict: &Verdict, warn_percent: Option<f64>) -> Standing {
    match verdict.outcome {
        Outcome::Exceeds => Standing::Exceeds,
        Outcome::NoVerdict => Standing::NoVerdict,
        Outcome::Within => {
            let share = verdict.margin_percent.map(|margin| 100.0 - margin);
            match share.zip(warn_percent) {
                Some((share, warn)) if share >= warn => Standing::Warns,
                _ => Standing::Within,
            }
        }
    }
}

impl PeriodEvent {
    /// A peak.
    pub fn peak(&self, of: PeakOf) -> Option<PeriodPeak> {
        self.peaks[of as usize]
    }

    /// The largest of the three PPVs in `unit`.
    pub fn ppv(&self, unit: Unit) -> Option<f64> {
        let values = PeakOf::GEOPHONES.into_iter().filter_map(|of| self.peak(of));
        values.filter_map(|peak| Some(peak.reading.to(unit).ok()?.value)).reduce(f64::max)
    }

    /// The verdicts.
    pub fn verdicts(&self) -> impl Iterator<Item = &Verdict> {
        [&self.ground, &self.air].into_iter().flatten()
    }

    /// The worst of its verdicts.
    pub fn standing(&self, warn_percent: Option<f64>) -> Standing {
        let worst = self.standings(warn_percent).max();
        worst.unwrap_or(if self.has_level { Standing::NoVerdict } else { Standing::NotJudged })
    }

    /// Whether one of its verdicts is that it exceeds a limit or is near it.
    pub fn is_of_interest(&self, warn_percent: Option<f64>) -> bool {
        let matters = |standing| matches!(standing, Standing::Exceeds | Standing::Warns);
        self.standings(warn_percent).any(matters)
    }

    fn standings(&self, warn_percent: Option<f64>) -> impl Iterator<Item = Standing> {
        let both = [&self.ground, &self.air].into_iter().zip(self.warn_percents);
        both.filter_map(move |(verdict, own)| {
            Some(standing_of(verdict.as_ref()?, warn_percent.and(own.or(warn_percent))))
        })
    }

    /// Why a verdict is missing, each cause once.
    pub fn causes(&self) -> Vec<Cause> {
        let without = self.verdicts().filter(|verdict| verdict.outcome == Outcome::NoVerdict);
        let mut causes: Vec<Cause> = without.flat_map(|verdict| verdict.causes.clone()).collect();
        causes.sort_unstable();
        causes.dedup();
        causes
    }

    /// The flags of its peaks, each once, in their order.
    pub fn flags(&self) -> Vec<Flag> {
        let mut flags: Vec<Flag> = Vec::new();
        for flag in self.peaks.iter().flatten().filter_map(|peak| peak.reading.flag) {
            if !flags.contains(&flag) {
                flags.push(flag);
            }
        }
        flags
    }
}

impl PeriodContent {
    /// The events that count: false triggers are left out.
    pub fn counted(&self) -> impl Iterator<Item = &PeriodEvent> {
        self.events.iter().filter(|event| !event.false_trigger)
    }

    /// Events of one standing, false triggers left out.
    pub fn of_standing(&self, standing: Standing) -> u64 {
        let warn = self.levels.warn_percent;
        self.counted().filter(|event| event.standing(warn) == standing).count() as u64
    }

    /// The largest value of a peak with its event, false triggers left out: the first of equals. Levels of
    /// another weighting are not compared: those in dB(L) are taken where there are any.
    pub fn largest(&self, of: PeakOf) -> Option<(&PeriodEvent, PeriodPeak)> {
        let all = || self.counted().filter_map(|event| Some((event, event.peak(of)?)));
        let is_linear = |unit: Unit| unit == Unit::DecibelLinear;
        let unit = all()
            .map(|(_, peak)| peak.reading.unit)
            .reduce(|first, next| if is_linear(next) { next } else { first })?;
        let value = |peak: &PeriodPeak| Some(peak.reading.to(unit).ok()?.value);
        let found = all().filter_map(|(event, peak)| Some((event, peak, value(&peak)?)));
        let largest = found.reduce(|a, b| if b.2 > a.2 { b } else { a })?;
        Some((largest.0, largest.1))
    }
}
