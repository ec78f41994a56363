//! Frames into SMuRF stream files: what `wavekeep record` and the server do.
//!
//! | module | what it holds |
//! |---|---|
//! | [`writer`] | records into files, with the control surface of the Rogue DataWriter |
//! | [`chain`] | what happens to a data frame before it is written |
//! | `source` | where frames come from: the emulator, records of a pipe or a file |
//! | `recorder` | a source, a chain and a writer together |
//!
//! `docs/formats/smurf.md` has the rules.
//!
//! ```
//! use std::time::Duration;
//! use wavekeep_recorder::{Next, Recorder, Source};
//! use wavekeep_recorder::writer::DataWriter;
//!
//! let folder = tempfile::tempdir()?;
//! let mut writer = DataWriter::new();
//! writer.set_data_file(folder.path().join("run.dat"));
//! writer.open()?;
//! let mut recorder = Recorder::new(writer, None);
//! // As fast as they can be written.
//! let mut source = Source::emulator(4, 0.0);
//! while recorder.taken() < 10 {
//!     match source.next(Duration::from_millis(200)) {
//!         Next::Frame(frame, stamp) => recorder.take(frame, stamp)?,
//!         Next::Nothing => recorder.writer_mut().flush()?,
//!         Next::End | Next::Broken(_) => break,
//!     }
//! }
//! recorder.writer_mut().close()?;
//! assert_eq!(recorder.writer().frame_count(), 10);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

pub mod chain;
mod record_reader;
mod recorder;
mod source;
pub mod writer;

pub use record_reader::{RecordReadError, RecordReader};
pub use recorder::{RecordError, Recorder};
pub use source::{Frames, Input, Next, Source};

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
