//! Amplitude spectral density of a long row of samples, by Welch's method.

use std::f64::consts::PI;
use std::fmt;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use crate::spectrum::{FEWEST_SAMPLES, NoSpectrum};

/// The longest segment that is chosen where none is asked for.
const LONGEST_CHOSEN: usize = 1 << 14;
/// A row has at least so many times the chosen segment.
const SEGMENTS_CHOSEN: u64 = 4;

/// Samples of a segment for a row of `samples` when nobody chose one: the largest power of two of which
/// four fit into the row, from 16 to 16,384.
pub fn density_segment(samples: u64) -> usize {
    let quarter = usize::try_from(samples / SEGMENTS_CHOSEN).unwrap_or(usize::MAX);
    match quarter.clamp(FEWEST_SAMPLES, LONGEST_CHOSEN).checked_ilog2() {
        Some(power) => 1 << power,
        None => FEWEST_SAMPLES,
    }
}

/// One-sided amplitude spectral density of a row of samples, and how far they are from their mean.
///
/// By Welch's method (P. D. Welch, IEEE Trans. Audio Electroacoust. 15, 70, 1967): segments of n samples,
/// each of which begins n − ⌊n/2⌋ samples after the one before; the mean of a segment is taken off, it is
/// multiplied by a periodic Hann window w and transformed; the power |X(k)|² / (rate · Σw²), twice that
/// between zero and half the rate, is averaged over all segments; the density is its square root. These are
/// the defaults of `scipy.signal.welch`. Samples behind the last whole segment are left out.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AmplitudeDensity {
    /// Density at `k × resolution_hz`, k from 0, in the unit of the samples by √Hz; `segment / 2 + 1` of
    /// them.
    pub values: Vec<f64>,
    /// Distance of neighbouring lines: rate / n.
    pub resolution_hz: f64,
    /// Segments that were averaged.
    pub segments: u64,
}

/// Takes samples one after the other and keeps no more than a segment of them. The time is linear in the
/// number of samples.
///
/// ```
/// use wavekeep_signal::DensityEstimate;
///
/// let mut estimate = DensityEstimate::new(64, 1000.0)?;
/// let noise = (0..4000u64).map(|i| (i * i * 48_271 % 65_537) as f64);
/// estimate.push(noise);
/// let found = estimate.finish()?;
/// assert_eq!((found.values.len(), found.segments), (33, 124));
/// # Ok::<(), wavekeep_signal::NoSpectrum>(())
/// ```
#[derive(Clone)]
pub struct DensityEstimate {
    rate_hz: f64,
    window: Vec<f64>,
    transform: Arc<dyn RealToComplex<f64>>,
    held: Vec<f64>,
    input: Vec<f64>,
    lines: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
    power: Vec<f64>,
    segments: u64,
}

impl fmt::Debug for DensityEstimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DensityEstimate")
            .field("segment", &self.window.len())
            .field("rate_hz", &self.rate_hz)
            .field("segments", &self.segments)
            .finish_non_exhaustive()
    }
}

impl DensityEstimate {
    /// An estimate from segments of `segment` samples at `rate_hz`.
    ///
    /// # Errors
    /// [`NoSpectrum`] when a segment has fewer than 16 samples or the rate is no positive number.
    pub fn new(segment: usize, rate_hz: f64) -> Result<Self, NoSpectrum> {
        if !(rate_hz.is_finite() && rate_hz > 0.0) {
            return Err(NoSpectrum::Rate(rate_hz));
        }
        if segment < FEWEST_SAMPLES {
            return Err(NoSpectrum::TooShort { needed: FEWEST_SAMPLES, found: segment });
        }
        let at = |k: usize| 0.5 - 0.5 * (2.0 * PI * k as f64 / segment as f64).cos();
        let transform = RealFftPlanner::new().plan_fft_forward(segment);
        Ok(Self {
            rate_hz,
            window: (0..segment).map(at).collect(),
            held: Vec::with_capacity(segment),
            input: transform.make_input_vec(),
            lines: transform.make_output_vec(),
            scratch: transform.make_scratch_vec(),
            power: vec![0.0; segment / 2 + 1],
            transform,
            segments: 0,
        })
    }

    /// Takes the next samples, none of them missing.
    pub fn push(&mut self, samples: impl IntoIterator<Item = f64>) {
        for sample in samples {
            self.held.push(sample);
            if self.held.len() == self.window.len() {
                self.take_segment();
                self.held.drain(..self.window.len() - self.window.len() / 2);
            }
        }
    }

    fn take_segment(&mut self) {
        let mean = self.held.iter().sum::<f64>() / self.held.len() as f64;
        for ((input, sample), weight) in self.input.iter_mut().zip(&self.held).zip(&self.window) {
            *input = (sample - mean) * weight;
        }
        self.transform
            .process_with_scratch(&mut self.input, &mut self.lines, &mut self.scratch)
            .expect("all buffers have the planned lengths");
        for (power, line) in self.power.iter_mut().zip(&self.lines) {
            *power += line.norm_sqr();
        }
        self.segments += 1;
    }

    /// The density of what was taken.
    ///
    /// # Errors
    /// [`NoSpectrum::TooShort`] when it is less than a segment.
    pub fn finish(self) -> Result<AmplitudeDensity, NoSpectrum> {
        let n = self.window.len();
        if self.segments == 0 {
            return Err(NoSpectrum::TooShort { needed: n, found: self.held.len() });
        }
        let weights: f64 = self.window.iter().map(|weight| weight * weight).sum();
        let of_all = self.rate_hz * weights * self.segments as f64;
        let half_rate = n.is_multiple_of(2).then_some(n / 2);
        let density = |(k, power): (usize, &f64)| {
            let sides = if k == 0 || Some(k) == half_rate { 1.0 } else { 2.0 };
            (sides * power / of_all).sqrt()
        };
        Ok(AmplitudeDensity {
            values: self.power.iter().enumerate().map(density).collect(),
            resolution_hz: self.rate_hz / n as f64,
            segments: self.segments,
        })
    }
}

/// Mean of samples, and their root mean square distance from it; one pass, whatever they rest at.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Deviation {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Deviation {
    /// Takes some more samples, none of them missing.
    pub fn push(&mut self, samples: &[i32]) {
        if samples.is_empty() {
            return;
        }
        let n = samples.len() as f64;
        let values = || samples.iter().map(|sample| f64::from(*sample));
        let mean = values().sum::<f64>() / n;
        let squares: f64 = values().map(|value| (value - mean) * (value - mean)).sum();
        // Chan, Golub and LeVeque: two parts become one without the loss of large differences.
        let (before, all) = (self.count as f64, self.count as f64 + n);
        let apart = mean - self.mean;
        self.mean += apart * n / all;
        self.squares += squares + apart * apart * before * n / all;
        self.count += samples.len() as u64;
    }

    /// The mean; `None` of no samples.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// √(Σ(x − mean)² / n); `None` of no samples.
    pub fn rms(&self) -> Option<f64> {
        (self.count > 0).then(|| (self.squares / self.count as f64).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn density(samples: &[f64], segment: usize, rate_hz: f64) -> AmplitudeDensity {
        let mut estimate = DensityEstimate::new(segment, rate_hz).unwrap();
        // In parts of uneven length, as blocks of a stream come.
        for part in samples.chunks(7) {
            estimate.push(part.iter().copied());
        }
        estimate.finish().unwrap()
    }

    fn noise(samples: usize) -> Vec<f64> {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as f64 / f64::from(1u32 << 31) - 0.5
        };
        (0..samples).map(|_| next()).collect()
    }

    #[test]
    fn the_power_of_a_sine_is_found_around_its_frequency() {
        let at = |i: usize| 1e6 + 3.0 * (2.0 * PI * 125.0 * i as f64 / 1000.0).sin();
        let found = density(&(0..4096).map(at).collect::<Vec<_>>(), 256, 1000.0);
        let power: f64 = found.values.iter().map(|a| a * a * found.resolution_hz).sum();
        assert!((power - 4.5).abs() < 1e-6, "{power}");
        let largest =
            (0..found.values.len()).max_by(|a, b| found.values[*a].total_cmp(&found.values[*b]));
        assert_eq!(largest.map(|k| k as f64 * found.resolution_hz), Some(125.0));
    }

    #[test]
    fn white_noise_is_flat_and_has_the_density_of_its_variance_over_half_the_rate() {
        let found = density(&noise(1 << 16), 128, 2000.0);
        let expected = (1.0f64 / 12.0 / 1000.0).sqrt();
        for value in &found.values[2..64] {
            assert!((value / expected - 1.0).abs() < 0.15, "{value} is not near {expected}");
        }
    }

    #[test]
    fn an_odd_segment_has_no_line_at_half_the_rate() {
        let found = density(&noise(999), 33, 1.0);
        assert_eq!((found.values.len(), found.segments), (17, (999 - 33) / 17 + 1));
    }

    #[test]
    fn a_still_row_has_no_density_and_no_deviation() {
        assert!(density(&[7e8; 64], 16, 1.0).values.iter().all(|value| *value == 0.0));
        let mut still = Deviation::default();
        assert_eq!((still.mean(), still.rms()), (None, None));
        still.push(&[i32::MAX; 9]);
        assert_eq!((still.mean(), still.rms()), (Some(f64::from(i32::MAX)), Some(0.0)));
    }

    #[test]
    fn the_deviation_does_not_suffer_from_a_large_offset() {
        let samples: Vec<i32> = (0..10_000).map(|i| 2_000_000_000 + i % 2).collect();
        let mut found = Deviation::default();
        samples.chunks(77).for_each(|part| found.push(part));
        assert!((found.rms().unwrap() - 0.5).abs() < 1e-9);
        assert!((found.mean().unwrap() - 2_000_000_000.5).abs() < 1e-6);
    }

    #[test]
    fn what_cannot_be_estimated_is_refused_with_a_reason() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(DensityEstimate::new(64, rate), Err(NoSpectrum::Rate(_))));
        }
        assert!(DensityEstimate::new(3, 1.0).is_err());
        let mut short = DensityEstimate::new(64, 1.0).unwrap();
        short.push([1.0; 63]);
        assert_eq!(short.finish(), Err(NoSpectrum::TooShort { needed: 64, found: 63 }));
    }

    #[test]
    fn a_segment_is_a_power_of_two_of_which_four_fit() {
        let chosen = [0, 16, 70, 1000, 65_536, u64::MAX].map(density_segment);
        assert_eq!(chosen, [16, 16, 16, 128, 16_384, 16_384]);
    }
}
