//! Drawings of events and streams.

mod drawings;
mod events;
mod review;
mod streams;
