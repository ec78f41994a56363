//! Amplitude spectrum of a channel.

use std::ops::Range;

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;
use serde::Serialize;
use wavekeep_core::{Channel, Flag, Unit};

use crate::window::Window;

/// Lines below this are drift and not vibration: they never become the dominant frequency. It is
/// the lower end of the instruments' range.
const LOWEST_DOMINANT_HZ: f64 = 1.0;

/// Single-sided amplitude spectrum of a channel.
///
/// The mean is taken off. A sine of amplitude A on a line of the spectrum has amplitude A there:
/// |X(k)| × 2 / n, and |X(k)| / n at half the sample rate, divided by the coherent gain of the
/// [`Window`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Spectrum {
    /// Amplitude at `k × resolution_hz`, k from 0, in `unit`; `samples.len() / 2 + 1` of them.
    pub amplitudes: Vec<f64>,
    /// Distance of neighbouring lines: rate / n.
    pub resolution_hz: f64,
    /// Unit of the amplitudes.
    pub unit: Unit,
    /// What the samples were multiplied by.
    pub window: Window,
    /// The largest line from 1 Hz up; `None` when nothing moves.
    pub dominant: Option<SpectralLine>,
    /// The samples that it was computed from.
    pub samples: Range<usize>,
    /// Why it was not computed from the whole channel, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restriction: Option<String>,
    /// What is wrong with the samples: the amplitudes may be wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<Flag>,
}

/// One line of a spectrum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SpectralLine {
    /// Its frequency.
    pub hz: f64,
    /// Its amplitude, in the spectrum's unit.
    pub amplitude: f64,
}

/// Why a channel has no spectrum.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NoSpectrum {
    /// Too few neighbouring samples are present.
    #[error("a spectrum needs at least {needed} samples in a row, the longest run has {found}")]
    TooShort {
        /// Samples that are needed.
        needed: usize,
        /// Samples in the longest run.
        found: usize,
    },
    /// The sample rate is not a positive number.
    #[error("a spectrum needs a positive sample rate, found {0}")]
    Rate(f64),
}

/// Fewer samples than this have no spectrum worth the name.
pub(crate) const FEWEST_SAMPLES: usize = 16;

/// Amplitude spectrum of a channel sampled at `rate_hz`, without a window.
///
/// A gap cannot be transformed and is never filled: the longest run of present samples is taken,
/// and [`Spectrum::restriction`] says so.
///
/// # Errors
/// [`NoSpectrum`] when the longest run has fewer than 16 samples or the rate is no positive number.
pub fn spectrum(channel: &Channel, rate_hz: f64) -> Result<Spectrum, NoSpectrum> {
    windowed_spectrum(channel, rate_hz, Window::None)
}

/// As [`spectrum`], under a window: amplitudes are divided by its coherent gain.
///
/// # Errors
/// As [`spectrum`].
pub fn windowed_spectrum(
    channel: &Channel,
    rate_hz: f64,
    window: Window,
) -> Result<Spectrum, NoSpectrum> {
    let mut stretch = Stretch::of(channel, rate_hz)?;
    stretch.remove_mean();
    window.apply(&mut stretch.values);
    let len = stretch.values.len();
    let n = len as f64;
    let half_rate = len.is_multiple_of(2).then_some(len / 2);
    let amplitudes: Vec<f64> = stretch
        .transformed()
        .iter()
        .enumerate()
        .map(|(k, line)| if k == 0 || Some(k) == half_rate { 1.0 } else { 2.0 } * line.norm() / n)
        .collect();
    let resolution_hz = rate_hz / n;
    let dominant = amplitudes
        .iter()
        .enumerate()
        .map(|(k, amplitude)| SpectralLine { hz: k as f64 * resolution_hz, amplitude: *amplitude })
        .filter(|line| line.hz >= LOWEST_DOMINANT_HZ && line.amplitude > 0.0)
        .reduce(|best, line| if line.amplitude > best.amplitude { line } else { best });
    let Stretch { samples, restriction, flag, .. } = stretch;
    let unit = channel.unit();
    Ok(Spectrum { amplitudes, resolution_hz, unit, window, dominant, samples, restriction, flag })
}

/// The samples that a spectrum is made from.
pub(crate) struct Stretch {
    /// Their values, none missing.
    pub(crate) values: Vec<f64>,
    /// Where they are in the channel.
    pub(crate) samples: Range<usize>,
    /// Why they are not the whole channel.
    pub(crate) restriction: Option<String>,
    /// What is wrong with them.
    pub(crate) flag: Option<Flag>,
}

impl Stretch {
    /// The longest run of present samples.
    ///
    /// # Errors
    /// [`NoSpectrum`] when it has fewer than 16 samples or the rate is no positive number.
    pub(crate) fn of(channel: &Channel, rate_hz: f64) -> Result<Self, NoSpectrum> {
        if !(rate_hz.is_finite() && rate_hz > 0.0) {
            return Err(NoSpectrum::Rate(rate_hz));
        }
        let values = || channel.physical().map(|value| value.filter(|value| value.is_finite()));
        let samples = longest_run(values().map(|value| value.is_some()));
        if samples.len() < FEWEST_SAMPLES {
            return Err(NoSpectrum::TooShort { needed: FEWEST_SAMPLES, found: samples.len() });
        }
        let restriction = (samples.len() < channel.len()).then(|| {
            format!(
                "samples are missing: computed from the longest run without a gap, samples {} to {} \
                 of {}",
                samples.start,
                samples.end - 1,
                channel.len()
            )
        });
        let run = || channel.counts().skip(samples.start).take(samples.len()).flatten();
        let flag = if run().any(|count| channel.is_impossible(count)) {
            Some(Flag::Impossible)
        } else {
            run().any(|count| channel.is_at_limit(count)).then_some(Flag::Saturated)
        };
        let values = values().skip(samples.start).take(samples.len()).flatten().collect();
        Ok(Self { values, samples, restriction, flag })
    }

    /// Takes the mean off the values, and gives it.
    pub(crate) fn remove_mean(&mut self) -> f64 {
        let mean = self.values.iter().sum::<f64>() / self.values.len() as f64;
        self.values.iter_mut().for_each(|value| *value -= mean);
        mean
    }

    /// The lines of the discrete Fourier transform, from 0 to half the rate. The values are used up.
    pub(crate) fn transformed(&mut self) -> Vec<Complex<f64>> {
        let transform = RealFftPlanner::new().plan_fft_forward(self.values.len());
        let mut lines = transform.make_output_vec();
        transform.process(&mut self.values, &mut lines).expect("both have the planned lengths");
        lines
    }
}

/// The longest run of samples that are there.
fn longest_run(is_there: impl Iterator<Item = bool>) -> Range<usize> {
    let mut longest = 0..0;
    let mut start = 0;
    for (index, is_there) in is_there.enumerate() {
        if !is_there {
            start = index + 1;
        } else if index + 1 - start > longest.len() {
            longest = start..index + 1;
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use wavekeep_core::Samples;

    use super::*;

    fn sine(hz: f64, amplitude: f64, samples: usize) -> Channel {
        let at = |i: usize| 3.0 + amplitude * (2.0 * PI * hz * i as f64 / 1024.0).sin();
        Channel::new("Vert", Samples::F64((0..samples).map(at).collect()))
    }

    #[test]
    fn a_sine_on_a_line_has_its_own_amplitude_and_nothing_else_has_any() {
        for samples in [2048, 1024 * 3] {
            let found = spectrum(&sine(32.0, 0.7, samples), 1024.0).unwrap();
            let dominant = found.dominant.unwrap();
            assert!((dominant.hz - 32.0).abs() < 1e-9);
            assert!((dominant.amplitude - 0.7).abs() < 1e-9);
            assert!(found.amplitudes.iter().filter(|a| **a > 1e-9).count() == 1);
            assert_eq!(found.amplitudes.len(), samples / 2 + 1);
            assert_eq!(found.restriction, None);
        }
    }

    #[test]
    fn the_line_at_half_the_rate_is_not_doubled() {
        let alternating = (0..64).map(|i| if i % 2 == 0 { 0.5 } else { -0.5 }).collect();
        let found = spectrum(&Channel::new("x", Samples::F64(alternating)), 1024.0).unwrap();
        assert_eq!(found.dominant.map(|line| line.hz), Some(512.0));
        assert!((found.amplitudes[32] - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_gapped_channel_uses_its_longest_run_and_says_so() {
        let mut channel = sine(32.0, 0.7, 3000);
        channel.gaps.insert(500..600);
        channel.gaps.insert(2648..2649);
        let found = spectrum(&channel, 1024.0).unwrap();
        assert_eq!(found.samples, 600..2648);
        assert!((found.dominant.unwrap().amplitude - 0.7).abs() < 1e-9);
        assert!(found.restriction.unwrap().contains("samples 600 to 2647 of 3000"));
    }

    #[test]
    fn a_sine_on_a_line_has_its_own_amplitude_under_every_window() {
        for window in Window::ALL {
            let found = windowed_spectrum(&sine(32.0, 0.7, 2048), 1024.0, window).unwrap();
            assert_eq!((found.window, found.flag), (window, None));
            assert!((found.amplitudes[64] - 0.7).abs() < 1e-9, "{window}");
        }
    }

    #[test]
    fn a_flat_top_keeps_the_amplitude_of_a_sine_between_two_lines() {
        let off_a_line = sine(32.25, 0.7, 2048);
        let error = |window| {
            let found = windowed_spectrum(&off_a_line, 1024.0, window).unwrap();
            (found.dominant.unwrap().amplitude / 0.7 - 1.0).abs()
        };
        assert!(error(Window::FlatTop) < 2e-3, "{}", error(Window::FlatTop));
        assert!(error(Window::Hann) < 0.16 && error(Window::None) > 0.3);
    }

    #[test]
    fn a_spectrum_of_saturated_samples_is_flagged() {
        let mut channel = sine(32.0, 0.7, 2048);
        channel.limit_count = Some(3.69);
        assert_eq!(spectrum(&channel, 1024.0).unwrap().flag, Some(Flag::Saturated));
        channel.converter_limit = Some(3.6);
        assert_eq!(spectrum(&channel, 1024.0).unwrap().flag, Some(Flag::Impossible));
    }

    #[test]
    fn what_cannot_be_transformed_is_refused_with_a_reason() {
        let error = spectrum(&sine(32.0, 1.0, 5), 1024.0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a spectrum needs at least 16 samples in a row, the longest run has 5"
        );
        assert_eq!(spectrum(&sine(32.0, 1.0, 50), 0.0), Err(NoSpectrum::Rate(0.0)));
        assert!(spectrum(&Channel::new("x", Samples::I16(Vec::new())), 1024.0).is_err());
    }

    #[test]
    fn a_still_trace_has_no_dominant_frequency() {
        let still = Channel::new("x", Samples::I16(vec![7; 100]));
        assert_eq!(spectrum(&still, 1024.0).unwrap().dominant, None);
    }
}
