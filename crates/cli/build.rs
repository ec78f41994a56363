//! Where the samples are that the program carries.

use std::env;
use std::path::Path;

fn main() {
    let here = env::var("CARGO_MANIFEST_DIR").expect("cargo states it");
    // Beside the manifest in the published package, and by a link in the repository; a checkout without
    // links, as on Windows, has them two folders above alone.
    let beside = Path::new(&here).join("samples");
    let samples = if beside.is_dir() { beside } else { Path::new(&here).join("../../samples") };
    println!("cargo:rustc-env=WAVEKEEP_SAMPLES={}", samples.display());
    println!("cargo:rerun-if-changed=build.rs");
}
