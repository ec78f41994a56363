//! Samples as Arrow, judged by pyarrow.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::common::*;
use serde_json::{Value, json};
use wavekeep_archive::Archive;
use wavekeep_server::ServeOptions;

/// What pyarrow reads of an answer: facts of the schema and of each column, types, values.
const READ: &str = "
import json, sys, pyarrow
table = pyarrow.ipc.open_stream(sys.stdin.buffer).read_all()
table.validate(full=True)
words = lambda facts: {k.decode(): v.decode() for k, v in (facts or {}).items()}
print(json.dumps({
    'facts': words(table.schema.metadata),
    'columns': [{'name': field.name, 'type': str(field.type), 'facts': words(field.metadata),
                 'values': table[field.name].to_pylist()} for field in table.schema],
}, default=str))
";

fn pyarrow(bytes: &[u8]) -> Value {
    use std::io::Write;
    let python = env::var_os("WAVEKEEP_PYTHON").unwrap_or_else(|| {
        panic!("WAVEKEEP_PYTHON names no Python with the judges' libraries: run `make test`")
    });
    let mut child = Command::new(python)
        .args(["-c", READ])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "pyarrow refuses it");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn column<'a>(table: &'a Value, name: &str) -> &'a Value {
    let columns = table["columns"].as_array().unwrap();
    columns.iter().find(|column| column["name"] == name).unwrap()
}

#[test]
fn an_event_has_a_column_a_channel_with_its_unit_and_nulls_where_samples_are_missing() {
    let server = Running::with_samples(&[DAMAGED]);
    let path = "/api/v1/events/1/samples";
    let answer = server.ask("GET", path, &[("Accept", "application/vnd.apache.arrow.stream")], b"");
    assert_eq!(answer.header("content-type"), Some("application/vnd.apache.arrow.stream"));
    let table = pyarrow(&answer.body);
    let truth = server.json(path);
    for (name, channel) in truth["channels"].as_object().unwrap() {
        let found = column(&table, name);
        assert_eq!((&found["type"], &found["values"]), (&json!("double"), &channel["samples"]));
        assert_eq!(found["facts"]["unit"], channel["unit"]);
    }
    let vert = column(&table, "Vert")["values"].as_array().unwrap();
    assert_eq!(vert.iter().filter(|value| value.is_null()).count(), 510);
    let axis = &truth["time_axis"];
    let facts = &table["facts"];
    let number = |name: &str| facts[name].as_str().unwrap().parse::<f64>().unwrap();
    assert_eq!(number("rate_hz"), axis["rate_hz"].as_f64().unwrap());
    assert_eq!(number("t0_s"), axis["t0"].as_f64().unwrap());
    assert_eq!(facts["start_unit_local"], server.json("/api/v1/events/1")["event"]["timestamp"]);
    let times = column(&table, "time_s")["values"].as_array().unwrap();
    assert_eq!((&times[0], times.len()), (&axis["t0"], vert.len()));
}

#[test]
fn counts_are_integers_and_fewer_points_are_pairs() {
    let server = Running::with_samples(&[BLAST]);
    let raw = server.get("/api/v1/events/1/samples?format=arrow&units=raw&channels=Tran");
    let tran = column(&pyarrow(&raw.body), "Tran").clone();
    assert_eq!((&tran["type"], &tran["facts"]["unit"]), (&json!("int64"), &json!("count")));
    let path = "/api/v1/events/1/samples?points=40&channels=Tran";
    let pairs = server.json(path)["channels"]["Tran"]["pairs"].clone();
    let table = pyarrow(&server.get(&format!("{path}&format=arrow")).body);
    for (name, which) in [("Tran_min", 0), ("Tran_max", 1)] {
        let truth: Vec<&Value> =
            pairs.as_array().unwrap().iter().map(|pair| &pair[which]).collect();
        assert_eq!(column(&table, name)["values"], json!(truth));
    }
}

#[test]
fn a_part_of_a_stream_has_a_row_a_frame() {
    let folder = tempfile::tempdir().unwrap();
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("../smurf/tests/data/basic.dat");
    Archive::create(folder.path()).unwrap().adopt("crate1", &run).unwrap();
    let server = Running::with(folder, ServeOptions::default());
    let path = "/api/v1/streams/1/samples?channels=2,0&first=3&end=9";
    let truth = server.json(path);
    let table = pyarrow(&server.get(&format!("{path}&format=arrow")).body);
    assert_eq!(column(&table, "frame")["values"], json!([3, 4, 5, 6, 7, 8]));
    for (place, name) in ["2", "0"].iter().enumerate() {
        let found = column(&table, name);
        assert_eq!(found["values"], truth["channels"][place]["samples"]);
        assert_eq!((&found["type"], &found["facts"]["unit"]), (&json!("int32"), &json!("count")));
    }
    let rate = table["facts"]["rate_hz"].as_str().map(|rate| rate.parse::<f64>().unwrap());
    assert_eq!(rate, truth["rate_hz"].as_f64());
    assert!(table["facts"]["start_unix_ns"].is_string());
    let few = pyarrow(&server.get(&format!("{path}&format=arrow&points=4")).body);
    assert_eq!(column(&few, "first_frame")["values"], json!([3, 6]));
    assert_eq!(column(&few, "2_max")["values"].as_array().unwrap().len(), 2);
}

#[test]
fn a_form_that_is_none_is_refused() {
    let server = Running::with_samples(&[QUIET]);
    assert_eq!(server.get("/api/v1/events/1/samples?format=xml").status, 422);
    let headers = [("Accept", "text/html")];
    assert_eq!(server.ask("GET", "/api/v1/events/1/samples", &headers, b"").status, 406);
}

#[test]
fn a_list_of_events_as_arrow_has_the_rows_of_its_json() {
    let server = Running::with_samples(&[BLAST, NIGHT, QUIET]);
    let path = "/api/v1/events?sort=id&limit=2";
    let answer = server.ask("GET", path, &[("Accept", "application/vnd.apache.arrow.stream")], b"");
    let table = pyarrow(&answer.body);
    let rows = server.json(path);
    assert_eq!(table["facts"]["total"], rows["total"].to_string());
    let events = rows["events"].as_array().unwrap();
    assert_eq!(table["columns"].as_array().unwrap().len(), events[0].as_object().unwrap().len());
    for (name, kind) in [("timestamp", "timestamp[us]"), ("captured_at", "timestamp[us, tz=UTC]")] {
        assert_eq!(column(&table, name)["type"], kind);
    }
    for found in table["columns"].as_array().unwrap() {
        let name = found["name"].as_str().unwrap();
        for (row, value) in events.iter().zip(found["values"].as_array().unwrap()) {
            let plain = |value: &Value| {
                value.as_str().map(|it| it.replace(' ', "T").replace("+00:00", "Z"))
            };
            if found["type"].as_str().unwrap().starts_with("timestamp") && !value.is_null() {
                assert_eq!(plain(value), plain(&row[name]), "{name}");
            } else if row[name].is_object() || row[name].is_array() {
                let document: Value = serde_json::from_str(value.as_str().unwrap()).unwrap();
                assert_eq!(document, row[name], "{name}");
            } else {
                assert_eq!(value, &row[name], "{name}");
            }
        }
    }
    let after = format!("{path}&format=arrow&after_id={}", events[1]["id"]);
    assert_eq!(column(&pyarrow(&server.get(&after).body), "id")["values"], json!([3]));
    assert_eq!(server.get("/api/v1/events?limit=100001&format=arrow").status, 422);
    assert_eq!(server.get("/api/v1/events?format=csv").status, 422);
    assert_eq!(server.get("/api/v1/events?after_id=99").status, 404);
}

#[test]
fn samples_of_many_events_are_those_of_each_and_what_cannot_be_read_says_why() {
    let server = Running::with_samples(&[BLAST, DAMAGED, NIGHT]);
    for (units, kind) in [("physical", "double"), ("raw", "int32")] {
        let many = server.get(&format!("/api/v1/samples?ids=2,99,1&units={units}"));
        let table = pyarrow(&many.body);
        assert!(column(&table, "samples")["type"].as_str().unwrap().contains(kind));
        let values = |name: &str| column(&table, name)["values"].as_array().unwrap().clone();
        let (ids, channels, samples) = (values("event_id"), values("channel"), values("samples"));
        let mut place = 0;
        for id in [2, 99, 1] {
            if id == 99 {
                assert_eq!((&ids[place], &channels[place]), (&json!(99), &Value::Null));
                assert!(values("error")[place].as_str().unwrap().contains("99"));
                place += 1;
                continue;
            }
            let truth = server.json(&format!("/api/v1/events/{id}/samples?units={units}"));
            for (name, channel) in truth["channels"].as_object().unwrap() {
                assert_eq!((&ids[place], &channels[place]), (&json!(id), &json!(name)));
                assert_eq!(values("unit")[place], channel["unit"]);
                let expected = channel["samples"].as_array().unwrap();
                let found = samples[place].as_array().unwrap();
                assert_eq!(found.len(), expected.len());
                for (found, expected) in found.iter().zip(expected) {
                    assert_eq!(found.as_f64(), expected.as_f64());
                }
                place += 1;
            }
        }
        assert_eq!(place, ids.len());
    }
    let by_filter = pyarrow(&server.get("/api/v1/samples?kind=histogram").body);
    assert_eq!(column(&by_filter, "event_id")["values"], json!([3, 3, 3, 3]));
    for wrong in ["ids=1,x", "units=mm", "limit=10001"] {
        assert_eq!(server.get(&format!("/api/v1/samples?{wrong}")).status, 422, "{wrong}");
    }
}
