//! One file of aligned arrays.
//!
//! A GNZ file is a JSON header and, after it, arrays as raw bytes, each at a
//! multiple of 4096. A program opens it at the cost of the header, maps it, and
//! has its arrays as slices without reading or copying anything. A recorder
//! creates a file with its final size and fills the arrays in place.
//!
//! ```
//! use gnz::{Gnz, Writer};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("event.gnz");
//! let samples: Vec<f32> = (0..15).map(|n| n as f32 / 8.0).collect();
//! Writer::new()
//!     .set("unit", "in/s")
//!     .set("rate", 1024.0)
//!     .add("Tran", &[5, 3], &samples)?
//!     .write(&path)?;
//!
//! let gnz = Gnz::open(&path)?;
//! assert_eq!(gnz.metadata().get("unit").and_then(|v| v.as_str()), Some("in/s"));
//! let tran = gnz.view::<f32>("Tran")?;
//! assert_eq!(tran.shape(), [5, 3]);
//! assert_eq!(tran[14], 1.75);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The bytes
//!
//! ```text
//!          0        4        8                        8 + length
//!          ├────────┼────────┼────────────────────────┼───────────┤ × 4096
//!          │ "GNZ1" │ length │ header: UTF-8 JSON     │ zeros     │
//!          │        │ u32 LE │                        │           │
//! offset A ├────────┴────────┴──────────┬─────────────┴───────────┤ × 4096
//!          │ array A, raw               │ zeros                   │
//! offset B ├────────────────────────────┴──────────────┬──────────┤ × 4096
//!          │ array B, raw                              │ zeros    │
//!          └───────────────────────────────────────────┴──────────┘ end of file
//!
//! {"arrays": {"A": {"dtype": "<f4", "offset": 4096, "order": "C", "shape": [5, 3]},
//!             "B": …}, "metadata": {…}, "version": 1}
//! ```
//!
//! The text of the header is that of Python's `json.dumps(header,
//! sort_keys=True)`, byte for byte, and so is the whole file for the same
//! input. `docs/formats/gnz.md` is the format's normative description; the
//! refusal rules there are the variants of [`Error`] here.
//!
//! # What is where
//!
//! - Reading: [`Gnz`], its [`Array`]s and their [`View`]s. With the feature
//!   `ndarray`, [`Array`] also gives `ndarray` views.
//! - Writing: [`Writer`] for whole arrays, [`Streaming`] for recordings.
//! - Damage: [`Gnz::verify`] compares checksums, [`recover`] saves what is whole.
//! - Unknown files: nothing panics, and nothing is allocated by a number that
//!   stands in the file; [`Limits`] says how much header is believed.
//!
//! `unsafe` occurs in one module, for the memory map. All else works on bytes
//! ([`Gnz::from_bytes`], [`Writer::to_vec`]) and is arranged to run under Miri.
#![warn(missing_docs)]
#![deny(unsafe_code)]

mod array;
mod convert;
mod dtype;
mod element;
mod error;
mod header;
mod integrity;
mod json;
mod layout;
mod limits;
mod map;
mod publish;
mod reader;
mod recover;
#[doc(hidden)]
pub mod replace;
mod streaming;
mod write_behind;
mod writer;

pub use array::{Array, View};
pub use dtype::{ByteOrder, Dtype, Kind};
pub use element::{Bool, Element};
pub use error::{Error, Result};
pub use header::{ALIGNMENT, ArrayInfo, Container, MAGIC, Note, Order, SUCCESSOR_MAGIC};
pub use integrity::{ArrayCheck, CHECKSUM_KEY, CheckedArray, Checksums, Verification, checksum};
pub use json::{Integer, Object, Value};
pub use limits::Limits;
pub use map::FileMap;
pub use reader::{FileBytes, Gnz};
pub use recover::{Lost, Recovery, Salvage, recover};
pub use streaming::{ArrayMut, Streaming};
pub use writer::{Progress, Writer};

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
