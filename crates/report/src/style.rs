//! What a reader can choose about a drawing.

use wavekeep_core::Unit;

/// What a reader can choose about a drawing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Style {
    /// Light or dark.
    pub theme: Theme,
    /// Units of velocity and what goes with it.
    pub units: Units,
}

/// Light or dark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark ink on white: for paper.
    #[default]
    Light,
    /// Light ink on near-black: for screens.
    Dark,
}

/// The system of units of a drawing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Units {
    /// in/s, in, psi
    #[default]
    Imperial,
    /// mm/s, mm, Pa
    Metric,
}

impl Units {
    /// Unit of particle velocity.
    pub fn velocity(self) -> Unit {
        match self {
            Self::Imperial => Unit::InchPerSecond,
            Self::Metric => Unit::MillimetrePerSecond,
        }
    }

    /// Unit of displacement.
    pub fn length(self) -> Unit {
        match self {
            Self::Imperial => Unit::Inch,
            Self::Metric => Unit::Millimetre,
        }
    }

    /// Unit of air pressure.
    pub fn pressure(self) -> Unit {
        match self {
            Self::Imperial => Unit::Psi,
            Self::Metric => Unit::Pascal,
        }
    }
}

/// Paper of the event report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Paper {
    /// 210 × 297 mm
    #[default]
    A4,
    /// 8.5 × 11 in
    Letter,
}

impl Paper {
    /// Width and height in points.
    pub(crate) fn points(self) -> (f64, f64) {
        match self {
            Self::A4 => (595.276, 841.89),
            Self::Letter => (612.0, 792.0),
        }
    }
}

/// A colour as `#rrggbb`.
pub(crate) type Colour = &'static str;

/// The colours of a theme. None of them carries a meaning alone: a word or a shape goes with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    pub(crate) paper: Colour,
    pub(crate) panel: Colour,
    pub(crate) ink: Colour,
    pub(crate) soft_ink: Colour,
    pub(crate) frame: Colour,
    pub(crate) grid: Colour,
    pub(crate) warning: Colour,
    pub(crate) limit: Colour,
    channels: [Colour; 4],
}

impl Theme {
    pub(crate) fn palette(self) -> Palette {
        match self {
            // Channel colours after Okabe and Ito, which people with a colour deficiency can tell
            // apart, darkened (or lightened) until each has a contrast of 4.5:1 to the paper.
            Self::Light => Palette {
                paper: "#ffffff",
                panel: "#fbfbfc",
                ink: "#16191d",
                soft_ink: "#565d66",
                frame: "#9aa1aa",
                grid: "#e3e6ea",
                warning: "#b3261e",
                limit: "#16191d",
                channels: ["#0067a5", "#b34700", "#007a58", "#8a3a8f"],
            },
            Self::Dark => Palette {
                paper: "#14171b",
                panel: "#191d22",
                ink: "#eceff2",
                soft_ink: "#a4acb6",
                frame: "#5b636d",
                grid: "#2b3037",
                warning: "#ff8a80",
                limit: "#eceff2",
                channels: ["#5ab4f0", "#f0994d", "#3fcf9f", "#d896dc"],
            },
        }
    }
}

impl Palette {
    /// Colour of channel `index`.
    pub(crate) fn channel(&self, index: usize) -> Colour {
        self.channels[index % self.channels.len()]
    }
}
