//! Every sample is what its JSON twin says.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wavekeep_core::{Channel, Kind, Recording};
use wavekeep_formats::Opener;

/// The samples with their twins.
fn samples() -> Vec<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let samples: Vec<_> = paths
        .filter(|path| Opener::default().open(path).is_ok())
        .map(|path| {
            let twin = format!("{}.json", path.display());
            let twin = fs::read_to_string(&twin).unwrap_or_else(|_| panic!("{twin} is missing"));
            (path, serde_json::from_str(&twin).unwrap())
        })
        .collect();
    assert_eq!(samples.len(), 13);
    samples
}

fn open(path: &Path) -> Recording {
    Opener::default().open(path).unwrap()
}

fn peak_count(channel: &Channel) -> f64 {
    channel.counts().flatten().fold(0.0, |peak, count| peak.max(count.abs()))
}

#[test]
fn every_sample_is_what_its_twin_says() {
    for (path, twin) in samples() {
        let recording = open(&path);
        let kind = if recording.kind == Kind::Waveform { "waveform" } else { "histogram" };
        assert_eq!(twin["kind"], kind, "{path:?}");
        assert_eq!(twin["format"], recording.format.id, "{path:?}");
        assert_eq!(twin["length"], recording.len(), "{path:?}");
        assert_eq!(twin["damaged"], recording.report.is_damaged(), "{path:?}");
        let peaks = recording.channels.iter().map(peak_count);
        for ((peak, stated), channel) in
            peaks.zip(twin["peak_counts"].as_array().unwrap()).zip(&recording.channels)
        {
            // The largest count may lie in a gap.
            let stated = stated.as_f64().unwrap();
            assert!(peak == stated || (!channel.gaps.is_empty() && peak < stated), "{path:?}");
        }
        for channel in &recording.channels {
            let missing = twin["missing"].get(&*channel.name).cloned().unwrap_or(json!([]));
            assert_eq!(json!(channel.gaps), missing, "{path:?} {}", channel.name);
        }
        let report = recording.metadata.get("report_file").cloned().unwrap_or(Value::Null);
        assert_eq!(twin["report"], report, "{path:?}");
    }
}

#[test]
fn no_report_contradicts_its_event() {
    for (path, _) in samples() {
        let recording = open(&path);
        let disagreements: Vec<_> = recording
            .report
            .of_kind(wavekeep_core::NoteKind::Disagreement)
            .filter(|note| note.code != "peak_at_limit")
            .collect();
        assert!(disagreements.is_empty(), "{path:?}: {disagreements:?}");
    }
}
