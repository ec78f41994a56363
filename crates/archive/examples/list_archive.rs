//! Prints the events of an archive.
//!
//! ```console
//! $ cargo run --example list_archive -- fleet
//! ```

use std::error::Error;

use wavekeep_archive::{Archive, Query};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: list_archive ARCHIVE")?;
    let page = Archive::open_to_read(&folder)?.query(&Query::default())?;
    println!("{} events", page.total);
    for event in page.events {
        println!("{} {} {:?} in/s", event.serial, event.filename, event.ppv_in_s);
    }
    Ok(())
}
