//! Channels of a stream, one panel each, between their smallest and largest samples.

use wavekeep_signal::Envelope;

use crate::axis::{Linear, decimals_of, printed};
use crate::canvas::{Canvas, Path, Rect, pen};
use crate::drawing::StreamCaption;
use crate::frame_across::FrameAcross;
use crate::panel::{Heading, Look, Symbol, legend, panel};
use crate::traces::MOST_PANELS;

/// Draws the channels of `envelope` into `area`, each on its own scale: where a channel rests says
/// nothing about it.
pub(crate) fn stream_traces(
    canvas: &mut Canvas,
    area: Rect,
    look: Look,
    envelope: &Envelope,
    caption: &StreamCaption,
) {
    let plot = area.inset(look.left(), 0.0, look.text * 0.8, look.text * 4.4);
    let across = FrameAcross::new(envelope.axis(), caption.rate_hz, plot);
    let rows = envelope.channels().min(MOST_PANELS);
    let height = plot.h / rows.max(1) as f64;
    let unit = caption.scale.unit.symbol();
    let name = |row: usize| caption.channels.get(row).map_or("", String::as_str);
    for row in 0..rows {
        let top = plot.y + row as f64 * height + look.heading();
        let rect = Rect::new(plot.x, top, plot.w, height - look.heading());
        let values = values_of(envelope, row, caption, rect);
        let heading = Heading {
            name: &format!("channel {}", name(row)),
            words: words(envelope, row, caption),
            warning: String::new(),
            colour: canvas.palette.channel(row),
        };
        let ticks: Vec<_> = match values {
            Some(values) => {
                let ticks = values.ticks(if rect.h > look.text * 5.0 { 5 } else { 3 });
                ticks.into_iter().map(|(value, label)| (values.place(value), label)).collect()
            }
            None => Vec::new(),
        };
        panel(canvas, rect, look, &heading, &ticks, unit);
        across.grid(canvas, rect, look);
        across.missing(canvas, rect, look);
        if let Some(values) = values {
            trace(canvas, look, envelope, row, caption, &across, &values);
        }
        canvas.frame(rect, pen(canvas.palette.frame, look.line * 0.8));
    }
    across.axis(canvas, look, plot.bottom());
    if across.has_gaps() {
        let at = (plot.x, area.bottom() - look.text * 0.4);
        legend(canvas, at, look, &[(Symbol::Missing, "frames missing")]);
    }
}

/// The smallest and the largest sample of a channel.
fn extremes(envelope: &Envelope, row: usize) -> Option<(i32, i32)> {
    envelope.channel(row).flatten().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

/// The value axis of a channel: a little wider than its samples.
fn values_of(
    envelope: &Envelope,
    row: usize,
    caption: &StreamCaption,
    rect: Rect,
) -> Option<Linear> {
    let (low, high) = extremes(envelope, row)?;
    let (low, high) = (caption.scale.apply(low.into()), caption.scale.apply(high.into()));
    let margin = ((high - low) * 0.06).max(caption.scale.of_one().abs());
    Some(Linear { from: low - margin, to: high + margin, start: rect.bottom(), end: rect.y })
}

fn words(envelope: &Envelope, row: usize, caption: &StreamCaption) -> String {
    let Some((low, high)) = extremes(envelope, row) else { return "no frames".to_owned() };
    let (low, high) = (caption.scale.apply(low.into()), caption.scale.apply(high.into()));
    let decimals = decimals_of(caption.scale.of_one().abs());
    let (low, high, unit) = (printed(low, decimals), printed(high, decimals), caption.scale.unit);
    format!("{low} to {high} {unit}")
}

/// The trace itself; it stops where frames are missing.
fn trace(
    canvas: &mut Canvas,
    look: Look,
    envelope: &Envelope,
    row: usize,
    caption: &StreamCaption,
    across: &FrameAcross,
    values: &Linear,
) {
    let steps = envelope.steps();
    let mut path = Path::default();
    let mut drawing = false;
    for (step, extremes) in envelope.channel(row).enumerate() {
        let Some((low, high)) = extremes else {
            drawing = false;
            continue;
        };
        let x = (across.edge(step, steps) + across.edge(step + 1, steps)) / 2.0;
        let (low, high) = (caption.scale.apply(low.into()), caption.scale.apply(high.into()));
        match drawing {
            true => path.line_to(x, values.place(low)),
            false => path.move_to(x, values.place(low)),
        }
        path.line_to(x, values.place(high));
        drawing = true;
    }
    canvas.stroke(&path, pen(canvas.palette.channel(row), look.line));
}
