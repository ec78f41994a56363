//! How fast events are saved: `cargo run --release -p wavekeep-archive --example save_speed -- 5000`.
//!
//! The events are the sample `M529LKIQ.7M0W` (3 s, four channels) under other names, with a counter
//! in a byte that means nothing, so that each has bytes of its own.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an example")]

use std::time::Instant;

use wavekeep_archive::{Archive, Query, Submission};

fn main() {
    let count: usize = std::env::args().nth(1).map_or(2000, |n| n.parse().unwrap());
    let folder = tempfile::tempdir_in(std::env::args().nth(2).unwrap_or(".".into())).unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    let bytes = include_bytes!("../../../samples/M529LKIQ.7M0W");
    let start = Instant::now();
    for first in (0..count).step_by(512) {
        let batch: Vec<Submission> = (first..count.min(first + 512))
            .map(|n| {
                Submission::new(format!("M{:03}LKIQ.7M0W", n % 1000), bytes.to_vec())
                    .serial(format!("BE{}", 11000 + n / 1000))
            })
            .collect();
        for saved in archive.save_batch(batch) {
            saved.unwrap();
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let total = archive.query(&Query::default()).unwrap().total;
    println!("{total} events in {seconds:.2} s: {:.0} events/s", total as f64 / seconds);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!(
        "{}",
        status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("memory: not known")
    );
}
