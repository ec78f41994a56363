//! Long recordings, which are ordinary: made here, with the text that lists every sample.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use wavekeep_blastware::waveform;
use wavekeep_core::{NoteKind, Recording};
use wavekeep_formats::Opener;
use wavekeep_thor::{USUAL_BODY_OFFSET, assemble};

const NAME: &str = "UM11719_20260515114151.IDFW";
const GEOPHONE: f64 = 0.00788;
const MICROPHONE: f64 = 0.015516;

/// A quiet walk with one peak in each channel, as a manual recording of half an hour is.
fn channels(samples: usize) -> [Vec<i16>; 4] {
    let peaks = [17, 19, 22, 548];
    std::array::from_fn(|channel| {
        let (mut state, mut value) = (channel as u32 * 7 + 1, 0i32);
        let most = if channel == 3 { 500 } else { 10 };
        let mut walk: Vec<i16> = (0..samples)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                value = (value + (state >> 16) as i32 % 7 - 3).clamp(-most, most);
                value as i16
            })
            .collect();
        walk[samples * 59 / 100] = peaks[channel];
        walk
    })
}

/// Writes an event of `seconds` with its report, and opens it.
fn long(folder: &Path, rate: usize, seconds: f64, with_table: bool) -> Recording {
    let samples = (seconds * rate as f64) as usize;
    let channels = channels(samples);
    let [tran, vert, long, microphone] = &channels;
    let body = waveform::encode([tran, vert, long, microphone]).unwrap();
    fs::write(folder.join(NAME), assemble(USUAL_BODY_OFFSET, &body)).unwrap();
    let mut text = format!(
        "EventType : Full Waveform\r\nEventTime : 11:41:51\r\nEventDate : May 15, 2026\r\nSerialNumber : UM11719\r\n\
         Trigger : Manual\r\nSampleRate : {rate} sps\r\nRecordTime : {seconds} sec\r\nPretriggerLength : 0.000 sec\r\n\
         GeoRange : 254.0 mm/s\r\nUnits : mm/s and pa.(L)\r\nTranPPV : 0.134 mm/s\r\nMicPSPL : 8.503 pa.(L)\r\n"
    );
    if with_table {
        text.push_str("\r\nTran\tVert\tLong\tMicL\r\n");
        for row in 0..samples {
            let velocity = |channel: usize| f64::from(channels[channel][row]) * GEOPHONE;
            let pressure = f64::from(microphone[row]) * MICROPHONE;
            let _ = write!(
                text,
                "{:.3}\t{:.3}\t{:.3}\t{pressure:.3}\r\n",
                velocity(0),
                velocity(1),
                velocity(2)
            );
        }
    }
    fs::create_dir_all(folder.join("TXT")).unwrap();
    fs::write(folder.join("TXT").join(format!("{NAME}.txt")), text).unwrap();
    Opener::default().open(&folder.join(NAME)).unwrap()
}

fn assert_whole(recording: &Recording, samples: usize) {
    assert_eq!(recording.len(), samples);
    let notes: Vec<_> = recording.report.notes().iter().collect();
    assert!(notes.iter().all(|note| note.kind == NoteKind::Assumption), "{notes:?}");
    let statement = recording.statement.as_ref().unwrap();
    assert_eq!(statement.channel("MicL").unwrap().peak.unwrap().value, 8.503);
}

#[test]
fn minutes_with_every_sample_in_the_report_open_at_any_rate() {
    for (rate, seconds) in [(1024, 90.5), (2048, 60.0)] {
        let folder = tempfile::tempdir().unwrap();
        let recording = long(folder.path(), rate, seconds, true);
        assert_whole(&recording, (seconds * rate as f64) as usize);
        assert_eq!(recording.channels[0].scale.of_one(), GEOPHONE);
        let factor = recording.channels[3].scale.of_one();
        assert!((factor / MICROPHONE - 1.0).abs() < 1e-3, "{factor}");
    }
}

#[test]
fn a_recording_longer_than_the_ring_memory_of_older_units_opens_without_a_note() {
    let folder = tempfile::tempdir().unwrap();
    // More boundaries between segments than markers are looked at elsewhere.
    let recording = long(folder.path(), 4096, 2_100.0, false);
    assert_whole(&recording, 4096 * 2_100);
}
