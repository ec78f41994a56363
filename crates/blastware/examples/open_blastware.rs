//! Opens a file and prints what is in it.
//!
//! ```console
//! $ cargo run --example open_blastware -- M529LKIQ.7M0W
//! ```

use std::error::Error;

use wavekeep_blastware::Blastware;
use wavekeep_core::{DecodeOptions, EventFormat, Input};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: open_blastware EVENT")?;
    let bytes = std::fs::read(&path)?;
    let name = path.rsplit('/').next();
    let recording = Blastware.decode(Input { bytes: &bytes, name }, &DecodeOptions::default())?;
    for channel in &recording.channels {
        let peak = channel.physical().flatten().map(f64::abs).fold(0.0, f64::max);
        println!("{}: {} samples, largest {peak}", channel.name, channel.len());
    }
    for note in recording.report.notes() {
        println!("{}: {}", note.code, note.message);
    }
    Ok(())
}
