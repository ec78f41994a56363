//! A verdict in words.

use wavekeep_core::Unit;
use wavekeep_signal::{Curve, Outcome, Verdict};

use crate::canvas::{Anchor, Canvas, Rect, pen};
use crate::text::{bold, one_line, regular};

/// Writes outcome, reason, source and remarks into `area` with text of size `size`; gives the place
/// below the last line. Velocities are in `unit`. At most `lines` lines follow the outcome.
pub(crate) fn verdict_words(
    canvas: &mut Canvas,
    area: Rect,
    size: f64,
    curve: &Curve,
    verdict: &Verdict,
    unit: Unit,
    lines: usize,
) -> f64 {
    let colours = canvas.palette;
    let (outcome, colour) = match verdict.outcome {
        Outcome::Within => ("WITHIN THE LIMIT", colours.ink),
        Outcome::Exceeds => ("EXCEEDS THE LIMIT", colours.warning),
        Outcome::NoVerdict => ("NO VERDICT", colours.ink),
    };
    let outcome_type = bold(size);
    let width = outcome_type.width(outcome) + size * 1.2;
    let frame = Rect::new(area.x, area.y, width, size * 1.6);
    canvas.frame(frame, pen(colour, size * 0.09));
    let base = area.y + size * 1.17;
    canvas.text((area.x + width / 2.0, base), outcome, outcome_type, colour, Anchor::Middle);
    let name = one_line(&verdict.curve_name);
    let name = outcome_type.clip(&name, area.w - width - size);
    canvas.text(
        (frame.right() + size * 0.8, base),
        &name,
        outcome_type,
        colours.ink,
        Anchor::Start,
    );

    let mut y = frame.bottom() + size * 1.35;
    let mut words = regular(size).wrap(&one_line(&verdict.reason_in(unit)), area.w, lines);
    let left = lines.saturating_sub(words.len());
    if left > 0 {
        words.extend(regular(size).wrap(&one_line(&curve.source_in(unit)), area.w, left));
    }
    for line in words {
        canvas.text((area.x, y), &line, regular(size), colours.ink, Anchor::Start);
        y += size * 1.3;
    }
    y - size * 1.3
}
