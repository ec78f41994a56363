//! The law PEAK = K · SD^(−β), found by least squares on logarithmic axes.

use serde::Serialize;

use super::student_t;

/// Quantile of the normal distribution, as blasters round it.
const SHIFT_95: f64 = 1.645;
/// Fewest events: two determine a line, a third one says how far events lie from it.
const FEWEST: usize = 3;

/// Why there is no law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoAttenuation {
    /// There are too few events.
    #[error("a law needs {FEWEST} events that count: found {found}")]
    TooFew {
        /// How many there are.
        found: usize,
    },
    /// Their scaled distances do not differ.
    #[error(
        "a law needs {FEWEST} different scaled distances: those of the {found} events differ too little"
    )]
    SameDistance {
        /// How many there are.
        found: usize,
    },
    /// A scaled distance or a peak is not above zero.
    #[error("a scaled distance or a peak is not a number above zero")]
    NotPositive,
}

/// A line of a law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BlastLine {
    /// The regression line: half of the events lie above it.
    Mean,
    /// The parallel line 1.645 standard errors above it, below which 95 % of the events lie if law and
    /// scatter were known exactly.
    K95,
    /// The upper bound of a prediction: with 95 % confidence the next event lies below it. It counts what
    /// few events leave open, and rises away from them.
    Prediction95,
}

impl BlastLine {
    /// All lines, the lowest first.
    pub const ALL: [Self; 3] = [Self::Mean, Self::K95, Self::Prediction95];

    /// As it is written: `mean`, `k95`, `prediction95`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::K95 => "k95",
            Self::Prediction95 => "prediction95",
        }
    }
}

/// The attenuation law of a site: PEAK = K · SD^(−β).
///
/// Peaks and scaled distances are in the units of the points that it was fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Attenuation {
    /// Events that it was found from.
    pub points: usize,
    /// The peak of the regression line at a scaled distance of 1.
    pub k: f64,
    /// K of the parallel line 1.645 standard errors above: K · 10^(1.645 s).
    pub k95: f64,
    /// How fast peaks fall: the slope is −β.
    pub beta: f64,
    /// Standard error of β.
    pub beta_standard_error: f64,
    /// Standard error s of log10(peak) about the line, with `points` − 2 degrees of freedom.
    pub standard_error: f64,
    /// Share of the variance of log10(peak) that the line explains, 0 to 1.
    pub r_squared: f64,
    /// Student's t that is exceeded in 5 % of cases, with `points` − 2 degrees of freedom.
    pub t95: f64,
    /// Smallest scaled distance of the events.
    pub least_scaled_distance: f64,
    /// Largest scaled distance of the events.
    pub most_scaled_distance: f64,
    /// Mean of log10(SD).
    pub mean_log_scaled_distance: f64,
    /// Sum of the squares of log10(SD) about its mean.
    pub squares_log_scaled_distance: f64,
}

impl Attenuation {
    /// Fits the law to points of scaled distance and peak.
    ///
    /// # Errors
    /// When there are fewer than three different scaled distances, or a number is not above zero.
    pub fn fit(points: &[(f64, f64)]) -> Result<Self, NoAttenuation> {
        let found = points.len();
        let is_positive = |value: f64| value.is_finite() && value > 0.0;
        if !points.iter().all(|(distance, peak)| is_positive(*distance) && is_positive(*peak)) {
            return Err(NoAttenuation::NotPositive);
        }
        if found < FEWEST {
            return Err(NoAttenuation::TooFew { found });
        }
        let n = found as f64;
        let logs = || points.iter().map(|(distance, peak)| (distance.log10(), peak.log10()));
        let mean = |of: fn((f64, f64)) -> f64| logs().map(of).sum::<f64>() / n;
        let (mean_x, mean_y) = (mean(|(x, _)| x), mean(|(_, y)| y));
        // Sums about the means: those of the numbers themselves would cancel.
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for (x, y) in logs() {
            let (x, y) = (x - mean_x, y - mean_y);
            xx += x * x;
            xy += x * y;
            yy += y * y;
        }
        let distances = || points.iter().map(|(distance, _)| *distance);
        if different(distances()) < FEWEST || xx <= f64::EPSILON {
            return Err(NoAttenuation::SameDistance { found });
        }
        let slope = xy / xx;
        // The residuals themselves: a difference of sums would cancel where the fit is good.
        let residual = |(x, y): (f64, f64)| y - mean_y - slope * (x - mean_x);
        let squares: f64 = logs().map(residual).map(|off| off * off).sum();
        let standard_error = (squares / (n - 2.0)).sqrt();
        let log_k = mean_y - slope * mean_x;
        Ok(Self {
            points: found,
            k: 10f64.powf(log_k),
            k95: 10f64.powf(log_k + SHIFT_95 * standard_error),
            beta: -slope,
            beta_standard_error: standard_error / xx.sqrt(),
            standard_error,
            r_squared: if yy > 0.0 { (1.0 - squares / yy).clamp(0.0, 1.0) } else { 0.0 },
            t95: student_t::quantile_95(found - 2),
            least_scaled_distance: distances().fold(f64::INFINITY, f64::min),
            most_scaled_distance: distances().fold(0.0, f64::max),
            mean_log_scaled_distance: mean_x,
            squares_log_scaled_distance: xx,
        })
    }

    /// The peak of a line at a scaled distance.
    pub fn peak(&self, scaled_distance: f64, line: BlastLine) -> f64 {
        let x = scaled_distance.log10();
        let above = match line {
            BlastLine::Mean => 0.0,
            BlastLine::K95 => SHIFT_95 * self.standard_error,
            BlastLine::Prediction95 => {
                let off = x - self.mean_log_scaled_distance;
                let spread =
                    1.0 + 1.0 / self.points as f64 + off * off / self.squares_log_scaled_distance;
                self.t95 * self.standard_error * spread.sqrt()
            }
        };
        10f64.powf(self.k.log10() - self.beta * x + above)
    }

    /// The scaled distance from which on a line stays below a peak; `None` where the peaks do not fall with
    /// the distance, or where the line does not come down to the peak.
    pub fn scaled_distance(&self, peak: f64, line: BlastLine) -> Option<f64> {
        if !(self.is_falling() && peak.is_finite() && peak > 0.0) {
            return None;
        }
        let above = match line {
            BlastLine::Mean => 0.0,
            BlastLine::K95 => SHIFT_95 * self.standard_error,
            BlastLine::Prediction95 => return self.scaled_distance_of_prediction(peak),
        };
        let scaled = 10f64.powf((self.k.log10() + above - peak.log10()) / self.beta);
        (scaled.is_finite() && scaled > 0.0).then_some(scaled)
    }

    /// Where a − βx + t s √(1 + 1/n + (x − x̄)²/Sxx) is log10 of the peak: the larger root of a quadratic
    /// equation in u = x − x̄, (β² − t²s²/Sxx) u² − 2βc u + c² − t²s²(1 + 1/n) = 0, where c is how far the mean
    /// line lies above the peak at x̄.
    fn scaled_distance_of_prediction(&self, peak: f64) -> Option<f64> {
        let (beta, ts2) = (self.beta, (self.t95 * self.standard_error).powi(2));
        let c = self.k.log10() - beta * self.mean_log_scaled_distance - peak.log10();
        let a = beta * beta - ts2 / self.squares_log_scaled_distance;
        // The bound never comes down where the slope itself may be flat.
        if a <= 0.0 {
            return None;
        }
        let constant = ts2 * (1.0 + 1.0 / self.points as f64);
        let root = (beta * beta * c * c - a * (c * c - constant)).max(0.0).sqrt();
        let scaled = 10f64.powf(self.mean_log_scaled_distance + (beta * c + root) / a);
        (scaled.is_finite() && scaled > 0.0).then_some(scaled)
    }

    /// Whether peaks fall with the distance, as they must.
    pub fn is_falling(&self) -> bool {
        self.beta > 0.0
    }

    /// Whether a scaled distance lies outside of those of the events: what the law says there is no
    /// measurement.
    pub fn is_extrapolated(&self, scaled_distance: f64) -> bool {
        let slack = 1e-9;
        scaled_distance < self.least_scaled_distance * (1.0 - slack)
            || scaled_distance > self.most_scaled_distance * (1.0 + slack)
    }

    /// The same law for peaks that are `peak_factor` and scaled distances that are `distance_factor` times
    /// as large: those in other units.
    #[must_use]
    pub fn scaled(self, peak_factor: f64, distance_factor: f64) -> Self {
        let factor = peak_factor * distance_factor.powf(self.beta);
        Self {
            k: self.k * factor,
            k95: self.k95 * factor,
            least_scaled_distance: self.least_scaled_distance * distance_factor,
            most_scaled_distance: self.most_scaled_distance * distance_factor,
            mean_log_scaled_distance: self.mean_log_scaled_distance + distance_factor.log10(),
            ..self
        }
    }
}

/// How many of the values differ; counting ends where there are enough.
fn different(values: impl Iterator<Item = f64>) -> usize {
    let mut seen: Vec<f64> = Vec::new();
    for value in values {
        let is_seen = |of: &f64| (of / value - 1.0).abs() < 1e-9;
        if !seen.iter().any(is_seen) {
            seen.push(value);
        }
        if seen.len() == FEWEST {
            break;
        }
    }
    seen.len()
}
