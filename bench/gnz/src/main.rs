//! Measures `gnz` beside its peers, in one run, and prints one JSON document.
//!
//! `bench-gnz FOLDER [--quick] [--write]`: FOLDER lies on the disk to be measured and is
//! left as it was. `run.py` builds this, adds numpy, and prints the table.

mod open;
mod read;
mod write;

use std::path::PathBuf;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("bench-gnz FOLDER [--quick] [--write]")?);
    let options: Vec<String> = arguments.collect();
    let quick = options.iter().any(|option| option == "--quick");

    println!("{{");
    if options.iter().any(|option| option == "--write") {
        println!("\"write\": {}", write::whole(&folder, quick)?);
        println!("}}");
        return Ok(());
    }
    println!("\"open\": [{}],", open::run(&folder)?.join(",\n"));
    println!("\"read\": {},", read::run(&folder, quick)?);
    println!("\"write\": {},", write::whole(&folder, quick)?);
    println!("\"stream\": {}", write::stream(&folder, quick)?);
    println!("}}");
    Ok(())
}

/// The fastest of several runs: what the code costs when nobody disturbs it.
fn fastest(runs: usize, mut run: impl FnMut()) -> Duration {
    (0..runs)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}

/// The middle of several runs.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The least of several runs.
fn least(times: Vec<f64>) -> f64 {
    times.into_iter().fold(f64::INFINITY, f64::min)
}
