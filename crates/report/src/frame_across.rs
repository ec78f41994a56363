//! The axis of frames under the drawings of streams.

use wavekeep_signal::FrameAxis;

use crate::axis::Linear;
use crate::canvas::{Anchor, Canvas, Rect, pen};
use crate::panel::Look;
use crate::text::regular;

/// Where the frames of a stream lie on the paper.
pub(crate) struct FrameAcross {
    places: Linear,
    ticks: Vec<(f64, String)>,
    label: &'static str,
    /// What is missing, as ranges of the paper.
    gaps: Vec<(f64, f64)>,
}

impl FrameAcross {
    pub(crate) fn new(axis: &FrameAxis, rate_hz: Option<f64>, plot: Rect) -> Self {
        let end = axis.len().max(1) as f64;
        let places = Linear { from: 0.0, to: end, start: plot.x, end: plot.right() };
        let rate_hz = rate_hz.filter(|rate| rate.is_finite() && *rate > 0.0);
        let (ticks, label) = match rate_hz {
            // Where gaps are shortened, equal distances are not equal times.
            Some(rate) if !axis.is_shortened() => {
                let time = Linear { to: end / rate, ..places };
                let ticks = time.ticks(12).into_iter();
                (
                    ticks.map(|(s, label)| (time.place(s), label)).collect(),
                    "time from the first frame (s)",
                )
            }
            _ => {
                let frames = Linear { to: axis.frames().max(1) as f64, ..places };
                let place = |frame: f64| places.place(axis.place(frame as u64) as f64);
                let ticks = frames.ticks(12).into_iter();
                let label = match axis.is_shortened() {
                    true => "frame (gaps are drawn shorter than they were)",
                    false => "frame",
                };
                (ticks.map(|(frame, label)| (place(frame), label)).collect(), label)
            }
        };
        let gaps = axis
            .missing()
            .map(|gap| (places.place(gap.start as f64), places.place(gap.end as f64)));
        Self { places, ticks, label, gaps: joined(gaps) }
    }

    /// The left edge of step `step` of `steps`.
    pub(crate) fn edge(&self, step: usize, steps: usize) -> f64 {
        self.places.start
            + (self.places.end - self.places.start) * step as f64 / steps.max(1) as f64
    }

    pub(crate) fn has_gaps(&self) -> bool {
        !self.gaps.is_empty()
    }

    /// Vertical lines at the ticks.
    pub(crate) fn grid(&self, canvas: &mut Canvas, rect: Rect, look: Look) {
        let line = pen(canvas.palette.grid, look.line * 0.8);
        for (x, _) in &self.ticks {
            canvas.line((*x, rect.y), (*x, rect.bottom()), line);
        }
    }

    /// Hatches what is missing.
    pub(crate) fn missing(&self, canvas: &mut Canvas, rect: Rect, look: Look) {
        for &(from, to) in &self.gaps {
            let shape = Rect::new(from, rect.y, (to - from).max(look.text * 0.15), rect.h);
            canvas.fill(shape, canvas.palette.panel);
            // Slanted lines cannot be seen in a narrow strip.
            if shape.w < look.text * 0.6 {
                canvas.fill(shape, canvas.palette.frame);
            } else {
                canvas.hatch(shape);
            }
        }
    }

    pub(crate) fn axis(&self, canvas: &mut Canvas, look: Look, y: f64) {
        let colours = canvas.palette;
        let face = regular(look.text * 0.92);
        for (x, label) in &self.ticks {
            canvas.line((*x, y), (*x, y + look.text * 0.3), pen(colours.frame, look.line * 0.8));
            canvas.text((*x, y + look.text * 1.35), label, face, colours.soft_ink, Anchor::Middle);
        }
        let at = ((self.places.start + self.places.end) / 2.0, y + look.text * 2.6);
        canvas.text(at, self.label, face, colours.soft_ink, Anchor::Middle);
    }
}

/// Neighbours that fall on the same place are one: a run with a gap at every second frame must not
/// make a million shapes.
fn joined(gaps: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = Vec::new();
    for (from, to) in gaps {
        match out.last_mut() {
            Some(last) if from <= last.1 + 1.0 => last.1 = last.1.max(to),
            _ => out.push((from, to)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use wavekeep_core::FrameGap;

    use super::*;

    fn across(frames: u64, gaps: Vec<FrameGap>, rate_hz: Option<f64>) -> FrameAcross {
        FrameAcross::new(&FrameAxis::new(frames, gaps), rate_hz, Rect::new(0.0, 0.0, 300.0, 10.0))
    }

    #[test]
    fn a_gap_takes_the_room_of_its_frames() {
        let found = across(200, vec![FrameGap { before: 100..101, missing: 100 }], Some(100.0));
        assert_eq!(found.gaps, [(100.0, 200.0)]);
        assert_eq!(found.ticks.last(), Some(&(300.0, "3.0".to_owned())));
    }

    #[test]
    fn frames_are_counted_where_time_would_be_wrong() {
        let found = across(100, vec![FrameGap { before: 50..51, missing: 1 << 40 }], Some(100.0));
        assert!(found.label.starts_with("frame"));
        assert_eq!(found.ticks.first(), Some(&(0.0, "0".to_owned())));
    }

    #[test]
    fn many_small_gaps_are_one_shape() {
        let gaps = vec![FrameGap { before: 1..100_000, missing: 99_999 }];
        assert!(across(100_000, gaps, None).gaps.len() < 400);
    }
}
