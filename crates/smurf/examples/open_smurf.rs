//! Opens a file and prints what is in it.
//!
//! ```console
//! $ cargo run --example open_smurf -- run.dat
//! ```

use std::error::Error;

use wavekeep_smurf::{Run, Selection};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: open_smurf RUN.dat")?;
    let run = Run::open(&path)?;
    println!("{} frames, {} missing", run.index().frames(), run.missing_frames());
    let reading = run.read::<i32>(&Selection::channels([0]).frames(0..10))?;
    for (index, samples) in reading.indices.iter().zip(reading.samples.iter()) {
        println!("channel {index}: {samples:?}");
    }
    Ok(())
}
