//! Makes small runs, byte by byte and on its own, for tests to read.
#![allow(dead_code, reason = "every test file uses a part")]

/// A record.
pub fn record(channel: u8, flags: u16, error: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (payload.len() as u32 + 4).to_le_bytes().to_vec();
    bytes.extend(flags.to_le_bytes());
    bytes.extend([error, channel]);
    bytes.extend(payload);
    bytes
}

/// The payload of a data frame with these samples and `padding` bytes behind them.
pub fn payload(counter: u32, samples: &[i32], padding: usize) -> Vec<u8> {
    let mut bytes = vec![0; 128];
    bytes[0] = 1;
    bytes[4..8].copy_from_slice(&(samples.len() as u32).to_le_bytes());
    bytes[48..56].copy_from_slice(&timestamp(counter).to_le_bytes());
    bytes[84..88].copy_from_slice(&counter.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes.resize(bytes.len() + padding, 0xa5);
    bytes
}

/// A good frame.
pub fn frame(counter: u32, samples: &[i32]) -> Vec<u8> {
    record(0, 0, 0, &payload(counter, samples, 0))
}

pub fn text(text: &str) -> Vec<u8> {
    record(1, 0, 0, text.as_bytes())
}

pub fn timestamp(counter: u32) -> u64 {
    1_700_000_000_000_000_000 + u64::from(counter) * 250_000
}

/// Sample `channel` of frame `frame`: differs everywhere.
pub fn sample(channel: usize, frame: usize) -> i32 {
    (channel as i32).wrapping_mul(65_537).wrapping_add(frame as i32 * 1001).wrapping_sub(7)
}

pub fn samples(channels: usize, frame: usize) -> Vec<i32> {
    (0..channels).map(|channel| sample(channel, frame)).collect()
}

/// Good frames with a step of 20.
pub fn frames(channels: usize, numbers: std::ops::Range<usize>) -> Vec<u8> {
    numbers.flat_map(|number| frame(number as u32 * 20, &samples(channels, number))).collect()
}
