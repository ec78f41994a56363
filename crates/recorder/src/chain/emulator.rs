//! Known samples in place of measured ones.

use std::f64::consts::PI;

use super::config::{EmulatorConfig, Shape};
use super::error::ChainError;
use super::input::SampleWidth;
use wavekeep_smurf::machine::processor::truncate;

/// Replaces samples by a known shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emulator {
    width: SampleWidth,
    config: EmulatorConfig,
    /// Frames since the start; modulo the period but for the sine.
    count: u64,
    random: u64,
}

impl Emulator {
    /// An emulator of samples of this width, at the beginning of its period.
    ///
    /// # Errors
    /// [`ChainError::Setting`] for an amplitude or offset that a sample of this width has not, or
    /// a period under 2.
    pub fn new(width: SampleWidth, config: EmulatorConfig) -> Result<Self, ChainError> {
        config.check(width)?;
        Ok(Self { width, config, count: 0, random: config.seed })
    }

    /// Changes the settings; any change starts the period again.
    ///
    /// # Errors
    /// As [`new`](Self::new); nothing is changed then.
    pub fn configure(
        &mut self,
        width: SampleWidth,
        config: EmulatorConfig,
    ) -> Result<(), ChainError> {
        if (width, config) != (self.width, self.config) {
            *self = Self::new(width, config)?;
        }
        Ok(())
    }

    /// Fills the next frame's samples; `false` when the frame is to be dropped.
    ///
    /// ```
    /// use wavekeep_recorder::chain::{Emulator, EmulatorConfig, SampleWidth, Shape};
    ///
    /// let config = EmulatorConfig::for_input()
    ///     .with_enabled(true)
    ///     .with_shape(Shape::Square)
    ///     .with_amplitude(5)
    ///     .with_period(4);
    /// let mut emulator = Emulator::new(SampleWidth::I16, config)?;
    /// let mut samples = [[0]; 5];
    /// for sample in &mut samples {
    ///     emulator.run(sample);
    /// }
    /// assert_eq!(samples, [[-5], [-5], [5], [5], [-5]]);
    /// # Ok::<(), wavekeep_recorder::chain::ChainError>(())
    /// ```
    pub fn run(&mut self, samples: &mut [i32]) -> bool {
        if !self.config.enabled {
            return true;
        }
        let EmulatorConfig { shape, amplitude, offset, period, .. } = self.config;
        let (amplitude, offset) = (i64::from(amplitude), i64::from(offset));
        let half = period / 2;
        let value = match shape {
            Shape::Zeros => 0,
            Shape::ChannelNumber => {
                for (channel, sample) in samples.iter_mut().enumerate() {
                    *sample = self.wrap(channel as i64);
                }
                return true;
            }
            Shape::Random => {
                for sample in samples {
                    *sample = self.random(amplitude, offset);
                }
                return true;
            }
            Shape::Square => match self.next_in_period() < half {
                true => offset - amplitude,
                false => offset + amplitude,
            },
            Shape::Sawtooth => {
                let quotient = i128::from(self.next_in_period()) * i128::from(amplitude)
                    / i128::from(period - 1);
                // At most the amplitude.
                offset + quotient as i64
            }
            Shape::Triangle => {
                let distance = self.next_in_period().abs_diff(half);
                let (distance, half) = (i128::from(distance), i128::from(half));
                let rise = distance * 2 * i128::from(amplitude);
                // Everything over the half period first: truncated once, and exactly.
                let value = (rise + i128::from(offset - amplitude) * half) / half;
                value as i64
            }
            Shape::Sine => {
                self.count += 1;
                let angle = 2.0 * PI * self.count as f64 / period as f64;
                i64::from(truncate(amplitude as f64 * angle.sin() + offset as f64))
            }
            Shape::DropFrame => {
                return self.next_in_period() != period - 1;
            }
        };
        samples.fill(self.wrap(value));
        true
    }

    /// c of this frame.
    fn next_in_period(&mut self) -> u64 {
        let now = self.count;
        self.count = (now + 1) % self.config.period;
        now
    }

    /// What does not fit in a sample wraps around.
    fn wrap(&self, value: i64) -> i32 {
        match self.width {
            SampleWidth::I16 => i32::from(value as i16),
            SampleWidth::I32 => value as i32,
        }
    }

    /// SplitMix64: short, and good enough for noise that only has to look even.
    fn random(&mut self, amplitude: i64, offset: i64) -> i32 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let values = 2 * amplitude as u128 + 1;
        let drawn = ((u128::from(bits) * values) >> 64) as i64;
        self.wrap(drawn - amplitude + offset)
    }
}
