//! Peaks, zero crossings, vector sums, levels, spectra, reduction and limit curves.
//!
//! Everything is defined as the profession defines it, and never hides what is wrong with a
//! recording:
//!
//! - [`measure`]: PPV, PSPL, PVS, ZC frequency, acceleration, displacement, each as computed and as
//!   the vendor's report states it ([`Measured`]), flagged where samples are missing or saturated.
//! - [`reduce`]: peak-keeping reduction for drawing; no peak and no gap is lost.
//! - [`Envelope`]: the same of a stream of any length, on a [`FrameAxis`] with room for its gaps.
//! - [`motion_traces`]: acceleration, displacement and vector sum, sample by sample.
//! - [`spectrum`]: amplitude spectrum with its dominant frequency, under a [`Window`] if one is chosen.
//! - [`third_octaves`]: one-third-octave band levels.
//! - [`DensityEstimate`]: amplitude spectral density of a stream, in one pass.
//! - [`Attenuation`]: how peaks fall with scaled distance at a site, with the bounds that blasters use.
//! - [`Curve`]: vibration and air limits as data, with a [`Verdict`] that says in words what it
//!   rests on.
#![forbid(unsafe_code)]

mod attenuation;
mod candidate;
mod channel;
mod contradiction;
mod curve;
mod curve_file;
mod density;
mod envelope;
mod events;
mod half_wave;
mod measured;
mod measurements;
mod motion;
mod motion_traces;
mod reduction;
mod shown_in;
mod spectrum;
mod third_octaves;
mod trace;
mod vector_sum;
mod verdict;
mod window;

pub use attenuation::{
    Attenuation, BlastForecast, BlastLine, BlastUnits, NoAttenuation, Root, table_distances,
};
pub use channel::{ChannelMeasurements, IntervalPeak};
pub use contradiction::{ContradictedQuantity, Contradiction, note_contradictions};
pub use curve::{
    Curve, DEFAULT_CURVE, DistanceStep, Judged, Piece, PieceShape, Rule, ShareOfEvents, Standing,
};
pub use curve_file::CurveFileError;
pub use density::{AmplitudeDensity, DensityEstimate, Deviation, density_segment};
pub use envelope::{Envelope, FrameAxis};
pub use events::EventsVerdict;
pub use half_wave::HalfWave;
pub use measured::{Measured, Origin};
pub use measurements::{Measurements, VectorSumUpperBound, measure};
pub use motion_traces::{MotionQuantity, MotionTraces, NoMotion, UnknownQuantity, motion_traces};
pub use reduction::{Bucket, reduce};
pub use shown_in::velocities_in;
pub use spectrum::{NoSpectrum, SpectralLine, Spectrum, spectrum, windowed_spectrum};
pub use third_octaves::{ThirdOctave, ThirdOctaves, third_octaves};
pub use verdict::{Cause, Outcome, Verdict};
pub use window::{UnknownWindow, Window};

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
