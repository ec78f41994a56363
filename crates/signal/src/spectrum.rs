//! Amplitude spectrum of a channel.

use std::ops::Range;

use realfft::RealFftPlanner;
use serde::Serialize;
use wavekeep_core::{Channel, Unit};

/// Lines below this are drift and not vibration: they never become the dominant frequency. It is
/// the lower end of the instruments' range.
const LOWEST_DOMINANT_HZ: f64 = 1.0;

/// Single-sided amplitude spectrum of a channel.
///
/// No window is applied and the mean is taken off: an event begins and ends at rest, and a window
/// that falls to zero at the ends would weaken a blast that comes soon after the trigger. A sine of
/// amplitude A on a line of the spectrum has amplitude A there: |X(k)| × 2 / n, and |X(k)| / n at
/// half the sample rate.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Spectrum {
    /// Amplitude at `k × resolution_hz`, k from 0, in `unit`; `samples.len() / 2 + 1` of them.
    pub amplitudes: Vec<f64>,
    /// Distance of neighbouring lines: rate / n.
    pub resolution_hz: f64,
    /// Unit of the amplitudes.
    pub unit: Unit,
    /// The largest line from 1 Hz up; `None` when nothing moves.
    pub dominant: Option<SpectralLine>,
    /// The samples that it was computed from.
    pub samples: Range<usize>,
    /// Why it was not computed from the whole channel, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restriction: Option<String>,
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

/// Amplitude spectrum of a channel sampled at `rate_hz`.
///
/// A gap cannot be transformed and is never filled: the longest run of present samples is taken,
/// and [`Spectrum::restriction`] says so.
///
/// # Errors
/// [`NoSpectrum`] when the longest run has fewer than 16 samples or the rate is no positive number.
pub fn spectrum(channel: &Channel, rate_hz: f64) -> Result<Spectrum, NoSpectrum> {
    if !(rate_hz.is_finite() && rate_hz > 0.0) {
        return Err(NoSpectrum::Rate(rate_hz));
    }
    let values = || channel.physical().map(|value| value.filter(|value| value.is_finite()));
    let samples = longest_run(values().map(|value| value.is_some()));
    if samples.len() < FEWEST_SAMPLES {
        return Err(NoSpectrum::TooShort { needed: FEWEST_SAMPLES, found: samples.len() });
    }
    let mut input: Vec<f64> = values().skip(samples.start).take(samples.len()).flatten().collect();
    let n = input.len() as f64;
    let mean = input.iter().sum::<f64>() / n;
    input.iter_mut().for_each(|value| *value -= mean);

    let transform = RealFftPlanner::new().plan_fft_forward(input.len());
    let mut lines = transform.make_output_vec();
    transform.process(&mut input, &mut lines).expect("both buffers have the planned lengths");

    let half_rate = input.len().is_multiple_of(2).then_some(input.len() / 2);
    let amplitudes: Vec<f64> = lines
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
    let restriction = (samples.len() < channel.len()).then(|| {
        format!(
            "samples are missing: computed from the longest run without a gap, samples {} to {} \
             of {}",
            samples.start,
            samples.end - 1,
            channel.len()
        )
    });
    Ok(Spectrum { amplitudes, resolution_hz, unit: channel.unit(), dominant, samples, restriction })
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
