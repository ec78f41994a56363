//! Peaks against scaled distance over HTTP.

use crate::common::*;
use serde_json::{Value, json};
use wavekeep_archive::{Archive, NewToken, PatchOptions, Role, Scope, Stated};
use wavekeep_server::ServeOptions;

/// Four waveforms whose range is stated, with charge and distance; the last one has no charge.
fn quarry() -> Running {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    let blasts = [
        ("M529LKVQ.6S0W", Some("40 kg"), "60 m"),
        ("M529LIY6.N00", Some("40 kg"), "150 m"),
        (QUIET, Some("55.1 lb"), "600 m"),
        (BLAST, None, "180 m"),
    ];
    for (name, charge, distance) in blasts {
        let stated = Stated { range: Some("normal".to_owned()), ..Stated::default() };
        let mut event = wavekeep_archive::Submission::new(name, sample(name));
        event.stated = stated;
        let id = archive.save(&event).unwrap().id;
        let patch = json!({"review": {"corrections": {"charge": charge, "distance": distance, "project": "Q"}}});
        archive.patch_sidecar(id, &patch, "kim", PatchOptions::default()).unwrap();
    }
    Running::with(folder, ServeOptions::default())
}

#[test]
fn the_law_is_answered_in_the_units_that_are_asked_for() {
    let server = quarry();
    let metric = server.json("/api/v1/scaled_distance?velocity=mm/s&project=Q");
    assert_eq!(
        metric["units"],
        json!({"distance": "m", "charge": "kg", "scaled_distance": "m/√kg", "peak": "mm/s"})
    );
    assert_eq!((&metric["counted"], &metric["total"]), (&json!(3), &json!(4)));
    assert_eq!(metric["left_out"], json!({"no_charge": 1}));
    assert_eq!(metric["events"][2]["blast"]["charge"]["unit"], "lb", "as it was given");
    let imperial = server.json("/api/v1/scaled_distance");
    assert_eq!(imperial["units"]["scaled_distance"], "ft/√lb");
    let beta = |of: &Value| of["law"]["beta"].as_f64().unwrap();
    assert!((beta(&metric) - beta(&imperial)).abs() < 1e-9);
    assert!(metric["law"]["k95"].as_f64() > metric["law"]["k"].as_f64());
}

#[test]
fn two_of_limit_distance_and_charge_give_the_third() {
    let server = quarry();
    let ask = |query: &str| {
        let answer = server.json(&format!("/api/v1/scaled_distance?velocity=mm/s&rows=0&{query}"));
        assert_eq!(answer["events"], json!([]));
        answer["forecasts"].as_array().unwrap().clone()
    };
    let permitted = ask("limit=5&distance=250%20m");
    assert_eq!(permitted.len(), 3, "mean, K95, prediction: {permitted:?}");
    let charge = permitted[1]["charge"].as_f64().unwrap();
    let peaks = ask(&format!("distance=250%20m&charge={charge}%20kg"));
    assert!((peaks[1]["peak"].as_f64().unwrap() / 5.0 - 1.0).abs() < 1e-6, "{peaks:?}");
    let distances = ask(&format!("limit=5&charge={charge}%20kg"));
    assert!((distances[1]["distance"].as_f64().unwrap() / 250.0 - 1.0).abs() < 1e-6);
    assert!(ask("limit=5").len() > 3, "a table over the distances");
    assert!(ask("distance=250%20m").is_empty());
}

#[test]
fn the_chart_and_the_table_are_formats_of_the_answer() {
    let server = quarry();
    for (format, media, start) in [
        ("svg", "image/svg+xml", &b"<svg"[..]),
        ("png", "image/png", b"\x89PNG"),
        ("pdf", "application/pdf", b"%PDF"),
        ("csv", "text/csv; charset=utf-8", b"id,serial"),
    ] {
        let answer =
            server.get(&format!("/api/v1/scaled_distance?format={format}&theme=dark&limit=0.2"));
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(media)));
        assert!(answer.body.starts_with(start), "{format}");
    }
    let empty = server.get("/api/v1/scaled_distance?format=svg&project=none");
    assert!(
        String::from_utf8(empty.body)
            .unwrap()
            .contains("No law: a law needs 3 events that count: found 0")
    );
}

#[test]
fn what_no_blast_has_is_refused() {
    let server = quarry();
    for (query, words) in [
        ("limit=0", "above 0"),
        ("limit=NaN", "finite"),
        ("distance=250", "number with a unit"),
        ("distance=-1%20m", "a distance is above zero"),
        ("charge=inf%20kg", "number with a unit"),
        ("medium=water", "none of ground, air"),
        ("format=docx", "json, csv, svg, png or pdf"),
        ("velocity=km/h", "in/s or mm/s"),
        ("colour=red", "no parameter of this path"),
    ] {
        let answer = server.get(&format!("/api/v1/scaled_distance?{query}"));
        assert_eq!(answer.status, 422, "{query}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(words), "{query}: {detail}");
    }
}

#[test]
fn corrections_of_charge_and_distance_go_through_the_review() {
    let server = quarry();
    let set = server.patch("/api/v1/events/4/review", r#"{"corrections": {"charge": "99.2 lb"}}"#);
    assert_eq!(set.status, 200);
    let event = server.json("/api/v1/events/4");
    assert!((event["event"]["charge_kg"].as_f64().unwrap() - 44.996).abs() < 1e-3);
    assert_eq!(server.json("/api/v1/scaled_distance")["counted"], 4);
    let refused = server.patch("/api/v1/events/4/review", r#"{"corrections": {"charge": "lots"}}"#);
    assert_eq!(refused.status, 422);
    assert!(refused.json()["detail"].as_str().unwrap().contains("45 kg or 99.2 lb"));
    assert_eq!(server.post("/api/v1/events/4/undo", "").status, 200);
    assert_eq!(server.json("/api/v1/scaled_distance")["counted"], 3);
    let many = r#"{"where": {"project": "Q"}, "patch": {"corrections": {"distance": "500 ft"}}}"#;
    assert_eq!(server.post("/api/v1/review", many).json()["changed"], 4);
}

#[test]
fn a_token_for_a_part_gets_the_law_of_that_part() {
    let server = quarry();
    let archive = Archive::open(server.folder.path()).unwrap();
    for (project, events) in [("Q", 4), ("other", 0)] {
        let scope = Scope::new(Vec::new(), vec![project.to_owned()]);
        let new = NewToken::new(project, Role::Read).with_scope(scope);
        let bearer = format!("Bearer {}", archive.make_token(&new).unwrap());
        let answer =
            server.ask("GET", "/api/v1/scaled_distance", &[("Authorization", &bearer)], b"");
        assert_eq!(answer.json()["total"], events, "{project}");
    }
}
