//! What a reader can choose about a drawing.

use derive_setters::Setters;
use wavekeep_core::Unit;

/// What a reader can choose about a drawing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct Style {
    /// Light or dark.
    pub theme: Theme,
    /// Units of velocities and pressures.
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

/// The units of a drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Units {
    velocity: Unit,
    pressure: Unit,
}

impl Default for Units {
    fn default() -> Self {
        Self::IMPERIAL
    }
}

impl Units {
    /// in/s, in, and dB(L) with psi beside it.
    pub const IMPERIAL: Self =
        Self { velocity: Unit::InchPerSecond, pressure: Unit::DecibelLinear };
    /// mm/s, mm, and dB(L) with Pa beside it.
    pub const METRIC: Self =
        Self { velocity: Unit::MillimetrePerSecond, pressure: Unit::DecibelLinear };

    /// The units that were asked for: in/s or mm/s; dB(L), Pa or psi. `None` for others.
    pub fn new(velocity: Unit, pressure: Unit) -> Option<Self> {
        let is_known = matches!(velocity, Unit::InchPerSecond | Unit::MillimetrePerSecond)
            && matches!(pressure, Unit::DecibelLinear | Unit::Pascal | Unit::Psi);
        is_known.then_some(Self { velocity, pressure })
    }

    /// Unit of particle velocity.
    pub fn velocity(self) -> Unit {
        self.velocity
    }

    /// Unit of displacement.
    pub fn length(self) -> Unit {
        match self.velocity {
            Unit::MillimetrePerSecond => Unit::Millimetre,
            _ => Unit::Inch,
        }
    }

    /// Unit of a peak of the air pressure.
    pub fn peak_pressure(self) -> Unit {
        self.pressure
    }

    /// Unit in which air pressure is drawn over time. A level has no sign: where levels are asked
    /// for, the pressure is drawn in the unit that goes with that of velocity.
    pub fn pressure(self) -> Unit {
        match (self.pressure, self.velocity) {
            (Unit::DecibelLinear, Unit::MillimetrePerSecond) => Unit::Pascal,
            (Unit::DecibelLinear, _) => Unit::Psi,
            (unit, _) => unit,
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
