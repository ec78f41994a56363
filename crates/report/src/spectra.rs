//! The amplitude spectra of a waveform, one panel a channel, over a common frequency axis.

use wavekeep_core::{Channel, Flag, Recording};
use wavekeep_signal::{NoSpectrum, Spectrum};

use crate::axis::{Linear, Log, printed, round_up};
use crate::canvas::{Anchor, Canvas, Path, Rect, pen};
use crate::panel::{Heading, Look, panel};
use crate::style::Units;
use crate::text::regular;
use crate::traces::MOST_PANELS;
use crate::words::{decimals, drawn_unit};

/// What is found in the channels of a waveform, as far as there is anything.
pub(crate) fn found_in<T>(
    recording: &Recording,
    of: impl Fn(&Channel) -> Result<T, NoSpectrum>,
) -> Result<Vec<Result<T, NoSpectrum>>, NoSpectrum> {
    let all: Vec<_> = recording.channels.iter().take(MOST_PANELS).map(of).collect();
    if all.iter().any(Result::is_ok) {
        return Ok(all);
    }
    // There is at least one channel.
    Err(all.into_iter().find_map(Result::err).unwrap_or(NoSpectrum::Rate(f64::NAN)))
}

/// Draws the spectra into `area`.
pub(crate) fn spectra(
    canvas: &mut Canvas,
    area: Rect,
    look: Look,
    recording: &Recording,
    found: &[Result<Spectrum, NoSpectrum>],
    rate_hz: f64,
    units: Units,
) {
    panels(canvas, area, look, recording, found, rate_hz, |canvas, rect, row, found, across| {
        one(canvas, rect, look, row, &recording.channels[row], found, across, units);
    });
}

/// A panel for each channel over a common logarithmic axis of frequency; `draw` fills one.
pub(crate) fn panels<T>(
    canvas: &mut Canvas,
    area: Rect,
    look: Look,
    recording: &Recording,
    found: &[Result<T, NoSpectrum>],
    rate_hz: f64,
    draw: impl Fn(&mut Canvas, Rect, usize, &T, &Log),
) {
    let colours = canvas.palette;
    let plot = area.inset(look.left(), 0.0, look.text * 0.8, look.text * 3.0);
    let half_rate = rate_hz / 2.0;
    // From 1 Hz, the lower end of the instruments, unless the rate is so low that nothing is there.
    let from = if half_rate > 2.0 { 1.0 } else { half_rate / 100.0 };
    let across = Log { from, to: half_rate, start: plot.x, end: plot.right() };
    let height = plot.h / found.len().max(1) as f64;
    let mut bottom = plot.bottom();
    for (row, (channel, found)) in recording.channels.iter().zip(found).enumerate() {
        let top = plot.y + row as f64 * height + look.heading();
        let rect = Rect::new(plot.x, top, plot.w, height - look.heading());
        bottom = rect.bottom();
        match found {
            Ok(found) => draw(canvas, rect, row, found, &across),
            Err(reason) => {
                let heading = Heading {
                    name: &channel.name,
                    words: String::new(),
                    warning: reason.to_string(),
                    colour: colours.channel(row),
                };
                panel(canvas, rect, look, &heading, &[], "");
            }
        }
        canvas.frame(rect, pen(colours.frame, look.line * 0.8));
    }
    let face = regular(look.text * 0.92);
    for (hz, label) in across.ticks() {
        let x = across.place(hz);
        let length = if label.is_some() { 0.35 } else { 0.2 };
        canvas.line(
            (x, bottom),
            (x, bottom + look.text * length),
            pen(colours.frame, look.line * 0.8),
        );
        if let Some(label) = label {
            canvas.text(
                (x, bottom + look.text * 1.35),
                &label,
                face,
                colours.soft_ink,
                Anchor::Middle,
            );
        }
    }
    let at = (plot.x + plot.w / 2.0, bottom + look.text * 2.6);
    canvas.text(at, "frequency (Hz)", face, colours.soft_ink, Anchor::Middle);
}

#[expect(clippy::too_many_arguments, reason = "a panel is drawn from all of them")]
fn one(
    canvas: &mut Canvas,
    rect: Rect,
    look: Look,
    row: usize,
    channel: &Channel,
    found: &Spectrum,
    across: &Log,
    units: Units,
) {
    let colours = canvas.palette;
    let unit = drawn_unit(channel, units);
    let factor = found.unit.convert(1.0, unit).unwrap_or(1.0);
    let shown = found
        .amplitudes
        .iter()
        .enumerate()
        .map(|(line, amplitude)| (line as f64 * found.resolution_hz, amplitude * factor));
    let shown: Vec<(f64, f64)> =
        shown.filter(|(hz, _)| *hz >= across.from * (1.0 - 1e-9)).collect();
    let largest = shown.iter().map(|(_, amplitude)| *amplitude).fold(0.0, f64::max);
    let end = if largest > 0.0 && largest.is_finite() {
        round_up(largest * 1.08, &[1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0])
    } else {
        1.0
    };
    let values = Linear { from: 0.0, to: end, start: rect.bottom(), end: rect.y };
    let words = match found.dominant {
        Some(line) => format!(
            "dominant {} Hz, amplitude {} {unit}; resolution {} Hz",
            printed(line.hz, 1),
            printed(line.amplitude * factor, decimals(unit) + 1),
            printed(found.resolution_hz, 2)
        ),
        None => "nothing moves".to_owned(),
    };
    let warning = spectrum_warning(found.restriction.is_some(), found.samples.len(), found.flag);
    let heading = Heading { name: &channel.name, words, warning, colour: colours.channel(row) };
    let ticks: Vec<(f64, String)> = values
        .ticks(if rect.h > look.text * 5.0 { 4 } else { 2 })
        .into_iter()
        .map(|(value, label)| (values.place(value), label))
        .collect();
    panel(canvas, rect, look, &heading, &ticks, unit.symbol());
    for (hz, label) in across.ticks() {
        if label.is_some() {
            let x = across.place(hz);
            canvas.line((x, rect.y), (x, rect.bottom()), pen(colours.grid, look.line * 0.8));
        }
    }
    if let Some(line) = found.dominant {
        let at = (across.place(line.hz), values.place(line.amplitude * factor));
        canvas.line(
            (at.0, rect.y),
            (at.0, rect.bottom()),
            pen(colours.soft_ink, look.line * 0.8).dashed("2 2"),
        );
        canvas.circle(at, look.text * 0.3, "none", Some(pen(colours.ink, look.line)));
    }
    let mut path = Path::default();
    for (step, (x, amplitude)) in columns(&shown, across, look).into_iter().enumerate() {
        let y = values.place(amplitude);
        if step == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    canvas.stroke(&path, pen(colours.channel(row), look.line));
}

/// What is wrong with a spectrum, in words; empty when nothing is.
pub(crate) fn spectrum_warning(is_restricted: bool, samples: usize, flag: Option<Flag>) -> String {
    let flagged = flag.map(|flag| format!("{}: amplitudes may be wrong", flag.word()));
    let restricted =
        is_restricted.then(|| format!("samples are missing: longest run of {samples} used"));
    flagged.into_iter().chain(restricted).collect::<Vec<_>>().join("; ")
}

/// The lines as places across, of those that fall on one place only the largest.
fn columns(shown: &[(f64, f64)], across: &Log, look: Look) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = Vec::new();
    let mut column = f64::NAN;
    for (hz, amplitude) in shown {
        let x = across.place(*hz);
        let of = (x * look.density).floor();
        match out.last_mut() {
            Some(last) if of == column => {
                if *amplitude > last.1 {
                    *last = (x, *amplitude);
                }
            }
            _ => out.push((x, *amplitude)),
        }
        column = of;
    }
    out
}
