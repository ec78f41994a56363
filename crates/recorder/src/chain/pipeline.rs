//! All stages in their order.

use super::config::ChainConfig;
use super::downsampler::Downsampler;
use super::emulator::Emulator;
use super::error::ChainError;
use super::filter::Filter;
use super::input::{InputFrame, SampleWidth};
use super::mapper::Mapper;
use super::stamp::stamp_header;
use super::statistics::FrameStatistics;
use super::unwrapper::Unwrapper;
use crate::writer::Frame;
use wavekeep_smurf::header::HEADER_LEN;

/// The stages with their state. Give it one data frame after the other.
///
/// Buffers are allocated by the first frame and when the number of channels changes, never
/// otherwise.
#[derive(Debug, Clone)]
pub struct Chain {
    config: ChainConfig,
    statistics: FrameStatistics,
    input_emulator: Emulator,
    mapper: Mapper,
    unwrapper: Unwrapper,
    filter: Filter,
    downsampler: Downsampler,
    output_emulator: Emulator,
    passed: u64,
    input: Vec<i32>,
    /// What is passed on: the words of a header, then the samples, which all stages change in place,
    /// then padding.
    payload: Vec<i32>,
}

/// Words of a header.
const HEADER_WORDS: usize = HEADER_LEN / 4;

impl Chain {
    /// A chain at rest.
    ///
    /// # Errors
    /// [`ChainError::Setting`] naming the setting that is out of range.
    pub fn new(config: ChainConfig) -> Result<Self, ChainError> {
        Ok(Self {
            statistics: FrameStatistics::default(),
            input_emulator: Emulator::new(config.input, config.input_emulator)?,
            mapper: Mapper::new(config.mapper.mask.clone()),
            unwrapper: Unwrapper::new(config.unwrap),
            filter: Filter::new(config.filter.clone())?,
            downsampler: Downsampler::new(config.downsampler.clone())?,
            output_emulator: Emulator::new(SampleWidth::I32, config.output_emulator)?,
            passed: 0,
            input: Vec::new(),
            payload: Vec::new(),
            config,
        })
    }

    /// The settings in force.
    pub fn config(&self) -> &ChainConfig {
        &self.config
    }

    /// Changes the settings between two frames. A stage whose settings change begins anew where
    /// its own page says so; a mask of another length resets unwrapper and filter.
    ///
    /// # Errors
    /// As [`new`](Self::new); nothing is changed then.
    pub fn configure(&mut self, config: ChainConfig) -> Result<(), ChainError> {
        config.input_emulator.check(config.input)?;
        config.output_emulator.check(SampleWidth::I32)?;
        config.filter.check()?;
        config.downsampler.check()?;
        self.input_emulator.configure(config.input, config.input_emulator)?;
        self.output_emulator.configure(SampleWidth::I32, config.output_emulator)?;
        self.filter.configure(&config.filter)?;
        self.downsampler.configure(&config.downsampler)?;
        self.unwrapper.set_enabled(config.unwrap);
        let length = |config: &ChainConfig| config.mapper.mask.as_ref().map(Vec::len);
        if length(&self.config) != length(&config) {
            self.unwrapper.reset();
            self.filter.reset();
        }
        if self.config.mapper.mask != config.mapper.mask {
            self.mapper = Mapper::new(config.mapper.mask.clone());
        }
        self.config = config;
        Ok(())
    }

    /// Frames that came, are missing, came out of order.
    pub fn statistics(&self) -> &FrameStatistics {
        &self.statistics
    }

    /// Sets the counts of frames to zero, that of [`passed`](Self::passed) frames too.
    pub fn clear_statistics(&mut self) {
        self.statistics.clear();
        self.passed = 0;
    }

    /// Frames that came out at the end, whether the downsampler is on or off: as often as
    /// [`process`](Self::process) gave a payload since the statistics were last cleared.
    pub fn passed(&self) -> u64 {
        self.passed
    }

    /// Forgets what the unwrapper followed.
    pub fn reset_unwrapper(&mut self) {
        self.unwrapper.reset();
    }

    /// Puts the filter to rest.
    pub fn reset_filter(&mut self) {
        self.filter.reset();
    }

    /// Takes the next data frame (channel 0) and returns the payload to be written in its place:
    /// 128 header bytes, one int32 a mapped channel, zeros up to the payload size.
    ///
    /// `None` when the frame is not passed on: it is bad, out of order, or not one of those that
    /// the downsampler passes. `stamp` is the UNIX time in nanoseconds for the header; `None`
    /// keeps the time that stands there, as is right for frames of a file.
    ///
    /// # Errors
    /// [`ChainError::MaskPastInput`] when the mask names a channel that the frame has not. The
    /// unwrapper and the filter have not seen the frame then.
    pub fn process(
        &mut self,
        frame: Frame<'_>,
        stamp: Option<u64>,
    ) -> Result<Option<&[u8]>, ChainError> {
        let Ok(frame) = InputFrame::parse(frame, self.config.input) else {
            self.statistics.bad += 1;
            return Ok(None);
        };
        frame.samples_into(self.config.input, &mut self.input);
        if !self.input_emulator.run(&mut self.input)
            || !self.statistics.accept(frame.header.frame_counter)
        {
            return Ok(None);
        }
        self.payload.resize(HEADER_WORDS, 0);
        self.mapper.run(&self.input, &mut self.payload)?;
        let samples = &mut self.payload[HEADER_WORDS..];
        self.unwrapper.run(samples);
        let passed = self.downsampler.accept(frame.header.reset_bits);
        if self.filter.enabled() {
            self.filter.run(samples, passed);
        }
        if !passed {
            return Ok(None);
        }
        if !self.output_emulator.run(samples) {
            return Ok(None);
        }
        self.assemble(frame.header_bytes, stamp);
        self.passed += 1;
        Ok(Some(bytemuck::cast_slice(&self.payload)))
    }

    /// Puts the header before the samples, and padding behind them.
    fn assemble(&mut self, header: &[u8; HEADER_LEN], stamp: Option<u64>) {
        let samples = self.payload.len() - HEADER_WORDS;
        let mut header = *header;
        // A mask comes from a frame's channels: its length fits.
        header[4..8].copy_from_slice(&(samples as u32).to_le_bytes());
        if let Some(unix_ns) = stamp {
            stamp_header(&mut header, unix_ns);
        }
        let words = samples.max(self.config.mapper.payload_size as usize);
        self.payload.resize(HEADER_WORDS + words, 0);
        let (front, samples) = self.payload.split_at_mut(HEADER_WORDS);
        bytemuck::cast_slice_mut(front).copy_from_slice(&header);
        // Nothing to do where integers lie in memory as they do in files.
        samples.iter_mut().for_each(|sample| *sample = sample.to_le());
    }
}
