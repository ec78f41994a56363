//! What an alarm level is: where, from when and at which hours which limits are in force.

use std::fmt;
use std::str::FromStr;

use derive_setters::Setters;
use serde::{Deserialize, Serialize};
use wavekeep_core::UnitLocal;
use wavekeep_signal::{Curve, Judged};

use crate::EventRow;

/// Longest text of curves of one's own, in bytes: the ledger keeps it.
const CURVE_BYTES: usize = 64 << 10;
/// Share of the limit from which on an event warns, in per cent, where nobody says another one.
pub const USUAL_WARNING_PERCENT: f64 = 80.0;

/// Of which events a level is. What is `None` does not matter: all `None` is the whole archive.
///
/// Where several levels are in force, that of the narrowest place decides: location and project, location,
/// unit, project, archive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Setters)]
#[setters(prefix = "with_")]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LevelPlace {
    /// Project, as written or corrected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Location of the sensor, as written or corrected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Serial number of the unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
}

impl LevelPlace {
    /// Whether an event is there.
    pub fn has(&self, event: &EventRow) -> bool {
        let fits = |wanted: &Option<String>, is: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| is == Some(wanted))
        };
        fits(&self.project, event.project.as_deref())
            && fits(&self.location, event.location.as_deref())
            && fits(&self.serial, Some(&event.serial))
    }

    /// The narrower, the larger.
    pub(super) fn rank(&self) -> u8 {
        let of = |is: bool, rank: u8| if is { rank } else { 0 };
        of(self.location.is_some(), 4)
            + of(self.serial.is_some(), 2)
            + of(self.project.is_some(), 1)
    }
}

/// `project "Quarry 4", location "School"`, or `the archive`.
impl fmt::Display for LevelPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts =
            [("project", &self.project), ("location", &self.location), ("unit", &self.serial)];
        let parts = parts.into_iter().filter_map(|(what, name)| Some((what, name.as_ref()?)));
        let parts: Vec<String> = parts.map(|(what, name)| format!("{what} {name:?}")).collect();
        f.pad(&if parts.is_empty() { "the archive".to_owned() } else { parts.join(", ") })
    }
}

/// Hours of the day by the unit's clock, `22:00-06:00`: from the first, before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    from_minute: u16,
    to_minute: u16,
}

impl Hours {
    /// When they begin and end, in minutes of the day.
    pub(super) fn minutes(self) -> [u16; 2] {
        [self.from_minute, self.to_minute]
    }

    /// Whether a minute of the day is in them.
    pub(super) fn has_minute(self, minute: u16) -> bool {
        match self.from_minute < self.to_minute {
            true => (self.from_minute..self.to_minute).contains(&minute),
            false => minute >= self.from_minute || minute < self.to_minute,
        }
    }

    /// Whether a moment is in them.
    pub fn has(self, at: UnitLocal) -> bool {
        let minute =
            u16::try_from(i32::from(at.0.hour()) * 60 + i32::from(at.0.minute())).unwrap_or(0);
        self.has_minute(minute)
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        f.pad(&format!("{}-{}", clock(self.from_minute), clock(self.to_minute)))
    }
}

impl FromStr for Hours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let minute = |clock: &str| -> Option<u16> {
            let (hour, minute) = clock.trim().split_once(':')?;
            let is_short = |part: &str| part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit());
            let (hour, minute): (u16, u16) = match is_short(hour) && is_short(minute) {
                true => (hour.parse().ok()?, minute.parse().ok()?),
                false => return None,
            };
            // A day ends at 24:00.
            (minute < 60 && (hour < 24 || (hour, minute) == (24, 0))).then_some(hour * 60 + minute)
        };
        let parsed = text.split_once('-').and_then(|(from, to)| Some((minute(from)?, minute(to)?)));
        match parsed {
            Some((from, to)) if from != to && from < 1440 => {
                // Until midnight is until the next day begins.
                Ok(Self { from_minute: from, to_minute: to % 1440 })
            }
            _ => Err(format!("{text:?} is not of the form 22:00-06:00")),
        }
    }
}

impl Serialize for Hours {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A limit, as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[setters(prefix = "with_")]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Limit {
    /// A built-in curve, or that of [`own`](Self::own), by its id.
    pub curve: String,
    /// The file of curves that has it, where it is not built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<String>,
    /// The distance to the blast in feet, for curves that go by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_ft: Option<f64>,
    /// From this share of the limit on an event warns, in per cent.
    #[serde(default = "usual_warning")]
    pub warning_percent: f64,
}

fn usual_warning() -> f64 {
    USUAL_WARNING_PERCENT
}

impl Limit {
    /// A built-in curve.
    pub fn built_in(curve: impl Into<String>) -> Self {
        let (own, distance_ft) = (None, None);
        Self { curve: curve.into(), own, distance_ft, warning_percent: USUAL_WARNING_PERCENT }
    }

    /// A curve of a file of curves, whose text is kept.
    pub fn own(curve: impl Into<String>, file: impl Into<String>) -> Self {
        Self { own: Some(file.into()), ..Self::built_in(curve) }
    }

    /// One air overpressure for all frequencies, in dB(L).
    pub fn air_db_l(level: f64) -> Self {
        let id = format!("air-{level}");
        let file = format!(
            "[[curve]]\nid = \"{id}\"\nname = \"{level} dB(L)\"\nunit = \"dB(L)\"\n\
             judges = \"air overpressure\"\nsource = \"set for this archive\"\n\
             pieces = [{{ constant = {level:?} }}]\n"
        );
        Self::own(id, file)
    }

    /// The curve.
    ///
    /// # Errors
    /// [`LevelError`] when it is not built in, or not in its file.
    pub fn to_curve(&self) -> Result<Curve, LevelError> {
        let unknown = || LevelError::UnknownCurve { id: self.curve.clone() };
        let Some(own) = &self.own else {
            return Curve::built_in(&self.curve).cloned().ok_or_else(unknown);
        };
        let curves =
            Curve::parse_file(own).map_err(|error| LevelError::Curve(error.to_string()))?;
        curves.into_iter().find(|curve| curve.id == self.curve).ok_or_else(unknown)
    }

    fn check(&self, is_air: bool) -> Result<(), LevelError> {
        if self.own.as_ref().is_some_and(|own| own.len() > CURVE_BYTES) {
            return Err(LevelError::Curve(format!("its file has more than {CURVE_BYTES} bytes")));
        }
        let curve = self.to_curve()?;
        if (curve.judges == Judged::AirOverpressure) != is_air {
            let quantity = if is_air { "the air" } else { "the ground" };
            return Err(LevelError::WrongQuantity { id: self.curve.clone(), quantity });
        }
        if !(self.warning_percent > 0.0 && self.warning_percent <= 100.0) {
            return Err(LevelError::Warning { percent: self.warning_percent });
        }
        match self.distance_ft {
            Some(distance) if !(distance.is_finite() && distance > 0.0) => {
                Err(LevelError::Distance { feet: distance })
            }
            _ => Ok(()),
        }
    }
}

/// What limits are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LevelQuantity {
    /// Velocity of the ground.
    Ground,
    /// Air overpressure.
    Air,
}

/// An alarm level.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Setters)]
#[setters(prefix = "with_")]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Level {
    /// Of which events.
    #[serde(rename = "for")]
    pub place: LevelPlace,
    /// From when on, by the units' clocks; `None` is always.
    #[serde(skip_serializing_if = "Option::is_none", with = "moment")]
    pub from: Option<UnitLocal>,
    /// At which hours of the day; `None` is at all. A level with hours comes before one of its place
    /// without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// The limit for the ground; `None` leaves what is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ground: Option<Limit>,
    /// The limit for the air; `None` leaves what is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub air: Option<Limit>,
    /// Of what the level of this place and these hours ends: that of the wider place is in force then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<LevelQuantity>,
    /// Why: a permit, a letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

mod moment {
    use serde::{Deserialize, Deserializer, Serializer};
    use wavekeep_core::UnitLocal;

    #[expect(clippy::ref_option, reason = "serde asks for it")]
    pub fn serialize<S: Serializer>(
        at: &Option<UnitLocal>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => serializer.collect_str(&at.0),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<UnitLocal>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        let at = text.parse::<wavekeep_core::DayOrMoment>().map_err(serde::de::Error::custom)?;
        Ok(Some(at.first()))
    }
}

impl Level {
    /// Checks what is about to be set.
    pub(super) fn check(&self) -> Result<(), LevelError> {
        let names = [&self.place.project, &self.place.location, &self.place.serial];
        if names.into_iter().flatten().any(|name| name.trim().is_empty()) {
            return Err(LevelError::EmptyName);
        }
        if self.ground.is_none() && self.air.is_none() && self.ends.is_empty() {
            return Err(LevelError::Nothing);
        }
        for (limit, quantity) in
            [(&self.ground, LevelQuantity::Ground), (&self.air, LevelQuantity::Air)]
        {
            if limit.is_some() && self.ends.contains(&quantity) {
                return Err(LevelError::BothWays);
            }
        }
        self.ground.as_ref().map_or(Ok(()), |limit| limit.check(false))?;
        self.air.as_ref().map_or(Ok(()), |limit| limit.check(true))
    }
}

/// Why a level cannot be set.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LevelError {
    /// It says nothing.
    #[error("a level needs a limit for the ground or the air, or the end of one")]
    Nothing,
    /// It sets and ends the same.
    #[error("a level cannot both set and end the same limit")]
    BothWays,
    /// A name is empty.
    #[error("the project, location or unit of a level is empty: leave it out for all")]
    EmptyName,
    /// No such curve.
    #[error("there is no limit curve {id:?}: docs/curves.md lists the built-in ones")]
    UnknownCurve {
        /// Its id.
        id: String,
    },
    /// The text of a curve cannot be read.
    #[error("the limit curve cannot be read: {0}")]
    Curve(String),
    /// It judges something else.
    #[error("the limit curve {id:?} does not judge {quantity}")]
    WrongQuantity {
        /// Its id.
        id: String,
        /// What it should judge.
        quantity: &'static str,
    },
    /// The warning is no share of a limit.
    #[error("a warning at {percent} % of the limit: expected more than 0, and at most 100")]
    Warning {
        /// Per cent.
        percent: f64,
    },
    /// No distance.
    #[error("a distance of {feet} ft: expected a positive number")]
    Distance {
        /// Feet.
        feet: f64,
    },
}
