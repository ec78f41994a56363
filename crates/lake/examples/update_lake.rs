//! Brings the lake of an archive up to date.
//!
//! ```console
//! $ cargo run --example update_lake -- fleet lake
//! ```

use std::error::Error;
use std::sync::atomic::AtomicBool;

use wavekeep_archive::Archive;
use wavekeep_lake::{Lake, Layout};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(archive), Some(lake)) = (arguments.next(), arguments.next()) else {
        return Err("usage: update_lake ARCHIVE LAKE".into());
    };
    let lake = Lake { place: lake.parse()?, layout: Layout::Parquet };
    let update = lake.update(&Archive::open_to_read(&archive)?, &AtomicBool::new(false))?;
    println!("{} events, {} months written", update.events, update.written.len());
    Ok(())
}
