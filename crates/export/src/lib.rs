//! One recording into one file of another program.
//!
//! [`write()`] turns a [`Recording`] into the bytes of a [`Target`], [`write_file`] puts them into
//! a file that is either complete or absent, and [`facts()`] tells everything about a recording but
//! its samples. Each target lives in a file of its own:
//!
//! | target | what it holds | gaps |
//! |---|---|---|
//! | [`Csv`](Target::Csv) | one row a sample or interval | empty fields |
//! | [`Json`](Target::Json) | the [`facts()`] and all values | `null` |
//! | [`Gnz`](Target::Gnz) | one array a channel, facts as metadata | NaN, and listed in `gaps` |
//! | [`Hdf5`](Target::Hdf5) | one dataset a channel, facts as attributes | NaN, and listed in `/gaps` |
//! | [`Parquet`](Target::Parquet) | one column a channel, facts in the file's metadata | null |
//! | [`MiniSeed`](Target::MiniSeed) | version 2 records, a waveform with a start time | no record covers them |
//! | [`MiniSeed3`](Target::MiniSeed3) | version 3 records with extra headers | no record covers them |
//! | [`Npy`](Target::Npy) | `[channels, samples]`, no names, no units | NaN |
//! | [`Wav`](Target::Wav) | one audio channel a channel, a waveform without gaps | refused |
//!
//! [`arrays`] does the same for files that are named arrays without a time axis, and
//! [`write_stream_as`] for streams, in bounded memory.
//!
//! # Three rules that hold for every target
//!
//! - **A value that is not there is not a number.** Samples in a gap, samples past the end of a
//!   channel that is shorter than the others, and values that are not finite are all *missing*:
//!   they come out as the target's way to say so, never as zero.
//! - **What nothing stated stays marked.** Where a target can hold metadata, the names of the
//!   assumed fields travel as `assumed`, and each of them says `assumed` as its basis.
//! - **A value never travels without its unit** where the target can hold one.
//!   [`Units::Physical`] means in/s for velocities and psi for pressures, whatever the format
//!   had; other quantities keep their unit. [`Units::Raw`] means the numbers of the format.
//!
//! ```
//! use wavekeep_core::{
//!     Assumed, Basis, Channel, FormatInfo, Kind, Recording, Samples, Scale, Sensor, TimeAxis, Unit,
//! };
//! use wavekeep_export::{ExportOptions, Target, write};
//!
//! let mut vert = Channel::new("Vert", Samples::I16(vec![6, 0, -24]))
//!     .with_scale(Scale::ratio(1.0, 200.0, Unit::InchPerSecond));
//! vert.sensor = Sensor::Geophone;
//! vert.gaps.insert(1..2);
//! const FORMAT: FormatInfo = FormatInfo { id: "example", name: "example", file_names: &[] };
//! let time = TimeAxis::Samples {
//!     rate_hz: Assumed::stated(1000.0, Basis::Report),
//!     pretrigger_s: Assumed::stated(0.001, Basis::Report),
//! };
//! let recording =
//!     Recording { channels: vec![vert], ..Recording::new(&FORMAT, Kind::Waveform, time) };
//!
//! let mut csv = Vec::new();
//! write(&recording, Target::Csv, &ExportOptions::default(), &mut csv)?;
//! assert_eq!(csv, b"time_s,Vert (in/s)\n-0.001,0.03\n0.0,\n0.001,-0.12\n");
//! # Ok::<(), wavekeep_export::ExportError>(())
//! ```
#![forbid(unsafe_code)]

pub mod arrays;
mod csv;
mod error;
mod facts;
mod file;
mod gnz;
mod hdf5;
mod json;
mod miniseed;
mod npy;
mod number;
mod parquet;
pub mod seed;
mod stream;
mod stream_target;
mod table;
mod target;
mod values;
mod wav;

use std::io::Write;

use wavekeep_core::Recording;

pub use error::ExportError;
pub use facts::{assumed, facts};
pub use file::{publish, write_file};
pub use stream::{StreamError, write_stream};
pub use stream_target::{channel_headings, write_stream_as};
pub use target::{ExportOptions, Target, Units, UnknownWord};

/// Writes `recording` to `out` as a whole file of `target`.
///
/// `out` may have received a part of the file when an error is returned: [`write_file`] is the way
/// to a file that is complete or absent.
///
/// # Errors
/// [`ExportError::Unrepresentable`] when `target` cannot hold the recording, with what to do
/// instead; [`ExportError::Write`] when `out` fails.
pub fn write(
    recording: &Recording,
    target: Target,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    match target {
        Target::Csv => csv::write(recording, options, out),
        Target::Json => json::write(recording, options, out),
        Target::Gnz => gnz::write(recording, options, out),
        Target::Hdf5 => hdf5::write(recording, options, out),
        Target::Parquet => parquet::write(recording, options, out),
        Target::MiniSeed => miniseed::write(recording, miniseed::Version::Two, options, out),
        Target::MiniSeed3 => miniseed::write(recording, miniseed::Version::Three, options, out),
        Target::Npy => npy::write(recording, options, out),
        Target::Wav => wav::write(recording, options, out),
    }
}
