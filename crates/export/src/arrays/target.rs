//! What arrays can be written as, and how the command line calls it.

use std::fmt;
use std::str::FromStr;

use crate::target::UnknownWord;

/// A kind of file that named arrays can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ArrayTarget {
    /// One NumPy array.
    Npy,
    /// NumPy's archive of arrays.
    Npz,
    /// HDF5: one dataset an array.
    Hdf5,
    /// Apache Parquet: one table.
    Parquet,
    /// safetensors.
    Safetensors,
    /// Comma-separated values: one table.
    Csv,
    /// GNZ.
    Gnz,
}

impl ArrayTarget {
    /// Every target, in the order in which help texts list them.
    pub const ALL: [Self; 7] =
        [Self::Npy, Self::Npz, Self::Hdf5, Self::Parquet, Self::Safetensors, Self::Csv, Self::Gnz];

    /// The word of the command line; [`FromStr`] reads it back.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Npy => "npy",
            Self::Npz => "npz",
            Self::Hdf5 => "hdf5",
            Self::Parquet => "parquet",
            Self::Safetensors => "safetensors",
            Self::Csv => "csv",
            Self::Gnz => "gnz",
        }
    }

    /// What its file names end with, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Hdf5 => "h5",
            _ => self.word(),
        }
    }

    /// Whether its bytes are UTF-8 text, fit for a terminal.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Csv)
    }

    /// Whether it has room for metadata. Where it has none, metadata is left out.
    pub const fn holds_metadata(self) -> bool {
        matches!(self, Self::Hdf5 | Self::Parquet | Self::Safetensors | Self::Gnz)
    }

    /// One line for a help text.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Npy => "one array, for numpy.load, without its name",
            Self::Npz => "all arrays, for numpy.load",
            Self::Hdf5 => "one dataset an array, for h5py, MATLAB and h5web",
            Self::Parquet => "arrays of one length as the columns of a table",
            Self::Safetensors => "numbers of all arrays, for machine learning",
            Self::Csv => "arrays of one length as the columns of a table, for spreadsheets",
            Self::Gnz => "all arrays with their metadata, to be mapped",
        }
    }
}

impl fmt::Display for ArrayTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for ArrayTarget {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|target| target.word().eq_ignore_ascii_case(word))
            .ok_or_else(|| UnknownWord::new(word, &Self::ALL.map(Self::word)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_and_an_unknown_one_lists_the_known() {
        for target in ArrayTarget::ALL {
            assert_eq!(target.to_string().parse(), Ok(target));
        }
        let error = "wav".parse::<ArrayTarget>().unwrap_err().to_string();
        assert_eq!(error, "\"wav\" is none of npy, npz, hdf5, parquet, safetensors, csv, gnz");
    }
}
