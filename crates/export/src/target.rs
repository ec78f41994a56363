//! What can be written, and how the command line calls it.

use std::fmt;
use std::str::FromStr;

use derive_setters::Setters;
use wavekeep_core::{Quantity, Unit};

use crate::values::physical_unit;

/// A kind of file that events, streams or named arrays can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Target {
    /// Comma-separated values: one row a sample or an element.
    Csv,
    /// One JSON document with facts and samples of an event.
    Json,
    /// GNZ: all arrays, to be mapped.
    Gnz,
    /// HDF5 with dimensions and NXdata attributes.
    Hdf5,
    /// A folder in the Zarr format, version 3.
    Zarr,
    /// Apache Parquet: one column a channel.
    Parquet,
    /// Apache Arrow's file format, Feather.
    Arrow,
    /// miniSEED 2, which ObsPy reads.
    MiniSeed,
    /// miniSEED 3 with FDSN source identifiers and extra headers.
    MiniSeed3,
    /// A NumPy array.
    Npy,
    /// NumPy's archive of arrays.
    Npz,
    /// safetensors.
    Safetensors,
    /// RIFF WAVE.
    Wav,
}

/// What a target is, in one row.
struct Row {
    target: Target,
    word: &'static str,
    /// What its file names end with, the usual one first.
    extensions: &'static [&'static str],
    /// Whether it takes events; and named arrays and streams.
    takes: (bool, bool),
    description: &'static str,
}

const fn row(
    target: Target,
    word: &'static str,
    extensions: &'static [&'static str],
    takes: (bool, bool),
    description: &'static str,
) -> Row {
    Row { target, word, extensions, takes, description }
}

/// All targets in the order in which help texts list them, which is that of the enumeration.
const ROWS: [Row; 13] = [
    row(
        Target::Csv,
        "csv",
        &["csv"],
        (true, true),
        "one row per sample, for spreadsheets and everything else",
    ),
    row(
        Target::Json,
        "json",
        &["json"],
        (true, false),
        "facts and samples of an event in one document",
    ),
    row(
        Target::Gnz,
        "gnz",
        &["gnz"],
        (true, true),
        "all arrays with their metadata, for memory mapping",
    ),
    row(
        Target::Hdf5,
        "hdf5",
        &["h5", "hdf5", "hdf", "he5"],
        (true, true),
        "one dataset per channel or array, with units, for h5py, xarray, MATLAB and h5web",
    ),
    row(
        Target::Zarr,
        "zarr",
        &["zarr"],
        (true, true),
        "a folder of compressed chunks, for xarray, Dask and zarr-python",
    ),
    row(
        Target::Parquet,
        "parquet",
        &["parquet", "pq"],
        (true, true),
        "one column per channel or array, for pandas, DuckDB and Spark",
    ),
    row(
        Target::Arrow,
        "arrow",
        &["arrow", "feather"],
        (true, true),
        "the same columns for memory mapping, for pyarrow, Polars and DuckDB",
    ),
    row(
        Target::MiniSeed,
        "miniseed",
        &["mseed", "miniseed", "mseed2", "msd"],
        (true, false),
        "version 2 records, for ObsPy and other seismological software",
    ),
    row(
        Target::MiniSeed3,
        "miniseed3",
        &["mseed3", "ms3"],
        (true, false),
        "version 3 records with all facts, for libmseed and pymseed",
    ),
    row(
        Target::Npy,
        "npy",
        &["npy"],
        (true, true),
        "one array, for numpy.load, without names or units",
    ),
    row(Target::Npz, "npz", &["npz"], (true, true), "all arrays, for numpy.load"),
    row(
        Target::Safetensors,
        "safetensors",
        &["safetensors"],
        (true, true),
        "numbers of all arrays, for machine learning",
    ),
    row(
        Target::Wav,
        "wav",
        &["wav", "wave"],
        (true, false),
        "16-bit counts or floats of an event, for listening and audio software",
    ),
];

/// Other words for targets.
const ALIASES: [(&str, Target); 2] = [("miniseed2", Target::MiniSeed), ("feather", Target::Arrow)];

impl Target {
    /// Other words for it, which [`FromStr`] reads too.
    pub fn aliases(self) -> impl Iterator<Item = &'static str> {
        ALIASES.into_iter().filter(move |(_, target)| *target == self).map(|(alias, _)| alias)
    }

    /// Every target, in the order in which help texts list them.
    pub const ALL: [Self; ROWS.len()] = {
        let mut all = [Self::Csv; ROWS.len()];
        let mut at = 0;
        while at < all.len() {
            all[at] = ROWS[at].target;
            at += 1;
        }
        all
    };

    const fn row(self) -> &'static Row {
        // A test holds that the rows are in the order of the enumeration.
        &ROWS[self as usize]
    }

    /// The word of the command line; [`FromStr`] reads it back.
    pub const fn word(self) -> &'static str {
        self.row().word
    }

    /// What its file names end with, without the dot.
    pub const fn extension(self) -> &'static str {
        self.row().extensions[0]
    }

    /// All that its file names may end with, the usual one first; without the dot.
    pub const fn extensions(self) -> &'static [&'static str] {
        self.row().extensions
    }

    /// One line for a help text.
    pub const fn description(self) -> &'static str {
        self.row().description
    }

    /// Whether events can be written as it.
    pub const fn takes_events(self) -> bool {
        self.row().takes.0
    }

    /// Whether named arrays and streams can be written as it.
    pub const fn takes_arrays(self) -> bool {
        self.row().takes.1
    }

    /// Whether its bytes are UTF-8 text, fit for a terminal.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Csv | Self::Json)
    }

    /// Whether it is a folder, which cannot go through a pipe.
    pub const fn is_folder(self) -> bool {
        matches!(self, Self::Zarr)
    }

    /// Whether it is rows and columns.
    pub const fn is_table(self) -> bool {
        matches!(self, Self::Csv | Self::Json | Self::Parquet | Self::Arrow)
    }

    /// Whether the times of a waveform are an array of it. A GNZ has them in the metadata, and a matrix
    /// has no place for them.
    pub(crate) const fn has_times(self) -> bool {
        !matches!(self, Self::Gnz | Self::Npy)
    }

    /// Whether it holds metadata. Where it does not, metadata is left out.
    pub const fn holds_metadata(self) -> bool {
        !matches!(self, Self::Csv | Self::Npy | Self::Npz)
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

    /// The word of a target; `miniseed2` is `miniseed`, and `feather` is `arrow`.
    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        for (alias, target) in ALIASES {
            if word.eq_ignore_ascii_case(alias) {
                return Ok(target);
            }
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct ExportOptions {
    /// Which numbers are written; physical ones by default.
    pub units: Units,
    /// Unit of physical velocities in tables (CSV, JSON, Parquet, Arrow); without it, in/s.
    pub velocity: Option<Unit>,
    /// Unit of physical pressures in tables; without it, dB(L). Samples have a sign
    /// and are never levels: they are in psi then, in Pa beside velocities in mm/s.
    pub pressure: Option<Unit>,
    /// Whether both units hold for arrays, audio and traces too, and a level is allowed there. Not by
    /// default: the layout of those is in in/s and psi.
    pub in_arrays: bool,
    /// CSV begins with lines that say what was assumed, what is damaged and what else the notes say;
    /// each begins with `#`. Not by default.
    pub header: bool,
    /// GNZ has a CRC-32C of each array, which costs one more pass over them; by default.
    pub checksums: bool,
    /// HDF5 and Zarr are deflated or compressed chunk by chunk; by default.
    pub compress: bool,
}

impl Default for ExportOptions {
    fn default() -> Self {
        Self {
            units: Units::default(),
            velocity: None,
            pressure: None,
            in_arrays: false,
            header: false,
            checksums: true,
            compress: true,
        }
    }
}

impl ExportOptions {
    /// These units, and all else by default.
    pub fn of(units: Units) -> Self {
        Self { units, ..Self::default() }
    }

    /// The unit in which values of `unit` stand in a table when physical ones are asked for.
    pub(crate) fn physical_unit(&self, unit: Unit) -> Unit {
        if self.in_arrays {
            let mut asked = [self.velocity, self.pressure].into_iter().flatten();
            let same = |asked: &Unit| asked.quantity() == unit.quantity();
            return asked.find(same).unwrap_or_else(|| physical_unit(unit));
        }
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
        for (place, target) in Target::ALL.into_iter().enumerate() {
            assert_eq!(target as usize, place, "{target}");
            assert_eq!(target.to_string().parse(), Ok(target));
        }
        for units in Units::ALL {
            assert_eq!(units.to_string().parse(), Ok(units));
        }
        let error = "xls".parse::<Target>().unwrap_err().to_string();
        assert!(error.starts_with("\"xls\" is none of csv, json, gnz, hdf5, zarr"), "{error}");
    }
}
