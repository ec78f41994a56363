//! Prints the frames of a stream bridge.
//!
//! ```console
//! $ cargo run --example listen_to_bridge -- tcp://127.0.0.1:8001
//! ```

use std::error::Error;
use std::time::Duration;

use wavekeep_link::bridge::{Bridge, BridgeOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).ok_or("usage: listen_to_bridge tcp://HOST:PORT")?;
    let mut bridge = Bridge::open(&BridgeOptions::new(address.parse()?))?;
    while let Some(received) = bridge.receive(Duration::from_secs(5)) {
        println!("a frame of {} bytes", received.payload.len());
    }
    println!("nothing for 5 seconds: {:?}", bridge.status().counts());
    Ok(())
}
