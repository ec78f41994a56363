//! A token for some units or projects sees their events, and nothing of the others on any path.

use crate::common::*;
use serde_json::{Value, json};
use wavekeep_archive::{Actor, Archive, NewToken, PatchOptions, Role, Scope};
use wavekeep_server::{ServeOptions, openapi};

/// A unit of its own, and its event.
const OTHER: &str = "N844L6Z8.ZR0H";

/// A server with events of BE11529 (1 and 2) and of BE12844 (3), and a token for a part of it.
fn with_scope(units: &[&str], projects: &[&str], role: Role) -> (Running, String) {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    for (name, report) in [(BLAST, Some(BLAST_REPORT)), (QUIET, None), (OTHER, None)] {
        let mut event = wavekeep_archive::Submission::new(name, sample(name));
        if let Some(report) = report {
            event = event.report(report, sample(report));
        }
        archive.save(&event).unwrap();
    }
    let note = json!({"review": {"notes": "secret of BE11529"}});
    archive.patch_sidecar(1, &note, "kim", PatchOptions::default()).unwrap();
    let texts = |of: &[&str]| of.iter().map(|&text| text.to_owned()).collect();
    let scope = Scope::new(texts(units), texts(projects));
    let token = archive.make_token(&NewToken::new("site", role).with_scope(scope)).unwrap();
    (Running::with(folder, ServeOptions::default()), format!("Bearer {token}"))
}

fn get(server: &Running, bearer: &str, path: &str) -> Answer {
    server.ask("GET", path, &[("Authorization", bearer)], b"")
}

#[test]
fn lists_and_summaries_are_of_the_part_alone() {
    let (server, bearer) = with_scope(&["BE12844"], &[], Role::Read);
    let json = |path: &str| get(&server, &bearer, path).json();
    let events = json("/api/v1/events");
    assert_eq!((&events["total"], &events["events"][0]["id"]), (&json!(1), &json!(3)));
    assert_eq!(json("/api/v1/units").as_array().unwrap().len(), 1);
    assert_eq!(json("/api/v1/months").as_array().unwrap().len(), 1);
    assert_eq!(json("/api/v1/events?serial=BE11529")["total"], 0);
    assert_eq!(json("/api/v1/session")["scope"], json!({"units": ["BE12844"]}));
    let csv = String::from_utf8(get(&server, &bearer, "/api/v1/export").body).unwrap();
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert_eq!(get(&server, &bearer, "/api/v1/events/3/samples").status, 200);
}

#[test]
fn monitor_log_files_are_of_the_units_of_the_part_alone() {
    let (server, bearer) = with_scope(&["BE12844"], &[], Role::Read);
    let archive = Archive::open(server.folder.path()).unwrap();
    let keep = |name: &str, serial: &str| {
        archive.keep_monitor_log(name, b"x", Some(serial), Actor::local()).unwrap().file.entry
    };
    let (own, other) = (keep("a.MLG", "BE12844"), keep("b.MLG", "BE11529"));
    let list = get(&server, &bearer, "/api/v1/monitor_log_files").json();
    assert_eq!((list.as_array().unwrap().len(), &list[0]["entry"]), (1, &json!(own)));
    for (entry, status) in [(own, 200), (other, 404)] {
        let path = format!("/api/v1/monitor_log_files/{entry}/file");
        assert_eq!(get(&server, &bearer, &path).status, status);
    }
}

#[test]
fn a_part_can_be_a_project() {
    let (server, _) = with_scope(&["BE12844"], &[], Role::Read);
    let archive = Archive::open(server.folder.path()).unwrap();
    let project = archive.event(1).unwrap().project.unwrap();
    let new = NewToken::new("client", Role::Read).with_scope(Scope::new(Vec::new(), vec![project]));
    let bearer = format!("Bearer {}", archive.make_token(&new).unwrap());
    let events = get(&server, &bearer, "/api/v1/events").json();
    assert_eq!((&events["total"], &events["events"][0]["id"]), (&json!(1), &json!(1)));
    assert_eq!(get(&server, &bearer, "/api/v1/events/1").status, 200);
    assert_eq!(get(&server, &bearer, "/api/v1/events/2").status, 404, "it is of no project");
}

/// Every path of the interface, asked for an event that is not in the part.
#[test]
fn no_path_says_anything_of_the_other_events() {
    let (server, bearer) = with_scope(&["BE12844"], &[], Role::Review);
    let description = serde_json::to_value(openapi()).unwrap();
    let mut asked = 0;
    for (path, methods) in description["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            for id in ["1", "%31", "+1", "01"] {
                let with_id = path.replace("{id}", id).replace("{idx}", "0").replace("{name}", "x");
                if !path.contains("{id}") && id != "1" || with_id.ends_with("/live") {
                    continue;
                }
                for query in ["", "?serial=BE11529", "?ids=1,2", "?format=zip", "?after_id=1"] {
                    let of = format!("{with_id}{query}");
                    let body = br#"{"where": {}, "patch": {"notes": "x"}, "dry_run": true}"#;
                    let headers =
                        [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
                    let answer = server.ask(&method, &of, &headers, body);
                    let text = String::from_utf8_lossy(&answer.body).into_owned();
                    asked += 1;
                    if path.contains("{id}") {
                        assert!((400..500).contains(&answer.status), "{method} {of}: {text}");
                    }
                    for foreign in ["M529LMOK", "M529LKIQ", "secret of"] {
                        assert!(!text.contains(foreign), "{method} {of}: {text}");
                    }
                    // A question for the unit may be repeated in what is refused; no event is shown.
                    if answer.status < 300 {
                        assert!(!text.contains("BE11529"), "{method} {of}: {text}");
                    }
                }
            }
        }
    }
    assert!(asked > 200, "{asked}");
    let reviewed = Archive::open(server.folder.path()).unwrap();
    assert_eq!(reviewed.event(2).unwrap().review_notes, None);
}

#[test]
fn reviews_are_of_the_part_alone() {
    let (server, bearer) = with_scope(&["BE12844"], &[], Role::Review);
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let body = json!({"where": {}, "patch": {"false_trigger": true}}).to_string();
    let answer = server.ask("POST", "/api/v1/review", &headers, body.as_bytes()).json();
    assert_eq!((&answer["matched"], &answer["changed"]), (&json!(1), &json!(1)));
    let patch = br#"{"notes": "x"}"#;
    for (id, status) in [(3, 200), (1, 404), (99, 404)] {
        let path = format!("/api/v1/events/{id}/review");
        assert_eq!(server.ask("PATCH", &path, &headers, patch).status, status, "{id}");
    }
}

#[test]
fn changes_are_heard_of_the_part_alone() {
    let (server, bearer) = with_scope(&["BE12844"], &[], Role::Read);
    let mut listening = server.listen_with(&bearer);
    let archive = Archive::open(server.folder.path()).unwrap();
    for (id, notes) in [(1, "foreign"), (2, "foreign"), (3, "own")] {
        let patch = json!({"review": {"notes": notes}});
        archive.patch_sidecar(id, &patch, "kim", PatchOptions::default()).unwrap();
    }
    let heard = listening.until("change", |change: &Value| change["id"] == 3);
    assert_eq!(heard.len(), 1, "{heard:?}");
}

#[test]
fn who_brings_events_in_is_not_limited_and_other_paths_say_why_they_refuse() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    let scope = Scope::new(vec!["BE1".to_owned()], Vec::new());
    for role in [Role::Import, Role::Admin] {
        let new = NewToken::new("site", role).with_scope(scope.clone());
        let refused = archive.make_token(&new).unwrap_err().to_string();
        assert!(refused.contains("read or review"), "{refused}");
    }
    let (server, bearer) = with_scope(&["BE12844"], &[], Role::Read);
    for path in ["/api/v1/ledger", "/metrics", "/api/v1/verification", "/db/events"] {
        let refused = get(&server, &bearer, path);
        assert_eq!(refused.status, 403, "{path}");
        assert_eq!(refused.json()["type"], "urn:wavekeep:scope", "{path}");
    }
    assert_eq!(get(&server, &bearer, "/").status, 200);
    assert_eq!(get(&server, &bearer, "/health").status, 200);
}

#[test]
fn nobody_takes_an_event_into_or_out_of_the_part() {
    let (server, bearer) = with_scope(&["BE12844"], &[], Role::Review);
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let correct = |of: &str| json!({"corrections": {of: "x"}}).to_string();
    let patch = |body: &str| {
        server.ask("PATCH", "/api/v1/events/3/review", &headers, body.as_bytes()).status
    };
    assert_eq!(patch(&correct("location")), 200);
    assert_eq!(patch(&correct("project")), 403);
    let bulk = json!({"where": {}, "patch": {"corrections": {"project": "x"}}}).to_string();
    assert_eq!(server.ask("POST", "/api/v1/review", &headers, bulk.as_bytes()).status, 403);
    let whole = json!({"review": {"corrections": {"project": "x"}}}).to_string();
    let path = "/db/events/3/sidecar";
    assert_eq!(server.ask("PATCH", path, &headers, whole.as_bytes()).status, 403);
    let unit = json!({"serial": "BE11529", "reason": "x"}).to_string();
    let path = "/api/v1/events/3/unit";
    assert_eq!(server.ask("POST", path, &headers, unit.as_bytes()).status, 403);
    let row = Archive::open(server.folder.path()).unwrap().event(3).unwrap();
    assert_eq!((row.serial.as_str(), row.location.as_deref()), ("BE12844", Some("x")));
    assert_eq!(row.project.as_deref(), None);
}

#[test]
fn events_that_are_named_are_reviewed_and_undone_as_far_as_they_are_of_the_part() {
    let (server, bearer) = with_scope(&["BE12844"], &[], Role::Review);
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let ask = |path: &str, body: Value| {
        server.ask("POST", path, &headers, body.to_string().as_bytes()).json()
    };
    let note = json!({"notes": "x"});
    let dry = ask("/api/v1/review", json!({"ids": [1, 2, 3], "patch": note, "dry_run": true}));
    assert_eq!(dry, json!({"matched": 1, "changed": 0, "dry_run": true, "ids": [3]}));
    let made = ask("/api/v1/review", json!({"ids": [1, 2, 3], "patch": note}));
    assert_eq!(made, json!({"matched": 1, "changed": 1, "dry_run": false}));
    let undone = ask("/api/v1/review/undo", json!({"ids": [1, 3]}));
    assert_eq!(undone, json!({"undone": 1, "not_undone": []}));
    let archive = Archive::open(server.folder.path()).unwrap();
    let notes = [1, 2, 3].map(|id| archive.event(id).unwrap().review_notes);
    assert_eq!(notes, [Some("secret of BE11529".to_owned()), None, None]);
    let outside = ask("/api/v1/review/undo", json!({"ids": [1]}));
    assert_eq!(outside["type"], "urn:wavekeep:nothing_to_undo", "{outside}");
}

#[test]
fn a_correction_of_the_project_is_not_undone_by_who_sees_a_part() {
    let (server, bearer) = with_scope(&[], &["Quarry 4"], Role::Review);
    let archive = Archive::open(server.folder.path()).unwrap();
    let corrected = json!({"review": {"corrections": {"project": "Quarry 4"}}});
    archive.patch_sidecar(3, &corrected, "kim", PatchOptions::default()).unwrap();
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let ask = |path: &str, body: &str| server.ask("POST", path, &headers, body.as_bytes()).status;
    assert_eq!(ask("/api/v1/events/3/undo", ""), 403);
    assert_eq!(ask("/api/v1/review/undo", r#"{"ids": [3]}"#), 403);
    assert_eq!(archive.event(3).unwrap().project.as_deref(), Some("Quarry 4"));
    assert_eq!(ask("/api/v1/review", r#"{"ids": [3], "patch": {"notes": "x"}}"#), 200);
    assert_eq!(ask("/api/v1/review/undo", r#"{"ids": [3]}"#), 200);
}
