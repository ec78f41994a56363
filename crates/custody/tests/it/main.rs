//! The crate as others use it.

mod heads;
mod signatures;
mod trees;
