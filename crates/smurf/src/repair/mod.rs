//! Every whole record of a damaged file, written to a new one.

mod recover;
mod salvage;

pub use recover::{RecoverOptions, Recovery, recover};
pub use salvage::{Lost, LostBecause};
