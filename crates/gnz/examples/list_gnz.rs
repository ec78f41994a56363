//! Prints the arrays of a file.
//!
//! ```console
//! $ cargo run --example list_gnz -- run.gnz
//! ```

use std::error::Error;

use gnz::Gnz;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: list_gnz FILE.gnz")?;
    let file = Gnz::open(&path)?;
    for array in file.arrays() {
        println!("{}: {} {:?}", array.name(), array.dtype(), array.shape());
    }
    Ok(())
}
