//! One channel's box: its heading, its value axis, what is missing and what is at the limit.

use wavekeep_core::Channel;

use crate::axis::{Linear, decimals_of, printed};
use crate::canvas::{Anchor, Canvas, Path, Rect, pen};
use crate::style::Colour;
use crate::text::{bold, one_line, regular};

/// Sizes that follow from the size of the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Size of the text.
    pub(crate) text: f64,
    /// Width of a trace.
    pub(crate) line: f64,
    /// Points of a trace for each unit of the paper.
    pub(crate) density: f64,
}

impl Look {
    /// For a drawing of its own.
    pub(crate) const SCREEN: Self = Self { text: 12.0, line: 1.0, density: 1.0 };
    /// For a page in print.
    pub(crate) const PAGE: Self = Self { text: 6.6, line: 0.5, density: 2.0 };

    /// Room for the value axis on the left of a panel.
    pub(crate) fn left(&self) -> f64 {
        self.text * 5.2
    }

    /// Room for the heading above a panel.
    pub(crate) fn heading(&self) -> f64 {
        self.text * 1.75
    }
}

/// What stands above a panel.
pub(crate) struct Heading<'a> {
    pub(crate) name: &'a str,
    pub(crate) words: String,
    pub(crate) warning: String,
    pub(crate) colour: Colour,
}

/// Draws a panel's heading, its ground and its value axis with `ticks` and `unit`.
pub(crate) fn panel(
    canvas: &mut Canvas,
    rect: Rect,
    look: Look,
    heading: &Heading<'_>,
    ticks: &[(f64, String)],
    unit: &str,
) {
    let colours = canvas.palette;
    let base = rect.y - look.text * 0.5;
    let name_type = bold(look.text * 1.05);
    let words_type = regular(look.text);
    let name = one_line(heading.name);
    let name = name_type.clip(&name, rect.w * 0.25);
    canvas.text((rect.x, base), &name, name_type, heading.colour, Anchor::Start);
    let x = rect.x + name_type.width(&name) + look.text * 0.8;
    let warning_type = bold(look.text);
    let mut room = rect.right() - x;
    if !heading.warning.is_empty() {
        // What is wrong goes before everything else.
        let marked = format!("! {}", heading.warning);
        let marked = warning_type.clip(&marked, room);
        canvas.text((rect.right(), base), &marked, warning_type, colours.warning, Anchor::End);
        room -= warning_type.width(&marked) + look.text;
    }
    let words = words_type.clip(&heading.words, room);
    canvas.text((x, base), &words, words_type, colours.ink, Anchor::Start);

    canvas.fill(rect, colours.panel);
    let tick_type = regular(look.text * 0.92);
    for (y, label) in ticks {
        canvas.line((rect.x, *y), (rect.right(), *y), pen(colours.grid, look.line * 0.8));
        let at = (rect.x - look.text * 0.45, y + look.text * 0.33);
        let label = canvas.words.marked(label);
        canvas.text(at, &label, tick_type, colours.soft_ink, Anchor::End);
    }
    let middle = rect.y + rect.h / 2.0;
    canvas.text_upwards(
        (rect.x - look.left() + look.text, middle),
        unit,
        tick_type,
        colours.soft_ink,
    );
}

/// Hatches what is missing of a channel; `place` gives the place of a sample's index, and ranges
/// end behind their last sample.
pub(crate) fn missing(
    canvas: &mut Canvas,
    rect: Rect,
    look: Look,
    channel: &Channel,
    place: impl Fn(f64) -> f64,
) {
    // Neighbours that fall on the same place are one: a file with a gap at every second sample
    // must not make a million shapes.
    let mut open: Option<(f64, f64)> = None;
    let mut shapes = Vec::new();
    for gap in channel.gaps.ranges() {
        let from = place(gap.start as f64 - 0.5);
        let to = place(gap.end as f64 - 0.5).max(from + look.text * 0.15);
        open = match open {
            Some((start, end)) if from <= end + look.line => Some((start, to.max(end))),
            Some(done) => {
                shapes.push(done);
                Some((from, to))
            }
            None => Some((from, to)),
        };
    }
    shapes.extend(open);
    let label_type = regular(look.text * 0.92);
    for (from, to) in shapes {
        let shape = Rect::new(from, rect.y, to.min(rect.right()) - from, rect.h);
        if shape.w < look.text * 0.6 {
            // Too narrow for slanted lines to be seen.
            canvas.fill(shape, canvas.palette.frame);
        } else {
            canvas.hatch(shape);
        }
        let label = canvas.words.text("picture.missing");
        let width = label_type.width(label) + look.text;
        if shape.w > width {
            let middle = shape.x + shape.w / 2.0;
            let y = rect.y + rect.h / 2.0;
            let ground =
                Rect::new(middle - width / 2.0, y - look.text * 0.8, width, look.text * 1.6);
            canvas.fill(ground, canvas.palette.panel);
            let at = (middle, y + look.text * 0.33);
            canvas.text(at, label, label_type, canvas.palette.ink, Anchor::Middle);
        }
    }
}

/// Marks the samples at the limit with triangles on the edges of the panel: those of positive
/// counts on the upper edge, those of negative ones on the lower.
pub(crate) fn at_limit(
    canvas: &mut Canvas,
    rect: Rect,
    look: Look,
    channel: &Channel,
    place: impl Fn(f64) -> f64,
) {
    if channel.limit_count.is_none() {
        return;
    }
    let half = look.text * 0.3;
    let mut free_from = [f64::MIN; 2];
    for (index, count) in channel.counts().enumerate() {
        let Some(count) = count.filter(|count| channel.is_at_limit(*count)) else { continue };
        let side = usize::from(count < 0.0);
        let x = place(index as f64);
        if x < free_from[side] {
            continue;
        }
        free_from[side] = x + half * 2.4;
        let (edge, tip) = if side == 0 {
            (rect.y + half * 2.0, rect.y)
        } else {
            (rect.bottom() - half * 2.0, rect.bottom())
        };
        let mut triangle = Path::default();
        triangle.move_to(x - half, edge);
        triangle.line_to(x + half, edge);
        triangle.line_to(x, tip);
        let outline = pen(canvas.palette.panel, look.line * 0.6);
        canvas.solid(&triangle, canvas.palette.warning, Some(outline));
    }
}

/// A line of symbols with what they mean, from `x` to the right.
pub(crate) fn legend(canvas: &mut Canvas, at: (f64, f64), look: Look, entries: &[(Symbol, &str)]) {
    let (mut x, y) = at;
    let (s, colours) = (look.text, canvas.palette);
    let face = regular(s * 0.92);
    for (symbol, words) in entries {
        let middle = y - s * 0.33;
        match symbol {
            Symbol::Peak => {
                canvas.circle(
                    (x + s * 0.5, middle),
                    s * 0.3,
                    "none",
                    Some(pen(colours.ink, look.line)),
                );
            }
            Symbol::HalfWave => {
                let band = Rect::new(x + s * 0.15, middle - s * 0.45, s * 0.7, s * 0.9);
                canvas.fill_faint(band, colours.ink, 0.28);
            }
            Symbol::Trigger => {
                let (top, bottom) =
                    ((x + s * 0.5, middle - s * 0.5), (x + s * 0.5, middle + s * 0.5));
                canvas.line(top, bottom, pen(colours.ink, look.line).dashed("4 2.5"));
            }
            Symbol::Missing => {
                let band = Rect::new(x - s * 0.1, middle - s * 0.45, s, s * 0.9);
                canvas.hatch(band);
                canvas.frame(band, pen(colours.frame, look.line * 0.6));
            }
            Symbol::AtLimit => {
                let mut triangle = Path::default();
                triangle.move_to(x + s * 0.2, middle + s * 0.3);
                triangle.line_to(x + s * 0.8, middle + s * 0.3);
                triangle.line_to(x + s * 0.5, middle - s * 0.3);
                canvas.solid(&triangle, colours.warning, None);
            }
        }
        canvas.text((x + s * 1.2, y), words, face, colours.soft_ink, Anchor::Start);
        x += s * 2.8 + face.width(words);
    }
}

/// What a [`legend`] explains.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Symbol {
    Peak,
    HalfWave,
    Trigger,
    Missing,
    AtLimit,
}

/// The ticks of a symmetric value axis: both ends, their halves and zero.
pub(crate) fn symmetric_ticks(axis: &Linear, roomy: bool) -> Vec<(f64, String)> {
    let end = axis.to;
    let shares: &[f64] = if roomy { &[-1.0, -0.5, 0.0, 0.5, 1.0] } else { &[-1.0, 0.0, 1.0] };
    let decimals = (decimals_of(end)..=decimals_of(end) + 2)
        .find(|decimals| {
            let scaled = shares[1].abs().max(0.5) * end * 10f64.powi(*decimals as i32);
            let scaled = if roomy { scaled } else { end * 10f64.powi(*decimals as i32) };
            (scaled - scaled.round()).abs() < 1e-6
        })
        .unwrap_or(3);
    shares.iter().map(|share| (axis.place(end * share), printed(end * share, decimals))).collect()
}
