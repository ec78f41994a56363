//! Runs as the field writes them, one of each kind, with what is to be found in them.

use std::path::PathBuf;

use crate::maker;

use num_complex::Complex;
use wavekeep_smurf::{ChannelChoice, Mask, OpenOptions, Run, Selection, StepReason, TimeBasis};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/field").join(name)
}

fn open(name: &str) -> Run {
    Run::open(path(name)).unwrap()
}

fn codes(run: &Run) -> Vec<&'static str> {
    run.full_report().unwrap().notes().iter().map(|note| note.code).collect()
}

fn times(run: &Run) -> Vec<u64> {
    run.times(&Selection::all()).unwrap().ns
}

fn timestamps(run: &Run) -> Vec<u64> {
    run.timestamps(&Selection::all()).unwrap()
}

/// The largest distance of two lists of times.
fn apart(a: &[u64], b: &[u64]) -> u64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

#[test]
fn frames_that_an_outside_trigger_releases_are_not_lost() {
    let run = open("01-bicep-sync-steps/run.dat");
    assert_eq!((run.index().frames(), run.missing_frames(), run.gaps().len()), (600, 0, 0));
    assert!(!run.full_report().unwrap().is_damaged());
    assert!((run.rate_hz().unwrap() - 182.3).abs() < 0.1, "{:?}", run.rate_hz());
    assert_eq!(run.counting().stretches[0].reason, StepReason::SyncWord);
    assert_eq!(codes(&run), ["counter_steps"]);
}

#[test]
fn a_factor_that_changes_changes_the_rate_and_loses_nothing() {
    let run = open("02-factor-changed/run.dat");
    assert_eq!((run.index().frames(), run.missing_frames()), (300, 0));
    assert!(!run.full_report().unwrap().is_damaged());
    let rates: Vec<_> =
        run.rates().into_iter().map(|rate| (rate.frames, rate.hz.round() as u32)).collect();
    assert_eq!(rates, [(0..150, 200), (150..300, 400)]);
    assert_eq!(run.rate_hz(), None);
    assert_eq!(run.rate_hz_of(&(150..300)).unwrap().round(), 400.0);
    assert_eq!(run.facts().unwrap()["rates"].as_array().unwrap().len(), 2);
    assert_eq!(codes(&run), ["counter_steps"]);
}

#[test]
fn a_timing_system_whose_counters_agree_gives_the_times() {
    let run = open("11-timing-system/good.dat");
    assert_eq!((run.time_basis(), codes(&run)), (TimeBasis::TimingSystem, vec![]));
    let headers = run.headers(&Selection::all()).unwrap();
    for (time, (c0, c2)) in times(&run).iter().zip(headers.counter_0.iter().zip(&headers.counter_2))
    {
        let seconds = (c2 >> 32) as f64 + (c2 & 0xffff_ffff) as f64 * 1e-9 + 631_152_000.0;
        let ticks = f64::from(*c0) / 480_000.0;
        assert!((*time as f64 * 1e-9 - ((seconds - ticks).round() + ticks)).abs() < 1e-6);
    }
}

#[test]
fn a_timing_system_that_is_stuck_or_off_leaves_the_times_to_the_server() {
    for (name, notes) in [("counter2_stuck", vec!["timing_system"]), ("off", vec![])] {
        let run = open(&format!("11-timing-system/{name}.dat"));
        assert_eq!((run.time_basis(), codes(&run)), (TimeBasis::Linearised, notes), "{name}");
        assert!(apart(&times(&run), &timestamps(&run)) < 300_000, "{name}");
    }
}

#[test]
fn a_clock_that_is_set_while_frames_are_written_is_two_lines() {
    let run = open("12-clock-step/run.dat");
    assert!(apart(&times(&run), &timestamps(&run)) < 300_000);
    assert_eq!(codes(&run), ["clock_step"]);
    let report = run.report();
    assert!(report.notes()[0].message.contains("frame 1000"), "{:?}", report.notes());
    assert!(!report.is_damaged());
}

#[test]
fn one_wrong_timestamp_is_left_out_and_named() {
    let run = open("24-one-bad-stamp/run.dat");
    let (times, stamps) = (times(&run), timestamps(&run));
    let zero = stamps.iter().position(|stamp| *stamp == 0).unwrap();
    for (frame, (time, stamp)) in times.iter().zip(&stamps).enumerate() {
        assert!(frame == zero || time.abs_diff(*stamp) < 300_000, "frame {frame}");
    }
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(codes(&run), ["no_timestamp"]);
    assert!(run.report().notes()[0].message.contains(&format!("frame {zero}")));
}

fn band(band: u32, channel: u32) -> Selection {
    let channels = Some(vec![ChannelChoice::Band { band, channel }]);
    Selection { channels, ..Selection::all() }
}

#[test]
fn masks_are_read_as_numpy_reads_them() {
    for name in ["default", "g", "header", "blank"] {
        let run = open(&format!("07-mask-as-savetxt/{name}.dat"));
        let table = run.mask().unwrap().table();
        assert_eq!(table[2][..8], [0, 1, 2, 3, 4, 5, 6, 7], "{name}");
        assert_eq!(run.read::<i32>(&band(2, 3)).unwrap().indices, [3], "{name}");
        assert_eq!(codes(&run), [] as [&str; 0], "{name}");
    }
}

#[test]
fn in_iq_mode_a_line_of_the_mask_is_a_pair_and_is_never_taken_for_a_sample() {
    let run = open("08-mask-does-not-fit/iq.dat");
    let all = run.read::<Complex<f64>>(&Selection::all()).unwrap();
    for (line, (band_, channel)) in [(0, 3), (0, 5), (1, 88), (1, 89)].into_iter().enumerate() {
        let one = run.read::<Complex<f64>>(&band(band_, channel)).unwrap();
        assert_eq!((one.indices.as_slice(), one.channel(0)), (&[line][..], all.channel(line)));
        let refused = run.read::<i32>(&band(band_, channel)).unwrap_err().to_string();
        let samples = format!("samples {} and {}", 2 * line, 2 * line + 1);
        assert!(refused.contains(&samples), "{refused}");
    }
    assert_eq!(codes(&run), [] as [&str; 0]);
}

#[test]
fn a_mask_that_does_not_fit_is_noted_and_answers_nothing() {
    for lines in [0, 1, 3, 5, 7, 9, 12, 16] {
        let mut run = open("08-mask-does-not-fit/iq.dat");
        run.set_mask(Mask::new((3..3 + lines).collect()));
        assert_eq!(codes(&run), ["mask_length"], "{lines}");
        for refused in [
            run.read::<i32>(&band(0, 3)).unwrap_err(),
            run.read::<Complex<f64>>(&band(0, 3)).unwrap_err(),
        ] {
            let refused = refused.to_string();
            assert!(refused.contains(&format!("lists {lines} channels")), "{refused}");
        }
    }
}

#[test]
fn a_run_whose_size_was_limited_while_it_was_open_is_one_run_with_its_mask() {
    for asked in ["run.dat", "run.dat.2", "run.dat.3"] {
        let run = open(&format!("05-maxsize-set-while-open/{asked}"));
        let names: Vec<_> =
            run.pieces().iter().map(|it| it.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["run.dat", "run.dat.2", "run.dat.3"], "{asked}");
        assert_eq!((run.index().frames(), run.missing_frames()), (90, 0));
        assert_eq!(run.mask().unwrap().channels().len(), 8);
        assert_eq!(codes(&run), [] as [&str; 0]);
        let one = OpenOptions::default().with_one_piece(true);
        let name = path(&format!("05-maxsize-set-while-open/{asked}"));
        assert_eq!(Run::open_with(name, one).unwrap().index().frames(), 30);
    }
}

#[test]
fn raw_words_on_the_data_channel_are_a_debug_stream_and_no_frames() {
    // Samples of 16 and 32 bits; small and large; silence.
    type Words = fn(u64) -> u64;
    let kinds: [Words; 4] = [
        |it| (it + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15),
        |it| it % 1000 * 0x0001_0001,
        |_| 0,
        |_| u64::MAX,
    ];
    for (kind, words) in kinds.into_iter().enumerate() {
        let payload = |record: u64| -> Vec<u8> {
            (0..4096).flat_map(|it| words(it + record * 4096).to_le_bytes()).collect()
        };
        let record = |it: u64| maker::record((it % 4) as u8, 0, 0, &payload(it));
        let run = Run::from_bytes([(0..40).flat_map(record).collect()]).unwrap();
        let index = run.index();
        assert_eq!((index.frames(), index.raw_records(), index.records()), (0, 10, 40), "{kind}");
        assert!(codes(&run).contains(&"debug_stream"), "{kind}");
        assert!(!run.report().is_damaged(), "{kind}: {:?}", run.report());
    }
}

#[test]
fn an_empty_file_is_said_to_be_empty() {
    let run = Run::from_bytes([Vec::new()]).unwrap();
    assert_eq!(codes(&run), ["empty"]);
}

#[test]
fn metadata_on_another_channel_is_read_when_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.dat");
    let text = maker::record(3, 0, 0, b"AMCc.Dev.A: 7\n");
    std::fs::write(&path, [text, maker::frames(2, 0..4)].concat()).unwrap();
    let usual = Run::open(&path).unwrap();
    assert_eq!((usual.index().metadata_records(), codes(&usual)), (0, vec!["other_channel"]));
    let options = OpenOptions::default().with_metadata_channel(Some(3));
    let named = Run::open_with(&path, options).unwrap();
    let config = named.metadata().unwrap().config();
    assert_eq!((config.get("AMCc.Dev.A"), codes(&named)), (Some(&7.into()), vec![]));
}

#[test]
fn the_mask_and_the_frequencies_come_from_the_metadata_where_no_file_fits() {
    let tree = "\
AMCc.SmurfProcessor.ChannelMapper.Mask: '[512, 3]'
AMCc.FpgaTopLevel.AppTop.AppCore.SysgenCryo.Base[0].bandCenterMHz: 4250.0
AMCc.FpgaTopLevel.AppTop.AppCore.SysgenCryo.Base[0].CryoChannels.centerFrequencyArray: '[0, 0, 0, 1.5]'
AMCc.FpgaTopLevel.AppTop.AppCore.SysgenCryo.Base[1].bandCenterMHz: 4750.0
AMCc.FpgaTopLevel.AppTop.AppCore.SysgenCryo.Base[1].CryoChannels.centerFrequencyArray: '[-2.25, 0]'
";
    let three = "AMCc.SmurfProcessor.ChannelMapper.Mask: '[9, 10, 11]'\n";
    let bytes =
        [maker::text(tree), maker::frames(2, 0..4), maker::text(three), maker::frames(3, 4..8)];
    let mut run = Run::from_bytes([bytes.concat()]).unwrap();
    // A file that fits the second section alone.
    run.set_mask(Mask::new(vec![100, 101, 102]));
    let detectors = |run: &Run, section: usize| -> Vec<_> {
        let map = run.channel_map(section).unwrap().unwrap();
        let count = run.index().sections()[section].channels as usize;
        let of = |it| map.detector(it, 1).map(|it| (it.band, it.channel, it.frequency_mhz));
        (0..count).map(of).collect()
    };
    let expected = [Some((1, 0, Some(4747.75))), Some((0, 3, Some(4251.5)))];
    assert_eq!(detectors(&run, 0), expected);
    assert_eq!(detectors(&run, 1)[0], Some((0, 100, None)));
    run.set_mask(Mask::new(vec![1; 5]));
    assert_eq!(detectors(&run, 1)[2], Some((0, 11, None)));
    let first = band(1, 0).section(0);
    assert_eq!(run.read::<i32>(&first).unwrap().indices, [0]);
}

#[test]
fn a_report_stays_short_however_much_there_is_to_say() {
    // An outside trigger, a loss now and then, bad frames, wrong timestamps.
    let mut bytes = Vec::new();
    for number in (0..60_000u32).filter(|number| number % 37 != 5) {
        let counter = (f64::from(number) * 21.94) as u32;
        let mut payload = maker::payload(counter, &[1], 0);
        payload[96..100].copy_from_slice(&number.to_le_bytes());
        if number % 41 == 7 {
            payload[48..56].copy_from_slice(&0u64.to_le_bytes());
        }
        if number % 43 == 8 {
            payload[4..8].copy_from_slice(&77u32.to_le_bytes());
        }
        bytes.extend(maker::record(0, 0, 0, &payload));
    }
    let run = Run::from_bytes([bytes]).unwrap();
    let lost = (0..60_000).filter(|number| number % 37 == 5).count();
    let bad = (0..60_000).filter(|number| number % 37 != 5 && number % 43 == 8).count();
    assert_eq!(run.missing_frames(), (lost + bad) as u64);
    let facts = serde_json::to_string(&run.facts().unwrap()).unwrap();
    assert!(facts.len() < 100_000, "{} bytes", facts.len());
    let notes = run.report().notes().len();
    assert!(notes < 30, "{notes} notes");
}
