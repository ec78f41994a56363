//! What an event is held against.

use wavekeep_archive::EventRow;
use wavekeep_signal::{Curve, Judged, Measurements, Verdict};

use crate::error::PeriodError;

/// The levels of a report.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    ground: Option<Curve>,
    air: Option<Curve>,
    distance_ft: Option<f64>,
}

/// The levels for one event.
#[derive(Debug, Clone, Copy)]
pub struct EventLevels<'a> {
    /// The curve for ground vibration.
    pub ground: Option<&'a Curve>,
    /// The curve for air overpressure.
    pub air: Option<&'a Curve>,
    /// Distance to the blast in feet.
    pub distance_ft: Option<f64>,
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
        Ok(Self { ground, air, distance_ft: None })
    }

    /// The same for a distance to the blast in feet, for curves that go by it.
    #[must_use]
    pub fn at_distance_ft(mut self, distance_ft: Option<f64>) -> Self {
        self.distance_ft = distance_ft;
        self
    }

    /// The levels for an event. All verdicts of a report come from here.
    pub fn for_event(&self, _event: &EventRow) -> EventLevels<'_> {
        EventLevels {
            ground: self.ground.as_ref(),
            air: self.air.as_ref(),
            distance_ft: self.distance_ft,
        }
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
        let judge = |curve: Option<&Curve>| Some(curve?.judge(event, self.distance_ft));
        (judge(self.ground), judge(self.air))
    }
}
