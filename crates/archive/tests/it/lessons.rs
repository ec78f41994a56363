//! What went wrong in other archives, and must not here.

use std::fs;

use crate::common;
use crate::common::*;
use serde_json::{Value, json};
use wavekeep_archive::{
    Outcome, Pairing, Peak, Query, RemakeOptions, Sidecar, Submission, UNKNOWN_SERIAL,
};
use wavekeep_core::Basis;

#[test]
fn row_sidecar_and_recording_say_what_the_report_says() {
    let fresh = fresh();
    let id = fresh.save(&with_report(BLAST, BLAST_REPORT)).id;
    let row = fresh.archive.event(id).unwrap();
    let sidecar = fresh.archive.sidecar(id).unwrap();
    let recording = fresh.archive.recording(id).unwrap();
    let stated = recording.statement.unwrap();
    let peak = |name: &str| stated.channel(name).unwrap().peak.unwrap().value;
    let peaks = sidecar.peak_values();
    for (name, in_row, in_sidecar) in [
        ("Tran", row.tran_in_s, peaks.tran),
        ("Vert", row.vert_in_s, peaks.vert),
        ("Long", row.long_in_s, peaks.long),
        ("MicL", row.mic_db_l, peaks.mic_db_l),
    ] {
        assert_eq!((in_row, in_sidecar), (Some(peak(name)), Some(peak(name))), "{name}");
    }
    assert!(row.has_report);
}

#[test]
fn real_names_give_real_serial_numbers_and_an_unknown_one_is_loud() {
    let fresh = fresh();
    for (name, serial) in [
        (BLAST, "BE11529"),
        ("N844L6Z8.ZR0H", "BE12844"),
        ("T190LD5Q.LK0W", "BE18190"),
        ("M529LIY6.N00", "BE11529"),
    ] {
        let saved = fresh.save(&submission(name));
        assert_eq!((saved.serial.as_str(), saved.serial_unknown), (serial, false));
    }
    let saved = fresh.save(&Submission::new("event.bin", sample(QUIET)));
    assert_eq!((saved.serial.as_str(), saved.serial_unknown), (UNKNOWN_SERIAL, true));
    assert!(saved.assumed.contains(&"serial".to_owned()));
    let given = fresh.save(&Submission::new("other.bin", sample(QUIET)).serial("BE7"));
    assert_eq!((given.serial.as_str(), given.serial_unknown), ("BE7", false));
}

#[test]
fn the_loudest_event_keeps_a_number_and_a_flag() {
    let fresh = fresh();
    let id = fresh.save(&with_report(OVER_RANGE, OVER_RANGE_REPORT)).id;
    let row = fresh.archive.event(id).unwrap();
    assert_eq!((row.tran_in_s, row.ppv_in_s), (Some(10.0), Some(10.0)));
    let flags: Value = serde_json::from_str(&row.flags).unwrap();
    assert_eq!(flags["tran"], "saturated");
    assert_eq!(flags["peak_vector_sum"], "saturated");
    assert!(row.pvs_in_s.unwrap() > 17.3);
    assert_eq!(row.ppv().unwrap().to_string(), "≥10.000 in/s");
    assert_eq!(row.peak(Peak::Long).unwrap().to_string(), "8.765 in/s");
    let units = fresh.archive.units().unwrap();
    assert_eq!(units[0].largest_ppv.unwrap().to_string(), "≥10.000 in/s");
    let loudest = Query::default().with_min_ppv_in_s(Some(9.9));
    assert_eq!(fresh.archive.query(&loudest).unwrap().total, 1);
}

#[test]
fn a_level_is_never_a_pressure() {
    let fresh = fresh();
    let id = fresh.save(&with_report(OVER_RANGE, OVER_RANGE_REPORT)).id;
    let peaks = fresh.archive.sidecar(id).unwrap().peak_values();
    assert_eq!(peaks.mic_db_l, Some(137.75));
    // 137.75 dB(L) re 2.9008e-9 psi.
    let psi = 2.9008e-9 * 10f64.powf(137.75 / 20.0);
    assert!((peaks.mic_psi.unwrap() / psi - 1.0).abs() < 1e-4);
    assert_eq!(peaks.units.unwrap()["mic_db_l"], "dB(L)");
}

#[test]
fn a_unit_local_time_has_no_zone_and_a_moment_in_utc_has_one() {
    let fresh = fresh();
    let id = fresh.save(&submission(BLAST)).id;
    let row = fresh.archive.event(id).unwrap();
    let timestamp = row.timestamp.unwrap();
    assert!(timestamp.parse::<jiff::Timestamp>().is_err(), "{timestamp}");
    timestamp.parse::<jiff::civil::DateTime>().unwrap();
    for moment in [row.captured_at, row.last_seen] {
        assert!(moment.unwrap().ends_with('Z'));
    }
}

#[test]
fn events_of_one_unit_are_told_apart_by_name_and_bytes() {
    let fresh = fresh();
    // The same keys stand in both after an erase; nothing looks at them.
    let first = fresh.save(&submission(QUIET));
    let second = fresh.save(&Submission::new("M529LKVQ.6S0W", sample(QUIET)));
    assert_ne!(first.id, second.id);
    assert_eq!((first.outcome, second.outcome), (Outcome::New, Outcome::New));
}

#[test]
fn a_late_report_reaches_sidecar_row_and_arrays() {
    let fresh = fresh();
    let saved = fresh.save(&submission(BLAST));
    assert_eq!(saved.report, Pairing::NotPaired);
    let arrays = fs::read(fresh.path("BE11529", "M529LMOK.DK0W.h5")).unwrap();
    let late = fresh.save(&with_report(BLAST, BLAST_REPORT));
    assert_eq!((late.outcome, late.id), (Outcome::PairedLate, saved.id));
    assert_eq!(late.report, Pairing::Paired { txt_filename: BLAST_REPORT.into() });
    assert!(late.assumed.is_empty());
    assert!(fresh.archive.event(saved.id).unwrap().has_report);
    assert_ne!(fs::read(fresh.path("BE11529", "M529LMOK.DK0W.h5")).unwrap(), arrays);
    // It is the same archive as if both had come together.
    let both = common::fresh();
    both.save(&with_report(BLAST, BLAST_REPORT));
    let row = |of: &common::Fresh| {
        let mut row = of.archive.event(1).unwrap();
        (row.captured_at, row.last_seen, row.changed) = (None, None, 0);
        row
    };
    assert_eq!(row(&fresh), row(&both));
}

#[test]
fn a_report_is_found_by_every_name_that_vendors_give_it() {
    for name in ["M529LMOK_DK0W_ASCII.TXT", "M529LMOK.DK0W.TXT", "m529lmok_dk0w_ascii.txt"] {
        let fresh = fresh();
        fresh.save(&submission(BLAST));
        fresh.save(&submission(QUIET));
        let paired =
            fresh.archive.add_report(None, name, &sample(BLAST_REPORT), None).unwrap().unwrap();
        assert_eq!((paired.filename.as_str(), paired.outcome), (BLAST, Outcome::PairedLate));
        assert_eq!(paired.report, Pairing::Paired { txt_filename: name.into() });
    }
    let fresh = fresh();
    fresh.save(&submission(BLAST));
    let nobody = fresh.archive.add_report(None, "M529LMOX_DK0W_ASCII.TXT", b"x", None).unwrap();
    assert!(nobody.is_none());
}

#[test]
fn a_regeneration_never_puts_decoded_values_over_stated_ones() {
    let fresh = fresh();
    let id = fresh.save(&with_report(BLAST, BLAST_REPORT)).id;
    let before = fresh.archive.event(id).unwrap();
    fresh.archive.regenerate(id, RemakeOptions::default()).unwrap();
    let mut after = fresh.archive.event(id).unwrap();
    after.changed = before.changed;
    assert_eq!(after, before);

    // Another program's archive, in which the report is in the sidecar only.
    let path = fresh.path("BE11529", "M529LMOK.DK0W.sfm.json");
    let mut document = Sidecar::parse(&fs::read(&path).unwrap()).unwrap().into_value();
    document["source"]["txt_filename"] = Value::Null;
    document["peak_values"]["tran"] = json!(7.5);
    document["bw_report"]["another_field"] = json!({"kept": [1, 2.5]});
    fs::write(&path, document.to_string()).unwrap();
    fs::remove_file(fresh.path("BE11529", BLAST_REPORT)).unwrap();
    fresh.archive.rebuild_index().unwrap();
    let remade = fresh.archive.regenerate(id, RemakeOptions::default()).unwrap();
    let after = remade.after.into_value();
    assert_eq!(after["peak_values"]["tran"], 7.5);
    assert_eq!(after["bw_report"], document["bw_report"]);
    assert_eq!(after["event"]["assumed"], json!([]));
    let recording = fresh.archive.recording(id).unwrap();
    assert_eq!(recording.range.unwrap().basis, Basis::Report);
    assert_eq!(fresh.archive.event(id).unwrap().tran_in_s, Some(7.5));
}
