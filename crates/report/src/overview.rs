//! All channels of a stream over time as one picture: how much each of them moves.

use std::fmt::Write;

use wavekeep_signal::Envelope;

use crate::axis::printed;
use crate::canvas::{Anchor, Canvas, Rect, pen};
use crate::drawing::StreamCaption;
use crate::frame_across::FrameAcross;
use crate::panel::{Look, Symbol, legend};
use crate::style::Colour;
use crate::text::regular;

/// More rows than this cannot be told apart on the paper: neighbours share one.
const MOST_ROWS: usize = 256;

/// From still to loud. Lightness alone carries the order, so that it is seen without colour too.
const RAMP: [Colour; 12] = [
    "#0c1a3a", "#14305f", "#17487c", "#1c618c", "#2a7a92", "#3d9290", "#5aa98a", "#80be80",
    "#abd07a", "#d3dd7e", "#efe79a", "#fdf6cf",
];
/// A channel that did not move at all in a step: nothing may be connected.
const STILL: Colour = "#808080";

/// Draws the peak-to-peak value of every channel in every step of `envelope`; neighbours that share
/// a row show the largest.
pub(crate) fn overview(
    canvas: &mut Canvas,
    area: Rect,
    look: Look,
    envelope: &Envelope,
    caption: &StreamCaption,
) {
    let colours = canvas.palette;
    let plot = area.inset(look.left(), look.text * 0.5, look.text * 9.0, look.text * 4.4);
    let across = FrameAcross::new(envelope.axis(), caption.rate_hz, plot);
    let (rows, cells) = cells(envelope);
    let levels = Levels::of(&cells);
    canvas.fill(plot, colours.panel);
    let steps = envelope.steps();
    let height = plot.h / rows.max(1) as f64;
    // One shape a colour: neighbours of one colour are one stroke.
    let mut shapes = vec![String::new(); RAMP.len() + 1];
    for (row, cells) in cells.chunks_exact(steps.max(1)).enumerate() {
        let y = plot.y + row as f64 * height;
        let mut step = 0;
        for run in cells.chunk_by(|a, b| levels.level(*a) == levels.level(*b)) {
            let (from, to) = (across.edge(step, steps), across.edge(step + run.len(), steps));
            step += run.len();
            if let Some(level) = levels.level(run[0]) {
                let _ = write!(
                    shapes[level],
                    "M{from:.2} {y:.2}h{:.2}v{height:.2}H{from:.2}Z",
                    to - from
                );
            }
        }
    }
    for (level, shape) in shapes.iter().enumerate() {
        canvas.cells(shape, colour(level));
    }
    across.missing(canvas, plot, look);
    canvas.frame(plot, pen(colours.frame, look.line * 0.8));
    across.axis(canvas, look, plot.bottom());
    channels_axis(canvas, plot, look, envelope.channels());
    scale(
        canvas,
        Rect::new(plot.right() + look.text * 1.4, plot.y, look.text * 1.2, plot.h),
        look,
        &levels,
        caption,
    );
    if across.has_gaps() {
        let at = (plot.x, area.bottom() - look.text * 0.4);
        legend(canvas, at, look, &[(Symbol::Missing, "frames missing")]);
    }
}

/// Peak-to-peak counts, `rows × steps`; `None` where all frames are missing.
fn cells(envelope: &Envelope) -> (usize, Vec<Option<u32>>) {
    let rows = envelope.channels().min(MOST_ROWS);
    let mut cells = vec![None; rows * envelope.steps()];
    for channel in 0..envelope.channels() {
        let row = channel * rows / envelope.channels();
        let row = &mut cells[row * envelope.steps()..][..envelope.steps()];
        for (cell, extremes) in row.iter_mut().zip(envelope.channel(channel)) {
            // `None` is below every number.
            *cell = (*cell).max(extremes.map(|(low, high)| high.abs_diff(low)));
        }
    }
    (rows, cells)
}

/// Equal steps of the logarithm from the smallest movement to the largest.
struct Levels {
    smallest: f64,
    largest: f64,
}

impl Levels {
    fn of(cells: &[Option<u32>]) -> Self {
        let moving = || cells.iter().flatten().copied().filter(|counts| *counts > 0);
        let smallest = f64::from(moving().min().unwrap_or(1));
        Self { smallest, largest: f64::from(moving().max().unwrap_or(1)).max(smallest * 2.0) }
    }

    /// 0 for what does not move, then 1 to the number of colours.
    fn level(&self, cell: Option<u32>) -> Option<usize> {
        let counts = cell?;
        if counts == 0 {
            return Some(0);
        }
        let share = (f64::from(counts) / self.smallest).ln() / (self.largest / self.smallest).ln();
        Some(1 + ((share * RAMP.len() as f64) as usize).min(RAMP.len() - 1))
    }

    /// The counts at which level `level` of the ramp begins, counted from 0.
    fn begins(&self, level: usize) -> f64 {
        self.smallest * (self.largest / self.smallest).powf(level as f64 / RAMP.len() as f64)
    }
}

fn colour(level: usize) -> Colour {
    level.checked_sub(1).map_or(STILL, |level| RAMP[level])
}

fn channels_axis(canvas: &mut Canvas, plot: Rect, look: Look, channels: usize) {
    let face = regular(look.text * 0.92);
    let ink = canvas.palette.soft_ink;
    // Readouts count in powers of two.
    let step = channels.div_ceil(9).next_power_of_two();
    for channel in (0..channels).step_by(step) {
        let y = plot.y + plot.h * (channel as f64 + 0.5) / channels.max(1) as f64;
        let at = (plot.x - look.text * 0.45, y + look.text * 0.33);
        canvas.text(at, &channel.to_string(), face, ink, Anchor::End);
    }
    let at = (plot.x - look.left() + look.text, plot.y + plot.h / 2.0);
    canvas.text_upwards(at, "row of the selection", face, ink);
}

/// What the colours mean.
fn scale(canvas: &mut Canvas, bar: Rect, look: Look, levels: &Levels, caption: &StreamCaption) {
    let colours = canvas.palette;
    let face = regular(look.text * 0.92);
    let height = (bar.h - look.text * 5.0).max(1.0) / RAMP.len() as f64;
    let mut y = bar.y + look.text * 2.4;
    canvas.text((bar.x, bar.y + look.text), "peak to peak", face, colours.soft_ink, Anchor::Start);
    let label = |canvas: &mut Canvas, y: f64, words: &str| {
        let at = (bar.right() + look.text * 0.4, y + look.text * 0.33);
        canvas.text(at, words, face, colours.soft_ink, Anchor::Start);
    };
    for level in (0..RAMP.len()).rev() {
        canvas.fill(Rect::new(bar.x, y, bar.w, height), RAMP[level]);
        y += height;
        if level % 2 == 0 {
            let value = levels.begins(level) * caption.scale.of_one().abs();
            let decimals = (2.0 - value.log10().floor()).clamp(0.0, 9.0) as usize;
            let words = format!("{} {}", printed(value, decimals), caption.scale.unit);
            label(canvas, y, &words);
        }
    }
    let still = Rect::new(bar.x, y + look.text * 0.8, bar.w, look.text);
    canvas.fill(still, STILL);
    canvas.frame(
        Rect::new(bar.x, bar.y + look.text * 2.4, bar.w, height * RAMP.len() as f64),
        pen(colours.frame, look.line * 0.6),
    );
    label(canvas, still.y + look.text * 0.5, "no change");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_and_the_largest_movement_have_the_ends_of_the_ramp() {
        let cells = [Some(0), Some(3), None, Some(40), Some(3000)];
        let levels = Levels::of(&cells);
        let found = cells.map(|cell| levels.level(cell));
        assert_eq!(found[0], Some(0));
        assert_eq!(found[1], Some(1));
        assert_eq!(found[2], None);
        assert!(found[3] > found[1] && found[3] < found[4]);
        assert_eq!(found[4], Some(RAMP.len()));
    }

    #[test]
    fn one_movement_alone_has_a_level_too() {
        let levels = Levels::of(&[Some(u32::MAX)]);
        assert_eq!(levels.level(Some(u32::MAX)), Some(1));
        assert_eq!(Levels::of(&[]).level(None), None);
    }
}
