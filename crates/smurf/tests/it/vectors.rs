//! Files that the readout's own writer made, against what was put into them.

use num_complex::Complex;
use serde_json::json;
use wavekeep_smurf::{
    ChannelChoice, Error, GapKind, MOST_THREADS, Mask, OpenOptions, Run, Selection, TimeBasis,
    phase,
};

fn path(name: &str) -> String {
    format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn open(name: &str) -> Run {
    Run::open(path(name)).unwrap()
}

/// Sample `channel` of frame `frame` in the files that were made by formula.
fn formula(channel: usize, frame: usize) -> i32 {
    (channel as u32 * 65_537).wrapping_add(frame as u32 * 1001).wrapping_sub(1 << 31) as i32
}

#[track_caller]
fn assert_formula(run: &Run, section: usize, frames: impl Iterator<Item = usize>) {
    let reading = run.read::<i32>(&Selection::all().section(section)).unwrap();
    for (column, frame) in frames.enumerate() {
        for channel in 0..reading.channels() {
            assert_eq!(reading.channel(channel)[column], formula(channel, frame));
        }
    }
}

#[test]
fn basic_is_read_to_the_last_bit() {
    let run = open("basic.dat");
    let index = run.index();
    assert_eq!((index.frames(), index.metadata_records(), index.records()), (20, 5, 25));
    assert_eq!((run.counting().step(), run.gaps().len()), (Some(20), 0));
    assert!(!run.report().is_damaged(), "{:?}", run.report());
    assert_formula(&run, 0, 0..20);

    let headers = run.headers(&Selection::all()).unwrap();
    for frame in 0..20 {
        assert_eq!(headers.frame_counter[frame], 20 * frame as u32);
        assert_eq!(headers.timestamp[frame], 1_700_000_000_000_000_000 + 5_000_000 * frame as u64);
        assert_eq!((headers.number_of_channels[frame], headers.protocol_version[frame]), (64, 1));
        for bias in 0..16 {
            let value = 30_000 * bias + frame as i32;
            let expected = if bias % 2 == 0 { value } else { -value };
            assert_eq!(headers.tes_bias(bias as usize)[frame], expected);
        }
    }
}

#[test]
fn phase_has_every_bit_of_the_page_and_float32_is_rounded_once() {
    let run = open("basic.dat");
    let phases = run.read::<f64>(&Selection::all()).unwrap();
    let rounded = run.read::<f32>(&Selection::all()).unwrap();
    for channel in 0..64 {
        for frame in 0..20 {
            let expected = f64::from(formula(channel, frame)) / 32768.0 * std::f64::consts::PI;
            assert_eq!(phases.channel(channel)[frame].to_bits(), expected.to_bits());
            assert_eq!(rounded.channel(channel)[frame].to_bits(), (expected as f32).to_bits());
        }
    }
    assert_eq!(phase(-32768), -std::f64::consts::PI);
}

#[test]
fn more_threads_than_any_read_may_have_are_refused_before_one_is_started() {
    let run = open("basic.dat");
    for threads in [MOST_THREADS + 1, usize::MAX] {
        let asked = Selection::all().threads(threads);
        for error in [
            run.read::<i32>(&asked).unwrap_err(),
            run.blocks::<i32>(&asked, 10).map(drop).unwrap_err(),
        ] {
            assert!(matches!(error, Error::TooManyThreads { asked } if asked == threads));
            assert!(error.to_string().contains("at most 1024"), "{error}");
        }
    }
    assert_eq!(run.read::<i32>(&Selection::all().threads(0)).unwrap().frames(), 20);
}

#[test]
fn two_samples_are_one_complex_number_in_iq_mode() {
    let run = open("basic.dat");
    let iq = run.read::<Complex<f64>>(&Selection::all()).unwrap();
    assert_eq!((iq.channels(), iq.frames()), (32, 20));
    let expected = Complex::new(f64::from(formula(62, 3)), f64::from(formula(63, 3)));
    assert_eq!(iq.channel(31)[3], expected);
    let one = run.read::<Complex<f64>>(&Selection::channels([31])).unwrap();
    assert_eq!(one.channel(0), iq.channel(31));
    assert!(run.read::<Complex<f64>>(&Selection::channels([32])).is_err());
}

#[test]
fn the_configuration_is_that_of_the_frame() {
    let run = open("basic.dat");
    let metadata = run.metadata().unwrap();
    assert_eq!(metadata.updates().len(), 5);
    let frames: Vec<u64> = metadata.updates().iter().map(|it| it.place.frame).collect();
    assert_eq!(frames[0], 0);
    let first = metadata.config_at(0);
    assert_eq!(first.get("AMCc.Dev.A"), Some(&json!(1)));
    assert_eq!(first.get("AMCc.Dev.B"), Some(&json!([1, 2])));
    assert_eq!(metadata.config_at(frames[1]).get("AMCc.Dev.A"), Some(&json!(4)));
    assert_eq!(metadata.config_at(frames[1] - 1).get("AMCc.Dev.A"), Some(&json!(1)));
    assert_eq!(metadata.config().get("AMCc.Dev.B"), Some(&json!([1, 2])));
    assert!(metadata.config().get("AMCc.Dev.Sub.C").is_some());
}

#[test]
fn any_piece_and_the_bare_name_open_the_whole_run() {
    for name in ["split.dat", "split.dat.1", "split.dat.3"] {
        let run = open(name);
        assert_eq!(run.pieces().len(), 4);
        assert_eq!((run.index().frames(), run.index().metadata_records()), (40, 4));
        assert_eq!(run.index().sections().len(), 1);
        assert!(!run.report().is_damaged());
        assert_formula(&run, 0, 0..40);
    }
    let one = OpenOptions::default().with_one_piece(true);
    let run = Run::open_with(path("split.dat.2"), one).unwrap();
    assert_eq!(run.index().frames(), 12);
    assert_formula(&run, 0, 12..24);
}

#[test]
fn errored_frames_are_flagged_and_dropped_when_asked() {
    let run = open("errors.dat");
    let reading = run.read::<i32>(&Selection::all()).unwrap();
    let bad: Vec<usize> = (0..10).filter(|frame| reading.errored[*frame]).collect();
    assert_eq!(bad, [0, 3, 6, 9]);
    assert!(run.report().is_damaged());

    let dropped = run.read::<i32>(&Selection::all().drop_errored()).unwrap();
    assert_eq!(dropped.frame_ranges, [1..3, 4..6, 7..9]);
    assert!(!dropped.errored.contains(&true));
    let written = open("errors_dropped.dat");
    let written = written.read::<i32>(&Selection::all()).unwrap();
    assert_eq!(dropped.samples[..], written.samples[..]);

    let dropped = open("errors_dropped.dat");
    let gaps = dropped.gaps();
    assert_eq!(gaps.len(), 2);
    assert!(gaps.iter().all(|gap| gap.kind == GapKind::Missing && gap.missing == 1));
}

#[test]
fn padding_is_never_returned() {
    let run = open("padded.dat");
    assert_eq!(run.index().sections()[0].channels, 60);
    assert_formula(&run, 0, 0..11);
    assert!(matches!(
        run.read::<i32>(&Selection::channels([60])),
        Err(Error::NoSuchChannel { .. })
    ));
    assert!(!run.report().is_damaged());
}

#[test]
fn a_changing_channel_count_makes_sections_and_the_lying_frame_is_skipped() {
    let run = open("nchan_change.dat");
    let sections: Vec<_> =
        run.index().sections().iter().map(|it| (it.frames.clone(), it.channels)).collect();
    assert_eq!(sections, [(0..5, 8), (5..11, 12)]);
    let error = run.read::<i32>(&Selection::all()).unwrap_err();
    assert!(error.to_string().contains("frames 0..5 (8 channels"), "{error}");
    assert_eq!(run.read::<i32>(&Selection::all().frames(5..8)).unwrap().channels(), 12);

    let [damage] = run.index().damage() else { panic!("{:?}", run.index().damage()) };
    assert_eq!((damage.place.offset, damage.fault.code()), (1760, "frame_channels"));
    assert_eq!(run.index().bad_frames(), 1);
    let gaps = run.gaps();
    assert_eq!((gaps.len(), gaps[0].missing), (1, 1));
    assert_eq!(run.headers(&Selection::all()).unwrap().frames(), 11);
}

#[test]
fn a_cut_file_gives_all_whole_frames_and_one_note() {
    for (name, frames, offset, code) in [
        ("trunc_header.dat", 20, 8052, "stray_bytes"),
        ("trunc_payload.dat", 19, 7617, "record_cut"),
        ("trunc_smurfhdr.dat", 19, 7617, "record_cut"),
    ] {
        let run = open(name);
        assert_eq!(run.index().frames(), frames, "{name}");
        let report = run.report();
        let [note] = report.notes() else { panic!("{name}: {report:?}") };
        assert_eq!((note.offset, note.code), (Some(offset), code), "{name}");
        assert_formula(&run, 0, 0..frames as usize);
    }
}

#[test]
fn no_frames_are_an_empty_result_with_the_metadata() {
    for name in ["empty.dat", "meta_only.dat"] {
        let run = open(name);
        let reading = run.read::<f64>(&Selection::all()).unwrap();
        assert_eq!((reading.channels(), reading.frames()), (0, 0));
        assert!(run.headers(&Selection::all()).unwrap().timestamp.is_empty());
        assert!(run.times(&Selection::all()).unwrap().ns.is_empty());
        assert_eq!(run.blocks::<i32>(&Selection::all(), 8).unwrap().buffer_len(), 0);
    }
    let run = open("meta_only.dat");
    let metadata = run.metadata().unwrap();
    assert_eq!(metadata.config().get("AMCc.X"), Some(&json!(1)));
    let [note] = metadata.report().notes() else { panic!("{:?}", metadata.report()) };
    assert_eq!((note.code, note.offset), ("metadata", Some(26)));
    let check = run.check().unwrap();
    assert_eq!((check.metadata_records, check.bad_metadata_records), (2, 1));
}

#[test]
fn a_real_tree_is_plain_data() {
    let run = open("tree.dat");
    assert_eq!(run.index().frames(), 670);
    let metadata = run.metadata().unwrap();
    assert!(!metadata.report().is_damaged(), "{:?}", metadata.report());
    let config = metadata.config();
    assert_eq!(config.get("AMCc.SmurfProcessor.ChannelMapper.NumChannels"), Some(&json!(64)));
    let mask = config.numbers("AMCc.SmurfProcessor.ChannelMapper.Mask").unwrap();
    assert_eq!((mask.len(), mask[63]), (64, 126.0));
    assert_eq!(config.get("AMCc.SmurfProcessor.enable"), Some(&json!(true)));
}

#[test]
fn times_say_how_they_were_got() {
    let run = open("basic.dat");
    let times = run.times(&Selection::all()).unwrap();
    assert_eq!(times.basis, TimeBasis::TimingSystem);
    assert!(times.basis.to_string().contains("counter_0"));
    // counter_2 begins 1,068,720,000 s after 1990-01-01.
    let expected: Vec<u64> = (0..20).map(|it| 1_699_872_000_000_000_000 + 5_000_000 * it).collect();
    assert_eq!(times.ns, expected);
    assert!((run.rate_hz().unwrap() - 200.0).abs() < 1e-6);
    let from = 1_699_872_000_000_000_000;
    let part = Selection::all().time_ns(from + 9_000_000..from + 21_000_000);
    assert_eq!(run.read::<i32>(&part).unwrap().frame_ranges, [2..5]);
}

#[test]
fn channels_are_found_by_band_through_the_mask() {
    let mut run = open("basic.dat");
    let band = ChannelChoice::Band { band: 2, channel: 5 };
    let selection = Selection { channels: Some(vec![band]), ..Selection::default() };
    let error = run.read::<i32>(&selection).unwrap_err();
    assert!(error.to_string().contains("basic_mask.txt"), "{error}");
    run.set_mask(Mask::new((0..64).map(|index| index * 103).collect()));
    assert!(matches!(run.read::<i32>(&selection), Err(Error::NoSuchChannel { .. })));
    run.set_mask(Mask::new((0..64).map(|index| 1029 + 63 - index).collect()));
    let reading = run.read::<i32>(&selection).unwrap();
    assert_eq!(reading.indices, [63]);
    assert_eq!(reading.channel(0)[7], formula(63, 7));
}

#[test]
fn raw_mode_files_have_no_records_and_end_without_a_word_that_was_not_there() {
    let run = open("raw.dat");
    assert!(run.report().is_damaged());
    run.read::<i32>(&Selection::all().frames(0..0)).unwrap();
}
