//! Recordings that no decoder should make: an error that says what to do, or a right file.

use crate::recordings;
use proptest::prelude::*;
use wavekeep_core::{
    Assumed, Channel, GeophoneRange, IntervalFacts, Kind, Recording, Report, Samples, Scale,
    Sensor, TimeAxis, Unit, UnitLocal,
};
use wavekeep_export::{
    ExportError, ExportOptions, Target, Units, facts, write_event, write_event_file,
};

fn bytes(recording: &Recording, target: Target, units: Units) -> Result<Vec<u8>, ExportError> {
    let options = ExportOptions::of(units);
    if target.is_folder() {
        let folder = crate::folders::temporary();
        let path = folder.path().join("result");
        write_event_file(recording, target, &path, &options, false)?;
        return Ok(crate::folders::bytes(&path));
    }
    let mut bytes = Vec::new();
    write_event(recording, target, &options, &mut bytes)?;
    Ok(bytes)
}

fn text(recording: &Recording, target: Target, units: Units) -> String {
    let bytes = bytes(recording, target, units).expect("a recording that can be written");
    String::from_utf8(bytes).expect("a text")
}

/// Writes `recording` as everything; an error must name the target and give advice.
fn write_all(recording: &Recording) -> Vec<Target> {
    let mut written = Vec::new();
    for target in Target::ALL.into_iter().filter(|target| target.takes_events()) {
        for units in Units::ALL {
            match bytes(recording, target, units) {
                Ok(_) => written.push(target),
                Err(ExportError::Unrepresentable { target: named, what, advice }) => {
                    assert_eq!(named, target.word());
                    assert!(!what.is_empty() && !advice.is_empty());
                }
                Err(error) => panic!("{target}: {error}"),
            }
        }
    }
    written.dedup();
    written
}

#[test]
fn a_recording_without_channels_is_facts_alone() {
    let recording = recordings::waveform(Vec::new());
    assert_eq!(write_all(&recording), [Target::Json]);
    let document: serde_json::Value =
        serde_json::from_str(&text(&recording, Target::Json, Units::Raw)).unwrap();
    assert_eq!(document["columns"], serde_json::json!([]));
    assert_eq!(document["kind"], "waveform");
}

#[test]
fn a_recording_without_samples_is_a_header() {
    let mut recording = recordings::blast();
    for channel in &mut recording.channels {
        channel.samples = Samples::I16(Vec::new());
        channel.gaps.insert(10..20);
    }
    assert_eq!(
        text(&recording, Target::Csv, Units::Physical),
        "time_s,Tran (in/s),Vert (in/s),Long (in/s),MicL (psi)\n"
    );
    assert!(!write_all(&recording).contains(&Target::MiniSeed));
}

#[test]
fn nothing_known_but_the_samples_is_enough_for_what_needs_no_start() {
    let mut recording = recordings::blast();
    recording.serial = None;
    recording.start = None;
    recording.stop = None;
    recording.range = None;
    recording.source = Default::default();
    recording.metadata = Default::default();
    recording.report = Report::default();
    let written = write_all(&recording);
    assert!(!written.contains(&Target::MiniSeed));
    assert_eq!(written.len(), Target::ALL.len() - 1);
    let error = bytes(&recording, Target::MiniSeed, Units::Raw).unwrap_err();
    assert_eq!(
        error.to_string(),
        "miniseed cannot hold a recording without a start time: write hdf5, csv or npy, which \
         can do without"
    );
}

#[test]
fn a_rate_that_gives_no_times_is_refused_where_times_are_written() {
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let mut recording = recordings::blast();
        recording.time = TimeAxis::Samples {
            rate_hz: Assumed::by_default(rate),
            pretrigger_s: Assumed::by_default(0.25),
        };
        assert_eq!(write_all(&recording), [Target::Gnz, Target::Npy]);
        facts(&recording);
    }
}

#[test]
fn intervals_of_no_length_have_no_starts() {
    let mut recording = recordings::night(3);
    recording.time =
        TimeAxis::Intervals { start: None, length_s: Some(Assumed::by_default(f64::NAN)) };
    assert!(write_all(&recording).contains(&Target::Hdf5));
}

#[test]
fn a_shorter_channel_ends_with_missing_samples() {
    let mut recording = recordings::waveform(vec![
        recordings::channel("Tran", Samples::I16(vec![1, 2, 3])),
        recordings::channel("Vert", Samples::I16(vec![4])),
    ]);
    recording.channels[0].gaps.insert(0..1);
    let csv = text(&recording, Target::Csv, Units::Raw);
    assert_eq!(csv, "time_s,Tran,Vert\n-0.25,,4\n-0.2490234375,2,\n-0.248046875,3,\n");
    assert!(!write_all(&recording).contains(&Target::Wav));
}

#[test]
fn channels_of_different_types_keep_their_own() {
    let recording = recordings::waveform(vec![
        Channel::new("a", Samples::I16(vec![1, -2])),
        Channel::new("b", Samples::I32(vec![i32::MIN, i32::MAX])),
        Channel::new("c", Samples::F32(vec![0.5, f32::NEG_INFINITY])),
        Channel::new("d", Samples::F64(vec![0.1, f64::NAN])),
    ]);
    let csv = text(&recording, Target::Csv, Units::Raw);
    assert_eq!(csv, "time_s,a,b,c,d\n-0.25,1,-2147483648,0.5,0.1\n-0.2490234375,-2,2147483647,,\n");
    write_all(&recording);
}

#[test]
fn a_value_that_single_precision_cannot_hold_is_named() {
    let recording = recordings::waveform(vec![Channel::new("x", Samples::F64(vec![0.0, 1e300]))]);
    let error = bytes(&recording, Target::Hdf5, Units::Physical).unwrap_err();
    assert_eq!(
        error.to_string(),
        "hdf5 cannot hold 1e300 (sample 1 of x) in single precision: write npy or parquet, which \
         hold double precision"
    );
    assert!(bytes(&recording, Target::Hdf5, Units::Raw).is_ok());
    assert!(bytes(&recording, Target::Parquet, Units::Physical).is_ok());
}

#[test]
fn a_scale_that_gives_no_numbers_leaves_none() {
    let mut recording = recordings::blast();
    for channel in &mut recording.channels {
        channel.scale = Scale::ratio(1.0, 0.0, Unit::InchPerSecond);
    }
    assert!(bytes(&recording, Target::MiniSeed, Units::Physical).is_err());
    assert!(bytes(&recording, Target::Wav, Units::Physical).is_err());
    assert!(bytes(&recording, Target::MiniSeed, Units::Raw).is_ok());
    let csv = text(&recording, Target::Csv, Units::Physical);
    assert_eq!(csv.lines().nth(1), Some("-0.25,,,,"));
}

#[test]
fn the_facts_count_every_way_of_being_missing() {
    let mut channel = Channel::new("x", Samples::F32(vec![f32::NAN, 1.0, 2.0]));
    channel.gaps.insert(2..100);
    let longer = Channel::new("y", Samples::I16(vec![0; 4]));
    let facts = facts(&recordings::waveform(vec![channel, longer]));
    assert_eq!(facts["channels"][0]["missing"], 3);
    assert_eq!(
        facts["channels"][0]["gaps"],
        serde_json::json!([{"first": 0, "count": 1}, {"first": 2, "count": 2}])
    );
}

#[test]
fn names_are_quoted_kept_or_refused_but_never_misread() {
    let mut recording = recordings::blast();
    recording.channels.truncate(1);
    let mut named = |name: &str| {
        recording.channels[0].name = name.to_owned().into();
        (
            text(&recording, Target::Csv, Units::Raw).lines().next().unwrap().to_owned(),
            write_all(&recording).contains(&Target::Hdf5),
        )
    };
    assert_eq!(named("a,b \"c\""), ("time_s,\"a,b \"\"c\"\"\"".to_owned(), true));
    assert_eq!(named("Größe 地震"), ("time_s,Größe 地震".to_owned(), true));
    assert!(!named("").1);
    assert!(named("a/b").1);
    assert!(!named("..").1);
    assert!(!named("a\0b").1);
    assert!(!named("gaps").1);
    assert!(!named(&"x".repeat(1 << 20)).1);
    assert!(named(&"é".repeat(512)).1);
}

#[test]
fn two_channels_of_one_name_are_refused_where_names_are_keys() {
    let mut recording = recordings::blast();
    recording.channels[1].name = "Tran".into();
    let written = write_all(&recording);
    assert_eq!(written, [Target::Csv, Target::Json, Target::Npy, Target::Wav]);
}

#[test]
fn a_channel_called_like_the_time_is_refused_where_names_are_keys() {
    let mut recording = recordings::blast();
    recording.channels[1].name = "time_s".into();
    assert!(!write_all(&recording).contains(&Target::Parquet));
}

#[test]
fn a_calendar_that_ends_ends_the_file() {
    let mut recording = recordings::blast();
    let last = UnitLocal::from_fields((9999, 12, 31), (23, 59, 59)).unwrap();
    recording.start = Some(Assumed::by_default(last));
    recording.channels[0].gaps.insert(0..1500);
    let error = bytes(&recording, Target::MiniSeed, Units::Raw).unwrap_err();
    assert_eq!(error.kind(), "unrepresentable");
}

#[test]
fn a_histogram_without_periods_has_peaks() {
    let mut recording = recordings::night(2);
    for channel in &mut recording.channels {
        channel.intervals = None;
    }
    let csv = text(&recording, Target::Csv, Units::Raw);
    assert_eq!(csv.lines().next(), Some("interval,Tran_peak,Vert_peak,Long_peak,MicL_peak"));
    assert!(write_all(&recording).contains(&Target::Hdf5));
}

#[test]
fn huge_facts_do_not_overflow_a_header() {
    let mut recording = recordings::blast();
    let long = "é".repeat(100_000);
    recording.serial = Some(Assumed::by_default(long.clone()));
    recording.source.name = Some(long.clone());
    recording.metadata.insert("note".to_owned(), long.clone().into());
    recording.metadata.insert("nul\0".to_owned(), "a\0b".into());
    for _ in 0..200 {
        recording.report.damage("lost", long.clone());
    }
    // A header of GNZ has a limit that its readers share.
    let short = [Target::Gnz, Target::Safetensors];
    let others: Vec<_> = Target::ALL.into_iter().filter(|of| !short.contains(of)).collect();
    assert_eq!(write_all(&recording), others);
    let error = bytes(&recording, Target::Gnz, Units::Raw).unwrap_err().to_string();
    assert!(error.starts_with("gnz cannot hold names and metadata of 1"), "{error}");
}

fn any_samples() -> impl Strategy<Value = Samples> {
    prop_oneof![
        proptest::collection::vec(any::<i16>(), 0..40).prop_map(Samples::I16),
        proptest::collection::vec(any::<i32>(), 0..40).prop_map(Samples::I32),
        proptest::collection::vec(any::<f32>(), 0..40).prop_map(Samples::F32),
        proptest::collection::vec(any::<f64>(), 0..40).prop_map(Samples::F64),
    ]
}

fn any_channel() -> impl Strategy<Value = Channel> {
    let scales = prop_oneof![
        Just(Scale::identity(Unit::Count)),
        Just(Scale::ratio(1.0, 200.0, Unit::InchPerSecond)),
        Just(Scale::ratio(1.0, 4.0, Unit::Pascal).with_level_of_one_count(81.94)),
        Just(Scale::identity(Unit::DecibelLinear)),
        Just(Scale::ratio(1.0, 0.0, Unit::Volt)),
    ];
    let sensors =
        prop_oneof![Just(Sensor::Geophone), Just(Sensor::Microphone), Just(Sensor::Other)];
    let gaps = proptest::collection::vec((0usize..50, 0usize..60), 0..4);
    (any_samples(), ".{0,12}", scales, sensors, gaps, any::<bool>()).prop_map(
        |(samples, name, scale, sensor, gaps, has_periods)| {
            let mut channel = Channel::new(name, samples).with_scale(scale);
            channel.sensor = sensor;
            for (first, count) in gaps {
                channel.gaps.insert(first..first + count);
            }
            channel.intervals = has_periods.then(IntervalFacts::default);
            channel
        },
    )
}

proptest! {
    #[test]
    fn whatever_the_channels_nothing_panics_and_every_row_is_complete(
        channels in proptest::collection::vec(any_channel(), 0..4),
        is_histogram: bool,
        rate in any::<f64>(),
        pretrigger in any::<f64>(),
    ) {
        let mut recording = recordings::waveform(channels);
        recording.time = TimeAxis::Samples {
            rate_hz: Assumed::by_default(rate),
            pretrigger_s: Assumed::by_default(pretrigger),
        };
        if is_histogram {
            recording.kind = Kind::Histogram;
        }
        recording.range = Some(Assumed::by_default(GeophoneRange::Sensitive));
        write_all(&recording);
        if let Ok(json) = bytes(&recording, Target::Json, Units::Physical) {
            let document: serde_json::Value = serde_json::from_slice(&json).unwrap();
            for column in document["columns"].as_array().unwrap() {
                prop_assert_eq!(column["values"].as_array().unwrap().len(), recording.len());
            }
        }
    }
}
