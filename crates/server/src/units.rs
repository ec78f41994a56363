//! The units in which a request wants its numbers.

use std::str::FromStr;

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use wavekeep_archive::TableUnits;
use wavekeep_core::Unit;
use wavekeep_export::ExportOptions;
use wavekeep_report::Units;

use crate::extract::optional;

/// The units in which numbers are wanted.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
#[non_exhaustive]
pub struct UnitParams {
    /// `in/s` or `mm/s`; without it, `in/s`.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<VelocityWord>)]
    pub velocity: Option<VelocityWord>,
    /// `dB(L)`, `Pa` or `psi`; without it, `dB(L)`. What has a sign is written in Pa beside mm/s
    /// and in psi beside in/s where levels are asked for.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<PressureWord>)]
    pub pressure: Option<PressureWord>,
}

macro_rules! unit_words {
    ($($(#[$doc:meta])* $name:ident, $expected:literal { $($(#[$word_doc:meta])* $word:ident = $symbol:literal => $unit:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
        pub enum $name { $($(#[$word_doc])* #[schema(rename = $symbol)] $word,)* }

        impl FromStr for $name {
            type Err = &'static str;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($symbol => Ok(Self::$word),)*
                    _ => Err($expected),
                }
            }
        }

        impl $name {
            const fn unit(self) -> Unit {
                match self { $(Self::$word => Unit::$unit,)* }
            }
        }
    )*};
}

unit_words! {
    /// Units of velocity.
    VelocityWord, "in/s or mm/s was expected" {
        /// Inches per second.
        Inch = "in/s" => InchPerSecond,
        /// Millimetres per second.
        Millimetre = "mm/s" => MillimetrePerSecond,
    }
    /// Units of air pressure.
    PressureWord, "dB(L), Pa or psi was expected" {
        /// Level above 20 µPa.
        Level = "dB(L)" => DecibelLinear,
        /// Pascal.
        Pascal = "Pa" => Pascal,
        /// Pounds per square inch.
        Psi = "psi" => Psi,
    }
}

impl UnitParams {
    /// For drawings and reports.
    pub fn drawn(self) -> Units {
        let velocity = self.velocity.unwrap_or(VelocityWord::Inch).unit();
        let pressure = self.pressure.unwrap_or(PressureWord::Level).unit();
        Units::new(velocity, pressure).unwrap_or_default()
    }

    /// For the samples or intervals of an event.
    pub fn exported(self) -> ExportOptions {
        ExportOptions::default()
            .with_velocity(self.velocity.map(VelocityWord::unit))
            .with_pressure(self.pressure.map(PressureWord::unit))
    }

    /// For a table of events.
    pub fn table(self) -> TableUnits {
        let units = self.drawn();
        TableUnits { velocity: units.velocity(), pressure: units.pressure() }
    }
}
