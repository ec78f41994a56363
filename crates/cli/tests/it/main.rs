//! The program as people and scripts use it, and the architecture of the workspace.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

mod architecture;
mod archive;
#[path = "../../../custody/tests/it/authority.rs"]
#[expect(dead_code, reason = "tests of another crate use the rest")]
mod authority;
mod calls;
mod crashes;
mod custody;
mod full_disk;
mod instrument;
mod killed_server;
mod lakes;
mod log;
mod manifests;
mod mounts;
#[path = "../../../link/tests/it/peer.rs"]
mod peer;
mod program;
mod recording;
mod safety;
