//! The program as people and scripts use it, and the architecture of the workspace.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

// Its mail server is a program of Python, which wine has not.
#[cfg(unix)]
mod alerts;
// It is about the sources, and asks cargo, which wine has not.
#[cfg(unix)]
mod architecture;
mod archive;
#[cfg(unix)]
#[path = "../../../custody/tests/it/authority.rs"]
#[expect(dead_code, reason = "tests of another crate use the rest")]
mod authority;
mod backup;
mod calls;
mod config;
mod crashes;
mod custody;
mod full_disk;
mod instrument;
// The judges are programs of Python, which wine has not.
#[cfg(unix)]
mod judges;
mod killed_server;
mod lakes;
mod levels;
mod log;
mod manifests;
#[cfg(unix)]
mod monitoring;
mod mounts;
mod owner;
#[cfg(unix)]
#[path = "../../../link/tests/it/peer.rs"]
mod peer;
mod places;
mod program;
#[cfg(unix)]
mod proxies;
mod recording;
mod reports;
mod safety;
mod scaled_distance;
mod soak;
mod windows;
