//! Prints an event as CSV.
//!
//! ```console
//! $ cargo run --example event_to_csv -- M529LKIQ.7M0W
//! ```

use std::error::Error;
use std::path::Path;

use wavekeep_export::{ExportOptions, Target, write_event};
use wavekeep_formats::Opener;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: event_to_csv EVENT")?;
    let recording = Opener::default().open(Path::new(&path))?;
    write_event(&recording, Target::Csv, &ExportOptions::default(), &mut std::io::stdout().lock())?;
    Ok(())
}
