//! Tests that measure the memory of their process, in a process of their own.

/// Runs a test of this program again in a process of its own, where the memory of others does not count;
/// true in that process.
pub fn is_alone(test: &str) -> bool {
    const ALONE: &str = "WAVEKEEP_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
    let output = alone.args([test, "--exact"]).env(ALONE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    false
}
