//! Frames that came, that are missing, that came out of order.

use serde::Serialize;

/// Counts incoming frames by the frame counter of their headers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FrameStatistics {
    /// Whole frames that came, those out of order included.
    pub frames: u64,
    /// Frames that are missing: what steps of the frame counter go beyond 1.
    pub lost: u64,
    /// Frames whose counter stepped back. They are dropped.
    pub out_of_order: u64,
    /// Frames that no stage takes: marked bad, or too short for what their header says.
    pub bad: u64,
    #[serde(skip)]
    previous: Option<u32>,
}

impl FrameStatistics {
    /// Takes the frame counter of the next frame; `false` when the frame is out of order and must
    /// be dropped.
    ///
    /// The counter wraps at 2^32: from its end to its beginning is a step forward. The next frame
    /// is compared with this one in any case, so that a source that began anew loses one frame
    /// and not all.
    ///
    /// ```
    /// use wavekeep_recorder::chain::FrameStatistics;
    ///
    /// let mut statistics = FrameStatistics::default();
    /// let passed = [7, 8, 11, 10, u32::MAX, 0].map(|counter| statistics.accept(counter));
    /// assert_eq!(passed, [true, true, true, false, true, true]);
    /// assert_eq!((statistics.frames, statistics.out_of_order), (6, 1));
    /// ```
    pub fn accept(&mut self, frame_counter: u32) -> bool {
        self.frames += 1;
        let Some(previous) = self.previous.replace(frame_counter) else { return true };
        let back = previous.saturating_sub(frame_counter);
        if back > 0 && back <= 1 << 31 {
            self.out_of_order += 1;
            return false;
        }
        self.lost += u64::from(frame_counter.wrapping_sub(previous).saturating_sub(1));
        true
    }

    /// Sets all counts to zero; the frame counter is still compared with the last one.
    pub fn clear(&mut self) {
        *self = Self { previous: self.previous, ..Self::default() };
    }
}
