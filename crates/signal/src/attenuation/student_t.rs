//! The quantile of Student's t distribution that one-sided bounds of 95 % need.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

/// Up to here the distribution is summed; above, the series in 1/ν has more digits than a double.
const SUMMED: usize = 400;
/// The 95 % quantile of the normal distribution, to which that of Student's t falls.
const NORMAL_95: f64 = 1.644_853_626_951_472_4;

/// The value that Student's t with `degrees` of freedom exceeds in 5 % of cases; infinite without any
/// degree of freedom.
///
/// Abramowitz and Stegun, *Handbook of Mathematical Functions*, 26.7.3 and 26.7.4 (finite sums for whole
/// numbers), 26.7.5 (series in 1/ν).
pub(super) fn quantile_95(degrees: usize) -> f64 {
    match degrees {
        0 => f64::INFINITY,
        1..=SUMMED => {
            // Between −t and t lie 90 %; t = √ν tan θ.
            let (mut low, mut high) = (0.0, FRAC_PI_2);
            for _ in 0..80 {
                let middle = 0.5 * (low + high);
                match between(middle, degrees) < 0.9 {
                    true => low = middle,
                    false => high = middle,
                }
            }
            (degrees as f64).sqrt() * (0.5 * (low + high)).tan()
        }
        _ => by_series(degrees as f64),
    }
}

/// How much of the distribution lies between −t and t, where t = √ν tan θ.
fn between(theta: f64, degrees: usize) -> f64 {
    let (sine, cosine) = theta.sin_cos();
    let is_odd = degrees % 2 == 1;
    if degrees == 1 {
        return FRAC_2_PI * theta;
    }
    let mut term = if is_odd { cosine } else { 1.0 };
    let mut sum = term;
    // Each term is the one before it times cos²θ and a ratio of whole numbers.
    let mut above = if is_odd { 2 } else { 1 };
    while above + 1 < degrees {
        term *= cosine * cosine * above as f64 / (above + 1) as f64;
        sum += term;
        above += 2;
    }
    match is_odd {
        true => FRAC_2_PI * (theta + sine * sum),
        false => sine * sum,
    }
}

fn by_series(degrees: f64) -> f64 {
    let x = NORMAL_95;
    let x2 = x * x;
    let terms = [
        x * (x2 + 1.0) / 4.0,
        x * ((5.0 * x2 + 16.0) * x2 + 3.0) / 96.0,
        x * (((3.0 * x2 + 19.0) * x2 + 17.0) * x2 - 15.0) / 384.0,
        x * ((((79.0 * x2 + 776.0) * x2 + 1482.0) * x2 - 1920.0) * x2 - 945.0) / 92_160.0,
    ];
    terms.iter().rev().fold(0.0, |sum, term| (sum + term) / degrees) + x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_tables_are_met() {
        let table = [
            (1, 6.313_751_514_8),
            (2, 2.919_985_580_4),
            (3, 2.353_363_434_8),
            (10, 1.812_461_122_8),
            (30, 1.697_260_886_6),
            (120, 1.657_650_899_3),
        ];
        for (degrees, t) in table {
            assert!((quantile_95(degrees) / t - 1.0).abs() < 1e-10, "{degrees}");
        }
        assert!(quantile_95(0).is_infinite());
    }

    #[test]
    fn sum_and_series_meet() {
        let summed = quantile_95(SUMMED);
        assert!((summed / by_series(SUMMED as f64) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn it_falls_to_the_normal_distribution() {
        let all: Vec<f64> = (1..2 * SUMMED).map(quantile_95).collect();
        assert!(all.windows(2).all(|pair| pair[0] > pair[1]));
        assert!((quantile_95(usize::MAX) - NORMAL_95).abs() < 1e-12);
    }
}
