//! Runs to measure with.

use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::Path;

use wavekeep_smurf::FrameHeader;
use wavekeep_smurf::record::RecordHeader;

/// Frames between two metadata records, as with 200 frames and one record a second.
const FRAMES_A_SECOND: u64 = 200;

/// Writes a run of at least `bytes` bytes and gives the number of its frames.
pub fn run(path: &Path, channels: usize, bytes: u64) -> Result<u64> {
    let record = 136 + 4 * channels as u64;
    let frames = bytes / record;
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut frame = RecordHeader::new(128 + 4 * channels, 0, 0, 0)
        .expect("a frame is smaller than 4 GiB")
        .to_bytes()
        .to_vec();
    frame.resize(record as usize, 0);
    for number in 0..frames {
        if number.is_multiple_of(FRAMES_A_SECOND) {
            let text = format!("AMCc.FileWriter.FrameCount: {number}\n");
            let header = RecordHeader::new(text.len(), 0, 0, 1).expect("a short text");
            file.write_all(&header.to_bytes())?;
            file.write_all(text.as_bytes())?;
        }
        let header = FrameHeader {
            protocol_version: 1,
            number_of_channels: channels as u32,
            timestamp: 1_700_000_000_000_000_000 + number * 5_000_000,
            frame_counter: (number * 20) as u32,
            ..FrameHeader::default()
        };
        frame[8..136].copy_from_slice(&header.to_bytes());
        let samples = frame[136..].chunks_exact_mut(4).enumerate();
        for (channel, sample) in samples {
            let value = (channel as u32 * 65_537).wrapping_add(number as u32 * 1001);
            sample.copy_from_slice(&value.to_le_bytes());
        }
        file.write_all(&frame)?;
    }
    file.flush()?;
    Ok(frames)
}
