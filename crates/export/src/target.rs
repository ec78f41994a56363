//! What can be written, and how the command line calls it.

use std::fmt;
use std::str::FromStr;

use wavekeep_core::{Quantity, Unit};

use crate::values::physical_unit;

/// A kind of file that a recording can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// Comma-separated values: one row a sample.
    Csv,
    /// One JSON document with facts and samples.
    Json,
    /// GNZ: one array a channel.
    Gnz,
    /// HDF5 with NXdata attributes.
    Hdf5,
    /// Apache Parquet: one column a channel.
    Parquet,
    /// miniSEED 2, which ObsPy reads.
    MiniSeed,
    /// miniSEED 3 with FDSN source identifiers and extra headers.
    MiniSeed3,
    /// A NumPy array.
    Npy,
    /// RIFF WAVE.
    Wav,
}

impl Target {
    /// Every target, in the order in which help texts list them.
    pub const ALL: [Self; 9] = [
        Self::Csv,
        Self::Json,
        Self::Gnz,
        Self::Hdf5,
        Self::Parquet,
        Self::MiniSeed,
        Self::MiniSeed3,
        Self::Npy,
        Self::Wav,
    ];

    /// The word of the command line; [`FromStr`] reads it back.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Gnz => "gnz",
            Self::Hdf5 => "hdf5",
            Self::Parquet => "parquet",
            Self::MiniSeed => "miniseed",
            Self::MiniSeed3 => "miniseed3",
            Self::Npy => "npy",
            Self::Wav => "wav",
        }
    }

    /// What its file names end with, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Gnz => "gnz",
            Self::Hdf5 => "h5",
            Self::Parquet => "parquet",
            Self::MiniSeed => "mseed",
            Self::MiniSeed3 => "mseed3",
            Self::Npy => "npy",
            Self::Wav => "wav",
        }
    }

    /// Whether its bytes are UTF-8 text, fit for a terminal.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Csv | Self::Json)
    }

    /// One line for a help text.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Csv => "one row a sample, for spreadsheets and everything else",
            Self::Json => "facts and samples in one document",
            Self::Gnz => "one array a channel with all facts, to be mapped",
            Self::Hdf5 => "one dataset a channel with units, for h5py, MATLAB and h5web",
            Self::Parquet => "one column a channel, for pandas, DuckDB and Spark",
            Self::MiniSeed => "version 2 records, for ObsPy and other seismological software",
            Self::MiniSeed3 => "version 3 records with all facts, for libmseed and pymseed",
            Self::Npy => "an array [channels, samples] for numpy.load, without names or units",
            Self::Wav => "16-bit counts or floats, for listening and audio software",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A word that names neither a target nor a choice of units.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is none of {known}")]
pub struct UnknownWord {
    word: String,
    known: String,
}

impl UnknownWord {
    pub(crate) fn new(word: &str, known: &[&str]) -> Self {
        Self { word: word.to_owned(), known: known.join(", ") }
    }
}

impl FromStr for Target {
    type Err = UnknownWord;

    /// The word of a target; `miniseed2` is `miniseed`.
    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        if word.eq_ignore_ascii_case("miniseed2") {
            return Ok(Self::MiniSeed);
        }
        Self::ALL
            .into_iter()
            .find(|target| target.word().eq_ignore_ascii_case(word))
            .ok_or_else(|| UnknownWord::new(word, &Self::ALL.map(Self::word)))
    }
}

/// Which numbers are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Units {
    /// The numbers of the format, without any scale.
    Raw,
    /// in/s for velocities, psi for pressures; other quantities in the channel's own unit.
    #[default]
    Physical,
}

impl Units {
    /// Both choices.
    pub const ALL: [Self; 2] = [Self::Raw, Self::Physical];

    /// The word of the command line; [`FromStr`] reads it back.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Physical => "physical",
        }
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Units {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|units| units.word().eq_ignore_ascii_case(word))
            .ok_or_else(|| UnknownWord::new(word, &Self::ALL.map(Self::word)))
    }
}

/// How a recording is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportOptions {
    /// Which numbers are written; physical ones by default.
    pub units: Units,
    /// Unit of physical velocities in CSV, JSON and Parquet; without it, in/s.
    pub velocity: Option<Unit>,
    /// Unit of physical pressures in CSV, JSON and Parquet; without it, dB(L). Samples have a sign
    /// and are never levels: they are in psi then, in Pa beside velocities in mm/s.
    pub pressure: Option<Unit>,
    /// CSV begins with lines that say what was assumed, what is damaged and what else the notes say;
    /// each begins with `#`. Not by default.
    pub header: bool,
}

impl ExportOptions {
    /// These units, and all else by default.
    pub fn of(units: Units) -> Self {
        Self { units, ..Self::default() }
    }

    /// The unit in which values of `unit` stand in a table when physical ones are asked for.
    pub(crate) fn physical_unit(&self, unit: Unit) -> Unit {
        let wanted = match unit.quantity() {
            Quantity::Velocity => self.velocity,
            Quantity::Pressure if unit != Unit::DecibelLinear => match self.pressure {
                None | Some(Unit::DecibelLinear) => {
                    (self.velocity == Some(Unit::MillimetrePerSecond)).then_some(Unit::Pascal)
                }
                pressure => pressure,
            },
            _ => None,
        };
        wanted
            .filter(|wanted| wanted.quantity() == unit.quantity())
            .unwrap_or_else(|| physical_unit(unit))
    }

    /// Whether the peaks of a histogram's pressures are written as levels.
    pub(crate) fn has_levels(&self) -> bool {
        self.units == Units::Physical
            && self.pressure.is_none_or(|unit| unit == Unit::DecibelLinear)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_and_an_unknown_one_lists_the_known() {
        for target in Target::ALL {
            assert_eq!(target.to_string().parse(), Ok(target));
        }
        for units in Units::ALL {
            assert_eq!(units.to_string().parse(), Ok(units));
        }
        let error = "xls".parse::<Target>().unwrap_err().to_string();
        assert_eq!(
            error,
            "\"xls\" is none of csv, json, gnz, hdf5, parquet, miniseed, miniseed3, npy, wav"
        );
    }
}
