//! The chain against a plain twin that is written from the page, one channel and one frame after
//! the other.

use proptest::collection::vec;
use proptest::prelude::*;
use wavekeep_recorder::chain::{
    Chain, ChainConfig, Downsample, DownsamplerConfig, FilterConfig, MapperConfig,
};
use wavekeep_recorder::writer::Frame;
use wavekeep_smurf::header::{FrameHeader, HEADER_LEN};

/// The page, word for word.
#[derive(Default)]
struct Twin {
    channels: Vec<TwinChannel>,
    since_start: u64,
    previous_counter: Option<u32>,
    lost: u64,
    out_of_order: u64,
}

#[derive(Clone, Default)]
struct TwinChannel {
    previous: i32,
    offset: i32,
    /// Newest first.
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Twin {
    fn change(&mut self, old: &ChainConfig, new: &ChainConfig) {
        if new.mapper.mask.as_ref().unwrap().len() != old.mapper.mask.as_ref().unwrap().len() {
            self.channels.clear();
        }
        let filter_changes = new.filter.clone().with_gain(0.0) != old.filter.clone().with_gain(0.0);
        for channel in &mut self.channels {
            if new.unwrap && !old.unwrap {
                (channel.previous, channel.offset) = (0, 0);
            }
            if filter_changes {
                channel.x.clear();
                channel.y.clear();
            }
        }
        if new.downsampler.mode != old.downsampler.mode {
            self.since_start = 0;
        }
    }

    fn process(&mut self, config: &ChainConfig, payload: &[u8]) -> Option<Vec<u8>> {
        let header = FrameHeader::parse(payload).unwrap();
        if let Some(previous) = self.previous_counter.replace(header.frame_counter) {
            match i64::from(header.frame_counter) - i64::from(previous) {
                ..0 => {
                    self.out_of_order += 1;
                    return None;
                }
                step => self.lost += (step - 1).max(0) as u64,
            }
        }
        let mask = config.mapper.mask.as_ref().unwrap();
        self.channels.resize(mask.len(), TwinChannel::default());
        let mut outputs = Vec::new();
        for (channel, index) in self.channels.iter_mut().zip(mask) {
            let at = HEADER_LEN + 2 * *index as usize;
            let raw = i32::from(i16::from_le_bytes([payload[at], payload[at + 1]]));
            let unwrapped = channel.unwrap(config.unwrap, raw);
            outputs.push(match config.filter.enabled {
                true => channel.filter(&config.filter, unwrapped),
                false => unwrapped,
            });
        }
        if config.downsampler.enabled {
            match config.downsampler.mode {
                Downsample::External { mask } if header.reset_bits & mask != mask => return None,
                Downsample::External { .. } => {}
                Downsample::Internal { factor } => {
                    let number = self.since_start;
                    self.since_start += 1;
                    if number % factor != factor - 1 {
                        return None;
                    }
                }
            }
        }
        let mut out = payload[..HEADER_LEN].to_vec();
        out[4..8].copy_from_slice(&(mask.len() as u32).to_le_bytes());
        for output in &outputs {
            out.extend(output.to_le_bytes());
        }
        for _ in outputs.len()..config.mapper.payload_size as usize {
            out.extend([0; 4]);
        }
        Some(out)
    }
}

impl TwinChannel {
    fn unwrap(&mut self, enabled: bool, current: i32) -> i32 {
        let previous = std::mem::replace(&mut self.previous, current);
        if !enabled {
            return current;
        }
        if current > 0x6000 && previous < -0x6000 {
            self.offset -= 0x10000;
        } else if current < -0x6000 && previous > 0x6000 {
            self.offset += 0x10000;
        }
        current + self.offset
    }

    fn filter(&mut self, config: &FilterConfig, input: i32) -> i32 {
        let at = |list: &[f64], t: usize| list.get(t).copied().unwrap_or(0.0);
        let a: &[f64] = match config.a.first() {
            Some(first) if *first != 0.0 => &config.a,
            _ => &[1.0],
        };
        let x0 = f64::from(input);
        let mut y = at(&config.b, 0) * x0;
        for t in 1..=config.order {
            let (x, earlier) = (at(&self.x, t - 1), at(&self.y, t - 1));
            y += at(&config.b, t) * x - at(a, t) * earlier;
        }
        y /= a[0];
        self.x.insert(0, x0);
        self.y.insert(0, y);
        let scaled = (y * config.gain).trunc();
        match scaled >= f64::from(i32::MIN) && scaled <= f64::from(i32::MAX) {
            true => scaled as i32,
            false => i32::MIN,
        }
    }
}

const INPUTS: usize = 40;

fn filter() -> impl Strategy<Value = FilterConfig> {
    let coefficient = prop_oneof![3 => -1.5f64..1.5, 1 => Just(0.0), 1 => Just(1.0)];
    let list = vec(coefficient, 0..6);
    let custom = (any::<bool>(), 0usize..7, list.clone(), list, -3.0f64..3.0).prop_map(
        |(enabled, order, a, b, gain)| {
            FilterConfig::default()
                .with_enabled(enabled)
                .with_order(order)
                .with_a(a)
                .with_b(b)
                .with_gain(gain)
        },
    );
    prop_oneof![1 => Just(FilterConfig::default()), 3 => custom]
}

fn mode() -> impl Strategy<Value = Downsample> {
    prop_oneof![
        (1u64..6).prop_map(|factor| Downsample::Internal { factor }),
        (0u32..4).prop_map(|mask| Downsample::External { mask }),
    ]
}

fn config() -> impl Strategy<Value = ChainConfig> {
    let mask = vec(0..INPUTS as u32, 0..40);
    (mask, 0u32..50, any::<bool>(), filter(), any::<bool>(), mode()).prop_map(
        |(mask, payload_size, unwrap, filter, enabled, mode)| {
            ChainConfig::default()
                .with_mapper(
                    MapperConfig::default().with_mask(Some(mask)).with_payload_size(payload_size),
                )
                .with_unwrap(unwrap)
                .with_filter(filter)
                .with_downsampler(
                    DownsamplerConfig::default().with_enabled(enabled).with_mode(mode),
                )
        },
    )
}

/// Steps that often cross the end of the circle and often stop right at the thresholds.
fn samples() -> impl Strategy<Value = Vec<i16>> {
    let sample = prop_oneof![
        4 => any::<i16>(),
        1 => prop::sample::select(vec![
            0x6000, 0x6001, -0x6000, -0x6001, i16::MAX, i16::MIN, 0
        ]),
    ];
    vec(sample, INPUTS)
}

fn frames() -> impl Strategy<Value = Vec<(u32, u32, Vec<i16>)>> {
    vec((0u32..8, prop_oneof![9 => Just(1u32), 1 => 0u32..5], samples()), 1..30)
}

fn payload(counter: u32, reset_bits: u32, samples: &[i16]) -> Vec<u8> {
    let header = FrameHeader {
        number_of_channels: samples.len() as u32,
        frame_counter: counter,
        reset_bits,
        ..FrameHeader::default()
    };
    let mut payload = header.to_bytes().to_vec();
    payload.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    payload
}

proptest! {
    #[test]
    fn the_chain_does_what_the_page_says(
        configs in vec((config(), any::<[bool; 4]>(), frames()), 1..4)
    ) {
        let mut current = configs[0].0.clone();
        let mut chain = Chain::new(current.clone()).unwrap();
        let mut twin = Twin::default();
        let mut counter = 100u32;
        for (next, changes, frames) in configs {
            // Some of the settings change at a time, so that what must not be reset shows too.
            let mut changed = current.clone();
            if changes[0] { changed.mapper = next.mapper; }
            if changes[1] { changed.filter = next.filter; }
            if changes[2] { changed.unwrap = next.unwrap; }
            if changes[3] { changed.downsampler = next.downsampler; }
            twin.change(&current, &changed);
            chain.configure(changed.clone()).unwrap();
            current = changed;
            for (reset_bits, step, samples) in frames {
                counter = (counter + step).saturating_sub(2 * u32::from(step == 4));
                let payload = payload(counter, reset_bits, &samples);
                let expected = twin.process(&current, &payload);
                let found = chain.process(Frame::data(&payload), None).unwrap();
                prop_assert_eq!(found, expected.as_deref());
            }
        }
        prop_assert_eq!(chain.statistics().lost, twin.lost);
        prop_assert_eq!(chain.statistics().out_of_order, twin.out_of_order);
    }

    #[test]
    fn any_bytes_are_a_frame_or_are_counted_as_bad(
        flags in any::<u16>(), error in 0u8..2, channels in 0u32..20, length in 0usize..200,
    ) {
        let mut payload = vec![7u8; length];
        if length >= 8 {
            payload[4..8].copy_from_slice(&channels.to_le_bytes());
        }
        let mut chain = Chain::new(ChainConfig::default()
.with_downsampler(DownsamplerConfig::default()
.with_enabled(false))).unwrap();
        let whole = length >= HEADER_LEN && HEADER_LEN + 2 * channels as usize <= length;
        let good = whole && error == 0 && flags & 0x100 == 0;
        let frame = Frame { flags, error, channel: 0, payload: &payload };
        prop_assert_eq!(chain.process(frame, None).unwrap().is_some(), good);
        prop_assert_eq!(chain.statistics().bad, u64::from(!good));
    }
}
