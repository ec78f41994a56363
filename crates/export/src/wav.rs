//! RIFF WAVE: one audio channel a channel, in their order.
//!
//! Raw counts become 16-bit PCM (32-bit when a channel needs it), everything else 32-bit floats
//! whose unit is the physical one and *not* the ±1 of audio: a player clips what is larger.
//! The facts stand as JSON in the comment (`ICMT`) of a `LIST INFO` chunk.
//!
//! Audio knows no missing samples and no fractional rates: such a waveform is refused. The `fmt `
//! chunk is the plain one for any number of channels, since readers of the extensible one are
//! fewer (Python's `wave` before 3.12 is none).
//!
//! Source: Multimedia Programming Interface and Data Specifications 1.0, IBM and Microsoft, 1991.

use std::io::Write;

use wavekeep_core::{Kind, Recording, Samples};

use crate::values::{SampleTimes, Values};
use crate::{ExportError, ExportOptions, Target, Units, facts};

const FORMAT_PCM: u16 = 1;
const FORMAT_FLOAT: u16 = 3;
/// Values are handed on when they have grown to this many bytes.
const BUFFER_BYTES: usize = 1 << 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Pcm16,
    Pcm32,
    Float32,
}

impl Coding {
    fn of(recording: &Recording, units: Units) -> Result<Self, ExportError> {
        let mut samples = recording.channels.iter().map(|channel| &channel.samples);
        if units == Units::Physical || samples.clone().all(|samples| !samples.are_counts()) {
            Ok(Self::Float32)
        } else if samples.clone().all(|samples| matches!(samples, Samples::I16(_))) {
            Ok(Self::Pcm16)
        } else if samples.all(Samples::are_counts) {
            Ok(Self::Pcm32)
        } else {
            Err(refused("raw integers beside raw floats", "write physical units, or parquet"))
        }
    }

    fn bytes(self) -> u16 {
        match self {
            Self::Pcm16 => 2,
            Self::Pcm32 | Self::Float32 => 4,
        }
    }
}

fn refused(what: &'static str, advice: &'static str) -> ExportError {
    ExportError::unrepresentable(Target::Wav, what, advice)
}

pub(crate) fn write(
    recording: &Recording,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    if recording.kind == Kind::Histogram {
        return Err(refused("a histogram", "write csv or parquet"));
    }
    if recording.channels.is_empty() {
        return Err(ExportError::no_channels(Target::Wav));
    }
    let columns: Vec<_> =
        recording.channels.iter().map(|channel| Values::of_samples(channel, options)).collect();
    if columns.iter().any(|values| !values.missing(recording.len()).is_empty()) {
        return Err(refused(
            "missing samples",
            "write miniseed, hdf5 or csv, or a part of the recording without gaps",
        ));
    }
    let coding = Coding::of(recording, options.units)?;
    let head = Head::new(recording, coding)?;
    let comment = facts(recording).to_string();
    let mut bytes = head.bytes(&comment)?;
    for index in 0..recording.len() {
        for values in &columns {
            match coding {
                // Nothing is missing, and the counts are of these types.
                Coding::Pcm16 => {
                    let count = values.at(index).unwrap_or_default() as i16;
                    bytes.extend_from_slice(&count.to_le_bytes());
                }
                Coding::Pcm32 => {
                    let count = values.at(index).unwrap_or_default() as i32;
                    bytes.extend_from_slice(&count.to_le_bytes());
                }
                Coding::Float32 => {
                    bytes.extend_from_slice(&values.f32_at(index, Target::Wav)?.to_le_bytes());
                }
            }
        }
        if bytes.len() >= BUFFER_BYTES {
            out.write_all(&bytes)?;
            bytes.clear();
        }
    }
    bytes.extend_from_slice(&info(&comment));
    out.write_all(&bytes)?;
    Ok(())
}

/// What stands before the samples.
struct Head {
    coding: Coding,
    channels: u16,
    rate_hz: u32,
    frames: u64,
}

impl Head {
    fn new(recording: &Recording, coding: Coding) -> Result<Self, ExportError> {
        let rate = SampleTimes::of(recording, Target::Wav)?.rate_hz;
        if rate.fract() != 0.0 || rate > f64::from(u32::MAX) {
            return Err(ExportError::unrepresentable(
                Target::Wav,
                format!("a rate of {rate} samples/s"),
                "audio has whole rates: write npy, csv or miniseed",
            ));
        }
        let channels = recording.channels.len();
        // The size of a frame in bytes has 16 bits.
        if channels * usize::from(coding.bytes()) > usize::from(u16::MAX) {
            return Err(refused("that many channels", "write npy, parquet or hdf5"));
        }
        Ok(Self {
            coding,
            channels: channels as u16,
            rate_hz: rate as u32,
            frames: recording.len() as u64,
        })
    }

    fn bytes(&self, comment: &str) -> Result<Vec<u8>, ExportError> {
        let too_long = || refused("more than 4 GiB", "write npy, parquet or hdf5");
        let frame_bytes = self.channels * self.coding.bytes();
        let data_bytes = self.frames * u64::from(frame_bytes);
        let data_bytes = u32::try_from(data_bytes).map_err(|_| too_long())?;
        // Frames of an odd size do not occur: samples have two or four bytes.
        let format = match self.coding {
            Coding::Float32 => FORMAT_FLOAT,
            Coding::Pcm16 | Coding::Pcm32 => FORMAT_PCM,
        };
        let mut chunks = Vec::new();
        chunk(&mut chunks, b"fmt ", &{
            let mut content = format.to_le_bytes().to_vec();
            content.extend(self.channels.to_le_bytes());
            content.extend(self.rate_hz.to_le_bytes());
            content.extend(self.rate_hz.saturating_mul(u32::from(frame_bytes)).to_le_bytes());
            content.extend(frame_bytes.to_le_bytes());
            content.extend((self.coding.bytes() * 8).to_le_bytes());
            if format != FORMAT_PCM {
                // The length of an extension that is not there.
                content.extend(0u16.to_le_bytes());
            }
            content
        });
        if format != FORMAT_PCM {
            // A coding that is not PCM says how many frames there are.
            let frames = u32::try_from(self.frames).map_err(|_| too_long())?;
            chunk(&mut chunks, b"fact", &frames.to_le_bytes());
        }
        chunks.extend_from_slice(b"data");
        chunks.extend(data_bytes.to_le_bytes());

        let behind = info(comment).len() as u64;
        let riff_bytes = 4 + chunks.len() as u64 + u64::from(data_bytes) + behind;
        let mut head = b"RIFF".to_vec();
        head.extend(u32::try_from(riff_bytes).map_err(|_| too_long())?.to_le_bytes());
        head.extend_from_slice(b"WAVE");
        head.extend(chunks);
        Ok(head)
    }
}

/// A chunk: name, length, content, and a byte that makes its length even.
fn chunk(out: &mut Vec<u8>, name: &[u8; 4], content: &[u8]) {
    out.extend_from_slice(name);
    out.extend((content.len() as u32).to_le_bytes());
    out.extend_from_slice(content);
    if !content.len().is_multiple_of(2) {
        out.push(0);
    }
}

/// The `LIST INFO` chunk with the comment, a text that ends with a zero byte.
fn info(comment: &str) -> Vec<u8> {
    let mut list = b"INFO".to_vec();
    chunk(&mut list, b"ICMT", &[comment.as_bytes(), b"\0"].concat());
    let mut bytes = Vec::new();
    chunk(&mut bytes, b"LIST", &list);
    bytes
}
