//! Events with the reports that real units' software leaves beside them: each with its right values.

use std::fs;
use std::path::{Path, PathBuf};

use wavekeep_core::{
    Basis, DecodeOptions, Limits, Note, NoteKind, Recording, TimeAxis, Unit, UnitLocal,
};
use wavekeep_formats::{OpenError, Opener};

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/field").join(path)
}

fn open(path: &str) -> Recording {
    Opener::default().open(&data(path)).unwrap()
}

fn codes(recording: &Recording, kind: NoteKind) -> Vec<&'static str> {
    recording.report.of_kind(kind).map(|note| note.code).collect()
}

fn disagreements(recording: &Recording) -> Vec<&'static str> {
    codes(recording, NoteKind::Disagreement)
}

fn note<'r>(recording: &'r Recording, code: &str) -> &'r Note {
    recording.report.notes().iter().find(|note| note.code == code).unwrap()
}

fn peak(recording: &Recording, channel: &str) -> (f64, Unit) {
    let statement = recording.statement.as_ref().unwrap();
    let peak = statement.channel(channel).unwrap().peak.unwrap();
    (peak.value, peak.unit)
}

const MM: Unit = Unit::MillimetrePerSecond;
const THOR: &str = "UM11719_20260610115639.IDFW";
const BLASTWARE: &str = "M529LMOK.DK0W";

#[test]
fn thors_csv_is_read_like_its_text() {
    let recording = open(&format!("02-thor-csv-only/{THOR}"));
    assert_eq!(recording.metadata["report_file"], format!("CSV/{THOR}.csv"));
    let TimeAxis::Samples { rate_hz, .. } = recording.time else { panic!() };
    assert_eq!((rate_hz.value, rate_hz.basis), (1024.0, Basis::Report));
    let start = recording.start.unwrap();
    assert_eq!(
        (start.value.to_string().as_str(), start.basis),
        ("2026-06-10 11:56:39", Basis::Report)
    );
    assert_eq!(recording.serial.as_ref().unwrap().value, "UM11719");
    for channel in ["Tran", "Vert", "Long"] {
        assert_eq!(peak(&recording, channel), (0.071, MM));
    }
    assert_eq!(peak(&recording, "MicL"), (93.4, Unit::DecibelLinear));
    assert_eq!(recording.channels[0].scale.of_one(), 0.00788);
    assert_eq!(recording.metadata["report_rows"], recording.len());
    assert_eq!(disagreements(&recording), [] as [&str; 0]);
}

#[test]
fn samples_of_the_microphone_are_in_the_unit_that_units_says_and_not_in_that_of_its_peak() {
    let recording = open(&format!("03-thor-units-mm-and-pa/{THOR}"));
    let fact = &recording.metadata["microphone_scale"];
    assert_eq!(disagreements(&recording), [] as [&str; 0]);
    let factor = recording.channel("MicL").unwrap().scale;
    assert_eq!((factor.unit, &fact["basis"]), (Unit::Pascal, &"report".into()));
    assert!((factor.of_one() - 0.0155).abs() < 1e-4, "{}", factor.of_one());
}

#[test]
fn a_serial_number_is_taken_without_the_firmware_behind_it() {
    for path in [
        format!("04-serial-with-firmware-idfw/{THOR}"),
        "04-serial-with-firmware-idfw/renamed/blast14.IDFW".into(),
    ] {
        let recording = open(&path);
        assert_eq!(recording.serial.as_ref().unwrap().value, "UM11719");
        let statement = recording.statement.as_ref().unwrap();
        assert_eq!(statement.firmware.as_deref(), Some("V 11-0BD Micromate ISEE"));
        assert_eq!(disagreements(&recording), [] as [&str; 0], "{path}");
    }
}

#[test]
fn a_weighted_level_is_said_and_not_taken_as_a_linear_one() {
    let recording = open(&format!("06-a-weighted-microphone/{THOR}"));
    let statement = recording.statement.as_ref().unwrap();
    let peak = statement.channel("MicL").unwrap().peak.unwrap();
    assert_eq!(peak.to_string(), "67.3 dB(A)");
    assert!(peak.to(Unit::DecibelLinear).is_err() && peak.to(Unit::Psi).is_err());
    note(&recording, "weighted_microphone");
}

#[test]
fn only_the_channels_that_a_table_lists_are_compared() {
    let recording = open(&format!("07-channels-in-the-table/three/{BLASTWARE}"));
    assert_eq!(disagreements(&recording), [] as [&str; 0]);
    assert!(!recording.metadata.contains_key("report_not_understood"));
}

#[test]
fn decimal_commas_are_decimals() {
    let recording = open(&format!("09-decimal-comma/{BLASTWARE}"));
    for channel in ["Tran", "Vert", "Long"] {
        assert_eq!(peak(&recording, channel), (7.493, MM));
    }
    let statement = recording.statement.as_ref().unwrap();
    assert_eq!(statement.peak_vector_sum.unwrap().value, 8.242);
    let range = recording.range.unwrap();
    assert_eq!((range.value.in_per_s(), range.basis), (10.0, Basis::Report));
    let TimeAxis::Samples { rate_hz, pretrigger_s } = recording.time else { panic!() };
    assert_eq!((rate_hz.value, pretrigger_s.value), (1024.0, 0.25));
    assert_eq!(disagreements(&recording), [] as [&str; 0]);
    assert!(!recording.report.is_damaged());
}

#[test]
fn dates_are_understood_in_each_form_and_in_digits_by_the_files_own_time() {
    for version in ["v0", "v1", "v2"] {
        let recording = open(&format!("10-dates/{version}/{BLASTWARE}"));
        let start = recording.start.unwrap();
        assert_eq!(start.value.to_string(), "2026-06-12 14:03:20", "{version}");
        assert_eq!(start.basis, Basis::Report, "{version}");
        assert_eq!(disagreements(&recording), [] as [&str; 0], "{version}");
    }
    let order = open(&format!("10-dates/v1/{BLASTWARE}")).metadata["report_date_order"].clone();
    assert_eq!(order, "DayMonthYear");
}

#[test]
fn a_date_that_nothing_decides_is_not_taken_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(BLASTWARE);
    fs::copy(data(&format!("10-dates/v1/{BLASTWARE}")), &path).unwrap();
    // The file's own time is on neither of the two days.
    let text = fs::read_to_string(data("10-dates/v1/M529LMOK_DK0W_ASCII.TXT")).unwrap();
    let text = text.replace("12/06/2026", "11/05/2026");
    fs::write(folder.path().join("M529LMOK_DK0W_ASCII.TXT"), text).unwrap();
    let recording = Opener::default().open(&path).unwrap();
    assert_eq!(recording.start.unwrap().basis, Basis::File);
    assert!(note(&recording, "report_date").message.contains("11/05/2026"));
}

#[test]
fn blank_lines_lose_nothing() {
    let recording = open(&format!("12-blank-lines/inside/{BLASTWARE}"));
    assert_eq!(disagreements(&recording), [] as [&str; 0]);
    assert_eq!(recording.report.notes().len(), 0);
    assert_eq!(peak(&recording, "Long"), (0.295, Unit::InchPerSecond));
    let TimeAxis::Samples { rate_hz, .. } = recording.time else { panic!() };
    assert_eq!(rate_hz.basis, Basis::Report);
}

#[test]
fn fewer_samples_than_the_record_time_are_damage() {
    let recording = open("13-shorter-than-its-record-time/thor/UM11719_20260611080000.IDFW");
    assert!(recording.report.is_damaged());
    let message = &note(&recording, "shorter_than_stated").message;
    assert!(message.contains("3584 samples") && message.contains("1536"), "{message}");
}

#[test]
fn numbered_channels_are_those_of_the_first_sensor() {
    let recording = open(&format!("19-numbered-channels/{BLASTWARE}"));
    assert_eq!(peak(&recording, "Tran"), (0.295, Unit::InchPerSecond));
    assert_eq!(peak(&recording, "MicL"), (117.36, Unit::DecibelLinear));
    assert_eq!(recording.statement.as_ref().unwrap().peak_vector_sum.unwrap().value, 0.325);
    assert_eq!(disagreements(&recording), [] as [&str; 0]);
}

#[test]
fn thors_csv_of_a_histogram_gives_intervals_and_weighted_levels() {
    let recording = open("22-idfh-csv-dba/Project A/UM11719/UM11719_20260614220000.IDFH");
    let TimeAxis::Intervals { start, length_s } = recording.time else { panic!() };
    assert_eq!(start.unwrap().value.to_string(), "2026-06-14 22:00:00");
    assert_eq!(length_s.unwrap().value, 60.0);
    let levels = &recording.metadata["report_levels"];
    assert_eq!((&levels["unit"], &levels["LMax"][0]), (&"dB(A)".into(), &61.2.into()));
    assert_eq!((&levels["L10"][0], &levels["L90"][11]), (&55.0.into(), &48.1.into()));
    assert_eq!(recording.metadata["report_vector_sums"]["values"][0], 0.0031);
    let facts = recording.channel("Tran").unwrap().intervals.as_ref().unwrap();
    assert_eq!(facts.frequency(0).hz(), Some(25.6));
    assert!(!recording.metadata.contains_key("report_not_understood"));
}

#[test]
fn what_is_not_understood_of_a_text_of_any_length_takes_a_few_kilobytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(BLASTWARE);
    fs::copy(data(&format!("12-blank-lines/inside/{BLASTWARE}")), &path).unwrap();
    let mut text = b"\"Event Type : Full Waveform\"\r\n".to_vec();
    for line in 0..20_000 {
        text.extend(
            format!("junk {line} of a pasted log\r\nkey {line} : value of it\r\n1.5\t{line}\r\n")
                .bytes(),
        );
    }
    fs::write(folder.path().join("M529LMOK_DK0W_ASCII.TXT"), text).unwrap();
    let recording = Opener::default().open(&path).unwrap();
    let lost = &recording.metadata["report_not_understood"];
    assert_eq!((&lost["lines"], &lost["rows"]), (&20_000.into(), &20_000.into()));
    assert_eq!(lost["fields"], 20_000);
    assert_eq!(lost["first"].as_array().unwrap().len(), 100);
    assert_eq!(lost["first"][0]["line"], 2);
    let kept = serde_json::to_string(&recording.metadata).unwrap().len();
    let statement = serde_json::to_string(&recording.statement).unwrap().len();
    assert!(kept < 24_000 && statement < 24_000, "{kept} {statement}");
    assert_eq!(
        disagreements(&recording).iter().filter(|of| **of == "report_not_understood").count(),
        1
    );
}

#[test]
fn names_that_people_have_changed_still_give_serial_number_and_time() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        (
            format!("02-thor-csv-only/{THOR}"),
            format!("20260610-SITE-{THOR}"),
            "UM11719",
            "2026-06-10 11:56:39",
        ),
        (
            format!("02-thor-csv-only/{THOR}"),
            format!("{THOR} (1)"),
            "UM11719",
            "2026-06-10 11:56:39",
        ),
        (
            format!("10-dates/v0/{BLASTWARE}"),
            format!("{BLASTWARE} (1)"),
            "BE11529",
            "2026-06-12 14:03:20",
        ),
        (
            format!("10-dates/v0/{BLASTWARE}"),
            format!("Blast 14 {BLASTWARE}"),
            "BE11529",
            "2026-06-12 14:03:20",
        ),
    ];
    for (from, name, serial, start) in cases {
        let path = folder.path().join(&name);
        fs::copy(data(&from), &path).unwrap();
        let recording = Opener::default().open(&path).unwrap();
        let stated = recording.serial.as_ref().unwrap();
        assert_eq!((stated.value.as_str(), stated.basis), (serial, Basis::FileName), "{name}");
        assert_eq!(recording.start.unwrap().value.to_string(), start, "{name}");
    }
}

#[test]
fn blastwares_print_of_a_micromate_event_is_read() {
    let text = "\"Event Type : Full Waveform\"\r\n\"Serial Number : UM11719 V 11-0BD Micromate ISEE\"\r\n\
        \"Event Date : June 10, 2026\"\r\n\"Event Time : 11:56:39\"\r\n\"Sample Rate : 1024 sps\"\r\n\
        \"Units : mm/s and pa.(L)\"\r\n\"Project: : Quarry\"\r\n\"Client: : \"\r\n\"User Name: : \"\r\n\
        \"Seis Loc: : Wall\"\r\n\"Tran PPV : 0.071 mm/s\"\r\n";
    for name in [format!("{THOR}.TXT"), "UM11719_20260610115639_IDFW_ASCII.TXT".to_owned()] {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(data(&format!("02-thor-csv-only/{THOR}")), folder.path().join(THOR)).unwrap();
        fs::write(folder.path().join(&name), text).unwrap();
        let recording = Opener::default().open(&folder.path().join(THOR)).unwrap();
        assert_eq!(recording.metadata["report_file"], name);
        assert_eq!(peak(&recording, "Tran"), (0.071, MM));
        let notes = &recording.statement.as_ref().unwrap().notes;
        assert_eq!((notes[3].role, notes[3].text.as_str()), ("sensor_location", "Wall"));
        assert_eq!(disagreements(&recording), [] as [&str; 0]);
    }
}

#[test]
fn a_report_that_cannot_be_read_does_not_keep_out_one_that_can() {
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &str, to: &str| {
        let to = folder.path().join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(data(&format!("02-thor-csv-only/{from}")), to).unwrap();
    };
    copy(THOR, THOR);
    copy(&format!("CSV/{THOR}.csv"), &format!("CSV/{THOR}.csv"));
    fs::write(folder.path().join(format!("{THOR}.txt")), "see attachment").unwrap();
    let recording = Opener::default().open(&folder.path().join(THOR)).unwrap();
    assert_eq!(recording.metadata["report_file"], format!("CSV/{THOR}.csv"));
    assert_eq!(disagreements(&recording), ["report_not_used"]);
}

#[test]
fn an_event_whose_body_is_not_understood_keeps_the_values_of_its_report() {
    let folder = tempfile::tempdir().unwrap();
    let event = fs::read(data(&format!("10-dates/v0/{BLASTWARE}"))).unwrap();
    let report = data("10-dates/v0/M529LMOK_DK0W_ASCII.TXT");
    let mut summary = event[..43].to_vec();
    summary.extend(&event[event.len() - 26..]);
    for (name, bytes) in [("empty", &b""[..]), ("summary", &summary)] {
        let path = folder.path().join(BLASTWARE);
        fs::write(&path, bytes).unwrap();
        let text = folder.path().join("M529LMOK_DK0W_ASCII.TXT");
        let _ = fs::remove_file(&text);
        assert!(Opener::default().open(&path).is_err(), "{name}");
        fs::copy(&report, &text).unwrap();
        let recording = Opener::default().open(&path).unwrap();
        assert!(recording.is_empty() && recording.report.is_damaged(), "{name}");
        assert_eq!(codes(&recording, NoteKind::Damage).last(), Some(&"no_samples"), "{name}");
        assert_eq!(peak(&recording, "Vert"), (0.29, Unit::InchPerSecond), "{name}");
        assert_eq!(recording.serial.as_ref().unwrap().value, "BE11529");
    }
    let thor = folder.path().join(THOR);
    fs::write(&thor, &fs::read(data(&format!("02-thor-csv-only/{THOR}"))).unwrap()[..200]).unwrap();
    fs::copy(
        data(&format!("02-thor-csv-only/CSV/{THOR}.csv")),
        folder.path().join(format!("{THOR}.csv")),
    )
    .unwrap();
    let recording = Opener::default().open(&thor).unwrap();
    assert_eq!(peak(&recording, "MicL"), (93.4, Unit::DecibelLinear));
    assert_eq!(codes(&recording, NoteKind::Damage), ["no_samples"]);
}

#[test]
fn a_clock_that_had_lost_its_time_is_noted() {
    let folder = tempfile::tempdir().unwrap();
    for (name, day, is_wrong) in [
        ("lost", "January 1, 1995", true),
        ("right", "June 12, 2026", false),
        ("future", "June 12, 2126", true),
    ] {
        let path = folder.path().join(name).join(BLASTWARE);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(data(&format!("10-dates/v0/{BLASTWARE}")), &path).unwrap();
        let text = fs::read_to_string(data("10-dates/v0/M529LMOK_DK0W_ASCII.TXT")).unwrap();
        let text = text.replace("Jun 12 /26", day);
        fs::write(path.with_file_name("M529LMOK_DK0W_ASCII.TXT"), text).unwrap();
        let recording = Opener::default().open(&path).unwrap();
        assert_eq!(disagreements(&recording).contains(&"clock"), is_wrong, "{name}");
    }
    let mut recording = open(&format!("10-dates/v0/{BLASTWARE}"));
    let now = UnitLocal::from_fields((2026, 6, 1), (0, 0, 0)).unwrap();
    recording.note_clock(1996, now);
    assert!(note(&recording, "clock").message.contains("2026-06-12 14:03:20"));
}

#[test]
fn a_limit_names_the_option_that_raises_it() {
    let path = data(&format!("02-thor-csv-only/{THOR}"));
    let with = |limits| Opener::new(DecodeOptions::default().with_limits(limits)).open(&path);
    let error = |limits| match with(limits) {
        Err(OpenError::Decode { source, .. }) => source.to_string(),
        other => panic!("{other:?}"),
    };
    let limits = Limits::default();
    assert!(error(limits.with_event_bytes(100)).contains("--max-event-bytes"));
    assert!(error(limits.with_event_samples(100)).contains("--max-event-samples"));
    let recording = with(limits.with_report_text_bytes(100)).unwrap();
    assert!(note(&recording, "report_not_used").message.contains("--max-report-bytes"));
}
