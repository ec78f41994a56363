//! Phase wraps, taken out.

use wavekeep_smurf::machine::processor::{self, Loop, Processor};

/// Beyond these a sample is near the end of the 16-bit circle, where it may wrap.
const NEAR_TOP: i32 = 0x6000;
const NEAR_BOTTOM: i32 = -0x6000;
/// One turn of the phase in counts.
const TURN: i32 = 0x10000;

/// Follows each channel over the ends of the 16-bit circle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unwrapper {
    enabled: bool,
    previous: Vec<i32>,
    offset: Vec<i32>,
}

impl Unwrapper {
    /// An unwrapper that has seen nothing; it takes as many channels as the first frame has.
    pub fn new(enabled: bool) -> Self {
        Self { enabled, ..Self::default() }
    }

    /// Switches it. Switching on resets; switched off it still keeps the last value.
    pub fn set_enabled(&mut self, enabled: bool) {
        if enabled && !self.enabled {
            self.reset();
        }
        self.enabled = enabled;
    }

    /// Forgets the last values and the turns.
    pub fn reset(&mut self) {
        self.previous.fill(0);
        self.offset.fill(0);
    }

    /// Unwraps the next frame in place, one sample a channel. Another number of channels than
    /// before resets.
    ///
    /// ```
    /// use wavekeep_recorder::chain::Unwrapper;
    ///
    /// let mut unwrapper = Unwrapper::new(true);
    /// let mut last = [0];
    /// for raw in [30_000, -30_000, -25_000] {
    ///     last = [raw];
    ///     unwrapper.run(&mut last);
    /// }
    /// assert_eq!(last, [65_536 - 25_000]);
    /// ```
    pub fn run(&mut self, samples: &mut [i32]) {
        if self.previous.len() != samples.len() {
            for state in [&mut self.previous, &mut self.offset] {
                state.clear();
                state.resize(samples.len(), 0);
            }
        }
        if !self.enabled {
            self.previous.copy_from_slice(samples);
            return;
        }
        let (previous, offset) = (&mut self.previous[..], &mut self.offset[..]);
        processor::run(Turns { samples, previous, offset });
    }
}

/// The next frame of all channels.
struct Turns<'a> {
    samples: &'a mut [i32],
    previous: &'a mut [i32],
    offset: &'a mut [i32],
}

impl Loop for Turns<'_> {
    #[inline(always)]
    fn run<P: Processor>(self, _: P) {
        let Self { samples, previous, offset } = self;
        for ((sample, previous), offset) in samples.iter_mut().zip(previous).zip(offset) {
            let current = *sample;
            // Without branches, so that channels can go side by side. Never both at once.
            let down = i32::from((current > NEAR_TOP) & (*previous < NEAR_BOTTOM));
            let up = i32::from((current < NEAR_BOTTOM) & (*previous > NEAR_TOP));
            *offset = offset.wrapping_add((up - down) * TURN);
            *previous = current;
            *sample = current.wrapping_add(*offset);
        }
    }
}
