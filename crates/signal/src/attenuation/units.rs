//! The units of a law: of distance, charge and peak.

use wavekeep_core::Unit;

use super::{Attenuation, Root};

/// Units of distances, charges and peaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlastUnits {
    /// m or ft.
    pub distance: Unit,
    /// kg or lb.
    pub charge: Unit,
    /// mm/s or in/s, of the air Pa or psi.
    pub peak: Unit,
}

impl BlastUnits {
    /// The units that go with a unit of velocity: m and kg with mm/s and Pa, ft and lb with in/s and psi.
    pub fn with(velocity: Unit, root: Root) -> Self {
        let is_metric = velocity == Unit::MillimetrePerSecond;
        let (distance, charge) = match is_metric {
            true => (Unit::Metre, Unit::Kilogram),
            false => (Unit::Foot, Unit::Pound),
        };
        let peak = match (root, is_metric) {
            (Root::Square, _) => velocity,
            (Root::Cube, true) => Unit::Pascal,
            (Root::Cube, false) => Unit::Psi,
        };
        Self { distance, charge, peak }
    }

    /// The unit of scaled distances: `m/√kg`, `ft/√lb`, `m/kg^(1/3)`. The font of pictures has no ∛.
    pub fn scaled_distance_symbol(self, root: Root) -> String {
        match root {
            Root::Square => format!("{}/√{}", self.distance, self.charge),
            Root::Cube => format!("{}/{}^(1/3)", self.distance, self.charge),
        }
    }

    /// How many of these one scaled distance in `from` is.
    pub fn scaled_distance_factor(self, from: Self, root: Root) -> f64 {
        let of = |from: Unit, to| from.convert(1.0, to).unwrap_or(f64::NAN);
        of(from.distance, self.distance) / root.of(of(from.charge, self.charge))
    }
}

impl Attenuation {
    /// A law in the units `from` in other ones.
    #[must_use]
    pub fn in_units(self, from: BlastUnits, to: BlastUnits, root: Root) -> Self {
        let peak = from.peak.convert(1.0, to.peak).unwrap_or(f64::NAN);
        self.scaled(peak, to.scaled_distance_factor(from, root))
    }
}
