//! The settings of every stage, with the defaults of the real processor.

use derive_setters::Setters;
use serde::{Deserialize, Serialize};

use super::error::ChainError;
use super::input::SampleWidth;

/// Orders above this are a slip of the pen: they would take gigabytes of state.
const MAX_ORDER: usize = 1024;

/// All settings of a [`Chain`](super::Chain).
///
/// The defaults are the real processor's: no emulation, unwrapping, filter of order 4, every
/// twentieth frame. The mask passes every channel in its order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default, deny_unknown_fields)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct ChainConfig {
    /// What a sample of an incoming frame is: 16 bits from the instrument, 32 in a file.
    pub input: SampleWidth,
    /// Replaces the samples of incoming frames.
    pub input_emulator: EmulatorConfig,
    /// Which channels go on.
    pub mapper: MapperConfig,
    /// Whether phase wraps are taken out. Switching it on resets the unwrapper.
    pub unwrap: bool,
    /// The low-pass filter.
    pub filter: FilterConfig,
    /// Which frames go on.
    pub downsampler: DownsamplerConfig,
    /// Replaces the samples of outgoing frames.
    pub output_emulator: EmulatorConfig,
}

impl Default for ChainConfig {
    fn default() -> Self {
        Self {
            input: SampleWidth::I16,
            input_emulator: EmulatorConfig::for_input(),
            mapper: MapperConfig::default(),
            unwrap: true,
            filter: FilterConfig::default(),
            downsampler: DownsamplerConfig::default(),
            output_emulator: EmulatorConfig::for_output(),
        }
    }
}

impl ChainConfig {
    /// No stage changes anything: frames come out as they come in, with 32-bit samples.
    pub fn passing() -> Self {
        Self {
            unwrap: false,
            filter: FilterConfig { enabled: false, ..FilterConfig::default() },
            downsampler: DownsamplerConfig { enabled: false, ..DownsamplerConfig::default() },
            ..Self::default()
        }
    }
}

/// Which channels go on, and how long the payload is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Setters)]
#[serde(default, deny_unknown_fields)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct MapperConfig {
    /// Output channel *k* is input channel `mask[k]`; repeats are allowed. `None`: all of them in
    /// their order.
    pub mask: Option<Vec<u32>>,
    /// Words of the outgoing payload; 0, or fewer than there are channels: as many as channels.
    /// What lies between is zero.
    pub payload_size: u32,
}

/// A recursive filter, direct form I, in float64. Changing anything but `gain` resets its state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default, deny_unknown_fields)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct FilterConfig {
    /// Off: samples pass unchanged, without gain.
    pub enabled: bool,
    /// How many earlier inputs and outputs take part.
    pub order: usize,
    /// Feedback. Missing ones are zero; an empty list, or `a[0] = 0`, stands for `[1]`.
    pub a: Vec<f64>,
    /// Feed forward. Missing ones are zero.
    pub b: Vec<f64>,
    /// Factor on the output, outside the state.
    pub gain: f64,
}

impl Default for FilterConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            order: 4,
            // scipy's `butter(4, 2*63/4000)`, as rounded in the real processor's settings.
            a: vec![1.0, -3.74145562, 5.25726624, -3.28776591, 0.77203984],
            b: vec![5.28396689e-06, 2.11358676e-05, 3.17038014e-05, 2.11358676e-05, 5.28396689e-06],
            gain: 1.0,
        }
    }
}

impl FilterConfig {
    pub(super) fn check(&self) -> Result<(), ChainError> {
        if self.order > MAX_ORDER {
            return Err(ChainError::Setting {
                setting: "filter order",
                expected: "0 to 1024",
                found: self.order.to_string(),
            });
        }
        Ok(())
    }
}

/// Which frames go on. Changing it starts counting again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Setters)]
#[serde(default, deny_unknown_fields)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct DownsamplerConfig {
    /// Off: every frame goes on.
    pub enabled: bool,
    /// What decides.
    pub mode: Downsample,
}

impl Default for DownsamplerConfig {
    fn default() -> Self {
        Self { enabled: true, mode: Downsample::Internal { factor: 20 } }
    }
}

impl DownsamplerConfig {
    pub(super) fn check(&self) -> Result<(), ChainError> {
        match self.mode {
            Downsample::Internal { factor: 0 } => Err(ChainError::Setting {
                setting: "downsampler factor",
                expected: "1 or more",
                found: "0".to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

/// What decides which frames go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Downsample {
    /// Frames number factor-1, 2·factor-1, … from 0 after the start.
    Internal {
        /// One frame in this many; not 0.
        factor: u64,
    },
    /// Frames in whose header `reset_bits & mask == mask`.
    External {
        /// Bits that must all be set; 0 lets every frame pass.
        mask: u32,
    },
}

/// A source of known samples. Changing anything starts its period again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Setters)]
#[serde(deny_unknown_fields)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct EmulatorConfig {
    /// Off (the default): samples pass unchanged.
    pub enabled: bool,
    /// What is made.
    pub shape: Shape,
    /// Amplitude A in counts: 1 to 65,535 for 16-bit samples, to 4,294,967,295 for 32-bit ones.
    /// Values that do not fit in a sample wrap around, as in the real emulator.
    pub amplitude: u32,
    /// Offset o in counts, within the range of a sample.
    pub offset: i32,
    /// Period P in frames, 2 or more.
    pub period: u64,
    /// Where the random numbers begin: equal seeds give equal samples.
    pub seed: u64,
}

impl EmulatorConfig {
    /// The default before the chain: off, zeros, the largest amplitude, period 2.
    pub const fn for_input() -> Self {
        Self {
            enabled: false,
            shape: Shape::Zeros,
            amplitude: u16::MAX as u32,
            offset: 0,
            period: 2,
            seed: 0,
        }
    }

    /// The default behind the chain: as [`for_input`](Self::for_input), for 32-bit samples.
    pub const fn for_output() -> Self {
        Self { amplitude: u32::MAX, ..Self::for_input() }
    }

    pub(super) fn check(&self, width: SampleWidth) -> Result<(), ChainError> {
        let wrong = |setting, expected, found: String| {
            Err(ChainError::Setting { setting, expected, found })
        };
        let narrow = width == SampleWidth::I16;
        if self.amplitude == 0 || narrow && self.amplitude > u32::from(u16::MAX) {
            let expected = match narrow {
                true => "1 to 65535",
                false => "1 to 4294967295",
            };
            return wrong("emulator amplitude", expected, self.amplitude.to_string());
        }
        if narrow && i16::try_from(self.offset).is_err() {
            return wrong("emulator offset", "-32768 to 32767", self.offset.to_string());
        }
        if self.period < 2 {
            return wrong("emulator period", "2 frames or more", self.period.to_string());
        }
        Ok(())
    }
}

/// What an emulator makes; c is the frame's number modulo P, h = P / 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Shape {
    /// 0.
    Zeros,
    /// The channel's own number.
    ChannelNumber,
    /// Evenly distributed from -A + o to A + o, each channel for itself.
    Random,
    /// -A + o while c < h, then A + o.
    Square,
    /// o + c·A / (P-1), the quotient truncated.
    Sawtooth,
    /// |c-h|·2A/h - A + o, truncated toward zero.
    Triangle,
    /// A·sin(2πn/P) + o, truncated toward zero; n = 1, 2, …
    Sine,
    /// Samples pass unchanged, every P-th frame is not passed on.
    DropFrame,
}
