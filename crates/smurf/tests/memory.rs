//! Where the memory of results goes. One process, one test: all results of a process share what is
//! kept.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

mod maker;

use std::fs;

use maker::{frame, samples};
use wavekeep_smurf::{Run, Selection};

/// Whoever reads run after run does not have the system clear as much memory each time; whoever is
/// done with large results does not keep memory from others.
#[test]
fn memory_of_a_dropped_result_is_there_for_the_next_one_and_for_the_system() {
    const CHANNELS: usize = 77;
    const FRAMES: usize = 120_001;
    let records = (0..FRAMES).map(|number| frame(number as u32, &samples(CHANNELS, number)));
    let run = Run::from_bytes([records.flatten().collect()]).unwrap();
    // 70 MiB: more than is kept where the system cannot take it back.
    let read = || run.read::<f64>(&Selection::all()).unwrap();
    let first = read();
    let expected = first.samples.to_vec();
    let at = first.samples.as_ptr();
    drop(first);
    assert!(lazily_freed() >= size_of_val(&expected[..]));
    let second = read();
    assert_eq!(second.samples.as_ptr(), at);
    assert!(second.samples[..] == expected[..]);
    assert_eq!(lazily_freed(), 0);
}

/// Bytes of this process that the system may take when it is short of memory.
fn lazily_freed() -> usize {
    let memory = fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let kib = memory.lines().find_map(|line| line.strip_prefix("LazyFree:")?.strip_suffix(" kB"));
    kib.unwrap().trim().parse::<usize>().unwrap() << 10
}
