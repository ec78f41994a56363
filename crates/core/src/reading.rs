//! One number with its unit and what is special about it.

use serde::Serialize;

use crate::{Unit, UnitMismatch};

/// What is special about a [`Reading`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// The sensor or its converter was at its limit: the true value is at least this.
    Saturated,
    /// Above what the instrument can tell: the true value is more than this.
    AboveRange,
    /// Below what the instrument can tell: the true value is less than this.
    BelowRange,
    /// Samples are missing: the true value may be larger.
    Incomplete,
}

impl Flag {
    /// The word that goes beside a number: `saturated`, `above range`, `below range`, `incomplete`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Saturated => "saturated",
            Self::AboveRange => "above range",
            Self::BelowRange => "below range",
            Self::Incomplete => "incomplete",
        }
    }
}

/// A number that never travels without its unit, nor without what is special about it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reading {
    /// The number.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
    /// What is special about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<Flag>,
}

impl Reading {
    /// A plain number of `unit`.
    pub const fn new(value: f64, unit: Unit) -> Self {
        Self { value, unit, flag: None }
    }

    /// The same number with a flag.
    #[must_use]
    pub const fn flagged(mut self, flag: Flag) -> Self {
        self.flag = Some(flag);
        self
    }

    /// The same reading in another unit of the same quantity.
    ///
    /// # Errors
    /// [`UnitMismatch`] when the units measure different things.
    pub fn to(self, unit: Unit) -> Result<Self, UnitMismatch> {
        Ok(Self { value: self.unit.convert(self.value, unit)?, unit, flag: self.flag })
    }

    /// Whether the sensor or its converter was at its limit.
    pub fn is_saturated(&self) -> bool {
        self.flag == Some(Flag::Saturated)
    }
}
