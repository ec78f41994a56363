//! Prints the built-in limit curves.
//!
//! ```console
//! $ cargo run --example list_curves
//! ```

use wavekeep_signal::Curve;

fn main() {
    for curve in Curve::all_built_in() {
        println!("{:<24} {} ({})", curve.id, curve.name, curve.source);
    }
}
