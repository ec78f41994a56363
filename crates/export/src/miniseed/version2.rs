//! Records of version 2: what the library leaves out of their header, and how much fits.

use std::ops::Range;

use miniseed_rs::{EncodingFormat, MseedError, MseedRecord, Samples};

/// Bytes of a record; data begins after 64.
pub(super) const RECORD_BYTES: u32 = 4096;
const FRAMES: usize = (RECORD_BYTES as usize - 64) / 64;
/// Samples that fit in Steim2 however far they are apart: one in a word, without the words for
/// control and the two of the first frame.
const STEIM2_ALWAYS: usize = FRAMES * 15 - 2;
/// Seven samples in a word are the most.
const STEIM2_NEVER: usize = STEIM2_ALWAYS * 7;
/// Largest part by which a rate may be off. Every record states its own start.
const RATE_TOLERANCE: f64 = 1e-6;

/// A rate as the header has it: factor and multiplier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate([i16; 2]);

impl Rate {
    /// The nearest rate that the header can state; `None` if none is near.
    pub(super) fn of(rate_hz: f64) -> Option<Self> {
        let most = f64::from(i16::MAX);
        // Beyond the factor: the product of two whole numbers.
        let fields = if rate_hz > most {
            let multiplier = (2..=i16::MAX).find(|by| {
                (rate_hz / f64::from(*by)).fract() == 0.0 && rate_hz / f64::from(*by) <= most
            })?;
            [(rate_hz / f64::from(multiplier)) as i16, multiplier]
        } else {
            let [above, below] = fraction(rate_hz)?;
            [above, if below == 1 { 1 } else { -below }]
        };
        let rate = Self(fields);
        ((rate.hz() - rate_hz).abs() <= RATE_TOLERANCE * rate_hz).then_some(rate)
    }

    fn hz(self) -> f64 {
        match self.0.map(f64::from) {
            [factor, multiplier] if multiplier > 0.0 => factor * multiplier,
            [factor, multiplier] => -factor / multiplier,
        }
    }
}

/// The nearest fraction of two numbers of at most 15 bits, by continued fractions.
fn fraction(value: f64) -> Option<[i16; 2]> {
    let mut rest = value;
    let (mut last, mut best) = ([1i64, 0], None);
    let mut before = [0i64, 1];
    for _ in 0..40 {
        let whole = rest.floor();
        if !(0.0..=f64::from(i16::MAX)).contains(&whole) {
            break;
        }
        let next = [0, 1].map(|part| whole as i64 * last[part] + before[part]);
        let Ok(above) = i16::try_from(next[0]) else { break };
        let Ok(below) = i16::try_from(next[1]) else { break };
        best = (above > 0).then_some([above, below]).or(best);
        (before, last) = (last, next);
        if rest.fract() < 1e-12 {
            break;
        }
        rest = rest.fract().recip();
    }
    best
}

/// How many samples the next record is tried with.
pub(super) struct Size(usize);

impl Size {
    pub(super) fn new() -> Self {
        Self(STEIM2_NEVER)
    }

    /// The samples of the next record, if the run has that many.
    pub(super) fn piece(&self, run: &Range<usize>) -> Range<usize> {
        run.start..run.end.min(run.start + self.0)
    }
}

/// As many of the samples as fit into one record: how many, and its bytes.
///
/// `record` has all but samples and rate; its start is rounded down to the 100 µs of the header,
/// `microseconds` are what is left of it.
pub(super) fn encode(
    record: &mut MseedRecord,
    rate: Rate,
    microseconds: i8,
    size: &mut Size,
) -> Result<(usize, Vec<u8>), MseedError> {
    let fits = match record.encoding {
        EncodingFormat::Steim2 => record.samples.len(),
        EncodingFormat::Float64 => FRAMES * 8,
        _ => FRAMES * 16,
    };
    truncate(&mut record.samples, fits);
    loop {
        match miniseed_rs::encode(record) {
            Ok(mut bytes) => {
                let [factor, multiplier] = rate.0.map(i16::to_be_bytes);
                bytes[32..34].copy_from_slice(&factor);
                bytes[34..36].copy_from_slice(&multiplier);
                bytes[61..62].copy_from_slice(&microseconds.to_be_bytes());
                let count = record.samples.len();
                // The next one is probably like this one.
                size.0 = (count + count / 8).clamp(STEIM2_ALWAYS, STEIM2_NEVER);
                return Ok((count, bytes));
            }
            Err(_) if record.samples.len() > STEIM2_ALWAYS => {
                let fewer = (record.samples.len() * 7 / 8).max(STEIM2_ALWAYS);
                truncate(&mut record.samples, fewer);
            }
            Err(error) => return Err(error),
        }
    }
}

fn truncate(samples: &mut Samples, length: usize) {
    match samples {
        Samples::Int(values) => values.truncate(length),
        Samples::Float(values) => values.truncate(length),
        Samples::Double(values) => values.truncate(length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_whole_numbers_fractions_and_products() {
        for (hz, fields) in [
            (1024.0, [1024, 1]),
            (4000.0, [4000, 1]),
            (0.5, [1, -2]),
            (1.0 / 60.0, [1, -60]),
            (1024.0 / 3.0, [1024, -3]),
            (200.25, [801, -4]),
            (65536.0, [16384, 4]),
            (1e6, [31250, 32]),
        ] {
            let rate = Rate::of(hz).expect("near");
            assert_eq!(rate, Rate(fields), "{hz}");
            assert!((rate.hz() - hz).abs() < 1e-9 * hz);
        }
        assert!((Rate::of(199.999_99).expect("near").hz() - 199.999_99).abs() < 2e-4);
        for hz in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-6, 1e12, 1e5 + 0.1] {
            assert_eq!(Rate::of(hz), None, "{hz}");
        }
    }
}
