//! The files of a run: which ones, what lies beside them, and how their bytes are reached.

pub(crate) mod detect;
pub mod mask;
pub(crate) mod pieces;
pub(crate) mod store;
pub(crate) mod temporary;
