//! A drawing, and the files that it becomes.

use wavekeep_core::{Channel, Kind, Recording, Scale, TimeAxis};
use wavekeep_signal::{
    Curve, Envelope, Measurements, MotionQuantity, MotionTraces, NoMotion, NoSpectrum, Root,
    Window, motion_traces, third_octaves, windowed_spectrum,
};

use crate::attenuation::{AttenuationChart, attenuation};
use crate::axis::trimmed;
use crate::bands::bands;
use crate::bars::bars;
use crate::canvas::{Anchor, Canvas, Rect};
use crate::language::Language;
use crate::overview::overview;
use crate::panel::Look;
use crate::ppv_frequency::ppv_frequency;
use crate::render;
use crate::spectra::{found_in, spectra};
use crate::stream_traces::stream_traces;
use crate::style::{Style, Theme, Units};
use crate::text::{bold, one_line, regular};
use crate::traces::{MOST_PANELS, scale_words, traces};
use crate::verdict_words::{VerdictLook, verdict_words};
use crate::words::{heading, timing};

/// A window as people call it.
fn window_name(window: Window) -> &'static str {
    match window {
        Window::Hann => "Hann",
        Window::FlatTop => "flat top",
        other => other.word(),
    }
}

/// Why there is no drawing, or no file of it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DrawError {
    /// The drawing is one of waveforms, the recording is a histogram.
    #[error("a histogram has no traces: draw its intervals instead")]
    NotAWaveform,
    /// The drawing is one of histograms, the recording is a waveform.
    #[error("a waveform has no intervals: draw its traces instead")]
    NotAHistogram,
    /// No channel has a spectrum.
    #[error(transparent)]
    NoSpectrum(#[from] NoSpectrum),
    /// The recording has no traces of the quantity.
    #[error(transparent)]
    NoMotion(#[from] NoMotion),
    /// The recording has no channels.
    #[error("the recording has no channels")]
    NoChannels,
    /// The picture would be too small or too large.
    #[error("a picture of {width} × {height} pixels cannot be made: sides go from 1 to {largest}")]
    Size {
        /// Width that was asked for.
        width: u32,
        /// Height that follows from it.
        height: u32,
        /// The largest side.
        largest: u32,
    },
    /// The picture or the page could not be written.
    #[error("the drawing could not be rendered: {0}")]
    Render(String),
}

/// What a drawing of a stream says beside its samples.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamCaption {
    /// What it is.
    pub title: String,
    /// Frames, rate, sections: the line below.
    pub about: String,
    /// What people call the channels, one a row of the envelope.
    pub channels: Vec<String>,
    /// What a count is worth.
    pub scale: Scale,
    /// Frames a second, when known.
    pub rate_hz: Option<f64>,
}

/// A finished drawing. The same recording and style always give the same bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    svg: String,
    title: String,
    language: Language,
}

/// Width of a drawing of its own, in points.
const WIDTH: f64 = 960.0;
const MARGIN: f64 = 18.0;

impl Drawing {
    pub(crate) fn finish(canvas: Canvas, title: String) -> Self {
        let language = canvas.words.language();
        Self { svg: canvas.finish(&title), title, language }
    }

    /// The drawing as an SVG document. It names a font with the widths of Arial and Helvetica and
    /// holds no other reference.
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// The drawing as a PNG picture, `width_px` pixels wide.
    ///
    /// # Errors
    /// [`DrawError::Size`] when a side is zero or above 16384 pixels.
    pub fn png(&self, width_px: u32) -> Result<Vec<u8>, DrawError> {
        render::png(&self.svg, width_px)
    }

    /// The drawing as a PDF document of one page, with text that can be searched and copied.
    ///
    /// # Errors
    /// [`DrawError::Render`] when the page cannot be written.
    pub fn pdf(&self) -> Result<Vec<u8>, DrawError> {
        render::pdf(&self.svg, &self.title, self.language)
    }

    /// The traces of a waveform: stacked panels over a common time axis, the geophones on a common
    /// scale, with the trigger, the peaks, the half-waves that gave their frequencies, what is
    /// missing and what is at the limit.
    ///
    /// # Errors
    /// [`DrawError::NotAWaveform`] for a histogram.
    pub fn traces(
        recording: &Recording,
        measured: &Measurements,
        style: Style,
    ) -> Result<Self, DrawError> {
        if recording.kind != Kind::Waveform {
            return Err(DrawError::NotAWaveform);
        }
        let mut canvas = panels_sheet(recording, style);
        let title = heading(canvas.words, recording);
        let scale = scale_words(canvas.words, recording, measured, style.units);
        let below = format!("{}, scale: {scale}", timing(canvas.words, recording));
        let area = headings(&mut canvas, &title, &(below + &left_out(recording)));
        traces(&mut canvas, area, Look::SCREEN, recording, measured, style.units);
        Ok(Self::finish(canvas, format!("{title}: traces")))
    }

    /// The traces of a quantity that is computed from the geophones, each on its own scale.
    ///
    /// # Errors
    /// [`DrawError::NoMotion`] when the recording has no such traces.
    pub fn motion_traces(
        recording: &Recording,
        quantity: MotionQuantity,
        style: Style,
    ) -> Result<Self, DrawError> {
        let MotionTraces { recording, measured, .. } = motion_traces(recording, quantity)?;
        let mut canvas = panels_sheet(&recording, style);
        let title = heading(canvas.words, &recording);
        let name = match quantity {
            MotionQuantity::Acceleration => "acceleration",
            MotionQuantity::Displacement => "displacement",
            _ => "vector sum",
        };
        let scale = scale_words(canvas.words, &recording, &measured, style.units);
        let below = format!("{name}, {}, scale: {scale}", timing(canvas.words, &recording));
        let area = headings(&mut canvas, &title, &(below + &left_out(&recording)));
        traces(&mut canvas, area, Look::SCREEN, &recording, &measured, style.units);
        Ok(Self::finish(canvas, format!("{title}: {name}")))
    }

    /// Channels of a stream, stacked over a common axis of time, each on its own scale and between
    /// its smallest and its largest sample; where frames are missing nothing is drawn. Of more
    /// than 16 channels the first 16.
    ///
    /// # Errors
    /// [`DrawError::NoChannels`].
    pub fn stream_traces(
        envelope: &Envelope,
        caption: &StreamCaption,
        theme: Theme,
    ) -> Result<Self, DrawError> {
        if envelope.channels() == 0 {
            return Err(DrawError::NoChannels);
        }
        let panels = envelope.channels().min(MOST_PANELS);
        let style = Style { theme, ..Style::default() };
        let mut canvas = sheet(style, 106.0 + 125.0 * panels as f64);
        let mut about = caption.about.clone();
        if envelope.channels() > panels {
            about += &format!(", first {panels} of {} channels", envelope.channels());
        }
        let area = headings(&mut canvas, &caption.title, &about);
        stream_traces(&mut canvas, area, Look::SCREEN, envelope, caption);
        Ok(Self::finish(canvas, format!("{}: traces", caption.title)))
    }

    /// All channels of a stream over time as one picture: the colour says how far each of them
    /// moves, peak to peak, on a logarithmic scale.
    ///
    /// # Errors
    /// [`DrawError::NoChannels`].
    pub fn overview(
        envelope: &Envelope,
        caption: &StreamCaption,
        theme: Theme,
    ) -> Result<Self, DrawError> {
        if envelope.channels() == 0 {
            return Err(DrawError::NoChannels);
        }
        let mut canvas = sheet(Style { theme, ..Style::default() }, 640.0);
        let area = headings(&mut canvas, &caption.title, &caption.about);
        overview(&mut canvas, area, Look::SCREEN, envelope, caption);
        Ok(Self::finish(canvas, format!("{}: channels over time", caption.title)))
    }

    /// The intervals of a histogram: bars in stacked panels over a common axis of moments (or of
    /// interval numbers where no moment is known), the geophones on a common scale, the microphone
    /// as a level from 60 dB(L).
    ///
    /// # Errors
    /// [`DrawError::NotAHistogram`] for a waveform.
    pub fn histogram(
        recording: &Recording,
        measured: &Measurements,
        style: Style,
    ) -> Result<Self, DrawError> {
        if recording.kind != Kind::Histogram {
            return Err(DrawError::NotAHistogram);
        }
        let mut canvas = panels_sheet(recording, style);
        let title = heading(canvas.words, recording);
        let below = timing(canvas.words, recording) + &left_out(recording);
        let area = headings(&mut canvas, &title, &below);
        bars(&mut canvas, area, Look::SCREEN, recording, measured, style.units);
        Ok(Self::finish(canvas, format!("{title}: intervals")))
    }

    /// The amplitude spectra of a waveform's channels with their dominant frequencies, from 1 Hz to
    /// half the sample rate.
    ///
    /// # Errors
    /// [`DrawError::NotAWaveform`] for a histogram; [`DrawError::NoSpectrum`] when no channel has
    /// one; [`DrawError::NoChannels`].
    pub fn spectrum(recording: &Recording, style: Style) -> Result<Self, DrawError> {
        Self::windowed_spectrum(recording, Window::None, style)
    }

    /// As [`spectrum`](Self::spectrum), under a window.
    ///
    /// # Errors
    /// As for [`spectrum`](Self::spectrum).
    pub fn windowed_spectrum(
        recording: &Recording,
        window: Window,
        style: Style,
    ) -> Result<Self, DrawError> {
        let name = match window {
            Window::None => "no window".to_owned(),
            other => {
                let gain = trimmed(other.coherent_gain(), 4);
                format!("{} window, divided by its coherent gain {gain}", window_name(other))
            }
        };
        let one = |channel: &Channel, rate_hz: f64| windowed_spectrum(channel, rate_hz, window);
        let words = format!("amplitude spectrum, {name}");
        Self::by_frequency(recording, style, &words, "spectrum", one, spectra)
    }

    /// The one-third-octave bands of each channel: RMS, and of a microphone levels in dB re 20 µPa.
    ///
    /// # Errors
    /// As for [`spectrum`](Self::spectrum).
    pub fn third_octaves(recording: &Recording, style: Style) -> Result<Self, DrawError> {
        let words = "one-third-octave bands of IEC 61260-1, summed from a Fourier transform";
        Self::by_frequency(recording, style, words, "one-third octaves", third_octaves, bands)
    }

    /// What `of` finds in each channel, drawn by `draw`.
    fn by_frequency<T>(
        recording: &Recording,
        style: Style,
        words: &str,
        kind: &str,
        of: impl Fn(&Channel, f64) -> Result<T, NoSpectrum>,
        draw: impl Fn(&mut Canvas, Rect, Look, &Recording, &[Result<T, NoSpectrum>], f64, Units),
    ) -> Result<Self, DrawError> {
        let TimeAxis::Samples { rate_hz, .. } = recording.time else {
            return Err(DrawError::NotAWaveform);
        };
        if recording.channels.is_empty() {
            return Err(DrawError::NoChannels);
        }
        let rate_hz = rate_hz.value;
        let found = found_in(recording, |channel| of(channel, rate_hz))?;
        let mut canvas = panels_sheet(recording, style);
        let title = heading(canvas.words, recording);
        let below = format!("{words}, {}", timing(canvas.words, recording));
        let area = headings(&mut canvas, &title, &(below + &left_out(recording)));
        draw(&mut canvas, area, Look::SCREEN, recording, &found, rate_hz, style.units);
        Ok(Self::finish(canvas, format!("{title}: {kind}")))
    }

    /// Peaks against scaled distance on log-log axes, with the law of the site and its bounds of 95 %.
    pub fn attenuation(chart: &AttenuationChart, theme: Theme) -> Self {
        let mut canvas = sheet(Style { theme, ..Style::default() }, 720.0);
        let below = match chart.root {
            Root::Square => "peak particle velocity against scaled distance (square root)",
            Root::Cube => "air overpressure against scaled distance (cube root)",
        };
        let title = one_line(&chart.title);
        let area = headings(&mut canvas, &title, below);
        attenuation(&mut canvas, area, Look::SCREEN, chart);
        Self::finish(canvas, format!("{title}: scaled distance"))
    }

    /// PPV against frequency on log-log axes, with `curve` and, in words, what it says about the
    /// event. `distance_ft` is the distance to the blast in feet, for curves that go by it.
    pub fn ppv_frequency(
        recording: &Recording,
        measured: &Measurements,
        curve: &Curve,
        distance_ft: Option<f64>,
        style: Style,
    ) -> Self {
        let verdict = curve.judge(measured, distance_ft);
        let mut canvas = sheet(style, 745.0);
        let title = heading(canvas.words, recording);
        let area = headings(&mut canvas, &title, "peak particle velocity against frequency");
        let plot = Rect::new(area.x, area.y, area.w, area.h - 110.0);
        let given = Some((curve, distance_ft));
        ppv_frequency(&mut canvas, plot, Look::SCREEN, measured, given, style.units);
        let words = Rect::new(area.x, plot.bottom() + 8.0, area.w, 100.0);
        let look = VerdictLook { size: 12.0, lines: 4, unit: style.units.velocity() };
        verdict_words(&mut canvas, words, look, curve, &verdict, measured);
        Self::finish(canvas, format!("{title}: PPV against frequency"))
    }
}

/// A sheet with room for a panel for each channel.
fn panels_sheet(recording: &Recording, style: Style) -> Canvas {
    let panels = recording.channels.len().clamp(1, MOST_PANELS);
    sheet(style, 106.0 + 125.0 * panels as f64)
}

/// What a drawing says when it has not room for all channels.
fn left_out(recording: &Recording) -> String {
    let channels = recording.channels.len();
    if channels <= MOST_PANELS {
        return String::new();
    }
    format!(", first {MOST_PANELS} of {channels} channels")
}

/// An empty sheet for a drawing of its own.
fn sheet(style: Style, height: f64) -> Canvas {
    Canvas::new(WIDTH, height, style.theme.palette())
}

/// Writes the two lines above a drawing; gives the area below them.
fn headings(canvas: &mut Canvas, title: &str, below: &str) -> Rect {
    let colours = canvas.palette;
    let width = WIDTH - 2.0 * MARGIN;
    let (title_type, below_type) = (bold(16.0), regular(12.0));
    canvas.text(
        (MARGIN, 28.0),
        &title_type.clip(title, width),
        title_type,
        colours.ink,
        Anchor::Start,
    );
    canvas.text(
        (MARGIN, 46.0),
        &below_type.clip(below, width),
        below_type,
        colours.soft_ink,
        Anchor::Start,
    );
    canvas.bounds().inset(MARGIN, 54.0, MARGIN, 8.0)
}
