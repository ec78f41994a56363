//! Which frames go on.

use super::config::{Downsample, DownsamplerConfig};
use super::error::ChainError;

/// Lets one frame in so many pass, or those with certain timing bits. Decimation only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downsampler {
    config: DownsamplerConfig,
    /// Frames since the last one that passed.
    count: u64,
}

impl Downsampler {
    /// A downsampler that has seen nothing.
    ///
    /// # Errors
    /// [`ChainError::Setting`] for a factor of 0.
    pub fn new(config: DownsamplerConfig) -> Result<Self, ChainError> {
        config.check()?;
        Ok(Self { config, count: 0 })
    }

    /// Changes the settings; a new mode or factor starts counting again.
    ///
    /// # Errors
    /// As [`new`](Self::new); nothing is changed then.
    pub fn configure(&mut self, config: &DownsamplerConfig) -> Result<(), ChainError> {
        config.check()?;
        if self.config.mode != config.mode {
            self.count = 0;
        }
        self.config = config.clone();
        Ok(())
    }

    /// Whether the next frame, whose header has these reset bits, goes on.
    ///
    /// ```
    /// use wavekeep_recorder::chain::{Downsample, Downsampler, DownsamplerConfig};
    ///
    /// let config = DownsamplerConfig::default().with_mode(Downsample::Internal { factor: 3 });
    /// let mut downsampler = Downsampler::new(config)?;
    /// let passed: Vec<bool> = (0..7).map(|_| downsampler.accept(0)).collect();
    /// assert_eq!(passed, [false, false, true, false, false, true, false]);
    /// # Ok::<(), wavekeep_recorder::chain::ChainError>(())
    /// ```
    pub fn accept(&mut self, reset_bits: u32) -> bool {
        if !self.config.enabled {
            return true;
        }
        match self.config.mode {
            Downsample::External { mask } => reset_bits & mask == mask,
            Downsample::Internal { factor } => {
                self.count += 1;
                let passes = self.count >= factor;
                if passes {
                    self.count = 0;
                }
                passes
            }
        }
    }
}
