//! Straight lines through points.

/// A straight line by least squares, from running means and sums (Welford), which stay exact
/// where sums of squares of nanoseconds do not.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Line {
    pub(crate) points: f64,
    pub(crate) mean_x: f64,
    pub(crate) mean_y: f64,
    pub(crate) sum_xx: f64,
    pub(crate) sum_xy: f64,
}

impl Line {
    #[inline]
    pub(super) fn push(&mut self, x: f64, y: f64) {
        self.points += 1.0;
        let share = 1.0 / self.points;
        let off_x = x - self.mean_x;
        self.mean_x += off_x * share;
        self.mean_y += (y - self.mean_y) * share;
        self.sum_xx += off_x * (x - self.mean_x);
        self.sum_xy += off_x * (y - self.mean_y);
    }

    #[inline]
    pub(super) fn slope(&self) -> Option<f64> {
        (self.sum_xx > 0.0).then(|| self.sum_xy / self.sum_xx).filter(|slope| *slope > 0.0)
    }
}

/// The value in the middle; of an even number the higher one. `None` when there are none.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
