//! Recordings and named arrays into one file of another program.
//!
//! [`write_event`] turns an event into the bytes of a [`Target`], [`write_arrays`] named arrays, and
//! [`write_stream`] a stream in bounded memory; each has a twin that writes a file which is either
//! complete or absent. [`facts()`] is everything about an event but its samples.
//!
//! An event and a stream become named arrays with units and facts once, and one set of writers takes
//! these and the arrays of files. Each target lives in a file of its own; WAV, miniSEED and JSON hold
//! events alone and have no arrays.
//!
//! | target | what it holds | gaps |
//! |---|---|---|
//! | [`Csv`](Target::Csv) | one table: a row a sample, an interval, a frame or an element | empty fields |
//! | [`Parquet`](Target::Parquet), [`Arrow`](Target::Arrow) | the same table, facts and units in the metadata of file and columns | null |
//! | [`Gnz`](Target::Gnz) | all arrays, facts as metadata | NaN, and listed in `gaps` |
//! | [`Hdf5`](Target::Hdf5) | all arrays with dimensions, facts as attributes | NaN, and listed in `/gaps` |
//! | [`Zarr`](Target::Zarr) | all arrays with dimensions, facts as attributes; a folder | NaN, and listed in `gaps` |
//! | [`Npz`](Target::Npz), [`Safetensors`](Target::Safetensors) | all arrays | NaN |
//! | [`Npy`](Target::Npy) | one array; of an event `[channels, samples]` | NaN |
//! | [`Json`](Target::Json) | the [`facts()`] of an event and its table, column by column | `null` |
//! | [`MiniSeed`](Target::MiniSeed) | version 2 records, a waveform with a start time | no record covers them |
//! | [`MiniSeed3`](Target::MiniSeed3) | version 3 records with extra headers | no record covers them |
//! | [`Wav`](Target::Wav) | one audio channel a channel, a waveform without gaps | refused |
//!
//! - **No value changes.** A type that a target does not have is an error that says what to do
//!   instead, never a near miss. Byte order and memory order of arrays are kept where the target has
//!   both (npy, npz, GNZ), and turned into the target's own otherwise.
//! - **No array is copied whole**: its bytes go from where they lie to the target, so that a mapped
//!   file may be larger than memory.
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
//! use wavekeep_export::{ExportOptions, Target, write_event};
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
//! write_event(&recording, Target::Csv, &ExportOptions::default(), &mut csv)?;
//! assert_eq!(csv, b"time_s,Vert (in/s)\n-0.001,0.03\n0.0,\n0.001,-0.12\n");
//! # Ok::<(), wavekeep_export::ExportError>(())
//! ```
#![forbid(unsafe_code)]

mod arrow;
mod chunks;
mod csv;
mod dataset;
mod elements;
mod error;
mod facts;
mod file;
mod gnz;
mod hdf5;
mod json;
mod metadata;
mod miniseed;
mod npy;
mod npz;
mod parquet;
mod safetensors;
pub mod seed;
mod stream;
mod table;
mod target;
mod values;
mod wav;
mod write;
mod zarr;

pub use error::ExportError;
pub use facts::{assumed, facts};
#[doc(hidden)]
pub use file::{persist, remove_file, rename};
pub use file::{publish, publish_file};
pub use stream::{StreamError, channel_headings, write_stream};
pub use table::flags::frequency_flag;
pub use target::{ExportOptions, Target, Units, UnknownWord};
pub use write::{write_arrays, write_arrays_file, write_event, write_event_file};

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
