//! One-third-octave bands of a waveform, one panel a channel, over a common frequency axis.

use wavekeep_core::{Channel, Recording};
use wavekeep_signal::{NoSpectrum, ThirdOctave, ThirdOctaves};

use crate::axis::{Linear, Log, printed, round_up, trimmed};
use crate::canvas::{Canvas, Rect};
use crate::panel::{Heading, Look, panel};
use crate::spectra::{panels, spectrum_warning};
use crate::style::Units;
use crate::words::{decimals, drawn_unit};

/// Levels are drawn over so many decibels.
const LEVELS_DB: f64 = 60.0;

/// Draws the bands into `area`.
pub(crate) fn bands(
    canvas: &mut Canvas,
    area: Rect,
    look: Look,
    recording: &Recording,
    found: &[Result<ThirdOctaves, NoSpectrum>],
    rate_hz: f64,
    units: Units,
) {
    panels(canvas, area, look, recording, found, rate_hz, |canvas, rect, row, found, across| {
        one(
            canvas,
            rect,
            look,
            row,
            found,
            across,
            &Values::of(&recording.channels[row], found, units),
        );
    });
}

/// In what the bands of a channel are drawn: as levels where they have some, else as RMS.
struct Values {
    name: String,
    is_level: bool,
    factor: f64,
    unit: String,
    decimals: usize,
    from: f64,
    to: f64,
}

impl Values {
    fn of(channel: &Channel, found: &ThirdOctaves, units: Units) -> Self {
        let is_level = found.bands.iter().any(|band| band.level_db.is_some());
        let unit = drawn_unit(channel, units);
        let factor = found.unit.convert(1.0, unit).unwrap_or(1.0);
        let mut values = Self {
            name: channel.name.to_string(),
            is_level,
            factor,
            unit: if is_level { "dB re 20 µPa".to_owned() } else { format!("{unit} RMS") },
            decimals: if is_level { 1 } else { decimals(unit) + 1 },
            from: 0.0,
            to: 1.0,
        };
        let largest =
            found.bands.iter().map(|band| values.value(band)).fold(f64::NEG_INFINITY, f64::max);
        if is_level {
            values.to = ((largest + 3.0) / 10.0).ceil() * 10.0;
            values.from = values.to - LEVELS_DB;
        } else if largest > 0.0 && largest.is_finite() {
            values.to = round_up(largest * 1.08, &[1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0]);
        }
        values
    }

    fn value(&self, band: &ThirdOctave) -> f64 {
        match self.is_level {
            true => band.level_db.unwrap_or(f64::NEG_INFINITY),
            false => band.rms * self.factor,
        }
    }
}

fn one(
    canvas: &mut Canvas,
    rect: Rect,
    look: Look,
    row: usize,
    found: &ThirdOctaves,
    across: &Log,
    shown: &Values,
) {
    let colours = canvas.palette;
    let largest = found.bands.iter().filter(|band| band.rms > 0.0);
    let words = match largest.reduce(|most, band| if band.rms > most.rms { band } else { most }) {
        Some(band) => format!(
            "largest in the band of {} Hz: {} {}",
            trimmed(band.nominal_hz, 2),
            printed(shown.value(band), shown.decimals),
            shown.unit
        ),
        None => "nothing moves".to_owned(),
    };
    let warning = spectrum_warning(found.restriction.is_some(), found.samples.len(), found.flag);
    let heading = Heading { name: &shown.name, words, warning, colour: colours.channel(row) };
    let values = Linear { from: shown.from, to: shown.to, start: rect.bottom(), end: rect.y };
    let ticks: Vec<(f64, String)> = values
        .ticks(if rect.h > look.text * 5.0 { 4 } else { 2 })
        .into_iter()
        .map(|(value, label)| (values.place(value), label))
        .collect();
    panel(canvas, rect, look, &heading, &ticks, &shown.unit);
    for band in &found.bands {
        let (from, to) = (across.place(band.from_hz), across.place(band.to_hz));
        let top = values.place(shown.value(band).clamp(shown.from, shown.to));
        let gap = (to - from) * 0.06;
        let width = to - from - 2.0 * gap;
        if width > 0.0 && rect.bottom() > top {
            let bar = Rect::new(from + gap, top, width, rect.bottom() - top);
            canvas.fill(bar, colours.channel(row));
        }
    }
}
