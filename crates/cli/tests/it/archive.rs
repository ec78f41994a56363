//! The commands of the archive, as people and scripts use them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use wavekeep_archive::Archive;

pub fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").canonicalize().unwrap()
}

/// Runs the program in `folder`, on the archive `fleet` there.
pub fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wavekeep"));
    command.current_dir(folder).env("WAVEKEEP_ARCHIVE", "fleet").args(args).output().unwrap()
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn documents(output: &Output) -> Vec<Value> {
    stdout(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A folder with the samples in the archive `fleet`.
pub fn fleet() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in walkdir::WalkDir::new(samples()) {
        let entry = entry.unwrap();
        let path = folder.path().join("events").join(entry.path().strip_prefix(samples()).unwrap());
        let extension = path.extension().and_then(|extension| extension.to_str());
        if entry.file_type().is_dir() {
            fs::create_dir(path).unwrap();
        } else if !matches!(extension, Some("json" | "md")) {
            fs::copy(entry.path(), path).unwrap();
        }
    }
    assert_eq!(code(&run(folder.path(), &["import", "events"])), 3);
    folder
}

#[test]
fn a_list_is_a_table() {
    let fleet = fleet();
    insta::assert_snapshot!(stdout(&run(fleet.path(), &["list"])));
}

#[test]
fn units_and_projects_are_summed_up() {
    let fleet = fleet();
    let mut text = stdout(&run(fleet.path(), &["list", "--by", "unit"]));
    text += &stdout(&run(fleet.path(), &["list", "--by", "project"]));
    text += &stdout(&run(fleet.path(), &["list", "--by", "month"]));
    insta::assert_snapshot!(text);
}

#[test]
fn an_import_says_what_became_of_everything_and_again_it_is_the_same() {
    let fleet = fleet();
    let again = run(fleet.path(), &["import", "events"]);
    insta::assert_snapshot!(stdout(&again));
    assert_eq!(code(&again), 3);
    let answers = documents(&run(fleet.path(), &["import", "--json", "events"]));
    assert_eq!(answers.len(), 14);
    assert!(answers[..13].iter().all(|answer| answer["outcome"] == "same"));
    assert_eq!(answers[13]["account"]["same"], 13);
}

#[test]
fn the_help_of_every_command_has_examples() {
    let folder = tempfile::tempdir().unwrap();
    for command in
        ["import", "list", "review", "verify", "repair", "rebuild", "export", "watch", "backup"]
    {
        let help = stdout(&run(folder.path(), &[command, "--help"]));
        assert!(help.contains("Examples:") && help.contains("--archive"), "{command}");
    }
}

/// The options of a command come before those of all commands.
#[test]
fn options_of_every_command_stand_apart_from_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let own =
        [("convert", "--to"), ("list", "--sort"), ("report", "--curve"), ("serve", "--listen")];
    for (command, option) in own {
        let help = stdout(&run(folder.path(), &[command, "--help"]));
        let (before, after) = help.split_once("Global options:").unwrap();
        let heading = before.split(&format!(" {option} ")).next().unwrap();
        assert!(heading.len() < before.len(), "{command} {option}");
        let heading = heading.lines().rfind(|line| line.ends_with(':') && !line.starts_with(' '));
        assert_eq!(heading, Some("Options:"), "{command} {option}");
        assert!(after.contains("--json") && after.contains("--color"), "{command}");
    }
    let help = stdout(&run(folder.path(), &["report", "--help"]));
    assert!(help.contains("usbm-drywall, ") && help.contains("din-2, "), "{help}");
}

#[test]
fn a_bulk_review_shows_what_it_would_change_and_changes_it_with_yes() {
    let fleet = fleet();
    let bulk = ["review", "--where", "max-ppv=0.08", "--false-trigger", "--reviewer", "kim"];
    let preview = run(fleet.path(), &bulk);
    assert!(stdout(&preview).contains("M529LKIQ.7M0W"));
    let marked = ["list", "--json", "--false-trigger", "yes"];
    assert_eq!(code(&run(fleet.path(), &marked)), 1, "none is marked yet");
    assert_eq!(code(&run(fleet.path(), &[&bulk[..], &["--yes"]].concat())), 0);
    let found = documents(&run(fleet.path(), &marked));
    assert_eq!(found.len(), 3);
    assert_eq!(found[0]["reviewer"], "kim");
    let id = found[0]["id"].to_string();
    assert_eq!(code(&run(fleet.path(), &["review", &id, "--undo"])), 0);
    assert_eq!(documents(&run(fleet.path(), &marked)).len(), 2);
    assert_eq!(documents(&run(fleet.path(), &["review", &id, "--log", "--json"])).len(), 2);
    assert_eq!(code(&run(fleet.path(), &["review", "99", "--false-trigger"])), 1);
    assert_eq!(code(&run(fleet.path(), &["review", "1"])), 2);
}

#[test]
fn verify_ends_with_3_when_something_is_found_and_repair_with_0_when_nothing_is_left() {
    let fleet = fleet();
    assert_eq!(code(&run(fleet.path(), &["verify"])), 0);
    fs::write(fleet.path().join("fleet/BE11529/M529LKIQ.7M0W.h5"), b"x").unwrap();
    let found = run(fleet.path(), &["verify", "--json"]);
    assert_eq!(code(&found), 3);
    assert_eq!(documents(&found)[0]["findings"][0]["kind"], "arrays_differ");
    assert_eq!(code(&run(fleet.path(), &["repair"])), 0);
    assert_eq!(code(&run(fleet.path(), &["verify"])), 0);
}

#[test]
fn an_event_of_an_unknown_unit_goes_to_its_unit_when_its_report_comes_and_the_answer_says_so() {
    let fleet = tempfile::tempdir().unwrap();
    fs::copy(samples().join("M529LMOK.DK0W"), fleet.path().join("event.bin")).unwrap();
    let first = run(fleet.path(), &["import", "event.bin"]);
    assert!(stdout(&first).contains("1 event of unknown units: in UNKNOWN"));
    let report = fleet.path().join("event.bin.TXT");
    fs::copy(samples().join("M529LMOK_DK0W_ASCII.TXT"), report).unwrap();
    let late = documents(&run(fleet.path(), &["import", "--json", "event.bin.TXT"]));
    assert_eq!(late[0]["moved_from"], "UNKNOWN/event.bin");
    assert_eq!((&late[0]["serial"], &late[0]["id"]), (&"BE11529".into(), &1.into()));
    assert_eq!(late[1]["account"]["moved"], 1);
    assert_eq!(code(&run(fleet.path(), &["verify"])), 0);
}

#[test]
fn arrays_for_memory_mapping_are_made_by_import_and_rebuild_when_asked_for() {
    let fleet = fleet();
    let gnz = fleet.path().join("fleet/BE11529/M529LKIQ.7M0W.gnz");
    assert!(!gnz.exists());
    let rebuild = ["rebuild", "--gnz", "--serial", "BE11529"];
    assert!(stdout(&run(fleet.path(), &rebuild)).starts_with("7 events regenerated"));
    assert!(gnz.is_file());
    assert!(stdout(&run(fleet.path(), &rebuild)).starts_with("0 events regenerated"));
    let import = run(fleet.path(), &["import", "--gnz", "--json", "events/T190LD5Q.LK0W"]);
    assert_eq!(documents(&import)[0]["gnz_filename"], "T190LD5Q.LK0W.gnz");
    assert_eq!(code(&run(fleet.path(), &["verify"])), 0);
}

#[test]
fn a_folder_that_is_no_archive_does_not_become_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("fleet")).unwrap();
    assert_eq!(code(&run(folder.path(), &["list"])), 1);
    assert_eq!(fs::read_dir(folder.path().join("fleet")).unwrap().count(), 0);
}

#[test]
fn results_are_not_replaced_without_being_asked() {
    let fleet = fleet();
    let export = ["export", "--to", "parquet", "-o", "events.parquet"];
    assert_eq!(code(&run(fleet.path(), &export)), 0);
    assert_eq!(code(&run(fleet.path(), &export)), 1);
    assert_eq!(code(&run(fleet.path(), &[&export[..], &["--force"]].concat())), 0);
    assert_eq!(stdout(&run(fleet.path(), &["export", "--to", "csv"])).lines().count(), 14);
}

/// The numbers of the events that a list with these arguments has.
fn ids(folder: &Path, args: &[&str]) -> Vec<i64> {
    let listed = run(folder, &[&["list", "--json"], args].concat());
    // Where no event matches, the document says so.
    let listed = documents(&listed).into_iter().filter(|one| one.get("error").is_none());
    listed.map(|event| event["id"].as_i64().unwrap()).collect()
}

#[test]
fn every_summary_heeds_the_filters_of_the_list() {
    let fleet = fleet();
    for filter in [
        &["--serial", "BE11529"][..],
        &["--kind", "histogram"],
        &["--min-ppv", "0.2"],
        &["--where", "max-ppv=0.2", "--where", "kind=waveform"],
        &["--id", "1,3-5"],
        &["--text", "quarry"],
        &["--false-trigger", "no", "--reviewed", "no"],
    ] {
        let events = ids(fleet.path(), filter).len() as u64;
        for by in ["unit", "project", "month"] {
            let args = [&["list", "--json", "--by", by], filter].concat();
            let groups = documents(&run(fleet.path(), &args));
            let sum: u64 = groups.iter().map(|group| group["events"].as_u64().unwrap()).sum();
            assert_eq!(sum, events, "{by} {filter:?}");
            for group in groups.iter().filter(|group| !group["largest_event"].is_null()) {
                let largest = group["largest_event"].as_i64().unwrap();
                assert!(ids(fleet.path(), filter).contains(&largest), "{by} {filter:?}");
            }
        }
    }
}

#[test]
fn conditions_of_states_choose_as_the_rows_say() {
    let fleet = fleet();
    let all = documents(&run(fleet.path(), &["list", "--json"]));
    let fits = |condition: &str, row: &Value| match condition {
        "damaged=yes" => row["damaged"] == true,
        "damaged=no" => row["damaged"] == false,
        "has-report=yes" => row["has_report"] == true,
        "has-report=no" => row["has_report"] == false,
        "saturated=yes" => row["flags"].to_string().contains("saturated"),
        "without=project" => row["project"].is_null(),
        "without=project,client" => row["project"].is_null() && row["client"].is_null(),
        "imported-since=yesterday" => true,
        "imported-since=2100-01-01" => false,
        "air-verdict=exceeds" => row["air_verdict"] == "exceeds",
        other => unreachable!("{other}"),
    };
    for condition in [
        "damaged=yes",
        "damaged=no",
        "has-report=yes",
        "has-report=no",
        "saturated=yes",
        "without=project",
        "without=project,client",
        "imported-since=yesterday",
        "imported-since=2100-01-01",
        "air-verdict=exceeds",
    ] {
        let expected = all.iter().filter(|row| fits(condition, row)).count();
        let listed = ids(fleet.path(), &["--where", condition]);
        assert_eq!(listed.len(), expected, "{condition}");
    }
    assert!(all.iter().any(|row| fits("damaged=yes", row)));
    assert!(all.iter().any(|row| fits("saturated=yes", row)));
}

#[test]
fn monitor_logs_are_kept_and_listed_apart_from_events() {
    let fleet = fleet();
    let log = b"\x10\x00\x01\x80\x00\x00Instantel\x00\x07\x2c\x22\x01\x0e\xa0";
    fs::write(fleet.path().join("M529LKIQ.MLG"), log).unwrap();
    let imported = run(fleet.path(), &["import", "M529LKIQ.MLG"]);
    assert_eq!(stdout(&imported), "0 events: 0 new\n1 monitor log file kept unchanged\n");
    let again = run(fleet.path(), &["import", "M529LKIQ.MLG"]);
    assert!(stdout(&again).ends_with("1 monitor log file already kept\n"));
    let listed = stdout(&run(fleet.path(), &["list", "--monitor-logs"]));
    assert!(listed.contains("BE11529 (by the file name)  M529LKIQ.MLG"), "{listed}");
    let document = &documents(&run(fleet.path(), &["list", "--monitor-logs", "--json"]))[0];
    assert_eq!((&document["serial"], &document["bytes"]), (&"BE11529".into(), &log.len().into()));
    let none = run(fleet.path(), &["list", "--monitor-logs", "--serial", "BE12844"]);
    assert_eq!((code(&none), stdout(&none)), (1, String::new()));
}

#[test]
fn all_commands_choose_events_alike() {
    let fleet = fleet();
    let chosen = &["--where", "serial=BE11529", "--where", "kind=waveform"][..];
    let events = ids(fleet.path(), chosen);
    assert!(events.len() > 1);
    let table = run(fleet.path(), &[&["export", "--to", "csv"], chosen].concat());
    assert_eq!(stdout(&table).lines().count(), events.len() + 1);
    let review = run(fleet.path(), &[&["review", "--reviewed", "--json"], chosen].concat());
    assert_eq!(documents(&review).len(), events.len());
    let verified = run(fleet.path(), &[&["verify", "--json"], chosen].concat());
    assert_eq!(documents(&verified)[0]["events"], events.len());
    let rebuilt =
        run(fleet.path(), &[&["rebuild", "--all", "--dry-run", "--json"], chosen].concat());
    assert_eq!(documents(&rebuilt).last().unwrap()["account"]["events"], events.len());
    for command in [&["plot"][..], &["report"]] {
        let out = command[0];
        let into = format!("{out}/");
        let args = [command, &["--archive", "fleet", "-o", &into], chosen].concat();
        let made = run(fleet.path(), &args);
        // One of them is damaged.
        assert_eq!(code(&made), 3, "{}", String::from_utf8_lossy(&made.stderr));
        assert_eq!(fs::read_dir(fleet.path().join(out)).unwrap().count(), events.len());
    }
}

#[test]
fn the_page_of_an_archived_event_carries_its_entry_in_the_ledger_and_the_head() {
    let fleet = fleet();
    let made = run(fleet.path(), &["report", "--archive", "fleet", "--id", "1", "-o", "page.pdf"]);
    assert_eq!(code(&made), 0, "{}", String::from_utf8_lossy(&made.stderr));
    let pdf = lopdf::Document::load(fleet.path().join("page.pdf")).unwrap();
    // Every glyph is placed by itself, which reads as a line of its own.
    let text = pdf.extract_text(&[1]).unwrap().replace('\n', "");
    let archive = Archive::open_to_read(fleet.path().join("fleet")).unwrap();
    let (entry, head) = archive.ledger_state(1).unwrap().unwrap();
    assert!(text.contains(&entry.leaf.to_string()), "{text}");
    assert!(text.contains(&head.root.to_string()), "{text}");
}

#[test]
fn nothing_that_matches_and_words_that_nobody_knows_are_no_success() {
    let fleet = fleet();
    for (args, expected) in [
        (&["list", "--from", "2100-01-01"][..], 1),
        (&["list", "--by", "unit", "--from", "2100-01-01"], 1),
        (&["export", "--to", "csv", "--where", "from=2100-01-01"], 1),
        (&["review", "--where", "from=2100-01-01", "--reviewed", "--yes"], 1),
        (&["list", "--kind", "wave"], 2),
        (&["list", "--serial", "BE11528"], 2),
        (&["list", "--where", "sreial=BE11529"], 2),
        (&["list", "--sort", "loudest"], 2),
        (&["list", "--from", "2026-05-01T13:16:34-05:00"], 2),
    ] {
        let output = run(fleet.path(), args);
        assert_eq!(
            code(&output),
            expected,
            "{args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(!output.stderr.is_empty());
    }
    let near = run(fleet.path(), &["list", "--serial", "BE11528"]);
    assert!(String::from_utf8_lossy(&near.stderr).contains("did you mean BE11529?"));
}

#[test]
fn an_order_means_the_same_as_over_http() {
    let fleet = fleet();
    let ppv = |sort: &str| {
        let listed = documents(&run(fleet.path(), &["list", "--json", &format!("--sort={sort}")]));
        listed.iter().filter_map(|event| event["ppv_in_s"].as_f64()).collect::<Vec<_>>()
    };
    assert!(ppv("ppv").is_sorted(), "{:?}", ppv("ppv"));
    assert!(ppv("-ppv").is_sorted_by(|a, b| a >= b), "{:?}", ppv("-ppv"));
}

#[test]
fn an_undo_of_several_takes_back_their_last_review_together_and_nothing_else() {
    let fleet = fleet();
    let review = |args: &[&str]| run(fleet.path(), &[&["review"], args].concat());
    let marked = |id: i64| {
        let event = &documents(&run(fleet.path(), &["list", "--json", "--id", &id.to_string()]))[0];
        event["false_trigger"].as_bool().unwrap()
    };
    let unit = ids(fleet.path(), &["--serial", "BE11529"]);
    let (alone, other) = (unit[0], ids(fleet.path(), &["--serial", "UM11719"])[0]);
    assert_eq!(code(&review(&[&other.to_string(), "--false-trigger"])), 0);
    let together = ["--where", "serial=BE11529", "--false-trigger", "--yes"];
    assert_eq!(code(&review(&together)), 0);
    assert!(unit.iter().all(|id| marked(*id)));
    // One of them was looked at again: it keeps what was said of it last.
    assert_eq!(code(&review(&[&alone.to_string(), "--false-trigger", "--notes", "a lorry"])), 0);
    let undone = review(&["--where", "serial=BE11529", "--undo", "--yes"]);
    assert_eq!(code(&undone), 1, "one stays as it is");
    assert!(String::from_utf8_lossy(&undone.stderr).contains("was reviewed again since"));
    let still: Vec<i64> = unit.iter().copied().filter(|id| marked(*id)).collect();
    assert_eq!(still, [alone]);
    assert!(marked(other), "an event of another review is not touched");
}

#[test]
fn a_damaged_stream_is_called_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../smurf/tests/data");
    let damaged = data.join("trunc_payload.dat");
    let imported = run(folder.path(), &["import", damaged.to_str().unwrap()]);
    assert_eq!(code(&imported), 3, "{}", stdout(&imported));
    let listed = documents(&run(folder.path(), &["list", "--json"]));
    assert_eq!(listed[0]["damaged"], true);
    assert!(stdout(&run(folder.path(), &["list"])).contains("damaged"));
    let whole = run(folder.path(), &["import", data.join("basic.dat").to_str().unwrap()]);
    assert_eq!(code(&whole), 0, "{}", stdout(&whole));
}

#[test]
fn a_text_that_a_spreadsheet_would_run_is_no_formula_in_a_table() {
    let fleet = fleet();
    for (id, notes) in [(1, "=1+1"), (2, "@SUM(A1)"), (3, "-1"), (4, "+1"), (5, "a=1")] {
        let args = ["review", &id.to_string(), "--false-trigger", &format!("--notes={notes}")];
        assert_eq!(code(&run(fleet.path(), &args)), 0);
    }
    let table = stdout(&run(fleet.path(), &["export", "--to", "csv"]));
    for notes in ["'=1+1", "'@SUM(A1)", "'-1", "'+1", ",a=1"] {
        assert!(table.contains(notes), "{notes}");
    }
}

#[test]
fn a_token_can_come_before_the_archive() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(code(&run(folder.path(), &["token", "add", "kim", "--create"])), 0);
    let list = run(folder.path(), &["token", "list"]);
    assert!(stdout(&list).contains("kim"), "{}", stdout(&list));
}

#[test]
fn a_token_expires_after_days_or_at_the_end_of_a_day_and_the_list_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let add = |name: &str, expires: &str| {
        run(folder.path(), &["token", "add", name, "--create", "--expires", expires])
    };
    assert_eq!(code(&add("kim", "90d")), 0);
    assert_eq!(code(&add("sam", "2999-12-31")), 0);
    assert_eq!(code(&run(folder.path(), &["token", "add", "lee"])), 0);
    for wrong in ["2001-01-01", "soon", "0d", "-3d", "99999d"] {
        let output = run(folder.path(), &["token", "add", "x", &format!("--expires={wrong}")]);
        assert_eq!(code(&output), 2, "{wrong}");
    }
    let list = documents(&run(folder.path(), &["token", "list", "--json"]));
    assert_eq!(list[1]["expires_at"], "3000-01-01T00:00:00Z");
    assert_eq!((&list[2]["expires_at"], &list[2]["last_used_at"]), (&Value::Null, &Value::Null));
    let table = stdout(&run(folder.path(), &["token", "list"]));
    assert!(table.starts_with("ROLE    CREATED"), "{table}");
    assert!(table.contains("3000-01-01T00:00:00Z never") && table.contains(" never "), "{table}");
}

#[test]
fn events_are_removed_by_filter_after_a_preview_and_purged_after_their_grace_period() {
    let fleet = fleet();
    let here = fleet.path();
    let count = || documents(&run(here, &["list", "--json"])).len();
    let all = count();
    let remove = ["remove", "--where", "max-ppv=0.08", "--reason", "noise"];
    let preview = run(here, &remove);
    assert!(stdout(&preview).contains("3 events would be removed"), "{}", stdout(&preview));
    assert_eq!(count(), all);
    let removed = run(here, &[&remove[..], &["--yes"]].concat());
    assert_eq!(code(&removed), 0);
    assert_eq!(count(), all - 3);
    let said = stdout(&removed);
    let kept = said.lines().find_map(|line| line.strip_prefix("their files are in ")).unwrap();
    let kept = kept.strip_suffix(" until they are purged").unwrap().to_owned();
    assert_eq!(code(&run(here, &["remove", "--reason", "x", "--yes"])), 2, "nothing is selected");
    assert!(stdout(&run(here, &["purge", "--yes"])).contains("nothing was removed more than 30"));
    let back = run(here, &["import", "--from-archive", &kept]);
    assert_eq!(code(&back), 0, "{}", String::from_utf8_lossy(&back.stderr));
    assert_eq!(count(), all);
    assert!(stdout(&run(here, &["purge", "--grace", "0"])).contains("nothing was deleted"));
    assert!(Path::new(&kept).is_dir());
    assert_eq!(code(&run(here, &["purge", "--grace", "0", "--yes"])), 0);
    assert!(!Path::new(&kept).exists());
    assert_eq!(code(&run(here, &["verify", "--hashes"])), 0);
    assert_eq!(code(&run(here, &["remove", "1", "--reason", "x", "--yes", "--now"])), 0);
    assert_eq!(count(), all - 1);
    assert!(stdout(&run(here, &["purge", "--grace", "0"])).contains("nothing was removed"));
}

#[test]
fn rules_say_how_long_events_are_kept_and_the_first_that_fits_decides() {
    let fleet = fleet();
    let here = fleet.path();
    let count = || documents(&run(here, &["list", "--json"])).len();
    let all = count();
    let rules = here.join("retention.toml");
    let text = "[[rule]]\nserial = \"BE12844\"\nkeep = \"forever\"\n\n[[rule]]\nkind = \"histogram\"\n\
        keep = \"1d\"\nreason = \"contract 17\"\n\n[[rule]]\nkeep = \"900y\"\n";
    fs::write(&rules, text).unwrap();
    let histograms = documents(&run(here, &["list", "--json", "--kind", "histogram"]));
    let over = histograms.iter().filter(|event| event["serial"] != "BE12844").count();
    assert!(over > 0);
    let preview = stdout(&run(here, &["retain", "retention.toml"]));
    assert!(
        preview.contains(&format!("kind histogram: 1d: 0 events kept, {over} over")),
        "{preview}"
    );
    assert!(preview.contains("serial BE12844: forever: "), "{preview}");
    assert_eq!(count(), all);
    assert_eq!(code(&run(here, &["retain", "retention.toml", "--yes"])), 0);
    assert_eq!(count(), all - over);
    let ledger = stdout(&run(here, &["ledger", "--json"]));
    assert!(ledger.contains("contract 17 (kind histogram: 1d)"), "{ledger}");
    for (text, why) in
        [("", "no [[rule]]"), ("[[rules]]", "rules"), ("[[rule]]\nkeep = \"0d\"", "rule 1")]
    {
        fs::write(&rules, text).unwrap();
        let refused = run(here, &["retain", "retention.toml", "--yes"]);
        assert_eq!(code(&refused), 2, "{text}");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.contains(why), "{said}");
    }
    assert_eq!(count(), all - over);
}

#[test]
fn a_part_of_an_archive_becomes_one_with_its_reviews() {
    let fleet = fleet();
    let here = fleet.path();
    let events = documents(&run(here, &["list", "--json"]));
    let one = events.iter().find(|event| event["project"].is_string()).unwrap();
    let (id, project) = (one["id"].to_string(), one["project"].as_str().unwrap());
    for notes in ["a lorry", "two lorries"] {
        let review = ["review", &id, "--notes", notes, "--reviewer", "kim"];
        assert_eq!(code(&run(here, &review)), 0);
    }
    let part = format!("project={project}");
    let all = documents(&run(here, &["list", "--json", "--where", &part]));
    let split =
        run(here, &["import", "--archive", "part", "--from-archive", "fleet", "--where", &part]);
    assert_eq!(code(&split), 0, "{}", String::from_utf8_lossy(&split.stderr));
    let found = documents(&run(here, &["list", "--json", "--archive", "part"]));
    assert_eq!(found.len(), all.len());
    assert!(found.iter().zip(&all).all(|(a, b)| a["id"] == b["id"] && a["sha256"] == b["sha256"]));
    let log = documents(&run(here, &["review", &id, "--log", "--json", "--archive", "part"]));
    assert_eq!(log.len(), 2, "{log:?}");
    assert!(log.iter().all(|entry| entry["who"] == "kim"), "{log:?}");
    assert_eq!(code(&run(here, &["verify", "--archive", "part"])), 0);
    let nothing =
        ["import", "--archive", "empty", "--from-archive", "fleet", "--where", "text=zzzz"];
    assert_eq!(code(&run(here, &nothing)), 1);
    assert!(!here.join("empty").exists());
    assert_eq!(code(&run(here, &["import", "events", "--where", &part])), 2);
}

#[test]
fn projects_are_renamed_and_merged_after_a_preview_and_the_change_can_be_undone() {
    let fleet = fleet();
    let here = fleet.path();
    let names = |folder: &Path| -> Vec<(Option<String>, i64)> {
        let rows = documents(&run(folder, &["list", "--by", "project", "--json"]));
        let mut names: Vec<_> = rows
            .iter()
            .map(|row| {
                (row["project"].as_str().map(str::to_owned), row["events"].as_i64().unwrap())
            })
            .collect();
        names.sort();
        names
    };
    let split = ["correct", "--where", "serial=BE12844", "--project", "Quary 4", "--yes"];
    assert_eq!(code(&run(here, &split)), 0);
    let before = names(here);
    let of =
        |wanted: &str| before.iter().find(|(name, _)| name.as_deref() == Some(wanted)).unwrap();
    let from = "Quary 4".to_owned();
    let to = before.iter().filter_map(|(name, _)| name.clone()).find(|name| *name != from).unwrap();
    let (old, new) = (of(&from).clone(), of(&to).clone());
    let selects = format!("project={from}");
    let rename = ["correct", "--where", &selects, "--project", &to];
    let preview = stdout(&run(here, &rename));
    assert!(preview.contains(&format!("{from:?} → {to:?} ({} event", new.1)), "{preview}");
    assert_eq!(names(here), before, "a preview changes nothing");
    assert_eq!(code(&run(here, &[&rename[..], &["--yes"]].concat())), 0);
    let merged = names(here);
    assert_eq!(merged.len(), before.len() - 1);
    assert!(merged.contains(&(Some(to.clone()), old.1 + new.1)), "{merged:?}");
    let listed = stdout(&run(here, &["list", "--where", &format!("project={to}")]));
    assert!(listed.contains("corrected"), "{listed}");
    let undo = ["review", "--where", &format!("project={to}"), "--undo", "--yes"];
    assert_eq!(code(&run(here, &undo)), 0);
    assert_eq!(names(here), before);
    assert_eq!(code(&run(here, &["verify", "--hashes"])), 0);
}

#[test]
fn events_of_one_unit_go_to_another_with_a_reason() {
    let fleet = fleet();
    let here = fleet.path();
    let events = ids(here, &["--serial", "BE12844"]);
    let moves = ["correct", "--where", "serial=BE12844", "--unit", "BE99"];
    assert_eq!(code(&run(here, &moves)), 2, "a reason is needed");
    let moves = [&moves[..], &["--reason", "label on the box"]].concat();
    assert!(stdout(&run(here, &moves)).contains("unit: \"BE12844\" → \"BE99\""));
    assert_eq!(code(&run(here, &[&moves[..], &["--yes"]].concat())), 0);
    assert_eq!(ids(here, &["--serial", "BE99"]), events);
    assert_eq!(code(&run(here, &["list", "--serial", "BE12844"])), 2, "the unit has no events");
    let entry = &documents(&run(here, &["ledger", &events[0].to_string(), "--json"]))[0];
    assert_eq!((&entry["action"], &entry["reason"]), (&"move".into(), &"label on the box".into()));
    assert_eq!(code(&run(here, &["verify", "--hashes"])), 0);
}

#[test]
fn a_correction_that_contradicts_itself_or_says_nothing_is_refused() {
    let fleet = fleet();
    for wrong in [
        &["correct", "1"][..],
        &["correct", "--project", "x"],
        &["correct", "1", "--project", "x", "--as-recorded", "project"],
        &["correct", "1", "--as-recorded", "colour"],
        &["correct", "1", "--project", "x", "--reason", "y"],
    ] {
        assert_eq!(code(&run(fleet.path(), wrong)), 2, "{wrong:?}");
    }
    assert_eq!(code(&run(fleet.path(), &["correct", "999", "--project", "x", "--yes"])), 1);
}
