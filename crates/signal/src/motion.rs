//! Acceleration and displacement of a velocity trace.

use crate::half_wave::zero_between;

/// Largest |v(i+1) − v(i)| / dt over neighbours that are both present, in units of v per second.
///
/// It is not derived from the PPV and a frequency. `None` when no two neighbours are present.
pub(crate) fn peak_acceleration(values: &[f64], step_s: f64) -> Option<f64> {
    let largest = values
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(-1.0, |largest, change| if change > largest { change } else { largest });
    (largest >= 0.0 && step_s > 0.0).then(|| largest / step_s)
}

/// Largest absolute integral of v between two neighbouring zero crossings, halved, in units of
/// v × seconds.
///
/// Between two crossings the ground moves from one extreme to the other: half of that way is the
/// displacement from rest. The integral is the trapezium rule with the crossings of
/// [`HalfWave`](crate::HalfWave) as its ends. Half-waves that are cut off by a missing sample or by
/// an end of the recording are left out; `None` when there is no whole one.
pub(crate) fn peak_displacement(values: &[f64], step_s: f64) -> Option<f64> {
    let mut largest = -1.0;
    let mut close = |area: Option<f64>| {
        if let Some(area) = area.filter(|area| area.abs() > largest) {
            largest = area.abs();
        }
    };
    // Area since the last crossing in units of v × samples; `None` when that crossing is not known.
    let mut area: Option<f64> = None;
    for pair in values.windows(2) {
        let (left, right) = (pair[0], pair[1]);
        if left.is_nan() || right.is_nan() {
            area = None;
        } else if left == 0.0 {
            close(area);
            area = Some(right / 2.0);
        } else if left * right < 0.0 {
            let share = zero_between(left.abs(), -right.abs());
            close(area.map(|area| area + left * share / 2.0));
            area = Some(right * (1.0 - share) / 2.0);
        } else {
            area = area.map(|area| area + (left + right) / 2.0);
        }
    }
    if values.last() == Some(&0.0) {
        close(area);
    }
    let displacement = largest * step_s / 2.0;
    (displacement >= 0.0 && displacement.is_finite()).then_some(displacement)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    const STEP: f64 = 1.0 / 1024.0;

    fn sine(amplitude: f64, hz: f64, phase: f64) -> Vec<f64> {
        (0..2048).map(|i| amplitude * (2.0 * PI * hz * f64::from(i) * STEP + phase).sin()).collect()
    }

    fn close(found: f64, expected: f64, relative: f64) {
        assert!((found - expected).abs() <= expected.abs() * relative, "{found} is not {expected}");
    }

    #[test]
    fn a_sine_has_the_displacement_and_acceleration_of_theory() {
        for phase in [0.0, 0.3, 1.0, PI / 2.0] {
            let values = sine(0.2, 16.0, phase);
            // v / (2πf) and 2πf v; a difference over one step is a little below the true slope.
            close(peak_displacement(&values, STEP).unwrap(), 0.2 / (2.0 * PI * 16.0), 2e-3);
            close(peak_acceleration(&values, STEP).unwrap(), 0.2 * 2.0 * PI * 16.0, 2e-3);
        }
    }

    #[test]
    fn half_waves_without_both_crossings_do_not_count() {
        // The large half-waves at both ends and beside the missing sample are cut off.
        let values = [90.0, 90.0, -1.0, -1.0, 1.0, f64::NAN, 50.0, -2.0, 90.0];
        let found = peak_displacement(&values, 1.0).unwrap();
        // Between 90 and -1 and between -1 and 1: two triangles and a unit square.
        close(found, (0.5 / 91.0 + 1.0 + 0.25) / 2.0, 1e-12);
    }

    #[test]
    fn changes_across_a_missing_sample_are_no_acceleration() {
        assert_eq!(peak_acceleration(&[0.0, 1.0, f64::NAN, 100.0, 101.5], 0.5), Some(3.0));
        assert_eq!(peak_acceleration(&[1.0], 0.5), None);
        assert_eq!(peak_acceleration(&[1.0, f64::NAN, 2.0], 0.5), None);
    }

    #[test]
    fn a_flat_or_empty_trace_has_no_more_than_zero() {
        assert_eq!(peak_displacement(&[], STEP), None);
        assert_eq!(peak_displacement(&[3.0, 3.0], STEP), None);
        assert_eq!(peak_displacement(&[0.0, 0.0, 0.0], STEP), Some(0.0));
    }
}
