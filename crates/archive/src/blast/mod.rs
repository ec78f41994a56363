//! Blasts: charge and distance of events, and what they say of the ground together.

mod facts;
mod left_out;
mod scaled_distance;
mod table;

pub use facts::{BlastFacts, BlastSource, BlastValue};
pub use left_out::LeftOutOfLaw;
pub use scaled_distance::{BlastEvent, BlastMedium, ScaledDistances};
