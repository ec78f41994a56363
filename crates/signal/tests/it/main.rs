//! Measurements and verdicts.

mod common;
mod measure;
mod verdict;
