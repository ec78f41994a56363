//! What the fuzz target does with its bytes.
//!
//! Kept here so that `tests/regressions.rs` runs the same over every input that is worth keeping,
//! on any toolchain.

use wavekeep_smurf::{Run, Selection};

/// Any bytes as a run: everything that it is asked for is answered or refused, and what it says of
/// itself agrees.
pub fn run(data: &[u8]) {
    let run = Run::from_bytes([data.to_vec()]).expect("bytes in memory can be read");
    let index = run.index();
    assert_eq!(index.bytes(), data.len() as u64);
    let mut frames = 0;
    for (number, section) in index.sections().iter().enumerate() {
        assert_eq!(section.frames.start, frames);
        frames = section.frames.end;
        let selection = Selection::all().section(number).threads(1);
        let reading = run.read::<i32>(&selection).expect("a section can be read");
        assert_eq!(reading.channels(), section.channels as usize);
        assert_eq!(reading.frames() as u64, section.frames.end - section.frames.start);
        let kept = run.read::<f64>(&selection.drop_errored()).expect("without errored frames too");
        assert!(kept.frames() <= reading.frames());
    }
    assert_eq!(frames, index.frames());
    let headers = run.headers(&Selection::all()).expect("headers of all frames");
    assert_eq!(headers.frames() as u64, frames);
    let times = run.times(&Selection::all()).expect("times of all frames");
    assert_eq!(times.ns.len() as u64, frames);
    let metadata = run.metadata().expect("bytes in memory can be read");
    let _ = metadata.config_at(frames / 2).get("AMCc.SmurfProcessor");
    let check = run.check().expect("bytes in memory can be read");
    assert_eq!(check.frames, frames);
}
