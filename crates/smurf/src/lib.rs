//! SMuRF stream files: what SLAC's microresonator readout writes to disk.
//!
//! `docs/formats/smurf.md` says what a file holds and what is done about each kind of damage.
//! What writes such files is the crate `wavekeep-recorder`.
//!
//! | module | what it holds |
//! |---|---|
//! | `wire` | the bytes: [`record`] headers; the [`header`] of a frame, both ways |
//! | `files` | the files of a run, what lies beside them ([`mask`]), their bytes block by block or mapped |
//! | `index` | one pass over a run, what it finds of records, counters and clocks, and how that is kept |
//! | `read` | selections; samples, channel-major; header fields and times as arrays |
//! | [`metadata`] | plain data from YAML; the configuration at any frame |
//! | `run` | a run that was opened: everything about it, checked, or followed while it grows |
//! | `repair` | whole records of damaged files, in a new file |
//! | [`machine`] | code for one kind of processor, memory maps: all that is `unsafe` |
#![deny(unsafe_code)]

mod error;
mod files;
mod index;
pub mod machine;
pub mod metadata;
mod read;
mod repair;
mod run;
mod wire;

pub use error::{Error, Result};
pub use files::detect::{INFO, detect, first_piece_before, is_bare_name, is_legacy};
pub use files::mask::{self, Mask};
pub use index::clock::{TimeBasis, TimeStretch};
pub use index::findings::{Counting, Gap, GapKind, StepReason, StepStretch};
pub use index::{Damage, Index, OtherChannel, Place, Section};
pub use metadata::{Config, Metadata, Update, yaml};
pub use read::columns::{Column, Headers, Times};
pub use read::matrix::{Matrix, release_memory};
pub use read::sample::{Sample, phase};
pub use read::select::{ChannelChoice, MOST_THREADS, NotAChannel, Selection};
pub use read::stream::Stream;
pub use read::{Block, Blocks, Reading};
pub use repair::{Lost, LostBecause, RecoverOptions, Recovery, recover};
pub use run::channel_map::{ChannelMap, Detector, Detectors, MaskSource};
pub use run::check::Check;
pub use run::follow::Follower;
pub use run::identity::{Identity, PieceIdentity};
pub use run::{OpenOptions, Rate, Run};
pub use wire::header::{self, FrameHeader};
pub use wire::record;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
