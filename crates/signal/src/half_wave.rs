//! The half-wave around a peak: where it begins, where it ends, what frequency that is.

use serde::Serialize;
use wavekeep_core::{Frequency, TimeAxis};

/// The half-wave of a peak, between the zero crossings on both sides of it.
///
/// A crossing is where the straight line between two neighbouring samples reaches zero; a sample
/// that is zero is a crossing itself. Positions are sample indices with a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HalfWave {
    /// Position of the crossing before the peak, in samples.
    pub from_sample: f64,
    /// Position of the crossing behind the peak, in samples.
    pub to_sample: f64,
    /// Seconds from the trigger to the crossing before the peak.
    pub from_s: f64,
    /// Seconds from the trigger to the crossing behind the peak.
    pub to_s: f64,
    /// Half-period in whole samples, as the instruments count it: the distance of the crossings,
    /// rounded, at least 1.
    pub half_period_samples: usize,
}

impl HalfWave {
    /// The half-wave around sample `peak`; `None` when a crossing is missing, because the
    /// recording begins or ends or a sample is missing (NaN) before it is reached.
    pub(crate) fn around(values: &[f64], peak: usize, time: &TimeAxis) -> Option<Self> {
        let sign = match values.get(peak) {
            Some(value) if *value > 0.0 => 1.0,
            Some(value) if *value < 0.0 => -1.0,
            _ => return None,
        };
        let from_sample = crossing(values, sign, (0..peak).rev(), peak)?;
        let to_sample = crossing(values, sign, peak + 1..values.len(), peak)?;
        let half_period_samples = ((to_sample - from_sample).round() as usize).max(1);
        let step = time.step_s().filter(|step| step.is_finite() && *step > 0.0)?;
        let first = time.seconds(0)?;
        Some(Self {
            from_sample,
            to_sample,
            from_s: first + from_sample * step,
            to_s: first + to_sample * step,
            half_period_samples,
        })
    }

    /// Zero-crossing frequency: f = 1 / (2 t), t the half-period.
    ///
    /// The half-period is taken in whole samples, so that the frequency at 1024 samples/s is
    /// 512 / half-period, the number that the instruments store and print.
    pub fn frequency(&self, rate_hz: f64) -> Frequency {
        if !(rate_hz.is_finite() && rate_hz > 0.0) {
            return Frequency::NotAvailable;
        }
        Frequency::in_range(rate_hz / (2.0 * self.half_period_samples as f64))
    }
}

/// Walks from `peak` along `path` until the trace leaves the side of `sign`.
fn crossing(
    values: &[f64],
    sign: f64,
    path: impl Iterator<Item = usize>,
    peak: usize,
) -> Option<f64> {
    let mut inner = peak;
    for outer in path {
        let value = values[outer] * sign;
        if value.is_nan() {
            return None;
        }
        if value <= 0.0 {
            let share = zero_between(values[inner] * sign, value);
            return Some(inner as f64 + share * (outer as f64 - inner as f64));
        }
        inner = outer;
    }
    None
}

/// How far from `inside` (above zero) to `outside` (zero or below) the straight line reaches zero.
pub(crate) fn zero_between(inside: f64, outside: f64) -> f64 {
    inside / (inside - outside)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use proptest::prelude::*;
    use wavekeep_core::Assumed;

    use super::*;

    const RATE: f64 = 1024.0;

    fn axis() -> TimeAxis {
        TimeAxis::Samples {
            rate_hz: Assumed::by_default(RATE),
            pretrigger_s: Assumed::by_default(0.25),
        }
    }

    fn finite_or_missing() -> impl Strategy<Value = f64> {
        use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, QUIET_NAN, SUBNORMAL, ZERO};
        NORMAL | SUBNORMAL | ZERO | QUIET_NAN | POSITIVE | NEGATIVE
    }

    fn around(values: &[f64], peak: usize) -> Option<HalfWave> {
        HalfWave::around(values, peak, &axis())
    }

    proptest! {
        #[test]
        fn a_sine_of_whole_half_period_has_that_half_period_at_any_phase(
            half in 3usize..200, phase in 0.0f64..1.0
        ) {
            let values: Vec<f64> =
                (0..3 * half + 2).map(|i| (PI * (i as f64 - phase) / half as f64).sin()).collect();
            let peak = half + half / 2;
            let wave = around(&values, peak).unwrap();
            prop_assert_eq!(wave.half_period_samples, half);
            prop_assert_eq!(wave.frequency(RATE), Frequency::in_range(512.0 / half as f64));
        }

        #[test]
        fn no_values_whatever_make_it_panic(
            values in proptest::collection::vec(finite_or_missing(), 0..40), peak in 0usize..50
        ) {
            if let Some(wave) = around(&values, peak) {
                prop_assert!(wave.from_sample <= peak as f64 && wave.to_sample >= peak as f64);
            }
        }
    }

    #[test]
    fn crossings_lie_where_the_straight_line_reaches_zero() {
        let wave = around(&[-1.0, 3.0, 6.0, 2.0, -2.0], 2).unwrap();
        assert_eq!((wave.from_sample, wave.to_sample), (0.25, 3.5));
        assert_eq!(wave.half_period_samples, 3);
        assert_eq!(wave.from_s, -0.25 + 0.25 / RATE);
    }

    #[test]
    fn a_sample_that_is_zero_is_a_crossing() {
        let wave = around(&[5.0, 0.0, -4.0, -8.0, 0.0, -3.0], 3).unwrap();
        assert_eq!((wave.from_sample, wave.to_sample), (1.0, 4.0));
    }

    #[test]
    fn a_half_wave_that_touches_a_gap_or_an_end_is_none() {
        assert!(around(&[-1.0, 2.0, f64::NAN, 3.0, -1.0], 3).is_none());
        assert!(around(&[1.0, 2.0, -1.0], 1).is_none());
        assert!(around(&[-1.0, 2.0, 1.0], 1).is_none());
        assert!(around(&[0.0, 0.0, 0.0], 1).is_none());
        assert!(around(&[], 0).is_none());
    }
}
