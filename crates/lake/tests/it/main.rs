//! Lakes in folders: what an update writes, and what it refuses.

mod common;
mod hostile;
mod updates;
