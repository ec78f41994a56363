//! How long a file takes to be opened with its report, and how much memory:
//!
//! ```console
//! $ cargo run --release --package wavekeep-formats --example open_speed -- EVENT
//! ```

use std::path::Path;
use std::time::Instant;

use wavekeep_formats::Opener;

fn main() {
    for path in std::env::args().skip(1) {
        let begun = Instant::now();
        let opened = Opener::default().open(Path::new(&path));
        let seconds = begun.elapsed().as_secs_f64();
        match opened {
            Ok(recording) => {
                let samples = recording.len();
                println!(
                    "{path}: {samples} samples × {} in {seconds:.3} s",
                    recording.channels.len()
                );
                for note in recording.report.notes() {
                    println!("  {}: {}", note.code, note.message);
                }
            }
            Err(error) => println!("{error}"),
        }
        // The largest resident set, on Linux.
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        for line in status.lines().filter(|line| line.starts_with("VmHWM")) {
            println!("  {line}");
        }
    }
}
