//! Time between two moments of a unit's own clock.

use serde::Serialize;

use crate::UnitLocal;

/// A stretch of time by a unit's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Stretch {
    /// Its beginning.
    pub from: UnitLocal,
    /// Its end.
    pub to: UnitLocal,
}

impl Stretch {
    /// Its length in seconds.
    pub fn seconds(&self) -> f64 {
        self.to.seconds_since(self.from).max(0.0)
    }
}
