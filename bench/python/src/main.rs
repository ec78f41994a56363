//! What Rust alone takes for what the Python package does, for `run.py`: prints seconds, the fastest
//! of several runs.
//!
//! `bench-python gnz FILE ARRAY` opens a file and gives a slice of an array;
//! `bench-python smurf FILE` opens a run and reads phases and timestamps of all its frames.

use std::hint::black_box;
use std::time::Instant;

use wavekeep_smurf::{Run, Selection};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let seconds = match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["gnz", file, array] => fastest(2000, || {
            let gnz = gnz::Gnz::open(file).expect("a GNZ");
            black_box(gnz.view::<f32>(array).expect("floats").elements());
        }),
        ["smurf", file] => fastest(5, || {
            let run = Run::open(file).expect("a run");
            black_box(run.read::<f64>(&Selection::all()).expect("samples"));
            black_box(run.timestamps(&Selection::all()).expect("timestamps"));
        }),
        _ => return Err("bench-python gnz FILE ARRAY | smurf FILE".into()),
    };
    println!("{seconds:e}");
    Ok(())
}

fn fastest(runs: usize, mut call: impl FnMut()) -> f64 {
    let times = (0..runs).map(|_| {
        let start = Instant::now();
        call();
        start.elapsed().as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min)
}
