//! Prints one JSON line a measurement: what, how many samples, the fastest of the rounds.
//!
//! Usage: `wavekeep-bench-blastware TILES EVENT…`, one thread, everything in memory. Each event is
//! measured as it is, and as a body in which its samples are repeated TILES times: what `run.py`
//! gives to the peers.

use std::hint::black_box;
use std::time::Instant;

use serde_json::json;
use wavekeep_blastware::{Blastware, EventFile, waveform};
use wavekeep_core::{DecodeOptions, EventFormat, Input};

/// Rounds of which the fastest counts.
const ROUNDS: usize = 40;
/// A round takes at least this long.
const ROUND_S: f64 = 0.004;

fn fastest_s(mut work: impl FnMut()) -> f64 {
    let mut time = |repetitions: usize| {
        let start = Instant::now();
        for _ in 0..repetitions {
            work();
        }
        start.elapsed().as_secs_f64() / repetitions as f64
    };
    let repetitions = (ROUND_S / time(1)).ceil().max(1.0) as usize;
    (0..ROUNDS).map(|_| time(repetitions)).fold(f64::INFINITY, f64::min)
}

fn print(what: &str, event: &str, samples: usize, seconds: f64) {
    println!("{}", json!({ "what": what, "event": event, "samples": samples, "seconds": seconds }));
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let tiles: usize = arguments.next().and_then(|tiles| tiles.parse().ok()).expect("a number of tiles");
    for path in arguments {
        let file = std::fs::read(&path).expect("an event file");
        let name = path.rsplit('/').next().unwrap_or_default();
        let body = EventFile::parse(&file).expect("an event file").body;
        let channels = waveform::decode(body).channels;
        let samples: usize = channels.iter().map(Vec::len).sum();

        print("body", name, samples, fastest_s(|| drop(black_box(waveform::decode(black_box(body))))));

        let input = Input { bytes: &file, name: Some(name) };
        let options = DecodeOptions::default();
        let decode = || drop(black_box(Blastware.decode(black_box(input), &options)));
        print("file", name, samples, fastest_s(decode));

        let [tran, vert, long, microphone] = channels.map(|channel| channel.repeat(tiles));
        let tiled = waveform::encode([&tran, &vert, &long, &microphone]).expect("a body");
        let decode = || drop(black_box(waveform::decode(black_box(&tiled))));
        print("tiled body", name, samples * tiles, fastest_s(decode));
    }
}
