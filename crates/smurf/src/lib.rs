//! SMuRF stream files: what SLAC's microresonator readout writes to disk.
//!
//! `docs/formats/smurf.md` says what a file holds and what is done about each kind of damage.
//!
//! | module | what it holds |
//! |---|---|
//! | [`record`], `record_reader` | record headers; the records of some bytes, or of a pipe |
//! | [`header`] | the 128 bytes before the samples of a frame, both ways |
//! | `pieces`, [`mask`] | the files of a run and what lies beside them |
//! | `scan`, `index`, `index_words`, `saved_index` | one pass over a run, what it finds, and how that is kept |
//! | `counter`, `clock` | gaps in frame_counter; the best time of a frame |
//! | `select`, `window`, `read`, `sample`, `matrix` | samples, channel-major |
//! | `transpose`, `transpose_large`, `square`, `lines`, `processor` | from frames to channels; results larger than the caches |
//! | `columns` | header fields, as arrays |
//! | `facts` | everything but the samples, as JSON |
//! | [`yaml`], [`metadata`] | plain data from YAML; the configuration at any frame |
//! | [`writer`], [`chain`], [`recorder`] | records into files; what happens before; a source, a chain and a writer together |
//! | `check`, `salvage`, `recover`, `follow` | verify, save, and read what is still being written |
//! | `store`, `map` | bytes of files, block by block or mapped |
//!
//! `unsafe` is in `map`, `lines` and `processor` and nowhere else: memory maps of files and of
//! results, a fence after stores that went past the caches, and instructions that not every
//! processor has.
#![deny(unsafe_code)]

mod check;
mod clock;
mod columns;
mod counter;
mod detect;
mod error;
mod facts;
mod follow;
pub mod header;
mod index;
mod index_words;
mod lines;
mod map;
pub mod mask;
mod matrix;
pub mod metadata;
mod pieces;
mod processor;
mod read;
pub mod record;
mod record_reader;
mod recover;
mod run;
mod salvage;
mod sample;
mod saved_index;
mod scan;
mod select;
mod square;
mod store;
mod stream;
mod transpose;
mod transpose_large;
mod window;
pub mod yaml;

pub mod chain;
pub mod recorder;
pub mod writer;

pub use check::Check;
pub use clock::TimeBasis;
pub use columns::{Headers, Times};
pub use counter::{Gap, GapKind};
pub use detect::{INFO, detect, first_piece_before, is_bare_name};
pub use error::{Error, Result};
pub use follow::Follower;
pub use header::FrameHeader;
pub use index::{Damage, Index, OtherChannel, Place, Section};
pub use mask::Mask;
pub use matrix::Matrix;
pub use metadata::{Config, Metadata, Update};
pub use read::{Block, Blocks, Reading};
pub use record_reader::{RecordReadError, RecordReader};
pub use recover::{RecoverOptions, Recovery, recover};
pub use run::{OpenOptions, Run};
pub use salvage::{Lost, LostBecause};
pub use sample::{Sample, phase};
pub use select::{ChannelChoice, MOST_THREADS, NotAChannel, Selection};
pub use stream::Stream;
