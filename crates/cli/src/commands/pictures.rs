//! What `plot` and `report` share: styles, curves, and the files that pictures go to.

use std::path::Path;

use anyhow::Context;
use wavekeep_core::{Kind, Recording, Unit};
use wavekeep_report::{Drawing, Style, Theme, Units};
use wavekeep_signal::{Curve, DEFAULT_CURVE, Measurements, MotionQuantity, Window};

use crate::args::{CurveArgs, PictureFormat, PlotKind, ThemeArg, near};
use crate::exit::Usage;
use crate::inputs::Failure;

/// The style that was asked for.
pub fn style(theme: ThemeArg, velocity: Unit) -> Style {
    Style::default()
        .with_theme(match theme {
            ThemeArg::Light => Theme::Light,
            ThemeArg::Dark => Theme::Dark,
        })
        .with_units(match velocity {
            Unit::MillimetrePerSecond => Units::METRIC,
            _ => Units::IMPERIAL,
        })
}

/// The curve that was asked for, from the user's file or the built-in list.
///
/// # Errors
/// [`Usage`] that lists the curves when there is none of that name; otherwise when the user's file
/// cannot be read.
pub fn curve(args: &CurveArgs) -> anyhow::Result<Curve> {
    curve_called(args, args.curve.as_deref().unwrap_or(DEFAULT_CURVE))
}

/// As [`curve`], for another id.
///
/// # Errors
/// As [`curve`].
pub fn curve_called(args: &CurveArgs, id: &str) -> anyhow::Result<Curve> {
    let own = match &args.curves {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("{}: cannot read the curves", path.display()))?;
            Curve::parse_file(&text).with_context(|| path.display().to_string())?
        }
        None => Vec::new(),
    };
    let mut known = own.iter().chain(Curve::all_built_in());
    known.clone().find(|curve| curve.id == id).cloned().ok_or_else(|| {
        let width = known.clone().map(|curve| curve.id.len()).max().unwrap_or(0);
        let list = known.by_ref().map(|curve| format!("  {:width$}  {}", curve.id, curve.name));
        let list = list.collect::<Vec<_>>().join("\n");
        let ids: Vec<&str> =
            Curve::all_built_in().iter().chain(&own).map(|it| it.id.as_str()).collect();
        let hint = near(id, &ids).map(|it| format!(" (did you mean {it}?)"));
        let hint = hint.unwrap_or_default();
        Usage(format!("there is no curve {id:?}{hint}; there are\n{list}")).into()
    })
}

/// What can be drawn of a recording when all is asked for.
pub fn all_kinds(kind: Kind) -> &'static [PlotKind] {
    match kind {
        Kind::Waveform => {
            &[PlotKind::Traces, PlotKind::Spectrum, PlotKind::ThirdOctaves, PlotKind::Limits]
        }
        Kind::Histogram => &[PlotKind::Histogram, PlotKind::Limits],
    }
}

/// What is drawn of an event.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The limit curve.
    pub curve: &'a Curve,
    /// Distance to the blast, for curves that go by it.
    pub distance_ft: Option<f64>,
    /// What the traces show; `None` for what was recorded.
    pub quantity: Option<MotionQuantity>,
    /// The window of spectra.
    pub window: Window,
    /// Colours and units.
    pub style: Style,
}

impl<'a> Shown<'a> {
    /// What was recorded, without a window.
    pub fn of(curve: &'a Curve, style: Style) -> Self {
        Self { curve, distance_ft: None, quantity: None, window: Window::None, style }
    }
}

/// Draws one picture.
///
/// # Errors
/// [`Failure`] naming `path` when the recording has nothing of the kind.
pub fn draw(
    path: &Path,
    kind: PlotKind,
    recording: &Recording,
    measured: &Measurements,
    shown: Shown<'_>,
) -> Result<Drawing, Failure> {
    let Shown { curve, distance_ft, quantity, window, style } = shown;
    let drawing = match kind {
        PlotKind::Histogram => Drawing::histogram(recording, measured, style),
        PlotKind::Spectrum => Drawing::windowed_spectrum(recording, window, style),
        PlotKind::ThirdOctaves => Drawing::third_octaves(recording, style),
        PlotKind::Limits => {
            Ok(Drawing::ppv_frequency(recording, measured, curve, distance_ft, style))
        }
        PlotKind::Overview => {
            let message = "an overview is drawn of streams; an event has traces or intervals";
            return Err(Failure::new("draw", path, message));
        }
        PlotKind::Traces | PlotKind::All => match quantity {
            Some(quantity) => Drawing::motion_traces(recording, quantity, style),
            None => Drawing::traces(recording, measured, style),
        },
    };
    drawing.map_err(|error| Failure::new("draw", path, error))
}

/// The bytes of a picture.
///
/// # Errors
/// [`Failure`] naming `path` when the picture cannot be rendered.
pub fn encode(
    path: &Path,
    drawing: &Drawing,
    format: PictureFormat,
    width: u32,
) -> Result<Vec<u8>, Failure> {
    match format {
        PictureFormat::Svg => Ok(drawing.svg().as_bytes().to_vec()),
        PictureFormat::Png => drawing.png(width),
        PictureFormat::Pdf => drawing.pdf(),
    }
    .map_err(|error| Failure::new("draw", path, error))
}
