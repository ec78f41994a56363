//! Digits, bounds, weighted levels and contradictions, in everything that the program writes.

use super::*;

/// A folder with an event of the test data and its report, changed.
fn event(case: &str, change: impl Fn(String) -> String) -> (TempDir, String) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../thor/tests/data").join(case);
    copy(&data, change)
}

fn copy(from: &Path, change: impl Fn(String) -> String) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let mut event = String::new();
    for file in fs::read_dir(from).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let target = folder.path().join(&name);
        if name.to_ascii_lowercase().ends_with(".txt") {
            fs::write(&target, change(fs::read_to_string(&path).unwrap())).unwrap();
        } else {
            fs::copy(&path, &target).unwrap();
            event = name;
        }
    }
    (folder, event)
}

/// The blast of the samples, with its report changed.
fn blast(change: impl Fn(String) -> String) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::copy(sample(BLAST), folder.path().join(BLAST)).unwrap();
    let report = "M529LMOK_DK0W_ASCII.TXT";
    let text = change(fs::read_to_string(sample(report)).unwrap());
    fs::write(folder.path().join(report), text).unwrap();
    folder
}

/// Everything that the program writes of an event as text.
fn outputs(folder: &Path, event: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut take = |args: &[&str]| {
        let output = run_in(folder, args);
        assert!([0, 3].contains(&code(&output)), "{args:?}: {}", stderr(&output));
        all.push((args.join(" "), stdout(&output)));
    };
    for velocity in ["in/s", "mm/s"] {
        take(&["info", event, "--velocity", velocity]);
    }
    take(&["info", "--json", event]);
    take(&["info", "."]);
    take(&["convert", event, "--to", "csv"]);
    take(&["convert", event, "--to", "json"]);
    take(&["plot", event, "--kind", "traces", "--format", "svg"]);
    take(&["import", "--archive", "archive", event]);
    take(&["list", "--archive", "archive"]);
    take(&["list", "--json", "--archive", "archive"]);
    take(&["export", "--to", "csv", "--archive", "archive"]);
    let sidecar = folder.join("archive/UM11719").join(format!("{event}.sfm.json"));
    all.push(("sidecar".to_owned(), fs::read_to_string(sidecar).unwrap()));
    all
}

#[test]
fn the_printed_digits_are_shown_in_info_list_and_csv_alike() {
    let (folder, event) = event("23-printed-digits", |text| text);
    for (what, text) in outputs(folder.path(), &event) {
        let wanted: &[&str] = match what.as_str() {
            "list --archive archive" => &["0.2973", "0.3261"],
            "export --to csv --archive archive" => &["0.2080", "0.2973", "0.1699", "0.3261"],
            _ if what.ends_with("in/s") => {
                &["0.2080 in/s", "0.2973 in/s", "0.3261 in/s", "20.5 Hz", "0.1316 g", "0.001427 in"]
            }
            _ if what.ends_with("mm/s") => &["5.283 mm/s", "7.551 mm/s"],
            "info ." => &["0.2080", "0.2973", "0.1699", "0.3261"],
            _ => &[],
        };
        for digits in wanted {
            assert!(text.contains(digits), "{what} has no {digits}:\n{text}");
        }
    }
}

#[test]
fn a_weighted_level_becomes_a_linear_one_in_no_output() {
    let (folder, event) = event("06-a-weighted-microphone", |text| text);
    for (what, text) in outputs(folder.path(), &event) {
        // Column heads, and the names of fields that have no value.
        let text = text.replace("MIC dB(L)", "").replace("\"mic_db_l\":\"dB(L)\"", "");
        let text = text.replace("\"mic_db_l\": \"dB(L)\"", "");
        assert!(!text.contains("67.3 dB(L)"), "{what}:\n{text}");
        assert!(!text.contains("dB(L)"), "{what}:\n{text}");
        if what.starts_with("info") || what.starts_with("list") || what == "sidecar" {
            assert!(text.contains("dB(A)"), "{what}:\n{text}");
        }
    }
    let csv = stdout(&run_in(folder.path(), &["convert", &event, "--to", "json"]));
    let document: Value = serde_json::from_str(&csv).unwrap();
    let columns = document["columns"].as_array().unwrap();
    let microphone = columns.iter().find(|column| column["name"] == "MicL").unwrap();
    assert_eq!(microphone["unit"], "count");
}

#[test]
fn values_below_the_range_are_bounds_in_every_output() {
    let below = |text: String| {
        text.replace("TranPPV : 0.071 mm/s", "TranPPV : <0.127 mm/s")
            .replace("VertPPV : 0.071 mm/s", "VertPPV : <0.127 mm/s")
            .replace("LongPPV : 0.071 mm/s", "LongPPV : <0.127 mm/s")
    };
    let (folder, event) = event("03-thor-units-mm-and-pa", below);
    for (what, text) in outputs(folder.path(), &event) {
        match what.as_str() {
            "list --archive archive" | "info ." => {
                assert!(text.contains("<0.0050"), "{what}:\n{text}")
            }
            _ if what.starts_with("info") && what.ends_with("mm/s") => {
                assert!(text.contains("<0.127 mm/s"), "{what}:\n{text}");
            }
            "export --to csv --archive archive" | "sidecar" => {
                assert!(text.contains("below_range"), "{what}:\n{text}");
            }
            _ => {}
        }
    }
    let units = run_in(folder.path(), &["list", "--by", "unit", "--archive", "archive"]);
    assert!(stdout(&units).contains("<0.0050"), "{}", stdout(&units));
}

#[test]
fn a_report_that_contradicts_the_samples_is_a_finding_everywhere() {
    for (from, to) in [
        ("Vert PPV : 0.410 in/s", "Vert PPV : 0.010 in/s"),
        ("Peak Vector Sum : 0.467 in/s", "Peak Vector Sum : 4.670 in/s"),
        ("MicL PSPL : 127.14 dB(L)", "MicL PSPL : 107.14 dB(L)"),
        ("Vert ZC Freq : 28 Hz", "Vert ZC Freq : 90 Hz"),
        ("Record Time : 3.0 sec", "Record Time : 9.0 sec"),
    ] {
        let folder = blast(|text| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        });
        let run = |args: &[&str]| run_in(folder.path(), args);
        let info = run(&["info", BLAST]);
        assert_eq!(code(&info), 3, "{to}");
        assert!(stdout(&info).contains("contradiction:"), "{to}: {}", stdout(&info));
        let check = run(&["check", BLAST]);
        assert_eq!(code(&check), 3);
        // Fewer samples than the report states are missing: that is damage, which says more.
        let status = if to.starts_with("Record Time") { "damaged" } else { "contradicted" };
        assert!(stdout(&check).starts_with(status), "{}", stdout(&check));
        let is_air = to.starts_with("MicL");
        let curve = if is_air { "osmre-air-2hz" } else { "usbm-drywall" };
        let report = run(&["report", "--json", "--curve", curve, BLAST, "-o", "report.pdf"]);
        let verdict = &documents(&report)[0]["verdict"];
        assert_eq!(verdict["outcome"], "no_verdict", "{to}");
        let reason = verdict["reason"].as_str().unwrap();
        assert!(reason.contains("report and samples disagree"), "{reason}");
        assert_eq!(code(&run(&["import", "--archive", "archive", BLAST])), 3);
        let list = stdout(&run(&["list", "--archive", "archive"]));
        assert!(list.contains("report disagrees"), "{list}");
    }
}

#[test]
fn no_sample_contradicts_its_report() {
    for document in documents(&run(&["info", "--json", "."])) {
        assert_eq!(document["report"]["contradicted"], serde_json::json!(false), "{document}");
    }
}
