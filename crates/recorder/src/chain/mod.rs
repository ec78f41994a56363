//! What happens to a data frame between the instrument and the file (`docs/formats/smurf.md`,
//! "The chain before the writer").
//!
//! ```text
//! emulator (input) → frame statistics → mapper → unwrapper → filter → downsampler → header stamp
//!                                                                         → emulator (output)
//! ```
//!
//! Every stage is a plain value that takes one frame after the other; [`Chain`] is all of them in
//! order. The same chain runs before a [`DataWriter`](crate::writer::DataWriter) and over the
//! frames of a file, and gives the same bits in both places: arithmetic is done in the order of
//! the page, channels lie side by side so that this costs nothing.
//!
//! ```
//! use wavekeep_recorder::chain::{Chain, ChainConfig, EmulatorConfig, FrameSource, Shape};
//!
//! // 64 channels of a triangle, filtered, every twentieth frame kept.
//! let mut source = FrameSource::new(64);
//! let triangle = EmulatorConfig::for_input()
//!     .with_enabled(true)
//!     .with_shape(Shape::Triangle)
//!     .with_amplitude(1000)
//!     .with_period(200);
//! let mut chain = Chain::new(ChainConfig::default().with_input_emulator(triangle))?;
//! let mut passed = 0;
//! for _ in 0..100 {
//!     let frame = source.next_frame();
//!     if let Some(payload) = chain.process(frame, Some(1_700_000_000_000_000_000))? {
//!         assert_eq!(payload.len(), 128 + 64 * 4);
//!         passed += 1;
//!     }
//! }
//! assert_eq!(passed, 5);
//! # Ok::<(), wavekeep_recorder::chain::ChainError>(())
//! ```

mod config;
mod downsampler;
mod emulator;
mod error;
mod filter;
mod input;
mod mapper;
mod pipeline;
mod source;
mod stamp;
mod statistics;
mod unwrapper;

pub use config::{
    ChainConfig, Downsample, DownsamplerConfig, EmulatorConfig, FilterConfig, MapperConfig, Shape,
};
pub use downsampler::Downsampler;
pub use emulator::Emulator;
pub use error::ChainError;
pub use filter::Filter;
pub use input::{BadFrame, InputFrame, SampleWidth};
pub use mapper::Mapper;
pub use pipeline::Chain;
pub use source::FrameSource;
pub use stamp::stamp_header;
pub use statistics::FrameStatistics;
pub use unwrapper::Unwrapper;
