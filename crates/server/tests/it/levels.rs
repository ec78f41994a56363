//! Alarm levels over HTTP.

use std::time::{Duration, Instant};

use crate::common::*;
use serde_json::{Value, json};
use wavekeep_archive::{Archive, NewToken, Role, Scope};
use wavekeep_server::ServeOptions;

const JSON: (&str, &str) = ("Content-Type", "application/json");

fn set(server: &Running, headers: &[(&str, &str)], level: &Value) -> Answer {
    server.ask("POST", "/api/v1/levels", headers, level.to_string().as_bytes())
}

/// Waits until the events that answer are so many.
fn wait_for(server: &Running, query: &str, total: i64) -> Value {
    let begun = Instant::now();
    loop {
        let events = server.get(&format!("/api/v1/events?{query}")).json();
        if events["total"] == total {
            return events;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{query}: {events}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_level_is_set_and_events_are_judged_beside_the_requests() {
    let server = Running::with_samples(&[QUIET]);
    let blast = |name: &str| {
        let report = format!("{name}.TXT");
        server.import("/api/v1/import", &[(name, sample(BLAST)), (&report, sample(BLAST_REPORT))]);
    };
    blast(BLAST);
    let level = json!({"for": {}, "ground": {"curve": "din-3"}, "reason": "permit 7"});
    let answer = set(&server, &[JSON], &level);
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let loud = wait_for(&server, "verdict=exceeds", 1);
    assert_eq!(loud["events"][0]["judged"]["ground"]["curve"], "din-3");
    blast("M529LMOL.DK0W");
    wait_for(&server, "verdict=exceeds", 2);
    let levels = server.get("/api/v1/levels").json();
    assert_eq!(levels["levels"][0]["reason"], "permit 7");
    let end = json!({"for": {}, "ends": ["ground", "air"]});
    assert_eq!(set(&server, &[JSON], &end).status, 200);
    assert_eq!(server.get("/api/v1/levels").json()["levels"], json!([]));
    let all = server.get("/api/v1/levels?all=true").json();
    assert_eq!(all["levels"].as_array().unwrap().len(), 2);
    wait_for(&server, "verdict=no_level", 3);
}

#[test]
fn what_is_no_level_is_refused_with_the_reason() {
    let server = Running::with_samples(&[QUIET]);
    for (level, why) in [
        (json!({}), "needs a limit"),
        (json!({"ground": {"curve": "din-9"}}), "din-9"),
        (json!({"grond": {}}), "unknown field"),
        (json!({"ground": {"curve": "din-2"}, "hours": "22-6"}), "22:00-06:00"),
        (json!([1]), "invalid type"),
    ] {
        let answer = set(&server, &[JSON], &level);
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!((answer.status, text.contains(why)), (422, true), "{text}");
    }
    assert_eq!(server.get("/api/v1/events?verdict=loud").status, 422);
}

#[test]
fn levels_are_set_by_admins_and_shown_to_others_as_far_as_they_see_events() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    let token = |name: &str, role, scope| {
        archive.make_token(&NewToken::new(name, role).with_scope(scope)).unwrap()
    };
    let admin = format!("Bearer {}", token("admin", Role::Admin, None));
    let review = format!("Bearer {}", token("kim", Role::Review, None));
    let part = Scope::new(vec!["BE1".to_owned()], Vec::new());
    let part = format!("Bearer {}", token("site", Role::Read, part));
    let server = Running::with(folder, ServeOptions::default());
    for place in [json!({}), json!({"serial": "BE1"}), json!({"project": "secret"})] {
        let level = json!({"for": place, "ground": {"curve": "din-3"}});
        assert_eq!(set(&server, &[JSON, ("Authorization", &review)], &level).status, 403);
        assert_eq!(set(&server, &[JSON, ("Authorization", &admin)], &level).status, 200);
    }
    let seen = |bearer: &str| {
        let answer = server.ask("GET", "/api/v1/levels", &[("Authorization", bearer)], b"").json();
        answer["levels"].as_array().unwrap_or_else(|| panic!("{answer}")).len()
    };
    assert_eq!((seen(&admin), seen(&review), seen(&part)), (3, 3, 2));
}

#[test]
fn events_are_selected_by_their_state_and_by_what_they_lack() {
    let server = Running::with_samples(&[QUIET, "M529LN1C.QE0W", "M529LNE5.390"]);
    let report = format!("{BLAST}.TXT");
    server.import("/api/v1/import", &[(BLAST, sample(BLAST)), (&report, sample(BLAST_REPORT))]);
    let loud = json!({"for": {}, "air": {"curve": "nbr-9653-air"}});
    assert_eq!(set(&server, &[JSON], &loud).status, 200);
    let total =
        |query: &str| server.get(&format!("/api/v1/events?{query}")).json()["total"].clone();
    wait_for(&server, "verdict=exceeds,warns,no_verdict,within", 4);
    for verdict in ["exceeds", "warns", "no_verdict", "within", "no_level"] {
        assert_eq!(
            total(&format!("air_verdict={verdict}")),
            total(&format!("verdict={verdict}")),
            "{verdict}: there is no level of the ground"
        );
    }
    let all = server.get("/api/v1/events").json();
    let count = |is: &dyn Fn(&Value) -> bool| {
        json!(all["events"].as_array().unwrap().iter().filter(|event| is(event)).count())
    };
    let is_saturated = |event: &Value| event["flags"].to_string().contains("saturated");
    assert_eq!(total("damaged=true"), count(&|event| event["damaged"] == true));
    assert_eq!(total("damaged=false"), count(&|event| event["damaged"] == false));
    assert_eq!(total("saturated=true"), count(&is_saturated));
    assert_eq!(total("saturated=false"), count(&|event| !is_saturated(event)));
    assert_eq!(total("has_report=false"), 3);
    assert_eq!(total("has_report=true"), 1);
    let without = count(&|event| event["project"].is_null());
    assert_eq!(total("without=project"), without);
    assert_eq!(total("imported_since=yesterday"), 4);
    assert_eq!(total("imported_since=2001-01-01"), 4);
    assert_eq!(total("imported_since=2100-01-01T00:00:00Z"), 0);
    for wrong in ["without=notes", "imported_since=monday", "damaged=2", "air_verdict=loud"] {
        assert_eq!(server.get(&format!("/api/v1/events?{wrong}")).status, 422, "{wrong}");
    }
}

#[test]
fn locations_are_listed_with_the_events_that_have_none_last() {
    let server = Running::with_samples(&[QUIET, BLAST]);
    let body = json!({"corrections": {"location": "School"}}).to_string();
    let corrected = server.ask("PATCH", "/api/v1/events/1/review", &[JSON], body.as_bytes());
    assert_eq!(corrected.status, 200);
    let body = json!({"corrections": {"location": ""}}).to_string();
    let corrected = server.ask("PATCH", "/api/v1/events/2/review", &[JSON], body.as_bytes());
    assert_eq!(corrected.status, 200);
    let locations = server.get("/api/v1/locations").json();
    let names: Vec<&Value> =
        locations.as_array().unwrap().iter().map(|one| &one["location"]).collect();
    assert_eq!(names, [&json!("School"), &Value::Null]);
    assert_eq!((&locations[0]["events"], &locations[1]["events"]), (&json!(1), &json!(1)));
    assert_eq!(server.get("/api/v1/events?without=location").json()["total"], 1);
}
