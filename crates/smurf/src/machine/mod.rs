//! What depends on the machine: code for one kind of processor, stores that go past its caches,
//! memory maps. All `unsafe` of this crate is here.

pub(crate) mod lines;
pub(crate) mod map;
pub mod processor;
