//! scipy computes the spectra and the bands again.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use wavekeep_core::{Channel, Samples, Scale, Unit};
use wavekeep_signal::{Window, third_octaves, windowed_spectrum};

const RATE_HZ: f64 = 1024.0;

/// Noise that is the same every time: between -1 and 1, by a linear congruential generator.
fn noise(samples: usize) -> Vec<f64> {
    let mut state = 1_u64;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    };
    (0..samples).map(|_| next()).collect()
}

fn sine(hz: f64, samples: usize) -> Vec<f64> {
    let at = |i: usize| 0.4 + 0.7 * (std::f64::consts::TAU * hz * i as f64 / RATE_HZ).sin();
    (0..samples).map(at).collect()
}

/// A channel with what is found in it.
fn found(name: &'static str, samples: Vec<f64>, gap: std::ops::Range<usize>) -> Value {
    let mut channel = Channel::new(name, Samples::F64(samples))
        .with_scale(Scale::identity(Unit::MillimetrePerSecond));
    channel.gaps.insert(gap);
    let spectra = Window::ALL.map(|window| {
        let found = windowed_spectrum(&channel, RATE_HZ, window).unwrap();
        (window.word().to_owned(), json!(found))
    });
    json!({
        "name": name,
        "rate_hz": RATE_HZ,
        "samples": channel.physical().collect::<Vec<_>>(),
        "spectra": Value::Object(spectra.into_iter().collect()),
        "third_octaves": third_octaves(&channel, RATE_HZ).unwrap(),
    })
}

#[test]
fn scipy_finds_the_same_lines_and_bands() {
    let mid = 1000.0 * 10f64.powf(-1.5);
    let edge = 1000.0 * 10f64.powf(-1.55);
    let channels = json!([
        found("noise", noise(1 << 17), 0..0),
        found("sine in the middle of a band", sine(mid, 4096), 0..0),
        found("sine at an edge", sine(edge, 4096), 0..0),
        found("sine on a line", sine(32.0, 3328), 0..0),
        found("gap", sine(mid, 3001), 700..740),
        found("odd", noise(2049), 0..0),
        found("short", noise(16), 0..0),
    ]);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("spectra.json");
    std::fs::write(&path, channels.to_string()).unwrap();
    let python = std::env::var_os("WAVEKEEP_PYTHON").unwrap_or_else(|| {
        panic!("WAVEKEEP_PYTHON names no Python with the judges' libraries: run `make test`")
    });
    let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../judges/spectra/event.py");
    let judged = Command::new(python).arg(judge).arg(&path).output().unwrap();
    let said = String::from_utf8_lossy(&judged.stdout);
    let complained = String::from_utf8_lossy(&judged.stderr);
    assert!(judged.status.success(), "{said}{complained}");
    assert_eq!(said.lines().count(), 7, "{said}");
}
