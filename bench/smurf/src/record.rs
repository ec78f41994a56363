//! What recording and the chain cost, microseconds a frame.

use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use wavekeep_recorder::chain::{Chain, ChainConfig, DownsamplerConfig, FrameSource, MapperConfig};
use wavekeep_smurf::record::RecordHeader;
use wavekeep_recorder::writer::{DataWriter, Frame};

use crate::fastest;

/// Bytes of a buffer, of the writer's and of the plain one.
const BUFFER: usize = 1 << 20;

/// One row of numbers for frames of `channels` channels.
pub fn measure(folder: &Path, channels: usize) -> Result<String> {
    let frames = (256 << 20) / (136 + 4 * channels);
    let payload: Vec<u8> = (0..128 + 4 * channels).map(|byte| byte as u8).collect();
    let path = folder.join("recorded.dat");
    let each = |time: Duration| time.as_secs_f64() * 1e6 / frames as f64;
    let [mut plain, mut buffered, mut unbuffered] = [Duration::MAX; 3];
    for _ in 0..5 {
        plain = plain.min(alone(&path, || plain_writes(&path, &payload, frames).expect("writes")));
        buffered = buffered.min(alone(&path, || recorded(&path, &payload, frames, BUFFER)));
        unbuffered = unbuffered.min(alone(&path, || recorded(&path, &payload, frames, 0)));
    }
    Ok(format!(
        "{{\"channels\": {channels}, \"plain_writes_us\": {:.2}, \"recorded_us\": {:.2}, \
         \"recorded_without_buffer_us\": {:.2}, \"chain_us\": {:.2}}}",
        each(plain),
        each(buffered),
        each(unbuffered),
        chain(channels).as_secs_f64() * 1e6,
    ))
}

/// Into a new file, when the system has nothing left to write of the one before.
fn alone(path: &Path, write: impl FnMut()) -> Duration {
    let time = fastest(1, write);
    std::fs::remove_file(path).expect("the file");
    // A computer without the command is measured all the same, less evenly.
    let _ = std::process::Command::new("sync").status();
    time
}

/// The same bytes through a buffer of the standard library.
fn plain_writes(path: &Path, payload: &[u8], frames: usize) -> Result<()> {
    let header = RecordHeader::new(payload.len(), 0, 0, 0).expect("a short record").to_bytes();
    let mut file = BufWriter::with_capacity(BUFFER, File::create(path)?);
    for _ in 0..frames {
        file.write_all(&header)?;
        file.write_all(payload)?;
    }
    file.flush()
}

/// Without `Close`, which waits for the disk: plain writes do not.
fn recorded(path: &Path, payload: &[u8], frames: usize, buffer: usize) {
    let mut writer = DataWriter::new();
    writer.set_data_file(path);
    writer.set_overwrite(true);
    writer.set_buffer_size(buffer).expect("a buffer");
    writer.open().expect("a file");
    for _ in 0..frames {
        writer.write(Frame::data(payload)).expect("a frame");
    }
    writer.flush().expect("a flush");
    // Closing syncs.
    std::mem::forget(writer);
}

/// Map, unwrap, filter of order 4, no downsampling: every frame makes the whole way.
fn chain(channels: usize) -> Duration {
    let mut chain = Chain::new(ChainConfig::default()
.with_mapper(MapperConfig::default()
.with_mask(Some((0..channels as u32).collect()))
.with_payload_size(0))
.with_downsampler(DownsamplerConfig::default()
.with_enabled(false)))
    .expect("good settings");
    let mut source = FrameSource::new(channels as u32);
    const FRAMES: u32 = 2000;
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let begun = Instant::now();
        for _ in 0..FRAMES {
            std::hint::black_box(chain.process(source.next_frame(), Some(1)).expect("a frame"));
        }
        best = best.min(begun.elapsed() / FRAMES);
    }
    best
}
