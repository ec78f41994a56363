//! What one count is worth: the factor that nothing states, and the one that a report's table of
//! samples tells.

use serde::Serialize;
use wavekeep_core::{Scale, Unit};
use wavekeep_report_text::Pair;

/// How narrow the table has to hold a factor, as a share of it, to choose one: the two that are
/// known for geophones differ by 1.7 %.
const NARROW: f64 = 0.005;
/// What adding and dividing doubles may cost, as a share of a printed digit.
const ROUNDING: f64 = 1e-6;
/// Reference of sound pressure levels, in Pa.
const REFERENCE_PA: f64 = 20e-6;

/// 0.00788 mm/s, the resolution that the vendor states. Derived, not stated by a file.
pub(crate) const GEOPHONE: Scale = Scale::ratio(788.0, 100_000.0, Unit::MillimetrePerSecond);
/// 0.015516 Pa, of which the printed peaks of real units are whole multiples. Derived, not stated by
/// a file.
pub(crate) const MICROPHONE: Scale = Scale::ratio(15_516.0, 1_000_000.0, Unit::Pascal);

/// What a table tells of a factor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fit {
    /// Every printed value is its count times this scale, rounded as printed.
    Fits(Fitted),
    /// The factor that is taken without a report explains every printed value, and so would others:
    /// the table is too coarse to tell.
    TooCoarse,
    /// No factor explains all printed values; with the best one so many are not as printed.
    Contradicts {
        /// Values that are not as printed.
        differ: u64,
        /// Values that were compared.
        values: u64,
    },
    /// No count other than zero: nothing to fit.
    Silent,
}

/// A factor that a table confirms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Fitted {
    /// The scale that is used: within the bounds, the default where it is, otherwise the shortest
    /// decimal that is nearest to the least squares.
    #[serde(skip)]
    pub scale: Scale,
    /// The factor of least squares, in the unit of the scale.
    pub least_squares: f64,
    /// The smallest factor that explains every printed value.
    pub at_least: f64,
    /// The largest one.
    pub at_most: f64,
    /// How many values were used.
    pub values: u64,
    /// How far each printed value is from its count times a factor within the bounds, at most.
    pub tolerance: f64,
}

/// Fits the factor to printed values of velocity or pressure in `unit`, printed to `decimals`.
///
/// Least squares over counts other than 0: Σ c·v / Σ c². Every residual has to be within half of the
/// last printed digit, or, for values that were cut instead of rounded, within the whole of it.
pub(crate) fn fit(pairs: &[Pair], unit: Unit, decimals: usize, default: Scale) -> Fit {
    let line = match unit {
        Unit::DecibelLinear => Line::of_levels(pairs, default),
        _ => Line::of_values(pairs, in_unit(default, unit)),
    };
    let digit = digit(decimals);
    let fitted = [0.5 * digit, digit].into_iter().find_map(|tolerance| line.within(tolerance));
    match fitted {
        Some(fit) => fit,
        None if pairs.is_empty() => Fit::Silent,
        None => line.contradiction(digit),
    }
}

/// Printed values over counts, and the straight line through them.
struct Line {
    /// Values that tell something of the factor: in the unit of the scale or as levels.
    telling: Vec<Pair>,
    /// Values that the factor cannot explain, by how much they are off.
    unexplained: Vec<(f64, u64)>,
    /// Whether the values are levels.
    levels: bool,
    least_squares: f64,
    /// The scale that is taken where no table is, in the unit of the fit.
    default: Scale,
}

impl Line {
    fn of_values(pairs: &[Pair], default: Scale) -> Self {
        let (telling, silent): (Vec<Pair>, Vec<Pair>) =
            pairs.iter().partition(|pair| pair.count != 0.0);
        let weighted = |pair: &Pair, value: f64| pair.samples as f64 * value;
        let product: f64 =
            telling.iter().map(|pair| weighted(pair, pair.count * pair.printed)).sum();
        let square: f64 = telling.iter().map(|pair| weighted(pair, pair.count * pair.count)).sum();
        Self {
            least_squares: product / square,
            telling,
            unexplained: silent.iter().map(|pair| (pair.printed.abs(), pair.samples)).collect(),
            levels: false,
            default,
        }
    }

    /// Levels in dB(L), `sign × 20 log10(|c| × factor / 20 µPa)`: their least squares are the mean
    /// of what they are above the levels of the counts. 0 is printed for pressures below a threshold,
    /// and says nothing.
    fn of_levels(pairs: &[Pair], default: Scale) -> Self {
        let same_sign = |pair: &Pair| pair.count * pair.printed > 0.0;
        let (telling, wrong): (Vec<Pair>, Vec<Pair>) =
            pairs.iter().filter(|pair| pair.printed != 0.0).partition(|pair| same_sign(pair));
        let above: f64 = telling.iter().map(|of| level_of_one(of) * of.samples as f64).sum();
        Self {
            least_squares: pascal(above / samples(&telling) as f64),
            telling,
            unexplained: wrong.iter().map(|pair| (f64::INFINITY, pair.samples)).collect(),
            levels: true,
            default,
        }
    }

    /// The factors with which `pair` is printed within `tolerance`.
    fn bounds(&self, pair: &Pair, tolerance: f64) -> [f64; 2] {
        if self.levels {
            [-tolerance, tolerance].map(|by| pascal(level_of_one(pair) + by))
        } else {
            let towards = tolerance.copysign(pair.count);
            [-towards, towards].map(|by| (pair.printed + by) / pair.count)
        }
    }

    /// What the values tell when each is printed within `tolerance`; `None` when no factor makes
    /// them so.
    fn within(&self, tolerance: f64) -> Option<Fit> {
        if self.unexplained.iter().any(|(off, _)| *off > tolerance) {
            return None;
        }
        let all = self.telling.iter().map(|pair| self.bounds(pair, tolerance));
        let [at_least, at_most] = all
            .fold([f64::NEG_INFINITY, f64::INFINITY], |[low, high], [least, most]| {
                [low.max(least), high.min(most)]
            });
        if self.telling.is_empty() {
            return Some(Fit::Silent);
        }
        if at_least > at_most || at_most <= 0.0 {
            return None;
        }
        let bounds = Bounds { at_least, at_most };
        let default_fits = bounds.contain(self.default.of_one());
        let narrow = at_most - at_least <= NARROW * at_most;
        let scale = match (default_fits, narrow) {
            (true, false) => return Some(Fit::TooCoarse),
            (true, true) => self.default,
            (false, _) => shortest_decimal(self.least_squares, bounds, self.default.unit),
        };
        let (least_squares, values) = (self.least_squares, samples(&self.telling));
        Some(Fit::Fits(Fitted { scale, least_squares, at_least, at_most, values, tolerance }))
    }

    fn contradiction(&self, digit: f64) -> Fit {
        let explained = |pair: &&Pair| {
            let [low, high] = self.bounds(pair, digit);
            (low..=high).contains(&self.least_squares)
        };
        let unexplained = self.unexplained.iter().filter(|(off, _)| *off > digit);
        let unexplained: u64 = unexplained.map(|(_, samples)| samples).sum();
        let explained: u64 = self.telling.iter().filter(explained).map(|of| of.samples).sum();
        let silent: u64 = self.unexplained.iter().map(|(_, samples)| samples).sum();
        let telling = samples(&self.telling);
        Fit::Contradicts { differ: telling - explained + unexplained, values: telling + silent }
    }
}

fn samples(pairs: &[Pair]) -> u64 {
    pairs.iter().map(|pair| pair.samples).sum()
}

/// What a level is above that of its count: the level of one count.
fn level_of_one(pair: &Pair) -> f64 {
    pair.printed.abs() - 20.0 * pair.count.abs().log10()
}

fn pascal(level: f64) -> f64 {
    REFERENCE_PA * 10f64.powf(level / 20.0)
}

/// The factors that explain every printed value.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    at_least: f64,
    at_most: f64,
}

impl Bounds {
    fn contain(&self, factor: f64) -> bool {
        (self.at_least..=self.at_most).contains(&factor)
    }
}

/// The last printed digit.
fn digit(decimals: usize) -> f64 {
    let decimals = i32::try_from(decimals).unwrap_or(i32::MAX);
    10f64.powi(-decimals) * (1.0 + ROUNDING)
}

/// The same scale in another unit of its quantity; itself where there is no such unit.
fn in_unit(scale: Scale, unit: Unit) -> Scale {
    let of_one = scale.unit.convert(1.0, unit);
    of_one.map_or(scale, |of_one| Scale::ratio(scale.numerator * of_one, scale.denominator, unit))
}

/// The number with fewest decimals within `bounds` that is nearest to `factor`: vendors' factors
/// are decimal, and every one within the bounds explains the table.
fn shortest_decimal(factor: f64, bounds: Bounds, unit: Unit) -> Scale {
    let within = |value: f64| value > 0.0 && bounds.contain(value);
    let factor = factor.clamp(bounds.at_least.max(f64::MIN_POSITIVE), bounds.at_most);
    (0..15)
        .map(|decimals| 10f64.powi(decimals))
        .map(|power| ((factor * power).round(), power))
        .find(|(numerator, power)| within(numerator / power))
        .map_or(Scale::ratio(factor, 1.0, unit), |(numerator, power)| {
            Scale::ratio(numerator, power, unit)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(value: f64, decimals: usize) -> f64 {
        format!("{value:.decimals$}").parse().unwrap()
    }

    fn velocities(factor: f64, largest: i32, decimals: usize) -> Vec<Pair> {
        (-largest..=largest)
            .map(|count| {
                let count = f64::from(count);
                Pair { count, printed: printed(count * factor, decimals), samples: 1 }
            })
            .collect()
    }

    fn fitted(fit: Fit) -> Fitted {
        let Fit::Fits(fitted) = fit else { panic!("{fit:?}") };
        fitted
    }

    #[test]
    fn a_decimal_factor_is_found_exactly() {
        let pairs = velocities(0.00031, 900, 4);
        let fitted = fitted(fit(&pairs, Unit::InchPerSecond, 4, GEOPHONE));
        assert_eq!(fitted.scale, Scale::ratio(31.0, 100_000.0, Unit::InchPerSecond));
        assert!((fitted.least_squares / 0.00031 - 1.0).abs() < 1e-3);
    }

    #[test]
    fn the_factor_of_the_older_decoders_is_told_from_the_vendors() {
        let pairs = velocities(10.0 / 32_768.0, 900, 4);
        let fitted = fitted(fit(&pairs, Unit::InchPerSecond, 4, GEOPHONE));
        let factor = fitted.scale.of_one();
        assert!((factor * 32_768.0 / 10.0 - 1.0).abs() < 1e-3, "{factor}");
        for Pair { count, printed: value, .. } in pairs {
            assert_eq!(printed(fitted.scale.apply(count), 4), value);
        }
    }

    #[test]
    fn the_default_is_kept_where_the_table_confirms_it() {
        let pairs = velocities(0.00788, 900, 3);
        assert_eq!(fitted(fit(&pairs, Unit::MillimetrePerSecond, 3, GEOPHONE)).scale, GEOPHONE);
    }

    #[test]
    fn values_that_were_cut_instead_of_rounded_are_explained_too() {
        let mut pairs = velocities(0.00031, 900, 4);
        for pair in &mut pairs {
            pair.printed = (pair.count * 3.1).trunc() / 10_000.0;
        }
        let fitted = fitted(fit(&pairs, Unit::InchPerSecond, 4, GEOPHONE));
        assert!((fitted.scale.of_one() / 0.00031 - 1.0).abs() < 2e-3, "{fitted:?}");
        assert!(fitted.tolerance > 0.000_09);
    }

    #[test]
    fn a_coarse_table_confirms_nothing() {
        let pairs = velocities(0.00031, 3, 3);
        assert_eq!(fit(&pairs, Unit::InchPerSecond, 3, GEOPHONE), Fit::TooCoarse);
    }

    #[test]
    fn silence_tells_nothing() {
        let silence = [Pair { count: 0.0, printed: 0.0, samples: 9 }];
        assert_eq!(fit(&silence, Unit::InchPerSecond, 4, GEOPHONE), Fit::Silent);
        assert_eq!(fit(&[], Unit::DecibelLinear, 2, MICROPHONE), Fit::Silent);
    }

    #[test]
    fn one_value_that_is_not_as_printed_is_a_contradiction() {
        let mut pairs = velocities(0.00031, 900, 4);
        pairs[17].printed += 0.001;
        let contradicts = Fit::Contradicts { differ: 1, values: pairs.len() as u64 };
        assert_eq!(fit(&pairs, Unit::InchPerSecond, 4, GEOPHONE), contradicts);
        let loud_silence = [(0.0, 0.1), (100.0, 0.031)].map(|(count, printed)| Pair {
            count,
            printed,
            samples: 1,
        });
        let found = fit(&loud_silence, Unit::InchPerSecond, 4, GEOPHONE);
        assert!(matches!(found, Fit::Contradicts { differ: 1, .. }), "{found:?}");
    }

    #[test]
    fn values_of_the_wrong_sign_are_a_contradiction() {
        let pairs = velocities(-0.00031, 900, 4);
        let found = fit(&pairs, Unit::InchPerSecond, 4, GEOPHONE);
        assert!(matches!(found, Fit::Contradicts { .. }), "{found:?}");
    }

    /// Whether `printed`, rounded to `decimals`, is `counts` times `factor`.
    fn prints(factor: f64, counts: f64, printed: f64, decimals: i32) -> bool {
        (counts * factor - printed).abs() <= 0.5 * 10f64.powi(-decimals)
    }

    #[test]
    fn the_printed_peaks_of_real_microphones_are_whole_counts() {
        let of_one = MICROPHONE.of_one();
        for (counts, pascal) in [(59.0, 0.915), (121.0, 1.877), (548.0, 8.503), (420.0, 6.517)] {
            assert!(prints(of_one, counts, pascal, 3), "{pascal} Pa");
        }
        let level = MICROPHONE.level(44.0).unwrap();
        assert_eq!(format!("{level:.2}"), "90.66");
        // 1/64 Pa, which the vendor's numbers do not fit.
        assert!(!(1..2000).any(|counts| prints(1.0 / 64.0, f64::from(counts), 8.503, 3)));
    }

    #[test]
    fn levels_tell_the_microphones_factor_and_those_below_the_threshold_nothing() {
        let levels = |pascal: f64| -> Vec<Pair> {
            (-300..=300)
                .map(f64::from)
                .map(|count: f64| {
                    let level = 20.0 * (count.abs() * pascal / REFERENCE_PA).log10();
                    let printed =
                        if count.abs() < 20.0 { 0.0 } else { printed(count.signum() * level, 2) };
                    Pair { count, printed, samples: 1 }
                })
                .collect()
        };
        let of = |pairs: &[Pair]| fit(pairs, Unit::DecibelLinear, 2, MICROPHONE);
        assert_eq!(fitted(of(&levels(0.015516))).scale, MICROPHONE);
        let other = fitted(of(&levels(0.02))).scale;
        assert!((other.of_one() / 0.02 - 1.0).abs() < 1e-3, "{other:?}");
        assert_eq!(other.unit, Unit::Pascal);
        let mut wrong = levels(0.015516);
        wrong[3].printed = -wrong[3].printed;
        assert!(matches!(of(&wrong), Fit::Contradicts { differ: 1, .. }));
    }
}
