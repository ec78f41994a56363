//! The law of a site on the command line.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wavekeep"));
    command.current_dir(folder).env_remove("WAVEKEEP_ARCHIVE").args(args).output().unwrap()
}

/// Runs a command over the archive of a folder, and gives what it printed.
fn done(folder: &TempDir, command: &str, more: &[&str]) -> String {
    let made = run(folder.path(), &[&[command, "--archive", "quarry"], more].concat());
    assert_eq!(made.status.code(), Some(0), "{more:?}: {}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).unwrap()
}

/// An archive of four waveforms, of which the first three have charge and distance.
fn quarry() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    for (id, name, charge, distance) in [
        ("1", "M529LKVQ.6S0W", "40", "60"),
        ("2", "M529LIY6.N00", "40", "150"),
        ("3", "M529LKIQ.7M0W", "25", "600"),
        ("4", "M529LMOK.DK0W", "", ""),
    ] {
        let path = samples.join(name);
        done(&folder, "import", &["--range", "normal", path.to_str().unwrap()]);
        if !charge.is_empty() {
            done(
                &folder,
                "correct",
                &[id, "--charge-kg", charge, "--distance-m", distance, "--yes"],
            );
        }
    }
    folder
}

#[test]
fn the_law_is_printed_with_what_was_left_out() {
    let quarry = quarry();
    let said = done(&quarry, "scaled-distance", &["--velocity", "mm/s", "--limit", "5"]);
    assert!(said.starts_with("3 events count, 1 left out: 1 no charge\nPPV = "), "{said}");
    for words in ["SD in m/√kg", "K95 = ", "R² = ", "DISTANCE m", "CHARGE kg", "95 % prediction"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    let imperial = done(&quarry, "scaled-distance", &["--distance", "250 m", "--charge", "45 kg"]);
    assert!(imperial.contains("DISTANCE ft") && imperial.contains("820"), "{imperial}");
}

#[test]
fn the_chart_and_the_table_go_to_files() {
    let quarry = quarry();
    for (name, start) in [
        ("law.svg", &b"<svg"[..]),
        ("law.png", b"\x89PNG"),
        ("law.pdf", b"%PDF"),
        ("events.csv", b"id,serial"),
    ] {
        done(&quarry, "scaled-distance", &["-o", name, "--limit", "0.2"]);
        assert!(fs::read(quarry.path().join(name)).unwrap().starts_with(start), "{name}");
        let again = run(quarry.path(), &["scaled-distance", "--archive", "quarry", "-o", name]);
        assert_eq!(again.status.code(), Some(1), "{name} exists");
    }
    let table = done(&quarry, "scaled-distance", &["-o", "-"]);
    assert_eq!(table.lines().count(), 5, "{table}");
    let wrong = run(quarry.path(), &["scaled-distance", "--archive", "quarry", "-o", "law.docx"]);
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn json_has_the_law_the_forecasts_and_every_event() {
    let quarry = quarry();
    let more = ["--json", "--velocity", "mm/s", "--limit", "5", "--distance", "250 m"];
    let said: Value = serde_json::from_str(&done(&quarry, "scaled-distance", &more)).unwrap();
    assert_eq!((&said["counted"], &said["total"]), (&3.into(), &4.into()));
    assert_eq!(said["forecasts"].as_array().unwrap().len(), 3);
    assert_eq!(said["events"][3]["left_out"], "no_charge");
}

#[test]
fn without_a_law_the_reason_is_printed_and_the_exit_code_is_1() {
    let quarry = quarry();
    done(&quarry, "review", &["1", "--false-trigger"]);
    let made = run(quarry.path(), &["scaled-distance", "--archive", "quarry"]);
    assert_eq!(made.status.code(), Some(1));
    let said = String::from_utf8(made.stdout).unwrap();
    assert!(said.contains("no law: a law needs 3 events that count: found 2"), "{said}");
}

#[test]
fn a_correction_of_a_blast_can_be_taken_back() {
    let quarry = quarry();
    let row = || -> Value {
        serde_json::from_str(
            done(&quarry, "list", &["--json", "--sort", "-id"]).lines().last().unwrap(),
        )
        .unwrap()
    };
    let of = row();
    assert_eq!((&of["charge_kg"], &of["distance_m"]), (&40.0.into(), &60.0.into()), "{of}");
    done(&quarry, "correct", &["1", "--charge-lb", "99.20", "--yes"]);
    assert_eq!(row()["blast"]["charge"]["decimals"], 2);
    let preview = done(&quarry, "correct", &["1", "--no-distance"]);
    assert!(preview.contains("distance: \"60 m\" → none"), "{preview}");
    done(&quarry, "correct", &["1", "--as-recorded", "charge,distance", "--yes"]);
    assert_eq!((&row()["charge_kg"], &row()["distance_m"]), (&Value::Null, &Value::Null));
    done(&quarry, "review", &["1", "--undo"]);
    assert_eq!(row()["distance_m"], 60.0);
    for wrong in [["--charge-kg", "0"], ["--distance-m", "NaN"], ["--distance-ft", "1e9"]] {
        let more = [&["correct", "--archive", "quarry", "1"][..], &wrong].concat();
        assert_eq!(run(quarry.path(), &more).status.code(), Some(2), "{wrong:?}");
    }
    let both = ["correct", "--archive", "quarry", "1", "--charge-kg", "1", "--charge-lb", "2"];
    assert_eq!(run(quarry.path(), &both).status.code(), Some(2));
}

#[test]
fn a_distance_or_a_charge_alone_gives_nothing_and_is_wrong_usage() {
    let quarry = quarry();
    for more in [["--distance", "250 m"], ["--charge", "45 kg"], ["--distance", "250"]] {
        let all = [&["scaled-distance", "--archive", "quarry"][..], &more].concat();
        assert_eq!(run(quarry.path(), &all).status.code(), Some(2), "{more:?}");
    }
}
