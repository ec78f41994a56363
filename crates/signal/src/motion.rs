//! Acceleration and displacement of a velocity trace: their peaks, and sample by sample.

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

/// (v(i+1) − v(i)) / dt of each pair of neighbours, in units of v per second: one value less than
/// samples. NaN where one of the two is missing.
pub(crate) fn acceleration(values: &[f64], step_s: f64) -> Vec<f64> {
    values.windows(2).map(|pair| (pair[1] - pair[0]) / step_s).collect()
}

/// The integral of v over each run of present samples by the trapezium rule, in units of v × seconds.
///
/// The mean of v over the run is taken off before, and the mean of the result after it: a geophone
/// measures neither a steady velocity nor a position. NaN where a sample is missing, and for a run of
/// one sample.
pub(crate) fn displacement(values: &[f64], step_s: f64) -> Vec<f64> {
    let mut out = Vec::with_capacity(values.len());
    for run in values.chunk_by(|left, right| left.is_nan() == right.is_nan()) {
        let start = out.len();
        if run.len() < 2 || run[0].is_nan() {
            out.resize(start + run.len(), f64::NAN);
            continue;
        }
        let steady = mean(run);
        let mut at = 0.0;
        out.push(at);
        out.extend(run.windows(2).map(|pair| {
            at += ((pair[0] - steady) + (pair[1] - steady)) / 2.0 * step_s;
            at
        }));
        let middle = mean(&out[start..]);
        out[start..].iter_mut().for_each(|position| *position -= middle);
    }
    out
}

/// The mean over time between the first and the last of at least two values, by the trapezium rule.
fn mean(values: &[f64]) -> f64 {
    let sum: f64 = values.windows(2).map(|pair| pair[0] / 2.0 + pair[1] / 2.0).sum();
    sum / (values.len() - 1) as f64
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

    use proptest::prelude::*;

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

    /// Values that are missing now and then.
    fn gapped() -> impl Strategy<Value = Vec<f64>> {
        let value = prop_oneof![1 => Just(f64::NAN), 9 => -5f64..5.0];
        proptest::collection::vec(value, 0..200)
    }

    proptest! {
        #[test]
        fn the_largest_acceleration_of_the_trace_is_the_peak(values in gapped(), rate in 1f64..9e3) {
            let trace = acceleration(&values, 1.0 / rate);
            let largest = trace.iter().map(|value| value.abs()).fold(f64::NAN, f64::max);
            match peak_acceleration(&values, 1.0 / rate) {
                Some(peak) => prop_assert!((largest - peak).abs() <= 1e-12 * peak),
                None => prop_assert!(largest.is_nan()),
            }
        }

        #[test]
        fn a_displacement_knows_nothing_of_what_is_beyond_a_gap(
            left in proptest::collection::vec(-5f64..5.0, 2..60),
            right in proptest::collection::vec(-5f64..5.0, 2..60),
            gap in 1usize..4,
        ) {
            let missing = vec![f64::NAN; gap];
            let all = [left.clone(), missing, right.clone()].concat();
            let found = displacement(&all, STEP);
            prop_assert_eq!(&found[..left.len()], displacement(&left, STEP));
            prop_assert!(found[left.len()..left.len() + gap].iter().all(|value| value.is_nan()));
            prop_assert_eq!(&found[left.len() + gap..], displacement(&right, STEP));
        }

        #[test]
        fn a_steady_velocity_changes_no_displacement(
            values in proptest::collection::vec(-5f64..5.0, 2..200), steady in -5f64..5.0,
        ) {
            let moved: Vec<f64> = values.iter().map(|value| value + steady).collect();
            let (found, expected) = (displacement(&moved, STEP), displacement(&values, STEP));
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert!((found - expected).abs() < 1e-12);
            }
            // The ground ends where it began.
            prop_assert!((found[0] - found[found.len() - 1]).abs() < 1e-12);
        }

        #[test]
        fn neighbouring_extremes_of_the_trace_are_the_peak_displacement_apart(
            halves in proptest::collection::vec(1f64..9.0, 1..20),
        ) {
            // Half-waves that begin and end at samples, and as much of them above as below zero.
            let signed = |(i, height): (usize, &f64)| if i % 2 == 0 { *height } else { -*height };
            let mut values = vec![0.0];
            let mirrored = halves.iter().map(|height| -height);
            let heights: Vec<f64> =
                halves.iter().enumerate().map(signed).chain(
                    mirrored.enumerate().map(|(i, height)| if i % 2 == 0 { height } else { -height }),
                ).collect();
            for height in heights {
                values.extend([height / 2.0, height, height / 2.0, 0.0]);
            }
            let trace = displacement(&values, 1.0);
            // Extremes are at the crossings, every fourth sample.
            let crossings: Vec<f64> = trace.iter().step_by(4).copied().collect();
            let apart = crossings.windows(2).map(|pair| (pair[1] - pair[0]).abs() / 2.0);
            let peak = peak_displacement(&values, 1.0).unwrap();
            let largest = apart.fold(0.0, f64::max);
            prop_assert!((largest - peak).abs() < 1e-9, "{} {}", largest, peak);
        }
    }

    #[test]
    fn the_displacement_of_a_sine_has_the_amplitude_of_theory_and_its_phase() {
        for phase in [0.0, 1.0, PI / 2.0] {
            let values = sine(0.2, 16.0, phase);
            let theory = |i: usize| {
                -0.2 / (2.0 * PI * 16.0) * (2.0 * PI * 16.0 * i as f64 * STEP + phase).cos()
            };
            // One step is missing from 32 whole periods: the mean is off by a small part of a step.
            for (i, found) in displacement(&values, STEP).into_iter().enumerate() {
                assert!((found - theory(i)).abs() < 0.06 * 0.2 / (2.0 * PI * 16.0), "{phase} {i}");
            }
        }
    }

    #[test]
    fn a_run_of_one_sample_has_no_displacement_and_one_of_two_does_not_move() {
        assert!(displacement(&[], STEP).is_empty());
        let found = displacement(&[7.0, f64::NAN, 1.0, 3.0], STEP);
        assert!(found[0].is_nan() && found[1].is_nan());
        assert_eq!(found[2..], [0.0, 0.0]);
        assert!(acceleration(&[1.0], STEP).is_empty());
    }
}
