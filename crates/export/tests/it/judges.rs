//! The Python libraries of the people who will open these files judge what is written.
//!
//! The judges are the pytest files of `judges/`; they compare the files with a `truth.json` that
//! is written here from the recordings themselves, not by the code under test. Files of arrays are
//! compared with the files that they were made from, as the same libraries read those.

use crate::conversions;
use crate::recordings;
use crate::streams::{Counted, facts};

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use wavekeep_core::{Assumed, Basis, Kind, Recording, Samples, TimeAxis};
use wavekeep_export::{ExportOptions, Target, Units, write_event_file, write_stream};
use wavekeep_formats::Opener;

/// Every recording that is judged, by name.
fn cases() -> Vec<(&'static str, Recording)> {
    let mut single = recordings::blast();
    single.channels.truncate(1);
    single.channels[0].samples = Samples::I16(vec![-7]);
    let mut empty = recordings::blast();
    for channel in &mut empty.channels {
        channel.samples = Samples::I16(Vec::new());
    }
    let mut lost = recordings::blast();
    for channel in &mut lost.channels {
        channel.gaps.insert(0..3328);
    }
    let mut long = recordings::blast();
    long.channels.truncate(2);
    for channel in &mut long.channels {
        channel.samples = Samples::I16(recordings::counts(100_000, 300.0, 9.0));
    }
    let mut named = recordings::blast();
    named.channels[0].name = "Größe, \"x\"".into();
    named.channels[1].name = "地震".into();
    let mut thousand = recordings::gapped();
    thousand.time = TimeAxis::Samples {
        rate_hz: Assumed::stated(1000.0, Basis::Option),
        pretrigger_s: Assumed::stated(0.25, Basis::Option),
    };
    let mut unlimited = recordings::night(7);
    unlimited.time = TimeAxis::Intervals { start: None, length_s: None };
    unlimited.range = None;
    unlimited.start = None;
    unlimited.stop = None;
    let samples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let sample = Opener::default().open(&samples.join("M529LMOK.DK0W")).expect("a sample");
    vec![
        ("sample", sample),
        ("blast", recordings::blast()),
        ("gapped", recordings::gapped()),
        ("wide", recordings::wide()),
        ("night", recordings::night(700)),
        ("single", single),
        ("empty", empty),
        ("lost", lost),
        ("long", long),
        ("named", named),
        ("thousand", thousand),
        ("unlimited", unlimited),
    ]
}

/// What the judges compare with: counts, ratios and times, and the file or error of each target.
fn truth(recording: &Recording) -> Value {
    let time = match &recording.time {
        TimeAxis::Samples { rate_hz, pretrigger_s } => {
            json!({ "rate_hz": rate_hz.value, "pretrigger_s": pretrigger_s.value })
        }
        TimeAxis::Intervals { length_s, .. } => json!({ "length_s": length_s.map(|l| l.value) }),
    };
    let channels: Vec<Value> = recording
        .channels
        .iter()
        .map(|channel| {
            let mut truth = json!({
                "name": channel.name,
                "counts": channel.counts().map(finite).collect::<Vec<_>>(),
                "integers": channel.samples.are_counts(),
                "short": matches!(channel.samples, Samples::I16(_)),
                "numerator": channel.scale.numerator,
                "denominator": channel.scale.denominator,
                "unit": channel.unit().symbol(),
                "sensor": channel.sensor,
            });
            if let Some(facts) = &channel.intervals {
                truth["half_periods"] = json!(facts.half_periods);
                truth["annotations"] = json!(facts.annotations);
                truth["stated"] = json!(facts.stated_frequencies);
                truth["limit"] = json!(channel.limit_count);
            }
            truth
        })
        .collect();
    json!({
        "kind": if recording.kind == Kind::Waveform { "waveform" } else { "histogram" },
        "time": time,
        "start": recording.start.map(|start| start.value.0.to_string()),
        "serial": recording.serial.as_ref().map(|serial| serial.value.clone()),
        "channels": channels,
        "length": recording.len(),
    })
}

/// JSON has no NaN and no infinity: they are missing samples here as in every target.
fn finite(count: Option<f64>) -> Option<f64> {
    count.filter(|count| count.is_finite())
}

fn write_cases(folder: &Path) {
    let mut all = serde_json::Map::new();
    for (name, recording) in cases() {
        let mut case = truth(&recording);
        for units in Units::ALL {
            for target in Target::ALL {
                if !target.takes_events() {
                    continue;
                }
                let file = format!("{name}.{units}.{}", target.extension());
                let options = ExportOptions::of(units);
                let outcome = match write_event_file(
                    &recording,
                    target,
                    &folder.join(&file),
                    &options,
                    false,
                ) {
                    Ok(()) => json!({ "file": file }),
                    Err(error) => json!({ "error": error.to_string(), "word": error.kind() }),
                };
                case["outcomes"][target.word()][units.word()] = outcome;
            }
        }
        all.insert(name.to_owned(), case);
    }
    fs::write(folder.join("truth.json"), Value::Object(all).to_string())
        .expect("a folder to write to");
}

/// A stream as every target, in both kinds of units: 5 channels, 3000 frames.
fn write_streams(folder: &Path) {
    for target in Target::ALL.into_iter().filter(|target| target.takes_arrays()) {
        for units in Units::ALL {
            let path = folder.join(format!("frames.{units}.{}", target.extension()));
            let mut stream = Counted { channels: 5, at_once: 1000, ..Counted::new(3000) };
            let options = ExportOptions::of(units);
            write_stream(&mut stream, facts(), target, &path, &options, false, |_| {}).unwrap();
        }
    }
}

fn python(variable: &str) -> OsString {
    env::var_os(variable).unwrap_or_else(|| {
        panic!("{variable} names no Python with the judges' libraries: run `make test`")
    })
}

fn judges() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../judges")
}

/// Runs the judges `files` with the Python that `variable` names.
fn judge(variable: &str, folder: &Path, files: &[&str]) {
    let judges = judges();
    // Folders have judges of their own, which run the program.
    let folders = std::fs::read_dir(&judges).unwrap().map(|entry| entry.unwrap().path());
    let ignored =
        folders.filter(|path| path.is_dir()).map(|path| format!("--ignore={}", path.display()));
    let verdict = Command::new(python(variable))
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
        .args(ignored)
        .args(files.iter().map(|file| judges.join(file)))
        .env("WAVEKEEP_JUDGED", folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap_or_else(|error| panic!("{variable} cannot be run ({error}): run `make test`"));
    assert!(
        verdict.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&verdict.stdout),
        String::from_utf8_lossy(&verdict.stderr)
    );
}

#[test]
fn the_libraries_of_our_users_read_what_was_recorded() {
    let folder = tempfile::tempdir().unwrap();
    write_cases(folder.path());
    write_streams(folder.path());
    conversions::write(folder.path(), &python("WAVEKEEP_PYTHON"), &judges());
    judge("WAVEKEEP_PYTHON", folder.path(), &["."]);
}

#[test]
fn the_older_generation_of_hdf5_reads_the_same() {
    let folder = tempfile::tempdir().unwrap();
    write_cases(folder.path());
    judge("WAVEKEEP_PYTHON_HDF5_1", folder.path(), &["test_hdf5.py"]);
}
