//! A verdict in words.

use wavekeep_core::{Reading, Unit};
use wavekeep_signal::{Curve, Measurements, Outcome, Standing, Verdict};

use crate::canvas::{Anchor, Canvas, Rect, pen};
use crate::language::{Language, Words};
use crate::period::phrases::{basis_of, cause};
use crate::text::{bold, one_line, regular};

/// How a verdict is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VerdictLook {
    /// Size of the text.
    pub(crate) size: f64,
    /// Lines that follow the outcome, at most.
    pub(crate) lines: usize,
    /// Unit of velocities.
    pub(crate) unit: Unit,
}

/// Writes what `curve` says of an event into `area`: outcome, reason, source and remarks; gives the place
/// below the last line.
pub(crate) fn verdict_words(
    canvas: &mut Canvas,
    area: Rect,
    VerdictLook { size, lines, unit }: VerdictLook,
    curve: &Curve,
    verdict: &Verdict,
    measured: &Measurements,
) -> f64 {
    let (colours, words) = (canvas.palette, canvas.words);
    let (outcome, colour) = match verdict.outcome {
        Outcome::Within => ("outcome.within", colours.ink),
        Outcome::Exceeds => ("outcome.exceeds", colours.warning),
        Outcome::NoVerdict => ("outcome.no_verdict", colours.ink),
    };
    let outcome = words.text(outcome);
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
    let (reason, source) = match words.language() {
        Language::English => (verdict.reason_in(unit), curve.source_in(unit)),
        _ => (reason(words, verdict, measured, unit), source(words, curve)),
    };
    let mut below = regular(size).wrap(&one_line(&reason), area.w, lines);
    let left = lines.saturating_sub(below.len());
    if left > 0 {
        below.extend(regular(size).wrap(&one_line(&source), area.w, left));
    }
    for line in below {
        canvas.text((area.x, y), &line, regular(size), colours.ink, Anchor::Start);
        y += size * 1.3;
    }
    y - size * 1.3
}

/// What a verdict rests on and what is to be known beside it, from its numbers: its own reason is in English.
fn reason(words: &Words, verdict: &Verdict, measured: &Measurements, unit: Unit) -> String {
    let basis = basis_of(words, peak(verdict, measured), verdict, unit);
    let causes = verdict.causes.iter().map(|of| cause(words, *of).to_owned());
    let all: Vec<String> = basis.into_iter().chain(causes).collect();
    match all.is_empty() {
        true => String::new(),
        false => format!("{}.", all.join("; ")),
    }
}

/// The peak that a verdict names, with the digits of the event.
fn peak(verdict: &Verdict, measured: &Measurements) -> Option<Reading> {
    match measured.channels.iter().find(|channel| channel.name == verdict.subject) {
        Some(channel) => channel.peak.value(),
        None => measured.peak_vector_sum.value().filter(|_| verdict.subject == "vector sum"),
    }
}

/// The document that a curve comes from, and what is to be known of its limits.
fn source(words: &Words, curve: &Curve) -> String {
    let source = words.filled("limits.source", &[("source", &curve.source)]);
    match curve.standing {
        Standing::Provisional => {
            let remark = words.filled("limits.provisional", &[("curve", &curve.name)]);
            format!("{source}. {remark}")
        }
        _ => format!("{source}."),
    }
}
