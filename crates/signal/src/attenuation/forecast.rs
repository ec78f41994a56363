//! What a law says of a blast that was not fired yet.

use serde::Serialize;

use super::{Attenuation, BlastLine, Root};

/// Steps of a table of distances, over each power of ten.
const STEPS: [f64; 6] = [1.0, 1.5, 2.0, 3.0, 5.0, 7.0];

/// A blast on a line of a law, in the units of the law.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BlastForecast {
    /// The line.
    pub line: BlastLine,
    /// Distance from blast to sensor.
    pub distance: f64,
    /// Maximum charge per delay.
    pub charge: f64,
    /// Scaled distance.
    pub scaled_distance: f64,
    /// The peak that the line gives.
    pub peak: f64,
    /// Whether no event was measured at such a scaled distance.
    pub extrapolated: bool,
}

impl Attenuation {
    /// The peak of a charge at a distance.
    pub fn peak_of(
        &self,
        root: Root,
        distance: f64,
        charge: f64,
        line: BlastLine,
    ) -> BlastForecast {
        let scaled_distance = root.scaled_distance(distance, charge);
        let peak = self.peak(scaled_distance, line);
        self.forecast(line, distance, charge, scaled_distance, peak)
    }

    /// The permissible charge: the largest one whose peak stays below a limit at a distance. `None` where no
    /// charge does.
    pub fn charge_of(
        &self,
        root: Root,
        distance: f64,
        limit: f64,
        line: BlastLine,
    ) -> Option<BlastForecast> {
        let scaled_distance = self.scaled_distance(limit, line)?;
        let charge = root.charge(distance, scaled_distance);
        (charge.is_finite() && charge > 0.0)
            .then(|| self.forecast(line, distance, charge, scaled_distance, limit))
    }

    /// The distance from which on the peak of a charge stays below a limit. `None` where there is none.
    pub fn distance_of(
        &self,
        root: Root,
        charge: f64,
        limit: f64,
        line: BlastLine,
    ) -> Option<BlastForecast> {
        let scaled_distance = self.scaled_distance(limit, line)?;
        let distance = root.distance(charge, scaled_distance);
        (distance.is_finite() && distance > 0.0)
            .then(|| self.forecast(line, distance, charge, scaled_distance, limit))
    }

    fn forecast(
        &self,
        line: BlastLine,
        distance: f64,
        charge: f64,
        scaled_distance: f64,
        peak: f64,
    ) -> BlastForecast {
        let extrapolated = self.is_extrapolated(scaled_distance);
        BlastForecast { line, distance, charge, scaled_distance, peak, extrapolated }
    }
}

/// Round distances of a table between two distances, at most a dozen.
pub fn table_distances(from: f64, to: f64) -> Vec<f64> {
    const MOST: usize = 12;
    if !(from > 0.0 && to >= from && to.is_finite()) {
        return Vec::new();
    }
    let (first, last) = (from.log10().floor() as i32, to.log10().ceil() as i32);
    let all = (first..=last).flat_map(|decade| STEPS.map(|step| step * 10f64.powi(decade)));
    let slack = 1e-9;
    let inside: Vec<f64> =
        all.filter(|value| (from * (1.0 - slack)..=to * (1.0 + slack)).contains(value)).collect();
    let every = inside.len().div_ceil(MOST).max(1);
    inside.into_iter().step_by(every).collect()
}
