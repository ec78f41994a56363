//! Trends, units and plans over HTTP.

use crate::common::*;
use serde_json::{Value, json};
use wavekeep_archive::{Archive, NewToken, Role, Scope, Submission};
use wavekeep_server::ServeOptions;

const JSON: (&str, &str) = ("Content-Type", "application/json");
const BYTES: (&str, &str) = ("Content-Type", "application/octet-stream");
const SITE: &str = "<svg xmlns='http://www.w3.org/2000/svg' width='60' height='30'>\
    <script>alert(1)</script><rect width='20' height='20'/></svg>";

fn with_blast() -> Running {
    let server = Running::with_samples(&[QUIET]);
    server
        .import("/api/v1/import", &[(BLAST, sample(BLAST)), (BLAST_REPORT, sample(BLAST_REPORT))]);
    server
}

fn set_site(server: &Running, query: &str) -> Answer {
    server.ask("PUT", &format!("/api/v1/plans{query}"), &[BYTES], SITE.as_bytes())
}

fn place(server: &Running, headers: &[(&str, &str)], body: &Value) -> Answer {
    server.ask("POST", "/api/v1/plans/places", headers, body.to_string().as_bytes())
}

fn location(server: &Running) -> String {
    let all = server.json("/api/v1/locations");
    all[0]["location"].as_str().unwrap().to_owned()
}

#[test]
fn a_trend_takes_the_filters_of_the_list() {
    let server = with_blast();
    let all = server.json("/api/v1/trend");
    assert_eq!((&all["events"], all["days"].as_array().unwrap().len()), (&json!(2), 2));
    let one = server.json("/api/v1/trend?from=2026-06-12&to=2026-06-12");
    assert_eq!(one["days"][0]["day"], "2026-06-12");
    assert_eq!(one["days"][0]["ppv"]["reading"]["value"], 0.41);
    assert_eq!(server.json("/api/v1/trend?min_ppv_in_s=9")["days"], json!([]));
    assert_eq!(server.get("/api/v1/trend?limit=5").status, 422, "a trend has no pages");
    assert_eq!(server.get("/api/v1/trend?from=May").status, 422);
}

#[test]
fn a_location_says_its_latest_event() {
    let server = with_blast();
    let all = server.json("/api/v1/locations");
    let of = &all[0];
    assert_eq!(
        (&of["events"], &of["exceeds"], &of["last_verdict"]),
        (&json!(1), &json!(0), &json!(null))
    );
    assert_eq!(of["last_ppv"]["value"], 0.41);
}

#[test]
fn a_unit_says_where_its_facts_are_from() {
    let server = with_blast();
    let unit = server.json("/api/v1/units/BE11529?to=2026-06-30&calibration_months=24");
    assert_eq!(
        (&unit["battery"]["text"], &unit["battery"]["event"]),
        (&json!("6.3 Volts"), &json!(2))
    );
    assert_eq!((&unit["calibration"]["months"], &unit["memory"]), (&json!(24), &json!(null)));
    assert_eq!((&unit["from"], &unit["to"]), (&json!("2026-04-02"), &json!("2026-06-30")));
    for (path, status) in [
        ("/api/v1/units/BE1", 404),
        ("/api/v1/units/..%2F..%2Fetc", 404),
        ("/api/v1/units/BE11529?calibration_months=0", 422),
        ("/api/v1/units/BE11529?to=soon", 422),
    ] {
        assert_eq!(server.get(path).status, status, "{path}");
    }
}

#[test]
fn a_plan_that_was_an_svg_is_served_as_a_picture_without_its_script() {
    let server = with_blast();
    assert_eq!(server.json("/api/v1/plans")["plans"], json!([]));
    let set = set_site(&server, "?name=site.svg");
    assert_eq!(set.status, 200, "{}", String::from_utf8_lossy(&set.body));
    let plans = server.json("/api/v1/plans");
    let picture = &plans["plans"][0]["picture"];
    assert_eq!((&picture["width"], &picture["name"]), (&json!(3000), &json!("site.svg")));
    let path = format!("/api/v1/plans/pictures/{}", picture["sha256"].as_str().unwrap());
    let served = server.get(&path);
    assert_eq!(served.header("content-type"), Some("image/png"));
    assert_eq!(served.header("content-security-policy"), Some("default-src 'none'; sandbox"));
    assert_eq!(served.header("x-content-type-options"), Some("nosniff"));
    assert!(!served.body.windows(5).any(|part| part == b"alert"));
    assert_eq!(server.get("/api/v1/plans/pictures/..%2Fledger.jsonl").status, 404);
}

#[test]
fn what_is_no_picture_is_refused_with_the_reason() {
    let server = with_blast();
    let mut bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bomb.extend([0xff; 8]);
    for (body, words) in [
        (&b""[..], "PNG, JPEG or SVG"),
        (b"GIF89a", "PNG, JPEG or SVG"),
        (&bomb, "cannot be read"),
        (b"\xff\xd8\xff", "cannot be read"),
        (b"<svg", ""),
    ] {
        let refused = server.ask("PUT", "/api/v1/plans", &[BYTES], body);
        let text = String::from_utf8_lossy(&refused.body).into_owned();
        assert_eq!((refused.status, text.contains(words)), (422, true), "{text}");
    }
    assert_eq!(server.json("/api/v1/plans")["history"], json!([]));
}

#[test]
fn a_location_is_placed_moved_and_put_back() {
    let server = with_blast();
    let school = location(&server);
    let at = |place: Value| json!({"location": school, "place": place});
    assert_eq!(place(&server, &[JSON], &at(json!([0.5, 0.5]))).status, 422, "there is no plan");
    set_site(&server, "");
    assert_eq!(place(&server, &[JSON], &at(json!([0.25, 0.5]))).status, 200);
    let moved = place(&server, &[JSON], &at(json!([0.75, 0.5]))).json();
    let x = || server.json("/api/v1/plans")["plans"][0]["places"][0]["x"].clone();
    assert_eq!(x(), 0.75);
    let undo = json!({"entry": moved["entry"]}).to_string();
    assert_eq!(server.ask("POST", "/api/v1/plans/undo", &[JSON], undo.as_bytes()).status, 200);
    assert_eq!(x(), 0.25);
    assert_eq!(server.ask("POST", "/api/v1/plans/undo", &[JSON], undo.as_bytes()).status, 422);
    for body in [
        at(json!([2, 0])),
        at(json!([0.5])),
        json!({"location": "Nowhere", "place": [0.1, 0.1]}),
        json!({"location": school, "place": [0.1, 0.1], "project": "Nowhere"}),
        json!({"place": [0.1, 0.1]}),
    ] {
        assert_eq!(place(&server, &[JSON], &body).status, 422, "{body}");
    }
    assert_eq!(server.ask("DELETE", "/api/v1/plans", &[], b"").status, 200);
    assert_eq!(server.json("/api/v1/plans")["plans"], json!([]));
}

#[test]
fn readers_see_a_plan_and_reviewers_change_that_of_their_project() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    archive
        .save(&Submission::new(BLAST, sample(BLAST)).report(BLAST_REPORT, sample(BLAST_REPORT)))
        .unwrap();
    let row = archive.event(1).unwrap();
    let (project, school) = (row.project.unwrap(), row.location.unwrap());
    let token = |name: &str, role, projects: &[&str]| {
        let projects = projects.iter().map(|&of| of.to_owned()).collect();
        let new = NewToken::new(name, role).with_scope(Scope::new(Vec::new(), projects));
        format!("Bearer {}", archive.make_token(&new).unwrap())
    };
    let reader = token("reader", Role::Read, &[]);
    let client = token("client", Role::Review, &[&project]);
    let other = token("other", Role::Review, &["another"]);
    let server = Running::with(folder, ServeOptions::default());
    let set = |bearer: &str, query: &str| {
        let headers = [("Authorization", bearer), BYTES];
        server.ask("PUT", &format!("/api/v1/plans{query}"), &headers, SITE.as_bytes()).status
    };
    let of = format!("?project={}", project.replace(' ', "%20").replace(',', "%2C"));
    assert_eq!((set(&reader, &of), set(&other, &of), set(&client, "")), (403, 403, 403));
    assert_eq!(set(&client, &of), 200);
    let put = |bearer: &str| {
        let body = json!({"project": project, "location": school, "place": [0.5, 0.5]});
        place(&server, &[("Authorization", bearer), JSON], &body).status
    };
    assert_eq!((put(&reader), put(&other), put(&client)), (403, 403, 200));
    let seen = |bearer: &str| {
        let plans = server.ask("GET", "/api/v1/plans", &[("Authorization", bearer)], b"").json();
        plans["plans"].as_array().unwrap().len()
    };
    assert_eq!((seen(&reader), seen(&client), seen(&other)), (1, 1, 0));
    let sum = archive.plans().unwrap().plans[0].picture.sha256.clone();
    let picture = |bearer: &str| {
        let path = format!("/api/v1/plans/pictures/{sum}");
        server.ask("GET", &path, &[("Authorization", bearer)], b"").status
    };
    assert_eq!((picture(&reader), picture(&client), picture(&other)), (200, 200, 404));
}
