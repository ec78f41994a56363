//! What a report prints of a quantity, and what becomes of it.

use std::fs;
use std::path::Path;

use wavekeep_core::{
    DecodeOptions, EventFormat, Input, NoteKind, Reading, Recording, Samples, Unit,
};
use wavekeep_thor::Thor;

/// An event of the test data with its report.
fn event(folder: &str, change: impl Fn(String) -> String) -> Recording {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder);
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    let ending = |ending: &str| {
        files.iter().find(|file| file.extension().is_some_and(|it| it == ending)).unwrap()
    };
    let (source, report) = (ending("IDFW"), ending("txt"));
    let bytes = fs::read(source).unwrap();
    let name = source.file_name().unwrap().to_str();
    let options = DecodeOptions::default();
    let mut recording = Thor.decode(Input { bytes: &bytes, name }, &options).unwrap();
    let text = change(fs::read_to_string(report).unwrap());
    Thor.merge_report(&mut recording, &mut text.as_bytes(), &options).unwrap();
    recording
}

fn codes(recording: &Recording) -> Vec<&str> {
    recording.report.notes().iter().map(|note| note.code).collect()
}

#[test]
fn printed_digits_travel_with_the_value() {
    let recording = event("23-printed-digits", |text| text);
    let statement = recording.statement.unwrap();
    let peaks = ["Tran", "Vert", "Long"].map(|name| statement.channel(name).unwrap());
    assert_eq!(
        peaks.map(|channel| channel.peak.unwrap().to_string()),
        ["0.2080 in/s", "0.2973 in/s", "0.1699 in/s"]
    );
    assert_eq!(
        peaks.map(|channel| channel.zc_frequency.unwrap().to_string()),
        ["20.5 Hz", "28.4 Hz", "25.6 Hz"]
    );
    assert_eq!(statement.peak_vector_sum.unwrap().to_string(), "0.3261 in/s");
}

#[test]
fn a_weighted_level_keeps_its_weighting_whatever_way_it_is_printed() {
    for (printed, unit) in [
        ("67.3 dB(A)", Unit::DecibelA),
        ("67.3 db(A)", Unit::DecibelA),
        ("67.3 dB (A)", Unit::DecibelA),
        ("67.3 dBA", Unit::DecibelA),
        ("67.3 dB", Unit::DecibelA),
        ("67.3", Unit::DecibelA),
        ("67.3 dB(C)", Unit::DecibelC),
        ("67.3 dBC", Unit::DecibelC),
    ] {
        let recording =
            event("06-a-weighted-microphone", |text| text.replace("67.3 dB(A)", printed));
        let peak = recording.statement.as_ref().unwrap().channel("MicL").unwrap().peak.unwrap();
        assert_eq!(peak, Reading::new(67.3, unit), "{printed}");
        let microphone = recording.channel("MicL").unwrap();
        assert_eq!(microphone.unit(), Unit::Count, "{printed}");
        assert_eq!(microphone.scale.level(100.0), None);
        assert!(codes(&recording).contains(&"weighted_microphone"));
        assert!(!codes(&recording).contains(&"microphone_scale"));
        assert_eq!(recording.metadata.get("microphone_scale"), None);
    }
}

#[test]
fn a_level_of_a_unit_that_is_not_known_is_not_taken_for_another_one() {
    let recording = event("06-a-weighted-microphone", |text| text.replace("dB(A)", "dB(Q)"));
    let statement = recording.statement.as_ref().unwrap();
    assert_eq!(statement.channel("MicL").and_then(|channel| channel.peak), None);
    // The words for the microphone say that its samples are weighted all the same.
    assert_eq!(recording.channel("MicL").unwrap().unit(), Unit::Count);
}

#[test]
fn a_linear_microphone_is_not_weighted() {
    let recording = event("06-a-weighted-microphone", |text| {
        text.replace("A-weight Microphone", "ISEE Linear Microphone").replace("dB(A)", "dB(L)")
    });
    assert_eq!(recording.channel("MicL").unwrap().unit(), Unit::Pascal);
}

#[test]
fn samples_listed_in_pascals_confirm_the_derived_factor_though_the_peak_is_a_level() {
    let recording = event("03-thor-units-mm-and-pa", |text| text);
    let microphone = recording.channel("MicL").unwrap();
    assert_eq!(microphone.unit(), Unit::Pascal);
    assert!((microphone.scale.of_one() / 0.015516 - 1.0).abs() < 0.01);
    assert!(matches!(microphone.samples, Samples::I16(_) | Samples::I32(_)));
    assert_eq!(recording.report.of_kind(NoteKind::Disagreement).count(), 0);
    assert!(!codes(&recording).contains(&"table_differs"));
}
