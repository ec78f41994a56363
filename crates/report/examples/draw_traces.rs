//! Draws the traces of an event.
//!
//! ```console
//! $ cargo run --example draw_traces -- M529LKIQ.7M0W > event.svg
//! ```

use std::error::Error;

use wavekeep_blastware::Blastware;
use wavekeep_core::{DecodeOptions, EventFormat, Input};
use wavekeep_report::{Drawing, Style};
use wavekeep_signal::measure;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: draw_traces EVENT > EVENT.svg")?;
    let bytes = std::fs::read(&path)?;
    let name = path.rsplit('/').next();
    let recording = Blastware.decode(Input { bytes: &bytes, name }, &DecodeOptions::default())?;
    let traces = Drawing::traces(&recording, &measure(&recording), Style::default())?;
    print!("{}", traces.svg());
    Ok(())
}
