//! Prints the samples of a channel, one of which is missing.
//!
//! ```console
//! $ cargo run --example channel
//! ```

use wavekeep_core::{Channel, Samples, Scale, Unit};

fn main() {
    let mut vert = Channel::new("Vert", Samples::I16(vec![6, 0, -24])).with_scale(Scale::ratio(
        1.0,
        200.0,
        Unit::InchPerSecond,
    ));
    vert.gaps.insert(1..2);
    for (number, value) in vert.physical().enumerate() {
        match value {
            Some(value) => println!("{number}: {value} in/s"),
            None => println!("{number}: missing"),
        }
    }
}
