//! Windows that a stretch of samples is multiplied by before it is transformed.

use std::f64::consts::PI;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// What the samples of a spectrum are multiplied by.
///
/// A window weakens a sine by its *coherent gain*, the mean of its weights. Every amplitude is
/// divided by it, so that a sine on a line of the spectrum has its own amplitude under each window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Window {
    /// No window: every sample counts the same. An event begins and ends at rest, and a window that
    /// falls to zero at the ends would weaken a blast that comes soon after the trigger.
    #[default]
    None,
    /// Hann: separates frequencies that are close to each other. Between two lines an amplitude is about
    /// 15 % too low at most.
    Hann,
    /// Flat top: amplitudes are true within 0.2 % wherever the frequency lies between two lines, but
    /// close frequencies merge.
    FlatTop,
}

/// Weights of the cosines of the flat top window, as in scipy and ISO 18431-2.
const FLAT_TOP: [f64; 5] =
    [0.215_578_95, 0.416_631_58, 0.277_263_158, 0.083_578_947, 0.006_947_368];

impl Window {
    /// Every window.
    pub const ALL: [Self; 3] = [Self::None, Self::Hann, Self::FlatTop];

    /// The word that selects it: `none`, `hann`, `flat_top`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Hann => "hann",
            Self::FlatTop => "flat_top",
        }
    }

    /// The mean of its weights, by which amplitudes are divided.
    pub const fn coherent_gain(self) -> f64 {
        match self {
            Self::None => 1.0,
            Self::Hann => 0.5,
            Self::FlatTop => FLAT_TOP[0],
        }
    }

    /// Multiplies the samples by the weights, in their periodic form, and divides by the coherent
    /// gain.
    pub(crate) fn apply(self, samples: &mut [f64]) {
        let cosines: &[f64] = match self {
            Self::None => return,
            Self::Hann => &[0.5, 0.5],
            Self::FlatTop => &FLAT_TOP,
        };
        let turn = 2.0 * PI / samples.len() as f64;
        let gain = self.coherent_gain();
        for (index, sample) in samples.iter_mut().enumerate() {
            let angle = index as f64 * turn - PI;
            let weight: f64 =
                cosines.iter().enumerate().map(|(k, a)| a * (k as f64 * angle).cos()).sum();
            *sample *= weight / gain;
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A word that names no window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("none, hann or flat_top was expected")]
pub struct UnknownWindow;

impl FromStr for Window {
    type Err = UnknownWindow;

    fn from_str(word: &str) -> Result<Self, UnknownWindow> {
        Self::ALL.into_iter().find(|window| window.word() == word).ok_or(UnknownWindow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coherent_gain_is_the_mean_of_the_weights() {
        for window in Window::ALL {
            let mut ones = vec![1.0; 4096];
            window.apply(&mut ones);
            let mean = ones.iter().sum::<f64>() / ones.len() as f64;
            assert!((mean - 1.0).abs() < 1e-9, "{window}: {mean}");
            assert_eq!(window.word().parse(), Ok(window));
        }
        assert!("blackman".parse::<Window>().is_err());
    }
}
