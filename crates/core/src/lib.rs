//! The vocabulary of wavekeep.
//!
//! Everything in the tree is a step on one way: *source bytes → recording → whatever is asked
//! for*. This crate holds the words of that sentence and nothing that acts: no I/O, no async, no
//! `unsafe`, no dependency on any other crate of the workspace.
//!
//! - [`Recording`]: channels with units, rate, time and gaps; metadata; where it came from.
//! - [`Assumed`]: a value together with who stated it, so that a guess can never pass for a fact.
//! - [`Report`]: what a decoder survived and what it took for granted, collected while decoding.
//! - [`Statement`]: what the vendor's own report says about the recording.
//! - [`Cursor`]: the bounds-checked reader that every decoder uses.
//! - [`EventFormat`]: the shape of the plug that a format is.
//! - [`NamedArray`]: an array of a file that knows nothing of time; [`Structured`]: the type of one whose
//!   elements are records.
//!
//! ```
//! use wavekeep_core::{Channel, Samples, Scale, Unit};
//!
//! // Three geophone values in units of 0.005 in/s; the one in the middle was lost.
//! let mut vert = Channel::new("Vert", Samples::I16(vec![6, 0, -24]))
//!     .with_scale(Scale::ratio(1.0, 200.0, Unit::InchPerSecond));
//! vert.gaps.insert(1..2);
//!
//! let physical: Vec<Option<f64>> = vert.physical().collect();
//! assert_eq!(physical, [Some(0.03), None, Some(-0.12)]);
//! ```
#![forbid(unsafe_code)]

mod array;
mod assumed;
mod blast;
mod cursor;
mod digits;
mod error;
mod format;
mod frequency;
mod gaps;
mod limits;
mod literal;
mod reading;
mod recording;
mod report;
mod samples;
mod selection;
mod stated;
mod statement;
mod stream;
mod stretch;
mod structured;
mod time;
mod unit;

pub use array::{ArrayOrder, NamedArray, array_bytes};
pub use assumed::{Assumed, Basis};
pub use blast::{BlastQuantity, BlastStatement, BlastValueError};
pub use cursor::Cursor;
pub use digits::{printed_decimals, seconds_decimals};
pub use error::{Error, Result};
pub use format::{DecodeOptions, EventFormat, FormatInfo, GeophoneRange, Input, Match};
pub use frequency::{Frequency, HalfPeriod, Hertz};
pub use gaps::Gaps;
pub use limits::Limits;
pub use literal::{Literal, LiteralError, LiteralValue};
pub use reading::{Flag, Reading};
pub use recording::{
    Channel, IntervalFacts, Kind, Recording, Sensor, SoundLevels, Source, TimeAxis,
};
pub use report::{Note, NoteKind, Report, Status};
pub use samples::{Samples, Scale};
pub use selection::{ChannelChoice, Selection, SelectionError};
pub use statement::{
    ChannelStatement, HistogramStatement, MonitorLogEntry, Statement, UserNote, weighting_by_words,
};
pub use stream::{FrameBlock, FrameField, FrameGap, FrameStream, StreamChannel};
pub use stretch::Stretch;
pub use structured::{Leaf, Structured, StructuredError, StructuredField, is_object_dtype};
pub use time::{DayOrMoment, NotADayOrMoment, UnitLocal};
pub use unit::{Conversion, Quantity, Unit, UnitMismatch};

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
