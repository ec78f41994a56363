//! File systems that a test mounts for itself.
#![cfg(target_os = "linux")]

use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

/// A script of `sh` in name spaces of its own, in which the user that runs the tests may mount.
pub fn in_own_mounts(script: &str, arguments: &[&Path]) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-euc", script, "sh"]);
    command.args(arguments);
    command
}

/// Whether this machine lets a test mount a file system of limited size; if not, it says where everybody
/// sees it what was not tried.
pub fn can_mount(untried: &str) -> bool {
    let place = tempfile::tempdir().unwrap();
    let probe = "mount -t tmpfs -o size=64k tmpfs \"$1\"";
    let why = match in_own_mounts(probe, &[place.path()]).output() {
        Ok(probed) if probed.status.success() => return true,
        Ok(probed) => String::from_utf8_lossy(&probed.stderr).into_owned(),
        Err(error) => format!("unshare: {error}"),
    };
    // Past the test harness, which keeps what a test that passes prints to itself.
    let _ = writeln!(
        io::stderr(),
        "\n*** NOT TRIED: no file system of limited size can be mounted here ({}).\n*** {untried}.\n",
        why.trim()
    );
    false
}
