//! What the fuzz targets do with their bytes.
//!
//! Kept here so that `tests/regressions.rs` runs the same over every input that is worth keeping,
//! on any toolchain.

use wavekeep_smurf::record::{METADATA_CHANNEL, RecordHeader};
use wavekeep_smurf::{ChannelChoice, Mask, Run, Selection};

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

/// Any text as metadata: every update has plain values, and the configuration holds what its path
/// says.
pub fn metadata(data: &[u8]) {
    let record = |text: &[u8]| {
        let header = RecordHeader::new(text.len(), 0, 0, METADATA_CHANNEL).expect("a short text");
        [&header.to_bytes(), text].concat()
    };
    // Two records: merging is where the levels of one meet those of another.
    let (first, second) = data.split_at(data.len() / 2);
    let bytes = [record(first), record(second), record(data)].concat();
    let run = Run::from_bytes([bytes]).expect("bytes in memory can be read");
    assert_eq!(run.index().metadata_records(), 3);
    let metadata = run.metadata().expect("bytes in memory can be read");
    assert!(metadata.updates().len() <= 3);
    let config = metadata.config();
    for (name, value) in config.tree() {
        if !name.contains('.') {
            assert_eq!(config.get(name), Some(value));
        }
    }
    let _ = config.numbers("AMCc.Mask");
}

/// Any selection of a run with several sections, errored frames, a gap and a mask.
pub fn selection(data: &[u8]) {
    let mut numbers = data.chunks(3).map(|chunk| {
        let mut bytes = [0; 4];
        bytes[..chunk.len()].copy_from_slice(chunk);
        // Small numbers and the largest ones: both ends of every range.
        match u32::from_le_bytes(bytes) {
            large if large & 0xff == 0xff => usize::MAX - (large >> 8) as usize % 4,
            small => small as usize % 80,
        }
    });
    let mut next = || numbers.next().unwrap_or(0);
    let mut run = Run::from_bytes([
        include_bytes!("../data/nchan_change.dat").to_vec(),
        include_bytes!("../data/errors.dat").to_vec(),
    ])
    .expect("bytes in memory can be read");
    run.set_mask(Mask::new((0..16).map(|channel| channel * 37).collect()));
    let mut selection = Selection::all().threads(1 + next() % 2);
    let kinds = next();
    if kinds & 1 != 0 {
        let choices = (0..next() % 5).map(|_| match next() % 3 {
            0 => ChannelChoice::Index(next()),
            1 => ChannelChoice::Range(next()..next()),
            _ => ChannelChoice::Band { band: next() as u32, channel: next() as u32 },
        });
        selection.channels = Some(choices.collect());
    }
    if kinds & 2 != 0 {
        selection = selection.section(next());
    }
    if kinds & 4 != 0 {
        selection = selection.frames(next() as u64..next() as u64);
    }
    if kinds & 8 != 0 {
        let time = |number: usize| {
            1_700_000_000_000_000_000u64.saturating_add((number as u64).saturating_mul(1_000_000))
        };
        selection = selection.time_ns(time(next())..time(next()));
    }
    if kinds & 16 != 0 {
        selection = selection.drop_errored();
    }
    let Ok(reading) = run.read::<i32>(&selection) else { return };
    let frames: u64 = reading.frame_ranges.iter().map(|range| range.end - range.start).sum();
    assert_eq!((reading.frames() as u64, reading.errored.len()), (frames, reading.frames()));
    assert_eq!(reading.indices.len(), reading.channels());
    // The same values come block by block, and one by one.
    let at_once = 1 + next() % 7;
    let mut blocks = run.blocks::<i32>(&selection, at_once).expect("it was read before");
    let mut buffer = vec![0; blocks.buffer_len()];
    let mut done = 0;
    while let Some(block) = blocks.next_into(&mut buffer).expect("it was read before") {
        for row in 0..block.channels {
            let values = &buffer[row * block.frames..][..block.frames];
            assert_eq!(values, &reading.channel(row)[done..][..block.frames]);
        }
        done += block.frames;
    }
    assert!(reading.channels() == 0 || done == reading.frames());
    if let Some(frame) = reading.frame_ranges.iter().flat_map(Clone::clone).next() {
        let one = Selection { section: None, ..selection }.frames(frame..frame + 1);
        let one = run.read::<i32>(&one).expect("a frame of it");
        let firsts = (0..reading.channels()).map(|row| reading.channel(row)[0]);
        assert!(one.frames() == 0 || (0..one.channels()).map(|row| one.channel(row)[0]).eq(firsts));
    }
}
