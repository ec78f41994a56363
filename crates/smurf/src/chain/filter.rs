//! The low-pass filter: direct form I in float64, to the last bit.
//!
//! Per channel, with `order` earlier inputs and outputs (`docs/formats/smurf.md`):
//!
//! ```text
//! y = b[0]·x[0]
//! y = y + (b[t]·x[t] - a[t]·y[t])      for t = 1 .. order, with this grouping
//! y = y / a[0]
//! ```
//!
//! The grouping is part of the result: another one, or a fused multiply-add, gives other bits.
//! Channels do not depend on each other, so [`LANES`] of them go side by side through the same
//! sequence of operations. Their state lies together, all slots of one group after another, and
//! a frame walks through memory once.

use super::config::FilterConfig;
use super::error::ChainError;
use crate::processor::{self, Loop};

/// Channels that go side by side: their sums stay in registers over all taps.
const LANES: usize = 8;

/// One number of each channel of a group.
type Group = [f64; LANES];
/// One sample of each channel of a group. Samples are kept as they came: every int32 is a float64,
/// and a frame walks through less memory.
type Input = [i32; LANES];

/// What an earlier frame contributes.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Tap {
    slot: usize,
    a: f64,
    b: f64,
}

/// A filter with its state.
#[derive(Debug, Clone)]
pub struct Filter {
    config: FilterConfig,
    a: Vec<f64>,
    b: Vec<f64>,
    channels: usize,
    /// `order + 1` slots for each group of channels; slots are used in turn.
    x: Vec<Input>,
    y: Vec<Group>,
    newest: usize,
    taps: Vec<Tap>,
}

impl Filter {
    /// A filter at rest; it takes as many channels as the first frame has.
    ///
    /// # Errors
    /// [`ChainError::Setting`] for an order above 1024.
    pub fn new(config: FilterConfig) -> Result<Self, ChainError> {
        config.check()?;
        let (a, b) = coefficients(&config);
        Ok(Self {
            config,
            a,
            b,
            channels: 0,
            x: Vec::new(),
            y: Vec::new(),
            newest: 0,
            taps: Vec::new(),
        })
    }

    /// Changes the settings; anything but the gain resets the state.
    ///
    /// # Errors
    /// As [`new`](Self::new); nothing is changed then.
    pub fn configure(&mut self, config: &FilterConfig) -> Result<(), ChainError> {
        let same_state = FilterConfig { gain: self.config.gain, ..config.clone() } == self.config;
        if same_state {
            self.config.gain = config.gain;
            return Ok(());
        }
        *self = Self::new(config.clone())?;
        Ok(())
    }

    /// Whether it is switched on.
    pub fn enabled(&self) -> bool {
        self.config.enabled
    }

    /// Back to rest.
    pub fn reset(&mut self) {
        self.x.fill([0; LANES]);
        self.y.fill([0.0; LANES]);
    }

    /// Takes the next frame, one sample a channel; every frame, also those that are not passed
    /// on. Another number of channels than before resets.
    pub fn run(&mut self, samples: &[i32]) {
        let slots = self.config.order + 1;
        if self.channels != samples.len() {
            self.channels = samples.len();
            let groups = samples.len().div_ceil(LANES);
            self.x.resize(groups * slots, [0; LANES]);
            self.y.resize(groups * slots, [0.0; LANES]);
            self.reset();
        }
        self.newest = (self.newest + 1) % slots;
        let (newest, a, b) = (self.newest, &self.a, &self.b);
        self.taps.clear();
        self.taps.extend((1..slots).map(|t| Tap {
            slot: (newest + slots - t) % slots,
            a: a[t],
            b: b[t],
        }));
        let step = Step { newest, a0: a[0], b0: b[0], taps: &self.taps };
        let (whole, rest) = samples.as_chunks::<LANES>();
        let (x, y) = (&mut self.x[..], &mut self.y[..]);
        processor::run(Groups { step: &step, samples: whole, x, y });
        if !rest.is_empty() {
            let mut padded = [0; LANES];
            padded[..rest.len()].copy_from_slice(rest);
            let done = whole.len() * slots;
            step.run(&padded, &mut self.x[done..], &mut self.y[done..]);
        }
    }

    /// The output for the last frame: trunc(y · gain) as int32, one a channel.
    ///
    /// What int32 cannot hold is -2^31, as the processor's conversion gives.
    pub fn output(&self, samples: &mut [i32]) {
        let gain = self.config.gain;
        let (slots, newest) = (self.config.order + 1, self.newest);
        let (whole, rest) = samples.as_chunks_mut::<LANES>();
        let last = self.y.get(whole.len() * slots + newest);
        for (output, y) in rest.iter_mut().zip(last.into_iter().flatten()) {
            *output = truncate(y * gain);
        }
        processor::run(Output { y: &self.y, slots, newest, gain, samples: whole });
    }
}

/// One frame's work on all whole groups.
struct Groups<'a> {
    step: &'a Step<'a>,
    samples: &'a [Input],
    x: &'a mut [Input],
    y: &'a mut [Group],
}

impl Loop for Groups<'_> {
    #[inline(always)]
    fn run(self) {
        let slots = self.step.taps.len() + 1;
        let groups = self.x.chunks_exact_mut(slots).zip(self.y.chunks_exact_mut(slots));
        for ((x, y), input) in groups.zip(self.samples) {
            self.step.run(input, x, y);
        }
    }
}

/// What all whole groups give.
struct Output<'a> {
    y: &'a [Group],
    slots: usize,
    newest: usize,
    gain: f64,
    samples: &'a mut [Input],
}

impl Loop for Output<'_> {
    #[inline(always)]
    fn run(self) {
        let groups = self.y.chunks_exact(self.slots);
        for (output, y) in self.samples.iter_mut().zip(groups) {
            let mut scaled = y[self.newest];
            scaled.iter_mut().for_each(|y| *y *= self.gain);
            *output = truncate_group(scaled);
        }
    }
}

/// One frame's work on each group.
struct Step<'a> {
    newest: usize,
    a0: f64,
    b0: f64,
    taps: &'a [Tap],
}

impl Step<'_> {
    #[inline(always)]
    fn run(&self, input: &Input, x: &mut [Input], y: &mut [Group]) {
        let mut sum = [0.0; LANES];
        for lane in 0..LANES {
            sum[lane] = self.b0 * f64::from(input[lane]);
        }
        for tap in self.taps {
            let (x, y) = (&x[tap.slot], &y[tap.slot]);
            for lane in 0..LANES {
                sum[lane] += tap.b * f64::from(x[lane]) - tap.a * y[lane];
            }
        }
        // Dividing by one changes no bit and takes as long as everything else.
        if self.a0 != 1.0 {
            sum = sum.map(|y| y / self.a0);
        }
        x[self.newest] = *input;
        y[self.newest] = sum;
    }
}

/// Coefficients of length order + 1 or more.
fn coefficients(config: &FilterConfig) -> (Vec<f64>, Vec<f64>) {
    let filled = |mut list: Vec<f64>| {
        list.resize(list.len().max(config.order + 1), 0.0);
        list
    };
    let a = match config.a.first() {
        None | Some(0.0) => vec![1.0],
        Some(_) => config.a.clone(),
    };
    (filled(a), filled(config.b.clone()))
}

#[inline(always)]
fn truncate_group(values: Group) -> Input {
    let small = values.iter().fold(true, |small, value| small & (value.abs() < 2_147_483_648.0));
    if small { values.map(truncate_small) } else { values.map(truncate) }
}

/// [`truncate`] for magnitudes below 2^31. The conversion instruction has a fixed width on each
/// kind of processor and the language guards it; these operations go side by side on all of
/// them, which halves the time of a frame's output.
#[inline(always)]
fn truncate_small(value: f64) -> i32 {
    // At this size a float64 has no fraction: adding it rounds to a whole number, which then
    // stands in the low bits.
    const WHOLE: f64 = (1u64 << 52) as f64;
    let magnitude = value.abs();
    let rounded = magnitude + WHOLE;
    let rounded_up = i32::from(rounded - WHOLE > magnitude);
    let truncated = (rounded.to_bits() as i32).wrapping_sub(rounded_up);
    let sign = (value.to_bits() as i64 >> 63) as i32;
    (truncated ^ sign).wrapping_sub(sign)
}

/// Toward zero; what int32 cannot hold, and what is no number, becomes -2^31.
#[inline(always)]
pub(super) fn truncate(value: f64) -> i32 {
    match value > -2_147_483_649.0 && value < 2_147_483_648.0 {
        true => value as i32,
        false => i32::MIN,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_the_language(value: f64) -> i32 {
        let whole = value.trunc();
        let fits = whole >= f64::from(i32::MIN) && whole <= f64::from(i32::MAX);
        if fits { whole as i32 } else { i32::MIN }
    }

    #[test]
    fn both_ways_of_truncating_agree_where_it_is_close() {
        let tops = [0.0, 1.0, 2.0, 2.5, 1e6, 2_147_483_647.0, 2_147_483_648.0, 2_147_483_649.0];
        for top in tops.into_iter().flat_map(|top: f64| [top, -top]) {
            for value in [top.next_down().next_down(), top.next_down(), top, top.next_up()] {
                assert_eq!(truncate(value), by_the_language(value), "{value:?}");
                if value.abs() < 2_147_483_648.0 {
                    assert_eq!(truncate_small(value), by_the_language(value), "{value:?}");
                }
            }
        }
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX] {
            assert_eq!(truncate(value), i32::MIN);
        }
    }

    /// The page for one channel: every output as its bits.
    fn one_channel(config: &FilterConfig, inputs: &[i32]) -> Vec<u64> {
        let (a, b) = coefficients(config);
        let (mut xs, mut ys) = (Vec::new(), Vec::new());
        for (now, input) in inputs.iter().enumerate() {
            xs.push(f64::from(*input));
            let mut y = b[0] * xs[now];
            for t in 1..=config.order {
                let (x, earlier) = if t <= now { (xs[now - t], ys[now - t]) } else { (0.0, 0.0) };
                let difference = b[t] * x - a[t] * earlier;
                y += difference;
            }
            ys.push(y / a[0]);
        }
        ys.into_iter().map(f64::to_bits).collect()
    }

    proptest! {
        /// Counts would hide the last bits: the state itself is compared.
        #[test]
        fn the_grouping_is_kept_to_the_last_bit(
            order in 0usize..6,
            a in proptest::collection::vec(-1.1f64..1.1, 1..7),
            b in proptest::collection::vec(-1.1f64..1.1, 0..7),
            channels in proptest::collection::vec(
                proptest::collection::vec(any::<i32>(), 20), 1..20
            ),
        ) {
            let config = FilterConfig { order, a, b, ..FilterConfig::default() };
            let mut filter = Filter::new(config.clone()).unwrap();
            let mut found = vec![Vec::new(); channels.len()];
            for frame in 0..20 {
                let samples: Vec<i32> = channels.iter().map(|channel| channel[frame]).collect();
                filter.run(&samples);
                let newest = filter.y.iter().skip(filter.newest).step_by(order + 1).flatten();
                for (found, y) in found.iter_mut().zip(newest) {
                    found.push(y.to_bits());
                }
            }
            for (found, inputs) in found.iter().zip(&channels) {
                prop_assert_eq!(found, &one_channel(&config, inputs));
            }
        }

        #[test]
        fn a_group_is_truncated_as_each_of_its_values(
            values in proptest::array::uniform8(prop_oneof![
                9 => -2_147_483_648.0f64..2_147_483_648.0,
                9 => -3.0f64..3.0,
                1 => any::<f64>(),
            ])
        ) {
            prop_assert_eq!(truncate_group(values), values.map(by_the_language));
        }
    }
}
