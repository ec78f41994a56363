//! What existing clients and the page ask for.

use crate::common::*;
use serde_json::{Value, json};

#[test]
fn watcher_and_server_agree_on_the_names_of_reports() {
    let server = Running::start();
    let answer = server.import(
        "/db/import/blastware_file",
        &[
            (OVER_RANGE_REPORT, sample(OVER_RANGE_REPORT)),
            (BLAST, sample(BLAST)),
            (OVER_RANGE, sample(OVER_RANGE)),
            (BLAST_REPORT, sample(BLAST_REPORT)),
        ],
    );
    let results = answer.json()["results"].clone();
    assert_eq!(results.as_array().unwrap().len(), 2);
    for result in results.as_array().unwrap() {
        assert_eq!(result["report"]["status"], "paired", "{result}");
    }
}

#[test]
fn a_report_that_comes_later_is_paired() {
    let server = Running::with_samples(&[BLAST]);
    let answer = server.import("/api/v1/import", &[(BLAST_REPORT, sample(BLAST_REPORT))]).json();
    assert_eq!(answer["results"][0]["outcome"], "paired_late");
    assert_eq!(server.get("/db/events/1/ascii_report.txt").status, 200);
}

#[test]
fn a_report_comes_back_byte_for_byte_whatever_its_encoding() {
    let server = Running::with_samples(&[BLAST]);
    let mut report = sample(BLAST_REPORT);
    let place = report.windows(4).position(|bytes| bytes == b"Wall" || bytes == b"wall").unwrap();
    report[place + 1] = 0xe4;
    server.import("/api/v1/import", &[(BLAST_REPORT, report.clone())]);
    let answer = server.get("/db/events/1/ascii_report.txt");
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=windows-1252"));
    assert_eq!(answer.body, report);
}

#[test]
fn an_event_of_an_unknown_unit_is_loud() {
    let server = Running::start();
    let answer = server.import("/api/v1/import", &[("renamed.bin", sample(QUIET))]).json();
    let result = &answer["results"][0];
    assert_eq!((&result["serial"], &result["serial_unknown"]), (&json!("UNKNOWN"), &json!(true)));
    assert!(answer["warnings"][0].as_str().unwrap().contains("UNKNOWN"));
}

#[test]
fn a_peak_over_the_range_keeps_its_number_and_has_a_flag() {
    let server = Running::start();
    let files = [(OVER_RANGE, sample(OVER_RANGE)), (OVER_RANGE_REPORT, sample(OVER_RANGE_REPORT))];
    server.import("/api/v1/import", &files);
    let plot = server.json("/db/events/1/waveform.json");
    let peaks = plot["channels"].as_object().unwrap().values().map(|channel| &channel["peak"]);
    let flagged: Vec<&Value> = peaks.filter(|peak| peak["flags"] != json!([])).collect();
    assert!(!flagged.is_empty());
    assert!(flagged.iter().all(|peak| peak["value"].as_f64().unwrap() >= 9.0), "{flagged:?}");
}

#[test]
fn pressure_travels_in_psi_and_levels_under_their_own_name() {
    let server = Running::with_samples(&[BLAST]);
    let microphone = server.json("/db/events/1/waveform.json")["channels"]["MicL"].clone();
    assert_eq!(microphone["unit"], "psi");
    assert!(microphone["peak"]["value"].as_f64().unwrap() < 1.0);
    assert!(microphone["peak"]["db_l"].as_f64().unwrap() > 60.0);
}

#[test]
fn unit_local_times_have_no_zone_and_take_none() {
    let server = Running::with_samples(&[BLAST]);
    let time = server.json("/db/events")["events"][0]["timestamp"].as_str().unwrap().to_owned();
    assert_eq!(time.len(), "2026-06-12T14:03:20".len());
    let found = |query: &str| server.json(&format!("/db/events?{query}"))["total"].clone();
    let day = &time[..10];
    assert_eq!(found(&format!("from={day}&to={day}")), 1);
    assert_eq!(server.get(&format!("/db/events?from={time}Z")).status, 422);
}

#[test]
fn quiet_values_are_not_scaled() {
    let server = Running::with_samples(&[QUIET]);
    let plot = server.json("/db/events/1/waveform.json");
    let samples = plot["channels"]["Tran"]["samples"].as_array().unwrap();
    let largest = samples.iter().filter_map(Value::as_f64).fold(0.0, |a: f64, b| a.max(b.abs()));
    assert!(largest > 0.0 && largest < 0.5, "{largest}");
}

#[test]
fn missing_samples_are_null_and_listed() {
    let server = Running::with_samples(&[DAMAGED]);
    let plot = server.json("/db/events/1/waveform.json");
    let (name, gaps) = plot["gaps"].as_object().unwrap().iter().next().unwrap();
    let first = gaps[0]["first"].as_u64().unwrap() as usize;
    assert_eq!(plot["channels"][name]["samples"][first], Value::Null);
}

#[test]
fn a_reduced_plot_keeps_the_peak() {
    let server = Running::with_samples(&[BLAST]);
    let full = server.json("/api/v1/events/1/plot");
    let reduced = server.json("/api/v1/events/1/plot?points=20");
    let samples = full["channels"]["Tran"]["samples"].as_array().unwrap();
    let pairs = reduced["channels"]["Tran"]["pairs"].as_array().unwrap();
    assert_eq!(pairs.len(), 10);
    let size = |value: &Value| value.as_f64().unwrap_or(0.0).abs();
    let largest = |values: &[Value]| values.iter().map(size).fold(0.0, f64::max);
    let of_pairs = pairs.iter().map(|pair| largest(pair.as_array().unwrap())).fold(0.0, f64::max);
    assert_eq!(largest(samples), of_pairs);
}

#[test]
fn binary_samples_are_the_json_samples() {
    let server = Running::with_samples(&[DAMAGED]);
    let json = server.json("/api/v1/events/1/samples");
    let binary = server.ask(
        "GET",
        "/api/v1/events/1/samples",
        &[("Accept", "application/octet-stream")],
        b"",
    );
    let mut values =
        binary.body.chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()));
    for channel in binary.header("X-Wavekeep-Channels").unwrap().split(',') {
        for expected in json["channels"][channel]["samples"].as_array().unwrap() {
            let found = values.next().unwrap();
            assert_eq!(expected.as_f64(), Some(found).filter(|value| !value.is_nan()));
        }
    }
    assert!(values.next().is_none());
}

#[test]
fn a_file_comes_whole_in_part_or_not_again() {
    let server = Running::with_samples(&[QUIET]);
    let whole = server.get("/db/events/1/file");
    assert_eq!(whole.body, sample(QUIET));
    let etag = whole.header("ETag").unwrap();
    let sha256 = server.json("/db/events")["events"][0]["sha256"].as_str().unwrap().to_owned();
    assert_eq!(etag, format!("\"{sha256}\""));
    let part = server.ask("GET", "/db/events/1/file", &[("Range", "bytes=-4")], b"");
    assert_eq!((part.status, &part.body[..]), (206, &whole.body[whole.body.len() - 4..]));
    let outside = server.ask("GET", "/db/events/1/file", &[("Range", "bytes=99999999-")], b"");
    assert_eq!(outside.status, 416);
    let known = server.ask("GET", "/db/events/1/file", &[("If-None-Match", etag)], b"");
    assert_eq!((known.status, known.body.len()), (304, 0));
}

#[test]
fn reviews_are_patched_logged_and_undone() {
    let server = Running::with_samples(&[BLAST]);
    let said = server.patch("/db/events/1/false_trigger", r#"{"false_trigger": true}"#);
    assert_eq!(said.json()["review"]["false_trigger"], true);
    // The plot is cached by the event's last change: what follows must not be stale.
    assert_eq!(server.json("/db/events?false_trigger=true")["total"], 1);
    let undone = server.post("/api/v1/events/1/undo", "");
    assert_eq!(undone.json()["review"]["false_trigger"], false);
    assert_eq!(server.json("/api/v1/events/1/log").as_array().unwrap().len(), 2);
    assert_eq!(server.patch("/db/events/1/sidecar", r#"{"event": {}}"#).status, 422);
}

#[test]
fn a_bulk_review_counts_first_and_refuses_what_is_no_filter() {
    let server = Running::with_samples(&[BLAST, NIGHT]);
    let body = |dry: bool| {
        json!({ "where": { "kind": "histogram" }, "patch": { "notes": "n" }, "dry_run": dry })
            .to_string()
    };
    assert_eq!(server.post("/api/v1/review", &body(true)).json()["changed"], 0);
    let done = server.post("/api/v1/review", &body(false)).json();
    assert_eq!((&done["matched"], &done["changed"]), (&json!(1), &json!(1)));
    let wrong = server.post("/api/v1/review", r#"{"where": {"knd": "x"}, "patch": {}}"#);
    assert_eq!(wrong.status, 422);
}

#[test]
fn every_error_is_a_problem_with_its_path() {
    let server = Running::with_samples(&[BLAST]);
    for (method, path, status) in [
        ("GET", "/api/v1/events/99", 404),
        ("GET", "/api/v1/events/x", 422),
        ("GET", "/api/v1/events?limit=10001", 422),
        ("GET", "/api/v1/events/1/verdict?curve=none", 422),
        ("DELETE", "/api/v1/events", 405),
        ("GET", "/nothing", 404),
        ("POST", "/api/v1/import", 415),
        ("POST", "/api/v1/review", 415),
        ("GET", "/device/event/5/waveform?serial=BE11529", 404),
    ] {
        let answer = server.ask(method, path, &[], b"");
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.header("Content-Type"), Some("application/problem+json"), "{path}");
        assert_eq!(answer.json()["instance"], path.split('?').next().unwrap());
    }
    let refused = server.ask("GET", "/api/v1/events/1/samples", &[("Accept", "image/png")], b"");
    assert_eq!(refused.status, 406);
}

#[test]
fn reviewer_and_time_of_a_review_come_from_the_server_and_not_from_the_request() {
    let server = Running::with_samples(&[QUIET]);
    let headers = [("X-Reviewer", "somebody else"), ("Content-Type", "application/json")];
    let user = wavekeep_archive::machine_user();
    let bodies = [
        (
            "PATCH",
            "/api/v1/events/1/review",
            r#"{"notes": "a", "reviewer": "sam", "reviewed_at": "1999-01-01T00:00:00Z"}"#,
        ),
        (
            "PATCH",
            "/db/events/1/sidecar",
            r#"{"review": {"notes": "b", "reviewer": "sam", "reviewed_at": "1999-01-01T00:00:00Z"}}"#,
        ),
        ("PATCH", "/db/events/1/false_trigger", r#"{"false_trigger": true}"#),
        ("POST", "/api/v1/review", r#"{"where": {}, "patch": {"notes": "c", "reviewer": "sam"}}"#),
        ("POST", "/api/v1/events/1/undo", "{}"),
    ];
    for (method, path, body) in bodies {
        assert_eq!(server.ask(method, path, &headers, body.as_bytes()).status, 200, "{path}");
        let log = server.json("/api/v1/events/1/log");
        assert_eq!(log[0]["who"], user.as_str(), "{path}");
        let review = server.json("/api/v1/events/1/sidecar")["review"].clone();
        assert_eq!(review["reviewer"], user.as_str(), "{path}");
        assert!(review["reviewed_at"].as_str().unwrap() > "2000", "{path}: {review}");
    }
    // Both can be taken away.
    let body = r#"{"reviewer": null, "reviewed_at": null}"#;
    let review = server.patch("/api/v1/events/1/review", body).json()["review"].clone();
    assert_eq!((&review["reviewer"], &review["reviewed_at"]), (&json!(null), &json!(null)));
}

#[test]
fn the_page_is_not_sent_again_to_who_has_it() {
    let server = Running::start();
    let page = server.get("/index.html");
    let tag = page.header("etag").unwrap();
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    let again = server.ask("GET", "/index.html", &[("If-None-Match", tag)], b"");
    assert_eq!((again.status, again.body.len()), (304, 0));
}

#[test]
fn progress_of_an_import_is_told_as_it_goes_under_the_name_that_the_client_gave() {
    let server = Running::start();
    let files: Vec<(String, Vec<u8>)> =
        (0..150).map(|n| (format!("M529L{n:03}.7M0W"), sample(QUIET))).collect();
    let files: Vec<(&str, Vec<u8>)> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let mut listening = server.listen();
    let answer = server.import("/api/v1/import?tag=morning-1", &files).json();
    let told = listening.until("import", |told| told["done"] == 150);
    assert!(
        told.iter().all(|one| one["session"] == answer["session"] && one["tag"] == "morning-1")
    );
    assert!(told.iter().all(|one| one["total"] == 150));
    let done: Vec<i64> = told.iter().map(|one| one["done"].as_i64().unwrap()).collect();
    assert_eq!(done[0], 0);
    assert!(done.len() >= 4 && done.is_sorted(), "{done:?}");
}

#[test]
fn a_review_of_several_is_undone_as_one_and_what_changed_since_stays() {
    let server = Running::with_samples(&[QUIET, BLAST, NIGHT]);
    let together = r#"{"ids": [1, 2, 3], "patch": {"false_trigger": true}}"#;
    assert_eq!(server.post("/api/v1/review", together).json()["changed"], 3);
    server.post("/api/v1/review", r#"{"ids": [2], "patch": {"notes": "a lorry"}}"#);
    let undone = server.post("/api/v1/review/undo", r#"{"ids": [1, 2, 3]}"#).json();
    assert_eq!(undone["undone"], 2, "{undone}");
    assert_eq!(undone["not_undone"][0]["id"], 2, "{undone}");
    let kept = server.get("/api/v1/events?false_trigger=true").json();
    assert_eq!((&kept["total"], &kept["events"][0]["id"]), (&json!(1), &json!(2)));
    for (body, status) in
        [(r#"{"ids": []}"#, 409), (r#"{}"#, 422), (r#"{"ids": [1], "where": {}}"#, 422)]
    {
        assert_eq!(server.post("/api/v1/review/undo", body).status, status, "{body}");
    }
    assert_eq!(server.post("/api/v1/review", r#"{"patch": {"notes": "x"}}"#).status, 422);
}

#[test]
fn the_page_weighs_less_than_300_kb_in_all_as_it_is_sent_to_a_browser() {
    let web = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
    let server = Running::start();
    let mut folders = vec![web.clone()];
    let mut packed = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let path =
                entry.path().strip_prefix(&web).unwrap().to_str().unwrap().replace('\\', "/");
            let sent = server.ask("GET", &format!("/{path}"), &[("Accept-Encoding", "gzip")], b"");
            assert_eq!(sent.status, 200, "{path}");
            assert_eq!(sent.header("content-encoding"), Some("gzip"));
            assert_eq!(sent.header("vary"), Some("Accept-Encoding"));
            packed += sent.body.len();
        }
    }
    assert!((50_000..200_000).contains(&packed), "the page has {packed} bytes, packed");
}

#[test]
fn imports_are_listed_the_latest_first_and_in_parts() {
    let server = Running::with_samples(&[BLAST, QUIET, NIGHT]);
    let ids = |query: &str| -> Vec<i64> {
        let list = server.json(&format!("/db/sessions{query}"));
        list.as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids(""), [3, 2, 1]);
    assert_eq!(ids("?limit=1"), [3]);
    assert_eq!(ids("?limit=5&offset=2"), [1]);
    assert_eq!(ids("?from=2026-01-01&limit=2"), [3, 2]);
    assert_eq!(ids("?to=2025-12-31T23:59:59"), [0; 0]);
}

#[test]
fn units_are_listed_one_alone_or_in_parts() {
    let server = Running::with_samples(&[BLAST, NIGHT]);
    let serials = |query: &str| -> Vec<String> {
        let list = server.json(&format!("/db/units{query}"));
        let serial = |one: &serde_json::Value| one["serial"].as_str().unwrap().to_owned();
        list.as_array().unwrap().iter().map(serial).collect()
    };
    let all = serials("");
    assert_eq!(serials(&format!("?serial={}", all[0])), [all[0].clone()]);
    assert_eq!(serials("?serial=BE1"), [""; 0]);
    assert_eq!(serials("?offset=1"), all[1..]);
    assert_eq!(serials("?limit=1"), all[..1]);
}

#[test]
fn monitor_logs_are_those_of_a_unit_and_of_events_of_a_time() {
    let server = Running::with_samples(&[BLAST, BLAST_REPORT, OVER_RANGE, OVER_RANGE_REPORT]);
    let events = |query: &str| -> Vec<i64> {
        let list = server.json(&format!("/db/monitor_log{query}"));
        let entries = list["monitor_log"].as_array().unwrap();
        entries.iter().map(|one| one["event_id"].as_i64().unwrap()).collect()
    };
    let all = events("");
    assert!(all.contains(&1) && all.contains(&2), "{all:?}");
    assert_eq!(events("?serial=BE1"), [0; 0]);
    assert_eq!(events("?limit=1"), all[..1]);
    // The blast of 12 June, and that of 19 June.
    assert!(events("?from=2026-06-19").iter().all(|id| *id == 2));
    assert!(events("?to=2026-06-12").iter().all(|id| *id == 1));
    assert_eq!(events("?from=2026-06-19").len() + events("?to=2026-06-12").len(), all.len());
}

#[test]
fn monitor_log_files_are_kept_listed_and_come_back_byte_for_byte() {
    let server = Running::start();
    let log = b"\x10\x00\x01\x80\x00\x00Instantel\x00\x07\x2c\x22\x01\x0e\xa0 and more".to_vec();
    let files = [("M529LKIQ.MLG", log.clone()), (BLAST, sample(BLAST))];
    for (outcome, events) in [("new", "new"), ("same", "same")] {
        let answer = server.import("/api/v1/import", &files).json();
        let results = answer["results"].as_array().unwrap();
        let of = |name: &str| results.iter().find(|one| one["name"] == name).unwrap();
        assert_eq!(of("M529LKIQ.MLG")["outcome"], outcome);
        assert_eq!(of("M529LKIQ.MLG")["monitor_log"], true);
        assert_eq!(of(BLAST)["outcome"], events);
    }
    let list = server.json("/api/v1/monitor_log_files?serial=BE11529");
    let one = &list[0];
    assert_eq!((list.as_array().unwrap().len(), &one["unit_from"]), (1, &json!("name")));
    let path = format!("/api/v1/monitor_log_files/{}/file", one["entry"]);
    let file = server.get(&path);
    assert_eq!((file.status, &file.body), (200, &log));
    assert_eq!(file.header("etag"), Some(&*format!("\"{}\"", one["sha256"].as_str().unwrap())));
    assert_eq!(server.json("/api/v1/monitor_log_files?serial=UM1"), json!([]));
    assert_eq!(server.get("/api/v1/monitor_log_files/9999/file").status, 404);
    assert_eq!(server.json("/api/v1/events")["total"], 1);
}
