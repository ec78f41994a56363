//! Opens a file and prints what is in it.
//!
//! ```console
//! $ cargo run --example open_event -- M529LKIQ.7M0W
//! ```

use std::error::Error;
use std::path::Path;

use wavekeep_formats::Opener;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: open_event EVENT")?;
    let recording = Opener::default().open(Path::new(&path))?;
    println!("{}: {} samples", recording.format.name, recording.len());
    for note in recording.report.notes() {
        println!("{}: {}", note.code, note.message);
    }
    Ok(())
}
