//! Charge and distance of events, and the law of a site.

use std::fs;

use crate::common::*;
use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::{Value, json};
use wavekeep_archive::{
    Archive, BlastMedium, BlastSource, EventRow, LeftOutOfLaw, PatchOptions, Query, Scope,
    Submission,
};
use wavekeep_core::Unit;
use wavekeep_signal::{BlastUnits, NoAttenuation};

/// The blast of the samples, whose report states this field too.
fn stating(field: &str) -> Submission {
    let mut report = sample(BLAST_REPORT);
    report.extend(format!("\"Scaled Distance : {field}\"\r\n").into_bytes());
    submission(BLAST).report(BLAST_REPORT, report)
}

fn correct(archive: &Archive, id: i64, corrections: Value) -> Result<EventRow, String> {
    let patch = json!({ "review": { "corrections": corrections } });
    let made = archive.patch_sidecar(id, &patch, "kim", PatchOptions::default());
    made.map_err(|error| error.to_string())?;
    Ok(archive.event(id).unwrap())
}

fn near(value: Option<f64>, expected: f64) -> bool {
    value.is_some_and(|value| (value / expected - 1.0).abs() < 1e-9)
}

#[test]
fn a_report_states_charge_and_distance_in_its_own_units() {
    let fresh = fresh();
    let row = fresh.archive.event(fresh.save(&stating("45.0 (450.0 ft, 100.0 lb)")).id).unwrap();
    let (charge, distance) = (row.blast().charge.unwrap(), row.blast().distance.unwrap());
    assert_eq!((charge.reading.to_string(), charge.from), ("100.0 lb".into(), BlastSource::Report));
    assert_eq!(distance.reading.to_string(), "450.0 ft");
    assert!(near(row.charge_kg, 45.359_237) && near(row.distance_m, 137.16), "{row:?}");
    assert!(near(row.scaled_distance_m_kg05, 137.16 / 45.359_237f64.sqrt()));
    assert_eq!((row.corrected.as_str(), row.contradicted), ("[]", false));
    fresh.verify_clean();
}

#[test]
fn what_people_set_comes_before_the_report_and_can_be_undone() {
    let fresh = fresh();
    let id = fresh.save(&stating("45.0 (450.0 ft, 100.0 lb)")).id;
    let before = fresh.archive.event(id).unwrap();
    let row = correct(&fresh.archive, id, json!({"charge": "45 kg"})).unwrap();
    let charge = row.blast().charge.unwrap();
    assert_eq!((charge.reading.to_string(), charge.from), ("45 kg".into(), BlastSource::Corrected));
    assert_eq!(row.blast().replaced_charge.unwrap().to_string(), "100.0 lb");
    assert_eq!((row.charge_kg, row.distance_m), (Some(45.0), before.distance_m));
    assert_eq!(row.corrected, r#"["charge"]"#);
    // What was corrected stays so when the report comes again.
    fresh.save(&stating("45.0 (450.0 ft, 100.0 lb)"));
    assert_eq!(fresh.archive.event(id).unwrap().charge_kg, Some(45.0));
    fresh.verify_clean();
    let log = fresh.archive.review_log(Some(id), 10).unwrap();
    assert_eq!(log[0].after["review"]["corrections"]["charge"], "45 kg");
    fresh.archive.undo(id, "kim").unwrap();
    let undone = fresh.archive.event(id).unwrap();
    assert_eq!((undone.blast, undone.charge_kg), (before.blast, before.charge_kg));
}

#[test]
fn a_charge_can_be_set_to_none_and_back_to_what_the_report_states() {
    let fresh = fresh();
    let id = fresh.save(&stating("45.0 (450.0 ft, 100.0 lb)")).id;
    let none = correct(&fresh.archive, id, json!({"charge": "", "distance": ""})).unwrap();
    assert_eq!((none.charge_kg, none.distance_m, none.scaled_distance_m_kg05), (None, None, None));
    assert_eq!(none.corrected, r#"["charge","distance"]"#);
    let back = correct(&fresh.archive, id, json!({"charge": null})).unwrap();
    assert!(near(back.charge_kg, 45.359_237) && back.distance_m.is_none());
    assert_eq!(back.corrected, r#"["distance"]"#);
}

#[test]
fn what_no_blast_has_is_refused_and_nothing_is_changed() {
    let fresh = fresh();
    let id = fresh.save(&submission(QUIET)).id;
    let before = files(fresh.folder.path());
    for (field, value) in [
        ("charge", "0 kg"),
        ("charge", "-4 kg"),
        ("charge", "NaN kg"),
        ("charge", "45"),
        ("charge", "9999999 kg"),
        ("distance", "320 kg"),
        ("distance", "inf m"),
        ("distance", "1,5 m"),
    ] {
        let refused = correct(&fresh.archive, id, json!({ field: value })).unwrap_err();
        assert!(refused.contains(&format!("review.corrections.{field} cannot be")), "{refused}");
    }
    assert!(correct(&fresh.archive, id, json!({"charge": 45})).is_err());
    assert_eq!(files(fresh.folder.path()), before);
}

#[test]
fn zeros_of_a_report_are_not_used_and_the_row_says_why() {
    let fresh = fresh();
    let row = fresh.archive.event(fresh.save(&stating("0.0 (0.0 m, -3.0 kg)")).id).unwrap();
    assert_eq!((row.charge_kg, row.distance_m), (None, None));
    let expected = [
        "the report states a charge of -3.0 kg: a charge is above zero: between 0.001 kg and 1000000 kg",
        "the report states a distance of 0.0 m: none was entered",
    ];
    assert_eq!(row.blast().not_used, expected);
}

#[test]
fn a_scaled_distance_that_contradicts_its_parts_is_noted_and_takes_no_verdict_away() {
    let fresh = fresh();
    let id = fresh.save(&stating("90.0 (450.0 ft, 100.0 lb)")).id;
    let warnings = fresh.archive.sidecar(id).unwrap().decode().warnings.unwrap();
    let words = "the report states a scaled distance of 90: 450.0 ft and 100.0 lb give 45.0";
    assert!(warnings.iter().any(|note| note["message"] == words), "{warnings:?}");
    assert!(!fresh.archive.event(id).unwrap().contradicted);
}

#[test]
fn what_another_program_wrote_as_a_charge_is_not_used() {
    let fresh = fresh();
    let id = fresh.save(&submission(QUIET)).id;
    let row = fresh.archive.event(id).unwrap();
    let path = fresh.archive.layout().event(&row.serial, &row.filename).sidecar();
    for value in ["heaps", "0 kg", "45"] {
        let mut document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        document["review"]["corrections"] = json!({ "charge": value });
        fs::write(&path, document.to_string()).unwrap();
        fresh.archive.rebuild_index().unwrap();
        let row = fresh.archive.event(id).unwrap();
        assert_eq!(row.charge_kg, None);
        assert_eq!(row.blast().not_used.len(), 1, "{row:?}");
        // A change of something else is possible all the same.
        correct(&fresh.archive, id, json!({"project": "P"})).unwrap();
    }
}

/// What version 8 of the index added.
const BEFORE_VERSION_8: &str = "ALTER TABLE events DROP COLUMN charge_kg; \
    ALTER TABLE events DROP COLUMN distance_m; \
    ALTER TABLE events DROP COLUMN scaled_distance_m_kg05; \
    ALTER TABLE events DROP COLUMN blast; PRAGMA user_version = 7";

#[test]
fn an_index_of_version_7_is_brought_to_the_present_one() {
    let fresh = fresh();
    let id = fresh.save(&with_report(BLAST, BLAST_REPORT)).id;
    let before = fresh.archive.event(id).unwrap();
    let index = fresh.archive.layout().index();
    drop(fresh.archive);
    Connection::open(&index).unwrap().execute_batch(BEFORE_VERSION_8).unwrap();
    // A program that looks changes nothing: it makes the index in memory.
    let looked = Archive::open_to_read(fresh.folder.path()).unwrap();
    assert_eq!(looked.event(id).unwrap().blast, "{}");
    drop(looked);
    let archive = Archive::open(fresh.folder.path()).unwrap();
    assert_eq!(archive.event(id).unwrap(), before);
    assert_eq!(correct(&archive, id, json!({"charge": "45 kg"})).unwrap().charge_kg, Some(45.0));
    assert!(archive.verify(hashes(), &|_, _| {}).unwrap().is_whole());
}

/// Puts `count` events beside event 1, which they are like: their PPVs lie on 1140 · SD^(−1.6) in mm/s, times
/// e to the power of up to `scatter`.
fn site(archive: &Archive, count: u32, scatter: f64) {
    let mut connection = Connection::open(archive.layout().index()).unwrap();
    let transaction = connection.transaction().unwrap();
    let sql = "INSERT INTO events (serial, filename, kind, timestamp, vert_in_s, ppv_in_s, mic_psi, mic_db_l, \
               flags, text_id, false_trigger, has_report, assumed, missing_samples, damaged, changed, \
               charge_kg, distance_m, scaled_distance_m_kg05, blast) \
               SELECT serial, ?1, kind, timestamp, ?2, ?2, mic_psi, mic_db_l, '{}', text_id, 0, 1, '[]', 0, 0, \
               changed, ?3, ?4, ?5, ?6 FROM events WHERE id = 1";
    let mut insert = transaction.prepare(sql).unwrap();
    for n in 1..=count {
        let (w, r) = (20.0 + f64::from(n % 97), 50.0 + 7.0 * f64::from(n % 89));
        let sd = r / w.sqrt();
        let ppv = 1140.0 * sd.powf(-1.6) * (scatter * (f64::from(n) * 12.9898).sin()).exp();
        let value =
            |value: f64, unit: &str| json!({"value": value, "unit": unit, "from": "report"});
        let blast = json!({"charge": value(w, "kg"), "distance": value(r, "m")}).to_string();
        insert.execute((format!("E{n}"), ppv / 25.4, w, r, sd, blast)).unwrap();
    }
    drop(insert);
    transaction.commit().unwrap();
}

fn with_site(count: u32, scatter: f64) -> Fresh {
    let fresh = fresh();
    assert_eq!(fresh.save(&with_report(BLAST, BLAST_REPORT)).id, 1);
    site(&fresh.archive, count, scatter);
    fresh
}

#[test]
fn the_law_of_a_site_is_found_from_its_events() {
    let fresh = with_site(50, 0.0);
    let found = fresh.archive.scaled_distances(&Query::default(), BlastMedium::Ground).unwrap();
    let law = found.law.unwrap();
    assert_eq!(law.points, 50);
    assert!(near(Some(law.k), 1140.0) && near(Some(law.beta), 1.6), "{law:?}");
    assert_eq!(found.left_out_words().unwrap(), "1 left out: 1 no charge");
    let imperial = BlastUnits::with(Unit::InchPerSecond, BlastMedium::Ground.root());
    let law = law.in_units(BlastMedium::Ground.units(), imperial, BlastMedium::Ground.root());
    // 1 ft/√lb is 0.3048 m / √0.45359237 kg.
    let k = 1140.0 / 25.4 * (0.304_8 / 0.453_592_37f64.sqrt()).powf(-1.6);
    assert!(near(Some(law.k), k), "{law:?}");
}

#[test]
fn events_that_say_nothing_of_the_ground_are_left_out_with_the_reason() {
    let fresh = with_site(12, 0.0);
    let connection = Connection::open(fresh.archive.layout().index()).unwrap();
    for (n, change) in [
        "false_trigger = 1",
        "kind = 'histogram'",
        "charge_kg = NULL",
        "distance_m = NULL",
        "vert_in_s = NULL",
        "assumed = '[\"range\"]'",
        "contradicted = 1",
        "flags = '{\"vert\": \"saturated\"}'",
        "flags = '{\"vert\": \"below_range\"}'",
    ]
    .into_iter()
    .enumerate()
    {
        let sql = format!("UPDATE events SET {change} WHERE filename = 'E{}'", n + 1);
        assert_eq!(connection.execute(&sql, []).unwrap(), 1);
    }
    let found = fresh.archive.scaled_distances(&Query::default(), BlastMedium::Ground).unwrap();
    use LeftOutOfLaw::*;
    let expected = [
        (FalseTrigger, 1),
        (NotAWaveform, 1),
        (NoCharge, 2),
        (NoDistance, 1),
        (NoPeak, 1),
        (AssumedRange, 1),
        (Contradicted, 1),
        (LowerBound, 1),
        (UpperBound, 1),
    ];
    assert_eq!(found.left_out, expected.into());
    assert_eq!((found.counted().count(), found.law.unwrap().points), (3, 3));
}

#[test]
fn a_token_for_a_project_sees_the_law_of_its_events_alone() {
    let fresh = with_site(9, 0.0);
    let of = |project: &str| {
        let scope = Scope::new(Vec::new(), vec![project.to_owned()]);
        let query = Query::default().with_scope(scope);
        fresh.archive.scaled_distances(&query, BlastMedium::Ground).unwrap()
    };
    let project = fresh.archive.event(1).unwrap().project.unwrap();
    assert_eq!(of(&project).events.len(), 10);
    let other = of("another one");
    assert_eq!((other.events.len(), other.law), (0, Err(NoAttenuation::TooFew { found: 0 })));
}

#[test]
fn air_is_scaled_by_the_cube_root_and_measured_in_pascals() {
    let fresh = with_site(9, 0.0);
    let found = fresh.archive.scaled_distances(&Query::default(), BlastMedium::Air).unwrap();
    let event = found.counted().next().unwrap();
    let expected = event.distance_m.unwrap() / event.charge_kg.unwrap().cbrt();
    assert!(near(event.scaled_distance, expected));
    let peak = event.peak.unwrap();
    assert_eq!(peak.unit, Unit::Pascal);
    let level = peak.to(Unit::DecibelLinear).unwrap().value;
    assert!((level - fresh.archive.event(event.id).unwrap().mic_db_l.unwrap()).abs() < 0.05);
}

#[test]
fn a_hundred_thousand_events_have_a_law() {
    let fresh = with_site(100_000, 0.4);
    let found = fresh.archive.scaled_distances(&Query::default(), BlastMedium::Ground).unwrap();
    let law = found.law.unwrap();
    assert_eq!((law.points, found.events.len()), (100_000, 100_001));
    // The scatter is that of 0.4 · sin of evenly spread angles, in powers of ten.
    let scatter = 0.4 / 2f64.sqrt() / std::f64::consts::LN_10;
    assert!((law.standard_error / scatter - 1.0).abs() < 0.02, "{law:?}");
    assert!((law.beta - 1.6).abs() < 0.02, "{law:?}");
}

#[test]
fn the_table_names_units_sources_and_reasons() {
    let fresh = fresh();
    fresh.save(&stating("45.0 (450.0 ft, 100.0 lb)"));
    correct(&fresh.archive, 1, json!({"charge": "50 kg", "project": "=cmd"})).unwrap();
    fresh.save(&submission(QUIET));
    let found = fresh.archive.scaled_distances(&Query::default(), BlastMedium::Ground).unwrap();
    let mut csv = Vec::new();
    let imperial = BlastUnits::with(Unit::InchPerSecond, BlastMedium::Ground.root());
    found.write_csv(imperial, &mut csv).unwrap();
    let csv = String::from_utf8(csv).unwrap();
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert!(lines[0].ends_with("charge (lb),charge from,distance (ft),distance from,scaled distance (ft/√lb),peak (in/s),flag,left out"));
    assert!(lines[1].contains(",'=cmd,") && lines[1].contains(",110.231131"), "{}", lines[1]);
    assert!(
        lines[1].contains(",corrected,450,report,42.86") && lines[1].ends_with(",0.41,,"),
        "{}",
        lines[1]
    );
    assert!(lines[2].ends_with(",no charge"), "{}", lines[2]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_unit_in_which_people_write_a_charge_or_a_distance_changes_nothing(
        charge in 1u32..2_000_000, distance in 1u32..1_000_000,
    ) {
        let fresh = fresh();
        let id = fresh.save(&submission(QUIET)).id;
        let (kg, m) = (f64::from(charge) / 100.0, f64::from(distance) / 10.0);
        let metric = json!({"charge": format!("{kg} kg"), "distance": format!("{m} m")});
        let (lb, ft) = (kg / 0.453_592_37, m / 0.3048);
        let imperial = json!({"charge": format!("{lb:.9} lb"), "distance": format!("{ft:.9} ft")});
        let a = correct(&fresh.archive, id, metric).unwrap();
        let b = correct(&fresh.archive, id, imperial).unwrap();
        prop_assert!((b.scaled_distance_m_kg05.unwrap() / a.scaled_distance_m_kg05.unwrap() - 1.0).abs() < 1e-6);
    }
}
