//! What real files look like: one test a row of the table in docs/formats/smurf.md that no file
//! of the real writer covers.

use crate::maker;
use crate::maker::{frame, frames, payload, record, sample, samples, text};
use wavekeep_core::NoteKind;
use wavekeep_smurf::record::Fault;
use wavekeep_smurf::{GapKind, Run, Selection, TimeBasis};

fn open(bytes: Vec<u8>) -> Run {
    Run::from_bytes([bytes]).unwrap()
}

#[track_caller]
fn only_fault(run: &Run) -> (u64, Fault) {
    let [damage] = run.index().damage() else { panic!("{:?}", run.index().damage()) };
    (damage.place.offset, damage.fault)
}

#[test]
fn one_to_seven_stray_bytes_at_the_end_are_named() {
    for left in 1..8u64 {
        let mut bytes = frames(4, 0..3);
        let end = bytes.len() as u64;
        bytes.resize(bytes.len() + left as usize, 0);
        let run = open(bytes);
        assert_eq!(run.index().frames(), 3);
        assert_eq!(only_fault(&run), (end, Fault::StrayBytes { left }));
    }
}

#[test]
fn a_frame_cut_anywhere_is_not_delivered() {
    let whole = frames(4, 0..3);
    let two = whole.len() / 3 * 2;
    for end in two + 1..whole.len() {
        let run = open(whole[..end].to_vec());
        assert_eq!(run.index().frames(), 2);
        assert_eq!(only_fault(&run).0, two as u64);
        assert_eq!(run.read::<i32>(&Selection::all()).unwrap().frames(), 2);
    }
}

#[test]
fn a_size_that_cannot_be_ends_the_piece_and_nothing_loops() {
    for size in 0..4u32 {
        let mut bytes = frames(4, 0..3);
        let end = bytes.len() as u64;
        let mut broken = frame(60, &samples(4, 3));
        broken[..4].copy_from_slice(&size.to_le_bytes());
        bytes.extend(broken);
        bytes.extend(frames(4, 4..6));
        let run = open(bytes);
        assert_eq!(run.index().frames(), 3);
        assert_eq!(only_fault(&run), (end, Fault::SizeTooSmall { size }));
    }
}

#[test]
fn a_size_past_the_end_ends_the_piece_but_not_the_run() {
    let mut first = frames(4, 0..3);
    let end = first.len() as u64;
    first.extend(u32::MAX.to_le_bytes());
    first.extend([0; 100]);
    let run = Run::from_bytes([first, frames(4, 3..5)]).unwrap();
    assert_eq!(run.index().frames(), 5);
    assert_eq!(only_fault(&run), (end, Fault::PastEnd { needs: (1 << 32) + 3, left: 104 }));
    assert!(run.report().notes()[0].message.starts_with("memory.dat.1: "));
}

#[test]
fn a_frame_without_room_for_its_header_is_skipped() {
    for length in [0, 4, 127] {
        let mut bytes = frames(4, 0..2);
        let offset = bytes.len() as u64;
        bytes.extend(record(0, 0, 0, &vec![1; length]));
        bytes.extend(frames(4, 2..4));
        let run = open(bytes);
        assert_eq!((run.index().frames(), run.index().bad_frames()), (4, 1));
        assert_eq!(only_fault(&run), (offset, Fault::ShortFrame { payload: length as u32 }));
        assert_eq!(run.index().sections().len(), 1);
    }
}

#[test]
fn a_frame_that_says_it_has_more_channels_than_words_is_skipped() {
    let mut lying = payload(40, &samples(4, 2), 3);
    lying[4..8].copy_from_slice(&5u32.to_le_bytes());
    let run = open([frames(4, 0..2), record(0, 0, 0, &lying), frames(4, 3..5)].concat());
    assert_eq!(only_fault(&run).1, Fault::TooManyChannels { channels: 5, words: 4 });
    let reading = run.read::<i32>(&Selection::all()).unwrap();
    assert_eq!(reading.channel(3), [0, 1, 3, 4].map(|frame| sample(3, frame)));
    assert_eq!(run.missing_frames(), 1);
}

#[test]
fn other_channels_are_skipped_and_counted() {
    let noise = |channel| record(channel, 0, 0, &payload(7, &samples(4, 9), 0));
    let run = open([frames(4, 0..2), noise(2), noise(255), noise(2), frames(4, 2..3)].concat());
    let others: Vec<_> =
        run.index().other_channels().iter().map(|(channel, it)| (*channel, it.records)).collect();
    assert_eq!(others, [(2, 2), (255, 1)]);
    assert_eq!(run.index().frames(), 3);
    let report = run.report();
    assert_eq!(report.of_kind(NoteKind::Assumption).count(), 2);
    assert!(!report.is_damaged());
}

#[test]
fn an_error_or_bit_8_of_the_flags_marks_a_frame() {
    let with = |flags, error, number: usize| {
        record(0, flags, error, &payload(number as u32 * 20, &samples(2, number), 0))
    };
    let run = open(
        [with(0, 0, 0), with(0x100, 0, 1), with(0xfeff, 0, 2), with(0, 1, 3), with(0x1ff, 9, 4)]
            .concat(),
    );
    let reading = run.read::<i32>(&Selection::all()).unwrap();
    assert_eq!(reading.errored, [false, true, false, true, true]);
    assert_eq!(run.index().errored(), [1..2, 3..5]);
    let good = run.read::<i32>(&Selection::all().drop_errored()).unwrap();
    assert_eq!(good.channel(1), [sample(1, 0), sample(1, 2)]);
}

#[test]
fn jumps_of_the_counter_are_gaps_in_frames_and_a_wrap_is_none() {
    let counters = [u32::MAX - 39, u32::MAX - 19, 0, 20, 100, 120, 140];
    let bytes = counters.iter().flat_map(|counter| frame(*counter, &[1])).collect();
    let run = open(bytes);
    let gaps = run.gaps();
    assert_eq!(gaps.len(), 1);
    assert_eq!((gaps[0].frames.clone(), gaps[0].missing), (4..5, 3));
}

#[test]
fn a_stale_tail_at_a_record_boundary_is_noticed_by_its_counter() {
    let run = open([frames(4, 100..110), frames(4, 5..9)].concat());
    let gaps = run.gaps();
    assert_eq!((gaps.len(), gaps[0].kind, gaps[0].frames.start), (1, GapKind::Back, 10));
    assert!(run.report().is_damaged());
}

#[test]
fn sizes_that_lead_into_old_samples_bring_no_frames_of_noise() {
    // The tail of a longer run with other channels: its samples are taken for sizes.
    let old = frames(300, 0..50);
    let new = frames(7, 1000..1010);
    let mut bytes = old.clone();
    bytes[..new.len()].copy_from_slice(&new);
    let run = open(bytes);
    assert!(run.report().is_damaged());
    assert_eq!(run.index().sections()[0].frames, 0..10);
    let reading = run.read::<i32>(&Selection::all().frames(0..10)).unwrap();
    assert_eq!(reading.channel(6)[9], sample(6, 1009));
    assert_eq!(run.index().frames(), 10);
}

#[test]
fn bad_metadata_is_reported_and_numbers_as_shown_on_screen_are_read() {
    let bad_utf8 = record(1, 0, 0, b"A: \xff\n");
    let run = open(
        [
            text("A.Rate: !!float '60,667.050'\nA.N: !!int '1_000'\n"),
            bad_utf8,
            text("a: [1\n"),
            text("- 1\n"),
            frames(2, 0..2),
            text("A.N: null\n"),
        ]
        .concat(),
    );
    let metadata = run.metadata().unwrap();
    assert_eq!(metadata.updates().len(), 2);
    assert_eq!(metadata.report().notes().len(), 3);
    let config = metadata.config_at(1);
    assert_eq!(config.get("A.Rate"), Some(&60667.05.into()));
    assert_eq!(config.get("A.N"), Some(&1000.into()));
    assert_eq!(metadata.config_at(2).get("A.N"), Some(&serde_json::Value::Null));
}

#[test]
fn without_a_timing_system_times_lie_on_a_line_through_the_timestamps() {
    let run = open(frames(2, 0..50));
    let times = run.times(&Selection::all()).unwrap();
    assert_eq!(times.basis, TimeBasis::Linearised);
    assert!(times.basis.to_string().contains("linear fit"));
    for (number, ns) in times.ns.iter().enumerate() {
        assert!(ns.abs_diff(maker::timestamp(number as u32 * 20)) <= 1);
    }
    // A counter that stands still gives no line.
    let run = open([frame(7, &[1]), frame(7, &[2])].concat());
    assert_eq!(run.time_basis(), TimeBasis::Server);
    assert_eq!(run.time_ns(1).unwrap(), Some(maker::timestamp(7)));
    assert_eq!(run.time_ns(2).unwrap(), None);
}

#[test]
fn a_missing_piece_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    for (piece, numbers) in [(1, 0..3), (2, 3..6), (10, 9..12)] {
        std::fs::write(folder.path().join(format!("r.dat.{piece}")), frames(3, numbers)).unwrap();
    }
    let run = Run::open(folder.path().join("r.dat")).unwrap();
    assert_eq!(run.index().frames(), 9);
    assert_eq!(run.report().notes().iter().filter(|it| it.code == "piece_missing").count(), 7);
}

#[test]
fn a_frame_of_no_channels_is_a_frame() {
    let run = open([frame(0, &[]), frame(20, &[])].concat());
    let reading = run.read::<i32>(&Selection::all()).unwrap();
    assert_eq!((reading.channels(), reading.frames(), reading.errored.len()), (0, 2, 2));
}
