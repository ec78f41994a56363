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
//! a frame walks through memory once: there is a slot for each tap, and the newest values take the
//! place of the oldest, which nothing needs any more.

use super::config::FilterConfig;
use super::error::ChainError;
use wavekeep_smurf::machine::processor::{self, Loop, Processor};

/// Channels that go side by side: their sums stay in registers over all taps.
const LANES: usize = 8;
/// The order of the standard filter.
const USUAL_ORDER: usize = 4;

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
    /// A slot for each tap, and at least one, for each group of channels; used in turn.
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

    /// Takes the next frame, one sample a channel; every frame, also those that are not `passed` on.
    /// If it is, `samples` become the output: trunc(y · gain) as int32, and -2^31 for what int32
    /// cannot hold, as the processor's conversion gives. Another number of channels than before
    /// resets.
    ///
    /// ```
    /// use wavekeep_recorder::chain::{Filter, FilterConfig};
    ///
    /// let (a, b) = (vec![1.0, -0.5], vec![1.0]);
    /// let config = FilterConfig::default().with_order(1).with_a(a).with_b(b);
    /// let mut filter = Filter::new(config)?;
    /// let mut samples = [-101, 7];
    /// filter.run(&mut samples, true);
    /// assert_eq!(samples, [-101, 7]);
    /// filter.run(&mut samples, true);
    /// assert_eq!(samples, [-151, 10]);
    /// # Ok::<(), wavekeep_recorder::chain::ChainError>(())
    /// ```
    pub fn run(&mut self, samples: &mut [i32], passed: bool) {
        let slots = self.config.order.max(1);
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
        self.taps.extend((1..=self.config.order).map(|t| Tap {
            slot: (newest + slots - t) % slots,
            a: a[t],
            b: b[t],
        }));
        let gain = passed.then_some(self.config.gain);
        let step = Step { newest, a0: a[0], b0: b[0], gain };
        // What is no whole group is filled up with zeros.
        let (whole, rest) = samples.as_chunks_mut::<LANES>();
        let done = whole.len() * slots;
        let (x, x_rest) = self.x.split_at_mut(done);
        let (y, y_rest) = self.y.split_at_mut(done);
        processor::run(Groups { step, taps: &self.taps, samples: whole, x, y });
        if !rest.is_empty() {
            let mut padded = [[0; LANES]];
            padded[0][..rest.len()].copy_from_slice(rest);
            let (x, y, samples) = (x_rest, y_rest, &mut padded[..]);
            processor::run(Groups { step, taps: &self.taps, samples, x, y });
            rest.copy_from_slice(&padded[0][..rest.len()]);
        }
    }
}

/// One frame's work on some groups.
struct Groups<'a> {
    step: Step,
    taps: &'a [Tap],
    samples: &'a mut [Input],
    x: &'a mut [Input],
    y: &'a mut [Group],
}

impl Loop for Groups<'_> {
    #[inline(always)]
    fn run<P: Processor>(self, processor: P) {
        let Self { step, taps, samples, x, y } = self;
        if let Ok(taps) = <[Tap; USUAL_ORDER]>::try_from(taps) {
            // The same with a number of taps that is known: no place is checked, and nothing but
            // values is read in the loop.
            let taps = taps.map(|tap| Tap { slot: tap.slot % USUAL_ORDER, ..tap });
            let x = x.as_chunks_mut::<USUAL_ORDER>().0;
            let y = y.as_chunks_mut::<USUAL_ORDER>().0;
            for (samples, (x, y)) in samples.iter_mut().zip(x.iter_mut().zip(y)) {
                step.run(&taps, samples, x, y, processor);
            }
            return;
        }
        let slots = taps.len().max(1);
        let states = x.chunks_exact_mut(slots).zip(y.chunks_exact_mut(slots));
        for (samples, (x, y)) in samples.iter_mut().zip(states) {
            step.run(taps, samples, x, y, processor);
        }
    }
}

/// One frame's work on each group.
#[derive(Clone, Copy)]
struct Step {
    newest: usize,
    a0: f64,
    b0: f64,
    /// Of the output, if there is to be one.
    gain: Option<f64>,
}

impl Step {
    #[inline(always)]
    fn run(
        self,
        taps: &[Tap],
        samples: &mut Input,
        x: &mut [Input],
        y: &mut [Group],
        processor: impl Processor,
    ) {
        let mut sum = samples.map(|sample| self.b0 * f64::from(sample));
        for tap in taps {
            let (x, y) = (&x[tap.slot], &y[tap.slot]);
            for lane in 0..LANES {
                sum[lane] += tap.b * f64::from(x[lane]) - tap.a * y[lane];
            }
        }
        // Dividing by one changes no bit and takes as long as everything else.
        if self.a0 != 1.0 {
            sum = sum.map(|y| y / self.a0);
        }
        x[self.newest] = *samples;
        y[self.newest] = sum;
        if let Some(gain) = self.gain {
            let scaled: [[f64; 4]; LANES / 4] = bytemuck::cast(sum.map(|y| y * gain));
            *samples = bytemuck::cast(scaled.map(|values| processor.truncate(values)));
        }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
                let mut samples: Vec<i32> =
                    channels.iter().map(|channel| channel[frame]).collect();
                filter.run(&mut samples, frame % 2 == 0);
                let newest = filter.y.iter().skip(filter.newest).step_by(order.max(1)).flatten();
                for (found, y) in found.iter_mut().zip(newest) {
                    found.push(y.to_bits());
                }
            }
            for (found, inputs) in found.iter().zip(&channels) {
                prop_assert_eq!(found, &one_channel(&config, inputs));
            }
        }
    }
}
