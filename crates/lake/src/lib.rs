//! The table of an archive's events as a lake: Parquet files by month, with or without the log of Delta
//! Lake, in a folder or a bucket of S3, kept up to date.
//!
//! `docs/lake.md` is the page for those who run one. In short: the archive is the truth, the lake is a
//! copy that other programs query. A month is always written whole from the archive; what was cut
//! short is done again by the next update.
//!
//! | module | what it holds |
//! |---|---|
//! | `place` | where a lake is: a folder, or `s3://bucket/prefix` |
//! | `store` | files and objects: read, listed, replaced as a whole, made only where there is none |
//! | `month` | the partitions |
//! | `changes` | which months differ from what the lake has |
//! | `state` | what the lake has, as it stands in the lake itself |
//! | `part` | the Parquet file of a month |
//! | `delta` | the log of Delta Lake: its schema, commits and checkpoints |
//! | `update` | one update of a lake |
//! | `follow` | updates after changes, until it is stopped |
#![forbid(unsafe_code)]

mod changes;
mod delta;
mod error;
mod follow;
mod month;
mod part;
mod place;
mod state;
mod store;
mod update;

pub use error::LakeError;
pub use follow::{FollowOptions, Followed, Follower, LakeStatus};
pub use place::Place;
pub use state::Layout;
pub use update::{Lake, Update};

/// The present moment in milliseconds since 1970 in UTC, as the log of Delta Lake has it.
fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
