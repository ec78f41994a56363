//! Runs as the field writes them, one of each kind, with what is to be found in them.

use std::path::PathBuf;

use wavekeep_smurf::{Run, Selection, StepReason, TimeBasis};

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
    for (time, (c0, c2)) in times(&run).iter().zip(headers.counter_0.iter().zip(&headers.counter_2)) {
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
