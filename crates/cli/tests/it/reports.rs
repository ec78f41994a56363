//! The report of a period on the command line.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wavekeep"));
    command.current_dir(folder).env_remove("WAVEKEEP_ARCHIVE").args(args).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder with the archive `fleet` of the samples.
fn fleet() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let made = run(folder.path(), &["import", "--archive", "fleet", samples.to_str().unwrap()]);
    assert_eq!(made.status.code(), Some(3), "{}", stderr(&made));
    folder
}

/// Runs `report --archive fleet` with further arguments.
fn report(folder: &TempDir, more: &[&str]) -> Output {
    run(folder.path(), &[&["report", "--archive", "fleet"], more].concat())
}

/// The text of a document.
fn text(path: &Path) -> String {
    let pdf = lopdf::Document::load(path).unwrap();
    let pages: Vec<u32> = pdf.get_pages().into_keys().collect();
    pdf.extract_text(&pages).unwrap().replace('\n', "")
}

#[test]
fn a_month_is_one_file_called_by_its_month() {
    let fleet = fleet();
    let made = report(&fleet, &["--period", "2026-07", "--curve", "din-3", "--velocity", "mm/s"]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    assert!(stderr(&made).contains("report-2026-07.pdf: 3 events, 1 exceeds a level"));
    let text = text(&fleet.path().join("report-2026-07.pdf"));
    for name in ["UM11719_20260714153012.IDFW", "UM11719_20260714220000.IDFH"] {
        assert!(text.contains(name), "{text}");
    }
    assert!(!text.contains("M529L") && text.contains("mm/s"), "{text}");
}

#[test]
fn damaged_events_make_the_exit_code_3_and_the_report_is_written() {
    let fleet = fleet();
    let made = report(&fleet, &["--period", "2026-06", "-o", "june.pdf", "--json"]);
    assert_eq!(made.status.code(), Some(3), "{}", stderr(&made));
    let said: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!((&said["output"], &said["events"]), (&"june.pdf".into(), &4.into()));
    assert!(fleet.path().join("june.pdf").is_file());
}

#[test]
fn the_extension_or_the_format_says_what_is_written() {
    let fleet = fleet();
    let may = ["--period", "2026-05"];
    for (more, name, start) in [
        (&["-o", "a.xlsx"][..], "a.xlsx", &b"PK"[..]),
        (&["-o", "a.csv"], "a.csv", b"id,serial"),
        (&["--format", "csv"], "report-2026-05.csv", b"id,serial"),
        (&["-o", "reports/", "--format", "xlsx"], "reports/report-2026-05.xlsx", b"PK"),
    ] {
        let made = report(&fleet, &[&may[..], more].concat());
        assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
        assert!(fs::read(fleet.path().join(name)).unwrap().starts_with(start), "{name}");
    }
    let streamed = report(&fleet, &[&may[..], &["-o", "-", "--format", "csv"]].concat());
    assert_eq!(streamed.stdout, fs::read(fleet.path().join("a.csv")).unwrap());
    for wrong in [&["-o", "a.txt"][..], &["-o", "b.csv", "--format", "pdf"]] {
        assert_eq!(report(&fleet, &[&may[..], wrong].concat()).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_file_that_exists_is_kept_unless_it_is_to_be_replaced() {
    let fleet = fleet();
    fs::write(fleet.path().join("may.pdf"), "mine").unwrap();
    let may = ["--period", "2026-05", "-o", "may.pdf"];
    let refused = report(&fleet, &may);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("--force replaces it"), "{}", stderr(&refused));
    assert_eq!(fs::read(fleet.path().join("may.pdf")).unwrap(), b"mine");
    assert_eq!(report(&fleet, &[&may[..], &["--force"]].concat()).status.code(), Some(0));
    assert!(fs::read(fleet.path().join("may.pdf")).unwrap().starts_with(b"%PDF-"));
}

#[test]
fn language_template_and_print_date_are_on_the_pages() {
    let fleet = fleet();
    let template = "[company]\nname = \"Hartmann\"\n[[signature]]\nname = \"J. Okafor\"\n";
    fs::write(fleet.path().join("office.toml"), template).unwrap();
    let more = [
        "--period",
        "2026-05",
        "--language",
        "de",
        "--template",
        "office.toml",
        "--print-date",
        "2026-06-01",
        "-o",
        "mai.pdf",
    ];
    let made = report(&fleet, &more);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let text = text(&fleet.path().join("mai.pdf"));
    for words in ["Hartmann", "Mai 2026", "Unterschrift: J. Okafor", "Gedruckt am 01.06.2026"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn the_pages_of_events_are_in_the_language_of_the_report_too() {
    let fleet = fleet();
    let blast = ["--language", "de", "--velocity", "mm/s", "--where", "text=M529LMOK"];
    let made = report(&fleet, &[&blast[..], &["-o", "blast.pdf"]].concat());
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let page = text(&fleet.path().join("blast.pdf"));
    let month = ["--period", "2026-06", "--curve", "din-3", "-o", "juni.pdf"];
    let made = report(&fleet, &[&blast[..], &month].concat());
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let document = text(&fleet.path().join("juni.pdf"));
    for text in [page, document] {
        for words in ["Ereignisbericht", "Seriennummer", "12.06.2026 14:03:20 (Geräteortszeit)"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(!text.contains("Event report") && !text.contains("Serial number"), "{text}");
    }
}

#[test]
fn conditions_choose_the_events_and_stand_on_the_cover() {
    let fleet = fleet();
    let more = [
        "--period",
        "2026",
        "--where",
        "project=Quarry extension, phase 2",
        "--where",
        "kind=histogram",
        "-o",
        "quarry.pdf",
    ];
    let made = report(&fleet, &more);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let text = text(&fleet.path().join("quarry.pdf"));
    assert!(text.contains("M529LMP3.O00H") && !text.contains("M529LMOK.DK0W"), "{text}");
    assert!(text.contains("kind=histogram"), "{text}");
    let location =
        ["--period", "2026", "--where", "location=Garden wall, 12 Mill Lane", "-o", "l.csv"];
    assert_eq!(report(&fleet, &location).status.code(), Some(0));
    let csv = fs::read_to_string(fleet.path().join("l.csv")).unwrap();
    assert!(csv.contains("M529LMOK.DK0W") && !csv.contains("M529LMP3.O00H"), "{csv}");
}

#[test]
fn no_level_is_one_choice_and_a_period_without_events_is_a_report() {
    let fleet = fleet();
    let made = report(&fleet, &["--period", "2026-06", "--curve", "none", "-o", "june.pdf"]);
    assert_eq!(made.status.code(), Some(3), "{}", stderr(&made));
    assert!(text(&fleet.path().join("june.pdf")).contains("not held against a level"));
    let empty = report(&fleet, &["--period", "1999-01"]);
    assert_eq!(empty.status.code(), Some(0), "{}", stderr(&empty));
    let text = text(&fleet.path().join("report-1999-01.pdf"));
    assert!(text.contains("No event is known in the period."), "{text}");
}

#[test]
fn what_cannot_be_is_wrong_usage_and_says_why() {
    let fleet = fleet();
    for (more, words) in [
        (&["--period", "May"][..], "is no period"),
        (&["--period", "2026-05", "--curve", "din-9"], "there is no curve"),
        (&["--period", "2026-05", "--air-curve", "osmre"], "cannot be the level for air"),
        (&["--period", "2026-05", "--language", "xx"], "possible values: en, de, fr, es, pt"),
        (&["--period", "2026-05", "--rate", "1024"], "cannot be used with"),
        (&["--appendix", "5", "--id", "1"], "--period"),
        (&["--period", "2026-05", "--where", "serial=BE99999"], "no unit BE99999"),
    ] {
        let refused = report(&fleet, more);
        assert_eq!(refused.status.code(), Some(2), "{more:?}: {}", stderr(&refused));
        assert!(stderr(&refused).contains(words), "{more:?}: {}", stderr(&refused));
    }
    let nowhere = run(fleet.path(), &["report", "--period", "2026-05"]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(stderr(&nowhere).contains("--archive or WAVEKEEP_ARCHIVE"), "{}", stderr(&nowhere));
    let template = report(&fleet, &["--period", "2026-05", "--template", "gone.toml"]);
    assert_eq!(template.status.code(), Some(1));
    assert!(stderr(&template).contains("gone.toml: cannot be read"), "{}", stderr(&template));
}

#[cfg(unix)]
#[test]
fn the_workbook_and_the_csv_read_in_the_programs_that_people_use() {
    crate::judges::run("WAVEKEEP_PYTHON", "reports/test_reports.py");
}
