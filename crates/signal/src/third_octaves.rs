//! One-third-octave band levels of a channel.

use std::ops::Range;

use serde::Serialize;
use wavekeep_core::{Channel, Flag, Quantity, Unit};

use crate::spectrum::{NoSpectrum, Stretch};

/// The reference pressure of sound levels: 20 µPa.
const REFERENCE_PA: f64 = 20e-6;
/// The lowest band, 1 Hz, as its number counted from 1000 Hz.
const LOWEST_BAND: i32 = -30;
/// The nominal mid-band frequencies of a decade, by IEC 61260-1.
const NOMINAL: [f64; 10] = [1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0];

/// One-third-octave band levels of a channel.
///
/// The bands are those of IEC 61260-1 with the base 10: mid-band frequencies of
/// 1000 Hz × 10^(n/10), edges at 10^(±1/20) of them. The RMS of a band is the sum of the lines of a
/// discrete Fourier transform without a window; a line that lies across an edge is divided in
/// proportion. The squares of all bands, of `below_rms` and of `above_rms` add up to the mean square
/// of the samples with their mean taken off.
///
/// This is no filter bank of a class of IEC 61260-1: a steady tone at an edge is divided between two
/// bands, and the levels are means over the stretch and no time-weighted ones.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ThirdOctaves {
    /// The bands, ascending: from 1 Hz, or the lowest band that is at least one line wide, to the last
    /// one that ends at or below half the sample rate.
    pub bands: Vec<ThirdOctave>,
    /// Unit of the RMS.
    pub unit: Unit,
    /// RMS of what lies below the lowest band.
    pub below_rms: f64,
    /// RMS of what lies above the highest band.
    pub above_rms: f64,
    /// The mean, which was taken off.
    pub mean: f64,
    /// The samples that the bands were computed from.
    pub samples: Range<usize>,
    /// Why they were not computed from the whole channel, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restriction: Option<String>,
    /// What is wrong with the samples: the levels may be wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<Flag>,
}

/// One band.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ThirdOctave {
    /// The frequency that names it: 3.15 Hz.
    pub nominal_hz: f64,
    /// Its exact mid-band frequency: 3.162… Hz.
    pub mid_hz: f64,
    /// Its lower edge.
    pub from_hz: f64,
    /// Its upper edge.
    pub to_hz: f64,
    /// Its RMS, in the unit of the channel.
    pub rms: f64,
    /// Its level in dB re 20 µPa; of an air pressure that is not zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level_db: Option<f64>,
}

impl ThirdOctave {
    /// Band `n`, counted from 1000 Hz, without anything in it.
    fn empty(n: i32) -> Self {
        let at = |tenths: f64| 1000.0 * 10f64.powf(tenths / 10.0);
        let (decade, place) = (n.div_euclid(10), n.rem_euclid(10) as usize);
        let power = 10f64.powi((decade + 3).abs());
        let nominal = NOMINAL[place];
        Self {
            nominal_hz: if decade + 3 < 0 { nominal / power } else { nominal * power },
            mid_hz: at(f64::from(n)),
            from_hz: at(f64::from(n) - 0.5),
            to_hz: at(f64::from(n) + 0.5),
            rms: 0.0,
            level_db: None,
        }
    }
}

/// One-third-octave band levels of a channel sampled at `rate_hz`.
///
/// As for a [`spectrum`](crate::spectrum), the longest run of present samples is taken.
///
/// # Errors
/// [`NoSpectrum`] when the longest run has fewer than 16 samples or the rate is no positive number.
pub fn third_octaves(channel: &Channel, rate_hz: f64) -> Result<ThirdOctaves, NoSpectrum> {
    let mut stretch = Stretch::of(channel, rate_hz)?;
    let mean = stretch.remove_mean();
    let n = stretch.values.len();
    let lines = stretch.transformed();
    let resolution_hz = rate_hz / n as f64;
    let half_rate = rate_hz / 2.0;

    let mut bands: Vec<ThirdOctave> = (LOWEST_BAND..=10_000)
        .map(ThirdOctave::empty)
        .skip_while(|band| band.to_hz - band.from_hz < resolution_hz)
        .take_while(|band| band.to_hz <= half_rate * (1.0 + 1e-12))
        .collect();
    // Sums of squares, as RMS in the end: below the first band, in each of them, above the last.
    let edges: Vec<f64> =
        bands.iter().map(|band| band.from_hz).chain(bands.last().map(|band| band.to_hz)).collect();
    let mut sums = vec![0.0; edges.len() + 1];
    let mut part = 0;
    for (k, line) in lines.iter().enumerate() {
        let is_single = k == 0 || (n.is_multiple_of(2) && k == n / 2);
        let size = line.norm() / n as f64;
        let square = if is_single { 1.0 } else { 2.0 } * size * size;
        // Where the line stands in the spectrum; the first and the last one are cut in half.
        let from = ((k as f64 - 0.5) * resolution_hz).max(0.0);
        let to = ((k as f64 + 0.5) * resolution_hz).min(half_rate);
        let width = to - from;
        let mut at = from;
        while let Some(&edge) = edges.get(part).filter(|edge| **edge < to) {
            if width > 0.0 {
                sums[part] += square * ((edge.max(at) - at) / width);
            }
            at = edge.max(at);
            part += 1;
        }
        sums[part] += if width > 0.0 { square * ((to - at) / width) } else { square };
    }
    let level_factor = level_factor(channel.unit());
    for (band, square) in bands.iter_mut().zip(&sums[1..]) {
        band.rms = square.sqrt();
        band.level_db = level_factor
            .map(|factor| 20.0 * (band.rms * factor).log10())
            .filter(|level| level.is_finite());
    }
    // Without a band nothing is above one.
    let above = if bands.is_empty() { 0.0 } else { sums[sums.len() - 1] };
    Ok(ThirdOctaves {
        bands,
        unit: channel.unit(),
        below_rms: sums[0].sqrt(),
        above_rms: above.sqrt(),
        mean,
        samples: stretch.samples,
        restriction: stretch.restriction,
        flag: stretch.flag,
    })
}

/// What makes a pressure a multiple of 20 µPa; `None` for anything else.
fn level_factor(unit: Unit) -> Option<f64> {
    let is_pressure = unit.quantity() == Quantity::Pressure && !unit.is_level();
    let pascals = unit.convert(1.0, Unit::Pascal).ok().filter(|_| is_pressure)?;
    Some(pascals / REFERENCE_PA)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use proptest::prelude::*;
    use wavekeep_core::{Samples, Scale};

    use super::*;

    fn channel(values: Vec<f64>) -> Channel {
        Channel::new("Vert", Samples::F64(values))
            .with_scale(Scale::identity(Unit::MillimetrePerSecond))
    }

    fn sine(hz: f64, amplitude: f64, samples: usize) -> Vec<f64> {
        (0..samples).map(|i| amplitude * (2.0 * PI * hz * i as f64 / 1024.0).sin()).collect()
    }

    proptest! {
        #[test]
        fn bands_and_what_is_outside_of_them_add_up_to_the_mean_square(
            values in proptest::collection::vec(-1e3f64..1e3, 16..700),
            rate in 1f64..10_000.0,
        ) {
            let found = third_octaves(&channel(values.clone()), rate).unwrap();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let square =
                values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
            let bands: f64 = found.bands.iter().map(|band| band.rms.powi(2)).sum();
            let all = bands + found.below_rms.powi(2) + found.above_rms.powi(2);
            prop_assert!((all - square).abs() <= 1e-9 * square.max(1e-12), "{} {}", all, square);
            prop_assert!((found.mean - mean).abs() < 1e-9);
        }

        #[test]
        fn bands_touch_each_other_and_lie_within_the_spectrum(
            samples in 16usize..3000, rate in 1e-3f64..1e6,
        ) {
            let found = third_octaves(&channel(vec![1.0; samples]), rate).unwrap();
            for pair in found.bands.windows(2) {
                prop_assert!((pair[0].to_hz / pair[1].from_hz - 1.0).abs() < 1e-12);
            }
            for band in &found.bands {
                prop_assert!(band.to_hz <= rate / 2.0 * (1.0 + 1e-9) && band.mid_hz > 0.99);
                prop_assert!(band.to_hz - band.from_hz >= rate / samples as f64);
                prop_assert_eq!(band.rms, 0.0);
            }
        }
    }

    #[test]
    fn bands_have_the_names_of_the_standard() {
        let names: Vec<f64> = (-31..=-13).map(|n| ThirdOctave::empty(n).nominal_hz).collect();
        let expected = [
            0.8, 1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0, 10.0, 12.5, 16.0, 20.0, 25.0,
            31.5, 40.0, 50.0,
        ];
        assert_eq!(names, expected);
        let band = ThirdOctave::empty(-15);
        assert!((band.mid_hz - 31.622_776_6).abs() < 1e-6);
        assert!((band.from_hz - 28.183_829_3).abs() < 1e-6);
        assert!((band.to_hz - 35.481_338_9).abs() < 1e-6);
    }

    #[test]
    fn a_tone_within_a_band_has_its_rms_there() {
        let found = third_octaves(&channel(sine(32.0, 0.7, 4096)), 1024.0).unwrap();
        let band = found.bands.iter().find(|band| band.nominal_hz == 31.5).unwrap();
        assert!((band.rms - 0.7 / 2f64.sqrt()).abs() < 1e-9);
        let others = found.bands.iter().filter(|band| band.nominal_hz != 31.5);
        assert!(others.clone().all(|band| band.rms < 1e-9));
        assert_eq!(band.level_db, None, "a velocity has no level");
    }

    #[test]
    fn a_tone_at_an_edge_is_divided_between_its_neighbours() {
        // The line at the edge of 25 and 31.5 Hz: 1000 × 10^(-1.55) Hz.
        let edge = 1000.0 * 10f64.powf(-1.55);
        let samples = 4096;
        let line = (edge * f64::from(samples) / 1024.0).round();
        let hz = line * 1024.0 / f64::from(samples);
        let found = third_octaves(&channel(sine(hz, 1.0, samples as usize)), 1024.0).unwrap();
        let square = |name: f64| {
            found.bands.iter().find(|band| band.nominal_hz == name).unwrap().rms.powi(2)
        };
        assert!((square(25.0) + square(31.5) - 0.5).abs() < 1e-9);
        let share = (edge - (line - 0.5) * 0.25) / 0.25;
        assert!((square(25.0) - 0.5 * share).abs() < 1e-9);
    }

    #[test]
    fn a_pressure_has_levels_re_20_micropascal() {
        let air = Channel::new("MicL", Samples::F64(sine(20.0, 2f64.sqrt(), 4096)))
            .with_scale(Scale::identity(Unit::Pascal));
        let found = third_octaves(&air, 1024.0).unwrap();
        let band = found.bands.iter().find(|band| band.nominal_hz == 20.0).unwrap();
        // 1 Pa is 93.98 dB.
        assert!((band.level_db.unwrap() - 93.979_400_1).abs() < 1e-6);
        let still =
            Channel::new("MicL", Samples::I16(vec![0; 64])).with_scale(Scale::identity(Unit::Psi));
        let found = third_octaves(&still, 1024.0).unwrap();
        assert!(found.bands.iter().all(|band| band.level_db.is_none()));
    }

    #[test]
    fn a_gap_leaves_the_longest_run_and_a_saturated_count_is_flagged() {
        let mut gapped = channel(sine(32.0, 0.7, 3000));
        gapped.gaps.insert(900..901);
        gapped.limit_count = Some(0.69);
        let found = third_octaves(&gapped, 1024.0).unwrap();
        assert_eq!(found.samples, 901..3000);
        assert!(found.restriction.is_some());
        assert_eq!(found.flag, Some(Flag::Saturated));
        assert!(third_octaves(&channel(vec![1.0, 2.0]), 1024.0).is_err());
        assert!(third_octaves(&channel(Vec::new()), 1024.0).is_err());
        assert!(third_octaves(&channel(vec![0.0; 64]), f64::INFINITY).is_err());
        assert!(third_octaves(&channel(vec![1.0; 64]), 1e308).is_ok());
        assert!(third_octaves(&channel(vec![1.0; 64]), 1e-308).unwrap().bands.is_empty());
    }
}
