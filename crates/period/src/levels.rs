//! What an event is held against.

use std::collections::BTreeMap;
use std::sync::Arc;

use wavekeep_archive::{Archive, EventRow, Levels as SetLevels, Limit, SetLevel};
use wavekeep_signal::{Curve, DEFAULT_CURVE, Judged, Measurements, Verdict};

use crate::error::PeriodError;

/// Instead of the id of a curve: no curve.
pub const NO_CURVE: &str = "none";

/// The levels of a report: the same for all events, or those of the archive.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    ground: Option<Curve>,
    air: Option<Curve>,
    distance_ft: Option<f64>,
    of_archive: Option<Arc<OfArchive>>,
}

/// The levels that were set in an archive, with their curves.
#[derive(Debug)]
struct OfArchive {
    set: SetLevels,
    /// By entry of the ledger: for the ground and for the air.
    curves: BTreeMap<u64, [Option<Curve>; 2]>,
}

/// A limit for one event.
#[derive(Debug, Clone, Copy)]
pub struct EventLevel<'a> {
    /// Its curve.
    pub curve: &'a Curve,
    /// Distance to the blast in feet.
    pub distance_ft: Option<f64>,
    /// From this share of the limit on, in per cent, the event warns; `None` for that of the report.
    pub warn_percent: Option<f64>,
}

/// The levels for one event.
#[derive(Debug, Clone, Copy)]
pub struct EventLevels<'a> {
    /// For ground vibration.
    pub ground: Option<EventLevel<'a>>,
    /// For air overpressure.
    pub air: Option<EventLevel<'a>>,
}

impl Levels {
    /// Levels for ground vibration and for air overpressure.
    ///
    /// # Errors
    /// [`PeriodError::OtherCurve`] when a curve judges the other.
    pub fn new(ground: Option<Curve>, air: Option<Curve>) -> Result<Self, PeriodError> {
        let is_of_air = |curve: &Curve| curve.judges == Judged::AirOverpressure;
        let other = |curve: &Curve, judges, wanted| PeriodError::OtherCurve {
            id: curve.id.clone(),
            judges,
            wanted,
        };
        if let Some(curve) = ground.as_ref().filter(|curve| is_of_air(curve)) {
            return Err(other(curve, "air overpressure", "ground vibration"));
        }
        if let Some(curve) = air.as_ref().filter(|curve| !is_of_air(curve)) {
            return Err(other(curve, "ground vibration", "air overpressure"));
        }
        Ok(Self { ground, air, distance_ft: None, of_archive: None })
    }

    /// The curves that are named for ground vibration and for air overpressure; [`NO_CURVE`] is none. Where
    /// neither is named, the alarm levels of the archive, and where none was ever set [`DEFAULT_CURVE`].
    ///
    /// # Errors
    /// What `curve_called` says of a name, [`PeriodError::OtherCurve`], and what the archive says.
    pub fn asked<E: From<PeriodError>>(
        archive: &Archive,
        ground: Option<&str>,
        air: Option<&str>,
        curve_called: impl Fn(&str) -> Result<Curve, E>,
    ) -> Result<Self, E> {
        if ground.is_none() && air.is_none() {
            let levels = Self::of_archive(archive)?;
            if !levels.is_empty() {
                return Ok(levels);
            }
        }
        let named = |id: &str| (id != NO_CURVE).then(|| curve_called(id)).transpose();
        let ground = named(ground.unwrap_or(DEFAULT_CURVE))?;
        let air = air.map(named).transpose()?.flatten();
        Ok(Self::new(ground, air)?)
    }

    /// The alarm levels of an archive, as they were in force at the time of each event; none at all where
    /// none was ever set.
    ///
    /// # Errors
    /// What the archive says.
    pub fn of_archive(archive: &Archive) -> Result<Self, PeriodError> {
        let set = archive.levels()?;
        if set.is_empty() {
            return Ok(Self::default());
        }
        let curve = |limit: &Option<Limit>| limit.as_ref().and_then(|limit| limit.to_curve().ok());
        let curves = set
            .all()
            .iter()
            .map(|of| (of.entry, [curve(&of.level.ground), curve(&of.level.air)]))
            .collect();
        Ok(Self { of_archive: Some(Arc::new(OfArchive { set, curves })), ..Self::default() })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ground.is_none() && self.air.is_none() && self.of_archive.is_none()
    }

    /// The same for a distance to the blast in feet, for curves that go by it.
    #[must_use]
    pub fn at_distance_ft(mut self, distance_ft: Option<f64>) -> Self {
        self.distance_ft = distance_ft;
        self
    }

    /// The levels for an event. All verdicts of a report come from here.
    pub fn for_event(&self, event: &EventRow) -> EventLevels<'_> {
        if let Some(of) = &self.of_archive {
            let in_force = of.set.in_force(event);
            return EventLevels {
                ground: in_force.ground.and_then(|set| of.limit(set, 0, set.level.ground.as_ref())),
                air: in_force.air.and_then(|set| of.limit(set, 1, set.level.air.as_ref())),
            };
        }
        let of = |curve| EventLevel { curve, distance_ft: self.distance_ft, warn_percent: None };
        EventLevels { ground: self.ground.as_ref().map(of), air: self.air.as_ref().map(of) }
    }

    /// What is the same for all of these events, and, where they have levels of the archive, a line for each
    /// of those: its place, its curves, since when it is in force.
    pub(crate) fn common(&self, events: &[EventRow]) -> (Self, Vec<String>) {
        let Some(of) = &self.of_archive else { return (self.clone(), Vec::new()) };
        let mut used: Vec<&SetLevel> = Vec::new();
        let mut same: [Option<Option<u64>>; 2] = [None, None];
        let mut differs = [false, false];
        for event in events {
            let in_force = of.set.in_force(event);
            for (n, set) in [in_force.ground, in_force.air].into_iter().enumerate() {
                let entry = set.map(|set| set.entry);
                differs[n] |= same[n].is_some_and(|before| before != entry);
                same[n] = Some(entry);
                used.extend(set.filter(|set| !used.iter().any(|of| of.entry == set.entry)));
            }
        }
        let common = |n: usize| {
            let entry = same[n].flatten().filter(|_| !differs[n])?;
            Some((
                of.curves.get(&entry)?[n].clone()?,
                of.set.all().iter().find(|set| set.entry == entry)?,
            ))
        };
        let (ground, air) = (common(0), common(1));
        let distance = ground.as_ref().and_then(|(_, set)| set.level.ground.as_ref()?.distance_ft);
        used.sort_by_key(|set| set.entry);
        let lines = used.into_iter().map(|set| of.line(set)).collect();
        let ground = ground.map(|(curve, _)| curve);
        let air = air.map(|(curve, _)| curve);
        (Self { ground, air, distance_ft: distance, of_archive: None }, lines)
    }

    /// The curve for ground vibration.
    pub fn ground(&self) -> Option<&Curve> {
        self.ground.as_ref()
    }

    /// The curve for air overpressure.
    pub fn air(&self) -> Option<&Curve> {
        self.air.as_ref()
    }

    /// Distance to the blast in feet.
    pub fn distance_ft(&self) -> Option<f64> {
        self.distance_ft
    }
}

impl EventLevels<'_> {
    /// Whether there is any.
    pub fn is_any(&self) -> bool {
        self.ground.is_some() || self.air.is_some()
    }

    /// What they say of ground vibration and of air overpressure.
    pub fn judge(&self, event: &Measurements) -> (Option<Verdict>, Option<Verdict>) {
        let judge = |level: Option<EventLevel<'_>>| {
            let level = level?;
            Some(level.curve.judge(event, level.distance_ft))
        };
        (judge(self.ground), judge(self.air))
    }
}

impl OfArchive {
    fn limit<'a>(
        &'a self,
        set: &SetLevel,
        quantity: usize,
        limit: Option<&Limit>,
    ) -> Option<EventLevel<'a>> {
        let (limit, curve) = (limit?, self.curves.get(&set.entry)?[quantity].as_ref()?);
        let (distance_ft, warn_percent) = (limit.distance_ft, Some(limit.warning_percent));
        Some(EventLevel { curve, distance_ft, warn_percent })
    }

    /// `Quarry 4, School: DIN 4150-3, line 2; 120 dB(L); 2026-05-01 –`, the same in every language.
    fn line(&self, set: &SetLevel) -> String {
        let place = &set.level.place;
        let names = [&place.project, &place.location, &place.serial];
        let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
        let place = if names.is_empty() { "—".to_owned() } else { names.join(", ") };
        let curves = self.curves.get(&set.entry).into_iter().flatten().flatten();
        let mut parts: Vec<String> = curves.map(|curve| curve.name.clone()).collect();
        parts.extend(set.level.hours.map(|hours| hours.to_string()));
        parts.extend(set.level.from.map(|from| {
            let text = from.to_string();
            // A day is what is meant by its beginning.
            format!("{}\u{a0}–", text.strip_suffix(" 00:00:00").unwrap_or(&text))
        }));
        format!("{place}: {}", parts.join("; "))
    }
}
