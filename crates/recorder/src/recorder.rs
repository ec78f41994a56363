//! A writer, and the chain before it.

use std::time::{Duration, Instant};

use crate::chain::{Chain, ChainError, SampleWidth};
use crate::writer::{DataWriter, Disk, FileLayer, Frame, Outcome, WriterError};
use wavekeep_smurf::header::HEADER_LEN;
use wavekeep_smurf::record::DATA_CHANNEL;

/// Why a frame could not be recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The writer refused it, or the file system did.
    #[error(transparent)]
    Writer(#[from] WriterError),
    /// The chain refused it.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// Frames of 32-bit samples taken for such of 16 would give numbers that look like data.
    #[error(
        "the frames have 32-bit samples, the chain's settings say 16: set \"input\" to \"i32\""
    )]
    WrongWidth,
}

/// How long what was taken may stay in the writer's buffer: a slow source would fill it in hours.
const HELD: Duration = Duration::from_millis(900);

/// A writer, and what happens to data frames before it.
pub struct Recorder<L: FileLayer = Disk> {
    writer: DataWriter<L>,
    chain: Option<Chain>,
    taken: u64,
    flushed: Instant,
}

impl<L: FileLayer> std::fmt::Debug for Recorder<L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let taken = self.taken;
        f.debug_struct("Recorder").field("taken", &taken).finish_non_exhaustive()
    }
}

impl<L: FileLayer> Recorder<L> {
    /// Frames go to `writer`, those of data through `chain` where there is one.
    pub fn new(writer: DataWriter<L>, chain: Option<Chain>) -> Self {
        Self { writer, chain, taken: 0, flushed: Instant::now() }
    }

    /// The writer.
    pub fn writer(&self) -> &DataWriter<L> {
        &self.writer
    }

    /// The writer, for its variables and commands.
    pub fn writer_mut(&mut self) -> &mut DataWriter<L> {
        &mut self.writer
    }

    /// The chain.
    pub fn chain(&self) -> Option<&Chain> {
        self.chain.as_ref()
    }

    /// Data frames that were taken from the source.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// From now on frames are counted anew and go through this chain.
    pub fn restart(&mut self, chain: Option<Chain>) {
        self.chain = chain;
        self.taken = 0;
    }

    /// Writes one frame, through the chain if it is one of data. `stamp` as in
    /// [`Chain::process`]. At least once a second what the writer holds goes to the file system,
    /// whatever the size of its buffer.
    ///
    /// # Errors
    /// [`RecordError`]; the frame is not in the file then.
    pub fn take(&mut self, frame: Frame<'_>, stamp: Option<u64>) -> Result<(), RecordError> {
        let is_data = frame.channel == DATA_CHANNEL;
        match &mut self.chain {
            Some(chain) if is_data => {
                if self.taken == 0 && is_wider(frame, chain.config().input) {
                    return Err(RecordError::WrongWidth);
                }
                if let Some(payload) = chain.process(frame, stamp)? {
                    self.writer.write(Frame::data(payload))?;
                }
            }
            _ => drop::<Outcome>(self.writer.write(frame)?),
        }
        self.taken += u64::from(is_data);
        if self.flushed.elapsed() >= HELD {
            self.writer.flush()?;
            self.flushed = Instant::now();
        }
        Ok(())
    }
}

/// Whether a frame has samples of 32 bits where such of 16 are expected.
fn is_wider(frame: Frame<'_>, width: SampleWidth) -> bool {
    let Some(count) = frame.payload.get(4..8).and_then(|bytes| bytes.try_into().ok()) else {
        return false;
    };
    let channels = u32::from_le_bytes(count) as usize;
    width == SampleWidth::I16 && channels > 0 && frame.payload.len() == HEADER_LEN + 4 * channels
}
